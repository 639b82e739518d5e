"""The Python client, against a server, and against one that is busy or gone."""

from __future__ import annotations

import json
import threading
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

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
