from __future__ import annotations

import datetime as dt
import math
import sqlite3
import threading
import time
from contextlib import closing
from decimal import Decimal

import duckdb
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from mlkit.core.errors import InputError
from mlkit.core.media import media
from mlkit.core.schema import Schema
from mlkit.data.collect import collect
from mlkit.data.sources import Place, _alchemy, fingerprint, read
from mlkit.engine.planning.graph import build
from mlkit.engine.planning.plan import status

SALES = """
CREATE TABLE sales (
    id INTEGER PRIMARY KEY, day DATE, at TIMESTAMP, amount DECIMAL(10, 2),
    paid BOOLEAN, note TEXT, big INTEGER, odd
);
INSERT INTO sales VALUES
    (2, '2026-01-02', '2026-01-02 03:04:05.25', 1.25, 1, '', 9007199254740993, 1),
    (1, '2026-01-01', NULL, 2.5, 0, NULL, 1, 'x'),
    (3, NULL, NULL, NULL, NULL, 'NA', NULL, 2.5);
"""
PNG = bytes.fromhex("89504e470d0a1a0a")


@pytest.fixture
def shop(in_folder):
    """A real SQLite database in a project's folder."""
    with closing(sqlite3.connect(in_folder / "shop.db")) as db:
        db.executescript(SALES)
    return in_folder / "shop.db"


def change(path, *statements):
    with closing(sqlite3.connect(path)) as db:
        for statement in statements:
            db.execute(statement)
        db.commit()


def found(uri="sqlite:///shop.db", **options):
    return read(Place(uri, options=options))


def mark(uri="sqlite:///shop.db", **options):
    return fingerprint(Place(uri, options=options))


# SQLite


def test_one_table_is_taken_with_its_types(shop):
    got = found()
    assert got.facts == {"format": "sqlite", "table": "sales"}
    assert "its one table is 'sales'" in got.notes
    first, second, third = got.columns.to_pylist()
    assert first["day"] == dt.datetime(2026, 1, 1)
    assert second["at"] == dt.datetime(2026, 1, 2, 3, 4, 5, 250_000)
    assert (first["paid"], second["paid"], third["paid"]) == (False, True, None)
    assert (first["note"], second["note"], third["note"]) == (None, "", "NA")
    assert second["big"] == 9007199254740993
    assert [row["odd"] for row in (first, second, third)] == ["x", "1", "2.5"]
    assert "odd: holds numbers and text: kept as text" in got.notes


def test_a_collected_table_keeps_null_and_empty_apart(shop):
    table = collect("sqlite:///shop.db").table
    assert table["note"].isna().tolist() == [True, False, False]
    assert table["note"].iloc[1] == ""
    assert table["big"].iloc[1] == "9007199254740993"
    types = {column.name: column.type for column in Schema.of(table)}
    assert (types["day"], types["paid"]) == ("date", "category")
    assert table.index.tolist() == ["1", "2", "3"]


def test_several_tables_are_an_error_that_lists_them(shop):
    change(shop, "CREATE TABLE clients (id)", "CREATE VIEW v AS SELECT 1 AS one")
    with pytest.raises(InputError, match="clients, sales, v") as caught:
        found()
    assert caught.value.exit_code == 2
    assert 'options = {"table": "clients"}' in str(caught.value)
    assert found(table="sales").columns.num_rows == 3
    assert found(table="v").columns.to_pylist() == [{"one": 1}]
    with pytest.raises(InputError, match="did you mean 'sales'"):
        found(table="sale")


def test_a_query_is_read_as_it_stands(shop):
    got = found(query="SELECT id, amount * 2 AS \"x %s y\", ':a' AS t FROM sales; -- x")
    assert got.columns["x %s y"].to_pylist() == [5.0, 2.5, None]
    assert got.columns["t"].to_pylist() == [":a"] * 3
    assert "no ORDER BY" in " ".join(got.notes)
    with pytest.raises(InputError, match="two columns have one name: id"):
        found(query="SELECT id, id FROM sales")
    with pytest.raises(InputError, match="no such column: nope"):
        found(query="SELECT nope FROM sales")


