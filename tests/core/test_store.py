import os
import string
import subprocess
import sys

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from matplotlib.figure import Figure
from sklearn.ensemble import HistGradientBoostingClassifier, RandomForestClassifier
from sklearn.linear_model import LogisticRegression

from mlkit.core.errors import InputError, StoreError
from mlkit.core.identity import row_hashes, table_identity
from mlkit.core.schema import Column, Schema
from mlkit.core.store import Entry, Store

TEXT = st.text(st.characters(exclude_categories=("Cs",)), max_size=8)
COLUMNS = {
    "number": (st.floats(allow_infinity=True) | st.none(), "float64"),
    "integer": (st.integers(-(2**62), 2**62), "int64"),
    "text": (TEXT | st.none(), "str"),
    "flag": (st.booleans(), "bool"),
    "date": (
        st.datetimes(
            min_value=pd.Timestamp("1700-01-01"), max_value=pd.Timestamp("2200-01-01")
        )
        | st.none(),
        "datetime64[us]",
    ),
}


@st.composite
def tables(draw):
    rows = draw(st.integers(0, 6))
    data = {
        name: pd.Series(
            draw(st.lists(cells, min_size=rows, max_size=rows)), dtype=dtype
        )
        for name, (cells, dtype) in COLUMNS.items()
    }
    table = pd.DataFrame(data)
    table.index = pd.Index([f"r{i}" for i in range(rows)], name="row", dtype="str")
    schema = Schema.of(table).change("integer", roles=("target",))
    return schema.attach(table)


@settings(max_examples=40, deadline=None)
@given(table=tables())
def test_a_table_comes_back_with_its_identity_and_schema(table, tmp_path_factory):
    store = Store(tmp_path_factory.mktemp("store"))
    back = store.get(store.put(table, "t"))
    assert table_identity(back) == table_identity(table)
    assert Schema.of(back) == Schema.of(table)
    pd.testing.assert_frame_equal(back, table, check_column_type=False)


@settings(max_examples=60, deadline=None)
@given(table=tables(), data=st.data())
def test_a_changed_cell_changes_the_identity(table, data):
    if len(table) == 0:
        return
    row = data.draw(st.integers(0, len(table) - 1))
    other = table.copy()
    other.iloc[row, other.columns.get_loc("text")] = "something else, longer"
    assert table_identity(other) != table_identity(table)


def test_identity_is_of_values_not_of_bytes():
    table = pd.DataFrame({"x": [0.0, np.nan], "t": pd.to_datetime(["2026-01-01"] * 2)})
    same = pd.DataFrame(
        {
            "x": np.array([-0.0, np.frombuffer(b"\x01\0\0\0\0\0\xf8\xff")[0]]),
            "t": table["t"].astype("datetime64[ns]"),
        }
    )
    assert table_identity(table) == table_identity(same)
    text = pd.DataFrame({"s": pd.Series(["a", None], dtype="str")})
    assert table_identity(text) == table_identity(text.astype(object))
    moved = pd.DataFrame({"s": ["ab", "c"]})
    assert table_identity(moved) != table_identity(pd.DataFrame({"s": ["a", "bc"]}))


@settings(max_examples=40, deadline=None)
@given(table=tables())
def test_row_hashes_do_not_depend_on_the_other_rows(table):
    columns = list(table.columns)
    whole = row_hashes(table, columns)
    each = [row_hashes(table.iloc[[i]], columns)[0] for i in range(len(table))]
    assert list(whole) == each


def test_row_hashes_are_equal_in_every_process():
    code = (
        "import pandas as pd; from mlkit.core.identity import row_hashes;"
        "print(row_hashes(pd.DataFrame({'x':[1,2],'s':['a',None]}),['x','s']).tolist())"
    )
    first, second = (
        subprocess.run(
            [sys.executable, "-c", code],
            capture_output=True,
            text=True,
            check=True,
            env={**os.environ, "PYTHONHASHSEED": seed},
        ).stdout
        for seed in ("1", "2")
    )
    assert first == second
    assert row_hashes(pd.DataFrame({"x": [1.0]}), ["x"]) == row_hashes(
        pd.DataFrame({"x": [1]}), ["x"]
    )


JSON = st.recursive(
    st.none()
    | st.booleans()
    | st.integers()
    | st.floats(allow_nan=False, allow_infinity=False)
    | TEXT,
    lambda inner: st.lists(inner) | st.dictionaries(TEXT, inner),
    max_leaves=8,
)


@settings(max_examples=50, deadline=None)
@given(value=JSON)
def test_json_comes_back(value, tmp_path_factory):
    store = Store(tmp_path_factory.mktemp("store"))
    assert store.get(store.put(value, "j")) == value


@pytest.mark.parametrize(
    "model",
    [
        LogisticRegression(),
        RandomForestClassifier(3, random_state=0),
        HistGradientBoostingClassifier(max_iter=3, random_state=0),
    ],
    ids=lambda model: type(model).__name__,
)
def test_a_model_is_kept_by_skops_and_predicts_the_same(model, tmp_path):
    rng = np.random.default_rng(0)
    x, y = rng.normal(size=(50, 3)), np.arange(50) % 2
    store = Store(tmp_path)
    entry = store.put(model.fit(x, y), "m")
    assert (store.path(entry.identity) / "model.skops").exists()
    back = store.get(entry)
    np.testing.assert_array_equal(back.predict_proba(x), model.predict_proba(x))


