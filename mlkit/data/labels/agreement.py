"""Do people who label agree? Kappa with an interval, who mixes up what, and where."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from itertools import combinations
from typing import Any

import numpy as np
import pandas as pd

from mlkit.data.charts.cards import card, grid, many
from mlkit.data.charts.labels import plot_agreement
from mlkit.data.charts.style import Picture, shorten
from mlkit.data.labels.kappa import alpha, cohen, words
from mlkit.data.labels.people import by_person

__all__ = ["Agreement", "agreement"]

NONE = "(none)"
FEW = 20
LISTED = 12


@dataclass(frozen=True)
class Agreement:
    """How far the people who labelled agree.

    Parameters
    ----------
    people
        Their names, sorted.
    measure
        What `value` is; "" where it cannot be told.
    value, low, high
        One is full agreement, zero what chance would give; and its 95 % interval.
    rows
        How many rows two or more of them labelled.
    pairs
        By two people: rows that both labelled, the share on which they agree, and
        kappa with its interval.
    confusion
        How often one said ``one`` where the other said ``other``, over all pairs.
    disputed
        Rows on which they disagree: what each of them said.
    """

    people: tuple[str, ...]
    measure: str
    value: float
    low: float
    high: float
    rows: int
    pairs: pd.DataFrame
    confusion: pd.DataFrame
    disputed: pd.DataFrame

    @property
    def statement(self) -> str:
        """What the number means, in one sentence."""
        if len(self.people) < 2:
            return "not assessed: agreement needs labels of two people"
        if not self.rows:
            return "not assessed: no row was labelled by two people"
        if not self.measure:
            return "not assessed: everybody said the same of every row"
        few = f"; {self.rows} rows in common are few" if self.rows < FEW else ""
        return (
            f"{self.measure} {self.value:.2f} ({self.low:.2f} to {self.high:.2f}): "
            f"{words(self.value)} agreement on {many(self.rows, 'row')}{few}"
        )

    def plot(self) -> Picture | None:
        """Draw which classes people mix up; None where there is nothing to draw."""
        if not self.confusion.to_numpy().any():
            return None
        return plot_agreement(self.confusion, self.statement)

    def __repr__(self) -> str:
        return f"<Agreement: {self.statement}>"

    def _repr_html_(self) -> str:
        top = card("Do people agree?", self.statement)
        if not self.rows:
            return top
        pairs = [
            (" and ".join(map(shorten, two)), f"{one['rows']:,}", f"{one['same']:.0%}")
            for two, one in _lines(self.pairs)
        ]
        kappas = [_interval(one) for _, one in _lines(self.pairs)]
        heads = ("people", "rows", "agree", "kappa")
        lines = [
            (shorten(row, 24), *("–" if pd.isna(x) else shorten(x, 24) for x in said))
            for row, said in zip(
                self.disputed.index[:LISTED],
                self.disputed.to_numpy(object)[:LISTED],
                strict=True,
            )
        ]
        rest = len(self.disputed) - len(lines)
        more = f"and {many(rest, 'row')} more" if rest else ""
        names = [shorten(name, 24) for name in self.disputed]
        rows = grid(("row", *names), lines, more) if lines else ""
        told = [(*pair, kappa) for pair, kappa in zip(pairs, kappas, strict=True)]
        return top + grid(heads, told) + rows


def agreement(labels: Mapping[str, Any]) -> Agreement:
    """Tell how far people agree who labelled the same rows.

    Parameters
    ----------
    labels
        By row id and person, as `mk.decide` returns them. A row of which somebody
        said that it has no label counts as a class of its own.

    Notes
    -----
    Two people: Cohen's kappa. More, or numbers: Krippendorff's alpha, which bears
    that not everybody labelled every row.

    Examples
    --------
    >>> said = {"a": {"ann": "cat", "bob": "cat"}, "b": {"ann": "dog", "bob": "dog"},
    ...         "c": {"ann": "cat", "bob": "dog"}, "d": {"ann": "dog", "bob": "dog"}}
    >>> agreement(said).disputed
          ann  bob
    row
    c     cat  dog
    """
    given = _given(by_person(labels))
    shared = given[given.notna().sum(axis=1) >= 2]
    numeric = _numeric(shared)
    codes, classes = _codes(shared)
    if numeric:
        codes, classes = shared.astype("float64"), ()
    measure, value = _measure(codes, len(classes), numeric)
    apart = shared[shared.nunique(axis=1) > 1]
    return Agreement(
        people=tuple(given.columns),
        measure=measure if not np.isnan(value[0]) else "",
        value=value[0],
        low=value[1],
        high=value[2],
        rows=len(shared),
        pairs=_pairs(codes, len(classes), numeric),
        confusion=_confusion(codes, classes),
        disputed=apart,
    )


def _given(labels: Mapping[str, Mapping[str, Any]]) -> pd.DataFrame:
    """Return what each person said, rows × people; None where nothing."""
    people = sorted({person for said in labels.values() for person in said})
    cells = np.full((len(labels), len(people)), None, dtype=object)
    place = {person: at for at, person in enumerate(people)}
    for line, said in zip(cells, labels.values(), strict=True):
        for person, label in said.items():
            line[place[person]] = NONE if label is None else label
    rows = pd.Index(list(labels), dtype="str", name="row")
    return pd.DataFrame(cells, rows, pd.Index(people, dtype="str"), dtype=object)


def _numeric(shared: pd.DataFrame) -> bool:
    cells = [cell for cell in shared.to_numpy().ravel() if cell is not None]
    return bool(cells) and all(isinstance(cell, int | float) for cell in cells)


def _codes(shared: pd.DataFrame) -> tuple[pd.DataFrame, tuple[str, ...]]:
    """Return places in the sorted classes, NaN where nothing was said."""
    cells = shared.to_numpy(object)
    classes = sorted({str(cell) for cell in cells.ravel() if cell is not None})
    place = {word: float(code) for code, word in enumerate(classes)}
    codes = [[np.nan if c is None else place[str(c)] for c in line] for line in cells]
    made = np.array(codes, np.float64).reshape(shared.shape)
    return pd.DataFrame(made, shared.index, shared.columns), tuple(classes)


def _measure(
    codes: pd.DataFrame, classes: int, numeric: bool
) -> tuple[str, tuple[float, float, float]]:
    if not len(codes):
        return "", (float("nan"),) * 3
    cells = codes.to_numpy(np.float64)
    if numeric:
        return "Krippendorff's alpha", alpha(cells)
    if cells.shape[1] == 2:
        return "Cohen's kappa", cohen(_crossed(cells, classes))
    ones = (cells[:, :, None] == np.arange(classes)).astype(np.float64)
    ones[np.isnan(cells)] = np.nan
    return "Krippendorff's alpha", alpha(ones)


def _pairs(codes: pd.DataFrame, classes: int, numeric: bool) -> pd.DataFrame:
    lines = {}
    for one, other in combinations(codes.columns, 2):
        both = codes[[one, other]].dropna().to_numpy(np.float64)
        if not len(both):
            continue
        same = float((both[:, 0] == both[:, 1]).mean())
        told = alpha(both) if numeric else cohen(_crossed(both, classes))
        lines[one, other] = (len(both), same, *told)
    heads = ["rows", "same", "kappa", "low", "high"]
    two = pd.MultiIndex.from_tuples(list(lines) or [("", "")], names=["one", "other"])
    return pd.DataFrame(list(lines.values()), two[: len(lines)], heads)


def _crossed(cells: Any, classes: int) -> Any:
    both = cells[~np.isnan(cells).any(axis=1)].astype(int)
    crossed = np.zeros((classes, classes), np.int64)
    np.add.at(crossed, (both[:, 0], both[:, 1]), 1)
    return crossed


def _confusion(codes: pd.DataFrame, classes: tuple[str, ...]) -> pd.DataFrame:
    """Return how often two people said which two classes, each pair both ways."""
    total = np.zeros((len(classes), len(classes)), np.int64)
    for one, other in combinations(codes.columns, 2) if classes else ():
        crossed = _crossed(codes[[one, other]].to_numpy(np.float64), len(classes))
        total += crossed + crossed.T
    names = pd.Index(list(classes), dtype="str")
    return pd.DataFrame(total, names.rename("one"), names.rename("other"))


def _lines(pairs: pd.DataFrame) -> zip[tuple[Any, dict[Any, Any]]]:
    return zip(pairs.index, pairs.to_dict("records"), strict=True)


def _interval(one: Mapping[Any, Any]) -> str:
    if np.isnan(one["kappa"]):
        return "not defined"
    return f"{one['kappa']:.2f} ({one['low']:.2f} to {one['high']:.2f})"
