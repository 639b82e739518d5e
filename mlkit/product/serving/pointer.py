"""The pointer to a project's champion, as a server follows it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from mlkit.core import champion
from mlkit.core.project import Project

__all__ = ["Found", "Pointer"]


@dataclass(frozen=True)
class Found:
    """A champion.

    Parameters
    ----------
    identity
        The hash of its package, as `mlkit.product.serving.served.Served` has it.
    folder
        Its package.
    facts
        What the log should know of it: project, artifact, run, who promoted it.
    """

    identity: str
    folder: Path
    facts: Mapping[str, str]


class Pointer:
    """The pointer to a project's champion.

    Parameters
    ----------
    project
        Whose ledger moves it.
    """

    def __init__(self, project: Project) -> None:
        self.project = project

    def mark(self) -> tuple[int, ...]:
        """Return what changes whenever the pointer may have moved; it costs nothing."""
        return champion.mark(self.project.ledger)

    def read(self) -> Found:
        """Return the champion, the files of its package checked.

        Raises
        ------
        UsageError
            Where there is no champion.
        StepError
            Where its package is not in this store.
        StoreError
            Where the ledger or the package is damaged.
        """
        line = champion.champion(self.project.ledger) or {}
        artifact = str(line.get("package", ""))
        folder = champion.package_of(self.project, artifact)
        facts = {"project": self.project.root.name, "artifact": artifact}
        facts |= {name: str(line[name]) for name in ("run", "by") if name in line}
        return Found(artifact.partition("-")[2], folder, facts)
