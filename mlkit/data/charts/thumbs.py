"""Images and sounds in a line of a table: a small picture instead of a digest."""

from __future__ import annotations

from typing import Any

import numpy as np

from mlkit.core.audible import log_mel
from mlkit.core.media import data_uri
from mlkit.core.pictures import written
from mlkit.data.charts.cards import Made
from mlkit.data.charts.media import sound_of, tile, tones

__all__ = ["tag", "thumb"]

LONG, LOUD = 160, 64
FLOOR = 70.0


def thumb(cell: str, kind: str) -> bytes:
    """Return a small PNG of an image, or the mel spectrogram of a sound.

    Parameters
    ----------
    cell
        A digest; what cannot be read is grey.
    kind
        ``image`` or ``audio``.

    Examples
    --------
    >>> from PIL import Image
    >>> from mlkit.core.media import media
    >>> from mlkit.core.pictures import opened
    >>> digest = media().put(written(Image.new("L", (8, 8))))
    >>> opened(thumb(digest, "image")).size, opened(thumb(digest, "audio")).size
    ((96, 96), (160, 64))
    """
    from PIL import Image

    if kind == "image":
        return written(Image.fromarray(tile(cell)))
    samples, rate = sound_of(cell)
    levels = log_mel(samples, rate)[::-1] if len(samples) > 1 else np.full((1, 1), -80)
    shown = tones()(levels / FLOOR + 1, bytes=True)[..., :3]
    return written(Image.fromarray(shown).resize((LONG, LOUD)))


def tag(cell: Any, kind: str, wide: int = 0) -> Made:
    """Return a cell as a small picture in HTML, "(missing)" where there is none.

    Parameters
    ----------
    cell
        A digest, or what stands for a missing cell.
    kind
        ``image`` or ``audio``.
    wide
        Pixels; 0 takes what suits a line of a table.
    """
    if not isinstance(cell, str):
        return Made("(missing)")
    told = "an image"
    if kind == "audio":
        samples, rate = sound_of(cell)
        told = f"a sound of {len(samples) / rate:.2g} s"
    wide = wide or (56 if kind == "image" else 112)
    source = data_uri(thumb(cell, kind), "image/png")
    return Made(
        f'<img src="{source}" width="{wide}" alt="{told}" title="{told}" '
        'style="display:block;margin:0">'
    )
