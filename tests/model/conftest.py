from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from PIL import Image

from mlkit.core import pictures, sounds
from mlkit.core.media import media
from mlkit.core.schema import Column, Schema
from mlkit.data.clean import clean
from mlkit.data.contract import infer
from mlkit.data.split import split
from mlkit.model.alarms import alarms
from mlkit.model.anomaly import anomaly
from mlkit.model.problem import Problem

HERE = Path(__file__).resolve().parents[2]
REAL = HERE.parent / "shared" / "data" / "tables"
KINDS = ("two_classes", "many_classes", "number")


def rows(kind: str, count: int = 400, seed: int = 0) -> pd.DataFrame:
    """Make cleaned rows: numbers with gaps and ties, words, and a target."""
    rng = np.random.default_rng(seed)
    age = rng.integers(18, 80, count).astype(float)
    pay = np.where(rng.random(count) < 0.15, np.nan, rng.normal(2000, 700, count))
    town = rng.choice(
        ["Ghent", "Turin", "Lviv", "(missing)"], count, p=[0.5, 0.3, 0.15, 0.05]
    )
    sex = rng.choice(["f", "m"], count)
    signal = (age - 45) / 15 + (town == "Ghent") + np.nan_to_num(pay - 2000) / 900
    signal = signal + rng.normal(0, 0.7, count)
    target = {
        "two_classes": np.where(signal > 0.6, "yes", "no"),
        "many_classes": np.select([signal < 0, signal < 1], ["low", "middle"], "high"),
        "number": np.round(1000 + 100 * signal, 2),
    }[kind]
    table = pd.DataFrame(
        {
            "age": age,
            "pay": pay,
            "town": town,
            "sex": sex,
            "flat": 7.0,
            "answer": target,
        },
        index=pd.Index([f"r{i}" for i in range(count)], dtype="str", name="row"),
    )
    for name in table.columns:
        if table[name].dtype == object:
            table[name] = table[name].astype("str")
    type_ = "number" if kind == "number" else "category"
    return Schema(
        (
            Column("age"),
            Column("pay"),
            Column("town", "category"),
            Column("sex", "category", ("sensitive",)),
            Column("flat"),
            Column("answer", type_, ("target",)),
        )
    ).attach(table)


DRAW = np.random.default_rng(0)


def _image(level: int) -> bytes:
    """Draw a stripe on noise, upright or lying."""
    levels = DRAW.integers(0, 60, (20, 20), dtype=np.uint8)
    at = int(DRAW.integers(2, 16))
    (levels if level else levels.T)[at : at + 3] = 220
    return pictures.written(Image.fromarray(levels))


def _sound(level: int) -> bytes:
    """Play a tone, high or low, in noise."""
    time = np.arange(1600) / 8000
    pitch = (1400 if level else 400) * DRAW.uniform(0.95, 1.05)
    tone = np.sin(2 * np.pi * pitch * time) + DRAW.normal(0, 0.05, 1600)
    return sounds.written(tone[:, None].astype(np.float32) / 2, 8000)


@pytest.fixture(scope="session")
def image() -> Callable[[int], bytes]:
    """Draw an image of one of two kinds."""
    return _image


@pytest.fixture(scope="session")
def sound() -> Callable[[int], bytes]:
    """Play a sound of one of two kinds."""
    return _sound


def _sensed(rows: int = 40, *types: str) -> pd.DataFrame:
    """Make rows with columns of some types, and what they show; one gap in each."""
    truth = np.arange(rows) % 2
    frame = pd.DataFrame(index=pd.Index([f"r{k}" for k in range(rows)], dtype="str"))
    columns = []
    if "image" in types:
        seen = media().put_all(_image(one) for one in truth)
        frame["seen"] = pd.array([None, *seen[1:]], "str")
        columns.append(Column("seen", "image"))
    if "audio" in types:
        heard = media().put_all(_sound(one) for one in truth)
        frame["heard"] = pd.array([*heard[:-2], None, None], "str")
        columns.append(Column("heard", "audio"))
    if "number" in types:
        frame["x"] = DRAW.normal(size=rows).round(3)
        columns.append(Column("x"))
    frame["y"] = pd.array(np.where(truth, "yes", "no"), "str")
    target = Column("y", "category", ("target",))
    return Schema((*columns, target)).attach(frame)


@pytest.fixture(scope="session")
def sensed() -> Callable[..., pd.DataFrame]:
    """Make rows of images, sounds and numbers."""
    return _sensed


@pytest.fixture(params=KINDS)
def kind(request: pytest.FixtureRequest) -> str:
    return request.param


@pytest.fixture
def table(kind: str) -> pd.DataFrame:
    return rows(kind)


@pytest.fixture
def problem(table: pd.DataFrame) -> Problem:
    return Problem.of(table)


