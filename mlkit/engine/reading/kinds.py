"""The types a parameter may have, and what fits them.

Values are literals only: numbers, text, true and false, None, and lists, tuples,
dicts and sets of them. Nothing here evaluates code; an annotation is read as a
small tree of `Kind`, and a value either fits it or does not.
"""

from __future__ import annotations

import ast
import math
from collections.abc import Iterator
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

from mlkit.core.errors import did_you_mean

__all__ = ["Kind", "Misfit", "article", "fit", "guess", "kind_of", "named", "sound"]

_SCALARS = {"int": int, "float": float, "str": str, "bool": bool, "None": type(None)}
_CONTAINERS = {"list": list, "tuple": tuple, "dict": dict, "set": set}
_PARTS = {"list": 1, "set": 1, "dict": 2}
_SPELLINGS = {"List": "list", "Tuple": "tuple", "Dict": "dict", "Set": "set"}
_UNREADABLE = (SyntaxError, ValueError, TypeError, RecursionError, MemoryError)


class Misfit(ValueError):
    """A value does not fit; `todo` may say which one would."""

    def __init__(self, what: str, todo: str = "") -> None:
        super().__init__(what)
        self.todo = todo


@dataclass(frozen=True)
class Kind:
    """A type: its name, the types inside it, and the choices of a Literal.

    `name` is one of int, float, str, bool, None, any, list, tuple (any length, one
    inner kind), row (a tuple of fixed length), dict, set, union and literal.
    """

    name: str
    inner: tuple[Kind, ...] = ()
    choices: tuple[Any, ...] = ()


_ANY = Kind("any")


@lru_cache(maxsize=512)
def kind_of(annotation: str) -> Kind:
    """Read an annotation.

    Parameters
    ----------
    annotation
        Its source text, quoted or not.

    Raises
    ------
    Misfit
        When a name in it is no type that a parameter can have.

    Examples
    --------
    >>> kind_of("int | None").inner
    (Kind(name='int', inner=(), choices=()), Kind(name='None', inner=(), choices=()))
    """
    try:
        return _kind(ast.parse(annotation.strip(), mode="eval").body)
    except Misfit:
        raise
    except _UNREADABLE:
        raise Misfit(f"{annotation!r} is not a type") from None


def _kind(node: ast.expr) -> Kind:
    match node:
        case ast.Constant(value=None):
            return Kind("None")
        case ast.Constant(value=str(text)):
            return kind_of(text)
        case ast.BinOp(left=left, op=ast.BitOr(), right=right):
            return _union((_kind(left), _kind(right)))
        case ast.Name() | ast.Attribute():
            return _bare(node)
        case ast.Subscript(value=head, slice=ast.Tuple(elts=parts)):
            return _generic(_word(head), list(parts))
        case ast.Subscript(value=head, slice=part):
            return _generic(_word(head), [part])
    raise Misfit(f"{ast.unparse(node)!r} is not a type")


def _word(node: ast.expr) -> str:
    word = node.attr if isinstance(node, ast.Attribute) else ast.unparse(node)
    return _SPELLINGS.get(word, word)


def _bare(node: ast.expr) -> Kind:
    word = _word(node)
    if word in _SCALARS:
        return Kind(word)
    if word in _CONTAINERS:
        return Kind(word, (_ANY,) * _PARTS.get(word, 1))
    if word in ("Any", "object"):
        return _ANY
    raise Misfit(
        f"{ast.unparse(node)!r} is no type that a parameter can have",
        "use int, float, str, bool, None, Literal[...], list, tuple, dict or set",
    )


def _generic(head: str, parts: list[ast.expr]) -> Kind:
    if head == "Literal":
        return Kind("literal", choices=tuple(_choices(parts)))
    if head == "Annotated":
        return _kind(parts[0])
    if head == "tuple":
        return _tuple(parts)
    inner = tuple(_kind(part) for part in parts)
    if head == "Optional" and len(inner) == 1:
        return _union((*inner, Kind("None")))
    if head == "Union":
        return _union(inner)
    if len(inner) == _PARTS.get(head, 0):
        return Kind(head, inner)
    raise Misfit(f"'{head}[...]' is no type that a parameter can have")


def _tuple(parts: list[ast.expr]) -> Kind:
    match parts:
        case [part, ast.Constant(value=value)] if value is ...:
            return Kind("tuple", (_kind(part),))
    return Kind("row", tuple(_kind(part) for part in parts))


def _choices(parts: list[ast.expr]) -> Iterator[Any]:
    for part in parts:
        match part:
            case ast.Subscript(slice=ast.Tuple(elts=more)):
                yield from _choices(list(more))
            case ast.Subscript(slice=one):
                yield from _choices([one])
            case _:
                yield ast.literal_eval(part)


def _union(parts: tuple[Kind, ...]) -> Kind:
    flat: list[Kind] = []
    for part in parts:
        flat += part.inner if part.name == "union" else (part,)
    return Kind("union", tuple(flat))


def guess(default: Any) -> Kind:
    """Take the type of an unannotated parameter from its default.

    Examples
    --------
    >>> guess(0.5).name
    'float'
    >>> guess(None).name
    'any'
    """
    if default is None:
        return _ANY
    return _bare(ast.Name(type(default).__name__))


