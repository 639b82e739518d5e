"""Secrets are references: ``env:NAME`` stands for an environment variable.

What it stands for is put in place only where a source connects, and taken out of
every message again, so that it reaches no notebook, log or store.
"""

from __future__ import annotations

import os
import re
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import Any
from urllib.parse import quote

from mlkit.core.errors import InputError, MlkitError

__all__ = ["address", "check", "concealed", "filled", "hidden", "names", "referred"]

REFERENCE = re.compile(r"env:([A-Za-z_][A-Za-z0-9_]*)")
PASSWORD = re.compile(r"://[^/@:\s]*:([^/@\s]+)@")
KEYS = re.compile(r"(?i)[?&;]((?:api[_-]?)?(?:key|token)|password|secret)=([^&#;\s]+)")


def names(*values: Any) -> list[str]:
    """Return the environment variables that values refer to.

    Examples
    --------
    >>> names("postgresql://ann:env:SHOP@db/shop", {"token": "env:TOKEN"})
    ['SHOP', 'TOKEN']
    """
    return sorted({name for text in _texts(values) for name in REFERENCE.findall(text)})


def filled(value: Any) -> Any:
    """Return a value with what its references stand for, in texts however deep.

    Raises
    ------
    InputError
        Where an environment variable is not set.
    """
    if isinstance(value, str):
        return REFERENCE.sub(_value, value)
    if isinstance(value, Mapping):
        return {key: filled(item) for key, item in value.items()}
    if isinstance(value, (list, tuple)):
        return type(value)(filled(item) for item in value)
    return value


def address(uri: str) -> str:
    """Return a URL with what its references stand for, percent-encoded.

    One at its very start stands for the URL itself, and is put in as it is.

    Raises
    ------
    InputError
        Where an environment variable is not set.
    """
    return REFERENCE.sub(
        lambda found: quote(_value(found), safe="") if found.start() else _value(found),
        uri,
    )


def referred(text: str, *values: Any) -> str:
    """Return a text in which what the references in `values` stand for is one again.

    Examples
    --------
    >>> os.environ["TOKEN"] = "s3cr&t"
    >>> referred("https://x.org/?page=2&key=s3cr%26t", "https://x.org/?key=env:TOKEN")
    'https://x.org/?page=2&key=env:TOKEN'
    """
    for name in names(*values):
        secret = os.environ.get(name, "")
        for form in {quote(secret, safe=""), secret} - {""}:
            text = text.replace(form, f"env:{name}")
    return text


def check(uri: str) -> None:
    """Refuse an address in which a secret stands as it is.

    Raises
    ------
    InputError
        It says how to write a reference instead.

    Examples
    --------
    >>> check("postgresql://ann:env:SHOP_PASSWORD@db/shop")
    """
    found = [m.group(1) for m in PASSWORD.finditer(uri)]
    found += [m.group(2) for m in KEYS.finditer(uri)]
    if any(not word.startswith("env:") for word in found):
        raise InputError(
            "a secret stands in this address, and would be kept with it",
            where=concealed(uri, *found),
            expected="a reference such as env:PASSWORD in its place",
            todo="set an environment variable, and write env: and its name",
        )


def concealed(text: str, *secrets: str) -> str:
    """Return a text with each secret in it as three stars.

    Examples
    --------
    >>> concealed("no user ann:12345", "12345")
    'no user ann:***'
    """
    for secret in sorted(filter(None, secrets), key=len, reverse=True):
        text = text.replace(secret, "***")
    return text


@contextmanager
def hidden(*values: Any) -> Iterator[None]:
    """Take what the references in `values` stand for out of every error's message.

    Raises
    ------
    InputError
        In place of an error that would have told a secret.
    """
    told = [os.environ.get(name, "") for name in names(*values)]
    told += [found for secret in told for found in PASSWORD.findall(secret)]
    told += [quote(secret, safe="") for secret in told]
    try:
        yield
    except Exception as error:
        text = concealed(str(error), *told)
        if text == str(error):
            raise
        if isinstance(error, MlkitError):
            raise _without(error, told) from None
        raise InputError("the source could not be read", got=text[:300]) from None


def _without(error: MlkitError, told: list[str]) -> MlkitError:
    fields = ("what", "where", "expected", "got", "todo")
    clean = {f: concealed(str(getattr(error, f, "") or ""), *told) for f in fields}
    return type(error)(clean.pop("what"), **clean)


def _value(found: re.Match[str]) -> str:
    name = found.group(1)
    if name not in os.environ:
        raise InputError(
            f"the environment variable {name} is not set",
            where=found.group(),
            todo=f"set it where mlkit runs: export {name}=...",
        )
    return os.environ[name]


def _texts(value: Any) -> Iterator[str]:
    if isinstance(value, str):
        yield value
    elif isinstance(value, Mapping):
        for item in value.values():
            yield from _texts(item)
    elif isinstance(value, (list, tuple)):
        for item in value:
            yield from _texts(item)
