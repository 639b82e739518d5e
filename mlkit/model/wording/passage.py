"""Which words of a text moved the prediction, shown in the text."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from mlkit.core.errors import InputError, did_you_mean
from mlkit.model.audit.dependence import towards as told_of
from mlkit.model.audit.explain import pace
from mlkit.model.fitted import Model
from mlkit.model.runtime import choice, cut
from mlkit.model.wording.marks import marked
from mlkit.model.wording.spots import UNTOLD, embedded, put, spoken
from mlkit.model.words import listed, say, signed

__all__ = ["Effect", "Passage", "passage"]

Array = NDArray[Any]
ASKED, LEAST, MOST, TURNING, SHOWN = 20_000, 4, 32, 20, 6


@dataclass(frozen=True)
class Effect:
    """What one word does to one prediction, wherever it stands in the text.

    Parameters
    ----------
    word
        In small letters.
    effect
        How far it moves the prediction.
    error
        The standard error that sampling leaves.
    """

    word: str
    effect: float
    error: float


@dataclass(frozen=True)
class Passage:
    """One text, and why the model says of it what it says.

    Parameters
    ----------
    row, column
        Its row's id, and the text column.
    text
        The cell.
    output
        What is predicted: the chance of a class, or the target.
    said, base
        The prediction, and what it would be without any word.
    words
        What each word does, the strongest first; they add up to `said` less `base`.
    turning
        The words without which the decision would be another; none where there are
        more than twenty, or where there is no decision.
    then
        What the model would say without them.
    embedded
        Whether the model also reads the text as a whole, by its sentence embedding,
        which stays as it is.
    """

    row: str
    column: str
    text: str
    output: str
    said: float
    base: float
    words: tuple[Effect, ...] = ()
    turning: tuple[str, ...] = ()
    then: str = ""
    embedded: bool = False

    @property
    def gap(self) -> float:
        """How far base and effects are from adding up to the prediction."""
        return abs(self.base + sum(one.effect for one in self.words) - self.said)

    @property
    def raising(self) -> tuple[Effect, ...]:
        """The words that surely raise the prediction, the strongest first."""
        return tuple(one for one in self.words if one.effect > 2 * one.error)

    @property
    def lowering(self) -> tuple[Effect, ...]:
        """The words that surely lower it, the strongest first."""
        return tuple(one for one in self.words if one.effect < -2 * one.error)

    @property
    def statement(self) -> str:
        """What turns the decision, in a sentence, and what is not told."""
        told = [UNTOLD] if self.embedded else []
        if self.turning:
            words = listed(f"“{word}”" for word in self.turning)
            told.insert(0, f"Without {words} the model would say {self.then}.")
        return " ".join(told)

    def __repr__(self) -> str:
        base = f"without the words of {self.column}: {say(self.base)}"
        lines = [
            f"{self.output}: {say(self.said)}; {base}",
            f"raised by: {_told(self.raising)}",
            f"lowered by: {_told(self.lowering)}",
            self.statement,
        ]
        return "\n".join(line for line in lines if line)

    def _repr_html_(self) -> str:
        effects = {one.word: one.effect for one in (*self.raising, *self.lowering)}
        return marked(
            self.text,
            effects,
            f"{self.output}: {say(self.said)}",
            f"row {self.row}; without the words of {self.column} {say(self.base)}",
            (_told(self.raising), _told(self.lowering)),
            self.statement,
        )

    def to_dict(self) -> dict[str, Any]:
        """Return a plain JSON form."""
        return asdict(self)

    @classmethod
    def from_dict(cls, form: Mapping[str, Any]) -> Passage:
        """Read the form that `to_dict` gives."""
        words = tuple(Effect(**one) for one in form["words"])
        return cls(**{**form, "words": words, "turning": tuple(form["turning"])})


def passage(
    model: Model,
    row: pd.DataFrame,
    name: str,
    *,
    threshold: float | None = None,
    towards: int | None = None,
    seed: int = 0,
) -> Passage:
    """Tell which words of a text moved the prediction.

    Parameters
    ----------
    model
        A fitted model.
    row
        One cleaned row.
    name
        The text column.
    threshold
        Of two classes, the least probability that says the second; None is a half.
    towards
        The class whose chance is told, by its place; None takes the second of two,
        of more the one that the model says.
    seed
        Of the orders in which words come back.

    Raises
    ------
    InputError
        Where `row` is not one row, or the model does not look at that text.

    Notes
    -----
    Sampled Shapley values (Štrumbelj and Kononenko 2014): the words come back into an
    empty text in a random order, and in the reverse of it; what each changes is its
    effect. All places of a word come and go together, and a pair of words is there
    when both are. The rest of the row stays as it is. The words without which the
    decision is another are found by taking away the strongest first (Martens and
    Provost 2014); there may be a smaller set.

    Examples
    --------
    >>> from mlkit.model.fitted import fit
    >>> from mlkit.model.problem import Problem
    >>> texts, labels = ["good", "bad", "bad"] * 20, ["a", "b", "b"] * 20
    >>> rows = pd.DataFrame({"said": texts, "y": labels})
    >>> task = Problem("two_classes", "y", "roc_auc", ("a", "b"), texts=("said",))
    >>> found = passage(fit("linear", {}, rows, task), rows.head(1), "said")
    >>> found.output, found.lowering[0].word, found.turning, found.gap < 1e-6
    ('chance of b', 'good', ('good',), True)
    """
    if name not in model.problem.texts:
        todo = did_you_mean(name, model.problem.texts)
        raise InputError(f"the model reads no text {name!r}", todo=todo)
    if len(row) != 1:
        raise InputError("one text is explained at a time", got=f"{len(row)} rows")
    asked = _Asked(model, row, name, threshold, towards)
    effects = asked.effects(seed)
    turning, then = asked.turning(np.array([one.effect for one in effects]))
    ranked = sorted(effects, key=lambda one: (-abs(one.effect), one.word))
    cell = row[name].iloc[0]
    return Passage(
        str(row.index[0]),
        name,
        "" if cell is None or cell != cell else str(cell),
        asked.output,
        *asked.ends,
        tuple(ranked),
        turning,
        then,
        embedded(model, name),
    )


class _Asked:
    """A model, one row, and the words of its text."""

    def __init__(
        self,
        model: Model,
        row: pd.DataFrame,
        name: str,
        threshold: float | None,
        towards: int | None,
    ) -> None:
        self.model, self.name, self.threshold = model, name, cut(threshold)
        self.matrices = model.matrices(row)
        self.words, self.spots = spoken(model, row[name].iloc[0], name)
        self.whole = model.said_of(self.matrices)
        self.at = told_of(model, self.whole) if towards is None else towards
        empty = self._grown(np.arange(len(self.words))[None])
        self.ends = float(self._one(self.whole)[0]), float(self._one(empty)[0])

    @property
    def output(self) -> str:
        """What is told, in words."""
        classes = self.model.classes
        return f"chance of {classes[self.at]}" if classes else self.model.problem.target

    def effects(self, seed: int) -> list[Effect]:
        """Return what each word does, in the order of the words."""
        rng, count = np.random.default_rng(seed), len(self.words)
        if not count:
            return []
        walks = ASKED / pace(self.model) / (count + 1) / 2
        walks = int(np.clip(walks, LEAST // 2, MOST // 2))
        ranks = np.array([rng.permutation(count) for _ in range(walks)])
        ranks = np.concatenate([ranks, count - 1 - ranks])
        said = self._one(self._grown(ranks)).reshape(len(ranks), count + 1)
        moved = np.take_along_axis(np.diff(said, axis=1), ranks, axis=1)
        halves = moved.reshape(2, walks, count).mean(axis=0)
        error = halves.std(axis=0, ddof=1) / np.sqrt(walks)
        told = zip(self.words, halves.mean(axis=0), error, strict=True)
        return [Effect(word, _round(e), _round(s)) for word, e, s in told]

    def turning(self, effects: Array) -> tuple[tuple[str, ...], str]:
        """Return the words without which the decision is another, and which it is."""
        classes = self.model.classes
        if not classes or not len(effects):
            return (), ""
        now = int(choice(self.whole, self.threshold)[0])
        order = np.argsort(-effects if now == self.at else effects, kind="stable")
        ranks = np.empty(len(order), np.int64)
        ranks[order] = np.arange(len(order))[::-1]
        said = choice(self._grown(ranks[None]), self.threshold)[::-1]
        away = np.flatnonzero(said[: TURNING + 1] != now)
        if not len(away):
            return (), ""
        words = tuple(self.words[at] for at in order[: away[0]])
        return words, classes[int(said[away[0]])]

    def _grown(self, ranks: Array) -> Array:
        """Return what is said as words come back: shape (walks × (words + 1), …)."""
        columns = [
            None if s is None else s.growing(ranks, encoder.texts[self.name])
            for encoder, s in zip(self.model.encoders, self.spots, strict=True)
        ]
        rows = len(ranks) * (len(self.words) + 1)
        flat = [c if c is None else c.reshape(rows, -1) for c in columns]
        return self.model.said_of(put(self.model, self.matrices, self.name, flat, rows))

    def _one(self, said: Array) -> Array:
        return said[:, self.at] if self.model.classes else said


def _told(effects: tuple[Effect, ...]) -> str:
    some = ", ".join(f"{one.word} {signed(one.effect)}" for one in effects[:SHOWN])
    return some or "no word surely"


def _round(value: float) -> float:
    return float(f"{value:.6g}")
