"""What stands before every route: host, origin, token, path, verb, size and type.

All of it is by list: a path that is not in `DOORS` with the verb of the request is
not there, and all but the public ones ask for the token before they say so.
"""

from __future__ import annotations

import hashlib
import hmac
import ipaddress
import re
import socket
import time
from collections.abc import Awaitable, Callable, Mapping, Sequence
from contextlib import AbstractAsyncContextManager
from functools import lru_cache
from typing import Protocol
from urllib.parse import urlsplit

from mlkit.product.serving.asgi import Receive, Reply, Request, Scope, Send, live
from mlkit.product.serving.doors import DOORS, Door, door_of
from mlkit.product.serving.metrics import Metrics
from mlkit.product.serving.refused import Refused
from mlkit.product.serving.replies import refusal
from mlkit.product.serving.settings import Settings, is_loopback
from mlkit.product.serving.tally import reason_of

__all__ = ["App", "Guard"]

NOWHERE = Door("", ())
LOOPBACK = ("localhost", "127.0.0.1", "::1")
HOST = re.compile(r"(\[[0-9a-f:.]+\]|[a-z0-9._-]+?)\.?(:[0-9]{1,5})?")


class App(Protocol):
    """What answers behind the guard."""

    @property
    def routes(self) -> Mapping[str, Callable[[Request], Awaitable[Reply]]]:
        """What answers by each path of `DOORS`."""

    def running(self) -> AbstractAsyncContextManager[None]:
        """Return what lasts as long as the server."""


class Guard:
    """An ASGI application: the routes, with a guard before them.

    Parameters
    ----------
    app
        What answers if nothing here refuses.
    settings
        Token, hosts and limits.
    metrics
        Told of each reply.
    """

    def __init__(self, app: App, settings: Settings, metrics: Metrics) -> None:
        self.app, self.settings, self.metrics = app, settings, metrics
        self._token = _hashed(settings.token)
        own = () if _is_any(settings.host) else (settings.host,)
        here = LOOPBACK if is_loopback(settings.host) else (*own, *_own_names())
        self._named = {name.lower() for name in settings.hosts}
        self._hosts = {name.lower() for name in here} | self._named

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Refuse, or pass on."""
        if scope["type"] == "lifespan":
            await live(self.app.running(), receive, send)
            return
        if scope["type"] != "http":
            await send({"type": "websocket.close", "code": 1008})
            return
        begun, status = time.perf_counter(), 0
        path, named = door_of(scope["path"])
        door, request = DOORS.get(path, NOWHERE), Request(scope, receive, named)
        try:
            try:
                self._check(request, door)
                reply = await self.app.routes[path](request)
            except Refused as refused:
                request.reason = reason_of(refused)
                reply = refusal(refused, request.path, _more(refused, door))
            status = reply.status
            await reply.send(send)
        except Exception as error:
            status, request.reason = 500, type(error).__name__
            raise
        finally:
            took = time.perf_counter() - begun
            self.metrics.request(path or "other", status, took, request.reason)

    def _check(self, request: Request, door: Door) -> None:
        verb, host = request.verb, request.header(b"host")
        if not self._is_own(host):
            raise Refused(403, "this server does not go by that name")
        origin = request.header(b"origin")
        if b"origin" in request.headers and not self._is_near(origin, host):
            raise Refused(403, "no page of another site may ask here")
        if not (door.public and verb in door.verbs):
            self._authorise(request)
        if not door.verbs:
            raise Refused(404, "there is nothing here")
        if verb not in door.verbs:
            raise Refused(405, "not with this verb")
        if door.kinds:
            self._weigh(request, door.kinds)

    def _is_own(self, host: str) -> bool:
        """Tell whether a Host header names this server.

        By a name that anybody can point here a page could ask as if it were ours; an
        address cannot be pointed elsewhere.
        """
        name = _name(host)
        if name in self._hosts:
            return True
        return not is_loopback(self.settings.host) and _is_address(name)

    def _is_near(self, origin: str, host: str) -> bool:
        """Tell whether a page comes from this server, or from a host named for it."""
        try:
            parts = urlsplit(origin)
        except ValueError:
            return False
        if parts.scheme not in ("http", "https") or parts.path or parts.query:
            return False
        near = parts.netloc.lower() == host.lower()
        return near or _name(parts.netloc) in self._named

    def _authorise(self, request: Request) -> None:
        if not self.settings.token:
            return
        scheme, _, given = request.header(b"authorization").partition(" ")
        same = hmac.compare_digest(_hashed(given.strip()), self._token)
        if not same or scheme.lower() != "bearer":
            raise Refused(401, "a token is needed: Authorization: Bearer ...")

    def _weigh(self, request: Request, kinds: Sequence[str]) -> None:
        headers = request.headers
        packed = headers.get(b"content-encoding", b"").lower() not in (b"", b"identity")
        if request.kind not in kinds or packed:
            some = " or ".join(kind for kind in kinds if kind)
            raise Refused(415, f"a request is plain {some}")
        length = headers.get(b"content-length", b"")
        if length.isdigit() and (len(length) > 18 or int(length) > self.settings.body):
            raise Refused(413, f"a request has at most {self.settings.body:,} bytes")


def _more(refused: Refused, door: Door) -> dict[str, str]:
    if refused.status == 401:
        return {"www-authenticate": "Bearer"}
    return {"allow": ", ".join(door.verbs)} if refused.status == 405 else {}


@lru_cache(maxsize=256)
def _name(host: str) -> str:
    """Return the name in a Host header, without its port; "" where it is none."""
    found = HOST.fullmatch(host.lower())
    return found[1].strip("[]") if found else ""


def _is_address(name: str) -> bool:
    try:
        ipaddress.ip_address(name)
    except ValueError:
        return False
    return True


def _is_any(host: str) -> bool:
    return host in ("0.0.0.0", "::", "")  # noqa: S104


def _own_names() -> tuple[str, ...]:
    return (*LOOPBACK, socket.gethostname())


def _hashed(token: str) -> bytes:
    return hashlib.sha256(token.encode()).digest()
