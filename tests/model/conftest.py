from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from mlkit.core.schema import Column, Schema
from mlkit.data.clean import clean
from mlkit.data.split import split
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
