"""The fonts of pictures: the letters of East Asia are drawn where a font has them."""

from __future__ import annotations

import logging
import warnings
from collections.abc import Iterator
from contextlib import contextmanager

from matplotlib.font_manager import fontManager

__all__ = ["fonts", "unwarned"]

EASTERN = (
    "Noto Sans CJK SC",
    "Noto Sans CJK JP",
    "Source Han Sans SC",
    "WenQuanYi Micro Hei",
    "WenQuanYi Zen Hei",
    "IPAexGothic",
    "IPAGothic",
    "NanumGothic",
    "Droid Sans Fallback",
    "PingFang SC",
    "Hiragino Sans",
    "Apple SD Gothic Neo",
    "Microsoft YaHei",
    "Yu Gothic",
    "MS Gothic",
    "Malgun Gothic",
    "Arial Unicode MS",
)
"""Fonts that have Chinese, Japanese or Korean letters: of Linux, macOS and Windows."""


def fonts() -> list[str]:
    """Return the fonts of a picture: the house's, then those of East Asia there are.

    Examples
    --------
    >>> fonts()[0]
    'DejaVu Sans'
    """
    installed = {font.name for font in fontManager.ttflist}
    return ["DejaVu Sans", *(name for name in EASTERN if name in installed)]


@contextmanager
def unwarned() -> Iterator[None]:
    """Draw without a warning about letters that no font has, or not in bold."""
    log = logging.getLogger("matplotlib.font_manager")

    def is_other(told: logging.LogRecord) -> bool:
        return "Failed to find font weight" not in told.getMessage()

    log.addFilter(is_other)
    try:
        with warnings.catch_warnings():
            warnings.filterwarnings("ignore", "Glyph .* missing from", UserWarning)
            yield
    finally:
        log.removeFilter(is_other)
