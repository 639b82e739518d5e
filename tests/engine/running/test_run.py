"""Runs of a small project through real kernels."""

import json
import shutil
import subprocess
import sys
import threading
import time
from concurrent.futures import ThreadPoolExecutor

import nbformat
import pytest

from mlkit.core import ledger
from mlkit.core.errors import Busy, ParameterError, UsageError, WiringError
from mlkit.core.store import Store
from mlkit.engine.planning.graph import build
from mlkit.engine.planning.plan import status
from mlkit.engine.running.lock import holder, lock


def identities(maker):
    refs = Store(maker.project.state).refs()
    return {name: entry.identity for name, entry in refs.items()}


def why(maker, step):
    return status(maker.project, build(maker.project)).checks[step].why


def test_a_run_executes_all_and_the_next_one_nothing(chain):
    assert chain.executed() == ["collect", "clean", "total"]
    folder = chain.root / "runs" / "latest"
    manifest = json.loads((folder / "manifest.json").read_text())
    assert manifest["state"] == "passed"
    assert manifest["steps"]["total"]["saves"]["metrics"]["metrics"] == {"total": 10.0}
    executed = nbformat.read(folder / "02_clean.ipynb", 4)
    assert all(c.execution_count for c in executed.cells if c.cell_type == "code")
    runs = set((chain.root / "runs").iterdir())
    assert chain.executed() == []
    assert set((chain.root / "runs").iterdir()) == runs


def test_a_project_copied_without_its_link_runs_on(maker):
    step = ("import mlkit as mk", "mk.save(total=by)")
    maker.step("01_total", "by: int = 1", *step)
    maker.executed()
    latest = maker.root / "runs" / "latest"
    copied = latest.resolve()
    latest.unlink()
    shutil.copytree(copied, latest)
    maker.step("01_total", "by: int = 2", *step)
    assert maker.executed() == ["total"]
    assert latest.is_symlink()
    assert latest.resolve() != copied


@pytest.mark.parametrize("bars", ["roc_acu = 0.8", "roc_auc = nan"])
def test_a_bar_that_makes_no_sense_is_refused_before_it_is_entered(maker, bars):
    maker.step("01_total", "by: int = 1", "import mlkit as mk", "mk.save(total=by)")
    maker.settings(f"[goal.bars]\n{bars}\n")
    with pytest.raises(UsageError, match="roc_a"):
        maker.run()
    assert maker.events == []
    assert not maker.project.ledger.exists()
    maker.settings("[goal.bars]\nroc_auc = 0.8\n")
    assert maker.executed() == ["total"]
    assert [line["bars"] for line in ledger.lines(maker.project.ledger)] == [
        {"roc_auc": 0.8}
    ]


def test_a_step_that_plain_runs_leave_out_is_not_the_latest_run(maker):
    maker.step("01_total", "by: int = 1", "import mlkit as mk", "mk.save(total=by)")
    maker.step("02_watch", "", "import mlkit as mk", 'mk.save(told=mk.load("total"))')
    maker.settings("[steps.watch]\nmanual = true\n")
    maker.executed()
    latest = maker.root / "runs" / "latest"
    whole = latest.resolve()
    assert maker.executed(only="watch") == ["watch"]
    assert latest.resolve() == whole
    assert maker.executed(only="total", refresh=True) == ["total"]
    assert latest.resolve() != whole


def test_a_tag_says_what_a_report_shows_and_makes_no_step_stale(ran):
    path = ran.root / "steps" / "02_clean.ipynb"
    form = json.loads(path.read_text())
    form["cells"][-1]["metadata"]["tags"] = ["key"]
    path.write_text(json.dumps(form))
    assert ran.executed() == []


def edit(path, old, new):
    text = path.read_text()
    assert old in text
    path.write_text(text.replace(old, new))


CHANGES = {
    "parameter": (
        lambda r: edit(
            r / "steps/02_clean.ipynb", "factor: int = 1", "factor: int = 2"
        ),
        ["clean", "total"],
        "parameter factor changed from 1 to 2",
    ),
    "cell": (
        lambda r: edit(
            r / "steps/03_total.ipynb",
            'mk.load(\\"clean\\")',
            'mk.load(\\"clean\\").abs()',
        ),
        ["total"],
        "code cell 2 changed",
    ),
    "helper": (
        lambda r: edit(r / "steps/helper.py", "table * by", "table * by * 3"),
        ["clean", "total"],
        "module steps/helper.py changed",
    ),
    "data": (
        lambda r: (r / "data/x.csv").write_text("a,b\n1,2\n3,5\n"),
        ["collect", "clean", "total"],
        "file data/x.csv changed",
    ),
}


