"""Hold a table against its contract, and judge whether it can be learnt from."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from functools import partial
from typing import Any

import numpy as np
import pandas as pd

from mlkit.core.cells import config
from mlkit.core.checks import columns_of
from mlkit.core.columns import with_columns
from mlkit.core.schema import Column, Schema
from mlkit.core.values import numbers
from mlkit.core.verdict import Finding, Verdict
from mlkit.data.charts.contract import plot_bands
from mlkit.data.charts.style import Picture, shorten
from mlkit.data.clean import clean
from mlkit.data.cleaning.flags import flag_of
from mlkit.data.cleaning.propose import plan
from mlkit.data.contract import Contract, infer
from mlkit.data.contracts.functions import Function, rules_of
from mlkit.data.contracts.judge import Judged, cells_of, judge
from mlkit.data.contracts.propose import reads_of
from mlkit.data.contracts.report import SHOWN, Told, checked_page, checked_words
from mlkit.data.contracts.words import checked_rules, expectation, wording

__all__ = ["Checked", "validate"]

KEPT = 10_000
FEWEST_OF_A_CLASS = 5
Rules = Sequence[Mapping[str, Any]]


@dataclass(frozen=True, repr=False)
class Checked:
    """A table that was held against its contract.

    Parameters
    ----------
    table
        All rows that came in; where a rule flags rows, with the flag.
    violations
        One line a broken rule and row, at most 10,000 a rule: row id, rule, column,
        value, severity.
    contract
        The rules it was judged by.
    verdict
        For the gate.
    failed
        How many rows break each broken rule; all, where the whole table does.
    faults
        What is wrong where no single row is at fault, by rule.
    first
        The places of the first failing rows, by rule.
    """

    table: pd.DataFrame
    violations: pd.DataFrame
    contract: Contract
    verdict: Verdict
    failed: Mapping[str, int] = field(default_factory=dict)
    faults: Mapping[str, str] = field(default_factory=dict)
    first: Mapping[str, tuple[int, ...]] = field(default_factory=dict)

    def plot(self) -> Picture:
        """Draw the range that each number may take, and what was seen within it."""
        return plot_bands(self.contract.rules, self.failed)

    @property
    def _told(self) -> Told:
        counted = sum(n for name, n in self.failed.items() if name not in self.faults)
        return Told(
            table=self.table,
            rules=self.contract.rules,
            failed=self.failed,
            faults=self.faults,
            first=self.first,
            capped=counted - len(self.violations),
        )

    def __repr__(self) -> str:
        return checked_words(self._told)

    def _repr_html_(self) -> str:
        return checked_page(self._told)


def validate(
    table: pd.DataFrame,
    rules: Rules | None = None,
    *,
    expect: Sequence[str] = (),
    checks: Mapping[str, Function] | None = None,
    min_rows: int = 50,
) -> Checked:
    """Hold a table against a contract, with pandera, and judge the whole.

    Parameters
    ----------
    table
        Raw rows with their schema, as `collect` gives them.
    rules
        JSON dicts, proposed by `mlkit.data.contract.infer` or accepted by a person;
        None to propose them here.
    expect
        Rules in words and expressions, which block, or warn or flag where they say so:
        ``"Age >= 0"``, ``"Port in C, Q, S"``, ``"flag: end >= start"``; see
        `mlkit.data.contracts.words.expectation`.
    checks
        Plain Python functions by the name of the rule: one with a parameter ``row`` is
        asked row by row, one whose parameters are columns is handed these, any other
        the whole table. They return true where all is well, and live only here: no
        server replays them.
    min_rows
        The fewest rows with a target that are enough.

    Raises
    ------
    InputError
        Where a rule cannot be used.

    Examples
    --------
    >>> table = pd.DataFrame({"age": [30.0, 41.0, -1.0], "t": ["a", "b", "a"]})
    >>> checked = validate(table, [], expect=["age >= 0"])
    >>> checked.failed, checked.verdict.state
    ({'age >= 0': 1}, 'blocked')
    >>> validate(table, [], checks={"warn: grown": lambda age: age > 18}).failed
    {'grown': 1}
    """
    schema, functions = Schema.of(table), dict(checks or {})
    proposed = infer(table).rules if rules is None else rules
    read = partial(_how_read, table, schema)
    asked = [expectation(text, schema.names, read) for text in expect]
    own = rules_of(functions, schema.names)
    told = checked_rules([*proposed, *asked, *own])
    told = [_with_seen(table, rule) for rule in told]
    called = dict(zip([rule["rule"] for rule in own], functions.values(), strict=True))
    judged = judge(table, told, called)
    contract = Contract(
        tuple(told), schema.without(*schema.with_role("flag")), len(table)
    )
    findings = (*_structure(table, min_rows), *_of_rules(told, judged, len(table)))
    return Checked(
        _flagged(table, told, judged),
        _violations(table, told, judged),
        contract,
        Verdict(findings, "The data"),
        judged.failed(len(table)),
        judged.faults,
        {name: _first(mask) for name, mask in judged.masks.items() if mask.any()},
    )


def _how_read(table: pd.DataFrame, schema: Schema, name: str) -> dict[str, Any]:
    return reads_of(table[name], schema[name])


def _first(mask: np.ndarray[Any, Any]) -> tuple[int, ...]:
    return tuple(np.flatnonzero(mask)[:SHOWN].tolist())


def _with_seen(table: pd.DataFrame, rule: dict[str, Any]) -> dict[str, Any]:
    """Note between which ends a bounded column lay this time."""
    if rule["check"] != "range" or rule["column"] not in table:
        return rule
    values = table[rule["column"]]
    marks = {k: rule[k] for k in ("decimal", "thousands", "strip") if rule.get(k)}
    cells = cells_of(values)
    if values.dtype.kind not in "fiub":
        cells = numbers(cells_of(values.drop_duplicates()), **marks)
    return rule | {"seen": _ends(cells)}


def _ends(cells: np.ndarray[Any, Any]) -> list[float]:
    """Return the lowest and the highest finite number."""
    with np.errstate(invalid="ignore"):
        ends = (np.fmin, np.fmax)
        low, high = (end.reduce(cells) if len(cells) else np.nan for end in ends)
    if not (np.isfinite(low) and np.isfinite(high)):
        cells = cells[np.isfinite(cells)]
        low, high = (cells.min(), cells.max()) if len(cells) else (np.nan, np.nan)
    return [] if np.isnan(low) else [float(low), float(high)]


def _violations(table: pd.DataFrame, rules: Rules, judged: Judged) -> pd.DataFrame:
    """Return one line a broken rule and row, at most `KEPT` a rule."""
    lines: dict[str, list[str | None]] = {
        name: [] for name in ("row", "rule", "column", "value", "severity")
    }
    for rule in rules:
        places = np.flatnonzero(judged.masks[rule["rule"]])[:KEPT]
        if not len(places):
            continue
        about = [name for name in columns_of(rule) if name in table]
        lines["row"] += table.index[places].astype("str").tolist()
        lines["value"] += _values(table[about].iloc[places])
        told = {"rule": rule["rule"], "severity": rule["severity"]}
        for key, word in (told | {"column": ", ".join(about)}).items():
            lines[key] += [word] * len(places)
    frame = pd.DataFrame({k: pd.array(v, dtype="str") for k, v in lines.items()})
    frame = frame.set_index("row")
    columns = tuple(Column(str(name), "text") for name in frame)
    return Schema(columns).attach(frame)


def _values(cells: pd.DataFrame) -> list[str | None]:
    """Say the cells at fault: one as it stands, several with their names."""
    words = {
        str(name): [None if gone else str(value) for value, gone in pairs]
        for name in cells
        for pairs in [zip(cells[name], cells[name].isna(), strict=True)]
    }
    if len(words) == 1:
        return next(iter(words.values()))
    lines = zip(*words.values(), strict=True) if words else [()] * len(cells)
    return [
        ", ".join(f"{n} {v}" for n, v in zip(words, line, strict=True) if v is not None)
        or None
        for line in lines
    ]


def _flagged(table: pd.DataFrame, rules: Rules, judged: Judged) -> pd.DataFrame:
    """Flag the rows that break a rule of severity ``flag``."""
    found = pd.Series("", index=table.index, dtype="str")
    for rule in rules:
        mask = judged.masks[rule["rule"]]
        if rule["severity"] == "flag" and mask.any():
            broken = pd.Series(mask, index=table.index)
            why = f"breaks the rule {rule['rule']}"
            found = found.mask(broken & (found == ""), why)
    if not (found != "").any():
        return table
    known = Schema.of(table)
    marked = known.with_role("flag")
    flag = marked[0] if marked else flag_of(known)
    if marked:
        found = table[flag].where(table[flag] != "", found)
    schema = known.put(Column(flag, "category", ("flag",)))
    if marked:
        return schema.attach(with_columns(table, {flag: found}))
    # a wide table takes one more column by assignment only with a warning
    return schema.attach(pd.concat([table, found.rename(flag)], axis=1))


def _structure(table: pd.DataFrame, min_rows: int) -> list[Finding]:
    schema = Schema.of(table)
    named = any(_left(table, schema[name]) for name in schema.features)
    twice = len(table) - len(pd.factorize(table.index)[1])
    return [
        *_of_target(table, schema, min_rows),
        _finding(
            "at least one feature says something",
            named,
            "" if named else "0 features",
            help="collect more columns",
        ),
        _finding(
            "no row id comes twice",
            not twice,
            f"{twice} twice",
            help="name another id_column in collect",
        ),
    ]


NAME_ONE = "name the target in collect"
WITHOUT = ("anomaly", "cluster")
"""Kinds of problems, as [goal] kind has them, that need no target."""


def _left(table: pd.DataFrame, column: Column) -> list[Column]:
    """Return the features that cleaning would leave of a column."""
    return [c for c in plan(table[column.name], column).outputs if c.is_feature]


def _of_target(table: pd.DataFrame, raw: Schema, min_rows: int) -> list[Finding]:
    if config("goal.kind") in WITHOUT:
        need = f"{min_rows:,}"
        return [
            _finding("enough rows", len(table) >= min_rows, f"{len(table):,}", need)
        ]
    if raw.target is None:
        return [_finding("a target is named", False, "none", "", NAME_ONE)]
    named = _finding("a target is named", True, raw.target)
    alone = raw.only([raw.target]).attach(table[[raw.target]].reset_index(drop=True))
    cleaned = clean(alone, duplicates=False).table
    schema = Schema.of(cleaned)
    known = cleaned[raw.target].dropna()
    rows = _finding(
        "enough rows have a target",
        len(known) >= min_rows,
        f"{len(known):,}",
        f"{min_rows:,}",
        "collect more rows, or lower min_rows if you know why",
    )
    counts = known.value_counts()
    if schema[raw.target].type == "number":
        varies = len(counts) > 1
        got = f"{len(counts):,} different values"
        return [named, rows, _finding("the target varies", varies, got, "2")]
    enough = int((counts >= FEWEST_OF_A_CLASS).sum())
    got = ", ".join(f"{shorten(w)} {n:,}" for w, n in counts.head(4).items())
    need = f"two of {FEWEST_OF_A_CLASS} rows"
    classes = _finding(
        "at least two classes", enough > 1, got, need, "collect rows of other classes"
    )
    return [named, rows, classes]


def _of_rules(rules: Rules, judged: Judged, rows: int) -> list[Finding]:
    hard = [rule for rule in rules if rule["severity"] == "block"]
    soft = [rule for rule in rules if rule["severity"] != "block"]
    failed = judged.failed(rows)
    unasked = [r for r in soft if r["rule"] in judged.broken]
    broken = sum(rule["rule"] in failed for rule in soft) - len(unasked)
    told = f"{broken} of {len(soft)} broken"
    return [
        *(_of_hard(rule, failed, judged, rows) for rule in hard),
        *(
            Finding(rule["rule"], "not_assessed", judged.faults[rule["rule"]])
            for rule in unasked
        ),
        Finding("rules that only warn or flag", "passed", got=told),
    ]


def _of_hard(
    rule: Mapping[str, Any], failed: Mapping[str, int], judged: Judged, rows: int
) -> Finding:
    name = rule["rule"]
    got = judged.faults.get(name) or f"{failed.get(name, 0):,} of {rows:,} rows fail"
    todo = "look at the violations; mend the source, or the rule"
    if name in judged.broken:
        todo = "mend the rule"
    says = wording(rule)
    return _finding(name, name not in failed, got, says if says != name else "", todo)


def _finding(
    bar: str,
    passed: bool,
    got: str = "",
    need: str = "",
    help: str = "",  # noqa: A002
) -> Finding:
    return Finding(bar, "passed" if passed else "missed", got, need, help)
