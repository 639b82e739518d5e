"""Which live rows are rows of their own, and not copies of others."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from mlkit.core.media import KINDS
from mlkit.model.packing.reference import codes, decoded

__all__ = ["natural", "own"]

RARE = 0.002
"""Of all pairs of the reference's rows, how many may be alike by nature."""

Array = NDArray[Any]
Columns = Mapping[str, Array]


def own(reference: Mapping[str, Any], columns: Columns) -> float:
    """Return the share of live rows that count, each with its copies once.

    A row that is asked for again and again proves no more than one does. Rows that
    are alike in every cell are taken for copies as far as there are more of them than
    among the reference's rows, and only where these are hardly ever alike: in tables
    of few columns and levels rows repeat by nature, and all count. What k copies of
    each leave is one in k (Kish 1965).

    Parameters
    ----------
    reference
        What a package remembers; without kept rows every live row counts.
    columns
        Cleaned live cells by column, each of shape (rows,).

    Examples
    --------
    >>> import numpy as np
    >>> sample = {"x": "ABCDEFGHIJKLMNOPQRSTUVWXYZ"}
    >>> own({"sample": sample}, {"x": np.repeat(np.arange(50.0), 4)})
    0.25
    """
    kept, live = _kept(reference, columns), _live(reference, columns)
    usual = _alike(kept)
    if usual > RARE or len(live) < 2:
        return 1.0
    more = max(_alike(live) - usual, 0.0)
    return 1 / (1 + (len(live) - 1) * more)


def natural(reference: Mapping[str, Any], columns: Columns) -> NDArray[np.bool_]:
    """Return which live rows count, where a row counts no more often than by nature.

    As `own` has it; but of rows that are alike as many of the newest count as there
    would be among as many rows of the reference's, and one at least. So copies move no
    score, and all other rows keep their say.

    Parameters
    ----------
    reference
        What a package remembers; without kept rows every live row counts.
    columns
        Cleaned live cells by column, each of shape (rows,), oldest first.

    Examples
    --------
    >>> from mlkit.model.packing.reference import numbers
    >>> form = {"columns": {"x": numbers(np.arange(26.0))}}
    >>> form["sample"] = {"x": "ABCDEFGHIJKLMNOPQRSTUVWXYZ"}
    >>> natural(form, {"x": np.array([50.0, 50.0, 60.0])}).tolist()
    [False, True, True]
    """
    kept, live = _kept(reference, columns), _live(reference, columns)
    usual = _alike(kept)
    if usual > RARE or len(live) < 2:
        return np.ones(len(live), bool)
    alike = live.groupby(list(live), dropna=False, sort=False)
    which = alike.ngroup().to_numpy()
    _, firsts, sizes = np.unique(which, return_index=True, return_counts=True)
    if _pairs(sizes) <= usual:
        return np.ones(len(live), bool)
    most = np.full(len(sizes), usual)
    many = sizes > 1 + (len(live) - 1) * usual
    some = {name: cells[firsts[many]] for name, cells in columns.items()}
    most[many] = np.maximum(_often(reference, kept, some), usual)
    newest = alike.cumcount(ascending=False).to_numpy()
    return np.asarray(newest < 1 + np.floor((len(live) - 1) * most[which]))


def _live(reference: Mapping[str, Any], columns: Columns) -> pd.DataFrame:
    """Return live rows with the columns that the package remembers."""
    forms = reference.get("columns", columns)
    return pd.DataFrame({n: cells for n, cells in columns.items() if n in forms})


def _kept(reference: Mapping[str, Any], columns: Columns) -> pd.DataFrame:
    """Return the reference's rows with the columns that live rows have too."""
    sample = reference.get("sample") or {}
    return decoded(
        {
            name: text
            for name, text in sample.items()
            if name in columns or name.rpartition(": ")[0] in columns
        }
    )


def _often(
    reference: Mapping[str, Any], kept: pd.DataFrame, columns: Columns
) -> Array | float:
    """Return which share of the reference's rows falls in the same bins as each row.

    No image or sound is another by nature.
    """
    forms = reference["columns"]
    names = [str(name) for name in kept if name in columns]
    if not names or any(forms[n]["type"] in KINDS for n in columns if n in forms):
        return 0.0
    mine = pd.DataFrame({name: codes(forms[name], columns[name]) for name in names})
    shares = kept[names].value_counts(normalize=True)
    found = shares.reindex(pd.MultiIndex.from_frame(mine), fill_value=0.0)
    return found.to_numpy(np.float64)


def _alike(rows: pd.DataFrame) -> float:
    """Return which share of all pairs of rows is alike in every cell.

    Rows without any cell are all alike.
    """
    if not len(rows.columns):
        return 1.0
    alike = rows.groupby(list(rows), dropna=False, sort=False)
    return _pairs(alike.size().to_numpy())


def _pairs(sizes: Array) -> float:
    """Return which share of all pairs of rows is within one of the groups."""
    some, rows = sizes.astype(np.float64), float(sizes.sum())
    return float((some * (some - 1)).sum()) / max(rows * (rows - 1), 1.0)
