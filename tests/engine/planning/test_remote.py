"""What lies elsewhere is looked at by a process of its own, and makes steps stale."""

from __future__ import annotations

import json
import sqlite3
import threading
import time
from contextlib import closing
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest

from mlkit.engine.planning import remote
from mlkit.engine.planning.graph import build
from mlkit.engine.planning.plan import status
from mlkit.engine.planning.remote import Remote


class Server:
    """One file with an ETag."""

    def __init__(self):
        outer, self.body, self.etag, self.status = self, b"", "1", 200

        class Handler(BaseHTTPRequestHandler):
            def log_message(self, *_):
                pass

            def do_GET(self):
                same = self.headers.get("If-None-Match") == f'"{outer.etag}"'
                self.send_response(304 if same else outer.status)
                self.send_header("ETag", f'"{outer.etag}"')
                body = b"" if same else outer.body
                self.send_header("Content-Length", str(len(body)))
                self.end_headers()
                self.wfile.write(b"" if self.command == "HEAD" else body)

            do_HEAD = do_GET

        self.http = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.uri = f"http://127.0.0.1:{self.http.server_port}/data.csv"
        self.thread = threading.Thread(
            target=self.http.serve_forever, args=(0.01,), daemon=True
        )
        self.thread.start()

    def close(self):
        self.http.shutdown()
        self.http.server_close()
        self.thread.join()


@pytest.fixture
def server():
    running = Server()
    running.body = b"code,x\n007,1\n008,2\n"
    yield running
    running.close()


def why(maker, step):
    return status(maker.project, build(maker.project)).checks[step].why


@pytest.fixture
def shop(tmp_path):
    with closing(sqlite3.connect(tmp_path / "shop.db")) as db:
        db.executescript("CREATE TABLE t (x INTEGER); INSERT INTO t VALUES (1), (2)")
    return tmp_path / "shop.db"


def thing(uri, **options):
    return {"uri": uri, "how": {"uri": uri, "options": options}}


def test_a_place_is_looked_at_once_and_answers_with_its_fingerprint(shop, monkeypatch):
    look = Remote(shop.parent)
    mark = look.fingerprint(thing("sqlite:///shop.db"))
    assert mark.startswith("2 rows, ")
    assert look.fingerprint(thing("sqlite:///shop.db", cursor="x")) == (
        "2 rows, x up to 2"
    )
    monkeypatch.setattr(remote, "COMMAND", ("false",))
    assert look.fingerprint(thing("sqlite:///shop.db")) == mark


def test_what_cannot_be_looked_at_is_said_and_holds(shop, capfd):
    look = Remote(shop.parent)
    assert look.fingerprint(thing("sqlite:///nope.db")) is None
    assert look.fingerprint(thing("sqlite:///nope.db")) is None
    said = capfd.readouterr().err
    assert said.count("could not be looked at") == 1
    assert "did you mean 'shop.db'" in said
    assert "what was read before is used" in said


@pytest.mark.parametrize("command", [("false",), ("echo", "no json"), ("sleep", "60")])
def test_a_look_that_breaks_is_no_answer(shop, monkeypatch, capfd, command):
    monkeypatch.setattr(remote, "COMMAND", command)
    monkeypatch.setattr(remote, "WAIT", 0.2)
    assert Remote(shop.parent).fingerprint(thing("sqlite:///shop.db")) is None
    assert "could not be looked at" in capfd.readouterr().err


def test_no_secret_is_said_where_a_look_fails(tmp_path, monkeypatch, capfd):
    monkeypatch.setenv("SHOP_PASSWORD", "s3cret/word")
    uri = "http://ann:env:SHOP_PASSWORD@127.0.0.1:9/x.csv?key=env:SHOP_PASSWORD"
    assert Remote(tmp_path).fingerprint(thing(uri)) is None
    said = capfd.readouterr().err
    assert "env:SHOP_PASSWORD" in said
    assert "s3cret" not in said
    assert "s3cret" not in json.dumps(thing(uri))


@pytest.mark.slow
def test_a_changed_etag_makes_the_right_steps_stale(maker, server):
    maker.step(
        "01_collect",
        f'data: str = "{server.uri}"',
        "import mlkit as mk\nfrom mlkit.data.collect import collect",
        "collected = collect(data)\ncollected",
        "mk.save(raw=collected.table, receipt=collected.receipt.to_dict())",
    )
    maker.step(
        "02_total",
        "",
        "import mlkit as mk",
        'mk.save(total=float(mk.load("raw")["x"].sum()))',
    )
    maker.step("03_alone", "", "import mlkit as mk", "mk.save(alone=1)")
    assert sorted(maker.executed()) == ["alone", "collect", "total"]
    assert "is fresh" in why(maker, "collect")
    assert maker.executed() == []
    server.body, server.etag = b"code,x\n007,1\n009,5\n", "2"
    assert f"{server.uri} changed" in why(maker, "collect")
    assert f"{server.uri} changed" in why(maker, "total")
    assert "is fresh" in why(maker, "alone")
    assert sorted(maker.executed()) == ["collect", "total"]
    receipt = maker_receipt(maker)
    assert receipt["notes"][-1].endswith("UTC): 1 new, 1 gone")
    server.status = 503
    server.etag = "3"
    assert "is fresh" in why(maker, "collect")


def maker_receipt(maker):
    from mlkit.core.store import Store

    store = Store(maker.project.state)
    return store.get(store.refs("main")["receipt"])


@pytest.mark.slow
def test_how_often_a_place_is_looked_at(maker, server, monkeypatch):
    maker.step(
        "01_read",
        f'uri: str = "{server.uri}"\nrefresh: str = "changed"',
        "import mlkit as mk\nfrom mlkit.core.cells import reads",
        "how = {'uri': uri, 'options': {}}\n"
        "reads(uri, kind='http', refresh=refresh, fingerprint='etag \"1\"', how=how)",
        "mk.save(done=refresh)",
    )

    def runs(refresh):
        return maker.executed(given={"read.refresh": refresh})

    for refresh in ("changed", "always", "daily", "never"):
        assert runs(refresh) == ["read"]
    for refresh in ("changed", "daily", "never"):
        assert runs(refresh) == []
    assert runs("always") == ["read"]
    server.etag = "2"
    for refresh, expected in {"never": [], "daily": [], "changed": ["read"]}.items():
        assert runs(refresh) == expected
    later = time.time() + 25 * 3600
    monkeypatch.setattr("mlkit.engine.planning.key.time.time", lambda: later)
    assert runs("never") == []
    assert runs("daily") == ["read"]
