"""Watch a run from a notebook: its graph, and how far each step is."""

from __future__ import annotations

import json
import os
import socket
import threading
import time
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from html import escape
from pathlib import Path
from typing import Any

from mlkit.core.errors import UsageError
from mlkit.core.files import read_json
from mlkit.core.lanes import SIGNS, lanes, ruled
from mlkit.core.project import Project
from mlkit.core.session import is_person, session, show
from mlkit.core.tram import draw
from mlkit.data.charts.style import ACCENT, BAD, GOOD, MUTED, QUIET, WARN

__all__ = ["RunProgress", "Stage"]

LOOK = 0.5  # seconds between two looks at the events
EVENTS = "events.jsonl"
ROW = 36  # pixels, as the map has them
LINE = "var(--jp-border-color1, #bdbdbd)"
GROUND = "var(--jp-layout-color1, white)"
LONGEST = 60  # characters of a cell's first line
TICK = "M-4 .2-1.2 3 4-3"
MARKS: Mapping[str, tuple[str, bool, str]] = {
    "passed": (GOOD, True, TICK),
    "kept": (GOOD, False, "M-3.6-1.8H3.6M-3.6 1.8H3.6"),
    "blocked": (WARN, True, "M-4.4 0H4.4"),
    "failed": (BAD, True, "M-3-3 3 3M3-3-3 3"),
    "interrupted": (MUTED, False, "M-2-3.4V3.4M2-3.4V3.4"),
    "skipped": (MUTED, False, "M-3 0h0M0 0h0M3 0h0"),
    "running": (ACCENT, False, "M0-5A5 5 0 0 1 5 0"),
}
"""Of a state: its colour, whether its disc is filled, and the mark on it."""


@dataclass(frozen=True)
class Stage:
    """How far one step is.

    Parameters
    ----------
    state
        ``waiting``, ``running``, or how it ended; "" where it was not asked for.
    seconds
        What it took.
    cell, cells
        Which cell runs, of how many; 0 before the first.
    line
        That cell's first line, or what went wrong.
    """

    state: str = ""
    seconds: float = 0.0
    cell: int = 0
    cells: int = 0
    line: str = ""

    def told(self, timed: bool) -> str:
        """Return it in words; with its time, or without, so that it compares."""
        if self.state == "running" and self.cell:
            return f"cell {self.cell} of {self.cells}: {self.line}"
        if self.state == "passed" and timed:
            return f"{self.seconds:.1f} s"
        ended = self.state in ("failed", "blocked") and self.line
        return f"{self.state}: {self.line}" if ended else self.state


@dataclass
class _Seen:
    """What the events of one run have told so far."""

    run: str = ""
    state: str = ""
    parents: dict[str, Sequence[str]] = field(default_factory=dict)
    stages: dict[str, Stage] = field(default_factory=dict)
    place: int = 0

    def take(self, event: Mapping[str, Any]) -> None:
        """Take in one event."""
        kind, step = event["event"], str(event.get("step", ""))
        if kind == "run_started":
            self.state = "running"
            self.parents = {n: one["parents"] for n, one in event["graph"].items()}
            asked = set(event["steps"])
            blank = {name: "waiting" if name in asked else "" for name in self.parents}
            self.stages = {name: Stage(state) for name, state in blank.items()}
        elif kind == "run_finished":
            self.state = str(event["state"])
        elif step in self.stages:
            self.stages[step] = _moved(self.stages[step], event)


def _moved(stage: Stage, event: Mapping[str, Any]) -> Stage:
    """Return how far a step is after an event."""
    if event["event"] == "step_started":
        return Stage("running")
    if event["event"] == "cell_started":
        cell, cells = int(event.get("number", 0)), int(event.get("cells", 0))
        line = str(event.get("line", ""))[:LONGEST]
        return replace(stage, cell=cell, cells=cells, line=line)
    if event["event"] == "step_finished":
        told = str((event.get("error") or {}).get("message", ""))
        wrong = told.partition("\n")[0][:LONGEST]
        seconds = float(event.get("seconds") or 0.0)
        return Stage(str(event["state"]), seconds, line=wrong)
    return stage


