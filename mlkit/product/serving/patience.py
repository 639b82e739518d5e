"""How long is waited for a request: one timer for all that are open.

`asyncio.timeout` would set a timer for each, and take it back, at a tenth of the cost
of a whole reply.
"""

from __future__ import annotations

import asyncio
from types import TracebackType

__all__ = ["Patience"]


class Patience:
    """So many seconds for each.

    Parameters
    ----------
    seconds
        How many.

    Examples
    --------
    >>> async def slow():
    ...     with Patience(0.01).wait():
    ...         await asyncio.sleep(60)
    >>> asyncio.run(slow())
    Traceback (most recent call last):
    ...
    TimeoutError
    """

    def __init__(self, seconds: float) -> None:
        self.seconds = seconds
        self._waits: dict[_Wait, None] = {}
        self._timer: asyncio.TimerHandle | None = None

    def wait(self) -> _Wait:
        """Return a block that ends in time, or raises TimeoutError; for tasks."""
        task = asyncio.current_task()
        assert task is not None
        loop = task.get_loop()
        one = _Wait(self._waits, task, loop.time() + self.seconds)
        if self._timer is None:
            self._timer = loop.call_at(one.until, self._ring, loop)
        return one

    def _ring(self, loop: asyncio.AbstractEventLoop) -> None:
        """Give up on those whose time has come, and set the timer for the next."""
        self._timer, now = None, loop.time()
        for one in [*self._waits]:
            if one.until > now:
                self._timer = loop.call_at(one.until, self._ring, loop)
                return
            del self._waits[one]
            one.late = True
            one.task.cancel()


class _Wait:
    __slots__ = ("before", "late", "others", "task", "until")

    def __init__(
        self, others: dict[_Wait, None], task: asyncio.Task[object], until: float
    ) -> None:
        self.others, self.task, self.until = others, task, until
        self.before, self.late = task.cancelling(), False

    def __enter__(self) -> None:
        self.others[self] = None

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.others.pop(self, None)
        alone = self.late and self.task.uncancel() <= self.before
        if alone and kind is asyncio.CancelledError:
            raise TimeoutError from error
