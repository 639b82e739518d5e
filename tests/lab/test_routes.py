"""What the routes tell and do, asked of a running server."""

import json
import subprocess
import sys
import tomllib

import pytest

P = "work/p"


@pytest.fixture(scope="module")
def run(server):
    """A run of the whole project, started through the server."""
    found = server.send("POST", "runs", {}, 201, project=P)
    events = server.ended(P, found["run"])
    assert events[-1]["event"] == "run_finished"
    assert events[-1]["state"] == "passed"
    return found["run"]


def test_a_project_is_found_from_a_file_in_it_and_not_from_elsewhere(server):
    path = f"{P}/steps/02_clean.ipynb"
    found = server.get("projects", path=path)["project"]
    assert found["path"] == P
    assert found["question"] == "How many?"
    assert server.get("projects", path="plain") == {"project": None}


def test_the_graph_tells_states_and_why_and_where_steps_are_drawn(server, run):
    found = server.get("graph", project=P)
    clean = found["steps"]["clean"]
    assert (clean["state"], clean["parents"]) == ("fresh", ["collect"])
    assert "nothing it depends on changed" in clean["why"]
    assert clean["seconds"] > 0
    assert clean["executed"] == f"{P}/runs/{run}/02_clean.ipynb"
    assert set(found["map"]["stops"]) == {"collect", "clean", "total"}
    assert found["problem"] is None


def test_the_graph_is_what_status_prints(server, run):
    words = [sys.executable, "-m", "mlkit", "status", "--json", server.root / P]
    told = subprocess.run(words, capture_output=True, text=True, check=True).stdout
    steps = json.loads(told)["steps"]
    found = server.get("graph", project=P)["steps"]
    for name, step in steps.items():
        for key in ("state", "why", "loads", "saves", "drafts"):
            assert found[name][key] == step[key]


def test_a_fault_in_the_graph_is_told_where_it_is(server, make, write):
    root = make("faulty")
    loads = 'import mlkit as mk\n\nmk.save(x=mk.load("ray"))'
    write(root / "steps/04_more.ipynb", "a: int = 1", loads)
    found = server.get("graph", project="faulty")
    assert "nobody saves 'ray'" in found["problem"]["what"]
    assert found["problem"]["notebooks"] == ["faulty/steps/04_more.ipynb"]
    assert len(found["notebooks"]) == 4


def test_parameters_are_read_and_written_back_to_their_cell(server):
    found = server.get("parameters", project=P, step="clean")["parameters"]
    assert found[0] == {
        "name": "factor",
        "type": "int",
        "kind": "int",
        "choices": [],
        "text": "1",
        "help": "times",
    }
    form = {"values": {"factor": "2"}}
    server.send("PUT", "parameters", form, project=P, step="clean")
    text = (server.root / P / "steps/02_clean.ipynb").read_text()
    assert "factor: int = 2  # times" in text
    server.send(
        "PUT", "parameters", {"values": {"factor": "1"}}, project=P, step="clean"
    )


@pytest.mark.parametrize(
    ("form", "said"),
    [
        ({"values": {"factor": "two"}}, "cannot take"),
        ({"values": {"facto": "2"}}, "no parameter"),
        ({"values": {"factor": 2}}, "given as text"),
        ({"values": []}, "values cannot be this"),
        ({"value": {}}, "unknown"),
        ([], "not a JSON object"),
    ],
)
def test_a_wrong_value_is_told_and_changes_nothing(server, form, said):
    path = server.root / P / "steps/02_clean.ipynb"
    before = path.read_bytes()
    reply = server.client.put(
        "parameters", params={"project": P, "step": "clean"}, content=json.dumps(form)
    )
    assert reply.status_code == 400
    assert said in reply.json()["message"]
    assert path.read_bytes() == before


