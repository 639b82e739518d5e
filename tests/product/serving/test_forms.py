"""Bodies by the schema, whatever the columns are called."""

from __future__ import annotations

import difflib
import json

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from mlkit.product.serving.feedback import read_feedback
from mlkit.product.serving.fields import Field
from mlkit.product.serving.forms import Form
from mlkit.product.serving.refused import Refused

NAMES = st.lists(st.text(min_size=1), min_size=2, max_size=5, unique=True)


def form_of(names):
    none = frozenset({""})
    fields = [
        Field(name, "number", True, True, False, none, none, frozenset())
        for name in names[1:]
    ]
    return Form(fields, names[0], 10)


@given(names=NAMES)
def test_columns_may_have_any_name(names):
    form = form_of(names)
    rows = [{name: place for place, name in enumerate(names)}] * 2
    columns = {name: [place] * 2 for place, name in enumerate(names)}
    wanted = {name: [place + 1] * 2 for place, name in enumerate(names[1:])}
    for body in ({"rows": rows}, {"columns": columns}):
        asked = form.read(msgspec.json.encode(body))
        assert {name: list(cells) for name, cells in asked.cells.items()} == wanted
    assert dict(form.take("", columns).cells) == wanted


@pytest.mark.parametrize("name", ['width 5"', "a\\b", "two\nlines", "plain"])
def test_what_is_wrong_is_told_by_its_name(name):
    form = form_of(["target", name])
    for body in ({"rows": [{name: False}]}, {"columns": {name: [False]}}):
        with pytest.raises(Refused) as told:
            form.read(json.dumps(body).encode())
        assert told.value.field == name
        assert name in told.value.where
    for body in ({"rows": [7]}, {"rows": 7}, {"columns": 7}, {"rows": [{}]}, {"x": 1}):
        with pytest.raises(Refused):
            form.read(json.dumps(body).encode())
    with pytest.raises(Refused) as told:
        form.read(json.dumps({"rows": [{}]}).encode())
    assert told.value.field == name


@pytest.mark.parametrize("body", [{"age": 3}, {"target": 1}, [{"age": 3}], []])
def test_a_row_that_stands_alone_is_told_where_it_belongs(body):
    with pytest.raises(Refused, match=r'rows stand in a request: {"rows":') as told:
        form_of(["target", "age"]).read(json.dumps(body).encode())
    assert (told.value.where, told.value.field) == ("", "")


LONG = ["k" * 2**20, "unknown field `" * 40_000 + " - at `", "x` - at `" * 40_000]


@pytest.mark.parametrize("odd", ["plain", 'width 5"'])
@pytest.mark.parametrize("name", LONG, ids=["plain", "quoting", "placed"])
def test_a_name_of_a_megabyte_is_neither_repeated_nor_compared(name, odd, monkeypatch):
    monkeypatch.setattr(difflib, "get_close_matches", None)  # it is not called
    form = form_of(["target", odd])
    bodies = ({"rows": [{odd: 1, name: 1}]}, {"columns": {odd: [1], name: [1]}})
    for body in (*bodies, {name: 1}):
        with pytest.raises(Refused) as told:
            form.read(json.dumps(body).encode())
        assert len(json.dumps(told.value.form())) < 1000
        assert "unknown field" in told.value.what
        assert told.value.where in {"$.rows[0]", "$.columns", ""}
    with pytest.raises(Refused) as told:
        form.take("", {odd: [1], name: [1]})
    assert told.value.where == "$.columns"
    assert "known: " in told.value.what
    for body in ({"truths": [{"id": "a", "truth": 1, name: 1}]}, {name: 1}):
        with pytest.raises(Refused) as told:
            read_feedback(json.dumps(body).encode(), 10)
        assert len(json.dumps(told.value.form())) < 1000
        assert "known: " in told.value.what
        assert told.value.where in {"$.truths[0]", ""}


def test_of_many_unknown_names_the_first_is_told():
    row = {"plain": 1, **{f"x{place}": 1 for place in range(10_000)}}
    with pytest.raises(Refused) as told:
        form_of(["target", "plain"]).read(json.dumps({"rows": [row]}).encode())
    assert told.value.field == "x0"
    assert len(told.value.what) < 200


def test_a_column_with_a_long_name_is_told_by_it():
    name = "a name of many words " * 50
    with pytest.raises(Refused) as told:
        form_of(["target", name]).read(json.dumps({"rows": [{name: "x"}]}).encode())
    assert told.value.field == name


@pytest.mark.parametrize("odd", ["plain", 'width 5"', "two\nlines"])
def test_all_fields_that_the_first_bad_row_lacks_are_told(odd):
    form = form_of(["target", "age", odd, "pay"])
    whole = {"age": 1, odd: 2, "pay": 3}
    bodies = [
        ({"rows": [whole, {"pay": 1}, {}]}, "$.rows[1]"),
        ({"columns": {"pay": [1]}}, "$.columns"),
    ]
    for body, where in bodies:
        with pytest.raises(Refused) as told:
            form.read(bytearray(msgspec.json.encode(body)))
        assert told.value.what == f"Object missing required fields `age`, `{odd}`"
        assert (told.value.where, told.value.field) == (where, "age")
    with pytest.raises(Refused, match="missing required fields `age`, "):
        form.take("", {"pay": [1]})
    with pytest.raises(Refused, match="missing required field `pay`"):
        form.read(msgspec.json.encode({"rows": [{"age": 1, odd: 2}]}))


@pytest.mark.parametrize(
    "body",
    [
        b'{"rows": [{"pay": 1}, {"pay": ',
        b'{"rows": [{"pay": 1}], "rows": []}',
        b'{"rows": [{"pay": 1}], "rows": 7}',
        b'{"rows": [{"pay": 1}], "x": ' + b"[" * 9000,
    ],
)
def test_what_a_torn_body_lacks_is_told_as_far_as_it_was_read(body):
    with pytest.raises(Refused, match="missing required field `age`"):
        form_of(["target", "age", "day", "pay"]).read(body)


def test_of_many_missing_fields_the_words_stay_short():
    names = [f"column {place}" for place in range(5_000)]
    with pytest.raises(Refused) as told:
        form_of(["target", *names]).read(b'{"rows": [{}]}')
    assert "`column 0`, `column 1`" in told.value.what
    assert len(told.value.what) < 2_500
