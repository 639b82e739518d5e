"""What a report shows of a notebook: its title, its key picture, its last words.

A cell tagged `key` is what a notebook shows first: its picture, and what it says in
words. Without one the last picture is taken, and words only where there is none.

Nothing that a notebook holds is trusted: pictures are decoded and told by their
first bytes, text is taken as text, and HTML is never taken.
"""

from __future__ import annotations

import base64
import binascii
import json
import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TypeVar

from mlkit.core.media import data_uri
from mlkit.engine.reporting.say import plain, shorten

__all__ = ["Look", "Picture", "look", "opening"]

T = TypeVar("T")

KEY = "key"
LARGEST = 3 * 2**20  # bytes of a picture in a report
LINES, WIDTH = 16, 110  # of the last words
MOST, LENGTH = 40, 1000  # of the words of a key cell, which the page breaks
WIDGET = "application/vnd.jupyter.widget-view+json"
FORMS = {"image/png": b"\x89PNG\r\n\x1a\n", "image/jpeg": b"\xff\xd8\xff"}


@dataclass(frozen=True)
class Picture:
    """One picture, ready to stand in a page.

    Parameters
    ----------
    source
        A ``data:`` URI.
    alt
        What it is, in words.
    width, height
        Pixels on the page; 0 where not known.
    """

    source: str
    alt: str
    width: int = 0
    height: int = 0


@dataclass(frozen=True)
class Look:
    """What is seen of an executed notebook.

    Parameters
    ----------
    picture
        That of a key cell, else the last one, if there is one.
    words
        What a key cell says, else the last text that a cell showed; without a key cell
        "" where there is a picture.
    place
        Index of a cell → ``"cell 3 of 7"``.
    """

    picture: Picture | None = None
    words: str = ""
    place: Mapping[int, str] | None = None


def opening(path: Path) -> tuple[str, str]:
    """Return the title of a notebook and the first paragraph below it."""
    texts = (_source(cell) for cell in _cells(path) if _is_markdown(cell))
    blocks = [b.strip() for b in re.split(r"\n\s*\n", next(texts, "")) if b.strip()]
    title = ""
    if blocks and blocks[0].startswith("#"):
        title, _, rest = blocks[0].lstrip("# ").partition("\n")
        blocks[0] = rest.strip()
    first = next((b for b in blocks if b and b[0] not in "#|<`-*>"), "")
    return shorten(_unmarked(title), 120), shorten(_unmarked(first), 400)


def look(path: Path) -> Look:
    """Look at an executed notebook; one that is gone or torn shows nothing.

    Parameters
    ----------
    path
        The notebook.
    """
    cells = _cells(path)
    code = [i for i, c in enumerate(cells) if c.get("cell_type") == "code"]
    place = {at: f"cell {n} of {len(code)}" for n, at in enumerate(code, start=1)}
    outputs = list(_outputs(cells))
    key = [(i, o) for i, o in outputs if KEY in _tags(cells[i])]
    picture = _first(_picture(o, cells, i) for i, o in key)
    words = _first(_said(o) for _, o in key)
    if not picture and not words:
        picture = _first(_picture(o, cells, i) for i, o in outputs)
        words = None if picture else _first(_words(o) for _, o in outputs)
    return Look(picture, words or "", place)


def _first(found: Iterable[T | None]) -> T | None:
    return next((one for one in found if one), None)


def _cells(path: Path) -> list[dict[str, Any]]:
    try:
        cells = json.loads(path.read_bytes())["cells"]
        return [cell for cell in cells if isinstance(cell, dict)]
    except (OSError, ValueError, KeyError, TypeError):
        return []


def _outputs(cells: list[dict[str, Any]]) -> Iterator[tuple[int, dict[str, Any]]]:
    """Yield all outputs, the last first, with the index of their cell."""
    for index in reversed(range(len(cells))):
        for output in reversed(cells[index].get("outputs") or []):
            yield index, output


def _tags(cell: Mapping[str, Any]) -> Iterable[object]:
    metadata = cell.get("metadata")
    tags = metadata.get("tags") if isinstance(metadata, dict) else None
    return tags if isinstance(tags, list) else ()


def _source(cell: Mapping[str, Any]) -> str:
    return _joined(cell.get("source", ""))


def _joined(text: object) -> str:
    return "".join(map(str, text)) if isinstance(text, list) else str(text)


def _picture(
    output: Mapping[str, Any], cells: list[dict[str, Any]], index: int
) -> Picture | None:
    data = output.get("data") or {}
    for form, begins in FORMS.items():
        if form not in data:
            continue
        try:
            content = base64.b64decode(_joined(data[form]))
        except (binascii.Error, ValueError):
            continue
        size = (output.get("metadata") or {}).get(form) or {}
        if size.get("empty"):  # it says that there is nothing to draw
            continue
        if content.startswith(begins) and len(content) <= LARGEST:
            wide, high = _pixels(size.get("width")), _pixels(size.get("height"))
            source, alt = data_uri(content, form), _heading(cells, index)
            return Picture(source, alt, wide, high)
    return None


def _pixels(value: object) -> int:
    return value if isinstance(value, int) and 0 < value < 10_000 else 0


def _heading(cells: list[dict[str, Any]], index: int) -> str:
    """Return the first sentence, or else the heading, of the text before a cell."""
    texts = (_source(c) for c in reversed(cells[:index]) if _is_markdown(c))
    text = next(texts, "")
    said = re.sub(r"(?m)^#.*$", "", text).strip() or text.lstrip("# ")
    paragraph = _unmarked(" ".join(re.split(r"\n\s*\n", said)[0].split()))
    sentence = re.split(r"(?<=[.?!])\s+(?![a-z])", paragraph)[0]
    return shorten(sentence.removesuffix(":"), 300)


def _is_markdown(cell: Mapping[str, Any]) -> bool:
    return cell.get("cell_type") == "markdown"


def _words(output: Mapping[str, Any]) -> str:
    """Return the text of one output, cut to a few lines; "" where it has none."""
    rich = {WIDGET, *FORMS, "text/html"} & set(output.get("data") or {})
    return "" if rich else _cut(_text(output), LINES, WIDTH)


def _said(output: Mapping[str, Any]) -> str:
    """Return what an output of a key cell says in words, whatever else it shows."""
    drawn = {WIDGET, *FORMS} & set(output.get("data") or {})
    return "" if drawn else _cut(_text(output), MOST, LENGTH)


def _text(output: Mapping[str, Any]) -> str:
    if output.get("output_type") == "stream":
        return "" if output.get("name") == "stderr" else _joined(output.get("text", ""))
    return _joined((output.get("data") or {}).get("text/plain", ""))


def _cut(text: str, most: int, width: int) -> str:
    lines = plain(text).rstrip().splitlines()
    cut = [line if len(line) <= width else line[: width - 1] + "…" for line in lines]
    return "\n".join([*cut[:most], *(["…"] if len(cut) > most else [])])


def _unmarked(text: str) -> str:
    """Return markdown as the words that a reader sees.

    Examples
    --------
    >>> _unmarked("**Split** by `time`, see [here](https://x)")
    'Split by time, see here'
    """
    text = re.sub(r"!?\[([^\]]*)\]\([^)]*\)", r"\1", text)
    return re.sub(r"(\*\*|__|`|(?<!\w)[*_]|[*_](?!\w))", "", text).strip()
