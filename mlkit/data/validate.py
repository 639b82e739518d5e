"""Hold a table against its contract, and judge whether it can be learnt from."""

from __future__ import annotations

import warnings
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import pandas as pd

from mlkit.core.checks import CHECKS
from mlkit.core.schema import Column, Schema
from mlkit.core.values import numbers
from mlkit.core.verdict import Finding, Verdict
from mlkit.data.charts.cards import card, grid
from mlkit.data.charts.contract import plot_bands
from mlkit.data.charts.style import Picture, shorten
from mlkit.data.clean import clean
from mlkit.data.cleaning.flags import flag_of
from mlkit.data.contract import Contract, checked_rules, expectation, infer, wording

__all__ = ["Checked", "validate"]

KEPT = 10_000
FEWEST_OF_A_CLASS = 5


@dataclass(frozen=True)
class Checked:
    """A table that was held against its contract.

    Parameters
    ----------
    table
        All rows that came in; where a rule flags rows, with the flag.
    violations
        One line a broken rule and row: row id, rule, column, value, severity.
    contract
        The rules it was judged by.
    verdict
        For the gate.
    failed
        How many rows break each rule.
    """

    table: pd.DataFrame
    violations: pd.DataFrame
    contract: Contract
    verdict: Verdict
    failed: Mapping[str, int] = field(default_factory=dict)

    def plot(self) -> Picture:
        """Draw the range that each number may take, and what was seen within it."""
        return plot_bands(self.contract.rules, self.failed)

    def __repr__(self) -> str:
        return f"<Checked {len(self.table)} rows, {len(self.violations)} violations>"

    def _repr_html_(self) -> str:
        rules = self.contract.rules
        broken = [rule for rule in rules if self.failed.get(rule["rule"])]
        size = f"{len(self.table):,} rows against {len(rules):,} rules"
        told = f"{size}: {len(broken):,} broken" if broken else f"{size}: all are kept"
        lines = [_line(rule, self.failed, self.violations) for rule in broken]
        heads = ("rule", "says", "severity", "rows", "such as")
        return card("Contract", told) + (grid(heads, lines) if lines else "")


