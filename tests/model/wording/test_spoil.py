from __future__ import annotations

from collections import Counter

import numpy as np
import pandas as pd
from hypothesis import given, settings
from hypothesis import strategies as st

from mlkit.model.wording.spoil import disordered, lost, slipped, spoilt

SHARES = st.sampled_from([0.0, 0.3, 1.0])


def rng():
    return np.random.default_rng(0)


@settings(deadline=None)
@given(st.text(max_size=60), SHARES)
def test_what_is_spoilt_keeps_its_letters_or_its_words(text, share):
    assert Counter(slipped(text, share, rng())) == Counter(text)
    words = Counter(text.split())
    assert Counter(disordered(text, share, rng()).split()) == words
    assert Counter(lost(text, share, rng()).split()) <= words


def test_nothing_changes_at_a_share_of_nothing():
    text = "a good  film\n"
    assert slipped(text, 0.0, rng()) == text
    assert disordered(text, 0.0, rng()) == lost(text, 0.0, rng()) == "a good film"


def test_as_many_words_are_spoilt_as_was_said():
    text = "word " * 4000
    gone = 4000 - len(lost(text, 0.25, rng()).split())
    wrong = sum(w != "word" for w in slipped(text, 0.1, rng()).split())
    assert abs(gone - 1000) < 100
    assert abs(wrong - 400) < 80


def test_gaps_stay_and_every_text_column_is_spoilt():
    table = pd.DataFrame({"a": ["one two", None], "b": ["", "three"]})
    tried = list(spoilt(table, ("a", "b"), rng()))
    assert [kind for kind, *_ in tried] == ["typos"] * 3 + ["lost"] * 3 + ["order"]
    assert all(set(columns) == {"a", "b"} for *_, columns in tried)
    assert all(pd.isna(columns["a"][1]) for *_, columns in tried)
    assert list(spoilt(table, (), rng())) == []
