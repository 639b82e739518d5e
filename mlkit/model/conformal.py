"""Intervals and sets that hold the truth as often as they promise: split conformal."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import asdict, dataclass, replace
from math import ceil
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from mlkit.core.errors import UsageError
from mlkit.model.grid import Grid
from mlkit.model.measures.residuals import plain
from mlkit.model.measures.weighted import bins
from mlkit.model.problem import Problem
from mlkit.model.promise import Promise, strange
from mlkit.model.words import say

if TYPE_CHECKING:
    from mlkit.data.charts.style import Picture

__all__ = ["METHODS", "Conformal", "Kept", "calibrate", "conform"]

METHODS = {
    "absolute": "one width for all",
    "scaled": "wider where errors were larger",
    "least": "every class likely enough",
    "adaptive": "likeliest classes until enough chance is in",
}
FEWEST = 20
SMOOTH = 200
DIGITS = 12
SLACK = 1e-5
"""So much of the target's spread a package may be off: `parity.TOLERANCE`."""

Array = NDArray[Any]


@dataclass(frozen=True)
class Kept:
    """How often a promise was kept, on rows that did not set it.

    Parameters
    ----------
    group
        Which rows; "" for all.
    rows, held
        How many rows, and of how many the interval or the set held the truth.
    low, high
        The 95 % interval of the share held.
    size
        The median width of the intervals, or the mean size of the sets.
    """

    group: str
    rows: int
    held: int
    low: float
    high: float
    size: float

    @property
    def share(self) -> float:
        """The share of rows whose truth was held."""
        return self.held / self.rows


@dataclass(frozen=True)
class Conformal:
    """How to put an interval around a value, or classes into a set.

    Parameters
    ----------
    method
        One of `METHODS`.
    coverage
        The share of truths that is promised.
    radius
        What calibration found: the half width of an interval, in units of the scale;
        of sets the largest score that is let in. None where there are too few rows to
        promise anything: then an interval is unbounded and a set holds all classes.
    rows
        How many rows calibrated it.
    knots, scale
        Where `method` is ``scaled``: the error to be expected along the prediction,
        to be interpolated between knots.
    whole
        Whether values are whole and not negative, as counts are.
    kept
        How often the promise was kept: over all rows first, then by group.
    """

    method: str
    coverage: float
    radius: float | None
    rows: int
    knots: tuple[float, ...] = ()
    scale: tuple[float, ...] = ()
    whole: bool = False
    kept: tuple[Kept, ...] = ()

    @property
    def promise(self) -> Promise:
        """What a package carries of it."""
        numbers = self.method, self.coverage, self.radius
        return Promise(*numbers, self.knots, self.scale, self.whole)

    def interval(self, values: Array) -> tuple[Array, Array]:
        """Return lower and upper ends around predicted values, shape (rows,)."""
        return self.promise.interval(values)

    def sets(self, chances: Array) -> NDArray[np.bool_]:
        """Return which classes are in each row's set, shape (rows, classes)."""
        return self.promise.sets(chances)

    def holds(self, truth: Array, predicted: Array) -> NDArray[np.bool_]:
        """Tell of each row whether the truth is held."""
        if predicted.ndim == 2:
            return np.asarray(self.sets(predicted)[np.arange(len(truth)), truth], bool)
        low, high = self.interval(predicted)
        return np.asarray((truth >= low) & (truth <= high))

    def sizes(self, predicted: Array) -> Array:
        """Return the widths of intervals, or how many classes sets hold."""
        if predicted.ndim == 2:
            return np.asarray(self.sets(predicted).sum(axis=1))
        low, high = self.interval(predicted)
        return np.asarray(high - low)

    def table(self) -> Grid:
        """Return how often the promise was kept, overall and by group."""
        size = "median width" if self.method in ("absolute", "scaled") else "mean size"
        lines = [
            (
                one.group or "all rows",
                f"{one.rows:,}",
                f"{one.share:.1%}",
                f"{one.low:.1%} to {one.high:.1%}",
                say(one.size),
            )
            for one in self.kept
        ]
        heads = ("rows", "how many", "held", "95 % interval", size)
        return Grid(heads, lines, [self.statement])

    @property
    def statement(self) -> str:
        """What is promised, and how it was tried, in words."""
        if self.radius is None:
            return f"too few rows to promise {self.coverage:.0%}: anything is possible"
        tried = "tried on each half of them with what the other says"
        if not self.kept:
            tried = "not tried: half of them are too few to promise anything"
        return (
            f"promised {self.coverage:.0%}, {METHODS[self.method]}; calibrated on "
            f"{self.rows:,} rows, {tried}"
        )

    def plot(self) -> Picture:
        """Draw how often the promise was kept."""
        from mlkit.model.charts.conformal import kept

        return kept(self)

    def __repr__(self) -> str:
        return repr(self.table())

    def _repr_html_(self) -> str:
        return self.table()._repr_html_()

    def to_dict(self) -> dict[str, Any]:
        """Return a plain JSON form."""
        return asdict(self)

    @classmethod
    def from_dict(cls, form: Mapping[str, Any]) -> Conformal:
        """Read the form that `to_dict` gives."""
        return cls(
            **{
                **form,
                "knots": tuple(form["knots"]),
                "scale": tuple(form["scale"]),
                "kept": tuple(Kept(**one) for one in form["kept"]),
            }
        )


