"""Every family, on every kind of problem it takes, and on tables made to break it."""

from __future__ import annotations

import inspect
import pickle
import subprocess
import sys

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from mlkit.core.errors import InputError, UsageError
from mlkit.model.families import able, absent, family, first, names, ready
from mlkit.model.fitted import fit
from mlkit.model.packing.parity import agree
from mlkit.model.problem import CLASSES, KINDS, METRICS, VALUES, Problem

QUICK = {"trees": 8, "passes": 4}
PAIRS = [(name, kind) for name in names() for kind in family(name).takes]


def needs(name):
    if not family(name).installed():
        pytest.skip(f"{name} is not installed: {family(name).install}")


def quick(name):
    """Return settings that make a family quick."""
    taken = inspect.signature(family(name).build).parameters
    every = any(one.kind is one.VAR_KEYWORD for one in taken.values())
    return {k: v for k, v in QUICK.items() if k in taken or (every and k == "trees")}


def table(kind, rows=160, seed=0):
    rng = np.random.default_rng(seed)
    made = pd.DataFrame(
        {
            "a": rng.normal(size=rows),
            "b": np.where(rng.random(rows) < 0.2, np.nan, rng.integers(0, 5, rows)),
            "same": 3.0,
            "none": np.nan,
            "w": rng.choice(["x", "y", "z"], rows),
        }
    )
    signal = 2 * made["a"] + (made["w"] == "x") + 0.3 * rng.normal(size=rows)
    return made.assign(y=target(kind, signal, rng)).astype({"w": "str"})


def target(kind, signal, rng):
    if kind == "number":
        return 50 + 10 * signal
    if kind == "count":
        return rng.poisson(np.exp(0.4 * signal)).astype(float)
    cuts = [0.5] if kind == "two_classes" else [-1.0, 0.5, 1.5]
    return [f"c{k}" for k in np.searchsorted(cuts, signal)]


def log_loss(said, truth):
    return -np.log(said[np.arange(len(truth)), truth] + 1e-3).mean()


def problem_of(kind, made, numbers=("a", "b", "same", "none"), words=("w",)):
    classes = () if kind in VALUES else tuple(sorted(set(made["y"])))
    return Problem(kind, "y", METRICS[kind], classes, tuple(numbers), tuple(words))


@pytest.mark.parametrize(("name", "kind"), PAIRS)
def test_it_learns_and_repeats_by_its_seed(name, kind):
    needs(name)
    made, later = table(kind), table(kind, seed=1)
    problem = problem_of(kind, made)
    said = fit(name, {}, made, problem, seed=3).predicted(later)
    again = fit(name, {}, made, problem, seed=3).predicted(later)
    np.testing.assert_array_equal(said, again)
    assert np.isfinite(said).all()
    if kind in CLASSES:
        assert np.allclose(said.sum(axis=1), 1)
        assert (said >= 0).all()
    if kind == "count":
        assert (said >= 0).all()
    if name == "dummy":
        return
    truth = problem.truth(later)
    base = fit("dummy", {}, made, problem).predicted(later)
    if kind in CLASSES:
        rows = np.arange(len(truth))
        assert (
            np.log(said[rows, truth] + 1e-3).mean() > np.log(base[rows, truth]).mean()
        )
    else:
        assert ((said - truth) ** 2).mean() < 0.95 * ((base - truth) ** 2).mean()


@pytest.mark.parametrize(("name", "kind"), PAIRS)
@pytest.mark.parametrize("column", ["a", "b", "same", "none", "w"])
def test_one_column_is_enough_or_the_guess_stands_in(name, kind, column):
    needs(name)
    made = table(kind, 60)
    words = (column,) if column == "w" else ()
    numbers = () if words else (column,)
    model = fit(name, quick(name), made, problem_of(kind, made, numbers, words))
    assert np.isfinite(model.predicted(made)).all()
    stands_in = model.parts[0].family == "dummy"
    assert stands_in == (name == "dummy" or column in ("same", "none"))


