"""Are the parts fair to judge by? Twins, groups, time, likeness, leaks."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import asdict, dataclass, field
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from mlkit.core.rows import PARTS
from mlkit.core.schema import Schema
from mlkit.core.verdict import Finding
from mlkit.data.charts.cards import card, grid, many
from mlkit.data.charts.curve import plot_likeness
from mlkit.data.charts.style import Picture
from mlkit.data.measures.leaks import leaks
from mlkit.data.parts.backtest import moment
from mlkit.data.parts.copies import contents, copies
from mlkit.data.parts.likeness import Likeness, likeness
from mlkit.data.parts.twins import near_twins, twins

if TYPE_CHECKING:
    from mlkit.data.split import Parts

__all__ = ["PartsCheck", "check_parts"]

ALIKE = 0.6
CLOCK = 0.95
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
    likeness
        How well train and test can be told apart, or None where that is not known.
    """

    findings: tuple[Finding, ...]
    leaks: Mapping[str, float] = field(default_factory=dict)
    target: str = ""
    likeness: Likeness | None = None

    def plot(self) -> Picture:
        """Draw how well train and test can be told apart, and by which columns."""
        found = None if self.likeness is None else asdict(self.likeness)
        return plot_likeness(found, ALIKE)

    def to_dict(self) -> dict[str, Any]:
        """Return a plain JSON form."""
        return asdict(self)

    @classmethod
    def from_dict(cls, form: Mapping[str, Any]) -> PartsCheck:
        """Read the form that `to_dict` gives."""
        findings = tuple(Finding(**finding) for finding in form["findings"])
        alike = form.get("likeness")
        told = None if alike is None else Likeness.from_dict(alike)
        return cls(findings, form["leaks"], form["target"], told)

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
    features that alone give the target away. None of it uses the test's targets.

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
    clocks = _clocks(labelled, schema, parts) if parts.times else []
    told_by = [n for n in schema.features if n in labelled and n not in clocks]
    alike = likeness(labelled, learnt, others["test"], told_by)
    findings = [
        *_of_twins(rows, labelled, learnt, others),
        *_of_groups(rows, schema, parts.group, learnt, others),
        *_of_time(labelled, schema, parts),
        _of_likeness(alike, clocks, parts),
        *_of_leaks(given, schema.target),
    ]
    return PartsCheck(tuple(findings), given, schema.target or "", alike)


def _of_twins(
    raw: pd.DataFrame, table: pd.DataFrame, learnt: Flags, others: Mapping[str, Flags]
) -> Iterator[Finding]:
    kinds = {name: Schema.of(table)[name].type for name in contents(table)}
    for name, asked in others.items():
        same = twins(raw, learnt, asked)
        near = None if kinds else near_twins(table, learnt, asked)
        found = same if near is None else same | near
        bar = f"no row of {name} equals one of train"
        told = [f"{many(int(same.sum()), 'row')} in every feature"]
        if near is not None:
            told.append(f"{many(int((near & ~same).sum()), 'row')} nearly")
        for column, kind in kinds.items():
            copied = copies(table[column], kind, learnt, asked)
            told.append(f"{many(int((copied & ~same).sum()), 'row')} by its {column}")
            found = found | copied
        share = found.sum() / max(asked.sum(), 1)
        yield Finding(
            bar + ", or nearly" * (near is not None or bool(kinds)),
            "missed" if found.any() else "passed",
            f"{', '.join(told)} ({share:.1%})",
            help="one person or thing measured twice? then split by that group",
        )


def _of_groups(
    raw: pd.DataFrame,
    schema: Schema,
    group: str,
    learnt: Flags,
    others: Mapping[str, Flags],
) -> Iterator[Finding]:
    away = np.logical_or.reduce(list(others.values()))
    names = dict.fromkeys([*schema.with_role("group"), *([group] if group else [])])
    for name in (name for name in names if name in raw):
        known = raw[name].notna().to_numpy()
        words = raw[name].astype("str")
        both = set(words[learnt & known]) & set(words[away & known])
        yield Finding(
            f"no {name} is in two parts",
            "missed" if both else "passed",
            f"{len(both):,} of {words[known].nunique():,} are",
            help="scores are those for a group that was met before",
        )


