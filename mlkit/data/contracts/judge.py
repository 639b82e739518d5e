"""Hold rules against a table, with pandera: which rows fail, and what went wrong."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from mlkit.core.checks import CHECKS, columns_of, failing
from mlkit.core.errors import InputError
from mlkit.core.operands import gone
from mlkit.core.schema import Schema
from mlkit.data.contracts.functions import Broken, Function, answer
from mlkit.data.contracts.library import pandera

__all__ = ["Judged", "cells_of", "judge"]

Mask = NDArray[np.bool_]
Rules = Sequence[Mapping[str, Any]]
PLAIN = "fiubM"
WORDS = ("category", "text", "id")


@dataclass(frozen=True)
class Judged:
    """Which rows fail which rule, and what is wrong with the table as a whole.

    Parameters
    ----------
    masks
        By rule, True where a row fails.
    faults
        By rule, what is wrong where no single row is at fault.
    broken
        The rules that could not be asked at all: their function raised.
    """

    masks: Mapping[str, Mask]
    faults: Mapping[str, str] = field(default_factory=dict)
    broken: frozenset[str] = frozenset()

    def failed(self, rows: int) -> dict[str, int]:
        """Return how many rows fail each broken rule; all, where the table does."""
        counts = {
            name: rows if name in self.faults else int(mask.sum())
            for name, mask in self.masks.items()
        }
        return {n: count for n, count in counts.items() if count or n in self.faults}


def judge(
    table: pd.DataFrame, rules: Rules, functions: Mapping[str, Function] | None = None
) -> Judged:
    """Hold every rule against every row.

    Parameters
    ----------
    table
        Raw rows with their schema.
    rules
        JSON dicts, checked.
    functions
        The functions of rules with the check ``function``, by rule.

    Examples
    --------
    >>> rule = {"rule": "r", "check": "range", "column": "age", "min": 0}
    >>> judge(pd.DataFrame({"age": [3, -1]}), [rule]).masks["r"].tolist()
    [False, True]
    """
    court = _Court(table, functions or {})
    present = [rule for rule in rules if court.can_ask(rule)]
    _with_pandera(court, present)
    return Judged(court.masks, court.faults, frozenset(court.broken))


class _Court:
    """One table, and what was found of it rule by rule."""

    def __init__(self, table: pd.DataFrame, functions: Mapping[str, Function]) -> None:
        self.given = table
        self.table = table.reset_index(drop=True)
        self.schema = Schema.of(table)
        self.functions = functions
        self.none = np.zeros(len(table), dtype=bool)
        self.masks: dict[str, Mask] = {}
        self.faults: dict[str, str] = {}
        self.broken: set[str] = set()
        self._distinct: dict[str, tuple[NDArray[Any], NDArray[Any]]] = {}

    def distinct(self, values: pd.Series) -> tuple[NDArray[Any], NDArray[Any]]:
        """Return a text column's codes and its distinct cells, found once."""
        name = str(values.name)
        if name not in self._distinct:
            codes, words = pd.factorize(values, use_na_sentinel=False)
            self._distinct[name] = codes, np.asarray(words, dtype=object)
        return self._distinct[name]

    def can_ask(self, rule: Mapping[str, Any]) -> bool:
        """Tell whether the columns of a rule are there; note it, if not."""
        name, about = rule["rule"], columns_of(rule)
        self.masks[name] = self.none
        absent = [column for column in about if column not in self.table]
        if absent and rule["check"] != "columns":
            many = "columns" if len(absent) > 1 else "column"
            self.faults[name] = f"there is no {many} {', '.join(map(repr, absent))}"
            return False
        if rule["check"] == "function" and name not in self.functions:
            self.fault(name, "its function is not here: hand it over in checks")
            return False
        return True

    def fault(self, name: str, told: str) -> None:
        self.faults[name] = told
        self.broken.add(name)

    def kept(self, rule: Mapping[str, Any], values: Any) -> Any:
        """Return which rows keep a rule, and remember which do not."""
        name = rule["rule"]
        try:
            found = self._asked(rule, values)
        except Broken as error:
            self.fault(name, str(error))
            return False
        except InputError as error:
            self.fault(name, f"it cannot be worked out: {error.what}")
            return False
        if isinstance(found, str):
            if found:
                self.faults[name] = found
            return not found
        mask = np.asarray(found, dtype=bool)
        if not mask.any():  # one mask of no row serves all rules that are kept
            return True
        self.masks[name] = mask
        return False

    def _asked(self, rule: Mapping[str, Any], values: Any) -> Any:
        check = rule["check"]
        if check in CHECKS:
            return self._of_cells(values, rule)
        if check == "together":
            known = self.table[list(rule["columns"])]
            return known.duplicated(keep=False) & known.notna().all(axis=1)
        if check == "expression":
            cells = {name: cells_of(self.table[name]) for name in rule["columns"]}
            return failing(rule, cells, len(self.table))
        if check == "function":
            found = answer(self.functions[rule["rule"]], self.given)
            return found if not isinstance(found, bool) else FALSE * found
        return _OF_TABLE[check](self, rule)

    def _of_cells(self, values: pd.Series, rule: Mapping[str, Any]) -> Mask:
        """Return which cells fail, looking once at each distinct text."""
        if rule["check"] == "required":
            return values.isna().to_numpy(dtype=bool)
        if rule["check"] == "unique":
            places, known = pd.factorize(values)
            if len(known) == len(places):
                return self.none
            many: Mask = np.bincount(places + 1)[places + 1] > 1
            return many & (places >= 0)
        ask = CHECKS[rule["check"]]
        if values.dtype.kind in PLAIN:
            return ask(cells_of(values), rule)
        codes, words = self.distinct(values)
        found: Mask = ask(words, rule)[codes]
        return found