@pytest.mark.parametrize(("name", "kind"), PAIRS)
def test_odd_rows_are_answered(name, kind):
    needs(name)
    made = table(kind)
    model = fit(name, quick(name), made, problem_of(kind, made))
    odd = made.head(8).assign(
        a=[np.nan, np.inf, -np.inf, 1e300, -1e300, 0.0, -0.0, 1e-310],
        b=np.nan,
        none=[1.0, 2.0, np.nan, 1e30, 0.0, 0.0, 0.0, 0.0],
        same=[np.nan, 9.0, 3.0, 3.0, 3.0, 3.0, 3.0, 3.0],
        w=["x", "never seen", None, "", "(missing)", "X", "x ", "☃"],
    )
    assert np.isfinite(model.predicted(odd)).all()
    assert len(model.predicted(made.head(0))) == 0
    assert len(model.predicted(made.head(1))) == 1


@pytest.mark.parametrize(
    ("name", "kind"), [pair for pair in PAIRS if pair[1] in ("many_classes", "ordered")]
)
def test_a_class_of_one_row_does_not_stop_it(name, kind):
    needs(name)
    made = table(kind, 80)
    made.loc[0, "y"] = "c9"
    problem = problem_of(kind, made)
    said = fit(name, quick(name), made, problem).predicted(made)
    assert said.shape == (80, len(problem.classes))
    alone = made[made["y"] == "c1"]
    assert fit(name, {}, alone, problem).predicted(made)[:, 1] == pytest.approx(1)


@pytest.mark.parametrize(
    ("name", "kind"), [p for p in PAIRS if p[1] in ("two_classes", "number")]
)
def test_three_hundred_columns_and_few_rows(name, kind):
    needs(name)
    rng = np.random.default_rng(0)
    cells = rng.normal(size=(60, 300))
    columns = [f"c{k}" for k in range(300)]
    made = pd.DataFrame(cells, columns=columns)
    made["y"] = target(kind, 2 * made["c0"], rng)
    model = fit(name, quick(name), made, problem_of(kind, made, columns, ()))
    assert np.isfinite(model.predicted(made)).all()
    if family(name).formats:
        assert agree(model, made).reason == ""


@pytest.mark.parametrize("name", names())
def test_two_rows_are_enough(name):
    needs(name)
    made = pd.DataFrame({"a": [0.0, 1.0], "y": ["c0", "c1"]})
    kind = family(name).takes[0]
    made = made if kind in CLASSES else made.assign(y=[0.0, 5.0])
    model = fit(name, quick(name), made, problem_of(kind, made, ("a",), ()))
    assert np.isfinite(model.predicted(made)).all()


@pytest.mark.parametrize("name", names())
def test_weights_are_heeded_or_it_is_said_that_they_are_not(name):
    needs(name)
    kind = family(name).takes[0]
    made = table(kind).assign(times=lambda t: np.where(t["a"] > 0, 9.0, 0.1))
    plain = problem_of(kind, made)
    heavy = Problem.from_dict({**plain.to_dict(), "weight": "times"})
    first_ = fit(name, quick(name), made, plain).predicted(made)
    second = fit(name, quick(name), made, heavy).predicted(made)
    assert (not np.allclose(first_, second)) == family(name).weighted


@pytest.mark.parametrize(("name", "kind"), PAIRS)
@settings(max_examples=40, deadline=None)
@given(seed=st.integers(0, 2**32 - 1))
def test_what_is_drawn_is_taken(name, kind, seed):
    drawn = family(name).draw(kind, np.random.default_rng(seed))
    assert drawn == family(name).draw(kind, np.random.default_rng(seed))
    for value in drawn.values():
        assert isinstance(value, (bool, int, float))
        assert np.isfinite(value)
    if not family(name).installed():
        return
    made = family(name).build(kind, 100, seed % 2**31, **drawn)
    if hasattr(made, "_parameter_constraints"):
        made._validate_params()


