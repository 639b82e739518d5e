from __future__ import annotations

import gzip
import json
import tracemalloc

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from mlkit.core.errors import InputError
from mlkit.core.schema import Schema
from mlkit.data.collect import collect
from mlkit.data.sources import Place, read


@pytest.fixture
def write(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)

    def put(text, name="x.json"):
        content = text if isinstance(text, bytes) else text.encode()
        (tmp_path / name).write_bytes(content)
        return name

    return put


@pytest.fixture
def found(write, tmp_path):
    def look(text, name="x.json", **options):
        path = tmp_path / write(text, name)
        return read(Place(name, options=options).at(path))

    return look


ROWS = [{"a": 1, "b": "x"}, {"a": 2, "b": "y"}, {"a": 3, "b": None}]


@pytest.mark.parametrize(
    ("text", "name"),
    [
        (json.dumps(ROWS), "x.json"),
        (json.dumps(ROWS, indent=2), "x.json"),
        ("\n".join(map(json.dumps, ROWS)), "x.jsonl"),
        ("\n\n".join(map(json.dumps, ROWS)) + "\r\n", "x.ndjson"),
        ("\n".join(map(json.dumps, ROWS)), "x.json"),
        (json.dumps({"ok": True, "data": ROWS, "tags": ["x"]}), "x.json"),
        (json.dumps({"answer": {"items": ROWS, "pages": 3}}), "x.json"),
        (gzip.compress(json.dumps(ROWS).encode(), mtime=0), "x.json.gz"),
        (json.dumps(ROWS).encode("utf-16"), "x.json"),
        (json.dumps(ROWS).encode("utf-8-sig"), "x.json"),
    ],
)
def test_records_are_found_however_they_are_wrapped(write, text, name):
    table = collect(write(text, name)).table
    assert table["a"].tolist() == [1, 2, 3]
    assert table["b"].isna().tolist() == [False, False, True]


def test_what_is_nested_has_names_joined_by_dots(found):
    got = found('[{"n": "A", "at": {"city": {"zip": "007"}}, "t": [1, "x"], "e": {}}]')
    assert got.columns.to_pylist() == [
        {"n": "A", "at.city.zip": "007", "t": '[1, "x"]', "e": None}
    ]
    told = " ".join(got.notes)
    assert "joined by dots: at, at.city" in told
    assert "lists are kept as JSON text: t" in told
    assert "empty objects are read as missing: e" in told


def test_the_list_of_records_is_told_or_asked_for(found):
    text = '{"users": [{"u": 1}, {"u": 2}], "more": {"orders": [{"o": 3}]}}'
    with pytest.raises(InputError, match=r"users, more\.orders"):
        found(text)
    assert found(text, records="more.orders").columns.to_pylist() == [{"o": 3}]
    with pytest.raises(InputError, match="a list at 'nope'"):
        found(text, records="nope")
    one = found('{"users": [{"u": 1}]}')
    assert one.facts["records"] == "users"
    assert "'users'" in one.notes[0]


def test_numbers_keep_every_digit(write):
    text = '[{"n": 12345678901234567890, "m": 9007199254740993, "x": 1e999},'
    text += '{"n": 1, "m": 1.5, "x": 2}]'
    table = collect(write(text)).table
    assert table["n"].tolist() == ["12345678901234567890", "1"]
    assert table["m"].tolist() == ["9007199254740993", "1.5"]
    assert table["x"].tolist() == ["1e999", "2"]


def test_cells_of_several_kinds_become_text_and_it_is_said(found):
    got = found('[{"a": 1}, {"a": "x"}, {"a": true}, {"a": null}]')
    assert got.columns["a"].to_pylist() == ["1", "x", "true", None]
    assert "kept as text" in got.notes[0]


def test_nan_and_infinity_are_told(found):
    got = found('[{"a": NaN, "b": Infinity}, {"a": 1.5, "b": -Infinity}]')
    assert got.columns["a"].to_pylist() == [None, 1.5]
    assert got.columns["b"].to_pylist() == [float("inf"), float("-inf")]
    assert "NaN" in " ".join(got.notes)
    assert "Infinity" in " ".join(got.notes)


def test_a_column_without_a_name_gets_one(found):
    got = found('[{"a": 1, "": 2}]')
    assert got.columns.to_pylist() == [{"a": 1, "c2": 2}]
    assert "called c2" in " ".join(got.notes)


def test_texts_that_look_like_something_else_stay(write):
    lines = [{"code": f"{n:03}", "day": "02/01/2026", "v": n} for n in range(5)]
    table = collect(write(json.dumps(lines))).table
    assert table["code"].tolist()[:2] == ["000", "001"]
    assert table["day"].iloc[0] == "02/01/2026"
    assert Schema.of(table)["v"].type == "number"


