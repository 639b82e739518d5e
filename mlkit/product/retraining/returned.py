"""Requests whose truth has come in, as one more table for `collect`.

The table has the raw columns and the target, images and sounds as bytes. Taken anew
each time from the whole log, it holds every truth once, however late it came and
however many nights were missed.
"""

from __future__ import annotations

import json
import os
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pandas as pd

from mlkit.core.files import scratch, sync_folder
from mlkit.core.media import Media
from mlkit.core.values import numbers
from mlkit.data.charts.cards import many
from mlkit.product.journal.packed import media_of
from mlkit.product.log import read

__all__ = ["RETURNED", "Returned", "gather"]

AT_ONCE = 256
RETURNED = ".mlkit/returned.parquet"
"""Where `retrain` puts it, from the project's root."""


@dataclass(frozen=True)
class Returned:
    """What came back from the world.

    Parameters
    ----------
    rows
        How many answered rows have a truth and are taken.
    wrong
        How many of them were answered wrongly; None where the target is a number.
    unreadable
        How many are left out, as a cell of theirs could not be read.
    columns
        The raw columns that are known of them, the target last.
    strange
        How many are left out, as their truth is no number where the target is one.
    """

    rows: int
    wrong: int | None
    unreadable: int
    columns: tuple[str, ...]
    strange: int = 0

    def __str__(self) -> str:
        told = f"the truth of {many(self.rows, 'answered row')} has come in"
        if self.wrong is not None and self.rows:
            told += f", {self.wrong:,} of them answered wrongly"
        if self.unreadable:
            told += f"; {many(self.unreadable, 'row')} with unreadable cells left out"
        if self.strange:
            one, more = "1 truth that is no number", "truths that are no numbers"
            some = one if self.strange == 1 else f"{self.strange:,} {more}"
            told += f"; {some} left out"
        return told


def gather(log: Path | str, package: Path, target: Path) -> Returned:
    """Write the log's rows with a truth as a Parquet file.

    Parameters
    ----------
    log
        The request log; none yet is an empty one.
    package
        The champion's package, which says what the raw columns are.
    target
        The file to write; an empty table has its columns all the same.

    Raises
    ------
    InputError
        Where the log cannot be read.
    """
    schema = json.loads((package / "schema.json").read_bytes())
    wanted = str(schema["output"]["target"])
    with scratch(target) as folder:
        kept = Media(folder / "media.sqlite")
        table = read(log, into=kept) if Path(log).is_file() else pd.DataFrame()
        strange = 0
        if not schema["output"]["classes"]:
            table, strange = _numbered(table)
        known = table[_known(table)]
        whole = known[~_unreadable(known)]
        columns = {name: whole[f"input.{name}"] for name in _inputs(schema, whole)}
        rows = pd.DataFrame(columns, index=whole.index)
        rows[wanted] = whole["truth"] if len(whole) else pd.Series(dtype="str")
        _write(rows, media_of({"schema": schema}), kept, folder / target.name)
        (folder / target.name).replace(target)
    sync_folder(target.parent)
    unreadable = len(known) - len(whole)
    return Returned(len(rows), _wrong(whole), unreadable, (*rows,), strange)


def _write(
    rows: pd.DataFrame, kinds: Mapping[str, str], kept: Media, file: Path
) -> None:
    """Write rows durably, the bytes of their images and sounds a few at a time.

    The file says which these are as Hugging Face's datasets do.
    """
    import pyarrow as pa
    import pyarrow.parquet as pq

    plain = pa.Table.from_pandas(rows, preserve_index=False)
    seen = {name: kind for name, kind in kinds.items() if name in rows}
    cell = pa.struct([("bytes", pa.binary()), ("path", pa.string())])
    told = {n: {"_type": "Image" if k == "image" else "Audio"} for n, k in seen.items()}
    about = {"huggingface": json.dumps({"info": {"features": told}})} if seen else {}
    fields = [pa.field(f.name, cell) if f.name in seen else f for f in plain.schema]
    schema = pa.schema(fields, {**plain.schema.metadata, **about})
    step = AT_ONCE if seen else max(len(rows), 1)
    with pq.ParquetWriter(file, schema) as writer:
        for at in range(0, max(len(rows), 1), step):
            some = plain.slice(at, step)
            for name in seen:
                data = [d and {"bytes": kept.get(d)} for d in some[name].to_pylist()]
                place = some.column_names.index(name)
                some = some.set_column(place, name, pa.array(data, cell))
            writer.write_table(some.cast(schema))
    with file.open("rb") as written:
        os.fsync(written.fileno())


def _known(table: pd.DataFrame) -> pd.Series:
    if "truth" not in table:
        return pd.Series(False, index=table.index)
    return table["truth"].notna()


def _numbered(table: pd.DataFrame) -> tuple[pd.DataFrame, int]:
    """Return a table whose truths are numbers, and how many came in that are none."""
    if "truth" not in table:
        return table, 0
    made = table.assign(truth=numbers(table["truth"].to_numpy()))
    strange = made["truth.at"].notna() & made["truth"].isna()
    return made, int(strange.sum())


def _unreadable(table: pd.DataFrame) -> pd.Series:
    if "output.flags" not in table:
        return pd.Series(False, index=table.index)
    return table["output.flags"].str.contains('"unreadable"', regex=False, na=False)


def _inputs(schema: Mapping[str, Any], table: pd.DataFrame) -> list[str]:
    """Return the raw columns that the log has as they came: not the private ones."""
    open_ = [c["name"] for c in schema["input"] if "private" not in c.get("roles", ())]
    return [name for name in open_ if f"input.{name}" in table]


def _wrong(table: pd.DataFrame) -> int | None:
    if "output.label" not in table:
        return None
    said = table["output.label"].astype("str")
    return int((said != table["truth"].astype("str")).sum())
