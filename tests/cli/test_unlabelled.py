"""Recipes without a target, from `mlkit new` to `mlkit predict`."""

from __future__ import annotations

import json

import numpy as np
import pandas as pd
import pytest

from mlkit.core.project import Project


def groups(path, rows=160, seed=0, crowd=False):
    """Write a table of two groups, or of one crowd."""
    rng = np.random.default_rng(seed)
    which = np.zeros(rows, int) if crowd else rng.integers(0, 2, rows)
    table = pd.DataFrame(
        {
            "high": np.round(which * 9 + rng.random(rows) * 3, 3),
            "wide": np.round(rng.random(rows), 3),
            "long": np.round(rng.random(rows) - which * 5, 3),
        }
    )
    table.to_csv(path, index=False)
    return path


def test_without_a_target_the_recipes_that_need_none_are_told(mlkit, tmp_path):
    data = groups(tmp_path / "rows.csv")
    code, said = mlkit("new", tmp_path / "p", "--data", data)
    assert code == 2
    assert "--recipe cluster" in said
    assert "--recipe anomaly" in said
    assert not (tmp_path / "p").exists()


@pytest.mark.parametrize("recipe", ["cluster", "anomaly"])
def test_a_project_without_a_target_says_so_in_its_settings(mlkit, tmp_path, recipe):
    data = groups(tmp_path / "rows.csv")
    folder = tmp_path / "p"
    code, said = mlkit("new", folder, "--data", data, "--recipe", recipe)
    assert code == 0
    assert "no target" in said
    assert Project.open(folder).config("goal.kind") == recipe
    assert f"{recipe}.ipynb" in "".join(p.name for p in (folder / "steps").iterdir())


def test_a_table_is_never_guessed_to_be_one_without_a_target(mlkit, tmp_path):
    data = groups(tmp_path / "rows.csv")
    args = ("new", tmp_path / "p", "--data", data, "--target", "high", "--look")
    assert json.loads(mlkit(*args)[1])["recipe"] == "table"


def ran(mlkit, folder, data, recipe, *more):
    """Make a project and run it; return the exit code and the last event."""
    assert mlkit("new", folder, "--data", data, "--recipe", recipe, *more)[0] == 0
    code, said = mlkit("run", folder, "--json")
    return code, json.loads(said.splitlines()[-1])


@pytest.mark.slow
def test_clusters_from_a_file_to_predictions(mlkit, tmp_path):
    data, folder = groups(tmp_path / "rows.csv"), tmp_path / "p"
    code, last = ran(mlkit, folder, data, "cluster", "-p", "cluster.most=4")
    assert (code, last["state"]) == (0, "passed")
    out = tmp_path / "said.csv"
    assert mlkit("predict", folder, "--input", data, "--output", out)[0] == 0
    rows = pd.read_csv(out, dtype="str")
    assert list(rows) == ["id", "prediction", "probability_1", "probability_2"]
    high = pd.read_csv(data)["high"] > 6
    assert rows.groupby(high.to_numpy())["prediction"].nunique().tolist() == [1, 1]
    assert rows["prediction"].nunique() == 2


@pytest.mark.slow
def test_one_crowd_is_blocked_before_it_is_packaged(mlkit, tmp_path):
    data = groups(tmp_path / "rows.csv", crowd=True)
    more = ("-p", "cluster.most=3", "-p", "describe.repeats=4")
    code, last = ran(mlkit, tmp_path / "p", data, "cluster", *more)
    assert (code, last["state"]) == (3, "blocked")
    assert last["blocked"] == ["describe"]
    assert "package" in last["skipped"]


@pytest.mark.slow
def test_odd_rows_from_a_file_to_predictions(mlkit, tmp_path):
    data, folder = groups(tmp_path / "rows.csv"), tmp_path / "p"
    told = pd.read_csv(data)
    told["label"] = np.where(np.arange(len(told)) % 8, "usual", "seen")
    told.to_csv(tmp_path / "told.csv", index=False)
    more = ("-p", "anomaly.share=0.05", "-p", "anomaly.truth=label")
    code, last = ran(mlkit, folder, tmp_path / "told.csv", "anomaly", *more)
    assert (code, last["state"]) == (0, "passed")
    odd = pd.read_csv(data).head(10).assign(high=90.0)
    odd.to_csv(tmp_path / "odd.csv", index=False)
    for name, least, most in (("odd", 1.0, 1.0), ("rows", 0.0, 0.15)):
        out = tmp_path / f"{name}-said.csv"
        given = ("--input", tmp_path / f"{name}.csv", "--output", out)
        assert mlkit("predict", folder, *given)[0] == 0
        said = pd.read_csv(out)
        assert list(said.columns) == ["id", "prediction", "rank"]
        assert said["rank"].between(0, 1).all()
        assert least <= (said["prediction"] == "odd").mean() <= most
