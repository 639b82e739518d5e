"""Ask a model server: a table in, a table of answers out.

Every request has an id, and the server answers an id once: so a request that was cut
off, or turned away for a moment, is safely sent again.
"""

from __future__ import annotations

import re
import time
import uuid
from collections.abc import Iterable, Iterator, Mapping, Sequence
from types import TracebackType
from typing import TYPE_CHECKING, Any

from mlkit.core.errors import InputError, MlkitError

if TYPE_CHECKING:
    import httpx
    import pandas as pd

__all__ = ["Client", "rows_of"]

ROWS, TRIES, LONGEST = 10_000, 6, 30.0
BESIDE = ("rank", "lower", "upper", "set")
Row = Mapping[str, Any]


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
            Raw rows, as they were collected; missing cells are NaN, NaT or None.
        id
            Names the request; "" makes one up. Where there are more rows than fit
            into one request, ``-1``, ``-2`` ... follow.

        Returns
        -------
        DataFrame, shape (rows, ...)
            By the table's index: ``prediction``, ``probability_<class>``, ``flags``,
            ``request.id``, ``request.row`` and ``model``. Where the package promises
            something, ``lower`` and ``upper`` are the ends of an interval, None where
            it has no end, and ``set`` is a list of classes.

        Raises
        ------
        InputError
            Where the server does not take the rows; it names the row and the field.
        MlkitError
            Where there is no answer.
        """
        import pandas as pd

        name = id or uuid.uuid4().hex
        answers = list[Row]()
        for part, start in enumerate(range(0, len(table), ROWS)):
            rows = list(rows_of(table.iloc[start : start + ROWS]))
            told = self.ask(rows, f"{name}-{part}" if part else name)
            answers += _answers(told)
        return pd.DataFrame(answers, index=table.index)

    def ask(self, rows: Sequence[Row], id: str = "") -> Mapping[str, Any]:  # noqa: A002
        """Return the server's reply to some rows, as it stands.

        Parameters
        ----------
        rows
            Raw cells by column, each row by itself, as JSON can hold them.
        id
            Names the request; "" makes one up.
        """
        form = {"id": id or uuid.uuid4().hex, "rows": list(rows)}
        return self._post("/v1/predict", form)

    def feedback(
        self, truths: Mapping[str, Any] | Iterable[tuple[str, int, Any]]
    ) -> Mapping[str, Any]:
        """Tell what came true; return how many were new.

        Parameters
        ----------
        truths
            Request id → truth, of requests with one row; or id, row and truth.
        """
        if isinstance(truths, Mapping):
            form = [{"id": name, "truth": _plain(t)} for name, t in truths.items()]
        else:
            form = [{"id": n, "row": row, "truth": _plain(t)} for n, row, t in truths]
        return self._post("/v1/feedback", {"truths": form})

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

    def _post(self, path: str, form: Mapping[str, Any]) -> Mapping[str, Any]:
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
                return self._told(reply)
            time.sleep(_wait(reply, self._tries - left))
        raise AssertionError("unreachable")

    def _told(self, reply: httpx.Response) -> Mapping[str, Any]:
        """Return what the server said, or raise what it found wrong."""
        try:
            form = reply.json()
        except ValueError:
            form = {}
        if reply.is_success:
            assert isinstance(form, dict)
            return form
        error = form.get("error", {}) if isinstance(form, dict) else {}
        what = str(error.get("what", f"the server said {reply.status_code}"))
        kind = InputError if 400 <= reply.status_code < 500 else MlkitError
        field = f"field {error['field']!r}, " if "field" in error else ""
        raise kind(what, where=f"{field}{error.get('where', reply.url)}")

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

    Examples
    --------
    >>> import pandas as pd
    >>> list(rows_of(pd.DataFrame({"x": [1.5, None], "y": ["a", None]})))
    [{'x': 1.5, 'y': 'a'}, {'x': None, 'y': None}]
    """
    names = [str(name) for name in table.columns]
    columns = [list(map(_plain, table.iloc[:, k].tolist())) for k in range(len(names))]
    for cells in zip(*columns, strict=True):
        yield dict(zip(names, cells, strict=True))


def _plain(cell: Any) -> Any:
    """Return a cell as JSON can hold it; what is missing is None."""
    if cell is None or isinstance(cell, str | bool | int):
        return cell
    if isinstance(cell, float):
        return cell if cell == cell else None
    if hasattr(cell, "item"):
        return _plain(cell.item())
    if hasattr(cell, "isoformat"):
        text = cell.isoformat()
        return None if text == "NaT" else text
    if type(cell).__name__ == "NAType":
        return None
    return str(cell)


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
