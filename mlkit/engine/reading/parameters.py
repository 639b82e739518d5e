"""The parameters cell of a Python notebook: read, and rewritten in place.

One parameter a statement: `name: type = literal  # help`. The help of a parameter
is, joined in this order,

1. the comment lines directly above it that start in the first column,
2. the comment behind it (behind its first or its last line, if it has several),
3. the comment lines directly below it that are indented.

A blank line, or a line like `# ----`, parts a heading from the parameter below it.
Apart from assignments the cell may hold imports from `typing` and `__future__`
only, which annotations need.
"""

from __future__ import annotations

import ast
import io
import re
import tokenize
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any

from mlkit.core.errors import ParameterError, did_you_mean
from mlkit.engine.reading.kinds import Misfit, fit, guess, kind_of
from mlkit.engine.reading.literals import literal
from mlkit.engine.reading.magics import parse
from mlkit.engine.reading.reader import Cell, Parameter, Problem

__all__ = ["imported", "parameters", "rewrite"]

_TYPING = {"Annotated", "Any", "Dict", "List", "Literal", "Optional", "Set", "Tuple"}
_TYPING |= {"Union"}
_FORM = "write one `name: type = literal  # help` a line"
_NOT_HELP = re.compile(r"#\W*$|#\s*(noqa|type:|fmt:|ruff:|mypy:|pylint:|pragma:)", re.I)
_Statement = ast.Assign | ast.AnnAssign


def parameters(
    cell: Cell, known: frozenset[str] = frozenset()
) -> tuple[tuple[Parameter, ...], tuple[Problem, ...]]:
    """Read a parameters cell.

    Parameters
    ----------
    cell
        The cell.
    known
        The names that earlier cells import, for annotations.

    Returns
    -------
    tuple
        The parameters in their order, and what is wrong with the others.

    Examples
    --------
    >>> found, problems = parameters(Cell(1, "size: float = 0.2  # share for the test"))
    >>> found[0].name, found[0].type, found[0].default, found[0].help
    ('size', 'float', 0.2, 'share for the test')
    """
    source = parse(cell.source)
    if source.error or source.tree is None or source.magic:
        line = min(source.magic, default=(source.error and source.error.lineno) or 1)
        why = source.error.msg if source.error else "it holds a magic"
        return (), (_problem(cell, line, f"the parameters cell cannot be read: {why}"),)
    known |= imported([source.tree])
    found: dict[str, Parameter] = {}
    problems: list[Problem] = []
    comments = _Comments(cell.source, source.tree.body)
    for statement in source.tree.body:
        try:
            parameter = _parameter(statement, cell.source, known, comments)
            if parameter and parameter.name in found:
                raise Misfit(f"parameter {parameter.name!r} is set twice", "keep one")
        except Misfit as no:
            problems.append(_problem(cell, statement.lineno, str(no), no.todo or _FORM))
        else:
            if parameter:
                found[parameter.name] = parameter
    return tuple(found.values()), tuple(problems)


def _problem(cell: Cell, line: int, what: str, todo: str = _FORM) -> Problem:
    lines = _lines(cell.source)
    text = lines[line - 1].strip() if 0 < line <= len(lines) else ""
    return Problem(what, cell.index, line, text, todo)


def _parameter(
    statement: ast.stmt, source: str, known: frozenset[str], comments: _Comments
) -> Parameter | None:
    if isinstance(statement, ast.Import | ast.ImportFrom) and _for_types(statement):
        return None
    name, annotation, node = _parts(statement)
    kind = _annotation(annotation, source, known) if annotation else ""
    default = _literal(name, node)
    try:
        wanted = kind_of(kind) if kind else guess(default)
        default = fit(wanted, default, outside=False)
    except Misfit as no:
        raise Misfit(f"parameter {name!r}: {no}", no.todo or "mend one") from None
    return Parameter(name, kind, default, comments.of(statement), statement.lineno)


def _parts(statement: ast.stmt) -> tuple[str, ast.expr | None, ast.expr]:
    match statement:
        case ast.Assign(targets=[ast.Name(id=name)], value=value):
            return name, None, value
        case ast.AnnAssign(target=ast.Name(id=name), annotation=kind, value=value):
            if value is None:
                raise Misfit(f"parameter {name!r} has no value", _FORM)
            return name, kind, value
        case ast.Assign() | ast.AnnAssign() | ast.AugAssign():
            raise Misfit("the parameters cell sets one plain name a statement", _FORM)
        case ast.Import() | ast.ImportFrom():
            raise Misfit("the parameters cell imports something", "import it below")
    raise Misfit("the parameters cell holds a statement that is no assignment", _FORM)


def _for_types(statement: ast.Import | ast.ImportFrom) -> bool:
    if isinstance(statement, ast.ImportFrom):
        return statement.module in ("typing", "__future__") and not statement.level
    return all(alias.name == "typing" for alias in statement.names)


