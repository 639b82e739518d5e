"""The bench at which images, sounds and forms are read, beside the event loop.

To unpack a picture takes a hundred times as long as all else of its request; meanwhile
others are answered.
"""

from __future__ import annotations

import asyncio
import os
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import TypeVar

from mlkit.product.serving.refused import Refused

__all__ = ["Bench"]

T = TypeVar("T")
MOST, THREADS = 512, 4


class Bench:
    """Some threads, made when they are first needed.

    Parameters
    ----------
    most
        How many may wait at a time.

    Examples
    --------
    >>> async def main():
    ...     bench = Bench()
    ...     try:
    ...         return await bench.run(lambda: 6 * 7)
    ...     finally:
    ...         bench.stop()
    >>> asyncio.run(main())
    42
    """

    def __init__(self, most: int = MOST) -> None:
        self.most, self.waiting = most, 0
        threads = min(THREADS, os.cpu_count() or 1)
        self._pool = ThreadPoolExecutor(threads, "reading")

    async def run(self, work: Callable[[], T]) -> T:
        """Return what some work gives; who gives up waiting takes it back.

        Raises
        ------
        Refused
            503 where too much waits.
        """
        if self.waiting >= self.most:
            raise Refused(503, "too many requests are read", wait=1)
        self.waiting += 1
        try:
            return await asyncio.wrap_future(self._pool.submit(work))
        finally:
            self.waiting -= 1

    def stop(self) -> None:
        """Let go of what waits, and end."""
        self._pool.shutdown(wait=False, cancel_futures=True)
