"""What a step uses beyond its cells: whatever of it changes, the step runs again."""

import os
import py_compile

import pytest

from mlkit.core.store import Store
from mlkit.engine.planning.graph import build
from mlkit.engine.planning.plan import status


def why(maker, step):
    return status(maker.project, build(maker.project)).checks[step].why


@pytest.fixture
def user(maker):
    """One step that uses all sorts of things by itself."""
    steps, outside = maker.root / "steps", maker.root.parent / "src"
    outside.mkdir()
    (outside / "far.py").write_text("value = 1\n")
    (steps / "near.py").write_text("value = 1\n")
    (steps / "script.py").write_text("run = 1\n")
    (steps / "text.py").write_text("told = 1\n")
    (steps / "pack").mkdir()
    (steps / "pack" / "part.py").write_text("value = 1\n")
    maker.step(
        "01_use",
        "",
        "import mlkit as mk\nimport sys\nimport near\nimport statistics",
        'sys.path.append("../../src")\nimport far',
        "def late():\n    from pack.part import value\n    return value",
        "%run script.py",
        'exec(open("text.py").read())',
        "from pathlib import Path\n"
        'try:\n    more = Path("../data/more.txt").read_text()\n'
        'except OSError:\n    more = ""',
        'open("made.py", "w").write("value = 1")\nimport made',
        "mk.save(used=[near.value, far.value, late(), run, told, more, made.value])",
    )
    assert maker.executed() == ["use"]
    assert maker.executed() == []
    return maker


def put(place, text):
    def act(root):
        path = root / place
        path.parent.mkdir(exist_ok=True)
        path.write_text(text)

    return act


CHANGES = {
    "near": (put("steps/near.py", "value = 2\n"), "module steps/near.py changed"),
    "far": (put("../src/far.py", "value = 2\n"), "module ../src/far.py changed"),
    "late": (put("steps/pack/part.py", "value = 2"), "steps/pack/part.py changed"),
    "run": (put("steps/script.py", "run = 2\n"), "module steps/script.py changed"),
    "exec": (put("steps/text.py", "told = 2\n"), "module steps/text.py changed"),
    "package": (
        put("steps/near/__init__.py", "value = 2"),
        "near/__init__.py appeared",
    ),
    "stdlib": (put("steps/statistics.py", ""), "module steps/statistics.py appeared"),
    "absent": (put("data/more.txt", "x"), "file data/more.txt was added"),
}


@pytest.mark.slow
def test_whatever_a_step_uses_by_itself_counts(user):
    for name, (change, sentence) in CHANGES.items():
        change(user.root)
        assert sentence in why(user, "use"), name
        assert user.executed() == ["use"], name
        assert user.executed() == [], name


def test_an_edit_within_a_second_and_of_equal_size_is_compiled(maker):
    helper = maker.root / "steps" / "near.py"
    maker.step("01_use", "", "import mlkit as mk\nimport near", "mk.save(v=near.value)")
    helper.write_text("value = 1\n")
    os.utime(helper, (1_700_000_000, 1_700_000_000))
    maker.executed()
    py_compile.compile(str(helper), doraise=True)
    helper.write_text("value = 2\n")
    os.utime(helper, (1_700_000_000, 1_700_000_000))
    assert maker.executed() == ["use"]
    store = Store(maker.project.state)
    assert store.get(store.refs()["v"]) == 2
