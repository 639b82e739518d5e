"""Propose the cell operations of each column, by stated rules."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from mlkit.core import rows
from mlkit.core.media import KINDS
from mlkit.core.schema import Column
from mlkit.data.cleaning.amounts import amounts, dates, numbers, split
from mlkit.data.cleaning.decided import Decided
from mlkit.data.cleaning.draft import Draft
from mlkit.data.cleaning.offer import Offer
from mlkit.data.cleaning.takes import MEDIA
from mlkit.data.cleaning.telling import said
from mlkit.data.media.proposing import plan_media
from mlkit.data.reading import hints, near

__all__ = ["Plan", "plan"]

LISTED = 100
SOME = 1000
SAME = "every row has the same value"


@dataclass(frozen=True)
class Plan:
    """What is to be done with one column.

    Parameters
    ----------
    operations
        JSON dicts; those with a ``name`` may be refused by it.
    outputs
        The columns that come of it.
    touched
        How many cells each named operation changes.
    offers
        All that is done, and what could be.
    draft
        The cells that the operations leave.
    """

    operations: tuple[dict[str, Any], ...]
    outputs: tuple[Column, ...]
    touched: dict[str, int]
    offers: tuple[Offer, ...] = ()
    draft: Draft | None = field(default=None, repr=False, compare=False)

    def cells(self) -> dict[str, Any]:
        """Return the columns that come of it, row by row."""
        return self.draft.cells() if self.draft else {}

    @property
    def marks(self) -> list[tuple[str, NDArray[np.bool_]]]:
        """Reasons to flag rows, each with the rows it fits."""
        return self.draft.marks if self.draft else []


def plan(values: pd.Series, column: Column, decided: Decided | None = None) -> Plan:
    """Return what is to be done with one column, as decided.

    Parameters
    ----------
    values
        The raw cells: a feature or the target.
    column
        Its type and roles.
    decided
        What a person wants otherwise; nothing, if left out.

    Raises
    ------
    InputError
        Where an operation that was asked for does not fit the column.

    Examples
    --------
    >>> found = plan(pd.Series([" ", "3", "4"], dtype="str"), Column("x", "category"))
    >>> [operation["op"] for operation in found.operations]
    ['text', 'trim', 'missing', 'number']
    """
    draft = Draft(values, column, decided)
    outputs = _outputs(draft)
    draft.end()
    touched = {
        offer.name: offer.cells
        for offer in draft.offers
        if offer.done and not offer.flags
    }
    return Plan(
        tuple(draft.operations), tuple(outputs), touched, tuple(draft.offers), draft
    )


def _outputs(draft: Draft) -> list[Column]:
    column = draft.column
    if draft.asked("drop"):
        return []
    if column.type in KINDS:
        return _media(draft)
    same = _sameness(draft)
    if same and draft.offer("drop", same):
        return []
    if column.missing:
        draft.add("missing", values=list(column.missing))
    if column.type == "number" and not draft.asked("text"):
        return numbers(draft)
    if column.type == "date":
        draft.add("date", format="iso")
        return _days(draft)
    if column.type == "number":
        draft.column = replace(column, type="category")
    return _texts(draft)


def _media(draft: Draft) -> list[Column]:
    """Plan images or sounds: what was asked for, then what makes them more alike."""
    draft.asked(*MEDIA)
    cells = pd.Series(draft.now, dtype="str")
    for one in plan_media(cells, draft.column):
        about = round(one.share * int(draft.counts[cells.notna()].sum()))
        draft.hold(one.op, one.why, one.how, about, default=one.default)
    return [draft.column]


def _texts(draft: Draft) -> list[Column]:
    """Plan a text column: made plain, gaps out, then amounts or words."""
    if not any(op["op"] == "text" for op in draft.operations):
        draft.add("text")
    draft.asked("text")
    _plain(draft)
    _gaps(draft)
    _truths(draft)
    draft.asked("recode")
    if split(draft):
        return _apart(draft)
    found = amounts(draft)
    if found:
        return found
    return _days(draft) if dates(draft) else _words(draft)


def _plain(draft: Draft) -> None:
    draft.asked("tidy")
    words = draft.words().index.tolist()
    steps = hints.untidy(words, blanks=draft.column.type == "category")
    if steps:
        draft.offer("tidy", said(hints.TIDIED[s] for s in steps), {"do": steps})
    draft.asked("trim")
    if any(word != word.strip() for word in draft.words().index):
        draft.offer("trim", "blanks stand around some cells")
    draft.asked("lower")
    for step, why in hints.untidy_more(draft.words().index.tolist()).items():
        draft.offer("tidy", why, {"do": [step]}, named=step, default=False)


def _gaps(draft: Draft) -> None:
    draft.asked("missing")
    classes = draft.is_target and draft.column.type != "text"
    gaps = hints.hidden(draft.words().index.tolist(), target=classes)
    if gaps:
        told = said(repr(word) for word in gaps)
        why = f"{told} {'hides' if len(gaps) == 1 else 'hide'} a missing value"
        draft.offer("missing", why, {"values": gaps})


def _truths(draft: Draft) -> None:
    if draft.asked("truth") or draft.is_target:
        return
    words = draft.words().index.tolist()
    if hints.truths(words):
        draft.offer("truth", "words for true and false, written as JSON's are")
        return
    yes, no = hints.yes_and_no(words)
    if yes and no:
        why = f"{said(yes)} as True, {said(no)} as False"
        draft.offer("truth", why, {"true": yes, "false": no}, default=False)


def _apart(draft: Draft) -> list[Column]:
    """Plan each part of a column that was taken apart; the whole is no feature."""
    whole, (operation,) = draft.column, draft.operations[-1:]
    outputs = [replace(whole, roles=(*whole.roles, "ignored"), categories=())]
    for part in operation["parts"]:
        draft.part = part
        draft.column = Column(whole.name, "category", whole.roles)
        made = _texts(draft) if draft.words().size else []
        outputs += [replace(c, name=_named(c.name, whole.name, part)) for c in made]
        draft.column, draft.part = whole, None
    return outputs


def _named(name: str, whole: str, part: str) -> str:
    return f"{whole}_{part}{name[len(whole) :]}"


def _words(draft: Draft) -> list[Column]:
    """Plan a column of words: spellings, and what fills the gaps."""
    column = draft.column
    if column.type == "category":
        _spellings(draft)
    if draft.is_target:
        return [_with_words(replace(column, type="category"), draft.words(), False)]
    counts = draft.words()
    gone = int(draft.counts.sum() - counts.sum())
    if not gone and len(counts) == 1 and draft.offer("drop", SAME):
        return []
    filled = draft.asked("fill")
    if column.type == "text":
        draft.add("fill", value="")
        return [replace(column, categories=())]
    if "" not in counts.index:
        draft.add("missing", values=[""])
    draft.add("fill", value=rows.MISSING)
    counts = draft.words() if filled else counts
    return [_with_words(column, counts, gone > 0 and not filled)]


def _spellings(draft: Draft) -> None:
    counts = draft.words()
    if len(counts) > near.MOST:
        return
    words, often = counts.index.tolist(), counts.tolist()
    meant = hints.spellings(words, often)
    if meant:
        pairs = said(f"{a!r} as {b!r}" for a, b in meant.items())
        draft.offer("recode", f"other spellings: {pairs}", {"mapping": meant})
        counts = draft.words()
        words, often = counts.index.tolist(), counts.tolist()
    likely = {} if draft.is_target else near.near_spellings(words, often)
    if likely:
        count = dict(zip(words, often, strict=True))
        told = said(
            f"{a!r} ({count[a]:,}) is near {b!r} ({count[b]:,})"
            for a, b in likely.items()
        )
        draft.offer("recode", told, {"mapping": likely}, named="respell", default=False)


def _days(draft: Draft) -> list[Column]:
    made = draft.now
    known = made[~np.isnat(made)]
    names = ("year", "month", "day", "weekday", "hour", "minute")
    told = [name for name in names if _varies_in(known, rows.PARTS[name])]
    if not told and draft.offer("drop", SAME):
        return []
    draft.add("date_parts", parts=told)
    column = draft.column
    whole = replace(column, type="date", roles=(*column.roles, "ignored"))
    roles = tuple(role for role in column.roles if role != "time")
    return [whole, *(Column(f"{column.name}_{p}", "number", roles) for p in told)]


def _varies_in(moments: Any, part: Any) -> bool:
    """Whether a part of dates varies: mostly it does so among the first ones."""
    return _varies(part(moments[:SOME])) or _varies(part(moments))


def _varies(values: Any) -> bool:
    return len(values) > 0 and bool(values.min() != values.max())


def _sameness(draft: Draft) -> str:
    """Say that a feature tells nothing, if so."""
    values, column = draft.values, draft.column
    if draft.is_target or draft.pending:
        return ""
    if not values.notna().any():
        return "every cell is missing"
    if column.type != "number" or values.isna().any():
        return ""
    return "" if _varies(values.to_numpy()) else SAME


def _with_words(column: Column, counts: pd.Series, gaps: bool) -> Column:
    """Name the categories of a column where they are few; a target's always."""
    words = sorted(map(str, counts.index)) + [rows.MISSING] * gaps
    few = "target" in column.roles or len(words) <= LISTED
    return replace(column, categories=tuple(sorted(words)) if few else ())
