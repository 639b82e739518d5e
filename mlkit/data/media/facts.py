"""Plain facts of one image or sound: how large, how bright, how loud."""

from __future__ import annotations

import io
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from mlkit.core.errors import InputError, StoreError
from mlkit.core.media import media
from mlkit.core.pictures import FORMATS, opened, plain
from mlkit.core.sounds import heard

__all__ = ["UNREAD", "ImageFacts", "SoundFacts", "of_image", "of_sound", "said"]

ENOUGH = 256
ORIENTATION = 0x0112
LONGEST = 600.0
FRAME = 0.02
SILENT = -60.0
CUT = 0.999
RUN = 3
QUIETEST = 1e-6
UNREAD = "not to be read"


@dataclass(frozen=True)
class ImageFacts:
    """What an image is.

    Parameters
    ----------
    width, height
        Pixels, turned upright.
    mode, format
        As Pillow names them: L, RGB, P; PNG, JPEG.
    turned
        Whether its EXIF data turn it.
    frames
        How many there are in it.
    brightness, contrast
        Mean and standard deviation of its grey levels, in 0 to 1.
    sharpness
        The variance of its Laplacian, at about 256 pixels a side.
    """

    width: int
    height: int
    mode: str
    format: str
    turned: bool
    frames: int
    brightness: float
    contrast: float
    sharpness: float


@dataclass(frozen=True)
class SoundFacts:
    """What a sound is.

    Parameters
    ----------
    seconds, rate, channels
        How long; samples a second; how many channels.
    kind
        As libsndfile names it, such as ``WAV PCM_16``.
    peak, loudness
        The loudest sample and the root mean square, in dB below full scale.
    silence
        The share of 20 ms frames below -60 dB.
    clipped
        The share of samples in runs of three or more at full scale.
    """

    seconds: float
    rate: int
    channels: int
    kind: str
    peak: float
    loudness: float
    silence: float
    clipped: float


def of_image(data: bytes) -> ImageFacts:
    """Return the facts of an image.

    Parameters
    ----------
    data
        An image file.

    Notes
    -----
    Sharpness: Pech-Pacheco et al., "Diatom autofocusing in brightfield microscopy",
    ICPR 2000.

    Examples
    --------
    >>> from PIL import Image
    >>> from mlkit.core.pictures import written
    >>> found = of_image(written(Image.new("L", (30, 20), 255)))
    >>> found.width, found.mode, found.brightness, found.contrast
    (30, 'L', 1.0, 0.0)
    """
    import warnings

    from PIL import Image

    image = plain(opened(data, ENOUGH), "L")
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        head = Image.open(io.BytesIO(data), formats=FORMATS)
        turn = head.getexif().get(ORIENTATION, 1)
    width, height = head.size if turn < 5 else head.size[::-1]
    if max(image.size) > ENOUGH:
        image.thumbnail((ENOUGH, ENOUGH), Image.Resampling.BOX)
    grey = np.asarray(image, dtype=np.float64) / 255
    return ImageFacts(
        *(width, height, head.mode, str(head.format), turn not in (0, 1)),
        *(int(getattr(head, "n_frames", 1)), float(grey.mean()), float(grey.std())),
        _sharpness(grey),
    )


def _sharpness(grey: NDArray[np.float64]) -> float:
    if min(grey.shape) < 3:
        return 0.0
    inner = grey[1:-1, 1:-1]
    around = grey[:-2, 1:-1] + grey[2:, 1:-1] + grey[1:-1, :-2] + grey[1:-1, 2:]
    return float((around - 4 * inner).var())


def of_sound(data: bytes) -> SoundFacts:
    """Return the facts of a sound; how loud it is, of its first ten minutes.

    Parameters
    ----------
    data
        A sound file.

    Examples
    --------
    >>> from mlkit.core.sounds import written
    >>> tone = 0.5 * np.sin(np.arange(8000) / 3).astype(np.float32)[:, None]
    >>> found = of_sound(written(tone, 8000))
    >>> found.seconds, round(found.peak), round(found.loudness), found.silence
    (1.0, -6, -9, 0.0)
    """
    import soundfile

    samples, rate = heard(data, LONGEST)
    told: Any = soundfile.info(io.BytesIO(data))
    loud = np.abs(samples).max(axis=1)
    size = max(int(FRAME * rate), 1)
    frames = np.array_split(samples[:, 0] ** 2, max(len(samples) // size, 1))
    levels = np.array([float(frame.mean()) for frame in frames])
    quiet = levels < 10 ** (SILENT / 10)
    return SoundFacts(
        seconds=told.frames / rate,
        rate=rate,
        channels=samples.shape[1],
        kind=f"{told.format} {told.subtype}",
        peak=_decibels(float(loud.max())),
        loudness=_decibels(float(np.sqrt(np.mean(samples.astype(np.float64) ** 2)))),
        silence=float(quiet.mean()),
        clipped=_clipped(loud),
    )


def _decibels(level: float) -> float:
    return float(20 * np.log10(max(level, QUIETEST)))


def _clipped(loud: NDArray[np.float32]) -> float:
    """Return the share of samples that lie in runs at full scale."""
    full = np.concatenate([[False], loud >= CUT, [False]])
    edges = np.flatnonzero(np.diff(full))
    lengths = edges[1::2] - edges[::2]
    return float(lengths[lengths >= RUN].sum() / len(loud))


def said(digest: str, kind: str) -> str:
    """Say what an image or sound is in a few words; "" of any other cell.

    Examples
    --------
    >>> from PIL import Image
    >>> from mlkit.core.pictures import written
    >>> said(media().put(written(Image.new("L", (30, 20)))), "image"), said("x", "text")
    ('30 × 20 L', '')
    """
    try:
        if kind == "image":
            image = of_image(media().get(digest))
            return f"{image.width} × {image.height} {image.mode}"
        if kind == "audio":
            sound = of_sound(media().get(digest))
            long, loud = f"{sound.seconds:.2g} s", f"{sound.loudness:.0f} dB"
            return f"{long} at {sound.rate:,} Hz, {loud}"
    except (InputError, StoreError):
        return UNREAD
    return ""
