from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from mlkit.core.schema import Column, Schema
from mlkit.data.labels.suspects import LISTED, ROWS, suspects


def table_of(features, target, kind="category", **more):
    frame = pd.DataFrame(features)
    frame.columns = [str(name) for name in frame.columns]
    columns = [Column(name) for name in frame.columns]
    frame["t"] = target
    if kind == "category":
        frame["t"] = frame["t"].astype("str")
    frame.index = pd.Index([f"r{i}" for i in range(len(frame))], dtype="str")
    return Schema((*columns, Column("t", kind, ("target",)))).attach(frame)


@pytest.fixture(scope="module")
def digits():
    from sklearn.datasets import load_digits

    features, labels = load_digits(return_X_y=True)
    rng = np.random.default_rng(7)
    flipped = rng.choice(len(labels), 60, replace=False)
    wrong = labels.copy()
    wrong[flipped] = (wrong[flipped] + rng.integers(1, 10, 60)) % 10
    table = table_of(features, wrong)
    return table, table.index[flipped], pd.Series(labels.astype(str), table.index)


@pytest.fixture(scope="module")
def found(digits):
    return suspects(digits[0])


def test_sixty_flipped_labels_are_found_in_seventy_suggestions(digits, found):
    _, flipped, truth = digits
    first = found.table.iloc[:70]
    assert first.index.isin(flipped).sum() >= 45
    right = first["suggested"] == truth[first.index]
    assert right[first.index.isin(flipped)].mean() > 0.9
    assert 30 <= found.likely <= 80
    assert found.looked == 1797


def test_each_suspect_comes_with_its_evidence(digits, found):
    table = found.table
    assert list(table) == ["given", "suggested", "doubt", "likely", "why"]
    assert (table["given"] == digits[0]["t"][table.index]).all()
    assert (table["given"] != table["suggested"]).all()
    assert table["why"].str.contains("nearest rows").all()
    likely = table["likely"] == "yes"
    assert likely[: found.likely].all()
    assert table["doubt"][~likely].is_monotonic_decreasing


@pytest.mark.slow
@pytest.mark.parametrize("kind", ["category", "number"])
def test_all_doubtful_labels_are_counted_though_the_worst_alone_are_kept(kind, digits):
    table = digits[0]
    if kind == "number":
        x = np.arange(300.0)
        y = np.where(x % 10 == 3, 1000 + x, x % 7)
        table = table_of(np.c_[x, x % 7], y, kind)
    whole, few = suspects(table, most=5000), suspects(table, most=20)
    assert whole.likely == (whole.table["likely"] == "yes").sum() > 20
    assert few.statement == whole.statement
    page = few._repr_html_()
    assert page.count("<tr") == 1 + LISTED
    assert f"and {few.likely - LISTED} rows more; the 20 worst" in page
    assert f"and {few.likely - LISTED} rows more<" in whole._repr_html_()


def test_rows_that_are_less_certain_are_not_shown_as_doubtful():
    rng = np.random.default_rng(0)
    x = rng.uniform(size=(300, 1))
    y = x[:, 0] + rng.uniform(-1, 1, size=300)
    y[:2] += 30
    found = suspects(table_of(x, y, "number"))
    assert 2 <= found.likely < LISTED < len(found.table)
    assert found._repr_html_().count("<tr") == 1 + found.likely


def test_the_same_rows_are_found_again(digits, found):
    pd.testing.assert_frame_equal(suspects(digits[0]).table, found.table)


def test_clean_labels_are_hardly_doubted(digits):
    table, _, truth = digits
    assert suspects(table.assign(t=truth)).likely <= 20


def test_numbers_far_from_what_rows_like_them_have():
    rng = np.random.default_rng(0)
    x = rng.normal(size=(300, 3))
    y = x @ [1.0, 2.0, 3.0] + rng.normal(scale=0.3, size=300)
    y[:4] += [30, -30, 40, 25]
    found = suspects(table_of(x, y, "number"))
    assert set(found.table.index[:4]) == {"r0", "r1", "r2", "r3"}
    assert found.table.loc["r1", "why"].endswith("below what rows like it have")
    assert found.table["given"].dtype.kind == "f"
    assert found.plot()._repr_png_()[0].startswith(b"\x89PNG")


