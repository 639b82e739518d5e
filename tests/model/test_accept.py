from __future__ import annotations

import json
from contextlib import nullcontext
from dataclasses import replace

import nbformat
import numpy as np
import pytest
from matplotlib.text import Text

import mlkit as mk
from mlkit.core import ledger, session
from mlkit.core.errors import InputError, UsageError
from mlkit.core.files import canonical
from mlkit.core.past import Champion
from mlkit.core.schema import Schema
from mlkit.engine.scaffold import templates
from mlkit.model.accept import Accepted, accept
from mlkit.model.evaluate import evaluate
from mlkit.model.fitted import Member, fit
from mlkit.model.groups.mitigation import outlook
from mlkit.model.judging.duel import Duel, meet, of_champion
from mlkit.model.measures.metrics import METRICS, of_problem
from mlkit.model.package import package
from mlkit.model.problem import Problem
from mlkit.model.review import Review
from mlkit.model.slicing.search import weakest
from mlkit.model.tune import Settings

TWO = Problem("two_classes", "y", "roc_auc", ("no", "yes"))


def judge(parts, kind, name="linear", *, shuffle=False, cut=None, **how):
    train, valid, test, cleaning = parts(kind)
    if shuffle:
        rng = np.random.default_rng(0)
        for table in (train, valid, test):
            table["answer"] = table["answer"].array[rng.permutation(len(table))]
    model = fit(name, {}, train, Problem.of(train))
    told = {n: how.pop(n) for n in ("leaks", "unassessed") if n in how}
    found = Review(model.problem, len(valid), 0.0, 0.0, (), **told)
    evaluation = evaluate(model, valid)
    test = test if cut is None else test.head(cut)
    return accept(model, cleaning, evaluation, found, test, **how)


def state_of(accepted, words):
    (finding,) = [f for f in accepted.findings if words in f.bar]
    return finding.state


def test_a_good_model_passes_with_no_bars(parts, kind):
    found = judge(parts, kind)
    assert found.verdict.state == "passed"
    assert state_of(found, "better than a guess") == "passed"
    assert state_of(found, "worst group") == "not_assessed"
    assert found.rows > 80
    assert repr(found.plot()).startswith("<Picture")


def test_a_model_of_noise_is_blocked(parts, kind):
    found = judge(parts, kind, shuffle=True)
    assert found.verdict.state == "blocked"
    assert found.verdict.blocking[0].bar.startswith("better than a guess")
    assert found.verdict.blocking[0].help


def test_the_guess_itself_is_not_better_than_a_guess(parts, kind):
    found = judge(parts, kind, "dummy")
    assert state_of(found, "better than a guess") == "missed"


def test_by_f1_a_guess_says_the_positive_class_of_every_row(parts):
    train, valid, test, cleaning = parts("two_classes")
    problem = Problem.of(train, "f1", positive="no")
    nothing = Review(problem, 1, 0.0, 0.0, ())
    states = {}
    for name in ("dummy", "linear"):
        model = fit(name, {}, train, problem)
        evaluation = evaluate(model, valid).at(0.3)
        found = accept(model, cleaning, evaluation, nothing, test)
        states[name] = state_of(found, "better than a guess")
    assert states == {"dummy": "missed", "linear": "passed"}
    share = (test["answer"] == "no").mean()
    assert share < 0.5
    assert found.guessed["f1"] == pytest.approx(2 * share / (1 + share), abs=0.02)


def test_a_bar_is_met_by_the_limit_and_not_by_the_point(parts):
    plain = judge(parts, "two_classes")
    value = plain.metrics["roc_auc"]
    low, _ = plain.measured.intervals["roc_auc"]
    between = judge(parts, "two_classes", bars={"roc_auc": (value + low) / 2})
    (finding,) = between.verdict.blocking
    assert "more hold-out rows" in finding.help
    beyond = judge(parts, "two_classes", bars={"roc_auc": 0.999})
    assert "trials" in beyond.verdict.blocking[0].help
    assert judge(parts, "two_classes", bars={"roc_auc": low}).verdict.state == "passed"


def test_a_bar_on_a_loss_takes_the_upper_limit(parts):
    plain = judge(parts, "number")
    _, high = plain.measured.intervals["rmse"]
    assert judge(parts, "number", bars={"rmse": high}).verdict.state == "passed"
    assert judge(parts, "number", bars={"rmse": high * 0.99}).verdict.state == "blocked"


