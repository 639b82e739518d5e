"""The terms of a linear model, and all that is needed to work out what it says."""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from mlkit.model.audit.dependence import focus
from mlkit.model.encoding.encode import Encoder
from mlkit.model.fitted import Model
from mlkit.model.formats.forms import Linear
from mlkit.model.words import listed, say

__all__ = ["FEW", "Term", "near", "terms_of"]

Array = NDArray[Any]
FEW, NAMED = 4, 6
UNITS = {"logistic": "log-odds", "softmax": "score", "exp": "log of the mean"}
LAST = {
    "none": "a prediction is the constant with all that terms add",
    "logistic": "the chance is 1 / (1 + e^−sum)",
    "softmax": "the chance of a class is e^sum, as a share of that of all classes",
    "exp": "the mean is e^sum",
    "cumulative": "the chance of more than a class is 1 / (1 + e^−sum)",
}
"""How a prediction follows from a sum, by the link."""


@dataclass(frozen=True)
class Term:
    """One term of a linear model.

    Parameters
    ----------
    name
        The column, or a level of it.
    effect
        What one standard deviation adds, of a level or a gap what its being there adds.
    per
        The standard deviation, in the column's own unit; 0 of levels and gaps.
    mean
        Where a number adds nothing.
    effects
        Where each class has a sum of its own: what is added to each of them.
    """

    name: str
    effect: float
    per: float = 0.0
    mean: float = 0.0
    effects: tuple[float, ...] = ()

    @property
    def unit(self) -> str:
        """What it adds its effect for, in words."""
        if not self.per:
            return "is so"
        return f"{say(self.per, 4)} above {near(self.mean, self.per)}"


def near(value: float, per: float) -> str:
    """Write a number as closely as a hundredth of a standard deviation asks for.

    Examples
    --------
    >>> near(2008.034, 0.8), near(43.21, 15.0), near(1234567.0, 1000.0), near(0.0, 1.0)
    ('2,008.034', '43.2', '1,234,567', '0')
    """
    places = min(max(2 - math.floor(math.log10(per)), 0), 12)
    text = f"{value:,.{places}f}"
    return text.rstrip("0").rstrip(".") if "." in text else text


def terms_of(model: Model, form: Linear) -> dict[str, Any]:
    """Return what `mlkit.model.audit.rules.Rules` tells of a linear model, by field.

    Parameters
    ----------
    model
        A fitted model of one part.
    form
        The part's plain form.
    """
    part = model.parts[0]
    encoder, place = model.encoders[part.encoder], max(focus(model), 0)
    if form.weights.shape[1] == 1 and len(part.seen) == 2:
        place = part.seen[1]
    unit = UNITS.get(form.link, model.problem.target)
    output = f"the {unit} of {model.classes[place]}" if model.classes else unit
    weights, bias = _in_own_unit(model, form)
    column = 0 if weights.shape[1] == 1 else part.seen.index(place)
    seen = [model.classes[code] for code in part.seen]
    wide = 1 < weights.shape[1] <= FEW
    scores, lacks = [output], _hidden(encoder)
    if form.link == "cumulative":
        output = f"the log-odds of a higher {model.problem.target}"
        scores = [f"more than {name}" for name in seen[:-1]]
    elif wide:
        scores = seen
    elif weights.shape[1] > FEW:
        bias = bias[[column]]
        told = f"these are the terms for {model.classes[place]}"
        others = f"{len(seen) - 1} other classes have their own"
        lacks = [f"{told}; {others}", *lacks]
    if lacks and weights.shape[1] <= FEW:
        lacks = ["these are the model's own terms", *lacks]
    terms = [
        Term(
            name,
            _round(weights[k, column]),
            *_scale(encoder, k),
            effects=tuple(map(_round, weights[k])) if wide else (),
        )
        for k, name in enumerate(encoder.columns)
    ]
    size = {term: max(map(abs, (term.effect, *term.effects))) for term in terms}
    shown = [term for term in terms if size[term]] or terms
    last = [] if weights.shape[1] > FEW else [LAST[form.link]]
    return {
        "output": output,
        "terms": tuple(sorted(shown, key=lambda term: (-size[term], term.name))),
        "scores": tuple(scores),
        "start": tuple(map(_round, bias)),
        "notes": (*last, *_beside(encoder, idle=len(terms) > len(shown))),
        "lacks": "; ".join(lacks),
    }


def _in_own_unit(model: Model, form: Linear) -> tuple[Array, Array]:
    """Return weights and constants that add up in the target's unit."""
    if form.link == "none" and not model.classes:
        weights, bias = form.weights.astype(float), form.bias.astype(float)
        return weights * model.spread, model.centre + bias * model.spread
    if form.link == "exp":
        return form.weights, form.bias + np.log(model.spread)
    return form.weights, form.bias


def _scale(encoder: Encoder, at: int) -> tuple[float, float]:
    """Return a column's standard deviation and mean; 0 of levels and gaps."""
    if at < len(encoder.numbers) and encoder.normal is None:
        return _round(encoder.scale[at]), float(f"{encoder.mean[at]:.9g}")
    return (0.0 if _plain(encoder, at) else 1.0), 0.0


def _plain(encoder: Encoder, at: int) -> bool:
    """Tell whether a column is a number, a gap or a level, and nothing learnt."""
    if at < len(encoder.numbers):
        return encoder.normal is None
    levels = sum(map(len, encoder.levels.values()))
    return at < len(encoder.numbers) + len(encoder.flags) + levels


def _hidden(encoder: Encoder) -> list[str]:
    """Say which columns are turned into numbers in a way that terms do not tell."""
    sources = enumerate(encoder.sources)
    names = list(dict.fromkeys(n for at, n in sources if not _plain(encoder, at)))
    if not names:
        return []
    return [f"how to make numbers of {listed(names, NAMED)} is not told here"]


def _beside(encoder: Encoder, *, idle: bool) -> Iterator[str]:
    """Say what becomes of cells that no term names."""
    if encoder.numbers:
        yield "a missing number counts as its median" + _medians(encoder)
    if encoder.clip and encoder.numbers:
        far = f"{encoder.clip:g} standard deviations"
        yield f"one further than {far} from its mean counts as if it were there"
    if encoder.levels or idle:
        what = "columns and levels" if idle else "levels"
        yield f"{what} that are not named add nothing"


def _medians(encoder: Encoder) -> str:
    """Tell the medians of the numbers that were missing in training."""
    places = [encoder.numbers.index(name) for name in encoder.flags]
    told = [
        f"{encoder.numbers[at]} {near(encoder.fill[at], encoder.scale[at])}"
        for at in places[:NAMED]
    ]
    return f": {', '.join(told)}" if told else ""


def _round(value: float) -> float:
    return float(f"{value:.6g}")
