"""How a run looks in the terminal: the graph, what is running, and for how long.

In a terminal the steps stand in graph order and change in place; elsewhere each step
that ends is a line. What went wrong is told at the end, on stderr. No thread is
used: the scheduler forks, and redraws by calling with ``{"event": "tick"}``.
"""

from __future__ import annotations

import os
import sys
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, TextIO

from mlkit.cli.telling import explain, summary, told
from mlkit.core.lanes import lanes, ruled
from mlkit.engine.reporting.say import SIGNS, seconds, shorten

if TYPE_CHECKING:
    from rich.live import Live
    from rich.text import Text

    from mlkit.engine.planning.graph import Graph
    from mlkit.engine.planning.plan import Check

__all__ = ["Progress", "graph_text"]

COLOURS: Mapping[str, str] = {
    "passed": "green",
    "fresh": "green",
    "kept": "cyan",
    "blocked": "magenta",
    "failed": "red",
    "skipped": "bright_black",
    "interrupted": "yellow",
    "running": "blue",
    "stale": "yellow",
    "never": "bright_black",
    "waiting": "bright_black",
}
SPINNER = "⠋⠙⠹⠸⠼⠴⠦⠧⠇⠏"
REDRAW = 0.1  # seconds
TRIAL = (
    "a trial with other parameters than the notebooks': its package cannot be "
    "champion; to keep it, write them there and run again"
)


def graph_text(graph: Graph, checks: Mapping[str, Check]) -> str:
    """Draw a project's graph, a step a line, with states and what each step saves.

    Parameters
    ----------
    graph
        The project's graph.
    checks
        Step → how it stands; from `mlkit.engine.planning.plan.status`.
    """
    import click

    rows = lanes({step: graph.parents(step) for step in graph.steps})
    states = {
        step: checks[step].state if step in checks else "" for step in graph.steps
    }
    lines = ruled(rows, {step: SIGNS.get(s, "○") for step, s in states.items()})
    width = max((len(row.step) for row in rows), default=0)
    drawn = []
    for row, line in zip(rows, lines, strict=True):
        state, saves = states[row.step], _saves(graph, row.step)
        colour = COLOURS.get(state, "white")
        sign = 2 * row.lane
        head = line[:sign] + click.style(line[sign], fg=colour) + line[sign + 1 :]
        told = click.style(f"{state:<8}", fg=colour)
        drawn.append(f"{head} {row.step:<{width}}  {told} → {saves}".rstrip())
    drawn += [f"reads only: {nb.name} ← {', '.join(nb.loads)}" for nb in graph.readers]
    drawn += [f"spare: {nb.name}, another was chosen" for nb in graph.spares]
    return "\n".join(drawn) or "there are no steps here yet"


def _saves(graph: Graph, step: str) -> str:
    nb = graph[step]
    return ", ".join(f"{n} (sealed)" if n in nb.seals else n for n in nb.saves)


@dataclass
class Line:
    """What is known of one step while the run goes on."""

    saves: tuple[str, ...] = ()
    source: str = ""
    state: str = "waiting"
    began: float = 0.0
    cell: str = ""
    cells: dict[int, str] = field(default_factory=dict)
    end: Mapping[str, Any] = field(default_factory=dict)


