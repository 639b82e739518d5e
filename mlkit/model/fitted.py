"""A fitted model, and how one is fitted."""

from __future__ import annotations

import warnings
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from sklearn.exceptions import ConvergenceWarning

from mlkit.core.errors import InputError
from mlkit.core.schema import Column, Schema
from mlkit.model.encoding.encode import Encoder, Encoding
from mlkit.model.families import Family, family, ready
from mlkit.model.problem import Problem, known
from mlkit.model.runtime import choice
from mlkit.model.threads import one_thread
from mlkit.model.words import listed

if TYPE_CHECKING:
    from mlkit.data.charts.style import Picture

__all__ = [
    "Member",
    "Model",
    "Part",
    "blend",
    "counts_of",
    "estimator_of",
    "fit",
    "settle",
    "weights_of",
]

Array = NDArray[Any]
Counts = NDArray[np.float64] | None


@dataclass(frozen=True)
class Member:
    """One family and its settings, and how much it counts in a blend.

    Parameters
    ----------
    family, settings
        What is fitted; no settings are the defaults.
    weight
        Its share of the blend; 1 where it is alone.
    folds
        Average the models of so many folds; 0 fits one to all rows.
    """

    family: str
    settings: Mapping[str, Any] = field(default_factory=dict)
    weight: float = 1.0
    folds: int = 0


class Part:
    """A fitted member: its estimator, its encoder's place, the classes that it saw."""

    def __init__(
        self, member: Member, encoder: int, estimator: Any, seen: list[int]
    ) -> None:
        self.family = member.family
        self.settings = dict(member.settings)
        self.weight = float(member.weight)
        self.encoder = encoder
        self.estimator = estimator
        self.seen = seen


class Model:
    """A fitted model: cleaned rows in; labels or values, and probabilities, out.

    It is one fitted family, or a blend of several, which is their weighted mean.

    Attributes
    ----------
    problem
        What it predicts, and from which columns.
    parts
        What was fitted, each with its weight.
    encoders
        The doors of the parts; those that want the same share one.
    rows
        How many rows it learnt from.
    shares
        The class shares of training; for a number its mean, quartiles and spread.
    base
        What a guess says, where a column has the role weight: shares, or the mean.
    """

    base: list[float] | None = None

    def __init__(self, problem: Problem, truth: Array, counted: Counts = None) -> None:
        self.form = problem.to_dict()
        self.parts: list[Part] = []
        self.encoders: list[Encoder] = []
        self.rows = len(truth)
        self.centre, self.spread = _scale_of(problem, truth)
        self.shares = _shares_of(problem, truth)
        if counted is not None and counted.sum() > 0:
            self.base = _base_of(problem, truth, counted)

    @property
    def problem(self) -> Problem:
        """What it predicts."""
        return Problem.from_dict(self.form)

    @property
    def classes(self) -> tuple[str, ...]:
        """The classes, as the probabilities' columns have them; none for a number."""
        return tuple(self.form["classes"])

    @property
    def schema(self) -> Schema:
        """The cleaned columns it needs."""
        numbers = [Column(name, "number") for name in self.form["numbers"]]
        words = [Column(name, "category") for name in self.form["categories"]]
        texts = [Column(name, "text") for name in self.problem.texts]
        media = [Column(name, kind) for name, kind in self.problem.media.items()]
        return Schema((*numbers, *words, *texts, *media))

    def predict(self, table: pd.DataFrame, threshold: float = 0.5) -> NDArray[Any]:
        """Return labels, object of shape (rows,), or values, float64.

        Parameters
        ----------
        table
            Cleaned rows.
        threshold
            Of two classes, the least probability that says the second.
        """
        if not self.classes:
            return self.predicted(table)
        picked = choice(self.predict_proba(table), threshold)
        return np.array(self.classes, object)[picked]

    def predict_proba(self, table: pd.DataFrame) -> NDArray[np.float64]:
        """Return probabilities, shape (rows, classes).

        Raises
        ------
        InputError
            Where the model predicts a number.
        """
        if not self.classes:
            raise InputError("a model of a number has no probabilities")
        return self.said_of(self.matrices(table))

    def predicted(self, table: pd.DataFrame) -> NDArray[np.float64]:
        """Return what metrics judge: probabilities, or values for a number."""
        return self.said_of(self.matrices(table))

    def matrices(self, table: pd.DataFrame) -> list[NDArray[np.float32]]:
        """Return the matrix of each encoder, float32, shape (rows, its columns)."""
        return [encoder.transform(table) for encoder in self.encoders]

    def said_of(self, matrices: Sequence[NDArray[np.float32]]) -> NDArray[np.float64]:
        """Return what `predicted` does, from matrices."""
        rows = len(matrices[0])
        found = np.zeros((rows, len(self.classes)) if self.classes else rows)
        for part in self.parts if rows else ():
            matrix = matrices[part.encoder]
            with one_thread():
                if self.classes:
                    chances = part.estimator.predict_proba(matrix)
                    found[:, part.seen] += part.weight * chances
                else:
                    found += part.weight * part.estimator.predict(matrix)
        if self.classes:
            return found
        return np.asarray(self.centre + self.spread * found, np.float64)

    def plot(self) -> Picture:
        """Draw what it holds inside."""
        from mlkit.model.charts.train import inside

        return inside(self)

    @property
    def members(self) -> list[Member]:
        """What was fitted; parts that differ in their rows alone are told as one."""
        alike: dict[str, list[Part]] = {}
        for part in self.parts:
            key = repr((part.family, sorted(part.settings.items())))
            alike.setdefault(key, []).append(part)
        return [
            Member(
                same[0].family,
                same[0].settings,
                sum(part.weight for part in same),
                len(same) if len(same) > 1 else 0,
            )
            for same in alike.values()
        ]

    @property
    def title(self) -> str:
        """What was fitted, in words."""
        titles = sorted({family(part.family).title for part in self.parts})
        if len(self.parts) == 1:
            return titles[0]
        return f"blend of {listed(titles)}"

    def __repr__(self) -> str:
        return f"Model({self.title}, {self.problem.title}, fitted on {self.rows} rows)"


