"""What a running cell writes, told while it runs: seldom, and never much of it."""

from __future__ import annotations

import time
from collections.abc import Callable

__all__ = ["LiveOutput"]

EVERY = 1.0  # seconds between two events
MOST = 2000  # characters of one; the last of what was written count
EVENTS = 500  # of a step


class LiveOutput:
    """Gathers what a cell writes to its streams, and tells of it once a second.

    The executed notebook keeps it whole; this is for those who watch.

    Parameters
    ----------
    tell
        Called with a text.
    clock
        Seconds from anywhere.

    Examples
    --------
    >>> told = []
    >>> live = LiveOutput(told.append, clock=lambda: 0.0)
    >>> live.add("one ")
    >>> live.add("two")
    >>> live.flush()
    >>> told
    ['one ', 'two']
    """

    def __init__(
        self, tell: Callable[[str], None], clock: Callable[[], float] = time.monotonic
    ) -> None:
        self._tell, self._clock = tell, clock
        self._text = ""
        self._next = -EVERY
        self._left = EVENTS

    def add(self, text: str) -> None:
        """Take in what was written."""
        self._text = (self._text + text)[-MOST:]
        self.tell_when_due()

    def tell_when_due(self) -> None:
        """Tell of what was written, if it is time."""
        if self._text and self._clock() >= self._next:
            self._next = self._clock() + EVERY
            self.flush()

    def flush(self) -> None:
        """Tell of what is left, as the cell has ended."""
        if self._text and self._left:
            self._left -= 1
            self._tell(self._text)
        self._text = ""
