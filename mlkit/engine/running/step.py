"""One step in a run: what is known of it so far."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

from mlkit.core.store import Entry
from mlkit.engine.reading.notebook import Notebook

if TYPE_CHECKING:
    from mlkit.engine.execution.worker import Outcome
    from mlkit.engine.running.commit import Report

__all__ = ["SETTLED", "Step"]

SETTLED = ("passed", "kept")


@dataclass
class Step:
    """One step in a run.

    Parameters
    ----------
    nb
        The notebook as it is executed: from the run's snapshot, once it starts.
    origin
        The project's own notebook.
    state
        waiting, running, passed, kept, blocked, failed, skipped or interrupted.
    why
        One sentence.
    seconds
        How long it took, now or when it last ran.
    saves, record, failure
        What came of it.
    executed
        Whether it ran in this run.
    """

    nb: Notebook
    origin: Path
    state: str = "waiting"
    why: str = ""
    seconds: float = 0.0
    saves: dict[str, Entry] = field(default_factory=dict)
    record: Mapping[str, Any] = field(default_factory=dict)
    failure: dict[str, Any] | None = None
    executed: bool = False

    @property
    def pending(self) -> bool:
        """Whether something is still to come of it."""
        return self.state in ("waiting", "running")

    def judge(self, outcome: Outcome, report: Report) -> None:
        """Take in how its worker ended: a promised save that was not made fails it."""
        self.executed, self.seconds = True, outcome.seconds
        self.state = outcome.state
        self.failure = asdict(outcome.failure) if outcome.failure else None
        missing = [name for name in self.nb.saves if name not in report.saves]
        if self.state == "passed" and missing:
            self.state, self.failure = "failed", _promised(missing)

    def finished(self) -> dict[str, Any]:
        """Return what the event ``step_finished`` tells."""
        told = (entry.headline for entry in self.saves.values())
        return {
            "state": self.state,
            "why": self.why,
            "seconds": round(self.seconds, 3),
            "error": self.failure,
            "verdict": self.record.get("verdict"),
            "overruled": self.record.get("overruled", False),
            "saves": {name: entry.identity for name, entry in self.saves.items()},
            "metrics": {n: dict(e.metrics) for n, e in self.saves.items() if e.metrics},
            "headline": next(filter(None, told), {}),
            "notebook": self.record.get("notebook", ""),
        }

    def summary(self) -> dict[str, Any]:
        """Return what the manifest says."""
        record = self.record
        depfile = record.get("depfile", {})
        return {
            "state": self.state,
            "why": self.why,
            "seconds": self.seconds,
            "run": record.get("run", ""),
            "notebook": record.get("notebook", ""),
            "parameters": record.get("static", {}).get("parameters", {}),
            "decided": record.get("decided", {}),
            "verdict": record.get("verdict"),
            "overruled": record.get("overruled", False),
            "error": self.failure,
            "saves": {name: entry.to_dict() for name, entry in self.saves.items()},
            "distributions": depfile.get("distributions", {}),
            "python": depfile.get("python", ""),
        }


def _promised(missing: list[str]) -> dict[str, Any]:
    return {
        "type": "StepError",
        "message": f"it ended without saving {', '.join(missing)}",
        "cell": None,
        "todo": "see that mk.save is reached, or take the name out of it",
    }
