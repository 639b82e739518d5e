"""The model server beside a static reply, MLflow and BentoML, over loopback.

10 numbers and 2 categories a row, a boosted model of each. All servers run at once and
are asked in turn, round after round; a ratio is the median over the rounds of what was
measured in one. `static` is the same uvicorn with an application that replies with the
same bytes to everything; `columns` and `arrow` are batches in other forms, asked of
ours.
"""

import argparse
import json
import os
import shutil
import signal
import statistics
import subprocess
import sys
import tempfile
import time
from contextlib import ExitStack, contextmanager
from pathlib import Path

import numpy as np
import pandas as pd
import psutil
from serve_load import load, request
from serve_peers import NEEDS
from tables import DEFAULT, environment

PLACE = Path(__file__).parent
STATIC = """
import sys
import uvicorn
from mlkit.product.serve import BACKLOG, _listen
from mlkit.product.serving.wire import Wire

told = sys.argv[2].encode()
length = (b"content-length", str(len(told)).encode())
head = {"type": "http.response.start", "status": 200,
        "headers": [(b"content-type", b"application/json"), length]}

async def app(scope, receive, send):
    await receive()
    await send(head)
    await send({"type": "http.response.body", "body": told})

config = uvicorn.Config(app, access_log=False, backlog=BACKLOG, date_header=False,
                        http=Wire, lifespan="off", log_level="warning",
                        proxy_headers=False, server_header=False, ws="none")
uvicorn.Server(config).run(sockets=[_listen("127.0.0.1", int(sys.argv[1]))])
"""


def frame(count=3000):
    """Make rows: what is asked, and what is learned from."""
    rng = np.random.default_rng(0)
    rows = pd.DataFrame({f"x{n}": rng.normal(size=count).round(4) for n in range(10)})
    rows["town"] = rng.choice(["Ghent", "Turin", "Lviv"], count)
    rows["kind"] = rng.choice([*"abcdefgh"], count)
    push = rows["x0"] * rows["x1"] + rows["x2"] + (rows["town"] == "Ghent")
    return rows.assign(
        target=np.where(push + rng.normal(size=count) > 0.5, "yes", "no")
    )


def packed(table):
    """Return our package of a boosted model."""
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

    raw = collect(str(table), target="target").table
    cleaned = clean(raw)
    parts = split(cleaned.table, raw)
    model = fit("boosting", {}, parts.train, Problem.of(parts.train))
    evaluation = evaluate(model, parts.valid)
    nothing = Review(model.problem, 1, 0.0, 0.0, ())
    accepted = accept(model, cleaned.cleaning, evaluation, nothing, parts.test)
    blind = Schema.of(parts.test).without("target")
    test = blind.attach(parts.test.drop(columns="target"))
    given = (model, accepted, cleaned.cleaning, infer(raw), parts.valid, test)
    return package(*given).folder


class Server:
    """A server at work: its port, its processes and what it is asked."""

    def __init__(self, name, command, port, path, form, folder):
        self.name, self.port, self.path, self.form = name, port, path, form
        quiet = {"stdout": subprocess.DEVNULL, "stderr": subprocess.DEVNULL}
        self.process = subprocess.Popen(
            [*map(str, command)],
            cwd=folder,
            env={**os.environ, "OMP_NUM_THREADS": "1"},
            start_new_session=True,
            **quiet,
        )

    def wait(self, rows, seconds=600):
        """Wait for its first reply."""
        end = time.monotonic() + seconds
        while time.monotonic() < end and self.process.poll() is None:
            try:
                load(self.port, self.asks(rows), 1, 0.2)
            except OSError:
                time.sleep(0.5)
            else:
                return True
        return False

    def asks(self, rows):
        return request(self.path, json.dumps(self.form(rows)).encode())

    def cpu(self):
        """Return the CPU seconds of it and its children."""
        whole = psutil.Process(self.process.pid)
        some = [whole, *whole.children(recursive=True)]
        return sum(sum(one.cpu_times()[:2]) for one in some)

    def measure(self, sent, connections, seconds):
        """Return replies a second, CPU milliseconds a reply, and the p99 in ms."""
        before = self.cpu()
        rate, took = load(self.port, sent, connections, seconds)
        spent = (self.cpu() - before) / max(len(took), 1)
        return rate, spent * 1e3, float(np.quantile(took, 0.99)) * 1e3

    def stop(self):
        os.killpg(self.process.pid, signal.SIGTERM)
        try:
            self.process.wait(10)
        except subprocess.TimeoutExpired:
            os.killpg(self.process.pid, signal.SIGKILL)
            self.process.wait()


@contextmanager
def serving(name, command, path, form, rows, folder):
    """Run a server while it is asked; None where it does not start."""
    place = folder / name
    place.mkdir()
    port = _free()
    given = [str(part).replace("PORT", str(port)) for part in command]
    server = Server(name, given, port, path, form, place)
    try:
        if server.wait(rows):
            yield server
        else:
            print(f"{name} does not start and is left out", flush=True)
            yield None
    finally:
        server.stop()


def _free():
    import socket

    with socket.create_server(("127.0.0.1", 0)) as one:
        return one.getsockname()[1]


def plain(rows):
    return {"rows": rows}


def split_form(rows):
    columns = list(rows[0])
    data = [[row[name] for name in columns] for row in rows]
    return {"dataframe_split": {"columns": columns, "data": data}}


