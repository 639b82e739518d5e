from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from mlkit.core.errors import InputError
from mlkit.core.schema import Column, Schema
from mlkit.data.labels.rules import Votes, read_rule, vote
from mlkit.data.labels.voting import dawid_skene, majority
from mlkit.data.labels.weak import weak_labels


def table_of(texts, target=None, **more):
    frame = pd.DataFrame({"text": pd.array(texts, "str"), **more})
    frame["t"] = pd.array(target or [None] * len(texts), "str")
    frame.index = pd.Index([f"r{i}" for i in range(len(frame))], dtype="str")
    columns = [Column("text", "text"), *map(Column, more)]
    target = Column("t", "category", ("target",))
    return Schema((*columns, target)).attach(frame)


TABLE = table_of(
    ["Refund my money!", "thanks a lot", None, "re: your Order 17", 'say "hi"'],
    Age=[20.0, 70.0, 61.0, np.nan, 60.0],
)


@pytest.mark.parametrize(
    ("rule", "rows"),
    [
        ('text contains "refund" -> x', [0]),
        ("text contains 'MONEY' -> x", [0]),
        ('text starts with "re:" -> x', [3]),
        ('text ends  with "lot" -> x', [1]),
        (r"text matches /order \d+$/ -> x", [3]),
        ("text contains '\"hi\"' -> x", [4]),
        ('`text` contains "thanks" -> "x"', [1]),
        ("Age >= 60 -> x", [1, 2, 4]),
        ("not Age >= 60 -> x", [0]),
        ('Age >= 60 and text contains "thanks" -> x', [1]),
        ('text contains "refund" or Age == 60 -> x', [0, 4]),
        ('not text contains "refund" -> x', [1, 3, 4]),
        ("missing(text) -> x", [2]),
        ("len(text) < 10 -> x", [4]),
        ('text contains "->" -> x', []),
        ("text == 'thanks a lot' -> x", [1]),
    ],
)
def test_a_line_holds_of_its_rows(rule, rows):
    read = read_rule(rule, list(TABLE))
    assert read.label == "x"
    assert np.flatnonzero(read.holds(TABLE)).tolist() == rows


@pytest.mark.parametrize(
    ("rule", "why"),
    [
        ("text contains 'a'", "cannot be read"),
        ("-> x", "cannot be read"),
        ("Age > 3 ->", "cannot be read"),
        ('txt contains "a" -> x', "no column 'txt'"),
        ("Agee > 3 -> x", "Agee"),
        ('text matches "(" -> x', "no regular expression"),
        ("__import__('os').system('true') -> x", "may not call"),
        ("(lambda: 1)() -> x", "may not call"),
    ],
)
def test_a_line_that_cannot_be_read_says_why(rule, why):
    with pytest.raises(InputError, match=why):
        read_rule(rule, list(TABLE))


def test_functions_are_rules_too():
    def old(row):
        return "senior" if row["Age"] is not None and row["Age"] > 65 else None

    votes = vote(TABLE, [old, "Age < 30 -> young"])
    assert votes.names == ("old", "Age < 30 -> young")
    assert votes.classes == ("senior", "young")
    assert votes.codes[:, 0].tolist() == [-1, 0, -1, -1, -1]

    def careless(row):
        return row["Age"].upper()

    with pytest.raises(InputError, match="the rule 'careless' fails") as error:
        vote(TABLE, [careless])
    assert "row 'r0'" in error.value.where


def test_a_label_that_looks_like_a_slip_is_refused():
    table = table_of(["a", "b"], ["complaint", None])
    for slip in ("Complaint", "complant"):
        with pytest.raises(InputError, match="did you mean 'complaint'"):
            weak_labels(table, [f'text contains "b" -> {slip}'])
    found = weak_labels(table, ['text contains "b" -> praise'])
    assert found.labels["label"].tolist() == ["praise"]


def made_up(rows=3000, seed=0, known=0):
    """Return what five rules of known worth say of rows, and the truth."""
    rng = np.random.default_rng(seed)
    truth = rng.choice(3, rows, p=[0.5, 0.3, 0.2])
    codes = np.full((rows, 5), -1, np.int16)
    for rule, (speaks, right) in enumerate(
        [(0.9, 0.9), (0.9, 0.3), (0.9, 0.3), (0.9, 0.3), (0.6, 0.9)]
    ):
        speak = rng.random(rows) < speaks
        say = np.where(rng.random(rows) < right, truth, rng.integers(0, 3, rows))
        codes[speak, rule] = say[speak]
    held = np.full(rows, -1, np.int16)
    held[:known] = truth[:known]
    return Votes(tuple("abcde"), ("x", "y", "z"), codes), held, truth


def test_dawid_skene_finds_out_whom_to_trust():
    votes, held, truth = made_up()
    spoke = (votes.codes >= 0).any(axis=1)
    right = {
        how.__name__: (how(votes, held).argmax(axis=1) == truth)[spoke].mean()
        for how in (majority, dawid_skene)
    }
    assert right["dawid_skene"] > right["majority"] + 0.03
    chances = dawid_skene(votes, held)
    np.testing.assert_allclose(chances.sum(axis=1), 1.0)