FALSE = "it returned False for the whole table"


def _with_pandera(court: _Court, rules: Rules) -> None:
    """Let pandera ask every rule.

    A frame-level check explodes into a row a column where it fails, and a column's
    into a row a cell, so only the first is asked for; the rows are in the masks.
    """
    single: dict[str, list[Mapping[str, Any]]] = {}
    for rule in rules:
        if rule["check"] in CHECKS:
            single.setdefault(rule["column"], []).append(rule)
    whole = [rule for rule in rules if rule["check"] not in CHECKS]
    with pandera() as library:

        def check(rule: Mapping[str, Any]) -> Any:
            told = {"error": rule["rule"], "ignore_na": False, "n_failure_cases": 1}
            return library.Check(lambda values: court.kept(rule, values), **told)

        columns = {
            name: library.Column(None, [check(rule) for rule in mine], nullable=True)
            for name, mine in single.items()
        }
        schema = library.DataFrameSchema(columns, checks=[check(r) for r in whole])
        with suppress(library.errors.SchemaErrors):
            # pandera keeps what it validated for as long as that lives
            shallow = court.table.copy(deep=False)
            schema.validate(shallow, lazy=True, inplace=True)


def cells_of(values: pd.Series) -> NDArray[Any]:
    """Return a column's cells as an array, moments in UTC without a zone."""
    if isinstance(values.dtype, pd.DatetimeTZDtype):
        values = values.dt.tz_convert("UTC").dt.tz_localize(None)
    return values.to_numpy(dtype=None if values.dtype.kind in PLAIN else object)


# checks of the whole: what is wrong, "" where nothing is


def _of_rows(court: _Court, rule: Mapping[str, Any]) -> str:
    rows = len(court.table)
    few = rule.get("min") is not None and rows < rule["min"]
    many = rule.get("max") is not None and rows > rule["max"]
    return f"there are {rows:,} rows" if few or many else ""


def _of_missing(court: _Court, rule: Mapping[str, Any]) -> str:
    values = court.table[rule["column"]]
    if values.dtype.kind in PLAIN:
        empty = gone(cells_of(values), rule)
    else:
        codes, words = court.distinct(values)
        empty = gone(words, rule)[codes]
    share = float(empty.mean()) if len(empty) else 0.0
    told = f"{100 * share:.3g}% are missing: {int(empty.sum()):,} of {len(empty):,}"
    return told if share > rule["max"] else ""


def _of_columns(court: _Court, rule: Mapping[str, Any]) -> str:
    wanted, schema = dict(rule.get("columns", {})), court.schema
    absent = [name for name in wanted if name not in schema]
    others = [
        f"{name} is {schema[name].type}, not {kind}"
        for name, kind in wanted.items()
        if name in schema and _family(schema[name].type) != _family(kind)
    ]
    told = [f"gone: {_listed(absent)}"] if absent else []
    return "; ".join([*told, *([_listed(others)] if others else [])])


def _family(kind: str) -> str:
    return "words" if kind in WORDS else kind


def _listed(words: Iterable[str], most: int = 6) -> str:
    told = list(words)
    more = f" and {len(told) - most} more" if len(told) > most else ""
    return ", ".join(told[:most]) + more


_OF_TABLE: dict[str, Callable[[_Court, Mapping[str, Any]], str]] = {
    "columns": _of_columns,
    "missing": _of_missing,
    "rows": _of_rows,
}