class Odd:
    """A model that skops does not trust."""

    def predict(self, table):
        return np.zeros(len(table))


def test_a_pickle_is_read_only_with_this_users_signature(tmp_path, monkeypatch):
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path / "mine"))
    store = Store(tmp_path / "store")
    entry = store.put(Odd(), "m")
    assert isinstance(store.get(entry), Odd)
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path / "another"))
    with pytest.raises(StoreError, match="written elsewhere"):
        store.get(entry)


def test_a_folder_is_copied_and_about_json_is_not_in_its_identity(tmp_path):
    source = tmp_path / "p"
    (source / "deep").mkdir(parents=True)
    (source / "deep" / "f.bin").write_bytes(b"\0\1")
    (source / "about.json").write_text("monday")
    store = Store(tmp_path / "store")
    entry = store.put(source, "p")
    assert (store.get(entry) / "deep" / "f.bin").read_bytes() == b"\0\1"
    (source / "about.json").write_text("tuesday")
    assert store.put(source, "p").identity == entry.identity
    (source / "deep" / "f.bin").write_bytes(b"\0\2")
    assert store.put(source, "p").identity != entry.identity


def test_a_figure_is_kept_as_a_picture(tmp_path):
    figure = Figure()
    figure.subplots().plot([1, 2])
    store = Store(tmp_path)
    entry = store.put(figure, "f")
    assert store.get(entry).data.startswith(b"\x89PNG")
    assert store.put(figure, "f").identity == entry.identity


def test_what_cannot_be_kept_says_what_can(tmp_path):
    store = Store(tmp_path)
    for value in (object(), {"x": object()}, {"x": float("nan")}, {1, 2}):
        with pytest.raises(InputError, match="expected"):
            store.put(value, "x")
    nested = pd.DataFrame({"x": [[1], [2]]})
    with pytest.raises(InputError, match="column 'x'"):
        store.put(nested, "x")
    twice = pd.DataFrame([[1, 2]], columns=["a", "a"])
    with pytest.raises(InputError, match="used twice"):
        store.put(twice, "x")


def test_a_damaged_artifact_is_not_read(tmp_path):
    store = Store(tmp_path)
    entry = store.put({"a": 1}, "j")
    payload = next(iter(store.files(entry.identity)))
    payload.write_text('{"a": 2}')
    with pytest.raises(StoreError, match="damaged"):
        store.get(entry)
    again = store.put({"a": 1}, "j")
    assert store.get(again) == {"a": 1}


@pytest.mark.parametrize(
    "text", ["", '{"files": ', "null", "[3]", '{"files": {"a": 1}}']
)
def test_a_damaged_index_counts_as_a_damaged_artifact(text, tmp_path):
    store = Store(tmp_path)
    entry = store.put({"a": 1}, "x")
    index = store.path(entry.identity) / "object.json"
    index.write_text(text)
    assert store.files(entry.identity) is None
    with pytest.raises(StoreError, match="damaged"):
        store.check(entry.identity, repair=False)
    assert store.get(store.put({"a": 1}, "x")) == {"a": 1}


@pytest.mark.parametrize("text", ["", '{"x": ', "null", "[3]", '{"x": 3}'])
def test_damaged_refs_drafts_and_records_count_as_absent(text, tmp_path):
    store = Store(tmp_path)
    entry = store.put({"a": 1}, "x")
    store.set_refs({"x": entry})
    store.set_draft("x", entry)
    store.add_record("s", {"static": {}, "depfile": {}, "state": "passed"})
    for name in ("refs/main", "drafts/x", "steps/s"):
        (tmp_path / f"{name}.json").write_text(text)
    assert store.refs() == {}
    assert store.drafts() == {}
    assert store.records("s") == []


def test_an_empty_folder_is_whole(tmp_path):
    (tmp_path / "empty").mkdir()
    store = Store(tmp_path / "store")
    entry = store.put(tmp_path / "empty", "x")
    assert store.files(entry.identity) == {}
    assert store.get(entry).is_dir()


def test_metrics_are_the_numbers_a_value_holds_under_that_name(tmp_path):
    store = Store(tmp_path)
    assert store.put({"metrics": {"auc": 0.9, "note": "x"}}, "e").metrics == {
        "auc": 0.9
    }
    assert store.put({"auc": 1}, "metrics").metrics == {"auc": 1.0}
    assert store.put({"auc": 1}, "other").metrics == {}


def test_an_identity_is_no_path(tmp_path):
    with pytest.raises(StoreError):
        Store(tmp_path).get(Entry("json-../../etc/passwd"))


@settings(max_examples=30, deadline=None)
@given(st.lists(st.sampled_from(string.ascii_lowercase), unique=True, max_size=6))
def test_a_schema_comes_back_from_its_plain_form(names):
    schema = Schema(
        tuple(Column(n, "category", ("target",), ("a", "b")) for n in names)
    )
    assert Schema.from_dict(schema.to_dict()) == schema