@pytest.mark.parametrize(
    "query",
    [
        "DELETE FROM sales",
        "SELECT 1; DROP TABLE sales",
        "WITH x AS (SELECT 1) DELETE FROM sales",
        "WITH x AS (SELECT 1) INSERT INTO sales (id) VALUES (9)",
        "/* SELECT */ UPDATE sales SET amount = 0",
        "PRAGMA journal_mode = WAL",
        "ATTACH 'other.db' AS other",
        "SELECT 1 INTO OUTFILE 'x'",
        "",
    ],
)
def test_a_query_that_may_write_is_refused(shop, query):
    before = shop.read_bytes()
    with pytest.raises(InputError):
        read(Place("sqlite:///shop.db", options={"query": query or " "}))
    assert shop.read_bytes() == before
    assert not (shop.parent / "other.db").exists()


def test_the_file_itself_is_opened_read_only(shop):
    import sqlalchemy

    no = pytest.raises(sqlalchemy.exc.OperationalError, match="readonly")
    with _alchemy.opened(Place("sqlite:///shop.db")) as database, no:
        database.one("INSERT INTO sales (id) VALUES (9)")


def test_a_database_is_read_by_its_path_as_well(shop):
    found = collect("shop.db")
    assert found.table["amount"].tolist()[:2] == [2.5, 1.25]
    assert "such as sqlite:///shop.db" in " ".join(found.receipt.notes)


def test_bad_databases_are_one_clear_error(shop, in_folder, monkeypatch):
    with pytest.raises(InputError, match=r"did you mean 'shop\.db'"):
        found("sqlite:///shp.db")
    (in_folder / "no.db").write_text("this is no database" * 100)
    with pytest.raises(InputError, match="not a database"):
        found("sqlite:///no.db")
    change(shop, "DROP TABLE sales")
    with pytest.raises(InputError, match="no table"):
        found()
    monkeypatch.setattr(_alchemy, "WAIT", 0.1)
    with closing(sqlite3.connect(shop)) as writer:
        writer.execute("CREATE TABLE t (x)")
        writer.commit()
        writer.execute("BEGIN EXCLUSIVE")
        with pytest.raises(InputError, match="another program writes") as caught:
            found(table="t")
        writer.rollback()
    assert caught.value.where == "sqlite:///shop.db"


@pytest.mark.parametrize(
    ("uri", "words"),
    [
        ("mssql+nodriver://a@b/c", "nodriver"),
        ("oracle://a@b/c", 'pip install "oracledb"'),
        ("mysql+pymysql://ann:env:ABSENT@db/shop", "ABSENT is not set"),
    ],
)
def test_what_is_missing_is_named(uri, words):
    with pytest.raises(InputError, match=words):
        found(uri)


def test_images_in_cells_are_kept_and_other_bytes_are_told(shop):
    change(shop, "CREATE TABLE pets (name, pic BLOB, junk BLOB)")
    with closing(sqlite3.connect(shop)) as db:
        rows = [("a", PNG + b"1", b"\x00"), ("b", None, b"\x01"), ("c", PNG, None)]
        db.executemany("INSERT INTO pets VALUES (?, ?, ?)", rows)
        db.commit()
    got = found(table="pets")
    digests = got.columns["pic"].to_pylist()
    assert media().get(digests[0]) == PNG + b"1"
    assert digests[1] is None
    assert got.types == {"pic": "image"}
    assert got.columns.column_names == ["name", "pic"]
    assert "junk: bytes that are no images" in " ".join(got.notes)


def test_a_first_look_fetches_evenly_spaced_rows(shop):
    change(shop, "CREATE TABLE many (n INTEGER PRIMARY KEY)")
    with closing(sqlite3.connect(shop)) as db:
        db.executemany("INSERT INTO many VALUES (?)", [(n,) for n in range(1000)])
        db.commit()
    got = read(Place("sqlite:///shop.db", options={"table": "many"}, sample=10))
    assert got.columns["n"].to_pylist() == list(range(0, 1000, 100))
    assert "first look" in " ".join(got.notes)


# what tells whether it changed


def test_any_changed_cell_changes_the_fingerprint_and_nothing_else_does(shop):
    first = mark(table="sales")
    change(shop, "CREATE TABLE other (x)", "INSERT INTO other VALUES (1)")
    assert mark(table="sales") == first
    change(shop, "UPDATE sales SET note = 'NB' WHERE id = 3")
    second = mark(table="sales")
    change(shop, "UPDATE sales SET note = 'NA' WHERE id = 3")
    assert second != first
    assert mark(table="sales") == first
    change(shop, "UPDATE sales SET note = NULL WHERE id = 2")
    assert mark(table="sales") != first
    assert mark(query="SELECT amount FROM sales") != mark(query="SELECT id FROM sales")


