"""Small projects of every recipe, run, or gone through by hand.

By hand: a plain kernel that knows of a person, as JupyterLab starts it, so that widgets
are shown; what is clicked is clicked in Python. A run: `mlkit run`, by papermill.
"""

import asyncio
import json
import os
import re
import shutil
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import nbformat
import numpy as np
import pandas as pd
from nbclient import NotebookClient
from nbformat.v4 import new_code_cell
from PIL import Image
from sklearn.datasets import load_digits, load_iris

from mlkit.core.project import Project
from mlkit.core.sounds import written
from mlkit.core.store import Store
from mlkit.engine.scaffold import recipes
from mlkit.engine.testing.fresh import order

HERE = Path(__file__).parent
QUICK = {
    "choose.families": '["linear", "tree"]',
    "tune.trials": "2",
    "review.repeats": "1",
    "review.refits": "1",
    "cluster.repeats": "3",
    "cluster.most": "4",
    "cluster.controls": "1",
    "describe.repeats": "4",
    "anomaly.repeats": "2",
    "alarms.repeats": "2",
}


def people(count=300, leak=False):
    """Make rows of all types but text, with what a cleaning finds."""
    rng = np.random.default_rng(0)
    skill, years = rng.normal(size=count).round(3), rng.integers(0, 30, count)
    good = skill + years / 15 + rng.normal(0, 0.8, count) > 1
    days = pd.to_timedelta(rng.integers(0, 1500, count), unit="D")
    towns = ["Ghent", "ghent ", "Turin", "?"]
    table = pd.DataFrame(
        {
            "id": [f"p{k:04}" for k in range(count)],
            "skill": np.where(rng.random(count) < 0.1, np.nan, skill),
            "years": years,
            "sex": rng.choice(["f", "m"], count),
            "town": rng.choice(towns, count, p=[0.4, 0.1, 0.4, 0.1]),
            "since": pd.Timestamp("2020-01-01") + days,
            "hired": np.where(good, "yes", "no"),
        }
    )
    if leak:
        table["desk"] = np.where(good, rng.normal(9, 1, count), rng.normal(0, 1, count))
    return table


def texts(folder):
    rng = np.random.default_rng(0)
    stock = ["plot", "actor", "scene", "story", "naïve", "сцена", "long", "short"]
    for k in range(200):
        good = k % 2
        words = list(rng.choice(stock, int(rng.integers(12, 30))))
        words.append(("great" if good else "awful") if rng.random() < 0.85 else "so")
        place = folder / ("good" if good else "bad") / f"{k:03}.txt"
        place.parent.mkdir(parents=True, exist_ok=True)
        place.write_text(" ".join(map(str, rng.permutation(words))), encoding="utf-8")


def digits(folder):
    loaded = load_digits()
    levels = (loaded.images * 16).clip(0, 255).astype(np.uint8)
    for k in range(150):
        place = folder / str(loaded.target[k] % 3) / f"{k:03}.png"
        place.parent.mkdir(parents=True, exist_ok=True)
        Image.fromarray(levels[k]).save(place)


def tones(folder):
    rng = np.random.default_rng(0)
    t = np.arange(1600) / 8000
    for kind, pitch in {"low": 300, "high": 600}.items():
        (folder / kind).mkdir(parents=True)
        for k in range(40):
            sound = np.sin(2 * np.pi * pitch * (1 + k / 999) * t)
            noisy = (sound + rng.normal(0, 0.05, len(t))) / 3
            data = written(noisy.astype(np.float32)[:, None], 8000)
            (folder / kind / f"{k:02}.wav").write_bytes(data)


def flowers(path):
    load_iris(as_frame=True).data.to_csv(path, index=False)


SENSITIVE = ("-p", 'collect.roles={"sex": "sensitive"}')
HIRED = ("--target", "hired", *SENSITIVE)
RECIPES = {
    "table": ("p.csv", lambda p: people().to_csv(p, index=False), HIRED),
    "text": ("texts", texts, ()),
    "images": ("images", digits, ()),
    "audio": ("tones", tones, ()),
    "cluster": ("f.csv", flowers, ("--recipe", "cluster")),
    "anomaly": ("f.csv", flowers, ("--recipe", "anomaly")),
}


def mlkit(*words, expect=(0,)):
    done = subprocess.run(
        [sys.executable, "-m", "mlkit", *map(str, words)],
        capture_output=True,
        text=True,
        timeout=600,
    )
    assert done.returncode in expect, done.stdout[-3000:] + done.stderr[-3000:]
    return done.stdout + done.stderr


def store(root):
    return Store(Project.open(root).state)


def saved(root, name):
    return store(root).get(store(root).refs()[name])


def identities(entries):
    return {name: entry.identity for name, entry in entries.items()}


def decided(root):
    """Return the decisions of a project, whenever they were made."""
    files = sorted((root / "decisions").glob("*.json"))
    return {path.stem: json.loads(path.read_text())["value"] for path in files}


def by_hand(root, step, clicks=None):
    """Run all cells as JupyterLab does; return the widgets that were shown.

    After the cell that shows a widget each click on it is made; then, as the widget
    says, that cell is run again, and so are those below.
    """
    (path,) = (root / "steps").glob(f"*_{step}.ipynb")
    made = nbformat.read(path, 4)
    cells = [new_code_cell(f"import sys; sys.path.append({str(HERE)!r})")]
    for cell in made.cells:
        cells.append(cell)
        for widget, acts in (clicks or {}).items():
            if cell.cell_type == "code" and f"{widget}(" in cell.source:
                for act in acts:
                    click = f"import clicking\nclicking.{act}"
                    cells += [new_code_cell(click), new_code_cell(cell.source)]
    made.cells = cells
    ours = {k: v for k, v in os.environ.items() if not k.startswith("MLKIT_")}
    place = {"metadata": {"path": str(path.parent)}}
    client = NotebookClient(made, timeout=300, resources=place)
    asyncio.run(client.async_execute(env={**ours, "JPY_SESSION_NAME": str(path)}))
    outputs = [o for cell in cells for o in cell.get("outputs", ()) if "data" in o]
    plain = [o["data"].get("text/plain", "") for o in outputs]
    return {found[1] for text in plain if (found := re.fullmatch(r"<(\w+)>", text))}


def both(base, recipe):
    """Make a project twice; run the one while the other is gone through by hand."""
    file, write, words = RECIPES[recipe]
    base.mkdir()
    write(base / file)
    mlkit("new", base / "run", "--data", base / file, *words, *quick(recipe))
    for step in recipes()[recipe].optional:
        mlkit("add", step.rpartition("/")[2], base / "run")
    shutil.copytree(base / "run", base / "hand")
    with ThreadPoolExecutor(1) as pool:
        ran = pool.submit(mlkit, "run", base / "run")
        seen = [by_hand(base / "hand", step) for step in steps(base / "hand")]
        ran.result()
    (base / "seen.json").write_text(json.dumps(sorted(set().union(*seen))))
    return base


def steps(root):
    """List the steps that a plain run executes, in its order."""
    return [path.stem.partition("_")[2] for path in order(root)]


def quick(recipe):
    steps = {step.rpartition("/")[2] for step in recipes()[recipe].steps}
    given = {k: v for k, v in QUICK.items() if k.partition(".")[0] in steps}
    return [word for k, v in given.items() for word in ("-p", f"{k}={v}")]
