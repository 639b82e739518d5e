"""How small a place holds most rows: detectors compared without a single label."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np

from mlkit.model.patterns.fitting import Rows, grow
from mlkit.model.patterns.ranks import Odds

__all__ = ["volume"]

WIDE, POINTS = 4, 1000
MASSES = np.linspace(0.9, 0.99, 10)


def volume(
    name: str,
    settings: Mapping[str, Any],
    rows: Rows,
    *,
    draws: int = 3,
    seed: int = 0,
) -> float:
    """Return the area under the mass-volume curve, from 90 to 99 % of the rows.

    A detector that knows where rows lie leaves little room to what it calls usual.

    Parameters
    ----------
    name, settings
        A family and its settings.
    rows
        Encoded rows: half of them are learnt from, half are held.
    draws
        How often; each time four columns are drawn.
    seed
        Of everything drawn at random.

    Returns
    -------
    float
        The mean share of the box around the rows that is called usual, 0 to 1; less is
        better.

    Notes
    -----
    After Goix (2016); volumes are counted by points strewn evenly in the box.
    """
    rng = np.random.default_rng(seed)
    found = []
    for _ in range(draws):
        width = rows.matrix.shape[1]
        columns = rng.permutation(width)[: min(WIDE, width)]
        some = Rows(rows.matrix[:, columns], [rows.sources[k] for k in columns])
        half = rng.permutation(len(some.matrix))
        learnt, held = half[: len(half) // 2], half[len(half) // 2 :]
        made = grow(name, settings, some.take(learnt), "anomaly", seed)
        assert isinstance(made, Odds)
        low, high = some.matrix.min(axis=0), some.matrix.max(axis=0)
        strewn = rng.uniform(low, high, (POINTS, len(columns))).astype(np.float32)
        cuts = np.quantile(made.raw(some.matrix[held]), MASSES)
        usual = made.raw(strewn)[:, None] <= cuts
        found.append(float(usual.mean()))
    return float(np.mean(found))