def fit(kind: Kind, value: Any, *, outside: bool = True) -> Any:
    """Return the value as this kind, or refuse it.

    A whole number fits float and becomes one; a bool is never a number. From
    outside (a command line, TOML, JSON), where there are only arrays, a list also
    fits a tuple or a set.

    Parameters
    ----------
    kind
        What is wanted.
    value
        What came.
    outside
        Whether a list may stand for a tuple or a set.

    Raises
    ------
    Misfit
        When it does not fit, is not finite, or is no literal.

    Examples
    --------
    >>> fit(kind_of("float"), 1)
    1.0
    >>> fit(kind_of("int"), True)
    Traceback (most recent call last):
    mlkit.engine.reading.kinds.Misfit: True is a bool, not an int
    """
    if kind.name == "any":
        return sound(value)
    if kind.name in _SCALARS:
        return _scalar(kind.name, value)
    if kind.name == "literal":
        return _choice(kind.choices, value)
    if kind.name == "union":
        return _member(kind, value, outside)
    return _container(kind, value, outside)


def _scalar(name: str, value: Any) -> Any:
    if name == "float" and type(value) is int:
        return _float(value)
    if type(value) is not _SCALARS[name]:
        raise Misfit(f"{_show(value)} is {article(_name(value))}, not {article(name)}")
    return sound(value)


def _float(value: int) -> float:
    try:
        number = float(value)
    except OverflowError:
        raise Misfit("the whole number is too large for a float") from None
    if number != value:
        raise Misfit(f"{_show(value)} has more digits than a float can hold")
    return number


def _choice(choices: tuple[Any, ...], value: Any) -> Any:
    for choice in choices:
        if type(choice) is type(value) and choice == value:
            return choice
    named = [c if isinstance(c, str) else repr(c) for c in choices]
    word = value if isinstance(value, str) else repr(value)
    raise Misfit(
        f"{_show(value)} is none of {', '.join(map(repr, choices))}",
        did_you_mean(word, named),
    )


def _member(kind: Kind, value: Any, outside: bool) -> Any:
    fits, todo = [], ""
    for part in kind.inner:
        try:
            fits.append(fit(part, value, outside=outside))
        except Misfit as no:
            todo = todo or no.todo
    same = [found for found in fits if repr(found) == repr(value)]
    if fits:
        return (same or fits)[0]
    sound(value)
    names = ", ".join(named(part) for part in kind.inner)
    raise Misfit(f"{_show(value)} is none of {names}", todo)


def _container(kind: Kind, value: Any, outside: bool) -> Any:
    name = "tuple" if kind.name == "row" else kind.name
    make = _CONTAINERS[name]
    swap = outside and type(value) is list and name in ("tuple", "set")
    if type(value) is not make and not swap:
        raise Misfit(f"{_show(value)} is {article(_name(value))}, not {article(name)}")
    if kind.name == "row":
        return _row(kind, value, outside)
    if isinstance(value, dict):
        return {
            _inside(kind.inner[0], key, f"key {key!r}", outside): _inside(
                kind.inner[1], item, f"item {key!r}", outside
            )
            for key, item in value.items()
        }
    items = enumerate(value, start=1)
    found = [_inside(kind.inner[0], item, f"item {i}", outside) for i, item in items]
    try:
        return make(found)
    except TypeError:
        raise Misfit("an item of a set cannot be a list, a dict or a set") from None


def _row(kind: Kind, value: Any, outside: bool) -> tuple[Any, ...]:
    if len(value) != len(kind.inner):
        raise Misfit(f"{_show(value)} has {len(value)} items, not {len(kind.inner)}")
    pairs = enumerate(zip(kind.inner, value, strict=True), start=1)
    return tuple(_inside(part, item, f"item {i}", outside) for i, (part, item) in pairs)


def _inside(kind: Kind, value: Any, place: str, outside: bool) -> Any:
    try:
        return fit(kind, value, outside=outside)
    except Misfit as no:
        raise Misfit(f"{place}: {no}", no.todo) from None


def sound(value: Any) -> Any:
    """Return a value that can be written as a literal and as strict JSON.

    Parameters
    ----------
    value
        Anything.

    Raises
    ------
    Misfit
        For NaN and the infinities, half characters, and what is no literal.

    Examples
    --------
    >>> sound([1, "a"])
    [1, 'a']
    """
    if type(value) is float and not math.isfinite(value):
        raise Misfit(f"{value!r} is not a finite number")
    if type(value) is str and not value.isascii():
        try:
            value.encode()
        except UnicodeEncodeError:
            raise Misfit(f"{value!r} holds half a character (a surrogate)") from None
    if type(value) is dict:
        return {sound(key): sound(item) for key, item in value.items()}
    if type(value) in (list, tuple, set):
        return type(value)(sound(item) for item in value)
    if type(value) not in _SCALARS.values():
        raise Misfit(f"{_show(value)} is {article(_name(value))}, which is no literal")
    return value


def _name(value: Any) -> str:
    return "None" if value is None else type(value).__name__


def named(kind: Kind) -> str:
    """Name a type for a message.

    Examples
    --------
    >>> named(kind_of("Literal['a', 'b']"))
    "'a', 'b'"
    """
    if kind.name == "literal":
        return ", ".join(map(repr, kind.choices))
    return "tuple" if kind.name == "row" else kind.name


def article(name: str) -> str:
    """Put the article before the name of a type.

    Examples
    --------
    >>> article("int"), article("float")
    ('an int', 'a float')
    """
    if name == "None":
        return name
    return f"an {name}" if name[0] in "aeiouAEIOU" else f"a {name}"


def _show(value: Any) -> str:
    try:
        text = repr(value)
    except ValueError:
        text = f"<{_name(value)}>"
    return text if len(text) <= 60 else text[:57] + "..."
