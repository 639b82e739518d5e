from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from mlkit.data.labels.agreement import agreement
from mlkit.data.labels.kappa import alpha, cohen, words
from mlkit.data.labels.people import settle

GAP = np.nan
KRIPPENDORFF = np.array(
    [
        [1, 2, 3, 3, 2, 1, 4, 1, 2, GAP, GAP, GAP],
        [1, 2, 3, 3, 2, 2, 4, 1, 2, 5, GAP, 3],
        [GAP, 3, 3, 3, 2, 3, 4, 2, 2, 5, 1, GAP],
        [1, 2, 3, 3, 2, 4, 4, 1, 2, 5, 1, GAP],
    ]
).T
"""The worked example of Krippendorff (2011): alpha is 0.743 and 0.849."""


def ones(cells, classes):
    made = (cells[:, :, None] == classes).astype(float)
    made[np.isnan(cells)] = np.nan
    return made


def test_alpha_is_that_of_the_paper():
    nominal = alpha(ones(KRIPPENDORFF, np.arange(1.0, 6.0)))
    assert round(nominal[0], 3) == 0.743
    assert round(alpha(KRIPPENDORFF)[0], 3) == 0.849
    assert nominal[1] < nominal[0] < nominal[2]


@settings(deadline=None)
@given(st.lists(st.tuples(*[st.integers(0, 2)] * 2), min_size=2, max_size=40))
def test_cohens_kappa_is_scikit_learns(pairs):
    from sklearn.metrics import cohen_kappa_score

    table = np.zeros((3, 3), int)
    for one, other in pairs:
        table[one, other] += 1
    value, low, high = cohen(table)
    first, second = zip(*pairs, strict=True)
    if len({*first, *second}) == 1:
        assert np.isnan(value)
    else:
        assert value == pytest.approx(cohen_kappa_score(first, second))
        assert low <= value <= high


def test_the_interval_holds_the_truth_about_as_often_as_it_says():
    rng = np.random.default_rng(0)
    cells = np.array([[0.4, 0.1], [0.1, 0.4]])
    held = 0
    for _ in range(60):
        table = rng.multinomial(150, cells.ravel()).reshape(2, 2)
        _, low, high = cohen(table)
        held += low <= 0.6 <= high
    assert held >= 51


def people(rows=90):
    rng = np.random.default_rng(3)
    truth = rng.choice(["spam", "ham", "news"], rows)
    said = {}
    for at, word in enumerate(truth):
        said[f"r{at}"] = {
            name: word if rng.random() < right else str(rng.choice(["spam", "ham"]))
            for name, right in {"ann": 0.95, "bob": 0.8, "eve": 0.7}.items()
            if rng.random() < 0.9
        }
    return said


def test_two_people_are_judged_by_cohens_kappa():
    said = {
        row: {n: w for n, w in by.items() if n != "eve"} for row, by in people().items()
    }
    found = agreement(said)
    assert found.people == ("ann", "bob")
    assert found.statement.startswith("Cohen's kappa 0.")
    assert found.low < found.value < found.high
    assert found.value == found.pairs.loc[("ann", "bob"), "kappa"]
    apart = {row for row, by in said.items() if len(by) == 2 and by["ann"] != by["bob"]}
    assert set(found.disputed.index) == apart


def test_more_people_are_judged_by_alpha_and_shown_in_pairs():
    found = agreement(people())
    assert found.measure == "Krippendorff's alpha"
    assert len(found.pairs) == 3
    assert (
        found.pairs.loc[("ann", "bob"), "kappa"]
        > (found.pairs.loc[("bob", "eve"), "kappa"])
    )
    assert (found.confusion.to_numpy() == found.confusion.to_numpy().T).all()
    assert int(found.confusion.to_numpy().sum()) == 2 * int(found.pairs["rows"].sum())
    assert found.plot()._repr_png_()[0].startswith(b"\x89PNG")
    assert "and eve" in found._repr_html_()


def test_numbers_are_judged_by_their_distance():
    rng = np.random.default_rng(0)
    values = rng.normal(size=50)
    near = {
        f"r{i}": {"ann": float(v), "bob": float(v + rng.normal(scale=0.1))}
        for i, v in enumerate(values)
    }
    assert agreement(near).value > 0.95
    assert agreement(near).plot() is None


@pytest.mark.parametrize(
    ("labels", "why"),
    [
        ({}, "two people"),
        ({"a": "cat"}, "two people"),
        ({"a": {"ann": "cat"}, "b": {"bob": "cat"}}, "no row was labelled by two"),
        ({"a": {"ann": "cat", "bob": "cat"}}, "everybody said the same"),
    ],
)
def test_what_cannot_be_told_is_not_assessed(labels, why):
    found = agreement(labels)
    assert found.statement.startswith("not assessed")
    assert why in found.statement
    assert found.plot() is None or found.rows
    assert "not assessed" in found._repr_html_()


def test_names_and_labels_are_escaped():
    said = {"<i>": {"<b>ann": "<u>x", "bob": "y"}, "q": {"<b>ann": "y", "bob": "y"}}
    page = agreement(said)._repr_html_()
    assert not any(tag in page for tag in ("<b>", "<i>", "<u>"))


def test_no_label_is_a_class_of_its_own():
    said = {"a": {"ann": None, "bob": "cat"}, "b": {"ann": "cat", "bob": "cat"}}
    assert agreement(said).disputed.loc["a"].tolist() == ["(none)", "cat"]


def test_few_rows_in_common_are_said():
    said = dict(list(people().items())[:8])
    assert "are few" in agreement(said).statement


@settings(deadline=None)
@given(st.dictionaries(st.sampled_from("abcde"), st.sampled_from(["x", "y", None])))
def test_the_majority_wins_and_a_tie_gives_no_label(said):
    settled = settle({"r": said})
    counts = sorted(
        (list(said.values()).count(word) for word in set(said.values())), reverse=True
    )
    tied = len(counts) > 1 and counts[0] == counts[1]
    assert ("r" in settled.ties) == tied
    if said and not tied:
        assert list(said.values()).count(settled.labels["r"]) == counts[0]


def test_kappas_have_names():
    assert [words(v) for v in (-1, 0.1, 0.3, 0.5, 0.7, 1)] == [
        "poor",
        "slight",
        "fair",
        "moderate",
        "substantial",
        "almost perfect",
    ]