@pytest.fixture
def make() -> Callable[..., pd.DataFrame]:
    return rows


@pytest.fixture
def parts() -> Callable[..., tuple]:
    """Clean and split made rows: train, valid, raw test, and the cleaning."""

    def cut(kind: str, count: int = 600, table: pd.DataFrame | None = None) -> tuple:
        raw = rows(kind, count) if table is None else table
        raw = raw.assign(town=raw["town"].replace("(missing)", " ?").astype("str"))
        Schema.of(rows(kind, 5)).put(
            *(c for c in Schema.of(raw) if c.name not in rows(kind, 5))
        ).attach(raw)
        cleaned = clean(raw)
        found = split(cleaned.table, raw)
        return found.train, found.valid, found.test, cleaned.cleaning

    return cut


@pytest.fixture
def real() -> Callable[[str], str]:
    """Give the path of a real table that lies beside the project, or skip."""

    def find(name: str) -> str:
        path = REAL / f"{name}.csv"
        if not path.exists():
            pytest.skip(f"{path.name} does not lie beside the project")
        return str(path)

    return find


def _cells(cells, labels=None):
    found = pd.DataFrame(cells).rename(columns=lambda k: f"x{k}")
    columns = [Column(name) for name in found]
    if labels is not None:
        found["kind"] = pd.array(labels, "str")
        columns.append(Column("kind", "category", ("target",)))
    found.index = pd.Index([f"r{k}" for k in range(len(found))], name="row")
    return Schema(tuple(columns)).attach(found)


def _blobs(rows=180, seed=0):
    rng = np.random.default_rng(seed)
    which = rng.integers(0, 3, rows)
    centres = np.array([[0.0, 0, 0], [7, 0, 0], [0, 7, 0]])[which]
    cells = centres + rng.normal(size=(rows, 3))
    return _cells(cells, np.array(["a", "b", "c"])[which])


def _crowd(kind, rows=180, seed=0):
    rng = np.random.default_rng(seed)
    if kind == "uniform":
        return _cells(rng.random((rows, 2)))
    if kind == "long bell":
        turn = np.linalg.qr(rng.normal(size=(3, 3)))[0]
        return _cells(rng.normal(size=(rows, 3)) * [6, 1, 0.5] @ turn)
    if kind == "long tails":
        ties = 0.4 * np.eye(4) + 0.6
        return _cells(np.exp(rng.multivariate_normal(np.zeros(4), ties, rows)))
    cells = pd.DataFrame({n: rng.choice(list("pqr"), rows) for n in "uvw"}).astype(
        "str"
    )
    return Schema(tuple(Column(n, "category") for n in cells)).attach(cells)


def _odd(rows=300, seed=0, odd=0, told_rows=True):
    """Two numbers that go together, one that does not, a word; some rows are odd."""
    rng = np.random.default_rng(seed)
    a = rng.normal(size=rows)
    frame = pd.DataFrame(
        {
            "a": a,
            "b": a + 0.1 * rng.normal(size=rows),
            "c": rng.normal(50, 5, rows),
            "w": rng.choice(["x", "y"], rows),
            "kind": "ok",
        }
    ).astype({"w": "str", "kind": "str"})
    frame.loc[: odd - 1, "c"] = 50 + 40 * rng.choice([-1, 1], odd)
    frame.loc[: odd - 1, "kind"] = "fraud"
    frame = frame.sample(frac=1, random_state=seed)
    frame.index = pd.Index([f"r{k}" for k in range(rows)], name="row")
    columns = Column("a"), Column("b"), Column("c"), Column("w", "category")
    schema = Schema((*columns, Column("kind", "category", ("target",))))
    if not told_rows:
        return schema.without("kind").attach(frame.drop(columns="kind"))
    return schema.attach(frame)


@pytest.fixture
def blobs() -> Callable[..., pd.DataFrame]:
    """Make rows of three crowds, and what each is."""
    return _blobs


@pytest.fixture
def crowd() -> Callable[..., pd.DataFrame]:
    """Make rows of one crowd of a kind."""
    return _crowd


@pytest.fixture
def spotted() -> Callable[..., pd.DataFrame]:
    """Make rows of which some are odd."""
    return _odd


@pytest.fixture
def detected(spotted: Callable[..., pd.DataFrame]) -> tuple:
    """Judge a detector of odd rows; return what its package is made of, review last."""
    raw = spotted(told_rows=False)
    cleaned = clean(raw)
    found = split(cleaned.table, raw)
    detection = anomaly(found.train, ["ellipse"], repeats=2)
    model = detection.fit(found.train)
    judged = alarms(model, detection, found.train, found.valid, repeats=2)
    parts = (cleaned.cleaning, infer(raw), found.valid, found.test)
    return (model, judged.accepted, *parts, judged)
