"""Clusters are found where there are some, and where there are none it is said."""

import json

import numpy as np
import pandas as pd
import pytest

from mlkit.core.errors import InputError
from mlkit.core.schema import Column, Schema
from mlkit.model.cluster import Clustering, cluster
from mlkit.model.describe import Description, describe

QUICK = {"most": 4, "repeats": 4, "controls": 2}


def table(cells, labels=None):
    found = pd.DataFrame(cells).rename(columns=lambda k: f"x{k}")
    columns = [Column(name) for name in found]
    if labels is not None:
        found["kind"] = pd.array(labels, "str")
        columns.append(Column("kind", "category", ("target",)))
    found.index = pd.Index([f"r{k}" for k in range(len(found))], name="row")
    return Schema(tuple(columns)).attach(found)


def blobs(rows=180, seed=0):
    rng = np.random.default_rng(seed)
    which = rng.integers(0, 3, rows)
    centres = np.array([[0.0, 0, 0], [7, 0, 0], [0, 7, 0]])[which]
    cells = centres + rng.normal(size=(rows, 3))
    return table(cells, np.array(["a", "b", "c"])[which])


def crowd(kind, rows=180, seed=0):
    rng = np.random.default_rng(seed)
    if kind == "uniform":
        return table(rng.random((rows, 2)))
    if kind == "long bell":
        turn = np.linalg.qr(rng.normal(size=(3, 3)))[0]
        return table(rng.normal(size=(rows, 3)) * [6, 1, 0.5] @ turn)
    cells = pd.DataFrame({n: rng.choice(list("pqr"), rows) for n in "uvw"}).astype(
        "str"
    )
    return Schema(tuple(Column(n, "category") for n in cells)).attach(cells)


def test_three_groups_are_found_and_the_target_is_not_looked_at():
    rows = blobs()
    found = cluster(rows, ["kmeans", "mixture"], **QUICK)
    assert found.found
    assert found[found.chosen].clusters == 3
    model = found.fit(rows)
    counts = pd.crosstab(model.predict(rows), rows["kind"].to_numpy())
    assert (counts > 0).sum().sum() == 3
    assert "kind" not in model.problem.features
    assert Clustering.from_dict(json.loads(json.dumps(found.to_dict()))) == found


@pytest.mark.parametrize("kind", ["uniform", "long bell", "levels"])
def test_of_one_crowd_it_is_said_that_there_are_no_clusters(kind):
    found = cluster(crowd(kind), ["kmeans", "mixture"], **QUICK)
    assert not found.found
    assert found.statement.startswith("No clusters")
    assert "one crowd" in str(found.table())


def test_what_a_person_takes_is_taken_and_doubted_all_the_same():
    found = cluster(crowd("uniform"), ["kmeans"], **QUICK).decided("kmeans 4")
    assert found.chosen == "kmeans 4"
    assert not found.found
    with pytest.raises(InputError, match="was not tried"):
        found.decided("kmeans 9")
    assert found.decided("") == found


def test_the_same_seed_gives_the_same_and_rows_may_be_sampled():
    rows = blobs()
    one, other = (cluster(rows, ["kmeans"], most_rows=100, **QUICK) for _ in range(2))
    assert one == other
    assert one.rows == 100
    assert any("100 of 180" in note for note in one.notes)


def test_clusters_that_come_again_pass_and_are_told_apart():
    rows = blobs()
    train, valid = (Schema.of(rows).attach(r) for r in (rows[:120], rows[120:]))
    clustering = cluster(train, ["kmeans"], **QUICK)
    found = describe(clustering.fit(train), clustering, train, valid, repeats=5)
    assert found.verdict.state == "passed"
    assert found.truth["rand"] == 1
    assert {one.column for one in found.traits if abs(one.effect) > 1} == {"x0", "x1"}
    assert found.rules.faithful
    assert "x0 high" in str(found.table())
    assert found.examples().rows[0][2].startswith("r")
    again = Description.from_dict(json.loads(json.dumps(found.to_dict())))
    assert again.to_dict() == found.to_dict()
    for what in ("map", "silhouette", "traits"):
        assert found.plot(what).axes


def test_a_crowd_cut_up_is_blocked_whatever_a_person_takes():
    rows = crowd("uniform")
    train, valid = (Schema.of(rows).attach(r) for r in (rows[:120], rows[120:]))
    clustering = cluster(train, ["kmeans"], **QUICK).decided("kmeans 4")
    found = describe(clustering.fit(train), clustering, train, valid, repeats=4)
    assert found.verdict.state == "blocked"
    assert found.verdict.blocking[0].bar == "more than one crowd cut up"


def test_bars_are_met_by_the_limit_and_an_unknown_column_is_told():
    rows = blobs()
    train, valid = (Schema.of(rows).attach(r) for r in (rows[:120], rows[120:]))
    clustering = cluster(train, ["kmeans"], **QUICK)
    model = clustering.fit(train)
    args = (model, clustering, train, valid)
    found = describe(*args, repeats=4, bars={"silhouette": 0.99})
    assert [f.bar for f in found.verdict.blocking] == ["silhouette at least 0.99"]
    with pytest.raises(InputError, match="no column 'kinds'"):
        describe(*args, truth="kinds")
