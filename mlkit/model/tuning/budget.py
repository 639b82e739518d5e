"""A budget of time: what is left, what a fit will take, and an alarm at its end."""

from __future__ import annotations

import signal
import sys
import threading
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from types import FrameType
from typing import Any

import numpy as np

from mlkit.model.encoding.encode import Encoding
from mlkit.model.families import family
from mlkit.model.tuning.kept import Kept

__all__ = ["Budget", "Forecast", "OutOfTime", "unmask"]

ROOM = 0.03
IMPORTING = "<frozen importlib._bootstrap"
FILING = {one.__code__ for one in (Kept.get, Kept.get_part, Kept._write)}
UNTRIED, TRIED, SURE, APART, PRIOR = 2.0, 1.5, 1.15, 4.0, 1.0


class OutOfTime(BaseException):
    """The budget ran out in the middle of a fit.

    As an interrupt it is no error, and nothing on its way takes it for one.
    """


class Budget:
    """Seconds that may be spent, and how many are left.

    Parameters
    ----------
    seconds
        By the clock.
    clock
        Seconds from anywhere; a person's budget is in time by the wall.
    start
        What the clock said when the time began; None is now.

    Examples
    --------
    >>> budget = Budget(60, clock=lambda: 5.0)
    >>> budget.charge(20)
    >>> budget.left
    40.0
    """

    def __init__(
        self,
        seconds: float,
        clock: Callable[[], float] = time.monotonic,
        start: float | None = None,
    ) -> None:
        self.seconds = seconds
        self.clock = clock
        self.start = clock() if start is None else start
        self.charged = 0.0

    @property
    def spent(self) -> float:
        """Seconds since the start, and those that were charged."""
        return self.clock() - self.start + self.charged

    @property
    def left(self) -> float:
        """Seconds left; negative after an overrun."""
        return self.seconds - self.spent

    def charge(self, seconds: float) -> None:
        """Count seconds that were spent before: on what is not done again."""
        self.charged += seconds

    def fits(self, seconds: float) -> bool:
        """Tell whether so many seconds are left, with a little room at the end."""
        return seconds <= self.left - ROOM * self.seconds

    @contextmanager
    def alarm(self, most: float | None = None) -> Iterator[None]:
        """Raise `OutOfTime` in the block when the budget runs out.

        What was predicted should have fitted; this is for what was predicted wrongly.
        It needs POSIX and the main thread, and does nothing elsewhere. An import is
        finished first: cut in two, a compiled module cannot be imported again. So is
        a file of a kept fit, which would be left open, or half written.

        Parameters
        ----------
        most
            So many seconds at most are for the block; None gives it all that is left.
        """
        main = threading.current_thread() is threading.main_thread()
        if not main or not hasattr(signal, "setitimer"):
            yield
            return

        end = self.spent + min(self.left, self.left if most is None else most)

        outside = _uncut(sys._getframe())

        def ring(_: int, frame: FrameType | None) -> None:
            if self.spent >= end and _uncut(frame) <= outside:
                raise OutOfTime

        before = signal.signal(signal.SIGALRM, ring)
        wait = max(end - self.spent, 1e-3)
        rest = signal.setitimer(signal.ITIMER_REAL, wait, 0.1)
        try:
            yield
        except Exception as error:
            unmask(error)
            raise
        finally:
            signal.setitimer(signal.ITIMER_REAL, 0)
            signal.signal(signal.SIGALRM, before)
            if rest[0]:
                signal.setitimer(signal.ITIMER_REAL, max(self.left, 1e-3), rest[1])


def unmask(error: BaseException) -> None:
    """Raise `OutOfTime` where an error is what other code made of it."""
    cause: BaseException | None = error
    while cause is not None:
        if isinstance(cause, OutOfTime):
            raise OutOfTime from error
        cause = cause.__cause__ or cause.__context__


def _uncut(frame: FrameType | None) -> int:
    """Return how many steps of imports and files are under way where a frame runs."""
    found = 0
    while frame is not None:
        code = frame.f_code
        found += code.co_filename.startswith(IMPORTING) or code in FILING
        frame = frame.f_back
    return found


class Forecast:
    """What a fit will take: a family's scaling law, corrected by what was measured.

    Parameters
    ----------
    width
        The columns of the matrix of an encoding.
    classes
        How many; 1 for a number.
    """

    def __init__(self, width: Callable[[Encoding], int], classes: int) -> None:
        self.width, self.classes = width, classes
        self.ratios: dict[str, float] = {}
        self.measured: list[tuple[float, float]] = []
        self.caution: dict[str, float] = {}

    def law(self, name: str, settings: Mapping[str, Any], rows: int) -> float:
        """Return what the family's own law says, in seconds."""
        kind = family(name)
        return kind.cost(rows, self.width(kind.encoding), self.classes, **settings)

    @property
    def usual(self) -> float:
        """How much longer than by their laws the fits took so far, all together.

        Little is concluded from fits that took no time, or that are far off.
        """
        took, foreseen = np.sum([(PRIOR, PRIOR), *self.measured], axis=0)
        return float(np.clip(took / foreseen, 1 / APART, APART))

    def seconds(self, name: str, settings: Mapping[str, Any], rows: int) -> float:
        """Return what one fit will take, on the careful side."""
        ratio = self.ratios.get(name, self.usual)
        return self.law(name, settings, rows) * ratio * self.caution.get(name, UNTRIED)

    def learn(
        self,
        name: str,
        settings: Mapping[str, Any],
        rows: int,
        seconds: float,
        *,
        pilot: bool = False,
    ) -> None:
        """Note what a fit took; a pilot on few rows is believed less.

        Parameters
        ----------
        name, settings, rows
            What was fitted, and on how many rows.
        seconds
            What it took.
        pilot
            Whether it was a trial on few rows.
        """
        law = self.law(name, settings, rows)
        self.measured.append((seconds, law))
        found = seconds / law
        sure = self.caution.get(name) == SURE
        self.ratios[name] = (self.ratios[name] + found) / 2 if sure else found
        self.caution[name] = TRIED if pilot else SURE