def fit(
    name: str,
    settings: Mapping[str, Any],
    table: pd.DataFrame,
    problem: Problem,
    seed: int = 0,
) -> Model:
    """Fit one family to cleaned rows; those without a target are passed over.

    Parameters
    ----------
    name
        A family.
    settings
        The family's settings; the rest keep their defaults.
    table
        Cleaned rows.
    problem
        What to predict.
    seed
        Of everything drawn at random.

    Examples
    --------
    >>> table = pd.DataFrame({"x": [0.0, 1.0] * 20, "y": ["no", "yes"] * 20})
    >>> problem = Problem("two_classes", "y", "roc_auc", ("no", "yes"), ("x",))
    >>> fit("tree", {}, table, problem).predict(table.head(2)).tolist()
    ['no', 'yes']
    """
    return blend([Member(name, settings)], table, problem, seed)


def blend(
    members: Sequence[Member], table: pd.DataFrame, problem: Problem, seed: int = 0
) -> Model:
    """Fit all members to the same rows; their weighted mean predicts.

    One thread does it, so that a model does not depend on the machine's cores.

    Parameters
    ----------
    members
        Families with their settings and weights.
    table, problem, seed
        As `fit` takes them.
    """
    used = known(table, problem)
    truth = problem.truth(used)
    model = Model(problem, truth, counts_of(used, problem))
    goal = truth if problem.classes else (truth - model.centre) / model.spread
    weights = weights_of(used, problem)
    doors: list[Encoding] = []
    matrices: list[NDArray[np.float32]] = []
    seen, places = np.unique(goal, return_inverse=True)
    for member in members:
        kind = ready(member.family, problem.kind)
        if kind.encoding not in doors:
            doors.append(kind.encoding)
            made, matrix = Encoder.learn(used, problem, kind.encoding, goal, seed)
            model.encoders.append(made)
            matrices.append(matrix)
        place = doors.index(kind.encoding)
        if len(seen) < 2 or model.encoders[place].empty:
            member = Member("dummy", {}, member.weight)
            kind = family("dummy")
        ends = places if problem.classes else goal
        made = estimator_of(kind, member, problem, matrices[place], ends, weights, seed)
        codes = [int(code) for code in seen] if problem.classes else []
        model.parts.append(Part(member, place, made, codes))
    return model


