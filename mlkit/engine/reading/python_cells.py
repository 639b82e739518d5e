"""The reader of Python notebooks: the names they load and save, without running them.

Only calls at top level with literal names count, wherever in a statement they stand:
`split(mk.load("labelled"))` does, `if full: mk.load("raw")` is a problem.
"""

from __future__ import annotations

import ast
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from mlkit.engine.reading import parameters as cells_of_parameters
from mlkit.engine.reading.magics import Source, parse
from mlkit.engine.reading.parameters import imported
from mlkit.engine.reading.reader import Cell, Parameter, Problem, Reading
from mlkit.engine.reading.wires import trace

__all__ = ["read", "rewrite"]


def rewrite(source: str, values: Mapping[str, Any]) -> str:
    """Put new values into the text of a parameters cell, and change no more.

    Parameters
    ----------
    source
        The text of the cell.
    values
        New values by name.

    Raises
    ------
    ParameterError
        For an unknown name or a value of the wrong type.

    Examples
    --------
    >>> rewrite("seed = 0  # of the split", {"seed": 7})
    'seed = 7  # of the split'
    """
    return cells_of_parameters.rewrite(source, values)


def read(cells: Sequence[Cell]) -> Reading:
    r"""Read the code cells of one notebook.

    Parameters
    ----------
    cells
        Its code cells, in order.

    Examples
    --------
    >>> found = read([Cell(1, 'import mlkit as mk\nmk.save(b=mk.load("a"))')])
    >>> found.loads, found.saves
    (('a',), ('b',))
    """
    sources = {cell.index: parse(cell.source) for cell in cells}
    wires = trace(cells, sources)
    tagged = [cell for cell in cells if "parameters" in cell.tags]
    others = [cell for cell in cells if cell not in tagged]
    problems = list(wires.problems)
    found: tuple[Parameter, ...] = ()
    for cell in tagged[:1]:
        before = [sources[index].tree for index in range(1, cell.index)]
        found, wrong = cells_of_parameters.parameters(cell, imported(before))
        problems += wrong
    for cell in tagged[1:]:
        what = "the notebook has two parameters cells"
        problems.append(Problem(what, cell.index, 1, _first(cell), "join them"))
    return Reading(
        parameters=found,
        code=tuple(_normal(others, sources)),
        **(vars(wires) | {"problems": tuple(sorted(problems, key=_place))}),
    )


def _first(cell: Cell) -> str:
    return cell.source.strip().partition("\n")[0]


def _place(problem: Problem) -> tuple[int, int]:
    return problem.cell, problem.line


def _normal(cells: Sequence[Cell], sources: Mapping[int, Source]) -> Iterator[str]:
    """Give the text that a key is made of: no comment, blank line or layout in it."""
    for cell in cells:
        source = sources[cell.index]
        if source.tree is None or source.magic:
            yield cell.source
        elif source.tree.body:
            yield ast.dump(source.tree)
