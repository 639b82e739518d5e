"""What happened before: looks at sealed rows, bars that changed, the champion."""

from __future__ import annotations

import os
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from mlkit.core import ledger, seals
from mlkit.core.champion import moves
from mlkit.core.errors import StoreError
from mlkit.core.session import Session, session
from mlkit.core.store import Entry

__all__ = ["Champion", "Past", "champion", "past"]


@dataclass(frozen=True)
class Past:
    """What the ledger says of a sealed artifact and of the model that it judges.

    Parameters
    ----------
    models
        How many models have judged most of its rows, this one included; one with
        another threshold counts as another. 0 where nobody counts: outside a project.
    looks
        The looks at the target of its rows before this model was made.
    changes
        The bars that changed after results were seen.
    entered
        Whether the bars in use stand in the ledger.
    """

    models: int = 1
    looks: tuple[Mapping[str, Any], ...] = ()
    changes: tuple[Mapping[str, Any], ...] = ()
    entered: bool = True


def past(name: str, bars: Mapping[str, Any] | None = None) -> Past:
    """Return what the ledger says of a sealed artifact that was opened.

    Parameters
    ----------
    name
        A sealed name that this kernel has opened; else nothing is known of it.
    bars
        The bars in use, as ``[goal.bars]`` has them; None asks nothing of them.
    """
    now = session()
    if now.project is None or name not in now.entries:
        return Past(models=0, entered=not bars)
    path, identity = now.here.ledger, now.entries[name].identity
    mine = [e for e in now.entries.values() if e.kind == "model"]
    models = [entry.identity for entry in mine]
    thresholds = sorted({*now.thresholds.values()})
    mine += [now.entries[name] for name in now.thresholds]
    made = max((entry.at for entry in mine), default=0.0)
    known = [*ledger.lines(path), *now.opened]
    kin = seals.kin(now.store, known, name, identity)
    copy = "MLKIT_COPY_OF" in os.environ  # it shows again what was seen then
    return Past(
        models=max(ledger.judged(path, kin, models, thresholds, then=copy), 1),
        looks=tuple(ledger.looks(path, kin, models, thresholds, made)),
        changes=tuple(ledger.changes(path, kin)),
        entered=bars is None or _entered(path) == dict(bars),
    )


def _entered(path: Path) -> dict[str, Any]:
    found = [line["bars"] for line in ledger.lines(path) if line["event"] == "bars"]
    return dict(found[-1]) if found else {}


@dataclass(frozen=True)
class Champion:
    """The package in use, and the sealed rows that it cannot have seen.

    Parameters
    ----------
    folder
        The package; None where it is gone from the store.
    rows
        The ids of sealed rows that were under seal when it was made; None means all.
    why
        Why there are none, where there are none.
    package
        Its identity.
    known
        The ids of all rows that there were when it was made; None where nobody knows.
    """

    folder: Path | None
    rows: frozenset[str] | None = frozenset()
    why: str = ""
    package: str = ""
    known: frozenset[str] | None = None

    def unseen(self, ids: Iterable[object]) -> NDArray[np.bool_]:
        """Tell which rows were under seal when it was made."""
        held = self.rows
        return np.array([held is None or str(i) in held for i in ids], bool)

    def fresh(self, ids: Iterable[object]) -> NDArray[np.bool_]:
        """Tell which rows nobody had when it was made."""
        known = self.known
        return np.array([known is not None and str(i) not in known for i in ids], bool)


def champion(name: str) -> Champion | None:
    """Return the champion; None where there is none yet, or no project.

    A model that is the champion itself is held against nothing, nor is one in a copy
    of a project that has no package of the champion. The step does not come to depend
    on it: a model is not judged again because the champion moved.

    Parameters
    ----------
    name
        The sealed name that a challenger is judged by, opened by this kernel.
    """
    now = session()
    if now.project is None or name not in now.entries:
        return None
    lines = ledger.lines(now.here.ledger)
    made = moves(now.here.ledger)
    if not made:
        return None
    package = str(made[-1]["package"])
    runs = [x.get("run") for x in made if x["package"] == package]
    opened = [
        x
        for x in lines
        if x["event"] == "unseal" and x.get("name") == name and x.get("run") in runs
    ]
    mine = {e.identity for e in now.entries.values() if e.kind == "model"}
    if mine and mine <= {model for x in opened for model in x.get("models", ())}:
        return None
    try:
        folder = now.store.get(Entry(package))
    except StoreError:
        gone = Champion(
            None, why="its package is no longer in the store", package=package
        )
        return None if "MLKIT_COPY_OF" in os.environ else gone
    held = [str(x["identity"]) for x in opened]
    found = _unseen(now, folder, now.entries[name].identity, held)
    raw, seal = str(made[-1].get("raw", "")), now.entries[name].identity
    if not seals.named_alike(now.store, (seal, raw, *held)):
        why = (
            "rows had other names then, so that nobody knows which of these it has seen"
        )
        return Champion(folder, why=why, package=package)
    known = seals.row_ids(now.store, raw)
    if known is not None and found.why:  # fresh rows are certainly unseen
        found = replace(found, why="")
    return replace(found, package=package, known=known)


def _unseen(now: Session, folder: Path, identity: str, held: list[str]) -> Champion:
    """Tell which of the rows under seal now were so when the champion was made."""
    if identity in held:
        return Champion(folder, None)
    for before in reversed(held):
        rows = seals.row_ids(now.store, before)
        if rows is not None:
            return Champion(folder, rows)
    return Champion(folder, why="nobody knows which rows it was fitted on")
