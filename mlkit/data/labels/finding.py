"""Rows by what they hold: the filters and orders of a labeller's explorer."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from mlkit.core.errors import InputError, did_you_mean
from mlkit.core.schema import Schema
from mlkit.data.labels.people import settle
from mlkit.data.labels.queue import Queue

__all__ = ["ORDERS", "STATES", "find"]

MOST = 5000
SEARCHED = 200_000
STATES = ("all", "without", "labelled", "by hand", "disputed", "suspicious")
ORDERS = ("table", "suspicious", "label")
Places = NDArray[np.intp]


def find(
    queue: Queue,
    doubts: Mapping[str, Mapping[str, Any]],
    *,
    text: str = "",
    label: str = "",
    state: str = "all",
    order: str = "table",
) -> Places:
    """Return the places of rows that fit, at most 5,000.

    Parameters
    ----------
    queue
        The rows and their labels.
    doubts
        By row id: what speaks against its label; the most doubtful first.
    text
        What one of the row's cells or its id contains, the case of letters aside;
        looked for in the first 200,000 rows.
    label
        The class the row has now; "" for any.
    state
        One of `STATES`.
    order
        One of `ORDERS`.

    Raises
    ------
    InputError
        For an unknown state or order.

    Examples
    --------
    >>> from mlkit.core.schema import Column
    >>> table = pd.DataFrame({"t": ["cat", None, "dog"]}, list("abc"), dtype="str")
    >>> table = Schema((Column("t", "category", ("target",)),)).attach(table)
    >>> queue = Queue(table, {"b": {"ann": "cat"}}, "ann")
    >>> find(queue, {}, label="cat").tolist(), find(queue, {}, state="by hand").tolist()
    ([0, 1], [1])
    """
    for given, known in ((state, STATES), (order, ORDERS)):
        if given not in known:
            raise InputError(f"unknown {given!r}", todo=did_you_mean(given, known))
    table = queue.table
    now = _now(queue)
    fit = np.ones(len(table), bool)
    if state in ("without", "labelled"):
        fit &= now.isna().to_numpy() == (state == "without")
    elif state == "by hand":
        fit &= table.index.isin(list(queue.labels))
    elif state == "disputed":
        said = {r: {str(x) for x in by.values()} for r, by in queue.labels.items()}
        fit &= table.index.isin([row for row, words in said.items() if len(words) > 1])
    elif state == "suspicious":
        fit &= table.index.isin(list(doubts))
    if label:
        fit &= (now == label).fillna(False).to_numpy(bool)
    if text:
        fit &= _holds(table, text)
    return _ordered(np.flatnonzero(fit), order, now, table.index, doubts)[:MOST]


def _now(queue: Queue) -> pd.Series:
    """Return every row's label as it stands, as text."""
    words = queue.source.astype("str").astype(object).where(queue.source.notna(), None)
    settled = settle(queue.labels).labels
    here = words.index.intersection(list(settled))
    for row in here:
        words.loc[row] = None if settled[row] is None else str(settled[row])
    return words


def _holds(table: pd.DataFrame, text: str) -> NDArray[np.bool_]:
    part = table.iloc[:SEARCHED]
    found = (
        part.index.astype("str")
        .str.casefold()
        .str.contains(text.casefold(), regex=False)
    )
    fit = np.asarray(found, bool)
    for column in Schema.of(table):
        if column.type in ("text", "category", "id") and "private" not in column.roles:
            values = part[column.name]
            cells = values.astype("str").where(values.notna(), "").str.casefold()
            fit = fit | cells.str.contains(text.casefold(), regex=False).to_numpy(bool)
    return np.concatenate([fit, np.zeros(len(table) - len(part), bool)])


def _ordered(
    places: Places,
    order: str,
    now: pd.Series,
    index: pd.Index,
    doubts: Mapping[str, Any],
) -> Places:
    if order == "label":
        words = now.iloc[places].fillna("").astype(str).to_numpy()
        return places[np.argsort(words, kind="stable")]
    if order == "suspicious":
        rank = {row: at for at, row in enumerate(doubts)}
        ranks = [rank.get(row, len(rank)) for row in index[places]]
        return places[np.argsort(np.array(ranks, np.intp), kind="stable")]
    return places
