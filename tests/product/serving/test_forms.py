"""Bodies by the schema, whatever the columns are called."""

from __future__ import annotations

import json

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

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
