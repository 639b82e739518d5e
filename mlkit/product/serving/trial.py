"""The trial of a package before it answers anybody.

It has to take what its predecessor takes and answer in the same classes, so that no
client breaks, and it has to answer likely, empty and extreme rows with numbers.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping
from typing import Any

from mlkit.core.errors import MlkitError
from mlkit.product.serving.media import example
from mlkit.product.serving.served import Answer, Served

__all__ = ["fault", "unlike"]


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
    if not set(mine["classes"]) >= set(yours["classes"]):
        return "it lacks classes"
    there = {field.name: field for field in new.fields}
    known = {field.name: field for field in old.fields}
    for name, field in known.items():
        if name not in there or there[name].kind != field.kind:
            return "its columns are others"
    for name, field in there.items():
        if field.required and not (name in known and known[name].required):
            return "it needs a column that was not needed"
    return ""


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
