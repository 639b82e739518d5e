"""The whole loop, through the front door: from a table to an accepted package."""

import json
import os
import subprocess
import sys
from pathlib import Path

import nbformat
import numpy as np
import pandas as pd
import pytest

from mlkit.core.project import Project
from mlkit.core.schema import Schema
from mlkit.core.store import Store

MLKIT = [sys.executable, "-m", "mlkit"]
TABLES = Path(__file__).parents[2] / "shared" / "data" / "tables"
SETS = {
    "telco_churn": ("telco_churn.csv", "Churn"),
    "autos": ("auto_imports.csv", "c26"),
    "titanic": ("titanic.csv", "Survived"),
    "wine": ("winequality-white.csv", "c12"),
    "ionosphere": ("ionosphere.csv", "c35"),
}
MANY = int(os.environ.get("MLKIT_TABLES", "5"))
"""How many of them are run."""
WHOLE = "telco_churn"
"""The one that is run as it comes; the others try fewer settings."""


def mlkit(*words, expect=0):
    done = subprocess.run(
        [*MLKIT, *map(str, words)], capture_output=True, text=True, timeout=900
    )
    assert done.returncode == expect, done.stdout[-3000:] + done.stderr[-3000:]
    return done.stdout


def refs(root):
    return Store(Project.open(root).state).refs()


def artifact(root, name):
    return Store(Project.open(root).state).get(refs(root)[name])


@pytest.fixture(scope="module")
def demo(tmp_path_factory):
    root = tmp_path_factory.mktemp("demo") / "penguins"
    told = mlkit("demo", root)
    for command in ("run", "why package", "serve", "monitor"):
        assert f"\n  mlkit {command} {root}" in told
    return root


def test_the_demo_ends_with_a_champion_and_a_report(demo):
    manifest = json.loads((demo / "runs/latest/manifest.json").read_text())
    assert manifest["state"] == "passed"
    assert {s["state"] for s in manifest["steps"].values()} == {"passed"}
    page = (demo / "runs/latest/report.html").read_text()
    assert "default-src" in page
    assert "http://" not in page.replace("http://www.w3.org", "")
    assert "1 time, for parity 1 time; has judged 1 model" in mlkit("verify", demo)
    assert "Everything is up to date" in mlkit("run", demo)


def test_every_cell_of_the_demo_was_executed(demo):
    for path in sorted((demo / "runs/latest/").glob("*.ipynb")):
        for cell in nbformat.read(path, 4).cells:
            if cell.cell_type == "code":
                assert cell.execution_count, f"{path.name}: {cell.source}"


def scored_alike(root, folder):
    """Hold the package, alone and on raw rows, against the notebook's model."""
    test, cleaning = artifact(root, "test"), artifact(root, "cleaning")
    model, package = artifact(root, "model"), artifact(root, "package")
    target = Schema.of(test).target
    raw = test.drop(columns=target)
    raw.to_csv(folder / "raw.csv", index=False)
    alone = folder / "package"
    subprocess.run(["cp", "-r", package, alone], check=True)
    out = folder / "scored.csv"
    mlkit("predict", "--input", folder / "raw.csv", "--output", out, alone)
    scored = pd.read_csv(out, dtype={"prediction": str}, keep_default_na=False)
    clean = cleaning.apply(test)
    assert len(scored) == len(test)
    if not model.classes:
        wanted = model.predict(clean)
        got = scored["prediction"].astype(float)
        np.testing.assert_allclose(got, wanted, rtol=1e-5)
        return
    chances = model.predict_proba(clean)
    columns = [f"probability_{name}" for name in model.classes]
    np.testing.assert_allclose(scored[columns], chances, atol=1e-5)
    assert scored["prediction"].isin(model.classes).all()
    if len(model.classes) > 2:
        assert list(scored["prediction"]) == list(model.predict(clean))


def test_the_package_alone_scores_raw_rows_as_the_model_does(demo, tmp_path):
    scored_alike(demo, tmp_path)


def test_the_champion_is_exported_and_scores_a_file(demo, tmp_path):
    mlkit("export", "--format", "onnx", "--to", tmp_path / "m.onnx", demo)
    assert (tmp_path / "m.onnx").stat().st_size > 1000
    out = tmp_path / "out.csv"
    mlkit("predict", "--input", demo / "data/penguins.csv", "--output", out, demo)
    scored = pd.read_csv(out)
    truth = pd.read_csv(demo / "data/penguins.csv")["species"]
    assert (scored["prediction"] == truth).mean() > 0.95


@pytest.mark.slow
def test_growth_moves_no_row_between_parts(demo, tmp_path):
    grown = tmp_path / "grown"
    subprocess.run(["cp", "-r", demo, grown], check=True)
    before = {
        name: set(artifact(demo, name).index) for name in ("train", "valid", "test")
    }
    path = grown / "data" / "penguins.csv"
    table = pd.read_csv(path, dtype=str, keep_default_na=False)
    more = table.sample(34, random_state=0).assign(body_mass_g=lambda t: t.index + 3001)
    pd.concat([table, more]).sample(frac=1, random_state=1).to_csv(path, index=False)
    mlkit("run", grown, "--until", "split")
    after = {name: set(artifact(grown, name).index) for name in before}
    assert sum(map(len, after.values())) > sum(map(len, before.values()))
    for name, rows in before.items():
        others = set().union(*(after[n] for n in after if n != name))
        assert not rows & others


def test_plain_papermill_works_on_one_step(demo, tmp_path):
    root = tmp_path / "project"
    subprocess.run(["cp", "-r", demo, root], check=True)
    step = root / "steps" / "04_clean.ipynb"
    command = [sys.executable, "-m", "papermill", step, tmp_path / "out.ipynb"]
    subprocess.run([*command, "--cwd", step.parent], check=True, capture_output=True)
    assert "clean" in Store(root / ".mlkit").drafts()


def test_a_new_project_checks_its_words(tmp_path):
    data = tmp_path / "x.csv"
    data.write_text("a,b\n" + "1,x\n2,y\n" * 20)
    root = tmp_path / "p"
    for words in (
        ["--data", tmp_path / "no.csv", "--target", "b"],
        ["--data", data, "--target", "bb"],
        ["--data", data, "--target", "b", "-p", "splt.test_size=0.3"],
        ["--data", data, "--target", "b", "-p", "split.test_size=x"],
        ["--data", data, "--target", "b", "--recipe", "tabel"],
    ):
        mlkit("new", root, *words, expect=2)
        assert not root.exists()
    mlkit("new", root, "--data", data, "--target", "b")
    mlkit("new", root, "--data", data, "--target", "b", expect=2)


@pytest.mark.slow
@pytest.mark.parametrize("name", list(SETS)[:MANY])
def test_real_tables_reach_a_package_or_a_gate_with_a_reason(name, tmp_path):
    file, target = SETS[name]
    if not (TABLES / file).exists():
        pytest.skip(f"the real table {file} is not here")
    root = tmp_path / name
    few = [] if name == WHOLE else ["-p", "tune.trials=3"]
    mlkit("new", root, "--data", TABLES / file, "--target", target, *few)
    done = subprocess.run([*MLKIT, "run", root], capture_output=True, text=True)
    assert done.returncode in (0, 3), done.stdout[-2000:] + done.stderr[-2000:]
    if done.returncode == 0:
        scored_alike(root, tmp_path)
    else:
        assert "blocked" in done.stdout + done.stderr
    assert os.path.exists(root / "runs/latest/report.html")
