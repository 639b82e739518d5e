"""One bad table: how it is written, what its cells truly are, how it must end."""

from __future__ import annotations

import csv
import io
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

ROWS = 60


@dataclass(frozen=True)
class Case:
    """A bad table.

    Parameters
    ----------
    name
        What is bad about it.
    content
        The file's bytes, or a function that writes it.
    truth
        Its cells as they stand in the file, by column; None where one is missing.
    told
        Words that must be among the notices, each of them.
    ends
        ``right``, ``blocked`` (at the gate of validate) or ``error``.
    how
        What collect is told besides the target.
    cleaned
        Cells after cleaning, where they differ from `truth` on purpose.
    file
        The name of the file.
    slow
        Whether it takes half a minute.
    """

    name: str
    content: bytes | Callable[[Path], None]
    truth: Mapping[str, Sequence[Any]] = field(default_factory=dict, repr=False)
    told: tuple[str, ...] = ()
    ends: str = "right"
    how: Mapping[str, Any] = field(default_factory=dict)
    cleaned: Mapping[str, Sequence[Any]] = field(default_factory=dict, repr=False)
    file: str = "table.csv"
    slow: bool = False
    target: str = "t"

    def write(self, folder: Path) -> Path:
        """Write the file, and return its path."""
        path = folder / self.file
        if callable(self.content):
            self.content(path)
        else:
            path.write_bytes(self.content)
        return path


def plain(rows: int = ROWS) -> dict[str, list[Any]]:
    """A feature and a target with nothing wrong about them."""
    return {
        "n": [f"{(i * 37) % 101}.{i % 9 + 1}" for i in range(rows)],
        "t": [("yes", "no")[(i * 7) % 3 % 2] for i in range(rows)],
    }


def repeated(words: Sequence[Any], rows: int = ROWS) -> list[Any]:
    return [words[i % len(words)] for i in range(rows)]


def with_columns(rows: int = ROWS, **columns: Sequence[Any]) -> dict[str, list[Any]]:
    """The plain table with more columns before it."""
    more = {name: list(values) for name, values in columns.items()}
    return {**more, **plain(rows)}


def text_of(
    truth: Mapping[str, Sequence[Any]],
    *,
    delimiter: str = ",",
    end: str = "\n",
    header: bool = True,
    quote: int = csv.QUOTE_MINIMAL,
) -> str:
    """Write a table as delimited text; what is missing is empty."""
    made = io.StringIO()
    how = {"delimiter": delimiter, "lineterminator": end, "quoting": quote}
    writer = csv.writer(made, **how)
    if header:
        writer.writerow(truth)
    for line in zip(*truth.values(), strict=True):
        writer.writerow(["" if cell is None else cell for cell in line])
    return made.getvalue()


def column(name: str, words: Sequence[Any], *told: str, **more: Any) -> Case:
    """A plain table with one column of treacherous cells, `x`."""
    truth = with_columns(x=repeated(words))
    return Case(name, text_of(truth).encode(), truth, told, **more)
