"""The errors mlkit raises, one small tree.

::

    MlkitError                 anything mlkit says no to
    ├── UsageError             wrong usage                               exit 2
    │   ├── ParameterError     an unknown parameter or a wrong type
    │   ├── WiringError        the notebooks do not make a graph
    │   └── InputError         the data handed in cannot be used
    ├── StepError              a step broke                              exit 1
    │   └── StoreError         an artifact is absent, torn or changed
    ├── Blocked                a gate said no                            exit 3
    └── Busy                   somebody else holds the project           exit 4

Every error says what happened, where, what was expected and got, and what to do.
"""

from __future__ import annotations

import difflib
from collections.abc import Iterable

__all__ = [
    "Blocked",
    "Busy",
    "InputError",
    "MlkitError",
    "ParameterError",
    "StepError",
    "StoreError",
    "UsageError",
    "WiringError",
    "did_you_mean",
    "shortened",
]

LETTERS, CHOICES, LISTED = 100, 1000, 100
"""How long a word may be, with how many it is compared, and how many are listed."""


class MlkitError(Exception):
    """What happened, where, what was expected and got, and what to do.

    Parameters
    ----------
    what
        One sentence: what happened.
    where
        File, step, cell or row.
    expected, got
        What was wanted there and what was found.
    todo
        What the reader can do about it.

    Examples
    --------
    >>> print(InputError("no such file", where="data/x.csv", todo="check --data"))
    no such file
      where:    data/x.csv
      to do:    check --data
    """

    exit_code = 1

    def __init__(
        self,
        what: str,
        *,
        where: str = "",
        expected: str = "",
        got: str = "",
        todo: str = "",
    ) -> None:
        super().__init__(what)
        self.what = what
        self.where = where
        self.expected = expected
        self.got = got
        self.todo = todo

    def __str__(self) -> str:
        labelled = {
            "where": self.where,
            "expected": self.expected,
            "got": self.got,
            "to do": self.todo,
        }
        lines = [self.what]
        for label, text in labelled.items():
            if text:
                lines.append(f"  {label + ':':<9} {text}")
        return "\n".join(lines)

    def _render_traceback_(self) -> list[str]:
        """Let IPython show the message alone, without a traceback."""
        return [f"{type(self).__name__}: {self}"]


class UsageError(MlkitError):
    """Wrong usage."""

    exit_code = 2


class ParameterError(UsageError):
    """An unknown parameter, or a value of the wrong type."""


class WiringError(UsageError):
    """The notebooks of a project do not make a graph."""


class InputError(UsageError):
    """The data handed in cannot be used."""


class StepError(MlkitError):
    """A step broke."""


class StoreError(StepError):
    """An artifact is absent, torn or changed."""


class Blocked(MlkitError):
    """A gate said no."""

    exit_code = 3


class Busy(MlkitError):
    """Somebody else holds the project."""

    exit_code = 4


def did_you_mean(word: str, known: Iterable[str]) -> str:
    """Suggest the nearest known word, or list the known ones.

    A word may be anybody's, so what is done for it has bounds: a long one is compared
    with nothing, and of very many known ones the first are.

    Examples
    --------
    >>> did_you_mean("trian", ["train", "valid"])
    "did you mean 'train'?"
    >>> did_you_mean("x", ["train", "valid"])
    'known: train, valid'
    """
    names = sorted(set(known))
    if len(word) <= LETTERS:
        plain = word.casefold()
        near = [name for name in names if name.casefold() == plain]
        near = near or difflib.get_close_matches(word, names[:CHOICES], n=1)
        if near:
            return f"did you mean {near[0]!r}?"
    more = f" and {len(names) - LISTED} more" if len(names) > LISTED else ""
    return "known: " + ", ".join(names[:LISTED]) + more if names else "there are none"


def shortened(text: str, most: int = 200) -> str:
    """Return a text with its middle left out where it has more than `most` letters.

    Examples
    --------
    >>> shortened("a very long name", 9)
    'a very…me'
    """
    if len(text) <= most:
        return text
    tail = most // 4
    return f"{text[: most - tail - 1]}…{text[-tail:]}"
