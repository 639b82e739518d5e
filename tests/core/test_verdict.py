"""Verdicts: what blocks, and the card that says so."""

import pytest

from mlkit.core.errors import UsageError
from mlkit.core.verdict import Finding, Verdict

MISSED = Finding("<b>at least 100 rows", "missed", "42", "100", "collect 58 more")
QUIET = Finding("calibration", "not_assessed", "0.03", help="set a bar")
GOOD = Finding("better than a guess", "passed", "ahead by 0.3", help="never shown")


def test_what_was_not_assessed_blocks_only_where_it_is_required():
    assert Verdict((GOOD, QUIET)).state == "passed"
    asked = Finding("groups", "not_assessed", required=True)
    assert Verdict((GOOD, asked)).blocking == (asked,)


def test_the_card_puts_what_blocks_first_and_escapes_it():
    page = Verdict((GOOD, QUIET, MISSED), "Acceptance")._repr_html_()
    places = [page.index(word) for word in ("100 rows", "calibration", "a guess")]
    assert places == sorted(places)
    assert "<b>" not in page
    assert "1 keeps the gate shut · 1 passed · 1 not assessed" in page
    assert "collect 58 more" in page
    assert "never shown" not in page
    assert "blocked" in page


def test_a_finding_is_counted_once():
    asked = Finding("groups", "not_assessed", required=True)
    page = Verdict((GOOD, QUIET, asked, MISSED))._repr_html_()
    assert "2 keep the gate shut · 1 passed · 1 not assessed" in page
    assert "1 keeps the gate shut · 1 passed<" in Verdict((GOOD, asked))._repr_html_()


def test_a_verdict_reads_back():
    verdict = Verdict((GOOD, QUIET, MISSED), "Acceptance")
    assert Verdict.from_dict(verdict.to_dict()) == verdict
    assert "not assessed" in repr(verdict)
    with pytest.raises(UsageError, match="unknown finding state"):
        Finding("x", "fine")
