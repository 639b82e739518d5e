"""Clusters are found where there are some, and where there are none it is said."""

import json
from dataclasses import replace

import numpy as np
import pandas as pd
import pytest

from mlkit.core.errors import InputError
from mlkit.core.schema import Schema
from mlkit.model.cluster import Clustering, cluster

QUICK = {"most": 4, "repeats": 4, "controls": 2}


def test_three_groups_are_found_and_the_target_is_not_looked_at(blobs):
    rows = blobs()
    found = cluster(rows, ["kmeans", "mixture"], **QUICK)
    assert found.found
    assert found[found.chosen].clusters == 3
    model = found.fit(rows)
    counts = pd.crosstab(model.predict(rows), rows["kind"].to_numpy())
    assert (counts > 0).sum().sum() == 3
    assert "kind" not in model.problem.features
    assert Clustering.from_dict(json.loads(json.dumps(found.to_dict()))) == found


@pytest.mark.parametrize("kind", ["uniform", "long bell", "long tails", "levels"])
def test_of_one_crowd_it_is_said_that_there_are_no_clusters(kind, crowd):
    found = cluster(crowd(kind), ["kmeans", "mixture"], **QUICK)
    assert not found.found
    assert found.statement.startswith("No clusters")
    assert "one crowd" in str(found.table())


@pytest.mark.parametrize("digits", [3, 0])
def test_groups_that_one_column_alone_tells_apart_are_found(digits):
    rng = np.random.default_rng(0)
    cells = np.round(np.repeat([0, 20, 40], 60) + rng.normal(size=180), digits)
    found = cluster(pd.DataFrame({"x": rng.permutation(cells)}), ["kmeans"], **QUICK)
    assert found.found
    assert found[found.chosen].clusters == 3


def test_a_column_of_noise_beside_two_groups_hides_none():
    rng = np.random.default_rng(0)
    groups = np.repeat([0, 20], 90)
    noise = rng.normal(size=(2, 180))
    rows = pd.DataFrame({"x": groups + noise[0], "noise": noise[1]})
    found = cluster(rows, ["kmeans"], **QUICK)
    assert found.found
    of_each = pd.crosstab(found.fit(rows).predict(rows), groups)
    assert ((of_each > 0).sum(axis=1) == 1).all()


@pytest.mark.parametrize("noise", ["even", "bell"])
def test_no_group_is_cut_in_two_along_a_column_of_noise(blobs, noise):
    rows = blobs()
    rows["noise"] = ALONE[noise](np.random.default_rng(1))
    found = cluster(rows, ["kmeans"], most=6, repeats=4, controls=2)
    assert found["kmeans 6"].cuts
    assert found.found
    assert found[found.chosen].clusters == 3
    assert "kmeans 6" in str(found.table())
    assert "cuts one crowd in two" in str(found.table())


def test_of_equal_rows_no_empty_clusters_are_counted():
    points = np.repeat([[0.0, 0.0], [5.0, 9.0], [20.0, 3.0]], 11, axis=0)
    found = cluster(pd.DataFrame(points, columns=["x", "y"]), ["kmeans"], most=5)
    assert found[found.chosen].clusters == 3
    assert found["kmeans 5"].doubt == "finds 3 only"


@pytest.mark.parametrize("rows", [20, 300])
def test_a_far_group_is_no_crowd_cut_up_however_few_its_rows(rows):
    rng = np.random.default_rng(0)
    cells = np.concatenate([rng.normal(size=(900, 2)), rng.normal(30, size=(rows, 2))])
    found = cluster(pd.DataFrame(cells, columns=["x", "y"]), ["kmeans"], **QUICK)
    assert (
        found.statement == "2 clusters by k-means: clearly more than one crowd cut up"
    )


def test_two_kinds_of_rows_in_words_alone_are_two_clusters():
    kind = np.random.default_rng(0).integers(0, 2, 200)
    words = {"a": ["x", "y"], "b": ["u", "v"], "c": ["p", "q"]}
    rows = pd.DataFrame({n: np.array(w)[kind] for n, w in words.items()})
    found = cluster(rows.astype("category"), ["kmeans"], **QUICK)
    assert (
        found.statement == "2 clusters by k-means: clearly more than one crowd cut up"
    )


def test_a_curve_is_one_crowd_that_is_cut_up():
    rng = np.random.default_rng(1)
    x = rng.uniform(-2, 2, 400)
    rows = pd.DataFrame({"x": x, "y": x * x + rng.normal(0, 0.2, 400)})
    found = cluster(rows, ["kmeans"], **QUICK)
    assert not found.found
    assert found["kmeans 3"].doubt == "is one crowd, cut up"


def test_a_choice_that_cuts_a_crowd_says_so():
    rng = np.random.default_rng(0)
    cells = np.concatenate([rng.normal(size=(150, 2)), rng.normal(12, size=(150, 2))])
    found = cluster(pd.DataFrame(cells, columns=["x", "y"]), ["kmeans"], **QUICK)
    insisted = found.decided("kmeans 3")
    assert insisted.found
    assert insisted.statement.endswith(
        "more than one crowd, but it cuts one crowd in two"
    )


def test_hdbscan_alone_is_held_against_its_own_crowds(blobs):
    found = cluster(blobs(), ["hdbscan"], repeats=2, controls=2)
    for one in found.options:
        assert one.reference == pytest.approx(np.mean(one.crowd), abs=1e-6)


@pytest.mark.parametrize(("rows", "most"), [(60, 1), (1, 4)])
def test_with_nothing_to_compare_it_is_refused(blobs, rows, most):
    with pytest.raises(InputError, match="nothing to compare"):
        cluster(blobs().head(rows), ["kmeans"], most=most)


ALONE = {
    "even": lambda rng: rng.random(180),
    "bell": lambda rng: rng.normal(size=180),
    "tail": lambda rng: np.exp(rng.normal(size=180)),
    "counts": lambda rng: rng.poisson(3, 180).astype(float),
    "levels": lambda rng: rng.choice([2.0, 3.0, 4.0, 5.0], 180),
    "same": lambda rng: np.ones(180),
}


@pytest.mark.parametrize("kind", ALONE)
@pytest.mark.parametrize("beside", [False, True])
def test_a_column_of_one_crowd_makes_no_clusters(kind, beside):
    rng = np.random.default_rng(0)
    rows = pd.DataFrame({"x": ALONE[kind](rng)})
    rows = rows.assign(y=rng.random(180)) if beside else rows
    assert not cluster(rows, ["kmeans"], **QUICK).found


def test_a_named_truth_is_not_looked_at(blobs):
    rows = blobs()
    plain = Schema(tuple(replace(c, roles=()) for c in Schema.of(rows))).attach(rows)
    found = cluster(plain, ["kmeans"], truth="kind", **QUICK)
    assert "kind" not in found.problem.features
    assert found.truth == "kind"
    with pytest.raises(InputError, match="no column 'kinds'"):
        cluster(plain, truth="kinds")


def test_what_a_person_takes_is_taken_and_doubted_all_the_same(crowd):
    found = cluster(crowd("uniform"), ["kmeans"], **QUICK).decided("kmeans 4")
    assert found.chosen == "kmeans 4"
    assert not found.found
    with pytest.raises(InputError, match="was not tried"):
        found.decided("kmeans 9")
    assert found.decided("") == found


def test_the_same_seed_gives_the_same_and_rows_may_be_sampled(blobs):
    rows = blobs()
    one, other = (cluster(rows, ["kmeans"], most_rows=100, **QUICK) for _ in range(2))
    assert one == other
    assert one.rows == 100
    assert any("100 of 180" in note for note in one.notes)
