"""How near new rows lie to real ones, row by row."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from mlkit.core.schema import Schema
from mlkit.data.charts.cards import significant
from mlkit.data.measures.moments import scaled
from mlkit.data.reading.identify import row_keys
from mlkit.data.synthesis.nearness import lengths_or_numbers

__all__ = ["nearest_records"]

ASKED, KNOWN = 2000, 20_000
LEVELS = 40
BINS = 40
FIFTH = 0.05

Floats = NDArray[np.float64]
Flags = NDArray[np.bool_]


def nearest_records(
    table: pd.DataFrame, schema: Schema, new: Flags, seed: int = 0
) -> dict[str, Any] | None:
    """Return how near new rows lie to the nearest real one, and real ones to others.

    A real row that is held out and its distance to the nearest of the rest is the
    measure: new rows should lie no nearer. Numbers count in standard deviations, a
    different word or a gap as one; the distance is the root of the mean square over
    columns. Texts are passed over.

    Parameters
    ----------
    table, schema
        What `plain` gives.
    new
        Which rows are new, shape (rows,).
    seed
        Of the draw: at most 2,000 rows are asked about, 20,000 are known.

    Returns
    -------
    dict or None
        Medians, the 5th percentile of real rows, the share of new rows nearer than it,
        exact matches, and bars; None with fewer than three real rows or no column.

    Examples
    --------
    >>> rng = np.random.default_rng(0)
    >>> table = pd.DataFrame({"x": rng.normal(size=400), "y": rng.normal(size=400)})
    >>> table.iloc[200:] = table.iloc[:200].to_numpy()
    >>> found = nearest_records(table, Schema.of(table), np.arange(400) >= 200)
    >>> found["equal"], found["nearer"]
    (200, 1.0)
    """
    from sklearn.neighbors import NearestNeighbors

    used = schema.with_type("number", "date", "category")
    if not used or (~new).sum() < 3:
        return None
    rng = np.random.default_rng(seed)
    points = _points(table[used], schema, ~new)
    known = _some(np.flatnonzero(~new), KNOWN, rng)
    held = np.sort(rng.permutation(len(known))[:ASKED])
    asked = _some(np.flatnonzero(new), ASKED, rng)
    space = NearestNeighbors(n_neighbors=2).fit(points[known])
    size = np.sqrt(len(used))
    real = space.kneighbors(points[known[held]])[0][:, 1] / size
    made = space.kneighbors(points[asked], 1)[0][:, 0] / size
    keys = row_keys({name: table[name] for name in used}, len(table))
    equal = int(np.isin(keys[new], keys[~new]).sum())
    twins = int(pd.Series(keys[~new]).duplicated(keep=False).sum())
    return _told(real, made) | {"equal": equal, "equal_real": twins}


def _told(real: Floats, made: Floats) -> dict[str, Any]:
    fifth = float(np.quantile(real, FIFTH))
    top = float(np.quantile(np.concatenate([real, made]), 0.99)) or 1.0
    edges = np.linspace(0, top, BINS + 1)
    return {
        "fifth": significant(fifth),
        "nearer": significant(float((made < fifth).mean())),
        "median_real": significant(float(np.median(real))),
        "median_new": significant(float(np.median(made))),
        "edges": [significant(float(edge), 6) for edge in edges],
        "rows": [
            np.histogram(np.minimum(away, top), edges)[0].tolist()
            for away in (real, made)
        ],
    }


def _some(rows: NDArray[np.intp], most: int, rng: np.random.Generator) -> Any:
    return rows if len(rows) <= most else np.sort(rng.choice(rows, most, replace=False))


def _points(table: pd.DataFrame, schema: Schema, real: Flags) -> NDArray[np.float32]:
    """Return rows as points: a different word, or a gap, lies one apart."""
    parts: list[Floats] = []
    for name in table:
        values = table[name]
        if schema[str(name)].type == "category":
            common = values[real].value_counts().index[:LEVELS]
            place = common.get_indexer(pd.Index(values))
            marks = np.zeros((len(values), len(common) + 1))
            marks[np.arange(len(values)), place] = np.sqrt(0.5)
            parts.append(marks)
            continue
        numbers = lengths_or_numbers(values)
        known = np.isfinite(numbers)
        divided, _ = scaled(np.where(known, numbers, 0.0))
        seen = divided[known & real]
        spread = float(seen.std()) if len(seen) else 0.0
        middle = float(seen.mean()) if len(seen) else 0.0
        away = (divided - middle) / spread if spread > 0 else np.zeros(len(values))
        parts.append(np.column_stack([np.where(known, away, 0.0), ~known]))
    return np.hstack(parts).astype(np.float32)
