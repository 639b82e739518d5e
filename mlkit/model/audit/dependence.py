"""How predictions move along a feature, and along two at once."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import combinations
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from mlkit.model.audit.asking import said_with
from mlkit.model.encoding.encode import words
from mlkit.model.fitted import Model

__all__ = ["dependence", "focus", "of_focus", "pairs", "towards"]

Array = NDArray[Any]
LINES, BINS, STEPS, CELLS = 24, 24, 10, 7
FEWEST = 10


def dependence(
    model: Model, table: pd.DataFrame, features: Sequence[str], most: int = 300
) -> dict[str, dict[str, Any]]:
    """Return partial dependence (Friedman 2001): the mean prediction along a feature.

    Parameters
    ----------
    model
        A fitted model.
    table
        Cleaned rows to average over, at most `most` of them.
    features
        Which features; only numbers and categories are looked at.

    Returns
    -------
    dict
        By feature ``x`` (numbers or levels) and ``y``, by class the mean probability;
        for a number by its target's name the mean value. Of numbers also ``each``,
        the lines of single rows; ``seen``, the share of rows in equal bins and their
        ``edges``; ``along``, the accumulated local effects. Of levels ``seen`` is the
        share of rows that have each.

    Notes
    -----
    Lines of single rows are those of Goldstein and others (2015). Accumulated local
    effects (Apley and Zhu 2020) ask only about values near a row's own: where they
    leave the mean line, the mean rests on rows that do not exist.
    """
    some = _some(table, most)
    found = {}
    for name in _plain(model, features):
        number = name in model.problem.numbers
        grid = _grid(table, name, number)
        if not grid:
            continue
        said = _along(model, some, {name: grid})
        told: dict[str, Any] = {"x": grid, "y": _lines(model, said.mean(axis=1))}
        if number:
            lines = of_focus(model, said)[:, :: max(len(some) // LINES, 1)][:, :LINES]
            told["each"] = [[_round(v) for v in line] for line in lines.T]
            told |= _seen(table, name, grid)
            told["along"] = _accumulated(model, table, name)
        else:
            shares = words(table, name).value_counts(normalize=True)
            told["seen"] = [_round(float(shares.get(level, 0.0))) for level in grid]
        found[name] = told
    return found


def pairs(
    model: Model, table: pd.DataFrame, features: Sequence[str], most: int = 60
) -> dict[str, Any]:
    """Return the pair of features that works together most, and how predictions go.

    Parameters
    ----------
    model
        A fitted model.
    table
        Cleaned rows to average over, at most `most` of them.
    features
        Look at all pairs of these.

    Returns
    -------
    dict
        ``features``, ``x``, ``y``, ``said`` of shape (x, y), ``of``, the class whose
        chance that is, ``rows`` at each cell, ``strength`` and ``others``, the
        strengths of all pairs; empty where there are fewer than two features that vary.

    Notes
    -----
    The strength is Friedman and Popescu's H (2008), over a grid of quantiles: the share
    of what two features do together that is not the sum of what each does.
    """
    some = _some(table, most)
    asked = _plain(model, features)
    grids = {n: _grid(table, n, n in model.problem.numbers, CELLS) for n in asked}
    names = [name for name in asked if len(grids[name]) > 1]
    best: dict[str, Any] = {}
    others: list[tuple[str, str, float]] = []
    for one, other in combinations(names, 2):
        said = _along(model, some, {one: grids[one], other: grids[other]})
        means = of_focus(model, said).mean(axis=1)
        means = means.reshape(len(grids[one]), len(grids[other]))
        strength = _round(_together(means))
        others.append((one, other, strength))
        if not best or strength > best["strength"]:
            told = [[_round(v) for v in line] for line in means]
            best = {"features": [one, other], "strength": strength, "said": told}
    if not best:
        return {}
    one, other = best["features"]
    places = [
        _place(table, n, grids[n], n in model.problem.numbers) for n in (one, other)
    ]
    cells = np.zeros((len(grids[one]), len(grids[other])), np.int64)
    known = (places[0] >= 0) & (places[1] >= 0)
    np.add.at(cells, (places[0][known], places[1][known]), 1)
    others.sort(key=lambda line: -line[2])
    return {
        **best,
        "of": model.classes[focus(model)] if model.classes else "",
        "x": grids[one],
        "y": grids[other],
        "rows": cells.tolist(),
        "others": [list(line) for line in others],
    }


def focus(model: Model) -> int:
    """Return the class that is drawn: the second of two or the commonest; -1: none."""
    if not model.classes:
        return -1
    return 1 if len(model.classes) == 2 else int(np.argmax(model.shares))


def towards(model: Model, said: Array) -> int:
    """Return the class whose chance is told of one row: of many, the one that is said.

    Parameters
    ----------
    model
        A fitted model.
    said
        What it says of the row, shape (1, classes), or (1,) of a value.
    """
    return int(said[0].argmax()) if len(model.classes) > 2 else focus(model)


def of_focus(model: Model, said: Array) -> Array:
    """Return the chance of the class that is drawn, or the value itself."""
    return said[..., focus(model)] if model.classes else said


def _plain(model: Model, features: Sequence[str]) -> list[str]:
    problem = model.problem
    return [n for n in features if n in problem.numbers + problem.categories]


def _some(table: pd.DataFrame, most: int) -> pd.DataFrame:
    places = np.linspace(0, len(table) - 1, min(most, len(table)))
    return table.iloc[np.unique(places.round().astype(int))]


def _along(model: Model, some: pd.DataFrame, grids: dict[str, list[Any]]) -> Array:
    """Return what is said with features at each cell of a grid: (cells, rows, …)."""
    cells = [[]] if not grids else [[value] for value in next(iter(grids.values()))]
    for grid in list(grids.values())[1:]:
        cells = [[*cell, value] for cell in cells for value in grid]
    tiled = np.tile(np.arange(len(some)), len(cells))
    columns = {
        name: np.repeat([cell[k] for cell in cells], len(some))
        for k, name in enumerate(grids)
    }
    matrices = [matrix[tiled] for matrix in model.matrices(some)]
    said = said_with(model, some.iloc[tiled], columns, matrices)
    return said.reshape(len(cells), len(some), *said.shape[1:])


def _together(means: Array) -> float:
    """Return the share of what two do together that is no sum."""
    centred = means - means.mean()
    apart = centred.mean(axis=1, keepdims=True) + centred.mean(axis=0, keepdims=True)
    whole = float((centred**2).sum())
    return (
        float(np.sqrt(((centred - apart) ** 2).sum() / whole)) if whole > 1e-18 else 0.0
    )


def _place(table: pd.DataFrame, name: str, grid: list[Any], number: bool) -> Array:
    """Return the place in a grid that each row is nearest to, -1 where at none."""
    if not number:
        return np.asarray(pd.Index(grid).get_indexer(pd.Index(words(table, name))))
    cells = table[name].to_numpy(np.float64, na_value=np.nan)
    middles = (np.array(grid)[1:] + np.array(grid)[:-1]) / 2
    return np.where(np.isfinite(cells), np.searchsorted(middles, cells), -1)


def _seen(table: pd.DataFrame, name: str, grid: list[Any]) -> dict[str, Any]:
    """Return the share of rows in equal bins over the grid's range."""
    cells = table[name].to_numpy(np.float64, na_value=np.nan)
    low, high = min(grid), max(grid)
    counts, edges = np.histogram(cells[np.isfinite(cells)], BINS, (low, high))
    shares = counts / max(len(table), 1)
    return {
        "seen": [_round(v) for v in shares],
        "edges": [_round(v) for v in edges],
    }


