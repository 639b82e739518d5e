"""The contract of a table: rules that its rows keep, proposed or accepted.

Rules are JSON dicts: a name under ``rule``, a ``column``, a ``check`` with its bounds
(see `mlkit.core.rows.check`), and a ``severity``: ``warn`` tells, ``flag`` keeps the
row from being learnt from, ``block`` shuts the gate. A proposed rule only warns.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from math import ceil, floor
from typing import Any

import numpy as np
import pandas as pd

from mlkit.core.checks import CHECKS
from mlkit.core.errors import InputError, did_you_mean
from mlkit.core.schema import Column, Schema
from mlkit.data.charts.cards import card, grid, significant
from mlkit.data.charts.contract import plot_bands
from mlkit.data.charts.style import Picture
from mlkit.data.cleaning.propose import plan
from mlkit.data.measures.moments import finite

__all__ = ["SEVERITIES", "Contract", "expectation", "infer"]

SEVERITIES = ("warn", "flag", "block")
WIDER = 0.25
MOST_VALUES = 50
ENOUGH = 30
SHOWN = 30
EXACT = 2**53


@dataclass(frozen=True)
class Contract:
    """The rules of a table.

    Parameters
    ----------
    rules
        JSON dicts.
    inputs
        The schema of the raw table.
    rows
        How many rows the rules were proposed from.
    """

    rules: tuple[Mapping[str, Any], ...] = ()
    inputs: Schema = field(default_factory=Schema)
    rows: int = 0

    @property
    def request_rules(self) -> list[Mapping[str, Any]]:
        """The rules that a request can keep: none of the target, none between rows."""
        hidden = set(self.inputs.with_role("target"))
        return [
            rule
            for rule in self.rules
            if rule["column"] not in hidden and rule["check"] != "unique"
        ]

    def plot(self) -> Picture:
        """Draw the range that each number may take, and what was seen within it."""
        return plot_bands(self.rules)

    def to_dict(self) -> dict[str, Any]:
        """Return a plain JSON form."""
        rules = [dict(rule) for rule in self.rules]
        return {"rules": rules, "inputs": self.inputs.to_dict(), "rows": self.rows}

    @classmethod
    def from_dict(cls, form: Mapping[str, Any]) -> Contract:
        """Read the form that `to_dict` gives."""
        inputs = Schema.from_dict(form["inputs"])
        return cls(tuple(form["rules"]), inputs, form["rows"])

    def __repr__(self) -> str:
        return f"<Contract {len(self.rules)} rules>"

    def _repr_html_(self) -> str:
        lines = [
            (rule["rule"], wording(rule), rule.get("severity", "warn"))
            for rule in self.rules[:SHOWN]
        ]
        rest = f"and {len(self.rules) - SHOWN} more" * (len(self.rules) > SHOWN)
        top = card("Contract", f"{len(self.rules)} rules, from {self.rows:,} rows")
        return top + grid(("rule", "says", "severity"), lines, rest)


def infer(table: pd.DataFrame) -> Contract:
    """Propose the rules of a table: pandera's inferred bounds, widened.

    A number may lie a quarter of its range beyond what was seen, yet not below zero
    where nothing did; a category with at most fifty words is one of them; a column
    without a gap has none.

    Parameters
    ----------
    table
        Raw rows with their schema, as `collect` gives them.

    Examples
    --------
    >>> ages = pd.DataFrame({"age": [float(age) for age in range(20, 60)]})
    >>> rules = infer(ages).rules
    >>> rules[0]["rule"], rules[0]["min"], rules[0]["max"]
    ('age range', 10.0, 69.0)
    """
    schema = Schema.of(table)
    columns = schema.without(*schema.with_role("flag"))
    seen = _seen(table, columns)
    rules: list[dict[str, Any]] = []
    for column in columns:
        rules += _of_column(table[column.name], column, seen.get(column.name, {}))
    return Contract(tuple(rules), columns, len(table))


def expectation(text: str, names: Sequence[str]) -> dict[str, Any]:
    """Read a rule that a person wrote; it blocks.

    Parameters
    ----------
    text
        Such as ``Age >= 0``, ``0 <= Age <= 120``, ``Port in C, Q, S``,
        ``Age not missing`` or ``customerID unique``.
    names
        The columns there are.

    Raises
    ------
    InputError
        Where it cannot be read, or there is no such column.

    Examples
    --------
    >>> expectation("0 <= Age <= 120", ["Age"])["max"]
    120.0
    """
    number = r"[+-]?[0-9.]+(?:[eE][+-]?[0-9]+)?"
    plain = text.strip()
    rule: dict[str, Any] = {"rule": plain, "severity": "block", "why": "asked for"}
    if found := re.fullmatch(rf"({number})\s*<=\s*(.+?)\s*<=\s*({number})", plain):
        bounds = {"min": float(found[1]), "max": float(found[3])}
        return rule | {"column": _known(found[2], names), "check": "range", **bounds}
    if found := re.fullmatch(rf"(.+?)\s*(<=|>=)\s*({number})", plain):
        bound = {"min" if found[2] == ">=" else "max": float(found[3])}
        return rule | {"column": _known(found[1], names), "check": "range", **bound}
    if found := re.fullmatch(r"(.+?)\s+in\s+(.+)", plain):
        words = [word.strip() for word in found[2].split(",")]
        column = _known(found[1], names)
        return rule | {"column": column, "check": "values", "values": words}
    for ending, check in ((" not missing", "required"), (" unique", "unique")):
        if plain.endswith(ending):
            column = _known(plain.removesuffix(ending), names)
            return rule | {"column": column, "check": check}
    raise InputError(
        "this rule cannot be read",
        got=text,
        expected="such as 'Age >= 0', '0 <= Age <= 120', 'Port in C, Q, S', "
        "'Age not missing' or 'customerID unique'",
    )


def checked_rules(rules: Iterable[Mapping[str, Any]]) -> list[dict[str, Any]]:
    """Return rules with a severity each, or say which cannot be used.

    Raises
    ------
    InputError
        For an unknown check or severity, or a rule without a column.
    """
    found = []
    for rule in rules:
        told = {"severity": "warn", **rule}
        for key, known in (("check", CHECKS), ("severity", SEVERITIES)):
            if told.get(key) not in known:
                raise InputError(
                    f"unknown {key} {told.get(key)!r} in a rule",
                    where=str(told.get("rule", told)),
                    todo=did_you_mean(str(told.get(key)), known),
                )
        if not isinstance(told.get("column"), str):
            raise InputError(
                "a rule names no column", where=str(told.get("rule", told))
            )
        found.append({"rule": f"{told['column']} {told['check']}", **told})
    return found


def wording(rule: Mapping[str, Any]) -> str:
    """Say a rule in words.

    Examples
    --------
    >>> wording({"check": "range", "min": 0, "max": 120})
    'from 0 to 120'
    """
    check = rule["check"]
    if check == "range":
        low, high = rule.get("min"), rule.get("max")
        words = [f"from {low:g}"] if low is not None else []
        return " ".join(words + ([f"to {high:g}"] if high is not None else []))
    if check == "values":
        shown = ", ".join(map(str, rule["values"][:6]))
        return f"one of {shown}" + (" ..." if len(rule["values"]) > 6 else "")
    if check == "length":
        return f"at most {rule['max']:,} characters"
    fixed = {"required": "never missing", "unique": "never twice", "date": "a date"}
    return fixed.get(check, f"a {check}")


def _seen(table: pd.DataFrame, schema: Schema) -> dict[str, dict[str, float]]:
    """Return the lowest and highest of each number, as pandera infers them."""
    import pandera.pandas as pandera

    plain = table[schema.with_type("number")].replace([np.inf, -np.inf], np.nan)
    plain = plain.dropna(axis=1, how="all")
    if plain.empty:
        return {}
    found = {}
    for name, column in pandera.infer_schema(plain).columns.items():
        ends = {k: v for check in column.checks for k, v in check.statistics.items()}
        if {"min_value", "max_value"} <= set(ends):
            found[str(name)] = {"low": ends["min_value"], "high": ends["max_value"]}
    return found


def _of_column(
    values: pd.Series, column: Column, seen: Mapping[str, float]
) -> Iterator[dict[str, Any]]:
    name, known = column.name, values.dropna()
    steps: dict[str, Mapping[str, Any]] = {}
    if column.type in ("category", "text"):
        told = [op for op in plan(values, column).operations if "name" in op]
        steps = {op["op"]: op for op in told}
    if column.type == "number" and seen:
        yield _range(name, seen["low"], seen["high"], _is_whole(known))
    elif column.type == "date":
        yield _rule(name, "date")
    elif column.type == "id":
        yield from [_rule(name, "unique")] if known.is_unique else []
    elif column.type in ("category", "text"):
        yield from _of_words(values, column, steps)
    if len(known) == len(values) >= ENOUGH and "missing" not in steps:
        yield _rule(name, "required")


def _of_words(
    values: pd.Series, column: Column, steps: Mapping[str, Mapping[str, Any]]
) -> Iterator[dict[str, Any]]:
    """Propose a range where cleaning reads the words as numbers, else what they are."""
    if "number" in steps:
        marks = ("decimal", "thousands", "strip")
        how = {key: steps["number"][key] for key in marks if key in steps["number"]}
        how["missing"] = steps.get("missing", {}).get("values", [])
        read = _as_numbers(values, how)
        yield _range(column.name, read.min(), read.max(), _is_whole(read)) | how
    elif column.type == "category" and values.nunique() <= MOST_VALUES:
        words = sorted({word.strip() for word in values.dropna().unique()})
        yield _rule(column.name, "values", values=words)
    elif values.notna().any():
        longest = int(values.dropna().str.len().max())
        yield _rule(column.name, "length", max=max(2 * longest, 20))


def _as_numbers(values: pd.Series, how: Mapping[str, Any]) -> pd.Series:
    from mlkit.core.values import numbers

    marks = {key: how[key] for key in how if key != "missing"}
    words = values.dropna().drop_duplicates().to_numpy(dtype=object)
    return pd.Series(numbers(words, **marks)).dropna()


def _range(name: str, low: float, high: float, whole: bool) -> dict[str, Any]:
    width = (high * WIDER - low * WIDER) or abs(high) * WIDER or 1.0
    lower = 0.0 if low >= 0 and low - width < 0 else finite(low - width)
    upper = 1.0 if low >= 0 and high <= 1 and not whole else finite(high + width)
    if whole and max(-lower, upper) < EXACT:
        lower, upper = float(floor(lower)), float(ceil(upper))
    ends = {"min": significant(lower, 6), "max": significant(upper, 6)}
    return _rule(name, "range", **ends, seen=[float(low), float(high)])


def _rule(name: str, check: str, **bounds: Any) -> dict[str, Any]:
    told = {"rule": f"{name} {check}", "column": name, "check": check, **bounds}
    return told | {"severity": "warn", "why": "proposed"}


def _is_whole(known: pd.Series) -> bool:
    return bool((known[np.isfinite(known)] % 1 == 0).all())


def _known(word: str, names: Sequence[str]) -> str:
    name = word.strip()
    if name not in names:
        raise InputError(f"there is no column {name!r}", todo=did_you_mean(name, names))
    return name
