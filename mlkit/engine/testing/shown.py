"""What a cell shows, compared as a person would compare it."""

from __future__ import annotations

import html
import json
import math
import re
from collections.abc import Sequence
from functools import partial
from typing import Any

__all__ = ["Shown", "readable"]

_NUMBER = re.compile(r"[-+]?(?:\d+\.?\d*|\.\d+)(?:[eE][-+]?\d+)?")
_UNIT = r"(?:ns|[µμu]s|ms|s|sec|secs|seconds?|min|minutes?)"
_PASSING = re.compile(
    r"\x1b\[[0-9;]*m"  # colours
    r"|\b0x[0-9a-fA-F]{6,16}\b"  # addresses
    r"|(?<!\.)\b(?=\d*[a-f])(?=[a-f]*\d)[0-9a-f]{12}\b(?![-+])"  # identities
    rf"|\b\d+(?:\.\d+)?\s?{_UNIT}\b"  # durations
    r"|\b\d{1,2}:\d\d:\d\d(?:[.,]\d+)?\b"  # times of day
)
_TAGS = re.compile(r"<(style|script)\b.*?</\1>|<!--.*?-->|<[^>]*>", re.S | re.I)
_UNSEEN = ("image/", "application/pdf", "application/javascript", "application/vnd.")


class Shown(str):
    """An output as text, equal to another that a person would call the same.

    White space does not matter, nor how long a thing took, nor an identity of twelve
    letters and digits, which other versions of libraries change. Numbers may differ by
    `tolerance` relatively, and by one in the last of five or more printed digits; whole
    numbers may not differ.

    Parameters
    ----------
    text
        What the cell showed.
    tolerance
        A share, such as 1e-6.

    Examples
    --------
    >>> Shown("loss 0.123456") == Shown("loss  0.123457")
    True
    >>> Shown("3 rows") == Shown("4 rows")
    False
    >>> Shown("model 954e9ff19c4a") == Shown("model 16ed1d547938")
    True
    """

    tolerance: float

    def __new__(cls, text: str, tolerance: float = 1e-6) -> Shown:
        """Take the text."""
        shown = super().__new__(cls, text)
        shown.tolerance = tolerance
        return shown

    def __eq__(self, other: object) -> bool:
        """Compare with tolerance."""
        if not isinstance(other, str):
            return NotImplemented
        if str.__eq__(self, other):
            return True
        mine, theirs = _PASSING.sub("~", self), _PASSING.sub("~", other)
        return _skeleton(mine) == _skeleton(theirs) and all(
            map(
                partial(_near, tolerance=self.tolerance),
                _NUMBER.findall(mine),
                _NUMBER.findall(theirs),
            )
        )

    def __ne__(self, other: object) -> bool:
        """Compare with tolerance."""
        return not self == other

    __hash__ = str.__hash__


def _skeleton(text: str) -> str:
    return re.sub(r"\s+", "", _NUMBER.sub("#", text))


def _near(one: str, other: str, tolerance: float) -> bool:
    if one == other:
        return True
    if _is_whole(one) and _is_whole(other):
        return one.lstrip("+") == other.lstrip("+")
    step = max(_last_place(one), _last_place(other)) * 1.001
    a, b = float(one), float(other)
    return math.isclose(a, b, rel_tol=tolerance, abs_tol=max(step, 1e-12))


def _is_whole(number: str) -> bool:
    return number.lstrip("+-").isdigit()


def _last_place(number: str) -> float:
    """Return the worth of the last printed digit, if five or more are printed."""
    digits, _, power = number.lower().partition("e")
    whole, _, fraction = digits.lstrip("+-").partition(".")
    if len((whole + fraction).lstrip("0")) < 5 or not fraction:
        return 0.0
    return float(10.0 ** (int(power or 0) - len(fraction)))


def readable(outputs: Sequence[Any]) -> list[Any]:
    """Keep of a cell's outputs what a person reads.

    Pictures, widgets and stderr are left out; HTML is taken as the text in it.

    Parameters
    ----------
    outputs
        As in a notebook of format 4.

    Examples
    --------
    >>> from nbformat.v4 import new_output
    >>> one = new_output("display_data", {"text/html": "<b>0.5</b>", "image/png": ""})
    >>> readable([one])[0].data
    {'text/html': ' 0.5 '}
    """
    found = []
    for output in outputs:
        if output.output_type == "stream" and output.name == "stderr":
            continue
        one = type(output)(output)
        if "data" in one:
            data = one.data.items()
            one.data = {k: _text(k, v) for k, v in data if not k.startswith(_UNSEEN)}
        found.append(one)
    return found


def _text(mime: str, value: Any) -> str:
    if not isinstance(value, str):
        return json.dumps(value, sort_keys=True)
    return html.unescape(_TAGS.sub(" ", value)) if mime == "text/html" else value
