"""The routes that answer rows."""

from __future__ import annotations

from collections.abc import Awaitable, Callable

from mlkit.product.serving.asgi import Reply, Request
from mlkit.product.serving.desk import Desk
from mlkit.product.serving.doors import ARROW, BINARY, FORM, JSON
from mlkit.product.serving.duty import Duty
from mlkit.product.serving.feedback import read_feedback
from mlkit.product.serving.forms import Asked
from mlkit.product.serving.refused import Refused
from mlkit.product.serving.replies import refusal, reply
from mlkit.product.serving.tally import reason_of
from mlkit.product.serving.telling import is_known
from mlkit.product.serving.tongues import arrow, parts, tensors

__all__ = ["Asking"]

LENGTH = tensors.LENGTH.encode()


class Asking:
    """Routes of the kind POST.

    Parameters
    ----------
    duty
        What the server is about.
    """

    def __init__(self, duty: Duty) -> None:
        self.duty = duty

    async def predict(self, request: Request) -> Reply:
        """Answer rows of JSON, Arrow or a form, in JSON or Arrow."""
        return await self._guarded(request, self._predict)

    async def feedback(self, request: Request) -> Reply:
        """Take in the truth about past rows."""
        return await self._guarded(request, self._feedback)

    async def infer(self, request: Request) -> Reply:
        """Answer tensors, as the Open Inference Protocol has it."""
        return await self._guarded(request, self._infer)

    async def _guarded(
        self, request: Request, answer: Callable[[Request, bytearray], Awaitable[Reply]]
    ) -> Reply:
        """Read a body and answer it, both in time; else say why not."""
        body = bytearray()
        try:
            with self.duty.patience.wait():
                await self.duty.bodies.fill(body, request)
                return await answer(request, body)
        except Refused as refused:
            return self._refused(refused, request)
        except TimeoutError:
            late = Refused(408, "the request came too slowly")
            if request.whole:
                late = Refused(503, "this took too long", wait=5)
            return self._refused(late, request)
        finally:
            self.duty.bodies.release(body)

    def _refused(self, refused: Refused, request: Request) -> Reply:
        """Leave word of why, in words of ours, and say so."""
        request.reason = reason_of(refused, self.duty.desk.form.known)
        return refusal(refused, request.path)

    async def _predict(self, request: Request, body: bytearray) -> Reply:
        came, wanted = _kinds(request)
        desk, line = self.duty.desk, self.duty.line
        if came == FORM:
            kind = request.header(b"content-type")
            asked = await self.duty.bench.run(lambda: _form(body, kind, desk))
        else:
            read = desk.form.read
            asked = arrow.read(body, desk.form) if came == ARROW else read(body)
            asked = await self._seen(asked, desk) if desk.form.media else asked
        told = await line.ask(desk.served, asked)
        if wanted == ARROW:
            return Reply(arrow.write(told), kind=ARROW)
        return reply(told)

    async def _feedback(self, _: Request, body: bytearray) -> Reply:
        feedback = read_feedback(body, self.duty.settings.rows)
        return reply(await self.duty.line.keep(feedback, len(feedback.truths)))

    async def _infer(self, request: Request, body: bytearray) -> Reply:
        if not is_known(self.duty, request):
            raise Refused(404, "there is no such model, or version")
        desk, line = self.duty.desk, self.duty.line
        output = desk.served.output
        length = request.header(LENGTH)
        how, asked = tensors.read(body, length, desk.form)
        tensors.check_outputs(how, output)
        asked = await self._seen(asked, desk) if desk.form.media else asked
        told = await line.ask(desk.served, asked)
        whole, head = tensors.write(told, how, self.duty.settings.name, output)
        if head is None:
            return reply(whole)
        return Reply(whole, kind=BINARY, more={tensors.LENGTH: str(head)})

    async def _seen(self, asked: Asked, desk: Desk) -> Asked:
        """Read images and sounds at the bench, where there are any."""
        columns = (asked.cells[name] for name in desk.form.media)
        if all(cell is None for column in columns for cell in column):
            return asked
        return await self.duty.bench.run(lambda: desk.served.reader.read(asked))


def _form(body: bytearray, kind: str, desk: Desk) -> Asked:
    """Read a form, and the images and sounds in it."""
    asked = parts.read(body, kind, desk.form)
    return desk.served.reader.read(asked) if desk.form.media else asked


def _kinds(request: Request) -> tuple[str, str]:
    """Return in what a request came, and in what its reply is wanted."""
    came = request.kind
    if b"accept" not in request.headers:
        return came, came
    wanted = request.header(b"accept").lower()
    if ARROW in wanted:
        return came, ARROW
    return came, JSON if JSON in wanted else came
