"""Champions that are served for the people in Lab: a process each, for us alone.

A server listens on this machine only, on a port that the system chooses, and answers
nobody who has not its token. The token is made here and is told to no browser: what
people ask goes through Jupyter's own login, and reaches no other port than these.
"""

from __future__ import annotations

import asyncio
import atexit
import os
import re
import secrets
import signal
import time
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path

from tornado.httpclient import AsyncHTTPClient, HTTPClientError, HTTPResponse

from mlkit.core.project import Project
from mlkit.lab.command import QUIET, bound, said
from mlkit.lab.refusal import Refusal

__all__ = ["Served", "Server"]

CHANGED = re.compile(r"^model (\S+) answers now", re.MULTILINE)
TOLD = re.compile(r"model (\S+) answers at http://127\.0\.0\.1:(\d+)/")
VARIABLE = "MLKIT_LAB_TOKEN"
START, ANSWER, END = 60.0, 35.0, 35.0  # seconds
DOORS = {"schema": ("GET", "/v1/schema"), "predict": ("POST", "/v1/predict")}


@dataclass
class Server:
    """One server.

    Parameters
    ----------
    root
        Of the project whose champion it serves.
    process
        The server's process.
    token
        Without which it answers nobody.
    words
        The file of what it says of what happens.
    last, port
        What it is last known to serve and where, once it has told; "" and 0 before.
    since
        When it was started.
    """

    root: Path
    process: asyncio.subprocess.Process
    token: str
    words: Path
    last: str = ""
    port: int = 0
    since: float = field(default_factory=time.time)

    @property
    def going(self) -> bool:
        """Whether it answers, as far as is known."""
        return self.port > 0 and self.process.returncode is None

    @property
    def version(self) -> str:
        """What answers now: it follows the project's champion."""
        with suppress(OSError):  # its words may have been dropped
            for told in CHANGED.findall(self.words.read_text(errors="replace")):
                self.last = told
        return self.last

    async def ask(self, door: str, body: bytes | None) -> HTTPResponse:
        """Pass one request on, and return what the server says to it.

        Raises
        ------
        Refusal
            Where it does not answer.
        """
        verb, path = DOORS[door]
        kind = {"Content-Type": "application/json"} if verb == "POST" else {}
        try:
            return await AsyncHTTPClient().fetch(
                f"http://127.0.0.1:{self.port}{path}",
                method=verb,
                headers={"Authorization": f"Bearer {self.token}", **kind},
                body=body if verb == "POST" else None,
                request_timeout=ANSWER,
                follow_redirects=False,
                raise_error=False,
            )
        except (OSError, HTTPClientError):
            raise Refusal(502, "the model's server does not answer") from None


class Served:
    """The servers started here, one a project."""

    def __init__(self) -> None:
        self._servers: dict[Path, Server] = {}
        self._one = asyncio.Lock()
        atexit.register(self.end)

    def __iter__(self) -> Iterator[Server]:
        return iter([one for one in self._servers.values() if one.going])

    def of(self, project: Project) -> Server | None:
        """Return the server of a project's champion; None where there is none."""
        found = self._servers.get(project.root)
        return found if found and found.going else None

    async def start(self, project: Project) -> Server:
        """Serve a project's champion; one that is served already stays.

        Raises
        ------
        Refusal
            Where it cannot be served, as where there is no champion yet.
        """
        async with self._one:
            found = self.of(project)
            if found is None:
                found = await _started(project)
                self._servers[project.root] = found
            return found

    async def stop(self, project: Project) -> None:
        """End a project's server; what it was asked before is answered first.

        Raises
        ------
        Refusal
            Where there is none.
        """
        found = self.of(project)
        if found is None:
            raise not_served(project)
        del self._servers[project.root]
        await _ended(found.process)

    def end(self) -> None:
        """End them all, as the server that started them ends."""
        for one in self:
            with suppress(OSError):
                os.kill(one.process.pid, signal.SIGTERM)


def not_served(project: Project) -> Refusal:
    """Return the refusal that says that a project's model is not served."""
    todo = "serve it first"
    return Refusal(404, "this model is not served", got=project.root.name, todo=todo)


async def _started(project: Project) -> Server:
    token = secrets.token_urlsafe(32)
    told, wrong = said(project, "served")
    words = ("serve", "--port=0", f"--token-env={VARIABLE}", "--", str(project.root))
    with told.open("wb") as out, wrong.open("wb") as err:
        process = await asyncio.create_subprocess_exec(
            *bound(*words),
            stdin=QUIET,
            stdout=out,
            stderr=err,
            cwd=project.root,
            env={**os.environ, VARIABLE: token},
        )
    made, by = Server(project.root, process, token, wrong), time.monotonic() + START
    while process.returncode is None and time.monotonic() < by:
        found = TOLD.search(told.read_text(errors="replace"))
        if found:
            made.last, made.port = found[1], int(found[2])
            return made
        await asyncio.sleep(0.05)
    await _ended(process)
    raise Refusal.said(process.returncode or 0, wrong.read_text(errors="replace"))


async def _ended(process: asyncio.subprocess.Process) -> None:
    with suppress(ProcessLookupError):
        process.terminate()
    try:
        await asyncio.wait_for(process.wait(), END)
    except TimeoutError:
        with suppress(ProcessLookupError):
            process.kill()
        await process.wait()
