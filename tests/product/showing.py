"""Packages of a few made images and sounds, and logs of live ones."""

from __future__ import annotations

import base64
import io
import json
import wave
from datetime import UTC, datetime, timedelta
from pathlib import Path

import numpy as np
import pandas as pd
from PIL import Image

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
from mlkit.product.journal.tables import Model, Record, append, connect, make
from mlkit.product.watching.parcel import Parcel

START = datetime(2026, 3, 1, tzinfo=UTC)
TONES = {
    "image": {"red": (200, 60, 50), "blue": (50, 70, 200)},
    "audio": {"red": 1500, "blue": 400},
}
"""What the classes look like, and how high they sound, in Hz."""


def image(kind: str, rng: np.random.Generator, light=0.0, tones=None) -> bytes:
    """Return a noisy picture of one colour."""
    noise = rng.normal(0, 30, (12, 16, 3)) + light
    tone = np.array((tones or TONES["image"])[kind])
    levels = np.clip(tone + noise, 0, 255).astype(np.uint8)
    out = io.BytesIO()
    Image.fromarray(levels).save(out, "PNG")
    return out.getvalue()


def sound(kind: str, rng: np.random.Generator, light=0.0, tones=None) -> bytes:
    """Return a noisy tone: high or low; `light` makes it quieter, in dB."""
    rate, seconds = 8000, 0.2 + 0.1 * rng.random()
    at = np.arange(int(rate * seconds)) / rate
    wave_ = np.sin(2 * np.pi * (tones or TONES["audio"])[kind] * at)
    loud = (0.3 * wave_ + rng.normal(0, 0.02, len(at))) * 10 ** (-light / 20)
    out = io.BytesIO()
    with wave.open(out, "wb") as file:
        file.setnchannels(1)
        file.setsampwidth(2)
        file.setframerate(rate)
        file.writeframes((np.clip(loud, -1, 1) * 32767).astype("<i2").tobytes())
    return out.getvalue()


MAKE = {"image": image, "audio": sound}


def rows(kind: str, count: int, seed: int, light: float = 0.0, tones=None):
    """Return made cells, sizes and what each shows."""
    rng = np.random.default_rng(seed)
    shown = [["red", "blue"][k] for k in rng.integers(0, 2, count)]
    cells = [MAKE[kind](word, rng, light, tones) for word in shown]
    return cells, rng.normal(10, 2, count).round(2).tolist(), shown


def packed(kind: str, folder: Path, count: int = 240, *, alone: bool = False) -> Path:
    """Package a model of made images or sounds, with a number beside them or alone."""
    cells, sizes, shown = rows(kind, count, 0)
    table = pd.DataFrame({"seen": cells, "size": sizes, "what": shown})
    table = table.drop(columns="size") if alone else table
    table.to_parquet(folder / "in.parquet", index=False)
    types = {"seen": kind}
    raw = collect(folder / "in.parquet", target="what", types=types).table
    cleaned = clean(raw)
    parts = split(cleaned.table, raw)
    model = fit("linear", {}, parts.train, Problem.of(parts.train))
    nothing = Review(model.problem, 1, 0.0, 0.0, ())
    evaluation = evaluate(model, parts.valid)
    accepted = accept(model, cleaned.cleaning, evaluation, nothing, parts.test)
    hidden = Schema.of(parts.test).without("what")
    blind = hidden.attach(parts.test.drop(columns="what"))
    given = (model, accepted, cleaned.cleaning, infer(raw), parts.valid, blind)
    made = package(*given)
    assert made.verdict.state == "passed", str(made.verdict)
    return made.folder


def log(folder: Path, path: Path, batches, kind: str, truth: bool = False) -> Path:
    """Write requests of ten rows as the server does: (rows, seed, light) a day."""
    parcel = Parcel.open(folder)
    schema = parcel.predictor.schema
    make(path, Model(parcel.identity, {"schema": schema}), START.timestamp())
    connection = connect(path)
    connection.execute("BEGIN")
    for day, (count, seed, light) in enumerate(batches):
        cells, sizes, shown = rows(kind, count, seed, light)
        for at in range(0, count, 10):
            some = {"seen": cells[at : at + 10], "size": sizes[at : at + 10]}
            name, moment = f"d{day}-{at}", START + timedelta(days=day, seconds=80 * at)
            append(connection, record(parcel, some, name, moment))
            told = [(name, k, moment.timestamp(), w) for k, w in enumerate(shown[at:])]
            if truth:
                add = "INSERT INTO truths VALUES (?, ?, ?, ?)"
                connection.executemany(add, told[:10])
    connection.execute("COMMIT")
    connection.close()
    return path


def write(path: Path, schema, cells, sizes, truths) -> Path:
    """Write one request and what became of its rows, whatever was said of them."""
    make(path, Model("f" * 64, {"schema": schema}), 0.0)
    said = [{"label": "red", "flags": []}] * len(cells)
    kept = json.dumps({"seen": coded(cells), "size": sizes})
    reply = json.dumps({"id": "a", "predictions": said})
    connection = connect(path)
    append(connection, Record("a", 1.0, "f" * 64, len(cells), 0.001, kept, reply))
    told = [("a", row, 2.0, truth) for row, truth in enumerate(truths)]
    connection.executemany("INSERT INTO truths VALUES (?, ?, ?, ?)", told)
    connection.close()
    return path


def coded(cells) -> list[str | None]:
    """Return images or sounds as the log has them."""
    return [cell and base64.b64encode(cell).decode() for cell in cells]


def record(parcel: Parcel, cells, name: str, at: datetime) -> Record:
    """Return a request as it is kept."""
    said = parcel.predictor.predict(cells)
    answers = [
        {
            "label": str(label),
            "probabilities": dict(zip(said.classes, chances, strict=True)),
            "flags": [],
        }
        for label, chances in zip(
            said.prediction, said.probabilities.tolist(), strict=True
        )
    ]
    kept = json.dumps({**cells, "seen": coded(cells["seen"])})
    reply = json.dumps({"id": name, "predictions": answers})
    return Record(
        name, at.timestamp(), parcel.identity, len(answers), 0.003, kept, reply
    )
