"""The Python client, against a server, and against one that is busy or gone."""

from __future__ import annotations

import json
import threading
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import httpx
import numpy as np
import pandas as pd
import pytest

from mlkit.core.errors import InputError, MlkitError
from mlkit.model.runtime import Predictor
from mlkit.product import client as module
from mlkit.product.client import Client
from mlkit.product.log import read

TOKEN = "correct-horse-battery-staple"
ROWS = pd.DataFrame(
    {
        "age": [40, np.nan, 61],
        "pay": ["2,100.5", None, "?"],
        "town": ["Ghent", "Turin", pd.NA],
        "day": pd.to_datetime(["2024-03-01", None, "2024-05-05"]),
    },
    index=["a", "b", "c"],
)


def test_a_table_goes_in_and_a_table_comes_out(running, loans, tmp_path, monkeypatch):
    monkeypatch.setattr(module, "ROWS", 2)
    log = tmp_path / "log.sqlite"
    told = {"MY_TOKEN": TOKEN}
    with running(loans, "--log", log, "--token-env", "MY_TOKEN", **told) as server:
        with Client(str(server.base_url), TOKEN) as model:
            assert model.ready()["ready"]
            found = model.predict(ROWS, id="mine")
            again = model.predict(ROWS, id="mine")
            said = model.feedback([("mine", 0, "yes"), ("mine", 1, "no")])
            model.feedback({"mine-1": "no"})
        with (
            Client(str(server.base_url)) as stranger,
            pytest.raises(InputError, match="token"),
        ):
            stranger.predict(ROWS)
    assert found.equals(again)
    assert list(found.index) == ["a", "b", "c"]
    assert found["request.id"].tolist() == ["mine", "mine", "mine-1"]
    assert found["request.row"].tolist() == [0, 1, 0]
    assert "2" in json.dumps(said)
    cells = {
        "age": ROWS["age"].to_numpy(),
        "pay": ROWS["pay"].to_numpy(object),
        "town": np.array(["Ghent", "Turin", None], object),
        "day": np.array(["2024-03-01", None, "2024-05-05"], object),
    }
    alone = Predictor(loans).predict(cells)
    assert found["prediction"].tolist() == list(alone.prediction)
    chances = found[["probability_no", "probability_yes"]].to_numpy()
    np.testing.assert_allclose(chances, alone.probabilities, atol=1e-8)
    sets = Predictor(loans).promise.sets(alone.probabilities)
    named = [
        [c for c, held in zip(["no", "yes"], row, strict=True) if held] for row in sets
    ]
    assert found["set"].tolist() == named
    kept = read(log)
    assert len(kept) == 3
    assert kept["output.set"].map(json.loads).tolist() == named
    assert kept["truth"].tolist() == ["yes", "no", "no"]


def test_numbers_come_back_as_numbers(running, owed):
    with running(owed, "--log", "off") as server, Client(str(server.base_url)) as model:
        found = model.predict(ROWS)
    assert found["prediction"].dtype == "float64"
    assert (found["lower"] <= found["prediction"]).all()
    assert (found["prediction"] <= found["upper"]).all()


def test_what_the_server_does_not_take_is_told_with_its_field(running, loans):
    with running(loans, "--log", "off") as server, Client(str(server.base_url)) as one:
        for table, word in (
            (ROWS.assign(age=[{"x": 1}, 2, 3]), "age"),
            (ROWS.assign(agee=1), "agee"),
            (ROWS.drop(columns="town"), "town"),
        ):
            with pytest.raises(InputError, match=word):
                one.predict(table)


@contextmanager
def busy(*codes):
    """A server that says 503 or hangs up, as told, before it answers."""
    codes, seen = list(codes), []

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self):
            body = self.rfile.read(int(self.headers["content-length"]))
            seen.append(json.loads(body)["id"])
            code = codes.pop(0) if codes else 200
            if code == 0:
                self.close_connection = True
                self.connection.close()
                return
            form = {"error": {"what": "too many requests wait"}}
            if code == 200:
                told = [{"value": 1.5, "flags": []}]
                form = {"id": seen[-1], "model": "m", "predictions": told}
            self.send_response(code)
            if code == 503:
                self.send_header("retry-after", "0")
            self.end_headers()
            self.wfile.write(json.dumps(form).encode())

        def log_message(self, *_):
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    try:
        yield f"http://127.0.0.1:{server.server_port}", seen
    finally:
        server.shutdown()
        server.server_close()


