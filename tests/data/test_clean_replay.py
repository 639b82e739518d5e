"""What cleaning replays: one row as in its table; nothing else changes."""

from __future__ import annotations

import json
import sys
from types import ModuleType

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from mlkit.core import rows
from mlkit.core.errors import InputError
from mlkit.core.media import media
from mlkit.core.operations import ELSEWHERE
from mlkit.core.schema import Column, Schema
from mlkit.data.clean import Cleaning, clean
from mlkit.data.cleaning.takes import MEDIA, TAKES, Takes

WORDS = st.one_of(
    st.none(),
    st.sampled_from(
        [
            *("", " ", "?", "NA", "-", "007", "1,000", " 5", "Yes", "yes", "Y", "n"),
            *("5 kg", "300 g", "120/80", "90/60", "Fish &amp; chips", "a  b"),
            *("e\u0301", "\u200bx", "１２", "Colombia", "Colmbia", "-999"),
        ]
    ),
    st.integers(-999, 10**6).map(str),
    st.dates().map(lambda d: d.strftime("%d/%m/%Y")),
    st.text(alphabet="aAbB 1é&;", max_size=6),
)
NUMBERS = st.one_of(
    st.none(), st.floats(allow_nan=False), st.sampled_from([-999.0, 0.0, -0.0, 1e6])
)
ASKED = st.sampled_from(
    [
        {"op": "lower", "column": "w"},
        {"op": "trim", "column": "w"},
        {"op": "tidy", "column": "w", "do": ["nfkc", "entities", "blanks", "control"]},
        {"op": "missing", "column": "w", "values": ["Yes", 5]},
        {"op": "recode", "column": "w", "mapping": {"yes": "Y", "": "none"}},
        {"op": "truth", "column": "w", "true": ["yes", "y"], "false": ["n"]},
        {"op": "split", "column": "w", "parts": ["a", "b"], "by": "/"},
        {"op": "split", "column": "w", "parts": ["a", "b"], "pattern": "(.)(.*)"},
        {"op": "number", "column": "w", "thousands": ","},
        {"op": "unit", "column": "w", "units": {"kg": 1, "g": 0.001}},
        {"op": "date", "column": "w", "format": "%d/%m/%Y"},
        {"op": "fill", "column": "w", "value": "none"},
        {"op": "drop", "column": "w"},
        {"op": "clip", "column": "x", "min": -5, "max": 5},
        {"op": "missing", "column": "x", "values": [0, -999]},
        {"op": "fill", "column": "x", "value": 1.5},
        {"op": "text", "column": "x"},
        {"op": "outliers", "column": "x", "max": 3},
        {"op": "near duplicates"},
    ]
)


def framed(words, numbers, kind):
    count = min(len(words), len(numbers))
    frame = pd.DataFrame(
        {
            "w": pd.array(words[:count], dtype="str"),
            "x": pd.array(numbers[:count], dtype="float64"),
            "d": pd.to_datetime(["2026-01-02", None] * count).as_unit("us")[:count],
            "id": pd.array([f"A{i}" for i in range(count)], dtype="str"),
        },
        index=pd.Index([f"r{i}" for i in range(count)], dtype="str", name="row"),
    )
    types = {"w": kind, "x": "number", "d": "date", "id": "id"}
    return Schema(tuple(Column(n, types[n]) for n in frame)).attach(frame)


def sent(raw, place):
    """Return one row as a request has it."""
    row = raw.iloc[place]
    cells = {
        n: None if pd.isna(row[n]) else (str(row[n]) if n == "d" else row[n])
        for n in raw
    }
    return {name: [cell] for name, cell in json.loads(json.dumps(cells)).items()}


def bits(values):
    if values.dtype == object or values.dtype == "str":
        return [None if pd.isna(value) else value for value in values]
    plain = np.asarray(values)
    return (str(plain.dtype), plain.tobytes())


@settings(max_examples=120, deadline=None)
@given(
    st.lists(WORDS, min_size=2, max_size=8),
    st.lists(NUMBERS, min_size=2, max_size=8),
    st.sampled_from(["category", "text"]),
    st.lists(ASKED, max_size=3, unique_by=lambda op: (op["op"], op.get("column"))),
    st.booleans(),
)
def test_a_row_alone_is_cleaned_as_in_its_table(words, numbers, kind, asked, accept):
    raw = framed(words, numbers, kind)
    offered = [o.name for o in clean(raw).offers if o.state == "offered"]
    decided = {"add": asked, "accept": offered if accept else []}
    try:
        cleaned = clean(raw, decided=decided)
    except InputError as error:
        assert "cleaning" in error.where
        return
    assert cleaned.rows["in"] == len(raw)
    form = json.loads(json.dumps(cleaned.cleaning.to_dict()))
    again = Cleaning.from_dict(form)
    assert again.to_dict() == form
    whole = again.apply(raw)
    pd.testing.assert_frame_equal(whole, cleaned.table.drop(columns="dropped"))
    for place in range(len(raw)):
        alone = again.apply(raw.iloc[[place]])
        made = rows.apply(again.operations, sent(raw, place))
        for name in whole:
            assert bits(alone[name]) == bits(whole[name].iloc[[place]])
            if name in made:
                assert bits(made[name]) == bits(whole[name].iloc[[place]])


