"""What the log tells of a window without any model: load, latency, odd cells."""

from __future__ import annotations

import json
from collections import Counter
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import pandas as pd

__all__ = ["FLAGS", "Traffic", "traffic"]

FLAGS = ("missing", "unseen", "unreadable", "contract")
SHOWN = 5


@dataclass(frozen=True)
class Traffic:
    """The load of a window.

    Parameters
    ----------
    requests, rows
        How many there were.
    latency
        Milliseconds that half, 95 % and 99 % of the requests took at most.
    flags
        By flag, the share of rows that have it; see `FLAGS`.
    worst
        What is broken most often: a field and the rule or flag, with its share.
    """

    requests: int
    rows: int
    latency: tuple[float, float, float] = (0.0, 0.0, 0.0)
    flags: dict[str, float] = field(default_factory=dict)
    worst: tuple[tuple[str, float], ...] = ()


def traffic(rows: pd.DataFrame) -> Traffic:
    """Sum up what the log tells of some rows.

    Parameters
    ----------
    rows
        What `mlkit.product.log.read` returns.

    Examples
    --------
    >>> row = {"request.id": "a", "request.seconds": 0.002, "output.flags": "[]"}
    >>> traffic(pd.DataFrame([row])).latency
    (2.0, 2.0, 2.0)
    """
    if not len(rows):
        return Traffic(0, 0)
    took = rows.drop_duplicates("request.id")["request.seconds"].to_numpy(float)
    places = np.quantile(took * 1000, [0.5, 0.95, 0.99]).round(3)
    seen: Counter[str] = Counter()
    broken: Counter[str] = Counter()
    for text, count in rows["output.flags"].value_counts().items():
        told = json.loads(str(text))
        for flag in {one["flag"] for one in told}:
            seen[flag] += int(count)
        for what in {_what(one) for one in told if one["flag"] != "missing"}:
            broken[what] += int(count)
    worst = [(what, round(n / len(rows), 6)) for what, n in broken.most_common(SHOWN)]
    return Traffic(
        requests=len(took),
        rows=len(rows),
        latency=tuple(map(float, places)),  # type: ignore[arg-type]
        flags={flag: round(seen[flag] / len(rows), 6) for flag in FLAGS},
        worst=tuple(worst),
    )


def _what(flag: dict[str, Any]) -> str:
    return str(flag.get("rule") or f"{flag['field']} {flag['flag']}")
