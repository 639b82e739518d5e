"""What of a package is watched."""

from __future__ import annotations

from datetime import UTC, datetime

import numpy as np
import pandas as pd
import pytest

from mlkit.product.monitor import monitor
from mlkit.widgets import DriftExplorer
from tests.product.conftest import Loans, loans, packed

NOW = datetime(2026, 6, 1, tzinfo=UTC)


def since(rows, seed=0):
    """Return days of three years."""
    days = np.random.default_rng(seed).integers(0, 1000, rows)
    return pd.Timestamp("2021-01-01") + pd.to_timedelta(days, unit="D")


@pytest.fixture(scope="module")
def dated():
    """A package of loans that have a date."""
    return Loans(packed(count=1500, since=("date", since(1500))), "two_classes")


@pytest.fixture(scope="module")
def asked(dated):
    """Give how a model is of whose live rows so large a share has no date."""

    def ask(gone):
        rows, truth = loans(400, seed=5)
        days = since(400, 1).strftime("%Y-%m-%d").to_numpy(object)
        days[: int(gone * 400)] = None
        live = dated.live(dated.table(rows.assign(since=days), truth))
        return monitor(live, now=NOW), live

    return ask


def test_of_a_date_it_is_watched_how_often_it_is_missing(dated, asked):
    health, live = asked(0)
    assert health.state == "healthy", str(health)
    assert "none of 5 columns changed" in str(health)
    assert set(live.watched) == {"pay", "age", "town", "sex", "since"}
    gone, live = asked(1)
    assert gone.state == "watch"
    assert gone.drifted == ("since",)
    (told,) = [one.what for one in gone.signs if one.about == "columns"]
    assert told == "1 of 5 columns changed: since, missing 100% (0.0% missing → 100.0%)"


def test_a_date_that_is_missing_is_drawn(asked):
    found = DriftExplorer(*asked(0.5))
    assert found.columns[0] == "since"
    (axes,) = found.picture().axes
    then, now = (bars[0].get_width() for bars in axes.containers)
    assert (then, now) == (0, 0.5)
    assert found.table().rows[0][:4] == ["missing", "50.0%", "0.0% missing", "50.0%"]
