from __future__ import annotations

import os

import numpy as np
import pytest

from mlkit.core.project import Project
from mlkit.engine.clean_up import SEARCHES, clean_up
from mlkit.model.problem import Problem
from mlkit.model.tuning import kept
from mlkit.model.tuning.cross import folds
from mlkit.model.tuning.kept import Kept, Outcome, key_of

OUTCOME = Outcome(0.5, np.arange(4.0), 1.5, 7)


def test_what_is_put_is_got_back(tmp_path):
    place = Kept(tmp_path / "one")
    assert place.get("linear", {}, 0) is None
    place.put("linear", {"strength": 2.0}, 0, OUTCOME)
    found = Kept(tmp_path / "one")
    got = found.get("linear", {"strength": 2.0}, 0)
    assert (got.score, got.seconds, got.size) == (0.5, 1.5, 7)
    assert (got.said == OUTCOME.said).all()
    assert found.taken == 1
    assert found.get("linear", {}, 0) is None
    assert found.get("linear", {"strength": 2.0}, 1) is None


@pytest.mark.parametrize("content", [b"", b"PK\x03\x04 torn", b"not a file of arrays"])
def test_a_torn_file_is_a_fit_to_be_made_again(tmp_path, content):
    place = Kept(tmp_path)
    place.put("linear", {}, 0, OUTCOME)
    (path,) = tmp_path.glob("*.npz")
    path.write_bytes(content)
    assert place.get("linear", {}, 0) is None


def test_a_part_whose_bytes_changed_is_not_read(tmp_path):
    place = Kept(tmp_path)
    place.put_part("linear", {}, 0, {"mine": 1})
    assert place.get_part("linear", {}, 0) == {"mine": 1}
    (path,) = tmp_path.glob("*.joblib")
    path.write_bytes(path.read_bytes() + b" ")
    assert place.get_part("linear", {}, 0) is None


def test_another_row_fold_seed_or_problem_is_another_search(make):
    table = make("number", 60)
    problem = Problem.of(table)
    fold = folds(table, problem, 3)
    key = key_of(table, problem, fold, 0, "apart")
    assert key == key_of(table.copy(), problem, fold.copy(), 0, "apart")
    changed = table.assign(age=table["age"] + 1)
    changed.attrs = table.attrs
    others = [
        key_of(changed, problem, fold, 0, "apart"),
        key_of(table, Problem.of(table, "mae"), fold, 0, "apart"),
        key_of(table, problem, folds(table, problem, 4), 0, "apart"),
        key_of(table, problem, fold, 1, "apart"),
        key_of(table, problem, fold, 0, "shared"),
    ]
    assert len({key, *others}) == 6


def test_the_searches_used_longest_ago_go_first(tmp_path):
    for at in range(4):
        place = Kept(tmp_path / str(at))
        place.put("linear", {}, 0, OUTCOME)
        os.utime(place.folder, (at, at))
    size = sum(p.stat().st_size for p in (tmp_path / "0").iterdir())
    Kept(tmp_path / "0").tidy(most=int(2.5 * size))
    assert sorted(p.name for p in tmp_path.iterdir()) == ["0", "3"]
    assert kept.MOST > 2**30


def test_gc_keeps_the_last_searches_alone(tmp_path):
    (tmp_path / "mlkit.toml").write_text("format = 1\n")
    project = Project.open(tmp_path)
    for at in range(SEARCHES + 3):
        place = Kept(project.state / "fits" / str(at))
        place.put("linear", {}, 0, OUTCOME)
        os.utime(place.folder, (at, at))
    clean_up(project, keep=3)
    left = sorted(int(p.name) for p in (project.state / "fits").iterdir())
    assert left == list(range(3, SEARCHES + 3))
