"""What a sealed artifact shares with those that lay under seal before it.

A look at rows stays a look at them, whatever table they lie in next. So seals are held
against each other by the ids of their rows, which alone are read. What was counted
goes into the ledger, as numbers: it is still known once an old table left the store.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from mlkit.core.errors import StoreError
from mlkit.core.ledger import shown
from mlkit.core.store import Store

if TYPE_CHECKING:
    import pyarrow as pa

__all__ = ["Shared", "facts", "kin", "named_alike", "row_ids"]


@dataclass(frozen=True)
class Shared:
    """How many rows of a sealed artifact lay under some seal.

    Parameters
    ----------
    rows
        How many; at most so many, where nobody could count them.
    of
        How many there are.
    counted
        Whether they were counted.
    """

    rows: int
    of: int
    counted: bool = True

    @property
    def most(self) -> bool:
        """Whether fresh rows are not in the majority.

        Examples
        --------
        >>> Shared(184, 203).most, Shared(45, 203).most
        (True, False)
        """
        return 2 * self.rows >= self.of


def kin(
    store: Store, lines: Sequence[Mapping[str, Any]], name: str, identity: str
) -> dict[str, Shared]:
    """Return what a sealed artifact shares with each seal that the ledger knows.

    A seal whose rows nobody knows any more may hold all the rows that it can.

    Parameters
    ----------
    store
        The project's.
    lines
        The ledger's.
    name, identity
        Of the sealed artifact.

    Returns
    -------
    dict
        By the identity of the seal, this one included; those that share nothing are
        left out.
    """
    mine = _rows(store, identity)
    if mine is None:
        return {identity: Shared(1, 1)}
    of, counts = len(mine.ids), _counts(lines, identity)
    found = {identity: Shared(of, of)}
    sizes = {x["identity"]: x["rows"] for x in _openings(lines) if "rows" in x}
    for other, names in _seals(lines).items():
        if other == identity:
            continue
        count = counts.get(_short(other))
        if count is None:
            count = mine.shared(_rows(store, other))
        if count:
            found[other] = Shared(count, of)
        elif count is None and (not names or name in names):
            found[other] = Shared(min(sizes.get(other, of), of), of, counted=False)
    return found


def facts(
    store: Store, lines: Sequence[Mapping[str, Any]], identity: str
) -> dict[str, Any]:
    """Return what the ledger is to know of a table's rows when it is opened.

    Parameters
    ----------
    store
        The project's.
    lines
        The ledger's.
    identity
        Of what is opened.

    Returns
    -------
    dict
        ``rows``, how many there are, and ``shares``, how many of them other seals
        hold, as far as no line says so yet; nothing where it is no table.
    """
    mine = _rows(store, identity)
    if mine is None:
        return {}
    told = {_short(identity), *_counts(lines, identity)}
    others = [other for other in _seals(lines) if _short(other) not in told]
    shared = {_short(other): mine.shared(_rows(store, other)) for other in others}
    new = {place: count for place, count in shared.items() if count is not None}
    return {"rows": len(mine.ids), **({"shares": new} if new else {})}


def row_ids(store: Store, identity: str) -> frozenset[str] | None:
    """Return the ids of a table's rows; None where it is gone, or no table.

    Parameters
    ----------
    store
        Where it may be.
    identity
        Of the table.
    """
    rows = _rows(store, identity)
    return None if rows is None else frozenset(rows.ids.to_pylist())


def named_alike(store: Store, identities: Iterable[str]) -> bool:
    """Tell whether tables name rows alike: by a column, or all by their cells.

    Else the same row has another id in each. Of a table that is gone it is believed.

    Parameters
    ----------
    store
        Where they may be.
    identities
        Of the tables; each is read once.
    """
    read = [_rows(store, identity) for identity in {*identities}]
    return len({rows.hashed for rows in read if rows is not None}) < 2


@dataclass(frozen=True)
class _Rows:
    """The row ids of a table, and what they were made of."""

    ids: pa.Array | pa.ChunkedArray
    columns: frozenset[str]

    @property
    def hashed(self) -> bool:
        """Whether ids are made of cells, so that another column makes other ids."""
        from mlkit.core.identity import HASHED

        return any(HASHED.fullmatch(str(one)) for one in self.ids[:1].to_pylist())

    def shared(self, other: _Rows | None) -> int | None:
        """Return how many rows another table holds, too; None where nobody knows."""
        if other is None:
            return None
        import pyarrow.compute as pc

        count = int(pc.sum(pc.is_in(self.ids, value_set=other.ids)).as_py() or 0)
        alike = self.hashed == other.hashed
        if self.hashed and self.columns != other.columns:
            alike = False
        return count if count or alike else None


def _rows(store: Store, identity: str) -> _Rows | None:
    """Read the ids alone; None where the table is gone, or it is no table."""
    if not identity.startswith("table-"):
        return None
    import pyarrow as pa
    import pyarrow.parquet as pq

    try:
        if not store.files(identity):
            return None
        with pq.ParquetFile(store.path(identity) / "table.parquet") as file:
            names = frozenset(file.schema_arrow.names)
            read = file.read(columns=[], use_pandas_metadata=True)
    except (OSError, StoreError, pa.ArrowException):
        return None
    words = read.to_pandas().index.astype(str)
    return _Rows(pa.array(words, pa.large_string()), names)


def _openings(lines: Sequence[Mapping[str, Any]]) -> list[Mapping[str, Any]]:
    """Return the lines about seals that were opened; others may count rows, too."""
    return [line for line in lines if line["event"] == "unseal"]


def _seals(lines: Sequence[Mapping[str, Any]]) -> dict[str, set[str]]:
    """Return the seals of which something was seen, and how they were called."""
    found = {identity: set[str]() for line in lines for identity in shown(line)}
    for line in _openings(lines):
        if line["identity"] in found and "name" in line:
            found[line["identity"]].add(line["name"])
    return found


def _counts(lines: Sequence[Mapping[str, Any]], identity: str) -> dict[str, int]:
    """Return what lines say that a seal shares with others, in short."""
    found = dict[str, int]()
    for line in _openings(lines):
        shares = line.get("shares", {})
        if line["identity"] == identity:
            found.update(shares)
        elif _short(identity) in shares:
            found[_short(line["identity"])] = shares[_short(identity)]
    return found


def _short(identity: str) -> str:
    return identity.partition("-")[2][:16]
