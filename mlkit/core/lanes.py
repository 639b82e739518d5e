"""Where the steps of a graph lie when it is drawn: one row a step, in few lanes.

An edge that a longer path already tells is left out. Each step then gets a row and
a lane; from a parent the line goes down the parent's lane and turns into the step.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

__all__ = ["SIGNS", "Row", "lanes", "ruled", "without_detours"]

SIGNS: Mapping[str, str] = {
    "passed": "✓",
    "fresh": "✓",
    "kept": "=",
    "blocked": "⊘",
    "failed": "✗",
    "skipped": "–",
    "interrupted": "‖",
    "running": "●",
    "stale": "~",
    "never": "○",
    "waiting": "○",
}
"""What stands for a state in text."""


@dataclass(frozen=True)
class Row:
    """One step in the drawing.

    Parameters
    ----------
    step
        Its name.
    lane
        Its lane, from 0.
    parents
        The steps that lines come from.
    going, ending
        Lanes of other steps that pass through this row; those that end in it.
    """

    step: str
    lane: int
    parents: tuple[str, ...]
    going: frozenset[int]
    ending: frozenset[int]


def without_detours(parents: Mapping[str, Iterable[str]]) -> dict[str, list[str]]:
    """Return the parents of each step that no other parent already stands for.

    Parameters
    ----------
    parents
        Step → the steps it loads from; each step after its parents.

    Examples
    --------
    >>> without_detours({"a": [], "b": ["a"], "c": ["a", "b"]})
    {'a': [], 'b': ['a'], 'c': ['b']}
    """
    above: dict[str, set[str]] = {}
    found = {}
    for step, direct in parents.items():
        known = [p for p in direct if p in above]
        beyond = set().union(*(above[p] for p in known))
        above[step] = beyond | set(known)
        found[step] = [p for p in known if p not in beyond]
    return found


def lanes(parents: Mapping[str, Iterable[str]]) -> list[Row]:
    """Give each step its row and lane.

    Parameters
    ----------
    parents
        Step → the steps it loads from; each step after its parents.

    Examples
    --------
    >>> rows = lanes({"a": [], "b": ["a"], "c": ["a"], "d": ["b", "c"]})
    >>> [(row.step, row.lane) for row in rows]
    [('a', 0), ('b', 1), ('c', 0), ('d', 0)]
    """
    edges = without_detours(parents)
    left = {s: sum(s in above for above in edges.values()) for s in edges}
    lane: dict[str, int] = {}
    rows = []
    for step, above in edges.items():
        held = {lane[s] for s in lane if left[s]}
        for parent in above:
            left[parent] -= 1
        ending = sorted(lane[p] for p in above if not left[p])
        mine = ending[0] if ending else _free(held, above, lane)
        going = frozenset(lane[s] for s in lane if left[s])
        rows.append(Row(step, mine, tuple(above), going, frozenset(ending)))
        lane[step] = mine
    return rows


def _free(held: set[int], above: list[str], lane: Mapping[str, int]) -> int:
    """Return the nearest lane that is free, to the right of the first parent."""
    start = min((lane[p] for p in above), default=0)
    return next(i for i in range(start, start + len(held) + 1) if i not in held)


def ruled(rows: list[Row], signs: Mapping[str, str]) -> list[str]:
    """Draw the lanes in characters, one line a row, all of one width.

    Parameters
    ----------
    rows
        From `lanes`.
    signs
        Step → the character that stands for it.

    Examples
    --------
    >>> rows = lanes({"a": [], "b": ["a"], "c": ["a"], "d": ["b", "c"]})
    >>> for line in ruled(rows, dict.fromkeys("abcd", "o")): print(line.rstrip())
    o
    ├─o
    o │
    o─╯
    """
    width = max((row.lane for row in rows), default=0) + 1
    lane = {row.step: row.lane for row in rows}
    return [_line(row, {lane[p] for p in row.parents}, signs, width) for row in rows]


def _line(row: Row, sources: set[int], signs: Mapping[str, str], width: int) -> str:
    low, high = min({row.lane, *sources}), max({row.lane, *sources})
    line = ""
    for here in range(width):
        inside = low < here < high
        if here == row.lane:
            line += signs[row.step]
        elif here in sources:
            line += _turn(here, row)
        elif here in row.going:
            line += "┼" if inside else "│"
        else:
            line += "─" if inside else " "
        line += "─" if low <= here < high else " "
    return line


def _turn(here: int, row: Row) -> str:
    """Return where a parent's line leaves its lane towards a step."""
    if here < row.lane:
        return "├" if here in row.going else "╰"
    return "┤" if here in row.going else "╯"
