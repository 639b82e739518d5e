from __future__ import annotations

import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mlkit.model.encoding.wordpieces import (
    INSTALL,
    MOST,
    _tokenizer,
    installed,
    wordpieces,
)

pytestmark = pytest.mark.skipif(
    not installed(), reason=f"sentence embeddings are not installed: {INSTALL}"
)


def said(text, most=MOST):
    return [_tokenizer().id_to_token(at) for at in wordpieces(text, most)[1:-1]]


@pytest.mark.parametrize(
    ("text", "pieces"),
    [
        ("Café, naïve!", ["cafe", ",", "naive", "!"]),
        ("unaffable", ["una", "##ffa", "##ble"]),
        ("don't", ["don", "'", "t"]),
        ("电人大 ok", ["[UNK]", "人", "大", "ok"]),
        ("a\u200bb\tc\x00d", ["ab", "cd"]),
        ("x" * 101, ["[UNK]"]),
        ("¾€ 😀", ["¾", "##€", "[UNK]"]),
    ],
)
def test_text_is_cut_as_the_model_was_taught(text, pieces):
    assert said(text) == pieces


@given(st.text(max_size=300), st.integers(4, 40))
def test_any_text_has_its_marks_and_no_more_pieces_than_asked(text, most):
    told = wordpieces(text, most)
    assert 2 <= len(told) <= most
    assert (told[0], told[-1]) == (101, 102)
    assert all(0 <= at < 30522 for at in told)
    apart = unicodedata.normalize("NFD", text)
    assert wordpieces(apart, most) == told or len(apart) > 16 * most


def test_of_a_long_text_the_beginning_and_the_end_are_read():
    told = said("first " + "word " * 5000 + "last", 32)
    assert (told[0], told[-1], len(told)) == ("first", "last", 30)
    assert len(said("one two three four", 5)) == 3


@pytest.mark.parametrize("cell", [None, float("nan"), "", " \n", "\u0301"])
def test_what_has_no_words_has_its_marks_alone(cell):
    assert wordpieces(cell) == [101, 102]
