from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from mlkit.core.errors import InputError
from mlkit.core.files import canonical
from mlkit.core.identity import table_identity
from mlkit.core.schema import Schema
from mlkit.data.clean import clean
from mlkit.data.measures.leaks import ties
from mlkit.data.parts.likeness import likeness
from mlkit.data.profile import profile
from mlkit.data.reading.identify import row_keys
from mlkit.data.synthesis.generate import generate
from mlkit.data.synthesis.plant import FAULTS, Told, plant


def changed(before, after):
    """Return the names of rows of which a cell differs."""
    keys = [row_keys({n: t[n] for n in before}, len(t)) for t in (before, after)]
    return set(after.index[keys[0] != keys[1]])


@pytest.mark.parametrize("fault", FAULTS)
def test_a_fault_tells_what_it_did_and_leaves_the_table_alone(fault):
    table = generate("people", 300, seed=1)
    before = table_identity(table)
    one, again, other = (plant(table, fault, seed=seed) for seed in (3, 3, 4))
    assert table_identity(table) == before
    assert table_identity(one.table) == table_identity(again.table)
    assert one.told == again.told
    assert fault in ("drift",) or table_identity(one.table) != table_identity(
        other.table
    )
    assert table_identity(one.table) != before
    assert set(one.told.rows) <= set(one.table.index)
    if fault not in ("leak", "duplicates"):
        assert changed(table, one.table) <= set(one.told.rows)
        assert one.told.column in table
    form = one.told.to_dict()
    canonical(form)
    assert Told.from_dict(form) == one.told


def test_a_leak_is_found_by_profile():
    planted = plant(generate("people", 400), "leak", noise=0.05)
    assert ties(planted.table)["score"] > 0.99
    kinds = {a.kind for a in profile(planted.table).alerts if a.column == "score"}
    assert "gives the target away" in kinds


@pytest.mark.parametrize(("column", "word"), [("work", "?"), ("age", "-999")])
def test_hidden_gaps_are_found_by_clean(column, word):
    planted = plant(generate("people", 400), "missing", column=column, word=word)
    cleaned = clean(planted.table).table
    gone = cleaned[column].isna() | (cleaned[column].astype(str) == "(missing)")
    assert set(cleaned.index[gone]) == set(planted.told.rows)


def test_duplicates_are_found_by_clean():
    table = generate("classes", 300)
    planted = plant(table, "duplicates", share=0.1)
    found = clean(planted.table).table
    assert len(planted.table) == 330
    assert len(planted.told.rows) == len(planted.told.facts["of"]) == 30
    flagged = set(found.index[found["dropped"] != ""])
    pairs = zip(planted.told.rows, planted.told.facts["of"], strict=True)
    assert all(len({new, old} & flagged) == 1 for new, old in pairs)
    for new, old in zip(planted.told.rows, planted.told.facts["of"], strict=True):
        assert planted.table.loc[new].equals(table.loc[old].rename(new))


def test_wrong_labels_are_told_with_what_they_were():
    table = generate("classes", 300, classes=3)
    planted = plant(table, "labels", share=0.2)
    told = planted.told
    assert changed(table, planted.table) == set(told.rows)
    assert len(told.rows) == 60
    assert table.loc[list(told.rows), "kind"].tolist() == told.facts["was"]


def test_drift_moves_the_latest_rows():
    table = generate("timed", 400).sample(frac=1, random_state=0)
    planted = plant(table, "drift", column="price", by=3.0, share=0.25)
    late = planted.table.index.isin(planted.told.rows)
    assert planted.table["day"][late].min() > planted.table["day"][~late].max()
    moved = planted.table["price"][late] - table["price"][late]
    assert np.allclose(moved, planted.told.facts["shift"], rtol=1e-3)
    assert likeness(planted.table, ~late, late).columns[0][1] > 0.95


def test_bias_moves_labels_or_gaps_of_one_group():
    table = generate("people", 2000)
    planted = plant(table, "bias", column="sex", group="female", share=0.4)
    rates = [
        t["repaid"].eq("no").groupby(t["sex"]).mean() for t in (table, planted.table)
    ]
    assert rates[1]["female"] - rates[0]["female"] > 0.1
    assert rates[1]["male"] == rates[0]["male"]
    gaps = plant(table, "bias", column="sex", group="male", gaps="age", share=0.5)
    assert gaps.table["age"].isna().groupby(table["sex"]).sum()["female"] == 0
    assert gaps.table["age"].isna().sum() == len(gaps.told.rows)
    number = plant(generate("groups", 300), "bias", column="person", group="person 3")
    assert number.told.column == "pain"


def test_outliers_and_units_are_far_off():
    table = generate("regression", 500)
    outliers = plant(table, "outliers", column="x2", share=0.02).told
    assert len(outliers.rows) == 10
    far = plant(table, "outliers", column="x2", share=0.02).table["x2"]
    away = (far - table["x2"].mean()).abs() / table["x2"].std()
    assert set(away.index[away > 11]) == set(outliers.rows)
    unit = plant(table, "unit", column="x1", factor=25.4, share=0.2)
    rows = list(unit.told.rows)
    assert np.allclose(unit.table.loc[rows, "x1"], 25.4 * table.loc[rows, "x1"])
    assert len(rows) == 100


@pytest.mark.parametrize(
    ("kind", "fault", "how", "told"),
    [
        ("people", "leaks", {}, "did you mean 'leak'"),
        ("people", "leak", {"noize": 1}, "did you mean 'noise'"),
        ("people", "leak", {"name": "age"}, "already"),
        ("people", "drift", {"column": "agee"}, "did you mean 'age'"),
        ("people", "drift", {"column": "work"}, "a column of type number"),
        ("people", "drift", {"share": 0}, "above 0"),
        ("people", "drift", {"share": "x"}, "above 0"),
        ("people", "bias", {"group": "none"}, "no row of 'sex'"),
        ("people", "missing", {"column": "age", "word": "?"}, "behind a number"),
        ("text", "unit", {}, "no column for such a fault"),
        ("text", "bias", {"column": "review"}, "a column of type category"),
    ],
)
def test_what_cannot_be_planted_is_one_clear_error(kind, fault, how, told):
    with pytest.raises(InputError) as caught:
        plant(generate(kind, 60), fault, **how)
    assert told in str(caught.value)


def test_a_table_without_labels_takes_no_wrong_ones():
    table = pd.DataFrame({"x": [1.0, 2.0]})
    with pytest.raises(InputError, match="target"):
        plant(table, "labels")
    with pytest.raises(InputError, match="no row"):
        plant(table.iloc[:0], "duplicates")
    same = generate("classes", 50)
    same["kind"] = "class a"
    with pytest.raises(InputError, match="one class"):
        plant(same, "labels")
    assert Schema.of(same).target == "kind"
