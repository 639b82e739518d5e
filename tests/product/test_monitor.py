"""A model at work, watched through the front door."""

from __future__ import annotations

import json
import shutil
from contextlib import closing
from dataclasses import replace
from datetime import UTC, datetime

import numpy as np
import pandas as pd
import pytest

import mlkit as mk
from mlkit.core.artifacts import KINDS, kind_of
from mlkit.core.errors import InputError, UsageError
from mlkit.core.store import Store
from mlkit.product.journal.tables import connect
from mlkit.product.journal.truths import Feedback, Truth, enter_truths
from mlkit.product.log import read
from mlkit.product.monitor import Health, Limits, follow, monitor, set_aside
from mlkit.product.watching.drift import Change
from mlkit.product.watching.live import live
from mlkit.product.watching.parcel import Parcel
from mlkit.product.watching.reasons import because
from mlkit.product.watching.signs import of_changes
from tests.pictures import said
from tests.product.conftest import Loans, loans, packed

NOW = datetime(2026, 6, 1, tzinfo=UTC)
SLOW = [
    pytest.param(kind, marks=pytest.mark.slow) for kind in ("many_classes", "number")
]
KINDS_OF = ("two_classes", *SLOW)
PICTURES = ("overview", "columns", "score", "slices", "groups", "requests")


@pytest.fixture
def days(package_of, make_loans):
    """Give live rows of some days: (how many, what is shifted, whether truth is in)."""

    def make(*plan, kind="two_classes", rows=250):
        loans, tables, day = package_of(kind), [], 0
        for count, shift, true in plan:
            for _ in range(count):
                made, truth = make_loans(rows, seed=1000 + day, kind=kind, **shift)
                tables.append(loans.table(made, truth if true else None, day))
                day += 1
        return loans.live(*tables)

    return make


def levels(health):
    return {one.about: one.level for one in health.signs if one.about != "requests"}


@pytest.mark.parametrize("kind", KINDS_OF)
def test_rows_like_those_of_training_are_healthy(days, kind):
    health = monitor(days((3, {}, True), kind=kind), now=NOW)
    assert health.state == "healthy", str(health)
    assert health.drifted == ()
    assert health.reasons == ()
    assert {one.level for one in health.windows} == {"healthy"}
    assert str(health).startswith("healthy: ")
    said = {"word": "healthy", "sentence": "nothing speaks against it", "tone": "good"}
    assert health.headline == said


@pytest.mark.parametrize("kind", KINDS_OF)
def test_drifted_rows_are_told_and_say_retrain_before_any_truth(days, kind):
    plan = (3, {}, True), (2, {"pay": 1.2, "town": 0.2}, False)
    health = monitor(days(*plan, kind=kind), now=NOW)
    assert health.state == "retrain"
    assert {"pay", "town"} <= set(health.drifted)
    assert "age" not in health.drifted
    assert levels(health)["predictions"] == "retrain"
    assert [one.level for one in health.windows][:3] == ["healthy"] * 3
    assert "pay" in " ".join(health.reasons)
    said = {"word": "retrain", "sentence": health.reasons[0], "tone": "bad"}
    assert health.headline == said


def test_the_same_rows_again_and_again_are_no_other_rows(package_of, make_loans):
    loans, (rows, _) = package_of(), make_loans(100, seed=77)
    tables = [loans.table(rows, None, day) for day in range(10)]
    health = monitor(loans.live(*tables), window="1000", now=NOW)
    assert len(tables) * len(rows) == health.judged.traffic.rows
    assert health.drifted == ()
    assert health.state == "healthy", str(health)


def test_a_single_column_that_moves_is_watched(days):
    health = monitor(days((2, {}, False), (2, {"age": 0.6}, False)), now=NOW)
    assert health.state == "watch"
    assert health.drifted == ("age",)
    assert levels(health)["score"] == "unknown"


