from __future__ import annotations

import json

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from mlkit.model.measures.residuals import residuals


@pytest.mark.filterwarnings("error::RuntimeWarning")
@pytest.mark.parametrize("power", [400, 1000, 1021])
def test_what_is_drawn_of_huge_numbers_is_that_of_small_ones(power):
    rng = np.random.default_rng(0)
    truth = rng.uniform(-1, 1, 300)
    predicted, base = truth + rng.normal(0, 0.1, 300), np.full(300, 0.25)
    small = residuals(truth, predicted, base)
    size = 2.0**power
    far = residuals(truth * size, predicted * size, base * size)
    assert far["errors"]["counts"] == small["errors"]["counts"]
    assert far["truth"] == pytest.approx([v * size for v in small["truth"]], rel=2e-5)
    for part in ("normal", "sizes", "band"):
        for name, values in small[part].items():
            wanted = [value * size for value in values]
            assert far[part][name] == pytest.approx(wanted, rel=2e-5)


@pytest.mark.parametrize("offset", [0.0, 2460000.5, 1e9])
def test_what_is_drawn_far_from_zero_is_that_of_near_zero(offset):
    rng = np.random.default_rng(0)
    truth = rng.normal(0, 3, 300)
    predicted, base = truth + rng.normal(0, 1, 300), np.zeros(300)
    near = residuals(truth, predicted, base)
    far = residuals(truth + offset, predicted + offset, base + offset)
    for name in ("truth", "predicted"):
        apart = np.subtract(far[name], offset)
        assert apart == pytest.approx(np.array(near[name]), abs=2e-5)
    for part in ("sizes", "band"):
        for name, values in near[part].items():
            moved = offset if name in ("truth", "predicted") else 0.0
            assert far[part][name] == pytest.approx(np.add(values, moved), abs=2e-5)


NUMBERS = st.lists(
    st.tuples(*[st.floats(allow_nan=False, allow_infinity=False)] * 3), min_size=2
)


@given(NUMBERS)
def test_residuals_of_any_numbers_are_finite(rows):
    truth, predicted, base = np.array(rows).T
    json.dumps(residuals(truth, predicted, base), allow_nan=False)


def test_a_target_over_all_sizes_up_to_1e300():
    rng = np.random.default_rng(0)
    truth = rng.choice([-1, 1], 200) * 10.0 ** rng.uniform(100, 300, 200)
    found = residuals(truth, -truth, np.zeros(200))
    json.dumps(found, allow_nan=False)
    assert sum(found["errors"]["counts"]) == 200
