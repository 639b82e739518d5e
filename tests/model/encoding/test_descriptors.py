"""Images and sounds as features: described alike wherever they come from."""

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from mlkit.core.descriptors import WIDTHS, describe
from mlkit.core.media import media
from mlkit.model.encoding.descriptors import Descriptor, takes
from mlkit.model.fitted import fit
from mlkit.model.packing.parity import agree, probes
from mlkit.model.problem import Problem


@pytest.fixture(scope="module")
def table(sensed):
    """Forty rows of an image, a sound and a number; a few cells are missing."""
    return sensed(40, "image", "audio", "number")


def test_a_problem_may_be_cut_to_some_features(table):
    problem = Problem.of(table)
    assert problem.only(["x"]).features == ("x",)
    assert problem.only(["heard", "seen"]).media == problem.media


def test_problem_has_images_and_sounds_as_features(table):
    problem = Problem.of(table)
    assert problem.features == ("x", "seen", "heard")
    assert problem.media == {"seen": "image", "heard": "audio"}
    assert problem.left_out == ()
    assert Problem.from_dict(problem.to_dict()) == problem


@pytest.mark.parametrize("family", ["linear", "tree", "forest", "boosting", "neural"])
def test_families_learn_from_them_and_their_onnx_agrees(table, family):
    problem = Problem.of(table)
    model = fit(family, {}, table, problem)
    right = model.predict(table) == table["y"].to_numpy(object)
    assert right[1:-2].mean() > 0.85
    assert agree(model, table).reason == ""
    assert len(probes(table, model)) == 6 * len(table)


def test_bytes_and_digests_tell_the_same(image):
    data = image(1)
    digest = media().put(data)
    assert (describe([data], "image") == describe([digest], "image")).all()


def test_what_was_told_of_a_cell_may_stand_in_its_place(table):
    told = describe(table["seen"].tolist(), "image")
    cells = np.empty(len(told), object)
    cells[:] = list(told)
    np.testing.assert_array_equal(describe(cells, "image"), told)


def test_what_is_missing_stands_at_the_mean_and_is_flagged(table):
    told = Descriptor.learn(table["seen"], "image")
    cells = told.transform(table["seen"])
    assert cells.shape == (40, WIDTHS["image"] + 1) == (40, len(told.names))
    assert not cells[0, :-1].any()
    assert cells[:, -1].tolist() == [1.0] + [0.0] * 39
    parts = np.split(cells[1:, :-1], [256, 320], axis=1)
    away = [np.square(part, dtype=float).sum(1).mean() ** 0.5 for part in parts]
    assert away[::2] == pytest.approx([4, 4], rel=1e-5)
    assert 0 < away[1] < 1  # all are grey: colours hardly differ, and are not blown up


def test_a_column_without_a_single_image_says_nothing():
    gone = pd.Series([None, None], dtype="str")
    told = Descriptor.learn(gone, "image")
    assert not told.transform(gone)[:, :-1].any()


@given(st.binary(max_size=200), st.sampled_from(sorted(WIDTHS)))
def test_any_bytes_are_described_or_missing(data, kind):
    (told,) = describe([data], kind)
    assert np.isnan(told).all() or np.isfinite(told).all()


def test_time_is_foreseen_for_what_is_not_known_yet(table, image):
    problem = Problem.of(table)
    fresh = media().put_all(image(1) for _ in range(30))
    some = pd.DataFrame({"seen": fresh, "heard": None})
    assert takes(some, problem, 1000) > takes(some, problem, 10) > 0
    describe(fresh, "image")
    assert takes(some, problem, 1000) == 0
