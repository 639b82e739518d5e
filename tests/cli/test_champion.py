"""``mlkit promote`` and ``mlkit rollback``."""

import json
import shutil

import pytest

from mlkit.core.champion import champion, move, moves
from mlkit.core.store import Entry, Store
from tests.cli.conftest import facts, leave
from tests.product.conftest import packed

OLD, NEW = "20260101-030405-aaaa", "20260102-030405-bbbb"


def test_promote_and_rollback_say_who_is_champion(mlkit, house):
    code, said = mlkit("promote", house.root, "--why", "it is better")
    assert (code, said) == (0, f"the package of run {NEW} is the champion\n")
    assert "champion already" in mlkit("promote", NEW, house.root, "--why", "x")[1]
    code, said = mlkit("rollback", house.root, "--why", "it is slow")
    assert code == 2
    assert "no champion before this one" in said
    move(house.ledger, "promote", Entry("folder-" + "0" * 64, run="r3"), "newer")
    code, said = mlkit("rollback", house.root, "--why", "it is slow")
    assert (code, said) == (0, f"the package of run {NEW} is the champion again\n")
    line = champion(house.ledger)
    assert (line["event"], line["why"]) == ("rollback", "it is slow")


@pytest.mark.parametrize("run", ["latest", "20260102", NEW])
def test_a_run_to_promote_is_named_as_everywhere(mlkit, house, run):
    code, said = mlkit("promote", run, house.root, "--why", "it is better")
    assert (code, said) == (0, f"the package of run {NEW} is the champion\n")
    code, said = mlkit("promote", "last", house.root, "--why", "it is better")
    assert code == 2
    assert "there is no run 'last'" in said
    assert "did you mean 'latest'?" in said


def test_both_want_a_reason(mlkit, house):
    for command in ("promote", "rollback"):
        assert mlkit(command, house.root)[0] == 2
        code, said = mlkit(command, house.root, "--why", " ")
        assert code == 2
        assert "needs a reason" in said
    assert champion(house.ledger) is None


@pytest.fixture
def moved(house, tmp_path):
    """A house whose champion answers, and whose newest package takes a text."""
    first = packed(count=600)
    other = shutil.copytree(first, tmp_path / "other")
    schema = json.loads((other / "schema.json").read_text())
    schema["input"][2]["type"] = "text"
    (other / "schema.json").write_text(json.dumps(schema))
    store = Store(house.state)
    old, new = (store.put(folder, "package").identity for folder in (first, other))
    move(house.ledger, "promote", Entry(old, run=OLD), "the first")
    store.set_refs(store.refs() | {"package": Entry(new, step="package", run=NEW)})
    return house


def test_other_columns_are_promoted_on_purpose_alone_and_the_server_is_told_of(
    mlkit, moved
):
    code, said = mlkit("promote", moved.root, "--why", "it is better")
    assert code == 2
    assert "would turn this package away" in said
    why = "its columns are others (town was category, is text)"
    assert why in said
    assert "add --anyway" in said
    assert len(moves(moved.ledger)) == 1
    code, said = mlkit("promote", moved.root, "--why", "it is better", "--anyway")
    at_work = "a server at work turns it away and goes on as before"
    assert code == 0
    assert f"the package of run {NEW} is the champion\n" in said
    assert f"{at_work}: {why}; start it anew\n" in said
    code, said = mlkit("promote", moved.root, "--why", "again")
    assert (code, said) == (0, f"the package of run {NEW} is the champion already\n")
    code, said = mlkit("rollback", moved.root, "--why", "clients broke")
    assert code == 0
    back = "its columns are others (town was text, is category)"
    assert f"{at_work}: {back}; start it anew\n" in said


TRIAL = "20260103-030405-cccc"


def tried(house, identity):
    """Leave a trial that made a package; nothing but trials did."""
    saves = {"package": Entry(identity, step="accept", run=TRIAL).to_dict()}
    given = {"tune": {"trials": "30"}}
    steps = {"accept": facts(TRIAL, saves)}
    leave(house, TRIAL, steps, variant="v0123456789ab", given=given)


def test_a_trial_s_package_is_told_how_it_becomes_champion(mlkit, house):
    tried(house, "folder-" + "1" * 64)
    code, said = mlkit("promote", TRIAL, house.root, "--why", "it is better")
    assert code == 2
    assert "only an unmodified run can be promoted" in said
    assert "tune.trials = 30" in said
    assert "write these parameters into the notebooks, then `mlkit run`" in said
    assert '`mlkit promote --why "..."`' in said
    tried(house, Store(house.state).refs()["package"].identity)
    code, said = mlkit("promote", TRIAL, house.root, "--why", "it is better")
    assert code == 2
    assert "the notebooks say the same by now" in said
    assert mlkit("promote", house.root, "--why", "it is better")[0] == 0


@pytest.mark.parametrize("words", [("promote", "--why", "good"), ("serve",)])
def test_where_trials_alone_made_a_package_it_is_said(mlkit, house, words):
    store = Store(house.state)
    entry = store.refs()["package"]
    store.set_refs({k: v for k, v in store.refs().items() if k != "package"})
    code, said = mlkit(*words, house.root)
    assert code == 2
    assert "only a trial" not in said
    tried(house, entry.identity)
    code, said = mlkit(*words, house.root)
    assert code == 2
    assert "only a trial has made an accepted package yet" in said
    assert f"run {TRIAL}" in said
    assert "write these parameters into the notebooks, then `mlkit run`" in said


def test_a_package_by_itself_is_told_apart_from_a_run(mlkit, house, monkeypatch):
    monkeypatch.chdir(house.root)
    code, said = mlkit("promote", packed(count=600), "--why", "it is better")
    assert code == 2
    assert "a run is promoted, not a package" in said
    assert "`mlkit runs`" in said
    assert "`mlkit serve PACKAGE`" in said
