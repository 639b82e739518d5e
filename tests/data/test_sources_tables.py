"""Folders of tables, the sets that come with scikit-learn, and data made up."""

from __future__ import annotations

import gzip
import io
import json

import numpy as np
import pandas as pd
import pytest
from PIL import Image
from sklearn.datasets import load_digits, load_iris

from mlkit.core.errors import InputError
from mlkit.core.media import media
from mlkit.core.schema import Schema
from mlkit.data.collect import collect
from mlkit.data.synthesis.generate import KINDS, generate


@pytest.fixture
def folder(in_folder):
    """Write files into a folder; return its name."""

    def write(**files):
        for name, content in files.items():
            path = in_folder / "parts" / name.replace("__", "/").replace("_dot_", ".")
            path.parent.mkdir(parents=True, exist_ok=True)
            if isinstance(content, pd.DataFrame):
                content.to_parquet(path)
            else:
                text = content if isinstance(content, bytes) else content.encode()
                path.write_bytes(text)
        return "parts"

    return write


# folders of tables


def test_csv_files_are_one_table(folder):
    found = collect(
        folder(
            b_dot_csv="code,x\n007,1\n008,2\n",
            a_dot_csv="x,code\n3,009\n4,010\n",
            sub__c_dot_csv_dot_gz=gzip.compress(b"code,x\n011,5\n012,6\n"),
            README_dot_md="about",
            _SUCCESS="",
        )
    )
    assert found.table["code"].tolist() == ["009", "010", "007", "008", "011", "012"]
    assert found.table["x"].tolist() == [3, 4, 1, 2, 5, 6]
    told = " ".join(found.receipt.notes)
    assert "3 files are read as one table" in told
    assert "another order" in told
    assert "passed over: README.md" in told
    assert found.receipt.facts["files"] == 3


def test_the_file_of_each_row_may_be_kept(folder):
    name = folder(a_dot_csv="x,y\n1,2\n3,4\n", b_dot_csv="x,y\n5,6\n7,8\n")
    table = collect(name, options={"file": "month"}).table
    assert table["month"].tolist() == ["a.csv", "a.csv", "b.csv", "b.csv"]
    assert Schema.of(table)["month"].roles == ("ignored",)
    assert collect(name).table.columns.tolist() == ["x", "y"]
    with pytest.raises(InputError, match="a column 'x' already"):
        collect(name, options={"file": "x"})


def test_some_files_may_be_chosen(folder):
    name = folder(
        a1_dot_csv="x,y\n1,2\n3,4\n",
        a2_dot_csv="x,y\n5,6\n7,8\n",
        b1_dot_jsonl='{"z": 1}\n{"z": 2}\n',
    )
    with pytest.raises(InputError, match=r"several kinds.*\n.*\n.*b1\.jsonl"):
        collect(name)
    assert len(collect(name, options={"files": "a*.csv"}).table) == 4
    assert collect(name, options={"files": "*.jsonl"}).table["z"].tolist() == [1, 2]
    with pytest.raises(InputError, match="no table is named like"):
        collect(name, options={"files": "c*.csv"})


def test_files_that_differ_are_named(folder):
    name = folder(a_dot_csv="x,y\n1,2\n3,4\n", b_dot_csv="x,z\n5,6\n7,8\n")
    with pytest.raises(InputError) as caught:
        collect(name)
    assert "b.csv lacks y; b.csv has z besides" in str(caught.value)
    assert "those of a.csv: x, y" in str(caught.value)
    assert caught.value.where == "parts"
    name = folder(b_dot_csv="x,y\n5,6,7\n7,8\n")
    with pytest.raises(InputError, match=r"parts/b\.csv"):
        collect(name)


def test_parquet_files_are_one_table_with_their_folders(folder):
    name = folder(
        year_eq_2025__p_dot_parquet=pd.DataFrame({"n": [1, 2], "t": ["a", None]}),
        year_eq_2026__p_dot_parquet=pd.DataFrame({"n": [1.5, 2.5], "t": [None, None]}),
    )
    for year in ("2025", "2026"):
        old = collect.__globals__["root"]() / "parts" / f"year_eq_{year}"
        old.rename(old.with_name(f"year={year}"))
    table = collect(name).table
    assert table["n"].tolist() == [1.0, 2.0, 1.5, 2.5]
    assert table["year"].tolist() == [2025, 2025, 2026, 2026]
    assert table["t"].isna().tolist() == [False, True, True, True]


