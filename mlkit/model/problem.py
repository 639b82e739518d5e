"""What is to be predicted, and by which metric models are compared."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from mlkit.core.classes import in_order, scale_of
from mlkit.core.errors import InputError, UsageError, did_you_mean
from mlkit.core.schema import Schema
from mlkit.model.telling import (
    CLASSES,
    KINDS,
    UNLABELLED,
    VALUES,
    countable,
    fitting,
    labels,
    tell,
)

if TYPE_CHECKING:
    from numpy.typing import NDArray

__all__ = ["CLASSES", "KINDS", "VALUES", "Problem", "known"]

METRICS = {
    "anomaly": "average_precision",
    "cluster": "stability",
    "two_classes": "roc_auc",
    "many_classes": "log_loss",
    "ordered": "rps",
    "number": "rmse",
    "count": "deviance",
}
ALLOWED = {
    "two_classes": (
        "roc_auc",
        "average_precision",
        "log_loss",
        "brier",
        "accuracy",
        "balanced_accuracy",
        "f1",
    ),
    "many_classes": ("log_loss", "roc_auc", "accuracy", "balanced_accuracy", "f1"),
    "ordered": (
        "rps",
        "kappa",
        "steps",
        "log_loss",
        "roc_auc",
        "accuracy",
        "balanced_accuracy",
        "f1",
    ),
    "number": ("rmse", "mae", "r2", "mape"),
    "count": ("deviance", "mae", "rmse", "r2"),
}
TYPES = {
    "numbers": "number",
    "categories": "category",
    "texts": "text",
    "images": "image",
    "sounds": "audio",
}


@dataclass(frozen=True)
class Problem:
    """What is to be predicted.

    Parameters
    ----------
    kind
        One of `KINDS`.
    target
        The column to predict.
    metric
        The metric that models are compared by.
    classes
        The classes, in order; of two, the second is the positive one.
    numbers, categories, texts, images, sounds
        The features, by type.
    left_out
        Features of other types, which no family takes yet.
    group, weight
        The columns with these roles; "" where there is none.
    told
        How the kind was told, and how to say otherwise.
    class_weight
        Whether rows of rare classes count more when models are fitted: ``balanced``,
        ``none``, or ``auto``, where the metric judges all classes alike.
    """

    kind: str
    target: str
    metric: str
    classes: tuple[str, ...] = ()
    numbers: tuple[str, ...] = ()
    categories: tuple[str, ...] = ()
    left_out: tuple[str, ...] = ()
    group: str = ""
    weight: str = ""
    told: str = ""
    texts: tuple[str, ...] = ()
    images: tuple[str, ...] = ()
    sounds: tuple[str, ...] = ()
    class_weight: str = "auto"

    @property
    def features(self) -> tuple[str, ...]:
        """The columns a model learns from, type by type."""
        return self.numbers + self.categories + self.texts + self.images + self.sounds

    @property
    def media(self) -> dict[str, str]:
        """The columns that are images or sounds: ``image`` or ``audio`` by name."""
        images = dict.fromkeys(self.images, "image")
        return {**images, **dict.fromkeys(self.sounds, "audio")}

    def only(self, names: Iterable[str]) -> Problem:
        """Return the problem with these features alone.

        Examples
        --------
        >>> problem = Problem("number", "y", "rmse", numbers=("x",), images=("seen",))
        >>> problem.only(["x"]).features
        ('x',)
        """
        kept = set(names)
        form: dict[str, Any] = {
            kind: tuple(n for n in getattr(self, kind) if n in kept) for kind in TYPES
        }
        return replace(self, **form)

    @property
    def title(self) -> str:
        """The problem in a few words."""
        if self.kind in UNLABELLED:
            return UNLABELLED[self.kind].capitalize()
        if self.kind == "two_classes":
            return f"{self.target}: {self.classes[1]} or {self.classes[0]}"
        if self.kind == "many_classes":
            return f"{self.target}: one of {len(self.classes)} classes"
        if self.kind == "ordered":
            return f"{self.target}: {self.classes[0]} to {self.classes[-1]}, in order"
        return f"{self.target}: {KINDS[self.kind]}"

    def codes(self, values: pd.Series) -> NDArray[np.int64]:
        """Return each label's place in `classes`, -1 where it is none of them."""
        return np.asarray(
            pd.Index(self.classes).get_indexer(pd.Index(labels(values))), np.int64
        )

    def truth(self, table: pd.DataFrame) -> NDArray[Any]:
        """Return the target as codes (int64) or values (float64), shape (rows,)."""
        if self.classes:
            return self.codes(table[self.target])
        return table[self.target].to_numpy(float, na_value=np.nan)

    def to_dict(self) -> dict[str, Any]:
        """Return a plain JSON form."""
        form = asdict(self)
        return {k: list(v) if isinstance(v, tuple) else v for k, v in form.items()}

    @classmethod
    def from_dict(cls, form: Mapping[str, Any]) -> Problem:
        """Read the form that `to_dict` gives."""
        plain: dict[str, Any] = {
            k: tuple(v) if isinstance(v, list) else v for k, v in form.items()
        }
        return cls(**plain)

    @classmethod
    def of(
        cls,
        table: pd.DataFrame,
        metric: str | None = None,
        positive: str | None = None,
        kind: str | None = None,
        order: Sequence[str] | None = None,
    ) -> Problem:
        """Tell the problem from a cleaned table and the roles of its columns.

        Parameters
        ----------
        table
            Cleaned rows with a schema in which one column is the target.
        metric
            The metric to compare by; None takes ``roc_auc`` for two classes,
            ``log_loss`` for many, ``rmse`` for a number, ``deviance`` for a count.
        positive
            Of two classes, the positive one; None takes the one that says yes, else
            the last in order.
        kind
            One of `KINDS`; None tells it from the target.
        order
            The classes from the least to the greatest, which makes them ordered.

        Raises
        ------
        InputError
            Where there is no target, or nothing to learn.
        UsageError
            Where the metric, kind or order does not fit the target.

        Examples
        --------
        >>> from mlkit.core.schema import Column
        >>> table = pd.DataFrame({"x": [1.0, 2.0], "y": ["no", "yes"]})
        >>> schema = Schema((Column("x"), Column("y", "category", ("target",))))
        >>> Problem.of(schema.attach(table)).title
        'y: yes or no'
        """
        schema = Schema.of(table)
        target = _target(schema)
        values = table[target]
        if order:
            kind = kind or "ordered"
        kind, told = tell(values, schema[target].type, kind)
        classes = _classes(values, order) if kind in CLASSES else ()
        fitting(values, kind, classes)
        classes = _last(classes, positive)
        features = _features(schema)
        return cls(
            kind=kind,
            target=target,
            metric=_metric(kind, metric),
            classes=classes,
            **features,
            group=next(iter(schema.with_role("group")), ""),
            weight=next(iter(schema.with_role("weight")), ""),
            told=told,
        )

    @classmethod
    def untold(cls, table: pd.DataFrame, kind: str) -> Problem:
        """Return the problem of a table without a target.

        Parameters
        ----------
        table
            Cleaned rows with a schema; a target there may be is not looked at.
        kind
            One of `mlkit.model.telling.UNLABELLED`, which also names what comes out.

        Raises
        ------
        InputError
            Where there is neither a number nor a category.
        """
        schema = Schema.of(table)
        features = _features(schema)
        numbers, categories = features.pop("numbers"), features.pop("categories")
        if not numbers + categories:
            raise InputError(
                "no column is left to learn from",
                expected="numbers or categories",
                got=", ".join(f"{c.name} ({c.type})" for c in schema),
            )
        name = kind
        while name in table.columns:
            name += "_"
        return cls(
            *(kind, name, METRICS[kind]),
            numbers=numbers,
            categories=categories,
            left_out=tuple(name for names in features.values() for name in names),
            told=f"it is asked for {UNLABELLED[kind]}",
        )


