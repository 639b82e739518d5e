"""The bar on controls: what must come out at chance, such as shuffled input."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from mlkit.core.verdict import Finding
from mlkit.model.audit.controls import Control
from mlkit.model.judging import advice
from mlkit.model.measures.metrics import METRICS
from mlkit.model.review import Review
from mlkit.model.words import say

__all__ = ["of_controls"]

BAR, NEEDED = "shuffled_input", "thirty validation rows"
CLUE = (
    "the answer comes from somewhere else: the order of the rows, their ids, or a "
    "column that is no feature; look at how the rows were collected and split"
)


def of_controls(review: Review, bars: Mapping[str, float]) -> Iterator[Finding]:
    """Judge what the review found of a model that was asked about nonsense.

    Parameters
    ----------
    review
        What `mlkit.model.review.review` found.
    bars
        As `mlkit.model.judging.bars.read` gives them.
    """
    metric = METRICS[review.problem.metric].title
    title = f"{metric} at chance on shuffled input"
    if BAR in bars:
        title = (
            f"{metric} on shuffled input ahead of a guess by at most {say(bars[BAR])}"
        )
    found = review.robustness.controls if review.robustness else ()
    if not found:
        why = f"the review tried none: it needs {NEEDED} in which {metric} is defined"
        help_ = "collect more rows, of every class, and run `review` on them"
        if not review.problem.classes:
            help_ = "collect more rows, or choose another metric, and run `review`"
        yield Finding(title, "not_assessed", got=why, help=help_, required=BAR in bars)
    for control in found:
        yield _control(title, control, bars)


def _control(title: str, control: Control, bars: Mapping[str, float]) -> Finding:
    got = f"on validation rows {say(control.score)}, a guess {say(control.chance)}"
    got += f": ahead by {say(control.low)} to {say(control.high)} (99.9 %)"
    if BAR not in bars and control.suspicious:
        help_ = f"{CLUE}; to block what is ahead: [goal.bars] {BAR} = 0.05"
        return Finding(title, "not_assessed", got=got, help=help_)
    if BAR not in bars:
        return Finding(title, "passed", got=got)
    met = control.high <= bars[BAR]
    missed = "" if met else f", missed {advice.short(control.high, bars[BAR])}"
    few = "the review asked about too few rows to show it: collect more"
    return Finding(
        title,
        "passed" if met else "missed",
        got=got,
        need=f"its upper limit at most {say(bars[BAR])}{missed}",
        help=CLUE if control.suspicious else few,
        required=True,
    )
