from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from mlkit.core.errors import InputError
from mlkit.core.schema import Column, Schema
from mlkit.data.label import label
from mlkit.data.labels.weak import weak_labels


def table_of(target=("cat", "dog", None), kind="category"):
    frame = pd.DataFrame({"x": [1.0, 2.0, 3.0], "t": pd.Series(list(target))})
    if kind == "category":
        frame["t"] = frame["t"].astype("str")
    frame["dropped"] = pd.array(["", "duplicate of row a", "missing target"], "str")
    frame.index = pd.Index(["a", "b", "c"], dtype="str", name="row")
    columns = (
        Column("x"),
        Column("t", kind, ("target",), ("cat", "dog") if kind == "category" else ()),
        Column("dropped", "category", ("flag",)),
    )
    return Schema(columns).attach(frame)


def test_a_table_passes_through():
    table = table_of()
    labelled = label(table)
    assert labelled.table is table
    assert labelled.given == 0
    assert not len(labelled.receipt)


def test_labels_are_given_by_row_id():
    labelled = label(table_of(), {"c": "owl", "a": "dog", "gone": "cat"})
    assert labelled.table["t"].tolist() == ["dog", "dog", "owl"]
    assert labelled.table["dropped"].tolist() == ["", "duplicate of row a", ""]
    assert labelled.given == 2
    assert "no longer there" in labelled.notes[0]
    assert Schema.of(labelled.table)["t"].categories == ("dog", "owl")
    assert table_of()["t"].tolist()[0] == "cat"


def test_a_label_may_be_taken_away():
    labelled = label(table_of(), {"a": None})
    assert labelled.table["t"].isna().tolist() == [True, False, True]
    assert labelled.table["dropped"].tolist()[0] == "missing target"


def test_classes_may_be_merged():
    labelled = label(table_of(), merge={"dog": "cat"})
    assert labelled.table["t"].tolist()[:2] == ["cat", "cat"]
    assert Schema.of(labelled.table)["t"].categories == ("cat",)
    with pytest.raises(InputError, match="did you mean 'dog'"):
        label(table_of(), merge={"dgo": "cat"})


def test_numbers_are_labelled_with_numbers():
    table = table_of((1.0, 2.0, np.nan), "number")
    labelled = label(table, {"c": "3.5"}).table
    assert labelled["t"].tolist() == [1.0, 2.0, 3.5]
    with pytest.raises(InputError, match="is a number"):
        label(table, {"c": "many"})
    with pytest.raises(InputError, match="is a number"):
        label(table, {"c": "nan"})
    with pytest.raises(InputError, match="has no classes"):
        label(table, merge={"1": "2"})


def test_labels_need_a_target():
    table = table_of()
    table = Schema.of(table).change("t", roles=()).attach(table)
    with pytest.raises(InputError, match="no target to put them in"):
        label(table, {"a": "cat"})


def test_most_people_are_right_and_a_tie_stays_as_it_came():
    said = {
        "a": {"ann": "dog", "bob": "dog", "eve": "owl"},
        "b": {"ann": "owl", "bob": "cat"},
        "c": {"ann": "owl", "bob": "cat"},
    }
    labelled = label(table_of(), said)
    assert labelled.table["t"].fillna("").tolist() == ["dog", "dog", ""]
    assert labelled.given == 1
    assert "tied on 2 rows" in labelled.notes[0]
    assert labelled.receipt["how"].to_dict() == {"a": "hand", "b": "tie", "c": "tie"}
    assert labelled.receipt["people"].tolist() == [3, 2, 2]
    assert labelled.receipt.loc["b", "label"] == "cat / owl"
    assert "cat / owl" in labelled._repr_html_()


def weak_of(table, labels=None):
    return weak_labels(table, ["x >= 1 -> cat"], labels, combine="majority")


def test_rules_fill_only_rows_without_a_label():
    labelled = label(table_of(), {}, weak_of(table_of()))
    assert labelled.table["t"].tolist() == ["cat", "dog", "cat"]
    assert labelled.table["dropped"].tolist()[2] == ""
    assert (labelled.given, labelled.weak) == (0, 1)
    assert "by rule alone" in labelled.notes[0]
    assert labelled.receipt.loc["c", ["how", "people"]].tolist() == ["rule", 0]
    assert labelled.receipt.loc["c", "probability"] == 1.0
    assert "how" not in labelled.table and "probability" not in labelled.table
    assert "1 by rule alone" in labelled._repr_html_()


@pytest.mark.parametrize(
    "said", [{"c": "owl"}, {"c": None}, {"c": {"ann": "owl", "bob": "cat"}}]
)
def test_people_come_before_rules(said):
    labelled = label(table_of(), said, weak_of(table_of()))
    assert labelled.weak == 0
    assert labelled.receipt.index.tolist() == ["c"]
    assert labelled.table["t"].iloc[2] != "cat"


def test_rules_and_merging_go_together():
    labelled = label(table_of(), {}, weak_of(table_of()), merge={"cat": "pet"})
    assert labelled.table["t"].tolist() == ["pet", "dog", "pet"]


def test_the_receipt_is_kept_as_a_table(in_folder):
    from mlkit.core.store import Store

    labelled = label(table_of(), {"a": None, "b": "owl"}, weak_of(table_of()))
    store = Store(in_folder / ".mlkit")
    back = store.get(store.put(labelled.receipt, "labelling"))
    pd.testing.assert_frame_equal(back, labelled.receipt, check_names=False)


@pytest.mark.parametrize(
    "table",
    [table_of(), table_of((1.0, 2.5, np.nan), "number"), table_of(("a", "b", "c"))],
)
def test_the_views(table):
    labelled = label(table)
    assert labelled.plot()._repr_png_()[0].startswith(b"\x89PNG")
    assert "rows have a label" in labelled._repr_html_()
