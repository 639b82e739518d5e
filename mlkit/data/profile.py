"""Profile a table: what is in it, what is odd about it, what tells the target."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from mlkit.core.cells import config
from mlkit.core.media import KINDS
from mlkit.core.schema import Column, Schema
from mlkit.data.charts.cards import card, many
from mlkit.data.charts.profile import plot_columns, plot_gaps, plot_ties
from mlkit.data.charts.readings import Columns, Gallery, alert_grid
from mlkit.data.charts.report import Report
from mlkit.data.charts.style import Picture
from mlkit.data.measures import alerts, rows, target, texts
from mlkit.data.measures.alert import Alert
from mlkit.data.measures.associations import Associations, associations
from mlkit.data.measures.bias import Bias, bias
from mlkit.data.measures.describe import describe, module_of
from mlkit.data.measures.leaks import AWAY, ties
from mlkit.data.measures.look import Look, look
from mlkit.data.measures.shapes import bars
from mlkit.data.validate import WITHOUT

__all__ = ["Columns", "Profile", "profile"]

MOST_CLASSES = 6
SAMPLE = 20_000
MOST_PERSONS = 200_000
PROSE = 2
UNTIED = ("text", *KINDS)


@dataclass(frozen=True)
class Profile:
    """What is in a table.

    Parameters
    ----------
    rows
        How many rows.
    columns
        The measures of each column, as JSON dicts.
    alerts
        What a person should know, the serious ones first.
    shapes
        The bars of each column's distribution, by class of the target where they are
        few.
    ties
        How well each feature alone tells the target, from 0 to 1.
    target
        The target's name, or "".
    classes
        The target's classes, where there are at most six.
    associations
        How much each pair of columns goes together.
    bias
        Who is in it, and whether the target and the gaps treat groups alike.
    telling
        By column of text, the words that tell each class.
    sampled
        On how many rows ties were measured; associations say so themselves.
    sample
        These rows as they were collected, for reading, without private columns; not
        saved.
    """

    rows: int
    columns: tuple[Mapping[str, Any], ...]
    alerts: tuple[Alert, ...] = ()
    shapes: Mapping[str, Mapping[str, Any]] = field(default_factory=dict, repr=False)
    ties: Mapping[str, float] = field(default_factory=dict, repr=False)
    target: str = ""
    classes: tuple[str, ...] = ()
    associations: Associations = field(default_factory=Associations, repr=False)
    bias: Bias | None = field(default=None, repr=False)
    telling: Mapping[str, Mapping[str, Any]] = field(default_factory=dict, repr=False)
    sampled: int = 0
    sample: pd.DataFrame | None = field(default=None, repr=False, compare=False)

    @property
    def table(self) -> Columns:
        """The measures of all columns, as a page to read."""
        return Columns(self.columns, self.rows)

    @property
    def report(self) -> Report:
        """Skrub's report on a sample of the rows, to leaf through."""
        return Report(self.sample, self.rows)

    @property
    def gallery(self) -> Gallery:
        """The pictures of columns of text, images and sound."""
        kinds = {c["name"]: c["type"] for c in self.columns}
        media = [name for name, kind in kinds.items() if kind in KINDS]
        if self.sample is None:
            return Gallery(self.telling, self.target)
        told = kinds.get(self.target) == "category"
        classes = self.sample[self.target].tolist() if told else None
        drawn = [module_of(kinds[n]).picture(self.sample[n], classes) for n in media]
        return Gallery(self.telling, self.target, drawn)

    def plot(self, most: int = 24) -> Picture:
        """Draw the distribution of up to `most` columns, by class of the target."""
        return plot_columns(
            self.shapes, self.columns, self.rows, self.target, self.classes, most
        )

    def plot_missing(self) -> Picture:
        """Draw the share of missing cells a column, the hidden ones apart."""
        return plot_gaps(self.columns, self.rows)

    def plot_ties(self) -> Picture:
        """Draw how well each feature alone tells the target."""
        part = self.sampled if self.sampled < self.rows else 0
        columns = [
            Column(c["name"], c["type"], tuple(c["roles"])) for c in self.columns
        ]
        others = [c.name for c in columns if c.is_feature and c.type in UNTIED]
        return plot_ties(self.ties, self.target, part, others)

    def to_dict(self) -> dict[str, Any]:
        """Return a plain JSON form."""
        return {
            "rows": self.rows,
            "columns": [dict(column) for column in self.columns],
            "alerts": [alert.to_dict() for alert in self.alerts],
            "shapes": {name: dict(shape) for name, shape in self.shapes.items()},
            "ties": dict(self.ties),
            "target": self.target,
            "classes": list(self.classes),
            "associations": self.associations.to_dict(),
            "bias": self.bias and self.bias.to_dict(),
            "telling": {name: dict(told) for name, told in self.telling.items()},
            "sampled": self.sampled,
        }

    @classmethod
    def from_dict(cls, form: Mapping[str, Any]) -> Profile:
        """Read the form that `to_dict` gives."""
        parts = {
            "columns": tuple(form["columns"]),
            "alerts": tuple(Alert(**alert) for alert in form["alerts"]),
            "classes": tuple(form["classes"]),
            "associations": Associations.from_dict(form["associations"]),
            "bias": form["bias"] and Bias.from_dict(form["bias"]),
        }
        return cls(**{**form, **parts})

    def __repr__(self) -> str:
        counts = f"{self.rows} rows × {len(self.columns)} columns"
        return f"<Profile {counts}, {len(self.alerts)} alerts>"

    def _repr_html_(self) -> str:
        size = f"{self.rows:,} rows × {len(self.columns):,} columns"
        count = many(len(self.alerts), "alert")
        return card("Profile", f"{size} · {count}") + alert_grid(self.alerts)


