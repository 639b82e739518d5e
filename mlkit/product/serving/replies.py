"""Replies: their headers, and what a refusal looks like."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import msgspec
from starlette.responses import Response

from mlkit.product.serving.doors import JSON
from mlkit.product.serving.refused import Refused

__all__ = ["HEADERS", "refusal", "reply"]

HEADERS = {"cache-control": "no-store", "x-content-type-options": "nosniff"}


def reply(
    told: Any, status: int = 200, more: Mapping[str, str] | None = None
) -> Response:
    """Return a reply of JSON: bytes and text as they are, other data encoded."""
    body = told if isinstance(told, bytes | str) else msgspec.json.encode(told)
    return Response(body, status, {**HEADERS, **(more or {})}, JSON)


def refusal(
    refused: Refused, path: str, more: Mapping[str, str] | None = None
) -> Response:
    """Return the reply that says why a request is not answered.

    Below ``/v2`` it is one sentence, as the Open Inference Protocol has it.
    """
    headers = dict(more or {})
    if refused.wait is not None:
        headers["retry-after"] = str(refused.wait)
    told = refused.line() if path.startswith("/v2") else refused.form()["error"]
    return reply({"error": told}, refused.status, headers)
