"""What the ledger says of a model: bars that moved, looks, and a moved threshold."""

import pandas as pd
import pytest

import mlkit as mk
from mlkit.core.past import Past
from mlkit.core.seals import Shared
from mlkit.model.accept import accept
from mlkit.model.evaluate import evaluate
from mlkit.model.fitted import fit
from mlkit.model.judging import seal
from mlkit.model.problem import Problem
from mlkit.model.review import Review

AT = "2026-11-24T18:05:00+00:00"
GATE = {"state": "blocked", "missed": ["ROC AUC at least 0.9"]}
ALL, PART = Shared(203, 203), Shared(184, 203)
FEW, LOST = Shared(45, 203), Shared(184, 203, counted=False)


def change(seen=ALL, bar="roc_auc", was=0.9, now=0.8):
    return {"bar": bar, "was": was, "now": now, "by": "ada", "at": AT, "seen": seen}


def look(*models, seen=ALL, gate=None, **more):
    facts = {"at": AT, "by": "ada", "models": models, "why": "curiosity"}
    return {**facts, "gate": gate, "seen": seen, "moved": False, **more}


def test_bars_that_moved_are_told():
    changes = (change(), change(bar="brier", was=None), change(bar="rows", now=None))
    told = seal.told_changes(Past(changes=changes))
    assert told[0] == "roc_auc went from 0.9 to 0.8 on 24 November 2026, 18:05 by ada"
    assert "was set to 0.8" in told[1]
    assert "was dropped" in told[2]
    (found,) = seal.of_bars(told, entered=True, stated=True)
    assert found.got.startswith("changed after results were seen: roc_auc")
    assert not found.blocks
    (good,) = seal.of_bars((), entered=True, stated=True)
    assert good.state == "passed"
    assert list(seal.of_bars((), entered=True, stated=False)) == []
    (absent,) = seal.of_bars((), entered=False, stated=True)
    assert "ledger" in absent.got


def test_a_policy_makes_moved_bars_and_worn_rows_block(in_folder, monkeypatch):
    from mlkit.core import session

    policies = (
        'format = 1\n[policies]\nchanged_bars = "block"\nmodels_per_holdout = 2\n'
    )
    (in_folder / "mlkit.toml").write_text(policies)
    monkeypatch.setattr(session, "_SESSION", None)
    (found,) = seal.of_bars(("moved",), entered=True, stated=True)
    assert found.blocks
    (told,) = seal.of_bars(("moved",), entered=True, stated=True, fresh=True)
    assert told.state == "not_assessed"
    assert not told.blocks
    assert [f.blocks for f in seal.of_looks(2, ())] == [False, False]
    assert [f.blocks for f in seal.of_looks(3, ("a", "b"))] == [False, True]
    assert [f.blocks for f in seal.of_looks(0, ())] == [True]


def test_rows_are_fresh_where_results_were_seen_of_the_fewer_part():
    assert seal.fresh(Past())
    assert seal.fresh(Past(changes=(change(FEW),)))
    assert not seal.fresh(Past(changes=(change(FEW), change(PART))))


def test_looks_are_told_with_how_they_ended():
    looks = (look("m", gate=GATE), look(), look("n"))
    told = seal.told_looks(Past(looks=looks))
    assert told[0].endswith("18:05 and blocked, ROC AUC at least 0.9")
    assert "opened by ada" in told[1]
    assert told[2] == "one was judged on 24 November 2026, 18:05"
    first, _ = seal.of_looks(4, told)
    assert first.state == "not_assessed"
    assert first.got.startswith("the 4th model judged, made after 3 looks at them: one")
    assert next(seal.of_looks(1, ())).state == "passed"


def test_of_many_looks_the_last_are_told():
    first, _ = seal.of_looks(8, tuple("abcdefg"))
    assert first.got.endswith("made after 7 looks at them, the last: c; d; e; f; g")


@pytest.mark.parametrize(
    ("seen", "words"),
    [
        (PART, "184 of these 203 rows"),
        (LOST, "at most 184 of these 203 rows, as nobody knows which they were"),
    ],
)
def test_how_many_rows_were_seen_is_told(seen, words):
    looks = (look("m", seen=seen, gate=GATE), look(seen=seen))
    judged, by_hand = seal.told_looks(Past(looks=looks))
    assert f"18:05, by {words} and blocked" in judged
    assert by_hand.endswith(f"(curiosity), with {words}")
    (moved,) = seal.told_changes(Past(changes=(change(seen),)))
    assert moved.endswith(f"by ada, after results on {words}")


@pytest.fixture
def opened(parts, in_folder):
    """Judge a model by hand, as the steps from `train` on do, at a threshold."""
    train, valid, test, cleaning = parts("two_classes")
    model = fit("linear", {}, train, Problem.of(train))
    first, review = evaluate(model, valid), Review(model.problem, 1, 0.0, 0.0, ())
    mk.save(model=model)

    def judge(at, test=test, bars=None):
        mk.save(evaluation=first.at(at), test=mk.sealed(test))
        given = mk.load("model"), cleaning, mk.load("evaluation"), review
        rows = mk.unseal("test", why="acceptance")
        return accept(*given, rows, bars=bars or {})

    return judge, test


def test_a_threshold_that_moved_after_a_look_is_told(opened):
    judge, _ = opened
    for _ in range(2):
        found = judge(0.5)
        assert (found.judged, found.looked) == (1, ())
    for _ in range(2):
        moved = judge(0.2)
        (told,) = moved.looked
        assert told.startswith("its threshold was moved from 0.5 after it was judged")
        assert moved.judged == 2
    looked = [f for f in moved.verdict.findings if "nobody had looked" in f.bar]
    assert [f.state for f in looked] == ["not_assessed"]
    back = judge(0.5)
    assert (back.judged, back.looked) == (2, ())


def test_a_threshold_that_moved_is_told_though_a_row_less_lies_there(opened):
    judge, test = opened
    judge(0.5)
    (told,) = judge(0.2, test.head(len(test) - 1)).looked
    assert "its threshold was moved from 0.5" in told
    assert "rows" not in told
    half = pd.Index([f"new{number}" for number in range(len(test))], name="row")
    fresh = test.set_axis(half.astype("str"))
    assert judge(0.3, fresh).looked == ()
