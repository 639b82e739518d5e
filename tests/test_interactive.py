"""A notebook run by hand and by a run saves the same, clicked at or not."""

import json
import os
import shutil
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import NamedTuple

import pytest

from mlkit.core.schema import Schema
from mlkit.engine.scaffold import recipes, templates
from mlkit.product.journal.tables import Model, Record, append, connect, make
from mlkit.product.serving.served import Served
from tests.handmade import (
    HIRED,
    RECIPES,
    both,
    by_hand,
    decided,
    identities,
    mlkit,
    people,
    quick,
    saved,
    store,
)

pytestmark = pytest.mark.slow
GONE = os.environ.get("MLKIT_RECIPES", " ".join(RECIPES)).split()
"""The recipes that are gone through by hand and by a run."""


@pytest.fixture(scope="module")
def projects(tmp_path_factory):
    """Make the projects two at a time; give the folder of one by its recipe.

    In it `run` was run, and `hand`, the same when it was new, was gone through by hand.
    """
    base = tmp_path_factory.mktemp("recipes")
    with ThreadPoolExecutor(2) as pool:
        made = {recipe: pool.submit(both, base / recipe, recipe) for recipe in GONE}
        yield lambda recipe: made[recipe].result()
        for one in made.values():
            one.cancel()


@pytest.fixture
def copy(projects, tmp_path):
    """Copy a project that was run, with its data beside it."""

    def make(recipe):
        base = projects(recipe)
        leave = shutil.ignore_patterns("hand")
        shutil.copytree(base, tmp_path / "base", symlinks=True, ignore=leave)
        return tmp_path / "base" / "run"

    return make


def test_every_template_is_in_a_recipe_here():
    mine = {s for name in RECIPES for s in recipes()[name].steps}
    mine |= {s for one in recipes().values() for s in one.optional}
    assert set(recipes()) == set(RECIPES)
    every = {f"{p.parent.name}/{p.stem}" for p in templates().glob("*/*.ipynb")}
    assert mine == every


@pytest.mark.parametrize("recipe", GONE)
def test_by_hand_and_by_a_run_every_step_saves_the_same(projects, recipe):
    base = projects(recipe)
    drafts, refs = store(base / "hand").drafts(), store(base / "run").refs()
    assert identities(drafts) == identities(refs)
    assert decided(base / "hand") == decided(base / "run")
    found = set(json.loads((base / "seen.json").read_text()))
    assert {"ColumnEditor", "ContractEditor"} <= found
    assert ("LabelEditor" in found) == (recipe not in ("cluster", "anomaly"))


def log_of(root, count=240):
    """Have the champion answer rows of another world, and write down that it did."""
    served = Served(saved(root, "package"))
    rows = people(count + 7).tail(count).drop(columns=["id", "hired"])
    rows = rows.assign(years=rows["years"] + 20, since=rows["since"].astype(str))
    rows = rows.astype(object).where(rows.notna(), None)
    path = root / ".mlkit" / "requests.sqlite"
    make(path, Model(served.identity, dict(served.model.about)), 1.77e9)
    connection = connect(path)
    connection.execute("BEGIN")
    for at in range(0, count, 10):
        cells = {n: rows[n].iloc[at : at + 10].tolist() for n in rows}
        said = served.answer(cells, 10)
        reply = {"id": f"r{at}", "model": served.version, "predictions": said}
        told = json.dumps(cells), json.dumps(reply)
        made = Record(f"r{at}", 1.77e9 + at, served.identity, 10, 0.003, *told)
        append(connection, made)
    connection.execute("COMMIT")
    connection.close()


def test_by_hand_and_by_a_run_a_champion_is_watched_and_challenged_alike(copy):
    root = copy("table")
    log_of(root)
    by_hand(root, "monitor", {"DriftExplorer": ["look_at('DriftExplorer', 'town')"]})
    drafts = store(root).drafts()
    mlkit("monitor", root, expect=(0, 3))
    refs = store(root).refs()
    assert identities(drafts) == {n: refs[n].identity for n in ("health", "aside")}
    by_hand(root, "retrain")
    drafts = store(root).drafts()
    mlkit("run", root, "--only", "retrain")
    assert identities(drafts) == {"promotion": store(root).refs()["promotion"].identity}


class Click(NamedTuple):
    """What a person does in a step, and what must come of it in a run."""

    recipe: str
    step: str
    acts: dict[str, list[str]]
    check: Callable[[Path], None] | None  # None: nothing
    until: str = ""


def columns(root):
    schema = Schema.of(saved(root, "raw"))
    assert schema["town"].roles == ("ignored",)
    assert schema["years"].type == "category"


def contract(root):
    (rule,) = [r for r in saved(root, "contract").rules if r["rule"] == "years range"]
    assert (rule["max"], rule["severity"]) == (25.0, "warn")
    over = saved(root, "raw")["years"] > 25
    assert over.any()
    assert (saved(root, "violations")["rule"] == "years range").sum() == over.sum()


def cleaning(root):
    towns = set(saved(root, "clean")["town"])
    assert {"Ghent", "ghent", "Turin", "(missing)"} == towns


def remedies(root):
    assert decided(root)["columns"] == {"roles": {"since": ["time"]}}
    assert Schema.of(saved(root, "raw"))["since"].roles == ("time",)


