"""How states, times and numbers are told, in the terminal and in the report."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from typing import Any

from mlkit.core import errors
from mlkit.core.lanes import SIGNS
from mlkit.core.names import TITLES

__all__ = [
    "SIGNS",
    "cause",
    "headlines",
    "is_secret",
    "listing",
    "number",
    "plain",
    "seconds",
    "shorten",
    "words",
]

OURS = frozenset(errors.__all__)
OUR_FAILURES = frozenset(
    {
        "InputRequested",
        "KernelDied",
        "NoSuchKernel",
        "NotExecuted",
        "SystemExit",
        "Timeout",
        "TooMuchOutput",
        "WorkerDied",
    }
)
SECRET = re.compile(r"(^|_)(passw(or)?d|secret|token|api_?key|credentials?)(_|$)", re.I)
_ESCAPES = re.compile(
    r"\x1b(\[[0-?]*[ -/]*[@-~]|\][^\x07\x1b]*(\x07|\x1b\\)|[@-Z\\-_])"
)
_CONTROLS = re.compile(r"[\x00-\x08\x0b-\x1f\x7f-\x9f\u202a-\u202e\u2066-\u2069]")
_SURROGATES = re.compile(r"[\ud800-\udfff]")


def plain(text: object) -> str:
    r"""Return text free of what steers a terminal or turns a line around.

    Examples
    --------
    >>> plain("\x1b[31mred\x1b[0m\a alert")
    'red alert'
    """
    found = _ESCAPES.sub("", str(text).replace("\r\n", "\n").replace("\r", "\n"))
    return _SURROGATES.sub("\ufffd", _CONTROLS.sub("", found))


def shorten(text: object, length: int) -> str:
    """Return `text` on one line of `length` characters at most.

    Examples
    --------
    >>> shorten("parts = split(table)", 10)
    'parts = s…'
    """
    line = " ".join(plain(text).split())
    return line if len(line) <= length else line[: length - 1].rstrip() + "…"


def number(value: float) -> str:
    """Return a number as a person would write it.

    Examples
    --------
    >>> number(0.91234), number(344.0), number(12345.6), number(0.00001234)
    ('0.912', '344', '12,346', '1.23e-05')
    """
    if value == int(value) if abs(value) < 1e15 else False:
        return f"{int(value):,}"
    if 0.9995 <= abs(value) < 1:  # nearly one is not one
        return f"{value:.6g}"
    if abs(value) >= 1000:
        return f"{value:,.0f}" if abs(value) < 1e15 else f"{value:.3g}"
    return f"{value:.3g}" if abs(value) < 1 else f"{value:.4g}"


def seconds(value: float) -> str:
    """Return a duration in words.

    Examples
    --------
    >>> seconds(1.234), seconds(42.4), seconds(192), seconds(3900)
    ('1.2 s', '42 s', '3 min 12 s', '1 h 5 min')
    """
    if value < 9.95:
        return f"{max(value, 0.0):.1f} s"
    whole = round(value)
    if whole < 60:
        return f"{whole} s"
    if whole < 3600:
        return f"{whole // 60} min {whole % 60} s"
    return f"{whole // 3600} h {whole % 3600 // 60} min"


def listing(words: Iterable[str]) -> str:
    """Join words as a sentence does.

    Examples
    --------
    >>> listing(["train", "valid", "test"])
    'train, valid and test'
    """
    *first, last = list(words) or [""]
    return f"{', '.join(first)} and {last}" if first else last


def headlines(
    metrics: Mapping[str, Mapping[str, float]], first: str = ""
) -> dict[str, float]:
    """Return the numbers of a step's saves, by name; the one called `first` leads.

    Parameters
    ----------
    metrics
        Artifact name → metric name → number.
    first
        A metric's name, such as the goal's.

    Examples
    --------
    >>> headlines({"evaluation": {"accuracy": 0.9, "roc_auc": 0.95}}, "roc_auc")
    {'roc_auc': 0.95, 'accuracy': 0.9}
    """
    found: dict[str, float] = {}
    for numbers in metrics.values():
        for name, value in numbers.items():
            found.setdefault(name, value)
    return {n: found[n] for n in sorted(found, key=lambda name: name != first)}


def cause(failure: Mapping[str, Any]) -> str:
    """Return what broke a step; the type is named where it is not one of ours.

    Examples
    --------
    >>> cause({"type": "ValueError", "message": "x is 3"})
    'ValueError: x is 3'
    >>> cause({"type": "InputError", "message": "no such file"})
    'no such file'
    """
    kind, message = plain(failure.get("type", "")), plain(failure.get("message", ""))
    if kind in OURS or kind in OUR_FAILURES:
        return message.strip() or kind
    return f"{kind}: {message}".strip(": ") or "it broke without a word"


def is_secret(name: str) -> bool:
    """Tell whether a parameter's name is that of a secret."""
    return SECRET.search(name) is not None


def words(name: str) -> str:
    """Return a metric's name as words: its title, where it has one.

    Examples
    --------
    >>> words("gap_between_groups"), words("roc_auc"), words("rmse_train")
    ('gap between groups', 'ROC AUC', 'RMSE train')
    """
    known = (n for n in TITLES if f"{name}_".startswith(f"{n}_"))
    start = max(known, key=len, default="")
    rest = plain(name.removeprefix(start)).replace("_", " ")
    return (TITLES.get(start, "") + rest).strip()
