"""``mlkit retrain``: when it runs, what it takes in, and who decides."""

import json
import shutil

import numpy as np
import pandas as pd
import pytest

from mlkit.cli.group import command_line
from mlkit.core.champion import champion, move, moves
from mlkit.core.schema import Schema
from mlkit.core.store import Entry, Store
from mlkit.engine.running.champion import CHALLENGER
from mlkit.engine.running.lock import lock
from mlkit.product.journal.given import give
from mlkit.product.journal.tables import Model, Record, append, connect, make
from tests.conftest import Maker

IMPORT = "import mlkit as mk"
OUTPUT = {"target": "late", "classes": ["no", "yes"]}
COLLECT = """from mlkit.data.collect import collect
told = {"types": types, "target_type": target_type, "target": "late"}
mk.save(raw=collect(data, more=more, **told).table)"""
PACKAGE = """import json, tempfile
from pathlib import Path
from mlkit.core.cells import reads
from mlkit.core.schema import Schema
from mlkit.core.verdict import Finding, Verdict
raw = mk.load("raw")
folder = Path(tempfile.mkdtemp())
known = Schema.of(raw)
columns = [{"name": c.name, "type": c.type, "roles": []} for c in known.without("late")]
schema = {"input": columns, "output": {"target": "late", "classes": ["no", "yes"]}}
(folder / "schema.json").write_text(json.dumps(schema))
(folder / "model_card.md").write_text(f"{len(raw)} rows")
mk.save(package=folder)"""
GATE = """shut = reads("data/gate.txt").read_text() == "shut"
mk.gate(Verdict((Finding("small", "missed" if shut else "passed"),)))"""
MONITOR = """from mlkit.core.artifacts import ABOUT
from mlkit.core.cells import reads
from mlkit.core.files import folder_hash
from mlkit.product.watching.health import Health, Window
from mlkit.product.watching.signs import Sign
from mlkit.product.watching.traffic import Traffic
level = reads("data/health.txt").read_text()
model = folder_hash(mk.load("package"), ABOUT)
judged = Window("2026-01-01", "2026-01-02", level, Traffic(1, 1))
signs = (Sign(level, "score", "it fell"),)
mk.save(health=Health(model, "late", "late", "roc_auc", signs, judged=judged))"""
RETRAIN = """from mlkit.core.artifacts import ABOUT
from mlkit.core.cells import reads
from mlkit.cli.group import command_line
from mlkit.core.champion import champion
from mlkit.core.files import folder_hash
from mlkit.core.session import session
from mlkit.core.verdict import Finding
from mlkit.model.judging.duel import Duel, Meeting
from mlkit.product.retrain import Promotion
mk.load("health")
mine = f"folder-{folder_hash(mk.load('package'), ABOUT)}"
theirs = str(champion(session().here.ledger)["package"])
sign = float(reads("data/duel.txt").read_text())
met = Meeting(50, 0.8, 0.7, sign * 0.1, sign * 0.05, sign * 0.15)
found = Finding("ahead", "passed" if sign > 0 else "missed")
duel = Duel(theirs, "roc_auc", 50, met, Meeting(0))
mk.save(promotion=Promotion(mine, theirs, "late", "tree", (found,), duel))"""


@pytest.fixture
def mlkit(capsys):
    """Call a command as the shell does; return the code, and what it printed."""

    def call(*words):
        code = command_line([str(word) for word in words])
        told = capsys.readouterr()
        return code, told.out + told.err

    return call


