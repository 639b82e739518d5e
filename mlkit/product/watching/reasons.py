"""Why a live row got its prediction, told by the package alone."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from mlkit.core.rows import MISSING
from mlkit.data.charts.style import shorten
from mlkit.model.runtime import choice
from mlkit.model.words import signed
from mlkit.product.watching.live import Live
from mlkit.product.watching.writing import written

__all__ = ["because", "told"]

LEADING, BACKGROUND = 3, 8
Array = NDArray[Any]


def because(live: Live, places: Array, *, seed: int = 0) -> list[str]:
    """Tell of some rows which cells led to what was said, three at most.

    Parameters
    ----------
    live
        Live rows: others among them are what a row is compared with.
    places
        Which rows to explain.
    seed
        Of the draws.

    Notes
    -----
    Sampled Shapley values (Štrumbelj and Kononenko 2014), of the package by itself:
    one feature after the other takes the row's own cell, in orders that come in pairs,
    one the reverse of the other.
    """
    graph = live.parcel.predictor.graph
    names = [name for name in graph.columns if name in live.columns]
    if not len(places) or len(names) < len(graph.columns):
        return [""] * len(places)
    rng = np.random.default_rng(seed)
    found = []
    for place in places:
        others = rng.integers(0, len(live), BACKGROUND)
        effects = _effects(live, names, int(place), others, rng)
        found.append(_words(live, names, int(place), effects))
    return found


def told(cell: Any) -> str:
    """Write a cell; a missing one is a dash."""
    if cell is None or cell != cell:
        return "–"
    number = isinstance(cell, float | np.floating)
    return written(float(cell), [float(cell)], 4) if number else shorten(cell, 90)


def _effects(
    live: Live,
    names: Sequence[str],
    place: int,
    others: Array,
    rng: np.random.Generator,
) -> Array:
    """Return what each feature does to one prediction, shape (features,)."""
    orders = np.array([rng.permutation(len(names)) for _ in others])
    orders = np.concatenate([orders, orders[:, ::-1]])
    rank = np.argsort(orders, axis=1)
    steps = np.arange(len(names) + 1)
    mine = rank[:, None, :] < steps[None, :, None]
    owner = np.repeat(np.concatenate([others, others]), len(steps))
    cells = {
        name: np.where(
            mine[:, :, k].ravel(), live.columns[name][place], live.columns[name][owner]
        )
        for k, name in enumerate(names)
    }
    said = _focus(live, place, cells).reshape(len(orders), len(steps))
    moved = np.empty((len(orders), len(names)))
    np.put_along_axis(moved, orders, np.diff(said, axis=1), axis=1)
    return np.asarray(moved.mean(axis=0))


def _focus(live: Live, place: int, cells: Mapping[str, Array]) -> Array:
    """Return the chance of the class that was said, or the value."""
    found = live.parcel.predictor.graph.predict(cells)
    if found.probabilities is None:
        return np.asarray(found.prediction, np.float64)
    said = choice(live.predicted[[place]], live.parcel.threshold)[0]
    return np.asarray(found.probabilities[:, said], np.float64)


def _words(live: Live, names: Sequence[str], place: int, effects: Array) -> str:
    """Write the features that lead most to what was said, or away from it."""
    order = np.argsort(-np.abs(effects), kind="stable")[:LEADING]
    least = 0.05 * np.abs(effects).sum()
    media = live.parcel.media
    found = []
    for k in order:
        name, moved = names[k], f"({signed(effects[k])})"
        cell = "" if name in media else f" = {_here(live.columns[name][place])}"
        if abs(effects[k]) > least:
            found.append(f"{name}{cell} {moved}")
    return ", ".join(found)


def _here(cell: Any) -> str:
    """Write a cell that led to an answer; of texts a gap is empty."""
    gone = cell is None or cell != cell or cell == ""
    return MISSING if gone else told(cell)
