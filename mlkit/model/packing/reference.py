"""What rows looked like when the model was made: small sketches, for monitoring.

A number is kept as its quantiles and how many rows lie between them, a category as
its commonest levels, a text as how long it is and how many of its words are common, an
image or a sound as what can be measured of it; see `mlkit.model.packing.sights`.
No cell is kept as it is; a few hundred rows are kept by the bin that each cell falls
in, less texts and sensitive columns, so that rows can be told apart as a whole.
"""

from __future__ import annotations

import zlib
from collections import Counter
from collections.abc import Iterable, Mapping
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from mlkit.core.rows import MISSING
from mlkit.core.schema import Schema
from mlkit.data.charts.cards import significant
from mlkit.data.measures.moments import moments
from mlkit.model.encoding import tokens
from mlkit.model.encoding.encode import words
from mlkit.model.fitted import Model
from mlkit.model.measures.expected import learn
from mlkit.model.measures.measure import units
from mlkit.model.packing.sights import FACTS, directions, measured, unfolded
from mlkit.model.problem import known
from mlkit.model.runtime import choice
from mlkit.model.telling import UNLABELLED

__all__ = [
    "codes",
    "commonest",
    "counted",
    "decoded",
    "levels",
    "numbers",
    "reference",
    "spelt",
    "tallied",
    "told",
    "worded",
]

EDGES, LEVELS, ROWS, COMMON = 63, 50, 1000, 500
OFTEN = 5
LETTERS = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/"
GONE = "."
Array = NDArray[Any]
Form = dict[str, Any]


def reference(model: Model, valid: pd.DataFrame, threshold: float) -> Form:
    """Return what monitoring compares with: features, predictions and their errors.

    Parameters
    ----------
    model
        A fitted model.
    valid
        Cleaned rows that it was not fitted on, with their target. Where a column has
        the role weight, they are drawn by it, as many as they are worth.
    threshold
        Of two classes, the least probability that says the second.
    """
    problem = model.problem
    valid = _counted(valid, units(problem, valid)[1])
    columns: dict[str, Form] = {
        name: numbers(valid[name].to_numpy(np.float64, na_value=np.nan))
        for name in problem.numbers
    }
    columns |= {name: levels(words(valid, name)) for name in problem.categories}
    columns |= {name: _texts(valid[name]) for name in problem.texts}
    learnt = np.random.default_rng(1).permutation(len(valid)) < len(valid) // 2
    columns |= {n: _media(valid[n], k, learnt) for n, k in problem.media.items()}
    split_ = any(columns[name]["along"] for name in problem.media)
    apart = valid[~learnt] if split_ else valid
    return {
        "rows": len(valid),
        "columns": columns,
        "prediction": told(model.predicted(valid), model.classes, threshold),
        "truth": {} if problem.kind in UNLABELLED else _truth(model, valid),
        "sample": _sample(columns, apart),
    }


def _counted(rows: pd.DataFrame, weights: Array | None) -> pd.DataFrame:
    """Draw rows by their weights, at even steps: as many as they are worth (Kish)."""
    if weights is None:
        return rows
    worth = max(int(weights.sum() ** 2 / (weights**2).sum()), 1)
    steps = (np.arange(worth) + 0.5) / worth * weights.sum()
    drawn: pd.DataFrame = rows.iloc[np.searchsorted(np.cumsum(weights), steps)]
    return drawn


def numbers(cells: Array) -> Form:
    """Return quantiles of numbers, and how many rows lie between them.

    Parameters
    ----------
    cells
        Floats, shape (rows,); what is not finite counts as missing.

    Examples
    --------
    >>> numbers(np.array([1.0, 2.0, 2.0, np.nan]))["counts"]
    [1, 2, 0]
    """
    given = np.sort(cells[np.isfinite(cells)])
    missing = 1 - len(given) / max(len(cells), 1)
    form: Form = {"type": "number", "missing": round(missing, 9)}
    if not len(given):
        return {**form, "edges": [], "counts": []}
    shares = np.linspace(0, 1, EDGES + 2)[1:-1]
    edges = np.unique(given[np.rint(shares * (len(given) - 1)).astype(int)])
    mean, spread, _ = moments(given)
    return {
        **form,
        "edges": [float(edge) for edge in edges],
        "counts": [int(count) for count in counted(given, edges)],
        "mean": significant(mean, 9),
        "std": significant(spread, 9),
        "min": float(given[0]),
        "max": float(given[-1]),
    }


def counted(ordered: Array, edges: Array) -> Array:
    """Return how many numbers lie between edges; one on an edge lies below it.

    Parameters
    ----------
    ordered
        Finite numbers in order, shape (rows,).
    edges
        In order; the ends are open.

    Examples
    --------
    >>> counted(np.array([1.0, 2.0, 2.0]), np.array([1.0, 1.5])).tolist()
    [1, 0, 2]
    """
    below = np.searchsorted(ordered, edges, side="right")
    return np.diff(below, prepend=0, append=len(ordered))


def levels(values: pd.Series) -> Form:
    """Return how often each of the commonest words comes.

    Examples
    --------
    >>> levels(pd.Series(["a", "b", "a"]))["levels"]
    {'a': 2, 'b': 1}
    """
    counts = values.value_counts()
    ranked = sorted(counts.items(), key=lambda pair: (-pair[1], str(pair[0])))
    kept = {str(level): int(count) for level, count in ranked[:LEVELS]}
    other = int(len(values) - sum(kept.values()))
    return {"type": "category", "levels": kept, "other": other}


def commonest(form: Mapping[str, Any]) -> list[str]:
    """Return the levels of a column, the commonest first.

    A form that was written and read again has them in another order: whatever goes by
    their places goes by these.

    Examples
    --------
    >>> commonest({"levels": {"a": 1, "b": 1, "c": 2}})
    ['c', 'a', 'b']
    """
    counts: Mapping[str, int] = form["levels"]
    return sorted(counts, key=lambda level: (-counts[level], level))


