"""The files of a package, less the model itself: schema, reference, card and kin."""

from __future__ import annotations

import json
import platform
from collections.abc import Container, Iterator, Sequence
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import Any

import pandas as pd

from mlkit.core import descriptors
from mlkit.core.rows import place_of
from mlkit.core.schema import Column, Schema
from mlkit.data.clean import Cleaning
from mlkit.model.accept import Accepted
from mlkit.model.audit.card import Told, card
from mlkit.model.encoding.wordpieces import NEEDS
from mlkit.model.fitted import Model
from mlkit.model.packing.reference import reference
from mlkit.model.review import Review
from mlkit.model.runtime import cut

__all__ = ["FILES", "write"]

FILES = {
    "MLmodel": "what MLflow needs to load it",
    "about.json": "when it was made, and when it is to be reviewed",
    "acceptance.json": "what the sealed rows said of it",
    "card.md": "the model card: what it is for, how good, for whom",
    "cleaning.json": "the cell operations that are replayed on each request",
    "contract.json": "what rows must look like",
    "model.onnx": "the model",
    "promise.json": "the interval or the set of classes beside an answer",
    "reference.json": "what rows looked like, for monitoring",
    "requirements.txt": "what a host needs to run it",
    "schema.json": "what goes in and what comes out",
}
FORMAT = 1
MLFLOW = {
    "number": "float",
    "category": "string",
    "text": "string",
    "image": "binary",
    "audio": "binary",
}
"""What MLflow calls the types of columns."""
SERVING = ("click", "httptools", "msgspec", "python-multipart", "uvicorn")
HOST = ("numpy", "onnxruntime", *SERVING)
"""What a model needs, and what `mlkit serve` needs besides."""


def write(
    folder: Path,
    model: Model,
    accepted: Accepted,
    cleaning: Cleaning,
    contract: Any,
    valid: pd.DataFrame,
    review: Review | Told | None = None,
) -> None:
    """Write all files but the model and ``about.json`` into an empty folder.

    Parameters
    ----------
    folder
        Where.
    model, accepted, cleaning, contract, valid, review
        As `mlkit.model.package.package` takes them.
    """
    terms = contract.to_dict() if hasattr(contract, "to_dict") else dict(contract)
    schema = _schema(model, accepted, cleaning, terms)
    read = sorted({name for one in model.encoders for name in one.embeddings})
    if read:
        pins = [f"{name}=={version(name)}" for name in NEEDS]
        schema["embeddings"] = {"columns": read, "packages": pins}
    acceptance = accepted.to_dict()
    acceptance["state"] = accepted.verdict.state
    for name in accepted.volatile:
        acceptance.pop(name)
    forms = {
        "acceptance.json": acceptance,
        "cleaning.json": cleaning.to_dict(),
        "contract.json": terms,
        "reference.json": reference(model, valid, cut(accepted.threshold)),
        "schema.json": schema,
    }
    held = accepted.conformal
    if held is not None and held.radius is not None:
        forms["promise.json"] = held.promise.to_dict()
    for file, form in forms.items():
        text = json.dumps(
            form, indent=1, sort_keys=True, ensure_ascii=False, allow_nan=False
        )
        (folder / file).write_text(text + "\n", encoding="utf-8")
    (folder / "MLmodel").write_text(_mlmodel(model), encoding="utf-8")
    needed = _requirements([*(NEEDS if read else []), *_readers(model)])
    (folder / "requirements.txt").write_text(needed, encoding="utf-8")
    told = card(model, accepted, schema, review)
    (folder / "card.md").write_text(told, encoding="utf-8")


def _schema(
    model: Model, accepted: Accepted, cleaning: Cleaning, terms: dict[str, Any]
) -> dict[str, Any]:
    """Return the raw schema without the target, and what comes out."""
    hidden = {"target", "flag"}
    raw = [c for c in cleaning.inputs if not hidden.intersection(c.roles)]
    used = {*model.problem.features, *_whole(model.problem.features, cleaning)}
    return {
        "format": FORMAT,
        "input": [_input(column, used, terms) for column in raw],
        "features": model.schema.to_dict()["columns"],
        "output": {
            "kind": model.problem.kind,
            "target": model.problem.target,
            "classes": list(model.classes),
            "threshold": accepted.threshold,
        },
    }


def _input(column: Column, used: set[str], terms: dict[str, Any]) -> dict[str, Any]:
    """Describe a raw column: whether the model looks at it, and cannot do without."""
    required = any(
        rule.get("check") == "required" and rule.get("column") == column.name
        for rule in terms.get("rules", ())
    )
    (plain,) = Schema((column,)).to_dict()["columns"]
    looked_at = column.name in used
    return {**plain, "used": looked_at, "required": looked_at and required}


def _whole(features: Container[str], cleaning: Cleaning) -> Iterator[str]:
    """Yield the dates and split columns of which a feature is a part."""
    for operation in cleaning.operations:
        place, parts = place_of(operation), operation.get("parts", ())
        if any(f"{place}_{part}" in features for part in parts):
            yield operation["column"]


def _mlmodel(model: Model) -> str:
    """Return an MLmodel file; JSON strings are valid YAML."""
    inputs = [{"name": c.name, "type": MLFLOW[c.type]} for c in model.schema]
    outputs = (
        [
            {"name": "label", "type": "string"},
            {"name": "probabilities", "type": "float"},
        ]
        if model.classes
        else [{"name": "value", "type": "double"}]
    )
    said = [
        json.dumps(json.dumps(one, ensure_ascii=False)) for one in (inputs, outputs)
    ]
    return (
        "# the ONNX model takes cleaned columns: see cleaning.json\n"
        "flavors:\n"
        "  onnx:\n"
        "    code: null\n"
        "    data: model.onnx\n"
        f"    onnx_version: {version('onnx')}\n"
        "    providers:\n"
        "    - CPUExecutionProvider\n"
        "  python_function:\n"
        "    data: model.onnx\n"
        "    env: requirements.txt\n"
        "    loader_module: mlflow.onnx\n"
        f"    python_version: {platform.python_version()}\n"
        "signature:\n"
        f"  inputs: {said[0]}\n"
        f"  outputs: {said[1]}\n"
    )


def _readers(model: Model) -> list[str]:
    """Return the distributions that read the model's images and sounds."""
    kinds = sorted(set(model.problem.media.values()))
    return [name for kind in kinds for name in descriptors.NEEDS[kind]]


def _requirements(more: Sequence[str]) -> str:
    """Return what a host needs; mlkit itself goes in without its notebook side."""
    pins = [f"{name}=={version(name)}" for name in (*HOST, *more)]
    try:
        mlkit = f"mlkit-notebooks=={version('mlkit-notebooks')}"
    except PackageNotFoundError:
        mlkit = "mlkit-notebooks"
    note = f"# and, without what only notebooks need: pip install --no-deps {mlkit}"
    return "\n".join([*pins, note, ""])
