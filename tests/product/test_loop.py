"""The whole loop: served, watched, retrained, and no request failed meanwhile."""

from __future__ import annotations

import json
import re
import signal
import subprocess
import sys
import threading
import time
from contextlib import contextmanager
from importlib.resources import files

import httpx
import numpy as np
import pandas as pd
import pytest

from mlkit.core import ledger
from mlkit.core.champion import champion, moves
from mlkit.core.project import Project
from mlkit.product.log import read

MLKIT = (sys.executable, "-m", "mlkit")
QUICK = {
    "collect.missing": "['NA']",
    "choose.families": "['linear']",
    "tune.trials": "0",
    "review.repeats": "1",
    "review.refits": "0",
}
PATIENCE = 120


def mlkit(*words, expect=0):
    done = subprocess.run(
        [*MLKIT, *map(str, words)], capture_output=True, text=True, timeout=1800
    )
    assert done.returncode == expect, done.stdout[-3000:] + done.stderr[-3000:]
    return done.stdout


def moved(table, seed):
    """Measure bills by another calliper: longer by a third, and thinner."""
    rng = np.random.default_rng(seed)
    noise = rng.normal(0, 0.3, (2, len(table)))
    return table.assign(
        bill_length_mm=(table["bill_length_mm"] + 12 + noise[0]).round(1),
        bill_depth_mm=(table["bill_depth_mm"] - 3 + noise[1]).round(1),
    )


@contextmanager
def served(root, log):
    """Serve a project's champion; yield the address."""
    with log.open("w") as errors:
        server = subprocess.Popen(
            [*MLKIT, "serve", "--port", "0", str(root)],
            stdout=subprocess.PIPE,
            stderr=errors,
            text=True,
        )
        try:
            line = server.stdout.readline()
            yield re.search(r"http://[\d.:]+", line).group()
        finally:
            server.send_signal(signal.SIGTERM)
            server.wait(PATIENCE)
            server.stdout.close()


class Traffic(threading.Thread):
    """Somebody who asks for one row after the other, all the while."""

    def __init__(self, url, rows):
        super().__init__(daemon=True)
        self.url, self.rows, self.going = url, rows, True
        self.told, self.failed = [], []

    def run(self):
        with httpx.Client(base_url=self.url, timeout=PATIENCE) as client:
            place = 0
            while self.going:
                row = self.rows[place % len(self.rows)]
                try:
                    reply = client.post("/v1/predict", json={"rows": [row]})
                    self.told.append(reply.raise_for_status().json())
                except httpx.HTTPError as error:
                    self.failed.append(repr(error))
                place += 1
                time.sleep(0.1)

    @property
    def versions(self):
        """The models that answered, each once, in order."""
        return list(dict.fromkeys(one["model"] for one in self.told))

    def until(self, count):
        """Wait until so many models have answered."""
        deadline = time.monotonic() + PATIENCE
        while len(self.versions) < count:
            assert time.monotonic() < deadline, self.versions
            time.sleep(0.1)


def rows_of(table):
    features = table.drop(columns="species")
    return json.loads(features.to_json(orient="records"))


def ask(url, rows):
    """Ask for rows one by one; return the ids and the labels."""
    ids, labels = [], []
    with httpx.Client(base_url=url, timeout=PATIENCE) as client:
        for row in rows:
            reply = client.post("/v1/predict", json={"rows": [row]}).raise_for_status()
            ids.append(reply.json()["id"])
            labels.append(reply.json()["predictions"][0]["label"])
    return ids, np.array(labels)


@pytest.mark.slow
def test_served_drifted_retrained_promoted_and_no_request_failed(tmp_path):
    root = tmp_path / "penguins"
    data = files("palmerpenguins") / "data" / "penguins.csv"
    given = [word for pair in QUICK.items() for word in ("-p", "=".join(pair))]
    mlkit("new", root, "--data", data, "--target", "species", *given)
    mlkit("run", "--until", "package", root)
    project = Project.open(root)
    first = champion(project.ledger)["package"]
    whole = pd.read_csv(data).dropna()
    some = whole.sample(240, random_state=1).reset_index(drop=True)
    live = moved(some, 1)
    later = moved(whole.drop(whole.sample(240, random_state=1).index), 2)

    with served(root, tmp_path / "errors") as url:
        ids, said = ask(url, rows_of(live))
        assert (said == some["species"]).mean() < 0.8
        traffic = Traffic(url, rows_of(later))
        traffic.start()

        assert "retrain: species" in mlkit("monitor", root, expect=3)
        truth = pd.DataFrame({"request.id": ids, "species": some["species"]})
        truth.to_csv(tmp_path / "truth.csv", index=False)
        assert "240 truths entered" in mlkit("feedback", tmp_path / "truth.csv", root)

        told = mlkit("retrain", "--if-needed", "--promote", "auto", root)
        assert "Promote the challenger: ahead by" in told
        assert "is the champion now" in told
        traffic.until(2)
        _, again = ask(url, rows_of(later))
        assert (again == later["species"]).mean() > 0.9

        mlkit("rollback", root, "--why", "a trial of the way back")
        deadline = time.monotonic() + PATIENCE
        while traffic.told[-1]["model"] != traffic.versions[0]:
            assert time.monotonic() < deadline
            time.sleep(0.1)
        traffic.going = False
        traffic.join(PATIENCE)

    assert traffic.failed == []
    assert len(traffic.versions) == 2
    events = [line["event"] for line in moves(project.ledger)]
    assert events == ["promote", "promote", "rollback"]
    assert champion(project.ledger)["package"] == first
    assert ledger.verify(project.ledger)
    mlkit("verify", root)
    kept = read(project.state / "requests.sqlite")
    answered = [*ids, *(one["id"] for one in traffic.told)]
    assert set(answered) <= set(kept["request.id"])
    assert kept["request.id"].is_unique
    assert (tmp_path / "errors").read_text().count("answers now") == 2
