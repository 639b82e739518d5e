"""An operation that is done or could be, with what it changes."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from mlkit.core.media import KINDS
from mlkit.core.operations import ELSEWHERE, player
from mlkit.core.rows import place_of
from mlkit.core.values import missing
from mlkit.data.cleaning.takes import ROW
from mlkit.data.cleaning.telling import cell, pair
from mlkit.data.media.facts import UNREAD, said

__all__ = ["Offer", "offered"]

MOST = 5

Array = NDArray[Any]
Codes = NDArray[np.intp]


@dataclass(frozen=True)
class Offer:
    """One operation that is done, or could be.

    Parameters
    ----------
    operation
        The JSON dict, with a ``name`` and a ``why``.
    state
        ``done``, ``asked`` (done, because a person asked), ``refused`` or ``offered``
        (not done unless a person accepts it).
    cells
        How many cells it changes, or of a row operation, how many rows it flags.
    lost
        How many of these cells it cannot read, and makes missing.
    examples
        Cells before, after, and how many there are, the most frequent first; texts in
        quotes.
    """

    operation: Mapping[str, Any]
    state: str
    cells: int
    lost: int = 0
    examples: tuple[tuple[str, str, int], ...] = ()

    @property
    def name(self) -> str:
        """The name by which it is refused or accepted."""
        return str(self.operation["name"])

    @property
    def why(self) -> str:
        """What a person should know of it, in one sentence."""
        told = f"; {self.lost:,} cannot be read and become missing" * (self.lost > 0)
        return f"{self.operation['why']}{told}"

    @property
    def done(self) -> bool:
        """Whether it is done."""
        return self.state in ("done", "asked")

    @property
    def flags(self) -> bool:
        """Whether it flags rows; else it changes cells."""
        return self.operation["op"] in ROW


def offered(
    operation: Mapping[str, Any],
    state: str,
    before: Array,
    after: Array | None,
    counts: Codes,
) -> Offer:
    """Return an operation with how many cells it changes, and some of them.

    Parameters
    ----------
    operation
        The JSON dict, with a name and a why.
    state
        See `Offer`.
    before, after
        Cells before and after it; None where it takes the column away.
    counts
        How often each of these cells occurs.

    Examples
    --------
    >>> trim = {"op": "trim", "column": "a", "name": "trim a", "why": ""}
    >>> before, after = np.array([" x", "y"], object), np.array(["x", "y"], object)
    >>> made = offered(trim, "done", before, after, np.array([3, 1]))
    >>> made.cells, made.examples
    (3, (("' x'", "'x'", 3),))
    """
    if after is None:
        return Offer(operation, state, int(counts.sum()))
    if operation["op"] == "split":
        return _split(operation, state, before, counts)
    changed = _changed(before, after)
    lost = changed & missing(after) & (operation["op"] != "missing")
    places = np.flatnonzero(changed)
    told = _facts if operation["op"] in ELSEWHERE else pair
    examples = tuple(
        (*told(before[place], after[place]), count)
        for place, count in _top(before, places, counts)
    )
    gone = int(counts[np.flatnonzero(lost)].sum())
    return Offer(operation, state, int(counts[places].sum()), gone, examples)


def _facts(before: Any, after: Any) -> tuple[str, str]:
    """Say what an image or sound was and is, instead of its digests."""
    return _fact(before), _fact(after)


def _fact(value: Any) -> str:
    if not isinstance(value, str):
        return cell(value)
    told = (said(value, kind) for kind in KINDS)
    return next((words for words in told if words != UNREAD), UNREAD)


def _split(
    operation: Mapping[str, Any], state: str, before: Array, counts: Codes
) -> Offer:
    known = np.flatnonzero(~missing(before))
    top = _top(before, known, counts)
    place, parts = place_of(operation), operation["parts"]
    made = player("split", place)(place, before[[i for i, _ in top]], operation)
    told = [
        " | ".join(cell(made[f"{place}_{part}"][n]) for part in parts)
        for n in range(len(top))
    ]
    examples = tuple(
        (cell(before[i]), after, count)
        for (i, count), after in zip(top, told, strict=True)
    )
    return Offer(operation, state, int(counts[known].sum()), 0, examples)


def _top(before: Array, places: Codes, counts: Codes) -> list[tuple[int, int]]:
    """Return a few of these places, the cells that are most frequent there."""
    often = counts[places]
    if before.dtype != object:
        _, first, alike = np.unique(
            before[places], return_index=True, return_inverse=True
        )
        often = np.bincount(alike, often, len(first)).astype(np.intp)
        places = places[first]
    top = np.argsort(-often, kind="stable")[:MOST]
    return [(int(places[i]), int(often[i])) for i in top]


def _changed(before: NDArray[Any], after: NDArray[Any]) -> NDArray[np.bool_]:
    """Return which cells differ: in value, or as words and numbers do."""
    if before is after:
        return np.zeros(len(before), dtype=bool)
    gone, left = missing(before), missing(after)
    if before.dtype.kind != after.dtype.kind and {
        before.dtype.kind,
        after.dtype.kind,
    } & {"O", "M"}:
        return ~(gone & left)
    differs = np.asarray(before != after, dtype=bool) & ~gone & ~left
    return np.asarray((gone != left) | differs, dtype=bool)