@pytest.fixture(scope="module")
def made(tmp_path_factory):
    """A project of light steps that has a champion, and a log without truth."""
    maker = Maker(tmp_path_factory.mktemp("shop") / "project")
    settings = "[steps.monitor]\nmanual = true\n[steps.retrain]\nmanual = true\n"
    maker.settings(settings)
    data = maker.root / "data"
    rng = np.random.default_rng(0)
    rows = pd.DataFrame({"age": np.arange(50), "late": rng.choice(["no", "yes"], 50)})
    rows = rows.assign(zip=["01067", "10115"] * 25, size=rng.normal(0, 1, 50).round(3))
    rows.to_csv(data / "base.csv", index=False)
    for name, text in {"gate": "open", "health": "retrain", "duel": "1"}.items():
        (data / f"{name}.txt").write_text(text)
    told = 'data: str = "data/base.csv"\nmore: list[str] = []'
    told += '\ntypes: dict[str, str] = {}\ntarget_type: str = ""'
    maker.step("01_collect", told, IMPORT, COLLECT)
    maker.step("02_package", "", IMPORT, PACKAGE, GATE)
    maker.step("03_monitor", "", IMPORT, MONITOR)
    maker.step("04_retrain", "", IMPORT, RETRAIN)
    assert maker.run().state == "passed"
    log = maker.project.state / "requests.sqlite"
    schema = {"input": [{"name": "age", "type": "number"}], "output": OUTPUT}
    model = Model("a" * 64, {"schema": schema})
    make(log, model, 0.0)
    connection = connect(log)
    for n in range(8):
        said = {"label": "yes", "probabilities": {"no": 0.4, "yes": 0.6}, "flags": []}
        reply = {"id": f"r{n}", "predictions": [said]}
        cells = json.dumps({"age": [100 + n]})
        at = 1.7e9 + n
        append(
            connection,
            Record(f"r{n}", at, model.identity, 1, 0.001, cells, json.dumps(reply)),
        )
    connection.close()
    return maker.root


@pytest.fixture
def shop(made, tmp_path):
    found = object.__new__(Maker)
    found.root = shutil.copytree(made, tmp_path / "shop", symlinks=True)
    return found


def truth(shop, **truths):
    path = shop.root / "truth.csv"
    told = {"request.id": list(truths), "late": list(truths.values())}
    pd.DataFrame(told).to_csv(path, index=False)
    give(shop.project.state / "requests.sqlite", path)


def say(shop, name, text):
    (shop.root / "data" / f"{name}.txt").write_text(text)


def card(shop):
    line = champion(shop.project.ledger)
    folder = Store(shop.project.state).get(Entry(line["package"]))
    return (folder / "model_card.md").read_text()


def test_it_says_what_it_cannot_work_with(mlkit, shop):
    code, said = mlkit("retrain", "--promote", "allways", shop.root)
    assert code == 2
    assert "auto, ask, never" in said
    with (shop.root / "mlkit.toml").open("a") as file:
        file.write('[policies]\npromote = "sometimes"\n')
    code, said = mlkit("retrain", shop.root)
    assert code == 2
    assert "[policies] promote" in said
    shop.project.ledger.unlink()
    code, said = mlkit("retrain", "--promote", "ask", shop.root)
    assert code == 2
    assert "no champion yet" in said


def test_two_at_a_time_are_one_too_many(mlkit, shop):
    with lock(shop.project, "retrain", "retrain.lock"):
        code, said = mlkit("retrain", shop.root)
    assert code == 4
    assert "another run holds this project" in said
    with lock(shop.project, "a run"):
        assert mlkit("retrain", shop.root)[0] == 4


@pytest.mark.slow
def test_a_healthy_champion_is_left_alone_and_so_is_one_without_truth(mlkit, shop):
    for level, word in (("healthy", "it is healthy"), ("watch", "to be watched")):
        say(shop, "health", level)
        code, said = mlkit("retrain", "--if-needed", shop.root)
        assert code == 0
        assert word in said
    say(shop, "health", "retrain")
    code, said = mlkit("retrain", "--if-needed", shop.root)
    assert code == 3
    assert "nothing new to learn from" in said
    code, said = mlkit("retrain", "--if-needed", "--json", shop.root)
    told = [json.loads(line) for line in said.splitlines()][-1]
    assert (code, told["event"], told["state"]) == (3, "retrain_finished", "kept")
    assert (told["health"], told["returned"]["rows"]) == ("retrain", 0)
    assert len(moves(shop.project.ledger)) == 1