class RunProgress:
    """The graph of a run with the state of each step, followed while the run goes on.

    It changes nothing, and no cell depends on it.

    Parameters
    ----------
    run
        Its id; "" for the newest, also where a newer one begins later.
    folder
        A folder of the project; None takes the one of this notebook.

    Attributes
    ----------
    run
        The id of the run that is shown; "" before there is one.
    state
        How the run ended; ``running`` while it goes on, "" before there is one.
    stages
        By step, how far it is.

    Raises
    ------
    UsageError
        Where there is no project, or no such run.
    """

    def __init__(self, run: str = "", folder: Path | str | None = None) -> None:
        found = session().here if folder is None else Project.open(Path(folder))
        if run and not (found.runs / run).is_dir():
            raise UsageError("there is no such run", where=str(found.runs), got=run)
        self.project, self._asked, self._seen = found, run, _Seen()
        self.look()

    @property
    def run(self) -> str:
        """The run that is shown."""
        return self._seen.run

    @property
    def state(self) -> str:
        """How it ended, or that it goes on."""
        if self._seen.state != "running" or _alive(self.project, self._seen.run):
            return self._seen.state
        self.look()  # its last words may have come meanwhile
        return self._seen.state if self._seen.state != "running" else "interrupted"

    @property
    def stages(self) -> Mapping[str, Stage]:
        """How far each step is."""
        over = self.state != "running"
        return {
            name: replace(one, state="interrupted")
            if over and one.state == "running"
            else one
            for name, one in self._seen.stages.items()
        }

    def look(self) -> bool:
        """Read what has happened since the last look; True where anything has."""
        run = self._asked or _newest(self.project)
        if run != self._seen.run:
            self._seen = _Seen(run)
        place = self._seen.place
        for event in self._events():
            self._seen.take(event)
        return self._seen.place != place

    def _events(self) -> Iterator[Mapping[str, Any]]:
        path = self.project.runs / self._seen.run / EVENTS
        if not self._seen.run or not path.is_file():
            return
        with path.open("rb") as file:
            file.seek(self._seen.place)
            for line in file:
                if line.endswith(b"\n"):  # the last may not be whole yet
                    self._seen.place += len(line)
                    yield json.loads(line)

    def widget(self) -> object:
        """Return the graph, drawn anew as the run goes on."""
        import ipywidgets as w

        class Shown(w.HTML):  # type: ignore[misc]
            """A page with a fixed text form."""

            def __repr__(self) -> str:
                return "<RunProgress>"

        box = Shown(self._page(timed=True))
        threading.Thread(target=self._follow, args=(box,), daemon=True).start()
        return box

    def _follow(self, box: Any) -> None:
        """Draw anew whenever something has happened, until the widget is closed."""
        was = self.state
        while box.comm is not None:
            if self.look() or self.state != was:
                was = self.state
                box.value = self._page(timed=True)
            if self._asked and was != "running":
                return
            time.sleep(LOOK)

    def picture(self) -> RunProgress:
        """Return how the run stands now, as a page to read."""
        return self

    def __repr__(self) -> str:
        if not self.run:
            return "no run yet"
        stages = self.stages
        rows = lanes(self._seen.parents)
        signs = {name: SIGNS.get(one.state, " ") for name, one in stages.items()}
        wide = max((len(name) for name in stages), default=0)
        lines = [
            f"{line.rstrip():<{len(line)}}{row.step:<{wide}}  "
            f"{stages[row.step].told(timed=False)}".rstrip()
            for row, line in zip(rows, ruled(rows, signs), strict=True)
        ]
        return "\n".join([f"the run: {self.state}", *lines])

    def _repr_html_(self) -> str:
        return self._page(timed=False)

    def _ipython_display_(self) -> None:
        show(self.widget() if is_person() else _Still(self))

    def _page(self, *, timed: bool) -> str:
        if not self.run:
            return f'<div style="color:{QUIET}">no run yet</div>'
        stages = self.stages
        drawn = draw(self._seen.parents)
        lines = "".join(
            f'<path d="{path}" fill="none" stroke="{LINE}" stroke-width="2"/>'
            for *_, path in drawn.lines
        )
        stops = "".join(
            f'<g transform="translate({stop.x} {stop.y})">'
            f"{_sign(stages[stop.step].state)}</g>"
            for stop in drawn.stops
        )
        rows = "".join(_row(s.step, stages[s.step], timed) for s in drawn.stops)
        done = sum(
            one.state not in ("", "waiting", "running") for one in stages.values()
        )
        asked = sum(one.state != "" for one in stages.values())
        return (
            f'<div style="font-weight:600;margin-bottom:.3em">The run: '
            f"{escape(self.state)}, {done} of {asked} steps</div>"
            f'<div style="position:relative;min-height:{drawn.height}px">'
            f'<svg width="{drawn.label}" height="{drawn.height}" aria-hidden="true" '
            f'style="position:absolute;left:0;top:0">{lines}{stops}</svg>'
            f'<ol style="list-style:none;margin:0;padding:0 0 0 {drawn.label}px">'
            f"{rows}</ol></div>"
        )


class _Still:
    """What is shown of a run where nobody watches."""

    def __init__(self, progress: RunProgress) -> None:
        self._text, self._page = repr(progress), progress._repr_html_()

    def __repr__(self) -> str:
        return self._text

    def _repr_html_(self) -> str:
        return self._page


def _row(name: str, stage: Stage, timed: bool) -> str:
    bold = "font-weight:600" if stage.state == "running" else ""
    quiet = f"color:{QUIET};font-size:.9em;overflow:hidden;text-overflow:ellipsis"
    return (
        f'<li style="height:{ROW}px;display:flex;align-items:center;gap:1em;'
        f'white-space:nowrap"><span style="min-width:7em;{bold}">{escape(name)}</span>'
        f'<span style="{quiet}">{escape(stage.told(timed))}</span></li>'
    )


def _sign(state: str) -> str:
    """Return the disc of a state with its mark."""
    colour, filled, mark = MARKS.get(state, (LINE, False, ""))
    ground, ink = (colour, "white") if filled else (GROUND, colour)
    return (
        f'<circle r="8" fill="{ground}" stroke="{colour}" stroke-width="1.6"/>'
        f'<path d="{mark}" fill="none" stroke="{ink}" stroke-width="2" '
        'stroke-linecap="round" stroke-linejoin="round"/>'
    )


def _newest(project: Project) -> str:
    """Return the newest run that has told anything; "" where there is none."""
    if not project.runs.is_dir():
        return ""
    found = sorted(p.name for p in project.runs.iterdir() if not p.is_symlink())
    return next((n for n in found[::-1] if (project.runs / n / EVENTS).is_file()), "")


def _alive(project: Project, run: str) -> bool:
    """Tell whether the process of a run that has not told its end is there."""
    try:
        facts = read_json(project.state / "lock")
        if facts["run"] != run:
            return False
        if os.name == "posix" and facts["host"] == socket.gethostname():
            os.kill(int(facts["pid"]), 0)
    except PermissionError:
        return True  # it is there, and somebody else's
    except (OSError, ValueError, KeyError, TypeError):
        return False
    return True
