"""The bars that ``[goal.bars]`` sets, and how they are met: by the confidence limit."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from mlkit.core.cells import config
from mlkit.core.errors import UsageError, did_you_mean
from mlkit.core.verdict import Finding
from mlkit.model.measure import Measured
from mlkit.model.metrics import METRICS, of_problem
from mlkit.model.problem import Problem
from mlkit.model.slices import FEWEST, Slice, gap, worst
from mlkit.model.words import say

__all__ = ["of_groups", "of_metrics", "of_rows", "read"]

OTHERS = ("group_gap", "latency_ms", "rows", "size_mb", "worst_group")


def read(problem: Problem, bars: Mapping[str, float] | None = None) -> dict[str, float]:
    """Return the bars that are set.

    A bar is the name of a metric that fits the problem; ``worst_group`` and
    ``group_gap`` (of the problem's metric, over sensitive columns); ``rows`` of the
    hold-out; ``latency_ms`` and ``size_mb`` of the package.

    Parameters
    ----------
    problem
        What is predicted.
    bars
        None takes ``[goal.bars]`` of ``mlkit.toml``.

    Raises
    ------
    UsageError
        Where a bar is unknown, or no number.
    """
    given: Mapping[str, Any] = config("goal.bars", {}) if bars is None else bars
    allowed = [*of_problem(problem), *OTHERS]
    for name, value in given.items():
        if name not in allowed:
            raise UsageError(
                f"unknown bar {name!r}",
                where="[goal.bars]",
                todo=did_you_mean(name, allowed),
            )
        if isinstance(value, bool) or not isinstance(value, int | float):
            raise UsageError(
                f"bar {name} is no number", where="[goal.bars]", got=repr(value)
            )
    return {name: float(value) for name, value in given.items()}


def of_metrics(
    problem: Problem, measured: Measured, bars: Mapping[str, float]
) -> list[Finding]:
    """Judge the bars on metrics, and say that calibration was not where none is set."""
    found = [
        _metric(measured, name, bars[name])
        for name in of_problem(problem)
        if name in bars
    ]
    if "calibration" in measured.metrics and "calibration" not in bars:
        found.append(
            Finding(
                "calibration",
                "not_assessed",
                got=measured.words("calibration"),
                help="set [goal.bars] calibration, such as 0.05",
            )
        )
    return found


def of_groups(
    problem: Problem, slices: tuple[Slice, ...], bars: Mapping[str, float]
) -> list[Finding]:
    """Judge the bars on groups of sensitive columns, or say what was not assessed."""
    asked = [name for name in ("worst_group", "group_gap") if name in bars]
    told = [s for s in slices if s.measured.metrics]
    if not told:
        why = (
            f"no group has {FEWEST} rows"
            if slices
            else "no column has the role sensitive"
        )
        help_ = "give columns such as sex or age that role in `collect`"
        bar = "equally good for all groups"
        return [Finding(bar, "not_assessed", got=why, help=help_, required=bool(asked))]
    found = [_worst(problem, slices, bars.get("worst_group"))]
    if "group_gap" in bars:
        found.append(_gap(problem, slices, bars["group_gap"]))
    return found


def of_rows(rows: int, bars: Mapping[str, float]) -> Finding:
    """Judge whether there are rows enough to judge by."""
    need = int(bars.get("rows", FEWEST))
    bar = f"at least {need} hold-out rows"
    if rows >= need:
        return Finding(bar, "passed", got=f"{rows:,}")
    state = "missed" if "rows" in bars else "not_assessed"
    return Finding(bar, state, got=f"{rows:,}", help="collect more rows")


def _metric(measured: Measured, name: str, bar: float) -> Finding:
    metric = METRICS[name]
    side, words = ("lower", "at least") if metric.greater else ("upper", "at most")
    title = f"{metric.title} {words} {say(bar)}"
    if name not in measured.metrics:
        why = "it is undefined on these rows"
        return Finding(title, "not_assessed", got=why, required=True)
    limit = measured.intervals[name][0 if metric.greater else 1]
    point = measured.metrics[name]
    met = limit >= bar if metric.greater else limit <= bar
    near = point >= bar if metric.greater else point <= bar
    return Finding(
        title,
        "passed" if met else "missed",
        got=measured.words(name),
        need=f"its {side} limit {words} {say(bar)}",
        help="the value itself is good enough: more hold-out rows would show it"
        if near
        else "tune with more trials, add features, or collect more rows",
        required=True,
    )


def _worst(problem: Problem, slices: tuple[Slice, ...], bar: float | None) -> Finding:
    metric = METRICS[problem.metric]
    found = worst(slices, problem.metric, metric.greater)
    words = "at least" if metric.greater else "at most"
    title = f"{metric.title} in the worst group"
    if found is None:
        why = "it is undefined in every group"
        return Finding(title, "not_assessed", got=why, required=bar is not None)
    one, value = found
    got = f"{say(value)} for {one.column} = {one.group} ({one.rows:,} rows)"
    if bar is None:
        help_ = "set [goal.bars] worst_group or group_gap"
        return Finding(title, "not_assessed", got=got, help=help_)
    met = value >= bar if metric.greater else value <= bar
    return Finding(
        f"{title} {words} {say(bar)}",
        "passed" if met else "missed",
        got=got,
        help="collect more rows of that group, or features that tell it apart",
        required=True,
    )


def _gap(problem: Problem, slices: tuple[Slice, ...], bar: float) -> Finding:
    title = f"{METRICS[problem.metric].title} of groups within {say(bar)}"
    found = gap(slices, problem.metric)
    if found is None:
        why = "no column has two groups with rows enough"
        return Finding(title, "not_assessed", got=why, required=True)
    column, apart = found
    return Finding(
        title,
        "passed" if apart <= bar else "missed",
        got=f"{say(apart)} apart over {column}",
        help="collect more rows of the weaker group, or features that tell it apart",
        required=True,
    )
