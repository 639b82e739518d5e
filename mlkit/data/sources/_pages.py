"""Pages of records: which page is next, and where the records stand in one."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

import httpx

from mlkit.core.errors import InputError
from mlkit.data.sources import Place
from mlkit.data.sources._client import Answer, whole_number
from mlkit.data.sources._stream import strict

__all__ = [
    "Page",
    "at",
    "first_url",
    "following",
    "hash_of",
    "hints",
    "is_numbered",
    "names_next",
    "page_of",
    "pages_by",
]

WAYS = {
    "next": "next",
    "cursor": "cursor",
    "page_param": "page",
    "offset_param": "offset",
}
WELL_KNOWN = (
    *("next", "links.next", "_links.next.href", "paging.next", "pagination.next"),
    *("meta.next", "next_page_url", "next_url", "@odata.nextLink", "info.next"),
)
STARTS = ("http://", "https://", "/", "?")
MORE = ("has_more", "hasMore", "has_next", "hasNext", "meta.has_more")
DEEPEST = 4


@dataclass(frozen=True)
class Page:
    """One page as it is kept.

    Parameters
    ----------
    url
        Secrets as references.
    next
        The address of the next, secrets as references; "" at the end.
    hash
        Of its records, and whether there is a next.
    rows
        How many records.
    headers
        What tells whether it changed.
    """

    url: str
    next: str
    hash: str
    rows: int
    headers: Mapping[str, str] = field(default_factory=dict)


def pages_by(place: Place) -> str:
    """Return how pages follow by the options: next, cursor, page, offset or ""."""
    told = [name for name in WAYS if place.option(name)]
    if len(told) > 1:
        raise InputError(
            f"pages follow in one way, not two: {' and '.join(told)}", where=place.uri
        )
    return WAYS[told[0]] if told else ""


def is_numbered(place: Place) -> bool:
    """Whether pages are asked for by number or offset: an empty one is the end."""
    return pages_by(place) in ("page", "offset")


def first_url(place: Place, url: str) -> str:
    """Return the address of the first page."""
    asked: dict[str, Any] = {}
    by = pages_by(place)
    if by == "page":
        asked[place.option("page_param")] = whole_number(place, "first_page", 1)
    if by == "offset":
        asked[place.option("offset_param")] = 0
    if place.option("per_page"):
        name = "limit" if by == "offset" else "per_page"
        size = whole_number(place, "per_page", 0)
        asked[place.option("per_page_param", name)] = size
    return str(httpx.URL(url).copy_merge_params(asked)) if asked else url


def page_of(text: str, place: Place, path: str | None) -> tuple[list[str], str, Any]:
    """Return a page's records as JSON texts, where they stand, and the whole body.

    Parameters
    ----------
    text
        The body.
    place
        Whose page it is.
    path
        Where the records stood on the first page, None on that one.
    """
    body = strict(text, place.uri)
    asked = place.option("records", path)
    if asked is None:
        asked = _only(body, place)
    found = at(body, asked) if asked else body
    if found is None:
        found = []
    if not isinstance(found, list):
        raise InputError(
            "there is no list of records on this page",
            where=place.uri,
            expected=f"a list at {asked!r}" if asked else "a list",
            todo="say where they stand by the option records, such as result.items",
        )
    return [json.dumps(record) for record in found], str(asked), body


def following(place: Place, answer: Answer, body: Any, rows: int, number: int) -> str:
    """Return the address of the page after one, secrets in place; "" at the end.

    Parameters
    ----------
    place
        Its options say how pages follow.
    answer
        The page's headers and address.
    body
        What was on it.
    rows
        How many records it and those before it held.
    number
        Its number, from 0.
    """
    by, here = pages_by(place), httpx.URL(answer.url)
    if by == "page":
        page = whole_number(place, "first_page", 1) + number + 1
        return str(here.copy_set_param(place.option("page_param"), page))
    if by == "offset":
        return str(here.copy_set_param(place.option("offset_param"), rows))
    if by == "cursor":
        cursor = at(body, place.option("cursor"))
        name = place.option("cursor_param", "cursor")
        if cursor in (None, "", False):
            return ""
        return str(here.copy_set_param(name, cursor))
    if by == "next":
        onward = at(body, place.option("next"))
        return str(here.join(str(onward))) if onward else ""
    onward = answer.next or next(_links(body), "")
    return str(here.join(onward)) if onward else ""


def hints(place: Place, body: Any) -> list[str]:
    """Return what is to be said where a first page is the only one, and more may be."""
    by = pages_by(place)
    asked = place.option(by) if by in ("next", "cursor") else ""
    if asked and at(body, asked, missing=...) is ...:
        return [f"the first page has no {asked!r}, so it is taken for the only one"]
    if not by and any(at(body, name) is True for name in MORE):
        return ["the page says there are more, and not where: tell the option cursor"]
    return []


def names_next(text: str) -> bool:
    """Whether a text is a page of records that names the next one."""
    try:
        return any(_links(json.loads(text)))
    except (ValueError, RecursionError):
        return False


def hash_of(records: list[str], onward: str) -> str:
    """Return the hash of a page: its records, and whether another follows."""
    told = hashlib.sha256("\n".join(records).encode())
    told.update(b"\nmore" if onward else b"\nend")
    return told.hexdigest()


def at(body: Any, path: str, missing: Any = None) -> Any:
    """Return what stands at a dotted path; `missing` where nothing does.

    Examples
    --------
    >>> at({"meta": {"next": "x"}}, "meta.next"), at({"a.b": 1}, "a.b"), at([], "a")
    ('x', 1, None)
    """
    if isinstance(body, Mapping) and path in body:
        return body[path]
    for name in path.split("."):
        if not isinstance(body, Mapping) or name not in body:
            return missing
        body = body[name]
    return body


def _links(body: Any) -> Iterator[str]:
    """Yield the next page's address where a well-known name gives it."""
    for name in WELL_KNOWN:
        found = at(body, name)
        if isinstance(found, str) and found.startswith(
            ("http://", "https://", "/", "?")
        ):
            yield found


def _only(body: Any, place: Place) -> str:
    """Return where the only list of objects stands."""
    if isinstance(body, list):
        return ""
    found = list(_lists(body, ""))
    full = [path for path, items in found if items]
    paths = full or [path for path, _ in found]
    if len(paths) == 1:
        return paths[0]
    raise InputError(
        "several lists of records stand on this page"
        if paths
        else "there is no list of records on this page",
        where=place.uri,
        got=", ".join(paths),
        todo="name one by the option records, such as result.items",
    )


def _lists(body: Any, base: str) -> Iterator[tuple[str, list[Any]]]:
    if not isinstance(body, Mapping) or base.count(".") > DEEPEST:
        return
    for name, value in body.items():
        here = f"{base}{name}"
        if isinstance(value, list) and all(isinstance(v, Mapping) for v in value[:1]):
            yield here, value
        yield from _lists(value, f"{here}.")
