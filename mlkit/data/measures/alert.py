"""One thing to know of a table, with its evidence and what one click would decide."""

from __future__ import annotations

import json
import shlex
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from typing import Any

from mlkit.core.schema import Column, Schema

__all__ = [
    "LEVELS",
    "Alert",
    "accept",
    "add",
    "origin",
    "roles",
    "rule",
    "share",
    "types",
]

LEVELS = ("serious", "look", "note")

Fix = dict[str, Any]


@dataclass(frozen=True)
class Alert:
    r"""One thing to know.

    Parameters
    ----------
    kind
        A few words, such as ``hidden missing``.
    column
        The column, or "" where it is the table.
    level
        ``serious``, ``look`` or ``note``.
    evidence
        What was seen.
    remedy
        What is done about it, or can be.
    fix
        The decision that a click would change and what it would add to it, as
        `mlkit.core.merging.merged` reads it; empty where no click can help.

    Examples
    --------
    >>> found = Alert("id-like", "no", "look", "all differ", fix=types("no", "id"))
    >>> found.decision, found.command
    ('columns', 'mlkit decide columns \'{"types": {"no": "id"}}\' --add')
    """

    kind: str
    column: str
    level: str
    evidence: str
    remedy: str = ""
    fix: Mapping[str, Any] = field(default_factory=dict)

    @property
    def decision(self) -> str:
        """The decision that the fix would change, or ""."""
        return str(self.fix.get("decision", ""))

    @property
    def change(self) -> Any:
        """What the fix adds to that decision: rules, or what to accept and refuse."""
        if self.decision == "contract":
            return [dict(self.fix["add"])]
        return {key: told for key, told in self.fix.items() if key != "decision"}

    @property
    def command(self) -> str:
        """The command line that does what the click does, or ""."""
        if not self.fix:
            return ""
        value = shlex.quote(json.dumps(self.change, ensure_ascii=False))
        return f"mlkit decide {self.decision} {value} --add"

    def to_dict(self) -> dict[str, Any]:
        """Return a plain JSON form."""
        return asdict(self)


def accept(*names: str) -> Fix:
    """Return the fix that accepts cleaning operations by name."""
    return {"decision": "cleaning", "accept": list(names)}


def add(op: str, column: str, **how: Any) -> Fix:
    """Return the fix that adds a cleaning operation."""
    return {"decision": "cleaning", "add": [{"op": op, "column": column, **how}]}


def rule(column: str, name: str, check: str, **bounds: Any) -> Fix:
    """Return the fix that adds a rule to the contract; rows that break it are flagged.

    Parameters
    ----------
    column
        The column it is about.
    name
        What it is called after the column, unlike any proposed rule.
    check, bounds
        As a contract takes them.

    Examples
    --------
    >>> rule("age", "is told", "required")["add"]["rule"]
    'age is told'
    """
    told = {"rule": f"{column} {name}", "column": column, "check": check, **bounds}
    return {
        "decision": "contract",
        "add": {**told, "severity": "flag", "why": "accepted"},
    }


def roles(column: Column, role: str) -> Fix:
    """Return the fix that gives a column a role beside those that it has.

    Examples
    --------
    >>> roles(Column("sex", roles=("sensitive",)), "private")["roles"]
    {'sex': ['sensitive', 'private']}
    """
    kept = [one for one in column.roles if one not in ("target", role)]
    return {"decision": "columns", "roles": {column.name: [*kept, role]}}


def origin(name: str, schema: Schema) -> Column:
    """Return the raw column that a cleaned one comes from.

    Examples
    --------
    >>> origin("day_month", Schema((Column("day", "date"),))).name
    'day'
    """
    if name in schema:
        return schema[name]
    near = [c for c in schema if name.startswith(f"{c.name}_")]
    return max(near, key=lambda c: len(c.name), default=Column(name))


def types(column: str, kind: str) -> Fix:
    """Return the fix that gives a column another type."""
    return {"decision": "columns", "types": {column: kind}}


def share(part: int, whole: int) -> str:
    """Write a count and its share.

    Examples
    --------
    >>> share(5, 200)
    '5 (2.5%)'
    """
    return f"{part:,} ({part / whole:.1%})" if whole else f"{part:,}"
