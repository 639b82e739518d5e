"""Texts through the command line: from a folder to an accepted package that answers."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

STOCK = ["plot", "actor", "scene", "story", "long", "naïve", "κακό", "сцена", "映画"]
ODD = ["", "<b>great</b> & <script>alert(1)</script>", "GREAT!!!", "zzz", "  \n"]


def mlkit(*words: object) -> str:
    done = subprocess.run(
        [sys.executable, "-m", "mlkit", *map(str, words)],
        capture_output=True,
        text=True,
        timeout=900,
    )
    assert done.returncode == 0, done.stdout[-3000:] + done.stderr[-3000:]
    return done.stdout


@pytest.fixture(scope="module")
def project(tmp_path_factory: pytest.TempPathFactory) -> Path:
    rng = np.random.default_rng(0)
    data = tmp_path_factory.mktemp("texts") / "data"
    for k in range(360):
        good = k % 2
        words = list(rng.choice(STOCK, int(rng.integers(12, 40))))
        if rng.random() < 0.85:
            words.append("great" if good else "awful")
        place = data / ("good" if good else "bad") / f"{k}.txt"
        place.parent.mkdir(parents=True, exist_ok=True)
        place.write_text(" ".join(map(str, rng.permutation(words))), encoding="utf-8")
    for k, text in enumerate([*ODD[:4], "dull " * 200_000]):
        (data / "bad" / f"odd{k}.txt").write_text(text, encoding="utf-8")
    root = data.parent / "project"
    told = mlkit("new", root, "--data", data, "-p", "tune.trials=4")
    assert "Texts and what each is: 16 notebooks" in told
    mlkit("run", root)
    return root


def images(cell: dict[str, object]) -> int:
    return sum("image/png" in o.get("data", {}) for o in cell.get("outputs", ()))


@pytest.mark.slow
def test_texts_reach_a_package_that_answers_raw_rows(project: Path, tmp_path: Path):
    rows = pd.DataFrame({"text": [*ODD, "a great story", "an awful story"]})
    rows.to_csv(tmp_path / "in.csv", index_label="id")
    mlkit(
        "predict", project, "--input", tmp_path / "in.csv", "--output", tmp_path / "o"
    )
    told = pd.read_csv(tmp_path / "o")
    assert len(told) == len(rows)
    assert told["prediction"].tolist()[-2:] == ["good", "bad"]
    assert told.filter(like="probability_").sum(axis=1).round(6).eq(1).all()
    assert told["prediction"].iloc[1] == told["prediction"].iloc[2] == "good"


@pytest.mark.slow
def test_the_review_of_texts_shows_words_and_no_markup_of_theirs(project: Path):
    cells = json.loads((project / "runs/latest/11_review.ipynb").read_text())["cells"]
    shown = "".join(
        "".join(o.get("data", {}).get("text/html", ""))
        for cell in cells
        for o in cell.get("outputs", ())
    )
    assert "raised by:" in shown
    assert "<script>alert" not in shown
    assert sum(map(images, cells)) >= 5
    assert "letters slipped" in shown
