"""The store: artifacts by identity, what names mean, and what steps did.

::

    .mlkit/
      objects/<kind>-<hash>/   one artifact: its payload and object.json
      refs/<variant>.json      what each name means after the last run
      drafts/<name>.json       what a person's kernel saved
      steps/<step>.json        records: under which key a step saved what

Objects are content-addressed: the same value saved twice is one object. A payload's
hash is checked when it is read. What is damaged counts as not there: a run makes it
anew.
"""

from __future__ import annotations

import re
import shutil
from collections.abc import Iterator, Mapping
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

from mlkit.core import artifacts
from mlkit.core.errors import StoreError
from mlkit.core.files import file_hash, publish, read_state, scratch, write_json

__all__ = ["MAIN", "Entry", "Store"]

MAIN = "main"
RECORDS = 30
INDEX = "object.json"
WHOLE = frozenset({"static", "depfile", "state", "saves", "run"})  # of a record


@dataclass(frozen=True)
class Entry:
    """What a name means: an object and how it came to be.

    Parameters
    ----------
    identity
        ``<kind>-<hash>``: the object's folder.
    summary
        A few words, such as ``"344 rows × 8 columns"``.
    sealed
        Whether only `unseal` may open it.
    step, run
        Who saved it; empty for a draft.
    at
        When, in seconds since 1970.
    metrics
        Numbers that ``runs`` and ``diff`` compare.
    volatile
        Facts that stay outside identity, such as timings.
    headline
        What it comes to, where it says so, such as a monitor's verdict: a ``word``, a
        ``sentence``, and a ``tone``, which is good, warn or bad.
    """

    identity: str
    summary: str = ""
    sealed: bool = False
    step: str = ""
    run: str = ""
    at: float = 0.0
    metrics: Mapping[str, float] = field(default_factory=dict)
    volatile: Mapping[str, Any] = field(default_factory=dict)
    headline: Mapping[str, str] = field(default_factory=dict)

    @property
    def kind(self) -> str:
        """``table``, ``record``, ``json``, ``figure``, ``folder`` or ``model``."""
        return self.identity.partition("-")[0]

    def to_dict(self) -> dict[str, Any]:
        """Return a plain JSON form."""
        return asdict(self)


