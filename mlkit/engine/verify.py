"""Verify every hash, the ledger's chain and the seal."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping
from pathlib import Path

from mlkit.core import ledger, seals
from mlkit.core.artifacts import ABOUT
from mlkit.core.champion import champion
from mlkit.core.errors import InputError, StoreError
from mlkit.core.files import folder_hash
from mlkit.core.project import Project
from mlkit.core.store import Entry, Store

__all__ = ["verify"]


def verify(project: Project, against: Path | None = None) -> Iterator[str]:
    """Yield one sentence for each thing that holds.

    Parameters
    ----------
    project
        The project.
    against
        A package folder that should be the champion's.

    Raises
    ------
    StoreError
        At the first thing that does not hold; a damaged artifact is left in place.
    """
    store = Store(project.state)
    identities = list(store.objects())
    for identity in identities:
        store.check(identity, repair=False)
    yield f"{len(identities)} artifacts are as they were saved"
    yield f"the ledger's chain of {ledger.verify(project.ledger)} lines is whole"
    yield from _seals(project, store)
    if against is not None:
        yield _same_package(project, against)


def _seals(project: Project, store: Store) -> Iterator[str]:
    lines = ledger.lines(project.ledger)
    for name, entry in store.refs().items():
        if entry.sealed:
            whys = Counter(
                line["why"]
                for line in lines
                if line["event"] == "unseal" and line["identity"] == entry.identity
            )
            opened = ", ".join(
                f"for {why} {n} time{'s' * (n != 1)}" for why, n in whys.items()
            )
            kin = seals.kin(store, lines, name, entry.identity)
            judged = ledger.judged(project.ledger, kin)
            yield (
                f"{name!r} is sealed: opened {opened or 'never'}; "
                f"has judged {judged} model{'s' * (judged != 1)}"
                f"{_elsewhere(kin, entry)}"
            )


def _elsewhere(kin: Mapping[str, seals.Shared], entry: Entry) -> str:
    """Tell how many rows of what is sealed lay under another seal, too."""
    others = [one for identity, one in kin.items() if identity != entry.identity]
    if not others:
        return ""
    one = max(others, key=lambda one: one.rows)
    most = "" if one.counted else "at most "
    return f"; {most}{one.rows:,} of its {one.of:,} rows lay under another seal, too"


def _same_package(project: Project, folder: Path) -> str:
    if not folder.is_dir():
        raise InputError("no such package folder", where=str(folder))
    line = champion(project.ledger)
    wanted = str(line["package"]) if line else ""
    found = f"folder-{folder_hash(folder, ABOUT)}"
    if found != wanted:
        raise StoreError(
            "this package is not the champion's",
            where=str(folder),
            expected=wanted or "no champion yet",
            got=found,
            todo="export it again, or promote the model it came from",
        )
    return f"{folder} is the champion's package"
