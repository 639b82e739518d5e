"""Which words a model listens to, over many texts."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from mlkit.model.audit.asking import said_of_all
from mlkit.model.audit.dependence import focus
from mlkit.model.audit.explain import pace
from mlkit.model.fitted import Model
from mlkit.model.grid import Grid
from mlkit.model.wording.spots import UNTOLD, embedded, without
from mlkit.model.words import listed, signed

__all__ = ["Vocabulary", "Word", "vocabulary"]

Array = NDArray[Any]
ASKED, TEXTS, LEAST, SHARE = 60_000, 400, 3, 0.02
KEPT, OUTPUTS, SAID = 12, 4, 6


@dataclass(frozen=True)
class Word:
    """What one word does to predictions, on the mean, in the texts that have it.

    Parameters
    ----------
    word
        In small letters.
    output
        What it moves: the chance of a class, or the target.
    effect, error
        How far the prediction falls without it, and the standard error of that mean.
    share
        Of the texts, how many have it.
    """

    word: str
    output: str
    effect: float
    error: float
    share: float


@dataclass(frozen=True)
class Vocabulary:
    """The words of one column that surely move predictions.

    Parameters
    ----------
    column
        A text column.
    texts
        How many were read.
    words
        By output those that raise it, the strongest first, then those that lower it.
    embedded
        Whether the model also reads each text as a whole, by its sentence embedding.
    """

    column: str
    texts: int
    words: tuple[Word, ...] = ()
    embedded: bool = False

    @property
    def raising(self) -> tuple[Word, ...]:
        """The words that raise a prediction."""
        return tuple(one for one in self.words if one.effect > 0)

    @property
    def lowering(self) -> tuple[Word, ...]:
        """The words that lower it; where many classes are told there are none."""
        return tuple(one for one in self.words if one.effect < 0)

    @property
    def statement(self) -> str:
        """The strongest words, in a sentence or two."""
        told = []
        for output in dict.fromkeys(one.output for one in self.words):
            for verb, some in (("Raise", self.raising), ("Lower", self.lowering)):
                mine = [f"“{one.word}”" for one in some if one.output == output][:SAID]
                told += [f"{verb} the {output}: {listed(mine)}."] if mine else []
        told += [UNTOLD] if self.embedded else []
        return f"Words of {self.column}. {' '.join(told)}"

    def table(self) -> Grid:
        """Return the words as a table."""
        rows = [
            (one.word, one.output, signed(one.effect), f"{one.share:.1%}")
            for one in self.words
        ]
        told = f"{self.column}: on the mean over {self.texts:,} texts it has not seen"
        notes = [told, UNTOLD] if self.embedded else [told]
        return Grid(("word", "moves", "by", "in so many texts"), rows, notes)

    def to_dict(self) -> dict[str, Any]:
        """Return a plain JSON form."""
        return asdict(self)

    @classmethod
    def from_dict(cls, form: Mapping[str, Any]) -> Vocabulary:
        """Read the form that `to_dict` gives."""
        return cls(**{**form, "words": tuple(Word(**one) for one in form["words"])})


def vocabulary(
    model: Model, table: pd.DataFrame, name: str, seed: int = 0
) -> Vocabulary:
    """Tell which words of a text column move a model's predictions, and how far.

    Parameters
    ----------
    model
        A fitted model.
    table
        Cleaned rows, best ones it has not seen; fewer are read where texts are long,
        or the model has many parts.
    name
        The text column.
    seed
        Of the draw.

    Notes
    -----
    Each word is taken out of each text that has it, all its places at once, and what
    the prediction loses is its effect there. Listed is what comes in three texts or
    more and is, on the mean, surely not nothing: twice its standard error away.

    Examples
    --------
    >>> from mlkit.model.fitted import fit
    >>> from mlkit.model.problem import Problem
    >>> rows = pd.DataFrame({"said": ["good", "bad"] * 20, "y": ["a", "b"] * 20})
    >>> task = Problem("two_classes", "y", "roc_auc", ("a", "b"), texts=("said",))
    >>> found = vocabulary(fit("linear", {}, rows, task), rows, "said")
    >>> found.raising[0].word, found.lowering[0].word
    ('bad', 'good')
    """
    outputs = _outputs(model)
    sums: dict[str, list[Array]] = {}
    read = 0
    for words, effects in _effects(model, table, name, seed):
        read += 1
        for word, effect in zip(words, effects, strict=True):
            sums.setdefault(word, []).append(effect)
    least = max(LEAST, SHARE * read)
    means = {
        word: np.array(found)
        for word, found in sorted(sums.items())
        if len(found) >= least
    }
    told = [
        Word(
            word,
            output,
            _round(found[:, at].mean()),
            _round(found[:, at].std(ddof=1) / np.sqrt(len(found))),
            len(found) / read,
        )
        for word, found in means.items()
        for at, output in outputs.items()
    ]
    kept = tuple(_kept(told, list(outputs.values())))
    return Vocabulary(name, read, kept, embedded(model, name))


def _effects(
    model: Model, table: pd.DataFrame, name: str, seed: int
) -> Iterator[tuple[list[str], Array]]:
    """Yield of some texts their words, and what each does, shape (words, outputs)."""
    rng = np.random.default_rng(seed)
    some, room = table.iloc[rng.permutation(len(table))[:TEXTS]], ASKED / pace(model)
    whole = model.matrices(some)
    held, words = list[list[Array]](), list[list[str]]()
    for at in range(len(some)):
        if room < 0 and len(held) >= LEAST:
            break
        mine = [matrix[[at]] for matrix in whole]
        told, matrices = without(model, some.iloc[[at]], name, mine)
        room -= len(told)
        held.append(matrices)
        words.append(told)
    for told, said in zip(words, said_of_all(model, held), strict=True):
        flat = said.reshape(len(said), -1)
        yield told, flat[0] - flat[1:]


def _outputs(model: Model) -> dict[int, str]:
    """Return what is told of: a class or a few, or the target."""
    if not model.classes:
        return {0: model.problem.target}
    if len(model.classes) == 2:
        return {focus(model): f"chance of {model.classes[focus(model)]}"}
    common = np.argsort(-np.array(model.shares), kind="stable")[:OUTPUTS]
    return {int(at): f"chance of {model.classes[at]}" for at in common}


def _kept(told: Sequence[Word], outputs: Sequence[str]) -> Iterator[Word]:
    """Yield the strongest of what is sure: of many classes what speaks for each."""
    sure = [one for one in told if abs(one.effect) > 2 * one.error]
    many = len(outputs) > 1
    for output in outputs:
        mine = [one for one in sure if one.output == output and one.effect > 0]
        yield from sorted(mine, key=lambda one: -one.effect)[: KEPT // (1 + many)]
    if not many:
        mine = [one for one in sure if one.effect < 0]
        yield from sorted(mine, key=lambda one: one.effect)[:KEPT]


def _round(value: float) -> float:
    return float(f"{value:.6g}")
