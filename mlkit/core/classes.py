"""The order of a target's classes, the same in models, pictures and forms."""

from __future__ import annotations

import contextlib
from collections.abc import Iterable

__all__ = ["in_order"]

YES = frozenset({"1", "1.0", "positive", "true", "y", "yes"})


def in_order(labels: Iterable[str]) -> tuple[str, ...]:
    """Sort labels as numbers where all are numbers; a yes among two comes last.

    Examples
    --------
    >>> in_order(["10", "9"]), in_order(["yes", "zero"])
    (('9', '10'), ('zero', 'yes'))
    """
    names = sorted(labels)
    with contextlib.suppress(ValueError):
        names.sort(key=float)
    if len(names) == 2 and names[0].lower() in YES and names[1].lower() not in YES:
        names.reverse()
    return tuple(names)
