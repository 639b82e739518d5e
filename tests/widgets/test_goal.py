from __future__ import annotations

import json
import subprocess
import sys
import tomllib

import pytest

from mlkit.core.errors import UsageError
from mlkit.core.session import session
from mlkit.model.judging import bars
from mlkit.model.measures import costs
from mlkit.model.problem import Problem
from mlkit.widgets import GoalForm
from mlkit.widgets.goal import Goal

TWO = Problem("two_classes", "y", "roc_auc", ("no", "yes"), ("x",))
MANY = Problem("many_classes", "y", "log_loss", ("a", "<b>", "c"), ("x",))
NUMBER = Problem("number", "y", "rmse", (), ("x",))
TEXT = """\
format = 1

[goal]
question = "Who <b>leaves</b>?"
use = ""       # what will be done with an answer
metric = "roc_auc"

[goal.bars]    # what acceptance asks for
roc_auc = 0.8  # agreed in May
"""


@pytest.fixture
def project(tmp_path, monkeypatch):
    (tmp_path / "mlkit.toml").write_text(TEXT)
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr("mlkit.core.session._SESSION", None)
    return tmp_path


def parts(panel):
    found = {}
    for one in getattr(panel, "children", ()):
        found |= {getattr(one, "description", ""): one, **parts(one)}
    return found


def said(panel):
    return panel.children[-2].children[1].value


def test_a_run_shows_what_the_file_says_and_depends_on_it(project):
    form = GoalForm(TWO)
    assert (
        repr(form)
        == repr(form.picture())
        == "\n".join(
            [
                "Question: Who <b>leaves</b>?",
                "Use: not stated",
                "People affected: not stated",
                "Costs of errors: not stated: a miss costs as much as a false alarm",
                "Bars: ROC AUC 0.8",
            ]
        )
    )
    page = form.picture()._repr_html_()
    assert "&lt;b&gt;leaves" in page
    assert "<b>" not in page
    assert "goal" in session().used_config
    assert (project / "mlkit.toml").read_text() == TEXT


def test_a_person_fills_it_in_and_the_file_says_so(project):
    form = GoalForm(TWO)
    panel = form.widget()
    assert repr(panel) == "<GoalForm>"
    fields = parts(panel)
    fields["Use"].value = "call the likeliest hundred\n"
    fields["People affected"].value = 'customers, "all" of them'
    fields["Cost"].value = ("miss",)
    number = panel.children[3].children[1]
    number.value = 5
    fields["Set this cost"].click()
    fields["Bar"].value = ("worst_group",)
    panel.children[5].children[1].value = 0.7
    fields["Set this bar"].click()
    fields["Write to mlkit.toml"].click()
    assert said(panel) == "written: run the cells below"
    text = (project / "mlkit.toml").read_text()
    assert tomllib.loads(text)["goal"] == {
        "question": "Who <b>leaves</b>?",
        "use": "call the likeliest hundred",
        "people": 'customers, "all" of them',
        "metric": "roc_auc",
        "bars": {"roc_auc": 0.8, "worst_group": 0.7},
        "costs": {"miss": 5.0},
    }
    assert "# agreed in May" in text
    assert "# what will be done with an answer" in text
    assert bars.read(TWO) == {"roc_auc": 0.8, "worst_group": 0.7}
    assert costs.of_two(costs.told(None)) == {"false_alarm": 1.0, "miss": 5.0}
    fields["Write to mlkit.toml"].click()
    assert said(panel) == "nothing changed"
    assert (project / "mlkit.toml").read_text() == text
    fields["Use"].value = "call all of them"
    assert said(panel) == ""


def test_a_bar_is_looked_at_and_removed(project):
    panel = GoalForm(TWO).widget()
    fields = parts(panel)
    assert fields["Bar"].value == ("roc_auc",)
    assert panel.children[5].children[1].value == 0.8
    fields["Bar"].value = ("rows",)
    assert panel.children[5].children[1].value == 1.0
    fields["Bar"].value = ("roc_auc",)
    fields["Remove this bar"].click()
    assert panel.children[6].value == "not stated"
    fields["Write to mlkit.toml"].click()
    assert bars.stated() == {}


def test_only_bars_that_something_judges_are_offered(project):
    for problem in (TWO, Problem("cluster", "", "silhouette", numbers=("x",))):
        offered = [name for (name,) in GoalForm(problem).bars]
        assert offered == bars.judged(problem)
        bars.read(problem, dict.fromkeys(offered, 0.1))
    assert ("parity_gap",) in GoalForm(TWO).bars
    assert ("parity_gap",) not in GoalForm(problem).bars


