"""A leaderboard that grows while a person watches, and stands still when it is done."""

from __future__ import annotations

import sys
import time
from collections.abc import Callable, Sequence
from html import escape
from typing import Any

import numpy as np

from mlkit.core.session import is_person
from mlkit.model.families import family
from mlkit.model.grid import Grid
from mlkit.model.measures.metrics import METRICS
from mlkit.model.words import say

__all__ = ["Board", "Line", "leaders"]

TOP, ALIKE, PAUSE = 8, 2, 0.5
WIDE, HIGH = 420, 90
Line = tuple[str, dict[str, Any], tuple[float, ...]]


class Board:
    """A display that is renewed at most twice a second.

    A person sees it grow; a headless run gets the last state alone, so that executed
    notebooks compare; without a notebook there is nothing.

    Parameters
    ----------
    metric
        By which the lines are ranked.
    folds
        How many folds a line has when it is done.
    clock
        Seconds from anywhere.
    """

    def __init__(
        self, metric: str, folds: int, clock: Callable[[], float] = time.monotonic
    ) -> None:
        self.metric, self.folds, self.clock = metric, folds, clock
        self.handle: Any = None
        self.last = -np.inf
        self.watched = _notebook() and is_person()

    def show(self, lines: Sequence[Line], note: str = "") -> None:
        """Renew what a watching person sees.

        Parameters
        ----------
        lines
            Families with their settings and scores on folds, in the order tried.
        note
            How far it has come.
        """
        now = self.clock()
        if not self.watched or now - self.last < PAUSE:
            return
        self.last = now
        self._put(_Growing(leaders(self.metric, self.folds, lines, note), self, lines))

    def done(self, lines: Sequence[Line], note: str = "") -> None:
        """Leave the leaderboard as it stands at the end."""
        if _notebook():
            self._put(leaders(self.metric, self.folds, lines, note))

    def curve(self, lines: Sequence[Line]) -> str:
        """Return the best so far as a line of SVG."""
        sign = 1.0 if METRICS[self.metric].greater else -1.0
        ended = [sign * float(np.mean(f)) for *_, f in lines if len(f) == self.folds]
        if len(ended) < 2:
            return ""
        best = np.maximum.accumulate(ended)
        low, high = float(best[0]), float(best[-1])
        heights = (HIGH - 10) * (best - low) / (high - low or 1.0)
        across = np.linspace(5, WIDE - 5, len(best))
        pairs = zip(across, HIGH - 5 - heights, strict=True)
        points = " ".join(f"{x:.1f},{y:.1f}" for x, y in pairs)
        return (
            f'<svg width="{WIDE}" height="{HIGH}" role="img" '
            f'aria-label="the best so far"><polyline points="{points}" fill="none" '
            'stroke="currentColor" stroke-width="2"/></svg>'
        )

    def _put(self, value: object) -> None:
        from IPython.display import display

        if self.handle is None:
            self.handle = display(value, display_id=self.watched or None)
        else:
            self.handle.update(value)


class _Growing:
    """A leaderboard with the curve of the best so far below it."""

    def __init__(self, table: Grid, board: Board, lines: Sequence[Line]) -> None:
        self.table, self.board, self.lines = table, board, lines

    def __repr__(self) -> str:
        return repr(self.table)

    def _repr_html_(self) -> str:
        title = escape(f"{METRICS[self.board.metric].title}, the best so far")
        curve = self.board.curve(self.lines)
        return self.table._repr_html_() + (
            f"<div>{title}</div>{curve}" if curve else ""
        )


def leaders(metric: str, folds: int, lines: Sequence[Line], note: str = "") -> Grid:
    """Return the best of what was tried as a table, the best two of each family.

    Examples
    --------
    >>> lines = [("linear", {}, (0.7, 0.8)), ("tree", {"depth": 3}, (0.6, 0.7))]
    >>> leaders("roc_auc", 2, lines)
       family          settings      ROC AUC
    1  linear          the defaults  0.75 ± 0.05
    2  one small tree  depth 3       0.65 ± 0.05
    2 tried, 2 of them on all 2 folds
    """
    sign = 1.0 if METRICS[metric].greater else -1.0
    ended = [one for one in lines if len(one[2]) == folds]
    ranked = sorted(ended, key=lambda one: -sign * float(np.mean(one[2])))
    of = [name for name, *_ in ranked]
    few = [one for at, one in enumerate(ranked) if of[:at].count(one[0]) < ALIKE]
    rows = []
    for place, (name, settings, scores) in enumerate(few[:TOP], 1):
        told = ", ".join(f"{k} {v}" for k, v in settings.items()) or "the defaults"
        error = np.std(scores, ddof=1) / np.sqrt(len(scores)) if folds > 1 else 0.0
        value = f"{say(float(np.mean(scores)), 4)} ± {say(float(error), 2)}"
        rows.append((str(place), family(name).title, told, value))
    told = f"{len(lines)} tried, {len(ended)} of them on all {folds} folds"
    heads = ("", "family", "settings", METRICS[metric].title)
    return Grid(heads, rows, [told, note] if note else [told])


def _notebook() -> bool:
    """Tell whether there is a notebook to display in."""
    shell = sys.modules.get("IPython")
    now = shell.get_ipython() if shell else None
    return now is not None and hasattr(now, "kernel")
