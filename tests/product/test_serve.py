"""The model server: over HTTP where that matters, in process where it does not."""

from __future__ import annotations

import csv
import json
import os
import shutil
import signal
import subprocess
import sys
import time
import warnings
from contextlib import contextmanager
from urllib.parse import quote

import httpx
import numpy as np
import pandas as pd
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from mlkit.core.errors import InputError, UsageError
from mlkit.core.schema import Schema
from mlkit.data.clean import clean
from mlkit.data.collect import collect
from mlkit.data.contract import infer
from mlkit.data.split import split
from mlkit.model.accept import accept
from mlkit.model.evaluate import evaluate
from mlkit.model.fitted import fit
from mlkit.model.package import package
from mlkit.model.problem import Problem
from mlkit.model.review import Review
from mlkit.product.log import find, last, read
from mlkit.product.predict import predict_file
from mlkit.product.serving.app import application
from mlkit.product.serving.doors import DOORS
from mlkit.product.serving.served import Served
from mlkit.product.serving.settings import Settings

with warnings.catch_warnings():  # it would rather have httpx2
    warnings.simplefilter("ignore")
    from starlette.testclient import TestClient

LOCAL = "http://localhost"
TOKEN = "correct-horse-battery-staple"
GOOD = {"age": 40, "pay": "2,100.5", "town": "Ghent", "day": "2024-03-01"}
VERBS = ("GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS", "TRACE", "BREW")
QUIET = [HealthCheck.function_scoped_fixture, HealthCheck.too_slow]


def frame(count=240):
    """Make loans: numbers, numbers as text, words, dates, and whose they are."""
    rng = np.random.default_rng(0)
    age = rng.integers(18, 80, count)
    pay = rng.normal(2000, 700, count).round(1)
    town = rng.choice(["Ghent", "Turin", "Lviv"], count)
    late = (age - 45) / 15 + (town == "Ghent") + rng.normal(0, 0.5, count) > 0.5
    gone = rng.random(count) < 0.1
    return pd.DataFrame(
        {
            "age": age,
            "pay": [f"{p:,}" if not g else "?" for p, g in zip(pay, gone, strict=True)],
            "town": town,
            "day": pd.date_range("2024-01-01", periods=count).strftime("%Y-%m-%d"),
            "name": [f"Person {n}" for n in rng.permutation(count)],
            "late": np.where(late, "yes", "no"),
        }
    )


def packed(source, target, name, **how):
    raw = collect(str(source), target=target, **how).table
    cleaned = clean(raw)
    parts = split(cleaned.table, raw)
    model = fit(name, {}, parts.train, Problem.of(parts.train))
    nothing = Review(model.problem, 1, 0.0, 0.0, ())
    evaluation = evaluate(model, parts.valid)
    accepted = accept(model, cleaned.cleaning, evaluation, nothing, parts.test)
    hidden = Schema.of(parts.test).without(target)
    blind = hidden.attach(parts.test.drop(columns=target))
    contract = infer(raw)
    given = (model, accepted, cleaned.cleaning, contract, parts.valid, blind)
    made = package(*given)
    assert made.verdict.state == "passed", str(made.verdict)
    return made.folder


@pytest.fixture(scope="module")
def loans(tmp_path_factory):
    place = tmp_path_factory.mktemp("loans") / "loans.csv"
    frame().to_csv(place, index=False)
    return packed(place, "late", "boosting", roles={"name": "private"}), place


@pytest.fixture(scope="module")
def client(loans, tmp_path_factory):
    log = tmp_path_factory.mktemp("log") / "requests.sqlite"
    app = application(Served(loans[0]), Settings(log=log, rows=50, body=20_000))
    with TestClient(app, "http://localhost", raise_server_exceptions=True) as client:
        client.log = log
        yield client


def ask(client, *rows, **more):
    return client.post("/v1/predict", json={"rows": rows, **more})


@contextmanager
def running(package, *options, **how):
    """Run `mlkit serve` in a process, on a free port."""
    command = (sys.executable, "-m", "mlkit", "serve", str(package), "--port", "0")
    process = subprocess.Popen(
        [*command, *options], stdout=subprocess.PIPE, text=True, **how
    )
    try:
        line = process.stdout.readline()
        assert " answers at " in line, line
        address = line.partition(" answers at ")[2].partition("/v1/")[0]
        with httpx.Client(base_url=address, timeout=20) as client:
            client.process = process
            yield client
    finally:
        process.kill()
        process.wait()
        process.stdout.close()


