"""Ask a model server: a table in, a table of answers out.

Every request has an id, and the server answers an id once: so a request that was cut
off, or turned away for a moment, is safely sent again.
"""

from __future__ import annotations

import base64
import math
import re
import time
import uuid
from collections.abc import Iterable, Iterator, Mapping, Sequence
from pathlib import Path
from types import TracebackType
from typing import TYPE_CHECKING, Any

from mlkit.core.errors import InputError, MlkitError, shortened
from mlkit.core.schema import Schema

if TYPE_CHECKING:
    import httpx
    import pandas as pd

__all__ = ["LETTERS", "Client", "rows_of"]

ROWS, TRIES, LONGEST = 10_000, 6, 30.0
LETTERS = 8 * 2**20
"""Of text, images and sounds, that go into one request where it has several rows."""
BESIDE = ("rank", "lower", "upper", "set")
ALWAYS = ("prediction", "flags", "request.id", "request.row", "model")
"""The columns of answers that even an answer to no rows has."""
Row = Mapping[str, Any]


class _TooMuch(InputError):
    """A request is larger than the server takes."""


class Client:
    """A connection to a model server, kept open.

    Parameters
    ----------
    url
        Such as ``http://127.0.0.1:8000``.
    token
        What the server asks for; "" where it asks for none.
    seconds
        What one request may take.
    tries
        How often a request is sent at most, where the server is busy or not there.

    Examples
    --------
    ::

        with Client("http://127.0.0.1:8000") as model:
            answers = model.predict(table)
            model.feedback({answers["request.id"].iloc[0]: "yes"})
    """

    def __init__(
        self, url: str, token: str = "", *, seconds: float = 30.0, tries: int = TRIES
    ) -> None:
        import httpx

        headers = {"Authorization": f"Bearer {token}"} if token else {}
        self._http = httpx.Client(base_url=url, headers=headers, timeout=seconds)
        self._tries = max(tries, 1)

    def predict(self, table: pd.DataFrame, *, id: str = "") -> pd.DataFrame:  # noqa: A002
        """Return an answer to each row.

        Parameters
        ----------
        table
            Raw rows, as they were collected; missing cells are NaN, NaT or None. An
            image or a sound is bytes, the path of its file, or, in a table of the
            project, its digest.
        id
            Names the request; "" makes one up. Where there are more rows than fit
            into one request, ``-1``, ``-2`` ... follow.

        Returns
        -------
        DataFrame, shape (rows, ...)
            By the table's index: ``prediction``, ``probability_<class>``, ``flags``,
            ``request.id``, ``request.row`` and ``model``. Where the package promises
            something, ``lower`` and ``upper`` are the ends of an interval, None where
            it has no end, and ``set`` is a list of classes. No rows get no answers,
            and the server is not asked.

        Raises
        ------
        InputError
            Where the server does not take the rows, or JSON has not a number of them;
            it names the row and the field.
        MlkitError
            Where there is no answer.
        """
        import pandas as pd

        name = id or uuid.uuid4().hex
        answers = list[Row]()
        for part, rows in enumerate(_parts(_finite(rows_of(table)))):
            answers += self._answers(rows, f"{name}-{part}" if part else name)
        columns = None if answers else list(ALWAYS)
        return pd.DataFrame(answers, index=table.index, columns=columns)

    def _answers(self, rows: Sequence[Row], name: str) -> list[Row]:
        """Return the answers to some rows, asked in halves where they are too much."""
        try:
            return list(_answers(self._asked(rows, name)))
        except _TooMuch:
            half = len(rows) // 2
            if not half:
                raise
            first = self._answers(rows[:half], f"{name}.1")
            return first + self._answers(rows[half:], f"{name}.2")

    def ask(self, rows: Sequence[Row], id: str = "") -> Mapping[str, Any]:  # noqa: A002
        """Return the server's reply to some rows, as it stands.

        Parameters
        ----------
        rows
            Raw cells by column, each row by itself, as JSON can hold them; an image
            or a sound may be bytes, or the path of its file.
        id
            Names the request; "" makes one up.
        """
        return self._asked([*_finite(rows)], id or uuid.uuid4().hex)

    def _asked(self, rows: Sequence[Row], name: str) -> Mapping[str, Any]:
        form = {"id": name, "rows": [*map(_sent, rows)]}
        return self._post("/v1/predict", form, "predictions")

    def feedback(
        self, truths: Mapping[str, Any] | Iterable[tuple[str, int, Any]]
    ) -> Mapping[str, Any]:
        """Tell what came true; return how many were new.

        Where there are more than fit into one request, they are sent in several, and
        counted together; one that is refused leaves those before it told. What was
        told may be told again.

        Parameters
        ----------
        truths
            Request id → truth, of requests with one row; or id, row and truth.
        """
        if isinstance(truths, Mapping):
            form = [{"id": name, "truth": _plain(t)} for name, t in truths.items()]
        else:
            form = [{"id": n, "row": row, "truth": _plain(t)} for n, row, t in truths]
        return _summed(
            [self._told_of(some) for some in [*_parts(_finite(form))] or [[]]]
        )

    def _told_of(self, truths: Sequence[Row]) -> Mapping[str, Any]:
        """Tell some truths, in halves where they are too much."""
        try:
            return self._post("/v1/feedback", {"truths": truths}, "written")
        except _TooMuch:
            half = len(truths) // 2
            if not half:
                raise
            parts = (truths[:half], truths[half:])
            return _summed([*map(self._told_of, parts)])

    def ready(self) -> Mapping[str, Any]:
        """Return whether the server can answer, and by which model."""
        found = self._http.get("/health/ready").json()
        assert isinstance(found, dict)
        return found

    def close(self) -> None:
        """Close the connection."""
        self._http.close()

    def __enter__(self) -> Client:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.close()

    def _post(
        self, path: str, form: Mapping[str, Any], wanted: str
    ) -> Mapping[str, Any]:
        """Send a request until it is answered, for as long as that may help."""
        import httpx

        for left in reversed(range(self._tries)):
            try:
                reply = self._http.post(path, json=form)
            except httpx.TransportError as error:
                if not left:
                    raise self._unreachable(error) from None
                time.sleep(_pause(self._tries - left))
                continue
            if reply.status_code != 503 or not left:
                return self._told(reply, wanted)
            time.sleep(_wait(reply, self._tries - left))
        raise AssertionError("unreachable")

    def _told(self, reply: httpx.Response, wanted: str) -> Mapping[str, Any]:
        """Return what the server said, or raise what it, or one before it, says."""
        try:
            form = reply.json()
        except ValueError:
            form = {}
        form = form if isinstance(form, dict) else {}
        if reply.is_success and wanted in form:
            return form
        if reply.is_success:
            raise MlkitError(
                "the answer is not that of a model server",
                where=str(reply.url),
                got=shortened(reply.text),
            )
        said = form.get("error")
        error = said if isinstance(said, dict) else {}
        what = str(error.get("what", f"the server said {reply.status_code}"))
        kind = InputError if 400 <= reply.status_code < 500 else MlkitError
        kind = _TooMuch if reply.status_code == 413 else kind
        field = f"field {error['field']!r}, " if "field" in error else ""
        where = f"{field}{error.get('where', reply.url)}"
        raise kind(what, where=where, got=shortened(said) if type(said) is str else "")

    def _unreachable(self, error: Exception) -> MlkitError:
        return MlkitError(
            "the server does not answer",
            where=str(self._http.base_url),
            got=str(error),
            todo="see whether it runs: `mlkit serve`",
        )


