"""How live rows of the groups of sensitive columns are treated."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

import numpy as np
import pandas as pd

from mlkit.core.schema import Column, Schema
from mlkit.model.groups.fairness import FEWEST, Fairness, Gap, assess
from mlkit.model.runtime import choice
from mlkit.model.slicing.slices import groups
from mlkit.product.watching.live import Live
from mlkit.product.watching.scores import drawn

__all__ = ["shares", "treated", "widened"]

BLIND = frozenset({"parity_gap", "parity_ratio"})
"""What can be told of classes without any truth."""


def treated(live: Live, *, seed: int = 0) -> Fairness | None:
    """Tell how groups are treated: by the truth where it is in, else by what is said.

    Parameters
    ----------
    live
        Live rows.
    seed
        Of the resampling.

    Returns
    -------
    Fairness or None
        None where the log has no sensitive column, or there are too few rows.
    """
    some = drawn(live.take(np.flatnonzero(live.known)))
    truthful = len(some) >= 2 * FEWEST
    if not truthful:
        some = drawn(live)
    problem, table = live.parcel.problem, _table(some)
    if len(some) < 2 * FEWEST or not len(table.columns):
        return None
    if not truthful and not problem.classes:
        return None
    at = live.parcel.threshold
    truth = some.truth if truthful else choice(some.predicted, at)
    cut = at if len(problem.classes) == 2 else None
    found = assess(problem, table, truth, some.predicted, cut, seed=seed)
    return found if truthful else _blind(found)


def widened(before: Fairness | None, now: Fairness | None) -> Iterator[tuple[Gap, Gap]]:
    """Yield the gaps between groups that are certainly wider than at acceptance.

    Parameters
    ----------
    before, now
        How groups were treated, and are.
    """
    if before is None or now is None:
        return
    was = {(gap.column, gap.name): gap for gap in before.gaps}
    for gap in now.gaps:
        old = was.get((gap.column, gap.name))
        if old and not gap.name.endswith("_ratio") and gap.low > old.high:
            yield old, gap


def shares(live: Live) -> dict[str, float]:
    """Return by group the share said positive, of many classes right, or the mean.

    Parameters
    ----------
    live
        Live rows; groups of fewer than thirty are left out.
    """
    problem, table = live.parcel.problem, _table(live)
    if len(problem.classes) == 2:
        said = choice(live.predicted, live.parcel.threshold).astype(float)
    elif problem.classes:
        said = live.predicted.max(axis=1) if len(live) else np.zeros(0)
    else:
        said = live.predicted
    return {
        f"{column} = {name}": round(float(said[mask].mean()), 6)
        for column in table
        for name, mask in groups(table, str(column))
        if mask.sum() >= FEWEST
    }


def _blind(found: Fairness) -> Fairness:
    """Keep what does not rest on the truth."""
    kept = tuple(gap for gap in found.gaps if gap.name in BLIND)
    plain = [
        replace(
            one,
            rates={k: v for k, v in one.rates.items() if k.startswith("said")},
            limits={k: v for k, v in one.limits.items() if k.startswith("said")},
        )
        for one in found.groups
    ]
    note = "no truth has come in: only what is said is compared"
    return replace(found, groups=tuple(plain), gaps=kept, notes=(*found.notes, note))


def _table(live: Live) -> pd.DataFrame:
    """Return the sensitive columns that the log has, with their role."""
    made, columns = {}, []
    for name in live.parcel.sensitive:
        cells = live.columns.get(name)
        if cells is None or pd.isna(cells).all():
            continue
        number = cells.dtype.kind == "f"
        made[name] = pd.Series(cells) if number else pd.Series(cells, dtype="str")
        kind = "number" if number else "category"
        columns.append(Column(name, kind, ("sensitive",)))
    table = pd.DataFrame(made, index=range(len(live)))
    return Schema(tuple(columns)).attach(table)