def test_a_busy_server_is_asked_again_under_the_same_id(monkeypatch):
    monkeypatch.setattr(module, "_pause", lambda _: 0.01)
    with busy(503, 0, 503) as (url, seen), Client(url) as model:
        found = model.predict(ROWS[:1])
        assert found["prediction"].tolist() == [1.5]
        assert len(seen) == 4
        assert len(set(seen)) == 1


def test_a_server_that_stays_busy_or_away_is_given_up(monkeypatch):
    monkeypatch.setattr(module, "_pause", lambda _: 0.01)
    with busy(*[503] * 9) as (url, seen), Client(url, tries=3) as model:
        with pytest.raises(MlkitError, match="too many requests wait"):
            model.predict(ROWS[:1])
        assert len(seen) == 3
    with Client(url, tries=2) as model, pytest.raises(MlkitError, match="not answer"):
        model.predict(ROWS[:1])


@contextmanager
def answered(reply):
    """A client whose requests `reply` answers, in process; and what it was asked."""
    asked = []

    def handle(request):
        asked.append(json.loads(request.content))
        return reply(asked[-1])

    with Client("http://x") as model:
        model._http = httpx.Client(
            base_url="http://x", transport=httpx.MockTransport(handle)
        )
        yield model, asked


@pytest.mark.parametrize("error", ["bad gateway", None, ["x"], 7, {"code": 1}])
def test_what_a_gateway_says_is_told(error):
    reply = httpx.Response(502, json={"error": error})
    with answered(lambda _: reply) as (model, _), pytest.raises(MlkitError) as told:
        model.predict(ROWS)
    assert "the server said 502" in str(told.value)
    assert ("bad gateway" in str(told.value)) == (error == "bad gateway")


@pytest.mark.parametrize("reply", [{"text": "<p>hello"}, {"json": []}, {"json": {}}])
def test_an_answer_that_is_none_of_a_model_server_is_told(reply):
    with answered(lambda _: httpx.Response(200, **reply)) as (model, _):
        with pytest.raises(MlkitError, match="not that of a model server"):
            model.predict(ROWS)
        with pytest.raises(MlkitError, match="not that of a model server"):
            model.feedback({"a": "yes"})


def test_a_number_that_json_has_not_is_told_with_its_row_and_field(monkeypatch):
    monkeypatch.setattr(module, "ROWS", 2)
    table = pd.DataFrame({"age": [1, 2, 3], "pay": [1.0, np.nan, -np.inf]})
    good = {"label": "no", "flags": []}

    def reply(form):
        told = [good] * len(form["rows"])
        return httpx.Response(
            200, json={"id": form["id"], "model": "m", "predictions": told}
        )

    with answered(reply) as (model, asked):
        with pytest.raises(InputError, match=r"field 'pay', row 2\b") as told:
            model.predict(table)
        assert "-inf" in str(told.value)
        with pytest.raises(InputError, match=r"field 'x', row 1\b"):
            model.ask([{"x": 1.0}, {"x": float("nan")}])
        with pytest.raises(InputError, match=r"field 'truth', row 1\b"):
            model.feedback([("a", 0, 1.5), ("a", 1, np.float32("inf"))])
        assert not asked


def test_an_empty_table_gets_an_empty_table_of_answers():
    index = pd.Index([], name="key")
    with answered(lambda _: None) as (model, asked):
        found = model.predict(pd.DataFrame({"age": []}, index=index))
    assert found["request.id"].tolist() == found["prediction"].tolist() == []
    assert found.index.name == "key"
    assert not asked


def test_truths_go_in_parts_and_in_halves_where_they_are_too_many(monkeypatch):
    monkeypatch.setattr(module, "ROWS", 4)

    def reply(form):
        many = len(form["truths"])
        if many > 3:
            return httpx.Response(413, json={"error": {"what": "at most 3 truths"}})
        return httpx.Response(200, json={"written": many, "unseen": ["x", f"{many}"]})

    with answered(reply) as (model, asked):
        told = model.feedback(("a", row, row) for row in range(7))
        assert model.feedback({"b": None})["written"] == 1
    assert told == {"written": 7, "unseen": ["x", "2", "3"]}
    rows = [[one.get("row") for one in form["truths"]] for form in asked]
    assert rows == [[0, 1, 2, 3], [0, 1], [2, 3], [4, 5, 6], [None]]


def test_a_server_refuses_no_truths_as_before():
    reply = httpx.Response(422, json={"error": {"what": "too short"}})
    with (
        answered(lambda _: reply) as (model, asked),
        pytest.raises(InputError, match="too short"),
    ):
        model.feedback({})
    assert asked == [{"truths": []}]
