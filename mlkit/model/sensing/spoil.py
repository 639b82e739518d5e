"""Images and sounds made worse: grain, blur and darkness; hiss, and ends cut off."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from mlkit.model.sensing.small import Sound, column, image_of, sound_of

if TYPE_CHECKING:
    from PIL.Image import Image

__all__ = ["KINDS", "blurred", "cut", "darkened", "grained", "hissing", "spoilt"]

KINDS = {
    "grain": "noise on every pixel, in shares of the full range",
    "blur": "images blurred, by a share of their side",
    "dark": "images with a share of their light gone",
    "hiss": "noise under sounds, in shares of their loudness",
    "cut": "sounds without a share of their end",
}
Change = Callable[[Any, float, np.random.Generator], Any]


def spoilt(
    table: pd.DataFrame, media: Mapping[str, str], rng: np.random.Generator
) -> Iterator[tuple[str, str, dict[str, Any]]]:
    """Yield ways to make images and sounds worse: kind, how much, and the columns.

    Parameters
    ----------
    table
        Cleaned rows.
    media
        ``image`` or ``audio`` by column; none yields nothing.
    rng
        Where chance comes from.

    Notes
    -----
    Images are first made small: the noise of one pixel of a large photograph says
    nothing.
    """
    for kind, read, ways in (("image", image_of, IMAGES), ("audio", sound_of, SOUNDS)):
        names = [name for name, other in media.items() if other == kind]
        cells = {name: [read(cell) for cell in table[name]] for name in names}
        for way, change, share in ways if names else ():
            made = {
                name: [c if c is None else change(c, share, rng) for c in given]
                for name, given in cells.items()
            }
            yield way, f"{share:.0%}", {n: column(c, kind) for n, c in made.items()}


def grained(image: Image, share: float, rng: np.random.Generator) -> Image:
    """Put noise on every pixel, a share of the full range in standard deviations.

    Examples
    --------
    >>> from PIL import Image
    >>> grey = Image.new("RGB", (8, 8), (128, 128, 128))
    >>> made = np.asarray(grained(grey, 0.1, np.random.default_rng(0)))
    >>> made.shape, int(np.abs(made.mean() - 128)) < 10, bool(made.std() > 10)
    ((8, 8, 3), True, True)
    """
    from PIL import Image

    levels = np.asarray(image, np.float64)
    noise = rng.normal(0, 255 * share, levels.shape[:2])[..., None]
    return Image.fromarray(np.clip(levels + noise, 0, 255).round().astype(np.uint8))


def blurred(image: Image, share: float, _: np.random.Generator) -> Image:
    """Blur an image by a share of its longer side."""
    from PIL import ImageFilter

    return image.filter(ImageFilter.GaussianBlur(share * max(image.size)))


def darkened(image: Image, share: float, _: np.random.Generator) -> Image:
    """Take a share of the light away.

    Examples
    --------
    >>> from PIL import Image
    >>> white = Image.new("RGB", (1, 1), (200, 200, 200))
    >>> darkened(white, 0.5, np.random.default_rng(0)).getpixel((0, 0))
    (100, 100, 100)
    """
    return image.point(lambda level: round(level * (1 - share)))


def hissing(sound: Sound, share: float, rng: np.random.Generator) -> Sound:
    """Put noise under a sound, a share of its loudness.

    Examples
    --------
    >>> tone = np.sin(np.arange(8000.0) / 3).astype(np.float32)[:, None]
    >>> made, rate = hissing((tone, 8000), 0.1, np.random.default_rng(0))
    >>> round(float(np.std(made - tone) / np.std(tone)), 2), rate
    (0.1, 8000)
    """
    samples, rate = sound
    loud = float(np.sqrt(np.mean(samples.astype(np.float64) ** 2)))
    noise = rng.normal(0, share * loud, samples.shape)
    return (samples + noise).astype(np.float32), rate


def cut(sound: Sound, share: float, _: np.random.Generator) -> Sound:
    """Leave a share of a sound's end out.

    Examples
    --------
    >>> ones = np.ones((8, 1), np.float32)
    >>> cut((ones, 8000), 0.25, np.random.default_rng(0))[0].shape
    (6, 1)
    """
    samples, rate = sound
    return samples[: max(round(len(samples) * (1 - share)), 1)], rate


IMAGES: tuple[tuple[str, Change, float], ...] = (
    *(("grain", grained, share) for share in (0.05, 0.1, 0.25)),
    *(("blur", blurred, share) for share in (0.02, 0.05, 0.1)),
    *(("dark", darkened, share) for share in (0.25, 0.5, 0.75)),
)
SOUNDS: tuple[tuple[str, Change, float], ...] = (
    *(("hiss", hissing, share) for share in (0.03, 0.1, 0.3)),
    *(("cut", cut, share) for share in (0.1, 0.25, 0.5)),
)
