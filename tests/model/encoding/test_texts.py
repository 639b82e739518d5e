from __future__ import annotations

import pickle

import numpy as np
import onnx
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from mlkit.model.encoding.encode import Encoder, Encoding
from mlkit.model.encoding.texts import COUNTS, LENGTHS, Texts, takes
from mlkit.model.encoding.tokens import MOST, grams, plain
from mlkit.model.fitted import Member, blend, fit
from mlkit.model.formats.onnx import convert
from mlkit.model.measures.metrics import score
from mlkit.model.packing.parity import agree
from mlkit.model.problem import Problem
from mlkit.model.runtime import Graph
from mlkit.model.tuning.timed import affordable

STOCK = np.array(
    ["plot", "actor", "scene", "music", "cast", "story", "long", "film", "naïve", "end"]
)
PROBLEM = Problem("two_classes", "y", "roc_auc", ("no", "yes"), texts=("said",))


def reviews(rows=400, seed=0):
    """Make texts in which pairs of words tell the answer, single words do not."""
    rng = np.random.default_rng(seed)
    good = rng.random(rows) < 0.5
    said = []
    for yes in good:
        words = list(rng.choice(STOCK, 30))
        pair = "not bad" if yes else "bad not"
        words.insert(int(rng.integers(30)), pair)
        said.append(" ".join(words))
    return pd.DataFrame({"said": said, "y": np.where(good, "yes", "no")})


@given(st.text(max_size=60), st.booleans())
def test_plain_text_is_lower_case_words_between_single_blanks(text, pieces):
    told = plain(text, pieces)
    assert told == " ".join(told.split())
    assert told == told.strip()
    words = told.partition(" . ")[0]
    assert not words or all(w.isprintable() for w in words.split(" "))
    assert "" not in grams(told)
    told.encode("utf-8")


@pytest.mark.parametrize("cell", [None, float("nan"), "", "  ", "?!", "\ud800", "_"])
def test_what_has_no_words_is_empty(cell):
    assert plain(cell) == plain(cell, pieces=True) == ""
    assert grams("") == []


def test_directions_in_which_no_texts_differ_are_no_topics():
    table = pd.DataFrame({"said": ["good", "bad"] * 20, "y": ["no", "yes"] * 20})
    model = fit("linear", {}, table, PROBLEM)
    (told,) = [encoder.texts["said"] for encoder in model.encoders]
    assert told.weights.shape[1] == 3  # two topics, as two texts have, and nearness
    cells = told.transform(pd.Series(["", "go", "bad bad good", *table["said"]]))
    assert np.abs(cells).max() < 20


def test_very_long_texts_are_cut_so_that_sums_stay_exact():
    told = plain("word " * 50_000, pieces=True)
    counted = grams(told)
    assert len(counted) <= 3 * MOST
    worst = COUNTS[1] * 127 * 3 * MOST
    assert worst < 2**24
    assert (COUNTS[1:] <= COUNTS[1] * np.arange(1, len(COUNTS))).all()
    assert len(LENGTHS) == 3 * MOST + 1


def test_pairs_of_words_are_learnt_and_a_row_never_reads_its_own_answer():
    table, later = reviews(), reviews(seed=1)
    model = fit("linear", {}, table, PROBLEM)
    assert score("roc_auc", PROBLEM.truth(later), model.predicted(later)) > 0.95
    rng = np.random.default_rng(0)
    noise = table.assign(y=rng.permutation(table["y"].to_numpy()))
    goal = PROBLEM.truth(noise)
    encoder, matrix = Encoder.learn(noise, PROBLEM, Encoding(), goal)
    near = encoder.columns.index("said: nearness")
    assert abs(np.corrcoef(matrix[:, near], goal)[0, 1]) < 0.15
    assert np.corrcoef(encoder.transform(noise)[:, near], goal)[0, 1] > 0.3


def test_what_was_learnt_of_texts_is_kept_word_by_word():
    table = reviews()
    encoder, _ = Encoder.learn(table, PROBLEM, Encoding(), PROBLEM.truth(table))
    (texts,) = encoder.texts.values()
    kept = pickle.loads(pickle.dumps(texts))
    assert kept.words == texts.words
    assert "naïve end" in kept.words
    cells = kept.transform(table["said"])
    np.testing.assert_array_equal(cells, texts.transform(table["said"]))


def test_parts_of_words_count_in_short_texts():
    rng = np.random.default_rng(0)
    good = rng.random(400) < 0.5
    code = [f"{'kx' if g else 'qz'}{rng.integers(1e6)}" for g in good]
    table = pd.DataFrame({"said": code, "y": np.where(good, "yes", "no")})
    encoder, matrix = Encoder.learn(table, PROBLEM, Encoding(), PROBLEM.truth(table))
    assert encoder.texts["said"].pieces
    near = matrix[:, encoder.columns.index("said: nearness")]
    assert score("roc_auc", good.astype(int), np.stack([-near, near], axis=1)) > 0.99


