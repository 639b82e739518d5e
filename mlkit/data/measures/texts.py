"""Measures, alerts and pictures of a column of texts."""

from __future__ import annotations

import re
import unicodedata
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

import numpy as np
import pandas as pd

from mlkit.core.schema import Column
from mlkit.data.charts.cards import many, significant
from mlkit.data.charts.profile import plot_words
from mlkit.data.charts.style import Picture
from mlkit.data.measures.alert import Alert, accept, rule, share

__all__ = ["LOOKED_AT", "alerts", "describe", "picture", "telling"]

LOOKED_AT = 2000
LETTERS_EACH = 20_000
TOP = 12
ALIKE = 0.01
SCRIPTS = 0.02
LONG = 20
PRIOR = 0.01
WORD = re.compile(r"[^\W\d_]+(?:['’-][^\W\d_]+)*")
BROKEN = re.compile("�|Ã[\x80-\xbf]|â€|Â[\xa0-\xbf]")


def describe(values: pd.Series) -> dict[str, Any]:
    """Return the measures of texts: lengths, words, letters, and near-equal texts.

    Lengths and counts are exact; words, letters and likenesses are of up to 2,000
    texts, evenly spaced. Two texts are nearly equal where they differ in capitals,
    digits, marks and blanks alone.

    Parameters
    ----------
    values
        Texts, NaN where missing.

    Examples
    --------
    >>> found = describe(pd.Series(["One fish.", "one  fish!", "Two"], dtype="str"))
    >>> found["vocabulary"], found["near_rows"]
    (3, 1)
    """
    texts, counts = _distinct(values)
    if not len(texts):
        return {"distinct": 0}
    sizes = np.fromiter(map(len, texts), np.int64, len(texts))
    ends = np.quantile(np.repeat(sizes, counts), [0, 0.5, 1])
    found = {
        "distinct": len(texts),
        "most": texts[int(counts.argmax())][:80],
        "most_rows": int(counts.max()),
        "length": significant(float((sizes * counts).sum() / counts.sum())),
        "shortest": int(ends[0]),
        "length_median": significant(float(ends[1])),
        "longest": int(ends[2]),
    }
    return found | _of_sample(_spaced(texts))


def alerts(column: Column, measured: Mapping[str, Any], rows: int) -> Iterator[Alert]:
    """Yield what is odd about texts.

    Parameters
    ----------
    column
        Its type and roles as collected.
    measured
        What `describe` gave, with the counts of gaps.
    rows
        How many rows there are.
    """
    name, seen = column.name, rows - measured["missing"] - measured["hidden"]
    again = seen - measured["distinct"]
    prose = measured.get("words_median", 0) >= 3
    if prose and again > ALIKE * max(seen, 1):
        yield Alert(
            *("texts twice", name, "look"),
            f"{share(again, seen)} of the texts equal an earlier one",
            "copies on both sides of a split flatter a model: a rule can flag them",
            rule(name, "once only", "unique"),
        )
    near = measured.get("near_rows", 0) if prose else 0
    if near > ALIKE * measured.get("looked_at", 0) and near >= 3:
        yield Alert(
            *("near duplicates", name, "look"),
            f"{share(near, measured['looked_at'])} of the texts looked at differ from "
            "another one in capitals, digits, marks and blanks alone",
            "near copies on both sides of a split flatter a model: clean can flag them",
            accept("near duplicates"),
        )
    if measured.get("broken"):
        yield Alert(
            *("broken letters", name, "look"),
            f"{many(measured['broken'], 'text')} with signs such as Ã© or �",
            "the file was read in another encoding than it was written: tell collect",
        )
    scripts = [s for s, part in measured.get("scripts", {}).items() if part >= SCRIPTS]
    if len(scripts) > 1:
        yield Alert(
            *("several scripts", name, "note"),
            "letters of " + ", ".join(scripts),
            "a model of words learns each language on its own rows only",
        )
    if measured.get("longest", 0) > LONG * max(measured.get("length_median", 1), 50):
        yield Alert(
            *("very long texts", name, "note"),
            f"the longest has {measured['longest']:,} characters, "
            f"half of them at most {measured['length_median']:,g}",
            "a rule can flag those that are much longer than usual",
            rule(
                name,
                "not too long",
                "length",
                max=int(LONG * measured["length_median"]),
            ),
        )


