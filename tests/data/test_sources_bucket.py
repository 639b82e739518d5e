"""Files in stores that fsspec speaks to: a real S3 endpoint, and memory."""

import io
import os

import fsspec
import pandas as pd
import pytest

from mlkit.core.errors import InputError
from mlkit.data import sources
from mlkit.data.collect import collect
from mlkit.data.sources import Place

ROWS = pd.DataFrame({"x": [1.5, 2.5, 3.5], "name": ["007", "a", "ü"]})
OPTIONS = {"fs.key": "env:SHOP_KEY", "fs.secret": "env:SHOP_SECRET"}
SECRET = "very-secret-indeed"


@pytest.fixture(scope="module")
def endpoint():
    """A real S3 server on loopback."""
    from moto.server import ThreadedMotoServer

    server = ThreadedMotoServer(ip_address="127.0.0.1", port=0, verbose=False)
    server.start()
    host, port = server.get_host_and_port()
    yield f"http://{host}:{port}"
    server.stop()


@pytest.fixture
def bucket(endpoint, monkeypatch, tmp_path):
    """An empty bucket, and the options that open it."""
    import boto3

    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("SHOP_KEY", "key")
    monkeypatch.setenv("SHOP_SECRET", SECRET)
    monkeypatch.setenv("AWS_DEFAULT_REGION", "us-east-1")
    made = boto3.resource(
        "s3",
        endpoint_url=endpoint,
        aws_access_key_id="key",
        aws_secret_access_key=SECRET,
    ).Bucket("shop")
    made.create()
    yield made, {**OPTIONS, "fs.endpoint_url": endpoint}
    made.objects.all().delete()
    made.delete()


def parquet(table):
    buffer = io.BytesIO()
    table.to_parquet(buffer, index=False)
    return buffer.getvalue()


@pytest.mark.filterwarnings("ignore:datetime.datetime.utcnow:DeprecationWarning")
class TestS3:
    def test_a_file_is_read_typed(self, bucket):
        made, options = bucket
        made.put_object(Key="a/rows.csv", Body=ROWS.to_csv(index=False).encode())
        found = collect("s3://shop/a/rows.csv", options=options)
        assert found.table["x"].tolist() == [1.5, 2.5, 3.5]
        assert found.table["name"].tolist() == ["007", "a", "ü"]
        assert found.receipt.facts["fetched from"] == "s3"
        assert found.receipt.bytes == len(ROWS.to_csv(index=False).encode())
        assert SECRET not in str(found.receipt.to_dict())

    def test_a_changed_etag_is_a_new_fingerprint_and_an_unchanged_one_is_not(
        self, bucket
    ):
        made, options = bucket
        made.put_object(Key="rows.parquet", Body=parquet(ROWS))
        place = Place("s3://shop/rows.parquet", options=options)
        first = sources.fingerprint(place)
        assert sources.fingerprint(place) == first
        assert len(collect(place.uri, options=options).table) == 3
        made.put_object(Key="rows.parquet", Body=parquet(ROWS.assign(x=0.0)))
        assert sources.fingerprint(place) != first
        again = collect(place.uri, options=options).table
        assert again["x"].tolist() == [0.0, 0.0, 0.0]

    def test_an_absent_file_is_one_clear_error(self, bucket):
        _, options = bucket
        with pytest.raises(InputError, match="no such file or folder"):
            collect("s3://shop/nothing.csv", options=options)

    def test_a_server_that_is_away_is_one_clear_error_without_the_secret(self, bucket):
        _, options = bucket
        away = {**options, "fs.endpoint_url": "http://127.0.0.1:9"}
        away["fs.config_kwargs"] = {"retries": {"max_attempts": 1}}
        with pytest.raises(InputError) as told:
            collect("s3://shop/rows.csv", options=away)
        assert SECRET not in str(told.value)
        assert "does not answer" in str(told.value)

    def test_a_folder_of_parts_is_one_table(self, bucket):
        made, options = bucket
        for part in range(3):
            body = parquet(ROWS.assign(x=float(part)))
            made.put_object(Key=f"parts/{part}.parquet", Body=body)
        found = collect("s3://shop/parts", options=options).table
        assert sorted(found["x"]) == [0.0] * 3 + [1.0] * 3 + [2.0] * 3
        some = collect("s3://shop/parts/[01].parquet", options=options).table
        assert len(some) == 6


def test_an_unset_secret_is_named(monkeypatch, tmp_path):
    monkeypatch.chdir(tmp_path)
    monkeypatch.delenv("SHOP_KEY", raising=False)
    with pytest.raises(InputError, match="SHOP_KEY is not set"):
        collect("s3://shop/rows.csv", options=OPTIONS)


def test_names_there_never_lead_out_of_the_folder_here(monkeypatch, tmp_path):
    from mlkit.data.sources.bucket import _below

    for far in ("/b/../../etc/x", "/b/./../x", "/b//x", "/b/a/../../../x"):
        made = tmp_path / _below(far, "/b")
        assert os.path.normpath(made).startswith(f"{tmp_path}{os.sep}")


def test_memory_is_a_store_like_any_other(monkeypatch, tmp_path):
    monkeypatch.chdir(tmp_path)
    memory = fsspec.filesystem("memory")
    with memory.open("/shop/rows.csv.gz", "wb") as file:
        import gzip

        file.write(gzip.compress(ROWS.to_csv(index=False).encode()))
    try:
        assert len(collect("memory://shop/rows.csv.gz").table) == 3
    finally:
        memory.rm("/shop", recursive=True)
