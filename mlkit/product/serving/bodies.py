"""The bodies of requests: no larger, and no more at a time, than are allowed."""

from __future__ import annotations

from mlkit.product.serving.asgi import Request
from mlkit.product.serving.refused import Refused
from mlkit.product.serving.settings import Settings

__all__ = ["Bodies"]


class Bodies:
    """What is read at a time.

    Parameters
    ----------
    settings
        The limits.
    """

    def __init__(self, settings: Settings) -> None:
        self.settings, self.held = settings, 0

    async def fill(self, body: bytearray, request: Request) -> None:
        """Read a request's body; who asks for it lets go of it at the end.

        Raises
        ------
        Refused
            413 or 503 beyond the limits, 400 where it ends early.
        """
        most = self.settings.body
        while True:
            message = await request.receive()
            if message["type"] == "http.disconnect":
                raise Refused(400, "the request ended early")
            part = message.get("body", b"")
            if len(body) + len(part) > most:
                raise Refused(413, f"a request has at most {most:,} bytes")
            if self.held + len(part) > self.settings.held:
                raise Refused(503, "too many requests are read", wait=1)
            self.held += len(part)
            body += part
            if not message.get("more_body", False):
                request.whole = True
                return

    def release(self, body: bytearray) -> None:
        """Let go of a body."""
        self.held -= len(body)
