"""How each kind of artifact is printed, told as JSON, and written to a file."""

from __future__ import annotations

import json
import math
import shutil
from collections.abc import Mapping
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

from mlkit.core.errors import UsageError
from mlkit.engine.reporting.say import plain, shorten

if TYPE_CHECKING:
    from mlkit.core.store import Entry, Store

__all__ = ["content", "export", "facts", "listed", "shown"]

LINES = 120
SUFFIXES: Mapping[str, tuple[str, ...]] = {
    "table": (".csv", ".parquet"),
    "json": (".json",),
    "record": (".json",),
    "figure": (".png",),
}


def facts(name: str, entry: Entry) -> dict[str, Any]:
    """Return what is known of an artifact without reading it."""
    return {
        "name": name,
        "kind": entry.kind,
        "summary": entry.summary,
        "sealed": entry.sealed,
        "step": entry.step,
        "run": entry.run,
        "identity": entry.identity,
        "metrics": dict(entry.metrics),
    }


def listed(entries: Mapping[str, Entry]) -> str:
    """Return a line for each artifact."""
    width = max(map(len, entries), default=0)
    lines = [
        f"{name:<{width}}  {entry.kind:<6}  {plain(entry.summary):<28}  {entry.step}"
        f"{'  sealed' if entry.sealed else ''}".rstrip()
        for name, entry in sorted(entries.items())
    ]
    return "\n".join(lines)


def shown(store: Store, name: str, entry: Entry, rows: int) -> str:
    """Return an artifact as text: a heading, and what it holds.

    Raises
    ------
    StoreError
        Where it is absent or damaged.
    """
    at = datetime.fromtimestamp(entry.at).astimezone()
    by = f"saved by {entry.step}, {at:%Y-%m-%d %H:%M}" if entry.step else ""
    summary = plain(entry.summary)
    head = " · ".join(part for part in (entry.kind, summary, by) if part)
    body = _text(content(store, entry, rows), entry)
    return f"{name}  {head}\n{body}".rstrip()


def content(store: Store, entry: Entry, rows: int) -> dict[str, Any]:
    """Return what an artifact holds, as JSON data; of a sealed one nothing.

    Raises
    ------
    StoreError
        Where it is absent or damaged.
    """
    store.check(entry.identity)
    folder = store.path(entry.identity)
    if entry.sealed:
        return {}
    if entry.kind == "table":
        return _table(store.get(entry), rows)
    if entry.kind == "json":
        return {"value": json.loads((folder / "value.json").read_bytes())}
    if entry.kind == "record":
        form = json.loads((folder / "record.json").read_bytes())
        return {"type": form["type"], "value": form["fields"] | dict(entry.volatile)}
    if entry.kind == "model":
        return {"type": entry.summary, "value": plain(store.get(entry))[:4000]}
    return {"files": _files(folder / "folder" if entry.kind == "folder" else folder)}


def export(store: Store, name: str, entry: Entry, target: Path) -> None:
    """Write an artifact to a file, or a folder's to a new folder.

    Raises
    ------
    UsageError
        Where it is sealed, or cannot be written in that form.
    """
    if entry.sealed:
        raise _sealed(name)
    wanted = SUFFIXES.get(entry.kind)
    if wanted and target.suffix not in wanted:
        raise UsageError(
            f"a {entry.kind} is not written as {target.suffix or 'a plain file'!s}",
            where=f"--save {target}",
            expected=" or ".join(wanted),
        )
    store.check(entry.identity)
    target.parent.mkdir(parents=True, exist_ok=True)
    folder = store.path(entry.identity)
    if entry.kind == "table":
        _write_table(store.get(entry), target)
    elif entry.kind == "figure":
        shutil.copyfile(folder / "figure.png", target)
    elif wanted:
        text = json.dumps(
            content(store, entry, 0)["value"], indent=2, ensure_ascii=False
        )
        target.write_text(text + "\n", encoding="utf-8")
    elif entry.kind == "folder":
        _copy_folder(folder / "folder", target)
    else:
        _copy_model(folder, target)


def _sealed(name: str) -> UsageError:
    return UsageError(
        f"{name!r} is sealed",
        todo=f'open it in a notebook with mk.unseal({name!r}, why="..."), '
        "which the ledger notes",
    )


def _write_table(table: Any, target: Path) -> None:
    if target.suffix == ".csv":
        table.to_csv(target, index_label="row")
    else:
        plain_table = table.rename_axis(index="row")
        plain_table.attrs = {}
        plain_table.to_parquet(target)


