from __future__ import annotations

import gzip
import json
import time
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from mlkit.core.errors import InputError
from mlkit.core.schema import Schema
from mlkit.data import sources
from mlkit.data.clean import clean
from mlkit.data.collect import Receipt, collect
from mlkit.data.reading.dialect import has_header, sniff
from mlkit.data.reading.target import judge


@pytest.fixture
def write(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)

    def put(text, name="x.csv"):
        content = text if isinstance(text, bytes) else text.encode()
        (tmp_path / name).write_bytes(content)
        return name

    return put


def types_of(table):
    return {column.name: column.type for column in Schema.of(table)}


# what pandas gets silently wrong


def test_leading_zeros_stay(write):
    found = collect(write("code,x\n007,1\n012,2\n"))
    assert found.table["code"].tolist() == ["007", "012"]
    assert "leading zeros" in " ".join(found.receipt.notes)


def test_na_is_a_word(write):
    table = collect(write("country,x\nNA,1\nZA,2\nNA,2\n")).table
    assert table["country"].tolist() == ["NA", "ZA", "NA"]


def test_missing_words_may_be_named(write):
    table = collect(write("country,x\nNA,1\nZA,?\n,2\n"), missing=["", "NA", "?"]).table
    assert table["country"].isna().tolist() == [True, False, True]
    assert types_of(table)["x"] == "number"
    assert table["x"].isna().tolist() == [False, True, False]


@pytest.mark.parametrize(
    "cells", [["9007199254740993", ""], ["12345678901234567890", "1"]]
)
def test_large_integers_keep_their_digits(write, cells):
    found = collect(write("n,x\n" + "".join(f"{cell},1\n" for cell in cells)))
    assert found.table["n"].iloc[0] == cells[0]
    assert "no digit is lost" in " ".join(found.receipt.notes)


def test_large_integers_of_parquet_keep_their_digits(tmp_path):
    path = tmp_path / "x.parquet"
    pd.DataFrame({"n": pd.array([2**60 + 1, None], "Int64"), "x": [1, 2]}).to_parquet(
        path
    )
    assert collect(str(path)).table["n"].iloc[0] == str(2**60 + 1)


def test_thousands_stay_as_written(write):
    table = collect(write('n,x\n"1,000",1\n"22,500",2\n')).table
    assert table["n"].tolist() == ["1,000", "22,500"]


def test_ambiguous_dates_are_not_guessed(write):
    table = collect(write("d,x\n02/01/2026,1\n03/04/2026,2\n")).table
    assert table["d"].tolist() == ["02/01/2026", "03/04/2026"]


def test_clear_dates_are_read(write):
    table = collect(write("d,x\n2026-01-02,1\n2026-01-03,2\n,3\n")).table
    assert str(table["d"].dtype) == "datetime64[us]"
    assert table["d"].isna().tolist() == [False, False, True]


def test_zones_are_told(write):
    found = collect(write("d,x\n2026-01-01T23:30:00-05:00,1\n2026-01-02T00:00:00Z,2\n"))
    assert str(found.table["d"].dtype) == "datetime64[us, UTC]"
    assert "UTC" in " ".join(found.receipt.notes)


@pytest.mark.parametrize("form", ["{:02}/03/2026", "${}.50", "{} %", "1,{:03}"])
def test_dates_and_amounts_that_all_differ_are_no_ids(write, form):
    lines = [f'"{form.format(day)}",{day * 1.5}\n' for day in range(1, 32)]
    found = collect(write("when,x\n" + "".join(lines))).table
    assert types_of(found)["when"] == "text"
    assert found.index[0] != found["when"].iloc[0]
    cleaned = Schema.of(clean(found).table)
    assert any(
        cleaned[name].type == "number" for name in cleaned.features if name != "x"
    )


def test_dates_that_are_none_stay_text(write):
    table = collect(write("d,x\n2026-02-31,1\n2026-01-03,2\n")).table
    assert table["d"].tolist() == ["2026-02-31", "2026-01-03"]


@pytest.mark.parametrize("text", ["a,b\n1,2,\n3,4,\n", "a,b,\n1,2,\n3,4,\n"])
def test_a_trailing_comma_shifts_nothing(write, text):
    found = collect(write(text))
    assert found.table["a"].tolist() == [1, 3]
    assert list(found.table) == ["a", "b"]
    assert "ends with a delimiter" in " ".join(found.receipt.notes)


