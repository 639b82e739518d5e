"""Answers written as JSON by columns: no row is ever an object of its own."""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Mapping, Sequence
from typing import Any

import msgspec
import numpy as np

from mlkit.core.values import Array
from mlkit.model.promise import Promise
from mlkit.model.runtime import Predictions
from mlkit.product.beside import named, rows_of
from mlkit.product.serving.intake import Flag

__all__ = ["Answers", "Pattern"]

ENCODER = msgspec.json.Encoder()
UNFLAGGED = '"flags":[]}'
KNOWN = 256
"""How many sets of classes are remembered."""


class Answers:
    """What a package said of some rows.

    Parameters
    ----------
    head
        What a reply begins with, behind the request's id.
    parts
        Pieces of JSON, as many for each row, a comma before each row.
    rows
        How many.
    flags
        In the order of their rows.
    """

    def __init__(
        self, head: str, parts: Sequence[str], rows: int, flags: Sequence[Flag]
    ) -> None:
        self.rows = rows
        self._head, self._parts, self._flags = head, parts, flags
        self._wide = len(parts) // max(rows, 1)

    def reply(self, name: str, start: int = 0, stop: int | None = None) -> str:
        """Return what is sent to a request.

        Parameters
        ----------
        name
            The request's id: letters, digits and `. _ : -`.
        start, stop
            Its rows among all.
        """
        whole = self._json(start, self.rows if stop is None else stop)
        return f'{{"id":"{name}",{self._head}"predictions":{whole}}}'

    def flags(self, start: int, stop: int) -> list[str]:
        """Return the flags that were set on some of the rows."""
        if not self._flags:
            return []
        first = bisect_left(self._flags, (start,))
        last = bisect_left(self._flags, (stop,), first)
        return [flag.told["flag"] for flag in self._flags[first:last]]

    def plain(self) -> list[dict[str, Any]]:
        """Return all as plain data."""
        made: list[dict[str, Any]] = msgspec.json.decode(self._json(0, self.rows))
        return made

    def _json(self, start: int, stop: int) -> str:
        parts = self._parts[start * self._wide : stop * self._wide]
        return f"[{''.join(parts)[1:]}]"


class Pattern:
    """How the answers of a package are written.

    Parameters
    ----------
    version
        Of the package.
    output
        ``output`` of its schema, with the coverage that it promises.
    promise
        What it puts beside an answer; None where nothing is.
    """

    def __init__(
        self, version: str, output: Mapping[str, Any], promise: Promise | None
    ) -> None:
        self.promise, self._sets = promise, dict[bytes, str]()
        self.classes = tuple(output["classes"])
        self._rank = output["kind"] == "anomaly"
        held = {n: output[n] for n in ("coverage",) if n in output}
        self._head = f"{_json({'model': version, **held})[1:-1]},"
        if self._rank:
            firsts, self._between = ',"rank":', list[str]()
        elif self.classes:
            names = [_json(name) for name in self.classes]
            firsts = f',"probabilities":{{{names[0]}:'
            self._between = [f",{name}:" for name in names[1:]]
        else:
            ends = ("lower", "upper") if promise else ()
            self._between = [f',"{end}":' for end in ends]
        self._close = "}" if self.classes and not self._rank else ""
        self._first = {
            name: f',{{"label":{_json(name)}{firsts}' for name in self.classes
        }

    def write(self, said: Predictions, flags: Sequence[Flag]) -> Answers:
        """Return the answers.

        Parameters
        ----------
        said
            By the model.
        flags
            In the order of their rows.
        """
        count, labels = len(said.prediction), said.prediction.tolist()
        numbers = self._numbers(said)
        written = ENCODER.encode(numbers.ravel().tolist()).decode()[1:-1].split(",")
        high = numbers.shape[1]
        wide = 2 * high + 1
        parts = [""] * (count * wide)
        first = self._first
        parts[::wide] = [first[x] for x in labels] if first else [',{"value":'] * count
        for place in range(high):
            parts[2 * place + 1 :: wide] = written[place::high]
        for place, text in enumerate(self._between):
            parts[2 * place + 2 :: wide] = [text] * count
        parts[2 * high :: wide] = self._lasts(said, flags)
        return Answers(self._head, parts, count, flags)

    def _numbers(self, said: Predictions) -> Array:
        """Return the numbers of each row, in their order."""
        if said.probabilities is not None:
            chances = said.probabilities.astype(np.float64).round(9)
            return chances[:, -1:] if self._rank else chances
        values = np.asarray(said.prediction, np.float64)
        ends = self.promise.interval(values) if self.promise else ()
        return np.stack([values, *ends], axis=1)

    def _lasts(self, said: Predictions, flags: Sequence[Flag]) -> list[str]:
        """Return what stands behind the numbers of each row."""
        if said.probabilities is not None and self.promise:
            lasts = self._held(self.promise.sets(said.probabilities))
        else:
            lasts = [f"{self._close},{UNFLAGGED}"] * len(said.prediction)
        told = dict[int, list[dict[str, str]]]()
        for flag in flags:
            told.setdefault(flag.row, []).append(flag.told)
        for row, some in told.items():
            lasts[row] = f'{lasts[row].removesuffix(UNFLAGGED)}"flags":{_json(some)}}}'
        return lasts

    def _held(self, held: Array) -> list[str]:
        """Return the same where a set of classes is held in each row."""
        rows, known = rows_of(held), self._sets
        if not known.keys() >= set(rows):
            known = known if len(known) < KNOWN else {}
            self._sets = known = known | {row: self._set(row) for row in set(rows)}
        return [known[row] for row in rows]

    def _set(self, row: bytes) -> str:
        held = _json(named(row, self.classes))
        return f'{self._close},"set":{held},{UNFLAGGED}'


def _json(told: Any) -> str:
    return ENCODER.encode(told).decode()
