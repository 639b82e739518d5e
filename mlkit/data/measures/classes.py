"""The order of a target's classes, as the goal has it and a model takes it."""

from __future__ import annotations

from collections.abc import Iterable

from mlkit.core.cells import config
from mlkit.core.classes import in_order, scale_of

__all__ = ["ordered", "stated"]


def stated() -> tuple[str, ...]:
    """Return the classes as ``[goal] order`` has them; none where it says nothing.

    Examples
    --------
    >>> stated()
    ()
    """
    order = config("goal.order")
    return tuple(map(str, order)) if isinstance(order, list) else ()


def ordered(labels: Iterable[object]) -> tuple[str, ...]:
    """Sort classes as the goal has it: as its order states, of two the positive last.

    Where it says nothing the order is that of a known scale (`mlkit.core.classes`),
    else that of `mlkit.core.classes.in_order`; a label that the stated order does not
    name comes after those that it does.

    Parameters
    ----------
    labels
        Classes, in any order, each once.

    Examples
    --------
    >>> ordered(["10", "9"]), ordered(["yes", "zero"])
    (('9', '10'), ('zero', 'yes'))
    >>> ordered(["high", "low", "medium"])
    ('low', 'medium', 'high')
    """
    places = {name: place for place, name in enumerate(stated())}
    known = [*map(str, labels)]
    names = [*(scale_of(known) or in_order(known))]
    names.sort(key=lambda name: places.get(name, len(places)))
    positive = config("goal.positive")
    if positive is not None and len(names) == 2:
        names.sort(key=lambda name: name == str(positive))
    return tuple(names)
