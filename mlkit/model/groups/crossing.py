"""Which groups of columns, taken together, are large enough to be treated."""

from __future__ import annotations

import json
import shlex
from collections.abc import Iterator, Sequence
from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from mlkit.core.errors import UsageError
from mlkit.model.groups.fairness import FEWEST
from mlkit.model.groups.shift import keys_of
from mlkit.model.words import listed

if TYPE_CHECKING:
    from mlkit.model.groups.price import Asked

__all__ = ["Crossing", "decision"]

NAMED = 5
Array = NDArray[Any]


@dataclass(frozen=True)
class Crossing:
    """The rows by which groups are counted.

    Parameters
    ----------
    table
        Rows with the sensitive columns.
    among
        Which of them count, shape (rows,); None takes all.
    """

    table: pd.DataFrame
    among: Array | None = None

    def sizes(self, columns: Sequence[str]) -> dict[str, int]:
        """Return how many rows each group has, by some columns at once."""
        names, codes = np.unique(keys_of(self.table, columns), return_inverse=True)
        counts = np.bincount(codes, self.among, len(names))
        return {str(n): int(c) for n, c in zip(names, counts, strict=True)}

    def suffices(self, columns: Sequence[str]) -> bool:
        """Tell whether two groups at least are large enough."""
        counts = self.sizes(columns).values() if columns else ()
        return sum(count >= FEWEST for count in counts) > 1

    def alone(self, columns: Sequence[str]) -> list[str]:
        """Return the columns that are enough by themselves."""
        return [name for name in columns if self.suffices([name])]

    def kept(self, columns: Sequence[str]) -> tuple[str, ...]:
        """Leave out columns until two groups are large enough; none may be left.

        Those that are not enough by themselves go first, then those of most values.
        """
        left = list(columns)
        if self.suffices(left):
            return tuple(left)
        alone = self.alone(columns)
        values = {name: len(self.sizes([name])) for name in columns}
        for name in sorted(columns, key=lambda n: (n in alone, -values[n])):
            left.remove(name)
            if self.suffices(left):
                break
        return tuple(left)

    def check(self, wanted: Asked) -> None:
        """Refuse columns of which fewer than two groups are large enough.

        Raises
        ------
        UsageError
            Where it is so, with the columns that are enough by themselves.
        """
        if self.suffices(wanted.columns):
            return
        alone, todo = self.alone(wanted.columns), "collect more rows"
        if alone:
            have = "has two alone" if len(alone) == 1 else "have two each alone"
            todo = decision(wanted, self.kept(wanted.columns))
            todo = f"{listed(alone)} {have}: {todo}"
        raise UsageError(
            f"{wanted.method} would change nothing by {listed(wanted.columns)}",
            where="decision 'mitigation'",
            expected=f"two groups of at least {FEWEST} rows",
            got=f"{max(self.sizes(wanted.columns).values())} rows in the largest",
            todo=todo,
        )

    def told(self, wanted: Asked) -> Iterator[str]:
        """Yield which groups are too small to be treated by themselves."""
        counts = self.sizes(wanted.columns)
        small = [name for name, count in counts.items() if count < FEWEST]
        moved = wanted.method == "thresholds"
        if len(small) < (1 if moved else 2):
            return
        rest = len(small) - NAMED
        names = [*small[:NAMED], *([f"{rest} more"] if rest > 0 else [])]
        what = "not moved" if moved else "taken together"
        yes = "" if self.among is None else " that are positive"
        yield f"{what}, with fewer than {FEWEST} rows{yes} each: {listed(names)}"


def decision(wanted: Asked, columns: Sequence[str]) -> str:
    """Return the command that switches the same on for other columns.

    Parameters
    ----------
    wanted
        What is asked for.
    columns
        Those to treat.
    """
    form = {**asdict(wanted), "columns": [*columns]}
    told = {k: v for k, v in form.items() if v != getattr(type(wanted), k, None)}
    words = shlex.quote(json.dumps(told, ensure_ascii=False))
    return f"`mlkit decide mitigation {words}`"
