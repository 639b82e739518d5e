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
        self.features = np.zeros(rows, np.uint64)
        self.others = np.zeros(rows, np.uint64)
        self.any = False

    def put(self, look: Look) -> None:
        """Take one column in."""
        feature = look.column.is_feature
        _join(self.features if feature else self.others, _mixed(look))
        self.any |= feature

    def whole(self, places: NDArray[np.intp]) -> NDArray[np.uint64]:
        """Return the hashes over all cells of some rows."""
        found = self.features[places]
        _join(found, self.others[places])
        return found


def alerts(raw: pd.DataFrame, keys: Keys, target: str | None) -> Iterator[Alert]:
    """Yield what is odd about rows.

    Parameters
    ----------
    raw
        The table as it was collected.
    keys
        The hashes of its rows.
    target
        What is learnt; None where nothing is to be told of a row.
    """
    if keys.any and _repeats(keys.features):
        yield from _of_twins(raw, keys, target)
    features = len(Schema.of(raw).features)
    if len(raw) < 10 * features:
        yield Alert(
            *("few rows", "", "look"),
            f"{len(raw):,} rows for {features:,} features",
            "below ten rows a feature, simple models are the safer choice",
        )


def _of_twins(raw: pd.DataFrame, keys: Keys, target: str | None) -> Iterator[Alert]:
    alike = np.flatnonzero(pd.Series(keys.features).duplicated(keep=False))
    whole = keys.whole(alike)
    twice = pd.Series(whole).duplicated().to_numpy()
    count = int(twice.sum())
    if count and _chance(raw, whole):
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
    codes = look.codes
    if codes is None and look.raw.dtype.kind not in "fiubM":
        codes = pd.factorize(look.raw, use_na_sentinel=False)[0]
    if codes is not None:
        cells = codes.astype(np.int64).view(np.uint64)  # a copy
    elif look.raw.dtype.kind == "f":
        plain = look.raw.to_numpy(np.float64)
        cells = (plain + 0.0).view(np.uint64)
        cells[np.isnan(plain)] = GAP
    else:
        dated = look.raw.dtype.kind == "M"
        found = look.raw.dt.tz_localize(None) if dated else look.raw
        cells = found.to_numpy().astype(np.int64).view(np.uint64)
    cells ^= cells >> np.uint64(31)
    cells *= STEP
    cells ^= cells >> np.uint64(27)
    return cells


def _join(total: NDArray[np.uint64], cells: NDArray[np.uint64]) -> None:
    """Take one column's hashes into a growing one."""
    total ^= cells
    total *= ODD
    total ^= total >> np.uint64(32)
