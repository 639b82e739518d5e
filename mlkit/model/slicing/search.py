"""Where a model is certainly worse: a search over parts of the rows."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import asdict, dataclass, replace
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from mlkit.core.cells import config
from mlkit.core.errors import InputError
from mlkit.core.expressions import parse
from mlkit.core.schema import Schema
from mlkit.model.fitted import Model
from mlkit.model.grid import Grid
from mlkit.model.measures.measure import judged, units
from mlkit.model.problem import Problem
from mlkit.model.runtime import choice, cut
from mlkit.model.slicing.candidates import Candidates, candidates
from mlkit.model.slicing.contrast import luck, news, spread
from mlkit.model.words import say

if TYPE_CHECKING:
    from mlkit.data.charts.style import Picture

__all__ = ["Weak", "Weakest", "losses", "weakest", "where"]

FEWEST = 20
MOST = 20_000
HINTS = 3
LEVEL = 0.05
BY_CHANCES = "chances further off, not more often wrong"
Array = NDArray[Any]


@dataclass(frozen=True)
class Weak:
    """Some rows, and how much worse the model is there.

    Parameters
    ----------
    where
        The rows in words.
    rows
        How many.
    here, elsewhere
        The share wrong, of a number the mean absolute error, in them and in the rest.
    more
        By how much the loss is greater than in the rest.
    low, high
        Its limits; of found parts they hold for all that were tried at once.
    chance
        How likely so great a difference is by luck somewhere, corrected for all that
        were tried; of named parts, for this one alone.
    """

    where: str
    rows: int
    here: float
    elsewhere: float
    more: float
    low: float
    high: float
    chance: float

    @property
    def by_chances(self) -> bool:
        """Whether the loss is greater there, though no greater share is wrong."""
        return self.more > 0 and self.here <= self.elsewhere

    def words(self, problem: Problem) -> tuple[str, str]:
        """Return what is wrong there and elsewhere in words that tell them apart."""
        both = self.here, self.elsewhere
        for places in range(4):
            told = [f"{v:.{places}%}" if problem.classes else say(v) for v in both]
            if told[0] != told[1] or both[0] == both[1]:
                break
        return told[0], told[1]


@dataclass(frozen=True)
class Weakest:
    """What a search for weak parts found.

    Parameters
    ----------
    problem
        What is predicted.
    rows
        How many rows were searched.
    tried
        How many parts were tried.
    found
        Those where the model is certainly worse, the worst first.
    named
        Those that ``[goal.slices]`` names, found or not.
    unsure
        A few that look worse, which luck may have made: no more than hints.
    overall
        The share wrong, of a number the mean absolute error, of all rows.
    notes
        What was left out.
    """

    problem: Problem
    rows: int
    tried: int
    found: tuple[Weak, ...]
    named: tuple[Weak, ...] = ()
    unsure: tuple[Weak, ...] = ()
    overall: float = 0.0
    notes: tuple[str, ...] = ()

    @property
    def statement(self) -> str:
        """What was found, in words."""
        tried = f"{self.tried:,} parts of {self.rows:,} rows were tried"
        if not self.found:
            return f"{tried}; the model is certainly worse in none"
        worse = f"the model is certainly worse in {len(self.found)} listed here"
        only = sum(one.by_chances for one in self.found)
        but = f"; in {only} of them: {BY_CHANCES}" if only else ""
        return f"{tried}; {worse}{but}"

    def table(self) -> Grid:
        """Return found and named parts as a table."""
        if not (self.found or self.named or self.unsure):
            return Grid(("where",), [], (self.statement, *self.notes))
        wrong = "wrong" if self.problem.classes else "off by"
        heads = ("where", "rows", f"{wrong} there", "elsewhere", "loss greater by", "p")
        lines = [_line(self.problem, one) for one in (*self.found, *self.named)]
        lines += [_line(self.problem, one, "not certain") for one in self.unsure]
        return Grid(heads, lines, (self.statement, *self.notes))

    def plot(self) -> Picture:
        """Draw how bad the model is in each part, beside the rest."""
        from mlkit.model.charts.search import weak

        return weak(self)

    def __repr__(self) -> str:
        return repr(self.table())

    def _repr_html_(self) -> str:
        return self.table()._repr_html_()

    def to_dict(self) -> dict[str, Any]:
        """Return a plain JSON form."""
        return {**asdict(self), "problem": self.problem.to_dict()}

    @classmethod
    def from_dict(cls, form: Mapping[str, Any]) -> Weakest:
        """Read the form that `to_dict` gives."""
        return cls(
            **{
                **form,
                "problem": Problem.from_dict(form["problem"]),
                "found": tuple(Weak(**one) for one in form["found"]),
                "named": tuple(Weak(**one) for one in form["named"]),
                "unsure": tuple(Weak(**one) for one in form["unsure"]),
                "notes": tuple(form["notes"]),
            }
        )


def weakest(
    model: Model,
    valid: pd.DataFrame,
    threshold: float | None = None,
    *,
    smallest: int = 0,
    named: Mapping[str, str] | None = None,
    seed: int = 0,
) -> Weakest:
    """Search for parts of the rows in which a model is certainly worse.

    Parameters
    ----------
    model
        A fitted model.
    valid
        Cleaned rows with their target that it has not seen.
    threshold
        Of two classes, the least probability that says the second.
    smallest
        Fewest rows of a part; 0 takes a fiftieth of the rows, at least 20.
    named
        Parts to be told in any case, by name an expression over columns such as
        ``Age >= 60``; None takes ``[goal.slices]``.
    seed
        Of the permutations.

    Raises
    ------
    InputError
        Where an expression cannot be read.

    Notes
    -----
    Parts are the values of one column, or of two together: numbers by quarters, words
    by what they are, gaps by themselves (as in Slice Finder, Chung et al. 2019). The
    loss of a row is the squared error of its probabilities (Brier 1950), of a number
    the absolute error. That many parts are tried is corrected by the greatest
    difference in permutations of the losses (Westfall and Young 1993): where losses
    have nothing to do with columns, anything at all is found in one search of twenty.
    Rows of one group are kept together, by flipping the signs of whole groups.
    """
    rows, truth, predicted, notes = judged(model, valid)
    rows = Schema.of(valid).attach(rows)
    if len(rows) > MOST:
        picked = np.sort(np.random.default_rng(seed).permutation(len(rows))[:MOST])
        notes.append(f"searched on {MOST:,} rows drawn of {len(rows):,}")
        rows, truth, predicted = rows.iloc[picked], truth[picked], predicted[picked]
    loss, wrong = losses(model.problem, truth, predicted, cut(threshold))
    least = smallest or max(FEWEST, len(rows) // 50)
    tried = candidates(rows, model.problem.features, least)
    groups, _ = units(model.problem, rows)
    found, unsure = _tested(tried, loss, wrong, groups, seed)
    told: Mapping[str, str] = config("goal.slices", {}) if named is None else named
    return Weakest(
        model.problem,
        len(rows),
        len(tried.sizes),
        found,
        tuple(_named(rows, told, loss, wrong, groups)),
        unsure,
        _round(wrong.mean()),
        (*notes, *tried.notes),
    )


def losses(
    problem: Problem, truth: Array, predicted: Array, threshold: float = 0.5
) -> tuple[Array, Array]:
    """Return each row's loss, and what is shown of it: wrong or not, or how far off.

    Parameters
    ----------
    problem
        What is predicted.
    truth, predicted, threshold
        As `mlkit.model.measures.measure.measure` takes them.
    """
    if not problem.classes:
        off = np.abs(truth - predicted)
        return off, off
    true = np.eye(predicted.shape[1])[truth]
    loss = ((predicted - true) ** 2).sum(axis=1)
    return loss, (choice(predicted, threshold) != truth).astype(float)


def _tested(
    tried: Candidates, loss: Array, wrong: Array, groups: Array | None, seed: int
) -> tuple[tuple[Weak, ...], tuple[Weak, ...]]:
    """Return the parts that are certainly worse and tell something new, and hints."""
    if not len(tried.sizes) or np.ptp(loss) == 0:
        return (), ()
    above = loss - loss.mean()
    part = tried.sizes / len(loss)
    more = (tried.rows @ above) / tried.sizes / (1 - part)
    error, highest = luck(tried, above, groups, seed)
    error = np.maximum(error, spread(tried, loss) if groups is None else 0.0)
    strength = more / error
    chance = (1 + (highest[:, None] >= strength).sum(axis=0)) / (1 + len(highest))
    # what is beyond it has a chance of at most the level: both say the same
    reach = float(np.sort(highest)[-int(LEVEL * (1 + len(highest)))])
    low, high = more - reach * error, more + reach * error
    sure = np.flatnonzero(chance <= LEVEL)
    kept = news(tried, sure[np.argsort(-low[sure], kind="stable")], loss, reach)
    rest = np.setdiff1d(np.flatnonzero(more > 0), sure)
    hints = news(tried, rest[np.argsort(-strength[rest], kind="stable")], loss, reach)

    def told(at: int) -> Weak:
        return _weak(tried, at, wrong, (more[at], low[at], high[at], chance[at]))

    few = hints[: max(HINTS - len(kept), 0)]
    return tuple(map(told, kept)), tuple(map(told, few))


def _weak(
    tried: Candidates, at: int, wrong: Array, told: tuple[float, float, float, float]
) -> Weak:
    inside = tried.of(at)
    more, low, high, chance = map(_round, told)
    return Weak(
        where=tried.names[at],
        rows=int(inside.sum()),
        here=_round(wrong[inside].mean()),
        elsewhere=_round(wrong[~inside].mean()),
        more=more,
        low=low,
        high=high,
        chance=chance,
    )


def _named(
    rows: pd.DataFrame,
    named: Mapping[str, str],
    loss: Array,
    wrong: Array,
    groups: Array | None,
) -> Iterator[Weak]:
    for name, text in named.items():
        inside = where(rows, name, text)
        if not 1 < inside.sum() < len(rows) - 1:
            continue
        alone = Candidates((name,), inside.astype(float)[None, :])
        only = next(_all(alone, loss, wrong, groups))
        yield replace(only, where=f"{name}: {text}")


def _all(
    tried: Candidates, loss: Array, wrong: Array, groups: Array | None
) -> Iterator[Weak]:
    """Yield every part with plain 95 % limits."""
    from scipy.stats import norm

    above = loss - loss.mean()
    part = tried.sizes / len(loss)
    more = (tried.rows @ above) / tried.sizes / (1 - part)
    error = spread(tried, loss)
    if groups is not None:
        error = luck(tried, above, groups, 0)[0]
    error = np.maximum(error, 1e-300)
    for at in range(len(tried.names)):
        ends = more[at] - 1.96 * error[at], more[at] + 1.96 * error[at]
        chance = norm.sf(more[at] / error[at])
        yield _weak(tried, at, wrong, (more[at], *ends, chance))


def where(rows: pd.DataFrame, name: str, text: str) -> Array:
    """Return which rows an expression is true of; a missing cell makes it not so.

    Parameters
    ----------
    rows
        Cleaned rows.
    name, text
        The part's name, and an expression such as ``Age >= 60``.

    Raises
    ------
    InputError
        Where the expression cannot be read.
    """
    columns = [str(column) for column in rows.columns]
    schema = Schema.of(rows)
    reads = {c.name: {"type": c.type} for c in schema if c.type in ("number", "date")}
    try:
        turned = parse(f"not ({text})", columns, reads)
    except InputError as error:
        raise InputError(
            error.what, where=f"[goal.slices] {name}", got=text, todo=error.todo
        ) from None
    cells = {c: rows[c].to_numpy(object) for c in turned.columns}
    return np.asarray(turned.failing(cells, len(rows), reads), bool)


def _line(problem: Problem, one: Weak, mark: str = "") -> tuple[str, ...]:
    marks = [word for word in (mark, BY_CHANCES if one.by_chances else "") if word]
    return (
        one.where + (f" ({'; '.join(marks)})" if marks else ""),
        f"{one.rows:,}",
        *one.words(problem),
        f"{say(one.more)} ({say(one.low)} to {say(one.high)})",
        say(one.chance, 2),
    )


def _round(value: float) -> float:
    return float(f"{value:.6g}")
