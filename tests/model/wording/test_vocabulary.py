from __future__ import annotations

import json

import numpy as np
import pandas as pd
import pytest

from mlkit.core.schema import Column, Schema
from mlkit.model.fitted import fit
from mlkit.model.problem import Problem
from mlkit.model.review import Review, review
from mlkit.model.wording.vocabulary import Vocabulary, vocabulary


def test_the_words_that_tell_are_found_and_stock_is_not(model, table):
    found = vocabulary(model, table, "said")
    assert found.raising[0].word == "great"
    assert found.lowering[0].word == "awful"
    assert found.raising[0].effect > 4 * max(w.effect for w in found.raising[1:])
    share = table["said"].str.contains("great").mean()
    assert found.raising[0].share == pytest.approx(share)
    assert Vocabulary.from_dict(json.loads(json.dumps(found.to_dict()))) == found
    assert "great" in repr(found.table())
    assert "Raise the chance of yes: “great”" in found.statement
    assert "Lower the chance of yes: “awful”" in found.statement


def test_each_of_many_classes_has_its_words():
    words = np.array(["apple", "pear", "plum", "fig", "lime"])
    kind = np.arange(200) % 5
    said = pd.array([f"a {words[k]} on a tree" for k in kind], "str")
    table = pd.DataFrame({"said": said, "y": words[kind]})
    task = Problem("many_classes", "y", "log_loss", tuple(words), texts=("said",))
    found = vocabulary(fit("linear", {}, table, task), table, "said")
    first = {one.output: one.word for one in found.words[::-1]}
    assert len(first) == 4
    assert all(output == f"chance of {word}" for output, word in first.items())
    assert found.lowering == ()


@pytest.mark.parametrize("cells", [["", None, "zz"], ["plot"], []])
def test_texts_that_say_nothing_have_no_words(plain_model, table, cells):
    some = table.head(len(cells)).assign(said=pd.array(cells, "str"))
    assert vocabulary(plain_model, some, "said").words == ()


def test_a_review_tells_the_words_and_what_spoils_them(model, table):
    columns = (
        Column("said", "text"),
        Column("x"),
        Column("y", "category", ("target",)),
    )
    rows = Schema(columns).attach(table)
    found = review(model, rows.head(120), rows.tail(120), refits=0, repeats=2)
    assert found.vocabulary[0].raising[0].word == "great"
    assert found.robustness is not None
    kinds = [shock.kind for shock in found.robustness.shocks]
    assert [kinds.count(kind) for kind in ("typos", "lost", "order")] == [3, 3, 1]
    lost = found.robustness.of("lost")
    assert lost[-1].loss > lost[0].loss
    assert Review.from_dict(json.loads(json.dumps(found.to_dict()))) == found
    assert "“great”" in found.card(model).markdown
    for picture in (found.plot(), found.plot("together"), found.robustness.plot()):
        assert picture._repr_png_()[0].startswith(b"\x89PNG")
