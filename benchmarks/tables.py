"""The quality of a model for the time: mlkit beside others, on real tables.

Each system learns on two thirds of a table within the same budget on one core, and
answers for the rest, three times. A peer's environment and the tables are made on
demand under a cache folder; one that cannot be installed is said so and left out.
"""

import argparse
import json
import os
import resource
import statistics
import subprocess
import sys
import tempfile
from pathlib import Path

import numpy as np
import pandas as pd
from measure import adopt_orphans, reap
from table_peers import HERE, NEEDS
from table_sets import NEEDS as FOR_SETS
from table_sets import SETS, SMALL

PLACE = Path(__file__).parent
DEFAULT = Path.home() / ".cache" / "mlkit-benchmarks"
ONE = {f"{name}_NUM_THREADS": "1" for name in ("OMP", "OPENBLAS", "MKL")}


def environment(cache, name, needs):
    """Return the Python of an environment, made if need be; None if it fails."""
    folder = cache / "environments" / name
    python = folder / "bin" / "python"
    if (folder / "ready").exists():
        return python
    subprocess.run([sys.executable, "-m", "venv", "--clear", folder], check=True)
    command = [python, "-m", "pip", "install", "--quiet", *needs]
    done = subprocess.run(command, capture_output=True, text=True)
    if done.returncode:
        last = (done.stderr.strip().splitlines() or ["no reason given"])[-1]
        print(f"{name} cannot be installed and is left out: {last}", flush=True)
        return None
    (folder / "ready").touch()
    return python


def table(cache, name):
    """Return a table, written out once."""
    path = cache / "tables" / f"{name}.csv"
    if not path.exists():
        path.parent.mkdir(parents=True, exist_ok=True)
        python = environment(cache, "tables", FOR_SETS)
        command = [python, PLACE / "table_sets.py", name, path]
        subprocess.run(command, check=True, capture_output=True)
    return pd.read_csv(path)


def loss(truth, said, kind):
    """Return what is compared, less is better: RMSE, 1 - AUC, or log loss."""
    if kind == "number":
        errors = said["value"].to_numpy() - truth.to_numpy()
        return float(np.sqrt(np.mean(errors**2)))
    from sklearn.metrics import log_loss, roc_auc_score

    chances = said.to_numpy(float)
    if chances.shape[1] == 2:
        return 1 - roc_auc_score(truth == said.columns[1], chances[:, 1])
    chances = np.clip(chances, 1e-7, 1)
    chances = chances / chances.sum(axis=1, keepdims=True)
    return log_loss(truth, chances, labels=list(said.columns))


def measured(python, system, rows, asked, kind, seconds, seed):
    """Return the loss and the CPU seconds of one system; NaN where it fails."""
    with tempfile.TemporaryDirectory() as folder:
        train, test, out = (Path(folder) / n for n in ("a.csv", "b.csv", "c.csv"))
        rows.to_csv(train, index=False)
        asked.drop(columns="target").to_csv(test, index=False)
        command = [python, PLACE / "table_peers.py", system, train, test, out, kind]
        before = resource.getrusage(resource.RUSAGE_CHILDREN)
        done = subprocess.run(
            [*map(str, command), str(seconds), str(seed)],
            capture_output=True,
            text=True,
            cwd=folder,
            env={**os.environ, **ONE},
        )
        reap()
        after = resource.getrusage(resource.RUSAGE_CHILDREN)
        took = after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime
        if done.returncode or not out.exists():
            print(f"    {system} failed: {done.stderr[-300:]}", flush=True)
            return float("nan"), took
        return loss(asked["target"], pd.read_csv(out), kind), took


def kept(out):
    """Return the lines that an earlier run left in a file."""
    lines = out.read_text().splitlines() if out and out.exists() else []
    return [json.loads(line) for line in lines]


def compare(pythons, names, cache, seconds, folds, out=None):
    """Return losses and seconds by table, fold and system; what is kept is not redone.

    Every table's first fold comes before any second one, so that a comparison which
    is cut short still has all tables; run again with the same file, it goes on.
    """
    found = {(line["table"], line["fold"]): line for line in kept(out)}
    wanted = [(name, fold) for fold in range(folds) for name in names]
    for name, fold in wanted:
        line = found.setdefault((name, fold), {"table": name, "fold": fold})
        left = [system for system in pythons if line.get(system) is None]
        if not left:
            continue
        whole, kind = table(cache, name), SETS[name][3]
        order = np.random.default_rng(7).permutation(len(whole))
        test = np.isin(np.arange(len(whole)), order[fold::3])
        line["rows"] = int((~test).sum())
        for system in left:
            args = whole[~test], whole[test], kind, seconds, fold
            said, took = measured(pythons[system], system, *args)
            line[system], line[f"{system} s"] = said, took
        told = "  ".join(f"{s} {line[s]:.5g}" for s in pythons)
        print(f"{name} {fold}: {told}", flush=True)
        if out:
            out.write_text("".join(json.dumps(a) + "\n" for a in found.values()))
    return pd.DataFrame([found[one] for one in wanted])


def tell(found, systems, seconds):
    """Print mean losses, ranks, wins and what was spent."""
    means = found.groupby("table", sort=False)[list(systems)].mean()
    print("\n" + means.map(lambda v: f"{v:.5g}").to_string())
    ranks = found[list(systems)].rank(axis=1, na_option="bottom")
    print("\nsystem             mean rank  mlkit wins  CPU-s median  CPU-s most")
    for system in systems:
        ours, theirs = found["mlkit"], found[system].fillna(np.inf)
        wins = np.mean(np.where(ours == theirs, 0.5, ours < theirs))
        share = "" if system == "mlkit" else f"{wins:.0%}"
        took = found[f"{system} s"]
        print(
            f"{system:18} {ranks[system].mean():9.2f}  {share:>10}  "
            f"{statistics.median(took):12.1f}  {took.max():10.1f}"
        )
    over = (found["mlkit s"] / seconds - 1).clip(lower=0)
    print(
        f"\nmlkit, with imports and reading: at most {over.max():.1%} over {seconds} s"
    )


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--seconds", type=float, help="60, and 15 with --small")
    parser.add_argument("--small", action="store_true", help="few tables, one fold")
    parser.add_argument("--peers", default="", help=f"of {', '.join(sorted(NEEDS))}")
    parser.add_argument("--tables", default="", help=f"of {', '.join(SETS)}")
    parser.add_argument("--cache", type=Path, default=DEFAULT)
    parser.add_argument("--folds", type=int, help="3, and 1 with --small")
    parser.add_argument("--out", type=Path, help="keep what is found; go on from it")
    options = parser.parse_args()
    adopt_orphans()
    if hasattr(os, "sched_setaffinity"):
        os.sched_setaffinity(0, {max(os.sched_getaffinity(0))})
    pythons = {name: Path(sys.executable) for name in reversed(HERE)}
    peers = list(filter(None, options.peers.split(",")))
    unknown = {*peers} - {*NEEDS}, {*filter(None, options.tables.split(","))} - {*SETS}
    if any(unknown):
        parser.error(f"unknown: {', '.join(sorted(unknown[0] | unknown[1]))}")
    for name in peers:
        python = environment(options.cache, name, NEEDS[name])
        if python:
            pythons[name] = python
    names = options.tables.split(",") if options.tables else list(SETS)
    names = list(SMALL) if options.small and not options.tables else names
    seconds = options.seconds or (15 if options.small else 60)
    folds = options.folds or (1 if options.small else 3)
    found = compare(pythons, names, options.cache, seconds, folds, options.out)
    tell(found, pythons, seconds)


if __name__ == "__main__":
    main()
