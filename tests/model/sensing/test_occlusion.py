"""Where in an image, or when in a sound, lies what moved the prediction."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from PIL import Image

from mlkit.core import pictures, sounds
from mlkit.core.errors import InputError
from mlkit.core.media import media
from mlkit.model.fitted import fit
from mlkit.model.problem import Problem
from mlkit.model.sensing.occlusion import occlusion

RNG = np.random.default_rng(0)
CORNERS = {"upper left": (3, 3), "lower right": (26, 26)}
TASK = Problem("two_classes", "y", "roc_auc", ("no", "yes"), images=("seen",))
HEARD = Problem("two_classes", "y", "roc_auc", ("no", "yes"), sounds=("heard",))


def dotted(corner, there):
    levels = RNG.integers(100, 130, (40, 40), dtype=np.uint8)
    if there:
        row, across = CORNERS[corner]
        levels[row : row + 9, across : across + 9] = 255
    return pictures.written(Image.fromarray(levels))


def beeping(there):
    time = np.arange(4000) / 8000
    tone = RNG.normal(0, 0.05, 4000)
    if there:
        tone[2600:3400] += 0.5 * np.sin(2 * np.pi * 2500 * time[2600:3400])
    return sounds.written(tone[:, None].astype(np.float32), 8000)


def rows(name, make, count=24):
    truth = np.arange(count) % 2
    cells = media().put_all(make(one) for one in truth)
    table = {name: pd.array(cells, "str"), "y": np.where(truth, "yes", "no")}
    return pd.DataFrame(table, index=[f"r{k}" for k in range(count)])


@pytest.mark.parametrize("corner", CORNERS)
def test_the_place_that_tells_is_found(corner):
    table = rows("seen", lambda there: dotted(corner, there))
    model = fit("linear", {}, table, TASK)
    found = occlusion(model, table.iloc[[1]], "seen")
    assert found.most == f"its {corner}"
    assert found.moved > 0.1
    assert found.effects.shape == (40, 40)
    row, across = np.unravel_index(found.effects.argmax(), found.effects.shape)
    top, left = CORNERS[corner]
    assert top - 8 <= row <= top + 17
    assert left - 8 <= across <= left + 17
    assert found.said == pytest.approx(model.predict_proba(table)[1, 1])
    assert repr(found.plot()).startswith("<Picture")


def test_the_time_that_tells_is_found():
    table = rows("heard", beeping)
    table["z"] = np.where(table["y"] == "yes", 50.0, 10.0)
    task = Problem("number", "z", "rmse", sounds=("heard",))
    found = occlusion(fit("linear", {}, table, task), table.iloc[[1]], "heard")
    assert 2300 <= found.effects.argmax() <= 3700
    assert found.effects.shape == (4000,)
    assert found.most.endswith(" s")
    assert found.statement.startswith(f"without {found.most} it falls by")
    assert repr(found.plot()).startswith("<Picture")


def test_what_would_be_said_without_it_is_told():
    table = rows("seen", lambda there: dotted("upper left", there))
    model = fit("tree", {"depth": 1}, table, TASK)
    found = occlusion(model, table.iloc[[1]], "seen")
    assert found.then == "no"
    assert "the model would say no" in found.statement


@pytest.mark.parametrize("cell", [None, float("nan"), b"torn"])
def test_where_there_is_nothing_to_see_it_says_so(cell):
    table = rows("seen", lambda there: dotted("upper left", there))
    model = fit("linear", {}, table, TASK)
    row = table.iloc[[1]].assign(seen=[cell])
    found = occlusion(model, row, "seen")
    assert found.statement == "seen is missing, or cannot be read"
    assert not found.effects.size
    assert repr(found.plot()).startswith("<Picture")


def test_one_pixel_and_one_sample_will_do():
    table = rows("seen", lambda there: dotted("upper left", there))
    dot = pictures.written(Image.new("L", (1, 1), 9))
    found = occlusion(
        fit("linear", {}, table, TASK), table.head(1).assign(seen=[dot]), "seen"
    )
    assert found.effects.shape == (1, 1)
    table = rows("heard", beeping)
    click = sounds.written(np.full((1, 1), 0.5, np.float32), 8000)
    row = table.head(1).assign(heard=[click])
    assert occlusion(fit("linear", {}, table, HEARD), row, "heard").effects.shape == (
        1,
    )


def test_a_model_that_looks_at_nothing_is_not_moved():
    table = rows("seen", lambda there: dotted("upper left", there))
    found = occlusion(fit("dummy", {}, table, TASK), table.head(1), "seen")
    assert not found.effects.any()
    assert found.statement == "hiding any one part of it changes nothing"


def test_of_a_number_the_value_is_told():
    table = rows("seen", lambda there: dotted("upper left", there))
    table["z"] = np.where(table["y"] == "yes", 50.0, 10.0)
    task = Problem("number", "z", "rmse", images=("seen",))
    found = occlusion(fit("linear", {}, table, task), table.iloc[[1]], "seen")
    assert found.output == "z"
    assert found.moved > 1
    assert found.then == ""


def test_other_columns_and_several_rows_are_refused():
    table = rows("seen", lambda there: dotted("upper left", there))
    model = fit("linear", {}, table, TASK)
    with pytest.raises(InputError, match="at no image or sound 'sen'"):
        occlusion(model, table.head(1), "sen")
    with pytest.raises(InputError, match="one row"):
        occlusion(model, table.head(2), "seen")
