"""Arrow streams in and out; what a stream says of itself is not believed."""

from __future__ import annotations

import datetime
import decimal
import json
import random

import numpy as np
import pandas as pd
import pyarrow as pa
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from mlkit.product.log import find
from mlkit.product.serving.desk import Desk
from mlkit.product.serving.doors import ARROW
from mlkit.product.serving.refused import Refused
from mlkit.product.serving.served import Served
from mlkit.product.serving.settings import Settings
from mlkit.product.serving.tongues import arrow

KIND = {"content-type": ARROW}
AS_JSON = {**KIND, "accept": "application/json"}


def stream(table, options=None, metadata=None, chunk=100):
    table = pa.Table.from_pandas(table) if isinstance(table, pd.DataFrame) else table
    if metadata:
        table = table.replace_schema_metadata(metadata)
    sink = pa.BufferOutputStream()
    with pa.ipc.new_stream(sink, table.schema, options=options) as writer:
        writer.write_table(table, max_chunksize=chunk)
    return sink.getvalue().to_pybytes()


@pytest.fixture
def client(client_of, loans):
    with client_of(loans) as client:
        yield client


@pytest.fixture
def table(good):
    ages = [40, 70, None] * 150
    return pa.table({**{n: [c] * 450 for n, c in good.items()}, "age": ages})


def test_it_says_what_json_says(client, table):
    rows = table.to_pylist()
    plain = client.post("/v1/predict", json={"rows": rows}).json()["predictions"]
    body = stream(table, metadata={"id": "many"})
    reply = client.post("/v1/predict", content=body, headers=KIND)
    assert reply.headers["content-type"] == ARROW
    told = pa.ipc.open_stream(reply.content).read_all()
    assert told.schema.metadata[b"id"] == b"many"
    assert told["label"].to_pylist() == [one["label"] for one in plain]
    chances = told["probability_yes"].to_pylist()
    assert chances == [one["probabilities"]["yes"] for one in plain]
    assert told["set"].to_pylist() == [one["set"] for one in plain]
    flags = [json.loads(cell) for cell in told["flags"].to_pylist()]
    assert flags == [one["flags"] for one in plain]
    assert find(client.log, "many").reply["predictions"] == plain
    reply = client.post("/v1/predict", content=stream(table), headers=AS_JSON)
    assert reply.json()["predictions"] == plain
    wanted = {"accept": ARROW}
    reply = client.post("/v1/predict", json={"rows": rows}, headers=wanted)
    back = pa.ipc.open_stream(reply.content).read_all()
    assert back["label"].to_pylist() == told["label"].to_pylist()


def test_a_number_comes_back_as_values(client_of, owed, table):
    with client_of(owed) as client:
        reply = client.post("/v1/predict", content=stream(table), headers=KIND)
    told = pa.ipc.open_stream(reply.content).read_all()
    assert told.column_names == ["flags", "value", "lower", "upper"]
    assert np.isfinite(told["value"].to_numpy()).all()
    held = told["lower"].to_numpy() <= told["value"].to_numpy()
    assert held.all()
    assert told.schema.metadata[b"coverage"] == b"0.9"


def test_columns_come_in_many_types(client, good):
    day = datetime.date(2024, 3, 1)
    zone = datetime.timezone(datetime.timedelta(hours=2))
    zoned = datetime.datetime(2024, 3, 1, 1, tzinfo=zone)
    plain = client.post("/v1/predict", json={"rows": [good]}).json()["predictions"]
    for name, cells in {
        "age": pa.array([40], pa.int8()),
        "pay": pa.array([decimal.Decimal("2100.5")]),
        "town": pa.array(["Ghent"]).dictionary_encode(),
        "day": pa.array([day]),
    }.items():
        columns = {n: pa.array([c]) for n, c in good.items()} | {name: cells}
        body = stream(pa.table(columns))
        reply = client.post("/v1/predict", content=body, headers=AS_JSON)
        assert reply.json()["predictions"] == plain, (name, reply.text)
    for cells in (pa.array([zoned]), pa.array([pd.Timestamp(day)], pa.timestamp("ns"))):
        columns = {n: pa.array([c]) for n, c in good.items()} | {"day": cells}
        body = stream(pa.table(columns))
        reply = client.post("/v1/predict", content=body, headers=AS_JSON)
        assert reply.status_code == 200, reply.text


@pytest.mark.parametrize(
    ("name", "cells", "status", "field"),
    [
        ("age", pa.array([[1]]), 422, "age"),
        ("age", pa.array([True]), 422, "age"),
        ("age", pa.array(["old"]), 422, "age"),
        ("age", pa.array([float("inf")]), 422, "age"),
        ("town", pa.array([b"Ghent"]), 422, "town"),
        ("town", pa.array(["Ghent"], pa.string_view()), 422, "town"),
        ("town", pa.array([{"a": 1}]), 422, "town"),
        ("twon", pa.array(["Ghent"]), 422, "twon"),
    ],
)
def test_what_is_no_such_column_is_refused(client, good, name, cells, status, field):
    columns = {n: pa.array([c]) for n, c in good.items()} | {name: cells}
    reply = client.post("/v1/predict", content=stream(pa.table(columns)), headers=KIND)
    assert (reply.status_code, reply.json()["error"].get("field")) == (status, field)


