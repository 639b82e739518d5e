"""A server's tally of what it refused or failed to answer, handed to the log in turn.

It is counted by the minute, the door, the status and the reason. All of these are few,
whatever comes in: a reason is one of the server's own sentences, or the name of a
column.
"""

from __future__ import annotations

import time
import uuid
from collections import Counter
from collections.abc import Collection

from mlkit.product.journal.refusals import Key, Refusals
from mlkit.product.serving.refused import Refused

__all__ = ["Tally", "reason_of"]

MINUTE, HOUR = 60, 3600
KINDS, MOST, LONG = 32, 10_000, 120


def reason_of(refused: Refused, known: Collection[str] = ()) -> str:
    """Return why a request was refused, in words that no client chooses.

    Parameters
    ----------
    refused
        The refusal.
    known
        The names of the columns.

    Examples
    --------
    >>> reason_of(Refused(422, "anything at all", field="age"), ["age"])
    'field age'
    >>> reason_of(Refused(422, "anything at all", field="x" * 1000), ["age"])
    'the body'
    >>> reason_of(Refused(503, "too many requests wait"))
    'too many requests wait'
    """
    if refused.status != 422:
        return refused.what[:LONG]
    return f"field {refused.field}"[:LONG] if refused.field in known else "the body"


class Tally:
    """Counts that are not in the log yet.

    Examples
    --------
    >>> tally = Tally()
    >>> for _ in range(3):
    ...     tally.count("/v1/predict", 503, "too many requests wait", now=120.0)
    >>> taken = tally.taken()
    >>> dict(taken.counts)
    {(2, '/v1/predict', 503, 'too many requests wait'): 3}
    >>> tally.taken() is None
    True
    """

    def __init__(self) -> None:
        self.server = uuid.uuid4().hex[:12]
        self._counts: Counter[Key] = Counter()
        self._minute, self._kinds = 0, set[Key]()

    def count(
        self, path: str, status: int, reason: str, now: float | None = None
    ) -> None:
        """Count one; what is one kind too many in a minute is counted as any other."""
        moment = int(time.time() if now is None else now)
        minute = moment // MINUTE
        if minute != self._minute:
            self._minute, self._kinds = minute, set()
        key = (minute, path, status, reason)
        if key not in self._kinds and len(self._kinds) >= KINDS:
            key = (minute, "other", status, "other")
        if len(self._counts) >= MOST and key not in self._counts:
            key = (moment // HOUR * HOUR // MINUTE, "other", status, "other")
        self._kinds.add(key)
        self._counts[key] += 1

    def taken(self) -> Refusals | None:
        """Give away what was counted; None where nothing was."""
        counts, self._counts = self._counts, Counter()
        return Refusals(self.server, counts) if counts else None

    def back(self, told: Refusals) -> None:
        """Take back what the log could not keep."""
        self._counts.update(told.counts)