@pytest.mark.parametrize(
    ("bars", "words", "state"),
    [
        ({"worst_group": 0.6}, "worst group", "passed"),
        ({"worst_group": 0.99}, "worst group", "missed"),
        ({"group_gap": 0.5}, "groups within", "passed"),
        ({"group_gap": 0.0}, "groups within", "missed"),
        ({"rows": 50}, "hold-out rows", "passed"),
        ({"rows": 5000}, "hold-out rows", "missed"),
        ({"calibration": 0.4}, "calibration", "passed"),
        ({"calibration": 0.0}, "calibration", "missed"),
        ({"latency_ms": 1, "size_mb": 1}, "hold-out rows", "passed"),
    ],
)
def test_each_bar_is_judged(parts, bars, words, state):
    assert state_of(judge(parts, "two_classes", bars=bars), words) == state


def test_no_bar_is_cut_from_the_picture(parts):
    names = [name for name in METRICS if name in of_problem(TWO)]
    bars = {name: 0.99 if METRICS[name].greater else 0.0 for name in names}
    gaps = {"parity_gap": 0.9, "odds_gap": 0.9, "accuracy_gap": 0.9}
    found = judge(parts, "two_classes", bars={**bars, **gaps})
    ticks = [t.get_text() for a in found.plot().axes for t in a.get_yticklabels()]
    for title in (METRICS[name].title for name in found.metrics):
        assert any(tick.startswith(title) for tick in ticks), title
    some = judge(parts, "two_classes", bars={"recall": 0.9})
    assert len(some.plot().axes) < len(found.plot().axes)


@pytest.mark.parametrize(("kind", "count"), [("number", 1), ("two_classes", 0)])
def test_the_picture_names_what_gaps_are_counted_in(parts, kind, count):
    found = judge(parts, kind, bars={"calibration_gap": 0.2})
    words = " ".join(text.get_text() for text in found.plot().findobj(Text))
    assert "calibration gap" in words
    assert words.count("gaps in standard deviations of answer") == count


@pytest.mark.parametrize("bars", [{"roc": 0.8}, {"rmse": 1.0}, {"roc_auc": "high"}])
def test_bars_that_make_no_sense_are_refused(parts, bars):
    with pytest.raises(UsageError, match="bar"):
        judge(parts, "two_classes", bars=bars)


def test_what_was_not_assessed_blocks_only_where_a_bar_asks(parts, make):
    table = make("two_classes", 600)
    Schema.of(table).change("sex", roles=()).attach(table)
    plain = parts("two_classes", table=table)

    def unmarked(kind):
        for one in plain[:3]:
            Schema.of(one).change("sex", roles=()).attach(one)
        cleaning = plain[3]
        outputs = cleaning.outputs.change("sex", roles=())
        return (*plain[:3], replace(cleaning, outputs=outputs))

    assert judge(unmarked, "two_classes").verdict.state == "passed"
    asked = judge(unmarked, "two_classes", bars={"worst_group": 0.5})
    assert [f.state for f in asked.verdict.blocking] == ["not_assessed"]
    few = judge(parts, "two_classes", cut=20)
    assert state_of(few, "hold-out rows") == "not_assessed"


def test_a_leak_blocks_unless_it_is_said_to_be_known(parts):
    found = judge(parts, "two_classes", leaks={"pay": 0.999})
    assert [f.bar for f in found.verdict.blocking] == ["pay does not give answer away"]
    known = judge(parts, "two_classes", leaks={"pay": 0.999}, known_leaks=["pay"])
    assert known.verdict.state == "passed"


def test_features_that_could_not_be_held_against_the_target_do_not_pass(parts):
    found = judge(parts, "two_classes", unassessed="no rows can tell")
    assert state_of(found, "no feature gives answer away") == "not_assessed"
    assert "no rows can tell" in str(found.verdict)
    both = judge(parts, "two_classes", leaks={"note": 1.0}, unassessed="no rows can")
    assert state_of(both, "no feature gives answer away") == "not_assessed"
    assert [f.bar for f in both.verdict.blocking] == ["note does not give answer away"]


