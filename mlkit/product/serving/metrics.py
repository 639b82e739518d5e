"""Counts of what a server did, in the text that Prometheus reads.

The format is version 0.0.4 of Prometheus' text exposition.
"""

from __future__ import annotations

from bisect import bisect_left
from collections import Counter
from collections.abc import Iterator, Sequence

from mlkit.product.serving.tally import Tally

__all__ = ["Metrics"]

BOUNDS = (0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0)
REFUSED = 400
SIZES = (1, 2, 4, 8, 16, 32, 64, 128, 256, 512, 1024, 4096, 16384)


class _Histogram:
    def __init__(self, bounds: Sequence[float]) -> None:
        self.bounds, self.counts = bounds, [0] * (len(bounds) + 1)
        self.total = 0.0

    def add(self, value: float) -> None:
        self.counts[bisect_left(self.bounds, value)] += 1
        self.total += value

    def lines(self, name: str) -> Iterator[str]:
        passed = 0
        for bound, count in zip([*self.bounds, "+Inf"], self.counts, strict=True):
            passed += count
            yield f'{name}_bucket{{le="{bound}"}} {passed}'
        yield f"{name}_sum {self.total!r}"
        yield f"{name}_count {passed}"


class Metrics:
    """What is counted, all of it in the event loop's thread.

    Parameters
    ----------
    version
        Of the model.

    Examples
    --------
    >>> metrics = Metrics("abc")
    >>> metrics.request("/v1/predict", 200, 0.002)
    >>> 'status="200"} 1' in metrics.text(waiting=0)
    True
    """

    def __init__(self, version: str) -> None:
        self.version = version
        self.tally = Tally()
        self.requests: Counter[tuple[str, int]] = Counter()
        self.flags: Counter[str] = Counter()
        self.rows, self.failures, self.changes = 0, 0, 0
        self.silent, self.dropped = 0, 0
        self.turned: str | None = None
        self.overdue = False
        self.seconds, self.batches = _Histogram(BOUNDS), _Histogram(SIZES)

    def request(self, path: str, status: int, seconds: float, reason: str = "") -> None:
        """Count a reply; one that is no answer also for the log, with its reason."""
        self.requests[path, status] += 1
        if status >= REFUSED:
            self.tally.count(path, status, reason)
        if path == "/v1/predict" or path.endswith("/infer"):
            self.seconds.add(seconds)

    def text(self, waiting: int) -> str:
        """Return everything, with the number of rows that wait now."""
        return "\n".join([*self._lines(waiting), ""])

    def _lines(self, waiting: int) -> Iterator[str]:
        yield from _head("mlkit_model_info", "gauge", "The model that answers.")
        yield f'mlkit_model_info{{version="{self.version}"}} 1'
        yield from _head("mlkit_requests_total", "counter", "Replies.")
        for (path, status), count in sorted(self.requests.items()):
            told = f'path="{path}",status="{status}"'
            yield f"mlkit_requests_total{{{told}}} {count}"
        yield from _head("mlkit_flags_total", "counter", "Cells flagged.")
        for flag, count in sorted(self.flags.items()):
            yield f'mlkit_flags_total{{flag="{flag}"}} {count}'
        yield from self._plain(waiting)
        yield from _head("mlkit_request_seconds", "histogram", "Time to a prediction.")
        yield from self.seconds.lines("mlkit_request_seconds")
        yield from _head("mlkit_batch_rows", "histogram", "Rows scored together.")
        yield from self.batches.lines("mlkit_batch_rows")

    def _plain(self, waiting: int) -> Iterator[str]:
        """Yield what is one number each."""
        for name, kind, value, about in (
            ("rows_total", "counter", self.rows, "Rows answered."),
            ("log_failures_total", "counter", self.failures, "Records not kept."),
            ("rows_waiting", "gauge", waiting, "Rows taken in, unanswered."),
            ("model_changes_total", "counter", self.changes, "New champions."),
            ("model_refused", "gauge", self.turned is not None, "Failed its trial."),
            ("model_overdue", "gauge", self.overdue, "Past its review-by date."),
            ("shadow_rows_total", "counter", self.silent, "Answered in silence."),
            ("shadow_dropped_total", "counter", self.dropped, "Left out in silence."),
        ):
            yield from _head(f"mlkit_{name}", kind, about)
            yield f"mlkit_{name} {int(value)}"


def _head(name: str, kind: str, about: str) -> tuple[str, str]:
    return f"# HELP {name} {about}", f"# TYPE {name} {kind}"
