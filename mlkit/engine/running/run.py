"""A run: bring a project up to date, a notebook at a time or several side by side.

The scheduler is one process. It works on a snapshot of the notebooks and decisions,
forks a worker for each step, and alone writes records, refs and the ledger, so that
what a step saved becomes visible when the step ends, or not at all.
"""

from __future__ import annotations

import secrets
import selectors
import sys
import time
from collections.abc import Callable, Mapping
from contextlib import suppress
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING

from mlkit.core import bars, ledger
from mlkit.core.errors import MlkitError
from mlkit.core.files import write_json
from mlkit.core.project import Project
from mlkit.core.store import MAIN, Entry, Store
from mlkit.engine.planning.graph import Graph, build
from mlkit.engine.planning.key import World, literals, static_of
from mlkit.engine.planning.plan import Check, check, overrides
from mlkit.engine.planning.stats import Stats
from mlkit.engine.reading.notebook import executed
from mlkit.engine.running import witness
from mlkit.engine.running.champion import crown, in_use, is_trial, variant_of
from mlkit.engine.running.commit import commit, enter_bars, enter_looks, read_report
from mlkit.engine.running.ending import drawing, exit_code, groups, state_of
from mlkit.engine.running.events import Event, Events
from mlkit.engine.running.folder import Folder
from mlkit.engine.running.lock import lock
from mlkit.engine.running.options import Options
from mlkit.engine.running.room import beside, processors, threads
from mlkit.engine.running.select import missing, select
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
    with lock(project, name), Signals() as signals:
        one = _Run(project, options, name, observe, signals)
        result = one.whole()
        if result.state == "passed" and options.plain:
            with suppress(MlkitError, OSError):  # it was not asked for
                one.rehearse()
        return result