def known(table: pd.DataFrame, problem: Problem) -> pd.DataFrame:
    """Return the rows whose target is given, and is a class the problem knows.

    Parameters
    ----------
    table, problem
        Cleaned rows with their target, and what is predicted.

    Raises
    ------
    UsageError
        Where the problem is a count, and a target is no count.
    """
    truth = problem.truth(table)
    given = truth >= 0 if problem.classes else np.isfinite(truth)
    if problem.kind == "count":
        countable(truth[given], problem.target)
    return table[given]


def _target(schema: Schema) -> str:
    if schema.target is None:
        raise InputError(
            "no column has the role target",
            got="columns " + ", ".join(schema.names),
            todo="name the target in the parameters of `collect`",
        )
    return schema.target


def _features(schema: Schema) -> dict[str, Any]:
    """Return the features by type, as `Problem` takes them."""
    features = [column for column in schema if column.is_feature]
    found = {
        name: tuple(c.name for c in features if c.type == kind)
        for name, kind in TYPES.items()
    }
    taken = {name for names in found.values() for name in names}
    if not taken:
        raise InputError(
            "no column is left to learn from",
            expected="numbers, categories, texts, images or sounds",
            got=", ".join(f"{c.name} ({c.type})" for c in schema),
        )
    rest = tuple(c.name for c in features if c.name not in taken)
    return {**found, "left_out": rest}


def _classes(values: pd.Series, order: Sequence[str] | None) -> tuple[str, ...]:
    found = set(labels(values.dropna()))
    if len(found) < 2:
        raise InputError(
            "the target has fewer than two classes: nothing to learn",
            where=f"column {values.name!r}",
            got=", ".join(found) or "no label at all",
        )
    if not order:
        return scale_of(found) or in_order(found)
    stated = tuple(str(label) for label in order)
    lacking = sorted(found - set(stated))
    if lacking or len(set(stated)) < len(stated):
        raise UsageError(
            "the order does not name each class once",
            where="[goal] order",
            expected=", ".join(in_order(found)),
            got=", ".join(stated),
        )
    return stated


def _last(classes: tuple[str, ...], positive: str | None) -> tuple[str, ...]:
    """Put the positive one of two classes last."""
    if positive is None or len(classes) != 2:
        return classes
    if str(positive) not in classes:
        raise UsageError(
            f"the positive class {positive!r} is not one of the two",
            where="[goal] positive",
            todo=did_you_mean(str(positive), classes),
        )
    return tuple(sorted(classes, key=lambda name: name == str(positive)))


def _metric(kind: str, metric: str | None) -> str:
    if metric is not None and metric not in ALLOWED[kind]:
        raise UsageError(
            f"metric {metric!r} does not fit a target that is {KINDS[kind]}",
            where="[goal] metric",
            todo=did_you_mean(metric, ALLOWED[kind]),
        )
    return metric or METRICS[kind]
