"""One try at clusters: what it found, beside what it finds where there are none."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from mlkit.model.families import family
from mlkit.model.patterns.bowls import Clusters
from mlkit.model.patterns.control import CONTROLS
from mlkit.model.patterns.cuts import cuts, whole
from mlkit.model.patterns.fitting import Rows, grow
from mlkit.model.patterns.stability import again, apart

__all__ = ["STABLE", "Option", "best", "referred", "tried"]

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
        The pairs of its clusters that nothing parts; see `mlkit.model.patterns.cuts`.
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
    cuts: tuple[tuple[int, int], ...] = ()
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
        times = f", {len(self.cuts)} times" if len(self.cuts) > 1 else ""
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
        one = whole(self.cuts, self.clusters) == 1
        return "is one crowd, cut up" if one else ""

    @classmethod
    def from_dict(cls, form: Mapping[str, Any]) -> Option:
        """Read the plain JSON form."""
        cuts = tuple((a, b) for a, b in form.get("cuts", ()))
        return cls(**{**form, "crowd": tuple(form["crowd"]), "cuts": cuts})


def tried(
    name: str,
    kind: str,
    settings: Mapping[str, Any],
    rows: Rows,
    crowds: list[Rows],
    repeats: int,
    seed: int,
) -> Option:
    """Fit once to the rows and to each crowd, and again to parts of the rows.

    Parameters
    ----------
    name, kind, settings
        What it is called, the family, and how it is told how many clusters to make.
    rows, crowds
        Encoded rows, and tables in which there are no clusters.
    repeats, seed
        Fits to parts of the rows, and the seed of everything drawn at random.
    """
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
        cuts=tuple(pairs),
    )


def _filled(made: Clusters) -> int:
    """Return how many clusters have rows: of equal rows some stay empty."""
    return len(np.unique(made.labels[made.labels < made.count]))


def _apart(made: Any, rows: Rows) -> float:
    labels = made.predict(rows.matrix)
    return round(float(apart(rows, labels, made.count).mean()), 6)


def referred(options: Iterable[Option]) -> tuple[Option, ...]:
    """Tell each option what one crowd reaches with as many clusters, at best."""
    options = list(options)
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


def best(options: Iterable[Option]) -> str:
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
