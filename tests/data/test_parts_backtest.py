"""Backtests never look ahead; where there is no time, that is said."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from mlkit.core.errors import InputError
from mlkit.core.schema import Column, Schema
from mlkit.data.clean import clean
from mlkit.data.collect import collect
from mlkit.data.parts.backtest import Backtest, backtest, rolling
from mlkit.data.split import split


@settings(max_examples=120, deadline=None)
@given(
    st.lists(st.one_of(st.none(), st.integers(0, 30)), min_size=2, max_size=90),
    st.integers(1, 6),
    st.integers(0, 3),
    st.integers(0, 5),
)
def test_no_fold_looks_ahead(times, folds, gap, window):
    values = pd.Series(times, dtype=float, name="day")
    distinct = values.nunique()
    if distinct < folds + 1 + gap:
        with pytest.raises(InputError, match="too few distinct times"):
            backtest(values, folds, gap=gap, window=window)
        return
    made = backtest(values, folds, gap=gap, window=window)
    assert len(made.folds) == folds
    moments = np.sort(values.dropna().unique())
    judged = np.concatenate([fold.judged for fold in made.folds])
    assert len(set(judged)) == len(judged)
    for fold in made.folds:
        past, ahead = values[fold.train], values[fold.judged]
        assert len(past)
        assert len(ahead)
        assert past.max() < ahead.min()
        between = (moments > past.max()) & (moments < ahead.min())
        assert between.sum() == gap
        if window:
            assert past.nunique() <= window
        else:
            assert set(fold.train) == set(np.flatnonzero(values <= past.max()))
        assert (past.min(), past.max()) == fold.learnt
        assert (ahead.min(), ahead.max()) == fold.ahead
    ends = [fold.ahead[1] for fold in made.folds]
    assert ends == sorted(ends)
    assert ends[-1] == moments[-1]


def timed(count=300, **more):
    rng = np.random.default_rng(0)
    when = pd.Timestamp("2021-03-01") + pd.to_timedelta(
        rng.permutation(count), unit="D"
    )
    frame = pd.DataFrame({"when": when, "x": rng.normal(size=count), **more})
    frame["t"] = pd.array(rng.choice(["no", "yes"], count).astype(object), dtype="str")
    frame.index = pd.Index([f"r{i}" for i in range(count)], dtype="str", name="row")
    kinds = (Column("when", "date", ("time",)), Column("t", "category", ("target",)))
    return Schema.of(frame).put(*kinds).attach(frame)


def test_the_backtest_of_a_split_leaves_the_test_out():
    table = timed()
    parts = split(table, table)
    made = rolling(parts, 4)
    both = pd.concat([parts.times["train"], parts.times["valid"]])
    used = {i for fold in made.folds for i in [*fold.train, *fold.judged]}
    assert max(used) == len(both) - 1
    assert not set(both.index) & set(parts.test.index)
    assert made.folds[-1].ahead[1] == parts.times["valid"].max()
    assert made.folds[-1].ahead[1] < parts.times["test"].min()


def test_it_reads_and_draws_well():
    table = timed()
    made = rolling(split(table, table), 3)
    assert repr(made) == "<Backtest 60→60, 120→60, 180→60>"
    page = made._repr_html_()
    assert "2021-03-01 to 2021-04-29" in page
    assert made.plot()._repr_png_()[0].startswith(b"\x89PNG")
    numbers = backtest(pd.Series(np.arange(20.0) / 4), 2)
    assert "0 to 1.5" in numbers._repr_html_()
    assert numbers.plot()._repr_png_()[0].startswith(b"\x89PNG")


def test_without_time_that_is_said():
    table = timed()
    plain = Schema.of(table).change("when", roles=()).attach(table.copy())
    made = rolling(split(plain, plain))
    assert made == Backtest((), "not timed: no backtest")
    assert "not timed: no backtest" in made._repr_html_()
    assert made.plot()._repr_png_()[0].startswith(b"\x89PNG")


def test_few_times_give_fewer_folds_or_none():
    table = timed(90)
    table["when"] = pd.Timestamp("2021-01-01") + pd.to_timedelta(
        np.repeat([0, 1, 2, 3, 4], 18), unit="D"
    )
    parts = split(table, table)
    assert len(rolling(parts, 10).folds) == parts.times["train"].nunique()
    assert "no backtest" in rolling(parts, 10, gap=9).why


def test_daily_temperatures(real):
    raw = collect(real("daily-min-temperatures"), target="Temp").table
    parts = split(clean(raw).table, raw, by_time="Date")
    made = rolling(parts)
    assert [len(fold.judged) for fold in made.folds] == [584, 584, 584, 584]
