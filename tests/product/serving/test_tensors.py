"""The Open Inference Protocol, asked by hand and by Triton's own client."""

from __future__ import annotations

import json
import shutil
import subprocess
import sys

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from mlkit.product.log import find, last

INFER = "/v2/models/model/infer"


def tensors(rows):
    """Return rows as inputs of one column each."""
    made = []
    for name, first in rows[0].items():
        kind = "INT64" if type(first) is int else "BYTES"
        data = [row[name] for row in rows]
        made.append(
            {"name": name, "shape": [len(rows)], "datatype": kind, "data": data}
        )
    return made


@pytest.fixture
def client(client_of, loans):
    with client_of(loans) as client:
        yield client


def test_it_says_what_predict_says(client, good):
    rows = [good, {**good, "age": 70, "town": "Mars"}]
    plain = client.post("/v1/predict", json={"rows": rows}).json()["predictions"]
    told = client.post(INFER, json={"id": "two", "inputs": tensors(rows)})
    assert told.status_code == 200, told.text
    told = told.json()
    assert (told["id"], told["model_name"]) == ("two", "model")
    version = client.duty.desk.served.version
    assert told["model_version"] == version
    outputs = {one["name"]: one for one in told["outputs"]}
    assert outputs["label"]["data"] == [one["label"] for one in plain]
    assert outputs["probabilities"]["shape"] == [2, 2]
    chances = np.reshape(outputs["probabilities"]["data"], (2, 2))
    classes = json.loads(outputs["probabilities"]["parameters"]["classes"])
    assert classes == ["no", "yes"]
    assert chances.tolist() == [list(one["probabilities"].values()) for one in plain]
    assert [json.loads(cell) for cell in outputs["flags"]["data"]] == [
        one["flags"] for one in plain
    ]
    kept = find(client.log, "two")
    assert kept.cells["town"] == ["Ghent", "Mars"]
    assert kept.reply["predictions"] == plain


def test_columns_may_be_nested_and_cells_missing(client, good):
    inputs = tensors([good])
    inputs[0] |= {"shape": [1, 1], "data": [[40]]}
    inputs[1]["data"] = [None]
    told = client.post(INFER, json={"inputs": inputs}).json()["outputs"]
    assert '"missing"' in told[-1]["data"][0]


@pytest.mark.parametrize("turned", [False, True])
def test_a_repeated_request_gets_what_another_package_said(
    client_of, loans, good, tmp_path, turned
):
    plain = shutil.copytree(loans, tmp_path / "plain")
    (plain / "promise.json").unlink()
    body, told = {"id": "again", "inputs": tensors([good])}, []
    for folder in (loans, plain) if turned else (plain, loans):
        with client_of(folder) as client:
            told.append(client.post(INFER, json=body))
    assert [one.status_code for one in told] == [200, 200], told[1].text
    assert told[0].json() == told[1].json()
    names = {one["name"] for one in told[1].json()["outputs"]}
    assert ("set" in names) == turned
    with client_of(loans) as client:
        wanted = {**body, "outputs": [{"name": "set"}]}
        reply = client.post(INFER, json=wanted)
    assert reply.status_code == (200 if turned else 422), reply.text


def test_a_number_comes_out_as_a_value(client_of, owed, good):
    with client_of(owed, name="owed") as client:
        plain = client.post("/v1/predict", json={"rows": [good]}).json()["predictions"]
        names = ["value", "lower"]
        wanted = [{"name": name} for name in names]
        body = {"inputs": tensors([good]), "outputs": wanted}
        told = client.post("/v2/models/owed/infer", json=body).json()
    assert [one["name"] for one in told["outputs"]] == names
    data = [one["data"] for one in told["outputs"]]
    assert data == [[plain[0][name]] for name in names]
    assert told["outputs"][1]["parameters"] == {"coverage": 0.9}


def test_it_tells_of_itself(client):
    assert client.get("/v2").json()["extensions"] == ["binary_tensor_data"]
    assert client.get("/v2/health/live").json()["live"] is True
    assert client.get("/v2/health/ready").json()["ready"] is True
    told = client.get("/v2/models/model").json()
    version = told["versions"][0]
    assert client.get(f"/v2/models/model/versions/{version}").json() == told
    assert client.get(f"/v2/models/model/versions/{version}/ready").json()["ready"]
    inputs = {one["name"]: one["datatype"] for one in told["inputs"]}
    assert inputs == {"age": "FP64", "pay": "BYTES", "town": "BYTES", "day": "BYTES"}
    shapes = {one["name"]: one["shape"] for one in told["outputs"]}
    assert shapes == {
        "label": [-1],
        "probabilities": [-1, 2],
        "set": [-1],
        "flags": [-1],
    }
    for path in ("other", "other/ready", "model/versions/9", "model/versions/9/ready"):
        assert client.get(f"/v2/models/{path}").status_code == 404