@pytest.mark.slow
def test_a_run_is_listed_told_in_full_and_compared(server, run):
    listed = server.get("runs", project=P)
    assert listed["runs"][-1]["run"] == run
    assert listed["runs"][-1]["metrics"] == {"total": 4.0}
    told = server.get(f"runs/{run}", project=P)
    assert told["steps"]["total"]["state"] == "passed"
    form = {"given": {"clean.factor": "3"}}
    other = server.send("POST", "runs", form, 201, project=P)["run"]
    server.ended(P, other)
    changes = server.get("compare", project=P, old=run, new=other)["changes"]
    numbers = [c for c in changes if c["kind"] == "metric"]
    assert [(c["name"], c["old"], c["new"]) for c in numbers] == [
        ("metrics.total", 4.0, 12.0)
    ]


def test_a_run_with_nothing_to_do_says_so(server, run):
    found = server.send("POST", "runs", {}, 201, project=P)
    assert found["run"] == ""
    assert found["state"] == "passed"
    assert found["kept"] == ["collect", "clean", "total"]


@pytest.mark.slow
def test_events_come_while_the_run_goes_on_from_any_byte_on(server, run):
    form = {"given": {"clean.pause": "2.5"}, "until": "clean"}
    found = server.send("POST", "runs", form, 201, project=P)["run"]
    file = server.root / P / "runs" / found / "events.jsonl"
    path = f"runs/{found}/events"
    with server.client.stream("GET", path, params={"project": P}) as reply:
        live = [
            json.loads(line)["event"]
            for line in reply.iter_lines()
            if line and b"run_finished" not in file.read_bytes()
        ]
    assert "cell_started" in live
    events = file.read_bytes()
    rest = server.client.get(path, params={"project": P, "from": len(events) - 10})
    assert rest.content == events[-10:]


@pytest.mark.slow
def test_a_second_run_is_refused_and_the_first_can_be_stopped(server, run):
    form = {"given": {"clean.pause": "60"}}
    first = server.send("POST", "runs", form, 201, project=P)["run"]
    assert server.get("pulse", project=P)["run"] == first
    no = server.send("POST", "runs", {}, 409, project=P)
    assert "another run holds" in no["message"]
    told = server.send("DELETE", "runs", project=P)
    assert "was ended" in told["told"]
    assert server.ended(P, first)[-1]["state"] == "interrupted"
    server.send("DELETE", "runs", {}, 409, project=P)


@pytest.mark.parametrize(
    ("form", "said"),
    [
        ({"only": "nothing"}, "there is no step"),
        ({"only": "--help"}, "there is no step"),
        ({"given": {"clean.facto": "1"}}, "no parameter"),
        ({"given": {"clean.factor": "x"}}, "cannot take"),
        ({"given": {"clean.factor": 1}}, "given as text"),
        ({"profile": "none"}, "no profile"),
        ({"only": "a\0b"}, "cannot be this"),
        ({"shell": "true"}, "unknown"),
        ({"refresh": "yes"}, "refresh cannot be this"),
        ({"only": "$(touch x)"}, "there is no step"),
    ],
)
def test_a_run_that_cannot_be_is_refused_with_its_reason(server, form, said):
    no = server.send("POST", "runs", form, 400, project=P)
    assert said in no["message"]


def test_the_pulse_changes_when_a_notebook_or_a_decision_does(server, run):
    marks = [server.get("pulse", project=P)["mark"]]
    marks.append(server.get("pulse", project=P)["mark"])
    path = server.root / P / "steps/03_total.ipynb"
    path.write_text(path.read_text() + "\n")
    marks.append(server.get("pulse", project=P)["mark"])
    server.root.joinpath(P, "decisions").mkdir(exist_ok=True)
    (server.root / P / "decisions" / "x.json").write_text("{}")
    marks.append(server.get("pulse", project=P)["mark"])
    (server.root / P / "decisions" / "x.json").unlink()
    assert marks[0] == marks[1]
    assert len(set(marks)) == 3