def tallied(form: Mapping[str, Any]) -> list[int]:
    """Return how many rows of a column have each code; see `codes`.

    Examples
    --------
    >>> tallied(levels(pd.Series(["b", "b", "a"])))
    [2, 1, 0]
    """
    if form["type"] == "number":
        return list(form["counts"])
    return [*(form["levels"][level] for level in commonest(form)), form["other"]]


def spelt(cells: Array) -> pd.Series:
    """Return cells of a category as `levels` takes them.

    Examples
    --------
    >>> spelt(np.array(["a", None], object)).tolist()
    ['a', '(missing)']
    """
    found = pd.Series(cells, dtype=object)
    return found.where(found.notna(), MISSING).astype(str)


def told(said: Array, classes: Iterable[str], threshold: float) -> Form:
    """Return how predictions are spread.

    Parameters
    ----------
    said
        Probabilities (rows, classes) or values (rows,).
    classes, threshold
        As the package has them.
    """
    if said.ndim == 1:
        return {"values": numbers(said)}
    counts = np.bincount(choice(said, threshold), minlength=said.shape[1])
    shares = [float(f"{count / max(len(said), 1):.9g}") for count in counts]
    chances = said[:, 1] if said.shape[1] == 2 else said.max(axis=1)
    labels = dict(zip(classes, shares, strict=True))
    return {"labels": labels, "chances": numbers(chances)}


def worded(texts: Iterable[Any], common: Iterable[int]) -> tuple[Array, Array]:
    """Return of each text how many words it has, and what share of them is common.

    Parameters
    ----------
    texts
        Cells; a missing one has NaN.
    common
        Hashes of the common words.
    """
    known, found = frozenset(common), []
    for cell in texts:
        split = tokens.plain(cell).split(" ")
        gone = cell is None or cell != cell
        share = sum(_hash(word) in known for word in split) / len(split)
        found.append((np.nan, np.nan) if gone else (float(len(split)), share))
    lengths, shares = np.array(found, np.float64).reshape(-1, 2).T
    return lengths, shares


def codes(form: Mapping[str, Any], cells: Array) -> Array:
    """Return the bin of each number, -1 where it is missing, or the place of each word.

    Parameters
    ----------
    form
        What `numbers` or `levels` returned for the column, or what was read of it.
    cells
        Floats or text, shape (rows,).

    Returns
    -------
    array of int
        Words have their place in `commonest`, all others the one behind it.
    """
    if form["type"] == "number":
        given = np.asarray(cells, np.float64)
        found = np.searchsorted(np.array(form["edges"], np.float64), given)
        return np.where(np.isfinite(given), found, -1)
    known = commonest(form)
    places = pd.Index(known).get_indexer(pd.Index(spelt(cells)))
    return np.where(places < 0, len(known), places)


def decoded(sample: Mapping[str, str]) -> pd.DataFrame:
    """Return the kept rows by bin and level, as `codes` gives them."""
    place = {letter: at for at, letter in enumerate(LETTERS)} | {GONE: -1}
    return pd.DataFrame(
        {name: [place[one] for one in text] for name, text in sample.items()}
    ).astype("int64")


def _truth(model: Model, valid: pd.DataFrame) -> Form:
    rows = known(valid, model.problem)
    return learn(model.problem, model.problem.truth(rows), model.predicted(rows))


def _sample(columns: Mapping[str, Form], valid: pd.DataFrame) -> dict[str, str]:
    """Keep some rows, a letter a cell; none of texts and sensitive columns."""
    hidden = set(Schema.of(valid).with_role("sensitive"))
    drawn = np.random.default_rng(0).permutation(len(valid))[:ROWS]
    rows = valid.iloc[np.sort(drawn)]
    open_ = {name: form for name, form in columns.items() if name not in hidden}
    cells = {name: _plain(rows, name, form["type"]) for name, form in open_.items()}
    return {
        name: "".join(GONE if k < 0 else LETTERS[k] for k in codes(form, column))
        for name, form, column in unfolded(open_, cells)
    }


def _plain(rows: pd.DataFrame, name: str, type_: str) -> Array:
    """Return the cells of a column, as its form takes them."""
    if type_ == "number":
        return rows[name].to_numpy(np.float64, na_value=np.nan)
    if type_ == "category":
        return words(rows, name).to_numpy(object)
    return rows[name].to_numpy(object)


def _texts(values: pd.Series) -> Form:
    """Return how long texts are, and how many words are common; none of the words."""
    seen = Counter(
        word for cell in values for word in {*tokens.plain(cell).split(" ")} - {""}
    )
    ranked = sorted((-n, word) for word, n in seen.items() if n >= OFTEN)[:COMMON]
    common = sorted({_hash(word) for _, word in ranked})
    lengths, shares = worded(values.to_numpy(object), common)
    known = {"common": common, "known": numbers(shares)}
    return {**numbers(lengths), "type": "text", **known}


def _media(values: pd.Series, kind: str, learnt: Array) -> Form:
    """Return what images or sounds were like; of few not along which directions.

    Directions are learnt on some rows and tell of the others: they fit those that they
    were learnt on too well for any new ones to look alike.
    """
    cells = values.to_numpy(object)
    along = directions(cells[learnt], kind)
    facts = {
        name: numbers(told if name in FACTS[kind] else told[~learnt])
        for name, told in measured(cells, kind, along).items()
    }
    missing = next(iter(facts.values()))["missing"]
    return {"type": kind, "missing": missing, "facts": facts, "along": along}


def _hash(word: str) -> int:
    return zlib.crc32(word.encode())
