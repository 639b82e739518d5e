"""How near new rows are to the real ones, and how private."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass, field
from typing import Any

import numpy as np
import pandas as pd

from mlkit.core.verdict import Finding
from mlkit.data.charts.cards import card, grid, many
from mlkit.data.charts.style import Picture, shorten
from mlkit.data.charts.synthesis import plot_marginals, plot_nearest, plot_pairs
from mlkit.data.measures.shapes import bars
from mlkit.data.parts.likeness import Likeness, likeness
from mlkit.data.synthesis.nearness import column_distances, pair_ties
from mlkit.data.synthesis.plain import MOST, plain
from mlkit.data.synthesis.records import nearest_records

__all__ = ["Fidelity", "fidelity"]

SLACK = 0.03
ALIKE = 0.75
TWICE = 0.1
SAME = 0.5
LISTED = 100
MARKS = {"passed": "✓", "missed": "!", "not_assessed": "–"}


@dataclass(frozen=True)
class Fidelity:
    """What was found of new rows beside the real ones.

    Parameters
    ----------
    real, made
        How many rows of each.
    findings
        One a question: passed, missed or not assessed.
    columns
        How far each column's new cells fall from the real ones, as JSON dicts.
    shapes
        The bars of each column's distribution, real and new.
    ties
        How columns go together, real and new.
    nearest
        Distances to the nearest real row; empty where they could not be told.
    """

    real: int
    made: int
    findings: tuple[Finding, ...] = ()
    columns: tuple[Mapping[str, Any], ...] = ()
    shapes: Mapping[str, Mapping[str, Any]] = field(default_factory=dict, repr=False)
    ties: Mapping[str, Any] = field(default_factory=dict, repr=False)
    nearest: Mapping[str, Any] = field(default_factory=dict, repr=False)

    def plot(self, most: int = 24) -> Picture:
        """Draw the distribution of up to `most` columns, real and new."""
        return plot_marginals(self.shapes, self.columns, self.real, self.made, most)

    def plot_ties(self) -> Picture:
        """Draw how the columns go together, real and new side by side."""
        return plot_pairs(self.ties)

    def plot_nearest(self) -> Picture:
        """Draw how far rows lie from the nearest real row."""
        return plot_nearest(self.nearest)

    def to_dict(self) -> dict[str, Any]:
        """Return a plain JSON form."""
        return asdict(self)

    @classmethod
    def from_dict(cls, form: Mapping[str, Any]) -> Fidelity:
        """Read the form that `to_dict` gives."""
        lists = {
            "findings": tuple(Finding(**finding) for finding in form["findings"]),
            "columns": tuple(form["columns"]),
        }
        return cls(**{**form, **lists})

    def __repr__(self) -> str:
        missed = sum(finding.state == "missed" for finding in self.findings)
        return f"<Fidelity {len(self.findings)} checks, {missed} to look at>"

    def _notes(self) -> list[str]:
        few = f"the first {MOST} columns were looked at"
        sure = "this is evidence against copies; it is no guarantee of anonymity"
        return [few, sure] if len(self.columns) == MOST else [sure]

    def _repr_html_(self) -> str:
        missed = sum(finding.state == "missed" for finding in self.findings)
        told = f"{many(missed, 'thing')} to look at" if missed else "nothing to look at"
        top = card(
            "How near, and how private?",
            f"{self.made:,} new rows beside {self.real:,} real ones · {told}",
            self._notes(),
        )
        lines = [
            (MARKS[f.state], f.bar, f.got, f.help if f.state != "passed" else "")
            for f in self.findings
        ]
        rest = len(self.columns) - LISTED
        more = f"and {many(rest, 'column')} more" if rest > 0 else ""
        heads = ("column", "measure", "far", "by chance", "moved", "missing", "new")
        columns = [_line(column) for column in self.columns[:LISTED]]
        return (
            top
            + grid(("", "check", "found", "what to do"), lines)
            + grid(heads, columns, more)
        )


def fidelity(real: pd.DataFrame, made: pd.DataFrame, *, seed: int = 0) -> Fidelity:
    """Hold new rows against the real ones.

    Column by column, in pairs of columns, by a model that tries to tell them apart, and
    by the distance of each row to the nearest real one.

    Parameters
    ----------
    real, made
        Two tables with the same columns, the schema attached to the first. Ids, private
        columns, images and sounds are passed over.
    seed
        Of draws of rows, and of the model.

    Examples
    --------
    >>> rng = np.random.default_rng(0)
    >>> one, other = (pd.DataFrame({"x": rng.normal(size=200)}) for _ in "ab")
    >>> fidelity(one, other)
    <Fidelity 5 checks, 0 to look at>
    """
    both, schema = plain(real, made)
    new = np.arange(len(both)) >= len(real)
    if not len(schema):
        return Fidelity(len(real), len(made))
    columns = column_distances(both, schema, new)
    ties = pair_ties(both, schema, new, seed)
    near = nearest_records(both, schema, new, seed) or {}
    told = likeness(schema.attach(both.copy()), ~new, new, seed=seed)
    shapes = {
        column.name: bars(both[column.name], column.type, new.astype(np.intp), 2)
        for column in schema
    }
    findings = [
        _of_columns(columns),
        *_of_pairs(ties),
        _of_model(told),
        *_of_nearest(near, len(real), len(made)),
        *_of_alone(columns),
        *_of_texts(columns),
    ]
    return Fidelity(
        len(real), len(made), tuple(findings), tuple(columns), shapes, ties, near
    )


def _line(column: Mapping[str, Any]) -> tuple[object, ...]:
    numbers = [
        "" if column[k] is None else f"{column[k]:.3f}" for k in ("far", "chance")
    ]
    moved = "" if column["moved"] is None else f"{column['moved']:.2f} sd"
    gaps = [
        f"{column[k]:.1%}" if column["missing"] or column["missing_new"] else ""
        for k in ("missing", "missing_new")
    ]
    measure = column["measure"] + " of lengths" * (column["type"] == "text")
    return column["name"], measure, *numbers, moved, *gaps


def _of_columns(columns: Sequence[Mapping[str, Any]]) -> Finding:
    """Say how many columns fall further off than chance explains."""
    bar = "each column falls as the real one does"
    judged = [c for c in columns if c["far"] is not None]
    off = [c for c in judged if c["far"] > SLACK + 2 * c["chance"]]
    if not judged:
        return Finding(bar, "not_assessed", "no column can be compared")
    worst = max(judged, key=lambda c: float(c["far"]) - float(c["chance"]))
    told = f"the furthest, {shorten(worst['name'], 30)!r}, by {worst['far']:.3f}"
    return Finding(
        bar,
        "missed" if off else "passed",
        f"{len(off)} of {len(judged)} do not; {told} ({worst['chance']:.3f} by chance)",
        help=", ".join(shorten(c["name"], 30) for c in off[:5]) + " fall otherwise",
    )


def _of_pairs(ties: Mapping[str, Any]) -> Iterator[Finding]:
    names = ties["names"]
    bar = "columns go together as the real ones do"
    if len(names) < 2:
        yield Finding(bar, "not_assessed", "there are no two columns to compare")
        return
    real, made = (np.array(ties[key], float) for key in ("real", "made"))
    away = np.abs(real - made)[np.tril_indices(len(names), -1)]
    known = np.isfinite(away)
    if not known.any():
        yield Finding(bar, "not_assessed", "there are no two columns that vary")
        return
    mean, worst = float(away[known].mean()), int(np.nanargmax(away))
    one, other = (side[worst] for side in np.tril_indices(len(names), -1))
    pair = f"{shorten(names[other], 24)!r} and {shorten(names[one], 24)!r}"
    yield Finding(
        bar,
        "missed" if mean > SLACK + 2 * ties["chance"] else "passed",
        f"they differ by {mean:.3f} on average; most, by {away[worst]:.2f}, {pair}",
        help="learn each class by itself, if you do not yet",
    )


def _of_model(found: Likeness | None) -> Finding:
    bar = "a model that tries to can hardly tell them apart"
    if found is None:
        return Finding(bar, "not_assessed", "too few rows")
    told = ", ".join(
        f"{shorten(name, 24)} {auc:.2f}" for name, auc in found.columns[:3]
    )
    return Finding(
        bar,
        "passed" if found.low <= ALIKE else "missed",
        f"AUC {found.auc:.3f} ({found.low:.3f} to {found.high:.3f}); 0.5 is not at all",
        help=f"what gives them away alone: {told}" if told else "",
    )


def _of_nearest(near: Mapping[str, Any], real: int, made: int) -> Iterator[Finding]:
    bar = "new rows lie no nearer to real ones than real ones to each other"
    if not near or near["equal_real"] > SAME * real:
        why = "real rows equal each other" if near else "too few rows, or no column"
        yield Finding(bar, "not_assessed", f"{why}: there is nothing to measure by")
        return
    yield Finding(
        bar,
        "missed" if near["nearer"] > TWICE else "passed",
        f"{near['nearer']:.1%} lie nearer than the nearest 5% of real rows; the middle "
        f"distance is {near['median_new']:.3g}, {near['median_real']:.3g} between real",
        help="do not give these rows away: some are nearly copies",
    )
    share, usual = near["equal"] / made, near["equal_real"] / real
    yield Finding(
        "new rows equal a real one no more than chance has it",
        "missed" if share > usual + SLACK else "passed",
        f"{many(near['equal'], 'row')} ({share:.1%}) in all columns but texts; "
        f"{usual:.1%} of real rows equal another",
        help="with few different cells equal rows are bound to come; with many, look",
    )


def _of_alone(columns: Sequence[Mapping[str, Any]]) -> Iterator[Finding]:
    """Say whether words come through that a single real row has."""
    told = {c["name"]: c["alone"] for c in columns if c.get("alone")}
    if not any("alone" in column for column in columns):
        return
    names = ", ".join(f"{shorten(name, 24)} {n}" for name, n in list(told.items())[:5])
    yield Finding(
        "no word comes through that a single real row has",
        "missed" if told else "passed",
        f"words by column: {names}" if told else "none does",
        help="such a word may name somebody: give the column the role private",
    )


def _of_texts(columns: Sequence[Mapping[str, Any]]) -> Iterator[Finding]:
    """Say how many new texts are real ones, word for word."""
    told = {c["name"]: c["copied"] for c in columns if "copied" in c}
    if not told:
        return
    copied = {name: count for name, count in told.items() if count}
    names = ", ".join(f"{shorten(name, 24)} {n:,}" for name, n in copied.items())
    yield Finding(
        "no text is a real one, word for word",
        "missed" if copied else "passed",
        f"texts by column: {names}" if copied else "none is",
        help="short texts are bound to meet; leave them out with text='empty'",
    )
