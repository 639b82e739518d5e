"""The contract of a table: rules that its rows keep, proposed or accepted.

Rules are JSON dicts: a name under ``rule``, a ``check`` with its bounds (see
`mlkit.core.checks`), the ``column`` or ``columns`` it is about, and a ``severity``:
``warn`` tells, ``flag`` keeps the row from being learnt from, ``block`` shuts the gate.
A proposed rule only warns.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import pandas as pd

from mlkit.core.checks import CHECKS, ROW_CHECKS, columns_of
from mlkit.core.schema import Schema
from mlkit.data.charts.contract import plot_bands
from mlkit.data.charts.style import Picture
from mlkit.data.contracts.propose import of_column, of_pairs, of_table
from mlkit.data.contracts.report import contract_page
from mlkit.data.contracts.words import SEVERITIES, expectation

__all__ = ["SEVERITIES", "Contract", "expectation", "infer"]

BETWEEN_ROWS = ("unique", "together")


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
        """The rules that one request can keep.

        None of the target, none between rows or about a whole table, and no Python
        function, which lives only where it was written.
        """
        hidden = set(self.inputs.with_role("target"))
        return [
            rule
            for rule in self.rules
            if not hidden.intersection(columns_of(rule))
            and (rule["check"] in CHECKS or rule["check"] in ROW_CHECKS)
            and rule["check"] not in BETWEEN_ROWS
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
        return contract_page(self.rules, self.rows)


def infer(table: pd.DataFrame) -> Contract:
    """Propose the rules of a table: what was seen, widened.

    A number may lie a quarter of its range beyond what was seen, yet not below zero
    where nothing did, a date ten years at least; a category with at most fifty words
    is one of them; words of one evident shape keep it; a column without a gap has
    none, any other at most twice as many; two dates that were always in order stay so.

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
    table = columns.attach(table[columns.names].reset_index(drop=True))
    seen = _seen(table, columns)
    rules: list[dict[str, Any]] = []
    for column in columns:
        rules += of_column(table[column.name], column, seen.get(column.name, {}))
    rules += [*of_pairs(table, columns), *of_table(table, columns)]
    return Contract(tuple(rules), columns, len(table))


def _seen(table: pd.DataFrame, schema: Schema) -> dict[str, dict[str, float]]:
    """Return the lowest and highest of each number, infinite ones aside."""
    plain = table[schema.with_type("number")].replace([np.inf, -np.inf], np.nan)
    low, high = plain.min().to_dict(), plain.max().to_dict()
    return {
        str(name): {"low": least, "high": high[name]}
        for name, least in low.items()
        if pd.notna(least)
    }
