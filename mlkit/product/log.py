"""The request log, read: every row that the served model answered, and how.

A log is one SQLite file, which `mlkit serve` writes. `read` gives a row for each row
that was asked for, `last` the newest requests in brief, and `find` one of them with
the model that answered it.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

from mlkit.core.errors import InputError
from mlkit.core.media import KINDS, Media, media
from mlkit.core.values import numbers, write
from mlkit.product.journal.arrays import Row
from mlkit.product.journal.columns import Models, flat, joined
from mlkit.product.journal.days import FRESH, WHOLE, days_of, models_of
from mlkit.product.journal.parts import (
    SECONDS,
    chunks,
    folder_of,
    read_part,
    rows_of,
)
from mlkit.product.journal.refusals import refusals_of
from mlkit.product.journal.tables import opened
from mlkit.product.journal.truths import Truth

if TYPE_CHECKING:
    import pandas as pd
    import pyarrow as pa

__all__ = ["Request", "find", "last", "read", "refused"]

BRIEF = f"SELECT {WHOLE} FROM requests"  # noqa: S608
PLACED = """
    SELECT truths.request, max(truths.row, 0) AS row, truths.value, truths.at
    FROM requests JOIN truths ON truths.request = requests.id
    AND truths.row < requests.rows AND (truths.row >= 0 OR requests.rows = 1)
"""
"""The truths whose rows are there; one that came without a row is of the only one."""
TRUTHS = f"""
    {PLACED} WHERE requests.at >= ? AND requests.at < ?
    ORDER BY truths.request, row, truths.at, truths.value
