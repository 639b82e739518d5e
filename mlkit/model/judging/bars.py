"""The bars that ``[goal.bars]`` sets, and how they are met: by the confidence limit."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from mlkit.core.bars import checked
from mlkit.core.cells import config
from mlkit.core.errors import UsageError
from mlkit.core.names import OF_PACKAGE, OTHERS
from mlkit.core.verdict import Finding
from mlkit.model.groups.groupwise import GAPS, compared
from mlkit.model.judging import advice
from mlkit.model.measures.measure import Measured
from mlkit.model.measures.metrics import METRICS, of_problem
from mlkit.model.problem import Problem
from mlkit.model.slicing.slices import FEWEST
from mlkit.model.telling import KINDS, UNLABELLED
from mlkit.model.words import say

__all__ = ["judged", "of_metrics", "of_rows", "read", "stated"]

OF = {kind: said.removeprefix("one of ") for kind, said in KINDS.items()} | UNLABELLED
LOOKED = "; a threshold that is moved now is told as moved after a look at these rows"


def stated() -> Mapping[str, Any]:
    """Return ``[goal.bars]`` of ``mlkit.toml`` as it stands."""
    given: Mapping[str, Any] = config("goal.bars", {})
    return given


def read(problem: Problem, bars: Mapping[str, float] | None = None) -> dict[str, float]:
    """Return the bars that are set.

    A bar is the name of a metric that fits the problem; ``worst_group`` and
    ``group_gap``, of the problem's metric over sensitive columns; a gap of
    `mlkit.model.groups.groupwise.GAPS` that the problem has; ``worst_slice``, of the
    metric over named and found parts; ``champion``, by how much to be ahead of it at
    least; ``shuffled_input``, by how much to be ahead of a guess there at most;
    ``rows`` of the hold-out; ``latency_ms`` and ``size_mb`` of the package. Without
    labels, only metrics and the package are judged.

    Parameters
    ----------
    problem
        What is predicted.
    bars
        None takes ``[goal.bars]`` of ``mlkit.toml``.

    Raises
    ------
    UsageError
        Where a bar is unknown, of another kind of problem, or no finite number.
    """
    allowed = judged(problem)
    made = checked(stated() if bars is None else bars, allowed)
    for name in made:
        if name not in allowed:
            what = "gap" if name in GAPS else "bar" if name in OTHERS else "metric"
            raise UsageError(
                f"{name} is no {what} of {OF[problem.kind]}",
                where="[goal.bars]",
                todo=f"take it out; these are judged: {', '.join(allowed)}",
            )
    return made


def judged(problem: Problem) -> list[str]:
    """Return the bars that something judges, where a problem is told."""
    metrics = of_problem(problem)
    if problem.kind in UNLABELLED:
        return [*metrics, *OF_PACKAGE]
    gaps = [name for name in GAPS if compared(problem, name)]
    return [*metrics, *gaps, *OTHERS]


def of_metrics(
    problem: Problem, measured: Measured, bars: Mapping[str, float], rows: int
) -> list[Finding]:
    """Judge the bars on metrics, and say that calibration was not where none is set.

    Parameters
    ----------
    problem
        What is predicted.
    measured
        The metrics, with their intervals.
    bars
        As `read` gives them.
    rows
        How many rows they were measured on.
    """
    found = [
        _metric(problem, measured, name, bars[name], rows)
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


def of_rows(rows: int, bars: Mapping[str, float]) -> Finding:
    """Judge whether there are rows enough to judge by."""
    need = int(bars.get("rows", FEWEST))
    bar = f"at least {need} hold-out rows"
    if rows >= need:
        return Finding(bar, "passed", got=f"{rows:,}")
    state = "missed" if "rows" in bars else "not_assessed"
    return Finding(bar, state, got=f"{rows:,}", help=f"collect {need - rows:,} more")


def _metric(
    problem: Problem, measured: Measured, name: str, bar: float, rows: int
) -> Finding:
    metric = METRICS[name]
    side, words = ("lower", "at least") if metric.greater else ("upper", "at most")
    title = f"{metric.title} {words} {say(bar)}"
    if name not in measured.metrics:
        why = "it is undefined on these rows"
        help_ = "see that the hold-out holds every class, and rows enough"
        return Finding(title, "not_assessed", got=why, help=help_, required=True)
    limit = measured.intervals[name][0 if metric.greater else 1]
    point = measured.metrics[name]
    met = limit >= bar if metric.greater else limit <= bar
    missed = "" if met else f", missed {advice.short(limit, bar)}"
    help_ = advice.of_metric(name, rows, point, limit, bar, problem.kind)
    near = point >= bar if metric.greater else point <= bar
    if metric.takes == "labels" and problem.kind == "two_classes" and not near:
        help_ += LOOKED
    return Finding(
        title,
        "passed" if met else "missed",
        got=measured.words(name),
        need=f"its {side} limit {words} {say(bar)}{missed}",
        help=help_,
        required=True,
    )
