from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from mlkit.core.errors import InputError
from mlkit.model.encoding.encode import Encoder, Encoding, numbers
from mlkit.model.encoding.normal import Normal
from mlkit.model.encoding.rates import Rates
from mlkit.model.problem import Problem

TABLE = pd.DataFrame(
    {
        "age": [1.0, np.nan, 3.0, 8.0],
        "none": [np.nan] * 4,
        "same": [5.0] * 4,
        "half": [5.0, np.nan, 5.0, np.nan],
        "town": ["a", "b", "a", "c"],
        "land": ["x"] * 4,
    }
)
NUMBERS, WORDS = ["age", "none", "same", "half"], ["town", "land"]


def fit(**how):
    return Encoder.fit(TABLE, NUMBERS, WORDS, Encoding(rare=1, **how))


def test_columns_that_say_nothing_go():
    assert fit().columns == [
        "age",
        "half",
        "age is missing",
        "half is missing",
        "town = a",
        "town = b",
        "town = c",
    ]


def test_gaps_are_filled_with_the_median_and_flagged():
    matrix = fit().transform(TABLE)
    assert matrix.dtype == np.float32
    assert matrix[1].tolist() == [3.0, 5.0, 1.0, 1.0, 0.0, 1.0, 0.0]


def test_gaps_stay_where_the_family_can_take_them():
    encoder = fit(fill=False)
    assert np.isnan(encoder.transform(TABLE)[1, 0])
    assert encoder.flags == []


def test_unseen_and_missing_words_are_all_zero():
    odd = TABLE.assign(town=["zzz", None, "(missing)", ""])
    assert not fit().transform(odd)[:, 4:].any()


def test_what_is_not_finite_counts_as_missing():
    odd = TABLE.assign(age=[np.inf, -np.inf, 1e300, np.nan])
    assert np.isnan(numbers(odd, ["age"])).all()
    assert fit().transform(odd)[:, 2].all()


def test_scaled_numbers_are_centred_and_capped():
    encoder = fit(scale=True)
    assert abs(encoder.transform(TABLE)[:, 0].mean()) < 1e-6
    assert encoder.transform(TABLE.assign(age=1e30))[:, 0].tolist() == [10.0] * 4


def test_rare_and_too_many_levels_get_no_column():
    words = pd.DataFrame({"w": ["a"] * 9 + ["b"] * 5 + ["c"] * 4 + ["d"]})
    assert Encoder.fit(words, [], ["w"], Encoding()).levels == {"w": ["a", "b", "c"]}
    two = Encoder.fit(words, [], ["w"], Encoding(levels=2))
    assert two.levels == {"w": ["a", "b"]}


def test_nothing_to_learn_from_is_one_column_of_zeros():
    encoder = Encoder.fit(TABLE, ["same", "none"], ["land"], Encoding())
    assert encoder.transform(TABLE).tolist() == [[0.0]] * 4


def test_a_missing_column_is_told_with_a_hint():
    with pytest.raises(InputError, match="did you mean 'agee'"):
        fit().transform(TABLE.rename(columns={"age": "agee"}))


def test_a_columns_places_hold_all_that_comes_of_it():
    encoder = fit()
    found = {name: encoder.places(name) for name in NUMBERS + WORDS}
    assert found == {
        "age": [0, 2],
        "none": [],
        "same": [],
        "half": [1, 3],
        "town": [4, 5, 6],
        "land": [],
    }
    matrix = encoder.transform(TABLE)
    moved = encoder.transform(TABLE.assign(town=TABLE["town"].array[::-1]))
    np.testing.assert_array_equal(moved[:, [0, 1, 2, 3]], matrix[:, [0, 1, 2, 3]])
    np.testing.assert_array_equal(moved[:, [4, 5, 6]], matrix[::-1, [4, 5, 6]])


