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
from mlkit.model.candidates import Candidates, candidates
from mlkit.model.fitted import Model
from mlkit.model.grid import Grid
from mlkit.model.measure import judged, units
from mlkit.model.problem import Problem
from mlkit.model.runtime import choice, cut
from mlkit.model.words import say

if TYPE_CHECKING:
    from mlkit.data.charts.style import Picture

__all__ = ["Weak", "Weakest", "losses", "weakest"]

FEWEST = 20
MOST = 20_000
LISTED = 10
LEVEL = 0.05
CELLS = 4_000_000
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
    overall: float = 0.0
    notes: tuple[str, ...] = ()

    @property
    def statement(self) -> str:
        """What was found, in words."""
        tried = f"{self.tried:,} parts of {self.rows:,} rows were tried"
        if not self.found:
            return f"{tried}; the model is certainly worse in none"
        return f"{tried}; the model is certainly worse in {len(self.found)} listed here"

    def table(self) -> Grid:
        """Return found and named parts as a table."""
        wrong = "wrong" if self.problem.classes else "off by"
        heads = ("where", "rows", f"{wrong} there", "elsewhere", "loss greater by", "p")
        lines = [_line(self.problem, one) for one in (*self.found, *self.named)]
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
    found = _tested(tried, loss, wrong, groups, seed)
    told: Mapping[str, str] = config("goal.slices", {}) if named is None else named
    return Weakest(
        model.problem,
        len(rows),
        len(tried.sizes),
        tuple(found),
        tuple(_named(rows, told, loss, wrong, groups)),
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
        As `mlkit.model.measure.measure` takes them.
    """
    if not problem.classes:
        off = np.abs(truth - predicted)
        return off, off
    true = np.eye(predicted.shape[1])[truth]
    loss = ((predicted - true) ** 2).sum(axis=1)
    return loss, (choice(predicted, threshold) != truth).astype(float)


def _tested(
    tried: Candidates, loss: Array, wrong: Array, groups: Array | None, seed: int
) -> Iterator[Weak]:
    """Yield the parts that are certainly worse and tell something new."""
    if not len(tried.sizes) or np.ptp(loss) == 0:
        return
    above = loss - loss.mean()
    part = tried.sizes / len(loss)
    more = (tried.rows @ above) / tried.sizes / (1 - part)
    error, highest = _luck(tried, above, groups, seed)
    strength = more / error
    chance = (1 + (highest[:, None] >= strength).sum(axis=0)) / (1 + len(highest))
    reach = float(np.quantile(highest, 1 - LEVEL))
    error = np.maximum(error, _spread(tried, loss) if groups is None else 0.0)
    low, high = more - reach * error, more + reach * error
    sure = np.flatnonzero(chance <= LEVEL)
    order = sure[np.argsort(-low[sure], kind="stable")]
    for at in _news(tried, order, loss, reach):
        inside = tried.of(at)
        yield Weak(
            where=tried.names[at],
            rows=int(inside.sum()),
            here=_round(wrong[inside].mean()),
            elsewhere=_round(wrong[~inside].mean()),
            more=_round(more[at]),
            low=_round(low[at]),
            high=_round(high[at]),
            chance=_round(chance[at]),
        )


def _luck(
    tried: Candidates, above: Array, groups: Array | None, seed: int
) -> tuple[Array, Array]:
    """Return the error of each difference, and the greatest that luck gives.

    Rows alone are permuted. Of rows in groups the sign of each group is drawn.
    """
    rng, rows = np.random.default_rng(seed), len(above)
    repeats = int(np.clip(CELLS // rows, 200, 1000))
    part = tried.sizes / rows
    if groups is None:
        error = above.std() / np.sqrt(tried.sizes * (1 - part))
        shuffled = rng.permuted(np.tile(above, (repeats, 1)), axis=1).T
        sums = tried.rows @ shuffled
        drawn = sums / tried.sizes[:, None] / (1 - part)[:, None]
        return error, (drawn / error[:, None]).max(axis=0)
    from scipy.sparse import csr_matrix

    names = int(groups.max()) + 1
    by_group = csr_matrix((above, (np.arange(rows), groups)), (rows, names))
    inside = (tried.rows @ by_group).toarray() / tried.sizes[:, None]
    apart = (inside - np.bincount(groups, above, names) / rows) / (1 - part)[:, None]
    error = np.sqrt((apart**2).sum(axis=1)) + 1e-300
    signs = rng.choice([-1.0, 1.0], (names, repeats))
    return error, ((apart / error[:, None]) @ signs).max(axis=0)


def _spread(tried: Candidates, loss: Array) -> Array:
    """Return the error of each difference where parts spread unlike (Welch 1947)."""
    inside, rest = tried.sizes, len(loss) - tried.sizes
    sums, squares = tried.rows @ loss, tried.rows @ loss**2
    here = squares / inside - (sums / inside) ** 2
    there = (np.sum(loss**2) - squares) / rest - ((loss.sum() - sums) / rest) ** 2
    return np.asarray(np.sqrt(np.maximum(here / inside + there / rest, 0.0)))


def _news(tried: Candidates, order: Array, loss: Array, reach: float) -> list[int]:
    """Keep parts that tell something new.

    A part does if it is worse by itself without the rows of parts already kept; or if
    it lies in one of them, and is certainly worse than the rest of that one. Else one
    weak part would be told again as each of its neighbours.
    """
    kept: dict[int, Array] = {}
    seen = np.zeros(len(loss), bool)
    for at in order:
        inside = tried.of(at)
        new, around = inside & ~seen, _around(inside, kept)
        enough = new.sum() >= max(10, 0.3 * inside.sum())
        tells = enough and _stands_out(loss, new, ~inside, 2.0)
        if not tells and around is not None:
            tells = _stands_out(loss, inside, around, reach)
        if tells:
            kept[int(at)] = inside
            seen |= inside
        if len(kept) == LISTED:
            break
    return list(kept)


def _around(inside: Array, kept: Mapping[int, Array]) -> Array | None:
    """Return the rest of the smallest kept part that holds nearly all of some rows."""
    holding = [k for k in kept.values() if (k & inside).sum() >= 0.95 * inside.sum()]
    rest = [k & ~inside for k in sorted(holding, key=lambda k: int(k.sum()))]
    return rest[0] if rest else None


def _stands_out(loss: Array, inside: Array, rest: Array, reach: float) -> bool:
    """Tell whether the loss of some rows is greater than that of others, by far."""
    here, there = loss[inside], loss[rest]
    if min(len(here), len(there)) < 10:
        return False
    error = np.sqrt(here.var() / len(here) + there.var() / len(there))
    return bool(here.mean() - there.mean() > reach * error)


def _named(
    rows: pd.DataFrame,
    named: Mapping[str, str],
    loss: Array,
    wrong: Array,
    groups: Array | None,
) -> Iterator[Weak]:
    for name, text in named.items():
        inside = _where(rows, name, text)
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
    error = _spread(tried, loss)
    if groups is not None:
        error = _luck(tried, above, groups, 0)[0]
    error = np.maximum(error, 1e-300)
    for at, name in enumerate(tried.names):
        inside = tried.of(at)
        yield Weak(
            where=name,
            rows=int(inside.sum()),
            here=_round(wrong[inside].mean()),
            elsewhere=_round(wrong[~inside].mean()),
            more=_round(more[at]),
            low=_round(more[at] - 1.96 * error[at]),
            high=_round(more[at] + 1.96 * error[at]),
            chance=_round(norm.sf(more[at] / error[at])),
        )


def _where(rows: pd.DataFrame, name: str, text: str) -> Array:
    """Return which rows an expression is true of; a missing cell makes it not so."""
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


def _line(problem: Problem, one: Weak) -> tuple[str, ...]:
    shown = [
        f"{v:.0%}" if problem.classes else say(v) for v in (one.here, one.elsewhere)
    ]
    return (
        one.where,
        f"{one.rows:,}",
        *shown,
        f"{say(one.more)} ({say(one.low)} to {say(one.high)})",
        say(one.chance, 2),
    )


def _round(value: float) -> float:
    return float(f"{value:.6g}")