@pytest.mark.parametrize(("name", "kind"), PAIRS)
@pytest.mark.parametrize("seed", range(2))
def test_drawn_settings_fit(name, kind, seed):
    needs(name)
    made = table(kind, 90)
    drawn = family(name).draw(kind, np.random.default_rng(seed))
    small = {k: min(v, 12) for k, v in drawn.items() if k == "trees"}
    model = fit(name, {**drawn, **small, **quick(name)}, made, problem_of(kind, made))
    assert np.isfinite(model.predicted(made)).all()


@pytest.mark.parametrize("name", names())
def test_costs_rise_with_the_table(name):
    cost = family(name).cost
    small, tall, wide = cost(100, 10, 2), cost(100_000, 10, 2), cost(100, 1000, 2)
    assert 0 < small <= tall < 36_000
    assert small <= wide < 36_000
    drawn = family(name).draw(family(name).takes[0], np.random.default_rng(0))
    assert cost(1000, 20, 3, **drawn) > 0


@pytest.mark.parametrize("name", names())
def test_it_keeps_to_the_protocol(name):
    one = family(name)
    assert one.title
    assert set(one.takes) <= set(KINDS)
    assert one.installed() or one.install
    assert not one.first or one.install == ""
    assert one.order == sorted(family(n).order for n in names())[names().index(name)]


def test_the_first_are_few_and_need_nothing_more():
    for kind in KINDS:
        graded = ["ordinal"] if kind == "ordered" else []
        plain = ["dummy", "linear", *graded, "tree"]
        assert first(kind) == [*plain, "forest", "boosting"]
        assert set(first(kind)) <= set(able(kind)) <= set(names())


def test_what_is_absent_is_listed_and_told(monkeypatch):
    monkeypatch.setattr(family("lightgbm"), "installed", lambda: False)
    assert "mlkit-notebooks[lightgbm]" in absent()["lightgbm"]
    assert "lightgbm" not in able("number")
    with pytest.raises(InputError, match="not installed") as error:
        ready("lightgbm", "number")
    assert "pip install" in error.value.todo
    with pytest.raises(UsageError, match="takes no such problem"):
        ready("naive_bayes", "number")
    with pytest.raises(UsageError, match="did you mean 'lightgbm'"):
        ready("lightgmb", "number")


def test_no_optional_library_is_loaded_before_it_is_used():
    code = (
        "import sys; from mlkit.model.families import names; names();"
        "print({'lightgbm', 'xgboost', 'catboost'} & set(sys.modules))"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True)
    assert done.stdout.strip() == "set()"


@pytest.mark.parametrize("name", ["lightgbm", "xgboost", "catboost"])
def test_a_kept_booster_without_its_library_says_how_to_install_it(name, monkeypatch):
    needs(name)
    made = table("number", 40)
    model = pickle.loads(
        pickle.dumps(fit(name, {"trees": 3}, made, problem_of("number", made)))
    )
    assert np.isfinite(model.predicted(made)).all()
    asleep = pickle.loads(pickle.dumps(model))
    monkeypatch.setattr(family(name), "installed", lambda: False)
    with pytest.raises(InputError, match="not installed") as error:
        asleep.predicted(made)
    assert error.value.todo == family(name).install


@pytest.mark.parametrize("name", ["boosting", "slow_boosting", "large_boosting"])
def test_few_rows_of_many_columns_are_cut_coarsely(name):
    kind = family(name)
    for shape, bins in (((900, 464), 32), ((900, 30), 255), ((20_000, 464), 255)):
        made = kind.shaped(kind.build("two_classes", shape[0], 0), *shape)
        assert made.max_bins == bins
    assert kind.cost(4999, 464, 10) < 0.9 * kind.cost(5000, 464, 10)
