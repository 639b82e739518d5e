"""Change some values of a TOML file, and leave its comments and its order alone."""

from __future__ import annotations

import json
import tomllib
from collections.abc import Callable, Mapping, MutableMapping
from typing import Any

from mlkit.core.errors import UsageError

__all__ = ["edited"]

Path = tuple[str, ...]
Table = MutableMapping[str, Any]


def edited(text: str, changes: Mapping[Path, Any]) -> str:
    """Return a TOML text with some values changed; nothing else in it is touched.

    What was made is read again before it is returned: a value that did not come out
    as it should, or one that changed beside it, is an error.

    Parameters
    ----------
    text
        TOML.
    changes
        By path the new value; None takes the key away.

    Raises
    ------
    UsageError
        Where the text is no TOML, or cannot be changed like this.

    Examples
    --------
    >>> print(edited("a = 1  # one", {("a",): 2, ("b", "c"): "x"}))
    a = 2  # one
    <BLANKLINE>
    [b]
    c = "x"
    <BLANKLINE>
    """
    import tomlkit

    try:
        wanted, document = tomllib.loads(text), tomlkit.parse(text)
        for path, value in changes.items():
            _put(wanted, path, value, lambda _: {})
            _put(document, path, value, _table)
        made = tomlkit.dumps(document)
        same = _plain(tomllib.loads(made)) == _plain(wanted)
    except (ValueError, TypeError, KeyError, tomlkit.exceptions.TOMLKitError) as error:
        raise _refused(changes, str(error)) from None
    if not same:
        raise _refused(changes, "other values would have changed too")
    return made


def _put(table: Table, path: Path, value: Any, fresh: Callable[[Table], Table]) -> None:
    *above, last = path
    for name in above:
        if name not in table:
            if value is None:
                return
            table[name] = fresh(table)
        table = table[name]
    if value is None:
        table.pop(last, None)
    else:
        table[last] = value


def _table(parent: Table) -> Table:
    """Return an empty table that may stand in `parent`."""
    import tomlkit
    from tomlkit.items import InlineTable

    within = isinstance(parent, InlineTable)
    return tomlkit.inline_table() if within else tomlkit.table()


def _plain(value: Any) -> str:
    """Return parsed TOML as text to compare; NaN equals itself."""
    return json.dumps(value, sort_keys=True, default=repr)


def _refused(changes: Mapping[Path, Any], why: str) -> UsageError:
    return UsageError(
        "the file cannot be changed by a form, and was left as it is",
        where=", ".join(".".join(path) for path in changes),
        got=why,
        todo="write it by hand",
    )
