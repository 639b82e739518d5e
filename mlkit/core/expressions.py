"""Boolean expressions over columns, read by an allow-list; no code is ever run.

An expression such as ``end >= start`` or ``price > 0 or status == 'free'`` is written
as in Python. A column whose name is no plain word stands between backticks. Where a
cell is missing, a comparison with it is neither true nor false, and a row fails only
an expression that is false: ``known(end)`` and ``missing(end)`` ask for the gap itself.
"""

from __future__ import annotations

import ast
import re
import unicodedata
import warnings
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from mlkit.core import operands
from mlkit.core.errors import InputError, did_you_mean
from mlkit.core.operands import CALLS, Value
from mlkit.core.values import Array, Cells, column_of

__all__ = ["FUNCTIONS", "Expression", "parse"]

FUNCTIONS = tuple(sorted(CALLS))
"""What an expression may call."""

LONGEST = 2000
MOST_PARTS = 200
ALLOWED = (
    *(ast.Expression, ast.BoolOp, ast.And, ast.Or, ast.UnaryOp, ast.Not, ast.USub),
    *(ast.UAdd, ast.Invert, ast.BinOp, ast.Add, ast.Sub, ast.Mult, ast.Div),
    *(ast.FloorDiv, ast.Mod, ast.BitAnd, ast.BitOr, ast.Compare, ast.Eq, ast.NotEq),
    *(ast.Lt, ast.LtE, ast.Gt, ast.GtE, ast.In, ast.NotIn, ast.Is, ast.IsNot),
    *(ast.Name, ast.Load, ast.Constant, ast.List, ast.Tuple, ast.Set, ast.Call),
)
Reads = Mapping[str, Mapping[str, Any]]


@dataclass(frozen=True)
class Expression:
    """A boolean expression that was read and found fit.

    Parameters
    ----------
    text
        As it was written.
    columns
        The columns it names.
    tree
        Its parts.
    aliases
        What each of its plain words means: word → column.
    """

    text: str
    columns: tuple[str, ...]
    tree: ast.expr
    aliases: Mapping[str, str]

    def failing(self, cells: Cells, rows: int, reads: Reads | None = None) -> Array:
        """Return True where it is false of a row.

        Parameters
        ----------
        cells
            Raw cells by column, all of one length.
        rows
            Their length.
        reads
            How a column is read: its ``type`` (number, date or text), and the marks
            of numbers, the ``format`` of dates and the ``missing`` words.

        Examples
        --------
        >>> spans = parse("end >= start", ["start", "end"])
        >>> spans.failing({"start": [1, 5, 3], "end": [2, 4, None]}, 3).tolist()
        [False, True, False]
        """
        told: Array = _Reader(self, cells, rows, reads or {}).truth(self.tree).false
        return np.broadcast_to(told, rows).copy()


def parse(text: str, names: Sequence[str], reads: Reads | None = None) -> Expression:
    """Read an expression over columns.

    Parameters
    ----------
    text
        Such as ``price > 0 or status == 'free'``.
    names
        The columns there are.
    reads
        How a column is read, see `Expression.failing`.

    Raises
    ------
    InputError
        Where it cannot be read, or has parts that are not allowed.

    Examples
    --------
    >>> parse("abs(`net pay` - gross) < 0.01", ["net pay", "gross"]).columns
    ('net pay', 'gross')
    """
    aliases: dict[str, str] = {}

    def alias(found: re.Match[str]) -> str:
        word = f"_column_{len(aliases)}"
        aliases[word] = found[1]
        return f" {word} "

    plain = re.sub("`([^`]*)`", alias, text)
    tree = _tree(plain.strip(), text)
    by_word = {unicodedata.normalize("NFKC", name): name for name in names}
    for node in ast.walk(tree):
        _mind(node, text)
    called = {id(n.func) for n in ast.walk(tree) if isinstance(n, ast.Call)}
    for node in ast.walk(tree):
        if isinstance(node, ast.Name) and id(node) not in called:
            told = aliases.get(node.id, node.id)
            aliases[node.id] = _known(by_word.get(told, told), names, text)
    columns = tuple(dict.fromkeys(aliases.values()))
    if not columns:
        raise _unfit("an expression names no column", text)
    made = Expression(text, columns, tree, aliases)
    kinds = {n: how for n, how in (reads or {}).items() if n in columns}
    made.failing({name: [] for name in columns}, 0, kinds)
    return made


def _tree(plain: str, text: str) -> ast.expr:
    if len(plain) > LONGEST:
        raise _unfit(f"an expression is longer than {LONGEST} characters", text)
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            tree = ast.parse(plain, mode="eval").body
    except (SyntaxError, ValueError, RecursionError, MemoryError) as error:
        told = str(getattr(error, "msg", error))[:120]
        raise _unfit("an expression cannot be read", text, told) from None
    parts = sum(not isinstance(n, (ast.Constant, ast.Load)) for n in ast.walk(tree))
    if parts > MOST_PARTS:
        raise _unfit(f"an expression has more than {MOST_PARTS} parts", text)
    return tree


