"""What kind of file came over HTTP, told by its name, its type and its first bytes."""

from __future__ import annotations

import re
import zipfile
from pathlib import Path
from urllib.parse import unquote, urlsplit

from mlkit.data.sources._client import Answer

__all__ = ["name_of"]

HTML = (b"<!doctype html", b"<html")
ZIP = b"PK\x03\x04"
SUFFIXES = re.compile(
    r"\.(csv|tsv|tab|txt|data|dat|json|jsonl|ndjson|geojson|parquet|pq|xlsx|xls|ods"
    r"|db|sqlite|sqlite3|duckdb)(\.gz)?$"
)
TYPES = {
    "text/csv": ".csv",
    "application/csv": ".csv",
    "text/tab-separated-values": ".tsv",
    "text/plain": ".txt",
    "application/json": ".json",
    "application/geo+json": ".json",
    "application/x-ndjson": ".jsonl",
    "application/jsonl": ".jsonl",
    "application/vnd.apache.parquet": ".parquet",
    "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet": ".xlsx",
    "application/vnd.ms-excel": ".xls",
    "application/vnd.oasis.opendocument.spreadsheet": ".ods",
}
STARTS = {b"PAR1": ".parquet", b"[": ".json", b"{": ".json"}


def name_of(answer: Answer, path: Path) -> str:
    """Return a name whose ending tells what the file is; "" for a web page.

    Parameters
    ----------
    answer
        Its headers and address.
    path
        Where the file lies for now.
    """
    told = re.search(
        r"filename\*?=(?:UTF-8'')?\"?([^\";]+)",
        answer.headers.get("content-disposition", ""),
    )
    kind = answer.headers.get("content-type", "").partition(";")[0].strip().lower()
    with path.open("rb") as file:
        head = file.read(512).lstrip(b"\xef\xbb\xbf \r\n\t")
    if head.lower().startswith(HTML):
        return ""
    for name in (told[1] if told else "", unquote(urlsplit(answer.url).path)):
        if found := SUFFIXES.search(name.lower()):
            return "data" + found.group()
    if kind in ("text/html", "application/xhtml+xml"):
        return ""
    if head.startswith(ZIP):
        return "data" + TYPES.get(kind, _packed(path))
    starts = (end for start, end in STARTS.items() if head.startswith(start))
    return "data" + (TYPES.get(kind) or next(starts, ".csv"))


def _packed(path: Path) -> str:
    """Return the ending of a workbook, or of another archive."""
    if not zipfile.is_zipfile(path):
        return ".zip"
    with zipfile.ZipFile(path) as packed:
        names = packed.namelist()
    if "xl/workbook.xml" in names:
        return ".xlsx"
    return ".ods" if "content.xml" in names else ".zip"
