"""A hundred thousand requests that nobody should send, in process and over HTTP.

No reply is a 5xx but a 503 that says when to come again, and nothing that was replied
to with a 200 is missing from the log.
"""

from __future__ import annotations

import asyncio
import json
import os
import shutil
import subprocess
from collections import Counter

import msgspec
import pyarrow as pa
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from mlkit.product.log import last
from mlkit.product.serving.app import application
from mlkit.product.serving.doors import ARROW, BINARY, DOORS, FORM, JSON
from mlkit.product.serving.served import Served
from mlkit.product.serving.settings import Settings

GOOD = {"age": 40, "pay": "2,100.5", "town": "Ghent", "day": "2024-03-01"}
TOGETHER = 20
MANY = int(os.environ.get("MLKIT_FUZZ", "100000"))
INFER = "/v2/models/model/infer"

CELLS = st.one_of(
    st.none(),
    st.booleans(),
    st.integers(),
    st.floats(allow_nan=False, allow_infinity=False),
    st.text(max_size=20),
    st.sampled_from(["Ghent", "?", "", "2024-02-30", "-0", "1e400", "\0", "/etc"]),
    st.lists(st.integers(), max_size=2),
)
IDS = st.one_of(st.sampled_from(["a", "b", "c", "", "../x"]), CELLS)
ROW = st.fixed_dictionaries(
    {
        name: st.one_of(st.just(cell), st.just(cell), CELLS)
        for name, cell in GOOD.items()
    },
    optional={"name": CELLS, "late": CELLS, "other": CELLS},
)
LIKELY = st.one_of(st.just(GOOD), st.just({**GOOD, "town": None}), ROW)
COLUMNS = st.fixed_dictionaries(
    {n: st.one_of(st.just([c]), st.lists(CELLS, max_size=3)) for n, c in GOOD.items()}
)
TREE = st.recursive(
    CELLS,
    lambda deep: st.one_of(
        st.lists(deep, max_size=3),
        st.dictionaries(st.sampled_from(["rows", "id", "columns", "inputs"]), deep),
    ),
    max_leaves=8,
)
TRUTHS = st.fixed_dictionaries(
    {
        "truths": st.lists(
            st.fixed_dictionaries(
                {"id": IDS, "truth": CELLS}, optional={"row": CELLS, "at": CELLS}
            ),
            max_size=3,
        )
    }
)
TENSOR = st.fixed_dictionaries(
    {
        "name": st.sampled_from([*GOOD, "x"]),
        "shape": st.one_of(st.just([1]), st.lists(st.integers(-1, 3), max_size=3)),
        "datatype": st.sampled_from(["BYTES", "BYTES", "FP64", "INT8", "BOOL", "X"]),
    },
    optional={
        "data": st.lists(CELLS, max_size=3),
        "parameters": st.dictionaries(
            st.sampled_from(["binary_data_size", "x"]), st.integers(-1, 40)
        ),
    },
)
SOUND = [
    {
        "name": n,
        "shape": [1],
        "datatype": "INT8" if n == "age" else "BYTES",
        "data": [c],
    }
    for n, c in GOOD.items()
]
TENSORS = st.fixed_dictionaries(
    {"inputs": st.one_of(st.just(SOUND), st.lists(TENSOR, max_size=5))},
    optional={
        "id": IDS,
        "outputs": st.lists(
            st.fixed_dictionaries(
                {"name": st.sampled_from(["label", "flags", "probabilities", "x"])}
            ),
            max_size=2,
        ),
        "parameters": st.fixed_dictionaries({"binary_data_output": CELLS}),
    },
)


def stream():
    table = pa.table({name: [cell] * 3 for name, cell in GOOD.items()})
    sink = pa.BufferOutputStream()
    with pa.ipc.new_stream(sink, table.schema) as writer:
        writer.write_table(table)
    return sink.getvalue().to_pybytes()


STREAM = stream()


@st.composite
def spoilt(draw):
    """Draw an Arrow stream with some bytes changed."""
    body = bytearray(STREAM)
    for _ in range(draw(st.integers(0, 4))):
        body[draw(st.integers(0, len(body) - 1))] = draw(st.integers(0, 255))
    return bytes(body)


def encoded(strategy):
    return strategy.map(lambda form: json.dumps(form).encode())


def asks(path, kind, bodies):
    return bodies.map(lambda body: ("POST", path, {"content-type": kind}, body))


@st.composite
def binary(draw):
    head = draw(encoded(TENSORS))
    length = len(head) + draw(st.sampled_from([0, 0, 0, -1, 1]))
    headers = {"content-type": BINARY, "inference-header-content-length": str(length)}
    return "POST", INFER, headers, head + draw(st.binary(max_size=40))


@st.composite
def form(draw):
    """Draw a form, some bytes of it changed."""
    names = st.sampled_from([*GOOD, *GOOD, "request.id", "late", "x", '"'])
    cells = st.one_of(st.sampled_from(list(GOOD.values())), CELLS, st.binary())
    parts = [*GOOD.items(), *draw(st.lists(st.tuples(names, cells), max_size=2))]
    body = bytearray()
    for name, cell in parts:
        head = f'--x\r\nContent-Disposition: form-data; name="{name}"\r\n\r\n'
        data = cell if isinstance(cell, bytes) else str(cell).encode("utf-8", "replace")
        body += head.encode() + data + b"\r\n"
    body += b"--x--\r\n"
    for _ in range(draw(st.integers(0, 2))):
        body[draw(st.integers(0, len(body) - 1))] = draw(st.integers(0, 255))
    return bytes(body)


