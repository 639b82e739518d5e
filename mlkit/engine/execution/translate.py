"""Parameters as papermill injects them: Python's own literals, secrets left out."""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Any

from papermill.translators import PythonTranslator

from mlkit.engine.reporting.say import is_secret

__all__ = ["Translator", "injected", "is_secret", "json_of", "source_of"]


def source_of(value: object) -> str:
    """Write a parameter's value as Python.

    Examples
    --------
    >>> source_of(("a", -1, None, float("inf")))
    "('a', -1, None, float('inf'))"
    """
    if isinstance(value, float) and not math.isfinite(value):
        return f"float({str(value)!r})"
    if isinstance(value, Mapping):
        pairs = (f"{source_of(k)}: {source_of(v)}" for k, v in value.items())
        return "{" + ", ".join(pairs) + "}"
    if isinstance(value, list):
        return "[" + ", ".join(map(source_of, value)) + "]"
    if isinstance(value, tuple):
        inner = ", ".join(map(source_of, value))
        return f"({inner},)" if len(value) == 1 else f"({inner})"
    return repr(value)


def injected(parameters: Mapping[str, object], *, hide: bool = False) -> str:
    """Write the injected cell; `hide` leaves out what secrets hold.

    Examples
    --------
    >>> print(injected({"rows": 5, "api_token": "abc"}, hide=True))
    # Parameters of this run
    rows = 5
    api_token = ...  # not written down
    """
    lines = ["# Parameters of this run"]
    for name, value in parameters.items():
        secret = hide and is_secret(name)
        lines.append(
            f"{name} = {'...  # not written down' if secret else source_of(value)}"
        )
    return "\n".join(lines)


def json_of(value: object) -> object:
    """Return a value as JSON has it, or as Python writes it where JSON has none.

    Examples
    --------
    >>> json_of((1, float("nan"))), json_of({1: None})
    ([1, "float('nan')"], {'1': None})
    """
    if isinstance(value, list | tuple):
        return [json_of(item) for item in value]
    if isinstance(value, Mapping):
        return {str(key): json_of(item) for key, item in value.items()}
    plain = value is None or isinstance(value, bool | int | str)
    plain = plain or (isinstance(value, float) and math.isfinite(value))
    return value if plain else source_of(value)


class Translator(PythonTranslator):  # type: ignore[misc]
    """Our way of writing parameters, where papermill looks for one."""

    @classmethod
    def codify(cls, parameters: Mapping[str, Any], comment: str = "") -> str:  # noqa: ARG003
        """Write the injected cell."""
        return injected(parameters)

    @classmethod
    def inspect(cls, parameters_cell: Any) -> list[Any]:  # noqa: ARG003
        """Infer nothing: mlkit has read and checked the parameters."""
        return []
