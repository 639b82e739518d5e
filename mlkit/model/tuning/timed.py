"""The search within a budget of time, and what it found to train."""

from __future__ import annotations

import atexit
import shutil
import tempfile
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, dataclass
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from mlkit.core.session import session
from mlkit.model.encoding import descriptors, texts
from mlkit.model.families import family
from mlkit.model.fitted import Member, Part
from mlkit.model.formats.forms import Trees
from mlkit.model.problem import Problem
from mlkit.model.tuning import cross
from mlkit.model.tuning.budget import Budget, Forecast
from mlkit.model.tuning.folded import Folded
from mlkit.model.tuning.kept import Kept
from mlkit.model.tuning.live import Board, Line
from mlkit.model.tuning.prefer import entries, plainest
from mlkit.model.tuning.suited import suited
from mlkit.model.tuning.trying import Entry, Item
from mlkit.model.tuning.zoo import Zoo

__all__ = ["Again", "Found", "Timed", "affordable", "folded", "search", "size_of"]

MEMBERS, NODE, CELL, HEAD, FEWEST, FEW_TEXTS = 8, 34, 4, 3000, 2000, 200


@dataclass(frozen=True)
class Timed:
    """What a search within a budget is asked to do.

    Parameters
    ----------
    seconds
        The budget, of which training takes its part.
    prefer
        ``best``, ``transparent`` or ``portable``; or ``alone``, the best one.
    names, out, agreed
        Only these families, none for all; not those; of these it is known that they
        can be packaged.
    folds
        How many; 0 for as many as suit the rows.
    draws
        Whether settings are drawn once the defaults were tried.
    megabytes
        What the packaged model may take.
    seed
        Of everything drawn at random.
    keep
        A folder for finished fits; None takes the project's.
    clock
        Seconds from anywhere.
    start
        What the clock said when the budget began; None is when the search begins.
    """

    seconds: float
    prefer: str = "best"
    names: Sequence[str] = ()
    out: Sequence[str] = ()
    agreed: Sequence[str] = ()
    folds: int = 0
    draws: bool = True
    megabytes: float = 100.0
    seed: int = 0
    keep: Path | None = None
    clock: Callable[[], float] = time.monotonic
    start: float | None = None


@dataclass(frozen=True)
class Found:
    """What a search within a budget found.

    Parameters
    ----------
    members
        What to train; none where the budget was too small for one.
    score, alone
        Of them together, and of the best alone.
    lines
        All that was tried, in order.
    folds, seconds
        How many folds, and what was spent.
    notes, trained
        What a reader should know of the search, and of the members that it found.
    """

    members: tuple[Member, ...]
    score: float
    alone: float
    lines: tuple[Line, ...]
    folds: int
    seconds: float
    notes: tuple[str, ...]
    trained: tuple[str, ...]


def folded(
    rows: pd.DataFrame,
    problem: Problem,
    folds: int,
    seed: int,
    keep: Path | None = None,
    **more: Any,
) -> Folded:
    """Return the fits on folds of some rows, with those that were kept.

    Without a folder and a project they are kept until this process ends.
    """
    fold = cross.folds(rows, problem, folds, seed)
    place = keep or (None if session().project else _own())
    kept = Kept.of(place, rows, problem, fold, seed, "shared")
    if kept is not None:
        kept.tidy()
    return Folded(rows, problem, fold, seed, kept=kept, **more)


@cache
def _own() -> Path:
    """Return this process's own folder of fits, which goes with it."""
    made = Path(tempfile.mkdtemp(prefix="mlkit-fits-"))
    atexit.register(shutil.rmtree, made, ignore_errors=True)
    return made


def affordable(table: pd.DataFrame, problem: Problem, seconds: float) -> int:
    """Return on how many rows all folds of boosting take half of a budget at most.

    Learning the words of texts is foreseen too, once for each fold and once for all.

    Parameters
    ----------
    table, problem
        Cleaned rows, and what to predict.
    seconds
        The budget.

    Examples
    --------
    >>> problem = Problem("number", "y", "rmse", numbers=("x",))
    >>> affordable(pd.DataFrame({"x": [1.0] * 50}), problem, 60)
    50
    """
    law = family("boosting").cost
    width = len(problem.features) + descriptors.width(problem)
    classes, rows = max(len(problem.classes), 1), len(table)

    def takes(rows: int) -> float:
        folds = cross.usual(rows)
        read = (folds + 1) * texts.takes(table, problem.texts, rows)
        read += descriptors.takes(table, problem, rows)
        return read + folds * law(rows, width, classes)

    least = FEW_TEXTS if problem.texts else FEWEST
    while rows > least and takes(rows) > seconds / 2:
        rows = int(rows / 1.5)
    return rows


