"""Are the parts fair to judge by? Twins, groups, time, likeness, leaks."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import asdict, dataclass, field
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from mlkit.core.schema import Schema
from mlkit.core.verdict import Finding
from mlkit.data.charts.cards import card, grid, many
from mlkit.data.measures.leaks import leaks
from mlkit.data.parts.likeness import likeness
from mlkit.data.parts.twins import near_twins, twins

if TYPE_CHECKING:
    from mlkit.data.split import Parts

__all__ = ["PartsCheck", "check_parts"]

ALIKE = 0.6
MARKS = {"passed": "✓", "missed": "!", "not_assessed": "–"}

Flags = NDArray[np.bool_]


@dataclass(frozen=True)
class PartsCheck:
    """What was checked of the parts.

    Parameters
    ----------
    findings
        One a check: passed, missed or not assessed.
    leaks
        The features that alone give the target away, with how well they do.
    target
        The target's name, or "".
    """

    findings: tuple[Finding, ...]
    leaks: Mapping[str, float] = field(default_factory=dict)
    target: str = ""

    def to_dict(self) -> dict[str, Any]:
        """Return a plain JSON form."""
        return asdict(self)

    @classmethod
    def from_dict(cls, form: Mapping[str, Any]) -> PartsCheck:
        """Read the form that `to_dict` gives."""
        findings = tuple(Finding(**finding) for finding in form["findings"])
        return cls(findings, form["leaks"], form["target"])

    def __repr__(self) -> str:
        missed = sum(finding.state == "missed" for finding in self.findings)
        return f"<PartsCheck {len(self.findings)} checks, {missed} to look at>"

    def _repr_html_(self) -> str:
        lines = [
            (MARKS[f.state], f.bar, f.got, f.help if f.state != "passed" else "")
            for f in self.findings
        ]
        missed = sum(finding.state == "missed" for finding in self.findings)
        told = f"{many(missed, 'thing')} to look at" if missed else "nothing to look at"
        top = card("Are the parts fair?", told)
        return top + grid(("", "check", "found", "what to do"), lines)


def check_parts(parts: Parts, labelled: pd.DataFrame, raw: pd.DataFrame) -> PartsCheck:
    """Check that a score on one part says something about another.

    Equal and nearly equal rows in two parts, groups in several parts, the order of
    time, adversarial validation (can a model tell training rows from test rows?), and
    features that alone give the target away. No target of the test is looked at.

    Parameters
    ----------
    parts
        What `split` made.
    labelled, raw
        The tables it was made of.

    Examples
    --------
    >>> from mlkit.data.split import split
    >>> cells = {"x": [f"{i}" for i in range(50)], "y": ["a", "b"] * 25}
    >>> ids = pd.Index([f"row {i}" for i in range(50)], dtype="str", name="row")
    >>> table = pd.DataFrame(cells, index=ids)
    >>> check_parts(split(table, table), table, table)
    <PartsCheck 3 checks, 0 to look at>
    """
    rows = raw.loc[labelled.index]
    learnt = labelled.index.isin(parts.train.index)
    others = {
        name: labelled.index.isin(getattr(parts, name).index)
        for name in ("valid", "test")
    }
    schema = Schema.of(labelled)
    given = leaks(parts.train)
    findings = [
        *_of_twins(rows, labelled, learnt, others),
        *_of_groups(rows, schema, learnt, others),
        *_of_time(labelled, schema, parts),
        *_of_likeness(labelled, learnt, others["test"], bool(parts.times)),
        *_of_leaks(given, schema.target),
    ]
    return PartsCheck(tuple(findings), given, schema.target or "")


def _of_twins(
    raw: pd.DataFrame, table: pd.DataFrame, learnt: Flags, others: Mapping[str, Flags]
) -> Iterator[Finding]:
    for name, asked in others.items():
        same = twins(raw, learnt, asked)
        near = near_twins(table, learnt, asked)
        bar = f"no row of {name} equals one of train"
        got = f"{many(int(same.sum()), 'row')} in every feature"
        if near is not None:
            bar = f"no row of {name} equals one of train, or nearly"
            got += f", {many(int((near & ~same).sum()), 'row')} nearly"
        found = same if near is None else same | near
        share = found.sum() / max(asked.sum(), 1)
        yield Finding(
            bar,
            "missed" if found.any() else "passed",
            f"{got} ({share:.1%})",
            help="one person or thing measured twice? then split by that group",
        )


def _of_groups(
    raw: pd.DataFrame, schema: Schema, learnt: Flags, others: Mapping[str, Flags]
) -> Iterator[Finding]:
    away = np.logical_or.reduce(list(others.values()))
    for name in schema.with_role("group"):
        words = raw[name].astype("str") if name in raw else None
        if words is None:
            continue
        both = set(words[learnt]) & set(words[away])
        yield Finding(
            f"no {name} is in two parts",
            "missed" if both else "passed",
            f"{len(both):,} of {words.nunique():,} are",
            help="scores are those for a group that was met before",
        )


def _of_time(table: pd.DataFrame, schema: Schema, parts: Parts) -> Iterator[Finding]:
    if parts.times:
        newest, oldest = parts.times["train"].max(), parts.times["test"].min()
        ordered = bool(pd.isna(newest) or pd.isna(oldest) or newest <= oldest)
        yield Finding(
            "the test is newer than all of train",
            "passed" if ordered else "missed",
            f"train ends at {newest}, the test begins at {oldest}",
            help="a row from the future is learnt from",
        )
        return
    dates = [n for n in schema.with_type("date") if n in table and schema[n].is_feature]
    if dates:
        yield Finding(
            "rows with dates are split by time",
            "missed",
            f"{dates[0]!r} holds dates, and the parts are mixed in time",
            help="if the model will be asked about the future, set by_time",
        )


def _of_likeness(
    table: pd.DataFrame, learnt: Flags, test: Flags, timed: bool
) -> Iterator[Finding]:
    bar = "train and test look alike to a model that tries to tell them apart"
    found = likeness(table, learnt, test)
    if found is None:
        yield Finding(bar, "not_assessed", "too few rows, or no feature")
        return
    told = ", ".join(f"{name} {auc:.2f}" for name, auc in found.columns)
    got = f"AUC {found.auc:.3f} ({found.low:.3f} to {found.high:.3f}), 0.5 is alike"
    why = "the world has moved between them" if timed else "they are of two worlds"
    yield Finding(
        bar,
        "missed" if found.low > ALIKE else "passed",
        got + f"; told by {told}" * bool(told),
        help=f"{why}: look at these columns, and trust the score less",
    )


def _of_leaks(given: Mapping[str, float], target: str | None) -> Iterator[Finding]:
    if target is None:
        return
    told = ", ".join(f"{name} ({tie:.3f} of 1)" for name, tie in given.items())
    yield Finding(
        f"no feature alone gives {target} away",
        "missed" if given else "passed",
        told or "none does",
        help='known before the target? say so below; else give it the role "ignored"',
    )
