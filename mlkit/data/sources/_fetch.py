"""What was fetched over HTTP is kept until it changes; pages are kept one by one.

A file is asked for again with its ETag or its date. Of pages the first and the last
are: where both are as they were, so is all. A read that broke off goes on at the page
that it had come to.
"""

from __future__ import annotations

import os
import shutil
from dataclasses import asdict, dataclass, field, replace
from pathlib import Path

from mlkit.core.errors import InputError
from mlkit.core.files import digest, file_hash, read_state, write_bytes, write_json
from mlkit.data.reading import secrets
from mlkit.data.sources import Place
from mlkit.data.sources import _pages as pages
from mlkit.data.sources._client import Answer, Client, Gone, whole_number
from mlkit.data.sources._kept import kept
from mlkit.data.sources._naming import name_of
from mlkit.data.sources._pages import Page
from mlkit.data.sources._sheet import direct

__all__ = ["Fetch", "Fetched"]

MOST_PAGES = 10_000
WHOLE = 1 << 26
VALIDATORS = ("etag", "last-modified")
GONE = "gone"
UNMARKED = "the server tells no ETag and no date: all of it is hashed to tell a change"


@dataclass(frozen=True)
class Fetched:
    """What lies in the folder of downloads.

    Parameters
    ----------
    kind
        ``file`` or ``pages``.
    name
        The file that is read.
    pages
        Those that were fetched; of a file its one.
    mark
        The fingerprint that was told before it was read.
    whole
        Whether all of it is here.
    records
        Where the records stand on a page.
    notes
        What a person should know.
    """

    kind: str = ""
    name: str = ""
    pages: tuple[Page, ...] = ()
    mark: str = ""
    whole: bool = False
    records: str = ""
    notes: tuple[str, ...] = field(default=())

    @classmethod
    def read(cls, path: Path) -> Fetched:
        """Read what `write_json` wrote; nothing where it is not there or damaged."""
        form = read_state(path, dict) or {}
        try:
            listed = tuple(Page(**page) for page in form.get("pages", ()))
            return cls(
                **{**form, "pages": listed, "notes": tuple(form.get("notes", ()))}
            )
        except TypeError:
            return cls()

    @property
    def rows(self) -> int:
        """How many records its pages hold."""
        return sum(page.rows for page in self.pages)


