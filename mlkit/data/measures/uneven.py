"""What falls unevenly on groups: the target's rates, and missing cells."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from mlkit.core.rows import MISSING
from mlkit.data.charts.cards import significant
from mlkit.data.measures.classes import ordered
from mlkit.data.measures.groups import FEWEST, Gap, Groups, gap, means, wilson
from mlkit.data.measures.moments import finite, moments, scaled

__all__ = ["Group", "gone", "rates", "uneven", "whole"]

CLASSES = 6
LEVEL = 0.05
CLEAR = 0.02

Rates = dict[str, tuple[float, float, float]]
Told = tuple[str, float, str, float, float]


@dataclass(frozen=True)
class Group:
    """One group of a sensitive column.

    Parameters
    ----------
    name, rows, share
        What it is, how many rows it has, and their share.
    rates
        By class the share of the group's rows and its 95 % interval; for a number
        the mean and its interval, by the target's name. Empty below thirty rows.
    """

    name: str
    rows: int
    share: float
    rates: Mapping[str, tuple[float, float, float]] = field(default_factory=dict)


def rates(
    target: pd.Series | None, groups: Groups, *, numeric: bool
) -> tuple[tuple[Group, ...], tuple[Gap, ...]]:
    """Return the groups with the target's rates, and by class the surest gap.

    Of two classes the last in the goal's order is told, of many the six most frequent.

    Parameters
    ----------
    target
        The target's values, or None.
    groups
        Which group each row is of.
    numeric
        Whether the target is a number.

    Examples
    --------
    >>> sex = Groups(np.arange(200) % 2, ("f", "m"))
    >>> hired = pd.Series(["no", "yes", "no", "no"] * 50)
    >>> (first, second), (wide,) = rates(hired, sex, numeric=False)
    >>> second.rates["yes"], wide.more, round(wide.size, 2)
    ((0.5, 0.4038, 0.5962), 'm', 0.5)
    """
    found: list[Rates] = [{} for _ in groups.names]
    gaps: list[Gap] = []
    if target is not None:
        known = target.notna().to_numpy()
        made = _of_number if numeric else _of_classes
        kept = Groups(groups.codes[known], groups.names)
        found, gaps = made(target[known], kept)
    total = max(len(groups.codes), 1)
    told = tuple(
        Group(name, int(rows), round(float(rows / total), 4), rate)
        for name, rows, rate in zip(groups.names, groups.counts, found, strict=True)
    )
    return told, tuple(gaps)


def uneven(
    columns: Mapping[str, NDArray[np.bool_]], cuts: Mapping[str, Groups]
) -> dict[str, dict[str, Told]]:
    """Return where cells are missing more often in one group than in another.

    Parameters
    ----------
    columns
        By name, which cells are missing.
    cuts
        By sensitive column, which group each row is of.

    Returns
    -------
    dict
        By sensitive column and other column: the group with the largest share
        missing, that share, the group with the smallest, that share, and p.

    Notes
    -----
    Pearson's chi-square where no expected count is below one; p is adjusted for all
    the columns tried (Benjamini and Hochberg 1995). Differences below two points are
    passed over.
    """
    from scipy.stats import chi2_contingency, false_discovery_control

    tried: list[tuple[str, str, Told]] = []
    for column, groups in cuts.items():
        big = np.flatnonzero(groups.counts >= FEWEST)
        for name, holes in columns.items():
            if name == column or len(big) < 2:
                continue
            rows = groups.counts[big]
            lost = np.bincount(groups.codes[holes], minlength=len(groups.names))[big]
            rarer = min(lost.sum(), rows.sum() - lost.sum())
            if rows.min() * rarer < rows.sum():
                continue
            p = chi2_contingency([lost, rows - lost], correction=False).pvalue
            shares = lost / rows
            high, low = int(shares.argmax()), int(shares.argmin())
            ends = [(groups.names[big[k]], float(shares[k])) for k in (high, low)]
            tried.append((column, name, (*ends[0], *ends[1], float(p))))
    adjusted = false_discovery_control([told[4] for *_, told in tried]) if tried else ()
    found: dict[str, dict[str, Told]] = {column: {} for column in cuts}
    for (column, name, told), p in zip(tried, adjusted, strict=True):
        if p < LEVEL and told[1] - told[3] >= CLEAR:
            most, least_share = round(told[1], 4), round(told[3], 4)
            found[column][name] = (told[0], most, told[2], least_share, float(p))
    return found


def whole(target: pd.Series | None, *, numeric: bool) -> dict[str, float]:
    """Return the share of each class among all rows, or the mean of a number.

    Examples
    --------
    >>> whole(pd.Series(["no", "yes", "no", "no"]), numeric=False)
    {'no': 0.75, 'yes': 0.25}
    """
    known = None if target is None else target.dropna()
    if known is None or known.empty:
        return {}
    if numeric:
        return {str(known.name): significant(moments(known.to_numpy(float))[0])}
    shares = known.astype("str").value_counts(normalize=True).sort_index()
    return {str(word): round(float(share), 4) for word, share in shares.items()}


def gone(values: pd.Series) -> NDArray[np.bool_]:
    """Return which cells are missing, or hold the word for it."""
    holes = values.isna().to_numpy()
    if values.dtype.kind in "fiubM":
        return np.asarray(holes, bool)
    return np.asarray(holes | values.isin([MISSING, ""]).to_numpy(), bool)


def _of_classes(target: pd.Series, groups: Groups) -> tuple[list[Rates], list[Gap]]:
    words = target.astype("str").to_numpy(object)
    classes = ordered(set(words))
    if len(classes) > CLASSES:
        most = pd.Series(words).value_counts().index[:CLASSES]
        classes = tuple(name for name in classes if name in most)
    shown = classes[1:] if len(classes) == 2 else classes
    found: list[Rates] = [{} for _ in groups.names]
    big, gaps = _big(groups), []
    for word in shown:
        hits = np.bincount(groups.codes[words == word], minlength=len(groups.names))
        _put(found, word, big, wilson(hits, groups.counts))
        ends = wilson(hits, groups.counts, _level(len(big), len(shown)))
        gaps.append(gap([groups.names[k] for k in big], word, _some(ends, big)))
    return found, [one for one in gaps if one]


def _of_number(target: pd.Series, groups: Groups) -> tuple[list[Rates], list[Gap]]:
    values, power = scaled(target.to_numpy(float))
    count = len(groups.names)
    found: list[Rates] = [{} for _ in groups.names]
    big, name = _big(groups), str(target.name)
    _put(found, name, big, means(values, groups.codes, count), power)
    ends = means(values, groups.codes, count, _level(len(big), 1))
    wide = gap([groups.names[k] for k in big], name, _some(ends, big))
    return found, [_grown(wide, power)] if wide else []


def _grown(wide: Gap, power: float) -> Gap:
    ends = (finite(end * power) for end in (wide.size, wide.low, wide.high))
    return Gap(wide.of, wide.more, wide.less, *ends)


def _big(groups: Groups) -> list[int]:
    return np.flatnonzero(groups.counts >= FEWEST).tolist()


def _level(groups: int, classes: int) -> float:
    """Return the level of one interval that allows for all pairs and classes."""
    return 1 - LEVEL / max(groups * (groups - 1) // 2 * classes, 1)


def _some(
    ends: Iterable[NDArray[np.float64]], big: list[int]
) -> tuple[NDArray[np.float64], NDArray[np.float64], NDArray[np.float64]]:
    rate, low, high = (values[big] for values in ends)
    return rate, low, high


def _put(
    found: list[Rates],
    name: str,
    big: list[int],
    ends: Iterable[NDArray[np.float64]],
    power: float = 1.0,
) -> None:
    plain = [
        [significant(finite(value * power)) for value in values.tolist()]
        for values in ends
    ]
    for place in big:
        rate, low, high = (values[place] for values in plain)
        found[place][name] = (rate, low, high)
