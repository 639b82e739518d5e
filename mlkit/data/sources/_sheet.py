"""Links that people share, turned into the addresses of the data behind them.

A link to a shared sheet, such as ``https://docs.google.com/spreadsheets/d/ID/edit#gid=0``,
opens a page; its CSV export lies beside it. The same holds for a file that is shared by
Nextcloud or Dropbox, or shown by a code host.
"""

from __future__ import annotations

import re
from urllib.parse import urlsplit

from mlkit.core.errors import InputError

__all__ = ["direct"]

SHEET = re.compile(
    r"(https?://[^/]+/(?:.*/)?spreadsheets/d/(?!e/)[^/?#]+)(?:[/?#].*)?$"
)
PUBLISHED = re.compile(r"(https?://[^/]+/(?:.*/)?spreadsheets/d/e/[^/?#]+)/pub")
GID = re.compile(r"[?&#]gid=(\d+)")
FORM = re.compile(r"https?://(?:docs\.google\.com/forms/|forms\.gle/)")
SHARED = re.compile(r"(https?://[^/]+/(?:index\.php/)?s/[A-Za-z0-9]{8,})/?$")
DROPBOX = re.compile(r"(https?://(?:www\.)?dropbox\.com/.*[?&])dl=0")
BLOB = re.compile(r"https?://github\.com/([^/]+/[^/]+)/blob/(.*)$")
CALC = re.compile(r"(https?://[^/]*calc[^/]*/)=?([A-Za-z0-9_-]+)$")


def direct(uri: str) -> tuple[str, str]:
    """Return the address of the data behind a link, and what was made of the link.

    Parameters
    ----------
    uri
        Any address; one that is no such link comes back as it is.

    Raises
    ------
    InputError
        For the link of a form, whose answers lie in its sheet.

    Examples
    --------
    >>> direct("https://docs.google.com/spreadsheets/d/1a2B/edit#gid=7")[0]
    'https://docs.google.com/spreadsheets/d/1a2B/export?format=csv&gid=7'
    >>> direct("https://example.org/data.csv")
    ('https://example.org/data.csv', '')
    """
    if FORM.match(uri):
        raise InputError(
            "this is the link of a form, which shows its questions",
            where=uri,
            todo="link the form to a sheet, and give the sheet's link",
        )
    gid = GID.search(uri)
    tab = f"&gid={gid.group(1)}" if gid else ""
    if found := PUBLISHED.match(uri):
        return (
            f"{found[1]}/pub?output=csv{tab}",
            "the CSV of the published sheet is read",
        )
    found = SHEET.match(uri)
    if found and "/export" not in urlsplit(uri).path:
        return f"{found[1]}/export?format=csv{tab}", "the sheet's CSV export is read"
    if found := SHARED.match(uri):
        return f"{found[1]}/download", "the shared file is read"
    if found := DROPBOX.match(uri):
        return DROPBOX.sub(r"\1dl=1", uri), "the shared file is read"
    if found := BLOB.match(uri):
        raw = f"https://raw.githubusercontent.com/{found[1]}/{found[2]}"
        return raw, "the file itself is read, not the page that shows it"
    if found := CALC.match(uri):
        return f"{found[1]}{found[2]}.csv", "the sheet's CSV export is read"
    return uri, ""
