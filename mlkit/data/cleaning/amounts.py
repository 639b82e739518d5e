"""Plan the columns that are numbers or dates, or could be."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pandas as pd

from mlkit.core.errors import InputError
from mlkit.core.schema import Column
from mlkit.core.values import numbers as read
from mlkit.data.cleaning.draft import Draft
from mlkit.data.cleaning.telling import said, written
from mlkit.data.reading import extremes, hints, units
from mlkit.data.reading.target import judge

__all__ = ["amounts", "dates", "numbers", "split"]


def numbers(draft: Draft) -> list[Column]:
    """Plan a column of numbers: those that mean missing, and those far out.

    Parameters
    ----------
    draft
        Of a column of type number.

    Returns
    -------
    list of Column
        The one that comes of it.
    """
    if not draft.asked("number"):
        infinite = draft.now.dtype.kind == "f" and bool(np.isinf(draft.now).any())
        if infinite:
            draft.must("number", "infinite values are read as missing")
        else:
            draft.add("number")
    draft.asked("missing")
    found = [] if draft.is_target else hints.sentinels(draft.now)
    if found:
        words = said(f"{value:g}" for value in found)
        why = f"{words} lies far from all the rest, and seems to mean missing"
        draft.offer("missing", why, {"values": found})
    return _bounded(draft)


def amounts(draft: Draft) -> list[Column]:
    """Read text as numbers, with or without a unit, where every cell allows it.

    Parameters
    ----------
    draft
        Of a text column whose gaps are out.

    Returns
    -------
    list of Column
        The one that comes of it; empty where it stays text.
    """
    if draft.asked("number", "unit"):
        return _bounded(draft)
    counts = draft.words()
    words = counts.index.tolist()
    if draft.column.categories or not words:
        return []
    how = hints.marks(words)
    if how is not None and _is_amount(draft, counts, how):
        why = "every cell is a number" + written(how)
        if draft.offer("number", why, how):
            return _bounded(draft)
    found = None if draft.is_target else units.amounts(words, counts.tolist())
    if found is not None:
        told, one = said(found["units"]), len(found["units"]) == 1
        why = f"every cell is an amount in {told}"
        why += "" if one else f", read in {found['to']}"
        if draft.offer("unit", why, found, default=one):
            return _bounded(draft)
    return []


def dates(draft: Draft) -> bool:
    """Read text as dates, where one format reads every cell.

    Where two formats do, each is offered: 02/01/2026 may be February or January.

    Parameters
    ----------
    draft
        Of a text column whose gaps are out.

    Returns
    -------
    bool
        Whether it was read.
    """
    if draft.asked("date"):
        return True
    words = draft.words().index.tolist()
    if draft.column.categories or not words or draft.is_target:
        return False
    forms = hints.date_formats(words)
    if len(forms) == 1:
        why = f"every cell is a date, written {forms[0]}"
        return draft.offer("date", why, {"format": forms[0]})
    for form in forms:
        first = "day" if form.find("%d") < form.find("%m") else "month"
        why = f"every cell is a date, if it is written {form}"
        if draft.offer(
            "date", why, {"format": form}, named=f"{first}-first", default=False
        ):
            return True
    return False


def split(draft: Draft) -> bool:
    """Take cells apart in two, where somebody wants it.

    It is offered where every cell is two numbers with one mark between, as in 120/80.

    Parameters
    ----------
    draft
        Of a text column whose gaps are out.

    Returns
    -------
    bool
        Whether it was done.
    """
    if draft.part is not None or draft.is_target:
        return False
    if draft.asked("split"):
        return True
    mark = hints.between(draft.words().index.tolist())
    if not mark:
        return False
    why = f"every cell is two numbers with {mark!r} between them"
    return draft.offer("split", why, {"parts": ["1", "2"], "by": mark}, default=False)


def _bounded(draft: Draft) -> list[Column]:
    """Offer what can be done about numbers that lie far from the rest."""
    found = {} if draft.is_target else _far(draft)
    told = _told_far(found)
    bounds = {end: bound for end, (_, bound) in found.items()}
    # rows are flagged by what stood there before it is clipped
    if not draft.flag_asked() and bounds:
        draft.flag(told, **bounds)
    if not draft.asked("clip") and bounds:
        draft.offer("clip", told, bounds, default=False)
    _check_fill(draft)
    draft.asked("fill")
    return [replace(draft.column, type="number", categories=())]


def _check_fill(draft: Draft) -> None:
    """Make sure that numbers are filled by a number."""
    for operation in draft.pending:
        if operation["op"] == "fill" and type(operation["value"]) not in (int, float):
            raise InputError(
                f"a gap among numbers is to be filled by {operation['value']!r}",
                where=f'decision "cleaning", {operation["name"]!r}',
                expected="a number",
            )


def _far(draft: Draft) -> dict[str, tuple[int, float]]:
    """Return how many cells lie beyond which bound, where they are few."""
    values = draft.now if draft.codes is None else np.repeat(draft.now, draft.counts)
    found = extremes.fences(values)
    if found is None:
        return {}
    low, high = found
    beyond = {"min": (int((values < low).sum()), low)}
    beyond["max"] = (int((values > high).sum()), high)
    cells = sum(count for count, _ in beyond.values())
    if not 0 < cells <= extremes.MOST * len(values):
        return {}
    return {end: told for end, told in beyond.items() if told[0]}


def _told_far(found: dict[str, tuple[int, float]]) -> str:
    sides = {"min": "below", "max": "above"}
    told = [f"{n:,} {sides[end]} {bound:,g}" for end, (n, bound) in found.items()]
    return f"{' and '.join(told)}: far from the rest, {extremes.RULE}"


def _is_amount(draft: Draft, counts: pd.Series, how: dict[str, str]) -> bool:
    """Whether numbers are amounts; those of a target may be classes."""
    if not draft.is_target or draft.column.type == "text":
        return True
    cells = np.array(counts.index.tolist(), dtype=object)
    found = read(cells, **how)
    return judge(np.repeat(found, counts.to_numpy())) == "number"