def estimator_of(
    kind: Family,
    member: Member,
    problem: Problem,
    matrix: NDArray[np.float32],
    goal: NDArray[Any],
    weights: NDArray[np.float64] | None,
    seed: int,
) -> Any:
    """Fit one estimator: on so many rows as it can take, on one thread."""
    picked = _sample(len(matrix), kind.most, goal if problem.classes else None, seed)
    if picked is not None:
        matrix, goal = matrix[picked], goal[picked]
        weights = None if weights is None else weights[picked]
    heeded = kind.weighted and weights is not None and weights.any()
    made = kind.build(problem.kind, len(matrix), seed, **member.settings)
    made = kind.shaped(made, *matrix.shape) if hasattr(kind, "shaped") else made
    with one_thread(), warnings.catch_warnings():
        warnings.simplefilter("ignore", ConvergenceWarning)
        made.fit(matrix, goal, **({"sample_weight": weights} if heeded else {}))
    made = kind.keep(made, problem.kind) if hasattr(kind, "keep") else made
    settle(made)
    return made


def settle(made: Any) -> None:
    """Zero the bytes between the fields of a tree's nodes: they hold what was there.

    Equal trees are then equal to the last byte, in whatever memory they grew.
    """
    inner = getattr(made, "estimators_", None)
    grown = [made] if inner is None else np.ravel(np.asarray(inner, object))
    for tree in (one.tree_ for one in grown if hasattr(one, "tree_")):
        state = tree.__getstate__()
        clean = np.zeros(state["nodes"].shape, state["nodes"].dtype)
        for name in clean.dtype.names:
            clean[name] = state["nodes"][name]
        tree.__setstate__({**state, "nodes": clean})


def _sample(
    rows: int, most: int, classes: NDArray[Any] | None, seed: int
) -> NDArray[np.int64] | None:
    """Return at most `most` row places, one of each class among them; None for all."""
    if not most or rows <= most:
        return None
    order = np.random.default_rng(seed).permutation(rows)
    taken = [order[:most]]
    if classes is not None:
        taken.append(order[np.unique(classes[order], return_index=True)[1]])
    return np.asarray(np.unique(np.concatenate(taken)), np.int64)


def weights_of(table: pd.DataFrame, problem: Problem) -> Counts:
    """Return what each row counts, shape (rows,); None where all count the same.

    That is the column with the role weight; and where classes are judged alike,
    however many rows they have, or a person says so, rows of rare classes count more.

    Parameters
    ----------
    table, problem
        Rows with their target, and what is predicted. If none weighs, all count 1.
    """
    counted = counts_of(table, problem)
    weights = np.ones(len(table)) if counted is None or not counted.any() else counted
    alike = problem.class_weight == "auto" and problem.metric == "balanced_accuracy"
    if problem.classes and (problem.class_weight == "balanced" or alike):
        codes = problem.truth(table)
        totals = np.bincount(codes, weights, minlength=len(problem.classes))
        shares = totals / max(totals.sum(), 1e-300) * np.count_nonzero(totals)
        weights = weights / np.where(shares > 0, shares, 1.0)[codes]
    elif counted is None:
        return None
    return np.asarray(weights, np.float64)


def counts_of(table: pd.DataFrame, problem: Problem) -> Counts:
    """Return what the column with the role weight says; None where there is none.

    Parameters
    ----------
    table, problem
        Rows, and what is predicted. A missing or negative weight counts 0.
    """
    if not problem.weight:
        return None
    values = table[problem.weight].to_numpy(np.float64, na_value=0.0)
    return np.asarray(np.clip(values, 0.0, None))


def _scale_of(problem: Problem, truth: NDArray[Any]) -> tuple[float, float]:
    """Return centre and spread of a target that is a number: it is learnt scaled.

    Counts keep their zero.
    """
    if problem.classes:
        return 0.0, 1.0
    centre = 0.0 if problem.kind == "count" else float(truth.mean())
    return centre, float(truth.std()) or 1.0


def _shares_of(problem: Problem, truth: NDArray[Any]) -> list[float]:
    if problem.classes:
        return _base_of(problem, truth, None)
    quartiles = np.quantile(truth, [0.25, 0.5, 0.75])
    return [float(v) for v in (truth.mean(), *quartiles, truth.std())]


def _base_of(problem: Problem, truth: Array, counted: Counts) -> list[float]:
    if problem.classes:
        totals = np.bincount(truth, counted, minlength=len(problem.classes))
        return [float(share) for share in totals / totals.sum()]
    return [float(np.average(truth, weights=counted))]