def test_artifacts_are_listed_and_previewed(server, run):
    listed = {one["name"]: one for one in server.get("artifacts", project=P)}
    assert listed["raw"]["kind"] == "table"
    raw = server.get("artifacts/raw", project=P)
    assert raw["rows"] == 2
    assert raw["columns"][1] == {"name": "b", "type": "text", "roles": []}
    assert raw["body"][0] == ["1", "<script>alert(1)</script>"]
    assert json.loads(server.get("artifacts/metrics", project=P)["text"])["total"] == 4
    no = server.get("artifacts/raws", 404, project=P)
    assert no["todo"] == "did you mean 'raw'?"
    past = server.get("artifacts/raw", project=P, run=run, rows=1)
    assert len(past["body"]) == 1


def test_a_file_of_an_artifact_can_do_nothing(server, run):
    place = {"project": P, "path": "table.parquet"}
    reply = server.client.get("artifacts/raw/file", params=place)
    assert reply.headers["content-disposition"] == "attachment"
    assert "sandbox" in reply.headers["content-security-policy"]
    for path in ("../object.json", "object.json/..", "/etc/passwd", ""):
        server.get("artifacts/raw/file", 404, project=P, path=path)


def test_pages_come_in_a_sandbox(server, run):
    for name in ("report.html", "01_collect.ipynb"):
        reply = server.client.get(f"pages/{P}/runs/{run}/{name}")
        assert reply.status_code == 200
        assert reply.headers["content-type"].startswith("text/html")
        policy = reply.headers["content-security-policy"]
        assert policy.startswith("sandbox allow-same-origin; default-src 'none'")
        assert "script" not in policy


@pytest.mark.slow
def test_a_gate_is_overruled_with_a_reason_and_not_without(server, make):
    make("gated", gate=99)
    started = server.send("POST", "runs", {}, 201, project="gated")["run"]
    assert server.ended("gated", started)[-1]["state"] == "blocked"
    total = server.get("graph", project="gated")["steps"]["total"]
    assert total["state"] == "blocked"
    assert total["verdict"]["findings"][0]["bar"] == "total at least 99"
    path = "decisions/overrule_total"
    no = server.send("PUT", path, {"value": True}, 400, project="gated")
    assert "needs a reason" in no["message"]
    form = {"value": True, "why": "--it is <b>known</b>"}
    server.send("PUT", path, form, project="gated")
    made = server.get("decisions", project="gated")
    assert made[0]["why"] == "--it is <b>known</b>"
    assert "overrule" in {
        line["event"] for line in server.get("ledger", project="gated")
    }
    server.send("DELETE", path, project="gated")
    assert server.get("decisions", project="gated") == []


@pytest.mark.slow
def test_a_data_file_tells_its_columns_and_a_project_is_made_of_it(server):
    rows = "".join(f"{i},{i % 7},{'yes' if i % 3 else 'no'}\n" for i in range(60))
    (server.root / "plain" / "shop visits.csv").write_text(f"id,n,bought\n{rows}")
    path = "plain/shop visits.csv"
    found = server.get("data", path=path)
    assert [column["name"] for column in found["columns"]] == ["id", "n", "bought"]
    assert found["recipe"] == "table"
    form = {"folder": "plain/shop", "data": path, "target": "bough"}
    assert server.send("POST", "projects", form, 400)["message"]
    assert not (server.root / "plain" / "shop").exists()
    form["target"] = "bought"
    made = server.send("POST", "projects", form, 201)["project"]
    assert made["path"] == "plain/shop"
    fields = server.get("parameters", project="plain/shop", step="collect")
    told = {field["name"]: field["text"] for field in fields["parameters"]}
    assert told["data"] == "../shop visits.csv"
    assert server.send("POST", "projects", form, 400)["message"]


def test_a_folder_of_notebooks_becomes_a_project_and_keeps_its_settings(server, make):
    root = make("mine")
    (root / "mlkit.toml").unlink()
    made = server.send("PUT", "projects", {"folder": "mine"})["project"]
    assert made["path"] == "mine"
    (root / "mlkit.toml").write_text('format = 1\n[goal]\nquestion = "Kept?"\n')
    again = server.send("PUT", "projects", {"folder": "mine"})["project"]
    assert again["question"] == "Kept?"


