"""The routes that tell something of the server and its model."""

from __future__ import annotations

from typing import Any

from mlkit.product.serving.asgi import Reply, Request
from mlkit.product.serving.duty import Duty
from mlkit.product.serving.page import page
from mlkit.product.serving.refused import Refused
from mlkit.product.serving.replies import refusal, reply
from mlkit.product.serving.tongues.tensors import inputs_of, outputs_of

__all__ = ["Telling", "is_known"]


class Telling:
    """Routes of the kind GET.

    Parameters
    ----------
    duty
        What the server is about.
    """

    def __init__(self, duty: Duty) -> None:
        self.duty = duty

    async def page(self, _: Request) -> Reply:
        """Give the page, the same for everybody: it asks for the schema itself."""
        text, policy = page()
        more = {"content-security-policy": policy}
        return Reply(text.encode(), kind="text/html; charset=utf-8", more=more)

    async def live(self, _: Request) -> Reply:
        """Say that the process runs."""
        return reply({"status": "live", "live": True})

    async def ready(self, request: Request) -> Reply:
        """Say whether requests can be answered, and by which model."""
        if not await self.duty.line.well():
            broken = Refused(503, "the request log cannot be written", wait=2)
            return refusal(broken, request.path)
        served, turned = self.duty.desk.served, self.duty.turned
        told: dict[str, Any] = {"status": "ready", "ready": True}
        told |= {"model": served.version, "review_by": served.review_by}
        told["overdue"] = served.overdue
        if turned:
            told["refused"] = {"model": turned.version, "why": turned.why}
        return reply(told)

    async def metrics(self, _: Request) -> Reply:
        """Give the counts."""
        self.duty.metrics.overdue = self.duty.desk.served.overdue
        text = self.duty.metrics.text(self.duty.line.waiting)
        return Reply(text.encode(), kind="text/plain; version=0.0.4; charset=utf-8")

    async def openapi(self, _: Request) -> Reply:
        """Give the description for other programs."""
        return reply(self.duty.desk.openapi)

    async def schema(self, _: Request) -> Reply:
        """Give what a person who fills in a form has to know."""
        return reply(self.duty.desk.schema)

    async def server(self, _: Request) -> Reply:
        """Give the server's metadata, as the Open Inference Protocol has it."""
        extensions = ["binary_tensor_data"]
        return reply({"name": "mlkit", "version": "2", "extensions": extensions})

    async def model(self, request: Request) -> Reply:
        """Give the model's metadata, as the Open Inference Protocol has it."""
        served = self.duty.desk.served
        if not is_known(self.duty, request):
            return _unknown(request)
        told = {
            "name": self.duty.settings.name,
            "versions": [served.version],
            "platform": "onnx_onnxv1",
            "inputs": inputs_of(served.fields),
            "outputs": outputs_of(served.output),
        }
        return reply(told)

    async def model_ready(self, request: Request) -> Reply:
        """Say whether the model answers."""
        if not is_known(self.duty, request):
            return _unknown(request)
        return await self.ready(request)


def is_known(duty: Duty, request: Request) -> bool:
    """Tell whether a path names the model that answers, and if at all, its version."""
    version = duty.desk.served.version
    named = request.named
    same = named["model"] == duty.settings.name
    return bool(same and named.get("version", version) == version)


def _unknown(request: Request) -> Reply:
    return refusal(Refused(404, "there is no such model, or version"), request.path)