def imported(trees: Iterable[ast.Module | None]) -> frozenset[str]:
    """Give the names that cells import.

    Examples
    --------
    >>> imported([ast.parse("from typing import Literal as L")])
    frozenset({'L'})
    """
    nodes = (node for tree in trees if tree for node in ast.walk(tree))
    ours = (node for node in nodes if isinstance(node, ast.Import | ast.ImportFrom))
    return frozenset(
        alias.asname or alias.name for node in ours for alias in node.names
    )


def _annotation(node: ast.expr, source: str, known: frozenset[str]) -> str:
    """Take the text of an annotation, which the kernel must be able to evaluate."""
    if isinstance(node, ast.Constant) and isinstance(node.value, str):
        return " ".join(node.value.split())
    names = {part.id for part in ast.walk(node) if isinstance(part, ast.Name)}
    absent = sorted((names & _TYPING) - known)
    if absent and "annotations" not in known:
        raise Misfit(
            f"{absent[0]} is not imported, so the cell would not run",
            f"quote the type, or write `from typing import {absent[0]}` above it",
        )
    return _segment(source, node)


def _segment(source: str, node: ast.expr) -> str:
    """Cut out the text of an annotation; ast counts columns in UTF-8 bytes."""
    if node.end_lineno != node.lineno:
        return " ".join((ast.get_source_segment(source, node) or "").split())
    line = _lines(source)[node.lineno - 1].encode()
    return line[node.col_offset : node.end_col_offset].decode()


def _literal(name: str, node: ast.expr) -> Any:
    try:
        return ast.literal_eval(node)
    except (ValueError, TypeError, SyntaxError, RecursionError, MemoryError):
        raise Misfit(
            f"the value of parameter {name!r} is not a literal",
            "write the value itself; compute from it in a cell below",
        ) from None


class _Comments:
    """The comments of a cell, and which parameter each belongs to."""

    def __init__(self, source: str, body: Sequence[ast.stmt]) -> None:
        self.alone: dict[int, tuple[int, str]] = {}
        self.behind: dict[int, str] = {}
        self.last = {part.end_lineno: part for part in body}
        lines = source.split("\n")
        for token in _tokens(source):
            if token.type == tokenize.COMMENT:
                line, column = token.start
                if lines[line - 1][:column].strip():
                    self.behind[line] = token.string
                else:
                    self.alone[line] = (column, token.string)

    def of(self, statement: ast.stmt) -> str:
        first, last = statement.lineno, statement.end_lineno or statement.lineno
        found = [*self._above(first)]
        if self.last[last] is statement:
            ends = dict.fromkeys((first, last))
            found += [self.behind[line] for line in ends if line in self.behind]
            found += self._below(last)
        texts = [part for part in found if not _NOT_HELP.match(part)]
        return " ".join(part.lstrip("#").strip() for part in texts)

    def _above(self, line: int) -> list[str]:
        found: list[str] = []
        while (line := line - 1) in self.alone and self.alone[line][0] == 0:
            if _NOT_HELP.match(self.alone[line][1]):
                break
            found.insert(0, self.alone[line][1])
        return found

    def _below(self, line: int) -> Iterator[str]:
        while (line := line + 1) in self.alone and self.alone[line][0] > 0:
            yield self.alone[line][1]


def _tokens(source: str) -> list[tokenize.TokenInfo]:
    try:
        return list(tokenize.generate_tokens(io.StringIO(source).readline))
    except (tokenize.TokenError, SyntaxError):
        return []


def rewrite(source: str, values: Mapping[str, Any]) -> str:
    """Put new values into a parameters cell, and change nothing else.

    Parameters
    ----------
    source
        The text of the cell.
    values
        New values by name; one that equals the old value changes no text.

    Raises
    ------
    ParameterError
        For an unknown name or a value of the wrong type.

    Examples
    --------
    >>> rewrite("size: float = 0.2  # share", {"size": 0.25})
    'size: float = 0.25  # share'
    """
    found, _ = parameters(Cell(1, source), known=frozenset(_TYPING))
    known = {parameter.name: parameter for parameter in found}
    for name in values:
        if name not in known:
            raise ParameterError(
                f"there is no parameter {name!r}",
                where="the parameters cell",
                todo=did_you_mean(name, known),
            )
    tree = parse(source).tree
    statements = tree.body if tree else []
    lines = [line.encode() for line in _lines(source)]
    for statement in reversed(statements):
        if isinstance(statement, _Statement) and statement.value:
            name = _parts(statement)[0]
            if name in values:
                value = known[name].accept(values[name])
                if repr(value) != repr(known[name].default):
                    _replace(lines, statement.value, literal(value))
    return b"".join(lines).decode()


def _replace(lines: list[bytes], node: ast.expr, text: str) -> None:
    """Replace the bytes of one expression; ast counts columns in UTF-8 bytes."""
    first, last = node.lineno - 1, (node.end_lineno or node.lineno) - 1
    head = lines[first][: node.col_offset]
    tail = lines[last][node.end_col_offset :]
    lines[first : last + 1] = [head + text.encode() + tail]


def _lines(source: str) -> list[str]:
    """Split as Python does: at newlines only, which stay."""
    return re.findall(r"[^\r\n]*(?:\r\n|\r|\n)|[^\r\n]+\Z", source)