def test_a_cursor_is_cheap_and_sees_what_grows(shop):
    first = mark(table="sales", cursor="id")
    assert first == "3 rows, id up to 3"
    change(shop, "UPDATE sales SET note = 'moves no cursor'")
    assert mark(table="sales", cursor="id") == first
    change(shop, "INSERT INTO sales (id) VALUES (7)")
    assert mark(table="sales", cursor="id") == "4 rows, id up to 7"
    with pytest.raises(InputError, match="cursr"):
        mark(table="sales", cursor="cursr")


def test_a_file_nobody_wrote_to_is_not_read_again(shop, monkeypatch):
    import os

    old = time.time() - 60
    os.utime(shop, (old, old))
    first = mark(table="sales")
    monkeypatch.setattr(_alchemy, "opened", None)
    assert mark(table="sales") == first
    os.utime(shop, (old + 1, old + 1))
    with pytest.raises(TypeError):
        mark(table="sales")


# DuckDB


@pytest.fixture
def duck(in_folder):
    with duckdb.connect(str(in_folder / "shop.duckdb")) as db:
        db.execute("CREATE TABLE s (n BIGINT, d DECIMAL(30, 2), day DATE, l INTEGER[])")
        db.execute("INSERT INTO s VALUES (1, 1.25, '2026-01-31', [1, 2])")
        db.execute("INSERT INTO s (n) VALUES (2)")
    return in_folder / "shop.duckdb"


def test_duckdb_is_read_with_its_types(duck):
    got = found("duckdb:///shop.duckdb")
    assert got.columns.to_pylist() == [
        {"n": 1, "d": Decimal("1.25"), "day": dt.date(2026, 1, 31), "l": "[1, 2]"},
        {"n": 2, "d": None, "day": None, "l": None},
    ]
    assert collect("duckdb:///shop.duckdb").table["d"].iloc[0] == 1.25
    assert "exact decimals" in " ".join(collect("shop.duckdb").receipt.notes)


def test_decimals_that_would_be_rounded_stay_text(duck):
    with duckdb.connect(str(duck)) as db:
        db.execute("INSERT INTO s (d) VALUES (12345678901234567890.25)")
    got = found("duckdb:///shop.duckdb")
    assert got.columns["d"].to_pylist()[0] == "1.25"
    assert got.columns["d"].to_pylist()[2] == "12345678901234567890.25"
    assert "kept as text" in " ".join(got.notes)


@pytest.mark.parametrize(
    "query",
    ["DELETE FROM s", "COPY s TO 'out.csv'", "SELECT 1; DROP TABLE s", "ATTACH 'x.db'"],
)
def test_duckdb_writes_nothing(duck, query):
    with pytest.raises(InputError, match="is not run"):
        found("duckdb:///shop.duckdb", query=query)
    assert sorted(p.name for p in duck.parent.iterdir()) == [
        "mlkit.toml",
        "shop.duckdb",
    ]


def test_duckdb_tells_changes(duck):
    first = mark("duckdb:///shop.duckdb")
    assert mark("duckdb:///shop.duckdb") == first
    with duckdb.connect(str(duck)) as db:
        db.execute("UPDATE s SET day = '2026-02-01' WHERE n = 1")
    assert mark("duckdb:///shop.duckdb") != first
    assert mark("duckdb:///shop.duckdb", cursor="n") == "2 rows, n up to 2"


def test_duckdb_says_what_is_wrong(duck):
    with pytest.raises(InputError, match=r"did you mean 'shop\.duckdb'"):
        found("duckdb:///shp.duckdb")
    with pytest.raises(InputError, match="did you mean 's'"):
        found("duckdb:///shop.duckdb", table="ss")
    with pytest.raises(InputError, match="nope"):
        found("duckdb:///shop.duckdb", query="SELECT nope FROM s")


def test_a_query_over_files_needs_no_database(in_folder):
    (in_folder / "a.csv").write_text("x,y\n1,2\n3,4\n")
    (in_folder / "b.csv").write_text("x,z\n1,5\n")
    query = "SELECT * FROM 'a.csv' JOIN 'b.csv' USING (x)"
    assert found("duckdb://", query=query).columns.to_pylist() == [
        {"x": 1, "y": 2, "z": 5}
    ]


# a project


def why(maker, step):
    return status(maker.project, build(maker.project)).checks[step].why