# answers


def test_it_says_what_predict_says(client, loans, tmp_path):
    package, source = loans
    predict_file(package, source, tmp_path / "out.csv")
    with (tmp_path / "out.csv").open() as file:
        wanted = list(csv.DictReader(file))
    rows = frame().astype({"age": object}).to_dict("records")
    for start in range(0, len(rows), 48):
        some, told = rows[start : start + 48], wanted[start : start + 48]
        by_row = ask(client, *some).json()["predictions"]
        columns = {name: [row[name] for row in some] for name in some[0]}
        reply = client.post("/v1/predict", json={"columns": columns})
        assert reply.json()["predictions"] == by_row
        for said, line in zip(by_row, told, strict=True):
            assert said["label"] == line["prediction"]
            assert said["set"] == json.loads(line["set"])
            for name, chance in said["probabilities"].items():
                assert chance == pytest.approx(float(line[f"probability_{name}"]))


def test_a_number_is_a_value(tmp_path):
    table = frame()
    table["owed"] = table["age"] * 2.0 + np.arange(len(table)) % 7 / 10
    table.drop(columns=["late", "name"]).to_csv(tmp_path / "in.csv", index=False)
    folder = packed(tmp_path / "in.csv", "owed", "boosting")
    predict_file(folder, tmp_path / "in.csv", tmp_path / "out.csv")
    wanted = pd.read_csv(tmp_path / "out.csv")
    app = application(Served(folder), Settings())
    with TestClient(app, "http://localhost") as client:
        rows = table.drop(columns=["late", "name", "owed"]).to_dict("records")
        reply = ask(client, *rows).json()
    assert reply["coverage"] == 0.9
    for name, column in (
        ("value", "prediction"),
        ("lower", "lower"),
        ("upper", "upper"),
    ):
        said = [told[name] for told in reply["predictions"]]
        assert said == pytest.approx(wanted[column].tolist())


def test_what_collect_took_as_missing_is_missing(tmp_path):
    rng = np.random.default_rng(0)
    x, gone = rng.normal(size=300).round(3), rng.random(300) < 0.3
    kind = rng.choice(["up", "NA", "down"], 300)
    t = np.where(x + (kind == "NA") + gone > 0.5, "yes", "no")
    table = pd.DataFrame({"x": np.where(gone, -999, x), "kind": kind, "t": t})
    table.to_csv(tmp_path / "in.csv", index=False)
    missing = ["", "NA", "-999.0"]
    folder = packed(tmp_path / "in.csv", "t", "boosting", missing=missing)
    predict_file(folder, tmp_path / "in.csv", tmp_path / "out.csv")
    wanted = pd.read_csv(tmp_path / "out.csv")["probability_yes"].tolist()
    with TestClient(application(Served(folder), Settings()), "http://x") as client:
        client.headers["host"] = "localhost"
        rows = table.drop(columns="t").to_dict("records")
        said = ask(client, *rows).json()["predictions"]
        text = [{name: str(cell) for name, cell in row.items()} for row in rows]
        assert ask(client, *text).json()["predictions"] == said
    assert [row["probabilities"]["yes"] for row in said] == pytest.approx(wanted)
    flagged = [{"field": "x", "flag": "missing"} in row["flags"] for row in said]
    assert flagged == gone.tolist()


def test_a_row_is_answered_alike_alone_and_among_others(client, loans):
    served = Served(loans[0])
    rows = [GOOD, {**GOOD, "pay": "much"}, {**GOOD, "pay": 7}, {**GOOD, "age": None}]
    whole = {f.name: [row.get(f.name) for row in rows] for f in served.fields}
    together = served.answer(whole, len(rows))
    for row, told in zip(rows, together, strict=True):
        assert ask(client, row).json()["predictions"] == [told]


def test_odd_cells_are_answered_and_flagged(client):
    told = ask(client, GOOD, {**GOOD, "town": "Mars", "pay": "much", "age": 4000})
    plain, odd = (row["flags"] for row in told.json()["predictions"])
    assert plain == []
    assert {"field": "town", "flag": "unseen"} in odd
    assert {"field": "pay", "flag": "unreadable"} in odd
    assert {(flag["field"], flag["flag"]) for flag in odd} >= {("age", "contract")}
    missing = [("pay", "missing"), ("town", "missing")]
    for town, pay in ((None, "?"), ("", None), (None, " ")):
        told = ask(client, {**GOOD, "town": town, "pay": pay}).json()["predictions"]
        flags = [(f["field"], f["flag"]) for f in told[0]["flags"]]
        assert [flag for flag in flags if flag[1] != "contract"] == missing


