"""A model of images or sounds at work, watched through the front door."""

from __future__ import annotations

import re
from dataclasses import replace
from datetime import UTC, datetime

import numpy as np
import pytest

from mlkit.data.labels.items import media_of
from mlkit.product.monitor import Health, follow, monitor, set_aside
from tests.product.showing import log, packed

NOW = datetime(2026, 6, 1, tzinfo=UTC)
SLOW = pytest.param("audio", marks=pytest.mark.slow)
LIGHT = {"image": 60, "audio": 25}


@pytest.fixture
def seen(shown_by, tmp_path):
    """Give live rows of some days: how many, a seed, and how much brighter."""

    def make(kind, *batches, truth=False):
        path = tmp_path / "requests.sqlite"
        folder = shown_by(kind)
        return follow(folder, log(folder, path, batches, kind, truth=truth))

    return make


@pytest.mark.parametrize("kind", ["image", SLOW])
def test_cells_that_changed_say_retrain_and_which(kind, seen):
    live = seen(kind, (110, 1, 0), (110, 2, LIGHT[kind]))
    health = monitor(live, now=NOW)
    assert health.state == "retrain", str(health)
    assert health.drifted[0] == "seen"
    assert "size" not in health.drifted
    what = {"image": "brightness", "audio": "loudness"}[kind]
    assert f"seen, {what}" in " ".join(health.reasons)
    assert health.windows[0].certain == ()
    again = Health.from_dict(health.to_dict())
    assert again.changes == health.changes
    assert f"seen: {what}" in dict(health.together.columns)


def test_cells_like_those_of_training_are_healthy(seen):
    health = monitor(seen("image", (110, 1, 0), truth=True), now=NOW)
    assert health.state == "healthy", str(health)
    slices = health.windows[0].slices
    assert any("seen: contrast" in name for name in slices)
    assert not any("look" in name for name in slices)


@pytest.mark.slow
@pytest.mark.parametrize("kind", ["image", "audio"])
def test_thirty_windows_of_the_same_raise_few_alarms(kind, tmp_path):
    folder = packed(kind, tmp_path, 1200)
    batches = [(150, seed, 0) for seed in range(1, 31)]
    live = follow(folder, log(folder, tmp_path / "requests.sqlite", batches, kind))
    days = live.rows["request.at"].dt.day_of_year.to_numpy()
    states = [monitor(live.take(days == day), now=NOW).state for day in np.unique(days)]
    assert states.count("healthy") >= 28


def test_cells_that_cannot_be_read_are_missing_ones(seen):
    live = seen("image", (110, 1, 0))
    cells = live.columns["seen"].copy()
    cells[::2] = None
    torn = replace(live, columns={**live.columns, "seen": cells})
    changes = monitor(torn, now=NOW).changes
    gone = {one.column: one for one in changes if one.what == "missing"}
    assert gone["seen"].certain
    assert gone["seen"].effect == pytest.approx(0.5)
    assert not gone["size"].certain


def test_a_person_sees_pictures_and_neither_digests_nor_bytes(seen):
    live = seen("image", (110, 1, 0), (110, 2, 60), truth=True)
    health = monitor(live, now=NOW)
    aside = set_aside(live, drifted=health.drifted)
    assert set(aside.table["set_aside"]) >= {"drifted", "at random"}
    page = re.sub(r'src="data:image/png;base64,[^"]*"', "", aside._repr_html_())
    assert "<img" in page
    assert "drifted" in page
    for digest in aside.table["input.seen"]:
        assert digest[:12] not in page + health._repr_html_() + repr(health.table())
    assert aside.table["because"].str.contains("seen").any()
    assert not aside.table["because"].str.contains("seen =").any()
    (shown,) = media_of(aside.table, 0)
    assert shown[0]["type"] == "image"