@pytest.mark.parametrize(
    "change",
    [
        pytest.param(one, marks=[] if one in ("cell", "data") else pytest.mark.slow)
        for one in CHANGES
    ],
)
def test_a_change_reruns_what_depends_on_it_and_why_names_it(ran, change):
    act, expected, sentence = CHANGES[change]
    time.sleep(0.2)
    act(ran.root)
    assert sentence in why(ran, expected[0])
    assert ran.executed() == expected
    assert ran.executed() == []


def test_equal_results_stop_a_change_from_spreading(ran):
    edit(ran.root / "steps/helper.py", "table * by", "table * by  # quietly")
    assert ran.executed() == ["clean"]
    edit(ran.root / "steps/02_clean.ipynb", "# times", "# factor")
    edit(
        ran.root / "steps/03_total.ipynb",
        '"total = int',
        '"# a comment\\ntotal = int',
    )
    assert ran.executed() == []


@pytest.mark.slow
def test_a_changed_back_thing_is_found_again(ran):
    before = (ran.root / "steps/02_clean.ipynb").read_text()
    first = identities(ran)
    edit(ran.root / "steps/02_clean.ipynb", "factor: int = 1", "factor: int = 2")
    ran.executed()
    assert identities(ran) != first
    (ran.root / "steps/02_clean.ipynb").write_text(before)
    assert ran.executed() == []
    assert identities(ran) == first


def test_another_version_of_a_package_reruns_what_imports_it(ran, monkeypatch):
    from mlkit.engine.planning.environment import Environment

    plain = Environment.versions.func
    newer = property(lambda self: {**plain(self), "pandas": "99.0"})
    monkeypatch.setattr(Environment, "versions", newer)
    assert "package pandas changed from" in why(ran, "collect")


def test_a_blocked_gate_is_not_judged_again_and_feeds_nobody(chain):
    chain.step("04_after", "", 'import mlkit as mk\nmk.save(after=mk.load("metrics"))')
    edit(chain.root / "steps/03_total.ipynb", "least: int = 0", "least: int = 99")
    result = chain.run()
    assert (result.state, result.exit_code) == ("blocked", 3)
    assert result.steps["after"] == "skipped"
    page = (chain.root / "runs/latest/03_total.ipynb").read_text()
    assert "Traceback" not in page
    assert "blocked" in page
    result = chain.run()
    assert (result.exit_code, chain.events[-1]["executed"]) == (3, [])
    assert "metrics" not in identities(chain)


@pytest.mark.slow
def test_a_person_may_overrule_a_gate_with_a_reason(chain):
    edit(chain.root / "steps/03_total.ipynb", "least: int = 0", "least: int = 99")
    assert chain.run().exit_code == 3
    command = [sys.executable, "-m", "mlkit", "decide", "overrule_total", "yes"]
    bare = subprocess.run([*command, "-C", chain.root], capture_output=True, text=True)
    assert (bare.returncode, "needs a reason" in bare.stderr) == (2, True)
    subprocess.run([*command, "-C", chain.root, "--why", "a pilot"], check=True)
    assert chain.executed() == ["total"]
    events = [line["event"] for line in ledger.lines(chain.root / "ledger.jsonl")]
    assert "overrule" in events
    edit(chain.root / "steps/03_total.ipynb", "least: int = 99", "least: int = 999")
    assert chain.run().exit_code == 3, "another bar was not overruled"


def test_independent_branches_go_on_when_one_fails(chain):
    chain.step("05_boom", "", "import mlkit as mk", "1 / 0", "mk.save(boom=1)")
    chain.step("06_after", "", 'import mlkit as mk\nmk.save(after=mk.load("boom"))')
    result = chain.run()
    assert result.exit_code == 1
    assert result.steps == {
        "collect": "passed",
        "clean": "passed",
        "total": "passed",
        "boom": "failed",
        "after": "skipped",
    }
    error = next(e["error"] for e in chain.events if e.get("error"))
    assert error["type"] == "ZeroDivisionError"


def test_an_unforeseen_load_and_a_promise_not_kept_fail(chain):
    chain.step(
        "05_sly", "", "import mlkit as mk", "getattr(mk, 'load')('raw')\nmk.save(sly=1)"
    )
    chain.step(
        "06_exit", "", "import mlkit as mk", "raise SystemExit", "mk.save(gone=1)"
    )
    result = chain.run()
    assert result.steps["sly"] == "failed"
    assert result.steps["exit"] == "failed"


def test_bad_input_found_by_a_step_exits_2(chain):
    edit(chain.root / "steps/01_collect.ipynb", "pd.read_csv(reads(data))", "bad(data)")
    helper = "from mlkit.core.errors import InputError\n\n\ndef bad(data):\n"
    helper += "    raise InputError('no column y', where=data)\n"
    (chain.root / "steps" / "bad.py").write_text(helper)
    edit(
        chain.root / "steps/01_collect.ipynb",
        "import pandas as pd",
        "import pandas as pd\\nfrom bad import bad",
    )
    assert chain.run().exit_code == 2


