"""The ledger: seals, gates, overrules and promotions, each line chained to the last.

Every line holds the hash of the line before it, so that a line changed, dropped or
put in between shows in `verify`. It holds hashes and never rows. It is evidence
against mistakes, not against malice: who can rewrite the whole file can rewrite
history.
"""

from __future__ import annotations

import json
import os
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from mlkit.core.decisions import person
from mlkit.core.errors import StoreError
from mlkit.core.files import append_line, digest

__all__ = ["append", "judged", "lines", "verify"]

FIRST = "0" * 64
WHOLE = {
    "unseal": {"hash", "identity", "target", "models"},
    "promote": {"hash", "package"},
    "rollback": {"hash", "package"},
}
"""What mlkit itself reads of a line, by its event."""


def append(path: Path, event: str, **facts: Any) -> dict[str, Any]:
    """Add one line and return it.

    Parameters
    ----------
    path
        The project's ``ledger.jsonl``.
    event
        ``unseal``, ``gate``, ``overrule``, ``promote`` ...
    facts
        Plain JSON data: names and hashes.
    """
    with _locked(path):
        before = lines(path)
        line = {
            "event": event,
            "at": datetime.now(UTC).isoformat(timespec="seconds"),
            "by": person(),
            **facts,
            "previous": before[-1]["hash"] if before else FIRST,
        }
        line["hash"] = digest(line)
        append_line(path, line)
        return line


def lines(path: Path) -> list[dict[str, Any]]:
    """Return all lines of a ledger; a last line torn by a crash is left out."""
    try:
        texts = path.read_bytes().split(b"\n")
    except FileNotFoundError:
        return []
    return [_parse(text, n, path) for n, text in enumerate(texts[:-1], 1) if text]


def verify(path: Path) -> int:
    """Check the chain and return its length.

    Raises
    ------
    StoreError
        At the first line that does not follow from the one before.
    """
    previous, found = FIRST, lines(path)
    for number, line in enumerate(found, 1):
        body = {key: value for key, value in line.items() if key != "hash"}
        if line.get("previous") != previous or digest(body) != line.get("hash"):
            raise StoreError(
                "the ledger's chain is broken",
                where=f"{path.name}, line {number}",
                expected=f"a line that follows {previous[:12]}…, as it was written",
                todo="restore the ledger from version control",
            )
        previous = line["hash"]
    return len(found)


def judged(path: Path, identity: str) -> list[str]:
    """Return the models, in order, that a sealed artifact's target has judged."""
    models: list[str] = []
    for line in lines(path):
        if (
            line["event"] == "unseal"
            and line["identity"] == identity
            and line["target"]
        ):
            models += [model for model in line["models"] if model not in models]
    return models


def _parse(text: bytes, number: int, path: Path) -> dict[str, Any]:
    try:
        line = dict(json.loads(text))
        if not line.keys() >= WHOLE.get(line["event"], {"hash"}):
            raise KeyError(line["event"])
        return line
    except (ValueError, TypeError, KeyError):
        raise StoreError(
            "a line of the ledger cannot be read",
            where=f"{path.name}, line {number}",
            todo="restore the ledger from version control",
        ) from None


@contextmanager
def _locked(path: Path) -> Iterator[None]:
    """Let one process at a time append; mend a last line torn by a crash."""
    path.parent.mkdir(parents=True, exist_ok=True)
    with path.open("ab") as file:
        if os.name == "posix":
            import fcntl

            fcntl.flock(file, fcntl.LOCK_EX)
        if path.stat().st_size and not path.read_bytes().endswith(b"\n"):
            whole = path.read_bytes().rfind(b"\n") + 1
            file.truncate(whole)
        yield
