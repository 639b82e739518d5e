"""The bodies of requests: no larger, slower or more at a time than is allowed."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from starlette.requests import ClientDisconnect, Request

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

    @asynccontextmanager
    async def read(self, request: Request) -> AsyncIterator[bytearray]:
        """Give a request's body, and let go of it at the end.

        Raises
        ------
        Refused
            408, 413 or 503 beyond the limits, 400 where it ends early.
        """
        body = bytearray()
        try:
            await self._filled(body, request)
            yield body
        finally:
            self.held -= len(body)

    async def _filled(self, body: bytearray, request: Request) -> None:
        try:
            async with asyncio.timeout(self.settings.seconds):
                await self._fill(body, request)
        except TimeoutError:
            raise Refused(408, "the request came too slowly") from None
        except ClientDisconnect:
            raise Refused(400, "the request ended early") from None

    async def _fill(self, body: bytearray, request: Request) -> None:
        most = self.settings.body
        async for part in request.stream():
            if len(body) + len(part) > most:
                raise Refused(413, f"a request has at most {most} bytes")
            if self.held + len(part) > self.settings.held:
                raise Refused(503, "too many requests are read", wait=1)
            self.held += len(part)
            body += part