def test_texts_that_never_repeat_a_word_say_nothing():
    table = pd.DataFrame({"said": ["aa", "bb", None, "dd"], "y": ["no", "yes"] * 2})
    model = fit("linear", {}, table, PROBLEM)
    assert model.parts[0].family == "dummy"
    assert np.isfinite(
        Graph(convert(model), model.classes)
        .predict({"said": ["aa", None, "zz"]})
        .probabilities
    ).all()


def test_columns_are_named_by_what_weighs_most():
    encoder, _ = Encoder.learn(
        reviews(), PROBLEM, Encoding(topics=3), PROBLEM.truth(reviews())
    )
    assert len(encoder.columns) == 4
    assert all(name.startswith("said: ") for name in encoder.columns)
    assert encoder.places("said") == [0, 1, 2, 3]
    assert encoder.informed


def test_many_classes_and_numbers_have_their_nearness():
    table = reviews()
    folds, values = np.arange(400) % 5, table["said"]
    goals = np.eye(3)[np.arange(400) % 3]
    found, matrix = Texts.learn(values, goals, folds, 4)
    assert [n for n in found.names if "near" in n] == [
        "nearness 1",
        "nearness 2",
        "nearness 3",
    ]
    assert matrix.shape == (400, 7)
    assert abs(matrix.mean()) < 1e-3
    whole, _ = Texts.learn(values, np.zeros((400, 0)), folds, 4)
    assert len(whole.names) == 4


@pytest.fixture(scope="module")
def pair():
    model = fit("boosting", {"trees": 30}, reviews(), PROBLEM)
    return model, Graph(convert(model), model.classes)


@settings(max_examples=60, deadline=None)
@given(said=st.lists(st.none() | st.text(max_size=200), min_size=1, max_size=5))
def test_any_text_gets_the_same_answer_from_onnx(pair, said):
    model, graph = pair
    cells = [None if one is None else f"{one} not BAD {one}" for one in said]
    table = pd.DataFrame({"said": pd.Series(cells, dtype=object)})
    theirs = graph.predict({"said": cells}).probabilities
    np.testing.assert_allclose(theirs, model.predict_proba(table), atol=1e-6)


def test_many_rows_are_taken_in_blocks(pair):
    model, graph = pair
    table = reviews(700, seed=3)
    said = graph.predict({"said": table["said"].to_numpy()})
    np.testing.assert_allclose(
        said.probabilities, model.predict_proba(table), atol=1e-6
    )
    assert len(graph.predict({"said": []}).prediction) == 0


def test_members_that_want_text_alike_share_it_in_onnx():
    table = reviews(200)
    members = [Member("linear", {}, 0.5), Member("boosting", {"trees": 5}, 0.5)]
    model = blend(members, table, PROBLEM)
    assert len(model.encoders) == 2
    made = convert(model)
    ops = [node.op_type for node in onnx.load_from_string(made).graph.node]
    assert ops.count("TfIdfVectorizer") == 1


@pytest.mark.parametrize("rows", [2, 3, 12, 60])
@pytest.mark.parametrize("said", ["the same words", "", None, "ab", "an odd \x00 word"])
def test_texts_that_are_all_alike_say_nothing_and_break_nothing(rows, said):
    table = pd.DataFrame({"said": [said] * rows, "y": (["no", "yes"] * rows)[:rows]})
    model = fit("linear", {}, table, PROBLEM)
    later = table.assign(said=["never seen"] * rows)
    for one in (table, later):
        assert np.allclose(model.predict_proba(one).sum(axis=1), 1)
    assert agree(model, table).reason == ""


def test_a_small_budget_reads_no_more_texts_than_it_has_time_for():
    long = pd.DataFrame({"said": ["a word and another " * 3000] * 3000})
    rows = affordable(long, PROBLEM, 60)
    assert 200 < rows < 3000
    assert 6 * takes(long, ["said"], rows) < 30 < 12 * takes(long, ["said"], rows)
    assert affordable(long, PROBLEM, 1e6) == 3000
    assert affordable(long.head(30).assign(said=None), PROBLEM, 1) == 30


def test_signs_that_stand_for_words_are_told_apart():
    rng = np.random.default_rng(0)
    good = rng.random(300) < 0.5
    signs = np.array(list("这部影片的故事演员音乐很长我们看了"))
    said = [
        "".join([*rng.choice(signs, 20), *("好看" if yes else "难看"), "。"])
        for yes in good
    ]
    table = pd.DataFrame({"said": said, "y": np.where(good, "yes", "no")})
    model = fit("linear", {}, table.head(200), PROBLEM)
    later = table.tail(100)
    assert score("roc_auc", PROBLEM.truth(later), model.predicted(later)) > 0.95
    assert agree(model, later).reason == ""


def test_of_a_very_long_text_no_more_is_read_than_counts():
    long = "word " * MOST + "never " * 200_000
    assert plain(long) == plain(long[: 5 * MOST])
