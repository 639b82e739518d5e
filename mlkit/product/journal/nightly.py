"""The log's closed days filed by a server, in a process of its own.

So that a server needs nothing that writes Parquet, and no reply waits for it.
"""

from __future__ import annotations

import asyncio
import sys
import time
from pathlib import Path

from mlkit.core.errors import MlkitError
from mlkit.product.journal.filing import SETTLED, due
from mlkit.product.journal.parts import SECONDS

__all__ = ["nightly"]

LAST = 300
"""Bytes that are told of what a rotation says before it fails."""


async def nightly(path: Path, days: int | None) -> None:
    """File closed days now, and each night an hour after midnight UTC.

    Parameters
    ----------
    path
        The log.
    days
        How many closed days are kept; None for all.
    """
    while True:
        try:
            if await asyncio.to_thread(due, path, days):
                await _rotate(path, days)
        except (MlkitError, OSError) as error:
            _say(str(error))
        await asyncio.sleep(1 + SECONDS - (time.time() - SETTLED) % SECONDS)


async def _rotate(path: Path, days: int | None) -> None:
    """Run `mlkit log --rotate`; ended in the midst, the next one goes on."""
    keep = () if days is None else ("--keep-days", str(days))
    process = await asyncio.create_subprocess_exec(
        *(sys.executable, "-m", "mlkit", "log", "--rotate", "--log", str(path), *keep),
        stdin=asyncio.subprocess.DEVNULL,
        stdout=asyncio.subprocess.DEVNULL,
        stderr=asyncio.subprocess.PIPE,
    )
    try:
        _, told = await process.communicate()
    except asyncio.CancelledError:
        process.kill()
        await process.wait()
        raise
    if process.returncode:
        _say(told.decode(errors="replace").strip()[-LAST:])


def _say(told: str) -> None:
    text = f"the log's closed days stay where they are: {told}"
    print(text, file=sys.stderr, flush=True)  # noqa: T201
