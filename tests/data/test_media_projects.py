"""From a folder of images, sounds or texts to train, valid and a sealed test."""

import json
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
from PIL import Image
from sklearn.datasets import load_digits

from mlkit.core.project import Project
from mlkit.core.schema import Schema
from mlkit.core.sounds import written
from mlkit.core.store import Store
from mlkit.data.clean import clean
from mlkit.data.collect import collect
from mlkit.data.label import label
from mlkit.data.profile import profile
from mlkit.data.split import split
from mlkit.data.validate import validate

SHARED = Path(__file__).resolve().parents[2].parent / "shared" / "data"
PATTERN = "{digit}_{speaker}_{take}"
SPOKEN = (
    *("--target", "digit", "-p", f'collect.options={{"pattern": "{PATTERN}"}}'),
    *("-p", 'collect.roles={"speaker": "group"}'),
)
GOOD = "a lovely film with fine acting and a warm story"
BAD = "a dull film with poor acting and no story at all"


def digits(folder):
    loaded = load_digits()
    levels = (loaded.images * 16).clip(0, 255).astype(np.uint8)
    for n in range(300):
        place = folder / str(loaded.target[n]) / f"{n:03}.png"
        place.parent.mkdir(parents=True, exist_ok=True)
        Image.fromarray(levels[n]).save(place)
    return ()


def spoken(folder):
    rng = np.random.default_rng(0)
    folder.mkdir()
    t = np.arange(2400) / 8000
    for digit in range(4):
        for number, speaker in enumerate(("ann", "bo", "cy", "di", "ed", "flo")):
            for take in range(4):
                pitch = (300 + 200 * digit) * (1 + 0.02 * number)
                sound = np.sin(2 * np.pi * pitch * t) + rng.normal(0, 0.05, len(t))
                data = written((sound / 3).astype(np.float32)[:, None], 8000)
                (folder / f"{digit}_{speaker}_{take}.wav").write_bytes(data)
    return SPOKEN


def reviews(folder):
    rng = np.random.default_rng(0)
    for kind, words in {"good": GOOD, "bad": BAD}.items():
        (folder / kind).mkdir(parents=True)
        for n in range(60):
            told = " ".join(rng.choice(words.split(), 30)) + f". Seen {n} times."
            (folder / kind / f"{n:02}.txt").write_text(told)
    return ()


MADE = {"images": digits, "audio": spoken, "texts": reviews}
REAL = {"audio": ("audio/spoken_digits", SPOKEN), "texts": ("text/movie_reviews", ())}


def mlkit(*words):
    done = subprocess.run(
        [sys.executable, "-m", "mlkit", *map(str, words)],
        capture_output=True,
        text=True,
        timeout=600,
    )
    assert done.returncode == 0, done.stdout[-3000:] + done.stderr[-3000:]
    return done.stdout


@pytest.mark.parametrize("kind", MADE)
def test_every_step_takes_a_folder(tmp_path, kind):
    MADE[kind](tmp_path / "set")
    how = (
        {"target": "digit", "options": {"pattern": PATTERN}} if kind == "audio" else {}
    )
    raw = collect(tmp_path / "set", **how).table
    assert profile(raw).gallery._repr_html_()
    checked = validate(raw)
    assert checked.verdict.state == "passed"
    cleaned = clean(checked.table)
    parts = split(label(cleaned.table, {}).table, raw)
    seen = [set(part.index) for part in (parts.train, parts.valid, parts.test)]
    assert sum(map(len, seen)) == len(set.union(*seen)) == len(raw)
    if kind == "audio":
        speakers = [set(raw.loc[list(rows), "speaker"]) for rows in seen]
        assert sum(map(len, speakers)) == 6


@pytest.mark.slow
@pytest.mark.parametrize("kind", MADE)
def test_new_and_run_take_a_folder_from_collect_to_split(tmp_path, kind):
    asked = MADE[kind](tmp_path / "set")
    holds(tmp_path / "project", tmp_path / "set", kind, asked)


@pytest.mark.slow
@pytest.mark.parametrize("kind", REAL)
def test_new_and_run_take_real_folders_from_collect_to_split(tmp_path, kind):
    where, asked = REAL[kind]
    if not (SHARED / where).exists():
        pytest.skip(f"{where} does not lie beside the project")
    holds(tmp_path / "project", SHARED / where, kind, asked)


def holds(project, data, kind, asked):
    """Make a project of a folder, run it, and look at what it saved."""
    said = mlkit("new", project, "--data", data, *asked)
    titles = {"images": "Images", "audio": "Sounds", "texts": "Texts"}
    assert said.startswith(titles[kind])
    mlkit("run", project, "--until", "split")
    manifest = json.loads((project / "runs/latest/manifest.json").read_text())
    steps = {name: step["state"] for name, step in manifest["steps"].items()}
    assert steps == dict.fromkeys(
        ["collect", "validate", "clean", "label", "split"], "passed"
    )
    store = Store(Project.open(project).state)
    refs = store.refs()
    train = store.get(refs["train"])
    column = {"images": "image", "audio": "audio", "texts": "text"}[kind]
    assert Schema.of(train)[column].type == column and train[column].notna().all()
    assert refs["test"].sealed
    for step in (project / "runs/latest").glob("0*.ipynb"):
        assert "output cut" not in step.read_text(), step.name
    mlkit("run", project, "--until", "profile")