@pytest.mark.parametrize(
    ("change", "word"),
    [
        ({"shape": [2]}, "1 cells"),
        ({"shape": [1, 2]}, "one column"),
        ({"shape": [-1]}, "one column"),
        ({"shape": []}, "one column"),
        ({"datatype": "FP128"}, "datatype"),
        ({"datatype": "BOOL"}, "datatype BOOL"),
        ({"data": ["x"]}, "datatype INT64"),
        ({"data": [True]}, "datatype INT64"),
        ({"data": None}, "0 cells"),
        ({"name": "agee"}, "unknown field"),
        ({"name": "town"}, "two inputs"),
        ({"parameters": {"binary_data_size": 8}}, "binary_data_size"),
        ({"shape": [10**9]}, "at most"),
    ],
)
def test_what_is_no_tensor_is_refused(client, good, change, word):
    inputs = tensors([good])
    inputs[0] |= change
    reply = client.post(INFER, json={"inputs": inputs})
    assert reply.status_code in (413, 422)
    assert word in reply.json()["error"]


@pytest.mark.parametrize(
    ("kind", "cell", "status"),
    [
        ("INT32", 60, 200),
        ("INT32", 60.0, 200),
        ("INT32", 1.5, 422),
        ("INT32", 2**31, 422),
        ("INT64", -(2**63), 200),
        ("INT64", 2**63, 422),
        ("UINT64", 2**64 - 1, 200),
        ("UINT64", 2**64, 422),
        ("UINT8", -1, 422),
        ("UINT8", 256, 422),
        ("UINT8", 255, 200),
        ("UINT8", None, 200),
        ("INT8", -128, 200),
        ("INT8", -129, 422),
        ("FP32", 1.5, 200),
        ("FP64", 60, 200),
    ],
)
def test_a_number_is_one_of_its_datatype(client, good, kind, cell, status):
    inputs = tensors([good, good])
    inputs[0] |= {"datatype": kind, "data": [60, cell]}
    reply = client.post(INFER, json={"inputs": inputs})
    assert reply.status_code == status, reply.text
    assert status == 200 or f"is not of the datatype {kind}" in reply.json()["error"]


def test_an_unknown_output_is_refused_before_anything_is_kept(client, good):
    body = {"inputs": tensors([good]), "outputs": [{"name": "lable"}]}
    reply = client.post(INFER, json=body)
    assert reply.status_code == 422
    assert "label, probabilities, set, flags" in reply.json()["error"]
    assert last(client.log) == []


TRITON = """
import json, sys
import numpy as np
import tritonclient.http as triton

address, token, binary, rows = sys.argv[1:]
rows = json.loads(rows)
client = triton.InferenceServerClient(address)
headers = {"authorization": "Bearer " + token}
assert client.is_server_live(headers) and client.is_server_ready(headers)
assert client.is_model_ready("loans", headers=headers)
told = client.get_model_metadata("loans", headers=headers)
numpy_of = {"BYTES": np.object_, "FP64": np.float64}
inputs = []
for one in told["inputs"]:
    cells = [row[one["name"]] for row in rows]
    array = np.array(cells, dtype=numpy_of[one["datatype"]])
    inputs.append(triton.InferInput(one["name"], array.shape, one["datatype"]))
    inputs[-1].set_data_from_numpy(array, binary_data=binary == "binary")
outputs = None
if binary != "binary":
    names = [one["name"] for one in told["outputs"]]
    outputs = [triton.InferRequestedOutput(n, binary_data=False) for n in names]
said = client.infer("loans", inputs, outputs=outputs, headers=headers)
labels = said.as_numpy("label").tolist()
labels = [x.decode() if isinstance(x, bytes) else x for x in labels]
print(json.dumps([labels, said.as_numpy("probabilities").tolist()]))
"""


