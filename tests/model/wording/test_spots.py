from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from mlkit.model.encoding.texts import Texts
from mlkit.model.encoding.tokens import plain
from mlkit.model.fitted import fit
from mlkit.model.problem import Problem
from mlkit.model.wording.spots import Spots, without

SOME = ["great", "awful", "plot", "plot", "scene", "κακό", "never"]


def masked(text, words):
    """Put a word that nobody knows in the place of some."""
    return " ".join("zzzq" if word in words else word for word in text.split(" "))


@settings(max_examples=40, deadline=None)
@given(st.lists(st.sampled_from(SOME), max_size=40), st.integers(0, 99))
def test_words_come_back_as_if_the_text_were_written_anew(model, words, seed):
    texts = model.encoders[0].texts["said"]
    text = " ".join(words)
    spots = Spots.of(text, texts)
    order = np.random.default_rng(seed).permutation(len(spots.words))
    ranks = np.argsort(order)[None]
    (grown,) = spots.growing(ranks, texts)
    states = [{spots.words[at] for at in order[k:]} for k in range(len(order) + 1)]
    anew = pd.Series([masked(text, gone) for gone in states], dtype=object)
    np.testing.assert_array_equal(grown, texts.transform(anew))
    lacking = pd.Series([masked(text, {one}) for one in spots.words], dtype=object)
    np.testing.assert_array_equal(spots.lacking(texts), texts.transform(lacking))


@settings(max_examples=30, deadline=None)
@given(st.lists(st.sampled_from(["kxa", "qzb", "ab", "kx"]), max_size=6))
def test_pieces_of_words_go_with_their_words(words):
    said = pd.Series(["kxa ab", "qzb ab", "kxa qzb"] * 10, dtype=object)
    texts, _ = Texts.learn(
        said, np.tile([1.0, 0, 0], 10)[:, None], np.arange(30) % 3, 2
    )
    assert texts.pieces
    spots = Spots.of(" ".join(words), texts)
    for at, one in enumerate(spots.words):
        # a word that nobody knows has pieces that nobody knows
        rest = pd.Series([" ".join("ωψ" if w == one else w for w in words)])
        known = set(plain(rest[0], True).split()) & set(texts.words)
        assert not known & {"#<ωψ", "#ωψ>"}
        np.testing.assert_array_equal(
            spots.lacking(texts)[at], texts.transform(rest)[0]
        )


@pytest.mark.parametrize("cell", ["", None, "?!", "never seen", float("nan")])
def test_a_text_without_known_words_has_none(model, table, cell):
    row = table.head(1).assign(said=pd.Series([cell], dtype=object).array)
    words, matrices = without(model, row, "said")
    assert words == []
    np.testing.assert_array_equal(
        model.said_of(matrices), model.predicted(row), strict=True
    )


def test_what_is_said_without_a_word_is_what_is_said_of_that_text(model, table):
    row = table.iloc[[3]]
    words, matrices = without(model, row, "said")
    said = model.said_of(matrices)
    np.testing.assert_allclose(said[0], model.predicted(row)[0])
    for at, word in enumerate(words):
        text = masked(row["said"].iloc[0], {word})
        anew = model.predicted(row.assign(said=pd.array([text], "str")))[0]
        np.testing.assert_allclose(said[at + 1], anew, rtol=1e-6)


def test_an_encoder_that_looks_at_no_text_is_left_as_it_is(table):
    task = Problem("two_classes", "y", "roc_auc", ("no", "yes"), ("x",))
    model = fit("linear", {}, table, task)
    words, matrices = without(model, table.head(1), "said")
    assert words == []
    assert matrices[0].shape == (1, 1)
