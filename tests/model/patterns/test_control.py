"""Tables of one crowd keep what is no cluster: values, ties between them, skew."""

import numpy as np

from mlkit.model.patterns.control import Crowds
from mlkit.model.patterns.fitting import Rows
from mlkit.model.patterns.lumps import in_lumps

RNG = np.random.default_rng(0)


def rows(*columns):
    matrix = np.stack(columns, axis=1).astype(np.float32)
    return Rows(matrix, [f"c{k}" for k in range(len(columns))])


def test_lumps_of_one_column_are_evened_out():
    lumpy = np.repeat([0, 20, 40], 60) + RNG.normal(size=180)
    given = rows(lumpy, RNG.random(180))
    drawn = Crowds(given).draw("shuffled", np.random.default_rng(0))
    assert in_lumps(given.matrix[:, 0])
    assert not in_lumps(drawn.matrix[:, 0])


def test_what_is_in_no_lumps_keeps_its_values():
    given = rows(RNG.random(90), np.repeat([0, 0, 1], 30), np.repeat([0, 5, 9], 30))
    drawn = Crowds(given).draw("shuffled", np.random.default_rng(0))
    assert np.array_equal(*(np.sort(one.matrix, axis=0) for one in (given, drawn)))


def test_evened_numbers_keep_their_ties():
    lumpy = np.repeat(np.r_[0:5, 40:45], 20)
    drawn = Crowds(rows(lumpy)).draw("shuffled", np.random.default_rng(0))
    values, counts = np.unique(drawn.matrix, return_counts=True)
    assert set(counts) == {20}
    assert np.ptp(np.diff(values)) == 0
