"""What is promised beside an answer: an interval, or a set of classes.

`mlkit.model.conformal` finds the numbers; a package carries them, and whoever answers
with the package needs numpy alone to keep them.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

__all__ = ["Promise", "strange"]

PENALTY, FREE, SLACK = 0.01, 2, 1e-6
Array = NDArray[Any]


@dataclass(frozen=True)
class Promise:
    """How to put an interval around a value, or classes into a set.

    Parameters
    ----------
    method
        One of `mlkit.model.conformal.METHODS`.
    coverage
        The share of truths that is promised.
    radius
        The half width of an interval, in units of the scale; of sets the largest score
        that is let in. None where nothing can be promised: then an interval is
        unbounded and a set holds all classes.
    knots, scale
        The error to be expected along the prediction, between knots; none for one
        width for all.
    whole
        Whether values are whole and not negative, as counts are.

    Examples
    --------
    >>> Promise("absolute", 0.9, 2.0).interval(np.array([5.0]))
    (array([3.]), array([7.]))
    >>> Promise("least", 0.9, 0.8).sets(np.array([[0.3, 0.7], [0.1, 0.9]])).tolist()
    [[True, True], [False, True]]
    """

    method: str
    coverage: float
    radius: float | None
    knots: tuple[float, ...] = ()
    scale: tuple[float, ...] = ()
    whole: bool = False

    def interval(self, values: Array) -> tuple[Array, Array]:
        """Return lower and upper ends around predicted values, shape (rows,).

        Of counts they are whole; where no whole number is within reach, the nearest one
        is the interval.
        """
        reach = (np.inf if self.radius is None else self.radius) * self.width(values)
        low, high = values - reach, values + reach
        if not self.whole:
            return low, high
        low = np.maximum(np.ceil(low - 1e-9), 0.0)
        high = np.maximum(np.floor(high + 1e-9), 0.0)
        near = np.maximum(np.rint(values), 0.0)
        return np.where(high < low, near, low), np.where(high < low, near, high)

    def width(self, values: Array) -> Array:
        """Return the unit of the radius at predicted values, shape (rows,)."""
        if not self.knots:
            return np.ones(len(values))
        return np.interp(values, self.knots, self.scale)

    def sets(self, chances: Array) -> NDArray[np.bool_]:
        """Return which classes are in each row's set, shape (rows, classes).

        The likeliest class always is: an empty set would help nobody.
        """
        bound = np.inf if self.radius is None else self.radius
        held = strange(self.method, chances) <= bound + SLACK
        held[np.arange(len(chances)), chances.argmax(axis=1)] = True
        return held

    def to_dict(self) -> dict[str, Any]:
        """Return a plain JSON form."""
        return asdict(self)

    @classmethod
    def from_dict(cls, form: Mapping[str, Any]) -> Promise:
        """Read the form that `to_dict` gives."""
        ends = {name: tuple(form[name]) for name in ("knots", "scale")}
        return cls(**{**form, **ends})


def strange(method: str, chances: Array) -> Array:
    """Return how strange each class would be, shape (rows, classes).

    Parameters
    ----------
    method
        ``least`` or ``adaptive``.
    chances
        Probabilities, shape (rows, classes).
    """
    if method == "least":
        return 1.0 - chances
    order = np.argsort(-chances, axis=1, kind="stable")
    ranked = np.take_along_axis(chances, order, axis=1)
    place = np.arange(1, chances.shape[1] + 1)
    before = np.cumsum(ranked, axis=1) - ranked
    found = np.empty_like(chances)
    penalty = PENALTY * np.maximum(place - FREE, 0)
    np.put_along_axis(found, order, before + penalty, axis=1)
    return found
