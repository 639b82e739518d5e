"""A run: bring a project up to date, a notebook at a time or several side by side.

The scheduler is one process. It works on a snapshot of the notebooks and decisions,
forks a worker for each step, and alone writes records, refs and the ledger, so that
what a step saved becomes visible when the step ends, or not at all.
"""

from __future__ import annotations

import os
import secrets
import selectors
import shutil
import sys
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from mlkit.core.errors import StepError
from mlkit.core.files import digest, write_json
from mlkit.core.project import Project
from mlkit.core.store import MAIN, Entry, Store
from mlkit.engine.planning.graph import Graph, build
from mlkit.engine.planning.key import World, static_of
from mlkit.engine.planning.plan import Check, check, overrides
from mlkit.engine.planning.stats import Stats
from mlkit.engine.running import witness
from mlkit.engine.running.champion import crown
from mlkit.engine.running.commit import commit, read_report
from mlkit.engine.running.events import Event, Events
from mlkit.engine.running.folder import Folder
from mlkit.engine.running.lock import lock
from mlkit.engine.running.options import Options
from mlkit.engine.running.select import select
from mlkit.engine.running.signals import Signals
from mlkit.engine.running.step import SETTLED, Step

if TYPE_CHECKING:
    from mlkit.engine.execution.worker import Outcome, Worker
    from mlkit.engine.kernels.warm import KernelServer

__all__ = ["Options", "Result", "run"]

TICK = 0.1  # seconds between two looks at signals and the display
ENDS = {
    "blocked": "is blocked",
    "failed": "failed",
    "skipped": "was skipped",
    "interrupted": "was interrupted",
}
CODES = {"passed": 0, "failed": 1, "blocked": 3, "interrupted": 130}


@dataclass(frozen=True)
class Result:
    """How a run ended.

    Parameters
    ----------
    state
        ``passed``, ``blocked``, ``failed`` or ``interrupted``.
    run
        The run's id; "" where nothing had to run.
    steps
        Step → passed, kept, blocked, failed, skipped or interrupted.
    exit_code
        What the command exits with.
    """

    state: str
    run: str
    steps: Mapping[str, str]
    exit_code: int


def run(
    project: Project,
    options: Options,
    observe: Callable[[Event], None] = lambda _: None,
) -> Result:
    """Bring a project up to date.

    Parameters
    ----------
    project
        The project.
    options
        What is asked for.
    observe
        Called with each event, and with ``{"event": "tick"}`` while it waits.

    Raises
    ------
    UsageError
        Where the notebooks make no graph, or an option fits none of them.
    Busy
        Where another run holds the project.
    """
    name = time.strftime("%Y%m%d-%H%M%S-") + secrets.token_hex(2)
    with lock(project, name):
        one = _Run(project, options, name, observe)
        result = one.whole()
        if result.state == "passed" and options.plain:
            one.rehearse()
        return result


