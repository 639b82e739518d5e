"""A table on a real HDFS, read without a JVM on our side."""

import importlib.util
import io
import shutil
import sys
from pathlib import Path

import pandas as pd
import pytest

from mlkit.core.errors import InputError
from mlkit.data import sources
from mlkit.data.collect import collect
from mlkit.data.sources import Place

pytestmark = pytest.mark.hdfs
HERE = Path(__file__).parent / "servers" / "hdfs.py"


def cluster():
    found = importlib.util.spec_from_file_location("mlkit_test_hdfs", HERE)
    module = importlib.util.module_from_spec(found)
    sys.modules[found.name] = module
    found.loader.exec_module(module)
    return module


@pytest.fixture(scope="module")
def url(tmp_path_factory):
    servers = cluster()
    if servers.jars() is None:
        pytest.skip("MLKIT_TEST_HADOOP_JARS names no folder of Hadoop's jars")
    if shutil.which("java") is None:
        pytest.skip("there is no Java")
    with servers.hdfs(tmp_path_factory.mktemp("hdfs")) as address:
        yield address


@pytest.fixture
def put(url):
    system = cluster().opened(url)

    def write(path, content):
        with system.open(path, "wb") as file:
            file.write(content)

    return write


def test_csv_and_parquet_are_read_and_a_change_is_seen(url, put, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    rows = pd.DataFrame({"x": [1.5, 2.5, 3.5], "name": ["007", "a", "b"]})
    put("/shop/rows.csv", rows.to_csv(index=False).encode())
    found = collect(f"{url}/shop/rows.csv")
    assert found.table["name"].tolist() == ["007", "a", "b"]
    assert found.receipt.facts["fetched from"] == "hdfs"
    place = Place(f"{url}/shop/rows.csv")
    first = sources.fingerprint(place)
    assert sources.fingerprint(place) == first
    put("/shop/rows.csv", rows.assign(x=9.5).to_csv(index=False).encode())
    assert sources.fingerprint(place) != first
    assert collect(place.uri).table["x"].tolist() == [9.5, 9.5, 9.5]
    buffer = io.BytesIO()
    rows.to_parquet(buffer, index=False)
    put("/shop/rows.parquet", buffer.getvalue())
    assert collect(f"{url}/shop/rows.parquet").table["x"].tolist() == [1.5, 2.5, 3.5]


def test_an_absent_file_is_one_clear_error(url, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    with pytest.raises(InputError, match="no such file"):
        collect(f"{url}/nothing.csv")
