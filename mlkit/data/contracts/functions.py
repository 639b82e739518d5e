"""Plain Python functions as rules: what each is handed, and what its answer says."""

from __future__ import annotations

import inspect
import traceback
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from mlkit.core.errors import InputError, UsageError
from mlkit.data.contracts.words import severity_of

__all__ = ["Broken", "Function", "answer", "rules_of"]

Function = Callable[..., Any]
Mask = NDArray[np.bool_]
MARKS = ("row", "table")


class Broken(Exception):
    """A function that could not answer; the message says why, for one finding."""


def rules_of(
    checks: Mapping[str, Function], names: Sequence[str]
) -> list[dict[str, Any]]:
    """Return a rule for each function; it blocks, unless its name says warn or flag.

    Parameters
    ----------
    checks
        Functions by the name of the rule. One with a parameter ``row`` is asked row by
        row, one whose parameters are columns is handed these, any other the table.
    names
        The columns there are.

    Raises
    ------
    InputError
        Where it is no function.

    Examples
    --------
    >>> def paid(price, status):
    ...     return (price > 0) | (status == "free")
    >>> rules_of({"warn: paid": paid}, ["price", "status"])[0]["columns"]
    ['price', 'status']
    """
    found = []
    for told, function in checks.items():
        severity, name = severity_of(str(told))
        if not callable(function):
            raise InputError(
                "a check is no function",
                where=f"checks[{told!r}]",
                got=type(function).__name__,
                todo="hand over the function itself, without calling it",
            )
        columns = [p for p in _parameters(function) if p in names]
        rule: dict[str, Any] = {"rule": name, "check": "function"}
        rule["function"] = _name(function)
        rule |= {"columns": columns} if _takes_columns(function, names) else {}
        found.append(rule | {"severity": severity, "why": "asked for"})
    return found


def answer(function: Function, table: pd.DataFrame) -> Mask | bool:
    """Return which rows fail a function, or whether the table does as a whole.

    Parameters
    ----------
    function
        What to ask.
    table
        What it is asked about; it gets a copy.

    Raises
    ------
    Broken
        Where it raises, or its answer is neither true nor false.
    """
    names = [str(name) for name in table.columns]
    try:
        return _failing(_asked(function, table, names), table)
    except (Broken, KeyboardInterrupt):
        raise
    except UsageError as error:
        raise Broken(f"it broke: {error.what}") from None
    except Exception as error:
        told = " ".join(f"{type(error).__name__}: {error}".split())[:200]
        raise Broken(f"it broke: {told}{_place(error)}") from None


def _asked(function: Function, table: pd.DataFrame, names: Sequence[str]) -> Any:
    copy = table.copy()
    given = _parameters(function)
    if given[:1] == ["row"]:
        rows = copy.to_dict("records")
        return pd.Series([function(row) for row in rows], dtype=object)
    if _takes_columns(function, names):
        return function(**{name: copy[name] for name in given})
    return function(copy)


def _failing(told: Any, table: pd.DataFrame) -> Mask | bool:
    """Turn an answer, true where a row is right, round; what is missing is right."""
    if isinstance(told, (bool, np.bool_)):
        return not told
    if isinstance(told, (pd.DataFrame, str)) or not hasattr(told, "__len__"):
        raise Broken(f"it returned {_kind(told)}, neither true nor false")
    if len(told) != len(table):
        raise Broken(f"it returned {len(told):,} answers for {len(table):,} rows")
    if isinstance(told, pd.Series):
        told = _in_order(told, table).array
    if getattr(told, "dtype", None) == np.dtype(bool):
        return ~np.asarray(told)
    values = np.array([*told, None], dtype=object)[:-1]
    odd = [v for v in values if not (isinstance(v, (bool, np.bool_)) or _is_gap(v))]
    if odd:
        raise Broken(f"it returned {_kind(odd[0])}, neither true nor false")
    return np.array([not (_is_gap(value) or value) for value in values], dtype=bool)


def _in_order(told: pd.Series, table: pd.DataFrame) -> pd.Series:
    """Bring answers that carry the rows' ids into the order of the rows."""
    ids = told.index
    if ids.equals(table.index) or not (ids.is_unique and table.index.is_unique):
        return told
    return told.reindex(table.index) if ids.isin(table.index).all() else told


def _is_gap(value: Any) -> bool:
    return value is None or value is pd.NA


def _kind(value: Any) -> str:
    return f"a {type(value).__name__}"


def _parameters(function: Function) -> list[str]:
    try:
        return list(inspect.signature(function).parameters)
    except (TypeError, ValueError):
        return []


def _takes_columns(function: Function, names: Sequence[str]) -> bool:
    given = _parameters(function)
    known = all(name in names for name in given)
    return bool(given) and known and given[0] not in MARKS


def _name(function: Function) -> str:
    name = getattr(function, "__qualname__", type(function).__name__)
    name = name.rpartition("<locals>.")[2]
    module = getattr(function, "__module__", "") or ""
    return name if module in ("__main__", "builtins", "") else f"{module}.{name}"


def _place(error: Exception) -> str:
    """Say where in the function's own file it broke."""
    frames = traceback.extract_tb(error.__traceback__)
    own = [
        f
        for f in frames
        if f.filename != __file__ and "site-packages" not in f.filename
    ]
    if not own:
        return ""
    last = own[-1]
    file = Path(last.filename)
    cell = "ipykernel" in str(file) or file.suffix != ".py"
    where = (
        f"line {last.lineno} of the cell"
        if cell
        else f"{file.name}, line {last.lineno}"
    )
    return f" ({where}, in {last.name})"
