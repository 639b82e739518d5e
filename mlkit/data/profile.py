"""Profile a table: what is in it, what is odd about it, what tells the target."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from html import escape
from typing import Any

import numpy as np
import pandas as pd

from mlkit.core.schema import Schema
from mlkit.data.charts.cards import card, grid, many
from mlkit.data.charts.profile import plot_columns, plot_gaps, plot_ties
from mlkit.data.charts.style import BAD, MUTED, WARN, Picture
from mlkit.data.clean import clean
from mlkit.data.measures.alerts import Alert, alerts
from mlkit.data.measures.describe import bars, describe
from mlkit.data.measures.leaks import ties

__all__ = ["Columns", "Profile", "profile"]

MOST_CLASSES = 6
ALIKE = 3
LISTED = 100
MARKS = {"serious": ("●", BAD), "look": ("●", WARN), "note": ("○", MUTED)}


@dataclass(frozen=True)
class Columns:
    """The measures of all columns, as a page to read."""

    measures: tuple[Mapping[str, Any], ...]
    rows: int

    def __repr__(self) -> str:
        return f"<Columns {len(self.measures)}>"

    def _repr_html_(self) -> str:
        heads = ("column", "type", "distinct", "missing", "lowest", "middle", "highest")
        lines = [_measures(column, self.rows) for column in self.measures[:LISTED]]
        rest = len(self.measures) - len(lines)
        return grid(heads, lines, f"and {many(rest, 'column')} more" if rest else "")


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
    """

    rows: int
    columns: tuple[Mapping[str, Any], ...]
    alerts: tuple[Alert, ...] = ()
    shapes: Mapping[str, Mapping[str, Any]] = field(default_factory=dict, repr=False)
    ties: Mapping[str, float] = field(default_factory=dict, repr=False)
    target: str = ""
    classes: tuple[str, ...] = ()

    @property
    def table(self) -> Columns:
        """The measures of all columns, as a page to read."""
        return Columns(self.columns, self.rows)

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
        return plot_ties(self.ties, self.target)

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
        }

    @classmethod
    def from_dict(cls, form: Mapping[str, Any]) -> Profile:
        """Read the form that `to_dict` gives."""
        lists = {
            "columns": tuple(form["columns"]),
            "alerts": tuple(Alert(**alert) for alert in form["alerts"]),
            "classes": tuple(form["classes"]),
        }
        return cls(**{**form, **lists})

    def __repr__(self) -> str:
        counts = f"{self.rows} rows × {len(self.columns)} columns"
        return f"<Profile {counts}, {len(self.alerts)} alerts>"

    def _repr_html_(self) -> str:
        size = f"{self.rows:,} rows × {len(self.columns):,} columns"
        count = many(len(self.alerts), "alert")
        return card("Profile", f"{size} · {count}") + _alert_grid(self.alerts)


def profile(table: pd.DataFrame) -> Profile:
    """Profile a table.

    The distributions are those that cleaning would leave; gaps that it would find are
    told apart from those that were seen.

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
    cleaned = clean(table)
    outputs = Schema.of(cleaned.table)
    classes, place = _classes(cleaned.table, outputs)
    measures, shapes = [], {}
    for column in schema:
        name = column.name
        left = outputs[name] if name in cleaned.table else column
        values = cleaned.table[name] if name in cleaned.table else table[name]
        kept = tuple(role for role in left.roles if role in column.roles)
        measures.append(describe(table[name], values, left) | {"roles": list(kept)})
        if left.type != "id" and name in cleaned.table:
            shapes[name] = bars(values, left.type, place, max(len(classes), 1))
    told = ties(cleaned.table)
    return Profile(
        rows=len(table),
        columns=tuple(measures),
        alerts=tuple(alerts(table, cleaned, measures, told)),
        shapes=shapes,
        ties=told,
        target=schema.target or "",
        classes=classes,
    )


def _classes(table: pd.DataFrame, schema: Schema) -> tuple[tuple[str, ...], Any]:
    """Return the target's classes where they are few, and the class of each row."""
    target = schema.target
    few = target is not None and schema[target].type == "category"
    if target is None or not few or table[target].nunique() > MOST_CLASSES:
        return (), np.zeros(len(table), dtype=np.intp)
    codes, words = pd.factorize(table[target], sort=True)
    return tuple(map(str, words)), codes


def _alert_grid(found: tuple[Alert, ...]) -> str:
    if not found:
        return ""
    kinds = list(dict.fromkeys(alert.kind for alert in found))
    lines = "".join(
        _lines([alert for alert in found if alert.kind == kind]) for kind in kinds
    )
    return f'<table style="border-collapse:collapse">{lines}</table>'


def _lines(alike: list[Alert]) -> str:
    """Return a line an alert; where many are alike, the rest by name alone."""
    shown = alike if len(alike) <= ALIKE + 1 else alike[:ALIKE]
    rest = [alert.column for alert in alike[len(shown) :]]
    lines = [
        _line(alert, alert.kind, alert.column, alert.evidence, alert.remedy)
        for alert in shown
    ]
    if rest:
        more = ", ".join(rest[:30]) + " ..." * (len(rest) > 30)
        lines.append(_line(alike[0], "", f"and {len(rest)} more", more, ""))
    return "".join(lines)


def _line(alert: Alert, *texts: str) -> str:
    mark, tone = MARKS[alert.level]
    dot = f'<td style="color:{tone}">{mark if texts[0] else ""}</td>'
    return f'<tr style="background:none">{dot}{_cells(*texts)}</tr>'


def _cells(*texts: str) -> str:
    place = "text-align:left;vertical-align:top;padding:.2em 1em .2em 0"
    return "".join(f'<td style="{place}">{escape(text)}</td>' for text in texts)


def _measures(column: Mapping[str, Any], rows: int) -> tuple[object, ...]:
    gone = column["missing"] + column["hidden"]
    share = f"{gone / rows:.1%}" if gone else ""
    kind = column["type"] + (" · target" if "target" in column["roles"] else "")
    first = (column["name"], kind, f"{column['distinct']:,}", share)
    if "median" in column:
        ends = (column["min"], column["median"], column["max"])
        return (*first, *(f"{value:,g}" for value in ends))
    if "first" in column:
        return (*first, column["first"], "", column["last"])
    if "most" in column:
        return (*first, "", f"{column['most'][:40]} ({column['most_rows']:,})", "")
    return (*first, "", "", "")
