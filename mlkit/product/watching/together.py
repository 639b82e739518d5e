"""Whether live rows as a whole can be told from those of the reference."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from mlkit.core.schema import Column, Schema
from mlkit.data.parts.likeness import Likeness, likeness
from mlkit.model.packing.reference import codes, decoded
from mlkit.model.packing.sights import unfolded
from mlkit.product.watching.copies import natural, own

__all__ = ["together"]


def together(
    reference: Mapping[str, Any],
    columns: Mapping[str, NDArray[Any]],
    *,
    most: int = 2000,
    seed: int = 0,
) -> Likeness | None:
    """Tell how well a model tells live rows from the reference's.

    Both are looked at by the bin or level of each cell, images and sounds by what can
    be measured of them. A change of how columns go together is seen, though each by
    itself is as it was. Of live rows that are copies of others as many count as by
    nature, and those that are alike are never both learned from and told.

    Parameters
    ----------
    reference
        What a package remembers; see `mlkit.model.packing.reference.reference`.
    columns
        Cleaned live cells by column, each of shape (rows,).
    most
        So many of the newest live rows are looked at.
    seed
        Of the model.

    Returns
    -------
    Likeness or None
        None where the package keeps no rows, or there are fewer than thirty, copies
        counted once.
    """
    sample = reference.get("sample") or {}
    which = np.flatnonzero(natural(reference, columns))[-most:]
    newest = {name: cells[which] for name, cells in columns.items()}
    found = [
        (name, codes(form, cells))
        for name, form, cells in unfolded(reference["columns"], newest)
        if name in sample
    ]
    if not found:
        return None
    names, made = [name for name, _ in found], dict(found)
    kept = decoded({name: sample[name] for name in names})
    table = pd.concat([kept, pd.DataFrame(made)], ignore_index=True).astype(float)
    Schema(tuple(map(Column, names))).attach(table)
    mine = np.arange(len(table)) >= len(kept)
    groups = None
    if own(reference, newest) < 1:
        groups = np.asarray(table.groupby(names, sort=False).ngroup(), np.intp)
    return likeness(table, ~mine, mine, seed=seed, groups=groups)
