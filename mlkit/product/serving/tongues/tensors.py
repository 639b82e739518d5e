"""Rows and answers as tensors, a column each: the Open Inference Protocol, version 2.

With its extension for binary tensors, which Triton's clients use unless told
otherwise: the JSON comes first, its length in a header, the bytes behind it.
"""

from __future__ import annotations

import math
import re
from collections.abc import Mapping, Sequence
from typing import Any

import msgspec
import numpy as np

from mlkit.product.serving.fields import Field
from mlkit.product.serving.forms import Asked, Form
from mlkit.product.serving.refused import Refused
from mlkit.product.serving.tongues.cells import plain

__all__ = [
    "LENGTH",
    "Inference",
    "check_outputs",
    "inputs_of",
    "outputs_of",
    "read",
    "write",
]

LENGTH = "inference-header-content-length"
NUMBERS = {"FP16": "<f2", "FP32": "<f4", "FP64": "<f8"}
NUMBERS |= {
    f"{s}INT{8 * n}": f"<{k}{n}"
    for s, k in (("", "i"), ("U", "u"))
    for n in (1, 2, 4, 8)
}
WHOLE = {name: np.iinfo(kind) for name, kind in NUMBERS.items() if "INT" in name}
KINDS = {**dict.fromkeys(NUMBERS, (int, float)), "BOOL": (bool,), "BYTES": (str,)}
SPOKEN = {"number": "FP64"}
DIGITS = re.compile("[0-9]{1,18}")


class Tensor(msgspec.Struct):
    """A column that comes in."""

    name: str
    shape: list[int]
    datatype: str
    data: list[Any] | None = None
    parameters: dict[str, Any] = {}


class Wanted(msgspec.Struct):
    """An output that is asked for."""

    name: str
    parameters: dict[str, Any] = {}


class Inference(msgspec.Struct):
    """A request."""

    inputs: list[Tensor]
    id: str = ""
    outputs: list[Wanted] = []
    parameters: dict[str, Any] = {}


DECODER = msgspec.json.Decoder(Inference)


def inputs_of(fields: Sequence[Field]) -> list[dict[str, Any]]:
    """Return the metadata of the columns that a model looks at."""
    return [
        {"name": f.name, "datatype": SPOKEN.get(f.kind, "BYTES"), "shape": [-1]}
        for f in fields
        if f.used
    ]


def outputs_of(output: Mapping[str, Any]) -> list[dict[str, Any]]:
    """Return the metadata of what comes out, by ``output`` of the package's schema."""
    wide, label = [-1, len(output["classes"])], [("label", "BYTES", [-1])]
    if output["kind"] == "anomaly":
        told = [*label, ("rank", "FP64", [-1])]
    elif output["classes"]:
        told = [*label, ("probabilities", "FP64", wide)]
    else:
        told = [("value", "FP64", [-1])]
    if "coverage" in output:
        ends = [("lower", "FP64", [-1]), ("upper", "FP64", [-1])]
        told += [("set", "BYTES", [-1])] if output["classes"] else ends
    names = ("name", "datatype", "shape")
    rows = (*told, ("flags", "BYTES", [-1]))
    return [dict(zip(names, one, strict=True)) for one in rows]


def read(body: bytes | bytearray, length: str, form: Form) -> tuple[Inference, Asked]:
    """Read a request.

    Parameters
    ----------
    body
        JSON, and the bytes of binary tensors behind it.
    length
        How long the JSON is, where bytes follow; else "".
    form
        What rows look like.

    Raises
    ------
    Refused
        422 for what is no such request, 413 for too many rows.
    """
    end = _end(length, len(body))
    try:
        asked = DECODER.decode(body[:end])
    except (msgspec.MsgspecError, UnicodeError, RecursionError) as error:
        raise Refused(422, str(error)) from None
    columns, rest = dict[str, list[Any]](), memoryview(body)[end:]
    for tensor in asked.inputs:
        if tensor.name in columns:
            raise Refused(422, f"two inputs are named {tensor.name!r}")
        rows = _rows(tensor, form.most)
        size = tensor.parameters.get("binary_data_size")
        if size is None:
            columns[tensor.name] = _told(tensor, rows)
            continue
        if (
            type(size) is not int
            or not 0 <= size <= len(rest)
            or tensor.data is not None
        ):
            raise _unfit(tensor, "binary_data_size is not the size of its bytes")
        raw = tensor.name in form.media
        columns[tensor.name] = _unpacked(tensor, bytes(rest[:size]), rows, raw)
        rest = rest[size:]
    if len(rest):
        raise Refused(422, "there are more bytes than tensors")
    return asked, form.take(asked.id, columns)


def _end(length: str, size: int) -> int:
    """Return where the JSON ends in a body of some size."""
    if not length:
        return size
    if DIGITS.fullmatch(length) and int(length) <= size:
        return int(length)
    raise Refused(422, f"the header {LENGTH} is not the length of the JSON")


def _rows(tensor: Tensor, most: int) -> int:
    """Return how many rows a tensor has, which is a column."""
    shape = tensor.shape
    if tensor.datatype not in KINDS:
        raise _unfit(tensor, f"there is no datatype {tensor.datatype!r}")
    if len(shape) not in (1, 2) or shape[1:] not in ([], [1]) or shape[0] < 0:
        raise _unfit(tensor, "an input is one column: its shape is [rows] or [rows, 1]")
    if shape[0] > most:
        raise Refused(413, f"a request has at most {most} rows")
    return shape[0]