def telling(values: pd.Series, classes: Sequence[Any]) -> dict[str, list[list[Any]]]:
    """Return the words that tell each class from all others, with how sure that is.

    Parameters
    ----------
    values
        Texts, NaN where missing.
    classes
        The class of each, missing where it is not known.

    Returns
    -------
    dict
        By class, up to twelve pairs of a word and its z-score, the highest first.

    Notes
    -----
    Each word counts once a text. Log-odds with an informative Dirichlet prior, the
    words of all classes: Monroe, Colaresi and Quinn, "Fightin' Words", Political
    Analysis 16 (2008).

    Examples
    --------
    >>> texts = pd.Series(["good good film", "good fun", "bad film", "bad bad"] * 9)
    >>> found = telling(texts, ["up", "up", "down", "down"] * 9)
    >>> [found[kind][0][0] for kind in ("up", "down")]
    ['good', 'bad']
    """
    frame = pd.DataFrame(
        {"text": np.asarray(values, object), "kind": np.asarray(classes, object)}
    )
    frame = frame.dropna()
    places = np.linspace(0, len(frame) - 1, min(len(frame), LOOKED_AT)).astype(int)
    looked = frame.iloc[np.unique(places)] if len(frame) else frame
    counts = {
        str(kind): Counter(_tokens(rows.tolist()))
        for kind, rows in looked.groupby("kind")["text"]
    }
    if len(counts) < 2:
        return {}
    everything = sum(counts.values(), Counter())
    words = [word for word, count in everything.items() if count >= 5]
    return {kind: _odds(words, mine, everything) for kind, mine in counts.items()}


def picture(values: pd.Series, classes: Sequence[Any]) -> Picture:
    """Draw the words that tell each class from all others.

    Parameters
    ----------
    values, classes
        As `telling` takes them.
    """
    return plot_words({"": telling(values, classes)})


def _odds(
    words: Sequence[str], mine: Mapping[str, int], everything: Mapping[str, int]
) -> list[list[Any]]:
    """Return the words that one class uses more than the others do."""
    here = np.array([mine.get(word, 0) for word in words], dtype=float)
    whole = np.array([everything[word] for word in words], dtype=float)
    there = whole - here
    prior = whole * PRIOR + 1e-9
    size = prior.sum()
    mean = np.log((here + prior) / (here.sum() + size - here - prior + 1e-9))
    mean -= np.log((there + prior) / (there.sum() + size - there - prior + 1e-9))
    scores = mean / np.sqrt(1 / (here + prior) + 1 / (there + prior))
    best = sorted(range(len(words)), key=lambda place: (-scores[place], words[place]))
    return [
        [words[place], round(float(scores[place]), 2)]
        for place in best[:TOP]
        if scores[place] > 0
    ]


def _distinct(values: pd.Series) -> tuple[list[str], Any]:
    counts = values.value_counts(sort=False)
    counts = counts[counts > 0]
    return counts.index.astype("str").tolist(), counts.to_numpy()


def _spaced(texts: list[str]) -> list[str]:
    places = np.linspace(0, len(texts) - 1, min(len(texts), LOOKED_AT)).astype(int)
    return [texts[place][:LETTERS_EACH] for place in np.unique(places)]


def _of_sample(texts: list[str]) -> dict[str, Any]:
    words = [WORD.findall(text.casefold()) for text in texts]
    sizes = [len(found) for found in words]
    plain = Counter(" ".join(found) for found in words if len(found) > 1)
    vocabulary = {word for found in words for word in found}
    return {
        "looked_at": len(texts),
        "words_median": float(np.median(sizes)),
        "vocabulary": len(vocabulary),
        "near_rows": sum(count - 1 for count in plain.values()),
        "broken": sum(BROKEN.search(text) is not None for text in texts),
        "scripts": _scripts(texts),
    }


def _tokens(texts: list[str]) -> Iterator[str]:
    for text in texts:
        # once a text: a single long one that repeats itself tells of nothing else
        yield from sorted(set(WORD.findall(str(text)[:LETTERS_EACH].casefold())))


def _scripts(texts: list[str]) -> dict[str, float]:
    """Return the share of each script among the letters."""
    letters = Counter("".join(text[:1000] for text in texts))
    counts: Counter[str] = Counter()
    for letter, count in letters.items():
        if letter.isalpha():
            counts[unicodedata.name(letter, "OTHER").split()[0].title()] += count
    whole = sum(counts.values())
    return {name: round(n / whole, 4) for name, n in counts.most_common(4)}
