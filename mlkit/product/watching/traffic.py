"""What the log tells of a window without any model: load, latency, odd cells."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import pandas as pd

__all__ = ["FLAGS", "Traffic", "traffic"]

FLAGS = ("missing", "unseen", "unreadable", "contract")
SHOWN = 5
STRANGERS = (401, 403, 404, 405)
"""What those get who have no business here: no sign of how the model is."""


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
    refused, failed
        How many predictions were not made: those that were no fit requests, and those
        that the server did not manage. They are not among `requests`. None where
        the log does not tell.
    turned
        What was refused or failed most often: status and reason, with how many.
    """

    requests: int
    rows: int
    latency: tuple[float, float, float] = (0.0, 0.0, 0.0)
    flags: dict[str, float] = field(default_factory=dict)
    worst: tuple[tuple[str, float], ...] = ()
    refused: int | None = None
    failed: int | None = None
    turned: tuple[tuple[str, int], ...] = ()

    @property
    def asked(self) -> int:
        """How many predictions were asked for."""
        return self.requests + (self.refused or 0) + (self.failed or 0)

    def share(self, what: str) -> float:
        """Return the share of what was asked for that was ``refused`` or ``failed``."""
        return (getattr(self, what) or 0) / max(self.asked, 1)

    @classmethod
    def from_dict(cls, form: Mapping[str, Any]) -> Traffic:
        """Read the plain form."""
        pairs = {n: tuple(map(tuple, form.get(n, ()))) for n in ("worst", "turned")}
        return cls(**{**form, "latency": tuple(form["latency"]), **pairs})


def traffic(rows: pd.DataFrame, refused: pd.DataFrame | None = None) -> Traffic:
    """Sum up what the log tells of some rows.

    Parameters
    ----------
    rows
        What `mlkit.product.log.read` returns.
    refused
        Of the same stretch, what `mlkit.product.log.refused` returns; None where
        that is not known.

    Examples
    --------
    >>> row = {"request.id": "a", "request.seconds": 0.002, "output.flags": "[]"}
    >>> traffic(pd.DataFrame([row])).latency
    (2.0, 2.0, 2.0)
    """
    away = {} if refused is None else _away(refused)
    if not len(rows):
        return Traffic(0, 0, **away)
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
        **away,
    )


def _away(refused: pd.DataFrame) -> dict[str, Any]:
    """Tell the server's failures from requests that were not fit, most often first."""
    path, status = refused["path"], refused["status"]
    door = path.eq("/v1/predict") | path.str.endswith("/infer")
    asks = refused[door & ~status.isin(STRANGERS)]
    failed = asks["status"].ge(500)
    named = asks["status"].astype(str) + " " + asks["reason"]
    counts = asks["count"].groupby(named.str.strip()).sum()
    ranked = sorted(counts.items(), key=lambda pair: (-pair[1], str(pair[0])))
    return {
        "refused": int(asks.loc[~failed, "count"].sum()),
        "failed": int(asks.loc[failed, "count"].sum()),
        "turned": tuple((str(name), int(many)) for name, many in ranked[:SHOWN]),
    }


def _what(flag: dict[str, Any]) -> str:
    return str(flag.get("rule") or f"{flag['field']} {flag['flag']}")