@pytest.mark.slow
def test_a_goal_is_told_with_what_could_stand_in_it_and_written_in_place(server, make):
    root = make("aim")
    (root / "mlkit.toml").write_text('format = 1\n[goal]\nuse = "mail"  # kept\n')
    told = server.get("goal", project="aim")
    assert told["use"] == "mail"
    assert told["titles"]["costs"] == {"false_alarm": "false alarm", "miss": "miss"}
    assert told["titles"]["bars"]["roc_auc"] == "ROC AUC"
    form = {"question": "Who?", "costs": {"miss": 5}, "bars": {"roc_auc": 0.8}}
    told = server.send("PUT", "goal", form, project="aim")
    assert (told["question"], told["use"]) == ("Who?", "mail")
    assert told["costs"] == {"miss": 5}
    text = (root / "mlkit.toml").read_text()
    assert "# kept" in text
    assert server.get("projects", path="aim")["project"]["question"] == "Who?"
    no = server.send("PUT", "goal", {"bars": {"roc_au": 1}}, 400, project="aim")
    assert "does not stand there" in no["message"]
    assert no["todo"] == "did you mean 'roc_auc'?"
    assert (root / "mlkit.toml").read_text() == text
    told = server.send("PUT", "goal", {"costs": {"miss": None}}, project="aim")
    assert (told["costs"], told["bars"]) == ({}, {"roc_auc": 0.8})


DOTS = """\
format = 1
[goal.costs."1"]
"1.1" = 2.0
[goal.costs."1.1"]
"1" = 9.0
"""


def test_costs_of_classes_with_dots_are_told_apart_and_kept(server, make):
    settings = make("dots") / "mlkit.toml"
    settings.write_text(DOTS)
    told = server.get("goal", project="dots")
    assert sorted(told["costs"].values()) == [2.0, 9.0]
    titles = {told["titles"]["costs"][name]: name for name in told["costs"]}
    assert set(titles) == {"1 taken for 1.1", "1.1 taken for 1"}
    server.send("PUT", "goal", {"question": "Who?"}, project="dots")
    form = {"question": "Which?", "costs": told["costs"]}
    server.send("PUT", "goal", form, project="dots")
    goal = tomllib.loads(settings.read_text())["goal"]
    costs = {"1": {"1.1": 2.0}, "1.1": {"1": 9.0}}
    assert goal == {"question": "Which?", "costs": costs}
    server.send(
        "PUT", "goal", {"costs": {titles["1.1 taken for 1"]: 4}}, project="dots"
    )
    costs["1.1"]["1"] = 4.0
    assert tomllib.loads(settings.read_text())["goal"]["costs"] == costs


@pytest.mark.parametrize(
    ("form", "said"),
    [
        ({"question": 1}, "question cannot be this"),
        ({"question": "x" * 10_001}, "question cannot be this text"),
        ({"use": "a\0b"}, "use cannot be this text"),
        ({"bars": {"roc_auc": "0.8"}}, "no number"),
        ({"bars": {"roc_auc": True}}, "no number"),
        ({"costs": {str(i): 1 for i in range(201)}}, "too many names"),
        ({"metric": "roc_auc"}, "unknown: metric"),
    ],
)
def test_a_goal_that_is_none_is_refused_with_its_reason(server, form, said):
    before = (server.root / P / "mlkit.toml").read_bytes()
    no = server.send("PUT", "goal", form, 400, project=P)
    assert said in no["message"]
    assert (server.root / P / "mlkit.toml").read_bytes() == before


def test_without_a_package_there_is_no_card_and_nothing_to_serve(server, run):
    assert "no package yet" in server.get("model", 404, project=P)["message"]
    assert "no package yet" in server.get("model", 404, project=P, run=run)["message"]
    no = server.send("POST", "served", {}, 400, project=P)
    assert "no champion" in no["message"]
    assert server.get("served") == []
    for door in ("page", "schema"):
        no = server.get(f"served/{door}", 404, project=P)
        assert "not served" in no["message"]
    rows = {"rows": [{}]}
    no = server.send("POST", "served/predict", rows, 404, project=P)
    assert no["todo"] == "serve it first"
    server.send("DELETE", "served", {}, 404, project=P)
