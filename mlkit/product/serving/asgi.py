"""A request, a reply and a life, as ASGI has them: what the routes need of it."""

from __future__ import annotations

import traceback
from collections.abc import Awaitable, Callable, Mapping, MutableMapping, Sequence
from contextlib import AbstractAsyncContextManager
from dataclasses import dataclass, field
from functools import lru_cache
from typing import Any

from mlkit.product.serving.doors import JSON

__all__ = ["Message", "Receive", "Reply", "Request", "Scope", "Send", "live"]

Scope = MutableMapping[str, Any]
Message = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[Message]]
Send = Callable[[Message], Awaitable[None]]
Header = tuple[bytes, bytes]
ALWAYS = [(b"cache-control", b"no-store"), (b"x-content-type-options", b"nosniff")]


class Request:
    """A request whose body is still to come.

    Parameters
    ----------
    scope
        As ASGI has it.
    receive
        Gives the parts of the body.
    named
        The parts of the path that have names.
    """

    __slots__ = ("headers", "named", "path", "reason", "receive", "verb", "whole")

    def __init__(
        self, scope: Scope, receive: Receive, named: Mapping[str, str]
    ) -> None:
        self.receive, self.named = receive, named
        self.path: str = scope["path"]
        self.verb: str = scope["method"]
        self.reason, self.whole = "", False
        given: Sequence[Header] = scope["headers"]
        self.headers = dict(given)
        if len(self.headers) < len(given):
            self.headers = _joined(given)

    @property
    def kind(self) -> str:
        """The media type of its body; no such type where two are told."""
        return _kind(self.headers.get(b"content-type", b""))

    def header(self, name: bytes) -> str:
        """Return a header; "" where there is none, and one with a comma for two."""
        return self.headers.get(name, b"").decode("latin-1")


@lru_cache(maxsize=256)
def _kind(told: bytes) -> str:
    kind = "," if b"," in told else told.decode("latin-1")
    return kind.partition(";")[0].strip().lower()


def _joined(given: Sequence[Header]) -> dict[bytes, bytes]:
    headers: dict[bytes, bytes] = {}
    for name, value in given:
        headers[name] = b"%b, %b" % (headers[name], value) if name in headers else value
    return headers


@dataclass(slots=True)
class Reply:
    """What is sent back.

    Parameters
    ----------
    body
        Its bytes.
    status
        The HTTP status.
    kind
        Its media type.
    more
        Further headers.
    """

    body: bytes
    status: int = 200
    kind: str = JSON
    more: Mapping[str, str] = field(default_factory=dict)

    async def send(self, send: Send) -> None:
        """Send it."""
        length = b"%d" % len(self.body)
        kind = self.kind.encode()
        headers = [*ALWAYS, (b"content-type", kind), (b"content-length", length)]
        for name, value in self.more.items():
            headers.append((name.encode(), value.encode("latin-1")))
        start = {"type": "http.response.start", "status": self.status}
        start["headers"] = headers
        await send(start)
        await send({"type": "http.response.body", "body": self.body})


async def live(
    running: AbstractAsyncContextManager[None], receive: Receive, send: Send
) -> None:
    """Begin when the server begins, and end when it ends.

    Parameters
    ----------
    running
        What is entered and left.
    receive, send
        As ASGI's lifespan protocol has it.
    """
    state = "startup"
    await receive()
    try:
        async with running:
            await send({"type": "lifespan.startup.complete"})
            state = "shutdown"
            await receive()
    except BaseException:
        told = traceback.format_exc()
        await send({"type": f"lifespan.{state}.failed", "message": told})
        raise
    await send({"type": "lifespan.shutdown.complete"})
