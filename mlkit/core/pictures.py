"""Images as bytes: read one upright, and the operations that clean one.

The same bytes give the same bits on every request: an operation looks at one image
and nothing else, and writes PNG, which loses nothing. What cannot be read is missing.

==========  ===================  =================================================
op          takes                does
==========  ===================  =================================================
resize      side, keep, pad      makes it side × side pixels; its aspect is kept,
                                 the rest filled with the grey `pad`, unless `keep`
                                 is False
smooth      radius, by           evens out noise: ``gaussian`` or ``median``
mode        mode                 turns it into grey, ``L``, or colour, ``RGB``
==========  ===================  =================================================
"""

from __future__ import annotations

import io
import warnings
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

import numpy as np

from mlkit.core.errors import InputError, did_you_mean
from mlkit.core.values import Array

if TYPE_CHECKING:
    from PIL.Image import Image

__all__ = [
    "FORMATS",
    "OPERATIONS",
    "apply",
    "measured",
    "opened",
    "plain",
    "written",
]

FORMATS = ("BMP", "GIF", "JPEG", "PNG", "TIFF", "WEBP")
MOST = 100_000_000
WHITE = 255
CONVERT = "convert it to PNG or JPEG; BMP, GIF, TIFF and WEBP are read, too"


def measured(data: bytes) -> tuple[int, int]:
    """Return the width and height that an image's head tells; nothing is unpacked.

    Parameters
    ----------
    data
        A file of one of `FORMATS`.

    Raises
    ------
    InputError
        Where it is none, or has more than 100 million pixels.

    Examples
    --------
    >>> from PIL import Image
    >>> measured(written(Image.new("L", (3, 2))))
    (3, 2)
    """
    with _begun(data) as image:
        return image.width, image.height


def opened(data: bytes, about: int = 0) -> Image:
    """Return an image as it is to be seen: turned upright, of a movie the first frame.

    Parameters
    ----------
    data
        A file of one of `FORMATS`.
    about
        About how many pixels a side are enough; 0 for all. A large JPEG is read many
        times faster where few are.

    Raises
    ------
    InputError
        Where it is none, is torn, or has more than 100 million pixels.

    Examples
    --------
    >>> from PIL import Image
    >>> opened(written(Image.new("L", (3, 2)))).size
    (3, 2)
    """
    from PIL import ImageOps

    with _begun(data) as image:
        if about and image.format == "JPEG":
            image.draft(None, (about, about))
        image.load()
        return ImageOps.exif_transpose(image)


@contextmanager
def _begun(data: bytes) -> Iterator[Any]:
    """Read the head of an image; whatever goes wrong with it is an InputError."""
    from PIL import Image, UnidentifiedImageError

    if not data:
        raise InputError("this image cannot be read", got="an empty file")
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            image = Image.open(io.BytesIO(data), formats=FORMATS)
            if image.width * image.height > MOST:
                raise _unread(f"{image.width:,} × {image.height:,} pixels")
            yield image
    except UnidentifiedImageError:
        got = f"no image in a known format, it begins with {str(data[:12])[1:]}"
        raise _unread(got, CONVERT) from None
    except Image.DecompressionBombError:
        raise _unread("it would unpack to far too many pixels") from None
    except InputError:
        raise
    except Exception as error:  # Pillow's readers raise what they like on torn files
        raise _unread(str(error)[:80] or type(error).__name__) from None


def _unread(got: str, todo: str = "") -> InputError:
    return InputError("this image cannot be read", got=got, todo=todo)


def plain(image: Image, mode: str = "RGB") -> Image:
    """Return an image in grey or colour, 8 bits deep, what is clear made white.

    Parameters
    ----------
    image
        Of any mode; 16 bits are scaled to 8.
    mode
        ``L`` or ``RGB``.

    Examples
    --------
    >>> from PIL import Image
    >>> plain(Image.new("RGBA", (1, 1), (0, 0, 0, 0)), "L").getpixel((0, 0))
    255
    """
    from PIL import Image

    if image.mode in ("I", "F") or image.mode.startswith("I;"):
        image = _shallow(image)
    if image.mode in ("RGBA", "LA", "PA") or "transparency" in image.info:
        clear = image.convert("RGBA")
        ground = Image.new("RGBA", clear.size, (WHITE,) * 4)
        image = Image.alpha_composite(ground, clear).convert("RGB")
    return image if image.mode == mode else image.convert(mode)