@pytest.mark.parametrize(
    ("changes", "field"),
    [
        ({"age": False}, "age"),
        ({"age": "old"}, "age"),
        ({"age": [1]}, "age"),
        ({"age": 10**400}, "age"),
        ({"pay": True}, "pay"),
        ({"day": 7}, "day"),
        ({"day": "soon"}, "day"),
        ({"town": {"a": 1}}, "town"),
        ({"twon": "Ghent"}, "twon"),
    ],
)
def test_a_wrong_type_is_a_422_that_names_the_field(client, changes, field):
    reply = ask(client, GOOD, {**GOOD, **changes})
    assert reply.status_code == 422
    assert reply.json()["error"]["field"] == field
    assert "rows[1]" in reply.json()["error"]["where"]


@pytest.mark.parametrize(
    ("body", "status"),
    [
        (b"", 422),
        (b"[]", 422),
        (b"{}", 422),
        (b'{"rows": []}', 422),
        (b'{"columns": {}}', 422),
        (b'{"rows": [{}], "columns": {"age": []}}', 422),
        (b'{"rows": [{"age": NaN}]}', 422),
        (b'{"rows": [{"age": Infinity}]}', 422),
        (b'{"rows": [{"age": 1e999}]}', 422),
        (b'{"rows": [{"town": "\xff"}]}', 422),
        (b'{"rows": ' + b"[" * 9000, 422),
        (b" " * 20_001, 413),
        (json.dumps({"rows": [GOOD] * 51}).encode(), 413),
        (json.dumps({"rows": [GOOD], "id": "../etc"}).encode(), 422),
        (json.dumps({"rows": [GOOD], "id": ""}).encode(), 422),
    ],
)
def test_what_is_no_request_is_refused(client, body, status):
    kind = {"content-type": "application/json"}
    reply = client.post("/v1/predict", content=body, headers=kind)
    assert reply.status_code == status, reply.text
    assert reply.json()["error"]["what"]


def test_columns_of_unlike_lengths_are_refused(client):
    columns = {name: [cell, cell] for name, cell in GOOD.items()} | {"age": [1]}
    reply = client.post("/v1/predict", json={"columns": columns})
    assert (reply.status_code, reply.json()["error"]["field"]) == (422, "age")


def test_a_required_field_has_to_be_there(client):
    reply = ask(client, {n: c for n, c in GOOD.items() if n != "town"})
    assert (reply.status_code, reply.json()["error"]["field"]) == (422, "town")


# the log


def test_a_reply_is_in_the_log_without_what_is_private(client):
    reply = ask(client, {**GOOD, "name": "Ada Lovelace", "late": "yes"}).json()
    kept = find(client.log, reply["id"])
    assert kept.reply == reply
    assert kept.cells == {name: [cell] for name, cell in GOOD.items()}
    assert kept.model.startswith(reply["model"])
    for file in client.log.parent.iterdir():
        assert b"Lovelace" not in file.read_bytes()


def test_the_same_id_is_answered_once(client):
    first = ask(client, GOOD, id="once")
    again = ask(client, GOOD, id="once")
    other = ask(client, {**GOOD, "age": 41}, id="once")
    assert again.text == first.text
    assert other.status_code == 409
    assert [request.id for request in last(client.log, 10**6)].count("once") == 1


def test_the_log_is_a_typed_table(client):
    before = len(read(client.log))
    ask(client, GOOD, {**GOOD, "town": "Mars"}, id="typed")
    table = read(client.log)
    assert len(table) == before + 2
    rows = table[table["request.id"] == "typed"]
    assert rows["request.row"].tolist() == [0, 1]
    assert rows["input.age"].tolist() == [40.0, 40.0]
    assert rows["input.town"].tolist() == ["Ghent", "Mars"]
    assert json.loads(rows["output.flags"].iloc[1])[0]["flag"] == "unseen"
    assert str(table["request.at"].dtype).endswith("UTC]")


# the guard


