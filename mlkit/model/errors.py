"""The mistakes of a model, row by row: errors are data."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field
from html import escape
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from mlkit.core.schema import Schema
from mlkit.data.charts.cards import card, grid, many
from mlkit.data.charts.style import shorten
from mlkit.data.charts.thumbs import tag
from mlkit.model.audit.local import plain
from mlkit.model.fitted import Model
from mlkit.model.measures.measure import judged
from mlkit.model.problem import Problem
from mlkit.model.runtime import choice, cut
from mlkit.model.wording.passage import passage
from mlkit.model.words import say

if TYPE_CHECKING:
    from mlkit.data.charts.style import Picture

__all__ = ["Errors", "errors"]

EXPLAINED = 40
COPIES = 20_000
FAR = 2.0
SURE = 0.5
LISTED, TILES, WORDS = 10, 40, 4
HIDDEN = frozenset({"target", "private", "flag"})
Array = NDArray[Any]


@dataclass(frozen=True)
class Errors:
    """Mistakes, the most surprising first.

    Parameters
    ----------
    table
        By row id: what was ``given`` and ``predicted``; the ``surprise``, of classes
        by how much chance the predicted class is before the given one, of numbers how
        far it is off in robust spreads; ``why``, the cells that led there, of the
        first rows.
    problem
        What is predicted.
    rows, wrong
        How many rows were judged, and how many of them are wrong, of numbers far off.
    cells
        Of the listed rows, what a person may look at.
    firm
        How many of all mistakes are made with confidence; None where only the listed
        ones are known.
    """

    table: pd.DataFrame
    problem: Problem
    rows: int
    wrong: int
    cells: pd.DataFrame = field(default_factory=pd.DataFrame, repr=False)
    firm: int | None = None

    @property
    def sure(self) -> int:
        """How many mistakes are made with confidence; of numbers, all that are far."""
        if self.firm is None:
            return int((self.table["surprise"] >= SURE).sum())
        return self.firm

    @property
    def statement(self) -> str:
        """How many mistakes there are, in words."""
        are = "is" if self.wrong == 1 else "are"
        of = f"{self.wrong:,} of {many(self.rows, 'row')} {are}"
        if not self.problem.classes:
            return f"{of} off by more than {say(FAR)} robust spreads"
        words = "one is" if self.sure == 1 else f"{self.sure:,} are"
        return f"{of} wrong; {words} wrong with confidence"

    def pairs(self) -> dict[tuple[str, str], int]:
        """Return which class was taken for which, how often in the listed rows."""
        given, said = (self.table[n].astype(str) for n in ("given", "predicted"))
        counts = Counter(zip(given, said, strict=True))
        return dict(sorted(counts.items(), key=lambda pair: (-pair[1], pair[0])))

    def plot(self) -> Picture:
        """Draw which mistakes are made, and how surely."""
        from mlkit.model.charts.errors import mistakes

        return mistakes(self)

    def __repr__(self) -> str:
        return f"<Errors {self.wrong} of {self.rows} rows>"

    def _repr_html_(self) -> str:
        first = self.table.head(LISTED)
        seen = {
            name: [tag(cell, kind) for cell in self.cells[name].head(LISTED)]
            for name, kind in self.problem.media.items()
            if name in self.cells
        }
        why = first["why"].ne("").any()
        heads = ["row", *seen, "given", "predicted", "surprise"]
        lines = [
            [shorten(row, 24), *pictures, told(given), told(said), say(far, 2)]
            for row, given, said, far, *pictures in zip(
                first.index,
                first["given"],
                first["predicted"],
                first["surprise"],
                *seen.values(),
                strict=True,
            )
        ]
        if why:
            heads.append("because of")
            for line, words in zip(lines, first["why"], strict=True):
                line.append(shorten(words, 90))
        rest = self.wrong - len(lines)
        more = f"and {many(rest, 'row')} more, ever less surprising" if rest else ""
        top = card("Mistakes, the most surprising first", self.statement)
        return top + (grid(heads, lines, more) if lines else "") + self._tiles()

    def _tiles(self) -> str:
        """Return the next mistakes as a sheet of pictures, given → predicted."""
        rest = slice(LISTED, LISTED + TILES)
        for name, kind in self.problem.media.items():
            if name not in self.cells:
                continue
            mistaken = zip(
                self.cells[name].iloc[rest],
                self.table["given"].iloc[rest],
                self.table["predicted"].iloc[rest],
                strict=True,
            )
            return "".join(
                '<div style="display:inline-block;vertical-align:top;'
                f'margin:.4em .8em 0 0"><div>{tag(cell, kind)}</div>'
                f"{escape(told(given))} → {escape(told(said))}</div>"
                for cell, given, said in mistaken
            )
        return ""


def told(value: Any) -> str:
    """Write a label or a number of the target."""
    return say(value, 4) if isinstance(value, float) else shorten(value, 40)


def errors(
    model: Model,
    valid: pd.DataFrame,
    threshold: float | None = None,
    *,
    most: int = 500,
) -> Errors:
    """List the mistakes of a model on rows it has not seen, the most surprising first.

    Parameters
    ----------
    model
        A fitted model.
    valid
        Cleaned rows with their target.
    threshold
        Of two classes, the least probability that says the second.
    most
        How many rows to list at most.

    Notes
    -----
    Of numbers, rows beyond two robust spreads are listed: 1.4826 times the median
    absolute error (Rousseeuw and Croux 1993). What led to a mistake is told by
    putting a usual value in place of a cell, one at a time (occlusion; Robnik-Šikonja
    and Kononenko 2008), in place of a text, an image or a sound none; of a text the
    words are named that speak most for what was said. It says what the model looks at,
    not what is wrong with it.
    """
    problem = model.problem
    rows, truth, predicted, _ = judged(model, valid)
    said = choice(predicted, cut(threshold)) if problem.classes else predicted
    surprise, wrong = _surprise(problem, truth, predicted, said)
    listed = np.flatnonzero(wrong)
    listed = listed[np.argsort(-surprise[listed], kind="stable")][:most]
    schema = Schema.of(valid)
    shown = [c.name for c in schema if not HIDDEN.intersection(c.roles)]
    table = pd.DataFrame(
        {
            "given": _words(problem, truth[listed]),
            "predicted": _words(problem, said[listed]),
            "surprise": surprise[listed].round(6),
            "why": pd.array(_why(model, rows, listed, truth, said), "str"),
        },
        index=pd.Index(rows.index[listed].astype("str"), name="row"),
    )
    cells = rows.iloc[listed][[name for name in shown if name in rows]]
    firm = int((wrong & (surprise.round(6) >= SURE)).sum())
    return Errors(table, problem, len(rows), int(wrong.sum()), cells, firm)


def _surprise(
    problem: Problem, truth: Array, predicted: Array, said: Array
) -> tuple[Array, Array]:
    if problem.classes:
        places = np.arange(len(truth))
        return predicted[places, said] - predicted[places, truth], said != truth
    off = np.abs(truth - predicted)
    spread = 1.4826 * np.median(off) or off.std() or 1.0
    far = off / spread
    return far, far > FAR


def _words(problem: Problem, values: Array) -> Any:
    if not problem.classes:
        return values.astype(float)
    return pd.array(np.array(problem.classes, object)[values], "str")


def _why(
    model: Model, rows: pd.DataFrame, listed: Array, truth: Array, said: Array
) -> list[str]:
    """Tell of the first rows which cells led to the mistake, three at most."""
    names = [name for name in model.problem.features if name in rows]
    first = listed[: min(EXPLAINED, COPIES // max(len(names), 1))]
    reasons = [""] * len(listed)
    if not len(first) or not set(names).difference(model.problem.media):
        return reasons
    some = rows.iloc[first]
    copies = some.iloc[np.tile(np.arange(len(some)), len(names) + 1)].copy()
    for at, name in enumerate(names):
        places = slice(at * len(some), (at + 1) * len(some))
        _usual(copies, rows[name], name, places, model.problem)
    far = _far(model, copies, np.tile(truth[first], len(names) + 1), said[first])
    shape = far.reshape(len(names) + 1, len(some))
    less = shape[-1] - shape[:-1]
    texts = [names.index(name) for name in model.problem.texts if name in names][:1]
    for at in range(len(some)):
        order = np.argsort(-less[:, at], kind="stable")[:3]
        led = [k for k in order if less[k, at] > 0.02 * abs(shape[-1, at])]
        towards, told = said[first[at]], texts if not led and at < LISTED else led
        reasons[at] = ", ".join(
            _cause(model, some, at, names[k], towards) for k in told
        )
    return reasons


def _usual(
    copies: pd.DataFrame, values: pd.Series, name: str, places: slice, problem: Problem
) -> None:
    """Put the median, the commonest value or nothing into some rows of a column."""
    known = values.dropna()
    if not len(known):
        return
    numeric = pd.api.types.is_numeric_dtype(values.dtype)
    usual: Any = known.median() if numeric else known.mode().iloc[0]
    if name in (*problem.texts, *problem.media):
        usual = "" if name in problem.texts else None
    cells = copies[name].to_numpy(object).copy()
    cells[places] = usual
    kind: Any = "float64" if numeric else values.dtype
    copies[name] = pd.Series(cells, dtype=kind).array


def _far(model: Model, rows: pd.DataFrame, truth: Array, said: Array) -> Array:
    predicted = model.predicted(rows)
    if not model.classes:
        return np.asarray(np.abs(truth - predicted))
    places = np.arange(len(truth))
    again = np.tile(said, len(truth) // len(said))
    return np.asarray(predicted[places, again] - predicted[places, truth])


def _cause(model: Model, rows: pd.DataFrame, at: int, name: str, said: Any) -> str:
    """Tell of a cell, or of the words of a text, that led to what was said."""
    if name in model.problem.media:
        return name if pd.notna(rows[name].iloc[at]) else f"{name} missing"
    if name not in model.problem.texts:
        return _cell(rows, at, name)
    if at >= LISTED:
        return name
    towards = int(said) if model.classes else None
    found = passage(model, rows.iloc[[at]], name, towards=towards)
    words = found.raising if model.classes else found.words
    told = ", ".join(f"“{one.word}”" for one in words[:WORDS])
    return f"{name} with {told}" if told else f"{name} as a whole"


def _cell(rows: pd.DataFrame, at: int, name: str) -> str:
    value = rows[name].iloc[at]
    if pd.isna(value):
        return f"{name} missing"
    return f"{name} = {plain(float(value)) if _number(value) else value}"


def _number(value: Any) -> bool:
    return isinstance(value, int | float | np.number) and not isinstance(value, bool)
