"""Word pieces: the alphabet of small language models (Wu and others 2016).

Text is made plain as BERT's uncased models want it (Devlin and others 2019), and each
word is cut into the longest pieces that the vocabulary has. Rule and vocabulary are
here, and need nothing but Python; the vocabulary is BERT's, of the Apache License 2.0,
which lies beside it.
"""

from __future__ import annotations

import unicodedata
from collections.abc import Iterator
from functools import cache
from pathlib import Path
from typing import Any

__all__ = ["MOST", "wordpieces"]

MOST = 128
LETTERS, LONGEST = 16, 100
LOST = {"Mn", "Cc", "Cf", "Co", "Cs"}
UNKNOWN, FIRST, LAST = "[UNK]", "[CLS]", "[SEP]"
SIGNS = (
    (0x3400, 0x4DBF),
    (0x4E00, 0x9FFF),
    (0xF900, 0xFAFF),
    (0x20000, 0x2CEAF),
    (0x2F800, 0x2FA1F),
)


def wordpieces(text: Any, most: int = MOST) -> list[int]:
    """Return the numbers of a text's word pieces, its beginning and end marked.

    Parameters
    ----------
    text
        A cell; what is missing has no words.
    most
        So many pieces at most, the marks included: of a longer text the beginning and
        the end are read (Sun and others 2019).

    Examples
    --------
    >>> wordpieces("Good film!"), wordpieces(None)
    ([101, 2204, 2143, 999, 102], [101, 102])
    """
    place = _vocabulary()
    told = "" if text is None or text != text else str(text)
    if len(told) > LETTERS * most:
        end = LETTERS * most // 2
        told = f"{told[:end]} {told[-end:]}"
    found = [piece for word in _words(told) for piece in _pieces(word)]
    if len(found) > most - 2:
        last = (most - 2) // 2
        found = [*found[: most - 2 - last], *found[len(found) - last :]]
    return [place[FIRST], *found, place[LAST]]


def _words(text: str) -> Iterator[str]:
    """Yield words and marks in small letters without accents."""
    word = ""
    for sign in unicodedata.normalize("NFD", text).lower():
        kind = unicodedata.category(sign)
        if kind[0] == "Z" or sign in "\t\n\r":
            if word:
                yield word
            word = ""
        elif kind in LOST or sign == "\ufffd":
            continue
        elif _alone(sign, kind):
            if word:
                yield word
            yield sign
            word = ""
        else:
            word += sign
    if word:
        yield word


def _alone(sign: str, kind: str) -> bool:
    """Tell whether a sign is a word by itself: a mark, or one that stands for one."""
    code = ord(sign)
    if code < 128:
        return not sign.isalnum()
    return kind[0] == "P" or any(low <= code <= high for low, high in SIGNS)


@cache
def _pieces(word: str) -> tuple[int, ...]:
    """Return the longest pieces of a word, from its beginning to its end."""
    place = _vocabulary()
    found, start = [], 0
    while start < len(word) <= LONGEST:
        lead = "##" if start else ""
        ends = range(len(word), start, -1)
        end = next((e for e in ends if lead + word[start:e] in place), 0)
        if not end:
            break
        found.append(place[lead + word[start:end]])
        start = end
    return tuple(found) if start == len(word) else (place[UNKNOWN],)


@cache
def _vocabulary() -> dict[str, int]:
    """Return the number of each piece."""
    told = Path(__file__).with_name("vocabulary.txt").read_text(encoding="utf-8")
    return {piece: at for at, piece in enumerate(told.split("\n")[:-1])}