def conform(
    problem: Problem,
    truth: Array,
    predicted: Array,
    *,
    coverage: float = 0.9,
    method: str | None = None,
    groups: Array | None = None,
    named: Mapping[str, Array] | None = None,
    seed: int = 0,
) -> Conformal:
    """Calibrate intervals or sets, and try the promise on rows that did not set it.

    Parameters
    ----------
    problem
        What is predicted.
    truth
        Class codes or values of rows the model has not seen, shape (rows,).
    predicted
        Probabilities (rows, classes) or values (rows,).
    coverage
        The share of truths to hold.
    method
        One of `METHODS`; None takes ``scaled`` for a number on 200 rows or more, else
        ``absolute``, ``least`` for two classes and ``adaptive`` for more.
    groups
        The group of each row as a code; the halves keep groups whole.
    named
        By name, rows (bool) in which the promise is tried on its own.
    seed
        Of the halves.

    Raises
    ------
    UsageError
        Where the coverage does not lie between 0 and 1, or the method does not fit.

    Notes
    -----
    Split conformal prediction (Papadopoulos et al. 2002; Lei et al. 2018); widths that
    follow a scale (Papadopoulos, Gammerman, Vovk 2008), here a smooth of the errors
    along the prediction; sets by likely classes (Sadinle, Lei, Wasserman 2019) or by
    adding up the chances of likelier classes, with a small penalty from the third class
    on (Romano, Sesia, Candès 2020; Angelopoulos et al. 2021), without their coin. What
    is used is calibrated on all rows. What is reported is found by halves: each half is
    tried with what the other half set (as in cross-conformal prediction, Vovk 2015);
    a half too small to promise anything tries nothing.
    Intervals reach a hundred-thousandth of the target's spread further than that: so
    much a package may be off.
    Rows of one group are alike: the promise then is one over new groups, roughly.

    Examples
    --------
    >>> rng = np.random.default_rng(0)
    >>> truth = rng.normal(size=400)
    >>> found = conform(Problem("number", "y", "rmse"), truth, np.zeros(400))
    >>> bool(1.4 < found.interval(np.zeros(1))[1][0] < 2.0)
    True
    """
    chosen = _method(problem, len(truth), method)
    if not 0 < coverage < 1:
        raise UsageError("a coverage lies between 0 and 1", got=str(coverage))
    whole = problem.kind == "count"
    half = _halves(len(truth), groups, seed)
    held, sizes = np.zeros(len(truth), bool), np.zeros(len(truth))
    judged = np.zeros(len(truth), bool)
    for side in (False, True):
        set_, tried = half == side, half != side
        found = calibrate(chosen, truth[set_], predicted[set_], coverage, whole=whole)
        if found.radius is None or not tried.any():
            continue
        judged |= tried
        held[tried] = found.holds(truth[tried], predicted[tried])
        sizes[tried] = found.sizes(predicted[tried])
    made = calibrate(chosen, truth, predicted, coverage, whole=whole)
    parts = {"": judged, **{n: rows & judged for n, rows in (named or {}).items()}}
    numbers = predicted.ndim == 1
    kept = [
        _kept(name, held[rows], sizes[rows], groups, rows, numbers=numbers)
        for name, rows in parts.items()
        if rows.sum() >= (FEWEST if name else 2)
    ]
    return replace(made, kept=tuple(kept) if made.radius is not None else ())