"""
HISTORY = f"{PLACED} WHERE requests.id = ? ORDER BY truths.at, row, truths.value"
TRIES = 3


@dataclass(frozen=True)
class Request:
    """One request of the log.

    Parameters
    ----------
    id
        Its id, as in the reply.
    at
        When it came in, in UTC.
    model
        The identity of the package that answered.
    rows
        How many were asked for.
    seconds
        What it took until the reply was ready to be kept.
    cells
        The raw rows by column; private columns are not kept.
    reply
        What was sent back.
    about
        What is known of the model: made, reviewed by, run, schema.
    truths
        What became of its rows, every truth that came in, the latest last; from
        `find` alone.
    shadows
        What other models said in silence: model, seconds, reply.
    """

    id: str
    at: datetime
    model: str
    rows: int
    seconds: float
    cells: Mapping[str, Sequence[Any]]
    reply: Mapping[str, Any]
    about: Mapping[str, Any]
    truths: Sequence[Truth] = ()
    shadows: Sequence[Mapping[str, Any]] = ()


def last(path: Path | str, count: int = 20) -> list[Request]:
    """Return the newest requests, newest first.

    Parameters
    ----------
    path
        The log.
    count
        How many at most.

    Raises
    ------
    InputError
        Where there is no log.
    """
    return _asked(path, f"{BRIEF} ORDER BY seq DESC LIMIT ?", (count,))


def find(path: Path | str, id: str) -> Request:  # noqa: A002
    """Return one request by the id that its reply had, with all that is known of it.

    Raises
    ------
    InputError
        Where there is no log, or no such request in it.
    """
    found = _asked(path, f"{BRIEF} WHERE id = ?", (id,))
    if not found:
        todo = "see `mlkit log` for the newest ones"
        raise InputError(f"no request {id!r}", where=str(path), todo=todo)
    with opened(Path(path), read=True) as connection:
        truths = connection.execute(HISTORY, (id,)).fetchall()
    return replace(found[0], truths=tuple(Truth(*told) for told in truths))


def read(
    path: Path | str,
    *,
    since: datetime | None = None,
    until: datetime | None = None,
    into: Media | None = None,
) -> pd.DataFrame:
    """Return a table with a row for each row that was answered, oldest first.

    Closed days are Parquet files with the same columns but the truth, in the folder
    ``<log>.days``, which DuckDB reads as they are; the table itself it reads by its
    variable's name::

        SELECT "output.label", count(*) FROM 'requests.sqlite.days/*.parquet'
        WHERE "request.at" >= '2026-01-01' GROUP BY ALL

        requests = read("requests.sqlite")
        duckdb.sql('SELECT avg(("truth" = "output.label")::INT) FROM requests')

    Parameters
    ----------
    path
        The log.
    since, until
        From when, and up to but without when; moments without a zone are in UTC.
    into
        What keeps images and sounds; None is that of the project worked on.

    Returns
    -------
    DataFrame
        ``request.id``, ``request.row``, ``request.at`` (UTC), ``request.model``,
        ``request.seconds``, an ``input.<column>`` each, numbers where the schema says
        so and text otherwise, ``output.label`` and ``output.probability_<class>`` or
        ``output.rank``, or ``output.value``, what was promised, ``output.set`` as JSON
        or ``output.lower`` and ``output.upper``, ``output.flags``, the row's flags as
        JSON, and ``truth``, a class as text or a number, missing where it has not come
        in, with ``truth.at`` (UTC), when it was known. Images and sounds are digests
        of what `mlkit.core.media` keeps, and the table's schema says which they are.

    Raises
    ------
    InputError
        Where there is no log.
    """
    ends = (_seconds(since, float("-inf")), _seconds(until, float("inf")))
    for _ in range(TRIES):
        try:
            return _read(Path(path), ends, into)
        except FileNotFoundError:  # a day was filed anew meanwhile
            continue
    todo = "restore it beside the log, from where the log was copied"
    raise InputError("a filed day is not there", where=str(path), todo=todo)


def refused(path: Path | str, every: str = "min") -> pd.DataFrame:
    """Return how many requests were refused or failed, minute by minute.

    A server counts them, and hands the counts to its log every few seconds.

    Parameters
    ----------
    path
        The log.
    every
        How long a stretch is counted together, a whole number of minutes, in the words
        of pandas: "min", "h", "D".

    Returns
    -------
    DataFrame
        ``at``, the start of the stretch in UTC, ``path``, the door, ``status``,
        ``reason`` and ``count``.

    Raises
    ------
    InputError
        Where there is no log.
    """
    import pandas as pd

    with opened(Path(path), read=True) as connection:
        lines = refusals_of(connection)
    names = ["server", "at", "path", "status", "reason", "count"]
    kinds = {"at": "int64", "path": "str", "status": "int64", "reason": "str"}
    table = pd.DataFrame(lines, columns=names).astype({**kinds, "count": "int64"})
    table["at"] = pd.to_datetime(table["at"] * 60, unit="s", utc=True).dt.floor(every)
    by = ["at", "path", "status", "reason"]
    return table.groupby(by, as_index=False).agg({"count": "sum"})


def _read(path: Path, ends: tuple[float, float], into: Media | None) -> pd.DataFrame:
    import pandas as pd
    import pyarrow as pa

    with opened(path, read=True) as connection:
        connection.execute("BEGIN")
        models, parts = models_of(connection), list[pa.Table]()
        fresh = map(Row._make, connection.execute(FRESH, ends))
        parts += [flat([], models), *_flattened(fresh, models, into)]
        truths = connection.execute(TRUTHS, ends).fetchall()
        parts += [
            _between(part, ends)
            for day in days_of(connection)
            if day.file and day.ends[1] > ends[0] and day.ends[0] < ends[1]
            for part in _filed(folder_of(path) / day.file, models, into)
        ]
    table = joined(parts)
    text = {pa.string(): pd.StringDtype(na_value=float("nan"))}
    made: pd.DataFrame = table.to_pandas(types_mapper=text.get)
    if not made["request.at"].is_monotonic_increasing:
        made = made.sort_values("request.at", kind="stable", ignore_index=True)
    return _typed(_with_truth(made, truths), models)


def _flattened(
    requests: Iterable[Row], models: Models, into: Media | None
) -> Iterator[pa.Table]:
    """Yield requests as columns; images and sounds are kept, as collect keeps them."""
    for chunk in chunks(requests):
        kept = media() if into is None else into
        yield flat(chunk, models, keep=kept.put_all)


def _filed(file: Path, models: Models, into: Media | None) -> Iterator[pa.Table]:
    """Yield a closed day; the bytes of images and sounds are in its JSON alone."""
    table = read_part(file)
    if _media(models).keys() & {*table.column_names}:
        yield from _flattened(rows_of(file), models, into)
    else:
        yield table


def _media(models: Models) -> dict[str, str]:
    """Return which columns are images or sounds, whatever model was asked."""
    told: dict[str, set[str]] = {}
    for types in models.values():
        for name, kind in types.items():
            told.setdefault(f"input.{name}", set()).add(kind)
    alike = {name: min(kinds) for name, kinds in told.items() if len(kinds) == 1}
    return {name: kind for name, kind in alike.items() if kind in KINDS}


def _typed(table: pd.DataFrame, models: Models) -> pd.DataFrame:
    """Make a table tell which columns are images or sounds."""
    found = _media(models)
    if not found.keys() & {*table.columns}:
        return table
    from mlkit.core.schema import Column, Schema

    columns = [Column(n, k) for n, k in found.items() if n in table]
    return Schema(tuple(columns)).attach(table)


def _between(table: pa.Table, ends: tuple[float, float]) -> pa.Table:
    """Return the rows between two moments."""
    import numpy as np
    import pyarrow as pa

    at = table["request.at"].cast(pa.int64()).to_numpy() / 1e6
    inside = (at >= ends[0]) & (at < ends[1])
    return table if inside.all() else table.filter(pa.array(np.asarray(inside)))


def _with_truth(table: pd.DataFrame, truths: Sequence[Any]) -> pd.DataFrame:
    """Join the truths that count to their rows."""
    import pandas as pd

    names = ["request.id", "request.row", "truth", "truth.at"]
    kinds = {"request.id": "str", "request.row": "int64", "truth.at": "float64"}
    late = pd.DataFrame(truths, columns=names).astype(kinds)
    moments = (late["truth.at"] * 1e6).round().astype("int64").astype("M8[us]")
    late["truth.at"] = moments.dt.tz_localize("UTC")
    late = late.drop_duplicates(names[:2], keep="last")
    table = table.merge(late, how="left", on=names[:2])
    if "output.value" in table and "output.label" not in table:
        table["truth"] = numbers(table["truth"].to_numpy())
    else:
        table["truth"] = table["truth"].map(write, na_action="ignore").astype("str")
    return table


def _asked(path: Path | str, query: str, values: Sequence[Any]) -> list[Request]:
    """Return requests, those of closed days from their files."""
    place = Path(path)
    with opened(place, read=True) as connection:
        told = connection.execute("SELECT identity, about FROM models")
        models = {identity: json.loads(about) for identity, about in told}
        found = [Row(*row) for row in connection.execute(query, values)]
        days = {day.day: day.file for day in days_of(connection)}
    filed: dict[str, set[str]] = {}
    for row in found:
        file = days.get(int(row.at // SECONDS), "")
        if not row.cells and file:
            filed.setdefault(file, set()).add(row.id)
    whole = {
        row.id: row
        for file, ids in filed.items()
        for row in rows_of(folder_of(place) / file, ids)
    }
    return [_request(whole.get(row.id, row), models) for row in found]


def _request(row: Row, models: Mapping[str, Mapping[str, Any]]) -> Request:
    at = datetime.fromtimestamp(row.at, UTC)
    cells, reply = json.loads(row.cells or "{}"), json.loads(row.reply or "{}")
    shadows = tuple(json.loads(row.shadows or "[]"))
    told = (row.id, at, row.model, row.rows, row.seconds, cells, reply)
    return Request(*told, models.get(row.model, {}), shadows=shadows)


def _seconds(moment: datetime | None, otherwise: float) -> float:
    if moment is None:
        return otherwise
    return (moment if moment.tzinfo else moment.replace(tzinfo=UTC)).timestamp()
