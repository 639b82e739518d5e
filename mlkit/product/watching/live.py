"""The live rows of a package: as they came, cleaned, answered, and what came true."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from functools import cached_property
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from mlkit.core import champion, rows
from mlkit.core.cells import reads
from mlkit.core.errors import MlkitError
from mlkit.core.session import session
from mlkit.core.values import numbers
from mlkit.data.charts.cards import card, many
from mlkit.product.log import last, read, refused
from mlkit.product.serving.fields import Field
from mlkit.product.watching.copies import natural, own
from mlkit.product.watching.parcel import Parcel

__all__ = ["LOG", "Live", "follow", "live"]

LOG = ".mlkit/requests.sqlite"
Array = NDArray[Any]


@dataclass(frozen=True)
class Live:
    """Rows that a package answered, oldest first.

    Parameters
    ----------
    parcel
        The package.
    rows
        What the log tells of each; see `mlkit.product.log.read`.
    columns
        Cleaned features and sensitive columns, each of shape (rows,).
    predicted
        Probabilities (rows, classes) or values (rows,).
    truth
        Class codes, -1 where it has not come in, or values, NaN there.
    notes
        What a reader should know.
    refused
        What was asked for and not answered; see `mlkit.product.log.refused`. None
        where that is not known.
    """

    parcel: Parcel
    rows: pd.DataFrame
    columns: Mapping[str, Array]
    predicted: Array
    truth: Array
    notes: tuple[str, ...] = ()
    refused: pd.DataFrame | None = None

    def __len__(self) -> int:
        return len(self.rows)

    @property
    def known(self) -> NDArray[np.bool_]:
        """Which rows have a truth."""
        if self.parcel.problem.classes:
            return np.asarray(self.truth >= 0)
        return np.isfinite(self.truth)

    @property
    def strange(self) -> pd.Series:
        """The truths that came in and are classes which the model does not know.

        Where it predicts numbers, those that are none, by the ids of their requests.
        """
        if self.parcel.problem.classes:
            values = _came(self.parcel, self.rows)
            return values[values.notna() & ~self.known]
        told = self.rows.reindex(columns=["request.id", "truth", "truth.at"])
        none = np.isnan(numbers(told["truth"].to_numpy()))
        return told["request.id"][told["truth.at"].notna() & none]

    @property
    def watched(self) -> dict[str, Array]:
        """The columns that the package remembers, to be held against its reference."""
        return {n: self.columns[n] for n in self.parcel.watched if n in self.columns}

    @cached_property
    def own(self) -> float:
        """The share of rows that are no copies; `mlkit.product.watching.copies`."""
        return own(self.parcel.reference, self.watched)

    @cached_property
    def natural(self) -> Live:
        """The rows that scores are taken on: a row counts as often as by nature."""
        which = natural(self.parcel.reference, self.watched)
        return self if which.all() else self.take(which)

    def during(self, places: Array) -> Live:
        """Return rows that follow one another, with what was refused meanwhile."""
        if self.refused is None:
            return self.take(places)
        at, minute = self.rows["request.at"], self.refused["at"]
        inside = pd.Series(True, index=self.refused.index)
        if places[0] > 0:
            inside &= minute >= at.iloc[places[0]].floor("min")
        if places[-1] + 1 < len(at):
            inside &= minute < at.iloc[places[-1] + 1].floor("min")
        return replace(self.take(places), refused=self.refused[inside])

    def take(self, which: Array) -> Live:
        """Return some of the rows, by place or by mask, without what was refused."""
        return replace(
            self,
            refused=None,
            rows=self.rows.iloc[which],
            columns={name: cells[which] for name, cells in self.columns.items()},
            predicted=self.predicted[which],
            truth=self.truth[which],
        )

    def __repr__(self) -> str:
        return f"<Live {many(len(self), 'row')} of model {self.parcel.identity[:12]}>"

    def _repr_html_(self) -> str:
        title = f"{many(len(self), 'live row')} of {self.parcel.problem.title}"
        return card(title, f"answered by {self.parcel.identity[:12]}", self._told())

    def _told(self) -> list[str]:
        if not len(self):
            return ["no request yet", *self.notes]
        first, newest = (f"{at:%Y-%m-%d %H:%M}" for at in self._ends())
        truths = f"the truth has come in for {self.known.sum():,} of them"
        return [f"from {first} to {newest}, UTC", truths, *self.notes]

    def _ends(self) -> tuple[pd.Timestamp, pd.Timestamp]:
        at = self.rows["request.at"]
        return at.iloc[0], at.iloc[-1]


def follow(package: Path | str, log: Path | str = LOG) -> Live:
    """Return the live rows of a package, or of the one that answers in its place.

    Where the log's newest request was answered by another package of this project,
    that one is watched, and a note says so. What was refused before it first answered
    is none of its own.

    Parameters
    ----------
    package
        What the step `package` wrote.
    log
        The request log, relative to the project's root.

    Raises
    ------
    InputError
        Where there is no log, or the folder is no package.
    """
    place = reads(log, refresh="always")
    parcel, notes = _answering(Parcel.open(package), place)
    table = read(place)
    away = _since(refused(place), table, parcel.identity)
    return replace(live(parcel, table, notes), refused=away)


def live(parcel: Parcel, table: pd.DataFrame, notes: tuple[str, ...] = ()) -> Live:
    """Return the rows of a log's table that a package answered.

    Parameters
    ----------
    parcel
        The package.
    table
        What `mlkit.product.log.read` returns.
    notes
        What a reader should know.
    """
    mine = table[table["request.model"] == parcel.identity]
    mine = mine.sort_values("request.at", kind="stable", ignore_index=True)
    if not len(mine):  # an empty log does not know its columns' types
        mine["request.at"] = pd.to_datetime([], utc=True)
        mine["output.flags"] = pd.array([], "str")
    others = len(table) - len(mine)
    if others:
        notes = (*notes, f"{many(others, 'row')} of other models left out")
    return Live(
        parcel,
        mine,
        _cleaned(parcel, mine),
        _said(parcel, mine),
        _truth(parcel, mine),
        notes,
    )


def _answering(parcel: Parcel, log: Path) -> tuple[Parcel, tuple[str, ...]]:
    """Return the package that answered last, where this project has it."""
    newest, project = last(log, 1), session().project
    if not newest or newest[0].model == parcel.identity or project is None:
        return parcel, ()
    name = newest[0].model[:12]
    try:
        artifact = str(newest[0].about.get("artifact", ""))
        found = Parcel.open(champion.package_of(project, artifact))
    except MlkitError as error:
        return parcel, (f"model {name} answers now, and is not here: {error.what}",)
    return found, (f"model {name} answers, not the newest package: it is watched",)


def _since(away: pd.DataFrame, table: pd.DataFrame, identity: str) -> pd.DataFrame:
    """Return what was refused since a package first answered.

    As long as it has not, that is since another last did.
    """
    at, mine = table["request.at"], table["request.model"] == identity
    start = at[mine].min() if mine.any() else at.max()
    return away if pd.isna(start) else away[away["at"] >= start.floor("min")]


def _cleaned(parcel: Parcel, table: pd.DataFrame) -> dict[str, Array]:
    """Replay the cleaning on the columns that are watched."""
    watched = [f for f in parcel.fields if f.used or f.name in parcel.sensitive]
    cells = {f.name: _cells(f, table) for f in watched}
    plays = [o for o in parcel.cleaning["operations"] if o["column"] in cells]
    return {**cells, **rows.apply(plays, cells)}


def _cells(field: Field, table: pd.DataFrame) -> Array:
    """Return a column's raw cells; what collect took as missing is missing."""
    name = f"input.{field.name}"
    if name not in table:
        return np.full(len(table), None, dtype=object)
    values = table[name]
    if values.dtype.kind == "f":
        void = [word for word in field.void if isinstance(word, float)]
        return np.where(np.isin(values, void), np.nan, values.to_numpy(np.float64))
    plain = values.astype(object).where(values.notna(), None)
    return plain.mask(plain.isin(list(field.void)), None).to_numpy(object)


