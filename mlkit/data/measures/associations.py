"""How much each pair of columns goes together, whatever their types."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass, field
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from mlkit.core.schema import Schema
from mlkit.data.charts.associations import plot_associations
from mlkit.data.charts.cards import many
from mlkit.data.charts.style import Picture
from mlkit.data.measures.alert import Alert, origin, roles

__all__ = ["Associations", "associations"]

ROWS = 5000
COLUMNS = 60
LEVELS = 30
FEWEST = 20
TWINS = 0.98

Floats = NDArray[np.float64]


@dataclass(frozen=True)
class Associations:
    """The strength of all pairs of columns, from 0 to 1.

    Parameters
    ----------
    names, types
        The columns and their types.
    levels
        How many different cells each has among the rows looked at.
    strengths
        A row a column, in the same order; a number pair has a sign.
    rows
        How many rows were looked at.
    left_out
        How many columns were not looked at.
    """

    names: tuple[str, ...] = ()
    types: tuple[str, ...] = ()
    levels: tuple[int, ...] = ()
    strengths: tuple[tuple[float, ...], ...] = field(default=(), repr=False)
    rows: int = 0
    left_out: int = 0

    def strongest(self, least: float = 0.0) -> list[tuple[str, str, float]]:
        """Return the pairs of columns by strength, the strongest first."""
        pairs = [
            (self.names[i], self.names[j], self.strengths[i][j])
            for i in range(len(self.names))
            for j in range(i + 1, len(self.names))
        ]
        kept = [pair for pair in pairs if abs(pair[2]) >= least]
        return sorted(kept, key=lambda pair: (-abs(pair[2]), pair[0], pair[1]))

    def plot(self, most: int = 30) -> Picture:
        """Draw the strength of up to `most` columns, those that go together near."""
        return plot_associations(
            *(self.names, self.types, self.strengths),
            *(self.rows, self.left_out, most),
        )

    def to_dict(self) -> dict[str, Any]:
        """Return a plain JSON form."""
        return asdict(self)

    @classmethod
    def from_dict(cls, form: Mapping[str, Any]) -> Associations:
        """Read the form that `to_dict` gives."""
        strengths = tuple(tuple(line) for line in form["strengths"])
        named = {key: tuple(form[key]) for key in ("names", "types", "levels")}
        return cls(**{**form, **named, "strengths": strengths})

    def alerts(self, schema: Schema) -> Iterator[Alert]:
        """Yield the columns of a collected table that another one says already."""
        said: set[str] = set()
        place = {name: at for at, name in enumerate(self.names)}
        finest = {
            name: (self.types[at] == "number" or -self.levels[at], at)
            for name, at in place.items()
        }
        for first, second, strength in self.strongest(TWINS):
            # of two categories the one with fewer words says nothing more
            one, other = sorted((first, second), key=finest.__getitem__)
            alike = self.types[place[one]] == self.types[place[other]]
            if schema.target in (one, other) or {one, other} & said or not alike:
                continue
            said.add(other)
            kind = "rank correlation" if self.types[place[one]] == "number" else "V"
            yield Alert(
                *("twins", other, "look"),
                f"it goes with {one!r}: a {kind} of {strength:.2f} on "
                f"{many(self.rows, 'row')}",
                f"one of the two is enough: a click leaves {other!r} out",
                roles(origin(other, schema), "ignored"),
            )


def associations(table: pd.DataFrame) -> Associations:
    """Measure how much each pair of columns goes together.

    Two numbers by Spearman's rank correlation, with its sign, each ranked among its
    own known cells; two categories by
    Cramér's V, corrected for chance; a number and a category by the correlation ratio
    of the ranks, corrected likewise. Dates count as numbers. Up to 5,000 rows, evenly
    spaced, and the first 60 columns are looked at; a category is cut to its 30 most
    frequent words.

    Parameters
    ----------
    table
        Cleaned rows with their schema; gaps are NaN.

    Notes
    -----
    Bergsma, "A bias-correction for Cramér's V and Tschuprow's T", Journal of the
    Korean Statistical Society 42 (2013); Kelley's epsilon squared for the ratio.

    Examples
    --------
    >>> x = np.arange(100.0)
    >>> words = np.where(x < 50, "low", "high")
    >>> found = associations(pd.DataFrame({"x": x, "y": -x, "w": words}))
    >>> found.strongest()[0]
    ('x', 'y', -1.0)
    """
    schema = Schema.of(table)
    of_use = [c for c in schema if c.is_feature or "target" in c.roles]
    fitting = [c for c in of_use if c.type in ("number", "date", "category")]
    spaced = np.linspace(0, max(len(table) - 1, 0), min(len(table), ROWS))
    seen = table.iloc[np.unique(spaced.astype(int))] if len(table) else table
    kept = [c for c in fitting if _varies(seen[c.name])][:COLUMNS]
    numeric = [c.name for c in kept if c.type != "category"]
    wordy = [c.name for c in kept if c.type == "category"]
    ranks = _ranks(seen, numeric)
    levels = [_levels(seen[name]) for name in wordy]
    blocks = np.block(
        [
            [_spearman(ranks), _ratios(ranks, levels)],
            [_ratios(ranks, levels).T, _cramer(levels)],
        ]
    )
    order = [(numeric + wordy).index(column.name) for column in kept]
    strengths = np.round(blocks[np.ix_(order, order)], 4) + 0.0
    return Associations(
        tuple(column.name for column in kept),
        tuple("category" if c.type == "category" else "number" for c in kept),
        tuple(int(seen[c.name].nunique()) for c in kept),
        tuple(tuple(map(float, line)) for line in strengths),
        len(seen),
        len(fitting) - len(kept),
    )


def _varies(values: pd.Series) -> bool:
    return bool(values.nunique() > 1)


def _ranks(table: pd.DataFrame, names: Sequence[str]) -> Floats:
    """Return ranks by column, from -1 to 1, NaN where a cell is missing."""
    ranks = np.full((len(table), len(names)), np.nan)
    for place, name in enumerate(names):
        found = table[name].rank().to_numpy(dtype=np.float64, na_value=np.nan)
        ranks[:, place] = 2 * found / max(len(table), 1) - 1
    return ranks


def _levels(values: pd.Series) -> NDArray[np.intp]:
    """Return each row's level from 0, the rare ones together; -1 where missing."""
    codes, words = pd.factorize(values)
    if len(words) <= LEVELS:
        return codes
    counts = np.bincount(codes[codes >= 0], minlength=len(words))
    order = np.empty(len(words), np.intp)
    order[np.argsort(-counts, kind="stable")] = np.arange(len(words))
    return np.where(codes < 0, -1, np.minimum(order[codes], LEVELS))


