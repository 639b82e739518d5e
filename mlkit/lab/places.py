"""What a request may name: files and projects below the server's root.

A path of a request is written from that root, with forward slashes, as JupyterLab
writes it. It is followed to the end, links included, and only then held against the
root: neither ``..`` nor a link nor a sibling called ``root-secret`` leads out.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from pathlib import Path

from mlkit.core.project import Project
from mlkit.lab.refusal import Refusal

__all__ = ["Places"]

STRANGE = re.compile(r"[\x00-\x1f\x7f\\]|[\ud800-\udfff]")
LONG = 4000


@dataclass(frozen=True)
class Places:
    """A server's root.

    Parameters
    ----------
    root
        The folder, resolved.
    hidden
        Whether the server shows hidden files.
    """

    root: Path
    hidden: bool = False

    def find(self, path: str) -> Path:
        """Return the file or folder that a request names.

        Raises
        ------
        Refusal
            Where it is no such path, lies outside of the root, or is not there.

        Examples
        --------
        >>> import tempfile
        >>> places = Places(Path(tempfile.mkdtemp()).resolve())
        >>> places.find("") == places.root
        True
        """
        found = self.inside(self.root / self.checked(path))
        if not found.exists():
            raise Refusal(404, "there is no such file or folder", got=path)
        return found

    def inside(self, path: Path) -> Path:
        """Return where a path leads to in the end, if that is below the root.

        Raises
        ------
        Refusal
            Where it is not.
        """
        try:
            found = path.resolve()
        except (OSError, RuntimeError, ValueError):
            raise Refusal(400, "this path cannot be followed") from None
        if not found.is_relative_to(self.root):
            raise Refusal(403, "this lies outside of the server's root")
        return found

    def name(self, path: Path) -> str:
        """Return how a request names a path below the root."""
        found = path.relative_to(self.root).as_posix()
        return "" if found == "." else found

    def project(self, path: str) -> Project:
        """Return the project that a path lies in.

        Raises
        ------
        Refusal
            Where there is none below the root.
        UsageError
            Where its settings cannot be read.
        """
        here = self.find(path)
        found = Project.find(here)
        if found is None or not found.root.is_relative_to(self.root):
            raise Refusal(
                404,
                "this is not an mlkit project",
                got=path,
                expected="a folder with mlkit.toml, or one inside such a folder",
            )
        for part in (found.state, found.runs, found.decisions, found.ledger):
            self.inside(part)
        return Project.open(found.root)

    def checked(self, path: str) -> str:
        """Return a path that is written as one from the root; it need not be there.

        Raises
        ------
        Refusal
            Where it is not.
        """
        if STRANGE.search(path) or len(path) > LONG:
            raise Refusal(400, "this is no path", got=repr(path[:80]))
        parts = path.split("/") if path else []
        if any(part in ("", ".", "..") for part in parts):
            raise Refusal(
                400,
                "this is no path from the server's root",
                got=path[:80],
                expected="names with / between them, such as work/churn",
            )
        if not self.hidden and any(part.startswith(".") for part in parts):
            raise Refusal(403, "hidden files are not shown", got=path[:80])
        return path
