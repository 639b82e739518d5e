"""Numbers in several lumps are told from those of one hump, however round they are."""

import numpy as np
import pytest

from mlkit.model.patterns.lumps import in_lumps

RNG = np.random.default_rng(0)
WHICH = RNG.integers(0, 3, 300)
LUMPS = {
    "far": WHICH * 20 + RNG.normal(size=300),
    "near": (WHICH > 0) * 5 + RNG.normal(size=300),
    "rounded": np.round(WHICH * 20 + RNG.normal(size=300)),
    "many": RNG.integers(0, 8, 300) * 10 + RNG.normal(size=300),
}
HUMPS = {
    "even": RNG.random(300),
    "bell": RNG.normal(size=300),
    "long tail": np.exp(RNG.normal(size=300)),
    "far rows": RNG.standard_cauchy(300),
    "whole numbers": RNG.integers(0, 30, 300),
    "counts": RNG.poisson(3, 300),
    "levels": WHICH * 20,
    "one value": np.ones(300),
    "one value, but for rounding": 1 + RNG.integers(0, 9, 300) * 2.0**-52,
    "levels, but for rounding": WHICH * 20 + RNG.integers(0, 9, 300) * 2.0**-50,
    "no value": np.ones(0),
}


@pytest.mark.parametrize("kind", LUMPS)
def test_several_lumps_are_seen(kind):
    assert in_lumps(LUMPS[kind])


@pytest.mark.parametrize("kind", HUMPS)
def test_one_hump_is_none_of_them(kind):
    assert not in_lumps(HUMPS[kind])


def test_of_even_spreads_about_one_in_twenty_is_mistaken():
    wrong = [in_lumps(RNG.random(200)) for _ in range(100)]
    assert np.mean(wrong) < 0.08
