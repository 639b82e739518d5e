"""What a page is told of saved artifacts beside them: titles, verdicts."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from mlkit.engine.reporting.say import words

__all__ = ["headline", "titles"]


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