@settings(max_examples=100, deadline=None)
@given(
    st.lists(WORDS, min_size=2, max_size=8),
    st.lists(NUMBERS, min_size=2, max_size=8),
)
def test_cells_that_nothing_touches_are_bit_identical(words, numbers):
    raw = framed(words, numbers, "text")
    before = raw.copy(deep=True)
    cleaned = clean(raw)
    pd.testing.assert_frame_equal(raw, before)
    assert cleaned.table["id"].tolist() == before["id"].tolist()
    touched = {offer.operation.get("column") for offer in cleaned.offers if offer.done}
    kept = [n for n in ("w", "x") if n not in touched and n in cleaned.table]
    for name in kept:
        known = before[name].notna()
        was, became = before[name][known], cleaned.table[name][known]
        if name == "x":
            assert (was.to_numpy() + 0.0).tobytes() == became.to_numpy().tobytes()
        else:
            assert was.tolist() == became.tolist()
    for offer in cleaned.offers:
        name = offer.operation.get("column")
        if (
            offer.operation["op"] in ("trim", "tidy", "recode", "missing")
            and offer.done
        ):
            was, became = before[name], cleaned.table.get(name)
            if became is not None and became.dtype == "str":
                differ = (was.fillna("(missing)") != became).sum()
                assert differ <= len(raw)


def test_what_nothing_touches_is_shared_and_safe():
    raw = framed(["a", "b", "c"], [1.0, 2.0, 3.0], "text")
    cleaned = clean(raw)
    assert np.shares_memory(cleaned.table["x"].to_numpy(), raw["x"].to_numpy())
    cleaned.table.loc["r0", "x"] = 99.0
    cleaned.table.loc["r0", "w"] = "changed"
    assert raw["x"].tolist() == [1.0, 2.0, 3.0]
    assert raw["w"].tolist() == ["a", "b", "c"]


# images and sounds, by a small operation that stands for theirs


@pytest.fixture
def cut(monkeypatch):
    """Let there be an operation on images that keeps the first bytes."""
    fake = ModuleType("mlkit_fake_pictures")
    fake.seen = []

    def apply(operation, cells):
        fake.seen.append(len(cells))
        made = np.empty(len(cells), dtype=object)
        made[:] = [None if c is None else c[: operation["side"]] for c in cells]
        return made

    fake.apply = apply
    takes = Takes({"side": "a whole number above 0"}, types=("image",))
    monkeypatch.setitem(sys.modules, fake.__name__, fake)
    monkeypatch.setitem(ELSEWHERE, "cut", fake.__name__)
    monkeypatch.setitem(TAKES, "cut", takes)
    monkeypatch.setitem(MEDIA, "cut", takes)
    return fake


def photos(*contents):
    digests = [None if c is None else media().put(c) for c in contents]
    frame = pd.DataFrame({"photo": pd.array(digests, dtype="str"), "x": 1.0})
    frame["x"] = np.arange(len(frame), dtype=float)
    columns = (Column("photo", "image"), Column("x"))
    return Schema(columns).attach(frame)


def test_images_are_digests_in_a_table_and_bytes_in_a_request(cut):
    raw = photos(b"abcdef", b"abcxyz", None, b"abcdef")
    asked = {"op": "cut", "column": "photo", "side": 3}
    cleaned = clean(raw, decided={"add": [asked]})
    digest = media().put(b"abc")
    assert cleaned.table["photo"].iloc[[0, 1, 3]].tolist() == [digest] * 3
    assert pd.isna(cleaned.table["photo"].iloc[2])
    assert cleaned.cleaning.touched == {"cut photo": 3}
    assert Schema.of(cleaned.table)["photo"].type == "image"
    again = Cleaning.from_dict(json.loads(json.dumps(cleaned.cleaning.to_dict())))
    replayed = again.apply(raw)
    pd.testing.assert_frame_equal(replayed, cleaned.table.drop(columns="dropped"))
    request = rows.apply(again.operations, {"photo": [b"abcdef", None], "x": [1, 2]})
    assert request["photo"].tolist() == [b"abc", None]
    mixed = raw.astype({"photo": object})
    mixed["photo"] = pd.Series([b"abcdef", b"xyz123", None, b"q"], dtype=object)
    assert again.apply(mixed)["photo"].tolist()[:2] == [b"abc", b"xyz"]


def test_images_are_taken_a_few_at_a_time(cut):
    raw = photos(*(b"%04d" % i for i in range(200)))
    asked = {"op": "cut", "column": "photo", "side": 2}
    clean(raw, decided={"add": [asked]})
    assert max(cut.seen) == 64
    assert sum(cut.seen) == 200


def test_images_that_nobody_asked_about_are_left_alone(cut):
    raw = photos(b"a", b"b")
    cleaned = clean(raw)
    assert cleaned.table["photo"].tolist() == raw["photo"].tolist()
    assert "photo" not in {o.operation.get("column") for o in cleaned.offers}
    with pytest.raises(InputError, match="does not work on a column of type image"):
        clean(raw, decided={"add": [{"op": "trim", "column": "photo"}]})


@pytest.mark.parametrize("side", [0, "3", None, 2.5])
def test_arguments_of_operations_on_images_are_checked(cut, side):
    asked = {"op": "cut", "column": "photo", "side": side}
    with pytest.raises(InputError):
        clean(photos(b"a", b"b"), decided={"add": [asked]})
