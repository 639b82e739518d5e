"""pandera, which holds the contract against a table, without its neighbours' noise."""

from __future__ import annotations

import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

__all__ = ["pandera"]


@contextmanager
def pandera() -> Iterator[Any]:
    """Import pandera, and keep quiet what it and what it imports warn of meanwhile.

    Where PySpark is installed, pandera imports it, which warns of pandas 3.

    Examples
    --------
    >>> with pandera() as library:
    ...     library.Column(float).nullable
    False
    """
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        import pandera.pandas as library

        yield library
