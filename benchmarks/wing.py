"""Profile, validate and clean 5 million rows × 12 columns against the same in pandas.

The peer does by hand what the three steps do: counts, gaps, distinct values, quantiles,
most frequent words, a histogram a column and class, rows that come twice; bounds and
words held against every row; text trimmed, gaps recoded, numbers parsed, dates taken
apart, and every row that came before flagged.
"""

import argparse
import subprocess
import sys
import tempfile
from pathlib import Path

from measure import tell

MAKE = """
import sys
import numpy as np
import pandas as pd
rng, rows = np.random.default_rng(0), int(sys.argv[2])
code = np.array([f"A{i:04}" for i in range(5000)])
seconds = pd.to_timedelta(rng.integers(0, 10**8, rows), unit="s")
table = pd.DataFrame({
    "age": rng.integers(18, 90, rows).astype(float),
    "income": np.round(rng.lognormal(10, 1, rows), 2),
    "score": rng.normal(size=rows),
    "visits": rng.poisson(3, rows).astype(float),
    "ratio": rng.random(rows),
    "day": pd.Timestamp("2020-01-01") + seconds,
    "city": rng.choice(["Rome", "Paris", "Oslo", " Bern", "?", "Lima"], rows),
    "code": code[rng.integers(0, 5000, rows)],
    "plan": rng.choice(["basic", "plus", "Basic", "pro"], rows, p=[0.5, 0.3, 0.1, 0.1]),
    "amount": rng.choice(["1,200", "900", "15", "?", "3,400"], rows),
    "member": rng.choice(["yes", "no"], rows),
    "churn": rng.choice(["yes", "no"], rows, p=[0.3, 0.7]),
})
table.loc[rng.random(rows) < 0.05, "age"] = np.nan
table.to_parquet(sys.argv[1], index=False)

from pathlib import Path
from mlkit.core.files import write_json
from mlkit.core.schema import Column, Schema
words = dict.fromkeys(["city", "code", "plan", "amount", "member", "churn"], "category")
columns = [
    Column(c.name, words.get(c.name, c.type), ("target",) * (c.name == "churn"))
    for c in Schema.of(table)
]
schema = Schema(tuple(columns)).to_dict()
write_json(Path(sys.argv[1]).with_name("schema.json"), schema)
"""
ENDS = """
import resource
spent = resource.getrusage(resource.RUSAGE_SELF)
print(spent.ru_utime + spent.ru_stime, spent.ru_maxrss / 1024)
"""
OURS = """
import sys
from pathlib import Path
from mlkit.core.artifacts import KINDS
from mlkit.data.clean import clean
from mlkit.data.profile import profile
from mlkit.data.validate import validate
table = KINDS["table"].read(Path(sys.argv[1]).parent)
found = profile(table)
checked = validate(table).table
cleaned = clean(checked)
"""
THEIRS = """
import sys
import numpy as np
import pandas as pd
table = pd.read_parquet(sys.argv[1])
text = ["city", "code", "plan", "amount", "member", "churn"]
numeric = ["age", "income", "score", "visits", "ratio"]

told = table.describe(include="all")
gaps, distinct = table.isna().sum(), table.nunique()
most = {name: table[name].value_counts().head(5) for name in text}
shapes = {
    name: table.groupby("churn")[name].apply(lambda x: np.histogram(x.dropna(), 30)[0])
    for name in numeric
}
bars = {name: pd.crosstab(table[name], table["churn"]) for name in text}
twice = table.duplicated().sum()

bounds = {name: (table[name].min(), table[name].max()) for name in numeric}
known = {name: set(table[name].dropna().unique()) for name in text if name != "code"}
broken = {name: ~table[name].between(*ends) & table[name].notna()
          for name, ends in bounds.items()}
broken |= {name: ~table[name].isin(words) for name, words in known.items()}
broken |= {f"{name} gone": table[name].isna() for name in table}
broken |= {"code shape": ~table["code"].str.fullmatch("A[0-9]{4}")}
counts = {name: mask.sum() for name, mask in broken.items()}

clean = table.copy()
for name in text:
    clean[name] = clean[name].str.strip().replace("?", np.nan)
clean["plan"] = clean["plan"].str.lower()
clean["amount"] = pd.to_numeric(clean["amount"].str.replace(",", ""))
day = clean.pop("day")
for part in ("year", "month", "day", "dayofweek", "hour"):
    clean[f"day {part}"] = getattr(day.dt, part)
clean["dropped"] = np.where(table.duplicated(), "duplicate", "")
"""


TOLD = (("CPU", "CPU-s", 0.6), ("peak memory", "MiB", 0.5))


def spent(script, path):
    """Return the CPU seconds and the peak of memory, in MiB, of a script."""
    done = subprocess.run(
        [sys.executable, "-W", "ignore", "-c", script + ENDS, path],
        capture_output=True,
        text=True,
    )
    assert done.returncode == 0, done.stderr[-2000:]
    seconds, peak = done.stdout.split()[-2:]
    return float(seconds), float(peak)


def main():
    given = argparse.ArgumentParser()
    given.add_argument("--rounds", type=int, default=3)
    given.add_argument("--rows", type=int, default=5_000_000)
    asked = given.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        path = str(Path(folder) / "table.parquet")
        subprocess.run([sys.executable, "-c", MAKE, path, str(asked.rows)], check=True)
        rounds = [(spent(OURS, path), spent(THEIRS, path)) for _ in range(asked.rounds)]
    for place, (what, unit, goal) in enumerate(TOLD):
        ours, theirs = ([one[side][place] for one in rounds] for side in (0, 1))
        tell(f"profile, validate, clean / pandas, {what}", ours, theirs, goal, unit)


if __name__ == "__main__":
    main()