class _Run:
    def __init__(
        self,
        project: Project,
        options: Options,
        name: str,
        observe: Callable[[Event], None],
        signals: Signals,
    ) -> None:
        self.project, self.options, self.name = project, options, name
        self.signals = signals
        self.events = Events(name, observe)
        self.store = Store(project.state)
        self.stats = Stats(project.state / "stat.json")
        self.world = World(project, project.decisions, self.stats)
        self.graph: Graph = build(project)
        self.given = overrides(self.graph, project, options.given, options.profile)
        self.variant = variant_of(literals(self.given), options.challenger)
        self.steps = {s: Step(nb, nb.path) for s, nb in self.graph.steps.items()}
        self.selected = select(self.graph, options, project)
        self.refs = self.store.refs(MAIN) | self.store.refs(self.variant)
        if options.champion:
            self.refs |= in_use(project)
        self.published: dict[str, Entry] = {}
        self.workers: dict[str, Worker] = {}
        self.limit = options.jobs or processors()
        self.server: KernelServer | None = None
        self.folder = Folder(project, name)
        self.opened = False
        self.missing = missing(self.graph, self.selected, self.refs, options)
        ledger.lines(project.ledger)  # one that cannot be read stops the run here
        bars.checked(project.config("goal.bars", {}))  # before any is entered

    # the whole

    def whole(self) -> Result:
        """Do the run, whatever comes, and tell how it ended."""
        self.began = time.time()
        graph = drawing(self.graph, self.project)
        self.events.emit("run_started", steps=self.selected, graph=graph)
        write_json(self.project.state / "wiring.json", dict(self.graph.savers))
        try:
            while self._advance() and not self.signals.count and self.limit:
                self._wait()
            if self.signals.count:
                self._interrupt()
        except (MlkitError, OSError):
            self._end_workers()
            with suppress(OSError):
                self._give_up()
            raise
        finally:
            self._end_workers()
            if self.server:
                self.server.close()
            self._keep_refs()
            self.stats.save()
        return self._finish(self._state())

    def rehearse(self) -> None:
        """Go through the next run; if it has nothing to do, keep what it would tell."""
        records = [step.record for step in self._chosen() if step.record]
        watched = witness.watched(self.project, records)
        if watched is None:
            return
        before, events = witness.marks(watched), list[Event]()
        project = Project(self.project.root)
        next_one = _Run(project, self.options, "", events.append, self.signals)
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
        if name in self.missing:
            self._end(name, "skipped", self.missing[name])
            return True
        inputs = {wanted: self.refs[wanted] for wanted in self.graph.inputs(name)}
        found = check(step.nb, self.given.get(name, {}), inputs, self.world)
        anew = self.options.refresh or (self.options.in_place and not executed(step.nb))
        if found.record and not anew:
            self._keep(name, step, found)
            return True
        if not beside(self.project, name, self.workers, self.limit):
            return False
        step.why = found.why if not found.record else f"{name} was asked to run again"
        self._start(name, step, inputs)
        return True

    # a step

    def _keep(self, name: str, step: Step, found: Check) -> None:
        record = found.record or {}
        step.record, step.seconds, step.saves = record, record["seconds"], found.saves
        if record["state"] == "passed":
            self._publish(name)
            crown(self.project, self.variant, step.saves, self.refs)
        self._end(name, "kept" if record["state"] == "passed" else "blocked", found.why)

    def _publish(self, name: str) -> None:
        """Make a step's saves what their names mean."""
        saves, savers = self.steps[name].saves, self.graph.savers
        self.published |= {n: e for n, e in saves.items() if savers.get(n) == name}
        self.refs |= self.published

    def _start(self, name: str, step: Step, inputs: Mapping[str, Entry]) -> None:
        from mlkit.engine.execution.worker import Job, Worker

        self._open()
        job = self.folder.job(step.nb, inputs)
        server = self._serve()
        settings = self.project.config("steps", {}).get(name, {})
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
                env={"MLKIT_JOB": str(job), **threads(settings)},
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
        if self.signals.count and outcome.failure:
            outcome = replace(outcome, state="interrupted", failure=None)
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
        enter_looks(self.project, name, self.name, report, self.refs)
        if step.state != "interrupted":
            nb = replace(step.nb, path=step.origin)
            step.record = commit(self.project, self.world, nb, report, facts)
            step.saves = {n: Entry(**e) for n, e in step.record["saves"].items()}
        if step.state == "passed":
            self._publish(name)
            self._keep_refs()
            crown(self.project, self.variant, step.saves, self.refs)
            if self.options.in_place and not self.folder.put_back(step.nb, step.origin):
                step.why += "; its notebook was edited meanwhile and is left as it is"
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
            enter_bars(self.project)
            self.folder.make()
            for step in self._chosen():
                step.nb = self.folder.snapshot(step.nb)
            self.world.decisions = self.folder.decisions
            self.events.write_to(self.folder.path / "events.jsonl")
            self.opened = True

    def _keep_refs(self) -> None:
        before = self.store.refs(self.variant)
        if before | self.published != before:
            self.store.set_refs(before | self.published, self.variant)

    def _give_up(self) -> None:
        """Leave a run that broke as one that failed, with all that it did."""
        from mlkit.engine.execution.worker import Failure

        for name in self.selected:
            step = self.steps[name]
            if step.state == "running":
                step.failure = asdict(Failure("StepError", "the run broke off"))
            if step.pending:
                how = "failed" if step.failure else "skipped"
                self._end(name, how, "the run broke off")
        self._finish("failed")

    def _state(self) -> str:
        return state_of(self._chosen(), interrupted=bool(self.signals.count))

    def _finish(self, state: str) -> Result:
        chosen = {name: self.steps[name] for name in self.selected}
        seconds = round(time.time() - self.began, 3)
        trial = is_trial(self.variant)
        facts = {**groups(chosen), "seconds": seconds, "trial": trial}
        self.events.emit("run_finished", state=state, **facts)
        if self.opened:
            self.folder.leave(
                {
                    "run": self.name,
                    "state": state,
                    "variant": self.variant,
                    "began": self.began,
                    "seconds": seconds,
                    "given": literals(self.given),
                    "graph": drawing(self.graph, self.project),
                    "steps": {name: step.summary() for name, step in chosen.items()},
                }
            )
        name = self.name if self.opened else ""
        states = {name: step.state for name, step in chosen.items()}
        return Result(state, name, states, exit_code(state, chosen.values()))
