"""A request that is refused: its status, and the words that go with it."""

from __future__ import annotations

from tornado.web import HTTPError

from mlkit.core.errors import Busy, MlkitError, UsageError

__all__ = ["Refusal"]

PARTS = ("where", "expected", "got", "todo")
STATUS = {2: 400, 3: 409, 4: 409}


class Refusal(HTTPError):
    """An answer of 400 or more that says what is wrong.

    Parameters
    ----------
    status
        The HTTP status.
    what
        One sentence.
    where, expected, got, todo
        As in mlkit's errors.

    Examples
    --------
    >>> Refusal(404, "there is no such run", got="x").form
    {'message': 'there is no such run', 'got': 'x'}
    """

    def __init__(self, status: int, what: str, **parts: str) -> None:
        super().__init__(status)
        told = {name: parts[name] for name in PARTS if parts.get(name)}
        self.form: dict[str, str] = {"message": what, **told}

    @classmethod
    def of(cls, error: MlkitError) -> Refusal:
        """Return the refusal that tells of one of mlkit's errors."""
        wrong = isinstance(error, UsageError)
        status = 409 if isinstance(error, Busy) else 400 if wrong else 422
        return cls(status, error.what, **{n: getattr(error, n) for n in PARTS})

    @classmethod
    def said(cls, code: int, text: str) -> Refusal:
        r"""Return the refusal that a command told on stderr.

        Parameters
        ----------
        code
            With which it ended.
        text
            What it wrote.

        Examples
        --------
        >>> Refusal.said(4, "error: it is held\n  to do: wait\n").form
        {'message': 'it is held', 'todo': 'wait'}
        """
        lines = [line for line in text.splitlines() if line.strip()]
        lines = [line for line in lines if not line.startswith("note: ")]
        what, *rest = lines or ["mlkit ended without a word"]
        parts = {}
        for line in rest:
            label, _, words = line.strip().partition(": ")
            if label in ("where", "expected", "got", "to do"):
                parts["todo" if label == "to do" else label] = words.strip()
        return cls(STATUS.get(code, 422), what.removeprefix("error: "), **parts)

    def __str__(self) -> str:
        """Return the sentence."""
        return f"{self.status_code}: {self.form['message']}"
