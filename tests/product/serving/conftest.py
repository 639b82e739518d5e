"""Packages of small models, and servers of them, in process and on a port."""

import json
import os
import subprocess
import sys
import warnings
from contextlib import contextmanager

import httpx
import numpy as np
import pandas as pd
import pytest
from PIL import Image

from mlkit.core.schema import Schema
from mlkit.core.sounds import written
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
from mlkit.product.serving.app import application
from mlkit.product.serving.served import Served
from mlkit.product.serving.settings import Settings

with warnings.catch_warnings():  # it would rather have httpx2
    warnings.simplefilter("ignore")
    from starlette.testclient import TestClient

TOKEN = "correct-horse-battery-staple"
GOOD = {"age": 40, "pay": "2,100.5", "town": "Ghent", "day": "2024-03-01"}


def frame(count=240, shift=0.0):
    """Make loans: numbers, numbers as text, words, dates, and whose they are."""
    rng = np.random.default_rng(0)
    age = rng.integers(18, 80, count)
    pay = rng.normal(2000, 700, count).round(1)
    town = rng.choice(["Ghent", "Turin", "Lviv"], count)
    late = (age - 45) / 15 + (town == "Ghent") + rng.normal(0, 0.5, count) > 0.5 + shift
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


def packed(source, target, name="tree", **how):
    """Return the folder of a package, from a file to the gate."""
    raw = collect(str(source), target=target, **how).table
    cleaned = clean(raw)
    parts = split(cleaned.table, raw)
    model = fit(name, {}, parts.train, Problem.of(parts.train))
    nothing = Review(model.problem, 1, 0.0, 0.0, ())
    evaluation = evaluate(model, parts.valid)
    accepted = accept(model, cleaned.cleaning, evaluation, nothing, parts.test)
    hidden = Schema.of(parts.test).without(target)
    blind = hidden.attach(parts.test.drop(columns=target))
    given = (model, accepted, cleaned.cleaning, infer(raw), parts.valid, blind)
    made = package(*given)
    assert made.verdict.state == "passed", str(made.verdict)
    return made.folder


@pytest.fixture(scope="session")
def make(tmp_path_factory):
    """Make a package of a table."""

    def made(table, target, name="tree", **how):
        place = tmp_path_factory.mktemp("table") / "in.csv"
        table.to_csv(place, index=False)
        return packed(place, target, name, **how)

    return made


@pytest.fixture(scope="session")
def loans(make):
    return make(frame(), "late", "boosting", roles={"name": "private"})


@pytest.fixture(scope="session")
def later_loans(make):
    """The same columns, another model."""
    return make(frame(shift=0.6), "late", "linear", roles={"name": "private"})


@pytest.fixture(scope="session")
def owed(make):
    """A model of a number."""
    table = frame().drop(columns=["late", "name"])
    return make(table.assign(owed=table["age"] * 2.0 + 0.5), "owed", "boosting")


@pytest.fixture
def good():
    return dict(GOOD)


@pytest.fixture
def client_of(tmp_path):
    """Serve a package in process, with a log."""

    @contextmanager
    def opened(folder, pointer=None, **how):
        how.setdefault("log", tmp_path / "requests.sqlite")
        app = application(Served(folder), Settings(**how), pointer)
        with TestClient(app, "http://localhost") as client:
            client.duty, client.log = app.app.duty, how["log"]
            if how.get("token"):
                client.headers["authorization"] = f"Bearer {how['token']}"
            yield client

    return opened


@pytest.fixture
def running():
    """Run `mlkit serve` in a process, on a free port."""

    @contextmanager
    def opened(package, *options, **more):
        command = (sys.executable, "-m", "mlkit", "serve", str(package), "--port", "0")
        process = subprocess.Popen(
            *([*command, *map(str, options)],),
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
            env={**os.environ, **more},
        )
        try:
            line = process.stdout.readline()
            assert " answers at " in line, process.communicate()
            address = line.partition(" answers at ")[2].partition("/v1/")[0]
            with httpx.Client(base_url=address, timeout=20) as client:
                client.process = process
                yield client
        finally:
            process.kill()
            process.communicate()

    return opened


@pytest.fixture
def changed(tmp_path):
    """Return a copy of a package with one of its JSON files changed."""

    def copy(folder, name, change):
        import shutil

        made = tmp_path / f"copy-{len(list(tmp_path.iterdir()))}"
        shutil.copytree(folder, made)
        place = made / f"{name}.json"
        form = json.loads(place.read_text())
        change(form)
        place.write_text(json.dumps(form))
        return made

    return copy


@pytest.fixture(scope="session")
def drawn(tmp_path_factory):
    """Draw small pictures in two colours, and sounds high and low, with tables."""
    folder = tmp_path_factory.mktemp("drawn")
    rng = np.random.default_rng(0)
    pictures, sounds = [], []
    for k in range(120):
        base = [(200, 60, 50), (50, 70, 200)][k % 2]
        pixels = rng.normal(base, 30, (24, 32, 3)).clip(0, 255).astype("uint8")
        Image.fromarray(pixels).save(folder / f"{k}.png")
        hertz = [300, 1400][k % 2] * rng.uniform(0.9, 1.1)
        wave = 0.4 * np.sin(2 * np.pi * hertz * np.arange(1600) / 8000)
        noisy = (wave + rng.normal(0, 0.05, 1600)).astype(np.float32)
        (folder / f"{k}.wav").write_bytes(written(noisy[:, None], 8000))
        more = {"size": round(float(rng.normal(10, 2)), 2)}
        town = str(rng.choice(["Ghent", "Turin"]))
        colour, pitch = [("red", "low"), ("blue", "high")][k % 2]
        pictures.append({"photo": f"{k}.png", **more, "town": town, "colour": colour})
        sounds.append({"clip": f"{k}.wav", **more, "pitch": pitch})
    pd.DataFrame(pictures).to_csv(folder / "pictures.csv", index=False)
    pd.DataFrame(sounds).to_csv(folder / "sounds.csv", index=False)
    return folder


@pytest.fixture(scope="session")
def pictures(drawn):
    how = {"types": {"photo": "image"}}
    return packed(drawn / "pictures.csv", "colour", "linear", **how)


@pytest.fixture(scope="session")
def sounds(drawn):
    return packed(drawn / "sounds.csv", "pitch", "linear", types={"clip": "audio"})
