from __future__ import annotations

import json
import sys
from datetime import datetime
from types import ModuleType

import numpy as np
import pandas as pd
import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from mlkit.core import operations, rows
from mlkit.core.errors import InputError
from mlkit.core.operations import ELSEWHERE, OPERATIONS, tidied
from mlkit.core.values import clean_numbers, moments, numbers

cells = st.one_of(
    st.none(),
    st.booleans(),
    st.integers(-(10**6), 10**6),
    st.floats(allow_nan=True, allow_infinity=True),
    st.sampled_from(
        [
            *("", " ", "?", "5 kg", "300 g", "3cm", "120/80", "a/b/c", "Yes", "n"),
            *("TRUE", "1,200", "1.5e3", "&amp;", "a  b", "e\u0301", "\u200bx", "½"),
            *("31/12/2026", "2026-01-02T03:04:05+02:00", "-0", "007"),
        ]
    ),
    st.text(max_size=8),
)
marks = st.sampled_from([{}, {"thousands": ","}, {"decimal": ",", "thousands": "."}])
bounds = st.tuples(st.floats(-1e6, 0), st.floats(0, 1e6))


def op(name, **how):
    return {"op": name, "column": "x", **how}


steps = st.one_of(
    st.sampled_from([op(n) for n in ("text", "trim", "lower", "truth", "drop")]),
    st.lists(st.sampled_from([*operations.TIDY]), min_size=1).map(
        lambda do: op("tidy", do=do)
    ),
    st.lists(cells, max_size=3).map(lambda v: op("missing", values=v)),
    st.dictionaries(st.text(max_size=3), st.text(max_size=3), max_size=3).map(
        lambda mapping: op("recode", mapping=mapping)
    ),
    marks.map(lambda how: op("number", strip="$%", **how)),
    marks.map(lambda how: op("unit", units={"kg": 1, "g": 0.001, "cm": 2.5}, **how)),
    bounds.map(lambda ends: op("clip", min=ends[0], max=ends[1])),
    st.sampled_from(
        [
            op("date"),
            op("date", format="%d/%m/%Y"),
            op("split", parts=["a", "b"], by="/"),
            op("split", parts=["a", "b"], pattern=r"(\d+)\D+(\d+)"),
            op("date_parts", parts=["year", "hour"]),
        ]
    ),
    st.floats(-9, 9).map(lambda value: op("fill", value=value)),
)


def same(whole, alone, place):
    if whole.dtype == object:
        return whole[place] == alone[0] and type(whole[place]) is type(alone[0])
    return whole[place : place + 1].tobytes() == alone.tobytes()


@settings(max_examples=400, deadline=None)
@given(st.lists(cells, min_size=1, max_size=8), st.lists(steps, min_size=1, max_size=3))
def test_a_row_alone_is_as_it_is_in_the_column(column, chain):
    chain = json.loads(json.dumps(chain))
    whole = rows.apply(chain, {"x": column})
    array = np.empty(len(column), dtype=object)
    array[:] = column
    for place in range(len(column)):
        one = rows.apply(chain, {"x": array[place : place + 1]})
        sent = rows.apply(chain, {"x": [column[place]]})
        assert list(one) == list(sent) == list(whole)
        for name, values in whole.items():
            assert values.dtype == one[name].dtype
            assert same(values, one[name], place)
            assert same(values, sent[name], place)


@settings(max_examples=200, deadline=None)
@given(
    st.lists(st.floats(width=64), min_size=1, max_size=8),
    st.lists(steps, min_size=1, max_size=2),
)
def test_a_number_alone_is_as_it_is_in_the_column(column, chain):
    values = np.array(column)
    given_bits = values.tobytes()
    whole = rows.apply(chain, {"x": values})
    for place in range(len(column)):
        alone = rows.apply(chain, {"x": values[place : place + 1]})
        for name, made in whole.items():
            assert same(made, alone[name], place)
    assert values.tobytes() == given_bits


def test_every_operation_is_drawn_above():
    drawn = {"text", "trim", "lower", "truth", "drop", "tidy", "missing", "recode"}
    drawn |= {"number", "unit", "clip", "date", "split", "date_parts", "fill"}
    assert drawn == set(OPERATIONS)


@pytest.mark.parametrize(
    ("text", "steps", "expected"),
    [
        ("R&amp;D &lt;b&gt;", ("entities",), "R&D <b>"),
        ("AT&T &copy2020", ("entities",), "AT&T &copy2020"),
        ("\ufeffa\x00b\u200bc\nd", ("control",), "a bc\nd"),
        ("\x05don\x92t \x05 x\x81", ("control",), "don’t  x"),
        ("e\u0301", ("nfc",), "é"),
        ("１２ﬁ", ("nfc",), "１２ﬁ"),
        ("１２ﬁ", ("nfkc",), "12fi"),
        ("a \t b\u00a0c\n\nd", ("blanks",), "a b c\n\nd"),
        ("a&nbsp;&nbsp;b", ("blanks", "entities"), "a b"),
        ("👩\u200d🔬", tuple(operations.TIDY), "👩\u200d🔬"),
    ],
)
def test_text_is_made_plain(text, steps, expected):
    assert tidied(text, steps) == expected


