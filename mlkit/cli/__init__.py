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
    _open_streams()
    try:
        if _nothing_to_do(arguments):
            sys.exit(0)
        from mlkit.cli.group import command_line

        sys.exit(command_line(arguments))
    except KeyboardInterrupt:
        sys.exit(130)


def _open_streams() -> None:
    """Have a stdout and a stderr, also where the caller closed them."""
    import os

    for name in ("stdout", "stderr"):
        if getattr(sys, name) is None:
            setattr(sys, name, open(os.devnull, "w"))  # noqa: PTH123, SIM115


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
    kept = sum(event.get("state") == "kept" for event in events)
    try:
        print(f"Everything is up to date: {_steps(kept)} kept.", flush=True)  # noqa: T201
    except BrokenPipeError:
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
    return True


def _steps(count: int) -> str:
    return "1 step" if count == 1 else f"{count} steps"
