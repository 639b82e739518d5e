"""What seals share: rows that were looked at once stay seen in whatever table."""

import shutil

import pandas as pd
import pytest

import mlkit as mk
from mlkit.core import ledger, seals
from mlkit.core.past import past
from mlkit.core.seals import Shared
from mlkit.core.session import session


@pytest.fixture
def path(in_folder):
    return in_folder / "ledger.jsonl"


def table(ids, **columns):
    return pd.DataFrame({"x": range(len(ids)), **columns}, index=ids)


def rows(first, last):
    return [f"r{number}" for number in range(first, last)]


def opened(value, name="test"):
    """Seal a table, open it, and return its identity."""
    mk.save(**{name: mk.sealed(value)})
    mk.unseal(name, why="a look")
    return session().entries[name].identity


def shared(path, identity, name="test"):
    return seals.kin(session().store, ledger.lines(path), name, identity)


def forget(identity):
    shutil.rmtree(session().store.path(identity))


def test_a_seal_is_held_against_those_before_it_by_row_ids(path):
    old = opened(table(rows(0, 4)))
    new = opened(table(rows(0, 5)))
    fresh = opened(table(rows(5, 9)))
    assert shared(path, old) == {old: Shared(4, 4), new: Shared(4, 4)}
    assert shared(path, new) == {old: Shared(4, 5), new: Shared(5, 5)}
    assert shared(path, fresh) == {fresh: Shared(4, 4)}
    assert ledger.verify(path) == 3


def test_what_was_counted_is_known_once_the_old_rows_are_gone(path):
    old, new = opened(table(rows(0, 4))), opened(table(rows(0, 5)))
    fresh = opened(table(rows(5, 9)))
    before = [shared(path, one) for one in (new, fresh)]
    forget(old)
    assert [shared(path, one) for one in (new, fresh)] == before
    lines = [(x["rows"], x.get("shares")) for x in ledger.lines(path)]
    short = [one.partition("-")[2][:16] for one in (old, new)]
    assert lines == [(4, None), (5, {short[0]: 4}), (4, dict.fromkeys(short, 0))]
    assert mk.unseal("test", why="again") is not None
    assert "shares" not in ledger.lines(path)[-1]


def test_rows_that_nobody_knows_any_more_may_all_be_there(path):
    old = opened(table(rows(0, 4)))
    forget(old)
    new = opened(table(rows(50, 60)))
    assert shared(path, new)[old] == Shared(4, 10, counted=False)
    assert not shared(path, new)[old].most
    facts = {"target": True, "models": [], "identity": "table-" + "0" * 64}
    ledger.append(path, "unseal", name="test", **facts)
    assert shared(path, new)[facts["identity"]] == Shared(10, 10, counted=False)
    assert facts["identity"] not in shared(path, new, "another")


def test_a_seal_counts_by_its_rows_under_another_name_and_with_results_alone(path):
    half = opened(table(rows(0, 3)), "half")
    mk.save(held=mk.sealed(table(rows(2, 6))))
    held = session().store.drafts()["held"].identity
    ledger.enter_results(path, ["m"], [held])
    new = opened(table(rows(0, 6)))
    assert shared(path, new) == {
        half: Shared(3, 6),
        held: Shared(4, 6),
        new: Shared(6, 6),
    }


def test_ids_that_are_made_of_other_columns_tell_nothing(path):
    hashed = [f"{number:016x}" for number in range(4)]
    old = opened(table(hashed))
    wider = opened(table([one[::-1] for one in hashed[1:]], y=1))
    assert shared(path, wider)[old] == Shared(3, 3, counted=False)
    keyed = opened(table(rows(0, 4)))
    assert shared(path, keyed)[old] == Shared(4, 4, counted=False)
    fresh = opened(table([one[::-1] for one in hashed[1:]]))
    assert old not in shared(path, fresh)


@pytest.mark.parametrize("index", [None, [7, 8]])
def test_rows_are_known_by_whatever_index_they_have(path, index):
    first = opened(pd.DataFrame({"x": [1, 2]}, index=index))
    second = opened(pd.DataFrame({"x": [1, 3]}, index=index))
    assert shared(path, second)[first] == Shared(2, 2)
    ids = {"0", "1"} if index is None else {"7", "8"}
    assert seals.row_ids(session().store, second) == ids


def test_what_is_no_table_is_the_same_or_another(path):
    first, second = opened({"a": 1}), opened({"a": 2})
    assert shared(path, second).keys() == {second}
    assert seals.row_ids(session().store, first) is None
    assert "rows" not in ledger.lines(path)[-1]


def test_without_its_target_nothing_is_seen(path):
    mk.save(test=mk.sealed(table(rows(0, 4))))
    mk.unseal("test", why="parity", target=False)
    new = opened(table(rows(0, 5)))
    assert shared(path, new).keys() == {new}
    assert "rows" not in ledger.lines(path)[0]


def test_bars_that_moved_and_looks_are_told_though_a_row_more_lies_there(path):
    ledger.enter_bars(path, {"recall": 0.75})
    opened(table(rows(0, 4)))
    ledger.enter_bars(path, {"recall": 0.4})
    opened(table(rows(0, 5)))
    (moved,) = past("test").changes
    assert (moved["bar"], moved["seen"]) == ("recall", Shared(4, 5))
    opened(table(rows(5, 9)))
    assert past("test").changes == ()
    opened(table(rows(0, 9)))
    (moved,) = past("test").changes
    assert moved["seen"] == Shared(4, 9)


def test_rows_that_other_lines_count_are_not_those_of_a_seal(path):
    old, new = opened(table(rows(0, 4))), opened(table(rows(0, 5)))
    before = shared(path, new)
    ledger.append(path, "forget", requests=1, rows=2, forgotten="0" * 64)
    ledger.append(path, "audit", identity=old, rows=1, shares={"0" * 16: 1})
    assert shared(path, new) == before == {old: Shared(4, 5), new: Shared(5, 5)}
    assert past("test").models == 1
    assert seals.facts(session().store, ledger.lines(path), new) == {"rows": 5}