@pytest.mark.parametrize(
    ("cell", "expected"),
    [
        ("5 kg", 5.0),
        ("300g", 0.3),
        ("700 G", 0.7),
        (" 1,200 kg ", 1200.0),
        ("5 lb", np.nan),
        ("kg", np.nan),
        ("5", 5.0),
        (7, 7.0),
        ("-2.5e2 g", -0.25),
        (None, np.nan),
        ("5 kg 3", np.nan),
    ],
)
def test_amounts_with_a_unit(cell, expected):
    how = op("unit", units={"kg": 1.0, "g": 0.001}, thousands=",")
    np.testing.assert_array_equal(rows.apply([how], {"x": [cell]})["x"], [expected])


def test_bounds_leave_gaps_and_one_side_may_be_open():
    made = rows.apply([op("clip", max=3)], {"x": [-9, 2, 4, None, "5"]})["x"]
    np.testing.assert_array_equal(made, [-9, 2, 3, np.nan, 3])


def test_a_cell_that_does_not_come_apart_stays_whole_in_the_first_part():
    how = op("split", parts=["low", "high"], pattern=r"(\d+)-(\d+)")
    later = {"op": "number", "column": "x", "part": "high"}
    made = rows.apply([how, later], {"x": ["3-5", "7", None, "a-b"]})
    assert made["x"].tolist() == ["3-5", "7", None, "a-b"]
    assert made["x_low"].tolist() == ["3", "7", None, "a-b"]
    np.testing.assert_array_equal(made["x_high"], [5, np.nan, np.nan, np.nan])


def test_words_for_true_and_false():
    how = op("truth", true=["Ja", "1"], false=["nein"])
    made = rows.apply([how], {"x": ["ja", "NEIN", 1, True, "maybe", None]})["x"]
    assert made.tolist() == ["True", "False", "True", "True", "maybe", None]


def test_operations_that_live_elsewhere_are_loaded_when_played(monkeypatch):
    fake = ModuleType("mlkit_fake_pictures")

    def apply(operation, cells):
        made = np.empty(len(cells), dtype=object)
        made[:] = [None if c is None else c[: operation["side"]] for c in cells]
        return made

    fake.apply = apply
    monkeypatch.setitem(ELSEWHERE, "cut", "mlkit_fake_pictures")
    with pytest.raises(ModuleNotFoundError):
        rows.apply([op("cut", side=2)], {"x": [b"abc"]})
    monkeypatch.setitem(sys.modules, "mlkit_fake_pictures", fake)
    made = rows.apply([op("cut", side=2)], {"x": [b"abc", None]})["x"]
    assert made.tolist() == [b"ab", None]


def test_an_unknown_operation_is_told():
    with pytest.raises(InputError, match="resize"):
        rows.apply([op("resise")], {"x": [b""]})


FORMS = [
    *("%Y-%m-%d", "%d/%m/%Y", "%d.%m.%y", "%m/%d/%y %H:%M", "%Y/%m/%dT%H:%M:%S"),
    *("%d %b %Y", "%Y", "%d%m%Y", "%Y %m", "%H:%M %d/%m/%Y", "100%% %Y", "%Y-%m-%d %z"),
]


@settings(max_examples=400, deadline=None)
@given(
    st.sampled_from(FORMS),
    st.one_of(
        st.datetimes().map(lambda d: d.isoformat()),
        st.text(alphabet="0123456789/-.: T", max_size=19),
        st.sampled_from(
            ["1/2/2026", "31/02/2026", "29.02.24", "٣1/01/2026", "20260102"]
        ),
        st.integers(0, 3000).map(str),
    ),
    st.datetimes(min_value=datetime(1970, 1, 1)),
)
def test_dates_are_read_as_strptime_does(form, text, moment):
    for words in (text, moment.strftime(form), moment.strftime(form).replace("0", "")):
        try:
            expected = datetime.strptime(words, form)
        except ValueError:
            with pytest.raises(ValueError):
                moments(form)(words)
        else:
            assert moments(form)(words) == expected


@settings(max_examples=100, deadline=None)
@given(st.lists(st.one_of(st.none(), st.text(max_size=6)), max_size=8), marks)
def test_numbers_of_text_are_read_alike_alone_and_together(column, how):
    array = np.array(column, dtype=object)
    whole = numbers(array, **how)
    mixed = np.append(array, 1.5)
    assume(len(array))
    assert numbers(mixed, **how)[:-1].tobytes() == whole.tobytes()


def test_numbers_that_are_clean_are_not_copied():
    values = np.array([1.5, np.nan, 0.0])
    assert clean_numbers(values) is values
    odd = np.array([np.inf, -0.0])
    made = clean_numbers(odd)
    assert np.isnan(made[0])
    assert not np.signbit(made[1])
    assert np.isinf(odd[0])
    assert pd.Series(values).equals(pd.Series(numbers(values)))
