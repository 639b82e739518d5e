"""Spark in local mode, with a real Java beside it."""

import shutil

import pandas as pd
import pytest

from mlkit.core.errors import InputError
from mlkit.data import sources
from mlkit.data.collect import collect
from mlkit.data.sources import Place

ROWS = pd.DataFrame(
    {
        "x": [1.5, 2.5, None, 4.5],
        "n": [1, 2, 3, 9_007_199_254_740_993],
        "word": ["007", None, "ü", "d"],
        "day": pd.to_datetime(["2026-01-31", "2026-02-01", None, "2026-02-03"]),
        "yes": [True, False, True, False],
    }
)


@pytest.fixture
def orders(tmp_path, monkeypatch):
    """A Parquet file that is the view orders, and the options that say so."""
    monkeypatch.chdir(tmp_path)
    ROWS.to_parquet("orders.parquet", index=False)
    return {"view.orders": "orders.parquet", "master": "local[1]"}


@pytest.fixture(scope="module", autouse=True)
def stopped():
    yield
    try:
        from pyspark.sql import SparkSession
    except ImportError:
        return
    active = SparkSession.getActiveSession()
    if active is not None:
        active.stop()


def needs_spark():
    pytest.importorskip("pyspark", reason="the extra spark is not installed")
    if shutil.which("java") is None:
        pytest.skip("there is no Java")


@pytest.mark.spark
class TestSpark:
    @pytest.fixture(autouse=True)
    def _needed(self):
        needs_spark()

    def test_a_view_is_read_typed_and_no_cell_changes(self, orders):
        found = collect("spark://orders", options=orders)
        assert found.table["x"].tolist()[:2] == [1.5, 2.5]
        assert found.table["word"].isna().tolist() == [False, True, False, False]
        assert "9007199254740993" in found.table["n"].astype("str").tolist()
        assert found.table["day"].dtype.kind == "M"
        assert found.receipt.facts["format"] == "Spark"

    def test_a_query_reads_and_one_that_writes_is_refused(self, orders):
        asked = {**orders, "query": "SELECT word, x * 2 AS double FROM orders"}
        found = collect("spark://", options=asked)
        assert found.table["double"].tolist()[:2] == [3.0, 5.0]
        with pytest.raises(InputError, match="does not only read"):
            collect("spark://", options={**orders, "query": "DROP TABLE orders"})

    def test_a_new_row_is_a_new_fingerprint_and_nothing_else_is(self, orders):
        place = Place("spark://orders", options=orders)
        first = sources.fingerprint(place)
        assert sources.fingerprint(place) == first
        ROWS.iloc[::-1].to_parquet("orders.parquet", index=False)
        assert sources.fingerprint(place) == first  # the order of rows is no content
        more = pd.concat([ROWS, ROWS.head(1).assign(x=9.0)])
        more.to_parquet("orders.parquet", index=False)
        assert sources.fingerprint(place) != first

    def test_what_is_wrong_is_one_clear_error(self, orders):
        with pytest.raises(InputError, match="Spark could not do this") as told:
            collect("spark://nothing", options=orders)
        assert "nothing" in str(told.value)
        with pytest.raises(InputError, match="no such file"):
            collect("spark://o", options={"view.o": "absent.parquet"})


def test_without_spark_the_install_line_is_told(monkeypatch, tmp_path):
    import sys

    monkeypatch.chdir(tmp_path)
    monkeypatch.setitem(sys.modules, "pyspark", None)
    monkeypatch.setitem(sys.modules, "pyspark.sql", None)
    with pytest.raises(InputError, match=r"mlkit-notebooks\[spark\]"):
        collect("spark://orders")
