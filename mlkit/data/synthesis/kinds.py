"""The kinds of made-up tables: each a small function whose truth is known.

Call them by `mlkit.data.synthesis.generate.generate`, which reads texts, names the
rows and turns what does not go together into one clear error.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
import pandas as pd

from mlkit.core.schema import Column, Schema

__all__ = ["classes", "groups", "moons", "people", "regression", "text", "timed"]


def _words(text: str) -> list[str]:
    return text.split()


GLAD = _words("great lovely warm quick kind fresh bright honest generous perfect")
SORRY = _words("slow cold rude stale dull broken noisy late bland awful")
THINGS = _words("food service room music staff price garden coffee view bed")
FRAMES = (
    "the {a} was {x} and the {b} was {y}",
    "{x} {a}, {y} {b}, we told our friends",
    "we came for the {a}: {x}. And a {y} {b}",
    "a {x} evening in all, with a {y} {a}",
)
LONGEST = 2_900_000
DAY = 86_400_000_000
REGIONS = ("north", "east", "south", "west")
WORK = ("employed", "self-employed", "student", "retired")
FIRST = _words("Ada Ben Cora Dan Eva Finn Gus Hana Ivo Jana Kai Lena")
LAST = _words("Abel Brand Cole Dorn Egger Falk Gold Hahn Iten Jost")


def classes(
    rows: int,
    seed: int = 0,
    *,
    classes: int = 2,
    features: int = 4,
    idle: int = 1,
    separation: float = 1.0,
    flipped: float = 0.02,
) -> pd.DataFrame:
    """Generate classes of points (scikit-learn's `make_classification`).

    Parameters
    ----------
    rows, seed
        How many, and of which draw.
    classes
        How many classes.
    features, idle
        How many columns tell the class, and how many tell nothing.
    separation
        How far apart the classes lie; below 0.5 they run into each other.
    flipped
        The share of rows whose class is drawn at random.
    """
    from sklearn.datasets import make_classification

    points, codes = make_classification(
        n_samples=rows,
        n_features=features + idle,
        n_informative=features,
        n_redundant=0,
        n_classes=classes,
        n_clusters_per_class=1,
        class_sep=separation,
        flip_y=flipped,
        shuffle=False,
        random_state=seed,
    )
    mixed = np.random.default_rng(seed).permutation(rows)
    told = [f"x{place + 1}" for place in range(features)]
    names = told + [f"idle{place + 1}" for place in range(idle)]
    words = np.array([f"class {letter}" for letter in _letters(classes)])
    cells = dict(zip(names, points[mixed].T, strict=True))
    cells["kind"] = words[codes[mixed]]
    truth = {"informative": told, "flipped": flipped}
    return _table(cells, {"kind": ("category", "target")}, truth)


def moons(rows: int, seed: int = 0, *, noise: float = 0.2) -> pd.DataFrame:
    """Generate two half moons (scikit-learn's `make_moons`).

    Parameters
    ----------
    rows, seed
        How many, and of which draw.
    noise
        Standard deviation around the moons.
    """
    from sklearn.datasets import make_moons

    points, codes = make_moons(rows, noise=noise, random_state=seed)
    cells = {
        "across": points[:, 0],
        "up": points[:, 1],
        "moon": np.array(["upper", "lower"])[codes],
    }
    return _table(cells, {"moon": ("category", "target")}, {"noise": noise})


def regression(
    rows: int,
    seed: int = 0,
    *,
    coefficients: tuple[float, ...] = (3.0, -2.0, 0.5, 0.0),
    intercept: float = 10.0,
    noise: float = 1.0,
) -> pd.DataFrame:
    """Generate a number that is a weighted sum of others, and noise.

    Parameters
    ----------
    rows, seed
        How many, and of which draw.
    coefficients
        The weight of each column.
    intercept
        What is added.
    noise
        Standard deviation of what no column tells.
    """
    rng = np.random.default_rng(seed)
    points = rng.normal(size=(rows, len(coefficients)))
    cells = {f"x{place + 1}": column for place, column in enumerate(points.T)}
    exact = intercept + points @ np.array(coefficients, dtype=float)
    cells["y"] = exact + noise * rng.normal(size=rows)
    truth = {"coefficients": list(coefficients), "intercept": intercept, "noise": noise}
    return _table(cells, {"y": ("number", "target")}, truth)


def groups(
    rows: int, seed: int = 0, *, groups: int = 25, spread: float = 2.0
) -> pd.DataFrame:
    """Generate people who are measured several times, each with a level of her own.

    Parameters
    ----------
    rows, seed
        How many, and of which draw.
    groups
        How many people.
    spread
        Standard deviation between people; within one it is 1.
    """
    rng = np.random.default_rng(seed)
    who = np.sort(rng.integers(0, groups, rows))
    level, look = rng.normal(size=(2, groups)) * spread
    dose = rng.integers(0, 5, rows)
    cells = {
        "person": np.array([f"person {i + 1}" for i in range(groups)])[who],
        "dose": dose,
        "pulse": 70 + 3 * look[who] + rng.normal(size=rows),
        "pain": 5 - 0.6 * dose + level[who] + rng.normal(size=rows),
    }
    marks = {"person": ("category", "group"), "pain": ("number", "target")}
    return _table(cells, marks, {"dose": -0.6, "spread": spread})


def timed(
    rows: int,
    seed: int = 0,
    *,
    trend: float = 0.05,
    season: float = 10.0,
    noise: float = 3.0,
) -> pd.DataFrame:
    """Generate daily sales: a line, a year, a week, a price, and noise.

    Parameters
    ----------
    rows, seed
        How many days from 1 January 2024, and of which draw.
    trend
        What a day adds.
    season
        How high the year's wave is.
    noise
        Standard deviation of what nothing tells.
    """
    if rows > LONGEST:
        raise ValueError(f"{rows:,} days end after the year 9999")
    rng = np.random.default_rng(seed)
    days = np.arange(rows)
    price = np.round(20 + rng.normal(size=rows), 2)
    wave = season * np.sin(2 * np.pi * days / 365.25)
    week = 8.0 * (days % 7 >= 5)
    level = 100 + trend * days + wave + week - 1.5 * (price - 20)
    cells = {
        "day": np.datetime64("2024-01-01", "us") + days.astype("m8[D]"),
        "price": price,
        "sales": np.round(level + noise * rng.normal(size=rows), 1),
    }
    marks = {"day": ("date", "time"), "sales": ("number", "target")}
    truth = {"trend": trend, "season": season, "weekend": 8.0, "price": -1.5}
    return _table(cells, marks, truth)


def text(rows: int, seed: int = 0, *, mixed: float = 0.15) -> pd.DataFrame:
    """Generate short reviews from a few dozen words.

    Parameters
    ----------
    rows, seed
        How many, and of which draw.
    mixed
        The share of words that speak against the mood.
    """
    rng = np.random.default_rng(seed)
    glad = rng.random(rows) < 0.5
    words = np.array([SORRY, GLAD])
    against = rng.random((rows, 2)) < mixed
    said = words[(glad[:, None] ^ against).astype(int), rng.integers(0, 10, (rows, 2))]
    things = np.array(THINGS)[rng.integers(0, len(THINGS), (rows, 2))]
    frames = rng.integers(0, len(FRAMES), rows)
    reviews = [
        FRAMES[frame].format(a=a, b=b, x=x, y=y)
        for frame, (a, b), (x, y) in zip(frames, things, said, strict=True)
    ]
    cells = {"review": reviews, "mood": np.array(["sorry", "glad"])[glad.astype(int)]}
    marks = {"review": ("text", ""), "mood": ("category", "target")}
    return _table(cells, marks, {"glad": list(GLAD), "sorry": list(SORRY)})


def people(
    rows: int, seed: int = 0, *, gaps: float = 0.1, bias: float = 0.0
) -> pd.DataFrame:
    """Generate loans: numbers, words, dates, an id, a private name, a sensitive sex.

    Parameters
    ----------
    rows, seed
        How many, and of which draw.
    gaps
        About how often an income is missing; three times as often for the
        self-employed.
    bias
        How much less likely, in log-odds, a woman's loan is recorded as repaid.
    """
    rng = np.random.default_rng(seed)
    age = np.clip(rng.normal(44, 15, rows), 18, 90).astype(int)
    work = np.array(WORK)[rng.choice(4, rows, p=[0.6, 0.15, 0.15, 0.1])]
    work = np.where(age >= 66, "retired", work)
    sex = np.array(["female", "male"])[rng.integers(0, 2, rows)]
    income = np.round(np.exp(rng.normal(10.2, 0.5, rows) + 0.01 * (age - 44)), -1)
    income = np.where((work == "student") & (rng.random(rows) < 0.6), 0.0, income)
    odds = (
        0.9 + 0.00004 * (income - 27_000) + 0.02 * (age - 44) - bias * (sex == "female")
    )
    repaid = np.where(rng.random(rows) < 1 / (1 + np.exp(-odds)), "yes", "no")
    gone = rng.random(rows) < np.where(work == "self-employed", 3 * gaps, gaps)
    pairs = rng.integers(0, [len(FIRST), len(LAST)], (rows, 2))
    joined = np.datetime64("2021-01-01", "us") + rng.integers(0, 1500, rows) * DAY
    cells = {
        "loan": [f"L-{place:06d}" for place in range(1, rows + 1)],
        "name": [f"{FIRST[first]} {LAST[last]}" for first, last in pairs],
        "joined": joined,
        "age": age,
        "income": np.where(gone, np.nan, income),
        "work": work,
        "region": np.array(REGIONS)[rng.choice(4, rows, p=[0.4, 0.3, 0.2, 0.1])],
        "sex": sex,
        "repaid": repaid,
    }
    marks = {
        "loan": ("id", ""),
        "name": ("text", "private"),
        "joined": ("date", ""),
        "sex": ("category", "sensitive"),
        "repaid": ("category", "target"),
    }
    return _table(cells, marks, {"gaps": gaps, "bias": bias})


def _table(
    cells: Mapping[str, Any],
    marks: Mapping[str, tuple[str, str]],
    truth: Mapping[str, Any],
) -> pd.DataFrame:
    """Return a typed table; `marks` has the type and role of columns by name."""
    made, columns = {}, []
    for name, values in cells.items():
        plain = np.asarray(values)
        words = plain.dtype.kind in "UO"
        made[name] = pd.array(plain, dtype="str") if words else plain
        kind, role = marks.get(name, ("category" if words else "number", ""))
        known = tuple(sorted(set(plain.tolist()))) if "target" in role and words else ()
        columns.append(Column(name, kind, (role,) if role else (), known))
    table = Schema(tuple(columns)).attach(pd.DataFrame(made))
    table.attrs["truth"] = dict(truth)
    return table


def _letters(count: int) -> list[str]:
    """Return a, b ... z, then numbers."""
    return [chr(97 + i) if i < 26 else str(i + 1) for i in range(count)]
