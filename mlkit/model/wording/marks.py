"""A text as a page shows it, its words marked by what they do."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from html import escape

from mlkit.data.charts.style import ACCENT, PALETTE, QUIET, SOFT
from mlkit.model.encoding.tokens import spans

__all__ = ["marked"]

MOST, PART, STRONG = 3000, 240, 0.6
ODD = re.compile(r"[\x00-\x08\x0b-\x1f\x7f-\x9f\u202a-\u202e\u2066-\u2069\ufeff]")
Token = tuple[int, int, str]


def marked(
    text: str,
    effects: Mapping[str, float],
    title: str,
    below: str,
    told: tuple[str, str],
    after: str = "",
) -> str:
    """Return a text as HTML, each word as strongly coloured as it moves a prediction.

    Everything is escaped, and signs that would turn the direction of what follows are
    shown as dots. Of a long text the parts are shown in which words do most.

    Parameters
    ----------
    text
        The cell.
    effects
        By word what it does; other words stay plain.
    title, below
        What is predicted, and of which row.
    told
        The words that raise the prediction, and those that lower it.
    after
        A sentence under the text.

    Examples
    --------
    >>> page = marked("A <b>bad</b> film", {"bad": -0.2}, "chance", "", ("", "bad"))
    >>> "&lt;b&gt;" in page, page.count("<span")
    (True, 3)
    """
    raising, lowering = PALETTE[1], ACCENT
    tokens = list(spans(text))
    body = (
        "".join(_shown(text, tokens, effects))
        or f'<i style="color:{QUIET}">no text</i>'
    )
    return (
        f'<div style="max-width:60em"><b>{_plain(title)}</b>'
        f'<div style="color:{QUIET}">{_plain(below)}</div>'
        f'<div dir="auto" style="white-space:pre-wrap;overflow-wrap:anywhere;'
        f"line-height:1.7;border-left:3px solid {SOFT};padding:0 0 0 .8em;"
        f'margin:.5em 0">{body}</div>'
        f"<div>{_swatch(raising)} raised by: {_plain(told[0])}</div>"
        f"<div>{_swatch(lowering)} lowered by: {_plain(told[1])}</div>"
        f"<div>{_plain(after)}</div></div>"
    )


def _shown(
    text: str, tokens: list[Token], effects: Mapping[str, float]
) -> Iterator[str]:
    """Yield the parts that are shown, with an ellipsis where some are left out."""
    before = 0
    for start, end in _parts(text, tokens, effects):
        if start > before:
            yield f'<span style="color:{QUIET}"> … </span>'
        yield from _marked(text, start, end, tokens, effects)
        before = end
    if before < len(text):
        yield f'<span style="color:{QUIET}"> … </span>'


def _parts(
    text: str, tokens: list[Token], effects: Mapping[str, float]
) -> list[tuple[int, int]]:
    """Return the parts of a text in which words do most, in their order."""
    if len(text) <= MOST:
        return [(0, len(text))] if text else []
    ends = [0]
    for start, _, _ in tokens:
        if start - ends[-1] >= PART:
            ends.append(start)
    ends = [*ends, len(text)]
    weight = [0.0] * (len(ends) - 1)
    at = 0
    for start, _, word in tokens:
        while start >= ends[at + 1]:
            at += 1
        weight[at] += abs(effects.get(word, 0.0))
    ranked = sorted(range(len(weight)), key=lambda k: (-weight[k], k))
    kept, room = set[int](), MOST
    for k in ranked:
        room -= ends[k + 1] - ends[k]
        if room < 0:
            break
        kept.add(k)
    whole = [(ends[k], ends[k + 1]) for k in sorted(kept)]
    return whole or [(0, MOST)]


def _marked(
    text: str, start: int, end: int, tokens: list[Token], effects: Mapping[str, float]
) -> Iterator[str]:
    most = max((abs(v) for v in effects.values()), default=0.0)
    at = start
    for first, last, word in tokens:
        effect = effects.get(word, 0.0)
        if first < start or last > end or not effect or not most:
            continue
        colour = PALETTE[1] if effect > 0 else ACCENT
        share = round(255 * STRONG * abs(effect) / most)
        yield _plain(text[at:first])
        yield (
            f'<span style="background:{colour}{share:02x};border-radius:3px" '
            f'title="{effect:+.3g}">{_plain(text[first:last])}</span>'
        )
        at = last
    yield _plain(text[at:end])


def _swatch(colour: str) -> str:
    return f'<span style="color:{colour}">■</span>'


def _plain(text: str) -> str:
    """Return text for a page: escaped, in signs that every file can hold."""
    told = text.encode("utf-8", "replace").decode("utf-8")
    return escape(ODD.sub("·", told))
