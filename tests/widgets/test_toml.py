from __future__ import annotations

import tomllib

import pytest
import tomlkit
from hypothesis import given, settings
from hypothesis import strategies as st

from mlkit.core.errors import UsageError
from mlkit.widgets.toml import edited

WORDS = st.text(st.characters(exclude_categories=["Cs"]), max_size=12)
NUMBERS = st.floats(allow_nan=False, allow_infinity=False) | st.integers(-99, 99)
VALUES = WORDS | NUMBERS | st.booleans()
TABLES = st.recursive(
    VALUES, lambda inner: st.dictionaries(WORDS, inner, max_size=3), max_leaves=8
)
FILES = st.dictionaries(WORDS, TABLES, max_size=4)

COMMENTED = """\
# the file of a project
format = 1

[goal]
question = "Who leaves?"   # asked by sales
use = ""       # what will be done with an answer

[goal.bars]    # what acceptance asks for
# roc_auc = 0.8
rows = 500     # at least

[profiles.smoke]
"tune.trials" = 3   # quick
"""


@settings(max_examples=50, deadline=None)
@given(FILES, WORDS, VALUES)
def test_one_value_changes_and_all_others_stay(form, name, value):
    text = tomlkit.dumps(form)
    before = tomllib.loads(text)
    goal = before.get("goal", {})
    wanted = {**before, "goal": {**goal, name: value}}
    assert tomllib.loads(edited(text, {("goal", name): value})) == wanted


@settings(max_examples=50, deadline=None)
@given(FILES)
def test_what_is_taken_away_leaves_the_file_as_it_was(form):
    form.pop("goal", None)
    text = "# kept\n" + tomlkit.dumps(form)
    made = edited(text, {("goal", "bars", "rows"): 5.0})
    back = edited(made, {("goal", "bars", "rows"): None})
    assert tomllib.loads(back) == {**tomllib.loads(text), "goal": {"bars": {}}}
    assert back.startswith("# kept\n")


@settings(max_examples=50, deadline=None)
@given(WORDS, NUMBERS)
def test_every_comment_and_every_other_line_stays(question, bar):
    changes = {("goal", "question"): question, ("goal", "bars", "roc_auc"): bar}
    made = edited(COMMENTED, changes)
    old, new = COMMENTED.splitlines(), made.split("\n")
    assert [line for line in old if line not in new] in ([], [old[4]])
    assert made.count("#") >= COMMENTED.count("#")
    assert "# asked by sales" in made
    assert tomllib.loads(made)["goal"]["bars"] == {"rows": 500, "roc_auc": bar}


@pytest.mark.parametrize(
    "text",
    [
        'goal.use = "x"\n',
        'goal = {use = "x"}\n',
        '[goal.bars]\nrows = 1\n[use]\na = "b"\n[goal]\nuse = "x"\n',
        'format = 1\r\n[goal]\r\nuse = "x"  # y\r\n',
        "",
    ],
)
def test_tables_are_found_however_they_are_written(text):
    made = edited(text, {("goal", "use"): "z", ("goal", "costs", "a", "c"): 9})
    found = tomllib.loads(made)
    assert found.pop("goal")["use"] == "z"
    assert found == {k: v for k, v in tomllib.loads(text).items() if k != "goal"}
    assert tomllib.loads(made)["goal"]["costs"] == {"a": {"c": 9}}


@pytest.mark.parametrize("text", ["goal = ", "goal = 3", "[[goal]]\na = 1"])
def test_what_cannot_be_changed_is_refused(text):
    with pytest.raises(UsageError, match="cannot be changed by a form"):
        edited(text, {("goal", "costs", "miss"): 5})


def test_nothing_to_change_is_no_change():
    assert edited(COMMENTED, {}) == COMMENTED
    assert edited(COMMENTED, {("goal", "costs", "miss"): None}) == COMMENTED


ABOVE = """\
format = 1

[goal]
question = "Who leaves?"
# metric = "roc_auc"

[goal.bars]    # what acceptance asks for
# roc_auc = 0.8

# who may promote
[policies]
promote = "ask"
"""
BAR, COST = ("goal", "bars", "rows"), ("goal", "costs", "miss")


def blocks(text):
    return text.removesuffix("\n").split("\n\n")


def test_a_new_line_stands_in_its_table_and_the_next_keeps_its_distance():
    before = blocks(ABOVE)
    bars = before[2] + "\nrows = 5"
    assert blocks(edited(ABOVE, {BAR: 5})) == [*before[:2], bars, before[3]]


def test_a_new_table_has_a_blank_line_on_either_side():
    before = blocks(ABOVE)
    wanted = [*before[:3], "[goal.costs]\nmiss = 5", before[3]]
    assert blocks(edited(ABOVE, {COST: 5})) == wanted
    both = edited(ABOVE, {BAR: 5, COST: 5})
    bars = before[2] + "\nrows = 5"
    assert blocks(both) == [*before[:2], bars, wanted[3], before[3]]
    bare = ABOVE.replace(before[2] + "\n\n", "")
    assert blocks(edited(bare, {COST: 5})) == [*before[:2], *wanted[3:]]


def test_a_new_text_stands_with_the_others():
    before = blocks(ABOVE)
    goal = before[1] + '\nuse = "x"'
    made = edited(ABOVE, {("goal", "use"): "x"})
    assert sorted(blocks(made)[1].splitlines()) == sorted(goal.splitlines())
    assert [*blocks(made)[:1], *blocks(made)[2:]] == [before[0], *before[2:]]