def test_nan_is_missing(client, good):
    columns = {n: pa.array([c]) for n, c in good.items()} | {"age": pa.array([np.nan])}
    reply = client.post(
        "/v1/predict", content=stream(pa.table(columns)), headers=AS_JSON
    )
    flags = reply.json()["predictions"][0]["flags"]
    assert {"field": "age", "flag": "missing"} in flags


@pytest.mark.parametrize("codec", ["lz4", "zstd"])
@pytest.mark.parametrize("coded", [False, True])
def test_compressed_streams_are_refused_unread(client, good, codec, coded):
    long = pa.array(["x" * 50_000_000])
    town = long.dictionary_encode() if coded else long
    columns = {n: pa.array([c]) for n, c in good.items()} | {"town": town}
    body = stream(pa.table(columns), pa.ipc.IpcWriteOptions(compression=codec))
    assert len(body) < 1_000_000
    reply = client.post("/v1/predict", content=body, headers=KIND)
    assert reply.status_code == 422
    assert "compressed" in reply.json()["error"]["what"]


def test_text_does_not_grow_when_it_is_read(client, good):
    coded = pa.DictionaryArray.from_arrays(pa.array([0] * 5000), ["x" * 100_000])
    columns = {n: pa.array([c] * 5000) for n, c in good.items()} | {"town": coded}
    reply = client.post("/v1/predict", content=stream(pa.table(columns)), headers=KIND)
    assert (reply.status_code, reply.json()["error"]["field"]) == (413, "town")


def test_too_many_rows_are_refused_before_they_are_read(client):
    body = stream(pa.table({"age": pa.nulls(10**9)}), chunk=None)
    assert len(body) < 1000
    reply = client.post("/v1/predict", content=body, headers=KIND)
    assert reply.status_code == 413


def test_two_columns_of_one_name_are_refused(client):
    table = pa.Table.from_arrays([pa.array([1]), pa.array([2])], ["age", "age"])
    reply = client.post("/v1/predict", content=stream(table), headers=KIND)
    assert reply.status_code == 422


def test_damaged_metadata_is_refused(client, good):
    body = bytearray(stream(pa.table({n: [c] * 3 for n, c in good.items()})))
    for place, byte in ((47, 10), (198, 10), (68, 255), (20, 1)):
        body[place] = byte
    reply = client.post("/v1/predict", content=bytes(body), headers=KIND)
    assert reply.status_code == 422


@pytest.mark.parametrize("coded", [False, True])
def test_no_damaged_stream_is_anything_but_refused(loans, good, coded):
    form = Desk(Served(loans), Settings()).form
    town = pa.array([good["town"]] * 3)
    columns = {n: pa.array([c] * 3) for n, c in good.items()}
    columns["town"] = town.dictionary_encode() if coded else town
    columns["day"] = pa.array([0, 1, 2], pa.timestamp("ns", "Europe/Rome"))
    whole, rng = stream(pa.table(columns)), random.Random(coded)
    refused = 0
    for _ in range(3000):
        body = bytearray(whole)
        for _ in range(rng.randint(1, 4)):
            body[rng.randrange(len(body))] = rng.choice([*range(13), 64, 128, 255])
        try:
            arrow.read(body, form)
        except Refused:
            refused += 1
    assert 1000 < refused < 3000


def test_a_zone_that_nobody_knows_is_refused(client, good):
    day = pa.array([0], pa.timestamp("s", "Mars/Olympus"))
    columns = {n: pa.array([c]) for n, c in good.items()} | {"day": day}
    reply = client.post("/v1/predict", content=stream(pa.table(columns)), headers=KIND)
    assert reply.status_code in (200, 422)


QUIET = [HealthCheck.function_scoped_fixture, HealthCheck.too_slow]


@settings(max_examples=150, deadline=None, suppress_health_check=QUIET)
@given(data=st.data())
def test_no_stream_breaks_it(client, good, data):
    columns = {n: pa.array([c] * 3) for n, c in good.items()}
    coded = columns["town"].dictionary_encode()
    town = data.draw(st.sampled_from([columns["town"], coded]))
    body = bytearray(stream(pa.table({**columns, "town": town})))
    for _ in range(data.draw(st.integers(1, 4))):
        place = data.draw(st.integers(0, len(body) - 1))
        body[place] = data.draw(st.integers(0, 255))
    end = data.draw(st.integers(0, len(body)) | st.just(len(body)))
    reply = client.post("/v1/predict", content=bytes(body[:end]), headers=KIND)
    assert reply.status_code in (200, 413, 422), reply.text
