"""A closed day of the log as a Parquet file: written whole, read by column or whole.

It has a row for each row that was asked for, as `mlkit.product.log.read` has them, and
beside them the JSON of each request, so that nothing is lost by being filed.
"""

from __future__ import annotations

import json
import os
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

from mlkit.core.errors import UsageError
from mlkit.core.files import sync_folder
from mlkit.product.journal.arrays import FRONT, RAW, Row
from mlkit.product.journal.columns import Models, flat, joined, widened

if TYPE_CHECKING:
    import pyarrow as pa

__all__ = [
    "CHUNK",
    "SECONDS",
    "chunks",
    "folder_of",
    "name_of",
    "read_part",
    "rows_of",
    "write_part",
]

CHUNK = 20_000
HEAVY, BATCH = 2**26, 65_536
"""Bytes of requests that are held at a time, and rows of light ones."""
SECONDS = 86_400


def folder_of(path: Path) -> Path:
    """Return the folder of a log's filed days.

    Examples
    --------
    >>> folder_of(Path("requests.sqlite")).name
    'requests.sqlite.days'
    """
    return path.with_name(f"{path.name}.days")


def name_of(folder: Path, day: int) -> str:
    """Return a name for a day's file that is not taken.

    Examples
    --------
    >>> name_of(Path("no such folder"), 20_000)
    '2024-10-04.parquet'
    """
    date = datetime.fromtimestamp(day * SECONDS, UTC).date().isoformat()
    name, turn = f"{date}.parquet", 1
    while (folder / name).exists():
        turn += 1
        name = f"{date}.{turn}.parquet"
    return name


def chunks(requests: Iterable[Row]) -> Iterator[list[Row]]:
    """Give so many requests at a time as are well held in memory.

    Examples
    --------
    >>> light = Row("a", 0.0, "m", 1, 0.0, "{}", "{}")
    >>> heavy = light._replace(cells="x" * 2**26)
    >>> [len(chunk) for chunk in chunks([light, heavy, light])]
    [2, 1]
    """
    held, weight = list[Row](), 0
    for row in requests:
        held.append(row)
        weight += len(row.cells) + len(row.reply)
        if len(held) == CHUNK or weight >= HEAVY:
            yield held
            held, weight = [], 0
    if held:
        yield held


def write_part(
    file: Path,
    requests: Callable[[], Iterable[Row]],
    models: Models,
) -> None:
    """Write requests to a file, durably, whole or not at all.

    Parameters
    ----------
    file
        Where; its folder is made.
    requests
        Gives the requests in order, from the first, as often as it is called.
    models
        The types of each model's columns.
    """
    file.parent.mkdir(mode=0o700, exist_ok=True)
    sync_folder(file.parent.parent)
    scratch = file.with_name(f".writing-{file.name}")
    _parquet()
    schema = flat([], models, raw=True).schema
    while (wider := _write(scratch, requests(), models, schema)) is not None:
        schema = wider
    with scratch.open("rb") as written:
        os.fsync(written.fileno())
    scratch.replace(file)
    sync_folder(file.parent)


def _write(
    file: Path,
    requests: Iterable[Row],
    models: Models,
    schema: pa.Schema,
) -> pa.Schema | None:
    """Write with some columns; return those that were needed, where they were more."""
    pq = _parquet()
    handle = os.open(file, os.O_CREAT | os.O_TRUNC | os.O_WRONLY, 0o600)
    with (
        os.fdopen(handle, "wb") as out,
        pq.ParquetWriter(out, schema, compression="zstd") as writer,
    ):
        for chunk in chunks(requests):
            table = flat(chunk, models, raw=True)
            wide = widened([schema, table.schema])
            if wide != schema:
                return wide
            writer.write_table(joined([schema.empty_table(), table]))
    return None


def read_part(file: Path) -> pa.Table:
    """Return a day's rows by column, without the JSON."""
    part = _parquet().ParquetFile(file)
    return part.read([name for name in part.schema_arrow.names if name not in RAW])


def rows_of(file: Path, only: Collection[str] | None = None) -> Iterator[Row]:
    """Yield a day's requests as they were in the log.

    Parameters
    ----------
    file
        A file that `write_part` wrote.
    only
        The ids that are wanted; None for all.
    """
    names = [*(name for name in FRONT if name != "request.row"), *RAW]
    part = _parquet().ParquetFile(file)
    for batch in part.iter_batches(_batch(part.metadata), columns=names):
        wanted = batch["request.cells"].is_valid()
        if only is not None:
            wanted = _both(wanted, batch["request.id"], only)
        yield from map(_row, batch.filter(wanted).to_pylist())


def _batch(metadata: Any) -> int:
    """Return how many rows are well held in memory."""
    groups = (metadata.row_group(k) for k in range(metadata.num_row_groups))
    size = sum(int(group.total_byte_size) for group in groups)
    return max(min(BATCH, HEAVY * int(metadata.num_rows) // max(size, 1)), 1)


def _both(wanted: pa.Array, ids: pa.Array, only: Collection[str]) -> pa.Array:
    import pyarrow as pa
    import pyarrow.compute as pc

    return pc.and_(wanted, pc.is_in(ids, pa.array(list(only), pa.string())))


def _parquet() -> Any:
    try:
        import pyarrow.parquet
    except ImportError:
        raise UsageError(
            "closed days are kept as Parquet, which needs pyarrow",
            todo="pip install pyarrow",
        ) from None
    return pyarrow.parquet


def _row(told: Mapping[str, Any]) -> Row:
    reply = told["request.reply"]
    return Row(
        told["request.id"],
        told["request.at"].timestamp(),
        told["request.model"],
        len(json.loads(reply)["predictions"]),
        told["request.seconds"],
        told["request.cells"],
        reply,
        told["request.shadows"],
    )
