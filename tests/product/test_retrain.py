"""Truth as one more table, and whether a challenger takes over."""

from __future__ import annotations

import json
import shutil
from contextlib import closing
from types import SimpleNamespace

import numpy as np
import pandas as pd
import pytest

from mlkit.core.files import canonical, folder_hash
from mlkit.core.media import contents
from mlkit.core.schema import Schema
from mlkit.core.store import Store
from mlkit.data.collect import collect
from mlkit.model.judging.duel import Duel, Meeting
from mlkit.product.journal.given import give
from mlkit.product.journal.tables import (
    Model,
    Record,
    append,
    append_all,
    connect,
    make,
)
from mlkit.product.retrain import Promotion, retrain
from mlkit.product.retraining.returned import gather
from tests.product import showing

SCHEMA = {
    "input": [
        {"name": "age", "type": "number", "roles": []},
        {"name": "town", "type": "category", "roles": []},
        {"name": "name", "type": "text", "roles": ["private"]},
    ],
    "output": {"kind": "two classes", "target": "late", "classes": ["no", "yes"]},
}
MODEL = Model("a" * 64, {"schema": SCHEMA})


@pytest.fixture
def package(tmp_path):
    folder = tmp_path / "package"
    folder.mkdir()
    (folder / "schema.json").write_text(json.dumps(SCHEMA))
    return folder


@pytest.fixture
def log(tmp_path):
    path = tmp_path / "requests.sqlite"
    make(path, MODEL, 0.0)
    return path


def asked(log, names, flags=(), start=1.7e9):
    """Enter answered requests of one row each."""
    connection = connect(log)
    for place, name in enumerate(names):
        cells = {"age": [20 + int(name[1:])], "town": ["Ghent"], "name": ["#2f"]}
        said = {"label": "yes", "probabilities": {"no": 0.4, "yes": 0.6}}
        reply = {"id": name, "predictions": [said | {"flags": list(flags)}]}
        told = (json.dumps(cells), json.dumps(reply))
        append(
            connection,
            Record(name, start + place, MODEL.identity, 1, 0.001, *told),
        )
    connection.commit()
    connection.close()


def came(log, folder, **truths):
    """Bring truths in."""
    path = folder / "truth.csv"
    ids = {"request.id": list(truths), "late": list(truths.values())}
    pd.DataFrame(ids).to_csv(path, index=False)
    return give(log, path)


def test_no_log_and_a_log_without_truth_give_an_empty_table(package, log, tmp_path):
    target = tmp_path / "back.parquet"
    for place in (tmp_path / "none.sqlite", log):
        found = gather(place, package, target)
        assert (found.rows, found.columns[-1]) == (0, "late")
        assert len(pd.read_parquet(target)) == 0
    asked(log, ["r1", "r2"])
    assert gather(log, package, target).rows == 0
    assert "0 answered rows" in str(found)


def test_the_truth_that_came_in_is_a_table_of_raw_rows(package, log, tmp_path):
    asked(log, ["r1", "r2", "r3", "r4"])
    came(log, tmp_path, r1="yes", r2="no", r4="no")
    found = gather(log, package, tmp_path / "back.parquet")
    assert (found.rows, found.wrong, found.unreadable) == (3, 2, 0)
    told = "the truth of 3 answered rows has come in, 2 of them answered wrongly"
    assert str(found) == told
    rows = pd.read_parquet(tmp_path / "back.parquet")
    assert list(rows) == ["age", "town", "late"]
    assert rows["age"].tolist() == [21, 22, 24]
    assert rows["late"].tolist() == ["yes", "no", "no"]


def test_rows_with_cells_that_cannot_be_read_are_left_out(package, log, tmp_path):
    asked(log, ["r1"])
    asked(log, ["r2"], [{"field": "age", "flag": "unreadable"}])
    asked(log, ["r3"], [{"field": "town", "flag": "unseen"}])
    came(log, tmp_path, r1="yes", r2="no", r3="no")
    found = gather(log, package, tmp_path / "back.parquet")
    assert (found.rows, found.unreadable) == (2, 1)
    assert "1 row with unreadable cells left out" in str(found)


