"""What is tried in the zoo, how far it has come, and what could be done next."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Protocol

import numpy as np
from numpy.typing import NDArray

from mlkit.model.tuning import cross
from mlkit.model.tuning.kept import Outcome

__all__ = ["Entry", "Fits", "Item", "Option", "worth"]

Array = NDArray[Any]
Item = tuple[str, dict[str, Any]]
WORTH = {
    "lightgbm": 1.0,
    "catboost": 1.0,
    "boosting": 0.9,
    "lightgbm_extra": 0.9,
    "slow_boosting": 0.8,
    "large_boosting": 0.8,
    "xgboost": 0.8,
    "extra_trees": 0.6,
    "neural": 0.6,
    "forest": 0.5,
    "normal": 0.5,
    "linear": 0.4,
    "ordinal": 0.4,
    "naive_bayes": 0.1,
    "tree": 0.1,
}
USUAL = 0.3


def worth(name: str) -> float:
    """Return what a family promises before anything of it is known, 0 to 1."""
    return WORTH.get(name, USUAL)


class Fits(Protocol):
    """Where fits come from.

    Attributes
    ----------
    truth
        The truth of the rows of each fold.
    counted
        What these rows count; None where all count the same.
    rows, few
        How many rows a fit learns from, about, and a pilot.
    agreed
        Families of which it is known that they can be packaged.
    """

    truth: list[Array]
    counted: list[Array] | None
    rows: int
    few: int
    agreed: set[str]

    def make(
        self, name: str, settings: Mapping[str, Any], folds: Sequence[int]
    ) -> list[Outcome]:
        """Fit and judge on some folds."""

    def reading(self, names: Iterable[str]) -> float:
        """Return the seconds that making rows ready for some families took."""

    def pilot(self, name: str) -> tuple[int, float, str]:
        """Return rows and seconds of a small fit, and why not to go on."""


@dataclass
class Entry:
    """One family with its settings, and how far it has come.

    Parameters
    ----------
    name, settings
        What is tried.
    draw
        The number of the draw; -1 for what was not drawn.
    outcomes
        What came of each fold so far.
    given_up
        Whether the other folds are not worth their time.
    """

    name: str
    settings: dict[str, Any]
    draw: int = -1
    outcomes: list[Outcome] = field(default_factory=list)
    given_up: bool = False

    @property
    def said(self) -> list[Array]:
        """What it predicts of the rows of each fold."""
        return [one.said for one in self.outcomes]

    @property
    def scores(self) -> tuple[float, ...]:
        """The metric on each fold so far."""
        return cross.rounded(one.score for one in self.outcomes)

    @property
    def seconds(self) -> float:
        """What a fold takes."""
        return float(np.mean([one.seconds for one in self.outcomes]))


@dataclass(frozen=True)
class Option:
    """Something that could be done next.

    Parameters
    ----------
    value, seconds
        What it promises, as a share of the way from the guess to the best, and what
        it takes.
    act
        Does it.
    """

    value: float
    seconds: float
    act: Callable[[], None]