@pytest.mark.slow
def test_the_policy_decides_and_each_move_is_a_line(mlkit, shop):
    truth(shop, r0="yes", r1="no")
    for policy, word in (("ask", "until somebody agrees"), ("never", "to overrule")):
        code, said = mlkit("retrain", "--promote", policy, shop.root)
        assert code == 3
        assert word in said
        assert "ahead by 0.1" in said
        assert card(shop) == "50 rows"
    with (shop.root / "mlkit.toml").open("a") as file:
        file.write('[policies]\npromote = "auto"\n')
    code, said = mlkit("retrain", "--if-needed", "--json", shop.root)
    events = [json.loads(line) for line in said.splitlines()]
    assert code == 0
    assert {"run_started", "run_finished"} <= {one["event"] for one in events}
    assert "is the champion now" in events[-1]["why"]
    assert events[-1]["state"] == "promoted"
    assert events[-1]["promotion"]["better"] is True
    assert card(shop) == "52 rows"
    line = champion(shop.project.ledger)
    assert line["policy"] == "auto"
    assert "ahead by 0.1" in line["why"]
    assert line["raw"] != moves(shop.project.ledger)[0]["raw"]
    code, said = mlkit("retrain", shop.root)
    assert (code, "champion already" in said) == (0, True)
    assert len(moves(shop.project.ledger)) == 2


@pytest.mark.slow
def test_late_truth_and_missed_nights_come_in_at_the_next(mlkit, shop):
    truth(shop, r0="yes")
    assert mlkit("retrain", "--promote", "auto", shop.root)[0] == 0
    assert card(shop) == "51 rows"
    truth(shop, r5="no", r6="no", r0="yes")
    assert mlkit("retrain", "--promote", "auto", shop.root)[0] == 0
    assert card(shop) == "53 rows"
    truth(shop, r5="yes")
    assert mlkit("retrain", "--promote", "auto", shop.root)[0] == 0
    assert card(shop) == "53 rows"


@pytest.mark.slow
def test_one_that_is_behind_or_shut_out_changes_nothing(mlkit, shop):
    truth(shop, r0="yes")
    say(shop, "duel", "-1")
    code, said = mlkit("retrain", "--promote", "auto", shop.root)
    assert code == 3
    assert "Keep the champion: behind by 0.1" in said
    say(shop, "gate", "shut")
    code, said = mlkit("retrain", "--promote", "auto", shop.root)
    assert code == 3
    assert "blocked" in said
    assert card(shop) == "50 rows"


@pytest.mark.slow
def test_a_newer_table_is_taken_instead_and_a_moved_champion_is_met_anew(mlkit, shop):
    newer = pd.read_csv(shop.root / "data/base.csv")
    more = pd.DataFrame({"age": [70, 71, 72], "late": ["no", "yes", "no"]})
    pd.concat([newer, more]).to_csv(shop.root / "data/newer.csv", index=False)
    words = ("retrain", "--data", "data/newer.csv", "--promote")
    assert mlkit(*words, "never", shop.root)[0] == 3
    other = shop.root / "other"
    other.mkdir()
    shutil.copy(shop.root / "mlkit.toml", other)
    schema = {"input": [], "output": OUTPUT}
    (other / "schema.json").write_text(json.dumps(schema))
    entry = Store(shop.project.state).put(other, "package")
    move(shop.project.ledger, "promote", entry, "by hand")
    code, said = mlkit(*words, "auto", shop.root)
    assert code == 0, said
    assert card(shop) == "53 rows"
    assert not (shop.root / ".mlkit/refs/main.json").read_text().count("53 rows")


@pytest.mark.slow
def test_a_newer_table_has_the_types_of_the_champions(mlkit, shop):
    newer = pd.read_csv(shop.root / "data/base.csv").assign(zip="10115", size=np.nan)
    newer.to_csv(shop.root / "data/newer.csv", index=False)
    words = ("retrain", "--promote", "never", "--data", "data/newer.csv", shop.root)
    code, said = mlkit(*words)
    assert code == 0, said
    assert "the types of the champion's columns" in said
    assert "champion already" in said  # it takes what that one takes
    store = Store(shop.project.state)
    raw = store.get(store.refs(CHALLENGER)["raw"])
    found = {column.name: column.type for column in Schema.of(raw)}
    assert (found["zip"], found["size"]) == ("category", "number")
    assert raw["zip"].tolist()[:50] == ["10115"] * 50
    newer["size"] = ["1.5", "few"] * 25
    newer.to_csv(shop.root / "data/newer.csv", index=False)
    code, said = mlkit(*words)
    assert code == 2, said
    assert "this column cannot be read as a number" in said
    assert "column 'size'" in said
    assert "'few'" in said
