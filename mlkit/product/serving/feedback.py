"""Truth that comes in over HTTP: ``POST /v1/feedback``.

It is replied to only once it is on the disk, and may be sent again: a truth that is
known is not kept twice.
"""

from __future__ import annotations

import re
import time
from collections.abc import Callable
from datetime import UTC, datetime
from typing import Annotated, Any

import msgspec

from mlkit.core.errors import did_you_mean, shortened
from mlkit.product.journal.truths import Feedback, Truth
from mlkit.product.serving.refused import Refused

__all__ = ["described", "read_feedback"]

PLACE = re.compile(r" - at `(\$[^`]*)`$")
UNKNOWN = re.compile(r"unknown field `(.*)`$", re.DOTALL)
EARLY = 300
"""Seconds by which the clock of who sends a truth may be before ours."""


class _Told(msgspec.Struct, forbid_unknown_fields=True):
    id: Annotated[str, msgspec.Meta(pattern="^[A-Za-z0-9._:-]{1,128}$")]
    truth: str | int | float | bool
    row: Annotated[int, msgspec.Meta(ge=0, le=2**31)] | None = None
    at: datetime | None = None


class _Body(msgspec.Struct, forbid_unknown_fields=True):
    truths: Annotated[list[_Told], msgspec.Meta(min_length=1)]


DECODER = msgspec.json.Decoder(_Body)


def read_feedback(body: bytes | bytearray, most: int) -> Feedback:
    """Read a body: ``{"truths": [{"id": ..., "row": 0, "truth": ...}]}``.

    Parameters
    ----------
    body
        JSON; ``at`` says when a truth was known, where that was not just now.
    most
        How many truths it may have.

    Raises
    ------
    Refused
        422 with the place, or 413 for too many.

    Examples
    --------
    >>> read_feedback(b'{"truths": [{"id": "a", "truth": "yes"}]}', 10).truths
    [Truth(request='a', row=None, value='yes', at=None)]
    """
    try:
        found = DECODER.decode(body)
    except (msgspec.MsgspecError, UnicodeError, RecursionError) as error:
        told = shortened(str(error))
        place = PLACE.search(told)
        what, where = (told[: place.start()], place[1]) if place else (told, "")
        unknown = UNKNOWN.search(what)
        if unknown:
            known = (_Told if where else _Body).__struct_fields__
            what = f"{what}; {did_you_mean(unknown[1], known)}"
        raise Refused(422, what, where=where) from None
    if len(found.truths) > most:
        raise Refused(413, f"a request has at most {most} truths", where="$.truths")
    now = time.time()
    return Feedback([_truth(t, n, now) for n, t in enumerate(found.truths)], now)


def _truth(told: _Told, place: int, now: float) -> Truth:
    where = f"$.truths[{place}]"
    if isinstance(told.truth, str) and not told.truth.strip():
        what = "a truth is not blank; leave the row out until its truth is known"
        raise Refused(422, what, where=f"{where}.truth")
    at = None if told.at is None else _seconds(told.at, f"{where}.at", now)
    return Truth(told.id, told.row, told.truth, at)


def _seconds(moment: datetime, where: str, now: float) -> float:
    """Return a moment in seconds since 1970, which a truth can have been known at."""
    try:
        zoned = moment if moment.tzinfo else moment.replace(tzinfo=UTC)
        at = zoned.timestamp()
    except (OverflowError, ValueError):
        raise Refused(422, "this is no moment", where=where) from None
    if at < 0:
        raise Refused(422, "no truth is known from before 1970", where=where)
    if at > now + EARLY:
        raise Refused(422, "no truth is known from the future", where=where)
    return at


def described(refused: Callable[[str], dict[str, Any]]) -> dict[str, Any]:
    """Return the route as OpenAPI has it, given what makes a refusal's form."""
    truth = {
        "type": "object",
        "properties": {
            "id": {"type": "string", "pattern": "^[A-Za-z0-9._:-]{1,128}$"},
            "row": {"type": ["integer", "null"], "minimum": 0, "maximum": 2**31},
            "truth": {"type": ["string", "number", "boolean"], "pattern": "\\S"},
            "at": {"type": ["string", "null"], "format": "date-time"},
        },
        "required": ["id", "truth"],
        "additionalProperties": False,
    }
    whole = {
        "type": "object",
        "properties": {"truths": {"type": "array", "items": truth, "minItems": 1}},
        "required": ["truths"],
        "additionalProperties": False,
    }
    counts = {name: {"type": "integer"} for name in _counted()}
    unseen = {"unseen": {"type": "array", "items": {"type": "string"}}}
    taken = {"type": "object", "properties": {**counts, **unseen}}
    return {
        "operationId": "feedback",
        "requestBody": {"required": True, "content": _json(whole)},
        "responses": {
            "200": {"description": "What became of them.", "content": _json(taken)},
            **{status: refused(about) for status, about in REFUSALS.items()},
        },
    }


REFUSALS = {
    "401": "The token is not there, or is another.",
    "403": "The host or the origin is not known.",
    "404": "This server keeps no log.",
    "408": "The request came too slowly.",
    "413": "Too many bytes or truths.",
    "415": "Not plain JSON.",
    "422": "The request has no such row, or the truth cannot be what is predicted.",
    "503": "Too many requests wait, or the log cannot be written: try again.",
}


def _counted() -> tuple[str, ...]:
    return "written", "repeated", "corrected", "early", "forgotten"


def _json(schema: dict[str, Any]) -> dict[str, Any]:
    return {"application/json": {"schema": schema}}