class Progress:
    """Shows the events of a run.

    Parameters
    ----------
    out
        Where to.
    live
        Whether `out` is a terminal that lines can change in.
    """

    def __init__(self, out: TextIO, live: bool) -> None:
        self.out = out
        self.live = live and os.environ.get("TERM") != "dumb"
        self.lines: dict[str, Line] = {}
        self.rows = lanes({})
        self.began = time.time()
        self.kept: list[str] = []
        self.started = False
        self._drawn = 0.0
        self._view: Live | None = None

    def __enter__(self) -> Progress:
        return self

    def __exit__(self, *_: object) -> None:
        self._stop()

    def __call__(self, event: Mapping[str, Any]) -> None:
        """Take one event."""
        takers: Mapping[str, Callable[[Mapping[str, Any]], None]] = {
            "run_started": self._run_started,
            "step_started": self._step_started,
            "cell_started": self._cell_started,
            "step_finished": self._step_finished,
            "run_finished": self._run_finished,
            "tick": self._tick,
        }
        if event["event"] in takers:
            takers[event["event"]](event)

    # events

    def _run_started(self, event: Mapping[str, Any]) -> None:
        graph, chosen = event.get("graph", {}), event["steps"]
        self.began = event.get("time", self.began)
        parents = {s: graph.get(s, {}).get("parents", ()) for s in chosen}
        self.rows = lanes(parents)
        for step in chosen:
            facts = graph.get(step, {})
            saves = tuple(facts.get("saves", ()))
            self.lines[step] = Line(saves, facts.get("notebook", ""))

    def _step_started(self, event: Mapping[str, Any]) -> None:
        line = self.lines.setdefault(event["step"], Line())
        line.state, line.began = "running", event.get("time", time.time())
        self._begin()
        self._draw()

    def _cell_started(self, event: Mapping[str, Any]) -> None:
        line = self.lines.setdefault(event["step"], Line())
        told = f"cell {event.get('number', '?')}/{event.get('cells', '?')}"
        line.cells[event.get("cell", -1)] = told.replace("/", " of ")
        line.cell = f"{told}  {shorten(event.get('line', ''), 48)}"
        self._draw()

    def _tick(self, _: Mapping[str, Any]) -> None:
        if time.monotonic() - self._drawn >= REDRAW:
            self._draw()

    def _step_finished(self, event: Mapping[str, Any]) -> None:
        step = event["step"]
        line = self.lines.setdefault(step, Line())
        line.state, line.end = event["state"], event
        if self.live:
            self._draw()
        elif not self.started and line.state == "kept":
            self.kept.append(step)
        elif self.started or line.state not in ("blocked", "skipped"):
            self._write(
                f"{SIGNS[line.state]} {step:<{self._width()}}  {self._told(line)}"
            )

    def _run_finished(self, event: Mapping[str, Any]) -> None:
        self._stop()
        states = {step: line.state for step, line in self.lines.items()}
        for step, state in states.items():
            if state in ("failed", "blocked"):
                self._explain(step, self.lines[step])
        self._write(summary(states, event), bold=True)
        if event.get("trial") and event.get("executed"):
            self._write(TRIAL)

    # drawing

    def _begin(self) -> None:
        """Begin to show something: the first step starts."""
        if self.started:
            return
        self.started = True
        if not self.live:
            if self.kept:
                self._write(f"{SIGNS['kept']} kept: {', '.join(self.kept)}")
            return
        from rich.console import Console
        from rich.live import Live

        self._view = Live(
            console=Console(file=self.out, highlight=False, force_terminal=True),
            auto_refresh=False,
            redirect_stdout=False,
            redirect_stderr=False,
        )
        self._view.start()

    def _stop(self) -> None:
        if self._view is not None:
            self._draw(whole=True)
            self._view.stop()
            self._view = None

    def _draw(self, whole: bool = False) -> None:
        if self._view is not None:
            self._drawn = time.monotonic()
            self._view.update(self._picture(whole), refresh=True)

    def _picture(self, whole: bool) -> Text:
        """Return the lines; on a low screen those about what is running."""
        from rich.text import Text

        assert self._view is not None
        rows = self._rows()
        room = max(3, self._view.console.height - 2)
        if not whole and len(rows) > room:
            first = next(
                (i for i, s in enumerate(self.rows) if self._is_open(s.step)), len(rows)
            )
            start = min(max(0, first - 2), len(rows) - room)
            rows = rows[start : start + room]
        done = sum(not self._is_open(step) for step in self.lines)
        past = seconds(time.time() - self.began)
        foot = Text(f"{done} of {len(self.lines)} steps · {past}", style="dim")
        return Text("\n", no_wrap=True, overflow="ellipsis").join([*rows, foot])

    def _is_open(self, step: str) -> bool:
        return self.lines[step].state in ("waiting", "running")

    def _rows(self) -> list[Text]:
        from rich.text import Text

        signs = {step: self._sign(line) for step, line in self.lines.items()}
        drawn = []
        for row, lane in zip(self.rows, ruled(self.rows, signs), strict=True):
            line = self.lines[row.step]
            colour, at = COLOURS[line.state], 2 * row.lane
            text = Text(lane[:at], style="bright_black")
            text.append(lane[at], style=colour)
            text.append(lane[at + 1 :] + " ", style="bright_black")
            quiet = "" if line.state in ("running", "failed", "blocked") else "dim"
            name = "bright_black" if line.state in ("waiting", "skipped") else ""
            text.append(f"{row.step:<{self._width()}}  ", style=name)
            text.append(self._told(line), style=quiet)
            drawn.append(text)
        return drawn

    def _sign(self, line: Line) -> str:
        if line.state == "running":
            return SPINNER[int(time.time() / REDRAW) % len(SPINNER)]
        return SIGNS[line.state]

    def _width(self) -> int:
        return max(map(len, self.lines), default=0)

    def _told(self, line: Line) -> str:
        """Return what stands beside a step's name."""
        if line.state == "waiting":
            return f"→ {', '.join(line.saves)}" if line.saves else ""
        if line.state == "running":
            past = seconds(time.time() - line.began)
            return f"{past:>6}  {line.cell or 'starting'}"
        return told(line.state, line.end)

    # words

    def _explain(self, step: str, line: Line) -> None:
        """Tell on stderr what broke or which bars were missed, and what to do."""
        lines = explain(step, line.state, line.end, line.source, line.cells)
        self._write("\n".join(["", *lines]), to=sys.stderr)

    def _write(self, text: str, to: TextIO | None = None, bold: bool = False) -> None:
        import click

        to = to or self.out
        text = click.style(text, bold=True) if bold and self.live else text
        encoding = getattr(to, "encoding", None) or "utf-8"
        click.echo(text.encode(encoding, "replace").decode(encoding), file=to)
        to.flush()