@pytest.mark.parametrize("word", ["inf", "nan", "1e999", "1_000", "0x10", "٣"])
def test_only_plain_numbers_are_numbers(write, word):
    table = collect(write(f"n,x\n1,1\n{word},2\n")).table
    assert table["n"].tolist() == ["1", word]


def test_true_and_false_are_categories(write):
    table = collect(write("b,x\nTrue,1\nFalse,2\n")).table
    assert types_of(table)["b"] == "category"


# errors


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("", "the file is empty"),
        ("\n \n", "the file is empty"),
        ("a,b\n", "no row"),
        ("a,b\n1,2\n", "one row"),
        ("a,a\n1,2\n3,4\n", "used twice: a"),
        ("a,b\n1,2\x00\n3,4\n", "NUL byte"),
        ("a,b\n1,2\n3\n5,6\n", "x.csv, line 3"),
        ("a,b\n1,2\n3,4,5\n5,6\n", "x.csv, line 3"),
        ('a,b\n1,"x\n3,4\n5,6\n', "never closed"),
        ("a,b\nr1,1,2\nr2,3,4\n", "the header has another number"),
        (b"PK\x03\x04xxxx", "does not read this kind"),
    ],
)
def test_bad_files_are_one_clear_error(write, text, words):
    with pytest.raises(InputError) as caught:
        collect(write(text))
    assert words in str(caught.value)
    assert caught.value.where
    assert caught.value.exit_code == 2


def test_names_are_looked_up(write):
    name = write("Age,Sex\n1,m\n2,f\n")
    with pytest.raises(InputError, match="did you mean 'Age'") as caught:
        collect(name, target="Aeg")
    assert "no column 'Aeg'" in str(caught.value)
    with pytest.raises(InputError, match=r"did you mean 'x\.csv'"):
        collect("x.cvs")
    with pytest.raises(InputError, match="no column 'Nope'"):
        collect(name, roles={"Nope": "group"})
    with pytest.raises(InputError, match="unknown column role"):
        collect(name, roles={"Sex": "sensitve"})
    with pytest.raises(InputError, match="unknown column type"):
        collect(name, types={"Sex": "kategory"})
    with pytest.raises(InputError, match="not by a role"):
        collect(name, roles={"Sex": "target"})
    Path("empty").mkdir()
    with pytest.raises(InputError, match="folder"):
        collect("empty")


def test_a_target_without_values(write):
    with pytest.raises(InputError, match="every cell of the target is missing"):
        collect(write("a,t\n1,\n2,\n"), target="t")


def test_a_target_must_be_what_was_asked(write):
    name = write("a,t\n1,red\n2,3\n4,5\n")
    with pytest.raises(InputError, match="'red'"):
        collect(name, target="t", target_type="number")
    with pytest.raises(InputError, match="did you mean 'number'"):
        collect(name, target="t", target_type="numbr")
    with pytest.raises(InputError, match="a date cannot be predicted"):
        collect(write("a,t\n1,2026-01-01\n2,2026-01-02\n"), target="t")


def test_a_torn_parquet_file(tmp_path):
    path = tmp_path / "x.parquet"
    path.write_bytes(b"PAR1 and then nothing")
    with pytest.raises(InputError, match="cannot be read"):
        collect(str(path))


def test_cells_that_are_lists(tmp_path):
    path = tmp_path / "x.parquet"
    pd.DataFrame({"l": [[1], [2, 3]], "x": [1, 2]}).to_parquet(path)
    with pytest.raises(InputError, match="column 'l'"):
        collect(str(path))


# how it is written


@pytest.mark.parametrize(
    ("text", "delimiter"),
    [
        ("a;b\n1,5;2\n3,1;4\n", "semicolon"),
        ("a\tb\n1\t2\n3\t4\n", "tab"),
        ("a|b\n1|2\n3|4\n", "bar"),
        ("a b\n1   2\n 3 4\n", "blanks"),
        ("a,b\r\n1,2\r\n3,4\r\n", "comma"),
        ('"a","b"\n"1","x, y"\n"2","z\nw"\n', "comma"),
    ],
)
def test_the_delimiter_is_found(write, text, delimiter):
    found = collect(write(text))
    assert found.receipt.facts["delimiter"] == delimiter
    assert found.table.shape == (2, 2)


