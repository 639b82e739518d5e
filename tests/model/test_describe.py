"""Clusters are told apart, and judged: those that come again pass, a cut crowd not."""

import json

import pytest

from mlkit.core.errors import InputError
from mlkit.core.schema import Schema
from mlkit.model.cluster import cluster
from mlkit.model.describe import Description, describe

QUICK = {"most": 4, "repeats": 4, "controls": 2}


def test_clusters_that_come_again_pass_and_are_told_apart(blobs):
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


def test_a_crowd_cut_up_is_blocked_whatever_a_person_takes(crowd):
    rows = crowd("uniform")
    train, valid = (Schema.of(rows).attach(r) for r in (rows[:120], rows[120:]))
    clustering = cluster(train, ["kmeans"], **QUICK).decided("kmeans 4")
    found = describe(clustering.fit(train), clustering, train, valid, repeats=4)
    assert found.verdict.state == "blocked"
    assert found.verdict.blocking[0].bar == "more than one crowd cut up"


def test_bars_are_met_by_the_limit_and_an_unknown_column_is_told(blobs):
    rows = blobs()
    train, valid = (Schema.of(rows).attach(r) for r in (rows[:120], rows[120:]))
    clustering = cluster(train, ["kmeans"], **QUICK)
    model = clustering.fit(train)
    args = (model, clustering, train, valid)
    found = describe(*args, repeats=4, bars={"silhouette": 0.99})
    assert [f.bar for f in found.verdict.blocking] == ["silhouette at least 0.99"]
    with pytest.raises(InputError, match="no column 'kinds'"):
        describe(*args, truth="kinds")
