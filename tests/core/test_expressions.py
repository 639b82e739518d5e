"""Expressions over columns: what they mean, and what they may not be."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from mlkit.core import rows
from mlkit.core.errors import InputError
from mlkit.core.expressions import FUNCTIONS, parse

CELLS = {
    "start": ["2020-01-01", "2020-05-01", None],
    "end": ["2020-02-01", "2020-01-01", "2020-01-01"],
    "price": ["1,200", "0", "x"],
    "status": ["a", "free", None],
    "active": ["True", "False", None],
    "net pay": [1, 2, 3],
    "class": ["x", "y", "z"],
}
READS = {
    "start": {"type": "date"},
    "end": {"type": "date"},
    "price": {"type": "number", "thousands": ","},
}
T, F = True, False


@pytest.mark.parametrize(
    ("text", "failing"),
    [
        ("end >= start", [F, T, F]),
        ("end - start <= 30", [T, F, F]),
        ("start + 30 < end", [F, T, F]),
        ("start >= '2020-03-01'", [T, F, F]),
        ("price > 0 or status == 'free'", [F, F, F]),
        ("price > 0", [F, T, T]),
        ("price > 0 and status == 'a'", [F, T, T]),
        ("not (price > 0)", [T, F, F]),
        ("active", [F, T, F]),
        ("not active", [T, F, F]),
        ("active == True", [F, T, F]),
        ("`net pay` % 2 == 1", [F, T, F]),
        ("1 < `net pay` <= 2", [T, F, T]),
        ("(price > 0) & (`net pay` < 2)", [F, T, T]),
        ("(price > 0) | (`net pay` > 2)", [F, T, F]),
        ("~missing(status)", [F, F, T]),
        ("known(status)", [F, F, T]),
        ("status is None", [T, T, F]),
        ("status != None", [F, F, T]),
        ("status in ['a', 'b']", [F, T, F]),
        ("status not in ('a', 'b')", [T, F, F]),
        ("'e' in status", [T, F, F]),
        ("year(end) == 2020 and month(end) < 2 and day(end) == 1", [T, F, F]),
        ("len(status) > 1", [T, F, F]),
        ("upper(status) == 'A'", [F, T, F]),
        ("startswith(status, 'fr') or endswith(status, 'a')", [F, F, F]),
        ("matches(status, '[a-b]')", [F, T, F]),
        ("abs(-`net pay`) > 1", [T, F, F]),
        ("max(`net pay`, 2) == 2 and min(`net pay`, 2) < 2", [F, T, T]),
        ("round(`net pay` / 2) == 1", [T, F, T]),
        ("`class` != 'y'", [F, T, F]),
        ("end != 9007199254740993 or True", None),
    ],
)
def test_what_an_expression_says(text, failing):
    if failing is None:
        with pytest.raises(InputError):
            parse(text, list(CELLS), READS)
        return
    told = parse(text, list(CELLS), READS)
    assert told.failing(CELLS, 3, READS).tolist() == failing


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("__import__('os')", "may not call __import__"),
        ("start.year > 3", "not allowed"),
        ("end >= stat", "no column 'stat'"),
        ("1 < 2", "names no column"),
        ("price +", "cannot be read"),
        ("lambda: price", "not allowed"),
        ("[p for p in price]", "not allowed"),
        ("price[0] > 1", "not allowed"),
        ("start > 3", "compared with a date only"),
        ("(" * 500 + "price" + ")" * 500, "cannot be read"),
        ("not " * 300 + "active", "more than 200 parts"),
        ("active or " * 500 + "active", "longer than"),
        ("price if active else 1", "not allowed"),
        ("price := 3", "cannot be read"),
        ("price > 1 if active else 2", "not allowed"),
        ("`net pay`", "neither true nor false"),
        ("start >= 'foo'", "this is no date"),
        ("len(price, 2) > 1", "takes 1 values"),
        ("matches(status, '(')", "no regular expression"),
        ("f'{price}' == 'a'", "not allowed"),
        ("price in (1, [2])", "only after `in`"),
        ("price ** 9 > 2", "not allowed"),
        ("b'a' == status", "numbers and words"),
        ("price == 2j", "numbers and words"),
        ("status is 'a'", "cannot be read"),
        ("len(x=status) > 1", "may not call"),
        ("status < None", "equal or not"),
        ("```", "cannot be read"),
        ("price > 1; active", "cannot be read"),
        ("\0", "cannot be read"),
    ],
)
def test_what_is_refused(text, message):
    kinds = {**READS, "net pay": {"type": "number"}}
    with pytest.raises(InputError, match=message):
        parse(text, list(CELLS), kinds)


def test_a_whole_number_beyond_floats_is_compared_digit_by_digit():
    cells = {"id": ["9007199254740993", "9007199254740992"]}
    told = parse("id == 9007199254740993", ["id"])
    assert told.failing(cells, 2).tolist() == [False, True]


@given(st.lists(st.one_of(st.none(), st.integers(-9, 9)), min_size=1, max_size=20))
def test_a_gap_is_neither_true_nor_false(values):
    cells = {"x": values}
    for text in ("x > 0", "not (x > 0)", "x > 0 or x <= 0"):
        failing = parse(text, ["x"]).failing(cells, len(values))
        gaps = np.array([value is None for value in values])
        assert not (failing & gaps).any()


@given(st.text(max_size=30))
def test_no_text_breaks_it(text):
    try:
        parse(text, ["x", "y z"]).failing({"x": [1, None], "y z": ["a", "b"]}, 2)
    except InputError:
        return


@given(st.text(alphabet="xy()<>=+-*/%&|~ 'andortil0123`.,[]:", max_size=40))
def test_no_likely_text_breaks_it(text):
    try:
        parse(text, ["x", "y"]).failing({"x": [1, None], "y": ["a", "b"]}, 2)
    except InputError:
        return


def test_an_expression_is_replayed_on_a_request():
    rule = {
        "rule": "paid",
        "check": "expression",
        "expression": "price > 0 or status == 'free'",
        "columns": ["price", "status"],
        "reads": {"price": {"type": "number", "thousands": ","}},
    }
    cells = {"price": ["1,200", 0, None], "status": ["paid", "paid", "paid"]}
    found = rows.check([rule], cells)
    assert found["paid"].tolist() == [False, True, False]


def test_the_help_names_every_function():
    assert "missing" in FUNCTIONS
    with pytest.raises(InputError) as told:
        parse("nothing(x)", ["x"])
    assert all(name in str(told.value) for name in FUNCTIONS)
