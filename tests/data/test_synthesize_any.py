"""Whatever a schema allows can be learnt from: gaps, constants, classes of one row."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from mlkit.core.files import canonical
from mlkit.core.identity import table_identity
from mlkit.core.schema import ROLES, TYPES, Column, Schema
from mlkit.data.synthesis.fidelity import Fidelity
from mlkit.data.synthesize import synthesize

FREE = [role for role in ROLES if role != "target"]
WORDS = ["a", "b", "c", "", " ", "(missing)", "ü b", "<b>", "=1", "名", "a b c"]
WHOLE = ["int64", "int8", "uint8", "uint64", "Int64", "Int8"]
BROKEN = ["float64", "float32", "Float64"]


@st.composite
def columns(draw, rows):
    kind = draw(st.sampled_from(["whole", "broken", "words", "dates", "bools", "one"]))
    gap = st.none() if draw(st.booleans()) else st.nothing()

    def cells(values):
        return draw(st.lists(values | gap, min_size=rows, max_size=rows))

    if kind == "whole":
        dtype = draw(st.sampled_from(WHOLE))
        low, high = np.iinfo(dtype.lower()).min, np.iinfo(dtype.lower()).max
        near = st.integers(max(low, -3), min(high, 9))
        made = cells(near | st.integers(low, high))
        if dtype[0] != "I":
            made = [0 if cell is None else cell for cell in made]
        return pd.Series(made, dtype=dtype)
    if kind == "broken":
        dtype = draw(st.sampled_from(BROKEN))
        width = 32 if dtype == "float32" else 64
        values = st.floats(allow_nan=False, width=width) | st.sampled_from([0.0, 1.5])
        return pd.Series(cells(values), dtype=dtype)
    if kind == "words":
        dtype = draw(st.sampled_from(["str", "object", "category"]))
        return pd.Series(cells(st.sampled_from(WORDS)), dtype=dtype)
    if kind == "dates":
        zone = draw(st.sampled_from([None, "UTC", "Europe/Zurich"]))
        low, high = pd.Timestamp("1900-01-01"), pd.Timestamp("2200-01-01")
        values = st.datetimes(low.to_pydatetime(), high.to_pydatetime())
        made = pd.Series(cells(values), dtype="datetime64[us]")
        return made if zone is None else made.dt.tz_localize("UTC").dt.tz_convert(zone)
    if kind == "bools":
        return pd.Series([bool(c) for c in cells(st.booleans())], dtype="bool")
    value = draw(st.sampled_from([7.0, "same", None]))
    return pd.Series([value] * rows, dtype="str" if value == "same" else "float64")


def type_for(values, asked):
    """Return a type that a column of this dtype may have."""
    plain = Schema.of(pd.DataFrame({"x": values}))["x"].type
    fits = {
        "number": {"number", "id"},
        "date": {"date"},
        "category": {"category"},
        "text": {"text", "category", "id", "image", "audio"},
    }
    return asked if asked in fits[plain] else plain


@st.composite
def tables(draw):
    rows = draw(st.integers(2, 24))
    width = draw(st.integers(1, 5))
    cells = {f"c{place}": draw(columns(rows)) for place in range(width)}
    made = []
    target = draw(st.sampled_from([None, *cells]))
    for name, values in cells.items():
        kind = type_for(values, draw(st.sampled_from(TYPES)))
        roles = ("target",) if name == target else ()
        if draw(st.integers(0, 3)) == 0:
            roles += (draw(st.sampled_from(FREE)),)
        made.append(Column(name, kind, roles))
    frame = pd.DataFrame(cells)
    frame.index = pd.Index([f"r{i}" for i in range(rows)], dtype="str", name="row")
    return Schema(tuple(made)).attach(frame)


def words_of(cells):
    return set(cells.dropna().astype(str)) - {"(missing)"}


def inside(made, real):
    known = real.dropna()
    known = (
        known[np.isfinite(known.astype(float))] if known.dtype.kind == "f" else known
    )
    cells = made.dropna()
    return not len(cells) or (cells.min() >= known.min() and cells.max() <= known.max())


@pytest.mark.slow
@settings(max_examples=60, deadline=None, suppress_health_check=list(HealthCheck))
@given(tables(), st.integers(1, 40), st.booleans(), st.integers(0, 3))
def test_any_table_is_learnt_from(table, rows, per_class, seed):
    before = table_identity(table)
    made = synthesize(table, rows, seed=seed, per_class=per_class)
    again = synthesize(table, rows, seed=seed, per_class=per_class)
    schema, new = Schema.of(table), made.table
    assert table_identity(table) == before
    assert len(new) == rows
    assert Schema.of(new) == schema
    assert table_identity(new) == table_identity(again.table)
    assert not set(new.index) & set(table.index)
    for column in schema:
        real, cells = table[column.name], new[column.name]
        if not real.isna().any() and column.type not in ("image", "audio"):
            finite = real.dtype.kind != "f" or np.isfinite(real).all()
            assert cells.notna().all() or not finite
        fresh = column.type == "id" or "private" in column.roles
        if column.type in ("number", "date") and not fresh:
            assert cells.dtype == real.dtype
            assert real.dtype == "object" or inside(cells, real)
        if column.type == "category" and not fresh:
            assert set(cells.dropna()) <= set(real.dropna())
        if fresh and real.dtype.kind in "iuO" and column.type != "number":
            assert not words_of(cells) & words_of(real)
    form = made.fidelity.to_dict()
    canonical(form)
    assert Fidelity.from_dict(form).to_dict() == form
    assert "<b>" not in made._repr_html_() + made.fidelity._repr_html_()
