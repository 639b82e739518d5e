"""A card of sections that is written as Markdown, and shown as HTML."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from html import escape

from mlkit.data.charts.cards import grid

__all__ = ["Card", "Section", "Table", "plain", "sentence"]


@dataclass(frozen=True)
class Table:
    """Cells under heads.

    Parameters
    ----------
    heads
        A word or two a column.
    rows
        Cells by row, plain text.
    """

    heads: Sequence[str]
    rows: Sequence[Sequence[str]]


@dataclass(frozen=True)
class Section:
    """A titled part of a card.

    Parameters
    ----------
    title
        Its title, plain text.
    blocks
        Paragraphs (text), lists (lists of text), tables, and code (tuples of lines).
    """

    title: str
    blocks: Sequence[str | list[str] | tuple[str, ...] | Table]


@dataclass(frozen=True)
class Card:
    r"""A titled page of sections.

    Parameters
    ----------
    title
        Plain text.
    sections
        In order; the first has no title.
    about
        What machines read: names and words, or lists of words.

    Examples
    --------
    >>> print(Card("a|b", (Section("", ["A <b> model."]),)).markdown)
    # a\|b
    <BLANKLINE>
    A &lt;b&gt; model.
    """

    title: str
    sections: Sequence[Section]
    about: dict[str, str | list[str]] = field(default_factory=dict)

    @property
    def markdown(self) -> str:
        """The card as Markdown, with a head that model hubs read."""
        parts = [*_about(self.about), f"# {plain(self.title)}", ""]
        for section in self.sections:
            if section.title:
                parts += [f"## {plain(section.title)}", ""]
            for block in section.blocks:
                parts += [*_lines(block), ""]
        return "\n".join(parts).rstrip()

    def __repr__(self) -> str:
        return f"<Card {self.title}: {len(self.sections)} sections>"

    def _repr_html_(self) -> str:
        body = "".join(map(_html, self.sections))
        return (
            '<div style="border:1px solid rgba(127, 127, 127, .35);border-radius:6px;'
            'padding:.6em 1.4em 1em;max-width:62em">'
            f'<div style="font-size:1.35em;font-weight:700;margin:.3em 0">'
            f"{escape(self.title)}</div>{body}</div>"
        )


def plain(text: object) -> str:
    r"""Return text that is safe in a Markdown table, on a page that shows HTML.

    Examples
    --------
    >>> plain("<b>|x")
    '&lt;b&gt;\\|x'
    """
    words = " ".join(str(text).split())
    words = words.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")
    return re.sub(r"([\\`*_\[\]|])", r"\\\1", words)


def _about(about: dict[str, str | list[str]]) -> Iterator[str]:
    """Yield the head in YAML: words of letters, digits and dashes alone."""
    if not about:
        return
    yield "---"
    for name, value in about.items():
        if isinstance(value, str):
            yield f"{name}: {value}"
        else:
            yield f"{name}:"
            yield from (f"- {one}" for one in value)
    yield "---"
    yield ""


def _lines(block: str | list[str] | tuple[str, ...] | Table) -> Iterator[str]:
    if isinstance(block, str):
        yield _started(block)
    elif isinstance(block, list):
        yield from (f"- {_started(line)}" for line in block)
    elif isinstance(block, tuple):
        yield from ("```", *block, "```")
    else:
        yield f"| {' | '.join(map(plain, block.heads))} |"
        yield f"|{' --- |' * len(block.heads)}"
        yield from (f"| {' | '.join(map(plain, row))} |" for row in block.rows)


def _started(text: str) -> str:
    """Return plain text that begins no heading, list or rule."""
    told = plain(text)
    if re.match(r"\d+[.)]", told):
        return re.sub(r"([.)])", r"\\\1", told, count=1)
    return f"\\{told}" if told[:1] in ("#", "+", "-", "=", "~") else told


def _html(section: Section) -> str:
    title = escape(section.title)
    head = f'<div style="font-weight:600;margin:1em 0 .2em">{title}</div>'
    body = "".join(map(_block, section.blocks))
    return (head if section.title else "") + body


def _block(block: str | list[str] | tuple[str, ...] | Table) -> str:
    if isinstance(block, str):
        return f'<div style="margin:.3em 0">{escape(block)}</div>'
    if isinstance(block, list):
        items = "".join(f"<li>{escape(line)}</li>" for line in block)
        return f'<ul style="margin:.2em 0 .2em 1.2em;padding:0">{items}</ul>'
    if isinstance(block, tuple):
        told = escape("\n".join(block))
        return f'<pre style="margin:.3em 0;background:none">{told}</pre>'
    return grid(block.heads, block.rows)


def sentence(words: str) -> str:
    """Return words as a sentence of their own.

    Examples
    --------
    >>> sentence("a guess says no of every row")
    'A guess says no of every row.'
    """
    return f"{words[0].upper()}{words[1:]}."
