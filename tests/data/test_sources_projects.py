"""New projects from sources that are no files."""

from __future__ import annotations

import json
import sqlite3
from contextlib import closing

import pytest

from mlkit.engine.reading import notebook


@pytest.fixture
def shell(tmp_path, monkeypatch, capfd):
    """Call a command in a folder as the shell does; return its code and words."""
    from mlkit.cli.group import command_line
    from mlkit.core import session

    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(session, "_SESSION", None)
    monkeypatch.delenv("MLKIT_JOB", raising=False)

    def call(*words):
        code = command_line([str(word) for word in words])
        said = capfd.readouterr()
        return code, said.out + said.err

    return call


def parameters(folder, step="01_collect"):
    read = notebook.read(folder / "steps" / f"{step}.ipynb")
    return {parameter.name: parameter.default for parameter in read.parameters}


def shop(path):
    rows = [(n, f"c{n % 3}", n % 2) for n in range(40)]
    with closing(sqlite3.connect(path)) as db:
        db.execute("CREATE TABLE sales (amount INTEGER, kind TEXT, back INTEGER)")
        db.executemany("INSERT INTO sales VALUES (?, ?, ?)", rows)
        db.commit()


def test_a_database_beside_the_project_is_written_from_its_root(shell, tmp_path):
    shop(tmp_path / "shop.db")
    code, said = shell("new", "p", "--data", "sqlite:///shop.db", "--target", "back")
    assert (code, "sqlite:///../shop.db" in said) == (0, True), said
    assert parameters(tmp_path / "p")["data"] == "sqlite:///../shop.db"


def test_options_of_the_source_are_written_into_the_notebook(shell, tmp_path):
    shop(tmp_path / "shop.db")
    options = {"query": "SELECT amount, back FROM sales WHERE amount > 5"}
    given = f"collect.options={json.dumps(options)}"
    code, said = shell(
        *("new", "p", "--data", "sqlite:///shop.db", "--target", "back", "-p", given)
    )
    assert code == 0, said
    assert "2 columns" in said
    assert parameters(tmp_path / "p")["options"] == options


def test_a_reference_stays_one(shell, tmp_path, monkeypatch):
    shop(tmp_path / "shop.db")
    monkeypatch.setenv("SHOP_URL", f"sqlite:///{tmp_path}/shop.db")
    code, said = shell("new", "p", "--data", "env:SHOP_URL", "--target", "back")
    assert code == 0, said
    assert parameters(tmp_path / "p")["data"] == "env:SHOP_URL"
    assert str(tmp_path) not in said


@pytest.mark.parametrize("data", ["sklearn:wine", "synthetic:people?rows=80&seed=2"])
def test_a_source_that_knows_its_target_needs_none(shell, tmp_path, data):
    code, said = shell("new", "p", "--data", data)
    assert code == 0, said
    assert parameters(tmp_path / "p")["data"] == data
    assert f"the data stays where it is: {data}" in said


@pytest.mark.parametrize(
    ("data", "words"),
    [
        ("sqlite:///shp.db", "did you mean 'shop.db'"),
        ("postgresql://ann:hunter2@db/shop", "a secret stands in this address"),
        ("sklearn:irs", "did you mean 'iris'"),
        ("http://127.0.0.1:9/x.csv", "cannot be reached"),
        ("gopher://x/y", "does not read from 'gopher'"),
    ],
)
def test_what_cannot_be_read_leaves_no_project(shell, tmp_path, data, words):
    shop(tmp_path / "shop.db")
    code, said = shell("new", "p", "--data", data, "--target", "back")
    assert code == 2
    assert words in said
    assert "Traceback" not in said
    assert "hunter2" not in said
    assert not (tmp_path / "p").exists()
