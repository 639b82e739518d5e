"""Add to what a decision says already, so that a click keeps earlier clicks."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from mlkit.core.files import canonical

__all__ = ["merged", "without"]

AGAINST = {"accept": "refuse", "refuse": "accept"}


def merged(old: Any, new: Any) -> Any:
    """Return a decision's value with another added to it; twice is as once.

    Objects are joined key by key; a list takes in what it does not hold yet, and a
    rule replaces one of the same name; anything else is replaced. What is accepted is
    no longer refused, and what is refused no longer accepted.

    Parameters
    ----------
    old
        What is decided so far, plain JSON data; None for nothing.
    new
        What is to be added, of the same form.

    Examples
    --------
    >>> merged({"refuse": ["trim a"]}, {"accept": ["trim a", "drop b"]})
    {'refuse': [], 'accept': ['trim a', 'drop b']}
    >>> merged([{"rule": "x", "max": 1}], [{"rule": "x", "max": 2}])
    [{'rule': 'x', 'max': 2}]
    """
    if isinstance(old, Mapping) and isinstance(new, Mapping):
        return _joined(old, new)
    if isinstance(old, list) and isinstance(new, Mapping):
        # a plain list of cleaning operations refuses them
        return _joined({"refuse": old}, new)
    if isinstance(old, list) and isinstance(new, list):
        return _listed(old, new)
    return new


def without(old: Any, new: Any) -> Any:
    """Return a decision's value less what `merged` once added to it.

    Parameters
    ----------
    old
        What is decided, plain JSON data.
    new
        What was added, and is to go.

    Returns
    -------
    object
        None where nothing is left.

    Examples
    --------
    >>> without({"accept": ["trim a", "drop b"]}, {"accept": ["trim a"]})
    {'accept': ['drop b']}
    >>> without({"accept": ["trim a"]}, {"accept": ["trim a"]}) is None
    True
    """
    if isinstance(old, Mapping) and isinstance(new, Mapping):
        left = {
            key: without(told, new[key]) if key in new else told
            for key, told in old.items()
        }
        return {
            key: told for key, told in left.items() if told not in (None, [])
        } or None
    if isinstance(old, list) and isinstance(new, list):
        return [one for one in old if not any(_same(one, told) for told in new)] or None
    return None if _same(old, new) else old


def _joined(old: Mapping[str, Any], new: Mapping[str, Any]) -> dict[str, Any]:
    found = dict(old)
    for key, told in new.items():
        found[key] = merged(found[key], told) if key in found else told
        other = AGAINST.get(key, "")
        if isinstance(found.get(other), list) and isinstance(told, list):
            found[other] = [name for name in found[other] if name not in told]
    return found


def _listed(old: list[Any], new: list[Any]) -> list[Any]:
    found = list(old)
    for told in new:
        places = [place for place, one in enumerate(found) if _same(one, told)]
        if places:
            found[places[0]] = told
        else:
            found.append(told)
    return found


def _same(one: Any, other: Any) -> bool:
    """Tell whether two items are equal, or rules of one name."""
    if isinstance(one, Mapping) and isinstance(other, Mapping) and "rule" in one:
        return bool(one["rule"] == other.get("rule"))
    return canonical(one) == canonical(other)