@pytest.mark.parametrize(
    ("text", "name", "words"),
    [
        ('{"a": 1}\n{"a": 2\n{"a": 3}\n', "x.jsonl", "x.jsonl, line 2"),
        ('{"a": 1}\n{"a": 2}\n{"a": 3, "a": 4}\n', "x.jsonl", "line 3"),
        ('{"a": 1}\n[2]\n', "x.jsonl", "line 2"),
        ('[{"a": 1},\n{"a": 2,}]', "x.json", "x.json, line 2"),
        ('[{"a": 1},\n\n{"a": 2, "b": {"c": 1, "c": 2}}]', "x.json", "line 3"),
        ('[{"a": 1},\n{"a": 2}', "x.json", "the end found"),
        ('[{"a": 1}]\n[]', "x.json", "line 2"),
        ('[{"a": 1}, 5]', "x.json", "record 2"),
        ('{"a": {"b": 1, "b": 2}, "c": [{"d": 1}]}', "x.json", "given twice"),
        ("[" * 100_000, "x.json", "nested too deeply"),
        ('[{"a": ' + '{"b":' * 80 + "1" + "}" * 80 + "}]", "x.json", "too deeply"),
        ('[{"a": "\\ud800"}, {"a": "b"}]', "x.json", "lone surrogate"),
        ('[{"\\ud800": 1}, {"\\ud800": 2}]', "x.json", "lone surrogate"),
        ('[{"a.b": 1, "a": {"b": 2}}]', "x.json", "both named 'a.b'"),
        (b'[{"a": "\xff\xfe"}]', "x.json", "utf-8"),
        (gzip.compress(b'[{"a": 1}]', mtime=0)[:15], "x.json.gz", "gzip"),
        ("", "x.json", "the file is empty"),
        ("5", "x.json", "no records"),
        ("{}", "x.json", "no records"),
        ("[]", "x.json", "no column"),
        ('[{"a": 1' + "0" * 5000 + "}]", "x.json", "line 1"),
    ],
)
def test_bad_json_is_one_clear_error(write, text, name, words):
    with pytest.raises(InputError) as caught:
        collect(write(text, name))
    assert words in str(caught.value)
    assert name in caught.value.where


def test_a_value_that_crosses_the_edge_of_what_was_read_is_whole(found, monkeypatch):
    from mlkit.data.sources import _stream

    rows = [{"n": 10**15 + n, "t": "x" * n, "deep": {"y": n / 7}} for n in range(40)]
    for size in (1, 7, 64):
        monkeypatch.setattr(_stream, "CHUNK", size)
        got = found(json.dumps({"skip": {"a": [1, 2]}, "rows": rows}, indent=1))
        assert got.columns["n"].to_pylist() == [row["n"] for row in rows]
        assert got.columns["deep.y"].to_pylist() == [row["deep"]["y"] for row in rows]


def test_a_long_file_is_read_in_bounded_memory(tmp_path):
    path = tmp_path / "long.json"
    with path.open("w") as file:
        file.write("[")
        file.writelines(f'{{"n": {n}, "t": "{"x" * 2000}"}},' for n in range(15_000))
        file.write('{"n": -1, "t": null}]')
    tracemalloc.start()
    got = read(Place("long.json", options={}).at(path))
    most = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert got.columns.num_rows == 15_001
    assert path.stat().st_size > 30_000_000
    assert most < 45_000_000  # one batch of cells, never the whole document's objects


NAMES = st.text(st.characters(codec="utf-8", exclude_characters="."), min_size=1)
CELLS = st.one_of(
    st.none(),
    st.booleans(),
    st.integers(-(2**63), 2**63 - 1),
    st.floats(allow_nan=False, allow_infinity=False),
    st.text(st.characters(codec="utf-8")),
)


@settings(max_examples=60, deadline=None)
@given(
    st.dictionaries(
        NAMES,
        st.sampled_from(["bool", "int", "float", "text"]),
        min_size=1,
        max_size=5,
    ),
    st.data(),
)
def test_cells_in_are_cells_out(tmp_path_factory, kinds, data):
    kind = {
        "bool": st.booleans(),
        "int": st.integers(-(2**63), 2**63 - 1),
        "float": st.floats(allow_nan=False, allow_infinity=False),
        "text": st.text(st.characters(codec="utf-8")),
    }
    row = st.fixed_dictionaries({n: st.none() | kind[k] for n, k in kinds.items()})
    rows = data.draw(st.lists(row, min_size=1, max_size=6))
    path = tmp_path_factory.mktemp("json") / "x.json"
    lines = data.draw(st.booleans())
    text = "\n".join(map(json.dumps, rows)) if lines else json.dumps(rows, indent=1)
    path = path.with_suffix(".jsonl" if lines else ".json")
    path.write_text(text)
    assert read(Place("x").at(path)).columns.to_pylist() == rows


@settings(max_examples=60, deadline=None)
@given(st.lists(CELLS, min_size=1, max_size=8))
def test_no_cell_of_a_mixed_column_is_changed(tmp_path_factory, cells):
    path = tmp_path_factory.mktemp("json") / "x.json"
    path.write_text(json.dumps([{"c": cell} for cell in cells]))
    got = read(Place("x").at(path)).columns["c"].to_pylist()
    for cell, read_back in zip(cells, got, strict=True):
        if isinstance(read_back, str) and not isinstance(cell, str):
            assert json.loads(read_back) == cell
        else:
            assert read_back == cell
