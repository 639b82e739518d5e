"""The ASGI application: a door for each path, behind one guard."""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from starlette.applications import Starlette
from starlette.routing import Route

from mlkit.core.errors import InputError
from mlkit.product.journal.nightly import nightly
from mlkit.product.journal.tables import Move, make
from mlkit.product.serving.asking import Asking
from mlkit.product.serving.desk import Desk
from mlkit.product.serving.doors import DOORS
from mlkit.product.serving.duty import Duty
from mlkit.product.serving.follow import follow
from mlkit.product.serving.guard import Guard
from mlkit.product.serving.line import Line
from mlkit.product.serving.metrics import Metrics
from mlkit.product.serving.pointer import Pointer
from mlkit.product.serving.refused import Refused
from mlkit.product.serving.served import Served
from mlkit.product.serving.settings import Settings
from mlkit.product.serving.shadow import Silent
from mlkit.product.serving.telling import Telling
from mlkit.product.serving.trial import fault

__all__ = ["application"]

EVERY = 5.0
"""Seconds between two entries of what was refused; a kill loses no more of them."""


def application(
    served: Served, settings: Settings, pointer: Pointer | None = None
) -> Guard:
    """Return the application that serves a package.

    Parameters
    ----------
    served
        The package.
    settings
        Token, log and limits; the address is the server's.
    pointer
        To the champion, where the package is to change with it.

    Raises
    ------
    InputError
        Where the log cannot be used, or the shadow does not take what the package
        takes.
    """
    metrics = Metrics(served.version)
    silent = _silent(served, settings, metrics)
    for one in (served, silent.served) if silent else (served,):
        if settings.log:
            make(settings.log, one.model, time.time())
    duty = Duty(Desk(served, settings), settings, metrics)

    @asynccontextmanager
    async def lifespan(_: Starlette) -> AsyncIterator[None]:
        async with _working(duty, silent, pointer):
            yield

    parts = (Telling(duty), Asking(duty))
    routes = [
        Route(path, getattr(part, door.name), methods=list(door.verbs))
        for path, door in DOORS.items()
        for part in parts
        if hasattr(part, door.name)
    ]
    app = Starlette(routes=routes, lifespan=lifespan)
    app.state.duty = duty
    return Guard(app, settings, metrics)


@asynccontextmanager
async def _working(
    duty: Duty, silent: Silent | None, pointer: Pointer | None
) -> AsyncIterator[None]:
    """Run what runs beside the routes; finish what was taken in at the end."""
    settings = duty.settings
    after = silent.offer if silent else None
    kept = (settings.log, settings.waiting, after, settings.key)
    duty.line = Line(duty.metrics, *kept)
    duty.line.note(Move(time.time(), duty.desk.served.identity, "serves"))
    if silent:
        silent.start(duty.line)
    beside = [asyncio.create_task(follow(duty, pointer))] if pointer else []
    if settings.log:
        beside.append(asyncio.create_task(nightly(settings.log, settings.days)))
        beside.append(asyncio.create_task(_tallying(duty)))
    try:
        yield
    finally:
        for task in beside:
            task.cancel()
        await asyncio.gather(*beside, return_exceptions=True)
        await _tally(duty)
        if silent:
            await asyncio.to_thread(silent.stop)
        await asyncio.to_thread(duty.line.stop)


async def _tallying(duty: Duty) -> None:
    """Hand the tally of what was refused to the log, again and again."""
    while True:
        await asyncio.sleep(EVERY)
        await _tally(duty)


async def _tally(duty: Duty) -> None:
    """Hand the tally to the log; what the log cannot keep now, it gets later."""
    told = duty.metrics.tally.taken() if duty.settings.log else None
    if told is None:
        return
    try:
        await duty.line.keep(told)
    except Refused:
        duty.metrics.tally.back(told)


def _silent(served: Served, settings: Settings, metrics: Metrics) -> Silent | None:
    if not settings.shadow:
        return None
    other = Served(settings.shadow)
    why = fault(other, served)
    if why:
        raise InputError(
            "this package cannot answer beside the champion",
            where=str(settings.shadow),
            got=why,
        )
    return Silent(other, metrics)
