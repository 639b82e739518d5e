"""Near-spellings: a rare word that is probably a slip of a frequent one."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

__all__ = ["MOST", "near_spellings"]

MOST = 5_000
"""The most distinct words among which slips are looked for."""

TIMES = 10
OFTEN = 5
SHORTEST = 5
LONG = 10
FEW = 5


def near_spellings(words: Sequence[str], counts: Sequence[int]) -> dict[str, str]:
    """Return which rare words are very near a frequent one.

    A word of five to nine letters may differ by one letter, a longer one by two,
    a swap of neighbours counting as one; the frequent word is ten times as frequent.
    Words with digits, short words and codes are no candidates, and nothing is said
    where more than a fifth of the words are near others. This is evidence and no
    proof: Dominica is near Dominican, so a person must agree.

    Parameters
    ----------
    words, counts
        The distinct cells of a column, trimmed, and how often each occurs.

    Notes
    -----
    Distance: optimal string alignment (Damerau, 1964), by rapidfuzz.

    Examples
    --------
    >>> near_spellings(["Colombia", "Colmbia", "Peru", "Per"], [40, 2, 30, 1])
    {'Colmbia': 'Colombia'}
    """
    from rapidfuzz.distance import OSA
    from rapidfuzz.process import cdist

    likely = [place for place, word in enumerate(words) if _is_word(word)]
    if len(words) > MOST or 2 * len(likely) < len(words):
        return {}
    count = np.asarray(counts)
    frequent = [i for i in likely if count[i] >= OFTEN]
    most = count[frequent].max() if frequent else 0
    rare = [i for i in likely if count[i] * TIMES <= most]
    if not rare:
        return {}
    plain = [" ".join(word.split()).casefold() for word in words]
    away = cdist(
        *([plain[i] for i in rare], [plain[i] for i in frequent]),
        scorer=OSA.distance,
        score_cutoff=2,
        dtype=np.uint8,
        workers=1,
    )
    found = {}
    for line, one in zip(away, rare, strict=True):
        allowed = 1 + (len(plain[one]) >= LONG)
        fits = (line > 0) & (line <= allowed) & (count[frequent] >= TIMES * count[one])
        if fits.any():
            nearest = min(
                np.flatnonzero(fits), key=lambda i: (line[i], -count[frequent[i]])
            )
            found[words[one]] = words[frequent[nearest]]
    # where many words are near others, the words are alike, not misspelt
    few = len(found) <= max(FEW, len(words) // FEW)
    return dict(sorted(found.items())) if few else {}


def _is_word(word: str) -> bool:
    """Whether a text is made of letters, and long enough for one to be a slip."""
    letters = sum(map(str.isalpha, word))
    whole = letters + sum(c in " -'.,&/" for c in word) == len(word)
    return whole and letters >= SHORTEST