def test_options_select_steps(chain):
    assert chain.executed(until="clean") == ["collect", "clean"]
    assert chain.executed(only="total") == ["total"]
    assert chain.executed(start="clean", refresh=True) == ["clean", "total"]
    with pytest.raises(WiringError, match="did you mean 'clean'"):
        chain.run(only="claen")


def test_a_parameter_changes_a_run_and_not_the_project(ran):
    first = identities(ran)
    text = (ran.root / "steps/02_clean.ipynb").read_text()
    assert ran.executed(given={"clean.factor": "4"}) == ["clean", "total"]
    assert identities(ran) == first
    assert (ran.root / "steps/02_clean.ipynb").read_text() == text
    assert ran.executed() == []
    assert ran.executed(given={"factor": "4"}) == []


@pytest.mark.parametrize(
    "given", [{"factr": "4"}, {"factor": "x"}, {"total.factor": "1"}]
)
def test_a_wrong_parameter_stops_a_run_before_a_kernel_starts(chain, given):
    with pytest.raises(ParameterError):
        chain.run(given=given)
    assert not (chain.root / "runs").exists()


def test_a_profile_sets_parameters(chain):
    chain.settings('[profiles.big]\n"clean.factor" = 10\n')
    chain.run(profile="big")
    assert chain.events[-2]["metrics"]["metrics"] == {"total": 100.0}


def test_two_runs_at_once_say_who_holds_the_project(chain):
    with lock(chain.project, "r1"), pytest.raises(Busy, match="run r1 of"):
        chain.run()


def test_those_who_look_who_holds_a_project_hold_up_no_run(chain):
    project, done = chain.project, threading.Event()
    with lock(project, "r1"):
        pass

    def look():
        while not done.is_set():
            assert (holder(project) or {"run": "r"})["run"] in ("r", "r2", "starting")

    with ThreadPoolExecutor(4) as crowd:
        lookers = [crowd.submit(look) for _ in range(4)]
        try:
            for _ in range(20):
                with lock(project, "r2"):
                    assert holder(project)["run"] == "r2"
        finally:
            done.set()
        assert [one.result() for one in lookers] == [None] * 4


def test_unsealing_stands_in_the_ledger(chain):
    chain.step(
        "05_seal",
        "",
        "import mlkit as mk\nimport pandas as pd",
        'mk.save(test=mk.sealed(pd.DataFrame({"a": [1]})))',
    )
    chain.step(
        "06_judge",
        "",
        "import mlkit as mk",
        'mk.save(n=len(mk.unseal("test", why="acceptance")))',
    )
    chain.executed()
    assert ledger.verify(chain.root / "ledger.jsonl") == 2
    line = next(
        x for x in ledger.lines(chain.root / "ledger.jsonl") if x["event"] == "unseal"
    )
    assert (line["why"], line["step"]) == ("acceptance", "judge")
    assert "sealed" in json.dumps(Store(chain.project.state).refs()["test"].to_dict())


@pytest.mark.slow
def test_in_place_keeps_outputs_in_the_notebooks(chain):
    chain.executed(in_place=True)
    nb = nbformat.read(chain.root / "steps/02_clean.ipynb", 4)
    assert all(c.execution_count for c in nb.cells)
    assert chain.executed() == []


def test_a_damaged_artifact_is_made_again(ran):
    first = identities(ran)
    payload = next(iter(Store(ran.project.state).files(first["metrics"])))
    payload.write_bytes(b"rubbish")
    assert "damaged" in why(ran, "total")
    assert ran.executed() == ["total"]
    assert identities(ran) == first


@pytest.mark.slow
def test_a_person_and_a_run_save_the_same(ran):
    from nbclient import NotebookClient

    for name in ("01_collect", "02_clean", "03_total"):
        path = ran.root / "steps" / f"{name}.ipynb"
        nb = nbformat.read(path, 4)
        NotebookClient(nb, resources={"metadata": {"path": str(path.parent)}}).execute()
    drafts = Store(ran.project.state).drafts()
    found = {name: entry.identity for name, entry in drafts.items()}
    assert found == identities(ran)


@pytest.mark.slow
def test_a_file_that_a_cell_reads_by_itself_is_noticed(chain):
    chain.step(
        "05_reads",
        "",
        "import mlkit as mk\nimport pandas as pd\nimport onnx as third_party",
        'mk.save(lines=len(pd.read_csv("../data/own.csv")))',
    )
    (chain.root / "data" / "own.csv").write_text("a\n1\n")
    chain.executed()
    assert chain.executed() == []
    record = Store(chain.project.state).records("reads")[0]
    assert "onnx" in record["depfile"]["distributions"]
    (chain.root / "data" / "own.csv").write_text("a\n1\n2\n")
    assert "file data/own.csv changed" in why(chain, "reads")
    assert chain.executed() == ["reads"]
