from __future__ import annotations

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from mlkit.core.merging import merged, without

NAMES = st.lists(st.sampled_from(["trim a", "drop b", "missing c", "é"]), unique=True)
CHOICES = st.fixed_dictionaries({}, optional={"accept": NAMES, "refuse": NAMES})


@pytest.mark.parametrize(
    ("old", "new", "whole"),
    [
        (None, {"accept": ["a"]}, {"accept": ["a"]}),
        (None, [{"rule": "x"}], [{"rule": "x"}]),
        (["a"], {"accept": ["b"]}, {"refuse": ["a"], "accept": ["b"]}),
        (["a"], {"accept": ["a"]}, {"refuse": [], "accept": ["a"]}),
        (
            {"roles": {"x": ["private"]}},
            {"roles": {"y": ["time"]}},
            {"roles": {"x": ["private"], "y": ["time"]}},
        ),
        (
            {"roles": {"x": ["private"]}},
            {"roles": {"x": ["time"]}},
            {"roles": {"x": ["private", "time"]}},
        ),
        ({"types": {"x": "text"}}, {"types": {"x": "id"}}, {"types": {"x": "id"}}),
        (
            [{"rule": "x", "max": 1}, {"rule": "y"}],
            [{"rule": "x", "max": 2}],
            [{"rule": "x", "max": 2}, {"rule": "y"}],
        ),
        (
            {"add": [{"op": "trim"}]},
            {"add": [{"op": "drop"}]},
            {"add": [{"op": "trim"}, {"op": "drop"}]},
        ),
    ],
)
def test_what_was_decided_stays(old, new, whole):
    assert merged(old, new) == whole
    assert merged(merged(old, new), new) == whole


@given(CHOICES, CHOICES)
def test_twice_is_as_once_and_nothing_is_both(old, new):
    assume(not set(new.get("accept", ())) & set(new.get("refuse", ())))
    once = merged(old, new)
    assert merged(once, new) == once
    for key, names in new.items():
        other = {"accept": "refuse", "refuse": "accept"}[key]
        if other not in new:
            assert not set(names) & set(once.get(other, []))
            assert set(names) <= set(once[key])


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ({"accept": ["a"]}, {"accept": ["b"]}),
        ({"roles": {"x": ["private"]}}, {"roles": {"y": ["time"]}}),
        ([{"rule": "x", "max": 1}], [{"rule": "y", "max": 2}]),
        ({"types": {"x": "text"}}, {"add": [{"op": "trim", "column": "x"}]}),
    ],
)
def test_what_was_added_can_go_again(old, new):
    assert without(merged(old, new), new) == old
    assert without(merged(None, new), new) is None
