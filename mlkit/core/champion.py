"""The champion: the package in use, and the moves that made it so.

The ledger's last promotion or rollback is the pointer to it. A line of the ledger is
one durable write, and a line torn by a crash is none: so the pointer moves at once,
or not at all.
"""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from mlkit.core import ledger
from mlkit.core.errors import StepError, UsageError
from mlkit.core.project import Project
from mlkit.core.store import Entry, Store

__all__ = ["champion", "mark", "move", "moves", "package_of"]

MOVES = ("promote", "rollback")


def moves(path: Path) -> list[dict[str, Any]]:
    """Return the ledger's promotions and rollbacks, oldest first.

    Parameters
    ----------
    path
        The project's ``ledger.jsonl``.

    Returns
    -------
    list of dict
        ``event``, ``at``, ``by``, ``package`` (its identity in the store), ``run``
        and ``why``.
    """
    return [line for line in ledger.lines(path) if line["event"] in MOVES]


def champion(path: Path) -> dict[str, Any] | None:
    """Return the move that made the champion; None where there is none yet.

    Parameters
    ----------
    path
        The project's ``ledger.jsonl``.

    Examples
    --------
    >>> champion(Path("no/such/ledger.jsonl")) is None
    True
    """
    found = moves(path)
    return found[-1] if found else None


def mark(path: Path) -> tuple[int, int, int]:
    """Return what differs once a ledger was written to: a look costs one stat.

    Examples
    --------
    >>> mark(Path("no/such/ledger.jsonl"))
    (0, 0, 0)
    """
    try:
        stat = path.stat()
    except FileNotFoundError:
        return 0, 0, 0
    return stat.st_mtime_ns, stat.st_size, stat.st_ino


def move(path: Path, event: str, entry: Entry, why: str, **more: Any) -> dict[str, Any]:
    """Make a package the champion, by one line in the ledger; return the line.

    Parameters
    ----------
    path
        The project's ``ledger.jsonl``.
    event
        ``promote`` or ``rollback``.
    entry
        The package.
    why
        The reason.
    more
        What else the line should say, as plain JSON.
    """
    facts: Mapping[str, Any] = {"run": entry.run, "package": entry.identity, **more}
    return ledger.append(path, event, **facts, why=why)


def package_of(project: Project, identity: str = "") -> Path:
    """Return the folder of a package, its files checked.

    Parameters
    ----------
    project
        The project.
    identity
        Of a package in its store; "" for the champion's.

    Raises
    ------
    UsageError
        Where there is no champion.
    StepError
        Where the package is not in this store.
    StoreError
        Where its files are damaged.
    """
    todo = "run the project until a package is accepted: `mlkit run`"
    if not identity:
        line = champion(project.ledger)
        if line is None:
            where = str(project.root)
            raise UsageError("there is no champion yet", where=where, todo=todo)
        identity = str(line["package"])
    store = Store(project.state)
    if not store.files(identity):
        where = f"package {identity.partition('-')[2][:12]}"
        raise StepError("this package is not in the store", where=where, todo=todo)
    found = store.get(Entry(identity))
    assert isinstance(found, Path)
    return found
