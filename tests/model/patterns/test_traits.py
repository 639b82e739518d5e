"""What sets a cluster apart is said: a mean, a word, or a range; else nothing."""

import numpy as np
import pandas as pd

from mlkit.model.patterns.traits import cells_of, told, traits
from mlkit.model.problem import Problem

RNG = np.random.default_rng(0)
PROBLEM = Problem("cluster", "cluster", "stability", numbers=("x", "noise"))
WHICH = np.repeat([0, 1, 2], 60)
ROWS = pd.DataFrame(
    {"x": WHICH * 20 + RNG.normal(size=180), "noise": RNG.normal(size=180)}
)
NAMES = np.array(["low", "middle", "high"], object)[WHICH]


def test_a_cluster_in_the_middle_is_told_by_its_range():
    said = traits(ROWS, PROBLEM, NAMES, ["low", "middle", "high"])
    assert told(said, "low").startswith("x low (")
    middle = told(said, "middle")
    assert middle.startswith("x = 18")
    assert middle.endswith("(90%, else 0%)")
    assert cells_of(ROWS.head(1), said)[0].startswith("x 0.1")


def test_a_column_in_which_clusters_hardly_differ_is_not_named():
    halves = np.array(["one", "other"], object)[np.arange(180) % 2]
    assert told(traits(ROWS, PROBLEM, halves, ["one"]), "one") == "no column by itself"


def test_numbers_that_are_told_by_ranges_alone_are_numbers_all_the_same():
    rows = pd.DataFrame({"x": np.r_[np.full(50, 10.0), np.zeros(25), np.full(25, 20)]})
    names = np.repeat(["in", "out"], 50).astype(object)
    said = traits(rows, PROBLEM.only(["x"]), names, ["in"])
    assert said[0].level == "10"
    assert cells_of(rows.head(1), said) == ["x 10"]


def test_a_cluster_of_gaps_is_told_by_them():
    rng = np.random.default_rng(0)
    table = pd.DataFrame({"a": rng.normal(size=100), "b": rng.normal(size=100)})
    table.loc[:29, "a"] = np.nan
    problem = Problem("cluster", "cluster", "stability", numbers=("a", "b"))
    said = np.where(np.arange(100) < 30, "1", "2").astype(object)
    found = traits(table, problem, said, ["1", "2"])
    assert told(found, "1") == "a = (missing) (100%, else 0%)"
