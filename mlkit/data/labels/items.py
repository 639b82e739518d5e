"""One row as a labeller shows it: cells as plain text, images and sounds as bytes."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd

from mlkit.core.errors import MlkitError
from mlkit.core.media import KINDS, media
from mlkit.core.schema import Column, Schema

__all__ = ["cells_of", "media_of", "written"]

LONGEST = 20_000
COLUMNS = 80
SIDE, SMALL = 1200, 160
SOUNDS = (
    (b"RIFF", "audio/wav"),
    (b"fLaC", "audio/flac"),
    (b"OggS", "audio/ogg"),
    (b"ID3", "audio/mpeg"),
    (b"\xff\xfb", "audio/mpeg"),
    (b"\xff\xf3", "audio/mpeg"),
)
HIDDEN = frozenset({"target", "private", "flag"})


def cells_of(table: pd.DataFrame, place: int) -> list[dict[str, str]]:
    """Return the cells of a row that a labeller may see: name, type and text.

    The target, private columns and flags stay out; at most 80 columns are shown, and
    20,000 characters of a text.

    Parameters
    ----------
    table
        Cleaned rows.
    place
        The row's place.

    Examples
    --------
    >>> cells_of(pd.DataFrame({"x": [1.5, 2.0]}), 1)
    [{'name': 'x', 'type': 'number', 'text': '2'}]
    """
    shown = [c for c in Schema.of(table) if _plain(c)][:COLUMNS]
    row = table.iloc[place]
    return [
        {"name": c.name, "type": c.type, "text": written(row[c.name])} for c in shown
    ]


def media_of(
    table: pd.DataFrame, place: int, *, small: bool = False
) -> list[tuple[dict[str, str], bytes]]:
    """Return the images and sounds of a row: name, type and media type, and bytes.

    Parameters
    ----------
    table
        Cleaned rows.
    place
        The row's place.
    small
        Whether a thumbnail will do; then sounds are left out.
    """
    found = []
    for column in Schema.of(table):
        cell = table[column.name].iloc[place]
        is_sound = column.type == "audio"
        if not (is_sound or column.type == "image") or HIDDEN.intersection(
            column.roles
        ):
            continue
        if not isinstance(cell, str) or (small and is_sound):
            continue
        told = {"name": column.name, "type": column.type}
        try:
            data = media().get(cell)
            mime, data = _sound(data) if is_sound else _image(data, small)
            found.append(({**told, "mime": mime}, data))
        except MlkitError as error:
            found.append(({**told, "mime": "", "text": str(error.what)}, b""))
    return found


def written(cell: Any) -> str:
    """Return a cell as a person would write it; "" where it is missing.

    Examples
    --------
    >>> written(3.0), written(pd.Timestamp("2026-01-31")), written(None), written("a")
    ('3', '2026-01-31', '', 'a')
    >>> written(np.zeros(3))
    '[0. 0. 0.]'
    """
    if pd.api.types.is_scalar(cell) and pd.isna(cell):
        return ""
    if isinstance(cell, float | np.floating):
        return f"{cell:.10g}"
    if isinstance(cell, pd.Timestamp):
        return str(cell).removesuffix(" 00:00:00")
    text = str(cell)
    return text if len(text) <= LONGEST else text[: LONGEST - 1] + "…"


def _plain(column: Column) -> bool:
    media_ = column.type in KINDS
    return not media_ and not HIDDEN.intersection(column.roles)


def _sound(data: bytes) -> tuple[str, bytes]:
    kinds = [mime for start, mime in SOUNDS if data.startswith(start)]
    return (kinds or ["audio/mpeg"])[0], data


def _image(data: bytes, small: bool) -> tuple[str, bytes]:
    """Return a PNG that is no larger than it is shown."""
    from PIL import Image

    from mlkit.core.pictures import opened, plain
    from mlkit.core.pictures import written as as_png

    side = SMALL if small else SIDE
    image = plain(opened(data, side))
    if max(image.size) > side:
        image.thumbnail((side, side), Image.Resampling.LANCZOS)
    return "image/png", as_png(image)