def _mind(node: ast.AST, text: str) -> None:
    """Refuse what is not on the list of what is allowed."""
    if isinstance(node, ast.Call):
        name = node.func.id if isinstance(node.func, ast.Name) else ""
        if name not in CALLS or node.keywords:
            said = ast.unparse(node.func)
            raise InputError(
                f"an expression may not call {said}",
                where=text,
                expected=", ".join(FUNCTIONS),
                todo="write a plain Python function, and hand it over in checks",
            )
    if not isinstance(node, ALLOWED):
        part = ast.unparse(node) if isinstance(node, ast.expr) else ""
        raise _unfit(
            "an expression has a part that is not allowed",
            text,
            (part or type(node).__name__)[:80],
        )
    if isinstance(node, ast.Compare) and _is_odd(node):
        raise _unfit("an expression cannot be read", text, "`is` without None")
    plain = (str, int, float, type(None))
    if isinstance(node, ast.Constant) and not isinstance(node.value, plain):
        raise _unfit("an expression may hold numbers and words", text, str(node.value))


def _is_odd(node: ast.Compare) -> bool:
    """Whether `is` stands before something else than None."""
    pairs = zip(node.ops, node.comparators, strict=True)
    return any(
        isinstance(op, (ast.Is, ast.IsNot))
        and not (isinstance(right, ast.Constant) and right.value is None)
        for op, right in pairs
    )


def _known(name: str, names: Sequence[str], text: str) -> str:
    if name not in names:
        raise InputError(
            f"there is no column {name!r}", where=text, todo=did_you_mean(name, names)
        )
    return name


def _unfit(what: str, text: str, got: str = "") -> InputError:
    return InputError(
        what,
        where=text[:200],
        expected="such as `end >= start` or `price > 0 or status == 'free'`",
        got=got,
    )


class _Reader:
    """One expression on one set of cells."""

    def __init__(self, told: Expression, cells: Cells, rows: int, reads: Reads) -> None:
        self.told, self.cells, self.rows, self.reads = told, cells, rows, reads
        self.seen: dict[str, Value] = {}

    def truth(self, node: ast.expr) -> Value:
        return operands.as_truth(self.value(node), ast.unparse(node))

    def value(self, node: ast.expr) -> Value:
        read: Callable[[Any], Value] = getattr(self, f"_{type(node).__name__.lower()}")
        return read(node)

    def _name(self, node: ast.Name) -> Value:
        name = self.told.aliases[node.id]
        if name not in self.seen:
            column = column_of(self.cells, name, self.rows)
            self.seen[name] = operands.column(column, self.reads.get(name, {}))
        return self.seen[name]

    def _constant(self, node: ast.Constant) -> Value:
        return operands.literal(node.value)

    def _boolop(self, node: ast.BoolOp) -> Value:
        join = operands.both if isinstance(node.op, ast.And) else operands.either
        return join([self.truth(part) for part in node.values])

    def _unaryop(self, node: ast.UnaryOp) -> Value:
        if isinstance(node.op, (ast.Not, ast.Invert)):
            return operands.negated(self.truth(node.operand))
        value = self._number(node.operand)
        return operands.minus(value) if isinstance(node.op, ast.USub) else value

    def _number(self, node: ast.expr) -> Value:
        return operands.as_number(self.value(node), ast.unparse(node))

    def _binop(self, node: ast.BinOp) -> Value:
        if isinstance(node.op, (ast.BitAnd, ast.BitOr)):
            join = operands.both if isinstance(node.op, ast.BitAnd) else operands.either
            return join([self.truth(node.left), self.truth(node.right)])
        one, other = self.value(node.left), self.value(node.right)
        return operands.work_out(type(node.op).__name__, one, other, ast.unparse(node))

    def _compare(self, node: ast.Compare) -> Value:
        sides = [node.left, *node.comparators]
        pairs = zip(node.ops, sides, sides[1:], strict=False)
        return operands.both([self._pair(*pair, node) for pair in pairs])

    def _pair(
        self, op: ast.cmpop, left: ast.expr, right: ast.expr, node: ast.expr
    ) -> Value:
        one = self.value(left)
        if isinstance(op, (ast.In, ast.NotIn)):
            found = self._among(one, right, node)
            return operands.negated(found) if isinstance(op, ast.NotIn) else found
        other = self.value(right)
        return operands.compare(type(op).__name__, one, other, ast.unparse(node))

    def _among(self, one: Value, right: ast.expr, node: ast.expr) -> Value:
        if not isinstance(right, (ast.List, ast.Tuple, ast.Set)):
            return CALLS["contains"]([self.value(right), one], ast.unparse(node))
        told = ast.unparse(node)
        among = [self.value(part) for part in right.elts] or [operands.literal("")]
        return operands.either([operands.compare("Eq", one, w, told) for w in among])

    def _call(self, node: ast.Call) -> Value:
        name = node.func.id if isinstance(node.func, ast.Name) else ""
        given = [self.value(part) for part in node.args]
        return CALLS[name](given, ast.unparse(node))

    def _list(self, _: ast.expr) -> Value:
        raise _unfit("a list stands only after `in`", self.told.text)

    _tuple = _set = _list
