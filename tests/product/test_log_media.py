"""Images and sounds in the request log: base64 there, digests where it is read."""

from __future__ import annotations

import base64
import json
import tempfile
from pathlib import Path

import numpy as np
import pandas as pd
import pyarrow.parquet as pq
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from mlkit.cli.group import command_line
from mlkit.core.media import Media, contents
from mlkit.core.schema import Schema
from mlkit.product import log as log_module
from mlkit.product.journal.filing import rotate
from mlkit.product.journal.forgetting import Wanted, forget
from mlkit.product.journal.merging import merge
from mlkit.product.journal.packed import unpacked
from mlkit.product.journal.tables import Model, Record, append, connect, make
from mlkit.product.log import find, read
from tests.product.showing import image, sound

COLUMNS = [
    {"name": "photo", "type": "image"},
    {"name": "voice", "type": "audio"},
    {"name": "age", "type": "number"},
]
MODEL = Model("f" * 64, {"made": "2026-01-02", "schema": {"input": COLUMNS}})
SAID = {"label": "yes", "probabilities": {"no": 0.25, "yes": 0.75}, "flags": []}
RNG = np.random.default_rng(0)
PHOTO, VOICE = image("red", RNG), sound("blue", RNG)
DAY = 86_400.0


def written(path, *requests):
    """Write requests as the server does: (id, moment, photos, voices)."""
    make(path, MODEL, 0.0)
    connection = connect(path)
    for name, at, *columns in requests:
        photo, voice = (
            [c and base64.b64encode(c).decode() for c in x] for x in columns
        )
        cells = {"photo": photo, "voice": voice, "age": [40] * len(photo)}
        reply = {"id": name, "predictions": [SAID] * len(photo)}
        told = (json.dumps(cells), json.dumps(reply))
        append(connection, Record(name, at, MODEL.identity, len(photo), 0.001, *told))
    connection.close()
    return path


@pytest.fixture
def path(tmp_path):
    return written(
        tmp_path / "requests.sqlite",
        ("a", 1.0, [PHOTO, None], [VOICE, VOICE]),
        ("b", 2.0, [PHOTO], [None]),
        ("c", DAY + 1, [None], [VOICE]),
    )


def test_images_and_sounds_are_read_as_digests_of_what_is_kept(path):
    table = read(path)
    schema = Schema.of(table)
    assert schema.with_type("image", "audio") == ["input.photo", "input.voice"]
    assert contents(table["input.photo"]) == [PHOTO, None, PHOTO, None]
    assert contents(table["input.voice"]) == [VOICE, VOICE, None, VOICE]
    assert table["input.photo"].dropna().str.fullmatch("[0-9a-f]{64}").all()
    assert table["input.age"].tolist() == [40.0] * 4


def test_a_closed_day_has_digests_beside_its_json_and_gives_the_bytes_back(
    path, tmp_path, monkeypatch
):
    before = read(path)
    rotate(path, now=10 * DAY)
    (file, _) = sorted((tmp_path / "requests.sqlite.days").glob("*.parquet"))
    told = pq.read_table(file, columns=["input.photo"]).to_pydict()["input.photo"]
    assert told == [before["input.photo"][0], None, before["input.photo"][2]]
    elsewhere = Media(tmp_path / "elsewhere.sqlite")
    monkeypatch.setattr(log_module, "media", lambda: elsewhere)
    after = read(path)
    pd.testing.assert_frame_equal(after, before)
    assert Schema.of(after) == Schema.of(before)
    assert elsewhere.get(after["input.voice"][0]) == VOICE
    assert find(path, "a").cells["photo"] == [base64.b64encode(PHOTO).decode(), None]


def test_logs_are_merged_and_forgotten_with_their_images(path, tmp_path):
    other = written(tmp_path / "other.sqlite", ("d", 3.0, [PHOTO], [VOICE]))
    assert merge(path, [other]).requests == 1
    assert merge(path, [other]).repeated == 1
    assert len(read(path)) == 5
    rotate(path, now=10 * DAY)
    forget(path, Wanted(ids=("a", "b", "d")))
    left = read(path)
    assert contents(left["input.photo"]) == [None]
    piece = base64.b64encode(PHOTO)[30:60]
    for file in (*tmp_path.glob("requests.sqlite*"), *tmp_path.rglob("*.parquet")):
        assert file.is_dir() or piece not in file.read_bytes()


def test_a_person_is_told_what_a_cell_is_and_not_its_bytes(path, capsys):
    assert command_line(["log", "--id", "a", "--log", str(path)]) == 0
    told = capsys.readouterr().out
    assert f'"photo": "an image, {len(PHOTO)} bytes"' in told
    assert '"voice": "a sound, ' in told
    assert "kB" in told
    assert max(map(len, told.splitlines())) < 200


@settings(max_examples=10)
@given(st.lists(st.one_of(st.none(), st.binary(min_size=1)), min_size=1, max_size=5))
def test_whatever_bytes_came_are_given_back(cells):
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "requests.sqlite"
        written(path, ("a", 1.0, cells, [None] * len(cells)))
        assert contents(read(path)["input.photo"]) == cells


@given(st.text())
def test_a_cell_that_is_no_base64_is_missing(text):
    told = unpacked(text)
    assert told is None or base64.b64encode(told).decode() == text
