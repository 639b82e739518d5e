"""A small tree that stands in for a black box, and how faithfully it does."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from mlkit.core.columns import with_columns
from mlkit.model.audit.dependence import focus
from mlkit.model.audit.rules import Rules, readable, tree_of
from mlkit.model.fitted import Model, fit
from mlkit.model.measures.measure import resampled
from mlkit.model.measures.metrics import METRICS
from mlkit.model.problem import Problem
from mlkit.model.runtime import choice

__all__ = ["rules", "surrogate"]

Array = NDArray[Any]
DEPTH, SAID = 4, "(said by the model)"
UNREADABLE = (
    "no rule says in words what an image shows or how a sound goes: look at single "
    "rows below"
)


def rules(
    model: Model, train: pd.DataFrame, valid: pd.DataFrame, threshold: float = 0.5
) -> Rules:
    """Return a model's own rules, or those of a tree that stands in for it.

    Parameters
    ----------
    model
        A fitted model.
    train, valid
        Cleaned rows it learnt from, and rows it has not seen.
    threshold
        Of two classes, the least probability that says the second.
    """
    own = readable(model)
    return surrogate(model, train, valid, threshold) if own is None else own


def surrogate(
    model: Model,
    train: pd.DataFrame,
    valid: pd.DataFrame,
    threshold: float = 0.5,
    depth: int = DEPTH,
) -> Rules:
    """Fit a small tree to what a model says, and judge it on rows neither has seen.

    Parameters
    ----------
    model
        A fitted model.
    train, valid
        Cleaned rows to fit the tree to, and rows to judge it by.
    threshold
        Of two classes, the least probability that says the second.
    depth
        Questions in a row, at most.

    Notes
    -----
    After Craven and Shavlik (1996). Fidelity is told of what the model says, not of
    what is true: R² of a chance or a value, and how often the labels agree. Intervals
    are bootstrapped over `valid`. The tree asks about texts only where there is nothing
    else to ask about, and never about images or sounds: what it would say of them is no
    reading for a person.

    Examples
    --------
    >>> rows = pd.DataFrame({"x": np.arange(80.0), "y": np.repeat([1.0, 9.0], 40)})
    >>> task = Problem("number", "y", "rmse", numbers=("x",))
    >>> found = surrogate(fit("tree", {}, rows, task), rows, rows)
    >>> found.tree["ask"], found.fidelity.metrics["r2"], found.faithful
    ('x ≤ 39.5', 1.0, True)
    """
    if not asked_of(model.problem):
        return Rules(why=UNREADABLE)
    said = [model.predicted(table) for table in (train, valid)]
    if np.ptp(said[1], axis=0).max(initial=0.0) < 1e-12:
        return Rules(why="the model says the same of every row")
    many = len(model.classes) > 2
    task = _task(model.problem, said[0], many=many)
    stand = fit("tree", {"depth": depth}, _aimed(model, train, said[0], task), task)
    mine = stand.predicted(valid)
    output = "" if many else _output(model)
    if many:
        labels = np.array(model.classes, object)[said[1].argmax(axis=1)]
        agree = stand.predict(valid) == labels
        measures = {"accuracy": lambda picked: float(agree[picked].mean())}
        bar = "accuracy"
    else:
        theirs = said[1][:, 1] if model.classes else said[1]
        r2 = METRICS["r2"].compute
        measures = {"r2": lambda picked: r2(theirs[picked], mine[picked])}
        bar = "r2"
        if model.classes:
            agree = (mine >= threshold) == (choice(said[1], threshold) == 1)
            measures["accuracy"] = lambda picked: float(agree[picked].mean())
    found = tree_of(stand, exact=False, output=output or model.problem.target)
    fidelity = resampled(measures, len(valid))
    if bar not in fidelity.metrics:
        return replace(found, fidelity=None, bar="")
    return replace(found, fidelity=fidelity, bar=bar)


def asked_of(problem: Problem) -> tuple[str, ...]:
    """Return the features that a tree may ask about."""
    return problem.numbers + problem.categories or problem.texts


def _output(model: Model) -> str:
    at = focus(model)
    return model.problem.target if at < 0 else f"chance of {model.classes[at]}"


def _task(problem: Problem, said: Array, *, many: bool) -> Problem:
    """Return the stand-in's problem: the chance or value, or the likeliest class."""
    kept = replace(problem.only(asked_of(problem)), group="", weight="")
    if not many:
        return replace(kept, kind="number", target=SAID, metric="r2", classes=())
    names = tuple(problem.classes[k] for k in sorted(set(said.argmax(axis=1).tolist())))
    task: dict[str, Any] = {"kind": "many_classes", "metric": "accuracy"}
    return replace(kept, target=SAID, classes=names, **task)


def _aimed(
    model: Model, table: pd.DataFrame, said: Array, task: Problem
) -> pd.DataFrame:
    features = table[list(model.problem.features)]
    if task.classes:
        labels = np.array(model.classes, object)[said.argmax(axis=1)]
        return with_columns(features, {SAID: pd.array(labels, "str")})
    return with_columns(features, {SAID: said[:, 1] if model.classes else said})