def test_it_repeats_and_reads_back_and_dates_stay_out(parts, kind):
    found = judge(parts, kind)
    assert found == judge(parts, kind)
    assert Accepted.from_dict(json.loads(canonical(found.to_dict()))) == found
    ledger = {"changed", "entered", "fresh", "judged", "looked"}
    assert set(found.volatile) == {"champion", "duel", *ledger}
    many = replace(found, judged=30)
    assert many.verdict.state == "passed"
    assert "fresh rows" in many.verdict.findings[-1].help


def test_without_a_ledger_nobody_knows_what_went_before(parts):
    found = judge(parts, "two_classes", bars={"roc_auc": 0.5})
    for words in ("the bars stood before", "sealed rows that nobody had looked at"):
        assert state_of(found.verdict, words) == "not_assessed"
    assert found.verdict.state == "passed"


def test_rows_that_cannot_be_judged_are_refused(parts):
    train, valid, test, cleaning = parts("two_classes")
    model = fit("linear", {}, train, Problem.of(train))
    nothing = Review(model.problem, 1, 0.0, 0.0, ())
    with pytest.raises(InputError, match="no row has a target"):
        accept(model, cleaning, evaluate(model, valid), nothing, test.head(0))


def test_gaps_between_groups_and_weak_parts_are_judged(parts):
    fair = judge(parts, "two_classes", bars={"parity_gap": 0.9, "odds_gap": 0.01})
    assert state_of(fair, "demographic parity gap at most 0.9") == "passed"
    assert state_of(fair, "equalised odds gap at most 0.01") == "missed"
    assert fair.fairness.rows == fair.rows
    train, valid, test, cleaning = parts("two_classes")
    model = fit("linear", {}, train, Problem.of(train))
    nothing = Review(model.problem, 1, 0.0, 0.0, ())
    evaluation = evaluate(model, valid)
    weak = weakest(model, valid, evaluation.threshold, named={})
    args = model, cleaning, evaluation, nothing, test
    found = accept(*args, slices=weak, bars={"worst_slice": 0.99})
    assert "worst part of the rows" in found.verdict.blocking[0].bar
    assert len(found.parts) == len(weak.found)


def test_a_part_that_the_goal_names_and_too_few_rows_have_blocks(
    parts, in_folder, monkeypatch
):
    named = '[goal.slices]\nyoung = "age < 50"\nold = "age >= 78"\n'
    (in_folder / "mlkit.toml").write_text(f"format = 1\n{named}")
    monkeypatch.setattr(session, "_SESSION", None)
    found = judge(parts, "two_classes", bars={"worst_slice": 0.6})
    assert state_of(found, "in the worst part") == "passed"
    (finding,) = found.verdict.blocking
    assert "old: age >= 78 (" in finding.got
    assert judge(parts, "two_classes").verdict.state == "passed"


def test_a_mitigation_stands_in_what_was_accepted_before_and_after(parts, tmp_path):
    train, valid, test, cleaning = parts("two_classes", 900)
    settings = Settings(
        Problem.of(train), (Member("linear"),), 0.8, 0.8, 0.8, (), 3, seed=0
    )
    model = outlook(train, settings, keep=tmp_path).train("reweighing")
    nothing = Review(model.problem, 1, 0.0, 0.0, ())
    bars = {"parity_gap": 0.9}
    args = model, cleaning, evaluate(model, valid), nothing, test
    found = accept(*args, bars=bars)
    (gap,) = [f for f in found.findings if "demographic" in f.bar]
    assert "before reweighing" in gap.got
    assert any(note.startswith("mitigated: reweighing") for note in found.notes)
    assert Accepted.from_dict(json.loads(canonical(found.to_dict()))) == found
    assert repr(found.plot()).startswith("<Picture")


@pytest.fixture
def packaged(parts, kind):
    """Package a weak model and a good one of the same rows."""
    train, valid, test, cleaning = parts(kind, 700)
    made = {}
    for name, settings in {"dummy": {}, "linear": {}}.items():
        model = fit(name, settings, train, Problem.of(train))
        evaluation = evaluate(model, valid)
        nothing = Review(model.problem, 1, 0.0, 0.0, ())
        accepted = accept(model, cleaning, evaluation, nothing, test)
        made[name] = model, package(model, accepted, cleaning, {}, valid, test).folder
    rows = cleaning.apply(test)
    return made, test, rows


