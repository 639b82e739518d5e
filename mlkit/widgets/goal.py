"""Write down the goal: the question, the use, the people, the costs, the bars."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from html import escape
from pathlib import Path
from typing import TYPE_CHECKING, Any

from mlkit.core.cells import config
from mlkit.core.errors import MlkitError, UsageError, did_you_mean
from mlkit.core.files import write_bytes
from mlkit.core.names import EVEN, GAPS, OTHERS, TITLES
from mlkit.core.project import FILE, Project
from mlkit.core.session import is_person, session, show
from mlkit.widgets.frame import beside, stack
from mlkit.widgets.panel import watch
from mlkit.widgets.toml import edited

if TYPE_CHECKING:
    from mlkit.model.problem import Problem

__all__ = ["Goal", "GoalForm"]

ASKED = {
    "question": ("Question", "what is to be found out, in a sentence"),
    "use": ("Use", "what will be done with an answer"),
    "people": ("People affected", "whom an answer concerns, and how a wrong one"),
}
EMPTY = "not stated"
Way = tuple[str, ...]


@dataclass(frozen=True)
class Goal:
    """What ``[goal]`` says, as far as the form has it.

    Parameters
    ----------
    question, use, people
        Text; "" where nothing is said.
    costs
        By name, of many classes by the true class and what is said: a number.
    bars
        By name, a number.
    """

    question: str = ""
    use: str = ""
    people: str = ""
    costs: Mapping[Way, float] = field(default_factory=dict)
    bars: Mapping[Way, float] = field(default_factory=dict)

    @classmethod
    def of(cls, form: Mapping[str, Any]) -> Goal:
        """Read the table ``[goal]``."""
        texts = {name: str(form.get(name) or "") for name in ASKED}
        costs, bars = _flat(form.get("costs")), _flat(form.get("bars"))
        return cls(**texts, costs=costs, bars=bars)

    def changes(self, new: Goal) -> dict[Way, Any]:
        """Return what is to be written so that `new` stands in its place."""
        found: dict[Way, Any] = {
            ("goal", name): getattr(new, name)
            for name in ASKED
            if getattr(new, name) != getattr(self, name)
        }
        for table in ("costs", "bars"):
            was, now = getattr(self, table), getattr(new, table)
            for path in dict.fromkeys([*was, *now]):
                if was.get(path) != now.get(path):
                    found["goal", table, *path] = now.get(path)
        return found

    def lines(self) -> list[tuple[str, str]]:
        """Return what it says, in words."""
        texts = [(title, getattr(self, n) or EMPTY) for n, (title, _) in ASKED.items()]
        costs = _told(self.costs) or f"{EMPTY}: a miss costs as much as a false alarm"
        bars = _told(self.bars) or f"{EMPTY}: a model must beat a guess"
        return [*texts, ("Costs of errors", costs), ("Bars", bars)]

    def __repr__(self) -> str:
        return "\n".join(f"{title}: {words}" for title, words in self.lines())

    def _repr_html_(self) -> str:
        from mlkit.data.charts.cards import card, grid

        return card("The goal", f"[goal] of {FILE}") + grid(("", ""), self.lines())


class GoalForm:
    """A form that writes ``[goal]`` of ``mlkit.toml``; a run shows what it says.

    Only what was changed in the form is written; comments, order and all that stands
    beside it are kept.

    Parameters
    ----------
    problem
        What is predicted, so that only bars and costs that fit are offered; None
        offers all.
    folder
        A folder of the project; None takes the one of this notebook.
    classes
        Of the target, where no problem is given; None where they are not known.

    Attributes
    ----------
    goal
        What the file says.

    Raises
    ------
    UsageError
        Where there is no project, or its file cannot be read.
    """

    def __init__(
        self,
        problem: Problem | None = None,
        folder: Path | str | None = None,
        classes: Sequence[str] | None = None,
    ) -> None:
        here = session().here if folder is None else Project.open(Path(folder))
        told = config("goal", {}) if folder is None else here.config("goal", {})
        self.problem, self.project, self.goal = problem, here, Goal.of(told)
        self.classes = problem.classes if problem else classes

    @property
    def bars(self) -> dict[Way, str]:
        """The bars there are to set, with their titles."""
        names = [*TITLES, *GAPS, *OTHERS]
        if self.problem is not None:
            from mlkit.model.judging.bars import judged

            names = judged(self.problem)
        return {(name,): _title(name) for name in dict.fromkeys(names)}

    @property
    def costs(self) -> dict[Way, str]:
        """The costs there are to state, with their titles."""
        classes = ("", "") if self.classes is None else self.classes
        if len(classes) <= len(EVEN):
            return {(name,): _title(name) for name in EVEN} if classes else {}
        return {
            (true, said): f"{true} taken for {said}"
            for true in classes
            for said in classes
            if true != said
        }

    def save(self, goal: Goal) -> bool:
        """Write what differs from `goal`; True where something was written.

        Raises
        ------
        UsageError
            Where a number or a name is none that may stand there, or the file cannot
            be changed without changing something else; it is then left as it is.
        """
        changes = self.goal.changes(goal)
        self._check(changes)
        if changes:
            path = self.project.root / FILE
            text = path.read_bytes().decode("utf-8")
            write_bytes(path, edited(text, changes).encode("utf-8"))
            vars(self.project).pop("settings", None)  # read the file anew
        self.goal = goal
        return bool(changes)

    def _check(self, changes: Mapping[Way, Any]) -> None:
        stands = {table: getattr(self.goal, table) for table in ("bars", "costs")}
        offered = {"bars": self.bars, "costs": self.costs}
        known = {table: [*offered[table], *stands[table]] for table in offered}
        for (_, table, *path), value in changes.items():
            if table in known and value is not None:
                _fit(table, tuple(path), value, known[table])

    def widget(self) -> object:
        """Return the form, and a button that writes it."""
        import ipywidgets as w

        texts = {
            name: _area(title, hint, getattr(self.goal, name))
            for name, (title, hint) in ASKED.items()
        }
        costs, cost_parts = _numbers("Cost", self.costs, self.goal.costs, least=0)
        bars, bar_parts = _numbers("Bar", self.bars, self.goal.bars)
        button = w.Button(description=f"Write to {FILE}", button_style="primary")
        button.layout.width = "auto"
        said = w.HTML()

        def write(_: Any = None) -> None:
            given = {name: area.value.strip() for name, area in texts.items()}
            try:
                wrote = self.save(Goal(**given, costs=dict(costs), bars=dict(bars)))
            except (MlkitError, OSError) as error:
                said.value = escape(str(error))
                return
            said.value = "written: run the cells below" if wrote else "nothing changed"

        def other(_: Any = None) -> None:
            said.value = ""

        button.on_click(write)
        parts = [*texts.values(), *cost_parts, *bar_parts]
        for part in parts:
            watch(part, other)
        return stack("GoalForm", [*parts, beside([button, said])])

    def picture(self) -> Goal:
        """Return what the file says, as a page to read."""
        return self.goal

    def __repr__(self) -> str:
        return repr(self.goal)

    def _ipython_display_(self) -> None:
        show(self.widget() if is_person() else self.picture())


def _flat(table: Any, above: Way = ()) -> dict[Way, float]:
    """Return the numbers of a table by path; what is no number is passed over."""
    found: dict[Way, float] = {}
    for name, value in table.items() if isinstance(table, Mapping) else ():
        if isinstance(value, Mapping):
            found |= _flat(value, (*above, name))
        elif isinstance(value, int | float) and not isinstance(value, bool):
            found[*above, name] = value
    return found


def _told(numbers: Mapping[Way, float]) -> str:
    return "; ".join(f"{_name(path)} {value:g}" for path, value in numbers.items())


def _name(path: Way) -> str:
    return _title(path[0]) if len(path) == 1 else " taken for ".join(path)


def _title(name: str) -> str:
    return TITLES.get(name, name.replace("_", " "))


def _fit(table: str, path: Way, value: Any, known: Sequence[Way]) -> None:
    where = f"[goal.{table}]"
    if path not in known:
        name, names = ".".join(path), [".".join(one) for one in known]
        todo = did_you_mean(name, names)
        raise UsageError(f"{name!r} does not stand there", where=where, todo=todo)
    least = 0 if table == "costs" else -math.inf
    if not math.isfinite(value) or value < least:
        expected = "a number of 0 or more" if table == "costs" else "a number"
        got = f"{'.'.join(path)} = {value}"
        raise UsageError(
            "this number cannot stand there", where=where, expected=expected, got=got
        )


def _area(title: str, hint: str, value: str) -> Any:
    import ipywidgets as w

    return w.Textarea(
        value=value,
        description=title,
        placeholder=hint,
        rows=2,
        style={"description_width": "9em"},
        layout=w.Layout(width="48em"),
    )


def _numbers(
    title: str,
    known: Mapping[Way, str],
    given: Mapping[Way, float],
    least: float = -math.inf,
) -> tuple[dict[Way, float], Sequence[Any]]:
    """Return numbers that a person sets one by one, and the parts to set them with."""
    import ipywidgets as w

    now = dict(given)
    if not known:
        return now, ()
    titles = [(words, path) for path, words in known.items()]
    first = next(iter(path for path in given if path in known), titles[0][1])
    name = w.Dropdown(
        options=titles,
        value=first,
        description=title,
        style={"description_width": "9em"},
        layout=w.Layout(width="26em"),
    )
    number = w.FloatText(value=now.get(first, 1.0), layout=w.Layout(width="8em"))
    wide = {"flex": "0 0 auto", "width": "auto"}
    put = w.Button(description=f"Set this {title.lower()}", layout=wide)
    away = w.Button(description=f"Remove this {title.lower()}", layout=wide)
    line = w.HTML(layout=w.Layout(margin="0 0 0 9.5em"))

    def tell() -> None:
        line.value = escape(_told(now) or EMPTY)

    def look(_: Any = None) -> None:
        number.value = now.get(name.value, 1.0)

    def set_(_: Any = None) -> None:
        if math.isfinite(number.value) and number.value >= least:
            now[name.value] = number.value
            tell()
        else:
            line.value = f"{escape(str(number.value))} cannot stand there"

    def remove(_: Any = None) -> None:
        now.pop(name.value, None)
        tell()

    name.observe(look, names="value")
    put.on_click(set_)
    away.on_click(remove)
    tell()
    return now, (beside([name, number, put, away]), line)
