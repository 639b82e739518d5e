"""Decisions that the monitor set aside: judged by a person, entered as truth."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta

import pandas as pd
import pytest

from mlkit.cli.group import command_line
from mlkit.core.annotations import Annotation
from mlkit.core.decisions import annotate, person, record
from mlkit.core.project import Project
from mlkit.data.labels.queue import Queue
from mlkit.product.log import read
from mlkit.product.monitor import follow, set_aside
from mlkit.product.retraining.judged import judged


@pytest.fixture
def shop(tmp_path):
    (tmp_path / "mlkit.toml").write_text("format = 1\n")
    return Project.open(tmp_path)


@pytest.fixture
def log(shop, package_of, make_loans):
    rows, _ = make_loans(60)
    return package_of().log(shop.state / "requests.sqlite", (rows, 0))


def test_what_is_judged_is_entered_once_and_may_be_corrected(shop, log, capsys):
    said = {"d0-0:3": "yes", "d0-50:9": "no", "not a row": "no"}
    record(shop.decisions, "judged", said)
    assert len(judged(shop)) == 2
    for words in ("2 truths entered", "0 truths entered, 2 known before"):
        assert command_line(["feedback", "--judged", str(shop.root)]) == 0
        assert words in capsys.readouterr().out
    later = (datetime.now(UTC) + timedelta(minutes=1)).isoformat()
    annotate(shop.decisions, "judged", [Annotation("d0-0:3", "no", person(), later)])
    command_line(["feedback", "--judged", "--json", str(shop.root)])
    assert json.loads(capsys.readouterr().out)["corrected"] == 1
    truth = read(log).set_index(["request.id", "request.row"])["truth"].dropna()
    assert truth.to_dict() == {("d0-0", 3): "no", ("d0-50", 9): "no"}


def test_people_who_disagree_enter_nothing(shop, log):
    record(shop.decisions, "judged", {"d0-0:1": {"ann": "yes", "bob": "no"}})
    command_line(["feedback", "--judged", str(shop.root)])
    assert read(log)["truth"].isna().all()


def test_nothing_judged_and_no_file(shop, log, capsys):
    assert command_line(["feedback", "--judged", str(shop.root)]) == 0
    assert "0 truths entered" in capsys.readouterr().out
    assert command_line(["feedback"]) == 2
    assert "--judged" in capsys.readouterr().err


def test_the_labeller_takes_what_was_set_aside(package_of, log):
    aside = set_aside(follow(package_of().folder, log))
    queue = Queue(aside.table, {}, "ann", classes=aside.classes)
    assert queue.classes == ["no", "yes"]
    assert queue.progress() == (0, 30)
    row = aside.table.index[queue.deal(1)[0]]
    assert queue.give(row, "yes").line["row"] == row


def test_rows_of_the_kind_that_came_lately_are_set_aside(package_of, make_loans):
    loans = package_of()
    usual, _ = make_loans(300)
    odd, _ = make_loans(60, seed=1, pay=3.0)
    live = loans.live(loans.table(usual), loans.table(odd, day=1))
    for drifted, share in (((), 0.0), (("pay",), 1.0)):
        table = set_aside(live, drifted=drifted).table
        some = table[table["set_aside"] == "drifted"]
        assert len(some) == (6 if drifted else 0)
        high = pd.to_numeric(some["input.pay"]) > 3000
        assert high.mean() == pytest.approx(share) if len(some) else not drifted
