"""How each mitigation is fitted, and what it says of rows that a fold left out.

Reweighing (Kamiran and Calders 2012) and exponentiated gradient (Agarwal and others
2018, by fairlearn) change what is learnt; an answer then needs the group only where it
is a feature. Thresholds by group (Hardt, Price and Srebro 2016, without drawing lots)
change what is answered.
All three end in an ordinary model, which every format can take as any other.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from mlkit.core.columns import with_columns
from mlkit.core.schema import Column, Schema
from mlkit.model.families import family
from mlkit.model.fitted import Member, Model, counts_of
from mlkit.model.groups.gradient import gradient, joint
from mlkit.model.groups.shift import Said, keys_of, shift_of
from mlkit.model.problem import Problem, known
from mlkit.model.train import train
from mlkit.model.tune import Settings
from mlkit.model.tuning import cross
from mlkit.model.tuning.kept import Kept
from mlkit.model.tuning.race import Race
from mlkit.model.tuning.timed import folded
from mlkit.model.words import listed

if TYPE_CHECKING:
    from mlkit.model.groups.mitigation import Outlook
    from mlkit.model.groups.price import Asked

__all__ = ["Said", "out_of_fold", "said", "told", "trained"]

WEIGHT = "(fair weight)"
QUARTERS = 4
Array = NDArray[Any]


def out_of_fold(
    rows: pd.DataFrame, settings: Settings, seed: int, keep: Path | None = None
) -> Said:
    """Return what the members of a blend say of rows that they have not seen.

    Parameters
    ----------
    rows
        Cleaned rows with their target.
    settings
        What `tune` found.
    seed
        Of every fit.
    keep
        A folder of finished fits; None takes the project's, where there is one.
    """
    problem, fold = settings.problem, _folds(rows, settings, seed)
    found = np.zeros(0)
    for member, parts in _parts(rows, settings, fold, seed, keep):
        whole = np.zeros((len(rows), *np.shape(parts[0])[1:]))
        for k, one in enumerate(parts):
            whole[fold == k] = one
        found = whole * member.weight + (found if len(found) else 0.0)
    inside = fold >= 0
    table = Schema.of(rows).attach(rows[inside])
    return Said(table, problem.truth(rows)[inside], found[inside], fold[inside])


def _folds(rows: pd.DataFrame, settings: Settings, seed: int) -> Array:
    return cross.folds(rows, settings.problem, max(settings.folds, 2), seed)


def _parts(
    rows: pd.DataFrame, settings: Settings, fold: Array, seed: int, keep: Path | None
) -> Iterator[tuple[Member, Sequence[Array]]]:
    """Yield each member with what it says of each fold, fitted as its search did.

    What a search has kept is taken; what it has not is fitted again, to the same.
    """
    members, problem = settings.members, settings.problem
    if any(member.folds for member in members):
        fits = folded(rows, problem, max(settings.folds, 2), seed, keep)
        ends = range(int(fold.max()) + 1)
        for member in members:
            made = fits.make(member.family, member.settings, ends)
            yield member, [one.said for one in made]
        return
    kept = Kept.of(keep, rows, problem, fold, seed, "apart")
    race = Race(rows, problem, fold, seed, kept=kept)
    drawn = [(member.family, dict(member.settings)) for member in members]
    race.run(drawn, halve=False, always=len(drawn))
    yield from zip(members, race.said.values(), strict=True)


def said(outlook: Outlook, asked: Asked) -> Said:
    """Return what a mitigated model says of rows that it has not seen.

    Parameters
    ----------
    outlook
        The rows, and what would be trained.
    asked
        What is done.
    """
    before, problem, every = outlook.said, outlook.settings.problem, outlook.rows
    assert before is not None
    if asked.method == "reweighing":
        table, settings = _weighed(outlook, asked)
        rows = Schema.of(table).attach(table.loc[every.index])
        weighed = out_of_fold(rows, settings, outlook.seed, outlook.keep)
        return replace(weighed, table=before.table)
    fold = _folds(every, outlook.settings, outlook.seed)
    found, keys = np.zeros_like(before.predicted), keys_of(before.table, asked.columns)
    for k in np.unique(before.fold):
        inside = before.fold == k
        if asked.method == "thresholds":
            aside = shift_of(before, keys, asked.aim, ~inside)
            found[inside] = aside.apply(before.predicted[inside], keys[inside])
        else:
            learnt = every[cross.learnt(every, problem, fold, int(k))]
            table = Schema.of(every).attach(learnt)
            groups = _groups(outlook, asked.columns)
            model = gradient(table, problem, asked, groups, outlook.seed)
            found[inside] = model.predicted(before.table[inside])
    return replace(before, predicted=found)


def trained(outlook: Outlook, asked: Asked) -> Model:
    """Return the mitigated model, fitted on all rows.

    Parameters
    ----------
    outlook
        The rows, and what would be trained.
    asked
        What is done.
    """
    table, settings, seed = outlook.table, outlook.settings, outlook.seed
    if asked.method == "exponentiated_gradient":
        groups = _groups(outlook, asked.columns)
        return gradient(table, settings.problem, asked, groups, seed)
    if asked.method == "thresholds":
        before = outlook.said
        assert before is not None
        model = train(table, settings, seed=seed, keep=outlook.keep)
        keys = keys_of(before.table, asked.columns)
        aside = shift_of(before, keys, asked.aim)
        return aside.into(model, before.table, keys, asked.columns)
    weighed, others = _weighed(outlook, asked)
    model = train(weighed, others, seed=seed, keep=outlook.keep)
    model.form = settings.problem.to_dict()
    return model


def told(outlook: Outlook, asked: Asked) -> Iterator[str]:
    """Yield what a reader should know of a mitigation."""
    columns = listed(asked.columns)
    if asked.method == "thresholds":
        assert outlook.said is not None
        keys = keys_of(outlook.said.table, asked.columns)
        if shift_of(outlook.said, keys, asked.aim).share:
            told = f"the answer depends on {columns}, which every request must bring"
            yield f"{told}: ask whether that is allowed"
        else:
            yield f"nothing changes: by {columns}, all groups have the same threshold"
    elif looks := [n for n in asked.columns if n in outlook.settings.problem.features]:
        seen = listed(looks)
        todo = f"to answer without, give {seen} the role ignored, too, in `collect`"
        yield f"the model still looks at {seen}, which every request must bring: {todo}"
    else:
        yield f"an answer needs no {columns}"
    if asked.method == "exponentiated_gradient":
        yield "what it says are votes, not chances: look at its calibration"
    names = sorted({one.family for one in outlook.settings.members})
    deaf = [family(n).title for n in names if not family(n).weighted]
    if asked.method == "reweighing" and deaf:
        yield f"{listed(deaf)} heed no weights, and stay as they are"


def _groups(outlook: Outlook, columns: Sequence[str]) -> pd.Series:
    """Return the group of each row with a target as a code."""
    rows = known(outlook.table, outlook.settings.problem)
    named = Schema.of(outlook.table).attach(rows)
    return pd.Series(joint(named, columns), rows.index)


# reweighing


def _weighed(outlook: Outlook, asked: Asked) -> tuple[pd.DataFrame, Settings]:
    """Return the rows with a weight that makes groups and answers independent."""
    problem = outlook.settings.problem
    rows = known(outlook.table, problem)
    counted = counts_of(rows, problem)
    if counted is None or not counted.any():
        counted = np.ones(len(rows))
    groups = _groups(outlook, asked.columns).to_numpy()
    weights = weights_of(groups, _classes(problem, rows), counted) * counted
    schema = Schema.of(outlook.table)
    if problem.weight:
        schema = schema.change(problem.weight, roles=())
    made = with_columns(rows, {WEIGHT: weights})
    table = schema.put(Column(WEIGHT, "number", ("weight",))).attach(made)
    others = replace(problem, weight=WEIGHT)
    return table, replace(outlook.settings, problem=others)


def weights_of(groups: Array, classes: Array, counted: Array | None = None) -> Array:
    """Return weights that make groups and classes independent (Kamiran, Calders).

    Parameters
    ----------
    groups, classes
        Of each row as a code, shape (rows,).
    counted
        What each row counts before, shape (rows,), which the weights are to be
        multiplied by; None counts each once.

    Examples
    --------
    >>> weights_of(np.array([0, 0, 0, 1]), np.array([1, 1, 0, 0])).tolist()
    [0.75, 0.75, 1.5, 0.5]
    """
    counts = np.zeros((groups.max() + 1, classes.max() + 1))
    np.add.at(counts, (groups, classes), 1.0 if counted is None else counted)
    wanted = counts.sum(axis=1)[groups] * counts.sum(axis=0)[classes] / counts.sum()
    cell = counts[groups, classes]
    return np.where(cell > 0, wanted / np.where(cell > 0, cell, 1.0), 1.0)


def _classes(problem: Problem, rows: pd.DataFrame) -> Array:
    """Return the class of each row; a number by quarters."""
    truth = problem.truth(rows)
    if problem.classes:
        return truth
    edges = np.unique(np.quantile(truth, np.arange(1, QUARTERS) / QUARTERS))
    return np.searchsorted(edges, truth, side="right")
