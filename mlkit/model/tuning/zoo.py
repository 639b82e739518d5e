"""The zoo: many families tried on the same folds while a budget of time lasts.

What is done next is what promises most for its time: a family not tried yet, the
other folds of one whose first fold looks well, or new settings of a family that weighs
much in the blend. Nothing starts that is not expected to fit. Folds that leave the
metric undefined come last.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from mlkit.core.errors import MlkitError
from mlkit.core.session import session
from mlkit.model.families import family
from mlkit.model.packing.parity import load
from mlkit.model.problem import Problem
from mlkit.model.tuning import cross
from mlkit.model.tuning.budget import Budget, Forecast, OutOfTime, unmask
from mlkit.model.tuning.draws import Draws
from mlkit.model.tuning.kept import Outcome
from mlkit.model.tuning.mixing import MOST, SAME, STEPS, Judge, weigh
from mlkit.model.tuning.trying import Entry, Fits, Item, Option, worth
from mlkit.model.words import say

__all__ = ["Zoo"]

Array = NDArray[Any]
DRAWN, CURIOUS, LEAST = 0.05, 0.03, 0.02
SHARES, FADING, PATIENCE, MORE = (0.2, 0.5), 1.5, 4, 0.005
AROUND, LONGEST = 0.04, 3.0  # of the budget; seconds
UNSEEN = "no time to see whether it can be packaged"
LIMIT, MISSES, ALIKE, WEIGHING, PILOT, PILOTS = 150, 3, 4, 0.05, 0.04, 0.25


class Zoo:
    """Families tried on the same folds while a budget lasts.

    Parameters
    ----------
    problem
        What is predicted.
    fits
        Where fits come from.
    items
        Families and settings to try first.
    budget, forecast
        The time, and what fits will take of it.
    seed
        Of the settings drawn.
    drawing
        Whether further settings are drawn.
    refit
        What training will take of a member, beside having the encoders of the folds.
    told
        Called when something was finished.
    """

    def __init__(
        self,
        problem: Problem,
        fits: Fits,
        items: Iterable[Item],
        budget: Budget,
        forecast: Forecast,
        *,
        seed: int = 0,
        drawing: bool = True,
        refit: Callable[[str, Mapping[str, Any]], float] | None = None,
        told: Callable[[Zoo], None] = lambda _: None,
    ) -> None:
        self.problem, self.fits, self.budget = problem, fits, budget
        self.forecast, self.seed, self.drawing = forecast, seed, drawing
        self.refit, self.told = refit, told
        self.count = len(fits.truth)
        self.known = cross.defined(problem, fits.truth, fits.counted)
        self.order = sorted(range(self.count), key=lambda k: k not in self.known)
        truth = [fits.truth[k] for k in self.order]
        counted = [fits.counted[k] for k in self.order] if fits.counted else None
        self.judge = Judge(problem, truth, counted)
        self.first = Judge(problem, truth[:1], counted)
        self.waiting = list(items)
        self.entries: list[Entry] = []
        gaps = self.count - len(self.known)
        self.notes = [*cross.passed_over(problem, gaps)]
        self.weights: dict[int, float] = {}
        self.draws: dict[str, Draws] = {}
        self.missed: dict[str, int] = {}
        self.shut: set[str] = set()
        self.stale: dict[str, int] = {}
        self.began = self.judging = self.weighed = 0.0

    @property
    def ended(self) -> dict[int, Entry]:
        """What ran on all folds, by its place; the guess is not among it."""
        return {
            at: one
            for at, one in enumerate(self.entries)
            if len(one.outcomes) == self.count and one.name != "dummy"
        }

    def run(self) -> None:
        """Try what promises most until nothing fits any more, or a person stops it."""
        self.began = self.budget.spent
        try:
            with self.budget.alarm():
                self._all()
        except OutOfTime:
            self.notes.append("time ran out in the middle of a fit, which is dropped")
        except KeyboardInterrupt:
            if session().job:
                raise
            self.notes.append("stopped by hand: the best so far is kept")

    def _all(self) -> None:
        self._begin("dummy", {})
        self._cheapest()
        tried = [e.name for e in self.entries if e.name not in self.fits.agreed]
        for name in dict.fromkeys([*tried, *(name for name, _ in self.waiting)]):
            self._pilot(name, tried=name in tried)
        while (option := self._next()) is not None:
            with self.budget.alarm(self.budget.left - self._reserve()):
                option.act()
            self.told(self)
        for name, _ in self.waiting:
            if name not in self.shut:
                self.notes.append(f"{family(name).title}: would not fit the budget")

    def _cheapest(self) -> None:
        """Begin with what takes least, so that there is something."""
        price = {n: self.forecast.law(n, s, self.fits.rows) for n, s in self.waiting}
        item = min(self.waiting, key=lambda item: price[item[0]], default=None)
        if item and self.budget.fits(self.count * price[item[0]]):
            self._try(item)
            if self.entries[-1].name == item[0]:
                self._end(self.entries[-1])

    def blend(
        self, steps: int = STEPS, among: Sequence[int] = ()
    ) -> tuple[dict[int, float], float]:
        """Weigh the best of what ran to the end; return weights, and the metric.

        Parameters
        ----------
        steps
            Of the weighing.
        among
            Weigh just these; none takes the best.
        """
        start = self.budget.clock()
        ranked = among or self._ranked()
        some = {at: self.judge.some(self.entries[at].said) for at in ranked}
        weights, value = weigh(some, self.judge.of, steps)
        taken = self.budget.clock() - start
        self.judging = taken / max(steps * len(some), 1)
        self.weighed += taken
        return weights, self.judge.sign * value

    def mean(self, entry: Entry) -> float:
        """Return the mean score, signed so that more is better."""
        return self.judge.sign * float(np.mean([o.score for o in entry.outcomes]))

    def _ranked(self) -> list[int]:
        """Return the places of the best, few of each family."""
        ranked = sorted(self.ended, key=lambda at: (-self.mean(self.entries[at]), at))
        met: dict[str, int] = {}
        found = []
        for at in ranked:
            name = self.entries[at].name
            met[name] = met.get(name, 0) + 1
            if met[name] <= ALIKE:
                found.append(at)
        return found[:MOST]

    # what could be done next

    def _next(self) -> Option | None:
        options = [*self._new(), *self._begun(), *self._draw()]
        room = self._reserve()
        able = [one for one in options if self.budget.fits(one.seconds + room)]
        return max(able, key=lambda o: o.value / max(o.seconds, 1e-6), default=None)

    def _reserve(self) -> float:
        """Return the seconds set aside: for weighing, for training, and around both.

        Training makes the rows ready anew, and may have to fit anew; either notebook
        begins, reads, draws and saves.
        """
        around = min(AROUND * self.budget.seconds, LONGEST)
        members = [self.entries[at] for at in self.weights]
        weighing = self.judging * STEPS * min(len(self.ended), MOST)
        reading = self.fits.reading(one.name for one in self.ended.values())
        rest = weighing + reading + around
        if self.refit is None:
            return rest
        return rest + sum(self.refit(one.name, one.settings) for one in members)

    def _new(self) -> Iterable[Option]:
        """Yield the families not tried yet."""
        for item in self.waiting:
            if item[0] in self.shut:
                continue
            takes = self.count * self.forecast.seconds(*item, self.fits.rows)
            yield Option(worth(item[0]), takes, lambda item=item: self._try(item))  # type: ignore[misc]

    def _begun(self) -> Iterable[Option]:
        """Yield those whose first fold is done."""
        for one in self.entries:
            begun = 0 < len(one.outcomes) < self.count
            if begun and not one.given_up and one.name not in self.shut:
                value = min(max(self._gain(one), LEAST), 1.0)
                takes = (self.count - 1) * one.seconds
                yield Option(value, takes, lambda one=one: self._end(one))  # type: ignore[misc]

    def _draw(self) -> Iterable[Option]:
        """Yield new settings, worth a family's share of the blend, less each time."""
        names = {one.name for one in self.ended.values()} if self.drawing else set()
        for name in sorted(names - self.shut):
            mine = [at for at, one in self.ended.items() if one.name == name]
            share = sum(self.weights.get(at, 0.0) for at in mine)
            before = self.draws[name].asked if name in self.draws else 0
            if before >= LIMIT:
                continue
            takes = self.count * np.mean([self.entries[at].seconds for at in mine])
            value = DRAWN * (share + CURIOUS) / (1 + before) ** FADING
            value /= (1 + self.stale.get(name, 0) / PATIENCE) ** 2
            yield Option(value, float(takes), lambda name=name: self._ask(name))  # type: ignore[misc]

    def _gain(self, entry: Entry) -> float:
        """Return what a first fold adds to the blend's, as a share of the way."""
        mine = entry.outcomes[0].said
        guess = self.first.of(self.first.some(self.entries[0].said[:1]))
        if not self.weights:
            return 1.0
        blend = sum(w * self.entries[at].said[0] for at, w in self.weights.items())
        now = self.first.of(self.first.some([np.asarray(blend)]))
        both = [(1 - share) * blend + share * mine for share in SHARES]
        then = max(self.first.of(self.first.some([np.asarray(b)])) for b in both)
        way = max(abs(now - guess), SAME * abs(guess)) or 1.0
        return float((then - now) / way)

    # doing it

    def _pilot(self, name: str, *, tried: bool = False) -> None:
        """Fit to few rows: tells what a fit takes, and whether it can be packaged.

        What was tried already is dropped where it cannot be.
        """
        whole = self.budget.seconds - self.began
        most = PILOT * whole
        late = self.budget.spent - self.began > PILOTS * whole
        if late or self.forecast.seconds(name, {}, self.fits.few) > most:
            if name not in self.fits.agreed:
                self._shut(name, UNSEEN)
            return
        if name not in self.fits.agreed:
            load()
        try:
            with self.budget.alarm(2 * most):
                rows, seconds, why = self.fits.pilot(name)
        except OutOfTime:
            self._shut(name, UNSEEN if tried else "would not fit the budget")
            return
        except Exception as error:
            self._fail(name, error)
            return
        if rows and not tried:
            self.forecast.learn(name, {}, rows, seconds, pilot=True)
        if why:
            self._shut(name, why)
        if why and tried:
            self.entries = [one for one in self.entries if one.name != name]
            self.weights = {}

    def _try(self, item: Item) -> None:
        self.waiting.remove(item)
        self._begin(*item)

    def _begin(self, name: str, settings: dict[str, Any], draw: int = -1) -> Entry:
        entry = Entry(name, settings, draw)
        folds = range(self.count) if name == "dummy" else range(1)
        if self._make(entry, folds):
            self.entries.append(entry)
        left = (self.count - 1) * entry.seconds if entry.outcomes else 0.0
        if draw < 0 and name != "dummy" and not self.budget.fits(left):
            title = family(name).title
            told = (
                f"{title}: left after its first fold, {say(left, 2)} s more do not fit"
            )
            self.notes.append(told)
        return entry

    def _make(self, entry: Entry, folds: Sequence[int]) -> bool:
        """Fit on some folds and learn from that what fits take."""
        try:
            asked = [self.order[k] for k in folds]
            made = self.fits.make(entry.name, entry.settings, asked)
        except MlkitError:
            raise
        except Exception as error:
            self._fail(entry.name, error)
            return False
        self._add(entry, made)
        args = entry.name, entry.settings, self.fits.rows
        self.forecast.learn(*args, float(np.mean([one.seconds for one in made])))
        return True

    def _add(self, entry: Entry, made: Iterable[Outcome]) -> None:
        """Note what came of folds; an undefined one scores the mean of the others."""
        for one in made:
            if len(entry.outcomes) < len(self.known):
                score = cross.finite(self.problem, one.score)
            else:
                score = float(np.mean([other.score for other in entry.outcomes]))
            entry.outcomes.append(replace(one, score=score))

    def _end(self, entry: Entry) -> None:
        if not self._make(entry, range(1, self.count)):
            return
        if entry.draw >= 0:
            self.draws[entry.name].tell(entry.draw, self.mean(entry))
            self._note(entry)
        if self.weighed <= WEIGHING * self.budget.spent or len(self.ended) < 3:
            self.weights, _ = self.blend(STEPS // 2)

    def _ask(self, name: str) -> None:
        """Try new settings on the first fold; go on where they may be worth it."""
        source = self.draws.setdefault(name, Draws(name, self.problem.kind, self.seed))
        number, settings = source.ask()
        takes = self.count * self.forecast.seconds(name, settings, self.fits.rows)
        if not self.budget.fits(takes + self._reserve()):
            source.tell(number, np.nan, ended=False)
            self.missed[name] = self.missed.get(name, 0) + 1
            if self.missed[name] >= MISSES:
                self.shut.add(name)
            return
        entry = self._begin(name, settings, number)
        if not entry.outcomes:
            return
        if self._hopeless(entry):
            entry.given_up = True
            self.stale[name] = self.stale.get(name, 0) + 1
            source.tell(number, self.mean(entry), ended=False)
        else:
            self._end(entry)

    def _note(self, entry: Entry) -> None:
        """Count the draws since a family's best became better by more than a little."""
        mine = [
            e for e in self.ended.values() if e.name == entry.name and e is not entry
        ]
        best = max(map(self.mean, mine), default=-np.inf)
        away = abs(best - self.mean(self.entries[0]))
        better = self.mean(entry) > best + MORE * away
        self.stale[entry.name] = 0 if better else self.stale.get(entry.name, 0) + 1

    def _hopeless(self, entry: Entry) -> bool:
        """Tell whether a first fold adds nothing and is clearly worse than before."""
        if self._gain(entry) > 0:
            return False
        mine = [e for e in self.ended.values() if e.name == entry.name]
        best = max(mine, key=self.mean)
        error = float(np.std(best.scores) / np.sqrt(max(self.count - 1, 1)))
        behind = self.judge.sign * (best.scores[0] - entry.scores[0])
        return behind > error

    def _fail(self, name: str, error: Exception) -> None:
        unmask(error)
        self._shut(name, f"failed: {type(error).__name__}: {str(error)[:200]}")

    def _shut(self, name: str, why: str) -> None:
        self.shut.add(name)
        self.notes.append(f"{family(name).title}: {why}")
