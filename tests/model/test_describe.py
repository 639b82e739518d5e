"""Clusters are told apart, and judged: those that come again pass, a cut crowd not."""

import json
import warnings
from dataclasses import replace

import numpy as np
import pandas as pd
import pytest

from mlkit.core.errors import InputError, UsageError
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
    with pytest.raises(UsageError, match="worst_slice is no bar of groups"):
        describe(*args, repeats=4, bars={"worst_slice": 0.6})
    with pytest.raises(InputError, match="no column 'kinds'"):
        describe(*args, truth="kinds")


def test_too_few_validation_rows_are_told_and_nothing_breaks(blobs):
    rows = blobs()
    train = Schema.of(rows).attach(rows[:120].copy())
    clustering = cluster(train, ["kmeans"], **QUICK)
    model = clustering.fit(train)
    for count in (1, 2, 14):
        valid = Schema.of(rows).attach(rows[120 : 120 + count].copy())
        found = describe(model, clustering, train, valid, repeats=2)
        (one,) = found.verdict.blocking
        assert one.state == "not_assessed"
        assert one.got == f"too few validation rows: {count} for 3 clusters"
        assert "replication" not in found.metrics
        for what in ("map", "silhouette", "traits"):
            assert found.plot(what).axes
        assert found.examples().rows


def test_the_truth_that_cluster_was_told_is_compared_with_and_no_other_is(blobs):
    rows = blobs()
    bare = Schema(tuple(replace(c, roles=()) for c in Schema.of(rows)))
    train, valid = (bare.attach(r) for r in (rows[:120].copy(), rows[120:].copy()))
    clustering = cluster(train, ["kmeans"], truth="kind", **QUICK)
    found = describe(clustering.fit(train), clustering, train, valid, repeats=3)
    assert (found.truth["column"], found.truth["rand"]) == ("kind", 1)
    careless = cluster(train, ["kmeans"], **QUICK)
    with pytest.raises(InputError, match="learnt from 'kind'"):
        describe(careless.fit(train), careless, train, valid, truth="kind")
    unknown = valid.assign(kind=None), train.assign(kind=None)
    asked = clustering.fit(train), clustering, *map(bare.attach, unknown)
    assert describe(*asked, repeats=3).truth == {}


def test_a_number_of_many_values_names_no_kinds_to_compare_with(blobs):
    rows = blobs()
    rows["price"] = np.random.default_rng(0).normal(size=len(rows))
    train, valid = (Schema.of(rows).attach(r) for r in (rows[:120], rows[120:]))
    clustering = cluster(train, ["kmeans"], truth="price", **QUICK)
    found = describe(clustering.fit(train), clustering, train, valid, repeats=2)
    assert found.truth == {"column": "price"}
    assert "price is a number of many values" in str(found.beside())
    assert "Beside price" not in [one.title for one in found.sections()]


def test_rows_that_are_all_alike_are_drawn_without_a_warning():
    rows = pd.DataFrame({"x": [1.0] * 60, "y": [1.0] * 60})
    clustering = cluster(rows[:40], ["kmeans"], **QUICK)
    asked = clustering.fit(rows[:40]), clustering, rows[:40], rows[40:]
    found = describe(*asked, repeats=3)
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        for what in ("map", "silhouette", "traits"):
            assert found.plot(what)._repr_png_()
    assert "no column by itself" in str(found.table())
