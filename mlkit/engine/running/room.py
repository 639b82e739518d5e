"""Which steps may run side by side: what they need, and what the machine has."""

from __future__ import annotations

import os
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

from mlkit.core.project import Project, gib

__all__ = ["beside", "processors", "threads"]

CGROUPS = (  # of version 2, of version 1
    Path("/sys/fs/cgroup/memory.max"),
    Path("/sys/fs/cgroup/memory/memory.limit_in_bytes"),
)
READ = ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS")


def processors() -> int:
    """Return how many processors the machine has."""
    return os.cpu_count() or 1


def beside(project: Project, name: str, running: Iterable[str], limit: int) -> bool:
    """Tell whether a step may start beside those that run.

    One that asks for more than there is may start where nothing runs.

    Parameters
    ----------
    project
        The project, whose ``[steps.X]`` say what each step needs.
    name
        The step.
    running
        The steps that run.
    limit
        How many processors there are for all; 0 for none to start.
    """
    others = list(running)
    if not others or not limit:
        return limit > 0
    steps = project.config("steps", {})
    needs = [steps.get(one, {}) for one in (name, *others)]
    if sum(one.get("cpus", 1) for one in needs) > limit:
        return False
    asked = sum(gib(one.get("memory", 0)) for one in needs)
    return not asked or asked <= _memory()


def threads(settings: Mapping[str, Any]) -> dict[str, str]:
    """Return the environment of a step that says how many processors it needs."""
    if "cpus" not in settings:
        return {}
    return dict.fromkeys((*READ, "LOKY_MAX_CPU_COUNT"), str(settings["cpus"]))


def _memory() -> float:
    """Return the GiB that the machine has, or the container that we are in."""
    import psutil

    limits = [psutil.virtual_memory().total]
    for path in CGROUPS:
        text = path.read_text().strip() if path.is_file() else ""
        if text.isdecimal():  # else there is no limit
            limits.append(int(text))
    return float(min(limits)) / 2**30
