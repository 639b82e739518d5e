"""Numbers are told in a few signs, however large or small they are."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mlkit.model.words import say, signed

FLOATS = st.floats(-1e308, 1e308)


@pytest.mark.parametrize(
    ("value", "told"),
    [
        (1e308, "1e+308"),
        (-1.4472e307, "-1.45e+307"),
        (1.5e15, "1.5e+15"),
        (9.4e14, "940,000,000,000,000"),
        (0.00012, "0.00012"),
        (1.23e-5, "0.0000123"),
        (-0.0000056, "-5.6e-06"),
        (-1.12e-9, "-1.12e-09"),
        (-7.71e-10, "-7.71e-10"),
        (5e-324, "4.94e-324"),
        (-0.0, "0"),
        (float("inf"), "undefined"),
    ],
)
def test_a_power_is_told_at_the_ends_alone(value, told):
    assert say(value) == told


@pytest.mark.parametrize(
    ("value", "digits", "told"),
    [
        (0.99994, 3, "0.9999"),
        (-0.9996, 2, "-0.9996"),
        (0.9999999, 3, "0.9999999"),
        (1 - 1e-12, 4, "1"),
        (1.0004, 3, "1"),
    ],
)
def test_what_is_not_perfect_is_not_told_as_one(value, digits, told):
    assert say(value, digits) == told


def test_a_change_has_its_sign_and_no_power():
    told = [signed(value) for value in (-917.3, 593.2, 0.0, -0.00033)]
    assert told == ["-920", "+590", "+0", "-0.00033"]


@given(FLOATS, st.integers(2, 4))
def test_what_is_told_is_short_and_near_the_number(value, digits):
    text = say(value, digits)
    assert len(text) <= 22
    assert float(text.replace(",", "")) == pytest.approx(value, rel=10 ** (1 - digits))
