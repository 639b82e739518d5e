"""A detector of odd rows at work: it answers with a rank, in every tongue."""

from __future__ import annotations

import io

import jsonschema
import numpy as np
import pandas as pd
import pyarrow.ipc
import pytest

from mlkit.core.schema import Column, Schema
from mlkit.data.clean import clean
from mlkit.data.contract import infer
from mlkit.data.split import split
from mlkit.model.alarms import alarms
from mlkit.model.anomaly import anomaly
from mlkit.model.package import package
from mlkit.product.client import Client
from mlkit.product.log import find, read
from mlkit.product.monitor import monitor
from mlkit.product.serving.doors import ARROW
from mlkit.product.serving.served import Served
from mlkit.product.serving.trial import fault
from mlkit.product.watching.live import live
from mlkit.product.watching.parcel import Parcel

USUAL, ODD = {"high": 50.0, "wide": 0.5}, {"high": 900.0, "wide": 0.5}


def table(rows, seed, moved=0.0):
    rng = np.random.default_rng(seed)
    cells = {"high": rng.normal(50 + moved, 5, rows), "wide": rng.random(rows)}
    names = pd.Index([f"r{seed}-{k}" for k in range(rows)], dtype="str", name="row")
    return Schema((Column("high"), Column("wide"))).attach(
        pd.DataFrame(cells, index=names).round(3)
    )


@pytest.fixture(scope="module")
def detector():
    """Return the package of a detector."""
    raw = table(600, 0)
    cleaned = clean(raw)
    parts = split(cleaned.table, raw)
    found = anomaly(parts.train, ["ellipse"], share=0.05, repeats=2)
    model = found.fit(parts.train)
    judged = alarms(model, found, parts.train, parts.valid, repeats=2)
    given = (cleaned.cleaning, infer(raw), parts.valid, parts.test)
    made = package(model, judged.accepted, *given, review=judged)
    assert made.verdict.state == "passed", str(made.verdict)
    return made.folder


@pytest.fixture
def client(client_of, detector):
    with client_of(detector) as client:
        yield client


def test_a_row_has_a_label_and_a_rank_and_no_probabilities(client):
    told = client.post("/v1/predict", json={"id": "one", "rows": [USUAL, ODD]}).json()
    assert [set(one) for one in told["predictions"]] == [{"label", "rank", "flags"}] * 2
    usual, odd = told["predictions"]
    assert (usual["label"], odd["label"]) == ("usual", "odd")
    assert 0 <= usual["rank"] < 0.95 <= odd["rank"] <= 1
    form = client.get("/openapi.json").json()
    for one in told["predictions"]:
        jsonschema.validate(one, form["components"]["schemas"]["Prediction"])
    kept = find(client.log, "one").reply["predictions"]
    assert kept == told["predictions"]
    assert read(client.log)["output.rank"].tolist() == [usual["rank"], odd["rank"]]


def test_the_other_tongues_say_the_same(client):
    rows = [USUAL, ODD]
    plain = client.post("/v1/predict", json={"rows": rows}).json()["predictions"]
    ranks = [one["rank"] for one in plain]
    asked = {"rows": rows}
    stream = client.post("/v1/predict", json=asked, headers={"accept": ARROW}).content
    answers = pyarrow.ipc.open_stream(io.BytesIO(stream)).read_all()
    assert answers.column_names == ["label", "flags", "rank"]
    assert answers["rank"].to_pylist() == ranks
    inputs = [
        {"name": n, "shape": [2], "datatype": "FP64", "data": [r[n] for r in rows]}
        for n in USUAL
    ]
    told = client.post("/v2/models/model/infer", json={"inputs": inputs}).json()
    outputs = {one["name"]: one for one in told["outputs"]}
    assert outputs["rank"]["data"] == ranks
    about = client.get("/v2/models/model").json()["outputs"]
    assert [(o["name"], o["shape"]) for o in about] == [
        ("label", [-1]),
        ("rank", [-1]),
        ("flags", [-1]),
    ]
    asked = {"inputs": inputs, "outputs": [{"name": "probabilities"}]}
    assert client.post("/v2/models/model/infer", json=asked).status_code == 422


def test_a_detector_may_take_the_place_of_another(detector):
    assert fault(Served(detector), Served(detector)) == ""


def test_pythons_client_gives_the_rank(running, detector):
    with (
        running(detector, "--log", "off") as server,
        Client(str(server.base_url)) as client,
    ):
        said = client.predict(pd.DataFrame([USUAL, ODD]))
    assert list(said)[:2] == ["prediction", "rank"]
    assert said["rank"].iloc[1] >= 0.95


@pytest.mark.parametrize(("moved", "state"), [(0.0, "healthy"), (12.0, "retrain")])
def test_it_is_watched(client, detector, moved, state):
    rows = table(400, 1, moved).to_dict("records")
    assert client.post("/v1/predict", json={"rows": rows}).status_code == 200
    found = live(Parcel.open(detector), read(client.log))
    assert found.predicted.sum(axis=1) == pytest.approx(1)
    health = monitor(found)
    assert health.state == state, str(health)
