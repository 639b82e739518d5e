"""What was added to a remote source since it was read the last time.

What is kept of a read is two hashes a row, of its id and of its cells, and no row.
"""

from __future__ import annotations

import time
from pathlib import Path

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq
from numpy.typing import NDArray

from mlkit.core.files import digest, write_bytes
from mlkit.core.identity import row_hashes
from mlkit.core.schema import Schema
from mlkit.core.session import session
from mlkit.data.sources import Place, is_remote
from mlkit.data.sources._kept import kept

__all__ = ["added"]

AT, SHAPE = b"at", b"shape"


def added(place: Place, table: pd.DataFrame) -> tuple[str, ...]:
    """Return what is new in a table since it was last read, and keep how it is.

    Parameters
    ----------
    place
        Where it came from; nothing is said of files on this machine, of a first look,
        or outside of a project.
    table
        All its rows, named by their ids.
    """
    if not is_remote(place) or place.sample or session().project is None:
        return ()
    schema = Schema.of(table)
    shape = digest([[c.name, c.type] for c in schema]).encode()
    ids = row_hashes(pd.DataFrame({"id": table.index.astype("str")}), ["id"])
    rows = row_hashes(table, schema.names)
    path = kept(place, "sources").with_suffix(".rows.parquet")
    before = _before(path)
    _keep(path, ids, rows, shape)
    if before is None:
        return ()
    when = time.strftime("%Y-%m-%d %H:%M UTC", time.gmtime(before[2]))
    last = f"since the last read ({when})"
    if before[3] != shape:
        return (f"its columns changed {last}",)
    told = _told(before[0], before[1], ids, rows)
    return (f"rows {last}: {told}" if told else f"no row changed {last}",)


def _told(
    old_ids: NDArray[np.uint64],
    old_rows: NDArray[np.uint64],
    ids: NDArray[np.uint64],
    rows: NDArray[np.uint64],
) -> str:
    was = pd.Series(old_rows, old_ids)
    now = pd.Series(rows, ids)
    both = now.index.intersection(was.index)
    changed = int((was[both].to_numpy() != now[both].to_numpy()).sum())
    new, gone = len(now) - len(both), len(was) - len(both)
    counts = {"new": new, "changed": changed, "gone": gone}
    return ", ".join(f"{count:,} {what}" for what, count in counts.items() if count)


def _before(
    path: Path,
) -> tuple[NDArray[np.uint64], NDArray[np.uint64], float, bytes] | None:
    """Return the last read's hashes, when it was, and its columns; None if none."""
    try:
        found = pq.read_table(path)
        facts = found.schema.metadata
        hashes = [found[name].to_numpy() for name in ("id", "row")]
        return hashes[0], hashes[1], float(facts[AT]), facts[SHAPE]
    except (OSError, pa.ArrowInvalid, KeyError, TypeError, ValueError):
        return None  # none yet, or damaged: it is made anew


def _keep(
    path: Path, ids: NDArray[np.uint64], rows: NDArray[np.uint64], shape: bytes
) -> None:
    facts = {AT: str(time.time()).encode(), SHAPE: shape}
    table = pa.table({"id": ids, "row": rows}).replace_schema_metadata(facts)
    sink = pa.BufferOutputStream()
    pq.write_table(table, sink)
    write_bytes(path, sink.getvalue().to_pybytes())
