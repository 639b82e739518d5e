"""The one shape that all words of a column share, as a regular expression."""

from __future__ import annotations

import re
from collections.abc import Sequence
from string import ascii_letters, digits

__all__ = ["shape_of"]

RUNS = re.compile("0+|A+|a+|.", re.DOTALL)
MASK = str.maketrans(ascii_letters + digits, "a" * 26 + "A" * 26 + "0" * 10)
CLASSES = (("0", "[0-9]"), ("A", "[A-Z]"), ("a", "[a-z]"))
SPECIAL = re.compile(r"([.^$*+?{}\[\]\\|()])")
LONGEST = 64
MOST_RUNS = 9


def shape_of(words: Sequence[str]) -> str:
    """Return the shape of words that are all alike, "" where there is none.

    Runs of digits, of capitals and of small letters are one piece each; a mark between
    them stands for itself. One kind of letters alone is no shape, and digits alone are
    one only where all are equally long.

    Parameters
    ----------
    words
        Distinct words, trimmed.

    Examples
    --------
    >>> shape_of(["AB-1234", "XY-0007"]), shape_of(["C7", "D12"]), shape_of(["a", "b"])
    ('[A-Z]{2}-[0-9]{4}', '[A-Z][0-9]{1,2}', '')
    """
    kinds: list[str] = []
    ends: list[tuple[int, int]] = []
    for mask in {word.translate(MASK) for word in words}:
        runs = RUNS.findall(mask) if len(mask) <= LONGEST else []
        told = [run[0] for run in runs]
        if not told or (kinds and told != kinds):
            return ""
        sizes = [(len(run), len(run)) for run in runs]
        pairs = zip(ends or sizes, sizes, strict=True)
        ends = [(min(low, n), max(high, n)) for (low, high), (n, _) in pairs]
        kinds = told
    return _written(kinds, ends)


def _written(kinds: list[str], ends: list[tuple[int, int]]) -> str:
    known = dict(CLASSES)
    letters = [kind for kind in kinds if kind in known]
    fixed = kinds == ["0"] and ends[0][0] == ends[0][1] > 1
    plain = "0" not in letters or len(kinds) == 1
    if len(kinds) > MOST_RUNS or (plain and not fixed) or kinds.count(" ") > 1:
        return ""
    pairs = zip(kinds, ends, strict=True)
    return "".join(
        known[k] + _times(*e) if k in known else SPECIAL.sub(r"\\\1", k)
        for k, e in pairs
    )


def _times(low: int, high: int) -> str:
    if low == high:
        return "" if low == 1 else f"{{{low}}}"
    return f"{{{low},{high}}}"
