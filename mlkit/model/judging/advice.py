"""What would most likely help where a bar was missed, in figures where it can be."""

from __future__ import annotations

import math

from mlkit.model.groups.price import beyond
from mlkit.model.measures.metrics import METRICS
from mlkit.model.words import say

__all__ = ["of_gap", "of_metric", "rows_needed", "short"]

MOST = 20
REPEATED = ("stability", "replication")
"""Metrics of repeats on the same rows, whose intervals no further rows narrow."""


def rows_needed(rows: int, value: float, limit: float, bar: float) -> int | None:
    """Return how many rows would bring a limit to a bar, were the value to stay.

    The half of an interval narrows as one over the root of the rows; that of a share
    of 1 faster, as no row speaks against it.

    Parameters
    ----------
    rows
        How many there are.
    value, limit
        What was measured, and its limit on the bar's side.
    bar
        What the limit must reach.

    Returns
    -------
    int or None
        None where the value does not meet the bar, or too many rows were needed.

    Examples
    --------
    >>> rows_needed(100, 0.9, 0.8, 0.85)
    400
    """
    room, half = value - bar, value - limit
    if not half or room / half <= 0:
        return None
    times = (half / room) ** 2
    if value == 1 and min(limit, bar) > 0:
        times = math.log(limit) / math.log(bar)
    need = math.ceil(round(rows * times, 6))
    return need if need <= MOST * rows else None


def short(value: float, bar: float) -> str:
    """Tell by how much a bar was missed.

    Examples
    --------
    >>> short(0.78, 0.8)
    'by 0.02'
    """
    return f"by {say(abs(bar - value), 2)}"


def _more(rows: int, need: int | None, what: str) -> str:
    if need is None:
        return (
            f"the value itself meets the bar, by so little that no number of {what} "
            "worth collecting would show it: make the model better"
        )
    return (
        f"the value itself is good enough: about {need:,} {what} would show it, "
        f"{max(need - rows, 0):,} more hold-out rows than now"
    )


def _again(value: float, limit: float, bar: float) -> str:
    """Tell how many more repeats would show what is good enough; no more rows would."""
    need = rows_needed(100, value, limit, bar)
    if need is None:
        return (
            "the value itself meets the bar, by so little that no number of `repeats` "
            "worth waiting for would show it"
        )
    return (
        f"the value itself is good enough: about {need / 100:.1f} times as many "
        "`repeats` would show it"
    )


def of_metric(
    name: str, rows: int, value: float, limit: float, bar: float, kind: str
) -> str:
    """Return what would help a metric over its bar.

    Parameters
    ----------
    name
        Of the metric.
    rows, value, limit, bar
        As `rows_needed` takes them.
    kind
        Of the problem.
    """
    metric = METRICS[name]
    near = value >= bar if metric.greater else value <= bar
    if name == "planted":  # as many whatever is collected
        return (
            "lower the threshold in `alarms`, take another detector in `anomaly`, or "
            "leave out columns that say nothing (role ignored, in `collect`)"
        )
    if near and name in REPEATED:
        return _again(value, limit, bar)
    if near:
        return _more(rows, rows_needed(rows, value, limit, bar), "hold-out rows")
    if name == "calibration":
        return (
            'compare models by honest chances: [goal] metric = "log_loss"; or more rows'
        )
    if name == "alarms":
        return "raise the threshold in `alarms`"
    if metric.takes == "rows":
        return (
            "leave out columns that say nothing (role ignored, in `collect`), or "
            "collect more rows to learn from"
        )
    if kind == "anomaly":
        return (
            "take another detector in `anomaly`, move the threshold in `alarms`, or "
            "add columns that tell"
        )
    if metric.takes == "labels" and kind == "two_classes":
        return (
            "move the threshold in `evaluate`; else give `tune` more seconds or trials"
        )
    return (
        "give `tune` more seconds or trials, add columns that tell, or collect more "
        "rows to learn from"
    )


def of_gap(
    rows: int,
    value: float,
    limit: float,
    bar: float,
    mitigated: str,
    worse: str,
    kind: str,
) -> str:
    """Return what would help a gap between groups under its bar.

    Parameters
    ----------
    rows, value, limit, bar
        As `rows_needed` takes them; of a ratio all signs are turned.
    mitigated
        The mitigation that is switched on; "" for none.
    worse
        The group that gets less.
    kind
        Of the problem.
    """
    if value <= bar:
        return _more(rows, rows_needed(rows, value, limit, bar), "hold-out rows")
    if not mitigated:
        two = kind == "two_classes"
        method = "exponentiated_gradient" if two else "reweighing"
        milder = "; reweighing is milder and costs less" if two else ""
        return (
            f"switch on a mitigation: `mlkit decide mitigation {method}`, then "
            f"`mlkit run`{milder}; the price is shown in `train`"
        )
    return beyond(mitigated, kind, worse)
