"""Why one row got its prediction: sampled Shapley values, and those of SHAP."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from mlkit.core.columns import with_columns
from mlkit.core.errors import InputError
from mlkit.core.rows import MISSING
from mlkit.model.audit.dependence import focus, of_focus
from mlkit.model.encoding.encode import words
from mlkit.model.fitted import Model
from mlkit.model.grid import Grid
from mlkit.model.problem import Problem
from mlkit.model.words import say

if TYPE_CHECKING:
    from mlkit.data.charts.style import Picture

__all__ = ["Local", "Part", "by_shap", "cell", "local", "plain"]

Array = NDArray[Any]
BACKGROUND, LONGEST = 32, 40
CELLS = 4_000_000
THERE = {"image": "(an image)", "audio": "(a sound)"}


@dataclass(frozen=True)
class Part:
    """What one feature does to one prediction.

    Parameters
    ----------
    feature, value
        The column, and its cell in words.
    effect
        How far it moves the prediction from the mean.
    error
        The standard error that sampling leaves.
    """

    feature: str
    value: str
    effect: float
    error: float


@dataclass(frozen=True)
class Local:
    """One prediction, taken apart.

    Parameters
    ----------
    row
        The row's id.
    output
        What is predicted: the chance of a class, or the target.
    said
        The prediction.
    base
        The mean prediction of the background rows.
    parts
        What each feature does, the strongest first; they add up to `said` less `base`.
    """

    row: str
    output: str
    said: float
    base: float
    parts: tuple[Part, ...]

    @property
    def gap(self) -> float:
        """How far base and effects are from adding up to the prediction."""
        return abs(self.base + sum(part.effect for part in self.parts) - self.said)

    def table(self) -> Grid:
        """Return the effects as a table."""
        rows = [
            (p.feature, p.value, f"{p.effect:+.3g}", f"± {2 * p.error:.2g}")
            for p in self.parts
        ]
        told = f"{self.output}: {say(self.said)}, against {say(self.base)} on the mean"
        return Grid(("feature", "here", "effect", "sampling"), rows, [told])

    def plot(self) -> Picture:
        """Draw the way from the mean prediction to this one."""
        from mlkit.model.charts.local import waterfall

        return waterfall(self)

    def to_dict(self) -> dict[str, Any]:
        """Return a plain JSON form."""
        return asdict(self)

    @classmethod
    def from_dict(cls, form: Mapping[str, Any]) -> Local:
        """Read the form that `to_dict` gives."""
        return cls(**{**form, "parts": tuple(Part(**one) for one in form["parts"])})


def local(
    model: Model,
    row: pd.DataFrame,
    background: pd.DataFrame,
    *,
    most: int = BACKGROUND,
    seed: int = 0,
) -> Local:
    """Take one prediction apart into what each feature does.

    Parameters
    ----------
    model
        A fitted model.
    row
        One cleaned row.
    background
        Cleaned rows to compare with; `most` of them are drawn.
    most
        How many; each is walked from twice, in opposite orders of the features.
    seed
        Of the draw and the orders.

    Raises
    ------
    InputError
        Where `row` is not one row, or there is no background.

    Notes
    -----
    Štrumbelj and Kononenko (2014): from a background row, one feature after the other
    takes the row's own cell, in a random order; what each step changes is its effect.
    Every walk ends at the row itself, so that the effects add up to the prediction less
    the mean of the background, but for the rounding of floats. Orders come in pairs,
    one the reverse of the other, which takes off much of the noise of sampling
    (Mitchell and others 2022). Features are taken as if they were independent: of two
    that go together the effect is shared.

    Examples
    --------
    >>> from mlkit.model.fitted import fit
    >>> from mlkit.model.problem import Problem
    >>> rows = pd.DataFrame({"x": np.arange(40.0), "y": 2 * np.arange(40.0)})
    >>> task = Problem("number", "y", "rmse", numbers=("x",))
    >>> found = local(fit("linear", {}, rows, task), rows.tail(1), rows)
    >>> found.parts[0].feature, found.gap < 1e-6 * found.said
    ('x', True)
    """
    if len(row) != 1 or not len(background):
        got = f"{len(row)} rows, {len(background)} in the background"
        raise InputError("one row is explained at a time, against others", got=got)
    rng = np.random.default_rng(seed)
    picked = np.sort(rng.permutation(len(background))[:most])
    effects, said, base = _walks(model, row, background.iloc[picked], rng)
    names = model.problem.features
    halves = effects.reshape(2, -1, len(names)).mean(axis=0)
    spread = halves.std(axis=0, ddof=1) if len(halves) > 1 else np.zeros(len(names))
    parts = [
        Part(name, cell(row, name, model.problem), float(e), float(s))
        for name, e, s in zip(
            names, halves.mean(axis=0), spread / np.sqrt(len(halves)), strict=True
        )
    ]
    parts.sort(key=lambda part: (-abs(part.effect), part.feature))
    return Local(str(row.index[0]), _output(model), said, base, tuple(parts))


def cell(row: pd.DataFrame, name: str, problem: Problem) -> str:
    """Return a row's cell in words; of an image or a sound, that there is one."""
    if name in problem.media:
        return MISSING if row[name].isna().iloc[0] else THERE[problem.media[name]]
    if name not in problem.numbers:
        told = str(words(row, name).iloc[0]) or MISSING  # of texts a gap is empty
        return told if len(told) <= LONGEST else told[: LONGEST - 1] + "…"
    value = row[name].to_numpy(np.float64, na_value=np.nan)[0]
    return plain(float(value)) if np.isfinite(value) else MISSING


