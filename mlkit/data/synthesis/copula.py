"""A Gaussian copula a class: margins as they are, dependence by normal scores.

Words and gaps are part of the latent vector; see `mlkit.data.synthesis.unfold`.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from mlkit.data.synthesis.correlate import (
    bend,
    calibrate,
    nearest,
    noise_of,
    pairwise,
    shrink,
)
from mlkit.data.synthesis.margins import FEW, Margin, margin, normal_scores
from mlkit.data.synthesis.unfold import Part, Unfolded, fold, unfold

__all__ = ["Copula", "fit"]

WIDE = 200
MIXED = 0.1

Floats = NDArray[np.float64]
Ints = NDArray[np.intp]


@dataclass(frozen=True)
class Root:
    """How latent rows of one class are drawn.

    Parameters
    ----------
    factor
        A square root of the latent correlations, shape (dimensions, any).
    own
        Each dimension's share of its own, shape (dimensions,).
    bends
        How each dimension is spread where it is known; see `straighten`.
    """

    factor: Floats
    own: Floats
    bends: tuple[Floats, ...] = ()


@dataclass(frozen=True)
class Copula:
    """What was learnt of a matrix of numbers.

    Parameters
    ----------
    margins
        By class: one margin a dimension.
    roots
        By class, how latent rows are drawn.
    parts
        For each column its dimensions.
    """

    margins: tuple[tuple[Margin, ...], ...]
    roots: tuple[Root, ...]
    parts: tuple[Part, ...]

    def draw(self, counts: Sequence[int], seed: int) -> tuple[Floats, Ints]:
        """Return new rows and the class of each, in mixed order.

        Parameters
        ----------
        counts
            How many rows of each class.
        seed
            Of the draw.

        Returns
        -------
        rows, classes
            Shapes (sum of counts, columns) and (sum of counts,).
        """
        rng = np.random.default_rng(seed)
        drawn = [self._draw(kind, count, rng) for kind, count in enumerate(counts)]
        rows = np.concatenate(drawn)
        mixed = rng.permutation(len(rows))
        return rows[mixed], np.repeat(np.arange(len(counts)), counts)[mixed]

    def _draw(self, kind: int, count: int, rng: np.random.Generator) -> Floats:
        from scipy.special import ndtr

        root, margins = self.roots[kind], self.margins[kind]
        latent = rng.normal(size=(count, root.factor.shape[1])) @ root.factor.T
        shares = ndtr(latent + root.own * rng.normal(size=latent.shape))
        for place, steps in enumerate(root.bends):
            shares[:, place] = bend(shares[:, place], steps)
        values = [one.draw(shares[:, place]) for place, one in enumerate(margins)]
        return fold(np.column_stack(values), self.parts)


def fit(
    matrix: Floats,
    classes: Ints,
    words: Sequence[bool],
    smooth: Sequence[bool],
    seed: int = 0,
) -> Copula:
    """Fit a Gaussian copula to each class of rows.

    Parameters
    ----------
    matrix
        Rows × columns; NaN where a cell is missing, codes from 0 for words.
    classes
        Each row's class from 0; none of them empty.
    words
        Which columns are codes without an order.
    smooth
        Which columns may take values between the real ones.
    seed
        Of the calibration.

    Notes
    -----
    Correlations are of normal scores, over the pairs that are known; those of a class
    are shrunk to those within all classes, these to none. Beyond 200 dimensions no
    matrix of correlations is made: new rows are normal mixtures of the scores.

    Examples
    --------
    >>> rng = np.random.default_rng(0)
    >>> x = rng.normal(size=(300, 1))
    >>> rows = np.hstack([x, 2 * x + rng.normal(size=(300, 1))])
    >>> found = fit(rows, np.zeros(300, int), [False] * 2, [True] * 2)
    >>> drawn, _ = found.draw([1000], seed=1)
    >>> bool(abs(np.corrcoef(drawn.T) - np.corrcoef(rows.T)).max() < 0.05)
    True
    """
    found = unfold(matrix, classes, words, smooth, WIDE)
    whole = found.dimensions
    rows = [np.flatnonzero(classes == kind) for kind in range(int(classes.max()) + 1)]
    columns = [
        _margins(values, rows, between)
        for values, between in zip(whole.T, found.smooth, strict=True)
    ]
    margins = tuple(zip(*columns, strict=True))
    make = _wide_roots if whole.shape[1] > WIDE else _roots
    roots = make(_scores(whole, rows), found, rows, margins, seed)
    return Copula(margins, roots, found.parts)


def _scores(whole: Floats, rows: Sequence[Ints]) -> Floats:
    """Return the normal scores of each dimension within each class, 0 where unknown."""
    scores = np.zeros(whole.shape)
    for place in range(whole.shape[1]):
        for mine in rows:
            known = mine[np.isfinite(whole[mine, place])]
            scores[known, place] = normal_scores(whole[known, place])
    return scores


def _margins(values: Floats, rows: Sequence[Ints], smooth: bool) -> list[Margin]:
    """Return one column's margin in each class."""
    parts = [values[mine][np.isfinite(values[mine])] for mine in rows]
    everybody = np.sort(np.concatenate(parts))
    if not len(everybody):
        everybody = np.zeros(1)
    middles = [part - part.mean() for part in parts if len(part) > 1]
    residuals = np.concatenate([*middles, np.zeros(0)])
    if not len(residuals):
        residuals = everybody - everybody.mean()
    residuals = np.sort(residuals)
    return [margin(part, everybody, residuals, smooth) for part in parts]


def _roots(
    scores: Floats,
    found: Unfolded,
    rows: Sequence[Ints],
    margins: Sequence[Sequence[Margin]],
    seed: int,
) -> tuple[Root, ...]:
    noise, own = noise_of(scores.shape[1], seed), np.zeros(scores.shape[1])
    known = np.isfinite(found.dimensions)
    common = shrink(*pairwise(scores, known), np.eye(scores.shape[1]))
    roots = []
    for kind, mine in enumerate(rows):
        if len(mine) < FEW:
            roots.append(Root(nearest(common)[1], own))
            continue
        wanted = shrink(*pairwise(scores[mine], known[mine]), common)
        factor, bends = calibrate(wanted, margins[kind], found.needs, noise)
        roots.append(Root(factor, own, bends))
    return tuple(roots)


def _wide_roots(
    scores: Floats, _: Unfolded, rows: Sequence[Ints], *__: object
) -> tuple[Root, ...]:
    """Return roots as wide as there are rows, with a share of its own for each."""
    roots = []
    for mine in rows:
        part = scores[mine] if len(mine) >= FEW else scores
        length = np.sqrt((part**2).sum(axis=0))
        root = (part / np.where(length > 0, length, 1)).T * np.sqrt(1 - MIXED)
        roots.append(Root(root, np.sqrt(np.where(length > 0, MIXED, 1.0))))
    return tuple(roots)
