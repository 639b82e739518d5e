"""What a report shows of a notebook: its title, its key picture, its last words.

Nothing that a notebook holds is trusted: pictures are decoded and told by their
first bytes, text is taken as text, and HTML is never taken.
"""

from __future__ import annotations

import base64
import binascii
import json
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from mlkit.engine.reporting.say import plain, shorten

__all__ = ["Look", "Picture", "look", "opening"]

LARGEST = 3 * 2**20  # bytes of a picture in a report
LINES, WIDTH = 16, 110  # of the last words
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
        The last one, if there is one.
    words
        The last text a cell showed; "" where there is a picture.
    place
        Index of a cell → ``"cell 3 of 7"``.
    """

    picture: Picture | None = None
    words: str = ""
    place: Mapping[int, str] | None = None


def opening(path: Path) -> tuple[str, str]:
    """Return the title of a notebook and the first paragraph below it."""
    texts = (
        _source(cell) for cell in _cells(path) if cell.get("cell_type") == "markdown"
    )
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
    pictures = (_picture(o, cells, i) for i, o in _outputs(cells))
    picture = next((found for found in pictures if found), None)
    words = "" if picture else next((w for w in map(_words, _outputs(cells)) if w), "")
    return Look(picture, words, place)


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
        if content.startswith(begins) and len(content) <= LARGEST:
            size = (output.get("metadata") or {}).get(form) or {}
            source = f"data:{form};base64,{base64.b64encode(content).decode()}"
            wide, high = _pixels(size.get("width")), _pixels(size.get("height"))
            return Picture(source, _heading(cells, index), wide, high)
    return None


def _pixels(value: object) -> int:
    return value if isinstance(value, int) and 0 < value < 10_000 else 0


def _heading(cells: list[dict[str, Any]], index: int) -> str:
    """Return the heading, or else the first words, of the text before a cell."""
    for cell in reversed(cells[:index]):
        if cell.get("cell_type") == "markdown":
            lines = [line for line in _source(cell).splitlines() if line.strip()]
            said = [line for line in lines if not line.startswith("#")]
            chosen = (said or lines or [""])[0]
            sentence = re.split(r"(?<=[.:?!])\s", _unmarked(chosen.lstrip("# ")))[0]
            return shorten(sentence.removesuffix(":"), 200)
    return ""


def _words(found: tuple[int, Mapping[str, Any]]) -> str:
    """Return the text of one output, cut to a few lines; "" where it has none."""
    output = found[1]
    if output.get("output_type") == "stream":
        if output.get("name") == "stderr":
            return ""
        text = _joined(output.get("text", ""))
    else:
        data = output.get("data") or {}
        rich = {"application/vnd.jupyter.widget-view+json", "text/html"} & set(data)
        text = "" if rich else _joined(data.get("text/plain", ""))
    lines = plain(text).rstrip().splitlines()
    cut = [line if len(line) <= WIDTH else line[: WIDTH - 1] + "…" for line in lines]
    return "\n".join([*cut[:LINES], *(["…"] if len(cut) > LINES else [])])


def _unmarked(text: str) -> str:
    """Return markdown as the words that a reader sees.

    Examples
    --------
    >>> _unmarked("**Split** by `time`, see [here](https://x)")
    'Split by time, see here'
    """
    text = re.sub(r"!?\[([^\]]*)\]\([^)]*\)", r"\1", text)
    return re.sub(r"(\*\*|__|`|(?<!\w)[*_]|[*_](?!\w))", "", text).strip()
