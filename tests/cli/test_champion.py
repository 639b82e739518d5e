"""``mlkit promote`` and ``mlkit rollback``."""

from mlkit.core.champion import champion, move
from mlkit.core.store import Entry

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


def test_both_want_a_reason(mlkit, house):
    for command in ("promote", "rollback"):
        assert mlkit(command, house.root)[0] == 2
        code, said = mlkit(command, house.root, "--why", " ")
        assert code == 2
        assert "needs a reason" in said
    assert champion(house.ledger) is None
