"""What cleaning proposes for a column of images or sounds, by stated rules."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import pandas as pd

from mlkit.core.schema import Column
from mlkit.data.measures.media import facts_of
from mlkit.data.media.facts import ImageFacts, SoundFacts

__all__ = ["Proposal", "plan_media", "side_of"]

SIDES = (16, 32, 64, 96, 128, 224, 256, 384, 512)
GREYS = frozenset({"1", "L", "LA", "I", "F", "I;16", "I;16B", "I;16L", "I;16N"})
APART = 20.0
LEVEL = -20
PADDED = 0.5
MUTE = -60.0


@dataclass(frozen=True)
class Proposal:
    """One operation that would make the cells of a column more alike.

    Parameters
    ----------
    op, how
        The operation and its arguments.
    why
        The evidence, in one sentence.
    share
        The share of the cells that it would change, in 0 to 1.
    default
        Whether it is done unless somebody refuses it.
    """

    op: str
    why: str
    share: float
    how: Mapping[str, Any] = field(default_factory=dict)
    default: bool = False


def plan_media(values: pd.Series, column: Column) -> list[Proposal]:
    """Return what could be done with a column of images or sounds.

    Sounds of mixed rates are resampled to the most frequent one unless that is
    refused; all else waits until somebody accepts it.

    Parameters
    ----------
    values
        Digests, NaN where missing.
    column
        Its type and roles.

    Examples
    --------
    >>> from mlkit.core.media import media
    >>> from mlkit.core.sounds import written
    >>> tone = np.sin(np.arange(800) / 3).astype(np.float32)[:, None]
    >>> rates = [media().put(written(tone, rate)) for rate in (8000, 16000, 16000)]
    >>> cells = pd.Series([*rates, media().put(written(tone * 0.9, 16000))])
    >>> [(p.op, p.how) for p in plan_media(cells, Column("x", "audio"))]
    [('resample', {'rate': 16000})]
    """
    facts = facts_of(values, column.type)
    if not facts:
        return []
    return _images(facts) if column.type == "image" else _sounds(facts)


def side_of(facts: Sequence[ImageFacts]) -> int:
    """Return a usual side, in pixels, that is near the middle of all sides."""
    sides = [np.sqrt(one.width * one.height) for one in facts]
    middle = float(np.median(sides))
    return min(SIDES, key=lambda side: abs(np.log(side / middle)))


def _images(facts: Sequence[ImageFacts]) -> list[Proposal]:
    found = []
    sizes = Counter((one.width, one.height) for one in facts)
    if len(sizes) > 1:
        side = side_of(facts)
        told = f"there are {len(sizes):,} sizes: all {side} × {side}, aspect kept"
        changed = 1 - sizes[side, side] / len(facts)
        found.append(Proposal("resize", told, changed, {"side": side}))
    modes = Counter(one.mode for one in facts)
    if len(modes) > 1:
        mode = "L" if set(modes) <= GREYS else "RGB"
        told = ", ".join(f"{count:,} {name}" for name, count in modes.most_common(4))
        why = f"grey, colour or clear are mixed ({told}): all {mode}"
        found.append(
            Proposal("mode", why, 1 - modes[mode] / len(facts), {"mode": mode})
        )
    return found


def _sounds(facts: Sequence[SoundFacts]) -> list[Proposal]:
    found = []
    rates = Counter(one.rate for one in facts)
    if len(rates) > 1:
        rate, count = min(rates.items(), key=lambda item: (-item[1], item[0]))
        told = ", ".join(f"{n:,} at {hz} Hz" for hz, n in rates.most_common(4))
        why = f"rates are mixed ({told}): all {rate} Hz"
        how = {"rate": rate}
        found.append(Proposal("resample", why, 1 - count / len(facts), how, True))
    channels = Counter(one.channels for one in facts)
    if len(channels) > 1:
        why = "some have one channel, some more: the mean of each"
        found.append(Proposal("mono", why, 1 - channels[1] / len(facts)))
    padded = sum(one.silence > PADDED for one in facts if one.peak >= MUTE)
    if padded:
        why = "more than half of some is silence: it is cut off both ends"
        found.append(Proposal("trim_silence", why, padded / len(facts)))
    levels = [one.loudness for one in facts if one.peak >= MUTE]
    if levels and max(levels) - min(levels) > APART:
        why = f"from {min(levels):.0f} to {max(levels):.0f} dB: all {LEVEL} dB"
        found.append(Proposal("normalise", why, 1.0, {"rms": LEVEL}))
    return found
