"""Whether a query only reads."""

from __future__ import annotations

import re

from mlkit.core.errors import InputError

__all__ = ["only_reads"]

ASIDE = re.compile(
    r"'(?:[^']|'')*'|\"(?:[^\"]|\"\")*\"|`[^`]*`|(\$\w*\$).*?\1|--[^\n]*|/\*.*?\*/",
    re.S,
)
READS = ("select", "with", "values", "table", "from")
WRITES = re.compile(
    r"\binto\s+(outfile|dumpfile)\b|\binsert\s+into\b|\bupdate\s+[\w.\s]+\bset\b"
    r"|\bdelete\s+from\b|\bmerge\s+into\b|\bfor\s+(no\s+key\s+)?update\b"
)


def only_reads(query: str, where: str) -> str:
    """Return a query without its last semicolon, or refuse it where it may write.

    Parameters
    ----------
    query
        One statement of SQL.
    where
        The database, for messages.

    Raises
    ------
    InputError
        For several statements, or one that is more than a SELECT.

    Examples
    --------
    >>> only_reads("SELECT 'drop; it' AS x; -- done", "shop.db")
    "SELECT 'drop; it' AS x"
    """
    bare = ASIDE.sub(lambda found: _blank(found.group()), query).lower()
    parts = [part for part in bare.split(";") if part.strip()]
    first = re.match(r"[\s(]*(\w*)", bare)
    word = first.group(1) if first else ""
    if len(parts) != 1 or word not in READS or WRITES.search(bare):
        raise InputError(
            "this query may change the database, and is not run",
            where=where,
            expected="one statement that begins with SELECT or WITH",
            got=" ".join(query.split())[:120] or "nothing",
        )
    start = len(bare) - len(bare.lstrip(" \t\r\n;"))
    return query[start : start + len(bare[start:].partition(";")[0])].rstrip()


def _blank(text: str) -> str:
    """Return as many blanks; a text or a name leaves its quotes."""
    if text.startswith(("--", "/*")):
        return " " * len(text)
    return f"'{'_' * (len(text) - 2)}'"
