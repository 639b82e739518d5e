"""Boosters of other libraries, kept as the bytes that the library itself writes."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

__all__ = ["Booster"]


class Booster:
    """A fitted booster that is kept without a pickle, and woken when it is asked.

    Parameters
    ----------
    family
        Whose ``wake`` turns the bytes into the library's own, and whose ``said``
        asks it.
    kind
        The kind of problem.
    raw
        What the library wrote.
    """

    def __init__(self, family: str, kind: str, raw: bytes) -> None:
        self.family, self.kind, self.raw = family, kind, raw
        self._awake: Any = None

    @property
    def awake(self) -> Any:
        """The library's own booster; where the library is absent, that is told."""
        if self._awake is None:
            from mlkit.model.families import ready

            ready(self.family, self.kind)
            self._awake = self._family().wake(self.raw)
        return self._awake

    def predict(self, matrix: NDArray[np.float32]) -> NDArray[np.float64]:
        """Return values, shape (rows,)."""
        said = self._family().said(self.awake, matrix, self.kind)
        return np.asarray(said, np.float64)

    def predict_proba(self, matrix: NDArray[np.float32]) -> NDArray[np.float64]:
        """Return probabilities, shape (rows, classes)."""
        said = self.predict(matrix)
        return np.stack([1 - said, said], axis=1) if said.ndim == 1 else said

    def _family(self) -> Any:
        from mlkit.model.families import family

        return family(self.family)

    def __getstate__(self) -> dict[str, Any]:
        """Leave what is awake out of what is kept and compared."""
        return {"family": self.family, "kind": self.kind, "raw": self.raw}

    def __setstate__(self, state: dict[str, Any]) -> None:
        vars(self).update(state, _awake=None)
