from __future__ import annotations

import numpy as np
import pytest
from scipy.stats import binomtest

from mlkit.core.schema import Schema
from mlkit.model.fitted import fit
from mlkit.model.measures.measure import guess, guesses, measure
from mlkit.model.measures.metrics import score
from mlkit.model.problem import Problem
from mlkit.model.review import review
from mlkit.model.slicing.parts import measured
from mlkit.model.tuning.cross import trial
from mlkit.model.tuning.folded import Folded
from mlkit.model.tuning.mixing import Judge


def test_noise_of_the_machine_is_no_metric_of_a_guess():
    ordered = Problem("ordered", "y", "rps", tuple("12345"))
    truth = np.random.default_rng(0).integers(0, 5, 125)
    chances = np.tile([0.1, 0.2, 0.4, 0.2, 0.1], (125, 1))
    assert guesses(ordered, truth, chances)["kappa"] == 0
    assert measure(ordered, truth, chances).metrics["kappa"] == 0
    two, said = Problem("two_classes", "y", "roc_auc", ("no", "yes")), np.arange(10) < 7
    shares = np.tile([1 - said.mean(), said.mean()], (10, 1))
    assert guesses(two, said.astype(int), shares)["calibration"] == 0


@pytest.mark.parametrize("size", [1e-16, 1.0])
def test_a_small_unit_is_no_noise(size):
    number, truth = Problem("number", "y", "rmse"), np.arange(9.0) * size
    found = guesses(number, truth, np.full(9, 4.0 * size))
    assert found["rmse"] == pytest.approx(np.sqrt(60 / 9) * size, rel=1e-6)
    assert found["mae"] == pytest.approx(20 / 9 * size, rel=1e-6)
    assert found["r2"] == 0


def _halved(make, kind):
    """Return rows of which half count nothing and are nonsense, and the others."""
    table = make(kind, 400)
    table["times"] = np.tile([1.0, 0.0, 3.0, 0.0], 100)
    schema = Schema.of(table)
    schema.change("times", roles=("weight",)).attach(table)
    rng = np.random.default_rng(0)
    idle = table["times"].to_numpy() == 0
    table.loc[idle, "answer"] = table.loc[idle, "answer"].array[rng.permutation(200)]
    return table, table[~idle]


@pytest.mark.slow
def test_a_row_that_counts_nothing_might_as_well_not_be_there(make, kind):
    table, kept = _halved(make, kind)
    problem = Problem.of(table)
    model = fit("linear", {}, table, problem)
    every, some = review(model, table, table), review(model, kept, kept)
    assert (every.seen, every.unseen) == (some.seen, some.unseen)
    assert every.robustness.whole == some.robustness.whole
    for one, other in zip(every.slices, some.slices, strict=True):
        assert _plain(one) == pytest.approx(_plain(other))
        assert one.rows > other.rows
    (named,) = measured(problem, table, *_told(model, table), None, {"all": "age > 0"})
    (alone,) = measured(problem, kept, *_told(model, kept), None, {"all": "age > 0"})
    assert _plain(named) == pytest.approx(_plain(alone))


def _plain(part):
    """Return what does not rest on bins of equally many rows."""
    return {n: v for n, v in part.measured.metrics.items() if n != "calibration"}


def _told(model, rows):
    return model.problem.truth(rows), model.predicted(rows), 0.5


def test_folds_are_judged_by_what_rows_count(make):
    table, _ = _halved(make, "two_classes")
    fold = np.arange(len(table)) // 4 % 2
    problem, inside = Problem.of(table), fold == 0
    one = trial("linear", {}, table, problem, fold, 0)
    told = problem.truth(table)[inside], one.said
    times = table["times"].to_numpy()[inside]
    assert one.score == pytest.approx(score("roc_auc", *told, times))
    assert one.score > score("roc_auc", *told) + 0.1
    fits = Folded(table, problem, fold)
    judge = Judge(problem, fits.truth, fits.counted)
    made = fits.make("linear", {}, [0, 1])
    mean = np.mean([outcome.score for outcome in made])
    assert judge.of(judge.some([o.said for o in made])) == pytest.approx(mean)


def test_a_guess_counts_rows_by_their_weight_as_a_fit_does(make, kind):
    table = make(kind)
    low = table["answer"] == {"two_classes": "no", "many_classes": "low"}.get(kind)
    table["times"] = np.where(table["answer"] > 1100 if kind == "number" else low, 9, 1)
    Schema.of(table).change("times", roles=("weight",)).attach(table)
    model = fit("dummy", {}, table, Problem.of(table))
    told = model.predicted(table)
    assert guess(model, len(table)) == pytest.approx(told, rel=1e-5)
    alike = fit("dummy", {}, make(kind), Problem.of(make(kind)))
    assert not np.allclose(guess(alike, len(table)), told, rtol=0.01)
    assert model.shares == alike.shares


@pytest.mark.parametrize(("found", "other"), [(5, 95), (60, 40)])
def test_a_share_that_no_row_speaks_against_has_an_exact_limit(found, other):
    problem = Problem("two_classes", "y", "roc_auc", ("no", "yes"))
    truth = np.repeat([1, 0], [found, other])
    all_right = measure(problem, truth, np.column_stack([1 - truth, truth]))
    exact = {
        name: binomtest(rows, rows).proportion_ci().low
        for name, rows in {"recall": found, "precision": found, "accuracy": 100}.items()
    }
    for name, low in exact.items():
        assert all_right.intervals[name] == pytest.approx((low, 1))
    all_wrong = measure(problem, truth, np.column_stack([truth, 1 - truth]))
    assert all_wrong.intervals["recall"] == pytest.approx((0, 1 - exact["recall"]))
    groups = np.arange(100) // 5
    few = measure(problem, truth, np.column_stack([1 - truth, truth]), groups=groups)
    low = binomtest(20, 20).proportion_ci().low
    assert few.intervals["accuracy"][0] == pytest.approx(low)


@pytest.mark.parametrize(("found", "other"), [(5, 95), (60, 40)])
def test_what_nothing_speaks_against_is_no_surer_than_its_rarest_class(found, other):
    names = ("balanced_accuracy", "roc_auc", "average_precision")
    two = Problem("two_classes", "y", "roc_auc", ("no", "yes"))
    truth = np.repeat([1, 0], [found, other])
    told = measure(two, truth, np.column_stack([1 - truth, truth]))
    low = binomtest(min(found, other), min(found, other)).proportion_ci().low
    for name in names:
        assert told.intervals[name] == pytest.approx((low, 1)), name
    low = binomtest(found, found).proportion_ci().low
    assert told.intervals["f1"] == pytest.approx((low, 1))
    three = Problem("many_classes", "y", "log_loss", ("a", "b", "c"))
    truth = np.repeat([0, 1, 2], [found, other, 50])
    told = measure(three, truth, np.eye(3)[truth])
    low = binomtest(min(found, other, 50), min(found, other, 50)).proportion_ci().low
    for name in ("balanced_accuracy", "roc_auc", "f1"):
        assert told.intervals[name] == pytest.approx((low, 1)), name
