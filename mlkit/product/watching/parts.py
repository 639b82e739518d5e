"""Parts of live rows, the same in every window, each with its score.

They are cut by what the package remembers of its columns: by the commonest words, and
by thirds of the numbers that it was judged on. So a part means the same rows in May as
in June, and its score can be followed.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from itertools import islice
from typing import Any

import numpy as np
from numpy.typing import NDArray

from mlkit.model.measures.metrics import metric_of
from mlkit.model.packing.reference import codes, commonest
from mlkit.model.packing.sights import thinned, unfolded
from mlkit.product.watching.live import Live
from mlkit.product.watching.scores import FEWEST, drawn, judged
from mlkit.product.watching.writing import written

__all__ = ["parts", "scored"]

COLUMNS, LEVELS = 20, 5
Mask = NDArray[np.bool_]


def parts(live: Live) -> Iterator[tuple[str, Mask]]:
    """Yield the name of each part, and which rows are in it.

    Parameters
    ----------
    live
        Live rows.
    """
    watched = unfolded(live.parcel.watched, live.columns, plain=True)
    for name, form, cells in islice(watched, COLUMNS):
        yield from _cut(name, form, cells)


def scored(live: Live) -> dict[str, float]:
    """Return the metric in each part that has enough rows with a truth.

    Parameters
    ----------
    live
        Live rows; those without a truth are passed over.
    """
    known = np.flatnonzero(live.known)
    some = drawn(live.take(thinned(known) if live.parcel.media else known))
    metric, found = metric_of(live.parcel.problem), {}
    for name, inside in parts(some):
        if inside.sum() < FEWEST:
            continue
        part = some.take(inside)
        value = metric.compute(part.truth, judged(part))
        if np.isfinite(value):
            found[name] = float(f"{value:.6g}")
    return found


def _cut(
    name: str, form: Mapping[str, Any], cells: NDArray[Any]
) -> Iterator[tuple[str, Mask]]:
    places = codes(form, cells)
    if form["type"] == "category":
        for place, level in enumerate(commonest(form)[:LEVELS]):
            yield f"{name} = {level}", places == place
        return
    share = np.cumsum(form["counts"]) / max(sum(form["counts"]), 1)
    first, second = (int(np.searchsorted(share, third)) for third in (1 / 3, 2 / 3))
    edges = form["edges"]
    if not first < second < len(edges):
        return
    low, high = (written(edges[place], edges) for place in (first, second))
    yield f"{name} ≤ {low}", (places >= 0) & (places <= first)
    yield f"{low} < {name} ≤ {high}", (places > first) & (places <= second)
    yield f"{name} > {high}", places > second
