"""Text made plain: lower-case words between single blanks, which any reader can split.

A packaged model takes text in this form; the rule is here, and needs nothing but
Python. What a word is, Unicode says: letters and digits, with an apostrophe within.
Chinese and Japanese put no blanks between words: there each sign is one, and pairs of
neighbours say the rest.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from itertools import islice, pairwise
from typing import Any

__all__ = ["MOST", "grams", "plain", "spans"]

MOST = 4000
SIGN = "\u3040-\u30ff\u3400-\u4dbf\u4e00-\u9fff\uf900-\ufaff"
WORD = re.compile(rf"[{SIGN}]|[^\W_{SIGN}]+(?:['’][^\W_{SIGN}]+)*")


def plain(text: Any, pieces: bool = False) -> str:
    """Return a text's words, at most `MOST`; what is missing has none.

    Parameters
    ----------
    text
        A cell; what is no text is read as one, None and NaN as none.
    pieces
        Whether pieces of three letters follow, each behind a ``#``, for short texts
        in which a part of a word says much.

    Examples
    --------
    >>> plain("Good, GOOD film!"), plain(None)
    ('good good film', '')
    >>> plain("好电影 A+")
    '好 电 影 a'
    >>> plain("No", pieces=True)
    'no . #<no #no>'
    """
    if text is None or text != text:
        return ""
    words = [one.group() for one in islice(WORD.finditer(str(text).lower()), MOST)]
    if not pieces or not words:
        return " ".join(words)
    found: list[str] = []
    for word in words:
        whole = f"<{word}>"
        found += [f"#{whole[at : at + 3]}" for at in range(len(whole) - 2)]
    return " ".join([*words, ".", *found[:MOST]])


def grams(text: str) -> list[str]:
    """Return the words, the pairs of neighbours and the pieces of a plain text.

    Examples
    --------
    >>> grams("good film . #goo")
    ['good', 'film', '#goo', 'good film']
    """
    words, _, rest = text.partition(" . ")
    if not words:
        return []
    single = words.split(" ")
    pairs = [f"{a} {b}" for a, b in pairwise(single)]
    return [*single, *(rest.split(" ") if rest else []), *pairs]


def spans(text: str) -> Iterator[tuple[int, int, str]]:
    """Yield where each word of a text begins and ends, and what `plain` makes of it.

    Examples
    --------
    >>> list(spans("So GOOD!"))
    [(0, 2, 'so'), (3, 7, 'good')]
    """
    small = text.lower()
    place: Sequence[int] = range(len(text) + 1)
    if len(small) != len(text):  # a few letters become two
        each = [at for at, sign in enumerate(text) for _ in sign.lower()]
        place = [*each, len(text)]
    for one in islice(WORD.finditer(small), MOST):
        start, end = one.span()
        yield place[start], max(place[end], place[end - 1] + 1), one.group()
