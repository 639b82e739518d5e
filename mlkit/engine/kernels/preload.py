"""What a kernel server is to import: what several steps will, read from their cells."""

from __future__ import annotations

import ast
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from functools import cache
from pathlib import Path

from mlkit.core.store import Store
from mlkit.engine.reading.magics import parse
from mlkit.engine.reading.notebook import sources

__all__ = ["forkable", "preloads", "wanted"]

PACKAGE = Path(__file__).resolve().parents[2]
# libraries that may be imported before a fork: they start no threads that matter, and
# look for no kernel, when they are imported
FORKABLE = frozenset(
    {
        *("PIL", "joblib", "matplotlib", "narwhals", "numpy", "pandas", "pandera"),
        *("pyarrow", "scipy", "seaborn", "skops", "skrub", "sklearn", "statsmodels"),
    }
)
# what loading and saving import when they are called
BASE = ("numpy", "pandas", "pyarrow.parquet")


def forkable(modules: Iterable[str]) -> list[str]:
    """Return those of `modules` that a server may import for its kernels.

    Examples
    --------
    >>> forkable(["sklearn.ensemble", "tensorflow", "json"])
    ['sklearn.ensemble']
    """
    return sorted({m for m in modules if m.partition(".")[0] in FORKABLE})


def wanted(store: Store, origins: Mapping[str, Path]) -> list[str]:
    """Return what the newest records imported; with none, what the cells would.

    Parameters
    ----------
    store
        The project's store.
    origins
        Step → its notebook.
    """
    records = [r for step in origins for r in store.records(step)[:1]]
    known = {name for record in records for name in record["imports"]}
    if known:
        return forkable(known)
    return preloads([(sources(path), path.parent) for path in origins.values()])


def preloads(steps: Sequence[tuple[Iterable[str], Path]], least: int = 2) -> list[str]:
    """Return the libraries that at least `least` steps import, as far as forkable.

    Imports are followed through mlkit's modules and those beside the notebooks; there,
    those inside functions count as well. A name that is no module does no harm.

    Parameters
    ----------
    steps
        For each step, the sources of its cells and its folder.
    least
        How many steps must import a library: one alone gains nothing.

    Examples
    --------
    >>> cells = ["from scipy.stats import norm", "import numpy as np"]
    >>> preloads([(cells, Path()), (cells, Path())])
    ['numpy', 'scipy.stats', 'scipy.stats.norm']
    """
    counts: Counter[str] = Counter()
    for texts, folder in steps:
        trees = (parse(text).tree for text in texts)
        names = {n for tree in trees if tree for n in _imports(tree, "")}
        counts.update(_followed(names, folder))
    return forkable(name for name, count in counts.items() if count >= least)


def _followed(names: Iterable[str], folder: Path) -> set[str]:
    """Return what `names` come to import, themselves included."""
    found, queue = set(names), list(names)
    for name in queue:
        new = set(BASE) if name == "mlkit" else set()
        if (path := _source(name, folder)) is not None:
            new |= _imports_of(path, name)
        queue += new - found
        found |= new
    return found


def _source(name: str, folder: Path) -> Path | None:
    """Find the file of one of mlkit's modules, or of one beside the notebook."""
    own = name.partition(".")[0] == PACKAGE.name
    place = (PACKAGE.parent if own else folder) / name.replace(".", "/")
    options = (place.with_suffix(".py"), place / "__init__.py")
    return next((path for path in options if path.is_file()), None)


@cache
def _imports_of(path: Path, name: str) -> frozenset[str]:
    package = name if path.name == "__init__.py" else name.rpartition(".")[0]
    try:
        source = path.read_text(encoding="utf-8")
        found = set(_imports(ast.parse(source), package))
    except (OSError, SyntaxError, ValueError):
        return frozenset()
    if "iter_modules(__path__)" in source:  # a folder of modules, imported by listing
        found |= {f"{package}.{file.stem}" for file in path.parent.glob("[!_]*.py")}
    return frozenset(found)


def _imports(tree: ast.AST, package: str) -> Iterator[str]:
    """Yield what a module imports, but for what it imports for types only."""
    for part in ast.iter_child_nodes(tree):
        if isinstance(part, ast.If) and "TYPE_CHECKING" in ast.dump(part.test):
            continue
        if isinstance(part, ast.Import):
            yield from (alias.name for alias in part.names)
        elif isinstance(part, ast.ImportFrom):
            base = _base(part, package)
            yield base
            yield from (f"{base}.{alias.name}" for alias in part.names)
        else:
            yield from _imports(part, package)


def _base(part: ast.ImportFrom, package: str) -> str:
    """Return the module that `from ... import` names, seen from `package`."""
    if not part.level:
        return part.module or ""
    parts = package.split(".")
    above = parts[: len(parts) - part.level + 1]
    return ".".join([*above, *([part.module] if part.module else [])])
