"""Requests over HTTP that are tried again, and tell a secret to one host only."""

from __future__ import annotations

import logging
import re
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from email.utils import parsedate_to_datetime
from pathlib import Path
from typing import Any

import httpx

from mlkit.core.errors import InputError
from mlkit.data.reading import secrets
from mlkit.data.sources import Place

__all__ = ["Answer", "Client", "Gone", "whole_number"]

PAUSE = 0.5
LONGEST = 120.0
BLOCK = 1 << 20
HOPS = 10
QUICK = (2, 10)
KNOCKS = 3
"""How often nobody may be there, unless it was said how often to try."""
HEADER = "header."
GONE = (400, 404, 410, 416, 422)
AGAIN = (408, 425, 429, 500, 502, 503, 504)
MOVED = (301, 302, 303, 307, 308)
HERE = re.compile(r"(localhost|127\.|\[?::1)")
TODO = {
    401: 'say who asks: the option header.Authorization = "Bearer env:TOKEN"',
    403: "check that you may read it, and the token",
    404: "check the address",
    410: "it was taken away",
}


class Gone(InputError):
    """The server has no such page."""


@dataclass(frozen=True)
class Answer:
    """What a server answered.

    Parameters
    ----------
    status
        Such as 200, or 304 where nothing changed.
    headers
        By name in lower case.
    url
        Where it came from in the end, secrets in place.
    """

    status: int
    headers: Mapping[str, str]
    url: str

    @property
    def validator(self) -> str:
        """What tells whether it changed; "" where the server does not say."""
        if etag := self.headers.get("etag"):
            return f"etag {etag}"
        if later := self.headers.get("last-modified"):
            return f"modified {later}, {self.headers.get('content-length', '')} bytes"
        return ""

    @property
    def next(self) -> str:
        """The next page by the ``Link`` header, else ""."""
        for link in re.split(r",\s*(?=<)", self.headers.get("link", "")):
            found = re.match(r"<([^>]*)>", link)
            if found and re.search(r';\s*rel="?[^";]*\bnext\b', link, re.I):
                return str(httpx.URL(self.url).join(found.group(1)))
        return ""


