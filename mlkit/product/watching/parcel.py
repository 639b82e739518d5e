"""A package as a watcher reads it: what it promised, and what its rows looked like."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import Any

from mlkit.core.files import folder_hash
from mlkit.core.media import KINDS
from mlkit.core.rows import place_of
from mlkit.model.groups.fairness import Fairness
from mlkit.model.measures.measure import Measured
from mlkit.model.problem import Problem
from mlkit.model.runtime import Predictor, cut, form
from mlkit.product.serving.fields import Field, fields_of

__all__ = ["Parcel"]

DATED = frozenset({"about.json"})
CLOCK = frozenset({"hour", "minute"})


@dataclass(frozen=True)
class Parcel:
    """What a package says of itself.

    Parameters
    ----------
    folder
        What the step `package` wrote.
    identity
        The hash of its files, as in the request log.
    predictor
        The model at work.
    problem
        What is predicted.
    reference
        What rows looked like; see `mlkit.model.packing.reference`.
    accepted, guessed
        Its metrics on sealed rows, and those of a guess.
    fairness
        How it treated groups there; None where no column is sensitive.
    cleaning
        The cell operations.
    about
        When it was made, and when it is to be reviewed.
    """

    folder: Path
    identity: str
    predictor: Predictor
    problem: Problem
    reference: Mapping[str, Any]
    accepted: Measured
    guessed: Mapping[str, float]
    fairness: Fairness | None
    cleaning: Mapping[str, Any]
    about: Mapping[str, Any]

    @classmethod
    def open(cls, folder: Path | str) -> Parcel:
        """Read a package.

        Raises
        ------
        InputError
            Where the folder is no package.
        """
        place = Path(folder)
        predictor = Predictor(place)
        acceptance = form(place, "acceptance")
        fair = acceptance.get("fairness")
        return cls(
            folder=place,
            identity=folder_hash(place, DATED),
            predictor=predictor,
            problem=Problem.from_dict(acceptance["problem"]),
            reference=form(place, "reference"),
            accepted=Measured.from_dict(acceptance["measured"]),
            guessed=acceptance["guessed"],
            fairness=Fairness.from_dict(fair) if fair else None,
            cleaning=form(place, "cleaning"),
            about=form(place, "about"),
        )

    @property
    def threshold(self) -> float:
        """Of two classes, the least probability that says the second."""
        return cut(self.predictor.schema["output"]["threshold"])

    @property
    def review_by(self) -> date | None:
        """When the package is to be reviewed."""
        told = self.about.get("review_by")
        return date.fromisoformat(told) if told else None

    @property
    def fields(self) -> tuple[Field, ...]:
        """The columns of a request."""
        return fields_of(self.predictor.schema, self.cleaning)

    @property
    def sensitive(self) -> tuple[str, ...]:
        """The raw columns with the role sensitive."""
        columns = self.predictor.schema["input"]
        return tuple(c["name"] for c in columns if "sensitive" in c.get("roles", ()))

    @property
    def media(self) -> dict[str, str]:
        """The raw columns of images and sounds: ``image`` or ``audio`` by name."""
        columns = self.predictor.schema["input"]
        return {c["name"]: c["type"] for c in columns if c["type"] in KINDS}

    @property
    def watched(self) -> dict[str, Any]:
        """The reference of the columns that are watched, by name.

        Parts of dates move with the calendar, so that a week is never like a year: all
        but hours and minutes are left out. Where nothing is left of a date, how often
        it is missing is watched under the date's own name.
        """
        known = self.reference["columns"]
        found, dates = dict(known), {}
        for play in self.cleaning["operations"]:
            parts = play.get("parts", ()) if play["op"] == "date_parts" else ()
            date_ = place_of(play)
            names = {f"{date_}_{part}": part in CLOCK for part in parts}
            mine = [name for name in names if name in known]
            for name in mine:
                if not names[name]:
                    found.pop(name, None)
            if mine and not found.keys() & names.keys():
                rows, missing = self.reference["rows"], known[mine[0]]["missing"]
                dates[date_] = {"type": "date", "rows": rows, "missing": missing}
        return {**found, **dates}
