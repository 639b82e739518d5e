"""One thread for what is computed in the middle of everything else."""

from __future__ import annotations

from functools import cache
from typing import Any

from threadpoolctl import (
    ThreadpoolController,
)

__all__ = ["one_thread"]


def one_thread() -> Any:
    """Hold OpenMP and BLAS to one thread, in a ``with`` block.

    Results then do not depend on the machine's cores, and threads that wait for each
    other do not burn a shared machine's time.
    """
    return _controller().limit(limits=1)


@cache
def _controller() -> Any:
    return ThreadpoolController()
