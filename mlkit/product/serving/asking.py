"""The routes that answer rows."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable

from starlette.requests import Request
from starlette.responses import Response

from mlkit.product.serving.desk import Desk
from mlkit.product.serving.doors import ARROW, BINARY, JSON
from mlkit.product.serving.duty import Duty
from mlkit.product.serving.feedback import read_feedback
from mlkit.product.serving.forms import Asked
from mlkit.product.serving.refused import Refused
from mlkit.product.serving.replies import HEADERS, refusal, reply
from mlkit.product.serving.telling import is_known
from mlkit.product.serving.tongues import arrow, tensors

__all__ = ["Asking"]


class Asking:
    """Routes of the kind POST.

    Parameters
    ----------
    duty
        What the server is about.
    """

    def __init__(self, duty: Duty) -> None:
        self.duty = duty

    async def predict(self, request: Request) -> Response:
        """Answer rows of JSON or Arrow, in the one that is wanted."""
        return await _guarded(request, self._predict)

    async def feedback(self, request: Request) -> Response:
        """Take in the truth about past rows."""
        return await _guarded(request, self._feedback)

    async def infer(self, request: Request) -> Response:
        """Answer tensors, as the Open Inference Protocol has it."""
        return await _guarded(request, self._infer)

    async def _predict(self, request: Request) -> Response:
        came, wanted = _kinds(request)
        async with self.duty.bodies.read(request) as body:
            desk = self.duty.desk
            read = desk.form.read
            asked = arrow.read(body, desk.form) if came == ARROW else read(body)
            told = await self._told(desk, asked)
        if wanted == ARROW:
            return Response(arrow.write(told), 200, HEADERS, ARROW)
        return reply(told)

    async def _infer(self, request: Request) -> Response:
        if not is_known(self.duty, request):
            raise Refused(404, "there is no such model, or version")
        length = request.headers.get(tensors.LENGTH, "")
        async with self.duty.bodies.read(request) as body:
            desk = self.duty.desk
            classes = desk.served.predictor.classes
            how, asked = tensors.read(body, length, desk.form)
            tensors.check_outputs(how, classes)
            told = await self._told(desk, asked)
        whole, head = tensors.write(told, how, self.duty.settings.name, classes)
        if head is None:
            return reply(whole)
        return Response(whole, 200, {**HEADERS, tensors.LENGTH: str(head)}, BINARY)

    async def _feedback(self, request: Request) -> Response:
        async with self.duty.bodies.read(request) as body:
            feedback = read_feedback(body, self.duty.settings.rows)
            kept = self.duty.line.keep(feedback, len(feedback.truths))
            return reply(await self._in_time(kept))

    async def _told(self, desk: Desk, asked: Asked) -> str:
        """Return the reply to rows once it is kept."""
        return await self._in_time(self.duty.line.ask(desk.served, asked))

    async def _in_time(self, told: Awaitable[str]) -> str:
        try:
            async with asyncio.timeout(self.duty.settings.seconds):
                return await told
        except TimeoutError:
            raise Refused(503, "this took too long", wait=5) from None


async def _guarded(
    request: Request, answer: Callable[[Request], Awaitable[Response]]
) -> Response:
    try:
        return await answer(request)
    except Refused as refused:
        return refusal(refused, request.url.path)


def _kinds(request: Request) -> tuple[str, str]:
    """Return in what a request came, and in what its reply is wanted."""
    came = request.headers.get("content-type", "").partition(";")[0].strip().lower()
    wanted = request.headers.get("accept", "").lower()
    if ARROW in wanted:
        return came, ARROW
    return came, JSON if JSON in wanted else came
