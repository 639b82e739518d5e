"""The ASGI application: a door for each path, behind one guard."""

from __future__ import annotations

import asyncio
import time
from collections.abc import (
    AsyncIterator,
    Awaitable,
    Callable,
    Coroutine,
    Iterator,
    Mapping,
)
from contextlib import asynccontextmanager

from mlkit.core.errors import InputError
from mlkit.product.journal.nightly import nightly
from mlkit.product.journal.tables import Move, make
from mlkit.product.serving.asgi import Reply, Request
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

__all__ = ["App", "application"]

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
    return Guard(App(duty, silent, pointer), settings, metrics)


class App:
    """What answers behind the guard, and what runs beside it.

    Parameters
    ----------
    duty
        What the server is about.
    silent
        The package that answers in silence; None where there is none.
    pointer
        To the champion, where the package is to change with it.
    """

    def __init__(
        self, duty: Duty, silent: Silent | None, pointer: Pointer | None
    ) -> None:
        self.duty, self.silent, self.pointer = duty, silent, pointer
        parts = (Telling(duty), Asking(duty))
        self.routes: Mapping[str, Callable[[Request], Awaitable[Reply]]] = {
            path: getattr(part, door.name)
            for path, door in DOORS.items()
            for part in parts
            if hasattr(part, door.name)
        }

    @asynccontextmanager
    async def running(self) -> AsyncIterator[None]:
        """Run what runs beside the routes; finish what was taken in at the end."""
        duty, silent = self.duty, self.silent
        settings = duty.settings
        after = silent.offer if silent else None
        kept = (settings.log, settings.waiting, after, settings.key)
        duty.line = Line(duty.metrics, *kept)
        duty.line.note(Move(time.time(), duty.desk.served.identity, "serves"))
        if silent:
            silent.start(duty.line)
        beside = [asyncio.create_task(one) for one in self._beside()]
        try:
            yield
        finally:
            for task in beside:
                task.cancel()
            await asyncio.gather(*beside, return_exceptions=True)
            await _tally(duty)
            if silent:
                await asyncio.to_thread(silent.stop)
            duty.bench.stop()
            await asyncio.to_thread(duty.line.stop)

    def _beside(self) -> Iterator[Coroutine[None, None, None]]:
        settings = self.duty.settings
        if self.pointer:
            yield follow(self.duty, self.pointer)
        if settings.log:
            yield nightly(settings.log, settings.days)
            yield _tallying(self.duty)


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
