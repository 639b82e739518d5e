"""What columns of images and of sounds are measured by alike."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
import pandas as pd

from mlkit.data.charts.cards import significant
from mlkit.data.media.cells import each
from mlkit.data.media.facts import of_image, of_sound
from mlkit.data.media.nearness import pairs

__all__ = ["LOOKED_AT", "facts_of", "likeness", "spread", "unread"]

LOOKED_AT = 5000
COMPARED = 20_000
KEPT = 100_000

_FACTS: dict[str, Callable[[bytes], Any]] = {"image": of_image, "audio": of_sound}
_seen: dict[tuple[str, str], Any] = {}
_near: dict[tuple[str, int, int], dict[str, int]] = {}


def facts_of(values: pd.Series, kind: str) -> list[Any]:
    """Return the facts of up to 5,000 distinct images or sounds of a column.

    Each is looked at once in a process, however often it is asked for; what cannot be
    read is left out.

    Parameters
    ----------
    values
        Digests, NaN where missing.
    kind
        ``image`` or ``audio``.
    """
    return [told for told in _facts_of(values, kind) if told is not None]


def unread(values: pd.Series, kind: str) -> int:
    """Count those of them that cannot be read.

    Parameters
    ----------
    values
        Digests, NaN where missing.
    kind
        ``image`` or ``audio``.
    """
    return sum(told is None for told in _facts_of(values, kind))


def _facts_of(values: pd.Series, kind: str) -> list[Any]:
    known = _spaced(values, LOOKED_AT)
    new = known[[(kind, str(digest)) not in _seen for digest in known]]
    if len(_seen) + len(new) > KEPT:
        _seen.clear()
        new = known
    found = each(new, _FACTS[kind])
    _seen.update({(kind, digest): told for digest, told in found.items()})
    return [_seen[kind, str(digest)] for digest in known]


def likeness(values: pd.Series, kind: str) -> dict[str, int]:
    """Count the rows whose image or sound another row has too, or nearly so.

    Parameters
    ----------
    values
        Digests, NaN where missing.
    kind
        ``image`` or ``audio``.

    Returns
    -------
    dict of ints
        ``copies``: rows that hold what an earlier row holds. ``near_rows``: distinct
        ones that nearly equal another, of ``compared`` up to 20,000, evenly spaced.
    """
    known = values.dropna().astype("str")
    compared = _spaced(values, COMPARED)
    key = (kind, len(compared), hash(tuple(compared)))
    if key not in _near:
        alike = pairs(compared, kind)
        _near.clear()
        _near[key] = {"near_rows": len({place for pair in alike for place in pair})}
    copies = len(known) - known.nunique()
    return {"copies": copies, "compared": len(compared), **_near[key]}


def spread(values: Sequence[float]) -> dict[str, float]:
    """Return the least, the middle and the greatest of numbers.

    Examples
    --------
    >>> spread([1, 2, 6])
    {'min': 1.0, 'median': 2.0, 'max': 6.0}
    """
    ends = np.quantile(values, [0, 0.5, 1])
    names = ("min", "median", "max")
    return {n: significant(float(v)) for n, v in zip(names, ends, strict=True)}


def _spaced(values: pd.Series, most: int) -> pd.Series:
    distinct = values.dropna().astype("str").drop_duplicates()
    places = np.linspace(0, len(distinct) - 1, min(len(distinct), most)).astype(int)
    return distinct.iloc[np.unique(places)]