class _Run:
    def __init__(
        self,
        project: Project,
        options: Options,
        name: str,
        observe: Callable[[Event], None],
    ) -> None:
        self.project, self.options, self.name = project, options, name
        self.events = Events(name, observe)
        self.store = Store(project.state)
        self.stats = Stats(project.state / "stat.json")
        self.world = World(project, project.decisions, self.stats)
        self.graph: Graph = build(project)
        self.given = overrides(self.graph, project, options.given, options.profile)
        self.variant = f"v{digest(self.given)[:12]}" if self.given else MAIN
        self.steps = {s: Step(nb, nb.path) for s, nb in self.graph.steps.items()}
        self.selected = select(self.graph, options, project)
        self.refs = self.store.refs(MAIN) | self.store.refs(self.variant)
        self.before = dict(self.refs)
        self.workers: dict[str, Worker] = {}
        self.limit = options.jobs or os.cpu_count() or 1
        self.server: KernelServer | None = None
        self.signals = Signals()
        self.folder = Folder(project, name)
        self.opened = False

    # the whole

    def whole(self) -> Result:
        """Do the run, whatever comes, and tell how it ended."""
        self.began = time.time()
        self.events.emit("run_started", steps=self.selected, graph=self._drawing())
        write_json(self.project.state / "wiring.json", dict(self.graph.savers))
        with self.signals:
            try:
                while self._advance() and not self.signals.count and self.limit:
                    self._wait()
                if self.signals.count:
                    self._interrupt()
            finally:
                self._end_workers()
                if self.server:
                    self.server.close()
                self._keep_refs()
                self.stats.save()
        return self._finish()

    def rehearse(self) -> None:
        """Go through the next run; if it has nothing to do, keep what it would tell."""
        records = [step.record for step in self._chosen()]
        watched = witness.watched(self.project, records)
        if watched is None:
            return
        before, events = witness.marks(watched), list[Event]()
        next_one = _Run(Project(self.project.root), self.options, "", events.append)
        next_one.limit = 0
        if next_one.whole().state == "passed":
            witness.keep(self.project, before, events)

    def _advance(self) -> bool:
        """Settle or start all that can be; tell whether anything is still to come."""
        moved = True
        while moved:
            moved = False
            for name in self.selected:
                step = self.steps[name]
                if step.state == "waiting" and self._ready(name):
                    moved = self._settle_or_start(name, step) or moved
        return any(step.pending for step in self._chosen())

    def _chosen(self) -> list[Step]:
        return [self.steps[name] for name in self.selected]

    def _ready(self, name: str) -> bool:
        parents = [p for p in self.graph.parents(name) if p in self.selected]
        return not any(self.steps[p].pending for p in parents)

    def _settle_or_start(self, name: str, step: Step) -> bool:
        parents = [p for p in self.graph.parents(name) if p in self.selected]
        shut = [p for p in parents if self.steps[p].state not in SETTLED]
        if shut:
            how = ENDS[self.steps[shut[0]].state]
            self._end(name, "skipped", f"{shut[0]}, which it loads from, {how}")
            return True
        inputs = self._inputs(name)
        found = check(step.nb, self.given.get(name, {}), inputs, self.world)
        if found.record and not self.options.refresh:
            self._keep(name, step, found)
            return True
        if len(self.workers) >= self.limit:
            return False
        step.why = found.why if not found.record else f"{name} was asked to run again"
        self._start(name, step, inputs)
        return True

    def _inputs(self, name: str) -> dict[str, Entry]:
        found = {}
        for wanted in self.graph.inputs(name):
            if wanted not in self.refs:
                saver = self.graph.savers[wanted]
                raise StepError(
                    f"{wanted!r} has not been saved yet",
                    where=f"{name} loads it",
                    todo=f"run {saver} first: `mlkit run --until {name}`",
                )
            found[wanted] = self.refs[wanted]
        return found

    # a step

    def _keep(self, name: str, step: Step, found: Check) -> None:
        record = found.record or {}
        step.record, step.seconds, step.saves = record, record["seconds"], found.saves
        if record["state"] == "passed":
            self._publish(name)
        self._end(name, "kept" if record["state"] == "passed" else "blocked", found.why)

    def _publish(self, name: str) -> None:
        """Make a step's saves what their names mean."""
        saves, savers = self.steps[name].saves, self.graph.savers
        self.refs |= {n: e for n, e in saves.items() if savers.get(n) == name}

    def _start(self, name: str, step: Step, inputs: Mapping[str, Entry]) -> None:
        from mlkit.engine.execution.worker import Job, Worker

        self._open()
        step.nb = self.folder.snapshot(step.nb)
        job = self.folder.job(step.nb, inputs)
        server = self._serve()
        settings = self.project.config(f"steps.{name}", {})
        step.state = "running"
        self.events.emit("step_started", step=name, why=step.why)
        self.workers[name] = Worker.start(
            Job(
                step=name,
                notebook=step.nb.path,
                output=self.folder.executed(step.nb),
                cwd=step.origin.parent,
                parameters=self.given.get(name, {}),
                kernel=str(settings.get("kernel") or step.nb.kernel),
                warm=server is not None,
                server=server,
                timeout=settings.get("timeout"),
                env={"MLKIT_JOB": str(job)},
            )
        )

    def _serve(self) -> Path | None:
        """Return the socket of the run's kernel server, started at the first step."""
        if not self.options.warm or sys.platform != "linux":
            return None
        if self.server is None:
            from mlkit.engine.kernels.preload import wanted
            from mlkit.engine.kernels.warm import KernelServer

            origins = {name: self.steps[name].origin for name in self.selected}
            self.server = KernelServer.start(wanted(self.store, origins))
        return self.server.path

    def _harvest(self, name: str, outcome: Outcome) -> None:
        """Judge a step that ended, and make what it saved visible."""
        step = self.steps[name]
        report = read_report(self.folder.report(name))
        step.judge(outcome, report)
        facts = {
            "static": static_of(step.nb, self.given.get(name, {})),
            "state": step.state,
            "run": self.name,
            "notebook": self.project.relative(self.folder.executed(step.nb)),
            "seconds": outcome.seconds,
        }
        step.record = facts
        if step.state != "interrupted":
            nb = replace(step.nb, path=step.origin)
            step.record = commit(self.project, self.world, nb, report, facts)
            step.saves = {n: Entry(**e) for n, e in step.record["saves"].items()}
        if step.state == "passed":
            self._publish(name)
            self._keep_refs()
            if self.variant == MAIN:
                crown(self.project, self.name, step.saves)
            if self.options.in_place:
                shutil.copyfile(self.folder.executed(step.nb), step.origin)
        self._end(name, step.state, step.why)

    def _end(self, name: str, state: str, why: str) -> None:
        step = self.steps[name]
        step.state, step.why = state, why
        self.events.emit("step_finished", step=name, **step.finished())

    # waiting and signals

    def _wait(self) -> None:
        """Wait a moment for the workers, and take what they tell."""
        with selectors.DefaultSelector() as selector:
            for worker in self.workers.values():
                selector.register(worker.fileno(), selectors.EVENT_READ)
            selector.select(TICK)
        for name, worker in list(self.workers.items()):
            for event in worker.events():
                facts = {k: v for k, v in event.items() if k != "event"}
                self.events.emit(event["event"], step=name, **facts)
            outcome = worker.outcome()
            if outcome is not None:
                del self.workers[name]
                self._harvest(name, outcome)
        self.events.observe({"event": "tick"})

    def _interrupt(self) -> None:
        """Stop the workers, keep what they did; a second signal kills them."""
        for worker in self.workers.values():
            worker.interrupt()
        while self.workers:
            if self.signals.count > 1:
                self._end_workers()
            self._wait()
        for name in self.selected:
            if self.steps[name].state == "waiting":
                self._end(name, "skipped", "the run was interrupted")

    def _end_workers(self) -> None:
        for worker in self.workers.values():
            worker.kill()

    # the end

    def _open(self) -> None:
        """Make the run's folder when the first step has to run."""
        if not self.opened:
            witness.forget(self.project)
            self.folder.make()
            self.world.decisions = self.folder.decisions
            self.events.write_to(self.folder.path / "events.jsonl")
            self.opened = True

    def _drawing(self) -> dict[str, Any]:
        return {
            name: {
                "parents": self.graph.parents(name),
                "loads": list(self.graph.inputs(name)),
                "saves": list(nb.saves),
                "notebook": self.project.relative(nb.path),
            }
            for name, nb in self.graph.steps.items()
        }

    def _keep_refs(self) -> None:
        if self.refs != self.before:
            self.store.set_refs(self.refs, self.variant)
            self.before = dict(self.refs)

    def _finish(self) -> Result:
        state = self._state()
        groups = {
            group: [s for s in self.selected if self.steps[s].state == group]
            for group in ("kept", "blocked", "failed", "skipped")
        }
        groups["executed"] = [s for s in self.selected if self.steps[s].executed]
        seconds = round(time.time() - self.began, 3)
        self.events.emit("run_finished", state=state, **groups, seconds=seconds)
        if self.opened:
            self.folder.leave(
                {
                    "run": self.name,
                    "state": state,
                    "variant": self.variant,
                    "began": self.began,
                    "seconds": seconds,
                    "given": self.given,
                    "graph": self._drawing(),
                    "steps": {s: self.steps[s].summary() for s in self.selected},
                }
            )
        name = self.name if self.opened else ""
        states = {s: self.steps[s].state for s in self.selected}
        return Result(state, name, states, self._exit_code(state))

    def _state(self) -> str:
        states = {step.state for step in self._chosen()}
        pending = any(step.pending for step in self._chosen())
        if self.signals.count or pending or "interrupted" in states:
            return "interrupted"
        return next((s for s in ("failed", "blocked") if s in states), "passed")

    def _exit_code(self, state: str) -> int:
        """Return the code of the worst; bad input that a step found is wrong usage."""
        types = {s.failure["type"] for s in self._chosen() if s.failure}
        if state == "failed" and types <= {"InputError", "UsageError"}:
            return 2
        return CODES[state]
