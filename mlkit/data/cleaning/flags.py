"""Flag the rows that are not to be learnt from; none is taken away."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from mlkit.core.schema import Schema
from mlkit.data.cleaning.decided import Decided
from mlkit.data.cleaning.offer import Offer
from mlkit.data.cleaning.twice import near_duplicates, repeats

__all__ = ["FLAG", "Flagged", "by_chance", "counted", "flag_of", "flags"]

FLAG = "dropped"
"""The column that says why a row is not learnt from; empty for those that are.

Its role tells it, not its name: see `flag_of`.
"""

LOOKED_AT = 20_000
MANY = 20_000
WIDE = 500
TWICE = "rows that equal an earlier one in every column"
NEARLY = "rows that nearly equal an earlier one"


@dataclass(frozen=True)
class Flagged:
    """Why rows are not learnt from.

    Parameters
    ----------
    reasons
        A text a row, "" to keep it.
    offers
        The row operations that are done, and those that could be.
    notes
        What was noticed, one sentence each.
    """

    reasons: pd.Series
    offers: tuple[Offer, ...] = ()
    notes: tuple[str, ...] = ()


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
    raw: pd.DataFrame,
    cleaned: pd.DataFrame,
    schema: Schema,
    decided: Decided | None = None,
    marks: Iterable[tuple[str, NDArray[np.bool_]]] = (),
) -> Flagged:
    """Return why each row is not to be learnt from, and what else could be flagged.

    Parameters
    ----------
    raw, cleaned
        The same rows before and after the cell operations.
    schema
        Of the cleaned ones.
    decided
        What a person wants otherwise.
    marks
        Reasons that single columns give, each with the rows it fits.

    Returns
    -------
    Flagged
        A reason a row; where several fit, the gravest. That the target is missing is
        the least: a label mends it, and the other reasons stay true.
    """
    decided = decided or Decided()
    state = _State(decided, np.full(len(raw), "", dtype=object))
    for why, rows in marks:
        state.put(rows, why)
    keys, twice = repeats(raw)
    _nearly(state, cleaned, schema, twice)
    notes = _twice(state, raw, keys, twice)
    target = schema.target
    if target is not None and target in cleaned:
        bare = cleaned[target].isna().to_numpy() & (state.reasons == "")
        state.put(bare, "missing target")
    reasons = pd.Series(pd.array(state.reasons, dtype="str"), index=raw.index)
    return Flagged(reasons, tuple(state.offers), tuple(notes))


class _State:
    """The reasons as they are put, one over the other."""

    def __init__(self, decided: Decided, reasons: Any) -> None:
        self.decided = decided
        self.reasons = reasons
        self.offers: list[Offer] = []

    def put(self, rows: Any, why: Any) -> None:
        self.reasons[rows] = why[rows] if isinstance(why, np.ndarray) else why

    def offer(
        self,
        name: str,
        rows: int,
        why: str,
        default: bool,
        examples: tuple[tuple[str, str, int], ...] = (),
    ) -> bool:
        wanted = default or name in self.decided.accept or self.asks(name)
        state = "done" if wanted else "offered"
        state = "refused" if name in self.decided.refuse else state
        told = {"op": name, "name": name, "why": why}
        self.offers.append(Offer(told, state, rows, 0, examples))
        return self.offers[-1].done

    def asks(self, name: str) -> bool:
        return any(operation["op"] == name for operation in self.decided.rows)


def _twice(state: _State, raw: pd.DataFrame, again: Any, twice: Any) -> list[str]:
    """Flag rows that were entered twice, unless chance makes rows equal here."""
    count = int(twice.sum())
    if not count:
        return []
    chance = _chance(raw, pd.Series(again, index=raw.index))
    if state.offer("duplicates", count, TWICE, not chance):
        state.put(twice, _of_row(raw.index, again))
    if not chance:
        return []
    told = (
        f"{count:,} rows equal an earlier one, as chance has it with so few "
        "different cells: they stay unless you accept 'duplicates'"
    )
    return [told]


def _nearly(state: _State, cleaned: pd.DataFrame, schema: Schema, twice: Any) -> None:
    """Offer to flag rows that nearly equal an earlier one; many only when asked."""
    name = "near duplicates"
    wanted = name in state.decided.accept or state.asks(name)
    if (len(cleaned) > MANY or cleaned.shape[1] > WIDE) and not wanted:
        return
    first = near_duplicates(schema.attach(cleaned.copy(deep=False)))
    rows = (first >= 0) & ~twice
    if not rows.any():
        return
    ids = cleaned.index.astype(str).to_numpy(dtype=object)
    some = np.flatnonzero(rows)[:3].tolist()
    pairs = tuple((f"row {ids[i]}", f"as row {ids[first[i]]}", 1) for i in some)
    if state.offer(name, int(rows.sum()), NEARLY, False, pairs):
        told = np.array([f"near duplicate of row {ids[i]}" for i in first], object)
        state.put(rows, told)


def _of_row(index: pd.Index, keys: Any) -> Any:
    """Say for each row of which earlier one it is a duplicate."""
    first = pd.Series(np.arange(len(keys))).groupby(keys).transform("first")
    ids = index.astype(str).to_numpy(dtype=object)
    return np.array([f"duplicate of row {ids[i]}" for i in first], dtype=object)


def counted(found: pd.Series) -> dict[str, int]:
    """Return how many rows each reason flags, duplicates together.

    Examples
    --------
    >>> counted(pd.Series(["", "duplicate of row 7", "missing target"]))
    {'duplicate': 1, 'missing target': 1}
    """
    reasons = found[(found != "").to_numpy()].str.replace(r" of row .*", "", regex=True)
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
    return by_chance(raw[~keys.duplicated().to_numpy()], len(raw)) > pairs / 1000
