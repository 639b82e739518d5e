"""Score a file of raw rows by a package alone."""

from __future__ import annotations

import csv
import io
import json
import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from mlkit.core import rows
from mlkit.core.errors import InputError, UsageError, did_you_mean
from mlkit.core.files import write_bytes
from mlkit.core.media import apart, media
from mlkit.core.pictures import measured as sides
from mlkit.core.sounds import measured as lengths
from mlkit.core.values import missing
from mlkit.data.charts.cards import many
from mlkit.data.charts.style import shorten
from mlkit.data.media.packing import packed
from mlkit.data.reading.decimals import pointed
from mlkit.data.reading.identify import as_found, hashed
from mlkit.data.reading.infer import infer, without
from mlkit.data.sources import Found, Place, options_of
from mlkit.data.sources import read as read_place
from mlkit.model.runtime import Predictions, Predictor
from mlkit.product.beside import beside
from mlkit.product.serving.fields import Field, fields_of

__all__ = ["predict_file"]

OWN, AT_ONCE = "id", 256
READ = {"number": "number", "spoken": "number", "date": "date"}
NUMBERED = re.compile(r"c[0-9]+")


def predict_file(
    package: Path | str,
    source: Path | str,
    out: Path | str,
    tell: Callable[[str], None] = lambda _: None,
) -> int:
    """Write ``id, prediction, probability_<class>`` for each row of a file.

    A detector of odd rows writes ``id, prediction, rank``: the share of the rows it
    learnt from that were less odd.

    Where the package promises something beside an answer, further columns tell it:
    ``lower`` and ``upper`` ends of an interval around a value, or a ``set`` of classes
    as a JSON list, that hold the truth as often as was promised.

    The rows are read as `collect` reads them; the target may be there, and is not
    looked at. Rows are named by the id column, by one that is called ``id``, or as
    `collect` names them. A column of images or sounds holds paths from the file's own
    folder, or bytes in Parquet. A cell that cannot be read, as a number, a date, an
    image or a sound, is a missing cell, and told.

    Parameters
    ----------
    package
        What the step `package` wrote.
    source
        CSV, TSV or Parquet with raw rows, with the columns that `collect` read; or a
        folder of images, sounds or texts.
    out
        The CSV file to write, whole or not at all; none of those that are read.
    tell
        Told, in a sentence, what could not be read.

    Returns
    -------
    int
        How many rows were scored.

    Raises
    ------
    InputError
        Where a file cannot be read, or lacks a column that the model needs.
    UsageError
        Where `out` would be written over what is read.
    """
    if _same(Path(source), Path(out)):
        raise UsageError(
            "what is read would be written over",
            where=str(out),
            todo="name another file for the answers",
        )
    path, predictor = Path(source), Predictor(package)
    if not path.exists():
        raise InputError("there is no such file", where=str(source))
    with apart():
        return _scored(predictor, path, Path(out), tell)


def _same(source: Path, out: Path) -> bool:
    """Tell whether a file is another, or lies in it."""
    source, out = source.resolve(), out.resolve()
    return source in (out, *out.parents)


def _scored(
    predictor: Predictor, source: Path, out: Path, tell: Callable[[str], None]
) -> int:
    """Score a file or a folder that is there."""
    read = _unpacked(_read(source, predictor), source, predictor)
    found = _with_gaps(read, predictor)
    cells = _cells(found, predictor, str(source))
    for note in (*_lost(found), *_torn(cells, predictor), *_unread(cells, predictor)):
        tell(note)
    said = _said({name: _values(v) for name, v in cells.items()}, predictor)
    ids = _ids(found, cells, predictor)
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n")
    ranked = predictor.schema["output"]["kind"] == "anomaly"
    chances = ["rank"] if ranked else [f"probability_{c}" for c in said.classes]
    promised = beside(said, predictor.promise)
    more = [map(_written, cells) for cells in promised.values()]
    writer.writerow(["id", "prediction", *chances, *promised])
    writer.writerows(
        [*line, *told]
        for line, *told in zip(_lines(ids, said, ranked), *more, strict=True)
    )
    write_bytes(out, text.getvalue().encode())
    return len(ids)


def _unpacked(found: Found, path: Path, predictor: Predictor) -> Found:
    """Keep images and sounds; the one column of a folder is that of the package."""
    kinds = _kinds(predictor)
    for name, kind in found.types.items():
        free = [n for n, k in kinds.items() if k == kind and n not in found.types]
        if kind in found.types.values() and name not in kinds and len(free) == 1:
            names = [free[0] if n == name else n for n in found.columns.column_names]
            types = {**found.types, free[0]: kind}
            columns = found.columns.rename_columns(names)
            found = replace(found, columns=columns, types=types)
    return packed(found, Place(str(path)).at(path), kinds)


