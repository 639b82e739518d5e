"""The packaged model at work: numpy, onnxruntime and cell operations, nothing else."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from mlkit.core import rows
from mlkit.core.descriptors import NEEDS, describe
from mlkit.core.errors import InputError
from mlkit.core.media import contents
from mlkit.core.values import column_of, rows_of
from mlkit.model.encoding.embeddings import embed
from mlkit.model.encoding.tokens import plain
from mlkit.model.promise import Promise

__all__ = ["Graph", "Predictions", "Predictor", "choice", "cut", "form"]

Array = NDArray[Any]
STEPS = np.float32(1e6)
BLOCK, LONG = 4096, 256


@dataclass(frozen=True)
class Predictions:
    """What a model says of some rows.

    Parameters
    ----------
    prediction
        Labels (object, text) or values (float64), shape (rows,).
    probabilities
        Shape (rows, classes); None for a number.
    classes
        The names of its columns.
    """

    prediction: Array
    probabilities: Array | None
    classes: tuple[str, ...]


def cut(threshold: float | None) -> float:
    """Return the threshold in use: a half where none was set."""
    return 0.5 if threshold is None else threshold


def choice(probabilities: Array, threshold: float = 0.5) -> NDArray[np.int64]:
    """Return the chosen class of each row: the one rule, the same in ONNX.

    Probabilities are first rounded to six places, so that a tie is a tie in
    whatever precision it was computed; the first of equals wins.

    Parameters
    ----------
    probabilities
        Shape (rows, classes).
    threshold
        Of two classes, the least probability that says the second.

    Examples
    --------
    >>> choice(np.array([[0.7, 0.3], [0.5, 0.5]])).tolist()
    [0, 1]
    >>> choice(np.array([[0.7, 0.3]]), threshold=0.3).tolist()
    [1]
    """
    steps = np.round(probabilities.astype(np.float32) * STEPS)
    if probabilities.shape[1] == 2:
        least = np.round(np.float32(threshold) * STEPS)
        return np.asarray(steps[:, 1] >= least, np.int64)
    return np.asarray(steps.argmax(axis=1), np.int64)


class Graph:
    """An ONNX model that `mlkit.model.formats.onnx` wrote, fed cleaned columns.

    Parameters
    ----------
    model
        Its path, or its bytes.
    classes
        The classes; none for a number.
    threads
        Of onnxruntime; 1 makes a run repeat bit for bit.
    """

    def __init__(
        self, model: Path | bytes, classes: Sequence[str] = (), threads: int = 1
    ) -> None:
        import onnxruntime

        options = onnxruntime.SessionOptions()
        options.intra_op_num_threads = threads
        options.inter_op_num_threads = 1
        options.log_severity_level = 3
        source = model if isinstance(model, bytes) else str(model)
        self.session = onnxruntime.InferenceSession(
            source, options, providers=["CPUExecutionProvider"]
        )
        inputs: list[Any] = self.session.get_inputs()
        kinds = {i.name: i.type == "tensor(string)" for i in inputs}
        told = self.session.get_modelmeta().custom_metadata_map
        self.texts: dict[str, bool] = json.loads(told.get("mlkit.texts", "{}"))
        self.embeddings: dict[str, str] = json.loads(told.get("mlkit.embeddings", "{}"))
        self.media: dict[str, list[str]] = json.loads(told.get("mlkit.media", "{}"))
        made = {*self.embeddings, *self.media}
        self.inputs = {n: kinds[n] for n in kinds if n not in made}
        self.columns = [*self.inputs, *(name for name, _ in self.media.values())]
        if self.embeddings:
            embed([])
        self.classes = tuple(classes)

    def predict(self, columns: Mapping[str, Any]) -> Predictions:
        """Predict from cleaned columns, each of shape (rows,).

        Numbers are cast to float32; what is not finite there counts as missing. Images
        and sounds are bytes, or digests of what the project keeps.
        """
        rows = len(columns[self.columns[0]])
        if rows == 0:
            none = self.predict({name: [None] for name in self.columns})
            chances = none.probabilities
            empty = chances if chances is None else chances[:0]
            return Predictions(none.prediction[:0], empty, self.classes)
        step, ready = LONG if self.texts else BLOCK, self._ready(columns)
        if rows <= step:
            joined = self._run(ready)
        else:
            found = [
                self._run({n: column[at : at + step] for n, column in ready.items()})
                for at in range(0, rows, step)
            ]
            joined = [np.concatenate(parts) for parts in zip(*found, strict=True)]
        if not self.classes:
            return Predictions(joined[0].reshape(-1), None, ())
        return Predictions(joined[0].reshape(-1), joined[1], self.classes)

    def _ready(self, columns: Mapping[str, Any]) -> dict[str, Any]:
        """Return what the graph is fed; texts that are long when ready stay cells."""
        ready = {name: columns[name] for name in self.columns}
        late = {*self.texts, *self.embeddings.values()}
        with np.errstate(over="ignore", invalid="ignore"):
            for name in self.inputs.keys() - late:
                make = _words if self.inputs[name] else _numbers
                ready[name] = make(ready[name])
        return ready

    def _run(self, ready: dict[str, Any]) -> list[Array]:
        made = {name: embed(ready[n]) for name, n in self.embeddings.items()}
        for name, (column, kind) in self.media.items():
            made[name] = describe(ready.pop(column), kind)
        for name in ready.keys() & {*self.texts, *self.embeddings.values()}:
            values = ready[name]
            if name in self.texts:
                values = [plain(value, self.texts[name]) for value in values]
            ready[name] = _words(values) if self.inputs[name] else _numbers(values)
        return list(self.session.run(None, {**ready, **made}))


class Predictor:
    """A package at work on raw rows.

    Parameters
    ----------
    folder
        What `package` wrote.
    threads
        Of onnxruntime; 1 makes a run repeat bit for bit.

    Attributes
    ----------
    promise
        What to put beside an answer: an interval, or a set of classes; None where
        nothing was promised.

    Raises
    ------
    InputError
        Where the folder is no package.
    """

    def __init__(self, folder: Path | str, threads: int = 1) -> None:
        self.folder = Path(folder)
        self.schema = form(self.folder, "schema")
        used = {c["name"] for c in self.schema["input"] if c["used"]}
        cleaning = form(self.folder, "cleaning")
        self.operations = [o for o in cleaning["operations"] if o["column"] in used]
        self.media = [
            c["name"] for c in self.schema["input"] if c["used"] and c["type"] in NEEDS
        ]
        self.classes = tuple(self.schema["output"]["classes"])
        self.graph = Graph(self.folder / "model.onnx", self.classes, threads)
        self.promise: Promise | None = None
        if (self.folder / "promise.json").exists():
            self.promise = Promise.from_dict(form(self.folder, "promise"))

    @property
    def columns(self) -> list[str]:
        """The raw columns that the model looks at."""
        return [c["name"] for c in self.schema["input"] if c["used"]]

    def clean(self, cells: Mapping[str, Any]) -> dict[str, Array]:
        """Return the cleaned columns of raw cells.

        Columns that may be missing may be left out.

        Raises
        ------
        InputError
            Where a column that training always had is not there at all.
        """
        needed = [c["name"] for c in self.schema["input"] if c["required"]]
        absent = [name for name in needed if name not in cells]
        if absent:
            raise InputError(
                "the rows lack columns that the model needs",
                where=str(self.folder),
                expected=", ".join(absent),
                got=", ".join(map(str, cells)) or "no column",
            )
        if not self.media:
            return rows.apply(self.operations, cells)
        count = rows_of(cells)
        given = {n: contents(cells[n]) for n in self.media if n in cells}
        read = {n: column_of(given, n, count) for n in self.media}
        return {**read, **rows.apply(self.operations, {**cells, **read})}

    def predict(self, cells: Mapping[str, Any]) -> Predictions:
        """Predict from raw cells by column, as they come, numbers or text.

        Parameters
        ----------
        cells
            One sequence a column, all of one length; the target is not needed.
        """
        return self.graph.predict(self.clean(cells))


def form(folder: Path, name: str) -> dict[str, Any]:
    """Return one of a package's forms in JSON: schema, cleaning, contract and kin.

    Raises
    ------
    InputError
        Where it is not there, or no such form.
    """
    path = folder / f"{name}.json"
    try:
        found = json.loads(path.read_bytes())
    except (OSError, ValueError) as error:
        raise _no_package(path, str(error)) from None
    if not isinstance(found, dict):
        raise _no_package(path, type(found).__name__)
    return found


def _no_package(path: Path, got: str) -> InputError:
    return InputError(
        "this folder is no package",
        where=str(path),
        expected="a folder that the step `package` saved",
        got=got,
    )


def _numbers(values: Any) -> Array:
    if getattr(values, "dtype", None) != np.float32:
        values = np.asarray(values, np.float64).astype(np.float32)
    made: Array = values.reshape(-1, 1)
    return made


def _words(values: Any) -> Array:
    cells = np.empty((len(values), 1), object)
    if set(map(type, values)) == {str}:
        cells[:, 0] = values
        return cells
    cells[:, 0] = [rows.MISSING if _none(value) else str(value) for value in values]
    return cells


def _none(value: Any) -> bool:
    return value is None or value != value