def _said(parcel: Parcel, table: pd.DataFrame) -> Array:
    classes = parcel.predictor.classes
    if parcel.problem.kind == "anomaly":
        ranks = table.reindex(columns=["output.rank"])
        odd = ranks.to_numpy(np.float64, na_value=np.nan)
        return np.hstack([1 - odd, odd])
    names = [f"output.probability_{name}" for name in classes] or ["output.value"]
    found = table.reindex(columns=names).to_numpy(np.float64, na_value=np.nan)
    return found if classes else found[:, 0]


def _truth(parcel: Parcel, table: pd.DataFrame) -> Array:
    """Return the truth as the model's target has it: class codes, or values."""
    problem = parcel.problem
    return problem.truth(pd.DataFrame({problem.target: _came(parcel, table)}))


def _came(parcel: Parcel, table: pd.DataFrame) -> pd.Series:
    """Return the truths that came in, cleaned as the target was; gaps where none."""
    problem = parcel.problem
    told = table.reindex(columns=["truth"])["truth"]
    given = told.astype(object).where(told.notna(), None).to_numpy(object)
    plays = [o for o in parcel.cleaning["operations"] if o["column"] == problem.target]
    made = rows.apply(plays, {problem.target: given}).get(problem.target, given)
    kind: Any = object if problem.classes else np.float64
    return pd.Series(made if problem.classes else made.astype(kind))
