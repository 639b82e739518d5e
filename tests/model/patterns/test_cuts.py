"""Clusters that nothing parts are one crowd, cut in two."""

import numpy as np
import pytest

from mlkit.model.patterns.cuts import FEWEST, cuts, whole

RNG = np.random.default_rng(0)


def crowds(*centres, rows=60):
    made = [RNG.normal(centre, size=(rows, len(centre))) for centre in centres]
    return np.concatenate(made), np.repeat(np.arange(len(centres)), rows)


def test_crowds_that_lie_apart_are_not_cut():
    cells, labels = crowds((0, 0), (9, 0), (0, 9))
    assert cuts(cells, labels, 3) == []


@pytest.mark.parametrize("draw", [RNG.random, RNG.standard_normal])
def test_each_crowd_that_is_cut_counts(draw):
    cells, labels = crowds((0, 0), (9, 0), rows=100)
    noise = draw(len(cells)) * 9
    halves = labels * 2 + (noise > np.median(noise))
    assert cuts(np.column_stack([cells, noise]), halves, 4) == [(0, 1), (2, 3)]


def test_long_crowds_beside_each_other_are_parted_whichever_way_they_lie():
    cells, labels = crowds((0, 0), (4, 6))
    cells[:, 0] = labels * 4 + (cells[:, 0] - labels * 4) * 9
    turned = cells @ np.array([[0.8, 0.6], [-0.6, 0.8]])
    assert cuts(turned, labels, 2) == []


def test_rows_that_belong_to_none_and_clusters_of_few_rows_are_left_out():
    cells, labels = crowds((0, 0), (0, 0), (0, 0))
    few = np.arange(len(labels)) % 60 < FEWEST - 1
    assert cuts(cells, labels, 1) == []
    assert cuts(cells[few], labels[few], 3) == []
    assert len(cuts(cells, labels, 3)) == 3


def test_crowds_that_were_cut_are_put_together_whatever_the_order():
    assert whole([], 3) == 3
    assert whole([(0, 3), (1, 2), (2, 3)], 5) == 2


def test_a_far_cluster_of_few_rows_among_many_is_parted():
    cells = np.concatenate([RNG.normal(size=(1500, 2)), RNG.normal(30, size=(20, 2))])
    assert cuts(cells, (np.arange(1520) >= 1500).astype(int), 2) == []


def test_clusters_that_are_two_points_are_parted():
    labels = RNG.integers(0, 2, 300)
    assert cuts(np.outer(labels, [1.0, 2.0]), labels, 2) == []


def test_a_bent_crowd_that_is_cut_is_mostly_told():
    told = []
    for seed in range(20):
        rng = np.random.default_rng(seed)
        turn = rng.random(120) * np.pi * 2 / 3
        arc = np.column_stack([np.cos(turn), np.sin(turn)])
        cells = arc + rng.normal(0, 0.03, arc.shape)
        told += cuts(cells, (turn > np.pi / 3).astype(int), 2)
    assert len(told) >= 14
