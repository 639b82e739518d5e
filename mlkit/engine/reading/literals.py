"""Values as text: read from a command line, written into a cell."""

from __future__ import annotations

import ast
import json
import re
import warnings
from typing import Any

from mlkit.engine.reading.kinds import Kind, Misfit, article, fit, named, sound

__all__ = ["literal", "scan"]

_ORDER = ("None", "bool", "literal", "int", "float")
_UNREADABLE = (SyntaxError, ValueError, TypeError, RecursionError, MemoryError)


def scan(kind: Kind, text: str) -> Any:
    """Read a value of this kind from a command line.

    Text stays as it is where text is wanted; `true`, `false` and `none` in any
    case; numbers as Python writes them; containers as JSON or Python literals.
    Of several kinds, text is tried last.

    Parameters
    ----------
    kind
        What is wanted.
    text
        What was typed.

    Raises
    ------
    Misfit
        When the text is no such value.

    Examples
    --------
    >>> from mlkit.engine.reading.kinds import kind_of
    >>> scan(kind_of("int | str"), "3"), scan(kind_of("str"), "3")
    (3, '3')
    >>> scan(kind_of("list[str] | None"), '["a", "b"]')
    ['a', 'b']
    """
    members = kind.inner if kind.name == "union" else (kind,)
    if len(members) == 1:
        return _read(kind, text)
    todo = ""
    for member in sorted(members, key=_rank):
        try:
            return _read(member, text)
        except Misfit as no:
            todo = todo or no.todo
    names = ", ".join(named(member) for member in members)
    raise Misfit(f"{text!r} is none of {names}", todo)


def _rank(kind: Kind) -> int:
    if kind.name in ("str", "any"):
        return len(_ORDER) + (1 if kind.name == "str" else 2)
    return _ORDER.index(kind.name) if kind.name in _ORDER else len(_ORDER)


def _read(kind: Kind, text: str) -> Any:
    word = text.strip()
    match kind.name:
        case "str":
            return fit(kind, text)
        case "None" if word.lower() in ("none", "null"):
            return None
        case "bool" if word.lower() in ("true", "false"):
            return word.lower() == "true"
        case "int" if re.fullmatch(r"[+-]?[0-9]{1,4000}", word):
            return int(word)
        case "float" if re.fullmatch(r"[+-]?[0-9.]+([eE][+-]?[0-9]+)?", word):
            return _number(word)
        case "literal":
            return _pick(kind.choices, text)
        case "None" | "bool" | "int" | "float":
            raise Misfit(f"{text!r} is not {article(kind.name)}")
    return fit(kind, _parsed(word, text if kind.name == "any" else None))


def _number(word: str) -> float:
    try:
        return float(sound(float(word)))
    except ValueError:
        raise Misfit(f"{word!r} is not a finite number") from None


def _pick(choices: tuple[Any, ...], text: str) -> Any:
    for choice in choices:
        if text == choice or (not isinstance(choice, str) and text == repr(choice)):
            return choice
    for choice in choices:
        if not isinstance(choice, str) and text.lower() == repr(choice).lower():
            return choice
    return fit(Kind("literal", choices=choices), text)


def _parsed(word: str, otherwise: str | None) -> Any:
    for reader in (ast.literal_eval, json.loads):
        try:
            with warnings.catch_warnings():
                warnings.simplefilter("ignore")
                return reader(word)
        except _UNREADABLE:
            continue
    if otherwise is None:
        raise Misfit(f"{word!r} is not a literal", 'write it as JSON: ["a", "b"]')
    return otherwise


def literal(value: Any) -> str:
    """Write a value as source text, with double quotes, as formatters do.

    Examples
    --------
    >>> literal({"a": (1,), "b": [0.5, None]})
    '{"a": (1,), "b": [0.5, None]}'
    """
    if isinstance(value, str):
        plain = repr(value)
        return f'"{plain[1:-1]}"' if plain[0] == "'" and '"' not in value else plain
    if isinstance(value, dict):
        pairs = (f"{literal(key)}: {literal(item)}" for key, item in value.items())
        return "{" + ", ".join(pairs) + "}"
    if isinstance(value, list):
        return "[" + ", ".join(map(literal, value)) + "]"
    if isinstance(value, tuple):
        return "(" + ", ".join(map(literal, value)) + ("," * (len(value) == 1)) + ")"
    if isinstance(value, set) and value:
        return "{" + ", ".join(sorted(map(literal, value))) + "}"
    return repr(value)
