"""What a run looks like in a terminal and in a log."""

import io
import re
import threading

import pytest

from mlkit.cli.progress import Progress, graph_text
from mlkit.engine.planning.graph import Graph
from mlkit.engine.planning.plan import Check
from mlkit.engine.reading.notebook import Notebook

GRAPH = {
    "collect": [],
    "profile": ["collect"],
    "clean": ["collect"],
    "train": ["clean", "collect"],
    "accept": ["train"],
}
STARTED = {
    "event": "run_started",
    "time": 1000.0,
    "steps": list(GRAPH),
    "graph": {
        step: {"parents": above, "saves": [f"{step}_out"], "notebook": f"{step}.ipynb"}
        for step, above in GRAPH.items()
    },
}
TICK = {"event": "tick"}
SHUT = {
    "title": "May it leave?",
    "findings": [
        {"bar": "ROC AUC at least 0.8", "state": "missed", "got": "0.78", "need": "0.8",
         "help": "more rows", "required": False},
        {"bar": "fair", "state": "not_assessed", "got": "", "need": "", "help": "",
         "required": True},
        {"bar": "fast", "state": "passed", "got": "", "need": "", "help": "",
         "required": False},
    ],
}  # fmt: skip


def begin(step):
    return {"event": "step_started", "step": step, "time": 1000.0}


def cell(step, number, cells=7):
    return {"event": "cell_started", "step": step, "cell": number * 2, "number": number,
            "cells": cells, "line": "parts = split(table)"}  # fmt: skip


def end(step, state="passed", **facts):
    return {"event": "step_finished", "step": step, "state": state, "seconds": 1.25,
            "why": "", "notebook": f"runs/x/{step}.ipynb", **facts}  # fmt: skip


def finish(state="passed", executed=(), **facts):
    return {"event": "run_finished", "state": state, "executed": list(executed),
            "seconds": 75.0, **facts}  # fmt: skip


def played(*events, live=False):
    out = io.StringIO()
    with Progress(out, live) as progress:
        for event in events:
            progress(event)
    return out.getvalue()


def unstyled(text):
    return re.sub(r"\x1b\[[0-9;?]*[A-Za-z]", "", text)


def test_in_a_log_each_step_that_ends_is_a_line(capsys):
    out = played(
        STARTED,
        end("collect", "kept"),
        begin("profile"),
        begin("clean"),
        cell("clean", 1),
        TICK,
        end("clean", metrics={"clean": {"rows": 344.0}}),
        end("profile"),
        end("train", "kept"),
        end("accept", "kept"),
        finish(executed=["profile", "clean"]),
    )
    assert out.splitlines() == [
        "= kept: collect",
        "✓ clean     1.2 s  rows 344",
        "✓ profile   1.2 s",
        "= train      kept",
        "= accept     kept",
        "Done in 1 min 15 s: 2 ran and 3 kept.",
    ]
    assert capsys.readouterr().err == ""


def test_a_monitor_is_told_by_its_verdict_and_a_failure_by_its_first_line():
    said = {"word": "retrain", "sentence": "ROC AUC fell", "tone": "bad"}
    lines = "there is no request log\n  where:    /x.sqlite\n  to do:    serve"
    error = {"type": "InputError", "message": lines, "cell": 3, "todo": ""}
    out = played(
        STARTED,
        begin("clean"),
        end("clean", metrics={"health": {"drifted": 0.0}}, headline=said),
        end("train", "failed", error=error),
    )
    assert out.splitlines() == [
        "✓ clean     1.2 s  retrain: ROC AUC fell",
        "✗ train     1.2 s  there is no request log",
    ]


def test_a_trial_with_other_parameters_says_that_it_makes_no_champion():
    done = finish(executed=["clean"], trial=True)
    assert "cannot be champion" in played(STARTED, end("clean"), done)
    kept = played(STARTED, end("clean", "kept"), finish(trial=True))
    assert "champion" not in kept


@pytest.mark.parametrize("live", [False, True])
def test_where_nothing_runs_there_is_one_calm_line(live):
    kept = [end(step, "kept") for step in GRAPH]
    out = unstyled(played(STARTED, *kept, TICK, finish(), live=live))
    assert out == "Everything is up to date: 5 steps kept.\n"


def test_a_kept_block_is_told_with_its_bars(capsys):
    kept = [end(step, "kept") for step in list(GRAPH)[:-1]]
    shut = end("accept", "blocked", verdict=SHUT)
    out = played(STARTED, *kept, shut, finish("blocked", blocked=["accept"]))
    assert out == "Blocked: nothing had to run, 4 kept and 1 blocked.\n"
    err = capsys.readouterr().err
    assert "accept is blocked: May it leave?" in err
    assert "✗ ROC AUC at least 0.8: got 0.78, need 0.8\n    more rows" in err
    assert "✗ fair: not assessed" in err
    assert "fast" not in err
    assert 'mlkit decide overrule_accept true --why "..."' in err