def plain(value: float) -> str:
    """Write a number as axes and tables have it: it may be a year.

    Examples
    --------
    >>> plain(2015.0), plain(1234.567)
    ('2015', '1235')
    """
    return say(value, 4).replace(",", "")


def _output(model: Model) -> str:
    at = focus(model)
    return model.problem.target if at < 0 else f"chance of {model.classes[at]}"


def _walks(
    model: Model, row: pd.DataFrame, others: pd.DataFrame, rng: np.random.Generator
) -> tuple[Array, float, float]:
    """Return each walk's effects, shape (2 × others, features), and both ends."""
    names = model.problem.features
    orders = np.array([rng.permutation(len(names)) for _ in range(len(others))])
    orders = np.concatenate([orders, orders[:, ::-1]])
    mine, theirs = model.matrices(row), model.matrices(others)
    owners = [_owners(encoder, names) for encoder in model.encoders]
    wide = sum(matrix.shape[1] for matrix in mine)
    size = max(CELLS // ((len(names) + 1) * max(wide, 1)), 1)
    steps = []
    for start in range(0, len(orders), size):
        some = orders[start : start + size]
        at = np.arange(start, start + len(some)) % len(others)
        rank = np.empty_like(some)
        np.put_along_axis(rank, some, np.arange(len(names))[None, :], axis=1)
        made = [
            _between(m[0], t[at], rank, owner)
            for m, t, owner in zip(mine, theirs, owners, strict=True)
        ]
        said = of_focus(model, model.said_of(made)).reshape(len(some), -1)
        moved = np.empty((len(some), len(names)))
        np.put_along_axis(moved, some, np.diff(said, axis=1), axis=1)
        steps.append((moved, said[:, 0], said[:, -1]))
    effects, first, last = (np.concatenate(one) for one in zip(*steps, strict=True))
    return effects, float(last.mean()), float(first.mean())


def _owners(encoder: Any, names: Sequence[str]) -> Array:
    """Return which feature each of a matrix's columns comes of, -1 for none."""
    owner = np.full(len(encoder.columns), -1)
    for at, name in enumerate(names):
        owner[encoder.places(name)] = at
    return owner


def _between(mine: Array, theirs: Array, rank: Array, owner: Array) -> Array:
    """Return the rows of all walks: after each step one more feature is `mine`."""
    steps = np.arange(rank.shape[1] + 1)
    known = owner >= 0
    taken = np.zeros((len(rank), len(steps), len(owner)), bool)
    taken[:, :, known] = rank[:, None, owner[known]] < steps[None, :, None]
    made = np.where(taken, mine, theirs[:, None, :])
    return made.reshape(-1, len(owner)).astype(np.float32)


def by_shap(
    model: Model, rows: pd.DataFrame, background: pd.DataFrame, *, seed: int = 0
) -> Any:
    """Return SHAP's explanation of some rows, for SHAP's own pictures.

    Parameters
    ----------
    model
        A fitted model.
    rows
        Cleaned rows to explain.
    background
        Cleaned rows to compare with; a hundred at most are drawn.
    seed
        Of the draw.

    Returns
    -------
    shap.Explanation
        Of the class that is drawn elsewhere, or of the value.

    Raises
    ------
    InputError
        Where `shap` is not installed.
    """
    try:
        import shap  # type: ignore[import-not-found,unused-ignore]
    except ImportError:
        raise InputError(
            "SHAP is not installed",
            todo='pip install "mlkit-notebooks[shap]"; `local` needs nothing more',
        ) from None
    problem = model.problem
    names = list(problem.features)
    levels = {
        name: sorted({*words(background, name), *words(rows, name)})
        for name in (*problem.categories, *problem.texts, *problem.media)
    }

    def coded(table: pd.DataFrame) -> Array:
        numbers = table[list(problem.numbers)].to_numpy(np.float64, na_value=np.nan)
        codes = [pd.Index(levels[n]).get_indexer(words(table, n)) for n in levels]
        return np.column_stack([numbers, *codes]).astype(np.float64)

    def answer(cells: Array) -> Array:
        table = pd.DataFrame(cells, columns=names)
        for name, known in levels.items():
            some: Array = np.array(known, object)[table[name].astype(int)]
            if name in problem.media:
                some[some == MISSING] = None
            table[name] = some
        return of_focus(model, model.predicted(table))

    picked = np.random.default_rng(seed).permutation(len(background))[:100]
    masker = shap.maskers.Independent(coded(background.iloc[picked]), max_samples=100)
    explainer = shap.PermutationExplainer(answer, masker, seed=seed)
    found = explainer(coded(rows), silent=True)
    found.feature_names = names
    shown = {
        name: [cell(rows.iloc[[at]], name, problem) for at in range(len(rows))]
        for name in problem.media
    }
    found.display_data = with_columns(rows[names], shown).to_numpy(object)
    return found
