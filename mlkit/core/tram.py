"""The graph of a run as a map to be drawn: one stop a step, in few lanes."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from mlkit.core.lanes import lanes

__all__ = ["Map", "Stop", "draw"]

ROW, LANE, EDGE, BEND = 36, 24, 16, 10  # pixels
LABELS, TIMES = 170, 74  # pixels for names and for times


@dataclass(frozen=True)
class Stop:
    """One step on the map.

    Parameters
    ----------
    step
        Its name.
    x, y
        Its place, in pixels.
    """

    step: str
    x: int
    y: int


@dataclass(frozen=True)
class Map:
    """Where the stops lie and how the lines run.

    Parameters
    ----------
    stops
        One a step, from top to bottom.
    lines
        SVG paths, with the steps each comes from and goes to.
    label
        Where the names begin, in pixels.
    width, height
        Pixels.
    """

    stops: tuple[Stop, ...]
    lines: tuple[tuple[str, str, str], ...]
    label: int
    width: int
    height: int


def draw(parents: Mapping[str, Iterable[str]]) -> Map:
    """Lay out a graph.

    Parameters
    ----------
    parents
        Step → the steps it loads from; each step after its parents.

    Examples
    --------
    >>> found = draw({"a": [], "b": ["a"]})
    >>> found.stops[1], found.lines
    (Stop(step='b', x=16, y=54), (('a', 'b', 'M16 18V54'),))
    """
    rows = lanes(parents)
    stops = {
        row.step: Stop(row.step, EDGE + LANE * row.lane, ROW // 2 + ROW * number)
        for number, row in enumerate(rows)
    }
    lines = tuple(
        (parent, row.step, _path(stops[parent], stops[row.step]))
        for row in rows
        for parent in row.parents
    )
    label = EDGE + LANE * max((row.lane for row in rows), default=0) + 22
    height = ROW * max(1, len(rows))
    return Map(tuple(stops.values()), lines, label, label + LABELS + TIMES, height)


def _path(start: Stop, end: Stop) -> str:
    """Go down the first one's lane and turn into the second."""
    if start.x == end.x:
        return f"M{start.x} {start.y}V{end.y}"
    turn = BEND if end.x > start.x else -BEND
    corner = f"Q{start.x} {end.y} {start.x + turn} {end.y}"
    return f"M{start.x} {start.y}V{end.y - BEND}{corner}H{end.x}"
