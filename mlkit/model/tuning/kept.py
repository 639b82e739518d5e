"""Finished fits, kept on disk so that an interrupted search does not repeat them."""

from __future__ import annotations

import os
import re
import shutil
import tempfile
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import cache
from importlib.metadata import PackageNotFoundError, version
from io import BytesIO
from pathlib import Path
from typing import Any
from zipfile import BadZipFile

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from mlkit.core import trust
from mlkit.core.files import digest, file_hash
from mlkit.core.identity import table_identity
from mlkit.core.session import session
from mlkit.model.problem import Problem

__all__ = ["Kept", "Outcome", "again", "key_of"]

Array = NDArray[Any]
MOST = 2 * 2**30
IMPORT = re.compile(r"^from mlkit\.model(\S*) import (.+)$", re.MULTILINE)
LIBRARIES = ("numpy", "scikit-learn", "lightgbm", "xgboost-cpu", "xgboost", "catboost")


@dataclass(frozen=True)
class Outcome:
    """What came of one fit on all folds but one.

    Parameters
    ----------
    score
        The metric on the fold left out.
    said
        What was predicted there.
    seconds
        What fitting and asking took.
    size
        Bytes that it takes in a package, about; 0 where that was not looked at.
    """

    score: float
    said: Array
    seconds: float
    size: int = 0


class Kept:
    """A folder of finished fits of one search: the same rows, folds and seed.

    Parameters
    ----------
    folder
        Where they lie; it need not exist.
    """

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.before = {path.name for path in folder.glob("*.npz")}
        self.taken = 0

    @classmethod
    def of(cls, place: Path | None, *search: Any) -> Kept | None:
        """Return the fits of a search: in a folder, else in the project, if any.

        Parameters
        ----------
        place
            A folder; None takes the project's, where there is one.
        search
            What `key_of` takes.
        """
        project = session().project
        base = place or (project.state / "fits" if project else None)
        return cls(base / key_of(*search)[:32]) if base else None

    def get(self, name: str, settings: Mapping[str, Any], fold: int) -> Outcome | None:
        """Return what came of a fit; None where it was not made, or was torn."""
        path = self._path(name, settings, fold)
        try:
            with path.open("rb") as raw, np.load(raw, allow_pickle=False) as file:
                numbers = file["numbers"]
                found = Outcome(
                    float(numbers[0]), file["said"], float(numbers[1]), int(numbers[2])
                )
        except (OSError, ValueError, KeyError, EOFError, BadZipFile):
            return None
        self.taken += path.name in self.before
        return found

    def put(
        self, name: str, settings: Mapping[str, Any], fold: int, outcome: Outcome
    ) -> None:
        """Keep what came of a fit."""
        buffer = BytesIO()
        numbers = np.array([outcome.score, outcome.seconds, outcome.size])
        np.savez(buffer, numbers=numbers, said=outcome.said)
        self._write(self._path(name, settings, fold), buffer.getvalue())

    def get_part(self, name: str, settings: Mapping[str, Any], fold: int) -> Any:
        """Return what was fitted; None where it is not there, or not this user's."""
        import joblib

        path = self._path(name, settings, fold).with_suffix(".joblib")
        try:
            signature = path.with_suffix(".signature").read_text()
            if not trust.signed(file_hash(path), signature):
                return None
            return joblib.load(path)
        except (OSError, ValueError, EOFError):
            return None

    def has_part(self, name: str, settings: Mapping[str, Any], fold: int) -> bool:
        """Tell whether what was fitted is there."""
        return self._path(name, settings, fold).with_suffix(".signature").is_file()

    def put_part(
        self, name: str, settings: Mapping[str, Any], fold: int, part: Any
    ) -> None:
        """Keep what was fitted, signed, so that no other pickle is read for it."""
        import joblib

        buffer = BytesIO()
        joblib.dump(part, buffer)
        path = self._path(name, settings, fold).with_suffix(".joblib")
        self._write(path, buffer.getvalue())
        signature = trust.sign(file_hash(path))
        self._write(path.with_suffix(".signature"), signature.encode())

    def drop_parts(self, but: Iterable[tuple[str, Mapping[str, Any]]] = ()) -> None:
        """Remove what was fitted, but for some families and settings."""
        stems = {_stem(name, settings) for name, settings in but}
        for path in self.folder.glob("*.joblib"):
            if path.name.partition("-")[0] not in stems:
                path.unlink(missing_ok=True)
                path.with_suffix(".signature").unlink(missing_ok=True)

    def tidy(self, most: int = MOST) -> None:
        """Remove the searches used longest ago, beyond `most` bytes in all."""
        self.folder.mkdir(parents=True, exist_ok=True)
        os.utime(self.folder)
        folders = sorted(
            (p for p in self.folder.parent.iterdir() if p.is_dir()),
            key=lambda path: -path.stat().st_mtime,
        )
        total = 0
        for folder in folders:
            total += sum(p.stat().st_size for p in folder.iterdir())
            if total > most and folder != self.folder:
                shutil.rmtree(folder, ignore_errors=True)

    def _path(self, name: str, settings: Mapping[str, Any], fold: int) -> Path:
        return self.folder / f"{_stem(name, settings)}-{fold}.npz"

    def _write(self, path: Path, content: bytes) -> None:
        self.folder.mkdir(parents=True, exist_ok=True)
        handle, draft = tempfile.mkstemp(dir=self.folder, prefix=".writing-")
        with os.fdopen(handle, "wb") as file:
            file.write(content)
        Path(draft).replace(path)


def again(value: Any) -> Any:
    """Return a value as it comes back from a file."""
    import joblib

    buffer = BytesIO()
    joblib.dump(value, buffer)
    buffer.seek(0)
    return joblib.load(buffer)


def key_of(
    rows: pd.DataFrame, problem: Problem, fold: NDArray[np.int64], seed: int, how: str
) -> str:
    """Return what names a search: equal rows, folds, seed and code give equal fits.

    Parameters
    ----------
    rows, problem
        What is learnt from, and what is predicted.
    fold
        Each row's fold.
    seed
        Of every fit.
    how
        In which way folds are fitted.
    """
    told = [table_identity(rows), problem.to_dict(), fold.tolist(), seed, how, _code()]
    return digest(told)


def _stem(name: str, settings: Mapping[str, Any]) -> str:
    return digest([name, dict(settings)])[:24]


@cache
def _code() -> str:
    """Return a digest of the code and the libraries that fits depend on."""
    model = Path(__file__).parents[1]
    waiting = [Path(__file__).with_name("cross.py"), *model.glob("families/*.py")]
    files = {}
    while waiting:
        path = waiting.pop()
        name = path.relative_to(model).as_posix()
        if name not in files and path.is_file():
            files[name] = path
            for room, taken in IMPORT.findall(path.read_text(encoding="utf-8")):
                place = model.joinpath(*room.split("."))
                waiting += [place.with_suffix(".py")] if room else []
                waiting += [place / f"{n}.py" for n in re.findall(r"\w+", taken)]
    told = {name: file_hash(path) for name, path in sorted(files.items())}
    return digest([told, {name: _version(name) for name in LIBRARIES}])


def _version(name: str) -> str:
    try:
        return version(name)
    except PackageNotFoundError:
        return ""