@pytest.mark.parametrize("how", ["binary", "json"])
def test_tritons_client_gets_the_right_answer(running, loans, good, how):
    pytest.importorskip("geventhttpclient", reason="needs tritonclient[http]")
    rows = [good, {**good, "age": 70, "town": "Mars"}, {**good, "town": "Łódź"}]
    token = "correct-horse-battery-staple"
    options = ("--name", "loans", "--token-env", "SECRET", "--log", "off")
    with running(loans, *options, SECRET=token) as client:
        client.headers["authorization"] = f"Bearer {token}"
        plain = client.post("/v1/predict", json={"rows": rows}).json()["predictions"]
        address = client.base_url.netloc.decode()
        command = [sys.executable, "-c", TRITON, address, token, how, json.dumps(rows)]
        done = subprocess.run(command, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    labels, chances = json.loads(done.stdout)
    assert labels == [one["label"] for one in plain]
    assert chances == [list(one["probabilities"].values()) for one in plain]


CELLS = st.one_of(st.none(), st.booleans(), st.integers(), st.text(), st.floats())
TENSOR = st.fixed_dictionaries(
    {"name": st.sampled_from(["age", "pay", "town", "day", "x"])},
    optional={
        "shape": st.lists(st.integers(-1, 3), max_size=3),
        "datatype": st.sampled_from(["BYTES", "FP64", "INT8", "BOOL", "UINT64", "X"]),
        "data": st.lists(CELLS, max_size=3),
        "parameters": st.dictionaries(
            st.sampled_from(["binary_data_size", "x"]), st.integers(-1, 40) | st.none()
        ),
    },
)
BODY = st.fixed_dictionaries({"inputs": st.lists(TENSOR, max_size=6)})
QUIET = [HealthCheck.function_scoped_fixture, HealthCheck.too_slow]


@settings(max_examples=100, deadline=None, suppress_health_check=QUIET)
@given(body=BODY, behind=st.binary(max_size=60), off=st.integers(-2, 2))
def test_no_tensor_breaks_it(client, body, behind, off):
    head = json.dumps(body).encode()
    headers = {"inference-header-content-length": str(len(head) + off)}
    reply = client.post(INFER, content=head + behind, headers=headers)
    assert reply.status_code in (200, 413, 422), reply.text


@pytest.mark.parametrize("length", ["9" * 5000, "9" * 19, "-1", "+1", "1e1", "²", "x"])
def test_a_length_that_is_none_is_refused(client, good, length):
    head, behind = packed(good, 1)
    headers = {"inference-header-content-length": length.encode()}
    reply = client.post(INFER, content=head + behind, headers=headers)
    assert reply.status_code == 422, reply.text
    assert "is not the length of the JSON" in reply.text


def packed(good, rows):
    """Return a binary request, and the length of its JSON."""
    inputs, behind = [], b""
    for name, cell in good.items():
        if type(cell) is int:
            part = np.array([cell] * rows, "<i8").tobytes()
        else:
            word = cell.encode()
            part = (len(word).to_bytes(4, "little") + word) * rows
        kind = "INT64" if type(cell) is int else "BYTES"
        size = {"binary_data_size": len(part)}
        about = {"name": name, "shape": [rows], "datatype": kind, "parameters": size}
        inputs.append(about)
        behind += part
    head = json.dumps({"inputs": inputs}).encode()
    return head, behind


@settings(max_examples=25, deadline=None, suppress_health_check=QUIET)
@given(place=st.integers(0, 200), byte=st.integers(0, 255))
def test_no_binary_tensor_breaks_it(client, good, place, byte):
    head, behind = packed(good, 3)
    changed = bytearray(behind)
    changed[place % len(changed)] = byte
    headers = {"inference-header-content-length": str(len(head))}
    reply = client.post(INFER, content=head + bytes(changed), headers=headers)
    assert reply.status_code in (200, 422), reply.text
    whole = client.post(INFER, content=head + behind, headers=headers)
    assert whole.status_code == 200
    short = client.post(INFER, content=head + behind[:-1], headers=headers)
    assert short.status_code == 422


def test_requests_and_replies_are_as_openapi_says(client, good):
    from jsonschema import Draft202012Validator

    document = client.get("/openapi.json").json()
    paths = set(document["paths"])
    assert {INFER, "/v2", "/v1/schema", "/v1/predict", "/v1/feedback", "/"} <= paths

    def holds(name, value):
        where = {"$ref": f"#/components/schemas/{name}"}
        Draft202012Validator({**document, **where}).validate(value)

    body = {"inputs": tensors([good])}
    holds("Inference", body)
    holds("Inferred", client.post(INFER, json=body).json())
    holds("Sentence", client.post(INFER, json={}).json())


def test_a_clients_long_name_is_not_repeated_whole(client, good):
    sent = tensors([good])
    sent[0]["name"] = "x" * 1_000_000
    told = client.post(INFER, json={"inputs": sent})
    assert told.status_code == 422
    assert len(told.content) < 10_000
    odd = {**tensors([good])[0], "datatype": "y" * 1_000_000}
    assert len(client.post(INFER, json={"inputs": [odd]}).content) < 10_000
