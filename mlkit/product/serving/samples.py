"""A likely cell of each column, and what else training saw in it.

Made from the package's reference and contract: a form can be filled in with it, and a
package tried before it answers anybody.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from itertools import accumulate
from typing import Any

from mlkit.core.media import KINDS
from mlkit.core.rows import MISSING
from mlkit.product.serving.fields import Field

__all__ = ["Sample", "samples"]

NUMBERS = ("number", "spoken")


@dataclass(frozen=True)
class Sample:
    """What a column looked like in training.

    Parameters
    ----------
    name
        Of the column.
    typical
        A likely cell, as a request may hold it; None where none is known, as of images
        and sounds, of which a package holds none.
    least, most
        The ends of its numbers or dates; None where not known.
    whole
        Whether its numbers are whole.
    choices
        Its values, the most frequent first; none where that is open.
    """

    name: str
    typical: Any = None
    least: Any = None
    most: Any = None
    whole: bool = False
    choices: tuple[str, ...] = ()


def samples(
    fields: Sequence[Field], reference: Mapping[str, Any], contract: Mapping[str, Any]
) -> tuple[Sample, ...]:
    """Return a sample of each column.

    Parameters
    ----------
    fields
        The columns of a request.
    reference, contract
        ``reference.json`` and ``contract.json`` of the package.
    """
    columns = reference.get("columns", {})
    return tuple(
        _sample(field, columns.get(field.name, {}), _rules(contract, field.name))
        for field in fields
    )


def _sample(
    field: Field, seen: Mapping[str, Any], rules: Mapping[str, Mapping[str, Any]]
) -> Sample:
    if field.kind in KINDS:
        return Sample(field.name)
    bounds = rules.get("range", {})
    whole = bool(bounds.get("whole"))
    if field.kind in NUMBERS:
        ends = bounds.get("seen") or [seen.get("min"), seen.get("max")]
        least, most = map(_short, ends)
        return Sample(field.name, _short(_median(seen), whole), least, most, whole)
    if field.kind == "date" and "date" in rules:
        least, most = (rules["date"].get(end) for end in ("min", "max"))
        return Sample(field.name, _middle(least, most), least, most)
    levels = Counter(dict.fromkeys(field.known, 0) | dict(seen.get("levels", {})))
    ranked = sorted(levels, key=lambda name: (-levels[name], name))
    choices = tuple(
        name for name in ranked if name != MISSING and name not in field.gaps
    )
    return Sample(field.name, choices[0] if choices else None, choices=choices)


def _rules(contract: Mapping[str, Any], name: str) -> dict[str, Mapping[str, Any]]:
    """Return a column's rules by what they check."""
    rules = contract.get("rules", ())
    return {rule["check"]: rule for rule in rules if rule.get("column") == name}


def _short(value: float | None, whole: bool = False) -> float | None:
    """Return a number with no more digits than a person would write."""
    if value is None:
        return None
    short = round(value) if whole else float(f"{value:.6g}")
    return int(short) if short == int(short) and abs(short) < 1e15 else short


def _median(seen: Mapping[str, Any]) -> float | None:
    """Return the edge that half of the rows lie at or below."""
    edges: Sequence[float | None] = seen.get("edges") or [None]
    counts: Sequence[int] = seen.get("counts", ())
    reached = zip(edges, accumulate(counts), strict=False)
    half = sum(counts) / 2
    return next((edge for edge, below in reached if below >= half), edges[-1])


def _middle(least: str | None, most: str | None) -> str | None:
    """Return the day between two."""
    try:
        first, last = date.fromisoformat(least or ""), date.fromisoformat(most or "")
    except ValueError:
        return most or least
    return (first + (last - first) / 2).isoformat()
