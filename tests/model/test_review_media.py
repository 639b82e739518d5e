"""A model of images and sounds is judged and shown, and never a digest of them."""

from __future__ import annotations

import json
import re
from datetime import UTC, datetime

import numpy as np
import pandas as pd
import pytest

from mlkit.core.files import canonical
from mlkit.core.media import media
from mlkit.core.schema import Schema
from mlkit.model.audit.explain import leaks
from mlkit.model.audit.local import local
from mlkit.model.audit.rules import readable
from mlkit.model.audit.surrogate import rules
from mlkit.model.errors import errors
from mlkit.model.fitted import fit
from mlkit.model.problem import Problem
from mlkit.model.review import Review, review
from mlkit.widgets import ErrorExplorer, WhatIf

DIGEST = re.compile(r"[0-9a-f]{64}")


def plain(page):
    """Leave out what pictures are made of."""
    return re.sub(r'src="data:[^"]*"', "", page)


def wrong(table):
    """Turn the labels of some rows around, so that there are mistakes."""
    turned = table["y"].where(np.arange(len(table)) % 9 > 0, "no")
    return Schema.of(table).attach(table.assign(y=turned))


def model_of(table, family="linear"):
    return fit(
        family,
        {"strength": 0.01} if family == "linear" else {},
        table,
        Problem.of(table),
    )


@pytest.fixture(scope="module")
def mixed(sensed):
    return sensed(80, "image", "audio", "number")


@pytest.fixture(scope="module")
def mistaken(mixed):
    return errors(model_of(mixed), wrong(mixed))


def test_mistakes_show_pictures_and_no_digest(mistaken):
    page = mistaken._repr_html_()
    assert mistaken.wrong >= 3
    assert page.count("<img") == 2 * len(mistaken.table)
    assert not DIGEST.search(plain(page))
    assert not mistaken.table["why"].str.contains(DIGEST).any()


def test_what_led_to_a_mistake_names_an_image_only_where_there_is_more(
    sensed, mistaken
):
    assert mistaken.table["why"].str.contains("seen|heard|x = ").any()
    alone = sensed(40, "image")
    found = errors(model_of(alone), wrong(alone))
    assert set(found.table["why"]) == {""}
    assert "because of" not in found._repr_html_()


def test_many_mistakes_are_shown_as_a_sheet(sensed):
    table = sensed(40, "image")
    swapped = table["y"].map({"yes": "no", "no": "yes"})
    turned = Schema.of(table).attach(table.assign(y=swapped.astype("str")))
    page = errors(model_of(table), turned)._repr_html_()
    assert page.count("<img") == 40 - page.count("(missing)")
    assert page.count(" → ") == 30


def test_a_person_sees_and_hears_the_row_she_sends_back(mistaken):
    explorer = ErrorExplorer(mistaken)
    page = explorer.cells(mistaken.table.index[0])
    assert "<img" in page or "seen" not in page
    assert "<audio controls" in page
    assert not DIGEST.search(plain(page))


def test_a_torn_image_is_said_to_be_torn(sensed):
    table = sensed(40, "image")
    model = model_of(table)
    cells = table["seen"].where(np.arange(40) > 0, media().put(b"torn"))
    torn = Schema.of(table).attach(table.assign(seen=cells.astype("str")))
    found = errors(model, wrong(torn))
    page = found._repr_html_() + "".join(
        map(ErrorExplorer(found).cells, found.table.index)
    )
    assert "this image cannot be read" in page or "r0" not in found.table.index


@pytest.mark.parametrize("types", [("image",), ("audio", "number")])
def test_a_review_reads_back_and_shows_no_digest(sensed, types):
    table = sensed(48, *types)
    train, valid = table.iloc[:24], table.iloc[24:]
    model = model_of(train)
    found = review(model, train, valid, repeats=1, refits=0)
    text = canonical(found.to_dict())
    assert Review.from_dict(json.loads(text)) == found
    assert not DIGEST.search(str(text))
    card = found.card(model)
    assert not DIGEST.search(card.markdown)
    kind = "image" if "image" in types else "sound"
    assert f"Of each {kind} (" in card.markdown
    tag = "image-classification" if "image" in types else "tabular-classification"
    assert tag in card.markdown
    assert repr(found.plot()).startswith("<Picture")
    assert set(found.dependence) <= {"x"}


def test_no_rule_is_read_off_a_pixel(sensed):
    table = sensed(40, "image")
    model = model_of(table, "tree")
    assert readable(model) is None
    found = rules(model, table, table)
    assert found.kind == "none"
    assert found.statement.startswith("no rule says in words what an image shows")
    assert repr(found.plot()).startswith("<Picture")


def test_a_stand_in_asks_about_numbers_alone(mixed):
    told = json.dumps(rules(model_of(mixed), mixed, mixed).to_dict())
    assert "seen" not in told
    assert "heard" not in told


def test_a_number_beside_an_image_is_no_leak(mixed):
    assert leaks(mixed, Problem.of(mixed)) == {}


def test_one_prediction_is_told_without_a_digest(mixed):
    model = model_of(mixed)
    found = local(model, mixed.iloc[[3]], mixed, most=8)
    told = {part.feature: part.value for part in found.parts}
    assert (told["seen"], told["heard"]) == ("(an image)", "(a sound)")
    assert local(model, mixed.head(1), mixed, most=4).parts
    gone = {
        p.feature: p.value for p in local(model, mixed.head(1), mixed, most=4).parts
    }
    assert gone["seen"] == "(missing)"


def test_a_person_tries_another_image(sensed, image):
    table = sensed(40, "image")
    what = WhatIf(model_of(table), table, table, "r2")
    assert what.says() == "no"
    what.change("seen", image(1))
    assert what.says() == "yes"
    what.change("seen", None)
    assert "missing" in what.explain().parts[0].value
    what.change("seen", b"no image at all")
    assert [repr(part)[:8] for part in what.parts()] == ["<Picture"]


def test_a_picked_file_moves_the_prediction(sensed, image, sound):
    table = sensed(40, "image", "audio")
    what = WhatIf(model_of(table), table, table, "r2")
    page = what.widget()
    found, todo = {}, [page]
    while todo:
        one = todo.pop()
        todo += getattr(one, "children", ())
        if type(one).__name__ == "FileUpload":
            found[one.accept] = one
    assert set(found) == {"image/*", "audio/*"}
    assert {one.layout.width for one in found.values()} == {"auto"}
    before = what.row["seen"].iloc[0]
    file = {"name": "a.png", "type": "image/png", "size": 1}
    file["last_modified"] = datetime(2026, 1, 1, tzinfo=UTC)
    found["image/*"].value = ({**file, "content": memoryview(image(1))},)
    assert what.row["seen"].iloc[0] not in (before, None)
    told = pd.isna(what.row["heard"]).any()
    assert not told
