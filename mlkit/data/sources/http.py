"""An address of the web: a file of any kind, a JSON API with pages, a shared sheet.

What is fetched is kept below ``.mlkit/downloads`` until it changes there, told by its
ETag or date. A file is read by the source that reads such files, and takes its
options. The link of a shared sheet is turned into that of its CSV export.

Pages of an API are followed by the ``Link`` header, by a well-known name in the page,
or as the options say: ``next`` or ``cursor``, dotted paths in the page; ``page_param``
or ``offset_param``, the names that numbers are sent by. Each page is kept as it comes,
so that a read that broke off goes on where it was. To tell a change, the first page
and the last two are looked at; ``refresh = "always"`` reads all.

A request is tried again after 429, a fault of the server or a timeout, as long as
``Retry-After`` asks. ``header.NAME`` sends a header, and only to that one host::

    options = {"header.Authorization": "Bearer env:TOKEN", "page_param": "page"}
"""

from __future__ import annotations

from dataclasses import replace
from typing import Any
from urllib.parse import urlsplit

from mlkit.core.files import file_hash
from mlkit.data.sources import Found, Place
from mlkit.data.sources import read as read_place

__all__ = ["HANDS_ON", "OPTIONS", "claims", "fingerprint", "read"]

OPTIONS = {
    "records": "where the rows stand in a page, such as result.items",
    "next": "where a page names the next one, such as links.next",
    "cursor": "where a page gives the cursor of the next, such as meta.cursor",
    "cursor_param": "the name that the cursor is sent by; cursor if left out",
    "page_param": "the name that the page's number is sent by, such as page",
    "first_page": "the number of the first page; 1 if left out",
    "offset_param": "the name that the offset is sent by, such as offset",
    "per_page": "how many rows a page is to have",
    "per_page_param": "the name that this is sent by; per_page, or limit by offset",
    "header.NAME": "a header to send, such as Bearer env:TOKEN for Authorization",
    "tries": "how often a request is tried; 5 if left out",
    "timeout": "how many seconds to wait for an answer; 30 if left out",
    "most_pages": "how many pages are too many; 10000 if left out",
    "most_bytes": "how much one answer may hold; 4 GiB if left out",
}
HANDS_ON = True
HEADER = "header."
OPEN = "the header with the secret goes over plain http, where others can read it"
WATCHED = "to tell a change, the first page and the last two are looked at"

_TOLD: dict[str, str] = {}
"""The last fingerprint by address, told in this process before a read."""


def claims(place: Place) -> bool:
    """Whether this is an address of the web."""
    return place.scheme in ("http", "https")


def fingerprint(place: Place) -> str:
    """Return an ETag or a date; else a hash of all, or of the first and last pages.

    Raises
    ------
    InputError
        Where the server cannot be reached, or refuses.
    """
    from mlkit.data.sources._client import Client
    from mlkit.data.sources._fetch import Fetch

    with Client(place) as client, Fetch(place, client) as fetch:
        mark = fetch.look()
    _TOLD[str(place.how)] = mark
    return mark


def read(place: Place) -> Found:
    """Fetch what is there, where it changed, and read it.

    Raises
    ------
    InputError
        Where the server cannot be reached, refuses, or sends no data.
    """
    from mlkit.data.sources._client import Client
    from mlkit.data.sources._fetch import Fetch

    with Client(place) as client, Fetch(place, client) as fetch:
        got = fetch.bring(_TOLD.pop(str(place.how), ""), place.sample or 0)
        notes = [OPEN] if client.is_open else []
    path = fetch.folder / got.name
    found = read_place(replace(place, options=_others(place, got.kind)).at(path))
    facts: dict[str, Any] = {
        **found.facts,
        "fetched from": urlsplit(fetch.link).hostname,
    }
    notes = [*filter(None, [fetch.made]), *got.notes, *notes]
    if got.kind == "pages":
        count = sum(bool(page.rows) for page in got.pages)
        facts |= {"format": "json", "pages": count, "records": got.records}
        more = ", a first look" if not got.whole else ""
        where = f" at {got.records!r}" if got.records else ""
        notes.append(f"{count} pages of records{where} were read{more}; {WATCHED}")
    size = path.stat().st_size
    return replace(
        found,
        facts=facts,
        notes=(*notes, *found.notes),
        size=size,
        sha256=file_hash(path),
    )


def _others(place: Place, kind: str) -> dict[str, Any]:
    """Return the options that are for the source of the file."""
    own = set(OPTIONS) - ({"records"} if kind == "file" else set())
    return {
        name: value
        for name, value in place.options.items()
        if name not in own and not name.startswith(HEADER)
    }
