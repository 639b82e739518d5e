"""What a model does when its input is worse than what it learnt from."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from mlkit.core.schema import Schema
from mlkit.data.parts.likeness import Likeness, likeness
from mlkit.model.audit.asking import changed, said_of_all
from mlkit.model.audit.controls import Control, shuffled_input, wobble
from mlkit.model.audit.limits import parts_of_dates
from mlkit.model.encoding.encode import words
from mlkit.model.fitted import Model
from mlkit.model.grid import Grid
from mlkit.model.measures.measure import guess, guessed, units
from mlkit.model.measures.metrics import METRICS, metric_of, score
from mlkit.model.measures.resampling import interval, resamples
from mlkit.model.problem import Problem
from mlkit.model.runtime import choice
from mlkit.model.sensing import spoil as media
from mlkit.model.wording import spoil
from mlkit.model.words import say

if TYPE_CHECKING:
    from mlkit.data.charts.style import Picture

__all__ = ["Robustness", "Shock", "robustness"]

Array = NDArray[Any]
Try = tuple[str, str, dict[str, Any]]
Members = tuple[str, ...]
NOISE = (0.05, 0.1, 0.25, 0.5)
SHARES = (0.05, 0.1, 0.25, 0.5)
SWAPPED, PART, WORST = 0.1, 0.1, 10
UNSEEN = "(a level never seen)"
DRAWS, MOST_COLUMNS, ALIKE, FEWEST = 200, 60, 600, 30
KINDS = {
    "noise": "noise on all numbers, in standard deviations",
    "gone": "one column missing",
    "cells": "cells missing at random",
    "swapped": "levels swapped in a tenth of the cells",
    "unseen": "every category at a level never seen",
    **spoil.KINDS,
    **media.KINDS,
}


@dataclass(frozen=True)
class Shock:
    """One way in which the input was made worse, and what came of it.

    Parameters
    ----------
    kind
        One of `KINDS`.
    what
        The column, or the share or the size in words.
    loss
        How much worse the metric is.
    low, high
        Its 95 % interval over resampled rows.
    changed
        The share of rows whose label changes; of a number the mean change, in standard
        deviations of the target.
    members
        Of a date that is missing, its parts, which are missing with it.
    """

    kind: str
    what: str
    loss: float
    low: float
    high: float
    changed: float
    members: Members = ()

    @property
    def features(self) -> Members:
        """Of a column that is missing, the features that are missing with it."""
        return self.members or (self.what,)

    @classmethod
    def from_dict(cls, form: Mapping[str, Any]) -> Shock:
        """Read the plain form."""
        return cls(**{**form, "members": tuple(form.get("members", ()))})


@dataclass(frozen=True)
class Robustness:
    """How a model bears worse input.

    Parameters
    ----------
    problem
        What is predicted.
    rows
        On how many rows it was tried.
    whole, chance
        The metric on the rows as they are, and that of a guess without features.
    shocks
        What was tried.
    controls
        What must come out at chance: the model on shuffled input; none where there are
        fewer than thirty rows, or the metric is undefined on them.
    wobble
        The share of rows whose label changes where the model is fitted to other rows of
        training; of a number the mean change, in standard deviations of the target.
    likeness
        How well training and validation rows can be told apart; None: too few rows.
    """

    problem: Problem
    rows: int
    whole: float
    chance: float
    shocks: tuple[Shock, ...] = ()
    controls: tuple[Control, ...] = ()
    wobble: float | None = None
    likeness: Likeness | None = None

    def of(self, kind: str) -> tuple[Shock, ...]:
        """Return the shocks of one kind."""
        return tuple(shock for shock in self.shocks if shock.kind == kind)

    @property
    def room(self) -> float:
        """How much better the model is than a guess: what there is to lose."""
        return abs(self.whole - self.chance)

    @property
    def gone(self) -> dict[str, float]:
        """By column, the share of the worth lost where it is missing: a good part."""
        told = [s for s in self.of("gone") if s.low > 0]
        return {s.what: s.loss / self.room for s in told if s.loss > PART * self.room}

    @property
    def worst(self) -> tuple[Shock, ...]:
        """The missing columns that cost most, ten at most."""
        return tuple(sorted(self.of("gone"), key=lambda shock: -shock.loss)[:WORST])

    def table(self) -> Grid:
        """Return what was tried as a table."""
        metric = METRICS[self.problem.metric].title
        unit = "labels changed" if self.problem.classes else "moved by"
        shown, first = list(self._shown()), dict[str, str]()
        for shock in shown:
            first.setdefault(shock.kind, shock.what)
        rows = [
            (
                self._title(s.kind) if first[s.kind] == s.what else "",
                s.what,
                f"{say(s.loss)} ({say(s.low)} to {say(s.high)})",
                f"{s.changed:.1%}" if self.problem.classes else f"{s.changed:.2g} SD",
            )
            for s in shown
        ]
        told = f"{metric} is {say(self.whole)} on the {self.rows:,} rows as they are"
        return Grid(("worse input", "", f"loss in {metric}", unit), rows, [told])

    def _shown(self) -> Iterator[Shock]:
        for kind in KINDS:
            yield from self.worst if kind == "gone" else self.of(kind)

    def _title(self, kind: str) -> str:
        told, columns = KINDS[kind], len(self.of("gone"))
        if kind != "gone" or columns <= WORST:
            return told
        return f"{told}, the worst {WORST} of {columns} tried"

    def plot(self) -> Picture:
        """Draw what was tried."""
        from mlkit.model.charts.robustness import overview

        return overview(self)

    def to_dict(self) -> dict[str, Any]:
        """Return a plain JSON form."""
        return {**asdict(self), "problem": self.problem.to_dict()}

    @classmethod
    def from_dict(cls, form: Mapping[str, Any]) -> Robustness:
        """Read the form that `to_dict` gives."""
        alike = form.get("likeness")
        return cls(
            **{
                **form,
                "problem": Problem.from_dict(form["problem"]),
                "shocks": tuple(map(Shock.from_dict, form["shocks"])),
                "controls": tuple(Control(**one) for one in form["controls"]),
                "likeness": alike and Likeness.from_dict(alike),
            }
        )


def robustness(
    model: Model,
    train: pd.DataFrame,
    valid: pd.DataFrame,
    *,
    threshold: float = 0.5,
    refits: int = 2,
    seed: int = 0,
) -> Robustness:
    """Make the input worse in several ways, and tell what the model loses.

    Parameters
    ----------
    model
        A fitted model.
    train
        Cleaned rows it learnt from.
    valid
        Cleaned rows with their target, best ones it has not seen.
    threshold
        Of two classes, the least probability that says the second.
    refits
        How often the weightiest part is fitted again, to a part of the rows; 0 leaves
        this out.
    seed
        Of everything drawn at random.
    """
    problem = model.problem
    tried = _Tried(model, train, valid, threshold, seed)
    names = list(problem.numbers + problem.categories or problem.texts)
    names = names or list(problem.media)
    return Robustness(
        problem=problem,
        rows=len(valid),
        whole=_round(tried.whole),
        chance=_round(tried.score(guessed(model.problem, guess(model, len(valid))))),
        shocks=tuple(tried.shocks()),
        controls=tried.controls(),
        wobble=wobble(model, train, valid, refits, seed, threshold) if refits else None,
        likeness=_alike(train, valid, names, seed),
    )


class _Tried:
    """A model, its rows, and what it says of them."""

    def __init__(
        self,
        model: Model,
        train: pd.DataFrame,
        valid: pd.DataFrame,
        threshold: float,
        seed: int,
    ) -> None:
        self.model, self.train, self.valid = model, train, valid
        self.threshold, self.seed = threshold, seed
        self.problem, self.truth = model.problem, model.problem.truth(valid)
        self.matrices = model.matrices(valid)
        self.said = model.said_of(self.matrices)
        self.metric = metric_of(self.problem)
        self.sign = 1.0 if self.metric.greater else -1.0
        groups, self.counted = units(self.problem, valid)
        more: Any = {"repeats": DRAWS, "groups": groups, "weights": self.counted}
        self.weights = np.concatenate(list(resamples(len(valid), seed=seed, **more)))
        self.before = self.metric.many(
            self.truth, self.metric.taken(self.said, threshold), self.weights
        )
        self.whole = self.score(self.said)

    def score(self, said: Array) -> float:
        """Return the metric of what is said of the rows."""
        at = self.threshold
        return score(self.problem, self.truth, said, self.counted, threshold=at)

    def controls(self) -> tuple[Control, ...]:
        """Return what must come out at chance, where there are rows enough."""
        if len(self.valid) < FEWEST:
            return ()
        one = shuffled_input(self.model, self.valid, self.seed, self.threshold)
        return () if one is None else (one,)

    def shocks(self) -> Iterator[Shock]:
        """Yield all that is tried."""
        tried = [*self._worse(), *self._one_by_one()]
        asked = (
            changed(self.model, self.valid, columns, self.matrices)
            for _, _, columns in tried
        )
        said = said_of_all(self.model, asked)
        for (kind, what, columns), one in zip(tried, said, strict=True):
            apart = kind == "gone" and what not in columns
            yield self._told(kind, what, one, tuple(columns) if apart else ())

    def _worse(self) -> Iterator[Try]:
        """Yield noise, gaps and other words."""
        rng, rows = np.random.default_rng(self.seed), len(self.valid)
        numbers, categories = list(self.problem.numbers), list(self.problem.categories)
        spread = self._spread(numbers) if numbers else np.zeros(0)
        for size in NOISE if numbers else ():
            drawn = size * spread * rng.normal(size=(rows, len(numbers)))
            cells = self._numbers(numbers) + drawn
            yield "noise", f"{size:g}", dict(zip(numbers, cells.T, strict=True))
        for share in SHARES:
            gone = rng.random((rows, len(self.problem.features))) < share
            yield "cells", f"{share:.0%}", self._without(gone)
        if categories:
            swapped = {name: self._swapped(name, rng) for name in categories}
            yield "swapped", f"{SWAPPED:.0%} of the cells", swapped
            never = pd.array([UNSEEN] * rows, "str")
            yield "unseen", "all categories", dict.fromkeys(categories, never)
        yield from spoil.spoilt(self.valid, self.problem.texts, rng)
        yield from media.spoilt(self.valid, self.problem.media, rng)

    def _one_by_one(self) -> Iterator[Try]:
        """Yield each column as if it were missing, a date with all of its parts."""
        dates, columns = parts_of_dates(self.train), dict[str, list[str]]()
        for name in self.problem.features:
            columns.setdefault(dates.get(name, name), []).append(name)
        gone = np.ones((len(self.valid), len(self.problem.features)), bool)
        for column, names in list(columns.items())[:MOST_COLUMNS]:
            yield "gone", column, self._without(gone, names)

    def _told(self, kind: str, what: str, said: Array, members: Members) -> Shock:
        """Tell what the model loses by what it says now."""
        loss = self.sign * (self.whole - self.score(said))
        judged = self.metric.taken(said, self.threshold)
        after = self.metric.many(self.truth, judged, self.weights)
        low, high = interval(self.sign * (self.before - after), loss)
        if not np.isfinite([low, high]).all():
            low = high = loss
        moved = self._changed(said)
        loss, low, high, moved = map(_round, (loss, low, high, moved))
        return Shock(kind, what, loss, low, high, moved, members)

    def _without(
        self, gone: Array, only: Sequence[str] | None = None
    ) -> dict[str, Any]:
        columns: dict[str, Any] = {}
        for at, name in enumerate(self.problem.features):
            if only is not None and name not in only:
                continue
            if name in self.problem.numbers:
                cells = self._numbers([name])[:, 0]
                columns[name] = np.where(gone[:, at], np.nan, cells)
            else:
                columns[name] = self.valid[name].astype("str").mask(gone[:, at])
        return columns

    def _swapped(self, name: str, rng: np.random.Generator) -> Any:
        """Return a category whose cells, here and there, are those of other rows."""
        cells = words(self.valid, name).to_numpy(object)
        picked = np.flatnonzero(rng.random(len(cells)) < SWAPPED)
        cells = cells.copy()
        cells[picked] = cells[rng.integers(0, len(cells), len(picked))]
        return pd.array(cells, "str")

    def _numbers(self, names: list[str]) -> Array:
        return self.valid[names].to_numpy(np.float64, na_value=np.nan)

    def _spread(self, names: list[str]) -> Array:
        cells = self.train[names].to_numpy(np.float64, na_value=np.nan)
        cells = np.where(np.isfinite(cells), cells, np.nan)
        known = np.isfinite(cells).any(axis=0)
        spread = np.zeros(len(names))
        largest = np.nanmax(np.abs(cells[:, known]), axis=0)
        scale = np.where(largest > 0, largest, 1.0)
        spread[known] = scale * np.nanstd(cells[:, known] / scale, axis=0)
        return spread

    def _changed(self, said: Array) -> float:
        if self.problem.classes:
            before = choice(self.said, self.threshold)
            return float((before != choice(said, self.threshold)).mean())
        return float(np.abs(said - self.said).mean()) / self.model.spread


def _alike(
    train: pd.DataFrame, valid: pd.DataFrame, names: list[str], seed: int
) -> Likeness | None:
    rng = np.random.default_rng(seed)
    some = [
        t.iloc[np.sort(rng.permutation(len(t))[:ALIKE])][names] for t in (train, valid)
    ]
    both = pd.concat(some, ignore_index=True)
    Schema.of(train).only(names).attach(both)
    first = np.arange(len(both)) < len(some[0])
    return likeness(both, first, ~first, names, seed)


def _round(value: float) -> float:
    return float(f"{value:.7g}")
