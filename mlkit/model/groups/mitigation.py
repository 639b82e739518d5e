"""Mitigation: treat groups more alike, and see what that costs."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pandas as pd
from numpy.typing import NDArray

from mlkit.core.errors import UsageError, did_you_mean
from mlkit.core.schema import Schema
from mlkit.data.charts.cards import card
from mlkit.model.choose import sample
from mlkit.model.fitted import Model
from mlkit.model.grid import Grid
from mlkit.model.groups import remedy
from mlkit.model.groups.crossing import Crossing, decision
from mlkit.model.groups.fairness import FEWEST, Fairness, assess
from mlkit.model.groups.price import METHODS, Asked, Price, asked
from mlkit.model.measures import costs, curves
from mlkit.model.measures.measure import Measured, measure, units
from mlkit.model.problem import Problem, known
from mlkit.model.train import train
from mlkit.model.tune import Settings
from mlkit.model.words import listed

if TYPE_CHECKING:
    from mlkit.data.charts.style import Picture

__all__ = ["Outlook", "outlook"]

Array = NDArray[Any]


@dataclass
class Outlook:
    """How a model would treat groups, and what could be done.

    Parameters
    ----------
    table
        The rows to learn from.
    settings
        What would be trained.
    seed
        Of everything drawn at random.
    keep
        A folder of finished fits; None takes the project's.
    before
        How groups are treated, on rows that each fold left out.
    methods
        The mitigations that can be switched on.
    notes
        What a reader should know.
    rows
        The rows that the search saw.
    said
        What the model says of them where a fold left them out.
    """

    table: pd.DataFrame
    settings: Settings
    seed: int
    keep: Path | None
    before: Fairness
    methods: tuple[str, ...] = ()
    notes: tuple[str, ...] = ()
    rows: pd.DataFrame = field(default_factory=pd.DataFrame, repr=False)
    said: remedy.Said | None = None
    _prices: dict[str, Price] = field(default_factory=dict, repr=False)

    def price(self, value: str | Mapping[str, Any]) -> Price:
        """Fit with a mitigation on all folds but one, in turn, and compare.

        Parameters
        ----------
        value
            A method's name, or a mapping as `asked` reads it.

        Raises
        ------
        UsageError
            Where the method cannot be had here.
        """
        wanted, named = self._asked(value), bool(asked(value).columns)
        if (key := repr((wanted, named))) not in self._prices:
            assert self.said is not None
            after, problem = remedy.said(self, wanted), self.settings.problem
            both = [_judged(problem, one) for one in (self.said, after)]
            (before, first), (then, second) = both
            self._prices[key] = Price(
                problem,
                wanted,
                before,
                then,
                (first, second),
                (
                    *(() if named else self._left_out(wanted)),
                    *self._crossing(wanted).told(wanted),
                    *remedy.told(self, wanted),
                    *_uncounted(problem, wanted),
                ),
            )
        return self._prices[key]

    def train(self, value: str | Mapping[str, Any] = "none") -> Model:
        """Train the model, with a mitigation where one is switched on.

        What was done and its price go with the model, for acceptance and its card.

        Parameters
        ----------
        value
            A method's name, or a mapping as `asked` reads it.
        """
        if value == "none" or asked(value).method == "none":
            return train(self.table, self.settings, seed=self.seed, keep=self.keep)
        price = self.price(value)
        model = remedy.trained(self, price.asked)
        vars(model)["mitigation"] = price.to_dict()
        return model

    def _asked(self, value: str | Mapping[str, Any]) -> Asked:
        wanted = asked(value)
        sensitive = _sensitive(self.table)
        if wanted.method not in self.methods:
            raise UsageError(
                f"{wanted.method} cannot be switched on here",
                where="decision 'mitigation'",
                expected=", ".join(("none", *self.methods)),
                got="; ".join(self.notes),
            )
        for name in wanted.columns:
            if name not in sensitive:
                raise UsageError(
                    f"{name!r} is no sensitive column",
                    where="decision 'mitigation'",
                    todo=did_you_mean(name, sensitive),
                )
        crossing = self._crossing(wanted)
        if wanted.columns:
            crossing.check(wanted)
            return wanted
        found = replace(wanted, columns=crossing.kept(sensitive) or tuple(sensitive))
        crossing.check(found)
        return found

    def _left_out(self, wanted: Asked) -> Iterator[str]:
        """Say which sensitive columns are not treated, where none were named."""
        left = [n for n in _sensitive(self.table) if n not in wanted.columns]
        if not left:
            return
        them = "it" if len(left) == 1 else "them"
        told = f"{listed(left)} left out: with {them}, fewer than two groups have "
        told += f"{FEWEST} rows"
        if alone := self._crossing(wanted).alone(left):
            todo = decision(wanted, alone[:1])
            told += f"; to treat {alone[0]} instead: {todo}"
        yield told

    def _crossing(self, wanted: Asked) -> Crossing:
        """Return the rows that tell which groups are large enough for a method."""
        assert self.said is not None
        if wanted.method == "thresholds":
            odds = wanted.aim == "odds"
            return Crossing(self.said.table, self.said.truth == 1 if odds else None)
        rows = known(self.table, self.settings.problem)
        return Crossing(Schema.of(self.table).attach(rows))

    def table_of(self) -> Grid:
        """Return the methods that can be switched on as a table."""
        rows = [(name, METHODS[name].partition(": ")[2]) for name in self.methods]
        return Grid(("mlkit decide mitigation", "what it does"), rows, self.notes)

    def __repr__(self) -> str:
        if not self.methods:
            return "\n".join(self.notes)
        return f"{self.before.between()!r}\n\n{self.table_of()!r}"

    def _repr_html_(self) -> str:
        if not self.methods:
            return card("No mitigation to switch on", "", self.notes)
        gaps = self.before.between()._repr_html_()
        below = f"on {self.before.rows:,} training rows that each fold left out"
        head = card("How this model would treat groups", below)
        return head + gaps + self.table_of()._repr_html_()

    def plot(self) -> Picture:
        """Draw how groups are treated without a mitigation."""
        return self.before.plot()


def outlook(
    table: pd.DataFrame,
    settings: Settings,
    *,
    seed: int | None = None,
    keep: Path | None = None,
) -> Outlook:
    """Tell how a model would treat groups, before it is trained.

    The rows that each fold left out are judged, by what the search has kept of its
    fits; nothing is fitted where there is no sensitive column.

    Parameters
    ----------
    table
        Cleaned rows with their target.
    settings
        What `tune` found.
    seed
        Of everything drawn at random; None takes the search's.
    keep
        A folder of finished fits; None takes the project's, where there is one.
    """
    problem = settings.problem
    drawn = settings.seed if seed is None else seed
    sensitive = _sensitive(table)
    if not sensitive:
        why = "no column has the role sensitive: fairness is not assessed"
        nothing = Fairness(problem, 0, None, notes=(why,))
        return Outlook(table, settings, drawn, keep, nothing, notes=(why,))
    rows = sample(known(table, problem), settings.rows or len(table), settings.seed)
    rows = Schema.of(table).attach(rows)
    said = remedy.out_of_fold(rows, settings, drawn, keep)
    before, _ = _judged(problem, said)
    methods, notes = _methods(problem, sensitive)
    found = Outlook(table, settings, drawn, keep, before, methods, notes, rows, said)
    idle = [m for m in methods if not found._crossing(Asked(m)).alone(sensitive)]
    if idle:
        found.methods = tuple(m for m in methods if m not in idle)
        why = f"no sensitive column has two groups of at least {FEWEST} rows, which "
        found.notes = *notes, f"{why}{listed(_plain(m) for m in idle)} would need"
    return found


def _plain(method: str) -> str:
    return method.replace("_", " ")


def _sensitive(table: pd.DataFrame) -> list[str]:
    return [n for n in Schema.of(table).with_role("sensitive") if n in table]


def _methods(
    problem: Problem, sensitive: Sequence[str]
) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """Return the methods that fit a problem, and why others do not."""
    if len(problem.classes) != 2:
        return ("reweighing",), ("the other methods are of two classes only",)
    unused = [name for name in sensitive if name not in problem.features]
    if unused:
        why = f"thresholds by group need {listed(unused)} in every request, and the "
        why += "model does not look there"
        return ("reweighing", "exponentiated_gradient"), (why,)
    return ("reweighing", "exponentiated_gradient", "thresholds"), ()


def _uncounted(problem: Problem, wanted: Asked) -> Iterator[str]:
    """Say where the column with the role weight is not heeded."""
    if problem.weight and wanted.method == "exponentiated_gradient":
        told = "in the gap that is limited, rows count alike"
        yield f"errors count by {problem.weight}; {told}"


def _judged(problem: Problem, said: remedy.Said) -> tuple[Fairness, Measured]:
    """Return fairness and metrics, at the threshold that costs least."""
    at = None
    if len(problem.classes) == 2:
        made = curves.steps_of(said.truth == 1, said.predicted[:, 1])
        at = curves.cheapest(made, costs.of_two(costs.told(None)))
    groups, weights = units(problem, said.table)
    told = measure(
        problem,
        said.truth,
        said.predicted,
        0.5 if at is None else at,
        groups=groups,
        weights=weights,
    )
    return assess(problem, said.table, said.truth, said.predicted, at), told
