"""One front door to data that is made up to teach, its truth known."""

from __future__ import annotations

import inspect
from collections.abc import Callable
from typing import Any

import pandas as pd

from mlkit.core.errors import InputError, did_you_mean
from mlkit.data.synthesis import kinds

__all__ = ["KINDS", "generate"]

KINDS = {
    "classes": "two or more classes of points, some columns of which tell nothing",
    "groups": "people measured several times each: split them by person",
    "moons": "two half moons that no straight line can tell apart",
    "people": "loans with gaps, dates, an id, a private name, a sensitive column",
    "regression": "a number made of others with known coefficients, and noise",
    "text": "short reviews in plain words, glad or sorry",
    "timed": "daily sales with a trend, a week and a year in them",
}
FEWEST, MOST = 2, 50_000_000


def generate(kind: str, rows: int = 500, *, seed: int = 0, **how: Any) -> pd.DataFrame:
    """Generate a table to teach with, types and roles in its schema.

    Parameters
    ----------
    kind
        One of `KINDS`.
    rows
        How many rows.
    seed
        The same seed gives the same rows.
    how
        What this kind may be told, such as ``noise=0.5``; texts are read as the
        numbers that they write, so that an address can say them. See
        `mlkit.data.synthesis.kinds`.

    Returns
    -------
    DataFrame
        Rows named ``KIND 1``, ``KIND 2`` ...; ``attrs["schema"]`` has the schema and
        ``attrs["truth"]`` what the rows were made of.

    Raises
    ------
    InputError
        For an unknown kind, an unknown word in `how`, or a value that cannot be.

    Examples
    --------
    >>> table = generate("regression", 100, coefficients=[2, -1], noise=0)
    >>> table.columns.tolist(), table.attrs["truth"]["coefficients"]
    (['x1', 'x2', 'y'], [2.0, -1.0])
    >>> bool(((10 + 2 * table.x1 - table.x2 - table.y).abs() < 1e-9).all())
    True
    """
    if kind not in KINDS:
        raise InputError(
            f"mlkit does not generate {kind!r}",
            where="synthetic data",
            todo=did_you_mean(kind, KINDS),
        )
    make: Callable[..., pd.DataFrame] = getattr(kinds, kind)
    known = {
        name: parameter.default
        for name, parameter in inspect.signature(make).parameters.items()
        if parameter.default is not inspect.Parameter.empty
    }
    told = {name: _told(kind, name, value, known) for name, value in how.items()}
    count = _told(kind, "rows", rows, {"rows": 500})
    start = _told(kind, "seed", seed, {"seed": 0})
    if not FEWEST <= count <= MOST or start < 0:
        raise InputError(
            "so many rows cannot be generated" if start >= 0 else "a seed is 0 or more",
            where=f"synthetic data {kind!r}",
            expected=f"{FEWEST} to {MOST:,} rows, and a seed of at least 0",
            got=f"rows {count}, seed {start}",
        )
    try:
        table = make(count, start, **told)
    except ValueError as error:
        raise InputError(
            "these values do not go together",
            where=f"synthetic data {kind!r}",
            got=f"{told}: {' '.join(str(error).split())}"[:300],
        ) from None
    names = [f"{kind} {place}" for place in range(1, count + 1)]
    table.index = pd.Index(names, dtype="str", name="row")
    return table


def _told(kind: str, name: str, value: Any, known: dict[str, Any]) -> Any:
    """Return a value as the type of its default."""
    if name not in known:
        raise InputError(
            f"{kind!r} takes no {name!r}",
            where="synthetic data",
            todo=did_you_mean(name, [*known, "rows", "seed"]),
        )
    default = known[name]
    try:
        if isinstance(default, tuple):
            parts = value.split(",") if isinstance(value, str) else value
            return tuple(_number(part, float) for part in parts)
        return _number(value, type(default))
    except (TypeError, ValueError, OverflowError):
        wanted = {tuple: "numbers, as in 3,-2,0.5", int: "a whole number"}
        raise InputError(
            f"this {name} cannot be read",
            where=f"synthetic data {kind!r}",
            expected=wanted.get(type(default), "a number"),
            got=repr(value)[:100],
        ) from None


def _number(value: Any, kind: Callable[[Any], Any]) -> Any:
    """Return a finite number; a whole one loses nothing on the way."""
    number = float(value)
    if isinstance(value, bool) or number - number != 0:
        raise ValueError(value)
    if kind is int and number != int(number):
        raise ValueError(value)
    return kind(value) if not isinstance(value, str) else kind(number)
