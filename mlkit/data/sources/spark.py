"""A table or a query of Spark: ``spark://shop.orders``, or the option ``query``.

Spark runs in this process, with Java beside it, or on the cluster that the option
``master`` names. Files become tables by ``view.NAME``. The result comes through Arrow.

A fingerprint is the number of rows and a sum of their hashes, found by Spark itself,
or with ``cursor`` the highest value of that column; starting Spark takes seconds, so
``refresh = "daily"`` may be the better choice.
"""

from __future__ import annotations

import re
import shutil
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pyarrow as pa

from mlkit.core.cells import root
from mlkit.core.errors import InputError, MlkitError
from mlkit.core.files import digest
from mlkit.data.sources import Found, Place

__all__ = ["OPTIONS", "claims", "fingerprint", "read"]

OPTIONS = {
    "query": "SQL, instead of the table that the address names",
    "master": "where it runs: local[2], or spark://host:7077",
    "cursor": "a column whose highest value tells that rows were added",
    "view.NAME": "a file or folder that is a table of that name, Parquet, CSV or JSON",
    "conf.KEY": "a setting of Spark, such as conf.spark.sql.catalog.x",
}
HANDS_ON = True  # view.NAME and conf.KEY are names of the reader's own
SCHEME = "spark://"
INSTALL = 'pip install "mlkit-notebooks[spark]"'
FORMATS = {".csv": "csv", ".json": "json", ".jsonl": "json", ".orc": "orc"}
NAME = re.compile(r"[A-Za-z_]\w*(\.[A-Za-z_]\w*){0,2}")
QUIET = {
    "spark.ui.enabled": "false",
    "spark.driver.host": "127.0.0.1",
    "spark.driver.bindAddress": "127.0.0.1",
    "spark.ui.showConsoleProgress": "false",
    "spark.sql.execution.arrow.pyspark.enabled": "true",
    "spark.sql.session.timeZone": "UTC",
}


def claims(place: Place) -> bool:
    """Whether Spark is asked."""
    return place.scheme == "spark"


def fingerprint(place: Place) -> str:
    """Return the number of rows with a sum of their hashes, or a cursor's maximum."""
    with _told(place):
        rows = _rows(place)
        from pyspark.sql import functions as sql

        cursor = place.option("cursor")
        if cursor:
            mark = sql.max(sql.col(f"`{cursor}`").cast("string"))
        else:
            columns = [sql.col(f"`{name}`").cast("string") for name in rows.columns]
            mark = sql.sum(sql.xxhash64(*columns).cast("decimal(38,0)"))
        count, found = rows.agg(sql.count(sql.lit(1)), mark).first()
        return digest([count, str(found), list(map(str, rows.dtypes))])


def read(place: Place) -> Found:
    """Read a table or a query's result.

    Raises
    ------
    InputError
        Where Spark or Java is not installed, or there is no such table or column.
    """
    with _told(place):
        rows = _rows(place)
        if place.sample:
            rows = rows.limit(max(place.sample, 2))
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # Spark's own, of pandas
            table = rows.toArrow()
    told = place.option("query") or place.uri.removeprefix(SCHEME)
    facts = {"format": "Spark", "asked": " ".join(str(told).split())[:200]}
    notes = ("the first rows that Spark gives",) if place.sample else ()
    return Found(_plain(table), False, facts, notes, size=table.nbytes)


def _plain(table: pa.Table) -> pa.Table:
    """Return decimals as floats where that loses nothing, else as text."""
    for place, field in enumerate(table.schema):
        if pa.types.is_decimal(field.type):
            small = field.type.precision <= 15
            kind = pa.float64() if small else pa.string()
            table = table.set_column(place, field.name, table[place].cast(kind))
    return table


def _rows(place: Place) -> Any:
    spark = _session(place)
    for name, given in place.options.items():
        if name.startswith("view."):
            _view(spark, name.removeprefix("view."), str(given), place)
    query, table = place.option("query"), place.uri.removeprefix(SCHEME)
    if query:
        _check_reads(str(query), place)
        return spark.sql(str(query))
    if not NAME.fullmatch(table):
        raise InputError(
            "this is no table of Spark",
            where=place.uri,
            expected="spark://TABLE, or the option query",
        )
    return spark.table(table)


def _check_reads(query: str, place: Place) -> None:
    if not re.match(r"(?i)\s*(select|with|from|table|values)\b", query):
        raise InputError(
            "this query does not only read",
            where=place.uri,
            expected="a SELECT",
            got=query[:80],
        )


def _session(place: Place) -> Any:
    try:
        from pyspark.sql import SparkSession
    except ImportError:
        raise InputError(
            "Spark is not installed", where=place.uri, todo=INSTALL
        ) from None
    if shutil.which("java") is None:
        raise InputError(
            "Spark needs Java, and there is none",
            where=place.uri,
            todo="install Java 17: apt install openjdk-17-jre-headless, or the like",
        )
    made = SparkSession.builder.appName("mlkit").master(
        str(place.option("master", "local[2]"))
    )
    given = {
        name.removeprefix("conf."): place.option(name)
        for name in place.options
        if name.startswith("conf.")
    }
    for key, value in {**QUIET, **given}.items():
        made = made.config(key, value)
    session = made.getOrCreate()
    session.sparkContext.setLogLevel("OFF")
    return session


def _view(spark: Any, name: str, given: str, place: Place) -> None:
    path: str | Path = given
    if "://" not in given:
        path = root() / given
        if not path.exists():
            raise InputError("there is no such file", where=f"{place.uri}, {given}")
    ending = Path(given.removesuffix(".gz")).suffix.lower()
    reader = spark.read.format(FORMATS.get(ending, "parquet"))
    if ending == ".csv":
        reader = reader.option("header", True).option("inferSchema", True)
    reader.load(str(path)).createOrReplaceTempView(name)


@contextmanager
def _told(place: Place) -> Iterator[None]:
    """Say in one clear error whatever Spark raises."""
    try:
        yield
    except MlkitError:
        raise
    except Exception as error:
        message = getattr(error, "getMessage", error.__str__)()
        text = str(message).partition("\n")[0]
        raise InputError(
            "Spark could not do this",
            where=place.uri,
            got=text[:300],
            todo="check the table's name, the query and the options",
        ) from None
