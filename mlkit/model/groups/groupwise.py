"""Rates of groups of rows, and the gaps between groups, each with its interval."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from mlkit.core.names import GAPS
from mlkit.model.measures.resampling import interval
from mlkit.model.problem import Problem
from mlkit.model.runtime import choice

__all__ = [
    "GAPS",
    "LEAST",
    "RATES",
    "Rate",
    "Resampled",
    "compared",
    "of_problem",
    "resampled",
]

Array = NDArray[Any]
CLASSES = 12
SHARES = ("said", "true_positive", "false_positive", "precision", "right")
LEAST = 10
"""A rate of a group needs so many rows below."""


@dataclass(frozen=True)
class Rate:
    """A ratio of two sums over rows: a share, or a mean.

    Parameters
    ----------
    name
        One of `RATES`; of many classes with the class behind a colon.
    above, below
        What each row adds to the sum above and to the sum below, shape (rows,).
    """

    name: str
    above: Array
    below: Array


RATES = {
    "said": "share said {yes}",
    "true_positive": "{yes} found",
    "false_positive": "false alarms",
    "precision": "right where said {yes}",
    "overstated": "chance overstated by",
    "right": "right",
    "mean": "mean predicted",
    "bias": "predicted too high by",
    "error": "mean error",
}
"""What each rate is, in words."""


def compared(problem: Problem, gap: str) -> tuple[str, ...]:
    """Return which of `RATES` a gap compares, of those that a problem has.

    Parameters
    ----------
    problem
        What is predicted.
    gap
        One of `GAPS`.

    Examples
    --------
    >>> compared(Problem("number", "y", "rmse"), "parity_gap")
    ('mean',)
    """
    known = {"mean", "bias", "error"}
    if problem.classes:
        known = {"said", "true_positive", "overstated", "right"}
    if len(problem.classes) == 2:
        known |= {"false_positive", "precision"}
    return tuple(name for name in GAPS[gap] if name in known)


def of_problem(
    problem: Problem, truth: Array, predicted: Array, threshold: float = 0.5
) -> list[Rate]:
    """Return the rates that are compared between groups.

    Parameters
    ----------
    problem
        What is predicted.
    truth, predicted, threshold
        As `mlkit.model.measures.measure.measure` takes them.
    """
    one = np.ones(len(truth))
    if not problem.classes:
        spread = float(truth.std()) or 1.0
        off = (predicted - truth) / spread
        shown = {"mean": predicted / spread, "bias": off, "error": np.abs(off)}
        return [Rate(name, values, one) for name, values in shown.items()]
    said = choice(predicted, threshold)
    right = (said == truth).astype(float)
    if len(problem.classes) > 2:
        sure = predicted.max(axis=1) - right
        rest = [Rate("right", right, one), Rate("overstated", sure, one)]
        return [*_by_class(truth, said, len(problem.classes)), *rest]
    yes, true = said.astype(float), truth.astype(float)
    return [
        Rate("said", yes, one),
        Rate("true_positive", yes * true, true),
        Rate("false_positive", yes * (1 - true), 1 - true),
        Rate("precision", yes * true, yes),
        Rate("overstated", predicted[:, 1] - true, one),
        Rate("right", right, one),
    ]


def _by_class(truth: Array, said: Array, count: int) -> list[Rate]:
    """Return how often each of the commonest classes is said, and found."""
    common = np.argsort(-np.bincount(truth, minlength=count), kind="stable")[:CLASSES]
    found = []
    for k in sorted(int(k) for k in common):
        mine, true = (said == k).astype(float), (truth == k).astype(float)
        found.append(Rate(f"said:{k}", mine, np.ones(len(truth))))
        found.append(Rate(f"true_positive:{k}", mine * true, true))
    return found


@dataclass(frozen=True)
class Resampled:
    """Rates by group: of the rows as they are, and of their resamples.

    Parameters
    ----------
    names
        The rates.
    values
        Shape (rates, groups); NaN where a group has too few rows for a rate.
    draws
        Shape (rates, resamples, groups).
    rows
        How many rows a rate of a group counts, shape (rates, groups); 0 where it is
        no share.
    """

    names: tuple[str, ...]
    values: Array
    draws: Array
    rows: Array

    def limits(self, rate: int, group: int) -> tuple[float, float]:
        """Return the interval of one rate of one group."""
        rows, value = int(self.rows[rate, group]), float(self.values[rate, group])
        return interval(self.draws[rate, :, group], value, rows=rows)

    def gap(
        self, name: str, groups: Sequence[int]
    ) -> tuple[float, tuple[float, float], str, int, int] | None:
        """Return a gap between some groups, its interval, and where it is.

        Parameters
        ----------
        name
            One of `GAPS`.
        groups
            Their places.

        Returns
        -------
        tuple
            The gap, its limits, the rate, and the groups with the least and the
            greatest of it; None where no two groups can be compared.
        """
        ratio = name.endswith("_ratio")
        told = []
        for at, rate in enumerate(self.names):
            if rate.partition(":")[0] in GAPS[name]:
                able = [g for g in groups if np.isfinite(self.values[at, g])]
                if len(able) > 1:
                    told.append((at, able))
        if not told:
            return None
        values = [_apart(self.values[at, able], ratio) for at, able in told]
        draws = np.array([_apart(self.draws[at][:, able], ratio) for at, able in told])
        worst = int(np.nanargmin(values) if ratio else np.nanargmax(values))
        at, able = told[worst]
        some = np.isfinite(draws).any(axis=0)
        both = np.nanmin if ratio else np.nanmax
        rows = int(min(self.rows[at, able].min() for at, able in told))
        limits = interval(both(draws[:, some], axis=0), float(values[worst]), rows=rows)
        low, high = (able[f(self.values[at, able])] for f in (np.argmin, np.argmax))
        return float(values[worst]), limits, self.names[at], low, high


def _apart(values: Array, ratio: bool) -> Array:
    """Return how far groups lie apart, over the last axis."""
    low, high = values.min(axis=-1), values.max(axis=-1)
    if not ratio:
        return np.asarray(high - low)
    with np.errstate(invalid="ignore", divide="ignore"):
        return np.asarray(np.where(high > 0, low / high, 1.0))


def resampled(
    rates: Iterable[Rate],
    codes: Mapping[str, Array],
    sizes: Mapping[str, int],
    drawn: Iterable[Array],
    weights: Array | None = None,
    units: Array | None = None,
    least: int = LEAST,
) -> Resampled:
    """Return rates of every group of every column.

    Parameters
    ----------
    rates
        What is compared.
    codes
        Of each column each row's group, shape (rows,).
    sizes
        How many groups each column has.
    drawn
        Resamples, as `mlkit.model.measures.resampling.resamples` yields them.
    weights
        What each row counts.
    units
        Which rows hang together and are drawn whole, as codes; None where none do.
    least
        A rate of a group needs so many rows below.
    """
    rates = list(rates)
    inside = _inside(codes, sizes)
    count = len(next(iter(codes.values())))
    plain = (np.ones(count) if weights is None else weights).reshape(1, -1)
    counted = plain[0] > 0
    rows = np.stack([((r.below != 0) * counted * 1.0) @ inside for r in rates])
    few = rows < least
    values = _ratios(rates, inside, plain)[:, 0]
    draws = np.concatenate([_ratios(rates, inside, b) for b in drawn], axis=1)
    values[few] = np.nan
    draws[np.broadcast_to(few[:, None, :], draws.shape)] = np.nan
    names = tuple(rate.name for rate in rates)
    shares = np.array([name.partition(":")[0] in SHARES for name in names])
    if units is not None:
        rows = np.stack(
            [_units(units, (r.below != 0) * counted, inside) for r in rates]
        )
    return Resampled(names, values, draws, rows * shares[:, None])


def _units(units: Array, counted: Array, inside: Any) -> Array:
    """Return of how many units the counted rows of each group are, shape (groups,)."""
    from scipy.sparse import csr_matrix

    rows = np.flatnonzero(counted)
    ends = units[rows], np.arange(len(rows))
    of = csr_matrix((np.ones(len(rows)), ends), (int(units.max()) + 1, len(rows)))
    return np.asarray(((of @ inside[rows]) > 0).sum(axis=0), np.float64).ravel()


def _inside(codes: Mapping[str, Array], sizes: Mapping[str, int]) -> Any:
    """Return which rows each group holds, sparse, shape (rows, all groups)."""
    from scipy.sparse import csc_matrix, hstack

    parts = []
    for name, mine in codes.items():
        ends = np.arange(len(mine)), mine
        shape = (len(mine), sizes[name])
        parts.append(csc_matrix((np.ones(len(mine)), ends), shape))
    return hstack(parts, format="csc")


def _ratios(rates: Sequence[Rate], inside: Any, times: Array) -> Array:
    """Return each rate of each group in each resample."""
    found, known = [], dict[bytes, Array]()
    for rate in rates:
        key = rate.below.tobytes()
        if key not in known:
            known[key] = np.asarray((inside.T @ (times * rate.below).T).T)
        above = np.asarray((inside.T @ (times * rate.above).T).T)
        with np.errstate(invalid="ignore", divide="ignore"):
            found.append(np.where(known[key] > 0, above / known[key], np.nan))
    return np.stack(found)
