"""How a step ended, as its cells show it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from mlkit.engine.execution.worker import Failure, State

__all__ = ["input_requested", "is_run", "judge"]

GATE = "Blocked"
ADVICE = {
    "SystemExit": "a step ends with its last cell; raise an error to stop it earlier",
    "KeyboardInterrupt": "something outside interrupted the kernel; run the step again",
    GATE: "make mk.gate the last call of the last cell",
}


def is_run(cell: Any) -> bool:
    """Say whether a cell is one that has to run."""
    return (
        cell["cell_type"] == "code"
        and bool(cell["source"].strip())
        and "skip-execution" not in cell["metadata"].get("tags", [])
    )


def judge(
    cells: list[Any], refused: tuple[int, Mapping[str, Any]] | None = None
) -> tuple[State, Failure | None]:
    """Judge a step from its executed cells; a gate's traceback is taken out.

    Parameters
    ----------
    cells
        The cells of the executed notebook.
    refused
        Index of a cell that the kernel reported as failed, and that reply: for a
        failure that left no output.

    Returns
    -------
    tuple of State and Failure or None
        The failure's cell is an index into `cells`.
    """
    last = max((i for i, cell in enumerate(cells) if is_run(cell)), default=-1)
    for index, cell in enumerate(cells):
        if not is_run(cell):
            continue
        error = _error(cell) or (
            refused[1] if refused and refused[0] == index else None
        )
        if error is not None:
            if error["ename"] == GATE and index == last:
                _close_gate(cell)
                return "blocked", Failure(GATE, error["evalue"], index)
            return "failed", _failure(error, index)
        if cell["execution_count"] is None:
            why = "a cell has not run, though no error was reported"
            return "failed", Failure("NotExecuted", why, index, "run the step again")
    return "passed", None


def _error(cell: Any) -> Mapping[str, Any] | None:
    errors = (out for out in cell["outputs"] if out["output_type"] == "error")
    return next(errors, None)


def _failure(error: Mapping[str, Any], index: int) -> Failure:
    name, message = error.get("ename", "Error"), error.get("evalue", "")
    if name == "StdinNotImplementedError":
        return input_requested(index)
    if name == "SystemExit":
        message = f"a cell called sys.exit({message})"
    return Failure(name, message, index, ADVICE.get(name, ""))


def input_requested(index: int | None) -> Failure:
    """Tell that a cell asked a person for input."""
    return Failure(
        "InputRequested",
        "a cell asked for input, and nobody is there to give it",
        index,
        todo="make it a parameter, or a decision: mk.decide(name, editor)",
    )


def _close_gate(cell: Any) -> None:
    """Leave the gate's card, without the traceback that ended the step."""
    cell["outputs"] = [o for o in cell["outputs"] if o["output_type"] != "error"]
    cell["metadata"].get("papermill", {}).update(exception=False, status="completed")
