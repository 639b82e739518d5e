"""What a review remarks: how severe it is, what was found, what to do."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

__all__ = ["SEVERITIES", "Remark", "ranked"]

SEVERITIES = ("serious", "warning", "note")


@dataclass(frozen=True)
class Remark:
    """One thing the review found.

    Parameters
    ----------
    severity
        ``serious``, ``warning`` or ``note``.
    what
        What was found, in a sentence.
    todo
        What to do about it.
    """

    severity: str
    what: str
    todo: str = ""


def ranked(remarks: Iterable[Remark]) -> tuple[Remark, ...]:
    """Return remarks, the most severe first, each once.

    Examples
    --------
    >>> [r.what for r in ranked([Remark("note", "b"), Remark("serious", "a")])]
    ['a', 'b']
    """
    once = dict.fromkeys(remarks)
    return tuple(sorted(once, key=lambda one: SEVERITIES.index(one.severity)))
