from __future__ import annotations

import json
import math
import subprocess
import sys

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from mlkit.core import rows
from mlkit.core.errors import InputError
from mlkit.core.values import dates, numbers, texts, write


def same(left, right):
    assert left.dtype == right.dtype
    if left.dtype == object:
        assert left.tolist() == right.tolist()
    else:
        assert left.tobytes() == right.tobytes()


def test_it_needs_numpy_alone():
    code = (
        "import sys, mlkit.core.rows; "
        "bad = {'pandas', 'pyarrow', 'scipy', 'sklearn'} & set(sys.modules); "
        "sys.exit(str(bad) if bad else 0)"
    )
    subprocess.run([sys.executable, "-c", code], check=True)


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        ("3", 3.0),
        (" 2.50 ", 2.5),
        ("1e3", 1000.0),
        (True, 1.0),
        (7, 7.0),
        (np.float32(0.5), 0.5),
        ("-0", 0.0),
        (".5", 0.5),
        ("5.", 5.0),
    ],
)
def test_numbers_are_read(value, expected):
    assert numbers(np.array([value], dtype=object)).tolist() == [expected]


@pytest.mark.parametrize(
    "value",
    [
        "",
        "?",
        "1_000",
        "nan",
        "inf",
        "1e999",
        "٣",
        "1,000",
        "0x10",
        "1 2",
        None,
        [1],
        float("inf"),
        float("nan"),
        pd.NA,
        pd.NaT,
        10**400,
        "3\x00",
    ],
)
def test_what_is_no_number_is_missing(value):
    cells = np.empty(1, dtype=object)
    cells[0] = value
    assert math.isnan(numbers(cells)[0])


@pytest.mark.parametrize(
    ("marks", "text", "expected"),
    [
        ({"thousands": ","}, "1,234,567.5", 1234567.5),
        ({"thousands": ","}, "12,34", math.nan),
        ({"decimal": ",", "thousands": "."}, "1.234,5", 1234.5),
        ({"decimal": ","}, "3,14", 3.14),
        ({"thousands": " "}, "1 000", 1000.0),
        ({"strip": "$%"}, "$ 12.5", 12.5),
        ({"strip": "$%"}, "45%", 45.0),
    ],
)
def test_numbers_with_marks(marks, text, expected):
    operation = {"op": "number", "column": "x", **marks}
    found = rows.apply([operation], {"x": [text]})["x"]
    np.testing.assert_array_equal(found, [expected])


def test_text_is_written_as_a_person_would():
    cells = [3, 3.0, 2.5, True, None, float("nan"), "x", np.int8(4), pd.NA]
    expected = ["3", "3", "2.5", "True", None, None, "x", "4", None]
    assert [write(cell) for cell in cells] == expected


@pytest.mark.parametrize(
    ("text", "form", "expected"),
    [
        ("2026-01-02", "iso", "2026-01-02T00:00:00.000000"),
        ("2026-01-02T03:04:05Z", "iso", "2026-01-02T03:04:05.000000"),
        ("2026-01-02 23:30:00-05:00", "iso", "2026-01-03T04:30:00.000000"),
        ("02.01.2026", "%d.%m.%Y", "2026-01-02T00:00:00.000000"),
        ("31.02.2026", "%d.%m.%Y", "NaT"),
        ("soon", "iso", "NaT"),
    ],
)
def test_dates(text, form, expected):
    assert str(dates(np.array([text], dtype=object), form)[0]) == expected


def test_parts_of_a_date_agree_with_pandas():
    moments = pd.date_range("1899-12-30 05:17", periods=900, freq="61h").as_unit("us")
    names = ["year", "month", "day", "weekday", "yearday", "hour", "minute"]
    operation = {"op": "date_parts", "column": "d", "parts": names}
    found = rows.apply([operation], {"d": moments.to_numpy()})
    other = {"weekday": "day_of_week", "yearday": "day_of_year"}
    for name in names:
        expected = getattr(moments, other.get(name, name))
        assert found[f"d_{name}"].tolist() == expected.tolist(), name


def test_every_operation_in_a_row():
    operations = [
        {"op": "trim", "column": "a"},
        {"op": "lower", "column": "a"},
        {"op": "missing", "column": "a", "values": ["", "?", 9]},
        {"op": "recode", "column": "a", "mapping": {"y": "yes"}},
        {"op": "fill", "column": "a", "value": rows.MISSING},
        {"op": "number", "column": "b"},
        {"op": "missing", "column": "b", "values": [-999]},
        {"op": "drop", "column": "c"},
        {"op": "fill", "column": "e", "value": "none"},
        {"op": "text", "column": "t", "optional": True},
    ]
    cells = {
        "a": [" Y", "?", 9, "no", ""],
        "b": [1, "-999", 3, None, 2.5],
        "c": "abcde",
    }
    found = rows.apply(operations, cells)
    gone = rows.MISSING
    assert found["a"].tolist() == ["yes", gone, gone, "no", gone]
    np.testing.assert_array_equal(found["b"], [1, math.nan, 3, math.nan, 2.5])
    assert sorted(found) == ["a", "b", "e"]
    assert found["e"].tolist() == ["none"] * 5