@pytest.mark.parametrize("kind", KINDS_OF)
def test_a_world_that_turned_is_seen_by_the_truth_alone(days, kind):
    turned = days((2, {}, True), (2, {"turned": 1}, True), kind=kind)
    health = monitor(turned, now=NOW)
    assert levels(health)["score"] == "retrain"
    assert levels(health)["estimate"] == levels(health)["columns"] == "healthy"
    assert levels(health)["promise"] == "watch"
    assert health.windows[0].kept.high > 0.9 > health.windows[-1].kept.high
    blind = monitor(days((2, {}, True), (2, {"turned": 1}, False), kind=kind), now=NOW)
    assert blind.state == "healthy"
    assert "up to 2026-03-02" in str(blind)
    lines = repr(health.hindsight()).splitlines()
    assert len(lines) == 5


@pytest.mark.parametrize("kind", KINDS_OF)
def test_what_is_expected_is_near_what_comes_true_on_rows_that_changed(days, kind):
    health = monitor(days((4, {"pay": 0.8}, True), kind=kind), now=NOW)
    for one in health.windows:
        assert one.hoped.value == pytest.approx(one.score.value, rel=0.25)
        assert one.estimate.low <= one.estimate.value <= one.estimate.high


def test_groups_that_come_apart_are_watched(days):
    health = monitor(days((2, {"bias": 2.5}, True)), now=NOW)
    assert levels(health)["groups"] == "watch"
    assert "by sex" in " ".join(health.reasons)
    assert set(health.windows[0].shares) == {"sex = f", "sex = m"}
    blind = monitor(days((2, {}, False)), now=NOW)
    assert {gap.name for gap in blind.fairness.gaps} == {"parity_gap", "parity_ratio"}


def test_a_part_that_goes_wrong_is_seen_over_time(days):
    health = monitor(days((2, {}, True), (2, {"bias": 3.0}, True)), now=NOW)
    before, now = health.windows[0].slices, health.windows[-1].slices
    assert set(before) >= {"sex = m", "sex = f", "town = Ghent"}
    assert before["sex = m"] - now["sex = m"] > before["sex = f"] - now["sex = f"]
    assert "Weakest now" in health.plot("slices").texts[0].get_text()


def test_too_few_rows_are_watched_and_no_rows_too(days, package_of):
    few = days((1, {}, True), rows=40)
    assert monitor(few, now=NOW).state == "watch"
    none = few.take(np.zeros(len(few), bool))
    health = monitor(none, now=NOW)
    assert health.state == "watch"
    assert health.windows == ()
    few_told = {"word": "watch", "sentence": health.signs[0].what, "tone": "warn"}
    assert health.headline == few_told
    assert "too few to judge" in health.signs[0].what
    assert "no request" in none._repr_html_()
    assert monitor(few, now=NOW, limits=Limits(least=30)).judged is not None
    for what in PICTURES:
        assert health.plot(what).axes


def test_a_log_without_a_request_is_no_reason_to_be_at_ease(package_of, tmp_path):
    loans = package_of("two_classes")
    seen = follow(loans.folder, loans.log(tmp_path / "requests.sqlite"))
    assert monitor(seen, now=NOW).state == "watch"
    assert len(set_aside(seen).table) == 0


def test_low_traffic_is_judged_over_several_windows_together(days):
    health = monitor(days((6, {}, True), rows=45), now=NOW)
    assert {one.level for one in health.windows} == {"unknown"}
    assert health.judged.traffic.rows == 135
    assert health.state == "healthy"


def test_a_package_past_its_review_by_date_says_so(days):
    late = monitor(days((1, {}, True)), now=datetime(2036, 1, 1, tzinfo=UTC))
    assert late.state == "watch"
    assert levels(late)["review"] == "watch"


def test_slow_answers_and_broken_cells_are_watched(days):
    seen = days((1, {}, True))
    flag = [{"field": "pay", "flag": "contract", "rule": "pay above 0"}]
    seen.rows["request.seconds"] = 2.0
    seen.rows.loc[:40, "output.flags"] = json.dumps(flag)
    health = monitor(seen, now=NOW)
    told = [one.what for one in health.signs if one.level == "watch"]
    assert len(told) == 2
    assert "2,000 ms" in told[0]
    assert "pay above 0 (16%)" in told[1]


