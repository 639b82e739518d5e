"""The bars of each column's distribution, split by the target's classes."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from mlkit.data.charts.cards import significant
from mlkit.data.measures.moments import scaled

__all__ = ["bars"]

BINS = 24
TOP = 8
FEW_WHOLE = 12
LOOKED_AT = 100_000


def bars(
    values: pd.Series, kind: str, classes: NDArray[np.intp], number: int
) -> dict[str, Any]:
    """Return the bars of one column's distribution, split by the target's classes.

    Parameters
    ----------
    values
        Cells after cleaning.
    kind
        The column's type.
    classes
        Each row's class from 0; -1 where it is not known.
    number
        How many classes there are; 1 for no classes.

    Returns
    -------
    dict
        ``edges`` or ``words``, and ``rows``: one list a class.
    """
    if kind in ("number", "date", "text"):
        numbers = _as_numbers(values, kind)
        finite = np.isfinite(numbers)
        edges = _edges(numbers[finite])
        named = {"edges": [significant(float(edge), 6) for edge in edges]}
        split = [finite & (classes == each) for each in range(number)]
        return named | {"rows": [_heights(numbers[rows], edges) for rows in split]}
    codes, words, counts = _coded(values)
    order = sorted(range(len(words)), key=lambda at: (-counts[at], words[at]))
    shown = [words[at] for at in order[:TOP]]
    rest = len(words) > TOP
    places = np.full(len(words) + 1, len(shown) if rest else -1)
    places[order[:TOP]] = np.arange(len(shown))
    places[-1] = -1
    told: dict[str, Any] = {"words": shown + ["all others"] * rest}
    told["rows"] = _counts(places[codes], len(told["words"]), classes, number)
    return told


def _coded(values: pd.Series) -> tuple[NDArray[Any], list[str], NDArray[np.intp]]:
    """Return each row's word by its place, -1 where missing, and how often each is."""
    if isinstance(values.dtype, pd.CategoricalDtype):
        codes, kinds = values.cat.codes.to_numpy(), values.cat.categories
    else:
        codes, kinds = pd.factorize(values)
    words = [str(word) for word in kinds.tolist()]
    return codes, words, np.bincount(codes[codes >= 0], minlength=len(words))


def _as_numbers(values: pd.Series, kind: str) -> NDArray[Any]:
    if kind == "text":
        codes, words, _ = _coded(values)
        lengths: NDArray[Any] = np.array([*map(len, words), np.nan])[codes]
        return lengths
    if kind == "date":
        if isinstance(values.dtype, pd.DatetimeTZDtype):
            values = values.dt.tz_convert("UTC").dt.tz_localize(None)
        stamps = values.to_numpy(dtype="M8[us]")
        return np.where(np.isnat(stamps), np.nan, stamps.astype(np.int64) / 86_400e6)
    return values.to_numpy(dtype=np.float64)


def _edges(known: NDArray[np.float64]) -> NDArray[Any]:
    if not len(known):
        return np.array([0.0, 1.0])
    plain, power = scaled(known)
    low, high = plain.min(), plain.max()
    finest = 8 * BINS * float(np.spacing(max(abs(low), abs(high))))
    near = finest < 1 and high - low <= FEW_WHOLE
    if near and power == 1 and np.all(plain == np.floor(plain)):
        return np.arange(low, high + 2, dtype=float) - 0.5
    # a far tail would flatten everything else: the outer hundredth is left out
    inner = np.quantile(plain[:: max(len(plain) // LOOKED_AT, 1)], [0.005, 0.995])
    if high - low > 4 * (inner[1] - inner[0]) > 0:
        low, high = inner
    high = max(high, low + finest) if high > low else low + max(1.0, finest)
    most = float(np.finfo(np.float64).max) / power
    return np.linspace(low, min(high, most), BINS + 1) * power


def _heights(numbers: NDArray[np.float64], edges: NDArray[np.float64]) -> list[int]:
    """Count numbers by bin; the last bin keeps its end, what lies outside is left."""
    low, high = float(edges[0]), float(edges[-1])
    bins: Any = (len(edges) - 1) if np.isfinite(high - low) else edges
    counts, _ = np.histogram(numbers, bins, (low, high))
    return [int(count) for count in counts]


def _counts(
    place: NDArray[np.intp], bins: int, classes: NDArray[np.intp], number: int
) -> list[list[int]]:
    seen = (place >= 0) & (classes >= 0)
    cells = classes[seen] * bins + place[seen]
    counts = np.bincount(cells, minlength=bins * number)
    return [line.tolist() for line in counts.reshape(number, bins)]
