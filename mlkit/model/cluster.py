"""Look for clusters: families and numbers of clusters held against one crowd."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import asdict, dataclass, replace
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd
from joblib import Parallel, delayed

from mlkit.core.errors import InputError, did_you_mean
from mlkit.model.families import able
from mlkit.model.fitted import Model
from mlkit.model.grid import Grid
from mlkit.model.patterns.control import CONTROLS, Crowds
from mlkit.model.patterns.fitting import Rows, fit, picked
from mlkit.model.patterns.options import Option, best, referred, tried
from mlkit.model.patterns.stability import FEWEST
from mlkit.model.patterns.truth import column_of, untold
from mlkit.model.problem import Problem
from mlkit.model.threads import one_thread
from mlkit.model.words import say

if TYPE_CHECKING:
    from mlkit.data.charts.style import Picture

__all__ = ["Clustering", "cluster"]

SMALLEST = (0.02, 0.05, 0.1)


@dataclass(frozen=True, repr=False)
class Clustering:
    """What was tried, and what is chosen.

    Parameters
    ----------
    problem
        From which columns.
    options
        What was tried, family by family.
    chosen
        The name of the option that is chosen.
    rows
        How many rows were looked at.
    notes
        What a reader should know.
    insisted
        Whether a person chose.
    truth
        The column that says what rows are, which was not looked at; "" for none.
    """

    problem: Problem
    options: tuple[Option, ...]
    chosen: str
    rows: int
    notes: tuple[str, ...] = ()
    insisted: bool = False
    truth: str = ""

    def __getitem__(self, name: str) -> Option:
        return next(one for one in self.options if one.name == name)

    @property
    def found(self) -> bool:
        """Whether the chosen clusters are more than one crowd cut up."""
        return not self[self.chosen].doubt

    @property
    def metrics(self) -> dict[str, float]:
        """The chosen option's numbers."""
        one = self[self.chosen]
        told = {"silhouette": one.silhouette, "stability": one.stability}
        return {**told, "gain": round(one.gain, 6), "clusters": float(one.clusters)}

    @property
    def statement(self) -> str:
        """What was found, in one sentence."""
        one = self[self.chosen]
        told = f"{one.clusters} clusters by {one.title}"
        if self.found and one.cut:
            return f"{told}: more than one crowd, but it {one.cut}"
        if self.found:
            return f"{told}: clearly more than one crowd cut up"
        if self.insisted:
            return f"{told}, insisted on, but {one.doubt}"
        count = len(self.options)
        return f"No clusters: none of {count} tries is clearly more than one crowd"

    def table(self) -> Grid:
        """Return what was tried: the chosen one, then the clearest first."""
        ranked = sorted(
            self.options, key=lambda o: (o.name != self.chosen, bool(o.doubt), -o.gain)
        )
        rows = [
            (
                one.name + (" (chosen)" if one.name == self.chosen else ""),
                str(one.clusters),
                say(one.silhouette, 2),
                say(one.reference, 2),
                say(one.stability, 2),
                f"{one.none:.0%}" if one.none else "–",
                f"{one.facts['bic']:,.0f}" if one.facts and "bic" in one.facts else "–",
                one.doubt or one.cut or "more than one crowd",
            )
            for one in ranked
        ]
        heads = ("", "clusters", "silhouette", "one crowd", "stability", "in none")
        return Grid((*heads, "BIC", ""), rows, (self.statement, *self.notes))

    @property
    def menu(self) -> dict[str, str]:
        """What was tried, by name, in a few words each."""
        return {
            one.name: f"{one.title}, {one.clusters} clusters, silhouette "
            f"{say(one.silhouette, 2)}, stability {say(one.stability, 2)}"
            for one in self.options
        }

    def decided(self, name: str) -> Clustering:
        """Return what follows from a person's choice; "" leaves it as it is.

        Raises
        ------
        InputError
            Where there is no such option.
        """
        if not name:
            return self
        known = [one.name for one in self.options]
        if name not in known:
            raise InputError(
                f"{name!r} was not tried",
                where="decision 'clusters'",
                todo=did_you_mean(name, known) or f"take one of {', '.join(known)}",
            )
        return replace(self, chosen=name, insisted=True)

    def fit(self, train: pd.DataFrame, seed: int = 0) -> Model:
        """Fit the chosen option to cleaned rows."""
        one = self[self.chosen]
        return fit(one.family, one.settings, train, self.problem, seed)

    def __repr__(self) -> str:
        return f"Clustering({self.statement})"

    def plot(self) -> Picture:
        """Draw silhouette and stability by the number of clusters."""
        from mlkit.model.charts import cluster as charts

        return charts.tried(self)

    def to_dict(self) -> dict[str, Any]:
        """Return a plain JSON form."""
        return {**asdict(self), "problem": self.problem.to_dict()}

    @classmethod
    def from_dict(cls, form: Mapping[str, Any]) -> Clustering:
        """Read the form that `to_dict` gives."""
        options = [Option.from_dict(one) for one in form["options"]]
        return cls(
            **{
                **form,
                "problem": Problem.from_dict(form["problem"]),
                "options": tuple(options),
                "notes": tuple(form["notes"]),
            }
        )