def labels(root):
    made = saved(root, "labelled")["hired"]
    before = saved(root, "clean")["hired"]
    assert made["p0004"] != before["p0004"]
    assert made.drop("p0004").equals(before.drop("p0004"))


def families(root):
    found = saved(root, "shortlist")
    assert found.insisted == found.chosen == "tree"
    assert found.crossed_out == ()


def mitigation(root):
    assert saved(root, "model").mitigation["asked"]["method"] == "reweighing"


def threshold(root):
    assert saved(root, "evaluation").threshold == 0.31
    sent = decided(root)["to_label"]
    row = saved(root, "errors").loc[list(sent)]
    assert row["predicted"].tolist() == list(sent.values())


def limits(root):
    assert saved(root, "review").words == "never to fire by"


def clusters(root):
    found = saved(root, "clustering")
    assert found.insisted
    assert found.chosen == "kmeans 4"


def detector(root):
    assert saved(root, "detection").chosen == "local"


def alarm(root):
    assert saved(root, "review").threshold == pytest.approx(0.93)


CLICKS = {
    "columns": Click(
        "table",
        "collect",
        {"ColumnEditor": ["role('town', 'ignored')", "type_of('years', 'category')"]},
        columns,
    ),
    "remedies": Click(
        "table", "profile", {"RemedyPanel": ["settle('since')"]}, remedies, "collect"
    ),
    "contract": Click(
        "table",
        "validate",
        {
            "ContractEditor": [
                "bound('years range', 99.0, 'block')",
                "bound('years range', 25.0, 'warn')",
            ]
        },
        contract,
    ),
    "cleaning": Click(
        "table",
        "clean",
        {
            "CleaningEditor": [
                "clean(missing_town=False)",
                "clean(missing_town=True, recode_town=False)",
            ]
        },
        cleaning,
    ),
    "labels": Click(
        "table", "label", {"LabelEditor": ["label('p0004', 'yes')"]}, labels
    ),
    "split": Click(
        "table", "split", {"SplitExplorer": ["look_at('SplitExplorer', 'town')"]}, None
    ),
    "families": Click(
        "table",
        "choose",
        {"FamilyPicker": ["cross_out('Linear')", "insist('tree')"]},
        families,
    ),
    "mitigation": Click(
        "table", "train", {"MitigationPicker": ["mitigate('reweighing')"]}, mitigation
    ),
    "threshold": Click(
        "table",
        "evaluate",
        {
            "ThresholdPicker": ["cut(0.6)", "cut(0.31)"],
            "ErrorExplorer": ["send_back(1)"],
        },
        threshold,
    ),
    "limits": Click(
        "table",
        "review",
        {
            "WhatIf": ["ask_what_if(9.0)"],
            "LimitsEditor": ["say_limits('any')", "say_limits('never to fire by')"],
        },
        limits,
    ),
    "clusters": Click(
        "cluster",
        "cluster",
        {"OptionPicker": ["take('kmeans 2')", "take('kmeans 4')"]},
        clusters,
    ),
    "freed": Click(
        "cluster", "cluster", {"OptionPicker": ["take('kmeans 4')", "take('')"]}, None
    ),
    "detector": Click(
        "anomaly",
        "anomaly",
        {"OptionPicker": ["take('ellipse')", "take('local')"]},
        detector,
    ),
    "alarms": Click("anomaly", "alarms", {"AlarmPicker": ["alarms(7.0)"]}, alarm),
}


@pytest.mark.parametrize("name", CLICKS)
def test_a_run_replays_what_was_clicked(copy, name):
    click = CLICKS[name]
    root = copy(click.recipe)
    before = identities(store(root).refs())
    assert set(click.acts) <= by_hand(root, click.step, click.acts)
    drafts = identities(store(root).drafts())
    mlkit("run", root, "--until", click.until or click.step)
    after = identities(store(root).refs())
    assert (after == before) == (click.check is None)
    if not click.until:
        assert drafts == {artifact: after[artifact] for artifact in drafts}
    if click.check:
        click.check(root)


def test_a_run_replays_a_goal_that_was_filled_in_and_a_leak_that_was_ticked(tmp_path):
    people(leak=True).to_csv(tmp_path / "p.csv", index=False)
    root = tmp_path / "run"
    quicker = {"choose.families": "['linear']", "tune.trials": 0, "review.refits": 0}
    given = [word for k, v in quicker.items() for word in ("-p", f"{k}={v}")]
    words = ("--data", tmp_path / "p.csv", *HIRED, *quick("table"), *given)
    mlkit("new", root, *words)
    told = mlkit("run", root, "--until", "accept", expect=(3,))
    assert "desk" in told
    acts = ["set_bar('roc_auc', 0.75)", "know('desk')"]
    by_hand(root, "accept", {"LeakPicker": acts})
    drafts = identities(store(root).drafts())
    mlkit("run", root, "--until", "accept")
    assert drafts == {"accepted": store(root).refs()["accepted"].identity}
    findings = {f.bar: f for f in saved(root, "accepted").verdict.findings}
    assert findings["ROC AUC at least 0.75"].state == "passed"
    assert decided(root)["known_leaks"] == ["desk"]
