from __future__ import annotations

import json
import re
import subprocess
import sys
from pathlib import Path

import pytest

from mlkit.core.store import Store

TEMPLATES = Path(__file__).resolve().parents[2] / "templates" / "data"
STEPS = ["collect", "profile", "validate", "clean", "label", "split"]
SAVED = (
    "raw receipt profile checked violations contract clean cleaning labelled "
    "labelling suspects"
)
RUNNER = """
import sys
for step in sys.argv[1:]:
    exec(compile(open(step).read(), step, "exec"), {})
"""


def cells_of(step):
    form = json.loads((TEMPLATES / f"{step}.ipynb").read_text(encoding="utf-8"))
    return form["cells"]


@pytest.mark.parametrize("step", STEPS)
def test_a_template_is_bare_and_reads_well(step):
    cells = cells_of(step)
    assert cells[0]["cell_type"] == "markdown"
    assert cells[0]["source"][0].startswith("# ")
    assert cells[1]["metadata"]["tags"] == ["parameters"]
    assert len({cell["id"] for cell in cells}) == len(cells)
    code = [cell for cell in cells if cell["cell_type"] == "code"]
    assert all(not cell["outputs"] for cell in code)
    assert all(cell["execution_count"] is None for cell in code)
    assert all("#" in line for line in code[0]["source"])
    assert code[1]["source"][0] == "import mlkit as mk\n"
    assert "mk.save(" in "".join(code[-1]["source"])


@pytest.mark.parametrize("step", ["label", "../model/evaluate"])
def test_the_sentence_above_a_picture_holds_for_a_number_too(step):
    cells = cells_of(step)
    key = [cell["metadata"].get("tags") for cell in cells].index(["key"])
    texts = [c["source"] for c in cells[:key] if c["cell_type"] == "markdown"]
    caption = re.split(r"[.?!]", "".join(texts[-1][1:]).strip())[0]
    assert caption
    assert not re.search("class|threshold", caption), caption


@pytest.mark.slow
def test_the_wing_runs_on_real_data(tmp_path):
    from importlib.resources import files

    (tmp_path / "mlkit.toml").write_text("format = 1\n")
    (tmp_path / "steps").mkdir()
    (tmp_path / "data").mkdir()
    source = files("palmerpenguins") / "data" / "penguins.csv"
    (tmp_path / "data" / "penguins.csv").write_bytes(source.read_bytes())
    for step in STEPS:
        code = [
            "".join(c["source"]) for c in cells_of(step) if c["cell_type"] == "code"
        ]
        text = "\n".join(code).replace("data/table.csv", "data/penguins.csv")
        text = text.replace('target: str = ""', 'target: str = "species"')
        (tmp_path / "steps" / f"step_{step}.py").write_text(text)
    subprocess.run(
        [sys.executable, "-c", RUNNER, *(f"step_{step}.py" for step in STEPS)],
        cwd=tmp_path / "steps",
        check=True,
        capture_output=True,
    )
    store = Store(tmp_path / ".mlkit")
    drafts = store.drafts()
    assert sorted(drafts) == sorted(
        [*SAVED.split(), "train", "valid", "test", "checks", "enough"]
    )
    assert drafts["test"].sealed
    cleaning, raw = store.get(drafts["cleaning"]), store.get(drafts["raw"])
    assert cleaning.apply(raw).equals(
        store.get(drafts["clean"]).drop(columns="dropped")
    )
    assert (tmp_path / "decisions" / "split_salt.json").exists()
