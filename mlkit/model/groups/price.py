"""What a mitigation is asked to do, and what it costs."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING, Any

from mlkit.core.errors import UsageError, did_you_mean
from mlkit.data.charts.cards import card
from mlkit.model.grid import Grid
from mlkit.model.groups.fairness import Fairness
from mlkit.model.measures.measure import Measured
from mlkit.model.measures.metrics import METRICS
from mlkit.model.problem import Problem
from mlkit.model.words import listed, say

if TYPE_CHECKING:
    from mlkit.data.charts.style import Picture

__all__ = ["METHODS", "Asked", "Price", "asked", "beyond"]

METHODS = {
    "none": "none: take the model as it is",
    "reweighing": "reweighing: rows count so that groups and answers are independent",
    "exponentiated_gradient": "exponentiated gradient: a blend fitted under a limit",
    "thresholds": "thresholds by group: the answer needs the group",
}
"""The methods, each in a line; these are the words of the decision."""

AIMS = ("parity", "odds")
SHOWN = ("parity_gap", "odds_gap", "calibration_gap", "error_gap")
Span = tuple[float, float, float]


@dataclass(frozen=True)
class Asked:
    """What is to be done.

    Parameters
    ----------
    method
        One of `METHODS`.
    columns
        The sensitive columns to treat alike; none are all.
    aim
        ``parity``, equal shares of answers; or ``odds``, equal errors. Reweighing
        knows the first only.
    family
        Of exponentiated gradient, what is blended.
    """

    method: str
    columns: tuple[str, ...] = ()
    aim: str = "parity"
    family: str = "linear"


def asked(value: str | Mapping[str, Any]) -> Asked:
    """Read a decision: the name of a method, or a mapping with more.

    Raises
    ------
    UsageError
        Where a word is unknown, or it is neither a name nor a mapping.

    Examples
    --------
    >>> asked("reweighing").method
    'reweighing'
    >>> asked({"method": "thresholds", "columns": ["sex"], "aim": "odds"}).columns
    ('sex',)
    """
    where, known = "decision 'mitigation'", Asked.__dataclass_fields__
    given: Any = value
    if not isinstance(given, str | Mapping):
        what, todo = "a mitigation is a name, or a mapping", f"one of {listed(METHODS)}"
        raise UsageError(what, where=where, got=repr(value)[:80], todo=todo)
    form = {"method": value} if isinstance(value, str) else dict(value)
    for name in form:
        if name not in known:
            todo = did_you_mean(str(name), known)
            raise UsageError(f"a mitigation has no {name!r}", where=where, todo=todo)
    for name, known_ in (("method", METHODS), ("aim", AIMS)):
        said = str(form.get(name, "parity" if name == "aim" else ""))
        if said not in known_:
            todo = did_you_mean(said, known_)
            raise UsageError(f"unknown {name} {said!r}", where=where, todo=todo)
    columns, family = form.get("columns", ()), form.get("family", "")
    if not isinstance(columns, str | list | tuple):
        raise UsageError("columns must be named", where=where, got=repr(columns)[:80])
    if not isinstance(family, str):
        raise UsageError("a family must be named", where=where, got=repr(family)[:80])
    names = (columns,) if isinstance(columns, str) else tuple(map(str, columns))
    return Asked(**{**form, "columns": names})


def beyond(method: str, kind: str, worse: str) -> str:
    """Return what can be done where a mitigation is on and not enough.

    Parameters
    ----------
    method
        What is on: one of `METHODS`.
    kind
        Of the problem.
    worse
        The group that gets less.

    Examples
    --------
    >>> beyond("reweighing", "number", "sex = f")  # doctest: +ELLIPSIS
    'reweighing is on and not enough: leave out columns that tell the group ...'
    """
    todo = "leave out columns that tell the group (role ignored, in `collect`)"
    if kind == "two_classes":
        other = "exponentiated_gradient" if method == "reweighing" else "reweighing"
        todo = f"try `mlkit decide mitigation {other}`"
    on = method.replace("_", " ")
    return f"{on} is on and not enough: {todo}, or collect more rows of {worse}"


@dataclass(frozen=True)
class Price:
    """What a mitigation changes, on rows that each fold left out.

    Parameters
    ----------
    problem
        What is predicted.
    asked
        What was done.
    before, after
        How groups are treated, without and with it.
    measured
        The metrics before and after, each with the threshold that costs least.
    notes
        What a reader should know.
    """

    problem: Problem
    asked: Asked
    before: Fairness
    after: Fairness
    measured: tuple[Measured, Measured]
    notes: tuple[str, ...] = ()

    @property
    def statement(self) -> str:
        """What changed, in words."""
        name, (before, after) = self.problem.metric, self.measured
        from mlkit.model.groups.fair_words import DEVIATIONS

        told = f"{self.asked.method.replace('_', ' ')}: "
        of = "" if self.problem.classes else f" {DEVIATIONS}"
        both = [before.metrics.get(name), after.metrics.get(name)]
        if None not in both:
            told += f"{METRICS[name].title} {say(both[0])} → {say(both[1])}"  # type: ignore[arg-type]
        for gap in ("parity_gap", "odds_gap"):
            was, now = self.before.widest(gap), self.after.widest(gap)
            if was and now:
                words = gap.replace("_", " ")
                told += f", {words} {say(was.value, 2)} → {say(now.value, 2)}{of}"
        return told

    def rows(self) -> list[tuple[str, Span, Span]]:
        """Return title, before and after of each thing that is shown."""
        return [*self._metrics(), *self._gaps()]

    def scales(self) -> list[list[tuple[str, Span, Span]]]:
        """Return the same, apart where it is not counted alike."""
        if self.problem.classes:
            return [self.rows()]
        parts = [*([one] for one in self._metrics()), self._gaps()]
        return [part for part in parts if part] or [[]]

    def _metrics(self) -> list[tuple[str, Span, Span]]:
        found: list[tuple[str, Span, Span]] = []
        before, after = self.measured
        for name in dict.fromkeys((self.problem.metric, *_labels(self.problem))):
            if name in before.metrics and name in after.metrics:
                ends = [(m.metrics[name], *m.intervals[name]) for m in (before, after)]
                found.append((METRICS[name].title, ends[0], ends[1]))
        return found

    def _gaps(self) -> list[tuple[str, Span, Span]]:
        from mlkit.model.groups.fair_words import TITLES

        found: list[tuple[str, Span, Span]] = []
        for column in dict.fromkeys(one.column for one in self.before.gaps):
            for name in SHOWN:
                was, now = (_gap(f, column, name) for f in (self.before, self.after))
                if was and now:
                    found.append((f"{TITLES[name]}, {column}", was, now))
        return found

    def table(self) -> Grid:
        """Return each thing that is shown before and after as a table."""
        lines = [
            (title, *(f"{say(v)} ({say(a)} to {say(b)})" for v, a, b in (was, now)))
            for title, was, now in self.rows()
        ]
        from mlkit.model.groups.fair_words import unit

        of = unit(self.problem)
        notes = [*self.notes, *([f"gaps are in {of}"] if of else [])]
        return Grid(("", "before", "after"), lines, notes)

    def plot(self) -> Picture:
        """Draw each thing before and after."""
        from mlkit.model.charts.fairness import price

        return price(self)

    def __repr__(self) -> str:
        return f"{self.statement}\n{self.table()!r}"

    def _repr_html_(self) -> str:
        below = "on rows that each fold left out"
        return card(self.statement, below) + self.table()._repr_html_()

    def to_dict(self) -> dict[str, Any]:
        """Return a plain JSON form."""
        return {
            "asked": {**asdict(self.asked), "columns": list(self.asked.columns)},
            "problem": self.problem.to_dict(),
            "before": self.before.to_dict(),
            "after": self.after.to_dict(),
            "measured": [one.to_dict() for one in self.measured],
            "notes": list(self.notes),
        }

    @classmethod
    def from_dict(cls, form: Mapping[str, Any]) -> Price:
        """Read the form that `to_dict` gives."""
        before, after = (Measured.from_dict(one) for one in form["measured"])
        return cls(
            problem=Problem.from_dict(form["problem"]),
            asked=asked(form["asked"]),
            before=Fairness.from_dict(form["before"]),
            after=Fairness.from_dict(form["after"]),
            measured=(before, after),
            notes=tuple(form["notes"]),
        )


def _labels(problem: Problem) -> tuple[str, ...]:
    return ("accuracy",) if problem.classes else ("mae",)


def _gap(found: Fairness, column: str, name: str) -> Span | None:
    for one in found.gaps:
        if one.column == column and one.name == name:
            return round(one.value, 4), round(one.low, 4), round(one.high, 4)
    return None