def commands(package, table, cache, peers, reply):
    """Yield what to run: name, command, path, form of a request."""
    ours = [sys.executable, "-m", "mlkit", "serve", package, "--port", "PORT"]
    yield "ours", [*ours, "--log", "off"], "/v1/predict", plain
    yield "logged", [*ours, "--log", "log.sqlite"], "/v1/predict", plain
    yield "static", [sys.executable, "-c", STATIC, "PORT", reply], "/", plain
    for name in peers:
        python = environment(cache, name, NEEDS[name])
        if python:
            path, form = {
                "mlflow": ("/invocations", split_form),
                "bentoml": ("/predict", plain),
            }[name]
            yield (
                name,
                [python, PLACE / "serve_peers.py", name, table, "PORT"],
                path,
                form,
            )


def rounds(servers, rows, connections, seconds, count, more=()):
    """Ask all in turn, some rounds; return the figures by name.

    `more` are further ways to ask: name, server, bytes.
    """
    ways = [(server.name, server, server.asks(rows)) for server in servers]
    ways += more
    found = {name: [] for name, _, _ in ways}
    for _ in range(count):
        for name, server, sent in ways:
            found[name].append(server.measure(sent, connections, seconds))
    return found


def tell(what, found, ours, theirs, goal, of="rate"):
    """Print the median ratio of two servers."""
    if not (ours in found and theirs in found):
        return
    place = {"rate": 0, "cpu": 1}[of]
    pairs = zip(found[ours], found[theirs], strict=True)
    ratios = [a[place] / b[place] if place == 0 else b[1] / a[1] for a, b in pairs]
    ends = f"{min(ratios):.2f} to {max(ratios):.2f}"
    print(f"{what}, by {of}: {statistics.median(ratios):.2f} ({ends}; goal {goal})")
    sys.stdout.flush()


def table_of(found):
    for name, figures in found.items():
        rate, cpu, slow = (
            statistics.median(column) for column in zip(*figures, strict=True)
        )
        print(f"  {name:8} {rate:9.0f} a second  {cpu:8.3f} CPU-ms  p99 {slow:7.1f} ms")
    sys.stdout.flush()


def compare(servers, rows, args):
    """Compare single rows over 16 connections."""
    found = rounds(servers, rows[:1], 16, args.seconds, args.rounds)
    print("single rows, 16 connections")
    table_of(found)
    for of in ("rate", "cpu"):
        tell("ours / static", found, "ours", "static", "at least 0.4", of)
        tell("logged / ours", found, "logged", "ours", "at least 0.6", of)
        tell("ours / mlflow", found, "ours", "mlflow", "at least 100", of)
        tell("ours / bentoml", found, "ours", "bentoml", "at least 10", of)


def batches(servers, rows, args):
    """Compare requests of 1,000 rows over 4 connections."""
    some = [server for server in servers if server.name != "static"]
    more = list(tongues(some[0], rows[:1000]))
    found = rounds(some, rows[:1000], 4, args.seconds, args.rounds, more)
    print("batches of 1,000 rows, 4 connections")
    table_of(found)
    for of in ("rate", "cpu"):
        for name in ("ours", "columns", "arrow"):
            tell(f"{name} / mlflow", found, name, "mlflow", "at least 10", of)
        tell("logged / ours", found, "logged", "ours", "no less than without", of)


def tongues(server, rows):
    """Yield other ways to ask our server: columns as JSON, an Arrow stream."""
    import pyarrow as pa

    columns = {name: [row[name] for row in rows] for name in rows[0]}
    told = json.dumps({"columns": columns}).encode()
    yield "columns", server, request(server.path, told)
    table, sink = pa.table(columns), pa.BufferOutputStream()
    with pa.ipc.new_stream(sink, table.schema) as stream:
        stream.write_table(table)
    kind = "application/vnd.apache.arrow.stream"
    yield "arrow", server, request(server.path, sink.getvalue().to_pybytes(), kind)


def grow(servers, rows, args):
    """Tell how the cost grows with connections and rows."""
    ours = [server for server in servers if server.name in ("ours", "logged")]
    for connections in (1, 16, 64, 256):
        print(f"single rows, {connections} connections")
        table_of(rounds(ours, rows[:1], connections, args.seconds, 1))
    for count in (1, 10, 100, 1000, 10_000):
        some = min(4, 20_000 // count)  # more rows may not wait
        print(f"{count} rows a request, {some} connections")
        table_of(rounds(ours, (rows * 4)[:count], some, args.seconds, 1))


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--peers", default="mlflow,bentoml")
    parser.add_argument("--seconds", type=float, default=3)
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--small", action="store_true", help="single rows alone")
    parser.add_argument("--cache", type=Path, default=DEFAULT)
    args = parser.parse_args()
    folder = Path(tempfile.mkdtemp())
    try:
        table = folder / "table.csv"
        frame().to_csv(table, index=False)
        package = packed(table)
        rows = json.loads(frame().drop(columns="target").to_json(orient="records"))
        reply = json.dumps(
            {
                "id": "0" * 32,
                "model": "0" * 12,
                "predictions": [
                    {
                        "label": "yes",
                        "probabilities": {"no": 0.123456789, "yes": 0.87654321},
                        "flags": [],
                    }
                ],
            }
        )
        peers = [name for name in args.peers.split(",") if name]
        with ExitStack() as stack:
            servers = [
                stack.enter_context(serving(*one, rows[:1], folder))
                for one in commands(package, table, args.cache, peers, reply)
            ]
            servers = [server for server in servers if server]
            compare(servers, rows, args)
            if not args.small:
                batches(servers, rows, args)
                grow(servers, rows, args)
    finally:
        shutil.rmtree(folder)


if __name__ == "__main__":
    main()
