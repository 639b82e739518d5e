"""Train the model that was chosen and tuned, on all training rows."""

from __future__ import annotations

import pandas as pd

from mlkit.model.fitted import Model, blend
from mlkit.model.tune import Settings

__all__ = ["Model", "train"]


def train(table: pd.DataFrame, settings: Settings, *, seed: int | None = None) -> Model:
    """Fit what the search found to all training rows.

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
    """
    drawn = settings.seed if seed is None else seed
    return blend(settings.members, table, settings.problem, drawn)
