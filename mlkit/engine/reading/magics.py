"""IPython's additions to Python, taken out so that a cell can be parsed."""

from __future__ import annotations

import ast
import re
import warnings
from dataclasses import dataclass

__all__ = ["Source", "parse"]

_MAGIC = re.compile(r"\s*[%!?]|\s*[\w.*]+\?\??\s*$|\s*[\w., *\[\]'\"]+=\s*[!%]")
_PARTS = re.compile(
    r"#.*|'''|\"\"\"|'(?:\\.|[^'\\])*'?|\"(?:\\.|[^\"\\])*\"?|[(\[{]|[)\]}]|\\$"
)


@dataclass(frozen=True)
class Source:
    """A cell, parsed.

    Parameters
    ----------
    tree
        Its syntax tree; None when it does not parse. A cell under a `%%` magic is
        parsed without its first line, which may well fail.
    magic
        The lines that are magics or shell escapes, by number from 1.
    whole
        Whether the whole cell is under a `%%` magic.
    error
        Why it does not parse.
    """

    tree: ast.Module | None
    magic: dict[int, str]
    whole: bool = False
    error: SyntaxError | None = None


def parse(source: str) -> Source:
    r"""Parse a cell as IPython would run it.

    Magics and shell escapes become `pass` on a line of their own, so that lines
    keep their numbers.

    Parameters
    ----------
    source
        The cell's text.

    Examples
    --------
    >>> found = parse("%matplotlib inline\nx = 1")
    >>> found.magic, [type(part).__name__ for part in found.tree.body]
    ({1: '%matplotlib inline'}, ['Pass', 'Assign'])
    """
    try:
        return Source(_tree(source), {})
    except SyntaxError as error:
        first = error
    if source.lstrip().startswith("%%"):
        return _under_magic(source)
    plain, magic = _without_magics(_dedented(source))
    try:
        return Source(_tree(plain), magic)
    except SyntaxError as error:
        return Source(None, magic, error=error if magic else first)


def _under_magic(source: str) -> Source:
    lines = source.split("\n")
    start = next(i for i, line in enumerate(lines) if line.strip())
    plain, magic = _without_magics("\n".join(lines[start + 1 :]))
    shifted = {number + start + 1: line for number, line in magic.items()}
    shifted[start + 1] = lines[start]
    try:
        return Source(_tree("\n" * (start + 1) + plain), shifted, whole=True)
    except SyntaxError:
        return Source(None, shifted, whole=True)


def _tree(source: str) -> ast.Module:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        try:
            return ast.parse(source)
        except (ValueError, RecursionError, MemoryError) as error:
            raise SyntaxError(str(error) or "it is nested too deeply") from None


def _dedented(source: str) -> str:
    indent = re.match(r"[ \t]*", source.lstrip("\n"))
    if not indent or not indent[0]:
        return source
    lines = source.split("\n")
    return "\n".join(line.removeprefix(indent[0]) for line in lines)


def _without_magics(source: str) -> tuple[str, dict[int, str]]:
    plain, magic = [], {}
    scanner, running = _Scanner(), False
    for number, line in enumerate(source.split("\n"), start=1):
        if running or (scanner.fresh and _MAGIC.match(line)):
            indent = "" if running else line[: len(line) - len(line.lstrip())]
            plain.append("" if running else f"{indent}pass")
            magic[number] = line
            running = line.endswith("\\")
        else:
            plain.append(line)
            scanner.advance(line)
    return "\n".join(plain), magic


class _Scanner:
    """Knows whether the next line starts a statement or goes on with one."""

    def __init__(self) -> None:
        self.quote = ""
        self.depth = 0
        self.continued = False

    @property
    def fresh(self) -> bool:
        return not (self.quote or self.depth or self.continued)

    def advance(self, line: str) -> None:
        self.continued = False
        place = 0
        while place < len(line):
            place = self._leave(line, place) if self.quote else self._step(line, place)

    def _leave(self, line: str, place: int) -> int:
        end = re.compile(rf"(?:\\.|(?!{self.quote}).)*").match(line, place)
        place = end.end() if end else len(line)
        if line.startswith(self.quote, place):
            self.quote = ""
            return place + 3
        return len(line)

    def _step(self, line: str, place: int) -> int:
        part = _PARTS.search(line, place)
        if part is None:
            return len(line)
        text = part[0]
        if text in ("'''", '"""'):
            self.quote = text
        elif text in "([{":
            self.depth += 1
        elif text in ")]}":
            self.depth = max(0, self.depth - 1)
        elif text == "\\":
            self.continued = True
        return part.end()