class Store:
    """The artifacts of one project.

    Parameters
    ----------
    folder
        The project's ``.mlkit``.
    """

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    def put(self, value: Any, name: str) -> Entry:
        """Keep `value` and return its entry; an equal one already here is kept.

        Raises
        ------
        InputError
            Where mlkit does not know how to keep such a value.
        """
        kind_name = artifacts.kind_of(value, name)
        kind = artifacts.KINDS[kind_name]
        identity = f"{kind_name}-{kind.identify(value)}"
        target = self._object(identity)
        if not self._whole(identity):
            with scratch(target) as folder:
                kind.write(value, folder)
                write_json(folder / INDEX, {"files": _hashes(folder)})
                publish(folder, target)
        return Entry(
            identity,
            kind.describe(value),
            metrics=_metrics(value, name),
            volatile=artifacts.volatile_of(value),
            headline=_headline(value),
        )

    def get(self, entry: Entry) -> Any:
        """Read an artifact, its hash checked.

        Raises
        ------
        StoreError
            Where it is absent, torn or changed.
        """
        folder = self._object(entry.identity)
        self.check(entry.identity)
        if entry.kind == "record":
            return artifacts._read_record(folder, entry.volatile)
        return artifacts.KINDS[entry.kind].read(folder)

    def check(self, identity: str, *, repair: bool = True) -> None:
        """Hash an object again; with `repair` a damaged one is removed, to be remade.

        Raises
        ------
        StoreError
            Where it is absent, torn or changed.
        """
        folder = self._object(identity)
        todo = "run again: what is damaged is made anew"
        if not (folder / INDEX).exists():
            raise StoreError(
                "an artifact is not in the store", where=str(folder), todo=todo
            )
        files = self.files(identity)
        for path, wanted in ({folder / INDEX: ""} if files is None else files).items():
            if not wanted or not path.is_file() or file_hash(path) != wanted:
                if repair:
                    shutil.rmtree(folder, ignore_errors=True)
                raise StoreError(
                    "an artifact was damaged after it was saved",
                    where=str(path),
                    expected=f"sha256 {wanted[:12]}…" if wanted else "",
                    todo=todo,
                )

    def _whole(self, identity: str) -> bool:
        """Tell whether an object is there and undamaged; a damaged one is removed."""
        if not (self._object(identity) / INDEX).exists():
            return False
        try:
            self.check(identity)
        except StoreError:
            return False
        return True

    def files(self, identity: str) -> dict[Path, str] | None:
        """Return an object's payload files with their hashes; None where it is gone."""
        folder = self._object(identity)
        index = read_state(folder / INDEX, dict) or {}
        try:
            return {folder / n: str(f["sha256"]) for n, f in index["files"].items()}
        except (AttributeError, KeyError, TypeError):
            return None

    def path(self, identity: str) -> Path:
        """Return the folder of an object."""
        return self._object(identity)

    def refs(self, variant: str = MAIN) -> dict[str, Entry]:
        """Return what each name means in a variant."""
        form = read_state(self.folder / "refs" / f"{variant}.json", dict) or {}
        found = {name: _entry(entry) for name, entry in form.items()}
        return {name: entry for name, entry in found.items() if entry}

    def set_refs(self, refs: Mapping[str, Entry], variant: str = MAIN) -> None:
        """Say at once what all names mean in a variant."""
        form = {name: refs[name].to_dict() for name in sorted(refs)}
        write_json(self.folder / "refs" / f"{variant}.json", form)

    def drafts(self) -> dict[str, Entry]:
        """Return the drafts that are newer than the last run's save of their name."""
        refs = self.refs()
        found = {}
        for path in sorted((self.folder / "drafts").glob("*.json")):
            entry, ref = _entry(read_state(path, dict)), refs.get(path.stem)
            if entry and (ref is None or ref.at < entry.at):
                found[path.stem] = entry
        return found

    def set_draft(self, name: str, entry: Entry) -> None:
        """Keep what a person's kernel saved."""
        write_json(self.folder / "drafts" / f"{name}.json", entry.to_dict())

    def records(self, step: str) -> list[dict[str, Any]]:
        """Return a step's records, newest first."""
        found = read_state(self.folder / "steps" / f"{step}.json", list) or []
        return [r for r in found if isinstance(r, dict) and r.keys() >= WHOLE]

    def add_record(self, step: str, record: Mapping[str, Any]) -> None:
        """Put a record before a step's others; those past the newest 30 go."""
        same = (record["static"], record["depfile"])
        others = [r for r in self.records(step) if (r["static"], r["depfile"]) != same]
        path = self.folder / "steps" / f"{step}.json"
        write_json(path, [record, *others][:RECORDS])

    def objects(self) -> Iterator[str]:
        """Yield the identities of all objects."""
        for folder in sorted((self.folder / "objects").glob("*-*")):
            if not folder.name.startswith("."):
                yield folder.name

    def _object(self, identity: str) -> Path:
        if not re.fullmatch(r"[a-z]+-[0-9a-f]{64}", identity):
            raise StoreError("this is not an artifact's identity", got=identity[:80])
        return self.folder / "objects" / identity


def _entry(form: Any) -> Entry | None:
    try:
        return Entry(**form)
    except TypeError:
        return None


def _hashes(folder: Path) -> dict[str, dict[str, Any]]:
    return {
        path.relative_to(folder).as_posix(): {
            "sha256": file_hash(path),
            "size": path.stat().st_size,
        }
        for path in sorted(folder.rglob("*"))
        if path.is_file()
    }


def _headline(value: Any) -> dict[str, str]:
    """Return what a value says it comes to, under ``headline``."""
    found = getattr(value, "headline", None)
    if not isinstance(found, Mapping):
        return {}
    return {key: str(found.get(key, "")) for key in ("word", "sentence", "tone")}


def _metrics(value: Any, name: str) -> dict[str, float]:
    """Return the numbers a value holds under ``metrics``."""
    if isinstance(value, Mapping):
        found = value if name == "metrics" else value.get("metrics", {})
    else:
        found = getattr(value, "metrics", {})
    if not isinstance(found, Mapping):
        return {}
    return {
        str(key): float(number)
        for key, number in found.items()
        if isinstance(number, (int, float)) and not isinstance(number, bool)
    }