def validate(
    table: pd.DataFrame,
    rules: Sequence[Mapping[str, Any]] | None = None,
    *,
    expect: Sequence[str] = (),
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
        Rules in words, which block: ``"Age >= 0"``, ``"Port in C, Q, S"``.
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
    """
    schema = Schema.of(table)
    proposed = infer(table).rules if rules is None else rules
    told = checked_rules([*proposed, *(expectation(e, schema.names) for e in expect)])
    told = [_with_seen(table, rule) for rule in told]
    contract = Contract(
        tuple(told), schema.without(*schema.with_role("flag")), len(table)
    )
    masks = _broken(table, told)
    failed = {name: int(mask.sum()) for name, mask in masks.items() if mask.any()}
    violations = _violations(table, told, masks)
    findings = (
        *_structure(table, min_rows),
        *_of_rules(told, failed, len(table)),
    )
    verdict = Verdict(findings, "The data")
    return Checked(_flagged(table, told, masks), violations, contract, verdict, failed)


def _with_seen(table: pd.DataFrame, rule: dict[str, Any]) -> dict[str, Any]:
    """Note between which ends a bounded column lay this time."""
    if rule["check"] != "range" or rule["column"] not in table:
        return rule
    marks = {k: rule[k] for k in ("decimal", "thousands", "strip") if rule.get(k)}
    found = numbers(_cells(table[rule["column"]].drop_duplicates()), **marks)
    known = found[np.isfinite(found)]
    ends = [float(known.min()), float(known.max())] if len(known) else []
    return rule | {"seen": ends}


def _broken(
    table: pd.DataFrame, rules: Sequence[Mapping[str, Any]]
) -> dict[str, np.ndarray[Any, np.dtype[np.bool_]]]:
    """Return by rule which rows fail, found by pandera; an absent column fails all."""
    import pandera.pandas as pandera

    absent = {r["rule"] for r in rules if r["column"] not in table}
    masks = {r["rule"]: np.full(len(table), r["rule"] in absent) for r in rules}
    plain = table.reset_index(drop=True)
    checks: dict[str, list[Any]] = {}
    for rule in rules:
        if rule["rule"] not in absent:
            checks.setdefault(rule["column"], []).append(_check(pandera, rule))
    columns = {n: pandera.Column(None, c, nullable=True) for n, c in checks.items()}
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            pandera.DataFrameSchema(columns).validate(plain, lazy=True)
    except pandera.errors.SchemaErrors as found:
        cases = found.failure_cases
        for name, places in cases.groupby("check")["index"]:
            masks[str(name)][places.to_numpy(dtype=int)] = True
    return masks


def _check(pandera: Any, rule: Mapping[str, Any]) -> Any:
    def kept(values: pd.Series) -> pd.Series:
        return pd.Series(~_failing(values, rule), index=values.index)

    return pandera.Check(kept, error=rule["rule"], ignore_na=False)


def _failing(
    values: pd.Series, rule: Mapping[str, Any]
) -> np.ndarray[Any, np.dtype[np.bool_]]:
    """Return which cells fail, looking once at each distinct text."""
    judge = CHECKS[rule["check"]]
    if rule["check"] == "unique":
        twice = values.duplicated(keep=False) & values.notna()
        return twice.to_numpy(dtype=bool)
    if values.dtype.kind in "fiubM":
        return judge(_cells(values), rule)
    codes, distinct = pd.factorize(values, use_na_sentinel=False)
    return judge(np.asarray(distinct, dtype=object), rule)[codes]


def _cells(values: pd.Series) -> np.ndarray[Any, Any]:
    if isinstance(values.dtype, pd.DatetimeTZDtype):
        values = values.dt.tz_convert("UTC").dt.tz_localize(None)
    return values.to_numpy(dtype=None if values.dtype.kind in "fiubM" else object)


def _violations(
    table: pd.DataFrame,
    rules: Sequence[Mapping[str, Any]],
    masks: Mapping[str, np.ndarray[Any, np.dtype[np.bool_]]],
) -> pd.DataFrame:
    """Return one line a broken rule and row, at most `KEPT` a rule."""
    lines: dict[str, list[str | None]] = {
        name: [] for name in ("row", "rule", "column", "value", "severity")
    }
    for rule in rules:
        places = np.flatnonzero(masks[rule["rule"]])[:KEPT]
        there = rule["column"] in table
        values = table[rule["column"]].iloc[places] if there else [None] * len(places)
        lines["row"] += table.index[places].astype("str").tolist()
        lines["value"] += [None if pd.isna(value) else str(value) for value in values]
        for key in ("rule", "column", "severity"):
            lines[key] += [rule[key]] * len(places)
    frame = pd.DataFrame({k: pd.array(v, dtype="str") for k, v in lines.items()})
    frame = frame.set_index("row")
    columns = tuple(Column(str(name), "text") for name in frame)
    return Schema(columns).attach(frame)


def _flagged(
    table: pd.DataFrame,
    rules: Sequence[Mapping[str, Any]],
    masks: Mapping[str, np.ndarray[Any, np.dtype[np.bool_]]],
) -> pd.DataFrame:
    """Flag the rows that break a rule of severity ``flag``."""
    found = pd.Series("", index=table.index, dtype="str")
    for rule in rules:
        if rule["severity"] == "flag":
            broken = pd.Series(masks[rule["rule"]], index=table.index)
            found = found.mask(
                broken & (found == ""), f"breaks the rule {rule['rule']}"
            )
    if not (found != "").any():
        return table
    known = Schema.of(table)
    flag = flag_of(known)
    schema = known.put(Column(flag, "category", ("flag",)))
    return schema.attach(table.assign(**{flag: found}))


def _structure(table: pd.DataFrame, min_rows: int) -> list[Finding]:
    cleaned = clean(table).table
    outputs = Schema.of(cleaned)
    target, features = outputs.target, outputs.features
    return [
        _finding(
            "a target is named", target is not None, target or "none", "", NAME_ONE
        ),
        *_of_target(cleaned, outputs, min_rows),
        _finding(
            "at least one feature says something",
            bool(features),
            f"{len(features)} features",
            help="collect more columns",
        ),
        _finding(
            "no row id comes twice",
            table.index.is_unique,
            f"{int(table.index.duplicated().sum())} twice",
            help="name another id_column in collect",
        ),
    ]


NAME_ONE = "name the target in collect"


def _of_target(cleaned: pd.DataFrame, schema: Schema, min_rows: int) -> list[Finding]:
    if schema.target is None:
        return []
    known = cleaned[schema.target].dropna()
    rows = _finding(
        "enough rows have a target",
        len(known) >= min_rows,
        f"{len(known):,}",
        f"{min_rows:,}",
        "collect more rows, or lower min_rows if you know why",
    )
    counts = known.value_counts()
    if schema[schema.target].type == "number":
        varies = len(counts) > 1
        got = f"{len(counts):,} different values"
        return [rows, _finding("the target varies", varies, got, "2")]
    enough = int((counts >= FEWEST_OF_A_CLASS).sum())
    got = ", ".join(f"{shorten(w)} {n:,}" for w, n in counts.head(4).items())
    need = f"two of {FEWEST_OF_A_CLASS} rows"
    classes = _finding(
        "at least two classes", enough > 1, got, need, "collect rows of other classes"
    )
    return [rows, classes]


def _of_rules(
    rules: Sequence[Mapping[str, Any]], failed: Mapping[str, int], rows: int
) -> list[Finding]:
    hard = [rule for rule in rules if rule["severity"] == "block"]
    soft = [rule for rule in rules if rule["severity"] != "block"]
    broken = sum(rule["rule"] in failed for rule in soft)
    found = [
        _finding(
            rule["rule"],
            rule["rule"] not in failed,
            f"{failed.get(rule['rule'], 0):,} of {rows:,} rows fail",
            wording(rule),
            "look at the violations; mend the source, or the rule",
        )
        for rule in hard
    ]
    told = f"{broken} of {len(soft)} broken"
    return [*found, Finding("rules that only warn or flag", "passed", got=told)]


def _finding(
    bar: str,
    passed: bool,
    got: str = "",
    need: str = "",
    help: str = "",  # noqa: A002
) -> Finding:
    return Finding(bar, "passed" if passed else "missed", got, need, help)


def _line(
    rule: Mapping[str, Any], failed: Mapping[str, int], violations: pd.DataFrame
) -> tuple[object, ...]:
    mine = violations[violations["rule"] == rule["rule"]].head(3)
    pairs = zip(mine.index, mine["value"], strict=True)
    shown = ", ".join(
        f"row {r}: {shorten(v) if v == v else '(missing)'}" for r, v in pairs
    )
    count = f"{failed[rule['rule']]:,}"
    return rule["rule"], wording(rule), rule["severity"], count, shown
