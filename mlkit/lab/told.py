"""What a page is told of saved artifacts beside them: titles, verdicts, trials."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from mlkit.core.project import Project
from mlkit.core.store import MAIN
from mlkit.engine.reporting import past
from mlkit.engine.reporting.say import words
from mlkit.engine.running.champion import is_trial

__all__ = ["by_trial", "headline", "only_trial", "titles"]


def titles(metrics: Iterable[str]) -> dict[str, str]:
    """Return what each metric is called, as notebooks and reports do.

    Examples
    --------
    >>> titles(["roc_auc", "total"])
    {'roc_auc': 'ROC AUC', 'total': 'total'}
    """
    return {name: words(name) for name in metrics}


def headline(saves: Mapping[str, Mapping[str, Any]]) -> Mapping[str, str] | None:
    """Return what a step comes to, where one of its saves says so, as a monitor's.

    Examples
    --------
    >>> told = {"word": "retrain", "sentence": "x moved", "tone": "bad"}
    >>> headline({"other": {}, "health": {"headline": told}})["word"]
    'retrain'
    """
    told = (entry.get("headline") for entry in saves.values())
    return next((one for one in told if one), None)


def by_trial(project: Project, run: str) -> bool:
    """Tell whether a run was a trial, whose package cannot be champion."""
    left = past.manifest(project.runs / run) if past.ID.fullmatch(run) else None
    return is_trial(str((left or {}).get("variant", MAIN)))


def only_trial(project: Project, name: str) -> str:
    """Return the newest trial that saved a name; "" where none did."""
    for folder in past.folders(project):
        steps = (past.manifest(folder) or {}).get("steps", {})
        saved = any(name in facts["saves"] for facts in steps.values())
        if saved and by_trial(project, folder.name):
            return folder.name
    return ""
