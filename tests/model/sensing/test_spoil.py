"""Images and sounds made worse, and what the review makes of it."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image

from mlkit.core.descriptors import describe
from mlkit.model.audit.remarking import of_robustness
from mlkit.model.audit.robustness import Robustness, Shock, robustness
from mlkit.model.fitted import fit
from mlkit.model.problem import Problem
from mlkit.model.sensing import spoil

RNG = np.random.default_rng(0)


@pytest.fixture(scope="module")
def table(sensed):
    return sensed(24, "image", "audio")


@pytest.fixture(scope="module")
def found(table):
    model = fit("linear", {}, table, Problem.of(table))
    return robustness(model, table, table, refits=0)


def test_each_way_changes_what_is_told_the_more_the_worse(table):
    kinds = {"seen": "image", "heard": "audio"}
    ways = {}
    for way, share, columns in spoil.spoilt(table, kinds, RNG):
        ((name, cells),) = columns.items()
        whole = describe(table[name].tolist(), kinds[name])
        made = describe(cells, kinds[name])
        assert (np.isnan(made) == np.isnan(whole)).all(), "gaps stay gaps"
        moved = float(np.nanmean(np.abs(made - whole)))
        ways.setdefault(way, []).append((float(share.rstrip("%")), moved))
    assert set(ways) == set(spoil.KINDS)
    for told in ways.values():
        assert told == sorted(told)
        assert told[0][1] > 0


def test_nothing_to_spoil_yields_nothing(table):
    assert not list(spoil.spoilt(table, {}, RNG))


@given(
    st.integers(1, 9),
    st.integers(1, 9),
    st.floats(0, 1),
    st.sampled_from([spoil.grained, spoil.blurred, spoil.darkened]),
)
def test_any_image_stays_an_image_of_its_size(wide, high, share, change):
    image = Image.new("RGB", (wide, high), (9, 200, 31))
    made = change(image, share, RNG)
    assert (made.size, made.mode) == (image.size, image.mode)


@given(
    st.lists(st.floats(-1, 1, width=32), min_size=1, max_size=50),
    st.floats(0, 1),
    st.sampled_from([spoil.hissing, spoil.cut]),
)
def test_any_sound_stays_a_sound(levels, share, change):
    samples = np.array(levels, np.float32)[:, None]
    made, rate = change((samples, 8000), share, RNG)
    assert 1 <= len(made) <= len(samples)
    assert (made.dtype, rate) == (np.float32, 8000)
    assert np.isfinite(made).all()


def test_the_review_tries_them_and_draws_them(found):
    told = {shock.kind for shock in found.shocks}
    assert told == {"gone", "cells", *spoil.KINDS}
    assert "images blurred" in found.table()._repr_html_()
    assert Robustness.from_dict(found.to_dict()) == found


@pytest.mark.parametrize("kind", ["blur", "cut"])
def test_of_one_column_its_own_curves_are_drawn(found, kind):
    others = {"blur": ("hiss", "cut"), "cut": ("grain", "blur", "dark")}[kind]
    kept = [s for s in found.shocks if s.kind not in others]
    gone = [s for s in kept if s.kind == "gone"][:1]
    alone = replace(found, shocks=(*gone, *(s for s in kept if s.kind != "gone")))
    titles = [axes.get_title(loc="left") for axes in alone.plot().axes]
    assert {"blur": "Blurred", "cut": "Cut off"}[kind] in titles
    assert "Noise on all numbers" not in titles
    assert "Cells missing at random" not in titles


def test_what_costs_much_is_remarked(found):
    heavy = Shock("dark", "50%", found.room, 0.9 * found.room, found.room, 0.5)
    light = replace(heavy, loss=0.0, low=0.0, high=0.0)
    for shock, expected in ((heavy, True), (light, False)):
        tried = replace(found, shocks=(shock,))
        told = " ".join(remark.what for remark in of_robustness(tried))
        assert ("half of the light gone" in told) == expected


def test_all_gaps_cost_nothing():
    gone = pd.array([None] * 20, "str")
    cells = {"seen": gone, "x": np.arange(20.0), "y": ["a", "b"] * 10}
    task = Problem("two_classes", "y", "roc_auc", ("a", "b"), ("x",), images=("seen",))
    table = pd.DataFrame(cells)
    tried = robustness(fit("linear", {}, table, task), table, table, refits=0)
    assert all(shock.loss == 0 for shock in tried.of("blur"))
    assert len(tried.of("blur")) == 3
