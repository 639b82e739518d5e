"""The ASGI application: its routes behind one guard."""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager

import msgspec
from starlette.applications import Starlette
from starlette.requests import ClientDisconnect, Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route
from starlette.types import ASGIApp

from mlkit.product.journal.tables import make
from mlkit.product.serving.feedback import read_feedback
from mlkit.product.serving.forms import Form
from mlkit.product.serving.guard import HEADERS, Guard, refusal
from mlkit.product.serving.line import Line
from mlkit.product.serving.metrics import Metrics
from mlkit.product.serving.openapi import openapi
from mlkit.product.serving.refused import Refused
from mlkit.product.serving.served import Served
from mlkit.product.serving.settings import Settings

__all__ = ["application"]


def application(served: Served, settings: Settings) -> ASGIApp:
    """Return the application that serves a package.

    Parameters
    ----------
    served
        The package.
    settings
        Token, log and limits; the address is the server's.

    Raises
    ------
    InputError
        Where the log cannot be used.
    """
    if settings.log:
        make(settings.log, served.model, time.time())
    metrics = Metrics(served.version)
    site = _Site(served, settings, metrics)
    app = Starlette(
        routes=[
            Route("/health/live", site.live),
            Route("/health/ready", site.ready),
            Route("/metrics", site.metrics),
            Route("/openapi.json", site.openapi),
            Route("/v1/predict", site.predict, methods=["POST"]),
            Route("/v1/feedback", site.feedback, methods=["POST"]),
        ],
        lifespan=site.lifespan,
    )
    return Guard(app, settings, metrics)


class _Site:
    """The routes."""

    line: Line
    held = 0

    def __init__(self, served: Served, settings: Settings, metrics: Metrics) -> None:
        self.served, self.settings, self.counted = served, settings, metrics
        self.form = Form(served.fields, served.target, settings.rows)
        output = served.schema["output"]
        told = (served.fields, output, served.version, settings.rows)
        self.described = msgspec.json.encode(openapi(*told, bool(settings.token)))

    @asynccontextmanager
    async def lifespan(self, _: Starlette) -> AsyncIterator[None]:
        settings = self.settings
        self.line = Line(self.served, self.counted, settings.log, settings.waiting)
        try:
            yield
        finally:
            await asyncio.to_thread(self.line.stop)

    async def live(self, _: Request) -> Response:
        return JSONResponse({"status": "live"}, headers=HEADERS)

    async def ready(self, _: Request) -> Response:
        if not await self.line.well():
            return refusal(Refused(503, "the request log cannot be written", wait=2))
        told = {"status": "ready", "model": self.served.version}
        return JSONResponse(told, headers=HEADERS)

    async def metrics(self, _: Request) -> Response:
        text = self.counted.text(self.line.waiting)
        kind = "text/plain; version=0.0.4"
        return Response(text, headers=HEADERS, media_type=kind)

    async def openapi(self, _: Request) -> Response:
        return Response(self.described, 200, HEADERS, "application/json")

    async def predict(self, request: Request) -> Response:
        def answer(body: bytearray) -> Awaitable[str]:
            return self.line.ask(self.form.read(body))

        return await self._replied(request, answer)

    async def feedback(self, request: Request) -> Response:
        def answer(body: bytearray) -> Awaitable[str]:
            feedback = read_feedback(body, self.settings.rows)
            return self.line.keep(feedback, len(feedback.truths))

        return await self._replied(request, answer)

    async def _replied(
        self, request: Request, answer: Callable[[bytearray], Awaitable[str]]
    ) -> Response:
        body = bytearray()
        try:
            await self._filled(body, request)
            async with asyncio.timeout(self.settings.seconds):
                reply = await answer(body)
        except Refused as refused:
            return refusal(refused)
        except TimeoutError:
            return refusal(Refused(503, "this took too long", wait=5))
        except ClientDisconnect:
            return refusal(Refused(400, "the request ended early"))
        finally:
            self.held -= len(body)
        return Response(reply, 200, HEADERS, "application/json")

    async def _filled(self, body: bytearray, request: Request) -> None:
        try:
            async with asyncio.timeout(self.settings.seconds):
                await self._fill(body, request)
        except TimeoutError:
            raise Refused(408, "the request came too slowly") from None

    async def _fill(self, body: bytearray, request: Request) -> None:
        """Read a body, no further than its limit, nor than all of them may have."""
        most = self.settings.body
        async for part in request.stream():
            if len(body) + len(part) > most:
                raise Refused(413, f"a request has at most {most} bytes")
            if self.held + len(part) > self.settings.held:
                raise Refused(503, "too many requests are read", wait=1)
            self.held += len(part)
            body += part