class Fetch:
    """One address, and what is kept of it.

    Parameters
    ----------
    place
        The address and how to ask.
    client
        Who asks.
    """

    def __init__(self, place: Place, client: Client) -> None:
        self.place, self._client = place, client
        self.link, self.made = direct(place.uri)
        self.folder = kept(place, "downloads")
        self._coming = self.folder / f"coming-{os.getpid()}"
        self.known = Fetched.read(self.folder / "state.json")
        if self.known.whole and not (self.folder / self.known.name).is_file():
            self.known = Fetched()

    def __enter__(self) -> Fetch:
        return self

    def __exit__(self, *_: object) -> None:
        self._coming.unlink(missing_ok=True)

    def look(self) -> str:
        """Return the fingerprint of what is there now."""
        if self.known.kind != "pages":
            answer = self._client.head(self._first())
            if answer and answer.validator:
                return answer.validator
        now = self._begun()
        if now.kind == "file":
            _BROUGHT.add(self.folder)
            return now.mark
        if not now.whole:
            return f"page {now.pages[0].hash}"
        hashes = self._ends(now)
        return now.mark if hashes == _hashes(now) else digest(hashes)

    def bring(self, mark: str = "", enough: int = 0) -> Fetched:
        """Fetch what is not here yet, or no more as it is there.

        Parameters
        ----------
        mark
            The fingerprint that was told just before, "" where none was.
        enough
            How many rows are enough for a first look at pages; 0 for all.
        """
        if self.folder in _BROUGHT:
            _BROUGHT.discard(self.folder)
            return self.known
        now = self._begun()
        if now.kind == "file":
            return now
        if now.whole and self._ends(now) != _hashes(now):
            now = replace(now, pages=now.pages[:1], whole=False, notes=())
        if not now.whole:
            now = self._rest(now, enough)
            whole = not now.pages[-1].next
            self._join(now)
            now = replace(now, whole=whole, mark=mark or digest(_hashes(now)))
        return self._keep(replace(now, mark=mark or now.mark))

    def _begun(self) -> Fetched:
        """Return what is known if the first answer is as it was, else a new start."""
        known = self.known
        before = known.pages[0] if known.pages else None
        headers = before.headers if before else {}
        answer = self._client.fetch(self._first(), self._coming, headers)
        if answer.status == 304 and before:
            return known
        if known.kind != "pages" and not self._has_pages(answer):
            return self._keep(self._as_file(answer))
        page, records, notes = self._page(answer, 0, 0, "")
        if before and known.kind == "pages" and page.hash == before.hash:
            return known
        fresh = Fetched("pages", "rows.jsonl", (page,), "", False, records, notes)
        return self._keep(fresh)

    def _rest(self, now: Fetched, enough: int) -> Fetched:
        """Fetch page after page; each is kept as it comes."""
        resumed = len(now.pages)
        most = whole_number(self.place, "most_pages", MOST_PAGES)
        while (onward := now.pages[-1].next) and (not enough or now.rows < enough):
            number = len(now.pages)
            if number >= most:
                raise InputError(
                    f"there are more than {most:,} pages",
                    where=self.place.uri,
                    todo="raise the option most_pages, or ask for longer pages",
                )
            try:
                page = self._fetched(onward, now, number)
            except Gone:
                if number != resumed or resumed == 1:
                    raise
                now, resumed = replace(now, pages=now.pages[:1]), 0  # it is forgotten
                continue
            now = self._keep(_grown(now, page, pages.is_numbered(self.place)))
        return now

    def _fetched(self, url: str, now: Fetched, number: int) -> Page:
        """Return one more page; where pages are numbered, none is an empty one."""
        try:
            answer = self._client.fetch(secrets.address(url), self._coming)
        except Gone:
            if not pages.is_numbered(self.place):
                raise
            return Page(url, "", GONE, 0)
        page, _, _ = self._page(answer, number, now.rows, now.records)
        if pages.is_numbered(self.place) and not page.rows:
            page = replace(page, next="")
        return replace(page, url=url)

    def _page(
        self, answer: Answer, number: int, rows: int, path: str
    ) -> tuple[Page, str, tuple[str, ...]]:
        """Keep the records of the page that came; tell what it is."""
        text = self._text()
        first = None if not number else path
        records, path, body = pages.page_of(text, self.place, first)
        rows += len(records)
        onward = pages.following(self.place, answer, body, rows, number)
        notes = pages.hints(self.place, body) if not number and not onward else []
        write_bytes(self._file(number), "".join(f"{r}\n" for r in records).encode())
        own = (self.place.uri, self.place.options)
        page = Page(
            secrets.referred(answer.url, *own),
            secrets.referred(onward, *own),
            pages.hash_of(records, onward),
            len(records),
            _validators(answer),
        )
        return page, path, tuple(notes)

    def _ends(self, now: Fetched) -> list[str]:
        """Return the hashes of the last pages as they are now; the first was seen."""
        hashes = [now.pages[0].hash]
        for number in _last(now):
            page = now.pages[number]
            url = secrets.address(page.url)
            try:
                answer = self._client.fetch(url, self._coming, page.headers)
            except Gone:
                hashes.append(GONE)
                continue
            if answer.status == 304:
                hashes.append(page.hash)
                continue
            records, _, body = pages.page_of(self._text(), self.place, now.records)
            rows = sum(page.rows for page in now.pages[: number + 1])
            onward = pages.following(self.place, answer, body, rows, number)
            hashes.append(pages.hash_of(records, onward))
        return hashes

    def _text(self) -> str:
        try:
            return self._coming.read_bytes().decode("utf-8-sig")
        except UnicodeDecodeError as error:
            raise InputError(
                "a page is not UTF-8, as JSON has to be",
                where=self.place.uri,
                got=f"the bytes {error.object[error.start : error.start + 8]!r}",
            ) from None

    def _first(self) -> str:
        return pages.first_url(self.place, secrets.address(self.link))

    def _file(self, number: int) -> Path:
        return self.folder / "pages" / f"{number:05}.jsonl"

    def _keep(self, now: Fetched) -> Fetched:
        form = {**asdict(now), "pages": [asdict(page) for page in now.pages]}
        if now != self.known:
            write_json(self.folder / "state.json", form)
        self.known = now
        return now

    def _join(self, now: Fetched) -> None:
        """Write the records of all pages to one file."""
        with self._coming.open("wb") as whole:
            for number in range(len(now.pages)):
                if now.pages[number].rows:
                    with self._file(number).open("rb") as page:
                        shutil.copyfileobj(page, whole)
        self._coming.replace(self.folder / now.name)

    def _has_pages(self, answer: Answer) -> bool:
        """Whether what came is a page of records, with more to follow."""
        if pages.pages_by(self.place):
            return True
        with self._coming.open("rb") as file:
            starts = file.read(64).lstrip(b"\xef\xbb\xbf \r\n\t")[:1]
        if starts not in (b"[", b"{"):
            return False
        if answer.next:
            return True
        if starts == b"[" or self._coming.stat().st_size > WHOLE:
            return False
        return pages.names_next(self._text())

    def _as_file(self, answer: Answer) -> Fetched:
        name = name_of(answer, self._coming)
        if name == "":
            raise InputError(
                "the address answers with a web page, not with data",
                where=self.place.uri,
                todo="open the link in a private window: whoever has it must see the"
                " data; or say who asks by the option header.Authorization",
            )
        self._coming.replace(self.folder / name)
        told = file_hash(self.folder / name)
        page = Page(
            secrets.referred(answer.url, self.place.uri, self.place.options),
            "",
            told,
            0,
            _validators(answer),
        )
        mark = answer.validator or f"sha256 {told}"
        notes = () if answer.validator else (UNMARKED,)
        return Fetched("file", name, (page,), mark, True, "", notes)


_BROUGHT: set[Path] = set()
"""Folders that a look had to fill in this process: what is read next lies there."""


def _grown(now: Fetched, page: Page, numbered: bool) -> Fetched:
    """Return the pages with one more, or say why it is the last or none."""
    last, number, notes = now.pages[-1], len(now.pages) + 1, now.notes
    back = page.next in {page.url, *(known.url for known in now.pages)}
    again = page.hash in {known.hash for known in now.pages} and back
    if page.rows and (again or (numbered and page.hash == last.hash)):
        notes = (*notes, f"page {number} repeats one before: it ends there")
        pages_now = (*now.pages[:-1], replace(last, next=""))
        return replace(now, pages=pages_now, notes=notes)
    if back and page.next:
        notes = (*notes, f"page {number} points back to a page before: it ends there")
        page = replace(page, next="")
    return replace(now, pages=(*now.pages, page), notes=notes)


def _last(now: Fetched) -> list[int]:
    """Return the numbers of the last two pages but for the first."""
    return list(range(max(1, len(now.pages) - 2), len(now.pages)))


def _hashes(now: Fetched) -> list[str]:
    return [now.pages[number].hash for number in (0, *_last(now))]


def _validators(answer: Answer) -> dict[str, str]:
    return {n: answer.headers[n] for n in VALIDATORS if n in answer.headers}
