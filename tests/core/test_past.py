"""What the ledger says of bars, looks and the champion."""

import time

import pandas as pd
import pytest

import mlkit as mk
from mlkit.core import ledger
from mlkit.core.past import champion, past
from mlkit.core.seals import Shared
from mlkit.core.session import session

ALL = {"t": Shared(9, 9)}


@pytest.fixture
def path(tmp_path):
    return tmp_path / "ledger.jsonl"


def unseal(path, *models, identity="t", run="r1", **more):
    facts = {"identity": identity, "name": "test", "target": True, "run": run, **more}
    ledger.append(path, "unseal", step="accept", models=list(models), **facts)


def events(path):
    return [line["event"] for line in ledger.lines(path)]


def test_bars_are_entered_once_and_again_when_they_change(path):
    ledger.enter_bars(path, {})
    assert not path.exists()
    ledger.enter_bars(path, {"roc_auc": 0.8})
    ledger.enter_bars(path, {"roc_auc": 0.8})
    ledger.enter_bars(path, {})
    assert [line["bars"] for line in ledger.lines(path)] == [{"roc_auc": 0.8}, {}]
    assert ledger.verify(path) == 2


def test_a_bar_that_changed_before_anybody_saw_a_result_is_no_change(path):
    ledger.enter_bars(path, {"roc_auc": 0.9})
    ledger.enter_bars(path, {"roc_auc": 0.8})
    assert ledger.changes(path, ALL) == []


@pytest.mark.parametrize("how", ["results", "unseal"])
def test_a_bar_that_changed_after_a_result_is_told_with_who_and_when(
    path, how, monkeypatch
):
    ledger.enter_bars(path, {"roc_auc": 0.9, "rows": 100})
    if how == "results":
        ledger.enter_results(path, ["m"], ["t"], step="evaluate", run="r1")
    else:
        unseal(path, "m")
    assert ledger.changes(path, ALL) == []
    monkeypatch.setenv("MLKIT_USER", "ada")
    ledger.enter_bars(path, {"roc_auc": 0.8, "brier": 0.2, "rows": 100})
    found = ledger.changes(path, ALL)
    told = [(x["bar"], x["was"], x["now"], x["by"]) for x in found]
    assert told == [("brier", None, 0.2, "ada"), ("roc_auc", 0.9, 0.8, "ada")]
    assert found[0]["at"]
    assert ledger.changes(path, {"fresh rows": Shared(9, 9)}) == []


def test_results_are_entered_once_a_model_and_seal(path):
    for _ in range(2):
        ledger.enter_results(path, ["m"], ["t"], step="evaluate")
    ledger.enter_results(path, [], ["t"], step="split")
    ledger.enter_results(path, ["m"], [], step="evaluate")
    ledger.enter_results(path, ["m"], ["u"], step="evaluate")
    ledger.enter_results(path, ["n", "m"], ["u"], step="evaluate")
    assert events(path) == ["results"] * 3


def test_a_look_before_a_model_was_made_counts_and_later_ones_do_not(path):
    unseal(path, "a", run="r1")
    ledger.append(path, "gate", step="accept", run="r1", state="blocked", missed=["x"])
    unseal(path, "b", identity="other")
    unseal(path, "c", target=False)
    now = time.time() + 5
    (found,) = ledger.looks(path, ALL, ["d"], [], now)
    assert found["models"] == ["a"]
    assert (found["gate"]["state"], found["gate"]["missed"]) == ("blocked", ["x"])
    assert ledger.looks(path, ALL, ["d"], [], now - 3600) == []
    assert ledger.looks(path, ALL, ["a"], [], now) == []
    unseal(path, "d")
    unseal(path, "e")
    assert len(ledger.looks(path, ALL, ["d"], [], now)) == 1
    assert len(ledger.looks(path, ALL, ["f"], [], now)) == 3


def test_a_look_by_hand_without_a_model_counts(path):
    unseal(path)
    (found,) = ledger.looks(path, ALL, ["m"], [], time.time() + 5)
    assert found["gate"] is None


class Guess:
    def predict(self, table):
        return [0] * len(table)


def test_a_kernel_is_told_what_happened_before(in_folder):
    assert past("test").models == 0
    assert past("test").entered
    assert not past("test", {"roc_auc": 0.8}).entered
    table = pd.DataFrame({"x": [1.0], "y": ["a"]}, index=["r1"])
    mk.save(test=mk.sealed(table))
    mk.unseal("test", why="curiosity")
    time.sleep(1.1)
    mk.save(model=Guess())
    mk.load("model")
    mk.unseal("test", why="acceptance")
    found = past("test", {})
    assert found.models == 1
    assert [look["why"] for look in found.looks] == ["curiosity"]
    assert found.entered
    assert not past("test", {"roc_auc": 0.8}).entered
    assert past("test").entered


def test_the_champion_and_the_rows_it_cannot_have_seen(in_folder, tmp_path):
    assert champion("test") is None
    folder = tmp_path / "package"
    folder.mkdir()
    (folder / "card.md").write_text("x")
    old = pd.DataFrame({"x": [1.0, 2.0]}, index=["r1", "r2"])
    new = pd.DataFrame({"x": [1.0, 3.0]}, index=["r1", "r3"])
    mk.save(test=mk.sealed(old), package=folder)
    mk.unseal("test", why="acceptance")
    assert champion("test") is None
    entries, path = session().store.drafts(), in_folder / "ledger.jsonl"
    facts = {"name": "test", "target": True, "models": [], "why": "", "step": "a"}
    held = entries["test"].identity
    ledger.append(path, "unseal", run="r1", identity=held, **facts)
    package = entries["package"].identity
    ledger.append(path, "promote", run="r1", package=package)
    found = champion("test")
    assert (found.folder / "card.md").read_text() == "x"
    assert found.rows is None
    mk.save(test=mk.sealed(new))
    mk.unseal("test", why="acceptance")
    assert champion("test").rows == {"r1", "r2"}
    ledger.append(path, "rollback", run="r0", package="folder-" + "0" * 64)
    gone = champion("test")
    assert gone.folder is None
    assert "no longer in the store" in gone.why
    grown = pd.DataFrame({"x": [1.0, 2.0, 5.0]}, index=["r1", "r2", "r9"])
    mk.save(raw=grown)
    raw = session().store.drafts()["raw"].identity
    ledger.append(path, "promote", run="r1", package=package, raw=raw)
    since = champion("test")
    assert since.package == package
    assert since.unseen(["r1", "r3", "r9"]).tolist() == [True, False, False]
    assert since.fresh(["r1", "r3", "r9"]).tolist() == [False, True, False]
    named = grown.set_axis(["0123456789abcdef", "b" * 16, "c" * 16], axis=0)
    mk.save(raw=named)
    cells = session().store.drafts()["raw"].identity
    ledger.append(path, "promote", run="r1", package=package, raw=cells)
    renamed = champion("test")
    assert "rows had other names then" in renamed.why
    assert not renamed.fresh(["r3"]).any()
    ledger.append(path, "rollback", run="r9", package=package)
    assert not champion("test").fresh(["r3"]).any()
    (in_folder / ".mlkit" / "objects" / held / "object.json").unlink()
    assert champion("test").rows == frozenset()