def test_no_rows_at_all():
    found = rows.apply([{"op": "number", "column": "x"}], {"x": []})
    assert found["x"].shape == (0,)


def test_unknown_words_are_told():
    with pytest.raises(InputError, match="unknown cell operation"):
        rows.apply([{"op": "trin", "column": "a"}], {"a": ["x"]})
    with pytest.raises(InputError, match="unknown check"):
        rows.check([{"rule": "r", "check": "rnage", "column": "a"}], {"a": ["x"]})
    with pytest.raises(InputError, match="differ in length"):
        rows.apply([], {"a": ["x"], "b": []})
    with pytest.raises(InputError, match="part of a date"):
        rows.apply(
            [{"op": "date_parts", "column": "a", "parts": ["moon"]}], {"a": [""]}
        )


cells_of_text = st.one_of(
    st.none(),
    st.sampled_from(["", " ", "?", "NA", "007", "1,000", " x ", "Yes", "yes", "1e5"]),
    st.integers(-(10**6), 10**6).map(str),
    st.floats(allow_nan=False, allow_infinity=False).map(repr),
    st.text(max_size=6).filter(lambda t: "\x00" not in t),
)
chains = [
    [{"op": "text", "column": "x"}],
    [{"op": "trim", "column": "x"}, {"op": "number", "column": "x"}],
    [
        {"op": "trim", "column": "x"},
        {"op": "missing", "column": "x", "values": ["", "?", "NA"]},
        {"op": "number", "column": "x", "thousands": ","},
    ],
    [
        {"op": "lower", "column": "x"},
        {"op": "recode", "column": "x", "mapping": {"yes": "y"}},
        {"op": "fill", "column": "x", "value": rows.MISSING},
    ],
    [
        {"op": "date", "column": "x"},
        {"op": "date_parts", "column": "x", "parts": ["day"]},
    ],
]


@settings(max_examples=150, deadline=None)
@given(st.lists(cells_of_text, max_size=12), st.sampled_from(chains))
def test_text_gives_the_same_bits_from_everywhere(cells, chain):
    listed = rows.apply(chain, {"x": cells})
    sent = rows.apply(chain, {"x": json.loads(json.dumps(cells))})
    framed = pd.Series(cells, dtype="str")
    table = rows.apply(chain, {"x": framed.to_numpy()})
    arrayed = rows.apply(chain, {"x": np.array(cells, dtype=object)})
    for other in (sent, table, arrayed):
        assert sorted(other) == sorted(listed)
        for name, values in listed.items():
            same(other[name], values)


@settings(max_examples=150, deadline=None)
@given(
    st.lists(
        st.one_of(
            st.none(),
            st.integers(-(2**53), 2**53),
            st.floats(allow_nan=False, allow_infinity=False),
        ),
        max_size=12,
    ),
    st.booleans(),
)
def test_numbers_give_the_same_bits_as_numbers_and_as_text(cells, as_text):
    chain = [{"op": "number", "column": "x"}]
    if as_text:
        chain = [{"op": "text", "column": "x"}, *chain]
    expected = np.array([math.nan if c is None else float(c) for c in cells]) + 0.0
    forms = [
        cells,
        [None if cell is None else repr(cell) for cell in cells],
        json.loads(json.dumps(cells)),
        np.array([math.nan if c is None else c for c in cells], dtype=float),
        pd.Series(cells, dtype=float).to_numpy(),
    ]
    for form in forms:
        same(rows.apply(chain, {"x": form})["x"], expected)


def test_checks():
    cells = {
        "n": [1, "2", "x", None, 300, True],
        "c": ["a", "b", "a", None, "z", 1],
    }
    rules = [
        {"rule": "number", "check": "number", "column": "n"},
        {"rule": "range", "check": "range", "column": "n", "min": 1.5, "max": 100},
        {"rule": "required", "check": "required", "column": "n"},
        {"rule": "values", "check": "values", "column": "c", "values": ["a", "b", 1]},
        {"rule": "unique", "check": "unique", "column": "c"},
        {"rule": "length", "check": "length", "column": "c", "max": 0},
        {"rule": "text", "check": "text", "column": "c"},
        {"rule": "absent", "check": "required", "column": "q"},
    ]
    found = {k: np.flatnonzero(v).tolist() for k, v in rows.check(rules, cells).items()}
    assert found == {
        "number": [2, 5],
        "range": [0, 2, 4, 5],
        "required": [3],
        "values": [4],
        "unique": [0, 2],
        "length": [0, 1, 2, 4, 5],
        "text": [5],
        "absent": [0, 1, 2, 3, 4, 5],
    }
    assert all(v.dtype == bool for v in rows.check(rules, cells).values())


def test_a_string_array_reads_as_objects_do():
    fixed = np.array(["1", "x"])
    assert texts(fixed).tolist() == ["1", "x"]
    same(numbers(fixed), numbers(fixed.astype(object)))
