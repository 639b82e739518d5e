"""SIGINT and SIGTERM, counted instead of died of."""

from __future__ import annotations

import signal
from types import FrameType

__all__ = ["Signals"]

NOTED = (signal.SIGINT, signal.SIGTERM)


class Signals:
    """Counts SIGINT and SIGTERM while its block runs.

    Examples
    --------
    >>> with Signals() as signals:
    ...     signal.raise_signal(signal.SIGTERM)
    >>> signals.count
    1
    """

    def __init__(self) -> None:
        self.count = 0

    def __enter__(self) -> Signals:
        self._before = {number: signal.signal(number, self._note) for number in NOTED}
        return self

    def __exit__(self, *_: object) -> None:
        for number, handler in self._before.items():
            signal.signal(number, handler)

    def _note(self, number: int, frame: FrameType | None) -> None:  # noqa: ARG002
        self.count += 1