def _clocks(table: pd.DataFrame, schema: Schema, parts: Parts) -> list[str]:
    """Return the features that run with the time of a timed split: years, counters."""
    times = pd.concat(list(parts.times.values()))
    order = times.rank()
    found = []
    for name in schema.features:
        if name == times.name:
            found.append(name)
        elif name in table and table[name].dtype.kind in "fiuM":
            ranks = table.loc[order.index, name].rank()
            if ranks.nunique() > 1 and abs(ranks.corr(order)) >= CLOCK:
                found.append(name)
    return found


def _of_time(table: pd.DataFrame, schema: Schema, parts: Parts) -> Iterator[Finding]:
    if parts.times:
        newest, oldest = parts.times["train"].max(), parts.times["test"].min()
        yield Finding(
            "the test is newer than all of train",
            "passed" if _follow(newest, oldest) else "missed",
            f"train ends at {moment(newest)}, the test begins at {moment(oldest)}",
            help="a row from the future is learnt from",
        )
        return
    dates = _dates(table, schema)
    mixed = [name for name in dates if _is_mixed(table[name], parts)]
    told = "mixed in time" if mixed else "in the order of time"
    for name in (mixed or dates)[:1]:
        yield Finding(
            "rows with dates are split by time",
            "missed" if mixed else "passed",
            f"{name!r} holds dates, and the parts are {told}",
            help="if the model will be asked about the future, set by_time",
        )


def _dates(table: pd.DataFrame, schema: Schema) -> list[str]:
    """Return the dates that are learnt from, whole or by their parts."""
    learnt = set(schema.features)
    return [
        name
        for name in schema.with_type("date")
        if name in table
        and not learnt.isdisjoint([name, *(f"{name}_{part}" for part in PARTS)])
    ]


def _is_mixed(times: pd.Series, parts: Parts) -> bool:
    newest = times[times.index.isin(parts.train.index)].max()
    oldest = times[times.index.isin(parts.test.index)].min()
    return not _follow(newest, oldest)


def _follow(newest: Any, oldest: Any) -> bool:
    return bool(pd.isna(newest) or pd.isna(oldest) or newest <= oldest)


def _of_likeness(found: Likeness | None, clocks: list[str], parts: Parts) -> Finding:
    bar = "train and test look alike to a model that tries to tell them apart"
    if found is None:
        return Finding(bar, "not_assessed", "too few rows, or no feature")
    clear = [(name, auc) for name, auc in found.columns if auc > 0.5 + found.luck]
    told = ", ".join(f"{name} {auc:.2f}" for name, auc in clear[:3])
    got = f"AUC {found.auc:.3f} ({found.low:.3f} to {found.high:.3f}): "
    got += f"0.5 is chance, and up to {ALIKE} counts as alike"
    got += f"; told by {told}" * (bool(told) and found.low > ALIKE)
    got += f"; not asked: {', '.join(clocks)}, which tell the time" * bool(clocks)
    why = "they are of two worlds"
    if parts.times:
        why = "the world has moved between them"
    elif parts.group:
        why = f"other values of {parts.group} look different, and more would help"
    return Finding(
        bar,
        "missed" if found.low > ALIKE else "passed",
        got,
        help=f"{why}: look at the columns that tell, and trust the score less",
    )


def _of_leaks(given: Mapping[str, float], target: str | None) -> Iterator[Finding]:
    if target is None:
        return
    told = ", ".join(f"{name} ({tie:.3f} of 1)" for name, tie in given.items())
    yield Finding(
        f"no feature alone gives {target} away",
        "missed" if given else "passed",
        told or "none does",
        help="if it is known before the target, say so when the model is accepted; "
        'else give it the role "ignored" in collect',
    )
