"""Measures, alerts and pictures of a column of sounds."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

import pandas as pd

from mlkit.core.schema import Column
from mlkit.data.charts.cards import significant
from mlkit.data.charts.media import waves
from mlkit.data.charts.style import Picture
from mlkit.data.measures.alert import Alert, share
from mlkit.data.measures.images import broken, copies
from mlkit.data.measures.media import facts_of, likeness, spread, unread

__all__ = ["alerts", "describe", "picture"]

MUTE = -60.0
CLIPPED = 0.001
LONG = 10.0


def describe(values: pd.Series) -> dict[str, Any]:
    """Return the measures of sounds: duration, rates, channels, loudness, likenesses.

    Up to 5,000 sounds, evenly spaced, are heard.

    Parameters
    ----------
    values
        Digests, NaN where missing.

    Examples
    --------
    >>> import numpy as np
    >>> from mlkit.core.media import media
    >>> from mlkit.core.sounds import written
    >>> silence = media().put(written(np.zeros((8000, 1), np.float32), 8000))
    >>> found = describe(pd.Series([silence, None]))
    >>> found["rates"], found["seconds"]["median"], found["mute"]
    ({'8000': 1}, 1.0, 1)
    """
    known = values.dropna()
    facts, gone = facts_of(values, "audio"), unread(values, "audio")
    if not facts:
        return {"distinct": int(known.nunique()), "looked_at": 0, "unread": gone}
    seconds = spread([one.seconds for one in facts])
    return {
        "distinct": int(known.nunique()),
        "looked_at": len(facts),
        "unread": gone,
        "ends": [f"{seconds[end]:,g} s" for end in ("min", "median", "max")],
        "seconds": seconds,
        "total_seconds": significant(sum(one.seconds for one in facts)),
        "rates": _counted([one.rate for one in facts]),
        "channels": _counted([one.channels for one in facts]),
        "kinds": _counted([one.kind for one in facts]),
        "loudness": spread([one.loudness for one in facts]),
        "peak": spread([one.peak for one in facts]),
        "silence": spread([one.silence for one in facts]),
        "mute": sum(one.peak < MUTE for one in facts),
        "clipped": sum(one.clipped > CLIPPED for one in facts),
    } | likeness(values, "audio")


def _counted(values: Sequence[Any]) -> dict[str, int]:
    return {str(value): count for value, count in Counter(values).most_common(8)}


def alerts(values: pd.Series, column: Column) -> Iterator[Alert]:
    """Yield what is odd about sounds.

    Parameters
    ----------
    values
        Digests, NaN where missing.
    column
        Its type and roles.
    """
    name, told = column.name, describe(values)
    yield from broken(name, told, "sound")
    if not told["looked_at"]:
        return
    yield from _of_levels(name, told)
    yield from copies(name, told, "sound")
    seconds = told["seconds"]
    if seconds["max"] > LONG * max(seconds["median"], 0.1):
        yield Alert(
            *("uneven lengths", name, "look"),
            f"half last at most {seconds['median']:,g} s, the longest "
            f"{seconds['max']:,g} s",
            "are several recordings in one file?",
        )


def _of_levels(name: str, told: Mapping[str, Any]) -> Iterator[Alert]:
    heard = told["looked_at"]
    if told["mute"]:
        yield Alert(
            *("silent sounds", name, "look"),
            f"{share(told['mute'], heard)} never rise above {MUTE:g} dB",
            "there is nothing to learn from: was the microphone on?",
        )
    if told["clipped"]:
        yield Alert(
            *("clipping", name, "look"),
            f"{share(told['clipped'], heard)} are cut off at full scale",
            "what was cut cannot be mended: record lower",
        )


def picture(values: pd.Series, classes: Sequence[Any] | None = None) -> Picture:
    """Draw waveforms and spectrograms, by class where classes are given.

    Parameters
    ----------
    values
        Digests, NaN where missing.
    classes
        The class of each row.
    """
    return waves(values, classes)