def search(rows: pd.DataFrame, problem: Problem, asked: Timed) -> Found:
    """Try families on folds of the rows until the budget is spent.

    Parameters
    ----------
    rows, problem
        Cleaned rows with their target, and what to predict.
    asked
        The budget, and what to do with it.
    """
    budget = Budget(asked.seconds, asked.clock, asked.start)
    count = asked.folds or cross.usual(len(rows))
    more = {"budget": budget, "agreed": asked.agreed}
    fits = folded(rows, problem, count, asked.seed, asked.keep, **more)
    forecast = Forecast(fits.width, max(len(problem.classes), 1))
    items, told = suited(
        entries(problem, asked.prefer, asked.names, asked.out), rows, problem, budget
    )
    board = Board(problem.metric, fits.count)
    again = Again(forecast, fits, fits.rolling or asked.prefer != "best")
    zoo = Zoo(
        problem,
        fits,
        items,
        budget,
        forecast,
        seed=asked.seed,
        drawing=asked.draws and asked.prefer != "transparent",
        refit=again.training,
        told=lambda zoo: board.show(_lines(zoo), _left(zoo)),
    )
    zoo.notes += told
    zoo.run()
    members, score = _members(zoo, fits, asked, items, again)
    if fits.kept is not None:
        bagged = [(m.family, m.settings) for m in members if m.folds]
        doors = [("door", asdict(family(name).encoding)) for name, _ in items]
        fits.kept.drop_parts(but=[*bagged, *doors])
    ended = [zoo.mean(one) for one in zoo.ended.values()]
    alone = zoo.judge.sign * max(ended) if ended else float("nan")
    board.done(_lines(zoo), "; ".join([*zoo.notes, _left(zoo)]))
    lines = tuple(_lines(zoo))
    spent, notes = budget.spent, (*zoo.notes, *_before(fits))
    trained = _told(members, fits)
    return Found(members, score, alone, lines, fits.count, spent, notes, trained)


@dataclass(frozen=True)
class Again:
    """What training takes of a member that has to be fitted again.

    Parameters
    ----------
    forecast, fits
        Of the search.
    whole
        Whether members are fitted to all rows; else the fits on folds are taken.
    """

    forecast: Forecast
    fits: Folded
    whole: bool

    def seconds(self, name: str, settings: Mapping[str, Any]) -> float:
        """Return what learning an encoder from all rows and fitting to them takes."""
        rows = len(self.fits.table)
        return self.fits.prepared.took + self.forecast.seconds(name, settings, rows)

    def training(self, name: str, settings: Mapping[str, Any]) -> float:
        """Return what training takes of a member, beside the encoders of the folds."""
        if self.whole:
            return self.seconds(name, settings)
        if self.fits.holds(name, settings):
            return 0.0
        once = self.forecast.seconds(name, settings, self.fits.rows)
        return self.fits.count * once


def size_of(part: Part, kind: str) -> int:
    """Return the bytes that a fitted member takes in a package, about."""
    form = family(part.family).form(part.estimator, kind)
    if isinstance(form, Trees):
        return NODE * len(form.node) + CELL * int(np.count_nonzero(form.values)) + HEAD
    held = vars(form).values() if form is not None else ()
    arrays = [a for one in held for a in (one if isinstance(one, tuple) else (one,))]
    return HEAD + sum(CELL * int(np.size(one)) for one in arrays)


