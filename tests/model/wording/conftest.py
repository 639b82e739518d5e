from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from mlkit.model.fitted import Member, blend, fit
from mlkit.model.problem import Problem

STOCK = np.array(
    [
        "plot",
        "actor",
        "scene",
        "music",
        "cast",
        "story",
        "long",
        "naïve",
        "end",
        "κακό",
        "7",
    ]
)
PROBLEM = Problem("two_classes", "y", "roc_auc", ("no", "yes"), ("x",), texts=("said",))


def tales(rows=240, words=20, seed=0):
    """Make texts in which one word speaks for yes, one for no, and a pair for no."""
    rng = np.random.default_rng(seed)
    good = rng.random(rows) < 0.5
    said = []
    for yes in good:
        told = list(rng.choice(STOCK, words))
        mark = (["great"] if yes else ["awful"]) if rng.random() < 0.9 else []
        told[rng.integers(words) : 0] = mark
        said.append(" ".join(told))
    ids = pd.Index([f"r{k}" for k in range(rows)], dtype="str")
    cells = {"said": pd.array(said, "str"), "x": rng.normal(size=rows)}
    return pd.DataFrame({**cells, "y": np.where(good, "yes", "no")}, index=ids)


@pytest.fixture(scope="package")
def table():
    return tales()


@pytest.fixture(scope="package")
def model(table):
    members = [Member("linear", {}, 0.5), Member("boosting", {"trees": 20}, 0.5)]
    return blend(members, table, PROBLEM)


@pytest.fixture(scope="package")
def plain_model(table):
    return fit("linear", {}, table, PROBLEM)