WRONG = (None, "", TOKEN, f"Basic {TOKEN}", f"Bearer {TOKEN}x", "Bearer ")
ELSEWHERE = (
    "/docs",
    "/v1",
    "/v1/predict/",
    "//v1/predict",
    "/v2/models",
    "/favicon.ico",
)


def paths_of(app):
    """Return the application's own paths, as a request would write them."""
    named = {"{model}": "model", "{version}": app.app.duty.desk.served.version}
    paths = {path: path for path in app.app.routes}
    assert paths.keys() == DOORS.keys()
    for path in paths:
        for part, name in named.items():
            paths[path] = paths[path].replace(part, name)
    return paths


def test_no_route_but_the_public_ones_answers_without_the_token(loans):
    app = application(Served(loans[0]), Settings(token=TOKEN))
    public = {path for path, door in DOORS.items() if door.public}
    assert public == {"/", *(f"{v}/health/{h}" for v in ("", "/v2") for h in HEALTH)}
    with TestClient(app, "http://localhost") as client:
        for door, path in [*paths_of(app).items(), *((p, p) for p in ELSEWHERE)]:
            for verb in VERBS:
                for given in WRONG:
                    headers = {} if given is None else {"authorization": given}
                    status = client.request(verb, path, headers=headers).status_code
                    free = door in public and verb in ("GET", "HEAD")
                    assert status == (200 if free else 401), (verb, path, given)
        given = {"authorization": f"bearer {TOKEN}"}
        for door, path in paths_of(app).items():
            if "GET" in DOORS[door].verbs:
                assert client.get(path, headers=given).status_code == 200, path
        reply = client.post("/v1/predict", json={"rows": [GOOD]}, headers=given)
        assert reply.status_code == 200


HEALTH = ("live", "ready")


def test_verbs_and_paths_are_by_list(client):
    for door, path in paths_of(client.app).items():
        for verb in set(VERBS) - set(DOORS[door].verbs):
            reply = client.request(verb, path)
            assert reply.status_code == 405, (verb, path)
            assert reply.headers["allow"] == ", ".join(DOORS[door].verbs)
    for path in (*ELSEWHERE, "/..%2f..%2fetc/passwd", "/METRICS", "/v2/models/a%2Fb"):
        assert client.get(path).status_code == 404
    assert client.get("/v2/models/other").json() == {"error": NO_MODEL}


NO_MODEL = "there is no such model, or version"


def test_no_websocket_is_opened(client, loans):
    from starlette.websockets import WebSocketDisconnect

    guarded = application(Served(loans[0]), Settings(token=TOKEN))
    with TestClient(guarded, "http://localhost") as other:
        for one in (client, other):
            for path in (*paths_of(one.app).values(), *ELSEWHERE):
                with pytest.raises(WebSocketDisconnect), one.websocket_connect(path):
                    pass


@pytest.mark.parametrize(
    ("host", "status"),
    [
        ("localhost", 200),
        ("LOCALHOST:8000", 200),
        ("127.0.0.1:1", 200),
        ("[::1]:8000", 200),
        ("trusted.example.com", 200),
        ("evil.com", 403),
        ("trusted.example.com.evil.com", 403),
        ("eviltrusted.example.com", 403),
        ("localhost.evil.com", 403),
        ("localhost@evil.com", 403),
        ("localhost:8000:evil.com", 403),
        ("10.0.0.1", 403),
        ("", 403),
    ],
)
def test_the_host_has_to_be_ours(loans, host, status):
    app = application(Served(loans[0]), Settings(hosts=("trusted.example.com",)))
    with TestClient(app, "http://localhost") as client:
        for path in ("/metrics", "/health/live"):
            reply = client.get(path, headers={"host": host})
            assert reply.status_code == status


@pytest.mark.parametrize(
    ("origin", "status"),
    [
        ("http://localhost", 200),
        ("https://trusted.example.com", 200),
        ("http://localhost:3000", 403),
        ("https://evil.com", 403),
        ("https://trusted.example.com.evil.com", 403),
        ("https://trusted.example.com@evil.com", 403),
        ("http://localhost.evil.com", 403),
        ("file://localhost", 403),
        ("null", 403),
        ("http://[", 403),
    ],
)
def test_the_origin_has_to_be_ours(loans, origin, status):
    app = application(Served(loans[0]), Settings(hosts=("trusted.example.com",)))
    with TestClient(app, "http://localhost") as client:
        headers = {"origin": origin}
        reply = client.post("/v1/predict", json={"rows": [GOOD]}, headers=headers)
        assert reply.status_code == status