@pytest.mark.parametrize("others", [False, True], ids=["alone", "beside labels"])
def test_early_truths_that_are_no_numbers_are_left_out_and_told(tmp_path, others):
    output = {"kind": "number", "target": "owed", "classes": []}
    package, log = tmp_path / "package", tmp_path / "requests.sqlite"
    package.mkdir()
    (package / "schema.json").write_text(json.dumps({**SCHEMA, "output": output}))
    make(log, Model("b" * 64, {"schema": {**SCHEMA, "output": output}}), 0.0)
    told = {"request.id": [f"r{n}" for n in range(1, 5)]}
    told["owed"] = ["1.5", "six", " 2 ", "inf"]
    pd.DataFrame(told).to_csv(tmp_path / "truth.csv", index=False)
    give(log, tmp_path / "truth.csv", early=True)
    said = {"value": 2.5, "flags": []}
    records = [
        Record(n, 1.7e9, "b" * 64, 1, 0.001, '{"age": [20]}', reply)
        for n in (*told["request.id"], "r5")
        for reply in [json.dumps({"id": n, "predictions": [said]})]
    ]
    with closing(connect(log)) as connection:
        append_all(connection, records)
    if others:
        make(log, MODEL, 0.0)
        asked(log, ["r6"])
    found = gather(log, package, tmp_path / "back.parquet")
    assert (found.rows, found.strange) == (2, 2)
    assert "2 truths that are no numbers left out" in str(found)
    rows = pd.read_parquet(tmp_path / "back.parquet")
    assert rows["owed"].tolist() == [1.5, 2.0]


def test_late_truth_and_missed_nights_move_no_row_and_take_none_twice(
    package, log, tmp_path
):
    rng = np.random.default_rng(0)
    base, back = tmp_path / "base.csv", tmp_path / "back.parquet"
    first = pd.DataFrame({"age": 100 + np.arange(60), "town": "Turin", "name": "x"})
    first["late"] = rng.choice(["no", "yes"], 60)
    first.to_csv(base, index=False)

    def taken():
        gather(log, package, back)
        return collect(base, more=[back], target="late").table

    names = [f"r{n}" for n in range(1, 41)]
    asked(log, names)
    came(log, tmp_path, **dict.fromkeys(names[10:20], "yes"))
    night = taken()
    assert len(night) == 70
    assert len(taken()) == 70
    came(log, tmp_path, **dict.fromkeys(names[:30], "yes"))
    later = taken()
    assert len(later) == 90
    ids = {age: row for row, age in night["age"].items()}
    assert ids == {age: row for row, age in later["age"].items() if age in ids}
    came(log, tmp_path, r15="no")
    mended = taken()
    assert list(mended.index) == list(later.index)
    assert mended.loc[mended["age"] == 35, "late"].tolist() == ["no"]
    again = pd.concat([first, pd.DataFrame(later)[60:]])
    again.to_csv(base, index=False)
    overlap = collect(base, more=[back], target="late").table
    assert len(overlap) == 90 + 1
    assert set(later.index) <= set(overlap.index)


ALL = Meeting(200, 0.9, 0.8, 0.1, 0.05, 0.15)
BEHIND = Meeting(200, 0.7, 0.8, -0.1, -0.15, -0.05)
UNSURE = Meeting(200, 0.82, 0.8, 0.02, -0.01, 0.05)
EVEN = Meeting(200, 0.8, 0.8, 0.0, 0.0, 0.0)
FEW = Meeting(12, why="only 12 of these rows came in since")
NONE = Meeting(5, why="only 5 of these rows are certainly unseen by it")


def promotion(duel, package, margin=0.0):
    problem = SimpleNamespace(title="late: yes or no")
    accepted = SimpleNamespace(duel=duel, problem=problem, family="Linear")
    health = SimpleNamespace(reasons=("score: it fell",))
    return retrain(health, accepted, package, margin=margin)


