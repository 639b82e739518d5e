from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from mlkit.core.errors import InputError
from mlkit.core.schema import Column, Schema
from mlkit.data.label import label


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
    with pytest.raises(InputError, match="has no classes"):
        label(table, merge={"1": "2"})


def test_labels_need_a_target():
    table = table_of()
    table = Schema.of(table).change("t", roles=()).attach(table)
    with pytest.raises(InputError, match="no target to put them in"):
        label(table, {"a": "cat"})


@pytest.mark.parametrize(
    "table",
    [table_of(), table_of((1.0, 2.5, np.nan), "number"), table_of(("a", "b", "c"))],
)
def test_the_views(table):
    labelled = label(table)
    assert labelled.plot()._repr_png_()[0].startswith(b"\x89PNG")
    assert "rows have a label" in labelled._repr_html_()