PREDICT = encoded(
    st.one_of(
        st.fixed_dictionaries(
            {"rows": st.lists(LIKELY, max_size=4)}, optional={"id": IDS}
        ),
        st.fixed_dictionaries({"columns": COLUMNS}, optional={"id": IDS}),
        TREE,
    )
)
PATHS = [path.format(model="model", version="1") for path in DOORS if "{" in path]
ANY = st.tuples(
    st.sampled_from(["GET", "HEAD", "POST", "PUT", "DELETE", "OPTIONS", "X"]),
    st.one_of(st.sampled_from([*DOORS, *PATHS]), st.text(max_size=30).map("/".__add__)),
    st.dictionaries(
        st.sampled_from(["content-type", "origin", "accept", "authorization", "host"]),
        st.one_of(
            st.sampled_from([JSON, ARROW, FORM, "*/*", "http://localhost", "Bearer x"]),
            st.text(st.characters(max_codepoint=255), max_size=20),
        ),
        max_size=3,
    ),
    st.binary(max_size=60),
)
REQUESTS = st.one_of(
    asks("/v1/predict", JSON, PREDICT),
    asks("/v1/predict", JSON, st.binary(max_size=60)),
    asks("/v1/predict", ARROW, spoilt()),
    asks("/v1/predict", f"{FORM}; boundary=x", form()),
    asks("/v1/feedback", JSON, encoded(TRUTHS)),
    asks(INFER, JSON, encoded(TENSORS)),
    binary(),
    ANY,
)


class Direct:
    """An application, asked without a socket between."""

    def __init__(self, app):
        self.app, self.counts, self.kept = app, Counter(), set()

    async def ask(self, verb, path, headers, body):
        headers = {"host": "localhost", **headers}
        named = [(k.encode(), v.encode("latin-1")) for k, v in headers.items()]
        scope = {
            "type": "http",
            "method": verb,
            "path": path,
            "raw_path": b"",
            "query_string": b"",
            "headers": named,
            "http_version": "1.1",
            "scheme": "http",
            "client": None,
            "server": None,
            "root_path": "",
        }
        parts = [body]
        status, told, extra = 0, b"", {}

        async def receive():
            if not parts:
                await asyncio.sleep(3600)
            return {"type": "http.request", "body": parts.pop(), "more_body": False}

        async def send(message):
            nonlocal status, told, extra
            if message["type"] == "http.response.start":
                status, extra = message["status"], dict(message["headers"])
            told += message.get("body", b"")

        await self.app(scope, receive, send)
        self.counts[status] += 1
        assert status < 500 or (status == 503 and b"retry-after" in extra), told
        if (
            status == 200
            and path == "/v1/predict"
            and extra[b"content-type"] == JSON.encode()
        ):
            self.kept.add(msgspec.json.decode(told)["id"])


def fuzzed(loans, log, examples):
    """Ask many requests, some at a time; return what came back."""
    app = application(Served(loans), Settings(log=log, rows=50, body=20_000))
    direct = Direct(app)

    @settings(
        max_examples=examples,
        deadline=None,
        database=None,
        suppress_health_check=list(HealthCheck),
    )
    @given(some=st.lists(REQUESTS, min_size=TOGETHER, max_size=TOGETHER))
    def ask(some):
        async def together():
            await asyncio.gather(*(direct.ask(*one) for one in some))

        runner.run(together())

    with asyncio.Runner() as runner:
        lifespan = app.app.running()
        runner.run(lifespan.__aenter__())
        ask()
        runner.run(lifespan.__aexit__(None, None, None))
    assert direct.kept <= {request.id for request in last(log, 10**9)}
    return direct.counts


def test_no_request_gets_an_unintended_5xx(loans, tmp_path):
    counts = fuzzed(loans, tmp_path / "log.sqlite", 15)
    assert {200, 422} <= set(counts)
    assert sum(counts.values()) >= 15 * TOGETHER


@pytest.mark.slow
def test_nor_does_one_of_a_hundred_thousand(loans, tmp_path):
    counts = fuzzed(loans, tmp_path / "log.sqlite", -(-MANY // TOGETHER))
    assert sum(counts.values()) >= MANY


@pytest.mark.slow
@pytest.mark.skipif(not shutil.which("schemathesis"), reason="needs schemathesis")
@pytest.mark.parametrize("package", ["loans", "pictures", "sounds"])
def test_nor_does_what_schemathesis_makes_of_the_openapi(
    request, running, package, tmp_path
):
    folder, most = request.getfixturevalue(package), 250
    most = most if package == "loans" else 10 * most
    with running(folder, "--log", tmp_path / "log.sqlite") as client:
        command = [
            *("schemathesis", "run", f"{client.base_url}/openapi.json"),
            *("--checks", "not_a_server_error,response_schema_conformance"),
            *("--max-examples", str(MANY // most), "--no-color"),
        ]
        told = {"capture_output": True, "text": True}
        done = subprocess.run(command, cwd=tmp_path, **told)
        assert client.get("/health/ready").status_code == 200
    assert done.returncode == 0, done.stdout[-6000:]
