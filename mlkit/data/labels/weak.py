"""Weak labels: what rules say of rows that nobody labelled."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from math import sqrt
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from mlkit.core.errors import InputError, did_you_mean
from mlkit.core.schema import Schema
from mlkit.data.charts.cards import card, grid, many
from mlkit.data.charts.labels import plot_rules
from mlkit.data.charts.style import Picture, shorten
from mlkit.data.labels.people import by_person, settle
from mlkit.data.labels.rules import Function, Votes, vote
from mlkit.data.labels.voting import COMBINE

__all__ = ["Weak", "weak_labels"]

FOLDS = 5
Numbers = NDArray[Any]
MORE_THAN = 0.5
FEW_RULES = 3


@dataclass(frozen=True)
class Weak:
    """What rules say, one by one and together.

    Parameters
    ----------
    labels
        By row id, for rows without a label on which the rules agree enough:
        ``label`` and ``probability``.
    rules
        By rule: rows it ``covers``, of them those where another speaks (``overlaps``)
        or says something else (``conflicts``), those whose truth is known
        (``judged``), and its share of right ones among them (``accuracy``).
    rows
        How many rows there are.
    judged, right
        Rows whose truth is known and on which the rules together say something, and
        how many of them they get right, never having seen those.
    notes
        What a person should know, one sentence each.
    """

    labels: pd.DataFrame
    rules: pd.DataFrame
    rows: int = 0
    judged: int = 0
    right: int = 0
    notes: tuple[str, ...] = ()

    def plot(self) -> Picture | None:
        """Draw how many rows each rule covers and gets right; None without rules."""
        if not len(self.rules):
            return None
        return plot_rules(self.rules, self.rows)

    def __repr__(self) -> str:
        return f"<Weak {len(self.labels)} labels by {len(self.rules)} rules>"

    def _repr_html_(self) -> str:
        if not len(self.rules):
            return card("Rules as weak labels", "there are no rules")
        told = f"{many(len(self.labels), 'row')} without a label get one by rule"
        if self.judged:
            low, high = _interval(self.right, self.judged)
            told += (
                f"; together the rules are right on {self.right / self.judged:.0%} "
                f"({low:.0%} to {high:.0%}) of {many(self.judged, 'row')} "
                "whose label is known"
            )
        lines = [
            (shorten(rule, 60), *map(_count, list(one.values())[:3]), _right(one))
            for rule, one in zip(
                self.rules.index, self.rules.to_dict("records"), strict=True
            )
        ]
        heads = ("rule", "rows", "overlaps", "conflicts", "right, where known")
        return card("Rules as weak labels", told, self.notes) + grid(heads, lines)


def weak_labels(
    table: pd.DataFrame,
    rules: Sequence[str | Function],
    labels: Mapping[str, Any] | None = None,
    *,
    combine: str = "dawid_skene",
) -> Weak:
    """Let rules label the rows that have no label.

    Parameters
    ----------
    table
        Cleaned rows with a target of classes in their schema.
    rules
        Lines such as ``text contains "refund" -> complaint``, or functions of a row
        that return a label or None.
    labels
        What people said, as `mk.decide` returns it: it counts as the truth.
    combine
        ``dawid_skene`` or ``majority``. A label is given where its probability, or
        its share of the votes, is more than a half.

    Raises
    ------
    InputError
        Where there is no target of classes, or a rule cannot be used.

    Examples
    --------
    >>> from mlkit.core.schema import Column
    >>> rows = pd.DataFrame({"age": [5, 70, 80], "who": ["child", None, None]})
    >>> rows = rows.set_axis(["a", "b", "c"]).astype({"who": "str"})
    >>> schema = Schema((Column("age"), Column("who", "category", ("target",))))
    >>> found = weak_labels(schema.attach(rows), ["age > 65 -> senior"])
    >>> found.labels["label"].to_dict()
    {'b': 'senior', 'c': 'senior'}
    """
    if combine not in COMBINE:
        raise InputError(
            f"votes cannot be combined by {combine!r}",
            todo=did_you_mean(combine, COMBINE),
        )
    if not rules:
        return Weak(_labels([], [], []), pd.DataFrame(), len(table))
    truth = _truth(table, labels or {})
    votes = vote(table, rules, sorted(truth.dropna().unique()))
    places = {word: code for code, word in enumerate(votes.classes)}
    known = truth.map(places).fillna(-1).to_numpy(np.int16)
    chances = COMBINE[combine](votes, known)
    spoke: Numbers = np.any(votes.codes >= 0, axis=1)
    found = _winners(chances, votes)
    spoken_of = table.index.isin(list(by_person(labels or {})))
    open_ = (found >= 0) & (known < 0) & ~spoken_of
    words = np.array(votes.classes, object)[found[open_]]
    given = _labels(table.index[open_], words, chances[open_].max(axis=1))
    judged, right = _judge(votes, known, spoke, combine)
    notes = _notes(votes, spoke, found, known, combine)
    stats = _by_rule(votes, known)
    return Weak(given, stats, len(table), judged, right, tuple(notes))


def _truth(table: pd.DataFrame, labels: Mapping[str, Any]) -> pd.Series:
    """Return the labels that are known: by people, else by the source."""
    schema = Schema.of(table)
    if schema.target is None or schema[schema.target].type == "number":
        raise InputError(
            "rules give classes, and "
            + ("the target is a number" if schema.target else "there is no target"),
            todo="name a target of classes in collect",
        )
    truth = table[schema.target].astype("str").where(table[schema.target].notna())
    for row, said in settle(labels).labels.items():
        if row in truth.index:
            truth.loc[row] = None if said is None else str(said)
    return truth


def _winners(chances: Numbers, votes: Votes) -> Numbers:
    """Return the class of more than a half that a rule gave, −1 where there is none."""
    best = chances.argmax(axis=1)
    named = np.any(votes.codes == best[:, None], axis=1)
    sure = named & (chances.max(axis=1) > MORE_THAN)
    return np.where(sure, best, -1)


def _labels(rows: Any, words: Any, chances: Any) -> pd.DataFrame:
    index = pd.Index(rows, dtype="str", name="row")
    label = pd.array(list(words), "str")
    chance = np.round(np.asarray(chances, np.float64), 4)
    return pd.DataFrame({"label": label, "probability": chance}, index=index)


def _judge(
    votes: Votes, known: Numbers, spoke: Numbers, combine: str
) -> tuple[int, int]:
    """Count known rows that get a label, and right ones, each hidden in its turn."""
    rows = np.flatnonzero((known >= 0) & spoke)
    judged = right = 0
    for fold in range(min(FOLDS, len(rows))):
        mine = rows[fold::FOLDS]
        hidden = known.copy()
        hidden[mine] = -1
        found = _winners(COMBINE[combine](votes, hidden), votes)[mine]
        judged += int((found >= 0).sum())
        right += int((found == known[mine]).sum())
    return judged, right


def _by_rule(votes: Votes, known: Numbers) -> pd.DataFrame:
    lines = []
    for place in range(len(votes.names)):
        mine = votes.codes[:, [place]]
        others = np.delete(votes.codes, place, axis=1)
        spoke = mine[:, 0] >= 0
        judged = spoke & (known >= 0)
        right = int((mine[judged, 0] == known[judged]).sum())
        lines.append(
            {
                "covers": int(spoke.sum()),
                "overlaps": int((spoke & (others >= 0).any(axis=1)).sum()),
                "conflicts": int(
                    (spoke & ((others >= 0) & (others != mine)).any(axis=1)).sum()
                ),
                "judged": int(judged.sum()),
                "right": right,
                "accuracy": right / judged.sum() if judged.any() else np.nan,
            }
        )
    return pd.DataFrame(lines, index=pd.Index(votes.names, dtype="str", name="rule"))


def _notes(
    votes: Votes,
    spoke: Numbers,
    found: Numbers,
    known: Numbers,
    combine: str,
) -> list[str]:
    notes = []
    torn = int((spoke & (found < 0) & (known < 0)).sum())
    if torn:
        notes.append(f"{many(torn, 'row')} stay without: the rules are torn about them")
    silent = [
        n
        for n, said in zip(votes.names, votes.codes.T, strict=True)
        if (said < 0).all()
    ]
    if silent:
        notes.append(
            f"no row fits {shorten(silent[0], 60)!r}"
            + " and others" * (len(silent) > 1)
        )
    for name, mine in zip(votes.names, votes.codes.T, strict=True):
        judged = (mine >= 0) & (known >= 0)
        right = int((mine[judged] == known[judged]).sum())
        if judged.any() and _interval(right, int(judged.sum()))[1] < MORE_THAN:
            notes.append(f"{shorten(name, 60)!r} is wrong more often than right")
    unknown = len(votes.names) < FEW_RULES and not (known >= 0).any()
    if combine == "dawid_skene" and unknown:
        notes.append(
            f"fewer than {FEW_RULES} rules and no known label: how far each can be "
            "trusted cannot be told from the votes alone"
        )
    return notes


def _count(count: Any) -> str:
    return f"{count:,}"


def _right(one: Mapping[Any, Any]) -> str:
    judged, right = int(one["judged"]), int(one["right"])
    if not judged:
        return "not known"
    low, high = _interval(right, judged)
    return f"{right / judged:.0%} of {judged:,} ({low:.0%} to {high:.0%})"


def _interval(right: int, judged: int) -> tuple[float, float]:
    """Return the 95 % interval of a share, after Wilson (1927)."""
    z = 1.96
    share, room = right / judged, z * z / judged
    middle = (share + room / 2) / (1 + room)
    half = z * sqrt(share * (1 - share) / judged + room / (4 * judged)) / (1 + room)
    return max(middle - half, 0.0), min(middle + half, 1.0)