def cluster(
    train: pd.DataFrame,
    families: Iterable[str] | None = None,
    *,
    truth: str = "",
    most: int = 8,
    repeats: int = 8,
    controls: int = 3,
    most_rows: int = 2000,
    seed: int = 0,
) -> Clustering:
    """Try families and numbers of clusters, and choose by what one crowd cannot do.

    Each try is also made on tables in which there are no clusters: of shuffled
    columns, and of one skewed bell. What is chosen lies further apart than any of
    these, comes again on parts of the rows, and gains most over one crowd. Where
    nothing does, it is said that there are no clusters.

    Parameters
    ----------
    train
        Cleaned rows.
    families
        Which to try; None or none takes all.
    truth
        A column that says what rows are, which is not looked at; "" takes the target.
    most
        Clusters at most, at least 2.
    repeats
        Fits to parts of the rows, which tell how stable clusters are.
    controls
        Tables of one crowd of each kind.
    most_rows
        Look at so many rows at most, drawn at random.
    seed
        Of everything drawn at random.

    Raises
    ------
    InputError
        Where fewer than 2 clusters, or of fewer than 2 rows, are asked for.

    Examples
    --------
    >>> rng = np.random.default_rng(0)
    >>> cells = np.concatenate([rng.normal(size=(40, 2)), rng.normal(8, size=(40, 2))])
    >>> table = pd.DataFrame(cells, columns=["x", "y"])
    >>> cluster(table, ["kmeans"], most=4, repeats=3)
    Clustering(2 clusters by k-means: clearly more than one crowd cut up)
    """
    if most < 2 or min(len(train), most_rows) < 2:
        raise InputError(
            "there is nothing to compare",
            where="cluster",
            expected="2 clusters at most, or more, and 2 rows or more",
            got=f"most = {most}, and {min(len(train), most_rows)} rows",
        )
    column = column_of(train, truth)
    problem = untold(train, "cluster", column)
    used = picked(len(train), most_rows, seed)
    table = train if used is None else train.iloc[used]
    rng = np.random.default_rng(seed)
    wanted = list(families or able("cluster"))
    _, rows = Rows.of(table, problem, wanted[0])
    drawn = Crowds(rows)
    crowds = [drawn.draw(how, rng) for how in CONTROLS for _ in range(controls)]
    asked = [
        delayed(tried)(*what, rows, crowds, repeats, seed)
        for what in _options(wanted, most, len(table))
    ]
    with one_thread():
        options = referred(list(Parallel()(asked)))
    notes = list(_notes(problem, options, len(train), len(table)))
    made = (problem, options, best(options), len(table), tuple(notes))
    return Clustering(*made, truth=column)


def _options(
    wanted: Iterable[str], most: int, rows: int
) -> Iterator[tuple[str, str, dict[str, Any]]]:
    """Yield what is to be tried: its name, a family and settings."""
    for name in wanted:
        if name == "hdbscan":
            for share in SMALLEST:
                yield f"{name} {share:.0%}", name, {"smallest": share}
        else:
            for count in range(2, min(most, max(rows // FEWEST, 2)) + 1):
                yield f"{name} {count}", name, {"clusters": count}


def _notes(
    problem: Problem, options: Iterable[Option], given: int, rows: int
) -> Iterator[str]:
    if rows < given:
        yield f"tried on {rows:,} of {given:,} rows"
    if problem.left_out:
        yield f"not looked at (text and dates): {', '.join(problem.left_out)}"
    bells = [o for o in options if o.facts and "bic" in o.facts]
    if bells:
        least = min(bells, key=lambda o: (o.facts or {})["bic"])
        yield f"by BIC alone, a mixture would have {least.clusters}"
