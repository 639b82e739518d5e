"""Rules in words: read from what a person wrote, and said again."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from typing import Any

import numpy as np

from mlkit.core.checks import KNOWN, ROW_CHECKS, TABLE_CHECKS, columns_of
from mlkit.core.errors import InputError, did_you_mean
from mlkit.core.expressions import parse
from mlkit.core.media import KINDS
from mlkit.core.values import dates

__all__ = ["SEVERITIES", "checked_rules", "expectation", "severity_of", "wording"]

SEVERITIES = ("warn", "flag", "block")
NUMBER = r"[+-]?(?:[0-9]+\.?[0-9]*|\.[0-9]+)(?:[eE][+-]?[0-9]+)?"
DAY = r"[0-9]{4}-[0-9]{2}-[0-9]{2}(?:[T ][0-9:.]+)?"
EXPECTED = (
    "such as 'Age >= 0', '0 <= Age <= 120', 'Port in C, Q, S', 'Age not missing', "
    "'Age missing at most 20%', 'code like [A-Z]{2}-[0-9]{4}', 'shop, day unique', "
    "'rows >= 500', or an expression: \"end >= start or status == 'open'\""
)
NEEDS = {"values": "values", "length": "max", "pattern": "pattern", "missing": "max"}
Rule = dict[str, Any]
Read = Callable[[str], Mapping[str, Any]]


def expectation(text: str, names: Sequence[str], read: Read | None = None) -> Rule:
    """Read a rule that a person wrote; it blocks, unless it says warn or flag.

    Parameters
    ----------
    text
        Such as ``Age >= 0``, ``0 <= Age <= 120``, ``2020-01-01 <= day``,
        ``Port in C, Q, S``, ``Age not missing``, ``Age missing at most 20%``,
        ``Age whole``, ``name at most 40 characters``, ``code like [A-Z]{2}-[0-9]+``,
        ``photo at least 32 pixels``, ``voice at most 5 seconds``,
        ``customerID unique``, ``shop, day unique``, ``rows >= 500``, or an expression
        (see `mlkit.core.expressions`): ``end >= start``. A severity may stand before
        it: ``flag: end >= start``.
    names
        The columns there are.
    read
        Tells how a column's cells are read, for numbers and dates that are still text.

    Raises
    ------
    InputError
        Where it cannot be read, or there is no such column.

    Examples
    --------
    >>> expectation("0 <= Age <= 120", ["Age"])["max"]
    120.0
    >>> rule = expectation("flag: end >= start", ["start", "end"])
    >>> rule["check"], rule["columns"], rule["severity"]
    ('expression', ['end', 'start'], 'flag')
    """
    severity, plain = severity_of(text)
    rule: Rule = {"rule": plain, "severity": severity, "why": "asked for"}
    for form in (_bounds, _among, _endings, _alone):
        told = form(plain, names)
        if told is not None:
            return rule | _as_read(told, read)
    return rule | _expression(plain, names, read)


def severity_of(text: str) -> tuple[str, str]:
    """Take the severity off the front of a rule or a name; block where there is none.

    Examples
    --------
    >>> severity_of("warn: Age >= 0"), severity_of("Age >= 0")
    (('warn', 'Age >= 0'), ('block', 'Age >= 0'))
    """
    word, mark, rest = text.partition(":")
    if mark and word.strip().casefold() in SEVERITIES and rest.strip():
        return word.strip().casefold(), rest.strip()
    return "block", text.strip()


def _bounds(plain: str, names: Sequence[str]) -> Rule | None:
    """Read ``0 <= Age <= 120``, ``day >= 2020-01-01`` and ``rows >= 500``."""
    for value, kind in ((NUMBER, "range"), (DAY, "date")):
        both = re.fullmatch(rf"({value})\s*<=\s*(.+?)\s*<=\s*({value})", plain)
        after = re.fullmatch(rf"(.+?)\s*(<=|>=)\s*({value})", plain)
        before = re.fullmatch(rf"({value})\s*(<=|>=)\s*(.+?)", plain)
        if both:
            return _bounded(both[2], kind, {"min": both[1], "max": both[3]}, names)
        if after:
            end = "min" if after[2] == ">=" else "max"
            return _bounded(after[1], kind, {end: after[3]}, names)
        if before:
            end = "max" if before[2] == ">=" else "min"
            return _bounded(before[3], kind, {end: before[1]}, names)
    return None


def _bounded(
    word: str, kind: str, ends: Mapping[str, str], names: Sequence[str]
) -> Rule | None:
    name = _plain(word)
    told = {k: v if kind == "date" else float(v) for k, v in ends.items()}
    if name in names:
        return {"column": name, "check": kind, **told}
    if name == "rows" and kind == "range":
        return {"check": "rows", **{k: int(float(v)) for k, v in ends.items()}}
    return None


def _among(plain: str, names: Sequence[str]) -> Rule | None:
    found = re.fullmatch(r"(.+?)\s+in\s+([^\[({'\"].*)", plain)
    if not found or _plain(found[1]) not in names:
        return None
    words = [word.strip() for word in found[2].split(",")]
    return {"column": _plain(found[1]), "check": "values", "values": words}


def _endings(plain: str, names: Sequence[str]) -> Rule | None:
    """Read the forms that begin with a column and end in plain words."""
    fixed = {
        "not missing": "required",
        "unique": "unique",
        "whole": "whole",
        "a number": "number",
        "a date": "date",
    }
    for ending, check in fixed.items():
        found = re.fullmatch(rf"(.+?)\s+(?:is\s+)?{ending}", plain)
        if found and _plain(found[1]) in names:
            return {"column": _plain(found[1]), "check": check}
    forms: dict[str, Callable[[str], Rule]] = {
        rf"missing at most ({NUMBER})\s*%": lambda w: {"max": float(w) / 100},
        r"at most ([0-9]+) characters": lambda w: {"max": int(w)},
        r"like (.+)": lambda w: {"pattern": _pattern(w, plain)},
        rf"at least ({NUMBER}) pixels": lambda w: {"min": float(w)},
        rf"at most ({NUMBER}) pixels": lambda w: {"max": float(w)},
        rf"at least ({NUMBER}) seconds": lambda w: {"min": float(w)},
        rf"at most ({NUMBER}) seconds": lambda w: {"max": float(w)},
    }
    checks = ("missing", "length", "pattern", *("image",) * 2, *("audio",) * 2)
    for form, check in zip(forms, checks, strict=True):
        found = re.fullmatch(rf"(.+?)\s+{form}", plain)
        if found and _plain(found[1]) in names:
            return {"column": _plain(found[1]), "check": check, **forms[form](found[2])}
    return None


def _alone(plain: str, names: Sequence[str]) -> Rule | None:
    """Read ``shop, day unique``."""
    found = re.fullmatch(r"(.+,.+?)\s+unique(?:\s+together)?", plain)
    if not found:
        return None
    columns = [_known(word, names) for word in found[1].split(",")]
    return {"columns": columns, "check": "together"}


def _expression(plain: str, names: Sequence[str], read: Read | None) -> Rule:
    try:
        told = parse(plain, names)
        reads = {name: dict(read(name)) for name in told.columns} if read else {}
        parse(plain, names, reads)
    except InputError as error:
        if error.what != "an expression cannot be read":
            raise
        raise InputError(
            "this rule cannot be read", got=plain[:200], expected=EXPECTED
        ) from None
    columns = list(told.columns)
    rule: Rule = {"check": "expression", "expression": plain, "columns": columns}
    return rule | ({"reads": reads} if reads else {})


def _as_read(rule: Rule, read: Read | None) -> Rule:
    """Add how numbers and dates that are still text are read."""
    if read is None or rule["check"] not in ("range", "whole", "date", "missing"):
        return rule
    how = {key: told for key, told in read(rule["column"]).items() if key != "type"}
    return {**how, **rule}


def _pattern(text: str, where: str) -> str:
    try:
        re.compile(text)
    except re.error as error:
        raise InputError(
            "this is no regular expression", where=where, got=str(error)
        ) from None
    return text


def _plain(word: str) -> str:
    return word.strip().removeprefix("`").removesuffix("`")


def _known(word: str, names: Sequence[str]) -> str:
    name = _plain(word)
    if name not in names:
        raise InputError(f"there is no column {name!r}", todo=did_you_mean(name, names))
    return name


def checked_rules(rules: Iterable[Mapping[str, Any]]) -> list[Rule]:
    """Return rules with a severity each and a name of its own.

    Raises
    ------
    InputError
        For an unknown check or severity, or a rule that lacks a part.
    """
    found: dict[str, Rule] = {}
    for rule in rules:
        told = _complete({"severity": "warn", **rule})
        name, count = told["rule"], 1
        while told["rule"] in found and not _alike(found[told["rule"]], told):
            count += 1
            told["rule"] = f"{name} ({count})"
        found[told["rule"]] = told
    return list(found.values())


def _complete(rule: Rule) -> Rule:
    where = str(rule.get("rule", rule))[:200]
    for key, known in (("check", KNOWN), ("severity", SEVERITIES)):
        if rule.get(key) not in known:
            raise InputError(
                f"unknown {key} {rule.get(key)!r} in a rule",
                where=where,
                todo=did_you_mean(str(rule.get(key)), known),
            )
    for what in _lacking(rule):
        raise InputError(what, where=where)
    if rule["check"] == "pattern":
        _pattern(rule["pattern"], where)
    if rule["check"] == "date":
        _days(rule, where)
    if rule["check"] == "expression":
        parse(rule["expression"], rule["columns"], rule.get("reads"))
    about = ", ".join(columns_of(rule)) if rule["check"] != "columns" else ""
    return {"rule": f"{about} {rule['check']}".strip(), **rule}


def _days(rule: Rule, where: str) -> None:
    """Refuse an end that is no day: no cell would ever lie beyond it."""
    for end in ("min", "max"):
        said = rule.get(end)
        if said is not None and np.isnat(dates(np.array([said], dtype=object))[0]):
            raise InputError(
                f"the {end} of a rule is no date",
                where=where,
                expected="a day that there is, as in 2024-02-29",
                got=repr(said),
            )


def _lacking(rule: Rule) -> Iterator[str]:
    check = rule["check"]
    single = check not in ROW_CHECKS and (check not in TABLE_CHECKS or check in NEEDS)
    if single and not isinstance(rule.get("column"), str):
        yield "a rule names no column"
    if check in ROW_CHECKS and not isinstance(rule.get("columns"), list):
        yield "a rule names no columns"
    part = "expression" if check == "expression" else NEEDS.get(check)
    if part and rule.get(part) is None:
        yield f"a rule lacks its {part}"


def _alike(one: Mapping[str, Any], other: Mapping[str, Any]) -> bool:
    aside = ("severity", "why", "seen")
    return {k: v for k, v in one.items() if k not in aside} == {
        k: v for k, v in other.items() if k not in aside
    }


def wording(rule: Mapping[str, Any]) -> str:
    """Say a rule in words.

    Examples
    --------
    >>> wording({"check": "range", "min": 0, "max": 120})
    'from 0 to 120'
    >>> wording({"check": "missing", "max": 0.25})
    'at most 25% missing'
    """
    check = rule["check"]
    if check in ("range", "date"):
        return _said_ends(rule)
    if check in KINDS:
        unit = "pixels" if check == "image" else "seconds"
        ends = _ends(rule, "{:g}")
        return f"{'an image' if check == 'image' else 'a sound'}, {ends} {unit}"
    if check == "rows":
        return _ends(rule, "{:,}") + " rows"
    if check == "values":
        shown = ", ".join(map(str, rule["values"][:6]))
        return f"one of {shown}" + (" ..." if len(rule["values"]) > 6 else "")
    if check == "columns":
        return f"these {len(rule.get('columns', {})):,} columns, of these types"
    if check == "function":
        return f"{rule.get('function', 'a function')} says so; only here"
    said = {
        "required": "never missing",
        "unique": "never twice",
        "together": "never twice together",
        "whole": "a whole number",
        "expression": rule.get("expression", ""),
        "pattern": f"written {rule.get('pattern', '')}",
        "length": f"at most {rule.get('max', 0):,} characters",
        "missing": f"at most {100 * rule.get('max', 0):.3g}% missing",
    }
    return str(said.get(check, f"a {check}"))


def _said_ends(rule: Mapping[str, Any]) -> str:
    kind = "a date" if rule["check"] == "date" else ""
    kind = "whole" if rule.get("whole") else kind
    ends = _ends(rule, "{}" if rule["check"] == "date" else "{:.10g}")
    return ", ".join(part for part in (kind, ends) if part) or "a number"


def _ends(rule: Mapping[str, Any], form: str) -> str:
    low, high = rule.get("min"), rule.get("max")
    words = [f"from {form.format(low)}"] if low is not None else []
    return " ".join(words + ([f"to {form.format(high)}"] if high is not None else []))
