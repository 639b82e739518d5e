"""Correlations that can be drawn from: pairwise, shrunk, calibrated, positive."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from mlkit.data.synthesis.margins import Margin

__all__ = [
    "bend",
    "calibrate",
    "nearest",
    "noise_of",
    "pairwise",
    "shrink",
    "straighten",
]

ROUNDS = 16
NEAR = 0.002
DRAWN = 4000
STEPS = 50
MOST = 0.995
LEAST = 1e-6

Floats = NDArray[np.float64]


def pairwise(scores: Floats, known: NDArray[np.bool_]) -> tuple[Floats, Floats]:
    """Return correlations and how many rows each is of.

    Parameters
    ----------
    scores
        Rows × dimensions.
    known
        Which scores count; each pair of dimensions is seen where both are known.

    Returns
    -------
    correlations, counts
        Dimensions × dimensions; NaN where one of a pair never varies.

    Examples
    --------
    >>> scores = np.array([[1.0, 2.0], [2.0, 4.0], [3.0, 9.0]])
    >>> pairwise(scores, scores < 9)[0].round(2).tolist()
    [[1.0, 1.0], [1.0, 1.0]]
    """
    seen = known.astype(float)
    plain = np.where(known, scores, 0.0)
    counts = seen.T @ seen
    some = np.maximum(counts, 1)
    means = plain.T @ seen / some
    spread = np.maximum((plain**2).T @ seen / some - means**2, 0)
    together = plain.T @ plain / some - means * means.T
    size = np.sqrt(spread * spread.T)
    varies = size > 1e-9
    found = np.divide(together, size, out=np.full_like(size, np.nan), where=varies)
    return np.clip(found, -1, 1), counts


def shrink(found: Floats, counts: Floats, towards: Floats) -> Floats:
    """Pull correlations towards others, the more the fewer rows they are of.

    Parameters
    ----------
    found, counts
        What `pairwise` gives; what is NaN there is taken from `towards`.
    towards
        Dimensions × dimensions.

    Notes
    -----
    Pair by pair, what remains of the difference is the share of its square that its
    variance, (1 - r²)² / (n - 1), does not explain, at least none: the positive part
    of James and Stein (1961). Schäfer and Strimmer (2005) pull all pairs alike, and
    lose the few strong ones among many weak.

    Examples
    --------
    >>> few = np.array([[1.0, 0.5], [0.5, 1.0]])
    >>> shrink(few, np.full((2, 2), 3.0), np.eye(2)).round(2).tolist()
    [[1.0, 0.0], [0.0, 1.0]]
    >>> shrink(few, np.full((2, 2), 300.0), np.eye(2)).round(2).tolist()
    [[1.0, 0.5], [0.5, 1.0]]
    """
    seen = np.isfinite(found) & ~np.eye(len(found), dtype=bool)
    away = np.where(seen, found - towards, 0.0)
    variance = (1 - np.where(seen, found, 0.0) ** 2) ** 2 / np.maximum(counts - 1, 1)
    explained = np.divide(variance, away**2, out=np.ones_like(away), where=away != 0)
    mixed = towards + away * np.maximum(1 - explained, 0)
    np.fill_diagonal(mixed, 1.0)
    return np.asarray(mixed)


def nearest(correlations: Floats) -> tuple[Floats, Floats]:
    """Return a correlation matrix near a symmetric one, and its square root.

    Notes
    -----
    Negative eigenvalues are raised to nearly nothing and the diagonal is brought back
    to one, the first step of Higham (2002).

    Examples
    --------
    >>> bent = np.array([[1, 0.9, -0.9], [0.9, 1, 0.9], [-0.9, 0.9, 1.0]])
    >>> found, root = nearest(bent)
    >>> bool(np.allclose(root @ root.T, found)), found.diagonal().round(6).tolist()
    (True, [1.0, 1.0, 1.0])
    """
    values, vectors = np.linalg.eigh((correlations + correlations.T) / 2)
    root = vectors * np.sqrt(np.maximum(values, LEAST))
    root /= np.sqrt((root**2).sum(axis=1, keepdims=True))
    return root @ root.T, root


def straighten(
    shares: Floats, margins: Sequence[Margin], needs: Sequence[Sequence[int]]
) -> tuple[Floats, NDArray[np.bool_], tuple[Floats, ...]]:
    """Spread each dimension evenly again over the rows in which it is known.

    A dimension that is known in some rows only is, in those, not what it is in all:
    its margin would be off.

    Parameters
    ----------
    shares
        Draws × dimensions, from 0 to 1.
    margins
        One a dimension.
    needs
        For each dimension those that must be no for it to be known; they come first, or
        need nothing themselves.

    Returns
    -------
    shares, known, bends
        The shares spread anew; where each is known; and for each dimension the shares
        at even steps of those that are known, empty where it needs nothing.

    Examples
    --------
    >>> from mlkit.data.synthesis.margins import margin
    >>> even = np.arange(100.0)
    >>> two = [margin(values, values, values, False) for values in (even > 49, even)]
    >>> same = np.column_stack([np.linspace(0, 1, 1001)] * 2)
    >>> _, known, bends = straighten(same, two, [(), (0,)])
    >>> int(known[:, 1].sum()), float(bends[1][-1].round(1))
    (501, 0.5)
    """
    shares, known = shares.copy(), np.ones(shares.shape, bool)
    bends = [np.zeros(0)] * len(needs)
    for place in sorted(range(len(needs)), key=lambda one: (len(needs[one]) > 0, one)):
        for other in needs[place]:
            known[:, place] &= margins[other].draw(shares[:, other]) < 0.5
        seen = shares[known[:, place], place]
        if needs[place] and len(seen) >= STEPS:
            bends[place] = np.quantile(seen, np.linspace(0, 1, STEPS))
            shares[:, place] = bend(shares[:, place], bends[place])
    return shares, known, tuple(bends)


def bend(shares: Floats, steps: Floats) -> Floats:
    """Return shares as `straighten` spreads them."""
    if not len(steps):
        return shares
    return np.asarray(np.interp(shares, steps, np.linspace(0, 1, len(steps))))


def calibrate(
    wanted: Floats,
    margins: Sequence[Margin],
    needs: Sequence[Sequence[int]],
    noise: Floats,
) -> tuple[Floats, tuple[Floats, ...]]:
    """Return a square root of latent correlations that give the wanted ones, and bends.

    Words, ties and gaps weaken a correlation on its way from the latent normal to the
    cells. So rows are drawn, what comes out is held against what is wanted, and the
    latent correlation is moved by the difference, some times over.

    Parameters
    ----------
    wanted
        Dimensions × dimensions, of normal scores.
    margins
        One a dimension.
    needs
        For each dimension those that must be no for it to be known.
    noise
        Standard normal draws, shape (draws, dimensions).
    """
    from scipy.special import ndtr

    latent, least = wanted, np.inf
    best: tuple[Floats, tuple[Floats, ...]] = (wanted, ())
    for _ in range(ROUNDS):
        latent, root = nearest(np.clip(latent, -MOST, MOST))
        shares, known, bends = straighten(ndtr(noise @ root.T), margins, needs)
        drawn = np.column_stack(
            [one.score(shares[:, place]) for place, one in enumerate(margins)]
        )
        found, counts = pairwise(drawn, known)
        told = np.isfinite(found) & (counts > len(noise) / 20)
        away = np.where(told, wanted - found, 0.0)
        off = float(np.abs(away).mean())
        if off < least:
            least, best = off, (root, bends)
        if least < NEAR:
            break
        latent = latent + away
    return best


def noise_of(dimensions: int, seed: int) -> Floats:
    """Return normal draws whose means and correlations are nothing, exactly."""
    rng = np.random.default_rng(seed)
    draws = rng.normal(size=(max(DRAWN, 5 * dimensions), dimensions))
    draws -= draws.mean(axis=0)
    lower = np.linalg.cholesky(draws.T @ draws / len(draws))
    return np.asarray(np.linalg.solve(lower, draws.T).T)
