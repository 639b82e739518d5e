"""Measures and alerts of a column of words."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

import numpy as np
import pandas as pd

from mlkit.core.values import numbers
from mlkit.data.charts.style import shorten
from mlkit.data.measures.alert import Alert, add, roles, share, types
from mlkit.data.measures.look import Look
from mlkit.data.reading import hints

__all__ = ["alerts", "counted", "describe"]

MANY = 50
FEW_ODD = 8
LOOKED_AT = 1000
SAME = 0.99
ENOUGH = 100


def counted(values: pd.Series) -> pd.Series:
    """Return how often each word occurs, the most frequent first."""
    counts = values.value_counts()
    return counts[counts.to_numpy() > 0]  # words as an index are looked up slowly


def describe(values: pd.Series) -> dict[str, Any]:
    """Return the measures of words: how many, the most frequent, those seen once.

    Parameters
    ----------
    values
        Words, NaN where missing.

    Examples
    --------
    >>> found = describe(pd.Series(["a", "b", "a", None], dtype="str"))
    >>> found["most"], found["most_rows"], found["once"]
    ('a', 2, 1)
    """
    counts = counted(values)
    if not len(counts):
        return {"distinct": 0}
    return {
        "distinct": len(counts),
        "most": str(counts.index[0]),
        "most_rows": int(counts.iloc[0]),
        "once": int((counts == 1).sum()),
    }


def alerts(look: Look, measured: Mapping[str, Any]) -> Iterator[Alert]:
    """Yield what is odd about words.

    Parameters
    ----------
    look
        The column before and after cleaning.
    measured
        What `describe` gave, with the counts of gaps.
    """
    name, rows = look.name, len(look.raw)
    seen = rows - measured["missing"] - measured["hidden"]
    same = measured.get("most_rows", 0)
    if SAME * seen <= same < seen and seen >= ENOUGH:
        yield Alert(
            *("nearly constant", name, "look"),
            f"{share(same, seen)} of its cells are {shorten(measured['most'])!r}",
            "it can tell of a few rows only: leave it out, or keep it on purpose",
            roles(look.column, "ignored"),
        )
    codes = [*_amounts(look)]
    yield from codes
    if not any(alert.kind == "codes" for alert in codes):
        yield from _cardinality(look, measured, seen)


def _amounts(look: Look) -> Iterator[Alert]:
    name, counts = look.name, counted(look.values)
    words = [str(word) for word in counts.index[:LOOKED_AT].tolist()]
    amounts = ~np.isnan(numbers(np.array(words, dtype=object)))
    cells = counts.to_numpy()[: len(words)]
    part = cells[amounts].sum() / max(cells.sum(), 1)
    if 0.5 < part < 1:
        odd = [word for word, amount in zip(words, amounts, strict=True) if not amount]
        shown = ", ".join(repr(shorten(word)) for word in odd[:3])
        codes = len(odd) > FEW_ODD
        yield Alert(
            *("mixed types", name, "note" if codes else "look"),
            f"{part:.0%} of its cells are numbers, others such as {shown}",
            "too many to be slips: they are kept as words; a click makes sure of it"
            if codes
            else "a click makes the odd words missing, if they mean that",
            types(name, look.column.type)
            if codes
            else add("missing", name, values=odd),
        )
    coded = [word for word in words if hints.CODE.match(word)]
    if coded and part == 1:
        yield Alert(
            *("codes", name, "note"),
            f"numbers with leading zeros, such as {coded[0]!r}",
            "they are kept as words, zeros and all; a click makes sure of it",
            types(name, "category"),
        )
    if "NA" in words and "NA" not in hints.hidden(words):
        yield Alert(
            *("NA", name, "note"),
            "NA stands among codes of two capitals, and is left as it is",
            "a click makes it missing, if it means that",
            add("missing", name, values=["NA"]),
        )


def _cardinality(look: Look, measured: Mapping[str, Any], seen: int) -> Iterator[Alert]:
    if look.column.type != "category" or measured["distinct"] <= MANY:
        return
    if measured["distinct"] > 0.9 * seen:
        yield Alert(
            *("id-like", look.name, "look"),
            f"{measured['distinct']:,} of {seen:,} words differ",
            'if it only names rows, it is of the type "id", and no feature',
            types(look.name, "id"),
        )
        return
    yield Alert(
        *("many categories", look.name, "note"),
        f"{measured['distinct']:,} different words, {measured['once']:,} of them once",
        "rare ones are taken together by the models; a click reads it as text",
        types(look.name, "text"),
    )
