"""Clusters are found where there are some, and where there are none it is said."""

import json

import pandas as pd
import pytest

from mlkit.core.errors import InputError
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