def test_columns_of_two_types_are_an_error_that_names_the_files(folder):
    name = folder(
        a_dot_parquet=pd.DataFrame({"n": [1, 2]}),
        b_dot_parquet=pd.DataFrame({"n": ["x", "y"]}),
    )
    with pytest.raises(
        InputError, match=r"int64 in a\.parquet, .*string in b\.parquet"
    ):
        collect(name)
    name = folder(
        a_dot_parquet=pd.DataFrame({"n": [2**60 + 1, 2]}),
        b_dot_parquet=pd.DataFrame({"n": [1.5, 2.5]}),
    )
    with pytest.raises(InputError, match="do not fit into one type"):
        collect(name)


def test_a_new_file_is_seen(folder, in_folder):
    from mlkit.core.outside import fingerprint_of

    name = folder(a_dot_csv="x,y\n1,2\n3,4\n")
    before = fingerprint_of("folder", in_folder / name)
    folder(b_dot_csv="x,y\n5,6\n")
    assert fingerprint_of("folder", in_folder / name) != before
    assert len(collect(name).table) == 3


def test_a_folder_of_json_files(folder):
    rows = [[{"a": 1, "b": {"c": "x"}}], [{"a": 2, "b": {"c": "y"}}]]
    name = folder(a_dot_json=json.dumps(rows[0]), b_dot_json=json.dumps(rows[1]))
    assert collect(name).table["b.c"].tolist() == ["x", "y"]


# scikit-learn


def test_iris_has_its_classes_by_name():
    found = collect("sklearn:iris").table
    assert Schema.of(found).target == "target"
    assert Schema.of(found)["target"].categories == (
        "setosa",
        "versicolor",
        "virginica",
    )
    np.testing.assert_array_equal(found.iloc[:, :4].to_numpy(), load_iris().data)


@pytest.mark.parametrize(
    ("name", "shape", "kind"),
    [
        ("breast_cancer", (569, 31), "category"),
        ("diabetes", (442, 11), "number"),
        ("digits", (1797, 65), "category"),
        ("wine", (178, 14), "category"),
    ],
)
def test_the_other_sets(name, shape, kind):
    table = collect(f"sklearn:{name}").table
    assert table.shape == shape
    assert Schema.of(table)["target"].type == kind
    assert table.index.is_unique


def test_a_set_of_three_targets_asks_which():
    assert "three targets" in " ".join(collect("sklearn:linnerud").receipt.notes)
    table = collect("sklearn:linnerud", target="Pulse").table
    assert Schema.of(table).target == "Pulse"


def test_digits_as_images(in_folder):
    table = collect("sklearn:digits", options={"images": "true"}).table
    schema = Schema.of(table)
    assert (schema["image"].type, schema.target) == ("image", "target")
    image = Image.open(io.BytesIO(media().get(table["image"].iloc[7])))
    expected = np.round(load_digits().images[7] * 255 / 16)
    np.testing.assert_array_equal(np.asarray(image), expected)
    with pytest.raises(InputError, match="no images"):
        collect("sklearn:iris", options={"images": "true"})


def test_an_unknown_set():
    with pytest.raises(InputError, match="did you mean 'iris'"):
        collect("sklearn:irys")
    with pytest.raises(InputError, match="are downloaded"):
        collect("sklearn:california_housing")
    with pytest.raises(InputError, match="no option 'imges'"):
        collect("sklearn:digits", options={"imges": "true"})


# made up


@pytest.mark.parametrize("kind", sorted(KINDS))
def test_what_is_made_up_comes_with_types_and_roles(kind):
    found = collect(f"synthetic:{kind}?rows=60&seed=3")
    made = Schema.of(generate(kind, 60, seed=3))
    schema = Schema.of(found.table)
    assert schema.target == made.target
    assert [c.name for c in schema] == [c.name for c in made]
    assert [c.roles for c in schema] == [c.roles for c in made]
    assert [c.type for c in schema] == [c.type for c in made]
    again = collect(f"synthetic:{kind}", options={"rows": "60", "seed": "3"})
    pd.testing.assert_frame_equal(found.table, again.table)
    assert "made up" in found.receipt.notes[0]


def test_what_cannot_be_made_up_is_said():
    with pytest.raises(InputError, match="did you mean 'classes'") as caught:
        collect("synthetic:clases?rows=10")
    assert caught.value.where == "synthetic:clases?rows=10"
    with pytest.raises(InputError, match="a whole number"):
        collect("synthetic:classes?rows=many")
