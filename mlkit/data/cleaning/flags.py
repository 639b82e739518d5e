"""Flag the rows that are not to be learnt from; none is taken away."""

from __future__ import annotations

import numpy as np
import pandas as pd

from mlkit.core.schema import Schema
from mlkit.data.reading.identify import row_keys

__all__ = ["FLAG", "by_chance", "counted", "flag_of", "flags"]

FLAG = "dropped"
"""The column that says why a row is not learnt from; empty for those that are.

Its role tells it, not its name: see `flag_of`.
"""

LOOKED_AT = 20_000


def flag_of(schema: Schema) -> str:
    """Return a name for the flag of rows that no other column has.

    Examples
    --------
    >>> from mlkit.core.schema import Column
    >>> flag_of(Schema()), flag_of(Schema((Column("dropped"),)))
    ('dropped', 'dropped_')
    """
    name = FLAG
    while name in schema:
        name += "_"
    return name


def flags(
    raw: pd.DataFrame, cleaned: pd.DataFrame, duplicates: bool = True
) -> tuple[pd.Series, list[str]]:
    """Return why each row is not to be learnt from, and what was noticed.

    Parameters
    ----------
    raw, cleaned
        The same rows before and after the cell operations.
    duplicates
        Whether rows that were entered twice are flagged.

    Returns
    -------
    Series of str, list of str
        The reason a row, "" to keep it; notes.
    """
    found = pd.Series("", index=raw.index, dtype="str")
    notes: list[str] = []
    cells = {str(name): raw[name] for name in raw}
    again = pd.Series(row_keys(cells, len(raw)).view(np.int64), index=raw.index)
    twice = again.duplicated()
    if twice.any() and duplicates:
        if _chance(raw, again):
            count = f"{int(twice.sum()):,}"
            notes.append(
                f"{count} rows equal an earlier one, as chance has it with so few "
                "different cells: they stay"
            )
        else:
            first = raw.index.to_series().groupby(again).transform("first")
            found = found.mask(twice, "duplicate of row " + first.astype("str"))
    target = Schema.of(cleaned).target
    if target is not None and target in cleaned:
        found = found.mask(cleaned[target].isna(), "missing target")
    return found, notes


def counted(found: pd.Series) -> dict[str, int]:
    """Return how many rows each reason flags, duplicates together.

    Examples
    --------
    >>> counted(pd.Series(["", "duplicate of row 7", "missing target"]))
    {'duplicate': 1, 'missing target': 1}
    """
    reasons = found[found != ""].str.replace(r" of row .*", "", regex=True)
    counts = reasons.value_counts().sort_index()
    return {str(why): int(count) for why, count in counts.items()}


def by_chance(table: pd.DataFrame, rows: int) -> float:
    """Return how many pairs of equal rows chance would give, were columns independent.

    Parameters
    ----------
    table
        Distinct rows × columns.
    rows
        How many rows there are, equal ones included.

    Examples
    --------
    >>> by_chance(pd.DataFrame({"sex": ["f", "m", "f", "m"]}), 100)
    1650.0
    """
    seen = table.iloc[:: max(len(table) // LOOKED_AT, 1)]
    pairs = max(len(seen) * (len(seen) - 1), 1)
    chance = rows * (rows - 1) / 2
    for name in seen:
        counts = seen[name].value_counts(dropna=False).to_numpy()
        chance *= float(np.sum(counts * (counts - 1.0))) / pairs
    return chance


def _chance(raw: pd.DataFrame, keys: pd.Series) -> bool:
    counts = keys.value_counts().to_numpy()
    pairs = float(np.sum(counts * (counts - 1.0) / 2))
    # columns go together in real tables, so chance alone gives more than this
    return by_chance(raw[~keys.duplicated()], len(raw)) > pairs / 1000
