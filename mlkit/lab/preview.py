"""What an artifact holds, in small: read without building it.

A table is not loaded and a model not unpickled in the server's own process: its first
rows, its type and its numbers are enough to look at.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from mlkit.core.store import Entry, Store
from mlkit.lab.refusal import Refusal
from mlkit.lab.told import titles

__all__ = ["facts", "payload", "preview"]

LONGEST = 200_000  # characters of text
EXACT = 2.0**53  # whole floats below it are told to the last digit
TEXTS = frozenset({".md", ".txt", ".json", ".csv", ".toml", ".py", ".jsonl", ".pmml"})


def facts(name: str, entry: Entry) -> dict[str, Any]:
    """Return what a list of artifacts tells of one."""
    return {
        "name": name,
        "kind": entry.kind,
        "summary": entry.summary,
        "sealed": entry.sealed,
        "step": entry.step,
        "run": entry.run,
        "at": entry.at,
        "identity": entry.identity,
        "metrics": dict(entry.metrics),
        "titles": titles(entry.metrics),
    }


def preview(store: Store, entry: Entry, rows: int) -> dict[str, Any]:
    """Return what an artifact holds, in small.

    Raises
    ------
    Refusal
        Where it is sealed.
    StoreError
        Where it is absent or damaged.
    """
    if entry.sealed:
        raise Refusal(
            403,
            "this is sealed",
            todo='open it in a notebook with mk.unseal(..., why="..."), '
            "which the ledger notes",
        )
    store.check(entry.identity, repair=False)
    folder = store.path(entry.identity)
    if entry.kind == "table":
        return table(folder, rows)
    if entry.kind in ("json", "record"):
        name = "value.json" if entry.kind == "json" else "record.json"
        value = json.loads((folder / name).read_bytes())
        return {"text": _cut(_readable(value, entry.volatile))}
    if entry.kind == "figure":
        return {"picture": "figure.png"}
    inside = folder / "folder" if entry.kind == "folder" else folder
    return {"files": _files(inside)}


def table(folder: Path, rows: int) -> dict[str, Any]:
    """Return the first rows of a table and what its schema says.

    Where there is no column there is nothing to show.
    """
    import pyarrow.parquet as pq

    schema = json.loads((folder / "schema.json").read_bytes())
    if not schema["columns"]:
        return {}
    with pq.ParquetFile(folder / "table.parquet") as file:
        count = file.metadata.num_rows
        batch = next(file.iter_batches(batch_size=max(rows, 1)), None)
    columns = [
        {"name": c["name"], "type": c["type"], "roles": c.get("roles", [])}
        for c in schema["columns"]
    ]
    cells = batch.to_pydict() if batch is not None and rows else {}
    shown = len(next(iter(cells.values()), ()))
    heads = [column["name"] for column in columns]
    body = [
        [_cell(cells[name][i]) if name in cells else "" for name in heads]
        for i in range(shown)
    ]
    return {"rows": count, "columns": columns, "body": body}


def payload(store: Store, entry: Entry, name: str) -> Path:
    """Return one file of an artifact.

    Raises
    ------
    Refusal
        Where it is sealed, or has no such file.
    """
    folder = store.path(entry.identity).resolve()
    inside = folder / "folder" if entry.kind == "folder" else folder
    known = {} if entry.sealed else _files(inside)
    if name not in known or not (inside / name).resolve().is_relative_to(folder):
        raise Refusal(404, "there is no such file in it", got=name[:80])
    return inside / name


def _files(folder: Path) -> dict[str, int]:
    paths = (p for p in sorted(folder.rglob("*")) if p.is_file())
    return {p.relative_to(folder).as_posix(): p.stat().st_size for p in paths}


def _readable(value: Any, volatile: Mapping[str, Any]) -> str:
    if volatile and isinstance(value, dict) and "fields" in value:
        value = {**value, "fields": value["fields"] | dict(volatile)}
    return json.dumps(value, indent=2, ensure_ascii=False)


def _cut(text: str) -> str:
    return text if len(text) <= LONGEST else text[:LONGEST] + "\n…"


def _cell(value: Any) -> str | None:
    if value is None or value != value:
        return None
    text = _number(value) if isinstance(value, float) else str(value)
    return text if len(text) <= 200 else text[:199] + "…"


def _number(value: float) -> str:
    """Return a float as the explorer of a notebook shows it, a whole one in full."""
    whole = value.is_integer() and abs(value) < EXACT
    return str(int(value)) if whole else f"{value:.10g}"
