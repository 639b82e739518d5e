"""Images and sounds in requests: base64 or bytes, and how large they may be.

A cell is weighed by what its head says before anything of it is unpacked: a few bytes
may claim to be a very large picture.
"""

from __future__ import annotations

import hashlib
import io
import wave
from contextlib import suppress
from typing import TYPE_CHECKING, Any

import msgspec
import numpy as np
from numpy.typing import NDArray

from mlkit.core.errors import InputError

if TYPE_CHECKING:
    from mlkit.product.serving.reader import Reader

__all__ = ["Cell", "decoded", "example", "taken", "weigh"]

Floats = NDArray[np.float32]
PIXELS, JPEG = 24 * 2**20, 48 * 2**20
"""Of one image; of a JPEG, which is read small, what telephones take at most."""
SECONDS, SAMPLES, RATE = 300.0, 300 * 96_000, 384_000
"""Of one sound, the samples of all channels together."""


class Cell:
    """An image or a sound as it was given.

    Parameters
    ----------
    given
        Base64 text, which may be a data URL, or bytes.

    Attributes
    ----------
    data
        Its bytes, once they are decoded.
    by, told
        What read it, and the numbers that it was read as, shape (width,).
    """

    __slots__ = ("by", "data", "given", "told")

    def __init__(self, given: str | bytes) -> None:
        self.given: str | bytes | None = given
        self.data = given if isinstance(given, bytes) else b""
        self.by: Reader | None = None
        self.told: Floats | None = None

    def __str__(self) -> str:
        """Return the digest by which a table would know it."""
        return hashlib.sha256(self.data).hexdigest()


def taken(_: type, given: Any) -> Cell:
    """Return a cell of what came in, for msgspec.

    Raises
    ------
    TypeError
        Where it is neither text nor bytes.
    """
    if isinstance(given, str | bytes):
        return Cell(given)
    raise TypeError(f"Expected `str | null`, got `{type(given).__name__}`")


def decoded(text: str) -> bytes:
    """Return the bytes of a base64 text, or of a data URL that holds one.

    Parameters
    ----------
    text
        Blanks between its letters are passed over.

    Raises
    ------
    ValueError
        Where it is no base64.

    Examples
    --------
    >>> decoded("aGk="), decoded("data:text/plain;base64,aGk=")
    (b'hi', b'hi')
    """
    if text[:5] == "data:":
        head, comma, text = text.partition(",")
        if not comma or not head.lower().endswith(";base64"):
            raise ValueError("this data URL holds no base64")
    for tried in (text, "".join(text.split())):
        with suppress(msgspec.ValidationError):
            return msgspec.convert(tried, bytes)  # six times as fast as binascii
    raise ValueError("this is no base64")


def weigh(kind: str, data: bytes) -> float:
    """Return how large an image or sound is, as a share of what one may be.

    Parameters
    ----------
    kind
        ``image`` or ``audio``.
    data
        A file.

    Raises
    ------
    InputError
        Where it is none, or larger.
    """
    if kind == "image":
        from mlkit.core.pictures import measured as sides

        wide, high = sides(data)
        most = JPEG if data[:2] == b"\xff\xd8" else PIXELS
        share, got = wide * high / most, f"{wide:,} × {high:,} pixels"
        expected = f"at most {most:,} pixels"
    else:
        from mlkit.core.sounds import measured as lengths

        frames, channels, rate = lengths(data)
        share = max(frames / rate / SECONDS, frames * channels / SAMPLES)
        share = share if rate <= RATE else rate / RATE
        got = f"{frames / rate:,.0f} s of {channels} channels at {rate:,} Hz"
        expected = f"at most {SECONDS:.0f} s, {SAMPLES:,} samples, {RATE:,} Hz"
    if share > 1:
        raise InputError("this is too large", got=got, expected=expected)
    return share


def example(kind: str) -> bytes:
    """Return a small image or sound: a grey square, or a fiftieth of a second of hum.

    Parameters
    ----------
    kind
        ``image`` or ``audio``.
    """
    if kind == "image":
        from PIL import Image

        from mlkit.core.pictures import written

        return written(Image.new("RGB", (8, 8), (128, 128, 128)))
    buffer = io.BytesIO()
    with wave.open(buffer, "wb") as file:
        file.setnchannels(1)
        file.setsampwidth(2)
        file.setframerate(8000)
        hum = 8000 * np.sin(np.arange(160) * (2 * np.pi * 100 / 8000))
        file.writeframes(hum.astype("<i2").tobytes())
    return buffer.getvalue()
