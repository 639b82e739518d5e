"""What images and sounds were like when the model was made, in a few numbers each.

Of an image its light, colour, sharpness and size, of a sound its length, loudness,
silence and the middle of its tones; and how it lies along the few directions in which
the reference's own differ most, so that other content is seen as well. An image or a
sound itself is not kept: only quantiles are, a mean, and the directions.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from math import log10
from threading import Lock
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from mlkit.core.audible import BANDS, HIGHEST, LOWEST
from mlkit.core.descriptors import PARTS, describe
from mlkit.core.media import KINDS
from mlkit.core.visual import COLOURS, GREY, LEVELS
from mlkit.data.charts.cards import significant
from mlkit.data.media.cells import each, spread
from mlkit.data.media.facts import of_image, of_sound
from mlkit.model.encoding.descriptors import Descriptor

__all__ = ["FACTS", "directions", "measured", "thinned", "unfolded"]

FACTS = {
    "image": ("brightness", "contrast", "colour", "sharpness", "width", "height"),
    "audio": ("seconds", "loudness", "silence", "tone"),
}
"""Of 0 to 1: brightness, contrast, colour (how far apart the channels are), silence
(its share). Width and height in pixels, loudness in dB below full scale, tone in Hz."""
READ: dict[str, Callable[[bytes], Any]] = {"image": of_image, "audio": of_sound}
DIRECTION = {"image": "look", "audio": "timbre"}
ENOUGH = 1000
"""So many images or sounds tell how the rows of a window are."""
MOST, EACH, FEWEST, ROWS, KEPT = 8, 16, 48, 2000, 100_000
BEFORE = PARTS["audio"]["cepstrum"] + PARTS["audio"]["change"]
LEVEL = slice(BEFORE, BEFORE + BANDS)
"""Where a sound's descriptor has its bands."""

Array = NDArray[Any]
Form = dict[str, Any]
MEMO: dict[tuple[str, str], Array | None] = {}
LOCK = Lock()


def measured(
    cells: Sequence[Any] | Array, kind: str, along: Mapping[str, Any] | None = None
) -> dict[str, Array]:
    """Return the numbers of each image or sound, by name an array of shape (rows,).

    Parameters
    ----------
    cells
        Digests; None where one is missing.
    kind
        ``image`` or ``audio``.
    along
        What `directions` returned; None leaves them out.

    Returns
    -------
    dict of float64 arrays
        NaN where a cell is missing or cannot be read.

    Examples
    --------
    >>> from PIL import Image
    >>> from mlkit.core.media import media
    >>> from mlkit.core.pictures import written
    >>> white = media().put(written(Image.new("L", (8, 6), 255)))
    >>> found = measured([white, None], "image")
    >>> found["brightness"].tolist(), found["width"].tolist()
    ([1.0, nan], [8.0, nan])
    """
    values = pd.Series(list(cells), dtype=object)
    told = describe(values.tolist(), kind).astype(np.float64)
    facts = _facts(values, kind)
    made = {name: facts[:, k] for k, name in enumerate(FACTS[kind])}
    name = "colour" if kind == "image" else "tone"
    made[name] = _colour(told) if kind == "image" else _tone(told)
    if along:
        away = told - np.array(along["mean"], np.float64)
        places = away @ np.array(along["axes"], np.float64).T
        for k, place in enumerate(places.T):
            made[f"{DIRECTION[kind]} {k + 1}"] = place
    return made


def thinned(cells: Array, most: int = ENOUGH) -> Array:
    """Return at most so many of some cells, evenly spaced: to read one takes long.

    Examples
    --------
    >>> thinned(np.arange(5), 3).tolist()
    [0, 2, 4]
    """
    if len(cells) <= most:
        return cells
    return np.asarray(cells[np.linspace(0, len(cells) - 1, most).astype(int)])


def directions(cells: Sequence[Any] | Array, kind: str) -> Form | None:
    """Return the directions in which images or sounds differ most; None of too few.

    Parameters
    ----------
    cells
        Digests, shape (rows,).
    kind
        ``image`` or ``audio``.

    Returns
    -------
    dict or None
        ``mean`` (width,) and ``axes`` (directions, width) of the descriptor, as plain
        lists; along each the spread is one.

    Notes
    -----
    Principal components (Pearson 1901) of the descriptor, whose parts are scaled as
    the model's encoder scales them.
    """
    told = describe(list(cells[:ROWS]), kind)
    told = told[~np.isnan(told[:, 0])]
    if len(told) < FEWEST:
        return None
    lies = Descriptor.learn(pd.Series(list(cells[:ROWS]), dtype=object), kind)
    away = ((told - lies.mean) * lies.scale).astype(np.float64)
    _, sizes, axes = np.linalg.svd(away, full_matrices=False)
    units = np.maximum(sizes / len(away) ** 0.5, 1e-9)[:, None]
    whole = (axes / units * lies.scale)[: min(MOST, len(told) // EACH)]
    return {"mean": _short(lies.mean), "axes": [_short(axis) for axis in whole]}


def _short(values: Array) -> list[float]:
    return [significant(float(value), 5) for value in values]


def unfolded(
    forms: Mapping[str, Any], columns: Mapping[str, Any], *, plain: bool = False
) -> Iterator[tuple[str, Any, Any]]:
    """Yield columns with their forms and cells; of images and sounds each number.

    Parameters
    ----------
    forms
        By column what the reference has of it; texts and dates are left out.
    columns
        Cells by column.
    plain
        Whether directions, which say nothing to a person, are left out.
    """
    for name, form in forms.items():
        if name not in columns or form["type"] in ("text", "date"):
            continue
        if form["type"] not in KINDS:
            yield name, form, columns[name]
            continue
        found = measured(columns[name], form["type"], form["along"])
        for what, inner in form["facts"].items():
            if not plain or what in FACTS[form["type"]]:
                yield f"{name}: {what}", inner, found[what]


def _facts(values: pd.Series, kind: str) -> Array:
    """Return the facts of each cell, shape (rows, facts); each is read once."""
    read, names = READ[kind], FACTS[kind]

    def one(data: bytes) -> Array:
        told = read(data)
        found = [getattr(told, name, np.nan) for name in names]
        return np.array(found, np.float32)

    digests = [str(cell) for cell in values.dropna().unique()]
    new = [digest for digest in digests if (kind, digest) not in MEMO]
    made = each(pd.Series(new, dtype=object), one)
    found = {d: made[d] if d in made else MEMO[kind, d] for d in digests}
    with LOCK:
        if len(MEMO) + len(made) > KEPT:
            MEMO.clear()
        MEMO.update({(kind, digest): told for digest, told in made.items()})
    return spread(values, found, len(names)).astype(np.float64)


def _colour(told: Array) -> Array:
    """Return how far the channels lie apart on the mean, of the colours' shares."""
    shares = told[:, GREY : GREY + COLOURS] ** 2
    levels = np.stack(np.unravel_index(np.arange(COLOURS), (LEVELS,) * 3))
    return np.asarray(shares @ (levels.max(axis=0) - levels.min(axis=0)) / (LEVELS - 1))


def _tone(told: Array) -> Array:
    """Return the middle of a sound's power over the mel scale, in Hz."""
    power = 10 ** ((told[:, LEVEL] - 1) * 4)
    low, high = (2595 * log10(1 + end / 700) for end in (LOWEST, HIGHEST))
    mel = np.linspace(low, high, BANDS + 2)[1:-1]
    middle = (power @ mel) / power.sum(axis=1)
    return np.asarray(700 * (10 ** (middle / 2595) - 1))