@pytest.mark.slow
def test_a_new_row_makes_the_right_steps_stale(maker):
    path = maker.root / "data" / "shop.db"
    change(
        path,
        "CREATE TABLE sales (id INTEGER, amount REAL)",
        "INSERT INTO sales VALUES (1, 2.5), (2, 3.5)",
        "CREATE TABLE other (x INTEGER)",
    )
    maker.step(
        "01_collect",
        'data: str = "sqlite:///data/shop.db"',
        "import mlkit as mk\nfrom mlkit.data.collect import collect",
        'mk.save(raw=collect(data, options={"table": "sales"}).table)',
    )
    maker.step(
        "02_total",
        "",
        "import mlkit as mk",
        'mk.save(total=float(mk.load("raw")["amount"].sum()))',
    )
    maker.step("03_alone", "", "import mlkit as mk", "mk.save(alone=1)")
    assert sorted(maker.executed()) == ["alone", "collect", "total"]
    assert "is fresh" in why(maker, "collect")
    assert maker.executed() == []
    change(path, "INSERT INTO other VALUES (1)")
    assert maker.executed() == []
    change(path, "INSERT INTO sales VALUES (3, 4.0)")
    assert "sqlite:///data/shop.db changed" in why(maker, "collect")
    assert sorted(maker.executed()) == ["collect", "total"]
    assert maker.executed() == []


# typed values in are cells out

VALUES = {
    "INTEGER": st.integers(-(2**63), 2**63 - 1),
    "REAL": st.floats(allow_nan=False, allow_infinity=False).map(lambda x: x + 0.0),
    "TEXT": st.text(st.characters(codec="utf-8", exclude_characters="\x00")),
}


@settings(max_examples=40, deadline=None)
@given(st.sampled_from(sorted(VALUES)), st.data())
def test_values_in_are_cells_out(tmp_path_factory, kind, data):
    values = data.draw(st.lists(st.none() | VALUES[kind], min_size=1, max_size=8))
    path = tmp_path_factory.mktemp("sql") / "x.db"
    with closing(sqlite3.connect(path)) as db:
        db.execute(f"CREATE TABLE t (n INTEGER PRIMARY KEY, v {kind})")
        db.executemany("INSERT INTO t VALUES (?, ?)", list(enumerate(values)))
        db.commit()
    got = read(Place(f"sqlite:///{path}")).columns["v"].to_pylist()
    assert len(got) == len(values)
    for value, cell in zip(values, got, strict=True):
        if isinstance(value, float) and isinstance(cell, float):
            assert math.isclose(value, cell, rel_tol=0, abs_tol=0)
        else:
            assert cell == value


TYPED = {
    "BIGINT": st.integers(-(2**63), 2**63 - 1),
    "DOUBLE": st.floats(allow_nan=False, allow_infinity=False),
    "VARCHAR": VALUES["TEXT"],
    "BOOLEAN": st.booleans(),
    "DATE": st.dates(),
    "TIMESTAMP": st.datetimes(),
    "DECIMAL(18, 3)": st.decimals(-(10**12), 10**12, places=3),
}


@settings(max_examples=40, deadline=None)
@given(st.sampled_from(sorted(TYPED)), st.data())
def test_typed_values_in_are_cells_out(tmp_path_factory, kind, data):
    values = data.draw(st.lists(st.none() | TYPED[kind], min_size=1, max_size=6))
    path = tmp_path_factory.mktemp("duck") / "x.duckdb"
    with duckdb.connect(str(path)) as db:
        db.execute(f"CREATE TABLE t (v {kind})")
        db.executemany("INSERT INTO t VALUES (?)", [[value] for value in values])
    got = read(Place(f"duckdb:///{path}")).columns["v"].to_pylist()
    assert got == values or [c and Decimal(c) for c in got] == values


def test_a_database_that_is_written_to_meanwhile_is_read_whole(shop):
    """A writer commits while rows are read: what is read is one state."""
    change(shop, "PRAGMA journal_mode = WAL", "CREATE TABLE n (x INTEGER)")
    stop = threading.Event()

    def write():
        with closing(sqlite3.connect(shop, timeout=30)) as db:
            while not stop.is_set():
                db.executemany("INSERT INTO n VALUES (?)", [(1,)] * 10)
                db.commit()

    writer = threading.Thread(target=write)
    writer.start()
    try:
        for _ in range(5):
            assert found(table="n").columns.num_rows % 10 == 0
    finally:
        stop.set()
        writer.join()
