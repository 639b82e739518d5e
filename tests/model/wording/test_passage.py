from __future__ import annotations

import json

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from mlkit.core.errors import InputError
from mlkit.model.encoding.tokens import plain, spans
from mlkit.model.fitted import fit
from mlkit.model.problem import Problem
from mlkit.model.wording.marks import marked
from mlkit.model.wording.passage import Passage, passage

ODD = "<script>alert(1)</script> & \"great\" 'x' \x00 \u202e awful İstanbul ΣΑΣ"


def row_of(table, text):
    return table.head(1).assign(said=pd.Series([text], dtype=object).array)


def test_the_words_that_tell_come_first_and_all_add_up(model, table):
    found = passage(model, row_of(table, "plot great scene long music"), "said")
    assert found.output == "chance of yes"
    assert found.words[0].word == "great"
    assert found.words[0].effect > 0.2
    assert found.gap < 1e-5
    assert found.raising[0].word == "great"
    other = passage(model, row_of(table, "plot awful scene long music"), "said")
    assert other.lowering[0].word == "awful"
    assert Passage.from_dict(json.loads(json.dumps(other.to_dict()))) == other


def test_the_words_that_turn_the_decision_do_turn_it(model, table):
    row = row_of(table, "plot great scene awful awful long music end")
    found = passage(model, row, "said")
    now = model.predict(row)[0]
    assert found.turning
    left = [w for w in str(row["said"].iloc[0]).split() if w not in found.turning]
    gone = row_of(table, " zzzq ".join(left))
    assert model.predict(gone)[0] == found.then != now
    assert f"the model would say {found.then}" in found.statement
    # with another threshold there is nothing to turn
    sure = passage(model, row, "said", threshold=0.0001)
    assert sure.turning == ()
    assert sure.statement == ""


def test_of_many_classes_the_one_said_is_told_and_of_a_number_the_value():
    words = np.array(["apple", "pear", "plum"])
    kind = np.arange(90) % 3
    said = pd.array([f"a {words[k]} on a tree number {k}" for k in kind], "str")
    table = pd.DataFrame({"said": said, "y": words[kind], "z": kind * 10.0})
    task = Problem("many_classes", "y", "log_loss", tuple(words), texts=("said",))
    model = fit("linear", {}, table, task)
    found = [passage(model, table.iloc[[k]], "said") for k in range(3)]
    assert [one.output for one in found] == [f"chance of {w}" for w in words]
    assert found[1].raising[0].word in ("pear", "1")
    task = Problem("number", "z", "rmse", texts=("said",))
    told = passage(fit("linear", {}, table, task), table.iloc[[2]], "said")
    assert told.output == "z"
    assert told.raising
    assert told.turning == ()


@pytest.mark.parametrize(
    "text", ["", None, float("nan"), "never seen", ODD, "x" * 9000]
)
def test_any_text_is_shown_safely(model, table, text):
    found = passage(model, row_of(table, text), "said")
    page = found._repr_html_()
    page.encode("utf-8")
    assert "<script" not in page
    assert "\u202e" not in page
    assert "\x00" not in page
    assert repr(found).startswith("chance of yes: ")
    assert found.gap < 1e-5


def test_words_are_marked_where_they_stand(model, table):
    page = passage(model, row_of(table, ODD), "said")._repr_html_()
    assert '">great</span>&quot;' in page
    assert ">awful</span>" in page


def test_signs_that_no_file_can_hold_are_shown_as_others():
    page = marked("\ud800 great", {"great": 1.0}, "", "", ("", ""))
    assert page.encode("utf-8").count(b"great") == 1


def test_of_a_long_text_the_telling_parts_are_shown():
    text = "dull " * 2000 + "here it is: TELLING indeed " + "dull " * 2000
    page = marked(text, {"telling": 0.4}, "", "", ("", ""))
    assert ">TELLING</span>" in page
    assert len(page) < 6000
    assert page.count("…") == 2


@settings(deadline=None)
@given(st.text(max_size=50))
def test_spans_are_the_words_that_count_where_they_stand(text):
    told = list(spans(text))
    assert " ".join(word for *_, word in told) == plain(text)
    for start, end, word in told:
        assert 0 <= start < end <= len(text)
        assert text[start:end].lower().startswith(word[:1]) or len(text.lower()) != len(
            text
        )


def test_what_cannot_be_explained_is_refused(model, table):
    with pytest.raises(InputError, match="no text 'x'"):
        passage(model, table.head(1), "x")
    with pytest.raises(InputError, match="one text"):
        passage(model, table.head(2), "said")
