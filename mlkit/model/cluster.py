"""Look for clusters: families and numbers of clusters held against one crowd."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import asdict, dataclass, replace
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd
from joblib import Parallel, delayed

from mlkit.core.errors import InputError, did_you_mean
from mlkit.model.families import able, family
from mlkit.model.fitted import Model
from mlkit.model.grid import Grid
from mlkit.model.patterns.bowls import Clusters
from mlkit.model.patterns.control import CONTROLS, Crowds
from mlkit.model.patterns.cuts import cuts, whole
from mlkit.model.patterns.fitting import Rows, fit, grow, picked
from mlkit.model.patterns.stability import FEWEST, again, apart
from mlkit.model.patterns.truth import column_of, untold
from mlkit.model.problem import Problem
from mlkit.model.threads import one_thread
from mlkit.model.words import say

if TYPE_CHECKING:
    from mlkit.data.charts.style import Picture

__all__ = ["Clustering", "Option", "cluster"]

SMALLEST = (0.02, 0.05, 0.1)
GAIN, STABLE, NEAR, ENOUGH = 0.1, 0.6, 0.03, 0.5


@dataclass(frozen=True)
class Option:
    """One family, told how many clusters to make or how small they may be.

    Parameters
    ----------
    name
        What a person calls it by: ``kmeans 3``, ``hdbscan 5%``.
    family, settings
        What is fitted.
    clusters
        How many it found.
    silhouette
        How far apart they lie, −1 to 1; rows that belong to none count 0.
    crowd
        The same in tables of one crowd, as many of each kind.
    cuts
        How many pairs of its clusters nothing parts; see `mlkit.model.patterns.cuts`.
    crowds
        How many there are once these are put together; 0 where it was not asked.
    reference
        What families reach on average, with as many clusters, in the kind of crowd
        that is likest to have some.
    stability
        How far clusters of parts of the rows agree with it, at most 1.
    none
        The share of rows that belong to no cluster.
    facts
        What else the family tells: ``bic``, ``agrees``.
    """

    name: str
    family: str
    settings: Mapping[str, Any]
    clusters: int
    silhouette: float
    crowd: tuple[float, ...]
    stability: float
    none: float = 0.0
    facts: Mapping[str, float] | None = None
    cuts: int = 0
    crowds: int = 0
    reference: float = 0.0

    @property
    def title(self) -> str:
        """What it is, in words."""
        return family(self.family).title

    @property
    def gain(self) -> float:
        """How much of what one crowd leaves to be gained is gained, at most 1."""
        return (self.silhouette - self.reference) / max(1 - self.reference, 1e-9)

    @property
    def most(self) -> float:
        """What one crowd may reach: its best draw, and as much more as draws differ."""
        if not self.crowd:
            return 0.0
        kinds = np.reshape(self.crowd, (len(CONTROLS), -1))
        return float((2 * kinds.max(axis=1) - kinds.min(axis=1)).max())

    @property
    def cut(self) -> str:
        """That some of its clusters are one crowd, in words; "" where none are."""
        times = f", {self.cuts} times" if self.cuts > 1 else ""
        return f"cuts one crowd in two{times}" if self.cuts else ""

    @property
    def doubt(self) -> str:
        """Why these are no clusters; "" where they are.

        A family that says itself how many there are, and finds none in any crowd,
        needs no distance to prove it: rings lie no further apart than one crowd does.
        """
        if self.clusters < 2:
            return "finds one crowd"
        if self.clusters < self.settings.get("clusters", 0):
            return f"finds {self.clusters} only"
        alone = "clusters" not in self.settings and not any(self.crowd)
        if not alone and self.silhouette <= self.most:
            return "no further apart than in one crowd"
        if not alone and self.gain < GAIN:
            return "hardly further apart than in one crowd"
        if self.stability < STABLE:
            return "does not come again"
        return "is one crowd, cut up" if self.crowds == 1 else ""


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
        tried = len(self.options)
        return f"No clusters: none of {tried} tries is clearly more than one crowd"

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
        from mlkit.model.charts.cluster import tried

        return tried(self)

    def to_dict(self) -> dict[str, Any]:
        """Return a plain JSON form."""
        return {**asdict(self), "problem": self.problem.to_dict()}

    @classmethod
    def from_dict(cls, form: Mapping[str, Any]) -> Clustering:
        """Read the form that `to_dict` gives."""
        options = [Option(**{**o, "crowd": tuple(o["crowd"])}) for o in form["options"]]
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
    tried = [
        delayed(_tried)(*what, rows, crowds, repeats, seed)
        for what in _options(wanted, most, len(table))
    ]
    with one_thread():
        options = _referred(list(Parallel()(tried)))
    notes = list(_notes(problem, options, len(train), len(table)))
    made = (problem, options, _best(options), len(table), tuple(notes))
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


def _tried(
    name: str,
    kind: str,
    settings: Mapping[str, Any],
    rows: Rows,
    crowds: list[Rows],
    repeats: int,
    seed: int,
) -> Option:
    """Fit once to the rows and to each crowd, and again to parts of the rows."""
    made = grow(kind, settings, rows, "cluster", seed)
    assert isinstance(made, Clusters)
    labels, count = made.predict(rows.matrix), _filled(made)
    cells = made.space.transform(rows.matrix)
    pairs = cuts(cells, labels, count) if "clusters" in settings else []
    how = {"repeats": repeats if count > 1 else 0, "seed": seed}
    found = again(kind, settings, rows, labels, count, **how)
    return Option(
        name=name,
        family=kind,
        settings=dict(settings),
        clusters=count,
        silhouette=_apart(made, rows),
        crowd=tuple(
            _apart(grow(kind, settings, one, "cluster", seed), one) for one in crowds
        ),
        stability=round(found.stability, 6),
        none=round(float((labels >= made.count).mean()), 6),
        facts={k: round(v, 6) for k, v in made.facts.items()},
        cuts=len(pairs),
        crowds=whole(pairs, count),
    )


def _filled(made: Clusters) -> int:
    """Return how many clusters have rows: of equal rows some stay empty."""
    return len(np.unique(made.labels[made.labels < made.count]))


def _apart(made: Any, rows: Rows) -> float:
    labels = made.predict(rows.matrix)
    return round(float(apart(rows, labels, made.count).mean()), 6)


def _referred(options: list[Option]) -> tuple[Option, ...]:
    """Tell each option what one crowd reaches with as many clusters, at best."""
    reached: dict[int, float] = {}
    for one in options:
        if "clusters" in one.settings and one.crowd:
            kinds = np.reshape(one.crowd, (len(CONTROLS), -1))
            mean = float(kinds.mean(axis=1).max())
            reached[one.clusters] = max(reached.get(one.clusters, 0.0), mean)
    found = []
    for one in options:
        near = min(reached, key=lambda n: abs(n - one.clusters), default=0)
        level = reached.get(near, float(np.mean(one.crowd)) if one.crowd else 0.0)
        found.append(replace(one, reference=round(level, 6)))
    return tuple(found)


def _best(options: Iterable[Option]) -> str:
    """Return the clearest option that is real, else the clearest of all.

    Those that cut no crowd in two go first, unless they are much less clear. Of those
    that are about as clear, the one that comes again most surely; of these the one that
    parts most, if it cuts nothing; of these the first: the plainest family.
    """
    found = [one for one in options if one.clusters > 1] or list(options)
    real = [one for one in found if not one.doubt] or found
    top = max(one.gain for one in real)
    real = [one for one in real if not one.cuts and one.gain >= ENOUGH * top] or real
    top = max(one.gain for one in real)
    near = [one for one in real if one.gain >= top - NEAR]
    return max(near, key=_surely).name


def _surely(one: Option) -> tuple[float, int]:
    return round(one.stability, 1), -one.clusters if one.cuts else one.clusters


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