def _copy_folder(source: Path, target: Path) -> None:
    if target.exists():
        raise UsageError("there is something already", where=f"--save {target}")
    shutil.copytree(source, target)


def _copy_model(folder: Path, target: Path) -> None:
    source = folder / "model.skops"
    if not source.exists():
        raise UsageError(
            "this model is kept as a pickle, which stays inside its project",
            todo="export the package instead: `mlkit export --format onnx --to OUT`",
        )
    if target.suffix != ".skops":
        raise UsageError("a model is written as .skops", where=f"--save {target}")
    shutil.copyfile(source, target)


def _table(table: Any, rows: int) -> dict[str, Any]:
    from mlkit.core.schema import Schema

    head = table.head(rows)
    schema = Schema.of(table)
    cells = [map(_cell, head.iloc[:, k].tolist()) for k in range(len(schema))]
    missing = table.isna().sum().tolist()
    return {
        "rows": len(table),
        "columns": [
            {
                "name": column.name,
                "type": column.type,
                "roles": list(column.roles),
                "missing": count,
            }
            for column, count in zip(schema, missing, strict=True)
        ],
        "index": [str(row) for row in head.index],
        "head": [
            dict(zip(schema.names, row, strict=True))
            for row in zip(*cells, strict=True)
        ],
    }


def _cell(value: Any) -> Any:
    """Return a cell as JSON data: no digit is lost, and an infinite number is a word.

    Examples
    --------
    >>> _cell(1.2e-11), _cell(math.inf), _cell(math.nan), _cell([1, None])
    (1.2e-11, 'inf', None, [1, None])
    """
    import pandas as pd

    if isinstance(value, Mapping):
        return {str(key): _cell(each) for key, each in value.items()}
    if hasattr(value, "tolist"):
        return _cell(value.tolist())
    if isinstance(value, list | tuple):
        return [_cell(each) for each in value]
    if pd.isna(value):
        return None
    if isinstance(value, float):
        return value if math.isfinite(value) else str(value)
    if isinstance(value, bool | int | str):
        return value
    return value.isoformat() if hasattr(value, "isoformat") else str(value)


def _files(folder: Path) -> dict[str, int]:
    paths = (p for p in sorted(folder.rglob("*")) if p.is_file())
    found = {p.relative_to(folder).as_posix(): p.stat().st_size for p in paths}
    found.pop("object.json", None)
    return found


def _text(found: Mapping[str, Any], entry: Entry) -> str:
    if entry.sealed:
        return "  it is sealed: only mk.unseal opens it, and the ledger notes that"
    if "columns" in found:
        return _columns(found)
    if "files" in found:
        return "\n".join(f"  {plain(n)}  {_size(s)}" for n, s in found["files"].items())
    value = found["value"]
    text = (
        value
        if isinstance(value, str)
        else json.dumps(value, indent=2, ensure_ascii=False)
    )
    lines = plain(text).splitlines()
    more = [f"… {len(lines) - LINES} more lines: --json shows all"]
    return "\n".join(lines[:LINES] + (more if len(lines) > LINES else []))


def _columns(found: Mapping[str, Any]) -> str:
    """Return a line for each column, its first values beside it."""
    cells = [["column", "type", "roles", "missing", "first rows"]]
    for column in found["columns"]:
        values = [_value(row.get(column["name"])) for row in found["head"]]
        roles = ", ".join(column["roles"])
        name, missing = shorten(column["name"], 32), str(column["missing"] or "")
        cells.append([name, column["type"], roles, missing, " · ".join(values)])
    widths = [max(len(row[i]) for row in cells) for i in range(4)]
    return "\n".join(
        "  "
        + "  ".join(
            [f"{cell:<{width}}" for cell, width in zip(row, widths, strict=False)]
            + row[4:]
        ).rstrip()
        for row in cells
    )


def _value(value: Any) -> str:
    if value is None:
        return "–"
    return f"{value:.6g}" if isinstance(value, float) else shorten(value, 18)


def _size(count: int) -> str:
    """Return a number of bytes in words.

    Examples
    --------
    >>> _size(12), _size(34_500), _size(5_600_000)
    ('12 B', '34.5 kB', '5.6 MB')
    """
    if count < 1000:
        return f"{count} B"
    return f"{count / 1e3:.3g} kB" if count < 1e6 else f"{count / 1e6:.3g} MB"