def test_its_probabilities_mean_what_they_say():
    votes, held, truth = made_up(6000)
    chances = dawid_skene(votes, held)
    best, said = chances.argmax(axis=1), chances.max(axis=1)
    for low, high in ((0.5, 0.7), (0.7, 0.9), (0.9, 1.01)):
        mine = (said >= low) & (said < high)
        assert abs((best[mine] == truth[mine]).mean() - said[mine].mean()) < 0.06


def test_what_is_known_is_held_fast():
    votes, held, _ = made_up(known=200)
    assert (dawid_skene(votes, held)[:200].argmax(axis=1) == held[:200]).all()


def test_a_rule_of_one_class_counts_by_its_silence():
    rng = np.random.default_rng(1)
    truth = rng.integers(0, 2, 600)
    codes = np.full((600, 2), -1, np.int16)
    codes[(truth == 1) & (rng.random(600) < 0.6), 0] = 1
    codes[(truth == 0) & (rng.random(600) < 0.6), 1] = 0
    votes = Votes(("a", "b"), ("no", "yes"), codes)
    spoke = (codes >= 0).any(axis=1)
    found = dawid_skene(votes, np.full(600, -1)).argmax(axis=1)
    assert (found == truth)[spoke].mean() > 0.98


RULES = [
    'text contains "refund" -> complaint',
    'text contains "broken" -> complaint',
    'text contains "thanks" -> praise',
    'text contains "lovely" -> praise',
]


def letters(rows=200, known=60):
    rng = np.random.default_rng(0)
    truth = rng.choice(["complaint", "praise"], rows)
    own = {"complaint": ["refund", "broken", "late"], "praise": ["thanks", "lovely"]}
    texts = []
    for word in truth:
        used = own[word] if rng.random() < 0.93 else own["praise"]
        texts.append(f"{rng.choice(used)} {rng.choice(used)} and so on")
    target = [word if i < known else None for i, word in enumerate(truth)]
    return table_of(texts, target), truth


@pytest.mark.parametrize("combine", ["dawid_skene", "majority"])
def test_rules_label_only_rows_without_a_label(combine):
    table, truth = letters()
    found = weak_labels(table, RULES, combine=combine)
    assert not found.labels.index.isin(table.index[:60]).any()
    named = pd.Series(truth, table.index)[found.labels.index]
    assert (found.labels["label"] == named).mean() > 0.85
    assert found.labels["probability"].between(0.5, 1).all()
    assert list(found.rules.index) == RULES
    stats = found.rules.iloc[0]
    assert stats["covers"] == table["text"].str.contains("refund").sum()
    assert stats["judged"] == table["text"][:60].str.contains("refund").sum()
    assert 0.8 < stats["accuracy"] <= 1
    assert stats["conflicts"] <= stats["overlaps"] <= stats["covers"]
    assert found.right <= found.judged <= 60
    assert "whose label is known" in found._repr_html_()
    assert found.plot()._repr_png_()[0].startswith(b"\x89PNG")


def test_what_people_said_counts_as_the_truth():
    table, _ = letters(known=0)
    rows = weak_labels(table, RULES).labels.index
    labels = {rows[0]: {"ann": "complaint"}, rows[1]: {"ann": "a", "bob": "b"}}
    found = weak_labels(table, RULES, labels)
    assert rows[0] not in found.labels.index
    assert rows[1] not in found.labels.index
    assert found.judged <= 1


def test_a_rule_that_is_mostly_wrong_is_said():
    table = table_of(["late"] * 20, ["praise"] * 10 + [None] * 10)
    found = weak_labels(table, ['text contains "late" -> complaint'])
    assert any("wrong more often than right" in note for note in found.notes)


def test_rows_about_which_the_rules_are_torn_stay_without():
    table = table_of(["refund, thanks", "refund"])
    found = weak_labels(table, [RULES[0], RULES[2]], combine="majority")
    assert found.labels.index.tolist() == ["r1"]
    assert "torn" in found.notes[0]


def test_what_cannot_be_told_is_noted():
    table, _ = letters(known=0)
    found = weak_labels(table, [RULES[0], 'text contains "nowhere" -> praise'])
    assert any("cannot be told" in note for note in found.notes)
    assert any("no row fits" in note for note in found.notes)
    assert "not known" in found._repr_html_()


def test_no_rules_are_no_labels():
    found = weak_labels(TABLE, [])
    assert not len(found.labels)
    assert found.plot() is None
    assert "there are no rules" in found._repr_html_()


def test_rules_need_a_target_of_classes():
    schema = Schema.of(TABLE)
    bare = schema.change("t", roles=()).attach(TABLE.copy())
    with pytest.raises(InputError, match="no target"):
        weak_labels(bare, RULES)
    numbers = schema.change("t", type="number").attach(TABLE.astype({"t": "float"}))
    with pytest.raises(InputError, match="target is a number"):
        weak_labels(numbers, RULES)
    with pytest.raises(InputError, match="did you mean 'majority'"):
        weak_labels(TABLE, RULES, combine="majorty")


def test_hostile_rules_are_escaped():
    table = table_of(["<script>x</script>", "b"], ["praise", None])
    found = weak_labels(table, ['text contains "<script>" -> <b>bold</b>'])
    assert "<script>" not in found._repr_html_()
    assert found.plot()._repr_png_()[0].startswith(b"\x89PNG")
