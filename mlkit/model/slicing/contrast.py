"""Whether parts of the rows are worse than the rest by more than luck."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
from numpy.typing import NDArray

from mlkit.model.slicing.candidates import Candidates

__all__ = ["luck", "news", "spread"]

CELLS = 4_000_000
MOST = 10
Array = NDArray[Any]


def luck(
    tried: Candidates, above: Array, groups: Array | None, seed: int
) -> tuple[Array, Array]:
    """Return the error of each difference, and the greatest that luck gives.

    Rows alone are permuted. Of rows in groups the sign of each group is drawn.

    Parameters
    ----------
    tried
        Parts of the rows.
    above
        Losses less their mean, shape (rows,).
    groups
        The group of each row as a code.
    seed
        Of the draws.

    Returns
    -------
    tuple
        The standard error of each part's difference from the rest, shape (parts,), and
        in each draw the greatest difference in such errors, shape (draws,).
    """
    rng, rows = np.random.default_rng(seed), len(above)
    repeats = int(np.clip(CELLS // rows, 200, 1000))
    part = tried.sizes / rows
    if groups is None:
        error = above.std() / np.sqrt(tried.sizes * (1 - part))
        shuffled = rng.permuted(np.tile(above, (repeats, 1)), axis=1).T
        sums = tried.rows @ shuffled
        drawn = sums / tried.sizes[:, None] / (1 - part)[:, None]
        return error, (drawn / error[:, None]).max(axis=0)
    from scipy.sparse import csr_matrix

    names = int(groups.max()) + 1
    by_group = csr_matrix((above, (np.arange(rows), groups)), (rows, names))
    inside = (tried.rows @ by_group).toarray() / tried.sizes[:, None]
    apart = (inside - np.bincount(groups, above, names) / rows) / (1 - part)[:, None]
    error = np.sqrt((apart**2).sum(axis=1)) + 1e-300
    signs = rng.choice([-1.0, 1.0], (names, repeats))
    return error, ((apart / error[:, None]) @ signs).max(axis=0)


def spread(tried: Candidates, loss: Array) -> Array:
    """Return the error of each difference where parts spread unlike (Welch 1947).

    Parameters
    ----------
    tried
        Parts of the rows.
    loss
        Shape (rows,).

    Examples
    --------
    >>> half = Candidates(("first",), np.array([[1.0, 1.0, 0.0, 0.0]]))
    >>> spread(half, np.array([1.0, 3.0, 2.0, 2.0])).round(3).tolist()
    [0.707]
    """
    inside, rest = tried.sizes, len(loss) - tried.sizes
    sums, squares = tried.rows @ loss, tried.rows @ loss**2
    here = squares / inside - (sums / inside) ** 2
    there = (np.sum(loss**2) - squares) / rest - ((loss.sum() - sums) / rest) ** 2
    return np.asarray(np.sqrt(np.maximum(here / inside + there / rest, 0.0)))


def news(tried: Candidates, order: Array, loss: Array, reach: float) -> list[int]:
    """Keep parts that tell something new.

    A part does if it is worse by itself without the rows of parts already kept; or if
    it lies in one of them, and is certainly worse than the rest of that one. Else one
    weak part would be told again as each of its neighbours.

    Parameters
    ----------
    tried
        Parts of the rows.
    order
        The places of those to look at, the worst first.
    loss
        Shape (rows,).
    reach
        How many errors are certainly no luck.
    """
    kept: dict[int, Array] = {}
    seen = np.zeros(len(loss), bool)
    for at in order:
        inside = tried.of(at)
        new, around = inside & ~seen, _around(inside, kept)
        enough = new.sum() >= max(10, 0.3 * inside.sum())
        tells = enough and _stands_out(loss, new, ~inside, 2.0)
        if not tells and around is not None:
            tells = _stands_out(loss, inside, around, reach)
        if tells:
            kept[int(at)] = inside
            seen |= inside
        if len(kept) == MOST:
            break
    return list(kept)


def _around(inside: Array, kept: Mapping[int, Array]) -> Array | None:
    """Return the rest of the smallest kept part that holds nearly all of some rows."""
    holding = [k for k in kept.values() if (k & inside).sum() >= 0.95 * inside.sum()]
    rest = [k & ~inside for k in sorted(holding, key=lambda k: int(k.sum()))]
    return rest[0] if rest else None


def _stands_out(loss: Array, inside: Array, rest: Array, reach: float) -> bool:
    """Tell whether the loss of some rows is greater than that of others, by far."""
    here, there = loss[inside], loss[rest]
    if min(len(here), len(there)) < 10:
        return False
    error = np.sqrt(here.var() / len(here) + there.var() / len(there))
    return bool(here.mean() - there.mean() > reach * error)