class Client:
    """Asks one server, and those that it points to.

    Parameters
    ----------
    place
        Its options tell the headers, how often to try, how long to wait, how much to
        take.
    """

    def __init__(self, place: Place) -> None:
        self.where = place.uri
        self._home = httpx.URL(secrets.address(place.uri))
        self._told = {
            name.removeprefix(HEADER): str(place.option(name))
            for name in place.options
            if name.startswith(HEADER)
        }
        tries, wait = (
            whole_number(place, "tries", 5),
            whole_number(place, "timeout", 30),
        )
        self._tries = min(tries, QUICK[0]) if place.quick else tries
        self._knocks = (
            self._tries if "tries" in place.options else min(self._tries, KNOCKS)
        )
        self._most = whole_number(place, "most_bytes", 4 << 30)
        self._http = httpx.Client(timeout=min(wait, QUICK[1]) if place.quick else wait)

    @property
    def is_open(self) -> bool:
        """Whether a secret goes over the wire as anyone may read it."""
        has_secret = bool(self._told) or bool(self._home.userinfo)
        home = self._home
        return has_secret and home.scheme == "http" and not HERE.match(home.host)

    def __enter__(self) -> Client:
        return self

    def __exit__(self, *_: object) -> None:
        self._http.close()

    def head(self, url: str) -> Answer | None:
        """Return the headers alone, None where the server does not give them."""
        try:
            answer = self._ask("HEAD", url, {})
        except InputError:
            return None
        return answer if answer.status == 200 else None

    def fetch(
        self, url: str, path: Path, known: Mapping[str, str] | None = None
    ) -> Answer:
        """Write what lies at `url` to `path`; nothing where it is still as `known`.

        Parameters
        ----------
        url
            With its secrets in place.
        path
            The file to write.
        known
            The headers that came with it the last time: then only a change is sent.

        Raises
        ------
        InputError
            Where the server cannot be reached, refuses, or sends too much.
        """
        known = known or {}
        asked = {"If-None-Match": "etag", "If-Modified-Since": "last-modified"}
        told = {ask: known[name] for ask, name in asked.items() if known.get(name)}
        return self._ask("GET", url, told, path)

    def _ask(
        self, method: str, url: str, asked: Mapping[str, str], path: Path | None = None
    ) -> Answer:
        """Ask until the server answers for good."""
        attempt, after, why = 0, None, object()
        while True:
            attempt += 1
            try:
                with _quiet(), self._followed(method, url, asked) as response:
                    after, why = (
                        response.headers.get("retry-after"),
                        response.status_code,
                    )
                    if why not in AGAIN:
                        self._check(response)
                        if path and why != 304:
                            self._write(response, path)
                        return _answer(response)
            except (httpx.InvalidURL, httpx.UnsupportedProtocol) as error:
                raise InputError(
                    "this is no address", where=self.where, got=str(error)
                ) from None
            except httpx.TransportError as error:
                after, why = None, error
            except httpx.HTTPError as error:
                raise InputError(
                    "the answer cannot be read", where=self.where, got=str(error)
                ) from None
            self._pause(attempt, after, why)

    def _write(self, response: httpx.Response, path: Path) -> None:
        size = 0
        path.parent.mkdir(parents=True, exist_ok=True)
        with path.open("wb") as file:
            for block in response.iter_bytes(BLOCK):
                size += len(block)
                if size > self._most:
                    raise InputError(
                        f"more than {self._most:,} bytes come from here",
                        where=self.where,
                        todo="raise the option most_bytes, or ask for less",
                    )
                file.write(block)

    @contextmanager
    def _followed(
        self, method: str, url: str, asked: Mapping[str, str]
    ) -> Iterator[httpx.Response]:
        here = httpx.URL(url)
        for _ in range(HOPS):
            headers = {"User-Agent": "mlkit", **asked, **self._for(here)}
            with self._http.stream(method, here, headers=headers) as response:
                onward = response.headers.get("location")
                if response.status_code not in MOVED or not onward:
                    yield response
                    return
                here = here.join(onward)
        raise InputError("the server points around in a circle", where=self.where)

    def _for(self, url: httpx.URL) -> dict[str, str]:
        """Return the headers that were told, for the host they were told for."""
        same = url.host == self._home.host and url.port == self._home.port
        upgraded = (
            url.host == self._home.host and url.scheme == "https" and not url.port
        )
        safe = url.scheme == self._home.scheme or url.scheme == "https"
        return dict(self._told) if (same or upgraded) and safe else {}

    def _check(self, response: httpx.Response) -> None:
        status = response.status_code
        if status < 300 or status == 304 or response.request.method == "HEAD":
            return
        kind = Gone if status in GONE else InputError
        raise kind(
            f"the server says {status} {response.reason_phrase}",
            where=self.where,
            todo=TODO.get(status, "check the address and the options"),
        )

    def _pause(self, attempt: int, after: str | None, why: object) -> None:
        """Wait before the next attempt, or give up: sooner where nobody is there."""
        wait = _seconds(after) if after else PAUSE * 2 ** (attempt - 1)
        absent = isinstance(why, httpx.ConnectError)
        tries = self._knocks if absent else self._tries
        if attempt < tries and wait <= LONGEST:
            time.sleep(wait)
            return
        lost = isinstance(why, Exception)
        told = f"{type(why).__name__}: {why}" if lost else f"status {why}"
        raise InputError(
            "the server cannot be reached" if lost else "the server is not ready",
            where=self.where,
            got=f"{told}, {attempt} times",
            todo=f"it asks to come back in {wait:.0f} s"
            if after and wait > LONGEST
            else "try again later: what was fetched so far is kept",
        )


def _answer(response: httpx.Response) -> Answer:
    headers = {name.lower(): value for name, value in response.headers.items()}
    return Answer(response.status_code, headers, str(response.url))


def whole_number(place: Place, name: str, default: int) -> int:
    """Return an option that is a whole number.

    Raises
    ------
    InputError
        Where it is none.
    """
    given: Any = place.option(name, default)
    try:
        return int(given)
    except (TypeError, ValueError):
        raise InputError(
            f"the option {name} is a whole number", where=place.uri, got=repr(given)
        ) from None


def _seconds(after: str) -> float:
    """Return how long a ``Retry-After`` header asks to wait."""
    try:
        return max(0.0, float(after))
    except ValueError:
        pass
    try:
        return max(0.0, parsedate_to_datetime(after).timestamp() - time.time())
    except ValueError:
        return PAUSE


@contextmanager
def _quiet() -> Iterator[None]:
    """Keep httpx from logging addresses, which may hold a secret."""
    loggers = [logging.getLogger(name) for name in ("httpx", "httpcore")]
    levels = [logger.level for logger in loggers]
    for logger in loggers:
        logger.setLevel(logging.ERROR)
    try:
        yield
    finally:
        for logger, level in zip(loggers, levels, strict=True):
            logger.setLevel(level)
