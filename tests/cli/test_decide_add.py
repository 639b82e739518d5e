"""What a profile prints is a command line that adds to a decision."""

from __future__ import annotations

import shlex

import pytest

from mlkit.core import decisions
from mlkit.data.measures.alert import Alert, accept, rule

EDITOR = (
    "class Editor:\n    def __init__(self, value):\n        self.value = value\n"
    "        self.seen = 'x'\n\n"
    "    def picture(self, value):\n        return value\n"
)


@pytest.fixture
def shell(capfd):
    """Call a command as the shell does: its exit code, and what it says."""
    from mlkit.cli.group import command_line

    def call(*words):
        capfd.readouterr()
        code = command_line([str(word) for word in words])
        return code, "".join(capfd.readouterr())

    return call


def asked(chain, name, default):
    chain.step(
        "04_pick",
        "",
        "import mlkit as mk\nfrom editor import Editor",
        f"value = mk.decide({name!r}, Editor({default}))",
        "mk.save(picked=value)",
    )
    (chain.root / "steps" / "editor.py").write_text(EDITOR)


def test_a_remedy_is_added_by_the_command_that_is_printed(shell, chain):
    asked(chain, "cleaning", "{}")
    chain.executed()
    one = Alert("hidden missing", "it's", "look", "", fix=accept("missing it's"))
    two = Alert("blanks", "b", "note", "", fix=accept("trim b"))
    for alert in (one, two, two):
        words = shlex.split(alert.command)
        assert words[0] == "mlkit"
        assert shell(*words[1:], "-C", chain.root)[0] == 0
    made = decisions.read(chain.root / "decisions", "cleaning")
    assert made.value == {"accept": ["missing it's", "trim b"]}
    assert chain.executed() == ["pick"]


def test_a_rule_is_added_to_those_in_use(shell, chain):
    asked(chain, "contract", [{"rule": "proposed"}])
    alert = Alert("missing target", "t", "look", "", fix=rule("t", "known", "required"))
    words = [*shlex.split(alert.command)[1:], "-C", chain.root]
    code, said = shell(*words)
    assert (code, "nothing that contract" in said) == (2, True)
    assert decisions.read(chain.root / "decisions", "contract") is None
    chain.executed()
    assert shell(*words)[0] == 0
    made = decisions.read(chain.root / "decisions", "contract")
    assert [one["rule"] for one in made.value] == ["proposed", "t known"]


def test_a_lone_folder_is_the_project_whose_decisions_are_listed(chain, shell):
    asked(chain, "depth", 3)
    chain.executed()
    assert shell("decide", chain.root) == shell("decide", "-C", chain.root)
    assert "default of pick" in shell("decide", chain.root)[1]
