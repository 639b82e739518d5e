"""Patience ends in time for each, with one timer for all, and spares who is done."""

from __future__ import annotations

import asyncio

import pytest

from mlkit.product.serving.patience import Patience


def test_only_those_that_are_late_are_given_up():
    async def take(patience, seconds):
        with patience.wait():
            await asyncio.sleep(seconds)
        return seconds

    async def all_of_them():
        patience = Patience(0.05)
        quick = [take(patience, 0) for _ in range(3)]
        told = await asyncio.gather(
            take(patience, 9), *quick, take(patience, 9), return_exceptions=True
        )
        again = await asyncio.gather(
            take(patience, 0), take(patience, 9), return_exceptions=True
        )
        return [*map(type, told)], [*map(type, again)], asyncio.current_task()

    told, again, _ = asyncio.run(all_of_them())
    assert told == [TimeoutError, int, int, int, TimeoutError]
    assert again == [int, TimeoutError]


def test_who_is_cancelled_from_elsewhere_is_not_late():
    async def wait(patience):
        with patience.wait():
            await asyncio.sleep(9)

    async def cancelled():
        task = asyncio.create_task(wait(Patience(5)))
        await asyncio.sleep(0)
        task.cancel()
        await task

    with pytest.raises(asyncio.CancelledError):
        asyncio.run(cancelled())


def test_an_error_within_stays_that_error():
    async def broken():
        with Patience(5).wait():
            raise ValueError("mine")

    with pytest.raises(ValueError, match="mine"):
        asyncio.run(broken())