@pytest.mark.parametrize(
    ("name", "first", "second", "status"),
    [
        ("host", "localhost", "localhost", 403),
        ("origin", "http://localhost", "https://evil.com", 403),
        ("origin", "http://localhost", "", 403),
        ("content-type", "application/json;", "text/plain", 415),
        ("content-encoding", "identity", "gzip", 415),
        ("accept", "text/html", "application/json", 200),
    ],
)
def test_what_is_told_twice_is_held_against_both(client, name, first, second, status):
    headers = {"host": "localhost", "content-type": "application/json"}
    pairs = [*{n: v for n, v in headers.items() if n != name}.items()]
    body = json.dumps({"rows": [GOOD]})
    told = [*pairs, (name, first), (name, second)]
    reply = client.post("/v1/predict", content=body, headers=httpx.Headers(told))
    assert reply.status_code == status


def test_a_form_of_another_site_is_refused(client):
    body = json.dumps({"rows": [GOOD]})
    for kind in ("text/plain", "application/x-www-form-urlencoded", ""):
        headers = {"content-type": kind}
        reply = client.post("/v1/predict", content=body, headers=headers)
        assert reply.status_code == 415


@pytest.mark.parametrize("host", ["0.0.0.0", "::", "10.1.2.3", "example.com"])
def test_others_do_not_reach_a_server_without_a_token(host):
    with pytest.raises(UsageError, match="token"):
        Settings(host)
    Settings(host, token=TOKEN)


def test_a_short_token_is_refused():
    with pytest.raises(UsageError, match="guessed"):
        Settings(token="secret")


# what it tells of itself


def test_metrics_and_openapi(client):
    ask(client, {**GOOD, "town": "Mars"})
    text = client.get("/metrics").text
    assert 'mlkit_requests_total{path="/v1/predict",status="200"}' in text
    assert 'mlkit_flags_total{flag="unseen"}' in text
    for line in text.splitlines():
        assert line.startswith("# ") or float(line.rpartition(" ")[2]) >= 0
    schemas = client.get("/openapi.json").json()["components"]["schemas"]
    row = schemas["Row"]
    assert set(row["properties"]) == {*GOOD, "name", "late"}
    assert row["properties"]["age"]["type"] == ["number", "string", "null"]
    assert "town" in row["required"]
    assert schemas["Prediction"]["properties"]["label"]["enum"] == ["no", "yes"]


def test_a_taken_port_is_told(loans, capsys):
    import socket

    from mlkit.cli.group import command_line

    with socket.create_server(("127.0.0.1", 0)) as other:
        port = str(other.getsockname()[1])
        given = ["serve", str(loans[0]), "--log", "off", "--port", port]
        assert command_line(given) == 2
    assert "cannot listen" in capsys.readouterr().err


def test_a_token_is_read_from_the_environment(loans, monkeypatch, capsys):
    from mlkit.cli.group import command_line

    monkeypatch.delenv("SECRET", raising=False)
    given = ["serve", str(loans[0]), "--log", "off", "--token-env", "SECRET"]
    assert command_line(given) == 2
    assert "SECRET holds no token" in capsys.readouterr().err
    environment = {**os.environ, "SECRET": TOKEN}
    options = ("--token-env", "SECRET", "--host", "0.0.0.0", "--log", "off")
    with running(loans[0], *options, env=environment) as client:
        client.base_url = str(client.base_url).replace("0.0.0.0", "127.0.0.1")
        assert ask(client, GOOD).status_code == 401
        client.headers["authorization"] = f"Bearer {TOKEN}"
        assert ask(client, GOOD).status_code == 200
        for host, status in {"10.0.0.7": 200, "evil.com": 403}.items():
            reply = client.get("/metrics", headers={"host": host})
            assert reply.status_code == status


def test_requests_and_replies_are_as_openapi_says(client):
    from jsonschema import Draft202012Validator, ValidationError

    document = client.get("/openapi.json").json()

    def holds(name, value):
        where = {"$ref": f"#/components/schemas/{name}"}
        Draft202012Validator({**document, **where}).validate(value)

    columns = {name: [cell] for name, cell in GOOD.items()}
    for body in ({"rows": [GOOD, {**GOOD, "town": "Mars"}]}, {"columns": columns}):
        holds("Request", body)
        holds("Reply", client.post("/v1/predict", json=body).json())
    more = ({"rows": [GOOD], "id": ""}, {"rows": [{**GOOD, "age": "old"}]})
    for body in (
        {},
        {"rows": []},
        {"rows": [{**GOOD, "age": False}]},
        {"rows": [7]},
        *more,
    ):
        with pytest.raises(ValidationError):
            holds("Request", body)
        reply = client.post("/v1/predict", json=body)
        assert reply.status_code == 422
        holds("Error", reply.json())