def _told(tensor: Tensor, rows: int) -> list[Any]:
    """Return the cells of a tensor that came as JSON; null is a missing one."""
    cells = tensor.data or []
    if cells and all(type(cell) is list and len(cell) == 1 for cell in cells):
        cells = [cell[0] for cell in cells]
    if len(cells) != rows:
        raise _unfit(tensor, f"there are {len(cells)} cells where the shape has {rows}")
    if not _are(tensor.datatype, [cell for cell in cells if cell is not None]):
        raise _unfit(tensor, f"a cell is not of the datatype {tensor.datatype}")
    return cells


def _are(datatype: str, cells: Sequence[Any]) -> bool:
    """Tell whether cells are of a datatype."""
    if not set(map(type, cells)).issubset(KINDS[datatype]):
        return False
    ends = WHOLE.get(datatype)
    return not ends or all(c % 1 == 0 and ends.min <= c <= ends.max for c in cells)


def _unpacked(tensor: Tensor, packed: bytes, rows: int, raw: bool) -> list[Any]:
    """Return the cells of a tensor that came as bytes; raw ones stay bytes."""
    if tensor.datatype == "BYTES":
        return _strings(tensor, packed, rows, raw)
    kind = np.dtype(NUMBERS.get(tensor.datatype, "u1"))
    if len(packed) != rows * kind.itemsize:
        raise _unfit(tensor, f"{len(packed)} bytes are not {rows} of {tensor.datatype}")
    cells = np.frombuffer(packed, kind)
    if tensor.datatype == "BOOL":
        cells = cells.astype(bool)
    return plain(tensor.name, cells.tolist())


def _strings(tensor: Tensor, packed: bytes, rows: int, raw: bool) -> list[Any]:
    """Return texts or bytes, each behind its length in four bytes."""
    cells, at = list[Any](), 0
    while at < len(packed) and len(cells) < rows:
        end = at + 4 + int.from_bytes(packed[at : at + 4], "little")
        try:
            cell = packed[at + 4 : end]
            cells.append(cell if raw else cell.decode())
        except UnicodeError:
            raise _unfit(tensor, "a text is not UTF-8") from None
        at = end
    if at != len(packed) or len(cells) != rows:
        raise _unfit(tensor, f"its bytes are not {rows} texts behind their lengths")
    return cells


def write(
    told: str, asked: Inference, model: str, output: Mapping[str, Any]
) -> tuple[bytes, int | None]:
    """Return a reply, and how long its JSON is where bytes follow.

    Parameters
    ----------
    told
        The reply as `/v1/predict` has it.
    asked
        The request: which outputs it wants, and how.
    model
        The name that the model goes by.
    output
        ``output`` of the package's schema.

    Raises
    ------
    Refused
        422 for an output that is not in the reply: that to a request asked before may
        be of another package.
    """
    form = msgspec.json.decode(told)
    known, classes = _in_reply(form["predictions"][0], output)
    _refuse_others(asked, list(known))
    wanted = asked.outputs or [Wanted(name) for name in known]
    binary = asked.parameters.get("binary_data_output") is True
    outputs, behind = list[dict[str, Any]](), list[bytes]()
    for one in wanted:
        made = {**known[one.name]}
        cells = _column(one.name, form["predictions"], classes)
        rows = len(form["predictions"])
        made["shape"] = [rows, *made["shape"][1:]]
        if one.name == "probabilities":
            made["parameters"] = {"classes": msgspec.json.encode(classes).decode()}
        if one.name in ("lower", "upper", "set"):
            made["parameters"] = {"coverage": form["coverage"]}
        if one.parameters.get("binary_data", binary) is True:
            behind.append(_packed(made["datatype"], cells))
            size = {"binary_data_size": len(behind[-1])}
            made["parameters"] = {**made.get("parameters", {}), **size}
        else:
            made["data"] = cells
        outputs.append(made)
    whole = {"model_name": model, "model_version": form["model"], "id": form["id"]}
    head = msgspec.json.encode({**whole, "outputs": outputs})
    return b"".join([head, *behind]), len(head) if behind else None


def check_outputs(asked: Inference, output: Mapping[str, Any]) -> None:
    """Refuse outputs that there are not, before anything is answered.

    Raises
    ------
    Refused
        422 with those that there are.
    """
    _refuse_others(asked, [one["name"] for one in outputs_of(output)])


def _refuse_others(asked: Inference, known: Sequence[str]) -> None:
    names = [one.name for one in asked.outputs]
    for name in names:
        if name not in known or names.count(name) > 1:
            raise Refused(422, f"the outputs are {', '.join(known)}, once each")


def _in_reply(
    answer: Mapping[str, Any], output: Mapping[str, Any]
) -> tuple[dict[str, dict[str, Any]], list[str]]:
    """Return the metadata by name, and the classes, of what an answer holds."""
    classes = list(answer.get("probabilities", output["classes"]))
    every = outputs_of({"coverage": None, **output, "classes": classes})
    return {one["name"]: one for one in every if one["name"] in answer}, classes


def _column(
    name: str, answers: Sequence[Mapping[str, Any]], classes: Sequence[str]
) -> list[Any]:
    """Return the cells of an output, row after row."""
    if name in ("flags", "set"):
        return [msgspec.json.encode(answer[name]).decode() for answer in answers]
    if name == "probabilities":
        return [answer[name][one] for answer in answers for one in classes]
    return [answer[name] for answer in answers]


def _packed(datatype: str, cells: Sequence[Any]) -> bytes:
    if datatype == "FP64":
        return np.array([math.nan if c is None else c for c in cells], "<f8").tobytes()
    words = [cell.encode() for cell in cells]
    return b"".join(len(word).to_bytes(4, "little") + word for word in words)


def _unfit(tensor: Tensor, what: str) -> Refused:
    return Refused(422, what, where=f"input {tensor.name!r}", field=tensor.name)
