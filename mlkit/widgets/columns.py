"""Say what the columns of a table are: their types and their roles."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from html import escape
from typing import Any

from mlkit.core.files import digest
from mlkit.core.media import KINDS
from mlkit.core.schema import ROLES, TYPES, Column, Schema
from mlkit.data.charts.cards import grid, many
from mlkit.data.measures.guesses import guess
from mlkit.data.reading.collected import Collected
from mlkit.data.reading.decided import decided
from mlkit.widgets.frame import beside, middle, named
from mlkit.widgets.panel import panel

__all__ = ["ColumnEditor"]

LISTED = 200
SET_ELSEWHERE = ("target", "flag")
PLAIN_TYPES = tuple(kind for kind in TYPES if kind not in KINDS)

Choice = dict[str, dict[str, Any]]
Record = Callable[[Choice, str], None]


class ColumnEditor:
    """An editor of the columns' types and roles.

    Parameters
    ----------
    collected
        The table as it was read, with the types that were found out and told.

    Attributes
    ----------
    value
        The default: nothing is otherwise than it was collected.
    seen
        A fingerprint of the columns with their types and roles.
    """

    def __init__(self, collected: Collected) -> None:
        self.columns = list(Schema.of(collected.table))
        self.guesses = {
            c.name: guess(collected.table[c.name], c) for c in self.columns[:LISTED]
        }
        self.value: Choice = {}
        self.seen = digest([[c.name, c.type, list(c.roles)] for c in self.columns])

    def picture(self, value: Choice) -> object:
        """Return the columns with their types, their roles and why."""
        told = decided(value)
        return _Page([self._line(column, told) for column in self.columns[:LISTED]])

    def widget(self, value: Choice, record: Record) -> object:
        """Return a line a column: its type, its roles, and why it is taken for that."""
        import ipywidgets as w

        told = decided(value)
        lines = {c.name: _Line(c, told) for c in self.columns[:LISTED]}
        wide = w.Layout(flex="1 1 16em")
        for name, line in lines.items():
            why = w.HTML(escape(str(self.guesses[name])), layout=wide)
            line.box.children += (why,)
        height = "32em" if len(lines) > 12 else "auto"
        box = w.VBox([line.box for line in lines.values()])
        box.layout.max_height = height
        return panel(
            "ColumnEditor", [box], lambda why: record(_choice(lines, told), why)
        )

    def _line(self, column: Column, value: Choice) -> tuple[str, str, str, str]:
        kind = value.get("types", {}).get(column.name, column.type)
        told = " · ".join(_roles(column, value))
        return column.name, kind, told, str(self.guesses[column.name])


class _Line:
    """One column on one line."""

    def __init__(self, column: Column, value: Choice) -> None:
        import ipywidgets as w

        self.column = column
        kind = value.get("types", {}).get(column.name, column.type)
        known = [kind] if kind not in PLAIN_TYPES else list(PLAIN_TYPES)
        self.type = w.Dropdown(options=known, value=kind, layout=_wide(9))
        self.roles = w.TagsInput(
            value=[r for r in _roles(column, value) if r not in SET_ELSEWHERE],
            allowed_tags=[role for role in ROLES if role not in SET_ELSEWHERE],
            allow_duplicates=False,
            placeholder="role",
            layout=_wide(16),
        )
        target = " · target" * ("target" in column.roles)
        name = named(w.Label(middle(column.name) + target, layout=_wide(14)))
        self.box = beside([name, self.type, self.roles])


def _wide(size: int) -> Any:
    """Return a layout that neither grows nor shrinks."""
    import ipywidgets as w

    return w.Layout(width=f"{size}em", min_width=f"{size}em")


class _Page:
    """The columns as a page to read."""

    def __init__(self, lines: list[tuple[str, str, str, str]]) -> None:
        self.lines = lines

    def __repr__(self) -> str:
        return f"<{many(len(self.lines), 'column')}>"

    def _repr_html_(self) -> str:
        return grid(("column", "type", "roles", "why"), self.lines)


def _roles(column: Column, value: Choice) -> list[str]:
    """Return a column's roles as decided, those that are set elsewhere first."""
    fixed = [role for role in column.roles if role in SET_ELSEWHERE]
    told = value.get("roles", {}).get(column.name)
    others = [role for role in column.roles if role not in SET_ELSEWHERE]
    return fixed + (others if told is None else list(told))


def _choice(lines: Mapping[str, _Line], value: Choice) -> Choice:
    """Return what is otherwise than it was collected, or was decided before."""
    types: dict[str, Any] = dict(value.get("types", {}))
    roles: dict[str, Any] = dict(value.get("roles", {}))
    for name, line in lines.items():
        column = line.column
        types.pop(name, None)
        roles.pop(name, None)
        if line.type.value != column.type:
            types[name] = line.type.value
        told = list(line.roles.value)
        if told != [role for role in column.roles if role not in SET_ELSEWHERE]:
            roles[name] = told
    return {key: told for key, told in (("roles", roles), ("types", types)) if told}
