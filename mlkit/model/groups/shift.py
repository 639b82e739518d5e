"""Thresholds by group, as one more part of a blend."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from sklearn.tree import DecisionTreeClassifier

from mlkit.core.columns import with_columns
from mlkit.model.encoding.encode import Encoder
from mlkit.model.families import family
from mlkit.model.fitted import Member, Model, Part
from mlkit.model.measures import costs, curves
from mlkit.model.slicing.candidates import coded

__all__ = ["Said", "Shift", "keys_of", "shift_of"]

FEWEST = 30
Array = NDArray[Any]


@dataclass(frozen=True)
class Said:
    """What models say of rows that their folds left out.

    Parameters
    ----------
    table
        Those rows.
    truth, predicted
        Of these rows.
    fold
        Each row's fold, shape (rows,).
    """

    table: pd.DataFrame
    truth: Array
    predicted: Array
    fold: Array


@dataclass(frozen=True)
class Shift:
    """Thresholds by group, as a part of a blend that looks at the group alone.

    A chance p is answered yes where it is at least the threshold t of its group. With
    q = (s − (1 − w) t) / w, the blend (1 − w) p + w q is at least s just there, and
    stays a chance: one threshold for all then does the same.

    Parameters
    ----------
    share
        The weight w of the part.
    levels
        Its q by group.
    usual
        Its q of a group that was not seen.
    """

    share: float
    levels: Mapping[str, float]
    usual: float

    def apply(self, chances: Array, keys: Array) -> Array:
        """Return the blended chances, shape (rows, 2).

        Parameters
        ----------
        chances
            What the model says, shape (rows, 2).
        keys
            The group of each row.
        """
        q = self._levels_of(keys)
        aside = np.column_stack([1 - q, q])
        return np.asarray((1 - self.share) * chances + self.share * aside)

    def into(
        self, model: Model, rows: pd.DataFrame, keys: Array, columns: Sequence[str]
    ) -> Model:
        """Add the part to a model: a tree that looks at the sensitive columns alone.

        Parameters
        ----------
        model
            A fitted model, which is changed.
        rows
            Cleaned rows with their target.
        keys, columns
            The group of each row, and the columns that tell it.
        """
        if not self.share:
            return model
        problem, q = model.problem, self._levels_of(keys)
        others = [n for n in problem.features if n not in columns]
        plain = with_columns(rows, {n: rows[n].iloc[0] for n in others})
        args = problem, family("tree").encoding, problem.truth(rows), 0
        encoder, _ = Encoder.learn(rows, *args)
        matrix = encoder.transform(plain)
        tree = DecisionTreeClassifier(random_state=0)
        weights = np.concatenate([1 - q, q])
        kept = weights > 0
        tree.fit(
            np.concatenate([matrix, matrix])[kept],
            np.repeat([0, 1], len(matrix))[kept],
            sample_weight=weights[kept],
        )
        for part in model.parts:
            part.weight *= 1 - self.share
        model.encoders.append(encoder)
        member = Member("tree", {}, self.share)
        model.parts.append(Part(member, len(model.encoders) - 1, tree, [0, 1]))
        return model

    def _levels_of(self, keys: Array) -> Array:
        return np.array([self.levels.get(key, self.usual) for key in keys])


def shift_of(
    found: Said, keys: Array, aim: str = "parity", rows: Array | None = None
) -> Shift:
    """Find the thresholds at which groups fare alike (Hardt, Price and Srebro 2016).

    Groups get yes as often as all rows do at the threshold that costs least; with the
    aim ``odds``, as often where yes is true.

    Parameters
    ----------
    found
        What a model says of rows that it has not seen.
    keys
        The group of each row.
    aim
        ``parity`` or ``odds``.
    rows
        Which rows to find them on; None takes all.
    """
    every = np.ones(len(keys), bool) if rows is None else rows
    positive, chances = found.truth == 1, found.predicted[:, 1]
    made = curves.steps_of(positive[every], chances[every])
    at = curves.cheapest(made, costs.of_two(costs.told(None)))
    counted = positive if aim == "odds" else np.ones(len(keys), bool)
    among = every & counted
    goal = float((chances[among] >= at).mean())
    limits = {}
    for key in sorted(set(keys)):
        here = keys == key
        mine = chances[here & among]
        if (here & counted).sum() >= FEWEST and len(mine):
            limits[key] = float(np.quantile(mine, 1 - goal))
    ends = limits.values() or [at]
    share = (max(ends) - min(ends)) / (1 + max(ends) - min(ends))
    if not share:
        return Shift(0.0, {}, 0.5)
    top = max(ends) * (1 - share)
    levels = {key: (top - (1 - share) * t) / share for key, t in limits.items()}
    usual = float(np.clip((top - (1 - share) * at) / share, 0, 1))
    return Shift(share, levels, usual)


def keys_of(table: pd.DataFrame, columns: Sequence[str]) -> Array:
    """Return the group of each row as one word, by one column or several.

    Examples
    --------
    >>> table = pd.DataFrame({"sex": ["f", "m"], "town": ["Ghent", "Turin"]})
    >>> keys_of(table, ["sex", "town"]).tolist()
    ['f | Ghent', 'm | Turin']
    """
    told = []
    for name in columns:
        codes, names = coded(table, name)
        told.append(np.array(names, object)[codes])
    return np.array([" | ".join(row) for row in zip(*told, strict=True)], object)
