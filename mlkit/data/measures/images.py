"""Measures, alerts and pictures of a column of images."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

import numpy as np
import pandas as pd

from mlkit.core.schema import Column
from mlkit.data.charts.cards import many
from mlkit.data.charts.media import sheet
from mlkit.data.charts.style import Picture
from mlkit.data.measures.alert import Alert, accept, share
from mlkit.data.measures.media import facts_of, likeness, spread, unread

__all__ = ["alerts", "describe", "picture"]

BLANK = 0.01
DARK, BRIGHT = 0.05, 0.95
BLURRED = 0.05
LONG = 4.0


def describe(values: pd.Series) -> dict[str, Any]:
    """Return the measures of images: sizes, modes, light, likenesses.

    Up to 5,000 images, evenly spaced, are looked at.

    Parameters
    ----------
    values
        Digests, NaN where missing.

    Examples
    --------
    >>> from PIL import Image
    >>> from mlkit.core.media import media
    >>> from mlkit.core.pictures import written
    >>> black = media().put(written(Image.new("L", (8, 6))))
    >>> found = describe(pd.Series([black, black, None]))
    >>> found["distinct"], found["sizes"], found["blank"]
    (1, {'8 × 6': 1}, 1)
    """
    known = values.dropna()
    facts, gone = facts_of(values, "image"), unread(values, "image")
    if not facts:
        return {"distinct": int(known.nunique()), "looked_at": 0, "unread": gone}
    sizes = Counter(f"{one.width} × {one.height}" for one in facts)
    middle = [np.median([getattr(o, side) for o in facts]) for side in _SIDES]
    areas = sorted(facts, key=lambda one: one.width * one.height)
    ends = [f"{one.width} × {one.height}" for one in (areas[0], areas[-1])]
    return {
        "distinct": int(known.nunique()),
        "looked_at": len(facts),
        "unread": gone,
        "ends": [ends[0], f"{middle[0]:g} × {middle[1]:g}", ends[1]],
        "sizes": dict(sizes.most_common(8)),
        "sizes_distinct": len(sizes),
        "width": spread([one.width for one in facts]),
        "height": spread([one.height for one in facts]),
        "aspect": spread([one.width / one.height for one in facts]),
        "modes": dict(Counter(one.mode for one in facts).most_common()),
        "formats": dict(Counter(one.format for one in facts).most_common()),
        "brightness": spread([one.brightness for one in facts]),
        "contrast": spread([one.contrast for one in facts]),
        "sharpness": spread([one.sharpness for one in facts]),
        "blank": sum(one.contrast < BLANK for one in facts),
        "dark": sum(one.brightness < DARK and one.contrast >= BLANK for one in facts),
        "bright": sum(
            one.brightness > BRIGHT and one.contrast >= BLANK for one in facts
        ),
        "blurred": _blurred([one.sharpness for one in facts]),
        "turned": sum(one.turned for one in facts),
        "moving": sum(one.frames > 1 for one in facts),
    } | likeness(values, "image")


_SIDES = ("width", "height")


def _blurred(sharpness: Sequence[float]) -> int:
    usual = float(np.median(sharpness))
    return sum(0 < value < BLURRED * usual for value in sharpness)


def alerts(values: pd.Series, column: Column) -> Iterator[Alert]:
    """Yield what is odd about images.

    Parameters
    ----------
    values
        Digests, NaN where missing.
    column
        Its type and roles.
    """
    name, told = column.name, describe(values)
    yield from broken(name, told, "image")
    if not told["looked_at"]:
        return
    yield from _of_shapes(name, told)
    yield from _of_light(name, told)
    yield from copies(name, told, "image")
    if told["turned"]:
        yield Alert(
            *("turned images", name, "note"),
            f"{share(told['turned'], told['looked_at'])} are turned by their EXIF data",
            "mlkit shows and cleans them upright; other programs may not",
        )
    if told["moving"]:
        yield Alert(
            *("moving images", name, "note"),
            f"{share(told['moving'], told['looked_at'])} have more than one frame",
            "the first frame is taken",
        )


def _of_shapes(name: str, told: Mapping[str, Any]) -> Iterator[Alert]:
    widest = max(told["aspect"]["max"], 1 / max(told["aspect"]["min"], 1e-9))
    if widest > LONG:
        yield Alert(
            *("odd shapes", name, "note"),
            f"the longest is {widest:.1f} times as long as it is wide",
            "a square crop or fit changes such images most: look at them",
        )


def _of_light(name: str, told: Mapping[str, Any]) -> Iterator[Alert]:
    kinds = {
        "blank": ("blank images", "have one tone all over"),
        "dark": ("dark images", "are nearly black"),
        "bright": ("bright images", "are nearly white"),
        "blurred": ("blurred images", "are far less sharp than is usual here"),
    }
    for key, (kind, what) in kinds.items():
        if told[key]:
            yield Alert(
                *(kind, name, "look" if key == "blank" else "note"),
                f"{share(told[key], told['looked_at'])} {what}",
                "look at them: is there anything to learn from?",
            )


def broken(name: str, told: Mapping[str, Any], kind: str) -> Iterator[Alert]:
    """Yield an alert on what cannot be read.

    Parameters
    ----------
    name
        The column.
    told
        Its measures.
    kind
        ``image`` or ``sound``, for the words.
    """
    if told["unread"]:
        whole = told["unread"] + told["looked_at"]
        yield Alert(
            *(f"broken {kind}s", name, "serious"),
            f"{share(told['unread'], whole)} cannot be read",
            "nothing can be learnt from them: mend the source, or leave the rows out",
        )


def copies(name: str, told: Mapping[str, Any], kind: str) -> Iterator[Alert]:
    """Yield alerts on exact copies and near-duplicates.

    Parameters
    ----------
    name
        The column.
    told
        Its measures.
    kind
        ``image`` or ``sound``, for the words.
    """
    if told["copies"]:
        yield Alert(
            *(f"{kind}s twice", name, "look"),
            f"{many(told['copies'], 'row')} hold the very {kind} of an earlier row",
            "copies on both sides of a split flatter a model",
        )
    if told["near_rows"]:
        yield Alert(
            *("near duplicates", name, "look"),
            f"{many(told['near_rows'], kind)} of {told['compared']:,} nearly equal "
            "another one",
            "near copies on both sides of a split flatter a model: a click flags all "
            "but the first",
            accept("near duplicates"),
        )


def picture(values: pd.Series, classes: Sequence[Any] | None = None) -> Picture:
    """Draw a contact sheet, by class where classes are given.

    Parameters
    ----------
    values
        Digests, NaN where missing.
    classes
        The class of each row.
    """
    return sheet(values, classes)
