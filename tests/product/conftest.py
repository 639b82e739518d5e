"""A package of made loans, and logs of live rows that it answered."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from mlkit.core.schema import Column, Schema
from mlkit.data.clean import clean
from mlkit.data.contract import infer
from mlkit.data.split import split
from mlkit.model.accept import accept
from mlkit.model.evaluate import evaluate
from mlkit.model.fitted import fit
from mlkit.model.package import package
from mlkit.model.problem import Problem
from mlkit.model.review import Review
from mlkit.product.journal.tables import Model, Record, append, connect, make
from mlkit.product.serving.served import Served
from mlkit.product.watching.live import Live, live
from mlkit.product.watching.parcel import Parcel
from tests.product import showing

START = datetime(2026, 3, 1, tzinfo=UTC)
KINDS = {"two_classes": "late", "many_classes": "late", "number": "due"}


def loans(count: int, seed: int = 0, kind: str = "two_classes", **shift: float):
    """Make raw loans and what became of them; `shift` moves columns by spreads."""
    rng = np.random.default_rng(seed)
    pay = rng.normal(2000, 600, count) + 600 * shift.get("pay", 0)
    age = rng.normal(45, 12, count) + 12 * shift.get("age", 0)
    abroad = 0.2 + shift.get("town", 0)
    town = rng.choice(["Ghent", "Turin", "Lviv"], count, p=[0.8 - abroad, 0.2, abroad])
    sex = rng.choice(["f", "m"], count)
    turn = -1.0 if shift.get("turned") else 1.0
    signal = turn * (2000 - pay) / 400 + turn * (45 - age) / 15 + (town == "Lviv")
    signal = signal + shift.get("bias", 0) * (sex == "m")
    noisy = signal + rng.logistic(0, 0.7, count)
    truth = {
        "two_classes": np.where(noisy > 0, "yes", "no"),
        "many_classes": np.select([noisy < -1, noisy < 1], ["no", "bit"], "yes"),
        "number": np.round(100 + 10 * noisy, 2),
    }[kind]
    gone = rng.random(count) < 0.05
    rows = pd.DataFrame(
        {
            "pay": np.where(gone, np.nan, pay.round(1)),
            "age": age.round(),
            "town": pd.array(town, "str"),
            "sex": pd.array(sex, "str"),
        },
        index=pd.Index([f"r{seed}-{k}" for k in range(count)], dtype="str"),
    )
    return rows, truth


def packed(
    kind: str = "two_classes", count: int = 3000, **more: tuple[str, object]
) -> Path:
    """Package a model of made loans; `more` has columns: their type and cells."""
    rows, truth = loans(count, kind=kind)
    rows = rows.assign(**{name: cells for name, (_, cells) in more.items()})
    target = KINDS[kind]
    type_ = "number" if kind == "number" else "category"
    rows[target] = truth if kind == "number" else pd.array(truth, "str")
    schema = Schema(
        (
            Column("pay"),
            Column("age"),
            Column("town", "category"),
            Column("sex", "category", ("sensitive",)),
            *(Column(name, type_) for name, (type_, _) in more.items()),
            Column(target, type_, ("target",)),
        )
    )
    raw = schema.attach(rows)
    cleaned = clean(raw)
    parts = split(cleaned.table, raw)
    model = fit("linear", {}, parts.train, Problem.of(parts.train))
    evaluation = evaluate(model, parts.valid)
    nothing = Review(model.problem, 1, 0.0, 0.0, ())
    accepted = accept(model, cleaned.cleaning, evaluation, nothing, parts.test)
    hidden = schema.without(target).attach(parts.test.drop(columns=target))
    given = (model, accepted, cleaned.cleaning, infer(raw), parts.valid, hidden)
    made = package(*given)
    assert made.verdict.state == "passed", str(made.verdict)
    return made.folder


@dataclass
class Loans:
    """A package, and ways to have it answer made rows."""

    folder: Path
    kind: str

    def log(self, path: Path, *batches: tuple[pd.DataFrame, int], **facts) -> Path:
        """Write requests of ten rows; each batch has its rows and its day."""
        served = Served(self.folder)
        about = {**served.model.about, **facts}
        make(path, Model(served.identity, about), START.timestamp())
        connection = connect(path)
        connection.execute("BEGIN")
        for rows, day in batches:
            for at in range(0, len(rows), 10):
                one = rows.iloc[at : at + 10]
                moment = START + timedelta(days=day, seconds=80 * at)
                append(connection, _record(served, one, f"d{day}-{at}", moment))
        connection.execute("COMMIT")
        connection.close()
        return path

    def table(self, rows: pd.DataFrame, truth=None, day: float = 0) -> pd.DataFrame:
        """Return rows as the log would tell them, one request a row."""
        served = Served(self.folder)
        said = served.answer(_cells(rows), len(rows))
        made = rows.add_prefix("input.").reset_index(drop=True)
        for name, one in self._said(said).items():
            made[f"output.{name}"] = one
        made["output.flags"] = [json.dumps(one["flags"]) for one in said]
        made["request.id"] = list(rows.index)
        made["request.row"], made["request.seconds"] = 0, 0.002
        made["request.model"] = served.identity
        step = pd.to_timedelta(np.arange(len(rows)) * 86_000 / len(rows), unit="s")
        made["request.at"] = pd.Timestamp(START) + timedelta(days=day) + step
        nothing = np.nan if self.kind == "number" else None
        told = [nothing] * len(rows) if truth is None else list(truth)
        made["truth"] = pd.array(told, "float64" if self.kind == "number" else "str")
        return made

    def live(self, *tables: pd.DataFrame) -> Live:
        """Return the live rows of some tables."""
        return live(Parcel.open(self.folder), pd.concat(tables, ignore_index=True))

    def _said(self, said: list) -> dict[str, list]:
        if self.kind == "number":
            return {"value": [one["value"] for one in said]}
        names = said[0]["probabilities"]
        chances = {
            f"probability_{n}": [one["probabilities"][n] for one in said] for n in names
        }
        return {"label": [one["label"] for one in said], **chances}


def _cells(rows: pd.DataFrame) -> dict[str, list]:
    plain = rows.astype(object).where(rows.notna(), None)
    return {str(name): plain[name].tolist() for name in plain}


def _record(served: Served, rows: pd.DataFrame, name: str, at: datetime) -> Record:
    cells = _cells(rows)
    said = served.answer(cells, len(rows))
    reply = {"id": name, "model": served.version, "predictions": said}
    told = (json.dumps(cells), json.dumps(reply))
    return Record(name, at.timestamp(), served.identity, len(rows), 0.003, *told)


@pytest.fixture(scope="session")
def package_of() -> Callable[[str], Loans]:
    """Give the package of a kind of problem, made once."""
    made: dict[str, Loans] = {}

    def find(kind: str = "two_classes") -> Loans:
        if kind not in made:
            made[kind] = Loans(packed(kind), kind)
        return made[kind]

    return find


@pytest.fixture(scope="session")
def shown_by(tmp_path_factory) -> Callable[[str], Path]:
    """Give the package of made images or sounds, made once; images at once."""
    made = {"image": showing.packed("image", tmp_path_factory.mktemp("image"))}

    def find(kind: str) -> Path:
        if kind not in made:
            made[kind] = showing.packed(kind, tmp_path_factory.mktemp(kind))
        return made[kind]

    return find


@pytest.fixture(scope="session")
def make_loans() -> Callable[..., tuple[pd.DataFrame, np.ndarray]]:
    return loans
