"""What a project's ``mlkit.toml`` says of its request log."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from mlkit.core.errors import UsageError
from mlkit.core.project import Project

__all__ = ["Policy"]

WAYS = ("leave out", "hash")


@dataclass(frozen=True)
class Policy:
    """How long a log is kept, and what of it.

    Parameters
    ----------
    days
        How many closed days are kept, ``[policies] log_days``; None for all.
    private
        Whether private columns are left out or hashed, ``[policies] log_private``.

    Raises
    ------
    UsageError
        Where ``mlkit.toml`` says something else.

    Examples
    --------
    >>> Policy.of(None)
    Policy(days=None, private='leave out')
    """

    days: int | None = None
    private: str = WAYS[0]

    def __post_init__(self) -> None:
        days: Any = self.days
        if days is not None and (type(days) is not int or days < 1):
            raise _unfit("log_days", "a whole number of days, 1 or more", days)
        if self.private not in WAYS:
            raise _unfit("log_private", " or ".join(map(repr, WAYS)), self.private)

    @classmethod
    def of(cls, project: Project | None) -> Policy:
        """Return a project's policy; everything is kept where there is none."""
        if project is None:
            return cls()
        days = project.config("policies.log_days")
        return cls(days, project.config("policies.log_private", WAYS[0]))


def _unfit(key: str, expected: str, got: Any) -> UsageError:
    where = "mlkit.toml, [policies]"
    return UsageError(
        f"{key} cannot be this", where=where, expected=expected, got=repr(got)[:80]
    )
