"""How a server is set up, and what it will not do."""

from __future__ import annotations

import ipaddress
import re
from dataclasses import dataclass, field
from pathlib import Path

from mlkit.core.errors import UsageError

__all__ = ["Settings", "is_loopback"]

SHORT = 16
NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,99}")


@dataclass(frozen=True)
class Settings:
    """How a server is set up.

    Parameters
    ----------
    host, port
        Where it listens; port 0 takes a free one.
    token
        What ``Authorization: Bearer`` has to hold; "" asks for none.
    hosts
        Further names by which it may be called.
    log
        The log's file; None keeps nothing.
    body
        Bytes that a request may have.
    held
        Bytes that the bodies read at a time may have together.
    rows
        Rows that a request may have.
    waiting
        Rows that may wait at a time.
    seconds
        What a request may take.
    name
        By which the model goes in the Open Inference Protocol.
    shadow
        A package that answers in silence beside the champion; it needs a log.
    every
        Seconds between two looks at who is the champion.
    days
        Closed days that the log keeps; None for all.
    key
        With what private cells are hashed; b"" leaves them out of the log.

    Raises
    ------
    UsageError
        Where others could reach a server that asks for no token, a token is short, a
        name does not go into a path, or a shadow has no log.
    """

    host: str = "127.0.0.1"
    port: int = 8000
    token: str = ""
    hosts: tuple[str, ...] = ()
    log: Path | None = None
    body: int = 16 * 2**20
    held: int = 256 * 2**20
    rows: int = 10_000
    waiting: int = 20_000
    seconds: float = 30.0
    name: str = "model"
    shadow: Path | None = None
    every: float = 2.0
    days: int | None = None
    key: bytes = field(default=b"", repr=False)

    def __post_init__(self) -> None:
        if not self.token and not is_loopback(self.host):
            raise UsageError(
                "a server that others can reach needs a token",
                where=f"--host {self.host}",
                expected="127.0.0.1, ::1 or localhost where there is no token",
                todo="put a secret into an environment variable and name it: "
                "--token-env VAR",
            )
        plain = self.token.isascii() and self.token.isprintable()
        if self.token and (len(self.token) < SHORT or not plain or " " in self.token):
            raise UsageError(
                "this token is easily guessed, or does not go into a header",
                expected=f"at least {SHORT} printable ASCII characters, no blanks",
                todo='python -c "import secrets; print(secrets.token_urlsafe())"',
            )
        if not NAME.fullmatch(self.name):
            expected = "up to 100 letters, digits and . _ -, a letter or digit first"
            raise UsageError("this is no name", got=self.name, expected=expected)
        if self.shadow and not self.log:
            what = "what a model says in silence is kept in the log, and there is none"
            raise UsageError(what, where="--shadow", todo="leave --log off out")


def is_loopback(host: str) -> bool:
    """Tell whether only this machine can reach a host.

    Examples
    --------
    >>> is_loopback("localhost"), is_loopback("::1"), is_loopback("0.0.0.0")
    (True, True, False)
    >>> is_loopback("127.0.0.1.evil.com")
    False
    """
    if host == "localhost":
        return True
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False
