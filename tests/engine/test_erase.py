"""What steps made of a source: erased from the store and the runs, and only that."""

from __future__ import annotations

import json

import pandas as pd

from mlkit.core import ledger
from mlkit.core.media import FILE, Media
from mlkit.core.project import Project
from mlkit.core.schema import Column, Schema
from mlkit.core.store import Entry, Store
from mlkit.engine.erase import Erased, erase
from mlkit.engine.running.champion import CHALLENGER

LOG = ".mlkit/requests.sqlite"


class Shop:
    """A project whose steps only have records."""

    def __init__(self, root):
        (root / "mlkit.toml").write_text("format = 1\n")
        self.project = Project.open(root)
        self.store = Store(self.project.state)

    def step(self, name, run, outside=(), **loads):
        """Record a step that saves what it is called; return the identity."""
        entry = self.store.put([name, run], name)
        depfile = {"outside": [{"uri": uri} for uri in outside], "inputs": loads}
        saves = {name: entry.to_dict()}
        told = {"depfile": depfile, "saves": saves, "run": run, "state": "passed"}
        self.store.add_record(name, {"static": {"run": run}, **told})
        return entry.identity

    def run(self, name, variant, *steps):
        """Make the folder of a run."""
        folder = self.project.runs / name
        (folder / "jobs").mkdir(parents=True)
        graph = {step: {"notebook": f"steps/{step}.ipynb"} for step in steps}
        form = {"variant": variant, "graph": graph}
        (folder / "manifest.json").write_text(json.dumps(form))
        for step in steps:
            (folder / f"{step}.ipynb").write_text("{}")
            (folder / "jobs" / f"{step}.jsonl").write_text("{}")
        (folder / "report.html").write_text("")
        return folder


def test_what_was_made_of_a_source_goes_and_nothing_else(tmp_path):
    shop = Shop(tmp_path)
    plain = shop.step("collect", "r1", ("data/x.csv",))
    clean = shop.step("clean", "r1", raw=plain)
    raw = shop.step("collect", "r2", ("data/x.csv", "returned"))
    deeper = shop.step("clean", "r2", raw=raw)
    aside = shop.step("monitor", "r1", (LOG,))
    orphan = shop.store.put(["nobody's"], "orphan").identity
    ledger.append(shop.project.ledger, "promote", raw=raw, package="folder-1")
    main = shop.run("20260101-r1", "main", "collect", "monitor")
    other = shop.run("20260102-r2", CHALLENGER, "collect", "clean")
    done = erase(shop.project, (LOG, "returned"))
    assert done == Erased(artifacts=3, files=8, kept=1, models=0)
    there = {i for i in (plain, clean, raw, deeper, aside, orphan) if _there(shop, i)}
    assert there == {plain, clean, raw}
    left = sorted(p.name for p in main.rglob("*") if p.is_file())
    assert left == ["collect.ipynb", "collect.jsonl", "manifest.json"]
    assert [p.name for p in other.rglob("*") if p.is_file()] == ["manifest.json"]
    assert erase(shop.project, (LOG, "returned")).artifacts == 0


def test_a_draft_of_what_was_made_goes_too(tmp_path):
    shop = Shop(tmp_path)
    shop.step("monitor", "r1", (LOG,))
    draft = shop.store.put(["somebody's"], "monitor")
    shop.store.set_draft("monitor", Entry(draft.identity))
    assert erase(shop.project, (LOG,)).artifacts == 2
    assert not _there(shop, draft.identity)


def test_images_that_nothing_else_names_go_with_it(tmp_path):
    shop = Shop(tmp_path)
    kept = Media(shop.project.state / FILE)
    trained, asked = kept.put_all([b"trained on", b"asked about"])
    for name, run, digest, outside in (
        ("collect", "r1", trained, ("data/x.csv",)),
        ("monitor", "r1", asked, (LOG,)),
    ):
        table = pd.DataFrame({"photo": [digest]}, index=pd.Index(["a"], name="row"))
        Schema((Column("photo", "image"),)).attach(table)
        entry = shop.store.put(table, name)
        depfile = {"outside": [{"uri": uri} for uri in outside], "inputs": {}}
        told = {"depfile": depfile, "saves": {name: entry.to_dict()}, "run": run}
        static = {"static": {"run": run}, "state": "passed"}
        shop.store.add_record(name, {**static, **told})
    assert erase(shop.project, (LOG,)).artifacts == 1
    assert [*kept.digests()] == [trained]


def _there(shop, identity):
    return shop.store.path(identity).exists()