@pytest.mark.parametrize(
    ("whole", "fresh", "better"),
    [
        (ALL, FEW, True),
        (UNSURE, FEW, False),
        (BEHIND, FEW, False),
        (EVEN, FEW, False),
        (UNSURE, ALL, True),
        (BEHIND, ALL, True),
        (ALL, UNSURE, False),
        (ALL, BEHIND, False),
        (NONE, FEW, False),
    ],
)
def test_fresh_rows_decide_where_there_are_enough(package, whole, fresh, better):
    duel = Duel("folder-c", "roc_auc", 300, whole, fresh)
    found = promotion(duel, package)
    assert found.better is better
    assert repr(found).startswith("Promote" if better else "Keep the champion")
    assert Promotion.from_dict(json.loads(canonical(found.to_dict()))) == found
    assert repr(found.plot()).startswith("<Picture")
    assert found.challenger == f"folder-{folder_hash(package)}"


def test_a_margin_asks_for_more(package):
    duel = Duel("folder-c", "roc_auc", 300, ALL, FEW)
    assert promotion(duel, package, 0.04).better
    assert not promotion(duel, package, 0.06).better


def test_without_another_champion_nothing_is_promoted(package):
    found = promotion(None, package)
    assert not found.better
    assert "no other champion" in repr(found)
    assert Promotion.from_dict(json.loads(canonical(found.to_dict()))) == found
    assert repr(found.plot()).startswith("<Picture")


def test_one_that_the_server_would_turn_away_is_not_promoted(
    in_folder, package_of, tmp_path
):
    champion = package_of().folder
    other = shutil.copytree(champion, tmp_path / "other")
    schema = json.loads((other / "schema.json").read_text())
    schema["input"][2]["type"] = "text"
    (other / "schema.json").write_text(json.dumps(schema))
    entry = Store(in_folder / ".mlkit").put(champion, "package")
    duel = Duel(entry.identity, "roc_auc", 300, ALL, FEW)
    assert promotion(duel, champion).better
    found = promotion(duel, other)
    assert not found.better
    why = "the server would turn it away: its columns are others ("
    assert found.turned_away == f"{why}town was category, is text)"
    assert repr(found).startswith("Keep the champion: ahead by 0.1")
    assert repr(found).endswith(f"; {found.turned_away}")
    assert found.turned_away in found._repr_html_()
    assert Promotion.from_dict(json.loads(canonical(found.to_dict()))) == found


def test_what_was_found_is_told_as_a_page(package):
    found = promotion(Duel("folder-c", "roc_auc", 300, ALL, FEW), package)
    page = found._repr_html_()
    assert "Promote the challenger" in page
    assert "only 12 of these rows" in page


@pytest.mark.parametrize("kind", ["image", "audio"])
def test_images_and_sounds_come_back_as_media_of_the_next_table(kind, tmp_path):
    columns = [{"name": "seen", "type": kind}, {"name": "size", "type": "number"}]
    schema = {
        "input": columns,
        "output": {"target": "what", "classes": ["blue", "red"]},
    }
    folder, place, back = (tmp_path / n for n in ("pack", "log.sqlite", "back.parquet"))
    folder.mkdir()
    (folder / "schema.json").write_text(json.dumps(schema))
    cells, sizes, shown = showing.rows(kind, 12, 0)
    showing.write(place, schema, [*cells[:9], None], sizes[:10], shown[:10])
    found = gather(place, folder, back)
    assert (found.rows, found.columns) == (10, ("seen", "size", "what"))
    names = [f"{k}.bin" for k in range(9, 12)]
    for name, cell in zip(names, cells[9:], strict=True):
        (tmp_path / name).write_bytes(cell)
    first = pd.DataFrame({"seen": names, "size": sizes[9:], "what": shown[9:]})
    first.to_csv(tmp_path / "in.csv", index=False)
    told = {"target": "what", "types": {"seen": kind}, "more": [back]}
    table = collect(tmp_path / "in.csv", **told).table
    assert contents(table["seen"]) == [*cells[9:], *cells[:9], None]
    assert table["what"].tolist() == [*shown[9:], *shown[:10]]
    assert Schema.of(table)["seen"].type == kind
    assert not list(tmp_path.glob(".writing-*"))