def calibrate(
    method: str,
    truth: Array,
    predicted: Array,
    coverage: float = 0.9,
    *,
    whole: bool = False,
) -> Conformal:
    """Return intervals or sets that hold a share of truths, without trying them.

    Parameters
    ----------
    method
        One of `METHODS`.
    truth, predicted
        As `conform` takes them.
    coverage
        The share of truths to hold.
    whole
        Whether values are counts.
    """
    made = Conformal(method, coverage, None, len(truth), whole=whole)
    if predicted.ndim == 2:
        scores = strange(method, predicted)[np.arange(len(truth)), truth]
        return replace(made, radius=_quantile(scores, coverage))
    errors = np.abs(truth - predicted) + _slack(truth, predicted)
    if method == "scaled" and len(errors) > 1:
        return _scaled(made, errors, predicted)
    return replace(made, radius=_quantile(errors, coverage))


def _scaled(made: Conformal, errors: Array, predicted: Array) -> Conformal:
    """Learn the scale on every third row; calibrate on the others."""
    order = np.argsort(predicted, kind="stable")
    learnt = np.zeros(len(errors), bool)
    learnt[order[1::3]] = True
    codes = bins(predicted[learnt], int(np.clip(learnt.sum() // 15, 1, 20)))
    count = np.bincount(codes)
    knots = np.bincount(codes, predicted[learnt]) / count
    means = np.bincount(codes, errors[learnt]) / count
    floor = float(errors[learnt].mean()) * 0.1 or 1.0
    smooth = np.convolve(np.pad(means, 1, "edge"), [0.25, 0.5, 0.25], "valid")
    scale = np.maximum(smooth, floor)
    told = replace(made, knots=tuple(plain(knots, DIGITS)), scale=tuple(plain(scale)))
    rest = ~learnt
    scores = errors[rest] / told.promise.width(predicted[rest])
    return replace(told, radius=_quantile(scores, made.coverage))


def _slack(truth: Array, predicted: Array) -> Array:
    """Return by how much errors that are alike may differ once they are packaged.

    Many rows may have the very error that sets the radius, as where most targets are
    one value: rounding must not leave all of them out.
    """
    rounded = 4 * np.finfo(float).eps * np.abs(predicted)
    spread = truth.std() if len(truth) else 0.0
    return np.asarray(SLACK * spread + rounded)


def _quantile(scores: Array, coverage: float) -> float | None:
    """Return the score that a share of new ones stays below, by exchangeability."""
    place = ceil((len(scores) + 1) * coverage - 1e-9)
    if place > len(scores) or not len(scores):
        return None
    found = float(np.partition(scores, place - 1)[place - 1])
    return float(f"{found * (1 + 1e-9):.{DIGITS}g}")  # upward: it is to hold that score


def _halves(rows: int, groups: Array | None, seed: int) -> NDArray[np.bool_]:
    rng = np.random.default_rng(seed)
    if groups is None:
        return np.asarray(rng.permutation(rows) % 2 == 1)
    units = int(groups.max(initial=-1)) + 1
    return np.asarray((rng.permutation(units) % 2 == 1)[groups])


def _kept(
    name: str,
    held: Array,
    sizes: Array,
    groups: Array | None,
    rows: Array,
    *,
    numbers: bool,
) -> Kept:
    """Count what was held; the interval counts groups, where rows hang together."""
    from scipy.stats import beta

    count, good = len(held), int(held.sum())
    shrink = 1.0
    if groups is not None:
        units, codes = np.unique(groups[rows], return_inverse=True)
        shrink = count / len(units)
        if 0 < good < count:
            apart = np.bincount(codes, held - held.mean())
            shrink = max(float((apart**2).sum() / (count * held.var())), 1.0)
    n, k = count / shrink, good / shrink
    low = float(beta.ppf(0.025, k, n - k + 1)) if k else 0.0
    high = float(beta.ppf(0.975, k + 1, n - k)) if k < n else 1.0
    size = float(np.median(sizes) if numbers else sizes.mean())
    return Kept(name, count, good, round(low, 6), round(high, 6), float(f"{size:.6g}"))


def _method(problem: Problem, rows: int, method: str | None) -> str:
    fits: Iterable[str] = ("least", "adaptive")
    usual = "least" if len(problem.classes) == 2 else "adaptive"
    if not problem.classes:
        fits, usual = ("absolute", "scaled"), "scaled" if rows >= SMOOTH else "absolute"
    if method is not None and method not in fits:
        raise UsageError(
            f"method {method!r} does not fit this target", expected=" or ".join(fits)
        )
    return method or usual
