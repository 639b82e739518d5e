"""A package that answers: raw cells in, answers and flags out."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import msgspec
import numpy as np

from mlkit.core import rows
from mlkit.core.checks import KNOWN, TABLE_CHECKS, columns_of
from mlkit.core.files import folder_hash
from mlkit.core.values import Array, missing, write
from mlkit.model.runtime import Predictions, Predictor, form
from mlkit.product.beside import beside
from mlkit.product.journal.tables import Model
from mlkit.product.serving.fields import Field, fields_of
from mlkit.product.serving.samples import samples

__all__ = ["Answer", "Served"]

ENCODER = msgspec.json.Encoder()
Answer = dict[str, Any]
PASSED_OVER = frozenset(
    {"audio", "image", "number", "required", "text", "together", "unique", "values"}
)
"""Checks that fields and flags make themselves, between rows, or of files."""
PLAYED = frozenset(KNOWN) - frozenset(TABLE_CHECKS) - PASSED_OVER
SPOKEN = ("number", "spoken")
NUMBERS, WHOLE, FEW = {int, float}, 2**53, 32
DATED = frozenset({"about.json"})


class Served:
    """A package at work for a server.

    Parameters
    ----------
    folder
        What the step `package` wrote.
    facts
        What else the log should know of it: project, run.

    Raises
    ------
    InputError
        Where the folder is no package, or takes more than plain cells.
    """

    def __init__(self, folder: Path, facts: Mapping[str, str] | None = None) -> None:
        self.predictor = Predictor(folder)
        self.schema = self.predictor.schema
        cleaning, contract = form(folder, "cleaning"), form(folder, "contract")
        about = form(folder, "about")
        self.fields = fields_of(self.schema, cleaning)
        seen = form(folder, "reference")
        self.samples = samples(self.fields, seen, contract)
        told = seen.get("prediction", {}).get("values", {})
        self.ends = (told.get("min"), told.get("max"))
        self.review_by = str(about.get("review_by", ""))
        promise = self.predictor.promise
        held = {"coverage": promise.coverage} if promise else {}
        self.output: Mapping[str, Any] = {**self.schema["output"], **held}
        self.target = str(self.output["target"])
        self.hidden = frozenset(f.name for f in self.fields if f.private)
        self.identity = folder_hash(folder, DATED)
        self.version = self.identity[:12]
        self.model = Model(
            self.identity, {**about, **(facts or {}), "schema": self.schema}
        )
        names = {field.name for field in self.fields}
        self.rules = [
            rule
            for rule in contract.get("rules", ())
            if rule["check"] in PLAYED
            and columns_of(rule)
            and names.issuperset(columns_of(rule))
        ]

    @property
    def overdue(self) -> bool:
        """Whether the day has passed by which this was to be looked at again."""
        today = datetime.now(UTC).date().isoformat()
        return bool(self.review_by) and today > self.review_by

    def answer(self, cells: Mapping[str, Sequence[Any]], count: int) -> list[Answer]:
        """Answer raw rows, each with what is unlike the training data.

        Parameters
        ----------
        cells
            Every field, each `count` long; those left out are missing.
        count
            How many rows.
        """
        none = [None] * count
        raw = {f.name: _column(f, cells.get(f.name, none)) for f in self.fields}
        cleaned = self.predictor.clean(raw)
        said = self.predictor.graph.predict(cleaned)
        told = _told(said, self.output["kind"])
        more = beside(said, self.predictor.promise)
        for name, values in [
            *more.items(),
            ("flags", self._flags(raw, cleaned, count)),
        ]:
            for answer, value in zip(told, values, strict=True):
                answer[name] = value
        return told

    def reply(self, name: str, answers: Sequence[Answer]) -> str:
        """Return what is sent to a request, as JSON.

        Parameters
        ----------
        name
            The request's id.
        answers
            To its rows.
        """
        whole: dict[str, Any] = {"id": name, "model": self.version}
        if "coverage" in self.output:
            whole["coverage"] = self.output["coverage"]
        whole["predictions"] = answers
        return ENCODER.encode(whole).decode()

    def _flags(
        self, raw: Mapping[str, Array], cleaned: Mapping[str, Array], count: int
    ) -> list[list[dict[str, str]]]:
        """Say of each row what is missing, unseen, unreadable, or out of contract."""
        flags: list[list[dict[str, str]]] = [[] for _ in range(count)]
        for field in self.fields:
            if field.used:
                _flag(field, raw[field.name], cleaned.get(field.name), flags)
        for rule in self.rules:
            if _is_inside(rule, raw):
                continue
            failed = rows.check([rule], raw)[rule["rule"]]
            about = {"field": ", ".join(columns_of(rule)), "flag": "contract"}
            for row in np.flatnonzero(failed):
                flags[row].append({**about, "rule": rule["rule"]})
        return flags


def _flag(
    field: Field, raw: Array, cleaned: Any, flags: list[list[dict[str, str]]]
) -> None:
    """Flag the cells of a column that are not as training saw them."""
    if raw.dtype.kind == "f" and (
        cleaned is None or cleaned is raw or _is_plain(cleaned)
    ):
        return
    name, gaps, known = field.name, field.gaps, field.known
    if known and cleaned is not None and cleaned.dtype == object:
        words, cells = set(cleaned.tolist()), set(raw.tolist())
        if words <= known - {rows.MISSING} and not cells & {None, *gaps}:
            return
    made = [None] * len(raw) if cleaned is None else cleaned.tolist()
    lost = [False] * len(raw) if cleaned is None else missing(cleaned).tolist()
    worded = cleaned is not None and cleaned.dtype == object
    for row, cell in enumerate(raw.tolist()):
        if cell is None or cell in gaps:
            flags[row].append({"field": name, "flag": "missing"})
        elif lost[row] or (worded and made[row] == rows.MISSING):
            blank = (write(cell) or "").strip() in gaps
            flag = "missing" if blank else "unreadable"
            flags[row].append({"field": name, "flag": flag})
        elif worded and known and made[row] not in known:
            flags[row].append({"field": name, "flag": "unseen"})


def _is_plain(cleaned: Array) -> bool:
    """Tell whether cells are nothing but numbers."""
    return cleaned.dtype.kind == "f" and not np.isnan(cleaned).any()


def _is_inside(rule: Mapping[str, Any], raw: Mapping[str, Array]) -> bool:
    """Tell at a glance that all rows keep a rule, as most do whose cells are numbers.

    Where this does not see it, the rule itself says.
    """
    if rule["check"] != "range" or raw[rule["column"]].dtype.kind != "f":
        return False
    values, least, most = raw[rule["column"]], rule.get("min"), rule.get("max")
    low, high = _ends(values)
    if (least is not None and not low >= least) or (
        most is not None and not high <= most
    ):
        return False
    return not rule.get("whole") or bool((values % 1 == 0).all())


def _ends(values: Array) -> tuple[float, float]:
    """Return the least and the largest of some numbers; of few, Python is faster."""
    if len(values) > FEW:
        return float(values.min()), float(values.max())
    cells = values.tolist()
    return min(cells, default=0.0), max(cells, default=0.0)


def _told(said: Predictions, kind: str) -> list[Answer]:
    """Return a value each, or a label with probabilities, or with a rank."""
    if said.probabilities is None:
        return [{"value": float(value)} for value in said.prediction.tolist()]
    chances = said.probabilities.astype(np.float64).round(9).tolist()
    pairs = zip(map(str, said.prediction.tolist()), chances, strict=True)
    if kind == "anomaly":
        return [{"label": label, "rank": row[-1]} for label, row in pairs]
    return [
        {"label": label, "probabilities": dict(zip(said.classes, row, strict=True))}
        for label, row in pairs
    ]


def _column(field: Field, cells: Sequence[Any]) -> Array:
    """Return cells as an array: of floats, where they are nothing but numbers.

    What was missing when rows were collected is missing here.
    """
    void, numeric = field.void, set(map(type, cells)) <= NUMBERS
    told = any(type(word) is float for word in void) if numeric else True
    if told and not void.isdisjoint(cells):
        cells = [None if c in void and type(c) is not bool else c for c in cells]
        numeric = set(map(type, cells)) <= NUMBERS
    if numeric and field.kind in SPOKEN:
        plain = np.array(cells, np.float64)
        low, high = _ends(plain)
        if low > -WHOLE and high < WHOLE:
            return plain
    made = np.empty(len(cells), dtype=object)
    made[:] = cells
    return made
