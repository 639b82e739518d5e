"""What the panel's form of the goal offers: what fits the classes of the target."""

import subprocess
import sys
from dataclasses import replace

import pandas as pd
import pytest

from mlkit.core.errors import UsageError
from mlkit.core.project import Project
from mlkit.core.schema import Column, Schema
from mlkit.core.store import Store
from mlkit.lab import goal
from mlkit.lab.routes.goal import told
from mlkit.model.problem import Problem
from mlkit.model.shortlist import Candidate, Shortlist

KINDS = ["cat", "big dog", "bird"]


@pytest.fixture
def project(tmp_path):
    (tmp_path / "mlkit.toml").write_text("format = 1\n")
    return Project.open(tmp_path)


@pytest.fixture
def save(project):
    """Save artifacts, each later than the one before."""
    store = Store(project.state)

    def one(name, value, *, sealed=False):
        known = store.refs()
        entry = replace(store.put(value, name), at=float(len(known)), sealed=sealed)
        store.set_refs({**known, name: entry})

    return one


def rows(labels):
    table = pd.DataFrame({"x": range(len(labels)), "y": pd.array(labels)})
    target = Column("y", "category", ("target",), categories=tuple(sorted(labels)))
    return Schema((Column("x"), target)).attach(table)


def offered(project):
    return told(project.root)["titles"]["costs"]


def test_where_nothing_is_known_the_costs_of_two_classes_are_offered(project, save):
    assert list(offered(project)) == ["false_alarm", "miss"]
    save("other", {"problem": {"classes": KINDS}})
    save("plain", rows(KINDS).drop(columns="y"))
    assert list(offered(project)) == ["false_alarm", "miss"]


def test_of_many_classes_each_pair_is_offered_and_written(project, save):
    save("train", rows(KINDS))
    found = offered(project)
    assert len(found) == 6
    assert found['cat."big dog"'] == "cat taken for big dog"
    told(project.root, {"costs": {'cat."big dog"': 5.0}})
    text = (project.root / "mlkit.toml").read_text()
    assert text.endswith('[goal.costs.cat]\n"big dog" = 5.0\n')
    with pytest.raises(UsageError, match="does not stand there"):
        told(project.root, {"costs": {"miss": 5.0}})


def test_the_last_artifact_that_names_the_classes_counts(project, save):
    save("raw", rows(KINDS))
    save("train", rows(["no", "yes"]))
    save("test", rows(KINDS), sealed=True)
    assert list(offered(project)) == ["false_alarm", "miss"]


def test_of_a_number_no_cost_is_offered_once_a_record_tells(project, save):
    problem = Problem("number", "y", "rmse", (), ("x",))
    only = Candidate("linear", "linear", 1.0, 0.1, (1.0,), False, True, (), 9, "")
    save("shortlist", Shortlist(problem, (only,), "linear", "linear", 0.0, 9, 5))
    assert offered(project) == {}
    assert goal.classes_of(project) == ()


def test_of_very_many_classes_only_what_stands_there_is_shown(project, save):
    save("train", rows([f"c{i}" for i in range(60)]))
    (project.root / "mlkit.toml").write_text("format = 1\n[goal.costs.c1]\nc2 = 4.0\n")
    assert offered(project) == {"c1.c2": "c1 taken for c2"}
    told(project.root, {"costs": {"c3.c4": 2.0}})
    assert told(project.root)["costs"] == {"c1.c2": 4.0, "c3.c4": 2.0}


LIGHT = """
import sys
from pathlib import Path
from mlkit.lab import goal
print(len(goal.form_of(Path()).costs))
print({"numpy", "pandas", "pyarrow", "sklearn", "matplotlib"} & set(sys.modules))
"""


def test_the_server_loads_no_package_of_numbers_for_it(project, save):
    save("train", rows(KINDS))
    words = [sys.executable, "-c", LIGHT]
    done = subprocess.run(words, cwd=project.root, capture_output=True, text=True)
    assert done.stdout == "6\nset()\n", done.stderr
