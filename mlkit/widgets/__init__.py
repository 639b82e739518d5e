"""Widgets that edit decisions, one a file; each is read when it is asked for."""

from __future__ import annotations

import importlib
from typing import Any

PLACES = {
    "AlarmPicker": "alarm",
    "CleaningEditor": "cleaning",
    "ColumnEditor": "columns",
    "ContractEditor": "contract",
    "DataExplorer": "explorer",
    "DriftExplorer": "drift",
    "ErrorExplorer": "errors",
    "FamilyPicker": "families",
    "GoalForm": "goal",
    "LabelEditor": "labels",
    "LeakPicker": "leaks",
    "LimitsEditor": "limits",
    "MitigationPicker": "fairness",
    "OptionPicker": "options",
    "RemedyPanel": "remedies",
    "RunProgress": "progress",
    "SplitExplorer": "split",
    "ThresholdPicker": "threshold",
    "WhatIf": "whatif",
}

__all__ = [
    "AlarmPicker",
    "CleaningEditor",
    "ColumnEditor",
    "ContractEditor",
    "DataExplorer",
    "DriftExplorer",
    "ErrorExplorer",
    "FamilyPicker",
    "GoalForm",
    "LabelEditor",
    "LeakPicker",
    "LimitsEditor",
    "MitigationPicker",
    "OptionPicker",
    "RemedyPanel",
    "RunProgress",
    "SplitExplorer",
    "ThresholdPicker",
    "WhatIf",
]


def __getattr__(name: str) -> Any:
    if name not in PLACES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(importlib.import_module(f"{__name__}.{PLACES[name]}"), name)