def profile(table: pd.DataFrame) -> Profile:
    """Profile a table.

    The distributions are those that cleaning would leave; gaps that it would find are
    told apart from those that were seen. Counts and quantiles are of all rows, ties
    with the target of up to 20,000, associations of up to 5,000, and where a column is
    sensitive, who is in it of up to 200,000, all evenly spaced.

    Where ``[goal] kind`` needs no target, no alert is of how it would be learnt.

    Parameters
    ----------
    table
        Raw rows with their schema, as `collect` gives them.

    Examples
    --------
    >>> found = profile(pd.DataFrame({"x": ["1", "?", "3"], "y": [1.0, 2.0, 9.0]}))
    >>> found
    <Profile 3 rows × 2 columns, 5 alerts>
    >>> found.alerts[0].kind, found.alerts[0].column
    ('hidden missing', 'x')
    """
    schema = Schema.of(table)
    work = _Work(table, schema)
    for column in schema:
        work.take(column)
    shown = [column.name for column in schema if "private" not in column.roles]
    sample = work.sample()
    told, pairs = ties(sample), associations(sample)
    learnt = config("goal.kind") not in WITHOUT
    of_target = [*target.of_ties(told, AWAY, schema), *target.alerts(work.target)]
    found = [
        *(of_target if learnt else target.unlearnt(work.target)),
        *work.alerts,
        *rows.alerts(table, work.keys, schema.target if learnt else None),
        *pairs.alerts(schema),
    ]
    return Profile(
        rows=len(table),
        columns=tuple(work.measures),
        alerts=alerts.in_order(found),
        shapes=work.shapes,
        ties=told,
        target=schema.target or "",
        classes=work.classes,
        associations=pairs,
        bias=bias(work.persons()),
        telling=work.telling,
        sampled=len(sample),
        sample=table[shown].iloc[work.places],
    )


class _Work:
    """A table looked at column by column, so that none is held twice for long."""

    def __init__(self, table: pd.DataFrame, schema: Schema) -> None:
        self.table = table
        self.measures: list[Mapping[str, Any]] = []
        self.shapes: dict[str, Mapping[str, Any]] = {}
        self.telling: dict[str, Mapping[str, Any]] = {}
        self.alerts: list[Alert] = []
        self.keys = rows.Keys(len(table))
        most = MOST_PERSONS if schema.with_role("sensitive") else SAMPLE
        self.places = _spaced(len(table), most)
        self.kept = len(self.places)
        self.sampled: list[tuple[Column, Any]] = []
        self.timed = bool(schema.with_role("time"))
        name = schema.target
        self.target = look(table[name], schema[name]) if name else None
        self.classes, self.of_rows = _classes(self.target, len(table))

    def take(self, column: Column) -> None:
        """Measure one column."""
        is_target = "target" in column.roles and self.target is not None
        seen = self.target if is_target else look(self.table[column.name], column)
        assert seen is not None
        measured = self._measure(seen)
        self.measures.append(measured)
        self.alerts += alerts.of_column(seen, measured, timed=self.timed)
        self.keys.put(seen)
        for made, values in seen.made.values():
            cells = values if isinstance(values, pd.Series) else pd.Series(values)
            self.sampled.append((made, cells.iloc[self.places].array))

    def sample(self) -> pd.DataFrame:
        """Return some rows, cleaned, with their schema."""
        return self._rows(_spaced(self.kept, SAMPLE) if self.kept > SAMPLE else None)

    def persons(self) -> pd.DataFrame:
        """Return the rows that tell who is in the table, cleaned."""
        return self._rows(None)

    def _rows(self, places: NDArray[np.intp] | None) -> pd.DataFrame:
        columns = tuple(column for column, _ in self.sampled)
        named = {column.name: values for column, values in self.sampled}
        whole = pd.DataFrame(named, copy=False)
        return Schema(columns).attach(whole if places is None else whole.iloc[places])

    def _measure(self, seen: Look) -> Mapping[str, Any]:
        roles = [role for role in seen.left.roles if role in seen.column.roles]
        measured = describe(seen.raw, seen.values, seen.left) | {"roles": roles}
        kind, name = seen.left.type, seen.name
        if "private" in roles:  # a report is passed around: no cell of it is told
            measured.pop("most", None)
            return measured
        if kind not in ("id", "image", "audio") and not seen.dropped:
            number = max(len(self.classes), 1)
            self.shapes[name] = bars(seen.values, kind, self.of_rows, number)
        if measured.get("words_median", 0) >= PROSE and self.classes:
            words = np.array([*self.classes, None], dtype=object)
            told = texts.telling(seen.values, words[self.of_rows].tolist())
            self.telling.update({name: told} if told else {})
        return measured


def _spaced(count: int, most: int) -> NDArray[np.intp]:
    places = np.linspace(0, max(count - 1, 0), min(count, most)).astype(np.intp)
    return np.unique(places)


def _classes(seen: Look | None, count: int) -> tuple[tuple[str, ...], NDArray[np.intp]]:
    """Return the target's classes where they are few, and the class of each row."""
    one = np.zeros(count, dtype=np.intp)
    if seen is None or seen.left.type != "category":
        return (), one
    codes, words = pd.factorize(seen.values, sort=True)
    if len(words) > MOST_CLASSES:
        return (), one
    return tuple(map(str, words)), codes
