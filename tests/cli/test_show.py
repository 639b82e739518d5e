"""``mlkit show``: every kind of artifact, printed and saved."""

import json

import numpy as np
import pandas as pd
import pytest

from mlkit.core.store import Store
from tests.cli.conftest import NEW, facts, leave


def test_without_a_name_all_artifacts_are_listed(mlkit, house):
    code, out = mlkit("show", house.root)
    assert code == 0
    assert [line.split()[0] for line in out.splitlines()] == [
        "curve",
        "evaluation",
        "package",
        "raw",
        "test",
    ]
    assert "sealed" in out


def test_a_table_is_told_by_its_columns(mlkit, house):
    _, out = mlkit("show", "raw", house.root)
    head, titles, age, plan, left = out.splitlines()
    assert head.startswith("raw  table · 3 rows × 3 columns · saved by collect")
    assert titles.split() == ["column", "type", "roles", "missing", "first", "rows"]
    assert age.split() == ["age", "number", "1", "20", "·", "–", "·", "31.25"]
    assert plan.split() == [
        "plan",
        "category",
        "sensitive",
        "1",
        "a",
        "·",
        "–",
        "·",
        "c",
    ]
    assert "target" in left


def test_a_table_as_json_has_null_where_it_is_missing(mlkit, house):
    _, out = mlkit("show", "raw", house.root, "--json", "--rows", 2)
    found = json.loads(out)
    assert found["rows"] == 3
    assert found["index"] == ["r1", "r2"]
    assert found["head"][1] == {"age": None, "plan": None, "left": "yes"}


def put(house, frame):
    """Save a table of this project under the name raw."""
    store = Store(house.state)
    store.set_refs(store.refs() | {"raw": store.put(frame, "raw")})


def test_numbers_are_printed_as_they_are(mlkit, house):
    dates = pd.to_datetime(["2026-01-01 10:30", None])
    put(
        house,
        pd.DataFrame(
            {
                "p_value": [1.2e-11, 1 / 3],
                "big": [np.inf, -np.inf],
                "whole": [2**53 + 1, -(2**63)],
                "maybe": pd.array([1, None], "Int64"),
                "day": dates,
                "yes": [True, False],
                "word": pd.array(["<NA>", None], "str"),
            },
            index=pd.Index(["r1", "r2"], name="row"),
        ),
    )
    _, out = mlkit("show", "raw", house.root)
    told = {line.split()[0]: line.split(maxsplit=2)[2:] for line in out.splitlines()}
    assert told["p_value"] == ["1.2e-11 · 0.333333"]
    assert told["big"] == ["inf · -inf"]
    _, out = mlkit("show", "raw", house.root, "--json")
    first, second = json.loads(out)["head"]
    assert first == {
        "p_value": 1.2e-11,
        "big": "inf",
        "whole": 2**53 + 1,
        "maybe": 1,
        "day": "2026-01-01T10:30:00",
        "yes": True,
        "word": "<NA>",
    }
    assert second["p_value"] == 1 / 3
    assert (second["big"], second["whole"]) == ("-inf", -(2**63))
    assert (second["maybe"], second["day"], second["word"]) == (None, None, None)


def test_a_count_of_rows_below_none_is_refused(mlkit, house):
    code, out = mlkit("show", "raw", house.root, "--rows", -1)
    assert code == 2
    assert "-1" in out
    _, out = mlkit("show", "raw", house.root, "--rows", 0, "--json")
    assert json.loads(out)["head"] == []


def test_nothing_of_a_sealed_table_is_shown_or_saved(mlkit, house, tmp_path):
    _, out = mlkit("show", "test", house.root)
    assert "3 rows × 3 columns" in out
    assert "31.25" not in out
    _, out = mlkit("show", "test", house.root, "--json")
    assert "head" not in json.loads(out)
    code, out = mlkit("show", "test", house.root, "--save", tmp_path / "x.csv")
    assert code == 2
    assert "is sealed" in out
    assert not (tmp_path / "x.csv").exists()


def test_json_and_folders_are_printed(mlkit, house):
    assert '"roc_auc": 0.84' in mlkit("show", "evaluation", house.root)[1]
    assert "model_card.md  6 B" in mlkit("show", "package", house.root)[1]


def test_an_earlier_runs_artifact_that_is_gone_says_so(mlkit, house):
    code, out = mlkit("show", "evaluation", house.root, "--run", "latest~1")
    assert code == 1
    assert "not in the store" in out


@pytest.mark.parametrize(
    ("name", "file"),
    [
        ("raw", "a.csv"),
        ("raw", "a.parquet"),
        ("evaluation", "a.json"),
        ("curve", "a.png"),
    ],
)
def test_an_artifact_is_saved_to_a_file(mlkit, house, tmp_path, name, file):
    target = tmp_path / "out" / file
    code, _ = mlkit("show", name, house.root, "--save", target)
    assert code == 0
    assert target.stat().st_size > 10
    if name == "raw":
        read = pd.read_csv if file.endswith("csv") else pd.read_parquet
        assert list(read(target).reset_index()["row"]) == ["r1", "r2", "r3"]


def test_a_folder_is_saved_to_a_new_folder_only(mlkit, house, tmp_path):
    code, _ = mlkit("show", "package", house.root, "--save", tmp_path / "copy")
    assert code == 0
    assert (tmp_path / "copy" / "model_card.md").read_text() == "# Card"
    code, out = mlkit("show", "package", house.root, "--save", tmp_path / "copy")
    assert (code, out.splitlines()[0]) == (2, "there is something already")


def test_a_wrong_suffix_or_name_says_what_to_do(mlkit, house, tmp_path):
    code, out = mlkit("show", "raw", house.root, "--save", tmp_path / "a.xlsx")
    assert code == 2
    assert ".csv or .parquet" in out
    code, out = mlkit("show", "rew", house.root)
    assert code == 2
    assert "did you mean 'raw'?" in out


def test_what_only_a_trial_saved_is_told_with_the_command_that_shows_it(mlkit, house):
    store = Store(house.state)
    saves = {name: entry.to_dict() for name, entry in store.refs().items()}
    trial = {"collect": facts(NEW, saves)}
    leave(house, NEW, trial, variant="v0123456789ab")
    store.set_refs({})
    code, out = mlkit("show", house.root)
    assert (code, out.count("\n")) == (0, 1)
    assert "only a trial has saved something yet: `mlkit show --run latest`" in out
    code, out = mlkit("show", "raw", house.root)
    assert code == 2
    assert "only a trial has saved 'raw'" in out
    assert "`mlkit show raw --run latest`" in out
    assert mlkit("show", "raw", house.root, "--run", "latest")[0] == 0
    assert "nothing called 'rew'" in mlkit("show", "rew", house.root)[1]
    store.set_refs({"other": store.put({"a": 1}, "other")})
    leave(house, "20260103-030405-cccc", {"collect": facts(NEW)})
    assert f"`mlkit show raw --run {NEW}`" in mlkit("show", "raw", house.root)[1]


def test_where_nothing_was_saved_the_next_word_is_to_run(mlkit, tmp_path):
    (tmp_path / "mlkit.toml").write_text("format = 1\n")
    code, out = mlkit("show", tmp_path)
    assert (code, out) == (0, "nothing has been saved yet: `mlkit run`\n")
    code, out = mlkit("show", "raw", tmp_path)
    assert code == 2
    assert "run the project: `mlkit run`" in out
