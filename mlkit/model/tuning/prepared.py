"""Rows made ready once, for many fits: their truth, their weights, their matrices.

An encoder that looks at the columns alone is fitted once, on all rows; the parts that
are fitted to some of the rows can so be put into one model, behind one door. An
encoder that looks at the target too is fitted to just the rows that are learnt from.
"""

from __future__ import annotations

import time
from collections.abc import Sequence
from dataclasses import replace
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from mlkit.model.encoding.embeddings import WIDTH
from mlkit.model.encoding.encode import Encoder, Encoding
from mlkit.model.families import family, ready
from mlkit.model.fitted import Member, Model, Part, counts_of, estimator_of, weights_of
from mlkit.model.problem import Problem, known

__all__ = ["Prepared"]

Array = NDArray[Any]


class Prepared:
    """Rows made ready for many fits.

    Parameters
    ----------
    table
        Cleaned rows; those without a target are passed over.
    problem
        What to predict.

    Attributes
    ----------
    took
        The seconds that learning an encoder took at most.

    Examples
    --------
    >>> table = pd.DataFrame({"x": [0.0, 1.0] * 20, "y": ["no", "yes"] * 20})
    >>> problem = Problem("two_classes", "y", "roc_auc", ("no", "yes"), ("x",))
    >>> made = Prepared(table, problem)
    >>> first, rest = np.arange(40) < 20, np.arange(40) >= 20
    >>> part = made.fit(Member("tree"), first)
    >>> made.said(part, rest).shape
    (20, 2)
    """

    def __init__(self, table: pd.DataFrame, problem: Problem) -> None:
        self.problem = problem
        self.table = known(table, problem)
        self.truth = problem.truth(self.table)
        self.frame = Model(problem, self.truth)
        self.goal = self.truth
        if not problem.classes:
            self.goal = (self.truth - self.frame.centre) / self.frame.spread
        self.weights = weights_of(self.table, problem)
        self.doors: dict[tuple[Encoding, bytes], int] = {}
        self.encoders: list[Encoder] = []
        self.matrices: dict[int, NDArray[np.float32]] = {}
        self.informed: set[Encoding] = set()
        self.took = 0.0

    def door(self, encoding: Encoding, rows: NDArray[np.bool_], seed: int = 0) -> int:
        """Return the place of an encoder, which is fitted when first asked for.

        Parameters
        ----------
        encoding
            How a family wants its columns.
        rows
            Which are learnt from, shape (rows,).
        seed
            Of the folds within.
        """
        place = self.known(encoding, rows)
        if place is None:
            encoder, matrix = self._learn(encoding, rows, seed)
            place = self._put(encoding, rows, encoder)
            self.matrices[place] = matrix
        return place

    def known(self, encoding: Encoding, rows: NDArray[np.bool_]) -> int | None:
        """Return the place of an encoder; None where there is none yet."""
        every = self.doors.get((encoding, b""))
        return self.doors.get((encoding, rows.tobytes())) if every is None else every

    def take(
        self, encoding: Encoding, rows: NDArray[np.bool_], encoder: Encoder
    ) -> int:
        """Take an encoder that looks at the target of some rows; return its place."""
        self.informed.add(encoding)
        return self._put(encoding, rows, encoder)

    def _put(
        self, encoding: Encoding, rows: NDArray[np.bool_], encoder: Encoder
    ) -> int:
        seen = rows.tobytes() if encoding in self.informed else b""
        self.doors[encoding, seen] = len(self.encoders)
        self.encoders.append(encoder)
        return len(self.encoders) - 1

    def matrix(
        self, encoding: Encoding, rows: NDArray[np.bool_], seed: int = 0
    ) -> NDArray[np.float32]:
        """Return the matrix of all rows to fit on; of an encoder taken it is learnt."""
        place = self.door(encoding, rows, seed)
        if place not in self.matrices:
            self.matrices[place] = self._learn(encoding, rows, seed)[1]
        return self.matrices[place]

    def _learn(
        self, encoding: Encoding, rows: NDArray[np.bool_], seed: int
    ) -> tuple[Encoder, NDArray[np.float32]]:
        """Learn an encoder from all rows; where it looks at the target, from some."""
        start = time.monotonic()
        made = self._learnt(encoding, rows, seed)
        self.took = max(self.took, time.monotonic() - start)
        return made

    def _learnt(
        self, encoding: Encoding, rows: NDArray[np.bool_], seed: int
    ) -> tuple[Encoder, NDArray[np.float32]]:
        learn, problem = Encoder.learn, self.problem
        if encoding not in self.informed:
            encoder, matrix = learn(self.table, problem, encoding, self.goal, seed)
            if not encoder.informed:
                return encoder, matrix
            self.informed.add(encoding)
            if rows.all():
                return encoder, matrix
        some = self.table[rows]
        encoder, seen = learn(some, problem, encoding, self.goal[rows], seed)
        matrix = encoder.transform(self.table)
        matrix[rows] = seen
        return encoder, matrix

    def width(self, encoding: Encoding, rows: NDArray[np.bool_]) -> int:
        """Return how many columns the matrix of an encoding has.

        For that no text is embedded yet, which would take long.
        """
        if encoding.embeddings:
            words = replace(encoding, embeddings=False)
            return self.width(words, rows) + WIDTH * len(self.problem.texts)
        return len(self.encoders[self.door(encoding, rows)].columns)

    def fit(self, member: Member, rows: NDArray[np.bool_], seed: int = 0) -> Part:
        """Fit a member to some of the rows.

        Parameters
        ----------
        member
            A family and its settings.
        rows
            Which to learn from, shape (rows,).
        seed
            Of everything drawn at random.
        """
        kind = ready(member.family, self.problem.kind)
        place = self.door(kind.encoding, rows, seed)
        matrix = self.matrix(kind.encoding, rows, seed)
        seen, ends = np.unique(self.goal[rows], return_inverse=True)
        if len(seen) < 2 or self.encoders[place].empty:
            member, kind = Member("dummy", {}, member.weight), family("dummy")
        made = estimator_of(
            kind,
            member,
            self.problem,
            matrix[rows],
            ends if self.problem.classes else self.goal[rows],
            None if self.weights is None else self.weights[rows],
            seed,
        )
        codes = [int(code) for code in seen] if self.problem.classes else []
        return Part(member, place, made, codes)

    def said(self, part: Part, rows: NDArray[np.bool_]) -> Array:
        """Return what a fitted member predicts of some of the rows."""
        alone = Part(Member(part.family), part.encoder, part.estimator, part.seen)
        return self.model([alone]).said_of([self.matrices[part.encoder][rows]])

    def model(self, parts: Sequence[Part]) -> Model:
        """Return the model of some parts: their weighted mean."""
        made = Model(self.problem, self.truth, counts_of(self.table, self.problem))
        used = sorted({part.encoder for part in parts})
        made.encoders = [self.encoders[place] for place in used]
        for part in parts:
            member = Member(part.family, part.settings, part.weight)
            place = used.index(part.encoder)
            made.parts.append(Part(member, place, part.estimator, part.seen))
        return made
