"""How live columns differ from those of the reference, and how sure one may be.

Two questions are kept apart: how large a change is, as the share of rows that would
have to lie elsewhere, and whether luck would show one as large. Over all columns of a
window the share of false ones among those that are called certain is held.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from mlkit.core.media import KINDS
from mlkit.data.measures.moments import moments
from mlkit.model.packing.parity import TOLERANCE
from mlkit.model.packing.reference import (
    commonest,
    counted,
    spelt,
    tallied,
    told,
    worded,
)
from mlkit.model.packing.sights import measured, thinned
from mlkit.model.problem import Problem
from mlkit.product.watching.copies import own
from mlkit.product.watching.writing import written

__all__ = ["Change", "compare", "drift", "of_predictions", "ranked"]

EXPECTED, BINS = 5, 10
Array = NDArray[Any]
Form = Mapping[str, Any]


@dataclass(frozen=True)
class Change:
    """How a column differs from the reference in one way.

    Parameters
    ----------
    column
        Its name; of predictions the target's.
    what
        ``values``, ``missing``, ``unseen``, ``length`` or ``words``; of images and
        sounds what is measured of them, such as ``brightness``, or ``look 1``, the
        direction in which they differed most; of predictions ``labels``, ``chances``
        or ``predictions``.
    effect
        The share of rows that would have to lie elsewhere, 0 to 1: of numbers the
        Kolmogorov–Smirnov distance, of words the total variation distance.
    p, q
        The chance of as large an effect by luck, and the least rate of false changes
        at which it is called certain (Benjamini and Hochberg 1995).
    certain
        Whether `q` is within the rate that was asked for.
    before, now
        Mean, or the commonest words, in words.
    shift, distance, psi
        Of numbers the shift of the mean and the Wasserstein distance, in standard
        deviations of the reference, and of all the population stability index.
    """

    column: str
    what: str
    effect: float
    p: float
    q: float = 1.0
    certain: bool = False
    before: str = ""
    now: str = ""
    shift: float | None = None
    distance: float | None = None
    psi: float | None = None


def drift(
    reference: Form, columns: Mapping[str, Array], *, rate: float = 0.01
) -> tuple[Change, ...]:
    """Compare live columns with the reference, the largest certain change first.

    Parameters
    ----------
    reference
        What a package remembers; see `mlkit.model.packing.reference.reference`.
    columns
        Cleaned cells by column, each of shape (rows,); copies of rows are no proof,
        see `mlkit.product.watching.copies.own`.
    rate
        The share of false ones among certain changes.

    Examples
    --------
    >>> from mlkit.model.packing.reference import numbers
    >>> rng = np.random.default_rng(0)
    >>> form = {"columns": {"age": numbers(rng.normal(0, 1, 1000))}}
    >>> (one, _) = drift(form, {"age": rng.normal(0.5, 1, 1000)})
    >>> one.what, one.certain, 0.15 < one.effect < 0.25
    ('values', True, True)
    """
    forms, share = reference["columns"], own(reference, columns)
    found = [
        change
        for name, form in forms.items()
        if name in columns
        for change in compare(name, form, columns[name], share)
    ]
    return ranked(found, rate)


def of_predictions(
    reference: Form,
    problem: Problem,
    predicted: Array,
    threshold: float,
    share: float = 1.0,
) -> list[Change]:
    """Compare what is predicted with what was predicted on the reference's rows.

    The package answers in float32, and what was predicted then was not: so near as a
    package has to agree with its model, two predictions are one.

    Parameters
    ----------
    reference
        What a package remembers.
    problem
        What the package answers.
    predicted
        Probabilities (rows, classes) or values (rows,).
    threshold
        Of two classes, the least probability that says the second.
    share
        Of the rows that count; see `mlkit.product.watching.copies.own`.
    """
    before, rows = reference["prediction"], reference["rows"]
    target = problem.target
    if "values" in before:
        form = before["values"]
        near = TOLERANCE * (form.get("std") or 0.0)
        return [_of_numbers(target, "predictions", form, predicted, share, near)]
    labels = told(predicted, problem.classes, threshold)["labels"]
    was = np.array([before["labels"][label] for label in labels]) * rows
    now = np.array(list(labels.values())) * len(predicted)
    chances = predicted[:, 1] if predicted.shape[1] == 2 else predicted.max(axis=1)
    return [
        _of_counts(target, "labels", was, now, list(labels), share),
        _of_numbers(target, "chances", before["chances"], chances, share, TOLERANCE),
    ]


def ranked(changes: list[Change], rate: float) -> tuple[Change, ...]:
    """Say which of all changes are certain; these first, then the largest first."""
    from scipy.stats import false_discovery_control

    if not changes:
        return ()
    adjusted = false_discovery_control([one.p for one in changes])
    made = [
        replace(one, q=float(q), certain=bool(q <= rate))
        for one, q in zip(changes, adjusted, strict=True)
    ]
    return tuple(sorted(made, key=lambda one: (not one.certain, -one.effect)))


def compare(
    name: str, form: Form, cells: Array, share: float = 1.0
) -> Iterator[Change]:
    """Yield how one column differs, in each way that can be told.

    Parameters
    ----------
    name
        The column.
    form
        What the reference has of it.
    cells
        Its live cells.
    share
        Of the rows that count; see `mlkit.product.watching.copies.own`.
    """
    if form["type"] == "category":
        yield from _of_levels(name, form, cells, share)
        return
    if form["type"] in KINDS:
        yield from _of_media(name, form, cells, share)
        return
    if form["type"] == "date":
        yield from _of_gaps(name, form, cells, share)
        return
    if form["type"] == "text":
        lengths, shares = worded(cells, form.get("common", ()))
        yield from _measured(name, "length", form, lengths, share)
        if form.get("common"):
            yield _of_numbers(name, "words", form["known"], shares, share)
        return
    yield from _measured(name, "values", form, np.asarray(cells, np.float64), share)


def _of_gaps(name: str, form: Form, cells: Array, share: float) -> Iterator[Change]:
    """Compare how many cells are missing, and nothing else."""
    rows = form["rows"]
    if rows and len(cells):
        live = int(pd.isna(cells).sum()), len(cells)
        then = round(form["missing"] * rows), rows
        yield _of_shares(name, "missing", then, live, share)


def _of_media(name: str, form: Form, cells: Array, share: float) -> Iterator[Change]:
    """Compare images or sounds by what can be measured of a thousand of them."""
    found = measured(thinned(cells), form["type"], form["along"])
    for place, (what, known) in enumerate(form["facts"].items()):
        told = list(_measured(name, what, known, found[what], share))
        yield from told if place == 0 else [one for one in told if one.what == what]


def _measured(
    name: str, what: str, form: Form, cells: Array, share: float
) -> Iterator[Change]:
    """Compare numbers, and how many are missing."""
    given = int(np.isfinite(cells).sum())
    there = sum(form["counts"])
    rows = round(there / (1 - form["missing"])) if form["missing"] < 1 else 0
    if rows and len(cells):
        live = len(cells) - given, len(cells)
        yield _of_shares(name, "missing", (rows - there, rows), live, share)
    if there and given:
        yield _of_numbers(name, what, form, cells, share)


def _of_numbers(
    name: str, what: str, form: Form, cells: Array, share: float, near: float = 0.0
) -> Change:
    """Compare two spreads of numbers at the reference's quantiles, and beyond its ends.

    The distance is looked for at these alone, so that it is never overstated. Numbers
    so `near` one another are one.
    """
    from scipy.special import kolmogorov

    given = cells[np.isfinite(cells)]
    edges, before = _apart(form, 2 * near)
    now = counted(np.sort(given), edges + near)
    many = before.sum(), max(now.sum(), 1)
    apart = np.abs(before.cumsum() / many[0] - now.cumsum() / many[1])[:-1]
    beyond = (given < form["min"] - near).sum(), (given > form["max"] + near).sum()
    effect = float(max(apart.max(initial=0.0), max(beyond) / many[1]))
    count = many[1] * share
    root = np.sqrt(many[0] * count / (many[0] + count))
    spread = form.get("std") or 0.0
    mean = moments(given)[0] if len(given) else np.nan
    far = float((apart[:-1] * np.diff(edges)).sum())
    known = [form["min"], *form["edges"], form["max"]]
    return Change(
        name,
        what,
        round(effect, 6),
        float(kolmogorov(root * effect)),
        before=f"mean {written(form['mean'], known)}",
        now=written(mean, known),
        shift=_spreads(mean - form["mean"], spread),
        distance=_spreads(far, spread),
        psi=_psi(before, now),
    )


def _apart(form: Form, near: float) -> tuple[Array, Array]:
    """Return the edges that are not so near the next one, and the counts between."""
    edges = np.array(form["edges"], np.float64)
    below = np.cumsum(form["counts"], dtype=np.float64)
    kept = np.diff(edges, append=np.inf) > near
    return edges[kept], np.diff(np.append(below[:-1][kept], below[-1]), prepend=0.0)


def _of_levels(name: str, form: Form, cells: Array, share: float) -> Iterator[Change]:
    """Compare how often each word comes, and how many words were never seen."""
    names, before = commonest(form), np.array(tallied(form), np.float64)
    words = spelt(cells)
    counts = words.value_counts()
    known = counts.reindex(names, fill_value=0).to_numpy(np.float64)
    rest = float(len(words) - known.sum())
    if not len(words) or not before.sum():
        return
    now = np.append(known, rest)
    yield _of_counts(name, "values", before, now, [*names, "(other)"], share)
    if not form["other"]:
        fresh = [word for word in counts.index if word not in form["levels"]]
        args = (0, int(before.sum())), (int(rest), len(words)), share
        yield replace(_of_shares(name, "unseen", *args), now=_fresh(fresh, rest))


def _of_counts(
    name: str, what: str, before: Array, now: Array, names: list[str], share: float
) -> Change:
    """Compare counts by class: chi-square, the rare ones together."""
    from scipy.special import chdtrc

    shares = before / before.sum(), now / now.sum()
    pooled = _pooled(np.stack([before, now * share]))
    hoped = pooled.sum(axis=1, keepdims=True) * pooled.sum(axis=0) / pooled.sum()
    free = pooled.shape[1] - 1
    score = float(((pooled - hoped) ** 2 / hoped).sum()) if free else 0.0
    moved = int(np.argmax(np.abs(shares[1] - shares[0])))
    return Change(
        name,
        what,
        round(float(np.abs(shares[0] - shares[1]).sum() / 2), 6),
        float(chdtrc(free, score)) if free else 1.0,
        before=f"{names[moved]} {shares[0][moved]:.0%}",
        now=f"{shares[1][moved]:.0%}",
        psi=_psi(before, now),
    )


def _of_shares(
    name: str, what: str, then: tuple[int, int], live: tuple[int, int], share: float
) -> Change:
    """Compare how many of all: the exact test of Fisher, one for few rows and many."""
    from scipy.stats import fisher_exact

    judged = [round(live[0] * share), round((live[1] - live[0]) * share)]
    shares = then[0] / then[1], live[0] / live[1]
    p = 1.0
    if then[0] + live[0]:
        p = float(fisher_exact([[then[0], then[1] - then[0]], judged]).pvalue)
    effect = round(abs(shares[1] - shares[0]), 6)
    before, now = f"{shares[0]:.1%} {what}", f"{shares[1]:.1%}"
    return Change(name, what, effect, p, before=before, now=now)


def _pooled(counts: Array) -> Array:
    """Put classes together that are too rare for a chi-square."""
    share = counts.sum(axis=1).min() / counts.sum()
    rare = counts.sum(axis=0) * share < EXPECTED
    if not rare.any():
        return counts
    rest = counts[:, rare].sum(axis=1, keepdims=True)
    kept = counts[:, ~rare]
    if rest.sum() * share < EXPECTED and kept.shape[1]:
        smallest = int(kept.sum(axis=0).argmin())
        kept = kept.copy()
        kept[:, smallest] += rest[:, 0]
        return kept
    return np.concatenate([kept, rest], axis=1)


def _psi(before: Array, now: Array) -> float:
    """Return the population stability index, over at most ten bins of like size."""
    if len(before) > BINS + 1:
        share = (before.cumsum() - before / 2) / before.sum()
        part = np.minimum((share * BINS).astype(int), BINS - 1)
        before, now = (np.bincount(part, one, BINS) for one in (before, now))
    kept = (before > 0) | (now > 0)
    one, other = (
        (counts[kept] + 0.5) / (counts[kept] + 0.5).sum() for counts in (before, now)
    )
    return round(float(((other - one) * np.log(other / one)).sum()), 4)


def _spreads(value: float, spread: float) -> float | None:
    """Return a number in standard deviations, where there are any."""
    told = value / spread if spread else np.nan
    return round(float(told), 4) if np.isfinite(told) else None


def _fresh(words: list[Any], rows: float) -> str:
    told = ", ".join(map(str, words[:3])) + ("…" if len(words) > 3 else "")
    return f"{rows:,.0f} rows: {told}" if words else "none"
