"""A drift report of 50,000 rows × 20 columns beside Evidently's preset.

Both hold the same current rows against the same reference rows, column by column; of
mlkit the making of the reference counts too. Each runs in a process of its own, in
turn, and only the report is timed, in CPU seconds, after one that warms up. Evidently
needs an older pandas, so it has an environment of its own, made on demand.
"""

import argparse
import subprocess
import sys
import time
from pathlib import Path

import numpy as np
import pandas as pd
from measure import tell
from tables import DEFAULT, environment

ROWS, NUMBERS, WORDS = 50_000, 15, 5
NEEDS = ("evidently>=0.7", "pandas<3")
GOAL = 1 / 30


def table(seed):
    """Make numbers and words; the first number is shifted in the current rows."""
    rng = np.random.default_rng(seed)
    made = {f"x{k}": rng.normal(k, 1 + k, ROWS) for k in range(NUMBERS)}
    made["x0"] = made["x0"] + 0.2 * seed
    letters = [chr(ord("a") + k) for k in range(12)]
    chances = np.arange(1, 13) / 78
    for k in range(WORDS):
        made[f"w{k}"] = rng.choice(letters, ROWS, p=chances)
    return pd.DataFrame(made)


def mlkit(reference, current):
    from mlkit.model.packing.reference import levels, numbers
    from mlkit.product.watching.drift import drift

    def form(cells):
        return numbers(cells.to_numpy()) if cells.dtype.kind == "f" else levels(cells)

    forms = {"columns": {name: form(reference[name]) for name in reference}}
    cells = {name: current[name].to_numpy() for name in current}
    found = drift(forms, cells)
    return lambda: {change.column for change in found if change.certain}


def evidently(reference, current):
    from evidently import Report
    from evidently.presets import DataDriftPreset

    report = Report([DataDriftPreset()]).run(current, reference)
    return lambda: report.dict()


def timed(system):
    """Print the CPU seconds of one report, after one that warms up."""
    reference, current = table(0), table(1)
    report = globals()[system]
    report(reference.head(2000), current.head(2000))()
    before = time.process_time()
    found = report(reference, current)()
    print(time.process_time() - before, file=sys.__stdout__)
    if system == "mlkit":
        assert found == {"x0"}, found


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--cache", type=Path, default=DEFAULT)
    parser.add_argument("--timed", choices=("mlkit", "evidently"), help="one, once")
    options = parser.parse_args()
    if options.timed:
        timed(options.timed)
        return
    peer = environment(options.cache, "evidently", NEEDS)
    if peer is None:
        return
    pythons = {"mlkit": sys.executable, "evidently": peer}
    took = {name: [] for name in pythons}
    for _ in range(options.rounds):
        for name, python in pythons.items():
            took[name].append(once(python, name))
    what = f"a drift report of {ROWS:,} × {NUMBERS + WORDS}, against Evidently's"
    tell(what, took["mlkit"], took["evidently"], f"at most {GOAL:.3f}")


def once(python, name):
    """Return the CPU seconds of one report, in a process of its own."""
    command = [python, "-W", "ignore", __file__, "--timed", name]
    done = subprocess.run(command, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr[-2000:]
    return float(done.stdout.split()[-1])


if __name__ == "__main__":
    main()
