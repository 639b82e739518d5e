"""A contract and what came of it, as pages to read; everything is escaped.

Colours are set for marks alone: text takes the page's own colour, so that the pages
read well on a dark ground too.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from html import escape
from typing import Any

import pandas as pd

from mlkit.core.checks import columns_of
from mlkit.core.schema import Schema
from mlkit.data.charts.cards import many
from mlkit.data.charts.style import BAD, GOOD, WARN, shorten
from mlkit.data.contracts.words import SEVERITIES, wording

__all__ = ["Told", "checked_page", "checked_words", "contract_page"]

SHOWN = 5
MOST_RULES = 200
BESIDE = 4
TONES = {"warn": WARN, "flag": "#8a6fc0", "block": BAD}
LINE = "border-top:1px solid rgba(128,128,128,.3);background:none"
CELL = "text-align:left;vertical-align:top;padding:.3em .9em .3em 0;color:inherit"
COUNT = CELL + ";text-align:right;font-variant-numeric:tabular-nums;white-space:nowrap"
QUIET = "opacity:.65"
NOTHING = "(missing)"
Rules = Sequence[Mapping[str, Any]]


@dataclass(frozen=True)
class Told:
    """What a page about a checked table tells.

    Parameters
    ----------
    table
        The rows.
    rules
        The rules, in order.
    failed
        How many rows break each broken rule.
    faults
        What is wrong where no single row is at fault, by rule.
    first
        The places of the first failing rows, by rule.
    capped
        How many violations were counted, and not kept.
    """

    table: pd.DataFrame
    rules: Rules
    failed: Mapping[str, int]
    faults: Mapping[str, str]
    first: Mapping[str, Sequence[int]]
    capped: int = 0

    @cached_property
    def schema(self) -> Schema:
        """The columns of the table."""
        return Schema.of(self.table)

    @property
    def broken(self) -> Rules:
        """The rules that are broken, those that block first."""
        mine = [rule for rule in self.rules if rule["rule"] in self.failed]
        return sorted(mine, key=lambda rule: -SEVERITIES.index(rule["severity"]))

    @property
    def kept(self) -> Rules:
        """The rules that every row keeps."""
        return [rule for rule in self.rules if rule["rule"] not in self.failed]

    def headline(self) -> tuple[str, str, str]:
        """Return the verdict, its colour, and a line of figures."""
        counts = {s: sum(r["severity"] == s for r in self.broken) for s in SEVERITIES}
        said = ", ".join(f"{count} {s}" for s, count in counts.items() if count)
        size = f"{len(self.table):,} rows held against {many(len(self.rules), 'rule')}"
        if not self.rules:
            return "no rule was asked", GOOD, size
        if not self.broken:
            return "every rule is kept", GOOD, size
        below = f"{size}: {len(self.kept):,} kept, {len(self.broken):,} broken ({said})"
        if counts["block"]:
            must = many(counts["block"], "rule")
            return f"blocked: {must} that must hold broken", BAD, below
        what = f"{many(len(self.broken), 'rule')} broken, none of them blocks"
        return what, WARN, below


def checked_page(told: Told) -> str:
    """Return the report of a checked table: a verdict, then rule by rule."""
    verdict, tone, below = told.headline()
    top = (
        f'<div style="border-left:4px solid {tone};padding:.4em 1em;margin:.5em 0">'
        f'<div style="font-weight:600">Contract: <span style="color:{tone}">'
        f'{escape(verdict)}</span></div><div style="{QUIET}">{escape(below)}</div>'
        "</div>"
    )
    broken, kept = told.broken[:MOST_RULES], told.kept[:MOST_RULES]
    pages = [top, _table([_line(told, rule) for rule in broken]) if broken else ""]
    if kept:
        more = f", the first {MOST_RULES} shown" if len(told.kept) > len(kept) else ""
        said = f"{many(len(told.kept), 'rule')} kept by every row{more}"
        pages.append(_folded(said, _table([_line(told, rule) for rule in kept])))
    if told.capped:
        said = f"{told.capped:,} more failing rows are counted here and not kept in "
        pages.append(f'<div style="{QUIET}">{said}<code>violations</code></div>')
    return "".join(pages)


def checked_words(told: Told) -> str:
    """Return the same report as plain text."""
    verdict, _, below = told.headline()
    lines = [verdict, below]
    for rule in told.broken[:20]:
        name, rows = rule["rule"], len(told.table)
        count = told.faults.get(name) or f"{told.failed[name]:,} of {rows:,} rows"
        cells = [f"row {row}: {_named(c)}" for row, c, _ in _rows(told, rule)[:1]]
        such = f", such as {cells[0]}" if cells else ""
        lines.append(f"  {rule['severity']:<5}  {name}: {count}{such}")
    rest = len(told.broken) - 20
    return "\n".join(lines + ([f"  and {many(rest, 'rule')} more"] if rest > 0 else []))


def contract_page(rules: Rules, rows: int) -> str:
    """Return the rules of a contract as a table."""
    counts = {s: sum(r.get("severity", "warn") == s for r in rules) for s in SEVERITIES}
    said = ", ".join(f"{count} {s}" for s, count in counts.items() if count)
    below = f"{many(len(rules), 'rule')}, from {rows:,} rows" + f": {said}" * bool(said)
    lines = [
        f'<tr style="{LINE}">{_stripe(TONES[_severity(rule)])}'
        f'<td style="{CELL}">{escape(shorten(rule["rule"], 60))}</td>'
        f'<td style="{CELL};{QUIET}">{escape(shorten(wording(rule), 80))}</td>'
        f'<td style="{CELL}">{_chip(_severity(rule))}</td>'
        f'<td style="{CELL};{QUIET}">{escape(str(rule.get("why", "")))}</td></tr>'
        for rule in rules[:MOST_RULES]
    ]
    heads = _heads("", "rule", "says", "severity", "why")
    rest = len(rules) - len(lines)
    more = f'<div style="{QUIET}">and {many(rest, "rule")} more</div>' if rest else ""
    return (
        f'<div style="border-left:4px solid {GOOD};padding:.4em 1em;margin:.5em 0">'
        f'<div style="font-weight:600">Contract</div><div style="{QUIET}">'
        f"{escape(below)}</div></div>{_wrapped(heads, lines)}{more}"
    )


def _severity(rule: Mapping[str, Any]) -> str:
    told = str(rule.get("severity", "warn"))
    return told if told in TONES else "warn"


def _table(lines: Iterable[str]) -> str:
    heads = _heads("", "rule", "column", "severity", "pass", "fail", "", "failing rows")
    return _wrapped(heads, lines)


def _wrapped(heads: str, lines: Iterable[str]) -> str:
    return (
        '<table style="border-collapse:collapse;margin:.5em 0;color:inherit">'
        f'<thead><tr style="background:none">{heads}</tr></thead>'
        f"<tbody>{''.join(lines)}</tbody></table>"
    )


def _heads(*words: str) -> str:
    right = ("pass", "fail")
    return "".join(
        f'<th style="{COUNT if word in right else CELL};{QUIET};font-weight:400">'
        f"{escape(word)}</th>"
        for word in words
    )


def _line(told: Told, rule: Mapping[str, Any]) -> str:
    name, rows = rule["rule"], len(told.table)
    failed = told.failed.get(name, 0)
    tone = TONES[_severity(rule)] if name in told.failed else GOOD
    whole = name in told.faults
    passed, share = rows - failed, failed / rows if rows else float(bool(failed))
    counts = ("–", "all") if whole else (f"{passed:,}", f"{failed:,}")
    about = ", ".join(columns_of(rule)) if rule["check"] != "columns" else ""
    says = wording(rule)
    below = f'<div style="{QUIET}">{escape(shorten(says, 90))}</div>'
    return (
        f'<tr style="{LINE}">{_stripe(tone)}'
        f'<td style="{CELL}"><b>{escape(shorten(name, 60))}</b>'
        f"{below if says != name else ''}</td>"
        f'<td style="{CELL}"><code>{escape(shorten(about, 40))}</code></td>'
        f'<td style="{CELL}">{_chip(_severity(rule))}</td>'
        f'<td style="{COUNT}">{counts[0]}</td>'
        f'<td style="{COUNT}">{counts[1]}{_share(share, whole)}</td>'
        f'<td style="{CELL}">{_bar(share, tone)}</td>'
        f'<td style="{CELL}">{_details(told, rule)}</td></tr>'
    )


def _share(share: float, whole: bool) -> str:
    if not share or whole:
        return ""
    told = f"{100 * share:.1f}%" if share >= 0.001 else "< 0.1%"
    return f'<div style="{QUIET}">{escape(told)}</div>'


def _stripe(tone: str) -> str:
    """Return a first cell that shows a colour down the side of its line."""
    style = f"border-left:5px solid {tone};padding:0 0 0 .7em"
    return f'<td style="{style}"></td>'


def _chip(severity: str) -> str:
    tone = TONES[severity]
    return (
        f'<span style="border:1px solid {tone};color:{tone};border-radius:.6em;'
        f'padding:0 .5em;font-size:90%">{escape(severity)}</span>'
    )


def _bar(share: float, tone: str) -> str:
    """Draw the passing share in green and the failing one in the rule's colour."""
    wide = 90
    bad = min(max(round(share * wide), 3 if share else 0), wide)
    parts = ((GOOD, wide - bad), (tone, bad))
    blocks = "".join(
        f'<div style="display:inline-block;height:8px;width:{size}px;'
        f'background:{colour}"></div>'
        for colour, size in parts
        if size
    )
    return f'<div style="width:{wide}px;line-height:8px;margin-top:.4em">{blocks}</div>'