@pytest.mark.parametrize(
    "drawn",
    [
        lambda rng: rng.normal(size=500),
        lambda rng: rng.lognormal(0, 3, 500),
        lambda rng: rng.integers(0, 4, 500),
        lambda rng: rng.integers(0, 2, 500) * 3e38 - 1.5e38,
        lambda rng: np.where(rng.random(500) < 0.01, 1.0, 0.0),
    ],
)
def test_normal_scores_rise_with_the_number_and_are_bounded(drawn):
    cells = drawn(np.random.default_rng(0)).astype(np.float32)[:, None]
    maps = Normal.fit(cells, 10)
    scores = maps.transform(cells)
    assert scores.dtype == np.float32
    assert abs(scores.mean()) < 0.02
    assert abs(scores.std() - 1) < 0.02
    order = np.argsort(cells[:, 0], kind="stable")
    assert (np.diff(scores[order, 0]) >= 0).all()
    ends = maps.transform(np.float32([[-3.4e38], [3.4e38]]))
    assert np.isfinite(ends).all()
    assert ends[0] <= scores.min()
    assert ends[1] >= scores.max()


def test_normal_scores_forget_the_scale():
    plain = np.random.default_rng(0).normal(size=(2000, 1)).astype(np.float32)
    bent = np.exp(2 * plain)
    first = Normal.fit(plain, 10).transform(plain)
    second = Normal.fit(bent, 10).transform(bent)
    assert np.abs(first - second).mean() < 0.03
    assert np.corrcoef(first[:, 0], plain[:, 0])[0, 1] > 0.995


def many_levels(rows=2000, levels=200, seed=0):
    rng = np.random.default_rng(seed)
    code = rng.integers(0, levels, rows)
    noise = rng.integers(0, rows, rows)
    chance = rng.random(levels)[code]
    return pd.DataFrame(
        {
            "town": [f"t{k}" for k in code],
            "noise": [f"n{k}" for k in noise],
            "y": np.where(rng.random(rows) < chance, "yes", "no"),
        }
    )


def test_many_levels_tell_their_rate_and_a_row_never_reads_its_own_answer():
    table = many_levels()
    problem = Problem(
        "two_classes", "y", "roc_auc", ("no", "yes"), (), ("town", "noise")
    )
    goal = problem.truth(table)
    encoder, matrix = Encoder.learn(table, problem, Encoding(), goal)
    rate = {n: encoder.columns.index(f"{n}: rate") for n in ("town", "noise")}
    told = {n: np.corrcoef(matrix[:, at], goal)[0, 1] for n, at in rate.items()}
    assert told["town"] > 0.4
    assert abs(told["noise"]) < 0.1
    later = encoder.transform(table)
    assert np.corrcoef(later[:, rate["noise"]], goal)[0, 1] > 0.3
    assert set(encoder.places("town")) >= {rate["town"]}
    unseen = encoder.transform(table.assign(town="zzz"))[:, rate["town"]]
    assert unseen == pytest.approx(goal.mean(), abs=1e-6)


def test_rates_of_a_group_are_counted_on_other_groups():
    table = many_levels().assign(who=lambda t: t["noise"])
    problem = Problem(
        "two_classes", "y", "roc_auc", ("no", "yes"), (), ("town", "noise"), group="who"
    )
    goal = problem.truth(table)
    encoder, matrix = Encoder.learn(table, problem, Encoding(), goal)
    rate = matrix[:, encoder.columns.index("noise: rate")]
    assert len(np.unique(rate)) <= 5


def test_few_levels_and_very_many_classes_have_no_rates():
    table = many_levels(levels=20)
    problem = Problem("two_classes", "y", "roc_auc", ("no", "yes"), (), ("town",))
    found, _ = Encoder.learn(table, problem, Encoding(), problem.truth(table))
    assert found.rates == {}
    names = tuple(f"n{k}" for k in range(2000))
    many = Problem("many_classes", "noise", "log_loss", names, (), ("town",))
    wide, matrix = Encoder.learn(table, many, Encoding(levels=5), many.truth(table))
    assert [c for c in wide.columns if "=" not in c] == ["town: how common"]
    assert np.isfinite(matrix).all()


def test_rates_of_words_nobody_saw_are_the_mean():
    words = pd.Series(["a", "a", "b", "b", "c"])
    found = Rates.fit(words, np.array([[1.0], [1.0], [0.0], [0.0], [1.0]]))
    assert found.levels == ["a", "b"]
    assert found.transform(pd.Series(["zzz", "c"]))[:, 0] == pytest.approx(0.6)
