"""What a person should know of a table before she learns from it."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from typing import Any

import numpy as np
import pandas as pd

from mlkit.core.media import KINDS
from mlkit.data.charts.cards import many
from mlkit.data.measures import categories, dates, numbers, private, texts
from mlkit.data.measures.alert import LEVELS, Alert, accept, roles, share
from mlkit.data.measures.describe import module_of
from mlkit.data.measures.look import Look

__all__ = ["Alert", "in_order", "of_column"]

GAPS = 0.3
LOOKED_AT = 1000
MEDIA = {
    "mode": ("mixed modes", "look"),
    "mono": ("mixed channels", "look"),
    "normalise": ("uneven loudness", "note"),
    "resample": ("mixed rates", "look"),
    "resize": ("mixed sizes", "look"),
    "trim_silence": ("much silence", "note"),
}
DONE = MEDIA | {
    "date": ("dates as text", "look"),
    "drop": ("says nothing", "look"),
    "missing": ("hidden missing", "look"),
    "number": ("numbers as text", "look"),
    "recode": ("spellings", "look"),
    "tidy": ("odd signs", "note"),
    "trim": ("blanks", "note"),
    "truth": ("truth as words", "note"),
    "unit": ("amounts as text", "look"),
}
OFFERED = MEDIA | {
    "date": ("ambiguous dates", "look"),
    "outliers": ("outliers", "note"),
    "recode": ("near spellings", "look"),
    "split": ("two in one", "note"),
    "tidy": ("odd signs", "note"),
    "truth": ("yes and no", "note"),
    "unit": ("several units", "look"),
}


def in_order(found: Iterable[Alert]) -> tuple[Alert, ...]:
    """Return alerts with the serious ones first, each in its place else.

    Examples
    --------
    >>> note, bad = Alert("a", "", "note", ""), Alert("b", "", "serious", "")
    >>> [alert.kind for alert in in_order([note, bad])]
    ['b', 'a']
    """
    return tuple(sorted(found, key=lambda alert: LEVELS.index(alert.level)))


def of_column(
    look: Look, measured: Mapping[str, Any], *, timed: bool = False
) -> Iterator[Alert]:
    """Yield what is odd about one column.

    Parameters
    ----------
    look
        The column before and after cleaning.
    measured
        Its measures, as `describe` gives them.
    timed
        Whether a column of the table has the role time.
    """
    yield from _of_operations(look)
    if "target" in look.column.roles or look.dropped:
        return
    yield from private.alerts(look.column, _words(look))
    if look.column.type == "id":
        yield Alert(
            *("id", look.name, "note"),
            f"{measured['distinct']:,} different values",
            "it names rows, and is no feature: nothing is to be done",
        )
        return
    yield from _of_gaps(look, measured)
    if "private" in look.column.roles:
        return
    yield from _of_kind(look, measured, timed=timed)


def _of_operations(look: Look) -> Iterator[Alert]:
    said: set[str] = set()
    for offer in look.offers:
        op = str(offer.operation["op"])
        kind, level = (DONE if offer.done else OFFERED).get(op, ("", ""))
        if not kind or kind in said:
            continue
        said.add(kind)
        others = [
            one.name
            for one in look.offers
            if one.operation["op"] == op and one is not offer and not offer.done
        ]
        yield Alert(
            *(kind, look.name, level),
            offer.why if offer.flags else f"{many(offer.cells, 'cell')}: {offer.why}",
            f"clean does it: {offer.name}; a click settles it"
            if offer.done
            else f"clean can do it: {' or '.join([offer.name, *others])}; a click "
            f"asks for {'the first' if others else 'it'}",
            accept(offer.name),
        )


def _of_gaps(look: Look, measured: Mapping[str, Any]) -> Iterator[Alert]:
    gone, rows = measured["missing"] + measured["hidden"], len(look.raw)
    if gone >= GAPS * rows and gone < rows:
        yield Alert(
            *("many gaps", look.name, "look"),
            f"{share(gone, rows)} of its cells are missing",
            "missing is a value of its own to the models; if it means nothing, a click "
            "leaves the column out",
            roles(look.column, "ignored"),
        )


def _of_kind(
    look: Look, measured: Mapping[str, Any], *, timed: bool
) -> Iterator[Alert]:
    rows, kind = len(look.raw), look.left.type
    if kind == "number":
        yield from numbers.alerts(look.column, measured, rows, _marks(look))
    elif kind == "date":
        yield from dates.alerts(look.column, measured, timed=timed)
    elif kind == "category":
        yield from categories.alerts(look, measured)
    elif kind == "text":
        yield from categories.alerts(look, measured)
        yield from texts.alerts(look.column, measured, rows)
    elif kind in KINDS:
        yield from module_of(kind).alerts(look.raw, look.column)


def _marks(look: Look) -> dict[str, Any]:
    """Return how words are read as numbers, as a rule of the contract tells it."""
    read: dict[str, Any] = {}
    for operation in (offer.operation for offer in look.offers if offer.done):
        if operation["op"] == "number":
            marks = ("decimal", "thousands", "strip")
            read |= {key: operation[key] for key in marks if operation.get(key)}
        if operation["op"] == "missing" and look.column.type != "number":
            read["missing"] = list(operation["values"])
    return read


def _words(look: Look) -> list[str]:
    """Return some of the distinct cells, as text; of numbers only very long ones."""
    if look.codes is not None and isinstance(look.values.dtype, pd.CategoricalDtype):
        kinds = look.values.cat.categories
        places = np.linspace(0, len(kinds) - 1, min(len(kinds), LOOKED_AT))
        return [str(kinds[place]) for place in np.unique(places.astype(int))]
    if look.left.type != "number":
        return []
    head = numbers.known(look.values.iloc[:: max(len(look.values) // LOOKED_AT, 1)])
    long = head[(np.abs(head) >= 1e12) & (np.abs(head) < 1e19)]
    whole = long[np.floor(long) == long]
    return [str(int(value)) for value in whole] if len(whole) == len(head) else []
