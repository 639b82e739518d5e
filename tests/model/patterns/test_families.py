"""Families without a target say what scikit-learn says, and ONNX says the same."""

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sklearn.cluster import HDBSCAN, KMeans
from sklearn.ensemble import IsolationForest
from sklearn.metrics import adjusted_rand_score
from sklearn.mixture import GaussianMixture

from mlkit.core.errors import InputError
from mlkit.core.schema import Column, Schema
from mlkit.model.families import able, family, names
from mlkit.model.packing.parity import agree, compare, probes
from mlkit.model.patterns.fitting import Rows, fit, grow
from mlkit.model.patterns.ranks import knots_of
from mlkit.model.patterns.space import Space, alike
from mlkit.model.problem import Problem
from mlkit.model.runtime import Graph

EVERY = [(name, kind) for kind in ("cluster", "anomaly") for name in able(kind)]
PACKED = [(name, kind) for name, kind in EVERY if family(name).formats]


def mixed(rows=240, seed=0):
    """Numbers with gaps and ties, words, a column that says nothing."""
    rng = np.random.default_rng(seed)
    which = rng.integers(0, 3, rows)
    table = pd.DataFrame(
        {
            "a": which * 4.0 + rng.normal(size=rows),
            "b": np.where(rng.random(rows) < 0.1, np.nan, rng.integers(0, 5, rows)),
            "same": 3.0,
            "w": np.where(rng.random(rows) < 0.8, np.array(list("xyz"))[which], "x"),
        }
    ).astype({"w": "str"})
    table.index = pd.Index([f"r{k}" for k in range(rows)], name="row")
    columns = Column("a"), Column("b"), Column("same"), Column("w", "category")
    return Schema(columns).attach(table)


def blobs(seed=0, rows=150):
    rng = np.random.default_rng(seed)
    centres = np.array([[0.0, 0], [6, 0], [0, 6]])[np.arange(rows) % 3]
    return Rows((centres + rng.normal(size=(rows, 2))).astype(np.float32), ["x", "y"])


@pytest.mark.parametrize(("name", "kind"), PACKED)
def test_onnx_says_the_same_of_hard_rows_and_is_the_same_each_time(name, kind):
    table = mixed()
    problem = Problem.untold(table, kind)
    model = fit(name, {}, table, problem)
    assert agree(model, table, 0.95).reason == ""
    again = fit(name, {}, table, problem)
    assert np.array_equal(model.predict_proba(table), again.predict_proba(table))


@pytest.mark.parametrize(("name", "kind"), EVERY)
def test_rows_of_one_value_and_few_rows_are_no_accident(name, kind):
    table = mixed(12)
    problem = Problem.untold(table, kind)
    chances = fit(name, {}, table, problem).predict_proba(table)
    assert np.isfinite(chances).all()
    assert chances.sum(axis=1) == pytest.approx(1)
    flat = Schema((Column("a"),)).attach(pd.DataFrame({"a": np.ones(30)}))
    told = fit(name, {}, flat, Problem.untold(flat, kind)).predict_proba(flat)
    assert np.isfinite(told).all()


def test_a_detector_that_keeps_its_rows_is_not_packaged():
    table = mixed()
    model = fit("local", {}, table, Problem.untold(table, "anomaly"))
    assert "keeps its training rows" in agree(model, table).reason


def test_families_without_a_target_are_not_among_those_that_learn_from_one():
    assert not {name for name, _ in EVERY} & set(names())


def test_kmeans_and_mixture_are_those_of_scikit_learn():
    rows = blobs()
    cells = Space.fit(rows.matrix, rows.sources).transform(rows.matrix)
    made = grow("kmeans", {"clusters": 3}, rows, "cluster", 0)
    theirs = KMeans(3, n_init=4, random_state=0).fit_predict(cells)
    assert adjusted_rand_score(made.predict(rows.matrix), theirs) == 1
    made = grow("mixture", {"clusters": 3}, rows, "cluster", 0)
    bells = GaussianMixture(3, reg_covar=1e-2, n_init=2, random_state=0).fit(cells)
    mine = np.sort(made.predict_proba(rows.matrix), axis=1)
    assert mine == pytest.approx(np.sort(bells.predict_proba(cells), axis=1), abs=1e-9)


def test_the_stand_in_of_hdbscan_says_what_it_said_and_leaves_far_rows_out():
    rows = blobs()
    made = grow("hdbscan", {"smallest": 0.1}, rows, "cluster", 0)
    cells = Space.fit(rows.matrix, rows.sources).transform(rows.matrix)
    theirs = HDBSCAN(min_cluster_size=15, min_samples=5, copy=True).fit_predict(cells)
    assert made.count == theirs.max() + 1 == 3
    assert adjusted_rand_score(made.predict(rows.matrix), theirs) > 0.9
    assert made.facts["agrees"] > 0.95
    far = np.array([[90.0, -90.0]], np.float32)
    assert made.names[made.predict(far)[0]] == "none"


def test_isolation_ranks_rows_as_scikit_learn_does():
    rows = blobs()
    made = grow("isolation", {"trees": 50, "sample": 64}, rows, "anomaly", 3)
    forest = IsolationForest(n_estimators=50, max_samples=64, random_state=3)
    theirs = -forest.fit(rows.matrix).score_samples(rows.matrix)
    spread = np.corrcoef(
        np.argsort(np.argsort(theirs)), np.argsort(np.argsort(made.raw(rows.matrix)))
    )
    assert spread[0, 1] > 0.9999


def test_every_column_counts_alike_however_many_levels_it_has():
    rng = np.random.default_rng(0)
    ones = np.eye(10)[rng.integers(0, 10, 500)]
    cells = np.column_stack([rng.normal(size=500), ones])
    weights = alike(cells, ["x", *["w"] * 10])
    spread = (cells * weights).var(axis=0)
    assert spread[0] == pytest.approx(1)
    assert spread[1:].sum() == pytest.approx(1)


@given(st.lists(st.floats(-1e6, 1e6), min_size=2, max_size=200))
@settings(max_examples=60, deadline=None)
def test_ranks_grow_with_the_score_and_stay_between_0_and_1(scores):
    knots, start, slope, level = knots_of(np.array(scores))
    asked = np.sort(np.array([*scores, -1e7, 1e7]))
    place = np.searchsorted(knots, asked, side="right")
    ranks = level[place] + slope[place] * (asked - start[place])
    assert (np.diff(ranks) >= -1e-9).all()
    assert ranks.min() >= -1e-9
    assert ranks.max() <= 1 + 1e-9


def test_a_threshold_is_packaged_as_it_stands():
    from mlkit.model.formats.onnx import convert

    table = mixed()
    model = fit("ellipse", {}, table, Problem.untold(table, "anomaly"))
    rows = probes(table, model)
    graph = Graph(convert(model, 0.9), model.classes)
    said = graph.predict({name: rows[name].to_numpy() for name in model.schema.names})
    assert compare(model, rows, said, 0.9).holds
    assert not compare(model, rows, said, 0.5).holds


def test_texts_alone_are_nothing_to_learn_from():
    table = Schema((Column("t", "text"),)).attach(pd.DataFrame({"t": ["a", "b"]}))
    with pytest.raises(InputError, match="no column is left"):
        Problem.untold(table, "cluster")