def _spearman(ranks: Floats) -> Floats:
    """Return the correlation of ranks over the rows where both are known."""
    known = (~np.isnan(ranks)).astype(float)
    plain = np.nan_to_num(ranks)
    count = known.T @ known
    with np.errstate(divide="ignore", invalid="ignore"):
        mine = plain.T @ known
        spread = (plain**2).T @ known - mine**2 / count
        shared = plain.T @ plain - mine * mine.T / count
        found = shared / np.sqrt(spread * spread.T)
    return np.where((count >= FEWEST) & np.isfinite(found), np.clip(found, -1, 1), 0.0)


def _ratios(ranks: Floats, levels: Sequence[NDArray[np.intp]]) -> Floats:
    """Return the corrected correlation ratio of each number with each category."""
    found = np.zeros((ranks.shape[1], len(levels)))
    for column, codes in enumerate(levels):
        for line in range(ranks.shape[1]):
            values = ranks[:, line]
            both = (codes >= 0) & ~np.isnan(values)
            found[line, column] = _ratio(values[both], codes[both])
    return found


def _ratio(values: Floats, codes: NDArray[np.intp]) -> float:
    if len(values) < FEWEST:
        return 0.0
    sizes = np.bincount(codes)
    sums = np.bincount(codes, weights=values)
    groups = int((sizes > 0).sum())
    centre = values.mean()
    whole = float(((values - centre) ** 2).sum())
    between = float((sums**2 / np.maximum(sizes, 1)).sum()) - len(values) * centre**2
    if whole <= 0 or groups < 2 or groups >= len(values):
        return 0.0
    left = (1 - between / whole) * (len(values) - 1) / (len(values) - groups)
    return float(np.sqrt(np.clip(1 - left, 0, 1)))


def _cramer(levels: Sequence[NDArray[np.intp]]) -> Floats:
    found = np.eye(len(levels))
    for i, one in enumerate(levels):
        for j in range(i):
            found[i, j] = found[j, i] = _v(one, levels[j])
    return found


def _v(one: NDArray[np.intp], other: NDArray[np.intp]) -> float:
    """Return the corrected V of two categories over the rows where both are known."""
    both = (one >= 0) & (other >= 0)
    count = int(both.sum())
    if count < FEWEST:
        return 0.0
    shape = int(one.max()) + 1, int(other.max()) + 1
    cells = np.bincount(
        one[both] * shape[1] + other[both], minlength=shape[0] * shape[1]
    )
    table = cells.reshape(shape)
    table = table[table.any(axis=1)][:, table.any(axis=0)]
    high, wide = table.shape
    expected = np.outer(table.sum(axis=1), table.sum(axis=0)) / count
    phi = float(((table - expected) ** 2 / expected).sum()) / count
    phi = max(phi - (high - 1) * (wide - 1) / (count - 1), 0.0)
    least = min(
        high - (high - 1) ** 2 / (count - 1), wide - (wide - 1) ** 2 / (count - 1)
    )
    return float(np.sqrt(min(phi / (least - 1), 1.0))) if least > 1 else 0.0
