"""Train the model that was chosen and tuned, on all training rows."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pandas as pd

from mlkit.model.choose import sample
from mlkit.model.fitted import Model, blend
from mlkit.model.problem import known
from mlkit.model.tune import Settings
from mlkit.model.tuning.timed import folded

__all__ = ["Model", "train"]


def train(
    table: pd.DataFrame,
    settings: Settings,
    *,
    seed: int | None = None,
    keep: Path | None = None,
) -> Model:
    """Fit what the search found to all training rows.

    Where the models of the folds are averaged, every row is learnt from by all of them
    but one. Those that the search has kept are taken as they are; the others are
    fitted again, which gives the same.

    Equal rows and settings give an equal model, in any process, on any number of
    cores.

    Parameters
    ----------
    table
        Cleaned rows with their target; rows without one are passed over.
    settings
        What `tune` found.
    seed
        Of everything drawn at random; None takes the search's.
    keep
        A folder of finished fits; None takes the project's, where there is one.
    """
    drawn = settings.seed if seed is None else seed
    if not any(member.folds for member in settings.members):
        return blend(settings.members, table, settings.problem, drawn)
    rows = sample(known(table, settings.problem), settings.rows, settings.seed)
    fits = folded(rows, settings.problem, settings.folds, drawn, keep)
    every = np.ones(len(rows), bool)
    parts = []
    for member in settings.members:
        if member.folds:
            parts += [fits.part(member, k) for k in range(fits.count)]
        else:
            parts.append(fits.prepared.fit(member, every, drawn))
    return fits.prepared.model(parts)
