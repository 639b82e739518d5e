"""A server that follows the champion, and one that has another in its shadow."""

from __future__ import annotations

import json
import sqlite3
import threading
import time
from functools import partial

import pytest

from mlkit.core.errors import InputError, StoreError, UsageError
from mlkit.product.log import find
from mlkit.product.serving.pointer import Found
from mlkit.product.serving.served import Served
from mlkit.product.serving.settings import Settings
from mlkit.product.serving.trial import fault


class Hand:
    """A pointer that a test moves."""

    def __init__(self, folder):
        self.moved = 0
        self.point(folder)

    def point(self, folder, error=None):
        self.folder, self.error = folder, error
        self.moved += 1

    def mark(self):
        return (self.moved,)

    def read(self):
        if self.error:
            raise self.error
        return Found(Served(self.folder).identity, self.folder, {"run": "r"})


def version(folder):
    return Served(folder).version


def until(holds, seconds=20.0):
    end = time.monotonic() + seconds
    while not holds():
        assert time.monotonic() < end, "it never came to be"
        time.sleep(0.01)


def answers(client, version):
    return client.get("/health/ready").json()["model"] == version


def more(replies, count):
    return len(replies) > count


def rows_of(log, query):
    connection = sqlite3.connect(log)
    try:
        return connection.execute(query).fetchall()
    finally:
        connection.close()


