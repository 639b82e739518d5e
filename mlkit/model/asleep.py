"""What is kept in a plain form, and woken when it is asked."""

from __future__ import annotations

from typing import Any

__all__ = ["Asleep"]


class Asleep:
    """A fitted estimator in a plain form; what it wakes up to is never kept."""

    _awake: Any = None

    @property
    def awake(self) -> Any:
        """The estimator as its library has it."""
        if self._awake is None:
            self._awake = self._wake()
        return self._awake

    def __getstate__(self) -> dict[str, Any]:
        """Leave what is awake out of what is kept and compared."""
        return {name: value for name, value in vars(self).items() if name != "_awake"}

    def __setstate__(self, state: dict[str, Any]) -> None:
        vars(self).update(state, _awake=None)

    def _wake(self) -> Any:
        raise NotImplementedError
