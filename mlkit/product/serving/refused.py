"""A request that is not answered, and why."""

from __future__ import annotations

from mlkit.core.errors import shortened

__all__ = ["Refused"]

LONG = 2000


class Refused(Exception):
    """Why a request is not answered; long words of a client are not repeated whole.

    Parameters
    ----------
    status
        The HTTP status.
    what
        One sentence.
    where
        The place in the body, as a JSON path.
    field
        The column that it is about.
    wait
        Seconds after which to try again; None where that would not help.
    """

    def __init__(
        self,
        status: int,
        what: str,
        *,
        where: str = "",
        field: str = "",
        wait: int | None = None,
    ) -> None:
        super().__init__(what)
        self.status, self.wait = status, wait
        self.what, self.where = shortened(what, LONG), shortened(where, LONG)
        self.field = shortened(field, LONG)

    def form(self) -> dict[str, dict[str, str]]:
        """Return the JSON that says so."""
        told = {"what": self.what, "where": self.where, "field": self.field}
        return {"error": {name: text for name, text in told.items() if text}}

    def line(self) -> str:
        """Return all of it in one sentence."""
        place = f"input {self.field!r}" if self.field else self.where
        return f"{self.what} - at {place}" if place else self.what
