"""The routes that answer rows."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable

from starlette.requests import Request
from starlette.responses import Response

from mlkit.product.serving.doors import ARROW, BINARY, JSON
from mlkit.product.serving.duty import Duty
from mlkit.product.serving.feedback import read_feedback
from mlkit.product.serving.guard import REASON
from mlkit.product.serving.refused import Refused
from mlkit.product.serving.replies import HEADERS, refusal, reply
from mlkit.product.serving.tally import reason_of
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
        return await self._guarded(request, self._predict)

    async def feedback(self, request: Request) -> Response:
        """Take in the truth about past rows."""
        return await self._guarded(request, self._feedback)

    async def infer(self, request: Request) -> Response:
        """Answer tensors, as the Open Inference Protocol has it."""
        return await self._guarded(request, self._infer)

    async def _guarded(
        self,
        request: Request,
        answer: Callable[[Request, bytearray], Awaitable[Response]],
    ) -> Response:
        """Read a body and answer it, both in time; else say why not."""
        body = bytearray()
        late = Refused(408, "the request came too slowly")
        try:
            async with asyncio.timeout(self.duty.settings.seconds):
                await self.duty.bodies.fill(body, request)
                late = Refused(503, "this took too long", wait=5)
                return await answer(request, body)
        except Refused as refused:
            return self._refused(refused, request)
        except TimeoutError:
            return self._refused(late, request)
        finally:
            self.duty.bodies.release(body)

    def _refused(self, refused: Refused, request: Request) -> Response:
        """Leave word of why, in words of ours, and say so."""
        request.scope[REASON] = reason_of(refused, self.duty.desk.form.known)
        return refusal(refused, request.scope["path"])

    async def _predict(self, request: Request, body: bytearray) -> Response:
        came, wanted = _kinds(request)
        desk, line = self.duty.desk, self.duty.line
        read = desk.form.read
        asked = arrow.read(body, desk.form) if came == ARROW else read(body)
        told = await line.ask(desk.served, asked)
        if wanted == ARROW:
            return Response(arrow.write(told), 200, HEADERS, ARROW)
        return reply(told)

    async def _feedback(self, _: Request, body: bytearray) -> Response:
        feedback = read_feedback(body, self.duty.settings.rows)
        return reply(await self.duty.line.keep(feedback, len(feedback.truths)))

    async def _infer(self, request: Request, body: bytearray) -> Response:
        if not is_known(self.duty, request):
            raise Refused(404, "there is no such model, or version")
        desk, line = self.duty.desk, self.duty.line
        output = desk.served.output
        length = request.headers.get(tensors.LENGTH, "")
        how, asked = tensors.read(body, length, desk.form)
        tensors.check_outputs(how, output)
        told = await line.ask(desk.served, asked)
        whole, head = tensors.write(told, how, self.duty.settings.name, output)
        if head is None:
            return reply(whole)
        return Response(whole, 200, {**HEADERS, tensors.LENGTH: str(head)}, BINARY)


def _kinds(request: Request) -> tuple[str, str]:
    """Return in what a request came, and in what its reply is wanted."""
    headers = request.headers
    came = headers.get("content-type", "").partition(";")[0].strip().lower()
    wanted = headers.get("accept", "").lower()
    if ARROW in wanted:
        return came, ARROW
    return came, JSON if JSON in wanted else came
