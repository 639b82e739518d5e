from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sklearn.feature_extraction.text import CountVectorizer

from mlkit.model.encoding import counts
from mlkit.model.encoding.counts import chosen, counted, read
from mlkit.model.encoding.tokens import grams, plain

WORDS = st.lists(st.sampled_from(["so", "good", "BAD", "naïve", "κακό", "7"]))
TEXTS = st.lists(st.none() | st.text(max_size=30) | WORDS.map(" ".join), min_size=3)


@settings(max_examples=60, deadline=None)
@given(TEXTS, st.booleans())
def test_words_are_counted_as_scikit_learn_counts_them(texts, pieces):
    values = pd.Series(texts, dtype=object)
    told = [plain(text, pieces) for text in texts]
    most = 0.7 if len(texts) > 20 else 1.0
    theirs = CountVectorizer(analyzer=grams, min_df=2, max_df=most)
    found, words = chosen(*read(values, pieces))
    try:
        expected = theirs.fit_transform(told)
    except ValueError:
        assert words == []
        return
    assert words == theirs.get_feature_names_out().tolist()
    assert (found.toarray() == expected.toarray()).all()
    assert (counted(values, pieces, words).toarray() == expected.toarray()).all()


def test_the_most_frequent_are_kept_and_ties_fall_by_name(monkeypatch):
    monkeypatch.setattr(counts, "WIDEST", 3)
    values = pd.Series(["d d", "d", "c", "c", "b", "b", "a", "a"])
    found, words = chosen(*read(values, False))
    assert words == ["a", "b", "d"]
    assert found.sum() == 7


def test_what_was_read_is_forgotten_before_it_grows_too_large(monkeypatch):
    monkeypatch.setattr(counts, "LEXICON", counts._Lexicon())
    monkeypatch.setattr(counts, "MOST_GRAMS", 5)
    first = counted(pd.Series(["one two three", "four five six"]), False, ["six"])
    held = len(counts.LEXICON.place)
    again = counted(pd.Series(["six", "seven six"]), False, ["six"])
    assert len(counts.LEXICON.place) < held
    assert first.toarray().tolist() == [[0.0], [1.0]]
    assert again.toarray().tolist() == [[1.0], [1.0]]


@pytest.mark.parametrize("values", [[], [None], ["", "?"]])
def test_nothing_is_counted_where_there_is_nothing(values):
    series = pd.Series(values, dtype=object)
    assert counted(series, True, ["good"]).shape == (len(values), 1)
    assert np.asarray(counted(series, True, ["good"]).sum()) == 0
