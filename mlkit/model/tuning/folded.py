"""Fits on all folds but one: made when asked for, or taken from those kept."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import asdict
from typing import Any, cast

import numpy as np
import pandas as pd
from joblib import Parallel, delayed
from numpy.typing import NDArray

from mlkit.model.encoding.encode import Encoder, Encoding
from mlkit.model.families import family
from mlkit.model.fitted import Member, Part, settle
from mlkit.model.measures.metrics import score
from mlkit.model.packing.parity import agree
from mlkit.model.problem import Problem
from mlkit.model.tuning import cross
from mlkit.model.tuning.budget import Budget
from mlkit.model.tuning.kept import Kept, Outcome, again
from mlkit.model.tuning.prepared import Prepared

__all__ = ["Folded"]

Array = NDArray[Any]
FEW, PROBED = 500, 50


class Folded:
    """Fits of members on all folds but one.

    Where folds follow one another in time, each fit has a door of its own, which has
    not seen the future either; else they share one.

    Parameters
    ----------
    rows, problem
        Cleaned rows with their target, and what to predict.
    fold
        Each row's fold, shape (rows,).
    seed
        Of every fit.
    kept
        Where finished fits are kept; None keeps none.
    budget
        Charged with the seconds of fits that were kept; its clock takes the time.
    agreed
        Families of which it is known that they can be packaged.
    """

    def __init__(
        self,
        rows: pd.DataFrame,
        problem: Problem,
        fold: NDArray[np.int64],
        seed: int = 0,
        *,
        kept: Kept | None = None,
        budget: Budget | None = None,
        agreed: Sequence[str] = (),
    ) -> None:
        self.table, self.problem, self.fold, self.seed = rows, problem, fold, seed
        self.kept, self.budget, self.agreed = kept, budget, {"dummy", *agreed}
        self.clock: Callable[[], float] = budget.clock if budget else time.monotonic
        self.count = int(fold.max()) + 1
        self.rolling = bool(fold.min() < 0)
        self.prepared = Prepared(rows, problem)
        self.inside = [fold == k for k in range(self.count)]
        self.outside = [cross.learnt(rows, problem, fold, k) for k in range(self.count)]
        self.truth = [self.prepared.truth[mask] for mask in self.inside]
        self.counted = cross.counted(problem, rows, self.inside)
        self.rows = int(max(mask.sum() for mask in self.outside))
        self.opening: dict[Encoding, float] = {}
        self.few = min(FEW, max(FEW // 5, len(rows) // 5), len(rows))

    def make(
        self, name: str, settings: Mapping[str, Any], folds: Sequence[int]
    ) -> list[Outcome]:
        """Fit and judge on some folds; what was kept is not done again."""
        found = {k: self._kept(name, settings, k) for k in folds}
        lacking = [k for k, one in found.items() if one is None]
        for k in lacking if not self.rolling else ():
            self.door(family(name).encoding, k)
            self.prepared.matrix(family(name).encoding, self.outside[k], self.seed)
        jobs = (delayed(self.one)(name, settings, k) for k in lacking)
        made = Parallel()(jobs) if len(lacking) > 1 else [j[0](*j[1]) for j in jobs]
        for k, (outcome, part) in zip(lacking, made, strict=True):
            found[k] = outcome
            if self.kept is not None:
                if part is not None:
                    self.kept.put_part(name, settings, k, part)
                self.kept.put(name, settings, k, outcome)
        return [one for one in found.values() if one is not None]

    def one(
        self, name: str, settings: Mapping[str, Any], k: int
    ) -> tuple[Outcome, Part | None]:
        """Fit on the rows outside of a fold, and judge on those inside."""
        start = self.clock()
        if self.rolling:
            args = name, settings, self.table, self.problem, self.fold, k, self.seed
            made = cross.trial(*args)
            said, part = made.said, None
        else:
            member = Member(name, settings)
            part = self.prepared.fit(member, self.outside[k], self.seed)
            said = self.prepared.said(part, self.inside[k])
        counted = self.counted[k] if self.counted else None
        value = score(self.problem, self.truth[k], said, counted)
        return Outcome(value, said, self.clock() - start), part

    def door(self, encoding: Encoding, k: int) -> int:
        """Return the place of the encoder of a fold: known, kept or else learnt.

        One that looks at the target is kept, so that training need not learn it anew;
        from a file or not it is the same to `joblib.hash`, as with `part`.
        """
        made, rows, start = self.prepared, self.outside[k], self.clock()
        place = made.known(encoding, rows)
        if place is not None:
            return place
        told = "door", asdict(encoding), k
        kept = None if self.rolling else self.kept
        encoder: Encoder | None = kept.get_part(*told) if kept else None
        if encoder is not None:
            place = made.take(encoding, rows, encoder)
        else:
            place = made.door(encoding, rows, self.seed)
            made.encoders[place] = again(made.encoders[place])
            if kept and encoding in made.informed:
                start = self.clock()
                kept.put_part(*told, made.encoders[place])
        spent = self.opening.get(encoding, 0.0) + self.clock() - start
        self.opening[encoding] = spent
        return place

    def reading(self, names: Iterable[str]) -> float:
        """Return the seconds that training takes to have some families' encoders.

        Those kept are read, which takes as long as to write them; others are learnt.
        """
        asked = {family(name).encoding for name in names}
        return sum(self.opening.get(one, 0.0) for one in asked)

    def holds(self, name: str, settings: Mapping[str, Any]) -> bool:
        """Tell whether what was fitted on the folds is kept, for training to take."""
        kept = self.kept
        return kept is not None and all(
            kept.has_part(name, settings, k) for k in range(self.count)
        )

    def width(self, encoding: Encoding) -> int:
        """Return how many columns the matrix of an encoding has."""
        return len(self.prepared.encoders[self.door(encoding, 0)].columns)

    def part(self, member: Member, k: int) -> Part:
        """Return what was fitted on a fold, from those kept, else fitted again.

        What comes from a file and what is fitted now are the same to the last bit,
        and to `joblib.hash`: both have been through a file's bytes once.
        """
        name, settings = member.family, member.settings
        kept, place = self.kept, self.door(family(name).encoding, k)
        part: Part | None = kept.get_part(name, settings, k) if kept else None
        if part is None:
            part = cast(
                Part, again(self.prepared.fit(member, self.outside[k], self.seed))
            )
        settle(part.estimator)
        part.encoder, part.weight = place, member.weight / self.count
        return part

    def pilot(self, name: str) -> tuple[int, float, str]:
        """Fit to few rows; tell what it took, and why it cannot be packaged."""
        few = np.zeros(len(self.table), bool)
        rng = np.random.default_rng(self.seed)
        few[rng.permutation(len(self.table))[: self.few]] = True
        start = self.clock()
        part = self.prepared.fit(Member(name), few, self.seed)
        taken = self.clock() - start
        why = ""
        if name not in self.agreed:
            slow = family(name).encoding.embeddings
            rows = self.table.head(PROBED // 5 if slow else PROBED)
            why = agree(self.prepared.model([part]), rows).reason
        return self.few, taken, why

    def _kept(self, name: str, settings: Mapping[str, Any], k: int) -> Outcome | None:
        found = self.kept.get(name, settings, k) if self.kept else None
        if found and self.budget:
            self.budget.charge(found.seconds)
        return found
