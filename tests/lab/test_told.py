"""What the routes tell beside what was saved: titles, verdicts, trials."""

from dataclasses import replace

import pytest

from mlkit.core.files import write_json
from mlkit.core.project import Project
from mlkit.core.store import Store

P = "told"
PLAIN, TRIAL, RIVAL = (f"2026010{day}-000000-000{day}" for day in (1, 2, 3))
RUNS = {PLAIN: ("main", 0.8), TRIAL: ("v0123456789ab", 0.9), RIVAL: ("challenger", 0.7)}
SAID = {"word": "retrain", "sentence": "x moved", "tone": "bad"}


@pytest.fixture(scope="module")
def ran(server, make_small):
    """A project with a run, a trial and a challenger, as each left its account."""
    project = Project.open(make_small(server.root / P))
    store = Store(project.state)
    for run, (variant, score) in RUNS.items():
        entry = store.put({"roc_auc": score, "rmse_train": 2.0}, "metrics")
        entry = replace(entry, step="total", run=run, headline=SAID)
        saves = {"metrics": entry.to_dict(), f"of_{variant}": entry.to_dict()}
        step = {"state": "passed", "run": run, "saves": saves}
        told = {"run": run, "state": "passed", "variant": variant}
        times = {"began": 1.0, "seconds": 1.0}
        left = {**told, **times, "steps": {"total": step}, "graph": {"total": {}}}
        (project.runs / run).mkdir(parents=True)
        write_json(project.runs / run / "manifest.json", left)
        if run == PLAIN:
            store.set_refs({"metrics": entry})
            store.add_record("total", {"static": "", "depfile": {}, **step})


def test_metrics_are_called_as_in_reports(server, ran):
    titles = {"roc_auc": "ROC AUC", "rmse_train": "RMSE train"}
    assert [one["titles"] for one in server.get("artifacts", project=P)] == [titles]
    assert server.get("artifacts/metrics", project=P)["titles"] == titles
    assert [r["titles"] for r in server.get("runs", project=P)["runs"]] == [titles] * 3
    changes = server.get("compare", project=P, old=PLAIN, new=RIVAL)["changes"]
    told = [(c["artifact"], c["title"]) for c in changes if c["kind"] == "metric"]
    assert ("metrics", "ROC AUC") in told
    assert not [c for c in changes if c["kind"] != "metric" and "title" in c]


def test_what_a_step_comes_to_is_told_with_it(server, ran):
    steps = server.get("graph", project=P)["steps"]
    assert steps["total"]["headline"] == SAID
    assert steps["clean"]["headline"] is None
    told = server.get(f"runs/{RIVAL}", project=P)["steps"]
    assert told["total"]["headline"] == SAID


def test_what_a_trial_made_is_said_to_be_of_a_trial(server, ran):
    listed = server.get("runs", project=P)["runs"]
    assert {r["run"]: r["trial"] for r in listed} == {
        PLAIN: False,
        TRIAL: True,
        RIVAL: False,
    }
    for run in RUNS:
        found = server.get("artifacts/metrics", project=P, run=run)
        assert found["trial"] == (run == TRIAL)
    assert not server.get("artifacts/metrics", project=P)["trial"]


def test_what_only_a_trial_has_saved_is_told_so(server, ran):
    name = "of_v0123456789ab"
    no = server.get(f"artifacts/{name}", 404, project=P)
    assert no["message"] == f"only a trial has saved {name!r}"
    assert TRIAL in no["todo"]
    no = server.get(f"artifacts/{name}", 404, project=P, run=PLAIN)
    assert "nothing called" in no["message"]
    no = server.get("artifacts/of_challenger", 404, project=P)
    assert "nothing called" in no["message"]
