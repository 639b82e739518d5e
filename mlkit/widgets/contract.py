"""Accept, edit, add or drop the rules of a table, and see at once which rows fail."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from html import escape
from typing import Any

import pandas as pd

from mlkit.core.errors import InputError
from mlkit.core.files import digest
from mlkit.core.schema import Schema
from mlkit.data.charts.style import BROKEN, KEPT, shorten
from mlkit.data.contract import SEVERITIES, Contract, expectation
from mlkit.data.contracts.judge import judge
from mlkit.data.contracts.propose import reads_of
from mlkit.data.contracts.words import checked_rules, wording
from mlkit.widgets.frame import beside, middle, named
from mlkit.widgets.panel import panel

__all__ = ["ContractEditor", "read", "shown"]

LISTED = 200
SHORT = 16
ENDS = ("min", "max")
NUMBERS = {
    "range": ENDS,
    "image": ENDS,
    "audio": ENDS,
    "rows": ENDS,
    "length": ENDS[1:],
}
WORDS = {"date": ("min", "max"), "pattern": ("pattern",), "values": ("values",)}
SHARES = {"missing": ("max",)}
WORD = re.compile(r'\s*(?:"((?:[^"]|"")*)"\s*|([^,]*))(?:,|\Z)')
BREAK = re.compile(r"[\n\r]")
ESCAPED = {"\\": r"\\", "\n": r"\n", "\r": r"\r"}
Rules = list[dict[str, Any]]
Record = Callable[[Rules, str], None]
Count = Callable[[Mapping[str, Any]], str]


class ContractEditor:
    """An editor of the rules that rows must keep.

    Parameters
    ----------
    contract
        The proposed rules, as `mlkit.data.contract.infer` gives them.
    table
        The rows that the editor counts failures in; None counts none.

    Attributes
    ----------
    value
        The default: all proposed rules; they warn and never block.
    seen
        A fingerprint of the proposed rules.
    """

    def __init__(self, contract: Contract, table: pd.DataFrame | None = None) -> None:
        self.contract = contract
        self.table = table
        self.value: Rules = [dict(rule) for rule in contract.rules]
        self.seen = digest(self.value)

    def picture(self, value: Rules) -> object:
        """Return the rules as a page to read."""
        return replace(self.contract, rules=tuple(value))

    def widget(self, value: Rules, record: Record) -> object:
        """Return a line a rule: its bounds, its severity, and how many rows fail."""
        import ipywidgets as w

        lines = [_Line(rule, self._count) for rule in value[:LISTED]]
        rest = list(value[LISTED:])
        box = w.VBox([line.box for line in lines])
        _resize(box)
        more = [w.Label(f"and {len(rest):,} more rules, kept as they are")] * bool(rest)
        return panel(
            "ContractEditor",
            [box, *more, self._adder(lines, box)],
            lambda why: record([*_kept(lines), *rest], why),
        )

    def _adder(self, lines: list[_Line], box: Any) -> object:
        """Return a field that takes a rule in words, and adds its line."""
        import ipywidgets as w

        field = w.Text(placeholder="one more: end >= start", layout={"width": "30em"})
        button, said = w.Button(description="Add rule", icon="plus"), w.HTML()

        def add(_: Any = None) -> None:
            try:
                rule = self._read(field.value)
            except InputError as error:
                said.value = _coloured(f"{error.what}. {error.todo}".strip(), BROKEN)
                return
            lines.append(_Line(rule, self._count, added=True))
            box.children = [line.box for line in lines]
            _resize(box)
            field.value, said.value = "", ""

        button.on_click(add)
        return beside([field, button, said])

    def _read(self, text: str) -> dict[str, Any]:
        schema, table = self.contract.inputs, self.table
        if table is None:
            return expectation(text, schema.names)
        known = Schema.of(table)
        return expectation(
            text, schema.names, lambda name: reads_of(table[name], known[name])
        )

    def _count(self, rule: Mapping[str, Any]) -> str:
        """Say how many rows fail one rule, as a line of HTML."""
        if self.table is None:
            return ""
        try:
            (told,) = checked_rules([rule])
        except InputError as error:
            return _coloured(error.what, BROKEN)
        judged = judge(self.table, [told])
        name, rows = told["rule"], len(self.table)
        if name in judged.faults:
            return _coloured(judged.faults[name], BROKEN)
        failed = int(judged.masks[name].sum())
        if not failed:
            return _coloured("kept", KEPT)
        return _coloured(f"{failed:,} of {rows:,} rows fail", BROKEN)


def _kept(lines: list[_Line]) -> Rules:
    return [line.rule() for line in lines if line.kept]


def _resize(box: Any) -> None:
    box.layout.max_height = "32em" if len(box.children) > SHORT else "none"


def _coloured(text: str, tone: str) -> str:
    return f'<span style="color:{tone}">{escape(shorten(text, 90))}</span>'


class _Line:
    """One rule on one line."""

    def __init__(
        self, rule: Mapping[str, Any], count: Count, added: bool = False
    ) -> None:
        import ipywidgets as w

        self.given, self.added = dict(rule), added
        self.count = count
        name = rule.get("rule", "")
        wide, narrow = w.Layout(width="14em"), w.Layout(width="6em")
        self.keep = named(
            w.Checkbox(
                value=True,
                description=middle(name),
                indent=False,
                layout=wide,
                tooltip=name,
            )
        )
        self.severity = w.Dropdown(
            options=SEVERITIES, value=rule.get("severity", "warn"), layout=narrow
        )
        self.fields = {part: _field(rule, part) for part in _parts(rule)}
        self.failing = w.HTML(count(rule))
        says = [] if self.fields else [w.Label(shorten(wording(rule), 60))]
        fields = [*self.fields.values(), *says]
        self.box = beside([self.keep, self.severity, *fields, self.failing])
        for field in self.fields.values():
            field.observe(self._recount, names="value")

    def _recount(self, _: Any) -> None:
        self.failing.value = self.count(self.rule())

    @property
    def kept(self) -> bool:
        return bool(self.keep.value)

    def rule(self) -> dict[str, Any]:
        parts = {
            part: _value(field.value, part, self.given)
            for part, field in self.fields.items()
        }
        changed = {**self.given, **parts, "severity": self.severity.value}
        if changed == self.given:
            return changed
        return {**changed, "why": "asked for" if self.added else "accepted"}


def _parts(rule: Mapping[str, Any]) -> list[str]:
    """Return which bounds of a rule can be edited."""
    check = rule["check"]
    known = {**NUMBERS, **WORDS, **SHARES}.get(check, ())
    return [part for part in known if rule.get(part) is not None]


def _field(rule: Mapping[str, Any], part: str) -> Any:
    import ipywidgets as w

    check, value = rule["check"], rule[part]
    style = {"description_width": "2.5em" if check in NUMBERS else "4em"}
    if check in NUMBERS:
        kind = w.IntText if check in ("rows", "length") else w.FloatText
        layout = w.Layout(width="8.5em")
        return kind(value=value, description=part, layout=layout, style=style)
    if check in SHARES:
        bounds = {"min": 0.0, "max": 1.0, "step": 0.01, "readout_format": ".0%"}
        told = {"description": "at most", "continuous_update": False}
        return w.FloatSlider(value=value, style=style, **bounds, **told)
    text = shown(value) if part == "values" else str(value)
    wide = w.Layout(width="14em" if check == "date" else "20em")
    told = {"description": part, "continuous_update": False}
    return w.Text(value=text, layout=wide, style=style, **told)


def _value(value: Any, part: str, given: Mapping[str, Any]) -> Any:
    """Return what a field says, as the rule keeps it."""
    return read(value, given["values"]) if part == "values" else value


def shown(values: Sequence[Any]) -> str:
    """Return values as one line of CSV, for `read`.

    Where one of them breaks a line, which a field cannot hold, the line breaks and
    backslashes of all are told by a backslash.

    Examples
    --------
    >>> shown(["Oslo", "Washington, DC"])
    'Oslo, "Washington, DC"'
    """
    return ", ".join(_words(values))


def read(text: str, before: Sequence[Any]) -> list[Any]:
    """Return the values of one line of CSV; those that were shown as they were.

    Parameters
    ----------
    text
        Values by commas; one in quotes may hold commas, blanks at its ends and, twice
        each, quotes.
    before
        The values that `shown` was given.

    Examples
    --------
    >>> read('3, "Washington, DC"', [1, 2, 3])
    [3, 'Washington, DC']
    """
    known = dict(zip(_words(before), before, strict=True))
    found = []
    for match in WORD.finditer(text):
        quoted, bare = match.groups()
        word = bare.strip() if quoted is None else quoted.replace('""', '"')
        if word or quoted is not None:
            found.append(known.get(_quoted(word), word))
    return found


def _words(values: Sequence[Any]) -> list[str]:
    """Return each value as it stands on the line."""
    words = [str(value) for value in values]
    if any(BREAK.search(word) for word in words):
        words = [re.sub(r"[\\\n\r]", lambda m: ESCAPED[m[0]], w) for w in words]
    return [_quoted(word) for word in words]


def _quoted(word: str) -> str:
    plain = word and word == word.strip() and not set(',"') & set(word)
    return word if plain else '"' + word.replace('"', '""') + '"'
