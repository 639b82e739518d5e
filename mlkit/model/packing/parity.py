"""Whether a packaged model says what the fitted model says, on rows made to tell."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from importlib import import_module
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from mlkit.core.columns import with_columns
from mlkit.core.errors import MlkitError
from mlkit.model.families import family
from mlkit.model.fitted import Model, Part
from mlkit.model.runtime import Graph, Predictions
from mlkit.model.tuning.budget import unmask

__all__ = ["TOLERANCE", "Agreement", "Check", "agree", "compare", "load", "probes"]

TOLERANCE = 1e-5
NEEDS = ("mlkit.model.formats.onnx", "onnxruntime")
UNSEEN = "never seen before"
Array = NDArray[Any]


@dataclass(frozen=True)
class Agreement:
    """How far two predictions of the same rows lie apart.

    Parameters
    ----------
    rows
        How many were compared.
    labels
        How many labels differ.
    worst
        The largest difference of a probability; for a number, of a value in units
        of the target's spread. Infinite where one is not finite.
    """

    rows: int
    labels: int
    worst: float

    @property
    def holds(self) -> bool:
        """Whether all labels are equal and the differences tolerable."""
        return self.labels == 0 and self.worst <= TOLERANCE

    @property
    def reason(self) -> str:
        """What is wrong, in a few words; "" where it holds."""
        if self.holds:
            return ""
        labels = f"{self.labels} of {self.rows} labels differ, " if self.labels else ""
        return f"{labels}predictions differ by up to {self.worst:.1e}"


@dataclass(frozen=True)
class Check:
    """Whether a model can be packaged as ONNX.

    Parameters
    ----------
    reason
        Why not; "" where it can.
    size
        Bytes of the ONNX model; 0 where there is none.
    """

    reason: str
    size: int


def agree(model: Model, table: pd.DataFrame, threshold: float = 0.5) -> Check:
    """Convert a model to ONNX, and tell whether it agrees on hard rows.

    Parameters
    ----------
    model
        A fitted model.
    table
        Cleaned rows; `probes` of them are compared too.
    threshold
        Of two classes, the least probability that says the second.
    """
    from mlkit.model.formats.onnx import convert

    lacking = [part.family for part in model.parts if "onnx" not in formats_of(part)]
    if lacking:
        title = family(lacking[0]).title
        return Check(f"{title} keeps its training rows, which no format takes", 0)
    rows = probes(table, model)
    try:
        onnx = convert(model, threshold)
        graph = Graph(onnx, model.classes)
        said = graph.predict(
            {name: rows[name].to_numpy() for name in model.schema.names}
        )
    except MlkitError:
        raise
    except Exception as error:
        unmask(error)
        why = f"cannot be converted: {type(error).__name__}: {str(error)[:200]}"
        return Check(why, 0)
    return Check(compare(model, rows, said, threshold).reason, len(onnx))


def load() -> None:
    """Import what `agree` needs: a first import would count as time of the model."""
    for name in NEEDS:
        import_module(name)


def formats_of(part: Part) -> tuple[str, ...]:
    """Return the package formats that a fitted member can take."""
    return family(part.family).formats


def compare(
    model: Model, table: pd.DataFrame, said: Predictions, threshold: float = 0.5
) -> Agreement:
    """Compare what a packaged model said with what the fitted model says.

    Parameters
    ----------
    model
        The fitted model.
    table
        Cleaned rows.
    said
        The packaged model's predictions of the same rows.
    threshold
        Of two classes, the least probability that says the second.
    """
    if not len(table):
        return Agreement(0, 0, 0.0)
    if not model.classes:
        apart = np.abs(said.prediction - model.predict(table)) / model.spread
        return Agreement(len(table), 0, _worst(apart))
    apart = np.abs(_chances(said) - model.predict_proba(table))
    labels = int(np.sum(said.prediction != model.predict(table, threshold)))
    return Agreement(len(table), labels, _worst(apart))


def probes(table: pd.DataFrame, model: Model, most: int = 1000) -> pd.DataFrame:
    """Return rows with copies that are hard to agree on.

    The copies have ties (numbers half way between neighbours, where trees split, and
    rounded to integers), missing numbers, huge numbers, and categories never seen.

    Parameters
    ----------
    table
        Cleaned rows.
    model
        Whose columns are to be probed.
    most
        Copies are made of so many rows at most.

    Examples
    --------
    >>> from mlkit.model.fitted import fit
    >>> from mlkit.model.problem import Problem
    >>> table = pd.DataFrame({"x": [0.0, 1.0] * 20, "y": ["no", "yes"] * 20})
    >>> problem = Problem("two_classes", "y", "roc_auc", ("no", "yes"), ("x",))
    >>> len(probes(table, fit("tree", {}, table, problem)))
    240
    """
    wanted = table[model.schema.names]
    some = wanted.head(most)
    numbers = list(model.form["numbers"])
    words = list(model.form["categories"])
    ties = {name: _halfway(some[name]) for name in numbers}
    whole = {name: np.round(_values(some[name])) for name in numbers}
    texts = list(model.problem.texts)
    none: dict[str, Any] = dict.fromkeys(numbers, np.nan)
    gaps = [*texts, *model.problem.media]
    none.update({name: pd.Series(index=some.index, dtype="str") for name in gaps})
    huge: Mapping[str, Any] = dict.fromkeys(numbers, 1e300)
    loud = {name: some[name].str.upper() + f" {UNSEEN}" for name in texts}
    unseen = with_columns(some, {**dict.fromkeys(words, UNSEEN), **loud})
    copies = [with_columns(some, made) for made in (ties, whole, none, huge)]
    return pd.concat([wanted, *copies, unseen], ignore_index=True)


def _halfway(column: pd.Series) -> Array:
    """Return each value moved half way to the next greater one."""
    values = _values(column)
    steps = np.unique(values[np.isfinite(values)])
    if len(steps) < 2:
        return values
    middle = np.append(steps[:-1] / 2 + steps[1:] / 2, steps[-1])
    place = np.searchsorted(steps, values).clip(0, len(middle) - 1)
    return np.where(np.isfinite(values), middle[place], values)


def _values(column: pd.Series) -> Array:
    return column.to_numpy(np.float64, na_value=np.nan)


def _chances(said: Predictions) -> Array:
    assert said.probabilities is not None
    return said.probabilities


def _worst(apart: Array) -> float:
    return float(apart.max()) if np.isfinite(apart).all() else float("inf")
