"""A server that follows the champion: a new one is tried, then answers.

The change is one assignment in the event loop, so it falls between two requests: what
is in the line is answered by whom it was taken in for.
"""

from __future__ import annotations

import asyncio
import math
import sys
import time

from mlkit.core.errors import MlkitError
from mlkit.product.journal.tables import Move, make
from mlkit.product.serving.desk import Desk
from mlkit.product.serving.duty import Duty, Turned
from mlkit.product.serving.pointer import Found, Pointer
from mlkit.product.serving.served import Served
from mlkit.product.serving.trial import fault

__all__ = ["follow"]

AGAIN = 60.0
"""Seconds until what could not be read or loaded is tried again, unmoved."""


class _Unfit(Exception):
    """A package that failed its trial, and would again."""


async def follow(duty: Duty, pointer: Pointer) -> None:
    """Look again and again who is the champion, and let that one answer.

    Parameters
    ----------
    duty
        What the server is about; its desk is changed.
    pointer
        To the champion.
    """
    seen: tuple[int, ...] | None = None
    again = math.inf
    while True:
        mark = pointer.mark()
        if mark != seen or time.monotonic() >= again:
            seen = mark
            settled = await _look(duty, pointer)
            again = math.inf if settled else time.monotonic() + AGAIN
        await asyncio.sleep(duty.settings.every)


async def _look(duty: Duty, pointer: Pointer) -> bool:
    """Let the champion answer; tell whether another look would see the same."""
    version = ""
    try:
        found = await asyncio.to_thread(pointer.read)
        version = found.identity[:12]
        if found.identity != duty.desk.served.identity:
            desk = await asyncio.to_thread(_tried, duty, found)
            _change(duty, desk)
        duty.turned = duty.metrics.turned = None
        return True
    except _Unfit as unfit:
        _turn(duty, Turned(version, str(unfit)), str(unfit))
        return True
    except MlkitError as error:
        _turn(duty, Turned(version, error.what), str(error))
    except Exception as error:
        why = f"it cannot be loaded: {type(error).__name__}"
        _turn(duty, Turned(version, why), repr(error))
    return False


def _tried(duty: Duty, found: Found) -> Desk:
    """Load a package beside the one that answers, and try it."""
    served = Served(found.folder, found.facts)
    why = fault(served, duty.desk.served)
    if why:
        raise _Unfit(why)
    if duty.settings.log:
        make(duty.settings.log, served.model, time.time())
    return Desk(served, duty.settings)


def _change(duty: Duty, desk: Desk) -> None:
    old, new = duty.desk.served.version, desk.served.version
    duty.desk, duty.metrics.version = desk, new
    duty.metrics.changes += 1
    duty.line.note(Move(time.time(), desk.served.identity, "serves"))
    _say(f"model {new} answers now, after {old}")


def _turn(duty: Duty, turned: Turned, told: str) -> None:
    """Keep the package that answers, and say once why the other one does not."""
    if duty.turned == turned:
        return
    duty.turned, duty.metrics.turned = turned, turned.version
    duty.line.note(Move(time.time(), turned.version, "refused", turned.why))
    kept = duty.desk.served.version
    _say(f"model {turned.version} was turned away, {kept} goes on: {told}")


def _say(text: str) -> None:
    print(text, file=sys.stderr, flush=True)  # noqa: T201