def test_a_folder_that_is_no_package_is_not_served(tmp_path):
    with pytest.raises(InputError, match="no package"):
        Served(tmp_path)


# fuzz

CELLS = st.one_of(
    st.none(),
    st.booleans(),
    st.integers(),
    st.floats(allow_nan=False, allow_infinity=False),
    st.text(),
    st.sampled_from(["Ghent", "?", "", "2024-02-30", "-0", "1e400", "\0", "/etc"]),
    st.lists(st.integers(), max_size=2),
)
ROWS = st.fixed_dictionaries(
    {name: st.one_of(st.just(cell), CELLS) for name, cell in GOOD.items()},
    optional={"name": CELLS, "late": CELLS, "other": CELLS},
)
BODIES = st.one_of(
    st.fixed_dictionaries({"rows": st.lists(ROWS, max_size=4)}).map(json.dumps),
    st.recursive(
        CELLS, lambda deep: st.dictionaries(st.sampled_from(["rows", "id"]), deep)
    ).map(json.dumps),
    st.binary(max_size=60),
)


@settings(max_examples=400, deadline=None, suppress_health_check=QUIET)
@given(body=BODIES)
def test_no_request_breaks_it(client, body):
    kind = {"content-type": "application/json"}
    reply = client.post("/v1/predict", content=body, headers=kind)
    assert reply.status_code in (200, 409, 413, 422), reply.text
    if reply.status_code == 200:
        assert find(client.log, reply.json()["id"]).reply == reply.json()


WATCHED: list[str] = []
TOUCHES = ("open", "os.", "shutil.", "subprocess.", "socket.connect", "glob.", "exec")


@pytest.fixture
def touched():
    """What is opened, run or connected to, in any thread, while a test watches."""

    def hook(event, args):
        if WATCHED and event.startswith(TOUCHES):
            WATCHED.append(f"{event} {args}")

    sys.addaudithook(hook)
    yield WATCHED
    WATCHED.clear()


def test_no_request_touches_the_file_system(loans, touched):
    app = application(Served(loans[0]), Settings())
    paths = ["/etc/passwd", "../../etc/passwd", "file:///etc/passwd", "~", "a\0b"]
    with TestClient(app, "http://localhost") as client:
        for turn in range(2):
            for path in paths:
                for name in GOOD:
                    status = ask(client, {**GOOD, name: path}).status_code
                    assert status == (422 if name in ("age", "day") else 200)
                ask(client, {**GOOD, path: path}, id=path)
                client.post(f"/v1/predict/{quote(path)}", json={})
            if turn == 0:
                touched.append("watch")
        assert touched == ["watch"]
        with open(os.devnull):
            assert len(touched) == 2


# the process

ALONE = """
import sys
from importlib.machinery import PathFinder

ALLOWED = {"mlkit", "numpy", "onnxruntime", "uvicorn", "msgspec", "h11",
           "httptools", "uvloop", "click",
           "typing_extensions", "google", "flatbuffers", "packaging"}

class Gate:
    @staticmethod
    def find_spec(name, path=None, target=None):
        top = name.partition(".")[0]
        if top in ALLOWED or top in sys.stdlib_module_names:
            return None
        found = PathFinder.find_spec(name, path)
        if found is not None and path is None:
            raise ImportError(f"{name} is heavy")
        return None

for name in {n.partition(".")[0] for n in sys.modules}:
    if name in ("pandas", "pyarrow", "sklearn"):
        raise SystemExit(f"{name} is loaded already")
sys.meta_path.insert(0, Gate)
from mlkit.cli.group import command_line
sys.exit(command_line(["serve", *sys.argv[1:]]))
"""