@pytest.mark.parametrize("unit", [1e-12, 1e-200, 1e200])
def test_numbers_are_doubted_alike_in_any_unit(unit):
    rng = np.random.default_rng(0)
    x = rng.normal(size=(200, 3))
    y = x @ [1.0, 2.0, 3.0] + rng.normal(scale=0.3, size=200)
    y[:2] += 30
    plain, found = (suspects(table_of(x, k * y, "number")) for k in (1, unit))
    assert found.agree == pytest.approx(plain.agree, abs=0.02)
    assert set(found.table.index[:2]) == {"r0", "r1"}
    assert found.table.loc["r0", "suggested"] < found.table.loc["r0", "given"]


def test_a_large_table_is_sampled_and_says_so():
    rng = np.random.default_rng(0)
    rows = ROWS + 500
    x = rng.normal(size=(rows, 1))
    found = suspects(table_of(x, np.where(x[:, 0] > 0, "up", "down")))
    assert found.looked == ROWS
    assert "a sample of 6,000 of 6,500" in found.notes[0]


def test_rare_classes_and_flagged_rows_are_left_out():
    x = np.arange(60.0)[:, None]
    words = np.where(x[:, 0] < 30, "low", "high").astype(object)
    words[:2] = "odd"
    table = table_of(x, words).assign(dropped="")
    table.loc["r9", "dropped"] = "duplicate of r8"
    schema = Schema.of(table).put(Column("dropped", "category", ("flag",)))
    found = suspects(schema.attach(table.astype({"dropped": "str"})))
    assert found.looked == 57
    assert "1 class left out" in found.notes[0]


@pytest.mark.parametrize(
    "table",
    [
        table_of(np.arange(8.0)[:, None], list("abababab")),
        table_of(np.arange(50.0)[:, None], ["a"] * 50),
        table_of(np.arange(50.0)[:, None], [None] * 50),
        table_of(np.zeros((0, 2)), []),
    ],
)
def test_too_little_is_not_assessed(table):
    found = suspects(table)
    assert not len(found.table)
    assert found.plot() is None
    assert "not assessed" in found._repr_html_()


def test_no_target_and_no_features_are_said():
    table = table_of(np.arange(50.0)[:, None], ["a", "b"] * 25)
    bare = Schema.of(table).without("t").attach(table[["0"]])
    assert "no target" in suspects(bare).notes[0]
    blind = Schema.of(table).change("0", roles=("ignored",)).attach(table.copy())
    assert "and a feature" in suspects(blind).notes[0]


def test_hostile_words_are_escaped(digits):
    x = np.r_[np.zeros(40), np.ones(40)][:, None] + np.arange(80)[:, None] / 1000
    words = np.array(["<script>alert(1)</script>"] * 40 + ["$x_{"] * 40, object)
    words[3] = "$x_{"
    found = suspects(table_of(x, words))
    assert found.table.index[0] == "r3"
    assert "<script>" not in found._repr_html_()
    assert found.plot()._repr_png_()[0].startswith(b"\x89PNG")


def test_text_is_looked_at_too():
    good = ["a fine and lovely film", "lovely, moving, fine", "I loved it, truly fine"]
    bad = ["a dull and awful film", "awful, boring, dull", "I hated it, truly dull"]
    texts = [f"{(good, bad)[i % 2][i % 3]} {i}" for i in range(120)]
    words = ["good" if i % 2 == 0 else "bad" for i in range(120)]
    words[10], words[11] = "bad", "good"
    frame = pd.DataFrame({"text": pd.array(texts, "str"), "t": pd.array(words, "str")})
    columns = (Column("text", "text"), Column("t", "category", ("target",)))
    found = suspects(Schema(columns).attach(frame))
    assert set(found.table.index[:2]) == {10, 11}


def test_a_model_that_is_often_wrong_says_so(found):
    assert "so rows may be hard" not in found.statement
    assert found.agree > 0.9
    rng = np.random.default_rng(0)
    x = rng.normal(size=(400, 2))
    noisy = suspects(
        table_of(x, np.where(x[:, 0] + rng.normal(size=400) > 0, "a", "b"))
    )
    assert 0.6 < noisy.agree < 0.9
    assert "hard to tell rather than wrong" in noisy._repr_html_()