def _details(told: Told, rule: Mapping[str, Any]) -> str:
    name = rule["rule"]
    if name in told.faults:
        return f"<span>{escape(shorten(told.faults[name], 160))}</span>"
    rows = _rows(told, rule)
    if not rows:
        return ""
    heads = ["row", *rows[0][1], *rows[0][2]]
    lines = [
        f'<tr style="{LINE}"><td style="{CELL};{QUIET}">{escape(shorten(row, 24))}</td>'
        + "".join(
            f'<td style="{CELL}"><b>{escape(shorten(v, 40))}</b></td>'
            for v in cells.values()
        )
        + "".join(
            f'<td style="{CELL};{QUIET}">{escape(shorten(v, 24))}</td>'
            for v in beside.values()
        )
        + "</tr>"
        for row, cells, beside in rows
    ]
    count = told.failed[name]
    said = f"all {count}" if count <= len(rows) else f"first {len(rows)} of {count:,}"
    first = shorten(f"row {rows[0][0]}: {_named(rows[0][1])}", 60)
    table = _wrapped(_heads(*(shorten(head, 24) for head in heads)), lines)
    return _folded(f"{said}, {first}", table)


def _rows(
    told: Told, rule: Mapping[str, Any]
) -> list[tuple[str, dict[str, str], dict[str, str]]]:
    """Return the first failing rows: their id, the cells at fault, some beside."""
    schema = told.schema
    about = [name for name in columns_of(rule) if name in told.table]
    others = [
        column.name
        for column in schema.columns[: 50 + len(about)]
        if column.name not in about
        and column.type != "id"
        and "flag" not in column.roles
    ]
    secret = set(schema.with_role("private"))
    found = []
    for place in list(told.first.get(rule["rule"], ()))[:SHOWN]:
        line = told.table.iloc[place]
        cells, beside = (
            {name: _cell(line[name], name in secret) for name in names}
            for names in (about, others[: BESIDE if about else 2 * BESIDE])
        )
        found.append((str(told.table.index[place]), cells, beside))
    return found


def _cell(value: Any, secret: bool) -> str:
    if secret:
        return "(private)"
    return NOTHING if pd.isna(value) else str(value)


def _named(cells: Mapping[str, str]) -> str:
    told = list(cells.items())
    if len(told) == 1:
        return shorten(told[0][1], 40)
    return ", ".join(f"{shorten(n)} {shorten(value, 24)}" for n, value in told)


def _folded(said: str, inner: str) -> str:
    style = "cursor:pointer"
    return (
        f'<details><summary style="{style}">{escape(said)}</summary>{inner}</details>'
    )