def test_it_runs_where_nothing_else_can_be_imported(loans, tmp_path):
    process = subprocess.Popen(
        [sys.executable, "-W", "ignore", "-c", ALONE, str(loans[0]), "--port", "0"],
        stdout=subprocess.PIPE,
        cwd=tmp_path,
        text=True,
    )
    try:
        line = process.stdout.readline()
        address = line.partition(" answers at ")[2].partition(", log")[0]
        reply = httpx.post(address, json={"rows": [GOOD]})
        assert reply.status_code == 200, reply.text
        assert len(last(tmp_path / "requests.sqlite")) == 1
    finally:
        process.kill()
        process.wait()
        process.stdout.close()


def test_asked_to_end_it_finishes_what_it_took_in(loans, tmp_path):
    from concurrent.futures import ThreadPoolExecutor

    log = tmp_path / "log.sqlite"
    rows = [GOOD] * 2000
    with running(loans[0], "--log", str(log)) as client, ThreadPoolExecutor(4) as pool:
        body = {"rows": rows}
        asked = [pool.submit(client.post, "/v1/predict", json=body) for _ in range(4)]
        while "mlkit_rows_waiting 0\n" in client.get("/metrics").text:
            if all(one.done() for one in asked):
                break
        client.process.send_signal(signal.SIGTERM)
        done = [one.result() for one in asked]
        assert client.process.wait(20) == 0
    assert [reply.status_code for reply in done] == [200] * 4
    assert {request.id for request in last(log)} == {r.json()["id"] for r in done}


FULL = """
import resource, sys
from mlkit.cli.group import command_line
resource.setrlimit(resource.RLIMIT_FSIZE, (150_000, 150_000))
sys.exit(command_line(["serve", *sys.argv[1:]]))
"""


def test_a_full_disk_gives_503s(loans, tmp_path):
    log = tmp_path / "log.sqlite"
    command = [sys.executable, "-c", FULL, str(loans[0]), "--port", "0", "--log", log]
    quiet = {"stdout": subprocess.PIPE, "stderr": subprocess.PIPE, "text": True}
    process = subprocess.Popen(command, **quiet)
    try:
        line = process.stdout.readline()
        address = line.partition(" answers at ")[2].partition("/v1/")[0]
        with httpx.Client(base_url=address) as client:
            replies = [ask(client, *[GOOD] * 50) for _ in range(40)]
            assert client.get("/health/live").status_code == 200
    finally:
        process.kill()
        told = process.communicate()[1]
    kept = [reply.json()["id"] for reply in replies if reply.status_code == 200]
    refused = [reply for reply in replies if reply.status_code != 200]
    assert kept
    assert refused
    assert {reply.status_code for reply in refused} == {503}
    assert all(int(reply.headers["retry-after"]) > 0 for reply in refused)
    assert "the request log failed" in told
    assert {request.id for request in last(log, 100)} == set(kept)


def test_a_locked_log_gives_503s_and_comes_back(client):
    import sqlite3

    other = sqlite3.connect(client.log, isolation_level=None)
    other.execute("BEGIN IMMEDIATE")
    try:
        reply = ask(client, GOOD, id="locked")
        assert (reply.status_code, reply.headers["retry-after"]) == (503, "2")
        assert client.get("/health/ready").status_code == 503
    finally:
        other.execute("ROLLBACK")
        other.close()
    assert client.get("/health/ready").status_code == 200
    assert ask(client, GOOD, id="locked").status_code == 200


def test_a_server_reads_no_more_than_it_may_hold(loans):
    app = application(Served(loans[0]), Settings(held=200))
    with TestClient(app, "http://localhost") as client:
        for _ in range(3):
            assert ask(client, *[GOOD] * 4).status_code == 503
            assert ask(client, GOOD).status_code == 200


def test_a_body_said_to_be_endless_is_too_large(loans):
    app = application(Served(loans[0]), Settings())
    with TestClient(app, "http://localhost") as client:
        headers = {"content-length": "9" * 5000, "content-type": "application/json"}
        assert (
            client.post("/v1/predict", content=b"{", headers=headers).status_code == 413
        )


def test_a_slow_model_is_given_up(loans):
    app = application(Served(loans[0]), Settings(seconds=0.3))
    with TestClient(app, "http://localhost") as client:
        served = app.app.duty.desk.served
        answers = served.answers
        served.answers = lambda *a: (time.sleep(1), answers(*a))[1]
        assert ask(client, GOOD).status_code == 503
        served.answers = answers
        time.sleep(1)
        assert ask(client, GOOD).status_code == 200