def _wait(reply: httpx.Response, tried: int) -> float:
    """Return for how long the server asks to wait."""
    asked = reply.headers.get("retry-after", "")
    if re.fullmatch(r"\d+(\.\d+)?", asked):
        return min(float(asked), LONGEST)
    return _pause(tried)


def _pause(tried: int) -> float:
    return float(min(0.1 * 2**tried, LONGEST))


def rows_of(table: pd.DataFrame) -> Iterator[Row]:
    """Yield rows as JSON has them; what is missing is None.

    Images and sounds are base64, each made when its row is asked for.

    Examples
    --------
    >>> import pandas as pd
    >>> list(rows_of(pd.DataFrame({"x": [1.5, None], "y": ["a", None]})))
    [{'x': 1.5, 'y': 'a'}, {'x': None, 'y': None}]
    """
    names = [str(name) for name in table.columns]
    carried = table.attrs.get("schema")
    kept = carried.with_type("image", "audio") if isinstance(carried, Schema) else []
    columns = [
        map(_kept if name in kept else _plain, table.iloc[:, k].tolist())
        for k, name in enumerate(names)
    ]
    for cells in zip(*columns, strict=True):
        yield dict(zip(names, cells, strict=True))


def _parts(rows: Iterable[Row]) -> Iterator[list[Row]]:
    """Yield rows that go into one request together."""
    part, letters = list[Row](), 0
    for row in rows:
        more = sum(len(cell) for cell in row.values() if type(cell) is str)
        if part and (len(part) == ROWS or letters + more > LETTERS):
            yield part
            part, letters = [], 0
        part.append(row)
        letters += more
    if part:
        yield part