def test_a_health_is_kept_and_read_again(days, tmp_path):
    health = monitor(days((1, {}, True), (1, {"pay": 1.0}, False)), now=NOW)
    assert kind_of(health, "health") == "record"
    KINDS["record"].write(health, tmp_path)
    assert KINDS["record"].read(tmp_path) == health
    assert Health.from_dict(json.loads(json.dumps(health.to_dict()))) == health
    assert set(health.metrics) == {"drifted", "roc_auc", "roc_auc_expected"}
    page = health._repr_html_()
    assert health.state in page
    for what in PICTURES:
        assert health.plot(what)._repr_png_()[0][:4] == b"\x89PNG"
    with pytest.raises(UsageError, match="no picture"):
        health.plot("weather")


def test_one_window_is_drawn_over_days_not_years(days):
    health = monitor(days((1, {}, True)), now=NOW)
    assert len(health.windows) == 1
    for what in ("overview", "score", "groups", "requests"):
        low, high = health.plot(what).axes[-1].get_xlim()
        assert high - low <= 3


def test_only_several_windows_are_drawn_window_by_window(days):
    one = monitor(days((1, {}, True)), now=NOW)
    several = monitor(days((3, {}, True)), now=NOW)
    for what in ("columns", "slices"):
        assert len(one.plot(what).axes) == 1
        assert "indow by" not in said(one.plot(what))
        assert len(several.plot(what).axes) == 2


def test_a_picture_without_anything_to_draw_is_one_line(days):
    health = monitor(days((1, {}, False)), now=NOW)
    blank = replace(
        health, windows=tuple(replace(w, shares={}) for w in health.windows)
    )
    for what, told in (
        ("slices", "No part has a score: the truth is in for too few rows"),
        ("groups", "No group to compare: no sensitive column is in the log"),
    ):
        picture = blank.plot(what)
        assert told in said(picture)
        assert picture._repr_png_()[1]["height"] < 70


def test_a_gap_that_led_to_an_answer_is_named_as_all_gaps_are(days):
    seen = days((1, {}, False))
    seen.columns["pay"][:8] = np.nan
    told = " ".join(because(seen, np.arange(8)))
    assert "pay = (missing) (" in told
    assert "–" not in told


def test_a_column_that_changed_in_two_ways_is_told_once():
    changes = [Change("net", "values", 0.4, 0.0, certain=True)]
    changes += [
        Change(name, "unseen", 0.3, 0.0, certain=True) for name in ["net", "age"]
    ]
    signs = of_changes(changes, "left", 9, Limits())
    (told,) = [one.what for one in signs if one.about == "columns"]
    assert told.startswith("2 of 9 columns changed: net 40%")
    assert told.count("net") == 1
    assert "age, unseen 30%" in told


def test_decisions_are_set_aside_with_what_led_to_them(days):
    seen = days((3, {}, True), (1, {"pay": 1.0}, False))
    aside = set_aside(seen, most=24)
    assert len(aside.table) == 24
    counts = aside.table["set_aside"].value_counts()
    assert set(counts.index) == {"wrong", "doubtful", "odd", "at random"}
    wrong = aside.table[aside.table["set_aside"] == "wrong"]
    assert (wrong["said"] != wrong["truth"]).all()
    assert wrong["truth"].notna().all()
    assert aside.table["because"].str.contains("pay = |age = ").any()
    assert "input.pay" in aside.table
    assert aside.table.index.is_unique
    assert set_aside(seen, most=24).table.equals(aside.table)
    empty = set_aside(seen.take(np.zeros(len(seen), bool)))
    assert len(empty.table) == 0


def test_an_old_package_without_samples_is_watched_all_the_same(days):
    seen = days((2, {}, True))
    old = dict(seen.parcel.reference)
    old.pop("sample"), old.pop("truth")
    object.__setattr__(seen.parcel, "reference", old)
    health = monitor(seen, now=NOW)
    assert health.state == "healthy"
    assert levels(health)["rows"] == levels(health)["estimate"] == "unknown"
    assert "package the model anew" in str(health)


