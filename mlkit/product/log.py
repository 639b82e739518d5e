"""The request log, read: every row that the served model answered, and how.

A log is one SQLite file, which `mlkit serve` writes. `read` gives a row for each row
that was asked for, `last` the newest requests in brief, and `find` one of them with
the model that answered it.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

from mlkit.core.errors import InputError
from mlkit.core.values import write
from mlkit.product.journal.tables import opened

if TYPE_CHECKING:
    import pandas as pd

__all__ = ["Request", "find", "last", "read"]

BRIEF = "SELECT id, at, model, rows, seconds, cells, reply FROM requests"
TRUTHS = "SELECT request, row, value, at FROM truths ORDER BY request, row, at, value"


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
    """

    id: str
    at: datetime
    model: str
    rows: int
    seconds: float
    cells: Mapping[str, Sequence[Any]]
    reply: Mapping[str, Any]
    about: Mapping[str, Any]


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
    """Return one request by the id that its reply had.

    Raises
    ------
    InputError
        Where there is no log, or no such request in it.
    """
    found = _asked(path, f"{BRIEF} WHERE id = ?", (id,))
    if not found:
        todo = "see `mlkit log` for the newest ones"
        raise InputError(f"no request {id!r}", where=str(path), todo=todo)
    return found[0]


def read(
    path: Path | str, *, since: datetime | None = None, until: datetime | None = None
) -> pd.DataFrame:
    """Return a table with a row for each row that was answered, oldest first.

    Parameters
    ----------
    path
        The log.
    since, until
        From when, and up to but without when; moments without a zone are in UTC.

    Returns
    -------
    DataFrame
        ``request.id``, ``request.row``, ``request.at`` (UTC), ``request.model``,
        ``request.seconds``, an ``input.<column>`` each, numbers where the schema says
        so and text otherwise, ``output.label`` and ``output.probability_<class>`` or
        ``output.value``, ``output.flags``, the row's flags as JSON, and ``truth``, a
        class as text or a number, missing where it has not come in, with ``truth.at``
        (UTC), when it was known.

    Raises
    ------
    InputError
        Where there is no log.
    """
    ends = (_seconds(since, float("-inf")), _seconds(until, float("inf")))
    asked = f"{BRIEF} WHERE at >= ? AND at < ? ORDER BY seq"
    return _with_truth(_table(_asked(path, asked, ends)), path)


def _asked(path: Path | str, query: str, values: Sequence[Any]) -> list[Request]:
    with opened(Path(path), read=True) as connection:
        told = connection.execute("SELECT identity, about FROM models")
        models = {identity: json.loads(about) for identity, about in told}
        return [
            Request(
                *(id_, datetime.fromtimestamp(at, UTC), model, rows, seconds),
                *(json.loads(cells), json.loads(reply), models.get(model, {})),
            )
            for id_, at, model, rows, seconds, cells, reply in connection.execute(
                query, values
            )
        ]


def _seconds(moment: datetime | None, otherwise: float) -> float:
    if moment is None:
        return otherwise
    return (moment if moment.tzinfo else moment.replace(tzinfo=UTC)).timestamp()


def _table(requests: Sequence[Request]) -> pd.DataFrame:
    import pandas as pd

    table = pd.DataFrame([row for request in requests for row in _rows(request)])
    if table.empty:
        names = ("id", "row", "at", "model", "seconds")
        return pd.DataFrame(columns=[f"request.{name}" for name in names])
    numbers = {f"input.{name}" for request in requests for name in _numbers(request)}
    for name in table.columns:
        if name in numbers or name.startswith("output.prob") or name == "output.value":
            table[name] = pd.to_numeric(table[name]).astype("float64")
        elif name.startswith(("input.", "output.")):
            table[name] = table[name].astype("str")
    front = [n for n in table.columns if not n.startswith("output.")]
    return table[front + [n for n in table.columns if n.startswith("output.")]]


def _with_truth(table: pd.DataFrame, path: Path | str) -> pd.DataFrame:
    """Join the truths that count to their rows."""
    import pandas as pd

    with opened(Path(path), read=True) as connection:
        found = connection.execute(TRUTHS).fetchall()
    names = ("request.id", "request.row", "truth", "truth.at")
    truths = pd.DataFrame(found, columns=names).drop_duplicates(names[:2], keep="last")
    truths["truth.at"] = pd.to_datetime(truths["truth.at"], unit="s", utc=True)
    truths = truths.set_index(list(names[:2]))
    table = table.join(truths, on=list(names[:2]))
    if "output.value" in table:
        table["truth"] = pd.to_numeric(table["truth"], errors="coerce").astype(float)
    else:
        table["truth"] = table["truth"].map(write, na_action="ignore").astype("str")
    return table


def _rows(request: Request) -> Iterator[dict[str, Any]]:
    """Yield the rows of a request, flat."""
    numbers = _numbers(request)
    whole = {"id": request.id, "at": request.at, "model": request.model}
    for row, told in enumerate(request.reply["predictions"]):
        flat = {f"request.{k}": v for k, v in whole.items()}
        flat |= {"request.row": row, "request.seconds": request.seconds}
        for name, cells in request.cells.items():
            cell = cells[row]
            flat[f"input.{name}"] = _number(cell) if name in numbers else write(cell)
        for name, value in told.items():
            if name in ("label", "value"):
                flat[f"output.{name}"] = value
        for name, chance in told.get("probabilities", {}).items():
            flat[f"output.probability_{name}"] = chance
        flags = json.dumps(told["flags"], ensure_ascii=False)
        yield flat | {"output.flags": flags}


def _number(cell: Any) -> float | None:
    """Read a cell of a number column, which may have come as text."""
    if isinstance(cell, str):
        try:
            return float(cell)
        except ValueError:
            return None
    return None if cell is None else float(cell)


def _numbers(request: Request) -> set[str]:
    columns = request.about.get("schema", {}).get("input", ())
    return {c["name"] for c in columns if c["type"] == "number"}