@pytest.mark.parametrize("live", [False, True])
def test_a_failure_says_what_where_and_what_to_do(capsys, live):
    error = {
        "type": "ValueError",
        "message": "x is 3\nnot 4",
        "cell": 6,
        "todo": "mend it",
    }
    out = played(
        STARTED,
        begin("collect"),
        cell("collect", 3),
        end("collect", "failed", error=error),
        end("clean", "skipped", why="collect, which it loads from, failed"),
        finish("failed", ["collect"]),
        live=live,
    )
    assert "Failed in 1 min 15 s: 0 ran" not in out
    assert capsys.readouterr().err.splitlines() == [
        "",
        "collect failed: ValueError: x is 3",
        "  not 4",
        "  where:  collect.ipynb, cell 3 of 7",
        "  to do:  mend it",
        "  look:   runs/x/collect.ipynb",
    ]


def test_what_a_notebook_says_cannot_steer_the_terminal(capsys):
    evil = "\x1b]0;owned\x07\x1b[2Jx\u202ey\rz"
    error = {"type": evil, "message": evil, "cell": None, "todo": evil}
    shut = {
        "title": evil,
        "findings": [SHUT["findings"][0] | {"bar": evil, "help": evil}],
    }
    out = played(
        STARTED,
        begin("collect"),
        end("collect", "failed", error=error),
        end("clean", "blocked", verdict=shut),
        end("train", metrics={"x": {evil: 1.0}}),
        end("profile", headline={"word": evil, "sentence": evil, "tone": evil}),
        end("accept", "skipped", why=evil),
        finish("failed", ["collect"]),
    )
    for text in (out, capsys.readouterr().err):
        assert not set(text) & {"\x1b", "\x07", "\r", "\u202e"}


def test_in_a_terminal_the_graph_changes_in_place_without_a_thread(monkeypatch):
    monkeypatch.setenv("COLUMNS", "80")
    monkeypatch.setenv("LINES", "30")
    out = io.StringIO()
    threads = threading.active_count()
    with Progress(out, live=True) as progress:
        for event in (
            STARTED,
            end("collect", "kept"),
            begin("clean"),
            cell("clean", 3),
        ):
            progress(event)
        progress._drawn = 0.0
        progress(TICK)
        drawn = unstyled(out.getvalue())
        assert threading.active_count() == threads
        assert "cell 3/7  parts = split(table)" in drawn
        assert "├─○  profile  → profile_out" in drawn
        assert "=    collect    kept" in drawn
        assert "1 of 5 steps" in drawn
        progress(end("clean"))
        progress(finish("interrupted", ["clean"]))
    assert "Interrupted in 1 min 15 s" in unstyled(out.getvalue())
    assert out.getvalue().count("\x1b[?25l") == out.getvalue().count("\x1b[?25h") == 1


def test_a_low_terminal_shows_what_is_running(monkeypatch):
    monkeypatch.setenv("COLUMNS", "80")
    monkeypatch.setenv("LINES", "12")
    names = [f"step{i:02}" for i in range(40)]
    graph = {n: {"parents": names[max(0, i - 1) : i]} for i, n in enumerate(names)}
    done = [event for name in names[:30] for event in (begin(name), end(name))]
    out = io.StringIO()
    with Progress(out, live=True) as progress:
        for event in ({**STARTED, "steps": names, "graph": graph}, *done):
            progress(event)
        out.truncate(0)
        progress(begin("step30"))
        drawn = unstyled(out.getvalue())
    assert "step30" in drawn
    assert "step00" not in drawn.partition("steps ·")[0]
    assert drawn.partition("steps ·")[0].count("\n") <= 12


def test_a_dumb_terminal_gets_lines(monkeypatch):
    monkeypatch.setenv("TERM", "dumb")
    assert "\x1b" not in played(STARTED, begin("collect"), end("collect"), live=True)


def test_a_terminal_that_knows_no_signs_gets_what_it_knows():
    raw = io.BytesIO()
    out = io.TextIOWrapper(raw, encoding="ascii", write_through=True)
    with Progress(out, live=False) as progress:
        for event in (STARTED, begin("collect"), end("collect")):
            progress(event)
    assert raw.getvalue().startswith(b"? collect")


def test_the_graph_is_drawn_with_states_and_names():
    none = dict.fromkeys(Notebook.__dataclass_fields__, ())
    steps = {
        name: Notebook(**none | {"name": name, "saves": (f"{name}_out",),
                                 "loads": tuple(f"{p}_out" for p in above),
                                 "seals": ("clean_out",)})
        for name, above in GRAPH.items()
    }  # fmt: skip
    graph = Graph(steps, {f"{name}_out": name for name in steps})
    checks = {name: Check("fresh", "") for name in steps} | {
        "accept": Check("blocked", "")
    }
    assert unstyled(graph_text(graph, checks)).splitlines() == [
        "✓    collect  fresh    → collect_out",
        "├─✓  profile  fresh    → profile_out",
        "✓    clean    fresh    → clean_out (sealed)",
        "✓    train    fresh    → train_out",
        "⊘    accept   blocked  → accept_out",
    ]
