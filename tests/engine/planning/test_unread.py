import json
import threading
import time

import pytest

from mlkit.core.errors import WiringError
from mlkit.core.store import Store
from mlkit.engine.planning.graph import build
from mlkit.engine.planning.plan import status
from mlkit.engine.planning.unread import seen
from mlkit.engine.reporting.standing import standing

MK = "import mlkit as mk\n"


@pytest.fixture
def chain(maker):
    """Make three steps, of which each loads what the one before it saves."""
    maker.step("a", "", MK + "mk.save(x=1)")
    maker.step("b", "", MK + 'mk.save(y=mk.load("x"), held=mk.sealed(1))')
    maker.step("c", "", MK + 'mk.save(z=mk.load("y"))\nmk.unseal("held", why="w")')
    maker.step("d", "", MK + "mk.save(alone=1)")
    return maker


def ran(maker, step, saves, inputs=()):
    """Note that a step has run."""
    entries = {name: {"sealed": name == "held"} for name in saves}
    depfile = {"inputs": dict.fromkeys(inputs, "json-0")}
    record = {"static": {}, "depfile": depfile, "state": "passed", "saves": entries}
    Store(maker.project.state).add_record(step, {**record, "run": "r"})


def spoil(maker, name, *cells):
    """Break a step's notebook; without cells, the file itself."""
    if cells:
        maker.step(name, "", *cells)
    else:
        path = build(maker.project)[name].path
        path.write_text("<<<<<<< mlkit\n" + path.read_text())


def test_all_that_can_be_read_is_told_of(chain):
    spoil(chain, "b", MK + 'mk.save(y=mk.load("x"), held=mk.sealed(1))', "oh no")
    steps = standing(chain.project).steps
    assert list(steps) == ["a", "b", "c", "d"]
    assert [step["state"] for step in steps.values()] == [
        *("never", "unreadable", "never", "never")
    ]
    assert "b cannot be read: the cell cannot be parsed" in steps["b"]["why"]
    assert "code cell 3, line 1: `oh no`" in steps["b"]["why"]
    assert steps["c"]["why"] == "c waits: b, which it loads from, cannot be read"
    with pytest.raises(WiringError, match="cannot be parsed"):
        build(chain.project)


@pytest.mark.parametrize("cells", [("import mlkit a mk", "mk.save("), ()])
def test_a_step_stands_where_it_stood_when_it_last_ran(chain, cells):
    ran(chain, "b", ("y", "held"), ("x",))
    spoil(chain, "b", *cells)
    graph, wrong = seen(chain.project)
    assert list(wrong) == ["b"]
    assert graph.parents("b") == ["a"]
    assert graph.parents("c") == ["b"]
    assert graph.sealed == {"held"}
    told = status(chain.project, graph, unread=wrong).checks
    assert "steps/b.ipynb" in told["b"].why


def test_one_that_opens_the_seal_is_read_as_it_was(chain):
    ran(chain, "c", ("z",), ("y", "held"))
    spoil(chain, "c")
    graph, _ = seen(chain.project)
    assert (graph["c"].loads, graph["c"].unseals) == (("y",), ("held",))


def test_a_step_whose_file_is_empty_as_while_it_is_being_saved_stays_a_step(chain):
    ran(chain, "b", ("y", "held"), ("x",))
    build(chain.project)["b"].path.write_text("")
    assert standing(chain.project).steps["b"]["state"] == "unreadable"


def test_where_nothing_is_known_of_it_the_fault_is_told(chain):
    spoil(chain, "b", "import mlkit a mk", "mk.save(")
    with pytest.raises(WiringError, match=r"cannot be parsed") as raised:
        standing(chain.project)
    assert "b.ipynb, code cell 2" in str(raised.value)


def test_a_fault_of_the_wiring_is_told_as_ever(chain):
    chain.step("e", "", MK + "mk.save(x=2)")
    with pytest.raises(WiringError, match="two steps save 'x'"):
        seen(chain.project)


def test_what_can_all_be_read_is_wired_as_for_a_run(chain):
    (chain.project.root / "torn.ipynb").write_text(json.dumps([]))
    graph, wrong = seen(chain.project)
    assert (list(graph.steps), wrong) == (["a", "b", "c", "d"], {})
    assert "torn.ipynb is passed over" in graph.notices[0]


def test_a_notebook_that_an_editor_is_writing_is_waited_for(chain):
    path = build(chain.project)["b"].path
    text, done = path.read_bytes(), threading.Event()

    def edit():  # in place, as Jupyter does
        while not done.is_set():
            with path.open("wb") as file:
                file.write(text[: len(text) // 2])
                file.flush()
                time.sleep(0.01)
                file.write(text[len(text) // 2 :])
            time.sleep(0.05)

    editor = threading.Thread(target=edit)
    editor.start()
    try:
        found = [seen(chain.project) for _ in range(50)]
    finally:
        done.set()
        editor.join()
    assert [wrong for _, wrong in found] == [{}] * 50
    assert all("b" in graph.steps for graph, _ in found)
