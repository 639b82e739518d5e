"""The bars of ``[goal.bars]``: names that are known, and numbers.

It loads no package, so that a run can look before the first step, and before anything
is entered or unsealed. Which bars fit a problem is known only once there is one.
"""

from __future__ import annotations

import sys
from collections.abc import Iterable, Mapping
from typing import Any

from mlkit.core.errors import UsageError, did_you_mean
from mlkit.core.names import GAPS, OTHERS, TITLES

__all__ = ["KNOWN", "checked"]

KNOWN = (*TITLES, *GAPS, *OTHERS)
"""Every bar there is, whatever is predicted."""


def checked(given: Any, nearest: Iterable[str] = KNOWN) -> dict[str, float]:
    """Return the bars as numbers.

    Parameters
    ----------
    given
        What ``[goal.bars]`` says.
    nearest
        The names to offer in place of one that is not known.

    Raises
    ------
    UsageError
        Where it is no table, a name is not known, or a value is no finite number.

    Examples
    --------
    >>> checked({"rows": 500})
    {'rows': 500.0}
    """
    if not isinstance(given, Mapping):
        raise UsageError("[goal.bars] is no table", got=repr(given)[:80])
    where = "[goal.bars]"
    for name, value in given.items():
        if name not in KNOWN:
            todo = did_you_mean(str(name), nearest)
            raise UsageError(f"unknown bar {name!r}", where=where, todo=todo)
        if isinstance(value, bool) or not isinstance(value, int | float):
            raise UsageError(f"bar {name} is no number", where=where, got=repr(value))
        if not abs(value) <= sys.float_info.max:
            got = repr(value)[:80]
            raise UsageError(f"bar {name} is no finite number", where=where, got=got)
    return {name: float(value) for name, value in given.items()}
