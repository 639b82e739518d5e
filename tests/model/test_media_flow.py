"""Images and sounds through the command line: from a folder to an accepted package."""

from __future__ import annotations

import json
import re
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from tests.handmade import digits, mlkit, quick, tones

pytestmark = pytest.mark.slow

DIGEST = re.compile(r"[0-9a-f]{64}")
STEPS = ("choose", "tune", "train", "evaluate", "review", "accept", "package")


def made(base: Path, recipe: str, *words: str) -> Path:
    mlkit("new", base / "p", "--data", base / "data", *words, *quick(recipe))
    mlkit("run", base / "p", "--until", "package")
    return base / "p"


@pytest.fixture(scope="module")
def sounds(tmp_path_factory: pytest.TempPathFactory) -> Path:
    base = tmp_path_factory.mktemp("sounds")
    tones(base / "data")
    return made(base, "audio")


@pytest.fixture(scope="module")
def mixed(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A table of a number, a word and the name of an image that lies beside it."""
    base = tmp_path_factory.mktemp("mixed")
    digits(base / "all")
    files = sorted((base / "all").rglob("*.png"))
    rng = np.random.default_rng(0)
    (base / "data").mkdir()
    for file in files:
        (base / "data" / file.name).write_bytes(file.read_bytes())
    table = {
        "photo": [file.name for file in files],
        "weight": rng.normal(size=len(files)).round(2),
        "shop": rng.choice(["north", "south"], len(files)),
        "digit": [f"digit {file.parent.name}" for file in files],
    }
    pd.DataFrame(table).to_csv(base / "data" / "t.csv", index=False)
    words = ("--target", "digit", *quick("table"))
    mlkit("new", base / "p", "--data", base / "data" / "t.csv", *words)
    mlkit("run", base / "p", "--until", "package")
    return base / "p"


def outputs(root: Path, step: str) -> list[dict[str, str]]:
    (path,) = (root / "runs" / "latest").glob(f"*_{step}.ipynb")
    cells = json.loads(path.read_text(encoding="utf-8"))["cells"]
    found = [one for cell in cells for one in cell.get("outputs", ())]
    return [{k: "".join(v) for k, v in o.get("data", {}).items()} for o in found]


@pytest.mark.parametrize("project", ["sounds", "mixed"])
def test_no_notebook_shows_a_digest(
    project: str, request: pytest.FixtureRequest
) -> None:
    root = request.getfixturevalue(project)
    for step in STEPS:
        told = outputs(root, step)
        assert told, step
        for one in told:
            html = re.sub(r'src="data:[^"]*"', "", one.get("text/html", ""))
            assert not DIGEST.search(html + one.get("text/plain", "")), step


@pytest.mark.parametrize("project", ["sounds", "mixed"])
def test_the_package_is_accepted_and_says_what_goes_in(
    project: str, request: pytest.FixtureRequest
) -> None:
    root = request.getfixturevalue(project)
    (folder,) = {path.parent for path in (root / ".mlkit").rglob("model.onnx")}
    schema = json.loads((folder / "schema.json").read_text())
    types = {one["name"]: one["type"] for one in schema["input"] if one["used"]}
    expected = {
        "sounds": {"audio": "audio"},
        "mixed": {"photo": "image", "weight": "number", "shop": "category"},
    }[project]
    assert types == expected
    needs = (folder / "requirements.txt").read_text()
    assert ("soundfile" if project == "sounds" else "pillow") in needs.lower()
    card = (folder / "card.md").read_text()
    assert "it is told" in card
    assert not DIGEST.search(card)


def test_the_review_of_images_shows_where_it_looks(mixed: Path) -> None:
    told = " ".join(str(one) for one in outputs(mixed, "review"))
    assert "noise on every pixel" in told
    assert sum("image/png" in one for one in outputs(mixed, "review")) >= 5