def _shallow(image: Image) -> Image:
    """Scale 16 bits, or whatever range there is beyond 8, to 8 bits."""
    from PIL import Image

    levels = np.nan_to_num(np.asarray(image, dtype=np.float64))
    deepest = float(levels.max(initial=0.0))
    most = 1.0 if image.mode == "F" and deepest <= 1 else 255.0
    if deepest > most:
        most = max(deepest, 65535.0)
    made = np.clip(levels / most * 255, 0, 255).round().astype(np.uint8)
    return Image.fromarray(made)


def written(image: Image) -> bytes:
    """Return an image as a PNG file with nothing in it but the pixels."""
    from PIL import Image

    bare = Image.frombytes(image.mode, image.size, image.tobytes())
    buffer = io.BytesIO()
    bare.save(buffer, "PNG", compress_level=6)
    return buffer.getvalue()


def apply(operation: Mapping[str, Any], cells: Sequence[bytes | None] | Array) -> Array:
    """Play one operation on images.

    Parameters
    ----------
    operation
        A JSON dict ``{"op", ...}``, see the top of this module.
    cells
        The bytes of each image; None where it is missing.

    Returns
    -------
    array of objects
        PNG files as bytes; None where a cell was missing or cannot be read.

    Raises
    ------
    InputError
        For an unknown operation.

    Examples
    --------
    >>> from PIL import Image
    >>> wide = written(Image.new("L", (40, 10)))
    >>> small, gone = apply({"op": "resize", "side": 8}, [wide, None])
    >>> opened(small).size, gone
    ((8, 8), None)
    """
    play = OPERATIONS.get(operation["op"])
    if play is None:
        raise InputError(
            f"unknown operation on images {operation['op']!r}",
            todo=did_you_mean(operation["op"], OPERATIONS),
        )
    made = np.empty(len(cells), dtype=object)
    for place, cell in enumerate(cells):
        made[place] = _played(play, operation, cell)
    return made


def _played(
    play: Callable[[Image, Mapping[str, Any]], Image],
    how: Mapping[str, Any],
    cell: bytes | None,
) -> bytes | None:
    if not isinstance(cell, bytes):
        return None
    try:
        image = opened(cell)
    except InputError:
        return None
    return written(play(_eight_bits(image), how))


def _eight_bits(image: Image) -> Image:
    grey = image.mode in ("1", "L", "LA", "I", "F") or image.mode.startswith("I;")
    return plain(image, "L" if grey else "RGB")


def _resize(image: Image, how: Mapping[str, Any]) -> Image:
    from PIL import Image, ImageOps

    size = (int(how["side"]),) * 2
    if not how.get("keep", True):
        return image.resize(size, Image.Resampling.BILINEAR)
    pad = int(how.get("pad", 0))
    tone = pad if image.mode == "L" else (pad,) * 3
    return ImageOps.pad(image, size, Image.Resampling.BILINEAR, color=tone)


def _smooth(image: Image, how: Mapping[str, Any]) -> Image:
    from PIL import ImageFilter

    radius = float(how.get("radius", 1))
    if how.get("by", "gaussian") == "median":
        return image.filter(ImageFilter.MedianFilter(2 * max(round(radius), 1) + 1))
    return image.filter(ImageFilter.GaussianBlur(radius))


def _mode(image: Image, how: Mapping[str, Any]) -> Image:
    return plain(image, how.get("mode", "L"))


OPERATIONS: Mapping[str, Callable[[Image, Mapping[str, Any]], Image]] = {
    "resize": _resize,
    "smooth": _smooth,
    "mode": _mode,
}
