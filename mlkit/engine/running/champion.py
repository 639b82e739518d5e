"""Who may become champion: the package of an unmodified run, or of retrain's."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from pathlib import Path
from typing import Any

from mlkit.core.champion import champion, move, moves
from mlkit.core.errors import StepError, UsageError, did_you_mean
from mlkit.core.files import digest, read_state
from mlkit.core.project import Project
from mlkit.core.store import MAIN, Entry, Store

__all__ = [
    "CHALLENGER",
    "absent",
    "challenger",
    "crown",
    "former",
    "in_use",
    "is_trial",
    "promotable",
    "promote",
    "rollback",
    "variant_of",
]

CHALLENGER = "challenger"
"""The variant that `retrain` makes."""
SETTLED = ("passed", "kept")


def variant_of(given: Mapping[str, Mapping[str, str]], challenger: bool) -> str:
    """Return whose refs a run's saves are: main's, the challenger's, or its own.

    Parameters
    ----------
    given
        Step → parameter → value, as source text, where it is not the notebook's.
    challenger
        Whether `retrain` makes it, so that its package may become champion.

    Examples
    --------
    >>> variant_of({}, False), variant_of({"tune": {"trials": "3"}}, True)
    ('main', 'challenger')
    """
    if challenger:
        return CHALLENGER
    return f"v{digest(given)[:12]}" if given else MAIN


def is_trial(variant: str) -> bool:
    """Tell whether a variant is one of a run whose package cannot be champion.

    Examples
    --------
    >>> is_trial("v0123456789ab"), is_trial(CHALLENGER)
    (True, False)
    """
    return variant not in (MAIN, CHALLENGER)


def crown(
    project: Project,
    variant: str,
    saves: Mapping[str, Entry],
    refs: Mapping[str, Entry],
) -> None:
    """Make the first accepted package of an unmodified run the champion.

    It may have been made by a modified run, where the notebooks say the same by now.

    Parameters
    ----------
    project
        The project.
    variant
        Whose refs the run's saves are; see `variant_of`.
    saves
        What a step saved, now or when it last ran.
    refs
        What all names mean now.
    """
    entry = saves.get("package") if variant == MAIN else None
    if entry is not None and not champion(project.ledger):
        why = "the first accepted package"
        move(project.ledger, "promote", entry, why, **_rows(refs))


def in_use(project: Project) -> dict[str, Entry]:
    """Return what `package` means where the champion's is wanted.

    Raises
    ------
    UsageError
        Where there is no champion.
    StepError
        Where its package is not in the store any more.
    """
    line = champion(project.ledger)
    if line is None:
        raise absent(project, "there is no champion yet")
    at = datetime.fromisoformat(line["at"]).timestamp()
    run = str(line.get("run", ""))
    entry = Entry(str(line["package"]), "a folder", step="package", run=run, at=at)
    _check_there(project, entry)
    return {"package": entry}


def promotable(project: Project, run: str = "") -> tuple[Entry, dict[str, Any]]:
    """Return a package that may become champion, and what the ledger should add.

    Parameters
    ----------
    project
        The project.
    run
        The id of the run that made it; "" for the newest that an unmodified run made.

    Raises
    ------
    UsageError
        Where there is no such run, its parameters were not the notebooks' own, or it
        made no accepted package.
    StepError
        Where that is not in the store any more.
    """
    refs = _refs_of(project, run) if run else Store(project.state).refs()
    entry = refs.get("package")
    if entry is None and run:
        what = "there is no accepted package yet"
        raise UsageError(what, where=f"run {run}", todo="mlkit run")
    if entry is None:
        raise absent(project, "there is no accepted package yet")
    _check_there(project, entry)
    return entry, _rows(refs)


def absent(project: Project, what: str) -> UsageError:
    """Say that no package is there, or where only a trial made one, what to do.

    Parameters
    ----------
    project
        The project.
    what
        What is missing, as a sentence.
    """
    runs = [] if "package" in Store(project.state).refs() else _manifests(project)
    for path in sorted(runs, reverse=True):
        manifest = read_state(path, dict) or {}
        trial = is_trial(str(manifest.get("variant", MAIN)))
        if trial and "package" in _saves(manifest):
            what = "only a trial has made an accepted package yet"
            return _of_trial(project, path.parent.name, manifest, what)
    return UsageError(what, where=str(project.root), todo="mlkit run")


def challenger(project: Project) -> tuple[Entry, dict[str, Any]]:
    """Return the package that `retrain` made last, and what the ledger should add.

    Raises
    ------
    UsageError
        Where there is none.
    StepError
        Where it is not in the store any more.
    """
    refs = Store(project.state).refs(CHALLENGER)
    entry = refs.get("package")
    if entry is None:
        raise UsageError("there is no challenger yet", todo="mlkit retrain")
    _check_there(project, entry)
    return entry, _rows(refs)


def promote(project: Project, why: str, run: str = "") -> tuple[Entry, bool]:
    """Make a package the champion; return it, and whether it was not so before.

    Raises
    ------
    UsageError, StepError
        As `promotable` does.
    """
    entry, rows = promotable(project, run)
    now = champion(project.ledger)
    if now and now["package"] == entry.identity:
        return entry, False
    move(project.ledger, "promote", entry, why, **rows)
    return entry, True


def rollback(project: Project, why: str, run: str = "") -> Entry:
    """Make an earlier champion the champion again.

    Parameters
    ----------
    project
        The project.
    why
        The reason, for the ledger.
    run
        The run that made it; "" for the champion before this one.

    Raises
    ------
    UsageError
        Where no champion came of that run, it is the champion, or there was none
        before.
    StepError
        Where its package is not in the store any more.
    """
    line = former(project, run)
    entry = Entry(str(line["package"]), run=str(line.get("run", "")))
    _check_there(project, entry)
    rows = {"raw": line["raw"]} if "raw" in line else {}
    move(project.ledger, "rollback", entry, why, **rows)
    return entry


def former(project: Project, run: str = "") -> dict[str, Any]:
    """Return the line that made an earlier champion so; see `rollback`."""
    reigns = list[dict[str, Any]]()
    every = moves(project.ledger)
    for line in every:
        places = [k for k, x in enumerate(reigns) if x["package"] == line["package"]]
        if line["event"] == "rollback" and places:
            del reigns[places[-1] + 1 :]
        else:
            reigns.append(line)
    if not run:
        if len(reigns) > 1:
            return reigns[-2]
        todo = "`mlkit rollback RUN` takes up the champion that a run made"
        raise UsageError("there is no champion before this one", todo=todo)
    known = {str(line.get("run", "")): line for line in every}
    if run not in known:
        raise UsageError(
            f"no champion came of run {run!r}",
            where="ledger.jsonl",
            expected=", ".join(known) or "there was none yet",
            todo=did_you_mean(run, known),
        )
    if known[run]["package"] == every[-1]["package"]:
        raise UsageError(f"the package of run {run} is the champion")
    return known[run]


def _refs_of(project: Project, run: str) -> dict[str, Entry]:
    """Return what the steps of a run saved, the package only if its gate let it."""
    runs = [path.parent.name for path in _manifests(project)]
    if run not in runs:
        raise UsageError(f"there is no run {run!r}", todo=did_you_mean(run, runs))
    manifest = read_state(project.runs / run / "manifest.json", dict) or {}
    if is_trial(str(manifest.get("variant", ""))):
        what = "only an unmodified run can be promoted"
        raise _of_trial(project, run, manifest, what)
    return _saves(manifest)


def _manifests(project: Project) -> list[Path]:
    return list(project.runs.glob("2*/manifest.json"))


def _of_trial(
    project: Project, run: str, manifest: Mapping[str, Any], what: str
) -> UsageError:
    """Say of a trial's package how it becomes champion."""
    promote_ = '`mlkit promote --why "..."`'
    todo = f"write these parameters into the notebooks, then `mlkit run`, {promote_}"
    made = _saves(manifest).get("package")
    newest = Store(project.state).refs().get("package")
    if made and newest and made.identity == newest.identity:
        todo = f"the notebooks say the same by now: {promote_}, without a run"
    return UsageError(what, where=f"run {run}", got=_given(manifest), todo=todo)


def _saves(manifest: Mapping[str, Any]) -> dict[str, Entry]:
    """Return what the steps of a run saved whose gates let it."""
    steps = manifest.get("steps", {}).values()
    return {
        name: Entry(**entry)
        for step in steps
        if step["state"] in SETTLED
        for name, entry in step["saves"].items()
    }


def _given(manifest: Mapping[str, Any]) -> str:
    """Tell what a run was told beside its notebooks."""
    told = manifest.get("given", {}).items()
    pairs = [f"{s}.{n} = {v}" for s, given in told for n, v in given.items()]
    return ", ".join(pairs) or "no manifest"


def _rows(refs: Mapping[str, Entry]) -> dict[str, str]:
    """Return the identity of all rows a package was made from, where that is known."""
    return {"raw": refs["raw"].identity} if "raw" in refs else {}


def _check_there(project: Project, entry: Entry) -> None:
    if not Store(project.state).files(entry.identity):
        raise StepError(
            "this package is not in the store any more",
            where=f"run {entry.run}",
            todo="run the project again as it was then; see `mlkit runs`",
        )