def test_a_new_champion_answers_and_no_request_fails(
    client_of, loans, later_loans, good, capfd
):
    hand, stop, replies = Hand(loans), threading.Event(), []
    with client_of(loans, hand, every=0.02) as client:

        def load():
            while not stop.is_set():
                replies.append(client.post("/v1/predict", json={"rows": [good]}))

        threads = [threading.Thread(target=load) for _ in range(3)]
        for thread in threads:
            thread.start()
        for folder in (later_loans, loans, later_loans):
            hand.point(folder)
            until(partial(answers, client, version(folder)))
            until(partial(more, replies, len(replies) + 20))
        stop.set()
        for thread in threads:
            thread.join()
        text = client.get("/metrics").text
        schema = client.get("/v1/schema").json()
    assert {reply.status_code for reply in replies} == {200}
    models = {reply.json()["model"] for reply in replies}
    assert models == {version(loans), version(later_loans)} == {*models}
    assert schema["model"] == version(later_loans)
    assert "mlkit_model_changes_total 3" in text
    assert f'mlkit_model_info{{version="{version(later_loans)}"}} 1' in text
    for reply in replies[:: max(1, len(replies) // 40)]:
        kept = find(client.log, reply.json()["id"])
        assert kept.model.startswith(reply.json()["model"])
        assert kept.about["schema"]["output"]["target"] == "late"
    moves = rows_of(client.log, "SELECT substr(model, 1, 12), event FROM moves")
    served = [loans, later_loans, loans, later_loans]
    assert moves == [(version(folder), "serves") for folder in served]
    assert "answers now, after" in capfd.readouterr().err


@pytest.mark.parametrize(
    ("name", "change", "why"),
    [
        ("schema", lambda f: f["input"].pop(0), "its columns are others"),
        ("schema", lambda f: f["output"].update(target="x"), "something else"),
        ("schema", lambda f: f["output"].update(classes=["no", "maybe"]), "classes"),
        ("cleaning", lambda f: f.pop("operations"), "cannot be loaded: KeyError"),
    ],
)
def test_one_that_does_not_suit_is_turned_away(
    client_of, loans, changed, good, name, change, why
):
    hand = Hand(loans)
    broken = changed(loans, name, change)
    with client_of(loans, hand, every=0.02) as client:
        hand.read = lambda: Found("f" * 64, broken, {})
        hand.point(broken)
        until(lambda: "refused" in client.get("/health/ready").json())
        told = client.get("/health/ready").json()
        assert (told["status"], told["model"]) == ("ready", version(loans))
        assert told["refused"]["model"] == "f" * 12
        assert why in told["refused"]["why"]
        assert "mlkit_model_refused 1" in client.get("/metrics").text
        assert client.post("/v1/predict", json={"rows": [good]}).status_code == 200
        del hand.read
        hand.point(loans)
        until(lambda: "refused" not in client.get("/health/ready").json())
        assert "mlkit_model_refused 0" in client.get("/metrics").text
    moves = rows_of(client.log, "SELECT model, event, why FROM moves WHERE why <> ''")
    assert [move[:2] for move in moves] == [("f" * 12, "refused")]
    assert why in moves[0][2]


def test_a_pointer_that_cannot_be_read_changes_nothing(client_of, loans, good):
    hand = Hand(loans)
    with client_of(loans, hand, every=0.02) as client:
        hand.point(loans, StoreError("a line of the ledger cannot be read"))
        until(lambda: "refused" in client.get("/health/ready").json())
        told = client.get("/health/ready").json()["refused"]
        assert told["why"] == "a line of the ledger cannot be read"
        assert client.post("/v1/predict", json={"rows": [good]}).status_code == 200


def test_what_could_not_be_read_is_tried_again(
    client_of, loans, later_loans, monkeypatch
):
    from mlkit.product.serving import follow

    monkeypatch.setattr(follow, "AGAIN", 0.1)
    hand = Hand(loans)
    with client_of(loans, hand, every=0.02) as client:
        hand.point(later_loans, StoreError("not yet"))
        until(lambda: "refused" in client.get("/health/ready").json())
        hand.error = None
        until(lambda: answers(client, version(later_loans)))
        assert "refused" not in client.get("/health/ready").json()
    moves = rows_of(client.log, "SELECT event FROM moves")
    assert moves == [("serves",), ("refused",), ("serves",)]


def test_a_trial_finds_answers_that_are_none(loans, later_loans, owed):
    served = Served(loans)
    assert fault(served) == ""
    assert fault(Served(later_loans), served) == ""
    assert fault(Served(owed), served) == "it predicts something else"
    answer = served.answer

    def wrong(told):
        served.answer = lambda cells, count: [told] * count
        return fault(served)

    half = {"no": 0.5, "yes": 0.5}
    assert wrong({"label": "no", "probabilities": half}) == ""
    for told in (
        {"label": "maybe", "probabilities": half},
        {"label": "no", "probabilities": {"no": float("nan"), "yes": 0.5}},
        {"label": "no", "probabilities": {"no": 1.0, "yes": 0.5}},
        {"value": float("inf")},
    ):
        assert wrong(told) == "it answers a likely row with no number"
    served.answer = lambda cells, count: 1 / 0
    assert fault(served) == "it broke on a likely row: ZeroDivisionError"
    served.answer = answer


# the shadow


def test_a_shadow_answers_in_silence(client_of, loans, later_loans, good):
    rows = [{**good, "age": age} for age in range(20, 80)]
    with client_of(later_loans) as other:
        wanted = other.post("/v1/predict", json={"rows": rows}).json()["predictions"]
        other.log.unlink()
    with client_of(loans, shadow=later_loans) as client:
        told = client.post("/v1/predict", json={"rows": rows, "id": "seen"})
        assert told.json()["model"] == version(loans)
        assert client.post("/v1/predict", json={"rows": rows, "id": "seen"}).text
        again = {"rows": [good], "id": "seen"}
        assert client.post("/v1/predict", json=again).status_code == 409
        until(lambda: "mlkit_shadow_rows_total 60" in client.get("/metrics").text)
    ((request, model, seconds, reply),) = rows_of(client.log, "SELECT * FROM shadows")
    assert (request, model) == ("seen", Served(later_loans).identity)
    assert seconds > 0
    assert json.loads(reply)["predictions"] == wanted
    assert json.loads(reply)["predictions"] != told.json()["predictions"]
    models = rows_of(client.log, "SELECT identity FROM models")
    assert {(model,), (Served(loans).identity,)} == set(models)
    moves = rows_of(client.log, "SELECT event FROM moves ORDER BY rowid")
    assert moves == [("serves",), ("shadows",)]


def test_a_slow_or_broken_shadow_hurts_nobody(
    client_of, loans, later_loans, good, capfd, monkeypatch
):
    from mlkit.product.serving import shadow

    monkeypatch.setattr(shadow, "WAITING", 40)
    gate = threading.Event()

    def slow(self, cells, count):
        if self.version == version_of_shadow:
            gate.wait(20)
            raise ValueError("in the dark")
        return answers(self, cells, count)

    version_of_shadow, answers = version(later_loans), Served.answers
    with client_of(loans, shadow=later_loans) as client:
        monkeypatch.setattr(Served, "answers", slow)
        for _ in range(10):
            reply = client.post("/v1/predict", json={"rows": [good] * 10})
            assert reply.status_code == 200
        until(lambda: "shadow_dropped_total 60" in client.get("/metrics").text)
        gate.set()
        until(lambda: "shadow_dropped_total 100" in client.get("/metrics").text)
        assert client.post("/v1/predict", json={"rows": [good]}).status_code == 200
    assert "in the dark" in capfd.readouterr().err


def test_a_shadow_takes_what_the_champion_takes(client_of, loans, owed, tmp_path):
    with (
        pytest.raises(InputError, match="beside the champion"),
        client_of(loans, shadow=owed),
    ):
        pass
    with pytest.raises(UsageError, match="in silence"):
        Settings(shadow=loans)
    with pytest.raises(UsageError, match="no name"):
        Settings(name="../etc")


# the day of review


def test_a_package_past_its_day_says_so(running, loans, changed):
    late = changed(loans, "about", lambda form: form.update(review_by="2020-02-29"))
    with running(late, "--log", "off") as client:
        told = client.get("/health/ready").json()
        assert (told["review_by"], told["overdue"]) == ("2020-02-29", True)
        assert "mlkit_model_overdue 1\n" in client.get("/metrics").text
        client.process.terminate()
        assert "reviewed by 2020-02-29" in client.process.communicate()[1]
    with running(loans, "--log", "off") as client:
        assert client.get("/health/ready").json()["overdue"] is False
        assert "mlkit_model_overdue 0\n" in client.get("/metrics").text
