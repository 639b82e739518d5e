"""Words about operations."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from mlkit.core.values import write

__all__ = ["cell", "pair", "said", "wish", "written"]

LONGEST = 40
AROUND = 12
PLAIN = ("op", "column", "part", "name", "why", "optional")


def wish(operation: Mapping[str, Any]) -> str:
    """Say why an operation is done that a person asked for, and how.

    Examples
    --------
    >>> wish({"op": "clip", "column": "price", "max": 80})
    'a person asked for it: max 80'
    """
    how = [
        f"{name} {value!r}" for name, value in operation.items() if name not in PLAIN
    ]
    told = f"a person asked for it{': ' * bool(how)}{', '.join(how)}"
    return str(operation.get("why") or told)


def cell(value: Any) -> str:
    """Show one cell: a text in quotes, so that its blanks are seen.

    Examples
    --------
    >>> cell(" 5"), cell(5.0), cell(None)
    ("' 5'", '5', 'missing')
    """
    told = write(value)
    if told is None:
        return "missing"
    if not isinstance(value, str):
        return told.removesuffix("T00:00:00")
    return repr(told if len(told) <= LONGEST else told[: LONGEST - 1] + "…")


def pair(before: Any, after: Any) -> tuple[str, str]:
    """Show a cell before and after, long texts where they begin to differ.

    Examples
    --------
    >>> told = "It was a dark and stormy night, and the wind"
    >>> pair(f"{told}  blew", f"{told} blew")
    ("'…nd the wind  blew'", "'…nd the wind blew'")
    """
    if not isinstance(before, str) or not isinstance(after, str):
        return cell(before), cell(after)
    shorter = min(len(before), len(after))
    alike = zip(before, after, strict=False)
    start = next((i for i, (a, b) in enumerate(alike) if a != b), shorter) - AROUND
    if start <= 0 or max(len(before), len(after)) <= LONGEST:
        return cell(before), cell(after)
    return cell(f"…{before[start:]}"), cell(f"…{after[start:]}")


def said(words: Iterable[str], most: int = 4) -> str:
    """List words in a sentence, the rest by count.

    Examples
    --------
    >>> said(["a", "b", "c"], 2)
    'a, b and 1 more'
    """
    told = list(words)
    more = f" and {len(told) - most} more" if len(told) > most else ""
    return ", ".join(told[:most]) + more


def written(how: Mapping[str, str]) -> str:
    """Say how numbers are written.

    Examples
    --------
    >>> written({"decimal": ",", "strip": "%"})
    ", read with ',' as the decimal mark and without '%'"
    """
    told = [f"{how[n]!r} as the {n} mark" for n in ("decimal", "thousands") if n in how]
    told += [f"without {how['strip']!r}"] if "strip" in how else []
    return f", read with {' and '.join(told)}" if told else ""
