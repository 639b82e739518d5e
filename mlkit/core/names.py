"""What a goal may name: metrics, gaps between groups, other bars, costs.

It loads nothing, so that a form can offer them at once.
"""

from __future__ import annotations

__all__ = ["EVEN", "GAPS", "OF_PACKAGE", "OTHERS", "TITLES"]

TITLES = {
    "stability": "stability",
    "replication": "agreement with clusters of new rows",
    "silhouette": "silhouette",
    "alarms": "share of rows with an alarm",
    "planted": "share of planted rows found",
    "roc_auc": "ROC AUC",
    "average_precision": "average precision",
    "log_loss": "log loss",
    "brier": "Brier score",
    "rps": "ranked probability score",
    "calibration": "calibration error",
    "accuracy": "accuracy",
    "balanced_accuracy": "balanced accuracy",
    "precision": "precision",
    "recall": "recall",
    "f1": "F1",
    "kappa": "quadratic kappa",
    "steps": "mean error in steps",
    "rmse": "RMSE",
    "mae": "MAE",
    "r2": "R²",
    "mape": "mean error in shares",
    "deviance": "Poisson deviance",
}
"""The metrics, by name, as plots and cards call them."""

GAPS = {
    "parity_gap": ("said", "mean"),
    "opportunity_gap": ("true_positive",),
    "odds_gap": ("true_positive", "false_positive"),
    "precision_gap": ("precision",),
    "calibration_gap": ("overstated", "bias"),
    "accuracy_gap": ("right",),
    "error_gap": ("error",),
    "parity_ratio": ("said",),
    "odds_ratio": ("true_positive", "false_positive"),
}
"""The rates that a gap compares: the widest of them counts, of a ratio the least."""

OTHERS = (
    "champion",
    "group_gap",
    "latency_ms",
    "rows",
    "shuffled_input",
    "size_mb",
    "worst_group",
    "worst_slice",
)
"""The bars that are neither: of groups, of rivals, of the package."""

OF_PACKAGE = ("latency_ms", "size_mb")
"""Those of the package, which there are whatever is predicted."""

EVEN = {"false_alarm": 1.0, "miss": 1.0}
"""The costs of two classes where none are stated."""