def _kinds(predictor: Predictor) -> dict[str, str]:
    """Return the columns of images and sounds that the model looks at."""
    columns = predictor.schema["input"]
    return {c["name"]: c["type"] for c in columns if c["name"] in predictor.media}


def _lost(found: Found) -> Iterator[str]:
    """Yield what reading says of files that are missing cells now."""
    yield from (note for note in found.notes if "cannot be read" in note)


def _torn(cells: Mapping[str, pd.Series], predictor: Predictor) -> Iterator[str]:
    """Yield which columns hold cells that are no image, or no sound."""
    for name, kind in _kinds(predictor).items():
        if name in cells:
            known = cells[name].dropna()
            torn = int((~known.map(lambda d, k=kind: _is_read(d, k))).sum())
            if torn:
                count = many(torn, "cell")
                yield f"{name}: {count} cannot be read, and count as missing"


def _unread(cells: Mapping[str, pd.Series], predictor: Predictor) -> Iterator[str]:
    """Yield which columns hold words where the model looks for numbers or dates."""
    for field in _fields(predictor):
        plays = [
            one
            for one in predictor.operations
            if one["column"] == field.name and one["op"] != "fill"
        ]
        values = cells.get(field.name)
        if field.kind not in READ or values is None or values.dtype != "str":
            continue
        made = rows.apply(plays, {field.name: values.to_numpy(object)})
        if field.name not in made or made[field.name].dtype == object:
            continue
        blank = values.isna() | values.str.strip().isin(field.gaps)
        torn = values[missing(made[field.name]) & ~blank.to_numpy(bool)]
        if len(torn):
            what = f"{many(len(torn), 'cell')} cannot be read as a {READ[field.kind]}"
            word = shorten(str(torn.iloc[0]), 20)
            yield f"{field.name}: {what}, such as {word!r}: taken as missing"


def _is_read(digest: str, kind: str) -> bool:
    """Tell, by its head, whether something kept is an image or a sound."""
    try:
        (sides if kind == "image" else lengths)(media().get(digest))
    except InputError:
        return False
    return True


def _said(cells: Mapping[str, Any], predictor: Predictor) -> Predictions:
    """Predict; some rows at a time where images and sounds have to be in memory."""
    rows = len(next(iter(cells.values())))
    if not predictor.media or rows <= AT_ONCE:
        return predictor.predict(cells)
    parts = [
        predictor.predict({n: v[at : at + AT_ONCE] for n, v in cells.items()})
        for at in range(0, rows, AT_ONCE)
    ]
    chances = [p.probabilities for p in parts if p.probabilities is not None]
    told = np.concatenate([part.prediction for part in parts])
    whole = np.concatenate(chances) if chances else None
    return Predictions(told, whole, parts[0].classes)


def _read(path: Path, predictor: Predictor) -> Found:
    """Read a file; one without a header takes its names from the schema."""
    where, place = str(path), Place(str(path)).at(path)
    names = [column["name"] for column in predictor.schema["input"]]
    if "header" not in options_of(place):
        return read_place(place)
    named = replace(place, options={"header": True})
    if not all(map(NUMBERED.fullmatch, names)):
        return read_place(named)
    try:
        found = read_place(named)
        if set(predictor.columns) <= set(found.columns.column_names):
            return found
    except InputError:
        pass
    found = read_place(replace(place, options={"header": False}))
    return _numbered(found, names, predictor.schema["output"]["target"], where)


def _numbered(found: Found, names: list[str], target: str, where: str) -> Found:
    """Name columns by position, with the target among them or not."""
    every = [*names, *([target] if NUMBERED.fullmatch(target) else [])]
    for wanted in (names, sorted(every, key=lambda name: int(name[1:]))):
        if found.columns.num_columns == len(wanted):
            table = found.columns.rename_columns(wanted)
            return replace(found, columns=table)
    raise InputError(
        "this file has another number of columns than the training data",
        where=where,
        expected=f"{len(names)}, or {len(every)} with the target",
        got=str(found.columns.num_columns),
    )


def _with_gaps(found: Found, predictor: Predictor) -> Found:
    """Make the cells null that `collect` was told to take as missing."""
    given = [word for c in predictor.schema["input"] for word in c.get("missing", ())]
    return replace(found, columns=without(found.columns, given or [""]))