def test_the_log_is_followed_and_rows_of_other_models_are_left_out(
    package_of, make_loans, tmp_path
):
    loans = package_of("two_classes")
    batches = [(make_loans(120, seed=k)[0], k) for k in range(2)]
    log = loans.log(tmp_path / "requests.sqlite", *batches)
    seen = follow(loans.folder, log)
    assert len(seen) == 240
    assert not seen.known.any()
    pay = batches[0][0]["pay"].to_numpy()
    assert np.isnan(seen.columns["pay"]).sum() >= np.isnan(pay).sum()
    assert np.allclose(seen.predicted.sum(axis=1), 1)
    table = pd.concat([seen.rows, seen.rows.assign(**{"request.model": "0" * 64})])
    both = live(Parcel.open(loans.folder), table)
    assert len(both) == 240
    assert "240 rows of other models" in " ".join(both.notes)
    with pytest.raises(InputError, match="no request log"):
        follow(loans.folder, tmp_path / "none.sqlite")
    with pytest.raises(InputError, match="no package"):
        follow(tmp_path, log)


def test_parts_of_dates_that_move_with_the_calendar_are_not_watched(package_of):
    parcel = Parcel.open(package_of("two_classes").folder)
    plays = [{"op": "date_parts", "column": "day", "parts": ["month", "hour"]}]
    forms = {name: {"type": "number"} for name in ("day_month", "day_hour", "pay")}
    made = replace(parcel, cleaning={"operations": plays}, reference={"columns": forms})
    assert set(made.watched) == {"day_hour", "pay"}


def test_the_package_that_answers_is_watched_not_a_newer_one(
    package_of, make_loans, in_folder
):
    loans = package_of("two_classes")
    mk.save(package=loans.folder)
    kept = Store(in_folder / ".mlkit").drafts()["package"].identity
    newer = shutil.copytree(loans.folder, in_folder / "newer")
    (newer / "card.md").write_text("another model")
    rows = make_loans(120, seed=1)[0]
    known = loans.log(in_folder / "known.sqlite", (rows, 0), artifact=kept)
    seen = follow(newer, known)
    assert seen.parcel.identity == Parcel.open(loans.folder).identity
    assert len(seen) == 120
    assert "answers, not the newest package" in seen.notes[0]
    gone = loans.log(in_folder / "gone.sqlite", (rows, 0), artifact="folder-000")
    blind = follow(newer, gone)
    assert len(blind) == 0
    assert "is not here" in blind.notes[0]


def test_a_window_that_is_none_is_refused(days):
    with pytest.raises(UsageError, match="hour, day, week"):
        monitor(days((1, {}, True)), window="fortnight")


@pytest.mark.parametrize(
    ("strange", "level"), [(0, "healthy"), (2, "watch"), (200, "retrain")]
)
def test_truths_that_the_model_cannot_say_are_told(strange, level):
    made = Loans(packed(), "two_classes")
    rows, truth = loans(600, seed=1)
    truth = truth.astype(object)
    truth[:strange] = "never"
    found = monitor(made.live(made.table(rows, truth)), now=NOW)
    (told,) = [s for s in found.signs if "never" in s.what] or [None]
    if not strange:
        assert told is None
        return
    assert (told.level, told.about) == (level, "score")
    assert f"{strange} of 600 truths" in told.what
    assert found.state == level


@pytest.mark.parametrize(
    ("strange", "level", "others"),
    [(0, "healthy", True), (2, "watch", False), (200, "retrain", True)],
)
def test_early_truths_that_are_no_numbers_are_told(
    package_of, tmp_path, strange, level, others
):
    made, place = package_of("number"), tmp_path / "log.sqlite"
    rows, truth = loans(600, seed=1, kind="number")
    values = ["six"] * strange + truth[strange:].tolist()
    told = [Truth(f"d0-{n - n % 10}", n % 10, v) for n, v in enumerate(values)]
    made.log(place)
    with closing(connect(place)) as connection:
        assert enter_truths(connection, Feedback(told, 1.8e9)).early == 600
    made.log(place, (rows, 0))
    if others:
        package_of("two_classes").log(place, (loans(20)[0], 1))
    found = monitor(live(Parcel.open(made.folder), read(place)), now=NOW)
    signs = [s for s in found.signs if "no numbers" in s.what]
    assert found.state == level
    if not strange:
        assert not signs
        return
    (sign,) = signs
    assert (sign.level, sign.about) == (level, "score")
    assert f"{strange} of 600 truths are no numbers (of 'd0-0'" in sign.what