def test_decimal_commas(write):
    found = collect(write("a;b\n1,5;2\n1.003,1;4\n"))
    assert found.table["a"].tolist() == [1.5, 1003.1]
    assert found.receipt.facts["decimal"] == "comma"


@pytest.mark.parametrize(
    ("encoding", "told"),
    [
        ("utf-8", "utf-8"),
        ("utf-8-sig", "utf-8"),
        ("utf-16", "utf-16"),
        ("cp1252", "cp1252"),
    ],
)
def test_the_encoding_is_found(write, encoding, told):
    found = collect(write("näme,x\nJörg,1\nÉva,2\n".encode(encoding)))
    assert found.receipt.facts["encoding"] == told
    assert found.table["näme"].tolist() == ["Jörg", "Éva"]


def test_blanks_after_the_delimiter(write):
    found = collect(write('39, State-gov, "a, b"\n50, Private, c\n'))
    assert found.table["c3"].tolist() == ["a, b", "c"]
    assert found.table["c1"].tolist() == [39, 50]


def test_single_quotes(write):
    found = collect(write("a,b\n" + "'40-49','x, y'\n" * 30))
    assert found.table["a"].iloc[0] == "40-49"


def test_odd_column_names(write):
    table = collect(write('index,"a ""b"" 😀",row,\n1,2,3,4\n5,6,7,8\n')).table
    assert list(table) == ["index", 'a "b" 😀', "row", "c4"]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("age,sex\n1,m\n2,f\n", True),
        ("1,m\n2,f\n3,m\n", False),
        ("colour,size\nred,big\nblue,small\nred,small\n", True),
        ("p,x,s\ne,x,s\np,y,s\n", False),
        ("name,2019,2020,2021\nx,1,2,3\ny,3,4,5\n", True),
        ("0,1,2,target\n1.5,2,3,a\n2.5,2,3,b\n", True),
        ("3,?,audi\n1,?,audi\n2,164,bmw\n", False),
        ("NA,1\n2,3\n4,5\n", False),
    ],
)
def test_the_header_is_found(text, expected):
    assert has_header(sniff(text, "x").sample) is expected


def test_without_a_header_the_target_may_be_told_by_its_place(write):
    name = write("1,2\n3,4\n5,6\n")
    for told in ("2", "c2"):
        assert Schema.of(collect(name, target=told).table).target == "c2"
    with pytest.raises(InputError, match="no column 'c3'"):
        collect(name, target="3")
    headed = write("1,x\n3,4\n5,6\n")
    with pytest.raises(InputError, match="no column '2'"):
        collect(headed, target="2", header=True)


def test_the_header_may_be_told(write):
    name = write("p,x\nq,y\n")
    assert collect(name, header=False).table.shape == (2, 2)
    with pytest.raises(InputError, match="one row"):
        collect(name, header=True)


# types, roles, ids


def test_types_and_roles(write):
    lines = "".join(
        f"{i},C{i:03d},{'fm'[i % 2]},{i / 3:.2f},word one two three {i},{i % 3}\n"
        for i in range(1, 61)
    )
    table = collect(
        write("n,customer,sex,amount,remark,t\n" + lines),
        target="t",
        roles={"sex": ["sensitive", "group"]},
        types={"n": "number"},
    ).table
    assert types_of(table) == {
        "n": "number",
        "customer": "id",
        "sex": "category",
        "amount": "number",
        "remark": "text",
        "t": "category",
    }
    schema = Schema.of(table)
    assert schema.target == "t"
    assert schema["t"].categories == ("0", "1", "2")
    assert schema.with_role("group") == ["sex"]
    assert table.index.tolist()[:2] == ["C001", "C002"]
    assert str(table["sex"].dtype) == "str"


@pytest.mark.parametrize(
    ("values", "expected"),
    [
        (np.arange(1000) % 7 + 3, "number"),
        (np.arange(1000) % 10, "category"),
        (np.arange(100) % 6 + 1, "category"),
        (np.arange(100) % 2 * 2 + 2, "category"),
        (np.arange(100) % 3 + 4, "category"),
        (np.arange(1000) % 20, "number"),
        (np.linspace(0, 1, 50), "number"),
        (np.array([1, 2, 3, 4, 5, 6]), "number"),
    ],
)
def test_classes_and_amounts(values, expected):
    assert judge(values.astype(float)) == expected


