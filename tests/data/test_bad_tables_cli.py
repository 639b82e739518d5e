"""The bad tables through the command line: exit codes, and never a traceback."""

from __future__ import annotations

import importlib.util
import subprocess
import sys
from pathlib import Path

import pytest

from mlkit.cli.group import command_line
from mlkit.core.store import Store

HERE = Path(__file__).with_name("test_bad_tables.py")
SPEC = importlib.util.spec_from_file_location("bad_tables_judge", HERE)
assert SPEC and SPEC.loader
judge = importlib.util.module_from_spec(SPEC)
SPEC.loader.exec_module(judge)

TOLD = ("target_type", "id_column", "header")
BROKEN = [
    case for case in judge.CASES if case.ends == "error" and set(case.how) <= set(TOLD)
]
RUN = [
    "semicolons and decimal commas",
    "names of mlkit's own",
    "one class",
    "Parquet: large whole numbers beside gaps",
]
"""A few of each kind; `collect` alone is held against all of them beside this."""
LATER = ["a row too short", "a NUL byte", "a name used twice", "a header alone"]


def mlkit(folder: Path, *words: str) -> tuple[int, str]:
    done = subprocess.run(
        [sys.executable, "-m", "mlkit", *words],
        cwd=folder,
        capture_output=True,
        text=True,
    )
    said = done.stdout + done.stderr
    assert "Traceback" not in said, said
    return done.returncode, said


def words_of(case, folder: Path) -> list[str]:
    """Write a table, and return the words that make a project of it."""
    path = case.write(folder)
    given = [f"-pcollect.{name}={told}" for name, told in case.how.items()]
    options = ["--data", path.name, "--target", case.target, "--recipe", "table"]
    return ["project", *options, *given, "-pvalidate.min_rows=20"]


def made(case, folder: Path) -> tuple[int, str]:
    return mlkit(folder, "new", *words_of(case, folder))


def of_name(name: str):
    return next(case for case in judge.CASES if case.name == name)


@pytest.mark.parametrize("case", BROKEN, ids=[case.name for case in BROKEN])
def test_a_broken_table_makes_no_project(case, tmp_path, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)
    code = command_line(["new", *words_of(case, tmp_path)])
    said = capsys.readouterr().err
    assert code == 2, said
    assert "where:" in said
    assert not [word for word in case.told if word not in said], said


@pytest.mark.slow
@pytest.mark.parametrize("name", RUN)
def test_a_bad_table_runs_until_it_is_split(name, tmp_path):
    case = of_name(name)
    code, said = made(case, tmp_path)
    assert code == 0, said
    code, said = mlkit(tmp_path, "run", "project", "--until", "split")
    assert code == {"right": 0, "blocked": 3}[case.ends], said
    store = Store(tmp_path / "project" / ".mlkit")
    raw, receipt = (store.get(store.refs()[n]) for n in ("raw", "receipt"))
    for column, cells in case.truth.items():
        comma = receipt.facts.get("decimal") == "comma"
        assert not judge.differing(raw[column].tolist(), cells, comma), column
    code, said = mlkit(tmp_path, "run", "project", "--only", "profile")
    assert code == 0, said


@pytest.mark.slow
def test_a_table_that_breaks_later_is_told_in_the_run(tmp_path):
    good = of_name("semicolons")
    code, said = made(good, tmp_path)
    assert code == 0, said
    for name in LATER:
        case = of_name(name)
        (tmp_path / good.file).write_bytes(case.content)
        code, said = mlkit(tmp_path, "run", "project", "--until", "collect")
        assert code == 2, said
        assert not [word for word in case.told if word not in said], said
