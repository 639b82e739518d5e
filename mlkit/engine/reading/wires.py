"""The names in mlkit's calls, found in the syntax trees of Python cells."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from mlkit.engine.reading.magics import Source
from mlkit.engine.reading.reader import Cell, Problem

__all__ = ["Wires", "trace"]

_VERBS = frozenset({"load", "save", "sealed", "unseal", "decide", "gate"})
_MODULE = "mlkit"
_FIRST = "make `import mlkit as mk` the first import of the notebook"
_ALONE = "move the call to a line of its own, at the left margin"
_FUNCTIONS = (ast.FunctionDef, ast.AsyncFunctionDef, ast.Lambda)
_DEFINITIONS = (ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef)
_COMPREHENSIONS = (ast.ListComp, ast.SetComp, ast.DictComp, ast.GeneratorExp)
_SCOPES = (*_FUNCTIONS, ast.ClassDef, *_COMPREHENSIONS)
_NESTS: dict[type[ast.AST], str] = {
    ast.If: "an `if`",
    ast.IfExp: "an `if`",
    ast.BoolOp: "an `and` or an `or`",
    ast.Match: "a `match`",
    ast.For: "a `for` loop",
    ast.AsyncFor: "a `for` loop",
    ast.While: "a `while` loop",
    ast.With: "a `with`",
    ast.AsyncWith: "a `with`",
    ast.Try: "a `try`",
    ast.TryStar: "a `try`",
    ast.FunctionDef: "a function",
    ast.AsyncFunctionDef: "a function",
    ast.Lambda: "a `lambda`",
    ast.ClassDef: "a class",
    ast.ListComp: "a comprehension",
    ast.SetComp: "a comprehension",
    ast.DictComp: "a comprehension",
    ast.GeneratorExp: "a comprehension",
}


@dataclass(frozen=True)
class Wires:
    """The names found, whether there is a gate, and what is wrong."""

    loads: tuple[str, ...]
    saves: tuple[str, ...]
    seals: tuple[str, ...]
    unseals: tuple[str, ...]
    decides: tuple[str, ...]
    gates: bool
    problems: tuple[Problem, ...]


def trace(cells: Sequence[Cell], sources: Mapping[int, Source]) -> Wires:
    """Find the names that the calls in a notebook's cells load and save.

    Of a cell tagged `parameters` only the imports are read.

    Parameters
    ----------
    cells
        Its code cells, in order.
    sources
        The same cells parsed, by index.

    Examples
    --------
    >>> from mlkit.engine.reading.magics import parse
    >>> cell = Cell(1, "from mlkit import load as get; print(get('raw'))")
    >>> trace([cell], {1: parse(cell.source)}).loads
    ('raw',)
    """
    finder = _Finder()
    for cell in cells:
        finder.cell(cell, sources[cell.index])
    finder.close([c for c in cells if "parameters" not in c.tags], sources)
    names = {kind: tuple(found) for kind, found in finder.names.items()}
    problems = tuple(finder.problems)
    return Wires(**names, gates=bool(finder.gates), problems=problems)


class _Finder(ast.NodeVisitor):
    """Walks the cells in order and collects names, imports and problems."""

    def __init__(self) -> None:
        kinds = ("loads", "saves", "seals", "unseals", "decides")
        self.names: dict[str, dict[str, None]] = {kind: {} for kind in kinds}
        self.gates: list[tuple[Cell, ast.Call]] = []
        self.problems: list[Problem] = []
        self.bound: dict[str, str] = {}
        self.first: tuple[Cell, ast.AST, bool] | None = None
        self.nests: list[str] = []
        self.seals: set[int] = set()
        self.others: set[str] = set()
        self.stored: set[str] = set()
        self.inner = 0
        self.here = Cell(1, "")

    def report(self, cell: Cell, line: int, what: str, todo: str) -> None:
        """Note a problem."""
        lines = cell.source.split("\n")
        text = lines[line - 1].strip() if line <= len(lines) else ""
        self.problems.append(Problem(what, cell.index, line, text, todo))

    def cell(self, cell: Cell, source: Source) -> None:
        """Read one cell."""
        names_only = "parameters" in cell.tags
        self.here = cell
        if "injected-parameters" in cell.tags:
            what = "this cell was injected by papermill and overrides the parameters"
            self.report(cell, 1, what, "delete the cell")
        if source.error and not names_only:
            what = f"the cell cannot be parsed: {source.error.msg}"
            self.report(cell, source.error.lineno or 1, what, "mend the line")
        self.nests = ["a `%%` cell"] if source.whole else []
        for statement in source.tree.body if source.tree else ():
            if not names_only or isinstance(statement, ast.Import | ast.ImportFrom):
                self.visit(statement)
                self._rebind()
        self._magics(source)

    def _magics(self, source: Source) -> None:
        """Refuse calls on a magic line, which are not seen."""
        modules = [name for name, what in self.bound.items() if what == _MODULE]
        if not modules:
            return
        call = rf"\b(?:{'|'.join(modules)})\.(?:{'|'.join(sorted(_VERBS))})\s*\("
        for number, line in source.magic.items():
            if re.search(call, line):
                self.report(self.here, number, "the call is part of a magic", _ALONE)

    def visit(self, node: ast.AST) -> None:
        """Visit a node, knowing what it stands inside."""
        nest = _NESTS.get(type(node))
        if nest is None:
            super().visit(node)
            return
        if isinstance(node, _DEFINITIONS) and not self.inner:
            self.stored.add(node.name)
        self.nests.append(nest)
        kept = self.bound
        if isinstance(node, _SCOPES):
            self.inner += 1
            hidden = set(_locals(node)) if isinstance(node, _FUNCTIONS) else set()
            self.bound = {k: v for k, v in kept.items() if k not in hidden}
        self.generic_visit(node)
        if isinstance(node, _SCOPES):
            self.inner -= 1
            self.bound = kept
        self.nests.pop()

    def visit_Import(self, node: ast.Import) -> None:
        """Bind what is imported."""
        for alias in node.names:
            root = alias.name.split(".")[0]
            whole = alias.name == _MODULE or (root == _MODULE and not alias.asname)
            self._bind(alias.asname or root, _MODULE if whole else "")
            self._import(node, alias.name)

    def visit_ImportFrom(self, node: ast.ImportFrom) -> None:
        """Bind what is imported."""
        front = node.module == _MODULE and not node.level
        for alias in node.names:
            self._import(node, node.module or "." if not node.level else ".")
            if alias.name == "*" and front:
                self.bound |= {verb: verb for verb in _VERBS}
                continue
            verb = alias.name if front and alias.name in _VERBS else ""
            self._bind(alias.asname or alias.name, verb)

    def _bind(self, name: str, what: str) -> None:
        if what:
            self.bound[name] = what
        else:
            self.bound.pop(name, None)
            self.others.add(name)

    def _import(self, node: ast.AST, module: str) -> None:
        harmless = ("__future__", "typing")
        if self.first is None and module not in harmless:
            ours = module.split(".")[0] == _MODULE
            self.first = (self.here, node, ours)

    def _rebind(self) -> None:
        """Forget the names that a statement bound to something else."""
        for name in self.stored:
            self.bound.pop(name, None)
        self.others |= self.stored
        self.stored.clear()

    def visit_Call(self, node: ast.Call) -> None:
        """Read a call of one of the six verbs."""
        verb = self._verb(node.func)
        if not verb:
            self.generic_visit(node)
            return
        if self.nests:
            what = f"`{verb}` is called inside {self.nests[-1]}"
            self.report(self.here, node.lineno, what, _ALONE)
        else:
            getattr(self, f"_{verb}")(node)
        for part in (*node.args, *(keyword.value for keyword in node.keywords)):
            self.visit(part)

    def visit_Name(self, node: ast.Name) -> None:
        """Refuse a verb that is not called; note a name that is bound."""
        if not isinstance(node.ctx, ast.Load) and not self.inner:
            self.stored.add(node.id)
        self._loose(node)

    def visit_Attribute(self, node: ast.Attribute) -> None:
        """Refuse a verb that is not called."""
        self._loose(node)
        self.generic_visit(node)

    def _loose(self, node: ast.Name | ast.Attribute) -> None:
        verb = self._verb(node) if isinstance(node.ctx, ast.Load) else ""
        if verb:
            what = f"`{verb}` is passed on instead of called, so its names are unknown"
            self.report(self.here, node.lineno, what, _ALONE)

    def _verb(self, node: ast.expr) -> str:
        """Tell which of mlkit's six verbs an expression names, if any."""
        match node:
            case ast.Name(id=name) if self.bound.get(name) in _VERBS:
                return self.bound[name]
            case ast.Attribute(value=ast.Name(id=name), attr=verb) if verb in _VERBS:
                if self.bound.get(name) == _MODULE:
                    return verb
                if name in ("mk", _MODULE) and name not in self.others:
                    what = f"`{name}` is used before it is imported"
                    self.report(self.here, node.lineno, what, _FIRST)
                    self.others.add(name)
        return ""

    def _load(self, node: ast.Call) -> None:
        name = self._name(node, "load", 1)
        if name and node.keywords:
            self._wrong(node, "`load` takes a name and nothing else", 'load("raw")')
        elif name:
            self.names["loads"][name] = None

    def _unseal(self, node: ast.Call) -> None:
        name = self._name(node, "unseal", 1)
        given = {keyword.arg: keyword.value for keyword in node.keywords}
        why = given.get("why")
        blank = isinstance(why, ast.Constant) and not str(why.value or "").strip()
        if name and (why is None or blank or set(given) - {"why", "target"}):
            self._wrong(
                node,
                "`unseal` says why it opens a sealed artifact",
                f'unseal("{name}", why="acceptance")',
            )
        elif name:
            self.names["unseals"][name] = None

    def _decide(self, node: ast.Call) -> None:
        name = self._name(node, "decide", 2)
        if name and node.keywords:
            what = "`decide` takes a name and an editor, and nothing else"
            self._wrong(node, what, "decide(name, editor)")
        elif name:
            self.names["decides"][name] = None

    def _save(self, node: ast.Call) -> None:
        form = "save(clean=table)"
        if node.args:
            self._wrong(node, "`save` takes artifacts by name only", form)
        if not node.args and not node.keywords:
            self._wrong(node, "`save` saves nothing", form)
        for keyword in node.keywords:
            if keyword.arg is None:
                self._wrong(node, "`save` cannot take its names from `**`", form)
                continue
            if keyword.arg in self.names["saves"]:
                what = f"{keyword.arg!r} is saved twice"
                self._wrong(keyword.value, what, "save it once")
            self.names["saves"][keyword.arg] = None
            value = keyword.value
            if isinstance(value, ast.Call) and self._verb(value.func) == "sealed":
                self.seals.add(id(value))
                self.names["seals"][keyword.arg] = None

    def _sealed(self, node: ast.Call) -> None:
        if id(node) not in self.seals:
            todo = "save(test=mk.sealed(parts.test))"
            self._wrong(node, "`sealed` is not directly inside a `save`", todo)

    def _gate(self, node: ast.Call) -> None:
        self.gates.append((self.here, node))
        if len(node.args) != 1 or node.keywords:
            self._wrong(node, "`gate` takes one verdict", "gate(verdict)")

    def _name(self, node: ast.Call, verb: str, arguments: int) -> str:
        match node.args:
            case [ast.Constant(value=str(name)), *_] if name:
                if len(node.args) == arguments:
                    return name
                what = f"`{verb}` takes {arguments} argument{'s' * (arguments > 1)}"
            case []:
                what = f"`{verb}` names nothing"
            case _:
                what = f"the name in `{verb}` is computed, so it cannot be read here"
        example = f'{verb}("raw"' + (", editor)" if verb == "decide" else ")")
        self._wrong(node, what, example)
        return ""

    def _wrong(self, node: ast.expr, what: str, form: str) -> None:
        todo = form if " " in form and "(" not in form else f"write it like `{form}`"
        self.report(self.here, node.lineno, what, todo)

    def close(self, cells: Sequence[Cell], sources: Mapping[int, Source]) -> None:
        """Judge what can be judged only at the end: gates and the first import."""
        for cell, call in self.gates[1:]:
            what = "a notebook has one gate"
            self.report(cell, call.lineno, what, "join the verdicts")
        if self.gates:
            cell, call = self.gates[0]
            if len(self.gates) == 1 and _last(cells, sources) is not call:
                what = "`gate` is not the last call of the notebook"
                self.report(cell, call.lineno, what, "save first, and gate last of all")
        named = self.gates or any(self.names.values())
        if self.first and not self.first[2] and named:
            cell, node, _ = self.first
            line = getattr(node, "lineno", 1)
            self.report(cell, line, "something is imported before mlkit", _FIRST)


def _last(cells: Sequence[Cell], sources: Mapping[int, Source]) -> ast.expr | None:
    for cell in reversed(cells):
        source = sources[cell.index]
        if source.tree is None or (source.magic and not source.tree.body):
            return None
        if source.tree.body:
            last = source.tree.body[-1]
            return last.value if isinstance(last, ast.Expr) else None
    return None


def _locals(node: ast.AST) -> Iterator[str]:
    for part in ast.walk(node):
        if isinstance(part, ast.arg):
            yield part.arg
        elif isinstance(part, ast.Name) and not isinstance(part.ctx, ast.Load):
            yield part.id
