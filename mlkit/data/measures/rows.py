"""Alerts of whole rows: entered twice, contradicting each other, too few."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from mlkit.core.schema import Schema
from mlkit.data.charts.cards import many
from mlkit.data.cleaning.flags import by_chance
from mlkit.data.measures.alert import Alert, accept, share
from mlkit.data.measures.look import Look

__all__ = ["Keys", "alerts"]

ODD = np.uint64(0x9E3779B97F4A7C15)
STEP = np.uint64(0xBF58476D1CE4E5B9)
GAP = np.uint64(0x5851F42D4C957F2D)


class Keys:
    """A hash a row that grows column by column, over all cells and over the features.

    Parameters
    ----------
    rows
        How many rows there are.
    """

    def __init__(self, rows: int) -> None:
        self.whole = np.zeros(rows, np.uint64)
        self.features = np.zeros(rows, np.uint64)
        self.any = False

    def put(self, look: Look) -> None:
        """Take one column in."""
        cells = _mixed(look)
        self.whole = _joined(self.whole, cells)
        if look.column.is_feature:
            self.features = _joined(self.features, cells)
            self.any = True


def alerts(raw: pd.DataFrame, keys: Keys) -> Iterator[Alert]:
    """Yield what is odd about rows.

    Parameters
    ----------
    raw
        The table as it was collected.
    keys
        The hashes of its rows.
    """
    schema = Schema.of(raw)
    if keys.any and _repeats(keys.features):
        yield from _of_twins(raw, keys, schema.target)
    features = len(schema.features)
    if len(raw) < 10 * features:
        yield Alert(
            *("few rows", "", "look"),
            f"{len(raw):,} rows for {features:,} features",
            "below ten rows a feature, simple models are the safer choice",
        )


def _of_twins(raw: pd.DataFrame, keys: Keys, target: str | None) -> Iterator[Alert]:
    alike = np.flatnonzero(pd.Series(keys.features).duplicated(keep=False))
    twice = pd.Series(keys.whole[alike]).duplicated().to_numpy()
    count = int(twice.sum())
    if count and _chance(raw, keys.whole):
        yield Alert(
            *("duplicates", "", "note"),
            f"{share(count, len(raw))} of the rows equal an earlier one, as chance has "
            "it with so few different cells",
            "they stay",
        )
    elif count:
        yield Alert(
            *("duplicates", "", "look"),
            f"{share(count, len(raw))} of the rows equal an earlier one",
            "clean flags them: each is learnt from once",
            accept("duplicates"),
        )
    if target is not None:
        words = raw[target].iloc[alike].to_numpy()
        frame = pd.DataFrame({"key": keys.features[alike], "target": words})
        clashing = int((frame.groupby("key")["target"].transform("nunique") > 1).sum())
        if clashing:
            yield Alert(
                *("contradictions", "", "look"),
                f"{many(clashing, 'row')} equal others in all but the target",
                "no model can tell them apart: more columns may",
            )


def _chance(raw: pd.DataFrame, keys: NDArray[np.uint64]) -> bool:
    _, counts = np.unique(keys, return_counts=True)
    pairs = float(np.sum(counts * (counts - 1.0) / 2))
    seen = raw.iloc[:: max(len(raw) // 20_000, 1)]
    # columns go together in real tables, so chance alone gives more than this
    return by_chance(seen.drop_duplicates(), len(raw)) > pairs / 1000


def _repeats(keys: NDArray[np.uint64]) -> bool:
    ordered = np.sort(keys)
    return bool((ordered[1:] == ordered[:-1]).any())


def _mixed(look: Look) -> NDArray[np.uint64]:
    """Return one hash a cell; cells that are equal hash alike."""
    if look.codes is not None:
        cells = look.codes.astype(np.int64).view(np.uint64)
    elif look.raw.dtype.kind == "f":
        cells = (look.raw.to_numpy(np.float64) + 0.0).view(np.uint64)
        cells = np.where(np.isnan(look.raw.to_numpy(np.float64)), GAP, cells)
    else:
        plain = (
            look.raw.dt.tz_localize(None) if look.raw.dtype.kind == "M" else look.raw
        )
        cells = plain.to_numpy().astype(np.int64).view(np.uint64)
    mixed: NDArray[np.uint64] = (cells ^ (cells >> np.uint64(31))) * STEP
    return mixed ^ (mixed >> np.uint64(27))


def _joined(total: NDArray[np.uint64], cells: NDArray[np.uint64]) -> NDArray[np.uint64]:
    joined: NDArray[np.uint64] = (total ^ cells) * ODD
    return joined ^ (joined >> np.uint64(32))
