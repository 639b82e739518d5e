"""The notebooks of a project are run again, and compared as a person would."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from mlkit.core.errors import UsageError
from mlkit.engine.testing.fresh import copied, order
from mlkit.engine.testing.plugin import test_project as run_tests
from mlkit.engine.testing.shown import Shown


def cell(source: str, *outputs: Any, count: int | None = 1, tags=()) -> dict[str, Any]:
    made = [stream(one) if isinstance(one, str) else one for one in outputs]
    return {
        "cell_type": "code",
        "execution_count": count,
        "id": f"c{abs(hash((source, count))) % 10**8}",
        "metadata": {"tags": list(tags)},
        "outputs": made,
        "source": source,
    }


def stream(text: str, name: str = "stdout") -> dict[str, Any]:
    return {"output_type": "stream", "name": name, "text": text}


def shown(**data: str) -> dict[str, Any]:
    data = {mime.replace("_", "/"): text for mime, text in data.items()}
    return {"output_type": "display_data", "data": data, "metadata": {}}


def save(path: Path, *cells: dict[str, Any]) -> None:
    kernel = {"name": "python3", "language": "python", "display_name": "Python 3"}
    whole = {"cells": cells, "metadata": {"kernelspec": kernel}}
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(json.dumps({**whole, "nbformat": 4, "nbformat_minor": 5}))


@pytest.fixture
def project(tmp_path: Path) -> Path:
    root = tmp_path / "penguins"
    root.mkdir()
    (root / "mlkit.toml").write_text("format = 1\n")
    return root


HTML = "from IPython.display import display, HTML\ndisplay(HTML('{}'))"


def test_what_passes_and_what_fails(project, capfd):
    save(
        project / "steps" / "01_first.ipynb",
        cell("open('left.txt', 'w').write('0.1234567'); print(1 / 3)", "0.33333334\n"),
        cell("import os; print(os.getcwd())", f"{project}/steps\n"),
        cell(
            "object()",
            {
                **shown(),
                "output_type": "execute_result",
                "data": {"text/plain": "<object at 0x7f01020304>"},
                "execution_count": 1,
            },
        ),
        cell(
            HTML.format('<b id="x1">0.50000001</b>'),
            shown(
                text_html='<b id="y2">0.5</b>',
                text_plain="<IPython.core.display.HTML object>",
            ),
        ),
        cell(
            "import sys; print('%d s' % 3, file=sys.stderr); print('took 3.2 s')",
            stream("other", "stderr"),
            "took 4.1 s\n",
        ),
        cell(
            "1 / 0",
            {
                "output_type": "error",
                "ename": "ZeroDivisionError",
                "evalue": "division by zero",
                "traceback": [],
            },
            tags=["raises-exception"],
        ),
        cell("this is skipped", count=None, tags=["nbval-skip"]),
        cell("", count=None),
        cell("x = 1;"),
    )
    save(
        project / "steps" / "02_second.ipynb",
        cell("print(open('left.txt').read())", "0.1234568\n"),
        cell("print('a', 4)", "a 5\n"),
        cell("print('b')", count=None),
        cell("print('c'"),
        cell("print('d')"),
    )  # fmt: skip
    before = {path: path.read_bytes() for path in files(project)}
    assert run_tests(project) == 1
    out = capfd.readouterr().out
    assert "4 failed, 9 passed, 1 skipped" in out, out
    for part in ("Cell 2", "Cell 3", "Cell 4", "Cell 5", "never executed"):
        assert part in out
    assert {path: path.read_bytes() for path in files(project)} == before


def files(root: Path) -> list[Path]:
    return [path for path in sorted(root.rglob("*")) if path.is_file()]


def test_update_then_test(project, capfd):
    source = "import random\nprint(open('../data.txt').read())\n1 + 1;"
    save(project / "b" / "01_x.ipynb", cell(source, "old", count=None), cell("0.5"))
    (project / "data.txt").write_text("3 rows")
    save(project / "runs" / "1" / "01_x.ipynb", cell("1/0"))
    assert run_tests(project, update=True) == 0
    text = (project / "b" / "01_x.ipynb").read_text()
    cells = json.loads(text)["cells"]
    assert cells[0]["outputs"][0]["text"] == ["3 rows\n"]
    assert [one["execution_count"] for one in cells] == [1, 2]
    assert "execution" not in cells[0]["metadata"]
    assert run_tests(project) == 0
    assert not (project / ".pytest_cache").exists()


def test_a_failed_update_changes_nothing(project, capfd):
    save(project / "01_x.ipynb", cell("print(1)", "old"))
    save(project / "02_y.ipynb", cell("1 / 0", "old"))
    before = {path: path.read_bytes() for path in files(project)}
    assert run_tests(project, update=True) == 1
    assert "02_y.ipynb failed" in capfd.readouterr().out
    assert {path: path.read_bytes() for path in files(project)} == before


def test_nothing_to_test(project, tmp_path):
    with pytest.raises(UsageError, match="no notebooks"):
        run_tests(project)
    with pytest.raises(UsageError, match="no project"):
        run_tests(tmp_path)


def test_where_no_notebook_was_ever_run_one_sentence_says_what_to_do(project):
    save(project / "01_x.ipynb", cell("1 / 0", count=None), cell("2", count=None))
    save(project / "02_y.ipynb", cell("print(1)", count=None))
    with pytest.raises(UsageError, match="no notebook of penguins holds outputs") as no:
        run_tests(project)
    assert "mlkit test --update" in no.value.todo


def test_the_order(project):
    head = "import mlkit as mk\n"
    tagged = cell("a = 1", tags=["parameters"])
    save(project / "01_last.ipynb", tagged, cell(head + "mk.save(z=mk.load('y'))"))
    save(project / "02_first.ipynb", tagged, cell(head + "mk.save(y=1)"))
    save(project / "03_spare.ipynb", tagged, cell(head + "mk.save(y=2)"))
    save(project / "04_hand.ipynb", tagged, cell(head + "mk.save(w=2)"))
    save(project / "00_look.ipynb", cell(head + "mk.load('z')"))
    save(project / "05_other.ipynb", cell("1"))
    text = 'format = 1\n[use]\ny = "first"\n[steps.hand]\nmanual = true\n'
    (project / "mlkit.toml").write_text(text)
    names = [path.stem for path in order(project)]
    assert names == ["02_first", "01_last", "00_look", "05_other"]


@pytest.mark.slow
def test_steps_find_what_the_ones_before_saved(project, capfd):
    tagged = cell("a: int = 1", tags=["parameters"])
    load = "import mlkit as mk\nx = mk.load('y')"
    save(project / "01_b.ipynb", tagged, cell(load), cell("mk.save(z=x)"))
    save(project / "02_a.ipynb", tagged, cell("import mlkit as mk\nmk.save(y=a)"))
    save(project / "03_c.ipynb", cell("import mlkit\nprint(mlkit.load('z'))"))
    assert run_tests(project, update=True) == 0, capfd.readouterr().out
    assert run_tests(project) == 0, capfd.readouterr().out
    assert not (project / ".mlkit").exists()


def test_what_is_copied(project, tmp_path):
    for name in (
        ".mlkit/store/x",
        "runs/1/x",
        "data/x",
        "steps/.git/x",
        "ledger.jsonl",
    ):
        (project / name).parent.mkdir(parents=True, exist_ok=True)
        (project / name).touch()
    (project / "data" / "gone").symlink_to("nowhere")
    copy = copied(project, tmp_path / "copy")
    names = {path.relative_to(copy).as_posix() for path in files(copy)}
    assert names == {"data/x", "ledger.jsonl", "mlkit.toml"}


def test_as_a_plugin(project, tmp_path):
    save(project / "01_x.ipynb", cell("print(1.5)", "1.4\n"))
    (project / "test_own.py").write_text("def test_own(): pass")
    environment = {**os.environ, "PYTEST_DISABLE_PLUGIN_AUTOLOAD": "1"}
    command = [
        sys.executable,
        "-m",
        "pytest",
        "-p",
        "mlkit.engine.testing.plugin",
        "-q",
    ]
    command += ["-p", "no:cacheprovider", "-W", "error", "-c", os.devnull]

    def run(*options: str) -> str:
        done = subprocess.run(
            [*command, *options, str(tmp_path)],
            env=environment,
            capture_output=True,
            text=True,
            timeout=120,
        )
        return done.stdout

    assert "1 passed" in run()
    assert "1 failed" in run("--mlkit")
    assert "1 passed" in run("--mlkit", "--mlkit-tolerance=0.1")


def test_the_plugin_is_nearly_free():
    program = (
        "import sys; import mlkit.engine.testing.plugin;"
        "heavy = {'pytest', 'nbval', 'nbformat', 'nbclient', 'pandas', 'numpy'};"
        "sys.exit(', '.join(heavy & set(sys.modules)) or 0)"
    )
    subprocess.run([sys.executable, "-c", program], check=True, timeout=60)


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("0.123456789", "0.123456788"),
        ("0.98765", "0.98764"),
        ("1.0", "1"),
        ("-0.0", "0.0"),
        ("1e-17", "3e-17"),
        ("1.23456e-05", "1.23457e-05"),
        ("a  1.5\nb 10.0", "a 1.5\nb    10.0\n"),
        ("[ 0.5 -0.5]", "[0.5 -0.5]"),
        ("<T at 0x7f3a12>", "<T at 0x55d0ff12ab>"),
        ("Wall time: 3.2 ms", "Wall time: 412 µs"),
        ("at 12:30:01", "at 09:15:44.123"),
        ("\x1b[31mred\x1b[0m", "red"),
        ("nan inf", "nan inf"),
    ],
)
def test_what_is_the_same(one, other):
    # a colour leaves a mark, so it is compared with its like
    if "\x1b" in one:
        other = "\x1b[32mred\x1b[0m"
    assert Shown(one) == Shown(other) and Shown(other) == Shown(one)
    assert (Shown(one) != Shown(other)) is False


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("1 row", "2 rows"),
        ("0.974", "0.973"),
        ("0.98765", "0.98763"),
        ("10000001", "10000002"),
        ("nan", "1.0"),
        ("1.5", "-1.5"),
        ("1 2", "12"),
        ("1 2", "1"),
        ("2026-11-22", "2026-11-23"),
        ("a", "b"),
        ("c26", "c27"),
    ],
)
def test_what_differs(one, other):
    assert Shown(one) != Shown(other) and Shown(other) != Shown(one)


@given(st.floats(-1e300, 1e300), st.floats(-0.9, 0.9))
@settings(max_examples=200, deadline=None)
def test_noise_within_tolerance(value, share):
    noisy = value * (1 + share * 1e-6)
    assert Shown(f"x={value!r}", 1e-6) == Shown(f"x={noisy!r}", 1e-6)


@given(st.floats(1e-3, 1e3), st.floats(1.01, 10), st.booleans())
def test_what_is_beyond_tolerance(value, factor, up):
    changed = value * factor if up else value / factor
    assert Shown(repr(value)) != Shown(repr(changed))


@given(st.text(), st.text())
@settings(deadline=None)
def test_never_crashes_and_is_symmetric(one, other):
    assert (Shown(one) == Shown(other)) is (Shown(other) == Shown(one))
    assert Shown(one) == one
