"""A chain of notebooks: `mlkit run` against stock `papermill` on the same notebooks."""

import argparse
import shutil
import statistics
import sys
import tempfile
from pathlib import Path

from measure import adopt_orphans, cpu, notebook, tell

IMPORTS = """import mlkit as mk
import pandas
import sklearn.linear_model
import matplotlib.pyplot as plt"""


def chain(root: Path, length: int):
    (root / "mlkit.toml").parent.mkdir(parents=True)
    (root / "mlkit.toml").write_text("format = 1\n")
    for number in range(length):
        load = f'x = mk.load("x{number - 1}")' if number else "x = 0"
        path = root / "steps" / f"{number:02}_step{number}.ipynb"
        notebook(path, "step: int = 1", IMPORTS, load, f"mk.save(x{number}=x + step)")


def ours(root: Path):
    return cpu([sys.executable, "-m", "mlkit", "run", str(root), "--refresh"])


def stock(root: Path):
    total = 0.0
    for path in sorted((root / "steps").glob("*.ipynb")):
        out = root.parent / f"out-{path.name}"
        command = [sys.executable, "-m", "papermill", str(path), str(out)]
        total += cpu([*command, "--cwd", str(path.parent)])
    return total


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--length", type=int, default=10)
    options = parser.parse_args()
    adopt_orphans()
    folder = Path(tempfile.mkdtemp())
    long, short = folder / "long", folder / "short"
    chain(long, options.length)
    chain(short, 2)
    rounds = []
    try:
        for _ in range(options.rounds):
            rounds.append((ours(long), ours(short), stock(long), stock(short)))
            print("  " + "  ".join(f"{x:.2f}" for x in rounds[-1]), flush=True)
    finally:
        shutil.rmtree(folder, ignore_errors=True)
    more = options.length - 2
    tell(
        f"{options.length} notebooks, mlkit run / papermill",
        [r[0] for r in rounds],
        [r[2] for r in rounds],
        0.25,
    )
    tell(
        "the marginal notebook",
        [(r[0] - r[1]) / more for r in rounds],
        [(r[2] - r[3]) / more for r in rounds],
        0.12,
    )
    return statistics.median(r[0] for r in rounds)


if __name__ == "__main__":
    main()
