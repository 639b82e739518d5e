"""Where the words of runs and of servers go, and how long they stay."""

from types import SimpleNamespace

import pytest

from mlkit.core.project import Project
from mlkit.lab import command
from mlkit.lab.command import said
from mlkit.lab.served import Server

TOLD = "model {} answers now\n"


@pytest.fixture
def project(tmp_path, monkeypatch):
    (tmp_path / "mlkit.toml").write_text("format = 1\n")
    times = iter(range(10_000))
    stamp = SimpleNamespace(strftime=lambda _: f"20260101-{next(times):06}")
    monkeypatch.setattr(command, "time", stamp)
    return Project.open(tmp_path)


def write(project, count, *apart):
    """Let so many commands say something."""
    for _ in range(count):
        for path in said(project, *apart):
            path.write_text("")


def test_what_a_server_says_outlives_any_number_of_runs(project):
    _, words = said(project, "served")
    server = Server(project.root, None, "", words, last="a1", port=1)
    words.write_text("")
    assert server.version == "a1"
    write(project, 3 * command.KEPT)
    words.write_text(TOLD.format("b2") + TOLD.format("c3"))
    assert server.version == "c3"
    assert len(list((project.state / "lab").glob("*.*"))) == 2 * command.KEPT + 2


def test_words_of_old_servers_are_dropped_and_the_version_stays_known(project):
    _, words = said(project, "served")
    server = Server(project.root, None, "", words, last="a1", port=1)
    words.write_text(TOLD.format("b2"))
    assert server.version == "b2"
    write(project, 2 * command.KEPT, "served")
    assert not words.exists()
    assert server.version == "b2"
