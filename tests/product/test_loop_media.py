"""The whole loop with images and with sounds: served, changed, told apart, relearnt."""

from __future__ import annotations

import pandas as pd
import pytest

from mlkit.core.champion import champion
from mlkit.core.project import Project
from mlkit.product.client import Client
from mlkit.product.log import read
from tests.product.showing import rows
from tests.product.test_loop import QUICK, mlkit, served

ENDS = {"image": "png", "audio": "wav"}
CHANGED = {
    "image": {"red": (90, 110, 240), "blue": (60, 200, 80)},
    "audio": {"red": 350, "blue": 120},
}
"""What red and blue are later: red as blue was, and blue as nothing was."""


def folder_of(kind, place, count=240):
    """Write files in a folder a class, as a person would have them."""
    cells, _, shown = rows(kind, count, 0)
    for k, (cell, word) in enumerate(zip(cells, shown, strict=True)):
        file = place / word / f"{k:03}.{ENDS[kind]}"
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_bytes(cell)
    return place


@pytest.mark.slow
@pytest.mark.parametrize("kind", ["image", "audio"])
def test_changed_cells_are_seen_and_learnt_from(kind, tmp_path):
    root, column = tmp_path / "project", kind
    given = {k: v for k, v in QUICK.items() if k != "collect.missing"}
    words = [word for pair in given.items() for word in ("-p", "=".join(pair))]
    data = folder_of(kind, tmp_path / "data")
    mlkit("new", root, "--data", data, "--target", "label", *words)
    mlkit("run", "--until", "package", root)
    project = Project.open(root)
    first = champion(project.ledger)["package"]
    cells, _, shown = rows(kind, 320, 1, tones=CHANGED[kind])
    with served(root, tmp_path / "served.txt") as url, Client(url) as client:
        said = client.predict(pd.DataFrame({column: cells}), id="asked")
    truth = said[["request.id", "request.row"]].assign(label=shown)
    told = mlkit("monitor", root, expect=3)
    assert f"1 of 1 column changed: {column}" in told
    truth.to_csv(tmp_path / "truth.csv", index=False)
    mlkit("feedback", tmp_path / "truth.csv", root)
    assert (said["prediction"] == shown).mean() < 0.7
    assert "is the champion now" in mlkit("retrain", "--promote", "auto", root)
    second = champion(project.ledger)["package"]
    assert second != first
    with served(root, tmp_path / "served.txt") as url, Client(url) as client:
        again = client.predict(pd.DataFrame({column: cells}), id="again")
    assert (again["prediction"] == shown).mean() > 0.95
    table = read(root / ".mlkit" / "requests.sqlite")
    assert table["request.model"].nunique() == 2
    one = mlkit("log", "--id", "again", root)
    assert f'"{column}": "an image, ' in one or f'"{column}": "a sound, ' in one
