"""What is odd about the rows and names of a text table; nothing is changed."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence

import pyarrow as pa
import pyarrow.compute as pc

from mlkit.core.values import number_words

__all__ = ["oddities", "same_but_capitals"]

TOTALS = frozenset(
    {
        *("total", "totals", "grand total", "subtotal", "sum", "overall", "average"),
        *("mean", "summe", "gesamt", "gesamtsumme", "totaal", "totale", "somme"),
    }
)
NUMBERS = (number_words(), number_words(".", ","), number_words(",", "."))
LOOKED_AT = 200
ENOUGH = 5


def oddities(columns: Sequence[pa.Array], names: Sequence[str]) -> list[str]:
    """Say which rows are probably none: a second header, the header again, a total.

    Parameters
    ----------
    columns
        Text columns.
    names
        Their names.

    Examples
    --------
    >>> oddities([pa.array(["a", "b", "Total"]), pa.array(["1", "2", "3"])], ["x", "n"])
    ["the last row looks like a row of totals: 'Total'"]
    """
    found = [*_again(columns, names), *_second(columns), *_total(columns)]
    return [*found, *same_but_capitals(names)]


def same_but_capitals(names: Sequence[str]) -> list[str]:
    """Say which names differ in capitals only.

    Examples
    --------
    >>> same_but_capitals(["Age", "age", "sex"])
    ['names that differ in capitals only: Age and age']
    """
    alike: dict[str, list[str]] = defaultdict(list)
    for name in names:
        alike[name.casefold()].append(name)
    pairs = [" and ".join(words) for words in alike.values() if len(words) > 1]
    return [f"names that differ in capitals only: {', '.join(pairs[:5])}"] * bool(pairs)


def _again(columns: Sequence[pa.Array], names: Sequence[str]) -> list[str]:
    """Find rows that repeat the names."""
    if len(columns) != len(names) or len(columns) < 2 or not len(columns[0]):
        return []
    same = pc.equal(columns[0], names[0])
    for column, name in zip(columns[1:], names[1:], strict=True):
        if not pc.any(same).as_py():
            return []
        same = pc.and_(same, pc.equal(column, name))
    places = pc.indices_nonzero(same).to_pylist()
    if not places:
        return []
    more = f" and {len(places) - 1} more" if len(places) > 1 else ""
    return [f"the header comes again as row {places[0] + 1}{more}: leave it out"]


def _second(columns: Sequence[pa.Array]) -> list[str]:
    """Find names in the first row, above numbers."""
    for column in columns:
        cells = column[: LOOKED_AT + 1].to_pylist()
        first, below = (cells or [""])[0], [cell for cell in cells[1:] if cell]
        word = bool(first) and not _is_number(first) and any(map(str.isalpha, first))
        if word and len(below) >= ENOUGH and all(map(_is_number, below)):
            return [
                f"row 1 looks like a second header line: {first[:40]!r} over numbers"
            ]
    return []


def _total(columns: Sequence[pa.Array]) -> list[str]:
    """Find a word for a total that comes once, at the start of the last row."""
    for column in columns:
        word = (column[-1].as_py() or "").strip() if len(column) else ""
        if word:
            total = word.rstrip(": ").casefold() in TOTALS
            once = pc.sum(pc.equal(column, column[-1])).as_py() == 1
            told = f"the last row looks like a row of totals: {word!r}"
            return [told] * (total and once)
    return []


def _is_number(text: str) -> bool:
    return any(pattern.fullmatch(text.strip()) for pattern in NUMBERS)