def test_the_judgement_of_a_target_may_be_overruled(write):
    name = write("a,t\n" + "".join(f"{i / 7},{i % 7 + 3}\n" for i in range(70)))
    found = collect(name, target="t")
    assert types_of(found.table)["t"] == "number"
    assert "target_type = 'category'" in " ".join(found.receipt.notes)
    forced = collect(name, target="t", target_type="category").table
    assert Schema.of(forced)["t"].categories == ("3", "4", "5", "6", "7", "8", "9")


@pytest.mark.parametrize("form", ["{:,}", "${}", "{}%", "{} €"])
def test_a_target_of_amounts_may_carry_marks(write, form):
    cells = [form.format(1000 + 37 * place) for place in range(40)]
    lines = [f'{place % 7},"{cell}"\n' for place, cell in enumerate(cells)]
    table = collect(write("a,t\n" + "".join(lines)), target="t").table
    assert types_of(table)["t"] == "text"
    cleaned = clean(table).table
    assert cleaned["t"].tolist() == [1000.0 + 37 * place for place in range(40)]
    with pytest.raises(InputError, match="to be a number"):
        collect(write("a,t\n1,$5\n2,x\n"), target="t", target_type="number")


def test_gzip_is_read_as_what_it_holds(write):
    text = "a,b\n1,x\n2,y\n3,z\n"
    plain = collect(write(text)).table
    packed = collect(write(gzip.compress(text.encode()), "x.csv.gz")).table
    pd.testing.assert_frame_equal(plain, packed)
    with pytest.raises(InputError, match="gzip"):
        collect(write(gzip.compress(text.encode())[:20], "x.csv.gz"))
    with pytest.raises(InputError, match="does not read"):
        collect(write(gzip.compress(b"PK"), "x.xlsx.gz"))


def test_the_words_for_missing_travel_with_the_columns(write):
    name = write("a,b,t\n1,x,y\nNA,NA,n\n3,z,y\n")
    schema = Schema.of(collect(name, target="t", missing=["", "NA"]).table)
    assert {column.missing for column in schema} == {("", "NA")}
    assert Schema.from_dict(schema.to_dict()) == schema
    assert "missing" not in str(Schema.of(collect(name, target="t").table).to_dict())


def test_a_target_of_amounts_with_a_hidden_gap_is_left_to_clean(write):
    name = write(
        "a,t\n" + "".join(f"{i / 7},{i * 1.5}\n" for i in range(70)) + "1.1,?\n"
    )
    assert types_of(collect(name, target="t").table)["t"] == "text"


def test_row_ids_do_not_depend_on_the_target_or_the_types(write):
    one = collect(write("a,b,t\n1,x,0\n1,x,1\n2,y,0\n"), target="t").table
    two = collect(write("a,b,t\n1,x,1\n1,x,1\n2.0,y,0\n?,z,1\n"), target="t").table
    assert one.index.tolist() == two.index.tolist()[:3]
    assert one.index[1] == one.index[0] + "-1"
    assert one.index.name == "row"


def test_row_ids_are_alike_in_csv_and_parquet(write, tmp_path):
    one = collect(write("a,b,d\n1,x,2026-01-01\n2.5,,2026-01-02\n"))
    plain = pd.DataFrame({"a": [1, 2.5], "b": ["x", None]})
    plain["d"] = ["2026-01-01", "2026-01-02"]
    plain.to_parquet(tmp_path / "x.parquet")
    assert one.table.index.tolist() == collect("x.parquet").table.index.tolist()


def test_an_id_column_that_repeats_names_no_rows(write):
    found = collect(write("k,a\nu,1\nu,2\nv,3\n"), id_column="k")
    assert found.table.index.str.len().tolist() == [16, 16, 16]
    assert "repeat" in " ".join(found.receipt.notes)
    assert types_of(found.table)["k"] == "id"


def test_a_sample_keeps_the_ids(write):
    name = write("a,b\n" + "".join(f"{i * 3 % 17},{i}.5\n" for i in range(100)))
    whole, part = collect(name).table, collect(name, sample=10).table
    assert len(part) == 10
    pd.testing.assert_frame_equal(whole.loc[part.index], part)