def against(packaged, mine, champion, bar=None, rows=None, known=None):
    return of_champion(duel(packaged, mine, champion, rows, known), bar)


def duel(packaged, mine, champion, rows=None, known=None):
    made, test, cleaned = packaged
    model = made[mine][0]
    held = Champion(made[champion][1], rows, "", "folder-1", known)
    truth, said = model.problem.truth(cleaned), model.predicted(cleaned)
    return meet(model.problem, test, truth, said, 0.5, held)


def test_a_model_is_held_against_the_champion_row_for_row(packaged):
    better = against(packaged, "linear", "dummy", 0.0)
    assert better.state == "passed"
    assert "ahead by" in better.got
    worse = against(packaged, "dummy", "linear", 0.0)
    assert worse.state == "missed"
    assert "behind by" in worse.got
    same = against(packaged, "linear", "linear", 0.0)
    assert same.blocks
    unasked = against(packaged, "dummy", "linear")
    assert unasked.state == "not_assessed"
    assert not unasked.blocks
    assert "behind by" in unasked.got


def test_rows_the_champion_may_have_seen_do_not_count(packaged):
    ids = frozenset(map(str, packaged[1].index))
    some = against(packaged, "linear", "dummy", 0.0, frozenset(sorted(ids)[:60]))
    assert "on 60 rows that neither was fitted on" in some.got
    few = against(packaged, "linear", "dummy", 0.0, frozenset(sorted(ids)[:5]))
    assert few.state == "not_assessed"
    assert few.blocks
    assert "only 5 of these rows" in few.got


def test_rows_that_came_in_since_are_met_by_themselves(packaged):
    ids = sorted(map(str, packaged[1].index))
    held, known = frozenset(ids[:60]), frozenset(ids[:80])
    met = duel(packaged, "linear", "dummy", held, known)
    assert met.champion == "folder-1"
    assert (met.whole.rows, met.fresh.rows) == (len(ids) - 20, len(ids) - 80)
    assert met.deciding is met.fresh
    assert met.fresh.beats()
    ahead = met.fresh.mine - met.fresh.theirs
    assert abs(met.fresh.ahead) == pytest.approx(abs(ahead), rel=1e-6)
    back = duel(packaged, "dummy", "linear", held, known)
    assert not back.deciding.beats()
    assert back.deciding.words.startswith("behind by")
    assert Duel.from_dict(json.loads(canonical(back.to_dict()))) == back


def test_a_handful_of_fresh_rows_decides_nothing(packaged):
    ids = sorted(map(str, packaged[1].index))
    few = duel(packaged, "linear", "dummy", frozenset(ids[:60]), frozenset(ids[5:]))
    assert few.fresh.rows == 5
    assert few.fresh.words == "only 5 of these rows came in since"
    assert few.deciding is few.whole
    none = duel(packaged, "linear", "dummy", None, frozenset(ids))
    assert none.fresh.words == "no row came in since"
    assert duel(packaged, "linear", "dummy").deciding.beats()


@pytest.mark.parametrize(
    ("bar", "words", "looks"),
    [
        ("rmse", "rmse is no metric of two classes", []),
        ("roc_acu", "unknown bar 'roc_acu'", []),
        ("roc_auc", "", ["unseal"]),
    ],
)
def test_by_hand_a_bar_that_does_not_fit_costs_no_look(
    parts, in_folder, bar, words, looks
):
    train, valid, test, cleaning = parts("two_classes")
    model = fit("linear", {}, train, Problem.of(train))
    mk.save(
        model=model,
        cleaning=cleaning,
        evaluation=evaluate(model, valid),
        review=Review(model.problem, len(valid), 0.0, 0.0, ()),
        slices=weakest(model, valid),
        test=mk.sealed(test),
    )
    (in_folder / "mlkit.toml").write_text(f"format = 1\n[goal.bars]\n{bar} = 0.6\n")
    session._SESSION = None
    book = nbformat.read(templates() / "model" / "accept.ipynb", 4)
    cells = "\n".join(c.source for c in book.cells if c.cell_type == "code")
    with pytest.raises(UsageError, match=words) if words else nullcontext():
        exec(cells, {})
    assert [line["event"] for line in ledger.lines(in_folder / "ledger.jsonl")] == looks