def _accumulated(model: Model, table: pd.DataFrame, name: str) -> dict[str, Any]:
    """Return accumulated local effects, moved to the mean prediction."""
    some = _some(table, 600)
    cells = some[name].to_numpy(np.float64, na_value=np.nan)
    some, cells = some[np.isfinite(cells)], cells[np.isfinite(cells)]
    if len(cells) < FEWEST:
        return {}
    edges = np.unique(np.quantile(cells, np.linspace(0.02, 0.98, STEPS + 1)))
    inside = (cells >= edges[0]) & (cells <= edges[-1])
    some, cells = some[inside], cells[inside]
    if len(edges) < 3 or not len(some):
        return {}
    place = np.clip(np.searchsorted(edges, cells, side="left") - 1, 0, len(edges) - 2)
    matrices = model.matrices(some)
    ends = [
        of_focus(model, said_with(model, some, {name: edges[place + k]}, matrices))
        for k in (0, 1)
    ]
    counts = np.maximum(np.bincount(place, minlength=len(edges) - 1), 1)
    steps = np.bincount(place, ends[1] - ends[0], minlength=len(edges) - 1) / counts
    line = np.concatenate([[0.0], np.cumsum(steps)])
    middle = float(((line[place] + line[place + 1]) / 2).mean())
    mean = float(of_focus(model, model.said_of(matrices)).mean())
    told = line - middle + mean
    return {"x": [_round(v) for v in edges], "y": [_round(v) for v in told]}


def _grid(table: pd.DataFrame, name: str, number: bool, steps: int = 17) -> list[Any]:
    if not number:
        counts = words(table, name).value_counts()
        ranked = sorted(counts.items(), key=lambda pair: (-pair[1], str(pair[0])))
        return [str(level) for level, _ in ranked[:6]]
    cells = table[name].to_numpy(np.float64, na_value=np.nan)
    cells = cells[np.isfinite(cells)]
    if not len(cells):
        return []
    places = np.linspace(0.02, 0.98, steps)
    seen = np.quantile(cells, places, method="nearest")
    return [float(value) for value in np.unique(seen)]


def _lines(model: Model, means: Array) -> dict[str, list[float]]:
    """Return the line of the second of two classes, of the commonest of many."""
    problem = model.problem
    if not problem.classes:
        return {problem.target: [_round(v) for v in means]}
    common = np.argsort(-np.array(model.shares), kind="stable")[:4]
    kept = [1] if len(problem.classes) == 2 else sorted(common)
    return {problem.classes[k]: [_round(v) for v in means[:, k]] for k in kept}


def _round(value: float) -> float:
    return float(f"{value:.7g}")
