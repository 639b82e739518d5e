"""What stands above a text table and is none of it: comments, a title, blank lines."""

from __future__ import annotations

import io
import re
from itertools import islice, takewhile

from mlkit.data.reading import dialect as dialects
from mlkit.data.reading.dialect import Dialect

__all__ = ["PAGE", "above", "told"]

PAGE = re.compile(r"\s*(<!doctype html|<html|<\?xml|<head)", re.IGNORECASE)
"""How a page of the web begins, which is no table."""

MOST = 30
COMMENT = "#"


def above(text: str, where: str, delimiter: str = "") -> int:
    r"""Return how many lines stand above a table.

    These are lines that begin with ``#``, and a title of several words. Lines are
    passed over only where the first one has fewer fields than the rows below, and the
    first line after them has as many.

    Parameters
    ----------
    text
        The table, or its first part.
    where
        The file, for messages.
    delimiter
        The delimiter if it is known; "" to find it out.

    Examples
    --------
    >>> above("# made by a tool\n#\na,b\n1,2\n3,4\n", "x.csv"), above("a,b\n1,2\n", "")
    (2, 0)
    """
    if not text.strip() or _heads(dialects.sniff(text, where, delimiter)):
        return 0
    lines = list(islice(io.StringIO(text, newline=""), MOST))
    start = 0
    for count, line in enumerate(lines[: _may_be(lines)], start=1):
        start += len(line)
        rest = text[start:]
        if rest.strip() and lines[count : count + 1] and lines[count].strip():
            found = dialects.sniff(rest, where, delimiter)
            if _heads(found):
                return count
    return 0


def _may_be(lines: list[str]) -> int:
    """Count the lines that may stand above: a title, or comments, and blank lines."""
    first = lines[0].strip()
    title = len(first.split()) > 2 or (len(lines) > 1 and not lines[1].strip())
    if not title and not first.startswith(COMMENT):
        return 0
    below = (not li.strip() or li.startswith(COMMENT) for li in lines[1:])
    return 1 + sum(takewhile(bool, below))


def _heads(found: Dialect) -> bool:
    return found.wide > 1 and len(found.first) == found.wide


def told(text: str, count: int) -> str:
    r"""Say which lines were passed over, and what they say.

    Examples
    --------
    >>> told("# made by a tool\na,b\n", 1)
    "line 1 is passed over as a comment: '# made by a tool'"
    """
    lines = [line.strip() for line in islice(io.StringIO(text, newline=""), count)]
    kind = "a comment" if lines[0].startswith(COMMENT) else "a title"
    which = "line 1 is" if count == 1 else f"line 1 to {count} are"
    return f"{which} passed over as {kind}: {lines[0][:60]!r}"
