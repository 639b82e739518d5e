"""Numbers and dates as plain numbers, and back."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from pandas.api import types

from mlkit.core.schema import Column
from mlkit.data.measures.moments import scaled
from mlkit.data.synthesis.coded import FEW, Coded

__all__ = ["coarse", "of_dates", "of_numbers"]

DECIMALS = 6
DAY, SECOND = 86_400_000_000, 1_000_000
PARTS = 10

Floats = NDArray[np.float64]
Ints = NDArray[np.intp]


def of_numbers(values: pd.Series, column: Column) -> Coded:
    """Return a column of numbers, at least one of them finite.

    Parameters
    ----------
    values
        Its cells; infinite ones are taken as missing.
    column
        Its type and roles.

    Examples
    --------
    >>> coded = of_numbers(pd.Series([1, 2, 9]), Column("x"))
    >>> rng = np.random.default_rng(0)
    >>> [int(n) for n in coded.back(np.array([1.6, 99.0]), np.zeros(2, int), rng)]
    [2, 9]
    """
    plain = values.to_numpy(dtype=np.float64, na_value=np.nan)
    infinite = np.isinf(plain)
    known = np.where(infinite, np.nan, plain)
    finite = known[np.isfinite(known)]
    note = f"{int(infinite.sum()):,} infinite cells are taken as missing"
    dtype = values.dtype
    whole = types.is_integer_dtype(dtype)
    ends = (values.min(), values.max()) if whole else (finite.min(), finite.max())
    divided, power = scaled(known)
    digits = None if power > 1 else _digits(finite)
    smooth = len(np.unique(finite)) > FEW
    start, step = float(finite.min()), _step(finite, digits) if smooth else 0.0

    def back(numbers: Floats, _: Ints, __: np.random.Generator) -> Any:
        made = start + np.rint((numbers - start) / step) * step if step else numbers
        made = made if digits is None else np.round(made, digits)
        if whole:
            return _integers(made, ends, dtype)
        made = np.clip(made * power, *ends)
        if isinstance(dtype, np.dtype):
            low, high = (dtype.type(end) for end in ends)
            return np.clip(made.astype(dtype), low, high)
        return _extension(made, dtype)

    how = "between values that were seen" if smooth else "as values that were seen"
    told = note if infinite.any() else ""
    return Coded(column, how, divided, back, smooth=smooth, note=told)


def _digits(known: Floats) -> int | None:
    """Return how many decimals the values are written with, None for more than six."""
    if np.abs(known).max() > 1e9:
        return 0 if np.all(known == np.rint(known)) else None
    for digits in range(DECIMALS + 1):
        if np.all(np.abs(np.round(known, digits) - known) <= 1e-9):
            return digits
    return None


def _step(known: Floats, digits: int | None) -> float:
    """Return what all differences of the values are a multiple of, 0 for nothing.

    A weight that is read to 25 grams stays so.
    """
    if digits is None or float(np.ptp(known)) * 10**digits > 2**53:
        return 0.0
    counts = np.rint((known - known.min()) * 10**digits).astype(np.int64)
    return float(float(np.gcd.reduce(counts)) / 10.0**digits)


def _integers(made: Floats, ends: tuple[Any, Any], dtype: Any) -> Any:
    """Return whole numbers between two ends, exact where floats are not."""
    low, high = (int(end) for end in ends)
    cells = [
        None if np.isnan(cell) else min(max(int(cell), low), high)
        for cell in np.rint(made).tolist()
    ]
    return pd.array(cells, dtype=dtype)


def _extension(made: Floats, dtype: Any) -> Any:
    cells = [None if np.isnan(cell) else cell for cell in made.tolist()]
    return pd.array(cells, dtype=dtype)


def of_dates(values: pd.Series, column: Column) -> Coded:
    """Return a column of moments, at least one of them known.

    Whole days stay whole days, and whole seconds whole seconds.

    Parameters
    ----------
    values
        Its cells, in any zone or none.
    column
        Its type and roles.
    """
    zone = getattr(values.dtype, "tz", None)
    local = values.dt.tz_localize(None) if zone is not None else values
    stamps = local.to_numpy(dtype="M8[us]")
    known = ~np.isnat(stamps)
    ticks = stamps.astype(np.int64)
    step = next((s for s in (DAY, SECOND) if not (ticks[known] % s).any()), 1)
    first, last = int(ticks[known].min()), int(ticks[known].max())
    ends = (values.min(), values.max())

    def back(numbers: Floats, _: Ints, __: np.random.Generator) -> Any:
        gone = np.isnan(numbers)
        made = np.rint(np.where(gone, 0, numbers)).astype(np.int64) * step + first
        moments = np.clip(made, first, last).astype("M8[us]")
        moments[gone] = np.datetime64("NaT")
        return _zoned(pd.Series(moments), zone, ends).astype(values.dtype).array

    numbers = np.where(known, (ticks - first) / step, np.nan)
    smooth = len(np.unique(ticks[known])) > FEW
    how = "between dates that were seen" if smooth else "as dates that were seen"
    return Coded(column, how, numbers, back, smooth=smooth)


def _zoned(moments: pd.Series, zone: Any, ends: tuple[Any, Any]) -> pd.Series:
    if zone is None:
        return moments
    first_of_two = np.ones(len(moments), bool)
    told = moments.dt.tz_localize(
        zone, ambiguous=first_of_two, nonexistent="shift_forward"
    )
    clipped: pd.Series = told.clip(*ends)
    return clipped


def coarse(coded: Coded) -> Coded:
    """Draw a private number by itself, evenly between tenths of the real ones."""
    numbers = np.asarray(coded.numbers)
    tenths = np.nanquantile(numbers, np.linspace(0, 1, PARTS + 1))
    gone = float(np.isnan(numbers).mean())

    def back(blank: Floats, classes: Ints, rng: np.random.Generator) -> Any:
        drawn = np.interp(rng.random(len(blank)), np.linspace(0, 1, PARTS + 1), tenths)
        drawn[rng.random(len(blank)) < gone] = np.nan
        return coded.back(drawn, classes, rng)

    return Coded(coded.column, "private: by itself, between tenths", None, back)
