"""What a misspelt word is answered with, however long it is."""

from __future__ import annotations

import difflib

from mlkit.core.errors import did_you_mean, shortened


def test_a_long_word_is_compared_with_nothing(monkeypatch):
    asked = []
    monkeypatch.setattr(
        difflib, "get_close_matches", lambda *given, **_: asked.append(given) or []
    )
    assert did_you_mean("x" * 101, ["train"]) == "known: train"
    assert not asked
    did_you_mean("x" * 100, map(str, range(5000)))
    assert len(asked[0][1]) == 1000


def test_of_many_known_words_the_first_are_listed():
    assert did_you_mean("?", map(str, range(1000, 2000))).endswith("1099 and 900 more")
    assert did_you_mean("LAST", [*map(str, range(5000)), "last"]) == (
        "did you mean 'last'?"
    )


def test_the_middle_of_a_long_text_is_left_out():
    assert shortened("a" * 200) == "a" * 200
    short = shortened("a" * 5000 + "b" * 5000)
    assert len(short) == 200
    assert short.strip("ab") == "…"
    assert short[0] + short[-1] == "ab"