def _cells(found: Found, predictor: Predictor, where: str) -> dict[str, pd.Series]:
    """Return the columns of the schema as the package takes them."""
    table, present = found.columns, found.columns.column_names
    _check(present, predictor, where)
    columns = [
        column for column in predictor.schema["input"] if column["name"] in present
    ]
    given = {c["name"]: table[c["name"]].combine_chunks() for c in columns}
    if found.text:
        numbers = [name for name in _pointed(predictor) if name in given]
        given |= zip(numbers, pointed([given[n] for n in numbers]), strict=True)
    made, media_ = {}, _kinds(predictor)
    for column in columns:
        name, cells = column["name"], given[column["name"]]
        plain = name not in media_ and not found.text
        if column["type"] == "number" or plain:
            made[name] = infer(cells, name, written=found.text, ids=False).values
        else:
            made[name] = cells.to_pandas().astype("str")
    return made


def _fields(predictor: Predictor) -> tuple[Field, ...]:
    return fields_of(predictor.schema, {"operations": predictor.operations})


def _pointed(predictor: Predictor) -> Iterator[str]:
    """Yield the columns of numbers that the package takes with decimal points."""
    marks = {
        o["column"]: {o.get("decimal") or ".", o.get("thousands") or ""}
        for o in predictor.operations
        if o["op"] in ("number", "unit")
    }
    for field in _fields(predictor):
        spoken = field.kind == "spoken" and "," not in marks[field.name]
        if field.kind == "number" or spoken:
            yield field.name


def _check(present: list[str], predictor: Predictor, where: str) -> None:
    """Say so where a needed column is not there, or nothing the model looks at."""
    needed = {c["name"] for c in predictor.schema["input"] if c["required"]}
    absent = [n for n in predictor.columns if n in needed and n not in present]
    if not set(predictor.columns).intersection(present):
        absent = predictor.columns
    if absent:
        raise InputError(
            "the file lacks columns that the model needs",
            where=where,
            expected=", ".join(absent),
            got=", ".join(present)[:300],
            todo=_meant(absent, present, predictor),
        )


def _meant(absent: Sequence[str], present: list[str], predictor: Predictor) -> str:
    """Suggest a column that may be the absent one: none that the package knows."""
    known = {column["name"] for column in predictor.schema["input"]}
    strange = [name for name in present if name not in known]
    hints = (did_you_mean(name, strange) for name in absent)
    near = next((hint for hint in hints if hint.startswith("did you mean")), "")
    return near or "add what is absent; a cell may be empty where it is not known"


def _values(values: pd.Series) -> Any:
    if isinstance(values.dtype, pd.DatetimeTZDtype):
        values = values.dt.tz_convert("UTC").dt.tz_localize(None)
    plain = values.dtype.kind in "fiubM"
    return values.to_numpy() if plain else values.to_numpy(dtype=object)


def _ids(found: Found, cells: dict[str, pd.Series], predictor: Predictor) -> list[str]:
    """Return the id column's values where they all differ, else hashes of the cells.

    That is the column which the schema declares, else one called ``id`` that the
    model knows nothing of, or the names of a folder's files.
    """
    types = {column["name"]: column["type"] for column in predictor.schema["input"]}
    given = [cells[n] for n, kind in types.items() if kind == "id" and n in cells]
    known = {*types, predictor.schema["output"]["target"]}
    own = [OWN, *(name for name, kind in found.types.items() if kind == "id")]
    there = set(found.columns.column_names) - known
    given += [found.columns[name].to_pandas() for name in own if name in there]
    for values in given:
        if values.notna().all() and values.is_unique:
            return [str(value) for value in values.tolist()]
    plain = {name: as_found(found.columns[name], v) for name, v in cells.items()}
    return hashed(plain, found.columns.num_rows)


def _written(told: float | list[str]) -> str:
    """Write the end of an interval, or a set of classes."""
    if isinstance(told, float):
        return repr(told)
    return json.dumps(told, ensure_ascii=False)


def _lines(ids: list[str], said: Predictions, ranked: bool) -> Iterator[list[str]]:
    if said.probabilities is None:
        for name, value in zip(ids, said.prediction.tolist(), strict=True):
            yield [name, repr(float(value))]
        return
    for name, label, chances in zip(
        ids, said.prediction, said.probabilities.tolist(), strict=True
    ):
        told = chances[-1:] if ranked else chances
        yield [name, str(label), *(f"{chance:.9g}" for chance in told)]
