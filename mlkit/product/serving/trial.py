"""The trial of a package before it answers anybody.

It has to take what its predecessor takes and answer in the same classes, so that no
client breaks, and it has to answer likely, empty and extreme rows with numbers.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

from mlkit.core.champion import package_of
from mlkit.core.errors import MlkitError
from mlkit.core.project import Project
from mlkit.product.serving.media import example
from mlkit.product.serving.served import Answer, Served

__all__ = ["fault", "turned_away", "unlike"]

KINDS = {"spoken": "text read as a number"}
NAMED = 8


def turned_away(project: Project, package: Path, champion: str = "") -> str:
    """Return why a server of the champion would not take up a package; "" if it would.

    Parameters
    ----------
    project
        The project.
    package
        What is to be the champion.
    champion
        The identity of the package that answers; "" for that of the champion. Where
        there is none, or none that a server could answer by, nothing is in the way.
    """
    try:
        old = Served(package_of(project, champion))
    except Exception:
        return ""
    try:
        return fault(Served(package), old)
    except MlkitError as error:
        return error.what
    except Exception as error:
        return f"it cannot be loaded: {type(error).__name__}"


def fault(new: Served, old: Served | None = None) -> str:
    """Return what is wrong with a package; "" where nothing is.

    Parameters
    ----------
    new
        The package.
    old
        The one that answers now.
    """
    why = unlike(new, old) if old else ""
    if why:
        return why
    rows = list(_rows(new))
    names = [field.name for field in new.fields]
    cells = {name: [row.get(name) for row in rows] for name in names}
    try:
        answers = new.answer(cells, len(rows))
    except MlkitError as error:
        return f"it cannot answer a likely row: {error.what}"
    except Exception as error:
        return f"it broke on a likely row: {type(error).__name__}"
    if all(_is_sound(answer, new) for answer in answers):
        return ""
    return "it answers a likely row with no number"


def unlike(new: Served, old: Served) -> str:
    """Return why requests made for one package do not suit another; "" if they do.

    Columns may be added that are not needed, and classes.
    """
    mine, yours = new.schema["output"], old.schema["output"]
    if (mine["kind"], new.target) != (yours["kind"], old.target):
        return "it predicts something else"
    lacks = [name for name in yours["classes"] if name not in mine["classes"]]
    if lacks:
        return f"it lacks classes ({_few(lacks)})"
    there = {field.name: _said(field.kind) for field in new.fields}
    known = {field.name: _said(field.kind) for field in old.fields}
    others = [
        f"{name} was {kind}, is {there[name]}" if name in there else f"{name} is gone"
        for name, kind in known.items()
        if there.get(name) != kind
    ]
    if others:
        return f"its columns are others ({_few(others)})"
    before = {field.name for field in old.fields if field.required}
    needs = [f.name for f in new.fields if f.required and f.name not in before]
    return f"it needs a column that was not needed ({_few(needs)})" if needs else ""


def _said(kind: str) -> str:
    return KINDS.get(kind, kind)


def _few(told: Sequence[str]) -> str:
    more = f" and {len(told) - NAMED} more" if len(told) > NAMED else ""
    return ", ".join(told[:NAMED]) + more


def _rows(served: Served) -> Iterator[Mapping[str, Any]]:
    """Yield a likely row, one of what has to be there, and the two extremes."""
    likely = {sample.name: sample.typical for sample in served.samples}
    likely |= {f.name: example(f.kind) for f in served.reader.fields if f.used}
    yield likely
    yield {f.name: likely[f.name] for f in served.fields if f.required}
    for end in ("least", "most"):
        ends = {sample.name: getattr(sample, end) for sample in served.samples}
        yield likely | {name: cell for name, cell in ends.items() if cell is not None}


def _is_sound(answer: Answer, served: Served) -> bool:
    if "value" in answer:
        return _is_number(answer["value"])
    known = answer["label"] in served.predictor.classes
    if "rank" in answer:
        return known and _is_number(answer["rank"]) and 0 <= answer["rank"] <= 1
    chances = list(answer["probabilities"].values())
    if not all(map(_is_number, chances)):
        return False
    sane = all(-1e-6 <= chance <= 1 + 1e-6 for chance in chances)
    return known and sane and math.isclose(sum(chances), 1, abs_tol=1e-3)


def _is_number(value: float | None) -> bool:
    """Tell whether JSON has a number here; it has null for what is none."""
    return value is not None and math.isfinite(value)
