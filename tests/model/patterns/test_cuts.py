"""Clusters that nothing parts are one crowd, cut in two."""

import numpy as np
import pytest

from mlkit.model.patterns.cuts import FEWEST, cuts

RNG = np.random.default_rng(0)


def crowds(*centres, rows=60):
    made = [RNG.normal(centre, size=(rows, len(centre))) for centre in centres]
    return np.concatenate(made), np.repeat(np.arange(len(centres)), rows)


def test_crowds_that_lie_apart_are_not_cut():
    cells, labels = crowds((0, 0), (9, 0), (0, 9))
    assert cuts(cells, labels, 3) == 0


@pytest.mark.parametrize("draw", [RNG.random, RNG.standard_normal])
def test_each_crowd_that_is_cut_counts(draw):
    cells, labels = crowds((0, 0), (9, 0), rows=100)
    noise = draw(len(cells)) * 9
    halves = labels * 2 + (noise > np.median(noise))
    assert cuts(np.column_stack([cells, noise]), halves, 4) == 2


def test_long_crowds_beside_each_other_are_parted_whichever_way_they_lie():
    cells, labels = crowds((0, 0), (4, 6))
    cells[:, 0] = labels * 4 + (cells[:, 0] - labels * 4) * 9
    turned = cells @ np.array([[0.8, 0.6], [-0.6, 0.8]])
    assert cuts(turned, labels, 2) == 0


def test_rows_that_belong_to_none_and_clusters_of_few_rows_are_left_out():
    cells, labels = crowds((0, 0), (0, 0), (0, 0))
    few = np.arange(len(labels)) % 60 < FEWEST - 1
    assert cuts(cells, labels, 1) == 0
    assert cuts(cells[few], labels[few], 3) == 0
    assert cuts(cells, labels, 3) == 3