def test_one_that_breaks_the_model_takes_no_other_with_it(loans, capsys):
    app = application(Served(loans[0]), Settings())
    with TestClient(app, "http://localhost") as client:
        served = app.app.duty.desk.served
        answers = served.answers

        def touchy(cells, count):
            if 13 in cells["age"]:
                raise ValueError("thirteen")
            return answers(cells, count)

        served.answers = touchy
        assert ask(client, {**GOOD, "age": 13}).status_code == 500
        assert ask(client, GOOD).status_code == 200
        served.answers = answers
    assert "thirteen" in capsys.readouterr().err


def test_a_slow_request_is_given_up(loans):
    import socket

    code = f"""
import sys
from mlkit.product.serve import Settings, serve
serve({str(loans[0])!r}, Settings(port=0, seconds=0.5), None, print)
"""
    process = subprocess.Popen(
        [sys.executable, "-u", "-c", code], stdout=subprocess.PIPE, text=True
    )
    try:
        port = int(process.stdout.readline().split()[0].rpartition(":")[2])
        with socket.create_connection(("127.0.0.1", port)) as one:
            one.sendall(
                b"POST /v1/predict HTTP/1.1\r\nhost: localhost\r\n"
                b"content-type: application/json\r\ncontent-length: 99\r\n\r\n{"
            )
            one.settimeout(10)
            assert one.recv(100).startswith(b"HTTP/1.1 408 ")
    finally:
        process.kill()
        process.wait()
        process.stdout.close()


def test_when_too_many_wait_others_are_asked_to_come_again(loans):
    app = application(Served(loans[0]), Settings(waiting=3))
    with TestClient(app, "http://localhost") as client:
        reply = ask(client, *[GOOD] * 4)
        assert (reply.status_code, reply.headers["retry-after"]) == (503, "1")
        assert ask(client, *[GOOD] * 3).status_code == 200


KILLS = int(os.environ.get("MLKIT_KILLS", "60"))


@pytest.mark.slow
def test_what_was_acknowledged_is_in_the_log_after_a_kill(loans, tmp_path):
    import threading

    log, acknowledged = tmp_path / "log.sqlite", []

    def load(address):
        with httpx.Client(base_url=address, timeout=5) as client:
            while True:
                try:
                    reply = ask(client, GOOD)
                except httpx.HTTPError:
                    return
                if reply.status_code == 200:
                    acknowledged.append(reply.json()["id"])

    for round_ in range(KILLS):
        with running(loans[0], "--log", str(log)) as client:
            args = (str(client.base_url),)
            threads = [threading.Thread(target=load, args=args) for _ in range(8)]
            for thread in threads:
                thread.start()
            time.sleep(0.2 + 0.03 * round_)
            client.process.kill()
            for thread in threads:
                thread.join()
    kept = [request.id for request in last(log, 10**9)]
    assert len(acknowledged) > 10 * KILLS
    assert len(kept) == len(set(kept))
    assert set(acknowledged) <= set(kept)


def test_a_projects_champion_is_served_and_logged_with_its_run(loans, maker, capfd):
    from mlkit.cli.group import command_line

    maker.step(
        "01_package",
        f"folder: str = {str(loans[0])!r}",
        "import mlkit as mk\nfrom pathlib import Path",
        "mk.save(package=Path(folder))",
    )
    with pytest.raises(subprocess.CalledProcessError):
        subprocess.run(
            [sys.executable, "-m", "mlkit", "serve", maker.root],
            check=True,
            capture_output=True,
        )
    run = maker.run()
    assert run.state == "passed"
    with running(maker.root) as client:
        name = ask(client, GOOD).json()["id"]
        client.process.send_signal(signal.SIGINT)
        client.process.wait(20)
    command_line(["log", "--id", name, "--json", str(maker.root)])
    told = json.loads(capfd.readouterr().out)
    assert told["about"]["artifact"] == f"folder-{told['model']}"
    assert told["about"]["run"] == maker.events[0]["run"]
    assert told["about"]["project"] == maker.root.name


def test_without_a_promise_a_reply_is_as_it_was(loans, tmp_path):
    folder = tmp_path / "copy"
    shutil.copytree(loans[0], folder)
    (folder / "promise.json").unlink()
    with TestClient(application(Served(folder), Settings()), LOCAL) as client:
        reply = ask(client, GOOD).json()
        assert client.get("/v1/schema").json()["coverage"] is None
    assert set(reply) == {"id", "model", "predictions"}
    assert set(reply["predictions"][0]) == {"label", "probabilities", "flags"}
