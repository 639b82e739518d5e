"""Profile 200,000 rows × 20 columns against skrub's TableReport on the same table."""

import argparse
import sys
import tempfile
from pathlib import Path

from measure import cpu, tell

MAKE = """
import sys
import numpy as np
import pandas as pd
rng, rows = np.random.default_rng(0), int(sys.argv[2])
table = {f"n{i}": rng.normal(size=rows) * (i + 1) for i in range(10)}
table |= {f"w{i}": rng.integers(0, 50 * (i + 1), rows) for i in range(3)}
for i in range(4):
    words = np.array([f"word {j}" for j in range(5 * (i + 1))])
    table[f"c{i}"] = words[rng.integers(0, len(words), rows)]
table["s"] = [f"item {j} of {j % 97}" for j in rng.integers(0, rows, rows)]
seconds = pd.to_timedelta(rng.integers(0, 10**8, rows), unit="s")
table["d"] = pd.Timestamp("2020-01-01") + seconds
table["t"] = np.where(table["n0"] + rng.normal(size=rows) > 0, "yes", "no")
table["n3"][rng.random(rows) < 0.1] = np.nan
pd.DataFrame(table).to_parquet(sys.argv[1])
"""
READ = """
import sys
import pandas as pd
table = pd.read_parquet(sys.argv[1])
"""
OURS = """
from mlkit.core.schema import Column, Schema
from mlkit.data.profile import profile
words = {name: "category" for name in ("c0", "c1", "c2", "c3", "t")}
columns = [
    Column(c.name, words.get(c.name, c.type), ("target",) * (c.name == "t"))
    for c in Schema.of(table)
]
found = profile(Schema(tuple(columns)).attach(table))
"""
READING = "found.report._repr_html_()"
THEIRS = """
import skrub
skrub.TableReport(table, verbose=0).html()
"""


def main():
    given = argparse.ArgumentParser()
    given.add_argument("--rounds", type=int, default=5)
    given.add_argument("--rows", type=int, default=200_000)
    asked = given.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        path = str(Path(folder) / "table.parquet")
        cpu([sys.executable, "-c", MAKE, path, str(asked.rows)])
        scripts = (READ + OURS, READ + OURS + READING, READ + THEIRS)
        seconds = [
            [cpu([sys.executable, "-c", script, path]) for script in scripts]
            for _ in range(asked.rounds)
        ]
    bare, whole, theirs = (list(one) for one in zip(*seconds, strict=True))
    tell("profile / TableReport", bare, theirs, 1.25)
    tell("profile and its report / TableReport", whole, theirs, 1.25)


if __name__ == "__main__":
    main()
