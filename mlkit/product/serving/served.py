"""A package that answers: raw cells in, answers and flags out."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from mlkit.core.checks import KNOWN, TABLE_CHECKS, columns_of
from mlkit.core.files import folder_hash
from mlkit.model.runtime import Predictor, form
from mlkit.product.journal.tables import Model
from mlkit.product.serving.answers import Answers, Pattern
from mlkit.product.serving.fields import fields_of
from mlkit.product.serving.intake import Intake
from mlkit.product.serving.reader import Reader
from mlkit.product.serving.samples import samples

__all__ = ["Answer", "Served"]

Answer = dict[str, Any]
PASSED_OVER = frozenset(
    {"audio", "image", "number", "required", "text", "together", "unique", "values"}
)
"""Checks that fields and flags make themselves, between rows, or of files."""
PLAYED = frozenset(KNOWN) - frozenset(TABLE_CHECKS) - PASSED_OVER
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
        Where the folder is no package, or what reads its images or sounds is absent.
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
        rules = [
            rule
            for rule in contract.get("rules", ())
            if rule["check"] in PLAYED
            and columns_of(rule)
            and names.issuperset(columns_of(rule))
        ]
        operations = self.predictor.operations
        self.reader = Reader(self.fields, operations)
        self.files = frozenset(field.name for field in self.reader.fields)
        self._intake = Intake(self.fields, operations, rules, self.reader)
        self._pattern = Pattern(self.version, self.output, promise)

    @property
    def overdue(self) -> bool:
        """Whether the day has passed by which this was to be looked at again."""
        today = datetime.now(UTC).date().isoformat()
        return bool(self.review_by) and today > self.review_by

    def answers(self, cells: Mapping[str, Sequence[Any]], count: int) -> Answers:
        """Answer raw rows, each with what is unlike the training data.

        Parameters
        ----------
        cells
            Every field, each `count` long; those left out are missing.
        count
            How many rows.
        """
        cleaned, flags = self._intake.take(cells, count)
        return self._pattern.write(self.predictor.graph.predict(cleaned), flags)

    def answer(self, cells: Mapping[str, Sequence[Any]], count: int) -> list[Answer]:
        """Return what `answers` does, as plain data."""
        return self.answers(cells, count).plain()
