"""Change some values of a TOML file, and leave its comments and its order alone."""

from __future__ import annotations

import json
import tomllib
from collections.abc import Callable, Iterator, Mapping, MutableMapping
from contextlib import AbstractContextManager, contextmanager, nullcontext
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
            _put(document, path, value, _table, _apart)
        made = tomlkit.dumps(document)
        same = _plain(tomllib.loads(made)) == _plain(wanted)
    except (ValueError, TypeError, KeyError, tomlkit.exceptions.TOMLKitError) as error:
        raise _refused(changes, str(error)) from None
    if not same:
        raise _refused(changes, "other values would have changed too")
    return made


def _put(
    table: Table,
    path: Path,
    value: Any,
    fresh: Callable[[Table], Table],
    around: Callable[[Table], AbstractContextManager[Any]] = nullcontext,
) -> None:
    *above, last = path
    for name in above:
        if name not in table:
            if value is None:
                return
            with around(table):
                table[name] = fresh(table)
        table = table[name]
    if value is None:
        table.pop(last, None)
    elif last in table:
        table[last] = value
    else:
        with around(table):
            table[last] = value


@contextmanager
def _apart(table: Table) -> Iterator[None]:
    """Keep what stands between a table and the next one below what is added.

    That are blank lines, and comments after one: they are about what comes next.
    """
    from tomlkit.items import Comment

    body = _last(table)
    end = len(body)
    while end and body[end - 1][0] is None:
        end -= 1
    while end < len(body) and isinstance(body[end][1], Comment):
        end += 1
    loose = body[end:]
    del body[end:]
    yield
    _last(table).extend(loose)


def _last(table: Any) -> list[Any]:
    """Return the lines of the table that is written last within a table."""
    from tomlkit.container import Container
    from tomlkit.items import AoT
    from tomlkit.items import Table as Headed

    if isinstance(table, Headed):
        return _last(table.value)
    if isinstance(table, AoT):
        return _last(table.body[-1])
    if not isinstance(table, Container):
        return []  # written in one line, or in several places
    inner = [item for key, item in table.body if key is not None]
    if inner and isinstance(inner[-1], Headed | AoT):
        return _last(inner[-1])
    return table.body


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