def test_parquet_types(tmp_path):
    from decimal import Decimal

    path = tmp_path / "x.parquet"
    pd.DataFrame(
        {
            "i": pd.array([1, None, 3], "Int64"),
            "f": [1.5, np.nan, np.inf],
            "b": pd.array([True, None, False], "boolean"),
            "c": pd.Categorical(["u", "v", None]),
            "s": ["1", "2", "x"],
            "d": pd.to_datetime(["2026-01-01", None, "2026-01-03"]),
            "z": pd.to_datetime(["2026-01-01 12:00"] * 3).tz_localize("Asia/Tokyo"),
            "m": [Decimal("1.50"), None, Decimal("2.25")],
        }
    ).to_parquet(path)
    table = collect(str(path)).table
    assert types_of(table) == {
        "i": "number",
        "f": "number",
        "b": "category",
        "c": "category",
        "s": "category",
        "d": "date",
        "z": "date",
        "m": "number",
    }
    assert table["b"].tolist()[::2] == ["True", "False"]
    assert table["s"].tolist() == ["1", "2", "x"]
    assert str(table["z"].iloc[0]) == "2026-01-01 03:00:00+00:00"
    assert table["m"].tolist()[::2] == [1.5, 2.25]


def test_the_receipt_and_its_views(write):
    found = collect(write("a,<b>\n1,x\n,y\n"))
    receipt = found.receipt
    assert Receipt.from_dict(json.loads(json.dumps(receipt.to_dict()))) == receipt
    assert (receipt.rows, receipt.columns, receipt.bytes) == (2, 2, 13)
    html = found._repr_html_()
    assert "&lt;b&gt;" in html
    assert "<b>" not in html
    assert found.plot()._repr_png_()[0].startswith(b"\x89PNG")


@pytest.mark.slow
def test_many_columns(write):
    head = ",".join(f"v{i}" for i in range(3000))
    body = "\n".join(",".join(str((i * j) % 7) for i in range(3000)) for j in range(5))
    assert collect(write(f"{head}\n{body}\n")).table.shape == (5, 3000)


@pytest.mark.parametrize(
    ("name", "target", "rows", "header"),
    [
        ("auto_imports", "c26", 201, False),
        ("daily-min-temperatures", "Temp", 3650, True),
        ("horse-colic", "c23", 300, False),
        ("ionosphere", "c35", 351, False),
        ("telco_churn", "Churn", 7043, True),
        ("titanic", "Survived", 891, True),
        ("winequality-white", "c12", 4898, False),
    ],
)
def test_real_tables(real, name, target, rows, header):
    found = collect(real(name), target=target)
    assert len(found.table) == rows
    assert found.receipt.facts["header"] is header
    assert found.table.index.is_unique


def test_a_process_that_read_ends_gently_once(write, monkeypatch):
    told = []
    monkeypatch.setattr(sources.atexit, "register", lambda *call: told.append(call))
    sources._end_gently.cache_clear()
    name = write("a,b\n1,2\n3,4\n")
    collect(name)
    collect(name)
    assert told == [(time.sleep, sources.PAUSE)]


def test_an_empty_column_is_of_the_type_that_was_asked_for(tmp_path):
    rows = pd.DataFrame({"size": np.nan, "day": None, "town": ["Ulm", "Bonn"] * 3})
    rows.to_csv(tmp_path / "t.csv", index=False)
    types = {"size": "number", "day": "date"}
    table = collect(tmp_path / "t.csv", types=types).table
    found = {column.name: column.type for column in Schema.of(table)}
    assert found == types | {"town": "category"}
    assert table[["size", "day"]].isna().all(axis=None)
    assert (table["size"].dtype.kind, table["day"].dtype.kind) == ("f", "M")


def test_a_type_that_does_not_suit_names_the_cells_that_do_not(tmp_path):
    rows = pd.DataFrame({"size": [*range(20), "few"], "day": ["2026-01-02"] * 21})
    rows.loc[20, "day"] = "2/1/26"
    rows.to_csv(tmp_path / "t.csv", index=False)
    for name, kind, odd in (("size", "number", "few"), ("day", "date", "2/1/26")):
        with pytest.raises(InputError, match=f"cannot be read as a {kind}") as raised:
            collect(tmp_path / "t.csv", types={name: kind})
        assert raised.value.got == repr(odd)
