"""Replies: their headers, and what a refusal looks like."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import msgspec

from mlkit.product.serving.asgi import Reply
from mlkit.product.serving.refused import Refused

__all__ = ["refusal", "reply"]

ENCODER = msgspec.json.Encoder()


def reply(told: Any, status: int = 200, more: Mapping[str, str] | None = None) -> Reply:
    """Return a reply of JSON: bytes and text as they are, other data encoded."""
    if isinstance(told, str):
        told = told.encode()
    body = told if isinstance(told, bytes) else ENCODER.encode(told)
    return Reply(body, status, more=more or {})


def refusal(
    refused: Refused, path: str, more: Mapping[str, str] | None = None
) -> Reply:
    """Return the reply that says why a request is not answered.

    Below ``/v2`` it is one sentence, as the Open Inference Protocol has it.
    """
    headers = dict(more or {})
    if refused.wait is not None:
        headers["retry-after"] = str(refused.wait)
    told = refused.line() if path.startswith("/v2") else refused.form()["error"]
    return reply({"error": told}, refused.status, headers)
