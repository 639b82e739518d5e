"""What images and sounds were like, in a few numbers."""

from __future__ import annotations

import numpy as np
import pytest
from PIL import Image
from sklearn.datasets import load_digits

from mlkit.core.media import media
from mlkit.core.pictures import written
from mlkit.core.sounds import written as wav
from mlkit.model.packing.reference import numbers
from mlkit.model.packing.sights import FACTS, directions, measured, unfolded
from mlkit.product.watching.drift import drift

RNG = np.random.default_rng(0)


def keep(*levels):
    made = [Image.fromarray(one.astype(np.uint8)) for one in levels]
    return media().put_all(map(written, made))


def test_facts_of_images_are_what_they_are():
    black, white = np.zeros((6, 8)), np.full((6, 8), 255)
    red = np.zeros((6, 8, 3))
    red[..., 0] = 255
    torn = media().put(b"none")
    found = measured([*keep(black, white, red), torn, None], "image")
    assert [*found] == [*FACTS["image"]]
    assert found["brightness"][:2].tolist() == [0, 1]
    assert found["colour"][:3] == pytest.approx([0, 0, 1], abs=1e-6)
    assert found["width"][0] == 8
    assert found["height"][0] == 6
    assert all(np.isnan(column[3:]).all() for column in found.values())


def test_facts_of_sounds_are_what_they_are():
    at = np.arange(8000) / 8000
    low, high = (np.sin(2 * np.pi * f * at).astype(np.float32) for f in (300, 2000))
    tones = [(low, 1.0), (high, 1.0), (low, 0.01)]
    cells = media().put_all(wav((t * 0.5 * k)[:, None], 8000) for t, k in tones)
    found = measured(cells, "audio")
    assert found["seconds"] == pytest.approx([1, 1, 1])
    assert found["loudness"][2] == pytest.approx(found["loudness"][0] - 40, abs=1)
    assert found["tone"][:2] == pytest.approx([300, 2000], rel=0.15)


def test_directions_part_what_looks_unlike():
    upright = RNG.normal(100, 8, (60, 16, 16))
    upright[:, :, :8] += 80
    lying = upright.transpose(0, 2, 1)
    cells = keep(*upright, *lying)
    along = directions(cells, "image")
    first = measured(cells, "image", along)["look 1"]
    assert first.std() == pytest.approx(1, abs=0.01)
    assert np.sign(first[:60]).tolist() == [np.sign(first[0])] * 60
    assert np.sign(first[60:]).tolist() == [-np.sign(first[0])] * 60
    assert directions(cells[:40], "image") is None


def test_directions_of_one_picture_are_harmless():
    along = directions(keep(np.full((4, 4), 9)) * 60, "image")
    found = measured(keep(np.full((4, 4), 9), np.full((4, 4), 200)), "image", along)
    assert np.isfinite(found["look 1"]).all()


def test_columns_are_unfolded_and_texts_left_out():
    forms = {
        "age": {"type": "number"},
        "said": {"type": "text"},
        "photo": {
            "type": "image",
            "along": None,
            "facts": {"brightness": {"type": "number"}, "look 1": {}},
        },
    }
    columns = {"age": np.array([1.0]), "said": ["x"], "photo": keep(np.zeros((4, 4)))}
    found = {name: cells for name, _, cells in unfolded(forms, columns, plain=True)}
    assert found["photo: brightness"].tolist() == [0.0]
    assert [*found] == ["age", "photo: brightness"]


@pytest.mark.slow
def test_other_digits_look_unlike_and_the_same_ones_alike():
    digits = load_digits()
    cells = np.array(keep(*(digits.images * 16).clip(0, 255)), object)
    low = np.flatnonzero(digits.target < 5)
    learnt, known, same = np.array_split(np.random.default_rng(0).permutation(low), 3)
    along = directions(cells[learnt], "image")
    was, now, other = (
        measured(cells[rows], "image", along)
        for rows in (known, same, np.flatnonzero(digits.target >= 5))
    )
    looks = [name for name in was if name.startswith("look")]
    forms = {name: numbers(was[name]) for name in looks}
    alike = drift({"columns": forms}, now)
    assert not any(change.certain for change in alike)
    apart = drift({"columns": forms}, other)
    assert apart[0].certain
    assert apart[0].effect > 0.2
