"""The command line, one command a file."""

from __future__ import annotations

import sys

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Mapping

__all__ = ["main"]


def main() -> None:
    """Run a command and exit."""
    arguments = sys.argv[1:]
    if _nothing_to_do(arguments):
        sys.exit(0)
    from mlkit.cli.group import command_line

    sys.exit(command_line(arguments))


def _nothing_to_do(arguments: list[str]) -> bool:
    """Tell at once, before anything else is loaded, of a run with nothing to do."""
    if arguments[:1] != ["run"] or len(arguments) > 2 or arguments[-1].startswith("-"):
        return False
    import os

    from mlkit.engine.running.witness import recall

    events: list[Mapping[str, object]] = []
    root = os.path.abspath(arguments[1] if len(arguments) == 2 else ".")  # noqa: PTH100
    while not os.path.isfile(os.path.join(root, "mlkit.toml")):  # noqa: PTH113, PTH118
        if root == os.path.dirname(root):  # noqa: PTH120
            return False
        root = os.path.dirname(root)  # noqa: PTH120
    if not recall(root, events.append):
        return False
    kept = sum(event["event"] == "step_finished" for event in events)
    print(f"Everything is up to date: {kept} steps kept.")  # noqa: T201
    return True