def _members(
    zoo: Zoo, fits: Folded, asked: Timed, items: Sequence[Item], again: Again
) -> tuple[tuple[Member, ...], float]:
    """Return what to train, and its score on rows that no part has seen."""
    ended = zoo.ended
    if not ended:
        return (), float("nan")
    if asked.prefer == "transparent":
        return _plain(zoo, items)
    if asked.prefer != "best":
        at = max(ended, key=lambda at: (zoo.mean(ended[at]), -at))
        return (_member(ended[at]),), zoo.judge.sign * zoo.mean(ended[at])
    weights, score = zoo.blend()
    if len(weights) > MEMBERS:
        heavy = sorted(weights, key=lambda at: (-weights[at], at))[:MEMBERS]
        weights, score = zoo.blend(among=heavy)
    if fits.rolling:
        return _in_time(zoo, weights, score, again)
    return _small(zoo, fits, asked, weights, score, again)


def _plain(zoo: Zoo, items: Sequence[Item]) -> tuple[tuple[Member, ...], float]:
    """Return the plainest that is not clearly worse than the best readable one."""
    by_item = {repr((e.name, e.settings)): e for e in zoo.ended.values()}
    listed = [by_item[repr(item)] for item in items if repr(item) in by_item]
    pairs = [(e.name, e.settings) for e in listed]
    at = plainest(pairs, [e.scores for e in listed], zoo.problem.metric)
    return (_member(listed[at]),), zoo.judge.sign * zoo.mean(listed[at])


def _in_time(
    zoo: Zoo, weights: dict[int, float], score: float, again: Again
) -> tuple[tuple[Member, ...], float]:
    """Return as many members as can be fitted again in the time left."""
    while True:
        chosen = {at: zoo.entries[at] for at in weights}
        takes = sum(again.seconds(e.name, e.settings) for e in chosen.values())
        if len(weights) == 1 or takes <= zoo.budget.left:
            return tuple(_member(e, weights[at]) for at, e in chosen.items()), score
        light = min(weights, key=lambda at: (weights[at], -at))
        weights, score = zoo.blend(among=[at for at in weights if at != light])


def _small(
    zoo: Zoo,
    fits: Folded,
    asked: Timed,
    weights: dict[int, float],
    score: float,
    again: Again,
) -> tuple[tuple[Member, ...], float]:
    """Keep every fold's model; of the largest keep one, or none, until all fit."""
    single: set[int] = set()
    sizes = {at: _size(zoo.entries[at], fits) for at in weights}
    while True:
        bytes_ = {at: sizes[at] * (1 if at in single else fits.count) for at in weights}
        if (
            sum(bytes_.values()) <= asked.megabytes * 1e6
            or len(bytes_) == len(single) == 1
        ):
            break
        largest = max(bytes_, key=lambda at: (bytes_[at], -at))
        one = zoo.entries[largest]
        if (
            largest not in single
            and again.seconds(one.name, one.settings) <= zoo.budget.left
        ):
            single.add(largest)
        elif len(weights) > 1:
            weights, score = zoo.blend(among=[at for at in weights if at != largest])
            single &= set(weights)
        else:
            break
    return tuple(
        _member(zoo.entries[at], weight, 0 if at in single else fits.count)
        for at, weight in weights.items()
    ), score


def _size(entry: Entry, fits: Folded) -> int:
    part = fits.part(Member(entry.name, entry.settings), 0)
    return size_of(part, fits.problem.kind)


def _member(entry: Entry, weight: float = 1.0, folds: int = 0) -> Member:
    return Member(entry.name, dict(entry.settings), weight, folds)


def _lines(zoo: Zoo) -> list[Line]:
    return [(e.name, e.settings, e.scores) for e in zoo.entries if e.name != "dummy"]


def _left(zoo: Zoo) -> str:
    return f"{max(zoo.budget.left, 0):,.0f} of {zoo.budget.seconds:,.0f} s left"


def _before(fits: Folded) -> tuple[str, ...]:
    """Say how many fits were not made here."""
    taken = fits.kept.taken if fits.kept is not None else 0
    return (f"{taken} fits were taken from an earlier search",) if taken else ()


def _told(members: Sequence[Member], fits: Folded) -> tuple[str, ...]:
    """Say what will be trained of each member."""
    bagged = [m for m in members if m.folds]
    if fits.rolling:
        return ("folds follow one another in time; fitted again to all rows",)
    if not bagged:
        return ()
    told = f"the models of all {fits.count} folds are kept and averaged"
    few = len(members) - len(bagged)
    more = (
        f"; {few} fitted to all rows instead, to keep the package small" if few else ""
    )
    return (told + more,)
