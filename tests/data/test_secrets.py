"""A secret is a reference: what it stands for reaches no file and no message."""

from __future__ import annotations

import json
import os
import sqlite3
import subprocess
import sys
import threading
from contextlib import closing
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from urllib.parse import parse_qs, quote, urlsplit

import pytest

from mlkit.core.errors import InputError, StepError
from mlkit.data.collect import collect
from mlkit.data.reading import secrets

SECRET = "s3cr/t w0rd&more"
KEY = "k3y+%val"


def test_references_are_filled_in_however_deep(monkeypatch):
    monkeypatch.setenv("TOKEN", "abc")
    asked = {"a": ["env:TOKEN", 1], "b": {"c": "Bearer env:TOKEN"}}
    assert secrets.filled(asked) == {"a": ["abc", 1], "b": {"c": "Bearer abc"}}
    assert secrets.names(asked) == ["TOKEN"]
    monkeypatch.delenv("TOKEN")
    with pytest.raises(InputError, match="TOKEN is not set"):
        secrets.filled(asked)


def test_in_a_url_they_are_percent_encoded_and_turned_back(monkeypatch):
    monkeypatch.setenv("KEY", KEY)
    uri = "https://x.org/?key=env:KEY"
    full = secrets.address(uri)
    assert parse_qs(urlsplit(full).query) == {"key": [KEY]}
    assert secrets.referred(full, uri) == uri
    assert secrets.referred(f"no {KEY}", uri) == "no env:KEY"
    monkeypatch.setenv("WHOLE", "https://x.org/?a=1")
    assert secrets.address("env:WHOLE") == "https://x.org/?a=1"


@pytest.mark.parametrize(
    "uri",
    [
        "postgresql://ann:hunter2@db/shop",
        "https://x.org/data.csv?api_key=hunter2",
        "https://x.org/data.csv?a=1&token=hunter2",
    ],
)
def test_a_secret_in_an_address_is_refused_and_not_repeated(uri):
    with pytest.raises(InputError) as caught:
        collect(uri)
    assert "hunter2" not in str(caught.value)
    assert "env:" in str(caught.value)


@pytest.mark.parametrize("error", [InputError, StepError, ValueError])
def test_errors_lose_their_secrets(monkeypatch, error):
    monkeypatch.setenv("WORD", SECRET)
    monkeypatch.setenv("URL", "postgresql://ann:hunter2@db/shop")
    for told in (SECRET, quote(SECRET, safe=""), "hunter2"):
        with (
            pytest.raises((InputError, StepError)) as caught,
            secrets.hidden("env:WORD", {"u": "env:URL"}),
        ):
            raise error(f"said {told} back")
        assert told not in str(caught.value)
        assert "***" in str(caught.value)
    with pytest.raises(error, match="nothing secret"), secrets.hidden("env:WORD"):
        raise error("nothing secret")


def test_a_whole_address_may_be_a_reference(in_folder, monkeypatch):
    with closing(sqlite3.connect(in_folder / "shop.db")) as db:
        db.executescript("CREATE TABLE t (x, y); INSERT INTO t VALUES (1, 2), (3, 4)")
    monkeypatch.setenv("DATABASE_URL", "sqlite:///shop.db")
    found = collect("env:DATABASE_URL")
    assert found.table["x"].tolist() == [1, 3]
    assert found.receipt.source == "env:DATABASE_URL"
    monkeypatch.setenv("DATABASE_URL", "duckdb:///nope.db")
    with pytest.raises(InputError, match="no such database"):
        collect("env:DATABASE_URL")


class Server:
    """An API that wants a token and a key, and tells both back in its answers."""

    def __init__(self):
        outer = self
        self.token = SECRET

        class Handler(BaseHTTPRequestHandler):
            def log_message(self, *_):
                pass

            def do_HEAD(self):
                self.send_response(405)
                self.send_header("Content-Length", "0")
                self.end_headers()

            def do_GET(self):
                asked = parse_qs(urlsplit(self.path).query)
                told = self.headers.get("Authorization")
                good = told == f"Bearer {outer.token}" and asked["key"] == [KEY]
                start = int(asked.get("start", ["0"])[0])
                onward = f"{self.path.partition('&')[0]}&start={start + 5}"
                rows = [{"n": n, "t": n % 2} for n in range(start, start + 5)]
                form = {"rows": rows, "next": onward if start < 20 else None}
                body = json.dumps(form).encode() if good else f"no {told}".encode()
                self.send_response(200 if good else 403, f"no {told}")
                self.send_header("Content-Type", "application/json")
                self.send_header("Content-Length", str(len(body)))
                self.end_headers()
                self.wfile.write(body)

        self.http = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.at = f"http://127.0.0.1:{self.http.server_port}"
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
    yield running
    running.close()


def holds_secret(content):
    forms = {SECRET, KEY, quote(SECRET, safe=""), quote(KEY, safe="")}
    escaped = {json.dumps(form)[1:-1] for form in forms}
    return [form for form in forms | escaped if form.encode() in content]


@pytest.mark.slow
def test_a_run_that_uses_secrets_leaves_them_nowhere(maker, server, monkeypatch):
    monkeypatch.setenv("SHOP_TOKEN", SECRET)
    monkeypatch.setenv("SHOP_KEY", KEY)
    maker.step(
        "01_collect",
        f'data: str = "{server.at}/rows?key=env:SHOP_KEY"\n'
        'options: dict[str, str] = {"header.Authorization": "Bearer env:SHOP_TOKEN"}\n'
        'level: str = "DEBUG"',
        "import mlkit as mk\nimport logging\nfrom mlkit.data.collect import collect",
        "logging.basicConfig(level=level)",
        'collected = collect(data, target="t", options=options)\ncollected',
        "mk.save(raw=collected.table, receipt=collected.receipt.to_dict())",
    )
    said = b""

    def call(*words):
        nonlocal said
        command = [sys.executable, "-m", "mlkit", *words]
        done = subprocess.run(command, cwd=maker.root, capture_output=True)
        said += done.stdout + done.stderr
        return done.returncode

    assert call("run", "--json") == 0, said.decode()
    assert call("run") == 0
    assert call("status") == 0
    assert call("why", "collect") == 0
    server.token = "another"
    assert call("run", "--refresh") == 2
    assert call("status", "--json") == 0
    assert call("show", "raw") == 0
    assert b"403" in said
    assert b"env:SHOP_TOKEN" in b"".join(
        path.read_bytes() for path in maker.root.rglob("*.ipynb")
    )
    assert not holds_secret(said)
    files = [path for path in maker.root.rglob("*") if path.is_file()]
    assert len(files) > 20
    for path in files:
        assert not holds_secret(path.read_bytes()), os.path.relpath(path, maker.root)
