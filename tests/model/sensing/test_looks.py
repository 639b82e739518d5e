"""Weak parts are found by how images look and how long sounds are."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from PIL import Image

from mlkit.core import pictures, sounds
from mlkit.core.media import media
from mlkit.core.schema import Column, Schema
from mlkit.model.fitted import fit
from mlkit.model.problem import Problem
from mlkit.model.sensing.looks import looks, with_looks
from mlkit.model.slicing.candidates import candidates
from mlkit.model.slicing.parts import inside
from mlkit.model.slicing.search import weakest

RNG = np.random.default_rng(0)


@pytest.fixture(scope="module")
def dim():
    """Of dark images the labels are drawn at random; of bright ones a stripe tells."""
    rows = 200
    dark, truth = np.arange(rows) % 4 == 0, RNG.integers(0, 2, rows)
    images = []
    for gloom, level in zip(dark, truth, strict=True):
        levels = RNG.integers(0, 40, (16, 16)).astype(np.uint8)
        levels += np.uint8(20 if gloom else 120)
        shown = RNG.integers(0, 2) if gloom else level
        (levels if shown else levels.T)[6:9] += np.uint8(40)
        images.append(pictures.written(Image.fromarray(levels)))
    table = pd.DataFrame({"seen": pd.array(media().put_all(images), "str")})
    table["y"] = pd.array(np.where(truth, "yes", "no"), "str")
    target = Column("y", "category", ("target",))
    return Schema((Column("seen", "image"), target)).attach(table)


def test_the_weak_part_is_told_by_how_bright_it_is(dim):
    train, valid = dim.iloc[:80], dim.iloc[80:]
    model = fit("linear", {}, train, Problem.of(dim))
    found = weakest(model, valid)
    assert any(one.where.startswith("seen: brightness = ") for one in found.found)
    (first, *_) = [one for one in found.found if "brightness" in one.where]
    again = inside(with_looks(train), first.where)
    assert again is not None
    dark = looks(train["seen"], "image")["brightness"] < 0.3
    assert (again & dark).sum() > 0.8 * again.sum(), "it is told of other rows alike"


def test_gaps_are_a_part_and_no_digest_is(sensed):
    table = sensed(60, "image", "audio")
    table["seen"] = table["seen"].where(np.arange(60) % 3 > 0)
    found = candidates(table, ["seen", "heard"], 8)
    assert "seen: brightness = (missing)" in found.names
    assert not any(str(cell)[:12] in n for cell in table["seen"] for n in found.names)


def test_sounds_are_told_by_their_length():
    tones = [np.sin(np.arange(size) / 3).astype(np.float32) for size in (1600, 8000)]
    cells = media().put_all(sounds.written(tone[:, None], 8000) for tone in tones)
    found = looks(pd.Series([*cells, None]), "audio")["seconds"]
    assert found[:2].tolist() == pytest.approx([0.2, 1.0], abs=0.03)
    assert np.isnan(found[2])
