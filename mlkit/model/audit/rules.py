"""What a model that a person can read says: its terms, or its questions."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping
from dataclasses import asdict, dataclass, field
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from mlkit.model.audit.dependence import focus
from mlkit.model.audit.terms import Term, near, terms_of
from mlkit.model.families import family
from mlkit.model.fitted import Model
from mlkit.model.formats.forms import Linear
from mlkit.model.grid import Grid
from mlkit.model.measures.measure import Measured
from mlkit.model.words import LARGE, TINY, say

if TYPE_CHECKING:
    from mlkit.data.charts.style import Picture

__all__ = ["Rules", "Term", "readable", "tree_of"]

Array = NDArray[Any]
READ = 0.8
WHOLE = 2.0**20


@dataclass(frozen=True)
class Rules:
    """A model in terms or questions, its own or those of a tree that stands in for it.

    Parameters
    ----------
    kind
        ``terms``, ``tree``, or ``none`` where there is nothing to read.
    exact
        Whether these are the model's own.
    output
        What terms add up to, or what leaves say, in words.
    terms
        The terms, the strongest first.
    scores, start
        What terms add up to, and what each of these sums starts with: one; or one for
        each class; or one for each cut between classes in order.
    tree
        The root: ``ask``, ``yes`` and ``no``, or ``said``; each with its share of the
        training ``rows``.
    fidelity
        How well a stand-in repeats the model on rows that neither has seen: ``r2`` of
        values and chances, ``accuracy`` of labels.
    bar
        Which of these says whether it may be read.
    why
        Why there is nothing to read.
    notes
        What else it takes to work out a prediction from terms.
    lacks
        What these rules do not tell of the model; "" where they are all of it.
    """

    kind: str = "none"
    exact: bool = False
    output: str = ""
    terms: tuple[Term, ...] = ()
    tree: Mapping[str, Any] = field(default_factory=dict)
    fidelity: Measured | None = None
    bar: str = ""
    why: str = ""
    scores: tuple[str, ...] = ()
    start: tuple[float, ...] = ()
    notes: tuple[str, ...] = ()
    lacks: str = ""

    @property
    def faithful(self) -> bool:
        """Whether it may be read as the model: its own rules, or surely near them."""
        if self.exact or self.fidelity is None:
            return self.exact
        return self.fidelity.intervals[self.bar][0] >= READ

    @property
    def statement(self) -> str:
        """How far these rules may be trusted, in one sentence."""
        if self.kind == "none":
            return self.why or "there is nothing to read"
        if self.exact:
            return self.lacks or "these rules are the model itself"
        if self.fidelity is None:
            return "how well this tree repeats the model is not known"
        told = self.fidelity.words(self.bar)
        name = {"r2": "R²", "accuracy": "agreement"}[self.bar]
        start = "a small tree stands in for the model"
        if self.faithful:
            return f"{start}; on rows that neither has seen: {name} {told}"
        return (
            f"{start}, but not well enough to read it as the model: {name} {told}, "
            f"which should surely be {READ} or more"
        )

    @property
    def lines(self) -> tuple[str, ...]:
        """The questions line by line; none where it is no tree."""
        return tuple(told(self.tree)) if self.tree else ()

    def table(self) -> Grid:
        """Return the terms, or the questions line by line."""
        if self.kind == "terms":
            return self._of_terms()
        lines = [(line,) for line in self.lines]
        return Grid((f"says: {self.output}",), lines, [self.statement])

    def _of_terms(self) -> Grid:
        """Return constants and terms; where classes have a sum each, side by side."""
        wide = any(term.effects for term in self.terms)
        effects = [abs(e) for t in self.terms for e in (t.effect, *t.effects) if e]
        start = [
            _signed(one, near(one, max(effects, default=1.0))) for one in self.start
        ]
        heads, lines = (
            [f"adds to {self.output}"],
            [("(constant)", one) for one in start],
        )
        rows: list[tuple[str, ...]] = []
        if wide:
            heads, lines = [f"adds for {name}" for name in self.scores], []
            rows.append(("(constant)", *start, "always"))
        elif len(start) > 1:
            names = [f"(constant, {name})" for name in self.scores]
            lines = list(zip(names, start, strict=True))
        rows += [(*line, "always") for line in lines]
        for term in self.terms:
            told = [_signed(one, say(one)) for one in term.effects or (term.effect,)]
            rows.append((term.name, *told, term.unit))
        return Grid(("term", *heads, "for each"), rows, [self.statement, *self.notes])

    def plot(self) -> Picture:
        """Draw the terms, or the tree."""
        from mlkit.model.charts.rules import drawn

        return drawn(self)

    def to_dict(self) -> dict[str, Any]:
        """Return a plain JSON form."""
        return asdict(self)

    @classmethod
    def from_dict(cls, form: Mapping[str, Any]) -> Rules:
        """Read the form that `to_dict` gives."""
        fidelity = form.get("fidelity")
        return cls(
            **{
                **form,
                "terms": tuple(
                    Term(**{**one, "effects": tuple(one.get("effects", ()))})
                    for one in form["terms"]
                ),
                **{n: tuple(form.get(n, ())) for n in ("scores", "start", "notes")},
                "fidelity": fidelity and Measured.from_dict(fidelity),
            }
        )


def told(node: Mapping[str, Any], depth: int = 0) -> Iterator[str]:
    """Yield a tree line by line, indented by its depth.

    Examples
    --------
    >>> leaf = {"said": "0.2", "rows": 0.5}
    >>> for line in told({"ask": "age ≤ 44", "yes": leaf, "no": leaf, "rows": 1.0}):
    ...     print(line)
    if age ≤ 44: 0.2 (50% of the rows)
    else: 0.2 (50% of the rows)
    """
    space = "\u2003" * depth
    if "ask" not in node:
        yield f"{space}{node['said']} ({node['rows']:.0%} of the rows)"
        return
    for words, side in ((f"if {node['ask']}:", "yes"), ("else:", "no")):
        below = node[side]
        if "ask" in below:
            yield f"{space}{words}"
            yield from told(below, depth + 1)
        else:
            yield f"{space}{words} {next(told(below))}"


def readable(model: Model) -> Rules | None:
    """Return the rules of a model that a person can read; None for a black box.

    Parameters
    ----------
    model
        A fitted model.

    Examples
    --------
    >>> import pandas as pd
    >>> from mlkit.model.fitted import fit
    >>> from mlkit.model.problem import Problem
    >>> rows = pd.DataFrame({"x": [0.0, 1.0] * 20, "y": ["no", "yes"] * 20})
    >>> task = Problem("two_classes", "y", "roc_auc", ("no", "yes"), ("x",))
    >>> readable(fit("tree", {}, rows, task)).tree["ask"]
    'x ≤ 0.5'
    """
    if len(model.parts) != 1:
        return None
    part = model.parts[0]
    if part.family == "dummy":
        return Rules(exact=True, why="the model says the same of every row")
    if model.problem.media:  # what a single pixel or band adds is no reading
        return None
    form = family(part.family).form(part.estimator, model.problem.kind)
    if isinstance(form, Linear):
        return Rules("terms", exact=True, **terms_of(model, form))
    if hasattr(part.estimator, "tree_"):
        return tree_of(model, exact=True)
    return None


def tree_of(model: Model, *, exact: bool, output: str = "") -> Rules:
    """Return the rules of a model that is one tree.

    Parameters
    ----------
    model
        A fitted model of one part, of the family ``tree``.
    exact
        Whether the rules are those of the model that is reviewed.
    output
        What the leaves say, in words.
    """
    at = focus(model)
    two = len(model.classes) == 2
    if not output:
        output = f"chance of {model.classes[at]}" if two else model.problem.target
    root = _node(model, 0, exact=exact)
    return Rules("tree", exact, output, tree=root)


def _node(model: Model, at: int, *, exact: bool) -> dict[str, Any]:
    tree = model.parts[0].estimator.tree_
    rows = float(f"{tree.n_node_samples[at] / tree.n_node_samples[0]:.4g}")
    if tree.children_left[at] < 0:
        return {**_leaf(model, tree.value[at, 0]), "rows": rows}
    encoder = model.encoders[model.parts[0].encoder]
    column = int(tree.feature[at])
    sides = tree.children_left, tree.children_right
    below = [_node(model, int(side[at]), exact=exact) for side in sides]
    source = encoder.sources[column]
    name, counted = encoder.columns[column], f"{source}: "
    if column < len(encoder.numbers) or name.startswith(counted):
        start, spread = 0.0, 1.0
        if source in encoder.rates:
            told = name.removeprefix(counted)
            if not model.classes and told == "rate":
                start, spread = model.centre, model.spread
            name = _rate(model, source, told)
        bound = _bound(float(tree.threshold[at]), start, spread, exact=exact)
        return {
            "ask": f"{name} ≤ {bound}",
            "yes": below[0],
            "no": below[1],
            "rows": rows,
        }
    return {"ask": name, "yes": below[1], "no": below[0], "rows": rows}


def _bound(cut: float, start: float, spread: float, *, exact: bool) -> str:
    """Write a cut as short as sends the same rows the same way; else with five digits.

    Columns are compared as float32, and a cut lies between two values that were seen:
    what is nearer than half a step of these is the same cut. Large numbers may be next
    to each other as float32; of them it is told to the last digit.

    Parameters
    ----------
    cut
        As the tree has it.
    start, spread
        What the column counts from, and by, in words.
    exact
        Whether every row is to be sent the same way.
    """
    value, near = start + spread * cut, np.float32(cut)
    if not TINY <= abs(value) < LARGE:
        return f"{value:.9g}"
    if not exact:
        return say(value, 5).replace(",", "")
    step = abs(float(np.spacing(near)))
    if (start, spread) == (0.0, 1.0) and abs(cut) >= WHOLE:
        up = step > 1 and float(near) > cut
        return np.format_float_positional(math.floor(cut) - 1 if up else cut, trim="-")
    texts = (
        np.format_float_positional(value, digits, unique=False, fractional=False)
        for digits in range(1, 18)
    )
    same = (t for t in texts if abs((float(t) - start) / spread - cut) <= step / 2)
    return next(same, f"{value:.17f}").rstrip("0").rstrip(".")


def _signed(value: float, told: str) -> str:
    return told if value < 0 else f"+{told}"


def _rate(model: Model, source: str, told: str) -> str:
    """Say what is known of a word among many: how common it is, or its rate."""
    if told == "how common":
        return f"how common its {source} is"
    classes, (_, _, rank) = model.classes, told.partition(" ")
    if not rank and len(classes) != 2:
        return f"mean at its {source}"
    name = classes[int(rank) - 1] if rank else classes[-1]
    return f"share of {name} at its {source}"


def _leaf(model: Model, value: Array) -> dict[str, Any]:
    """Return what a leaf says in words, and as a number for its colour."""
    if not model.classes:
        said = model.centre + model.spread * float(value[0])
        return {"said": say(said), "value": float(f"{said:.6g}")}
    chances = np.zeros(len(model.classes))
    chances[model.parts[0].seen] = value / value.sum()
    if len(chances) == 2:
        return {"said": say(float(chances[1]), 2), "value": float(f"{chances[1]:.6g}")}
    top = int(chances.argmax())
    return {
        "said": f"{model.classes[top]} ({chances[top]:.0%})",
        "value": float(f"{chances[top]:.6g}"),
    }
