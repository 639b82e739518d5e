"""``mlkit runs``, ``diff`` and ``open``: past runs."""

import json
import shutil

import pytest

from tests.cli.conftest import facts, leave

OLD, NEW = "20260101-030405-aaaa", "20260102-030405-bbbb"


def test_runs_are_listed_the_newest_first(mlkit, house):
    code, out = mlkit("runs", house.root)
    lines = out.splitlines()
    assert code == 0
    assert [line.split()[0] for line in lines] == [NEW, OLD]
    assert "1 min 16 s" in lines[0]
    assert "roc_auc 0.84  accuracy 0.9" in lines[0]


def test_a_run_that_left_nothing_is_unfinished(mlkit, house):
    (house.runs / "20260103-030405-cccc").mkdir()
    (house.runs / "notes").mkdir()
    _, out = mlkit("runs", house.root, "--json")
    found = [json.loads(line) for line in out.splitlines()]
    assert [f["state"] for f in found] == ["unfinished", "passed", "passed"]
    assert found[1]["executed"] == ["collect"]


@pytest.mark.parametrize(
    "words", [(), ("latest~1", "latest"), (OLD, NEW), ("20260101", "20260102")]
)
def test_diff_names_all_that_differs(mlkit, house, words):
    code, out = mlkit("diff", *words, house.root)
    assert code == 0
    assert out.splitlines()[0] == f"{OLD} → {NEW}"
    told = [" ".join(line.split()) for line in out.splitlines()]
    assert "accept blocked → passed" in told
    assert "collect.trials 24 → 12" in told
    assert "collect.threshold 0.5 → 0.4" in told
    assert "collect.evaluation.roc_auc 0.8 → 0.84 (+0.04)" in told
    assert "collect.evaluation changed" in told
    assert "numpy 2.4.5, 2.4.6 → 2.4.6" in told
    assert not [line for line in told if "accuracy" in line or "raw" in line]


def test_diff_keeps_secrets(mlkit, house):
    _, out = mlkit("diff", house.root, "--json")
    secret = [c for c in map(json.loads, out.splitlines()) if c["name"] == "token"]
    assert [(c["old"], c["new"]) for c in secret] == [("••••", "••••")]


def test_a_run_is_told_from_others_or_the_error_says_how(mlkit, house):
    assert mlkit("diff", NEW, NEW, house.root)[1].splitlines()[1] == "nothing differs"
    code, out = mlkit("diff", "2026", NEW, house.root)
    assert code == 2
    assert "several runs begin with '2026'" in out
    code, out = mlkit("diff", "x", NEW, house.root)
    assert code == 2
    assert "there is no run 'x'" in out


def test_a_lone_run_is_compared_with_nothing(mlkit, house):
    assert "are only 2 runs" in mlkit("diff", "latest~2", "latest", house.root)[1]
    shutil.rmtree(house.runs / OLD)
    for words in ((), ("latest~1", "latest")):
        code, out = mlkit("diff", *words, house.root)
        assert code == 2
        assert "there is only one run of the project" in out
        assert "run the project again" in out
        assert "did you mean" not in out


def test_open_prints_the_path_where_there_is_no_display(mlkit, house):
    code, out = mlkit("open", house.root)
    assert (code, out.strip()) == (0, str(house.runs / NEW / "report.html"))
    assert (house.runs / NEW / "report.html").is_file()
    _, out = mlkit("open", "collect", house.root, "--print")
    assert out.strip() == str(house.runs / NEW / "01_collect.ipynb")
    _, out = mlkit("open", "accept", house.root)
    assert out.strip() == str(house.runs / OLD / "01_collect.ipynb")


@pytest.fixture
def watched(house):
    """Such a project, whose newest run is a look by `monitor` alone."""
    with (house.root / "mlkit.toml").open("a") as file:
        file.write("[steps.monitor]\nmanual = true\n")
    look, place = "20260103-030405-cccc", "runs/20260103-030405-cccc/01_collect.ipynb"
    said = {"word": "retrain", "sentence": "it fell", "tone": "bad"}
    health = {"health": {"identity": "record-x", "metrics": {}, "headline": said}}
    leave(house, look, {"monitor": facts(look, health, notebook=place)})
    return house.runs / look


def test_a_look_by_monitor_hides_no_step_and_no_report(mlkit, house, watched):
    assert mlkit("open", house.root)[1].strip() == str(house.runs / NEW / "report.html")
    collect, monitor = (mlkit("open", s, house.root)[1] for s in ("collect", "monitor"))
    assert collect.strip() == str(house.runs / NEW / "01_collect.ipynb")
    assert monitor.strip() == str(watched / "01_collect.ipynb")
    assert mlkit("diff", house.root)[1].splitlines()[0] == f"{OLD} → {NEW}"
    assert mlkit("runs", house.root)[1].splitlines()[0].endswith("1 ran  retrain")
    told = mlkit("open", house.root, "--run", watched.name)[1]
    assert told.strip() == str(watched / "report.html")
    code, out = mlkit("open", "collect", house.root, "--run", watched.name)
    assert (code, "has no step 'collect'" in out) == (2, True)


def test_a_step_that_was_skipped_is_opened_as_it_ran_before(mlkit, house):
    run = "20260103-030405-cccc"
    skipped = facts(run, state="skipped", notebook="")
    leave(house, run, {"collect": facts(run, state="failed"), "accept": skipped})
    _, out = mlkit("open", "accept", house.root)
    assert out.strip() == str(house.runs / OLD / "01_collect.ipynb")


def test_open_says_which_step_was_meant(mlkit, house):
    code, out = mlkit("open", "colect", house.root)
    assert code == 2
    assert "did you mean 'collect'?" in out
    (house.runs / OLD / "01_collect.ipynb").unlink()
    code, out = mlkit("open", "accept", house.root)
    assert code == 2
    assert "mlkit run --only accept --refresh" in out


def test_without_a_run_the_next_word_is_to_run(mlkit, tmp_path):
    (tmp_path / "mlkit.toml").write_text("format = 1\n")
    for words in (("open",), ("diff",)):
        code, out = mlkit(*words, tmp_path)
        assert code == 2
        assert "mlkit run" in out
    assert "no runs yet" in mlkit("runs", tmp_path)[1]
