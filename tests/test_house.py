"""The house itself: floors, templates, types of files."""

import ast
import json
import subprocess
import sys
from pathlib import Path

import pytest

from mlkit.engine.reading import notebook
from mlkit.engine.scaffold import recipes, templates

ROOT = Path(__file__).parents[1]
MODULES = sorted((ROOT / "mlkit").rglob("*.py"))
TEMPLATES = sorted(templates().rglob("*.ipynb"))


def test_imports_run_down_the_floors():
    beside = Path(sys.executable).with_name("lint-imports")
    done = subprocess.run(
        [beside, "--config", ROOT / "pyproject.toml", "--no-cache"],
        cwd=ROOT,
        capture_output=True,
        text=True,
    )
    assert done.returncode == 0, done.stdout + done.stderr


@pytest.mark.parametrize("path", MODULES, ids=lambda p: str(p.relative_to(ROOT)))
def test_a_module_is_short_and_lists_its_names_sorted(path):
    text = path.read_text()
    assert text.count("\n") <= 400
    for node in ast.parse(text).body:
        if isinstance(node, ast.Assign) and ast.unparse(node.targets[0]) == "__all__":
            names = ast.literal_eval(node.value)
            assert len(names) == len(set(names))


def test_every_step_of_every_recipe_has_its_template():
    wanted = {
        step for recipe in recipes().values() for step in recipe.steps + recipe.optional
    }
    found = {p.relative_to(templates()).with_suffix("").as_posix() for p in TEMPLATES}
    assert wanted == found


@pytest.mark.parametrize("path", TEMPLATES, ids=lambda p: p.stem)
def test_a_template_is_a_step_without_outputs(path):
    read = notebook.read(path)
    assert read.is_step
    assert not read.problems
    for cell in json.loads(path.read_text())["cells"]:
        if cell["cell_type"] == "code":
            assert cell["outputs"] == []
            assert cell["execution_count"] is None


@pytest.mark.parametrize("path", TEMPLATES, ids=lambda p: p.stem)
def test_a_template_explains_every_parameter_and_opens_with_why(path):
    cells = json.loads(path.read_text())["cells"]
    assert cells[0]["cell_type"] == "markdown"
    assert all(p.help and p.type for p in notebook.read(path).parameters)
