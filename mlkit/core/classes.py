"""The order of a target's classes, the same in models, pictures and forms."""

from __future__ import annotations

import contextlib
from collections.abc import Collection, Iterable

__all__ = ["in_order", "scale_of"]

YES = frozenset({"1", "1.0", "positive", "true", "y", "yes"})
SCALES = (
    ("very low", "low", "medium", "high", "very high"),
    ("very poor", "poor", "fair", "good", "very good", "excellent"),
    ("very bad", "bad", "average", "good", "very good"),
    ("never", "rarely", "sometimes", "often", "always"),
    ("none", "mild", "moderate", "severe"),
    ("xs", "s", "m", "l", "xl", "xxl"),
    ("small", "medium", "large"),
    ("beginner", "intermediate", "advanced", "expert"),
    (
        "strongly disagree",
        "disagree",
        "neutral",
        "agree",
        "strongly agree",
    ),
)


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


def scale_of(found: Collection[str]) -> tuple[str, ...]:
    """Return labels in their order where they are words of a known scale.

    Examples
    --------
    >>> scale_of({"High", "Low", "Medium"}), scale_of({"a", "b", "c"})
    (('Low', 'Medium', 'High'), ())
    """
    plain = {str(label).strip().lower().replace("_", " "): label for label in found}
    for scale in SCALES:
        if len(found) > 2 and len(plain) == len(found) and plain.keys() <= set(scale):
            return tuple(plain[word] for word in scale if word in plain)
    return ()