def _finite(rows: Iterable[Row]) -> Iterator[Row]:
    """Yield rows, and refuse a number that JSON does not have."""
    for place, row in enumerate(rows):
        for name, cell in row.items():
            if isinstance(cell, float) and not math.isfinite(cell):
                raise InputError(
                    "JSON has no such number",
                    where=f"field {name!r}, row {place}",
                    expected="a finite number, or None where it is missing",
                    got=str(cell),
                )
        yield row


def _summed(told: Sequence[Mapping[str, Any]]) -> Mapping[str, Any]:
    """Return replies as one: counts are added, and words listed once.

    Examples
    --------
    >>> _summed([{"written": 2, "unseen": ["a"]}, {"written": 1, "unseen": ["a"]}])
    {'written': 3, 'unseen': ['a']}
    """
    whole = dict(told[0])
    for name, first in whole.items():
        parts = [one[name] for one in told]
        if isinstance(first, list):
            whole[name] = [*dict.fromkeys(word for part in parts for word in part)]
        elif isinstance(first, int):
            whole[name] = sum(parts)
    return whole


def _sent(row: Row) -> Row:
    """Return a row with its files as base64."""
    if not any(isinstance(cell, bytes | Path) for cell in row.values()):
        return row
    files = {n: _plain(c) for n, c in row.items() if isinstance(c, bytes | Path)}
    return {**row, **files}


def _kept(cell: Any) -> Any:
    """Return an image or a sound that a table has as the digest of what is kept."""
    from mlkit.core.media import media

    return _plain(media().get(cell) if isinstance(cell, str) else cell)


def _plain(cell: Any) -> Any:
    """Return a cell as JSON can hold it; what is missing is None."""
    if cell is None or isinstance(cell, str | bool | int):
        return cell
    if isinstance(cell, float):
        return cell if cell == cell else None
    if isinstance(cell, bytes | Path):
        return base64.b64encode(_file(cell)).decode()
    if hasattr(cell, "item"):
        return _plain(cell.item())
    if hasattr(cell, "isoformat"):
        text = cell.isoformat()
        return None if text == "NaT" else text
    if type(cell).__name__ == "NAType":
        return None
    return str(cell)


def _file(cell: bytes | Path) -> bytes:
    try:
        return cell.read_bytes() if isinstance(cell, Path) else cell
    except OSError as error:
        raise InputError(
            "there is no such file", where=str(cell), got=str(error)
        ) from None


def _answers(told: Mapping[str, Any]) -> Iterator[Row]:
    for row, one in enumerate(told["predictions"]):
        yield {
            "prediction": one["label"] if "label" in one else one["value"],
            **{f"probability_{k}": v for k, v in one.get("probabilities", {}).items()},
            **{name: one[name] for name in BESIDE if name in one},
            "flags": one["flags"],
            "request.id": told["id"],
            "request.row": row,
            "model": told["model"],
        }
