"""What may leave the store: all that no name, draft, record or champion needs."""

from __future__ import annotations

import shutil
from pathlib import Path

from mlkit.core.champion import moves
from mlkit.core.media import FILE, Media
from mlkit.core.media import needed as digests_in
from mlkit.core.project import Project
from mlkit.core.store import Store
from mlkit.engine.running.lock import lock

__all__ = ["clean_up", "drop_media"]

SEARCHES = 4


def clean_up(project: Project, keep: int, dry_run: bool = False) -> tuple[int, int]:
    """Remove what is not needed; return bytes freed and how many things went.

    Parameters
    ----------
    project
        The project; it must not be running.
    keep
        How many of the newest runs to keep, besides those that made what is fresh.
    dry_run
        Count only.
    """
    with lock(project, "gc"):
        store = Store(project.state)
        needed = _needed(project, store)
        gone = [store.path(i) for i in store.objects() if i not in needed]
        gone += list(project.state.rglob(".writing-*"))
        gone += list((project.state / "downloads").glob("*"))  # fetched again at need
        gone += _old_runs(project, store, keep)
        gone += _old_fits(project)
        freed = sum(map(_size, gone))
        if not dry_run:
            drop_media(store, needed)
        for path in gone:
            if not dry_run:
                shutil.rmtree(path) if path.is_dir() else path.unlink(missing_ok=True)
        return freed, len(gone)


def _needed(project: Project, store: Store) -> set[str]:
    found = {e.identity for e in store.drafts().values()}
    for path in (store.folder / "refs").glob("*.json"):
        found |= {e.identity for e in store.refs(path.stem).values()}
    for path in (store.folder / "steps").glob("*.json"):
        for record in store.records(path.stem)[:1]:
            found |= {entry["identity"] for entry in record["saves"].values()}
    reigns = moves(project.ledger)
    found |= {line["package"] for line in reigns}
    return found | {line["raw"] for line in reigns[-1:] if "raw" in line}


def drop_media(store: Store, needed: set[str]) -> None:
    """Let go of the images and sounds that no table names any more.

    Parameters
    ----------
    store
        The project's.
    needed
        The artifacts that stay.
    """
    path = store.folder / FILE
    if path.exists():
        tables = [i for i in needed if i.startswith("table-") and store.files(i)]
        named = set().union(*(digests_in(store.path(i)) for i in tables))
        kept = Media(path)
        kept.drop([digest for digest in kept.digests() if digest not in named])


def _old_runs(project: Project, store: Store, keep: int) -> list[Path]:
    runs = [p for p in sorted(project.runs.glob("2*")) if p.is_dir()]
    used = {e.run for e in store.refs().values()}
    return [p for p in runs[: max(len(runs) - keep, 0)] if p.name not in used]


def _old_fits(project: Project) -> list[Path]:
    """Return the finished fits of all searches but the last ones."""
    folders = [path for path in (project.state / "fits").glob("*") if path.is_dir()]
    return sorted(folders, key=lambda path: -path.stat().st_mtime)[SEARCHES:]


def _size(path: Path) -> int:
    files = path.rglob("*") if path.is_dir() else [path]
    return sum(p.stat().st_size for p in files if p.is_file())
