"""What a kernel really used, for its step's depfile.

A wrapper on ``__import__`` notes the third-party packages that cells, project
modules and mlkit import; ``sys.modules`` names mlkit's own modules and those that are
local: of the project, or of any other folder that no package manager looks after; an
audit hook notes the project's files that Python opened for reading. What C++ readers
or subprocesses read is seen only where it goes through mlkit's sources.
"""

from __future__ import annotations

import builtins
import importlib
import os
import sys
import time
from collections.abc import Callable, Mapping
from importlib.machinery import SourceFileLoader
from pathlib import Path
from types import ModuleType
from typing import Any

from mlkit.core.files import file_hash

__all__ = ["Watch", "latest"]

PACKAGE = Path(__file__).resolve().parents[1]
PASSED_OVER = {
    ".mlkit",
    "runs",
    "decisions",
    "mlkit.toml",
    "ledger.jsonl",
    "__pycache__",
}
CODE = (".pyc", ".so", ".ipynb")
STANDARD = f"{Path(os.__file__).parent}{os.sep}"


class Watch:
    """Notes what this process imports and reads, from `start` on.

    Parameters
    ----------
    root
        The project's root.
    """

    def __init__(self, root: Path) -> None:
        self.root = root
        self.started = time.time()
        self.imported: set[str] = set()
        self.opened: set[Path] = set()
        self.written: set[Path] = set()
        self.scripts: set[Path] = set()
        self.modules: dict[str, str] = {}
        self.changed: set[str] = set()
        self._looked_at: set[str] = set()
        self._tops: set[str] = set()

    def start(self) -> None:
        """Begin to note."""
        builtins.__import__ = self._wrap(builtins.__import__)
        plain_import = importlib.import_module

        def import_module(name: str, package: str | None = None) -> ModuleType:
            caller = sys._getframe(1).f_globals
            if self._ours(caller) and not name.startswith("."):
                self.imported.add(name)
            return plain_import(name, package)

        importlib.import_module = import_module
        self._distrust_bytecode()
        sys.addaudithook(self._audit)

    def used(self) -> dict[str, Any]:
        """Return modules with hashes, packages imported, and files that changed."""
        self._look_at_modules()
        for script in self.scripts - self.written:
            self._take(script)
        known = {*sys.stdlib_module_names, *self._tops, "mlkit"}
        foreign = {n for n in self.imported if n.partition(".")[0] not in known}
        packages = {name.partition(".")[0] for name in foreign}
        return {
            "modules": dict(sorted(self.modules.items())),
            "foreign": sorted(foreign),
            "names": sorted({name.partition(".")[0] for name in self.imported}),
            "places": [p for p in map(os.path.abspath, sys.path) if self._in_root(p)],
            "imports": {
                name: sys.modules.get(name) is not None for name in sorted(packages)
            },
            "changed": sorted(self.changed),
        }

    def read_files(self) -> list[Path]:
        """Return the data files that Python opened, or did not find, in the project."""
        return sorted(p for p in self.opened - self.written if not p.is_dir())

    def _look_at_modules(self) -> None:
        """Hash the local and mlkit's modules that were not looked at before."""
        for name, module in sys.modules.copy().items():
            if name in self._looked_at:
                continue
            self._looked_at.add(name)
            file = getattr(module, "__file__", None)
            if not file or not file.endswith(".py"):
                continue
            if file.startswith(f"{PACKAGE}{os.sep}") or self._local(file):
                self._tops.add(name.partition(".")[0])
                self._take(Path(file))

    def _take(self, path: Path) -> None:
        name = self._name(path)
        if name in self.modules or path in self.written:
            return
        try:
            if latest(path) > self.started:
                self.changed.add(name)
            self.modules[name] = file_hash(path)
        except OSError:
            self.changed.add(name)

    def _name(self, path: Path) -> str:
        if path.is_relative_to(PACKAGE):
            return "mlkit:" + path.relative_to(PACKAGE).as_posix()
        return Path(os.path.relpath(path, self.root)).as_posix()

    def _in_root(self, file: str) -> bool:
        inside = f"{file}{os.sep}".startswith(f"{self.root}{os.sep}")
        return inside and "site-packages" not in file

    def _local(self, file: str) -> bool:
        """Tell whether a module's file belongs to no distribution and not to Python."""
        managed = "site-packages" in file or "dist-packages" in file
        if managed or not os.path.isabs(file):  # noqa: PTH117 - for every import
            return False
        return self._in_root(file) or not file.startswith(STANDARD)

    def _ours(self, caller: Mapping[str, Any] | None) -> bool:
        """Tell whether a cell, a project module or mlkit is importing."""
        if not caller:
            return False
        name = str(caller.get("__name__", ""))
        if name == "__main__" or name.partition(".")[0] == "mlkit":
            return True
        file = caller.get("__file__")
        return bool(file) and self._local(str(file))

    def _wrap(self, plain: Callable[..., ModuleType]) -> Callable[..., ModuleType]:
        def noting(
            name: str,
            globals: Mapping[str, Any] | None = None,  # noqa: A002
            locals: Mapping[str, Any] | None = None,  # noqa: A002
            fromlist: Any = (),
            level: int = 0,
        ) -> ModuleType:
            if level == 0 and self._ours(globals):
                self.imported.add(name)
            return plain(name, globals, locals, fromlist, level)

        return noting

    def _distrust_bytecode(self) -> None:
        """Compile local modules anew: Python takes an edit within a second for none."""
        plain = SourceFileLoader.get_data

        def get_data(loader: SourceFileLoader, path: str) -> bytes:
            if path.endswith(".pyc") and self._local(path):
                raise FileNotFoundError(path)
            return plain(loader, path)

        setattr(SourceFileLoader, "get_data", get_data)  # noqa: B010 - a method

    def _audit(self, event: str, args: tuple[Any, ...]) -> None:
        if event != "open" or not isinstance(args[0], str):
            return
        file = os.path.abspath(os.fspath(args[0]))  # noqa: PTH100 - cheap, no stat
        if not self._in_root(file) or file.endswith(CODE):
            return
        path = Path(file)
        inside = path.relative_to(self.root).parts
        if not inside or PASSED_OVER.intersection(inside) or inside[0].startswith("."):
            return
        writes = isinstance(args[1], str) and set(args[1]) & set("wax+")
        read = self.scripts if file.endswith(".py") else self.opened
        (self.written if writes else read).add(path)


def latest(path: Path) -> float:
    """Return when a file was last written, or put where it is, in seconds."""
    stat = path.stat()
    return max(stat.st_mtime, stat.st_ctime)