def test_what_is_changed_elsewhere_meanwhile_stays(project):
    form = GoalForm(TWO)
    (project / "mlkit.toml").write_text(TEXT.replace("0.8", "0.9"))
    assert form.save(Goal("", "sell", bars=form.goal.bars))
    goal = tomllib.loads((project / "mlkit.toml").read_text())["goal"]
    assert (goal["question"], goal["use"]) == ("", "sell")
    assert goal["bars"] == {"roc_auc": 0.9}


def test_the_costs_of_many_classes_have_a_table_each(project):
    form = GoalForm(MANY)
    assert form.costs["a", "<b>"] == "a taken for <b>"
    assert len(form.costs) == 6
    assert form.save(Goal(costs={("a", "<b>"): 9.0}, bars=form.goal.bars))
    assert costs.matrix(MANY, costs.told(None))[0].tolist() == [0, 9, 1]
    assert "Costs of errors: a taken for <b> 9" in repr(GoalForm(MANY))
    assert "&lt;b&gt; 9" in GoalForm(MANY).widget().children[4].value


def test_a_cost_that_stands_there_is_changed_where_nobody_knows_the_classes(project):
    table = "[goal.costs.cat]\ndog = 2.0  # agreed in June\nbird = 3.0\n"
    (project / "mlkit.toml").write_text(f"{TEXT}\n{table}")
    form = GoalForm(folder=project)
    costs = {("cat", "dog"): 5.0, ("cat", "bird"): 3.0}
    assert form.save(Goal(form.goal.question, costs=costs, bars=form.goal.bars))
    text = (project / "mlkit.toml").read_text()
    assert tomllib.loads(text)["goal"]["costs"] == {"cat": {"dog": 5.0, "bird": 3.0}}
    assert "# agreed in June" in text
    form = GoalForm(folder=project)
    for unfit in ({("cat", "dog"): -1.0}, {("cat", "dof"): 1.0}):
        with pytest.raises(UsageError, match="stand there"):
            form.save(Goal(form.goal.question, costs=unfit, bars=form.goal.bars))
    assert (project / "mlkit.toml").read_text() == text


def test_only_what_fits_is_offered(project):
    assert GoalForm(NUMBER).costs == {}
    assert ("rmse",) in GoalForm(NUMBER).bars
    assert ("roc_auc",) not in GoalForm(NUMBER).bars
    assert {("rmse",), ("roc_auc",), ("latency_ms",)} <= set(GoalForm().bars)
    assert "Cost" not in parts(GoalForm(NUMBER).widget())


@pytest.mark.parametrize(
    "goal",
    [
        Goal(bars={("roc_auk",): 0.8}),
        Goal(bars={("roc_auc",): float("nan")}),
        Goal(costs={("miss",): -1.0}),
        Goal(costs={("miss",): float("inf")}),
    ],
)
def test_what_cannot_stand_there_is_refused_and_nothing_written(project, goal):
    with pytest.raises(UsageError, match="stand there"):
        GoalForm(TWO).save(goal)
    assert (project / "mlkit.toml").read_text() == TEXT


def test_an_unfit_number_is_refused_where_it_is_typed(project):
    panel = GoalForm(TWO).widget()
    fields = parts(panel)
    panel.children[3].children[1].value = -2
    fields["Set this cost"].click()
    assert panel.children[4].value == "-2.0 cannot stand there"
    fields["Write to mlkit.toml"].click()
    assert said(panel) == "nothing changed"


def test_a_file_that_broke_meanwhile_is_told_and_left(project):
    panel = GoalForm(TWO).widget()
    fields = parts(panel)
    (project / "mlkit.toml").write_text("<i> = ")
    fields["Use"].value = "sell"
    fields["Write to mlkit.toml"].click()
    assert "cannot be changed by a form" in said(panel)
    assert (project / "mlkit.toml").read_text() == "<i> = "


def test_numbers_that_are_none_are_passed_over():
    form = {"costs": {"miss": "x", "a": {"b": 2}}, "bars": 3, "people": None}
    assert Goal.of(form) == Goal(costs={("a", "b"): 2})
    json.dumps(form)


def test_outside_of_a_project_there_is_no_form(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr("mlkit.core.session._SESSION", None)
    with pytest.raises(UsageError, match="does not lie in an mlkit project"):
        GoalForm()
    with pytest.raises(UsageError, match="not an mlkit project"):
        GoalForm(folder=tmp_path)


LIGHT = """
import sys
from mlkit.widgets import GoalForm
form = GoalForm(folder=".")
heavy = {"numpy", "pandas", "pyarrow", "sklearn", "matplotlib", "ipywidgets"}
print(len(form.bars) > 9, len(form.costs), heavy & set(sys.modules))
"""


def test_the_form_opens_without_the_packages_of_numbers(project):
    words = [sys.executable, "-c", LIGHT]
    done = subprocess.run(words, cwd=project, capture_output=True, text=True)
    assert done.stdout == "True 2 set()\n", done.stderr
