import subprocess
import sys

import pandas as pd
import pytest

import mlkit as mk
from mlkit.core import cells, decisions, ledger, session
from mlkit.core.errors import Blocked, InputError, StepError, UsageError
from mlkit.core.schema import Schema
from mlkit.core.verdict import Finding, Verdict


def table():
    found = pd.DataFrame({"x": [1.0, 2.0], "y": ["a", "b"]}, index=["r1", "r2"])
    schema = Schema.of(found).change("y", type="category", roles=("target",))
    return schema.attach(found)


class Threshold:
    """An editor as `decide` needs it."""

    value = 0.5
    seen = "abc"

    def picture(self, value):
        return f"threshold {value}"

    def widget(self, value, record):
        raise AssertionError("nobody sits here")


def test_a_save_is_loaded_again_with_its_schema(in_folder):
    mk.save(raw=table(), settings={"depth": 3})
    assert Schema.of(mk.load("raw")).target == "y"
    assert mk.load("settings") == {"depth": 3}


def test_a_schema_that_was_lost_is_recovered_by_column_name(in_folder):
    mk.save(raw=table())
    loaded = mk.load("raw")
    bare = pd.DataFrame({"y": loaded["y"], "z": loaded["x"] * 2})
    assert "schema" not in bare.attrs
    mk.save(clean=bare)
    assert Schema.of(mk.load("clean")).target == "y"


def test_a_sealed_name_is_opened_by_unseal_alone(in_folder):
    mk.save(test=mk.sealed(table()))
    with pytest.raises(StepError, match="is sealed"):
        mk.load("test")
    assert list(mk.unseal("test", why="acceptance")) == ["x", "y"]
    assert list(mk.unseal("test", why="parity", target=False)) == ["x"]
    lines = ledger.lines(in_folder / "ledger.jsonl")
    assert [line["why"] for line in lines] == ["acceptance", "parity"]
    assert [line["target"] for line in lines] == [True, False]


def test_a_bar_that_nobody_knows_is_told_before_a_seal_is_opened(in_folder):
    mk.save(test=mk.sealed(table()))
    (in_folder / "mlkit.toml").write_text("format = 1\n[goal.bars]\nroc_acu = 0.8\n")
    session._SESSION = None
    with pytest.raises(UsageError, match="unknown bar 'roc_acu'"):
        mk.unseal("test", why="acceptance")
    assert not (in_folder / "ledger.jsonl").exists()
    assert list(mk.unseal("test", why="parity", target=False)) == ["x"]


class Roles(Threshold):
    """An editor that reads its value as a mapping, and fails at any other."""

    value = {"sex": ["sensitive"]}  # noqa: RUF012

    def picture(self, value):
        return sorted(value.keys())


@pytest.mark.parametrize("value", ["sensitive", ["sex"], None])
def test_a_decision_of_another_form_says_which_form_and_how_to_drop_it(
    in_folder, value
):
    (in_folder / ".mlkit").mkdir()
    decisions.record(in_folder / "decisions", "columns", value, why="", seen="abc")
    with pytest.raises(InputError, match="has a form that this step") as error:
        mk.decide("columns", Roles())
    assert repr(value) in error.value.got
    assert "'sensitive'" in error.value.expected
    assert "mlkit decide columns --undo" in error.value.todo


def test_a_default_that_its_own_editor_cannot_show_is_no_persons_fault(in_folder):
    (in_folder / ".mlkit").mkdir()
    editor = Roles()
    editor.value = "sensitive"
    with pytest.raises(AttributeError):
        mk.decide("columns", editor)


def test_a_name_nobody_saved_names_the_step_that_would(in_folder):
    (in_folder / ".mlkit").mkdir()
    (in_folder / ".mlkit" / "wiring.json").write_text('{"clean": "scrub"}')
    with pytest.raises(StepError, match="mlkit run --until scrub"):
        mk.load("clean")


def test_where_nothing_is_saved_a_load_says_to_run(in_folder):
    with pytest.raises(StepError, match="run the step that saves it: `mlkit run`"):
        mk.load("raw")


def test_outside_of_a_project_it_says_how_to_make_one(in_folder):
    (in_folder / "mlkit.toml").unlink()
    with pytest.raises(UsageError, match=r"format = 1"):
        mk.save(x=1)


def test_a_decision_is_the_default_until_one_is_recorded(in_folder, capsys):
    assert mk.decide("threshold", Threshold()) == 0.5
    assert "default" in capsys.readouterr().out
    decisions.record(in_folder / "decisions", "threshold", 0.3, seen="abc")
    assert mk.decide("threshold", Threshold()) == 0.3


def test_a_decision_made_on_something_else_says_so_or_blocks(in_folder, capsys):
    decisions.record(in_folder / "decisions", "threshold", 0.3, seen="other")
    assert mk.decide("threshold", Threshold()) == 0.3
    assert "something else" in capsys.readouterr().out
    strict = 'format = 1\n[policies]\ndecisions = "block"\n'
    (in_folder / "mlkit.toml").write_text(strict)
    cells.session().project.__dict__.pop("settings", None)
    with pytest.raises(Blocked):
        mk.decide("threshold", Threshold())


def test_a_gate_passes_or_blocks(in_folder):
    mk.gate(Verdict((Finding("a", "passed"), Finding("b", "not_assessed"))))
    with pytest.raises(Blocked, match="b"):
        mk.gate(Verdict((Finding("b", "not_assessed", required=True),)))


def test_a_kept_choice_is_made_once(in_folder):
    assert cells.keep("salt", lambda: 7) == 7
    assert cells.keep("salt", lambda: 8) == 7


def test_importing_mlkit_is_light():
    code = (
        "import sys, mlkit; "
        "heavy = {'pandas', 'numpy', 'nbformat', 'IPython'}; "
        "print(sorted(heavy & set(sys.modules)))"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True)
    assert done.stdout.strip() == "[]", done.stderr


def test_a_verdict_escapes_what_it_shows():
    card = Verdict((Finding("<script>", "missed", help="<b>"),))._repr_html_()
    assert "<script>" not in card
    assert "&lt;script&gt;" in card
