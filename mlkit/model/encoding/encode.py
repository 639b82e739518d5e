"""The door of a model: cleaned columns in, one float32 matrix out.

Everything here is done in float32 and in an order that ONNX repeats operation by
operation, so that the packaged model sees bit for bit what the fitted model saw.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from mlkit.core.errors import InputError, did_you_mean
from mlkit.core.rows import MISSING
from mlkit.model.encoding.descriptors import Descriptor
from mlkit.model.encoding.embeddings import Embedding
from mlkit.model.encoding.normal import Normal
from mlkit.model.encoding.rates import Rates, folds_of, goals_of
from mlkit.model.encoding.texts import Texts
from mlkit.model.problem import Problem

__all__ = ["CLIP", "Encoder", "Encoding", "numbers", "words"]

CLIP = 10.0
Floats = NDArray[np.float32]


@dataclass(frozen=True)
class Encoding:
    """How a family wants its columns.

    Parameters
    ----------
    fill
        Fill missing numbers with the median, and add a column that says so;
        otherwise they stay NaN.
    scale
        Centre numbers and divide by their standard deviation, capped at ±10.
    normal
        Replace numbers by the normal deviates of their ranks instead.
    levels
        At most so many levels of a category get a column of their own.
    rare
        A level seen in fewer rows than this gets none; neither does an unseen one.
    rates
        Whether a category of more levels also tells how the target was at each.
    topics
        At most so many topics of a text get a column; 0 leaves words out.
    embeddings
        Whether a text's sentence embedding gets columns too.
    """

    fill: bool = True
    scale: bool = False
    normal: bool = False
    levels: int = 40
    rare: int = 3
    rates: bool = True
    topics: int = 24
    embeddings: bool = False


@dataclass
class Encoder:
    """An encoding fitted to a table.

    Parameters
    ----------
    numbers
        The number columns that are used: those that vary, or are sometimes missing.
    fill, mean, scale
        What `Encoding` says, per number column, float32; `fill` is NaN where
        missing values stay.
    flags
        The number columns whose missing values get a column of their own.
    levels
        For each category column, the levels that get a column.
    normal
        The maps to normal scores, where those are wanted.
    rates
        For each category column of more levels, how the target was at each.
    texts
        For each text column, how its words become numbers.
    embeddings
        For each text column, how its sentence embedding does.
    media
        For each column of images or sounds, how its descriptor does.
    """

    numbers: list[str]
    fill: Floats
    mean: Floats
    scale: Floats
    clip: float
    flags: list[str]
    levels: dict[str, list[str]] = field(default_factory=dict)
    normal: Normal | None = None
    rates: dict[str, Rates] = field(default_factory=dict)
    texts: dict[str, Texts] = field(default_factory=dict)
    embeddings: dict[str, Embedding] = field(default_factory=dict)
    media: dict[str, Descriptor] = field(default_factory=dict)

    @property
    def columns(self) -> list[str]:
        """The names of the matrix's columns."""
        return [name for name, _ in self._named()] or ["(nothing)"]

    @property
    def sources(self) -> list[str]:
        """The table's column that each of the matrix's columns comes of."""
        return [source for _, source in self._named()] or ["(nothing)"]

    @property
    def empty(self) -> bool:
        """Whether no column says anything: the matrix is one column of zeros."""
        return not self._named()

    @property
    def informed(self) -> bool:
        """Whether the target went into a column, so that other rows need another."""
        return bool(self.rates or self.texts)

    def places(self, name: str) -> list[int]:
        """Return which of the matrix's columns come of the table's column `name`."""
        return [at for at, (_, of) in enumerate(self._named()) if of == name]

    def _named(self) -> list[tuple[str, str]]:
        """Return the matrix's columns: the name of each, and what it comes of."""
        found = [(name, name) for name in self.numbers]
        found += [(f"{name} is missing", name) for name in self.flags]
        found += [
            (f"{n} = {v}", n) for n, levels in self.levels.items() for v in levels
        ]
        for name, rates in self.rates.items():
            width = rates.table.shape[1] - 1
            rank = [f" {k + 1}" for k in range(width)] if width > 1 else [""] * width
            found += [(f"{name}: rate{k}", name) for k in rank]
            found.append((f"{name}: how common", name))
        for name, texts in self.texts.items():
            found += [(f"{name}: {column}", name) for column in texts.names]
        for name, points in self._points().items():
            found += [(f"{name}: {column}", name) for column in points.names]
        return found

    def transform(self, table: pd.DataFrame) -> Floats:
        """Return the matrix of `table`, float32, shape (rows, len(columns))."""
        more = [r.transform(words(table, n)) for n, r in self.rates.items()]
        for name, texts in self.texts.items():
            _present(table, [name])
            more.append(texts.transform(table[name]))
        more += self._given(table)
        return self._matrix(table, more)

    def _points(self) -> dict[str, Embedding | Descriptor]:
        return {**self.embeddings, **self.media}

    def _given(self, table: pd.DataFrame) -> list[Floats]:
        """Return the columns of sentence embeddings, images and sounds."""
        points = self._points()
        _present(table, list(points))
        return [made.transform(table[name]) for name, made in points.items()]

    def _matrix(self, table: pd.DataFrame, more: list[Floats]) -> Floats:
        """Return the matrix, its last columns given."""
        raw = numbers(table, self.numbers)
        missing = np.isnan(raw)
        filled = np.where(missing & ~np.isnan(self.fill), self.fill, raw)
        scaled = self._scaled(filled)
        flags = missing[:, [self.numbers.index(name) for name in self.flags]]
        blocks = [scaled, flags.astype(np.float32)]
        blocks += [_ones(words(table, name), v) for name, v in self.levels.items()]
        blocks += more
        matrix = np.concatenate(blocks, axis=1, dtype=np.float32)
        return matrix if matrix.shape[1] else np.zeros((len(table), 1), np.float32)

    @classmethod
    def learn(
        cls,
        table: pd.DataFrame,
        problem: Problem,
        encoding: Encoding,
        goal: NDArray[Any],
        seed: int = 0,
        folds: NDArray[np.int64] | None = None,
    ) -> tuple[Encoder, Floats]:
        """Learn from `table`, and return the matrix to fit on with the encoder.

        That matrix is not quite what `transform` gives: where the target goes into a
        column, each row's cell was made without the row's own.

        Parameters
        ----------
        table
            Cleaned rows, all with a target.
        problem
            What is to be predicted.
        encoding
            How the family wants its columns.
        goal
            Class codes or scaled values, shape (rows,).
        seed
            Of everything drawn at random.
        folds
            Each row's fold, shape (rows,): its cells are made from the answers of the
            other folds. None draws five.
        """
        made = cls.fit(table, problem.numbers, problem.categories, encoding)
        goals = goals_of(problem.kind, goal, len(problem.classes))
        groups = table[problem.group] if problem.group else None
        if folds is None:
            folds = folds_of(len(table), groups, seed)
        more = []
        for name in problem.categories if encoding.rates else ():
            seen = words(table, name)
            if seen.nunique() > encoding.levels:
                made.rates[name] = Rates.fit(seen, goals)
                more.append(made.rates[name].apart(seen, goals, folds))
        for name in problem.texts if encoding.topics else ():
            told = Texts.learn(table[name], goals, folds, encoding.topics, seed)
            if told is not None:
                made.texts[name], cells = told
                more.append(cells)
        for name in problem.texts if encoding.embeddings else ():
            made.embeddings[name] = Embedding.learn(table[name])
        for name, kind in problem.media.items():
            made.media[name] = Descriptor.learn(table[name], kind)
        return made, made._matrix(table, [*more, *made._given(table)])

    def _scaled(self, filled: Floats) -> Floats:
        if self.normal is not None:
            return self.normal.transform(filled)
        scaled: Floats = (filled - self.mean) / self.scale
        if not self.clip:
            return scaled
        return np.clip(scaled, np.float32(-self.clip), np.float32(self.clip))

    @classmethod
    def fit(
        cls,
        table: pd.DataFrame,
        numbers_: Sequence[str],
        categories: Sequence[str],
        encoding: Encoding,
    ) -> Encoder:
        """Learn from `table` what its columns need; columns with one value go.

        Examples
        --------
        >>> table = pd.DataFrame({"age": [1.0, np.nan, 3.0], "sex": ["f", "m", "f"]})
        >>> encoder = Encoder.fit(table, ["age"], ["sex"], Encoding(rare=1))
        >>> encoder.columns
        ['age', 'age is missing', 'sex = f', 'sex = m']
        >>> encoder.transform(table)[1].tolist()
        [2.0, 1.0, 0.0, 1.0]
        """
        raw = numbers(table, list(numbers_))
        missing = np.isnan(raw)
        used = [j for j in range(raw.shape[1]) if _varies(raw[:, j])]
        some = [j for j in used if encoding.fill and missing[:, j].any()]
        raw = raw[:, used].astype(np.float64)
        fill = np.array([np.nanmedian(column) for column in raw.T], np.float32)
        filled = np.where(np.isnan(raw), fill, raw)
        mean, spread = np.zeros(len(used)), np.ones(len(used))
        if encoding.scale and len(used):
            mean, spread = filled.mean(axis=0), filled.std(axis=0)
        normal = encoding.normal and encoding.fill and len(used)
        small = spread <= np.abs(mean) * 1e-7
        spread = np.where(small, 1.0, spread)
        return cls(
            numbers=[numbers_[j] for j in used],
            fill=fill if encoding.fill else np.full(len(used), np.nan, np.float32),
            mean=mean.astype(np.float32),
            scale=spread.astype(np.float32),
            clip=CLIP if encoding.scale else 0.0,
            flags=[numbers_[j] for j in some],
            levels=_levels(table, categories, encoding),
            normal=Normal.fit(filled.astype(np.float32), CLIP) if normal else None,
        )


def numbers(table: pd.DataFrame, names: Sequence[str]) -> Floats:
    """Return number columns as float32, shape (rows, names); not finite is NaN."""
    _present(table, names)
    cells = table[list(names)].to_numpy(np.float64, na_value=np.nan)
    with np.errstate(over="ignore", invalid="ignore"):
        matrix = cells.astype(np.float32)
    return np.where(np.isfinite(matrix), matrix, np.float32(np.nan))


def words(table: pd.DataFrame, name: str) -> pd.Series:
    """Return a category column as text; missing is ``(missing)``."""
    _present(table, [name])
    values = table[name]
    return values.astype(str).where(values.notna(), MISSING)


def _present(table: pd.DataFrame, names: Sequence[str]) -> None:
    absent = [name for name in names if name not in table.columns]
    if absent:
        raise InputError(
            "the table lacks columns that the model was trained on",
            expected=", ".join(absent),
            got=", ".join(map(str, table.columns)),
            todo=did_you_mean(absent[0], map(str, table.columns)),
        )


def _varies(column: Floats) -> bool:
    """Tell whether a column can tell rows apart: two values, or one and missing."""
    given = column[~np.isnan(column)]
    return bool(len(given) and (len(given) < len(column) or (given != given[0]).any()))


def _levels(
    table: pd.DataFrame, categories: Sequence[str], encoding: Encoding
) -> dict[str, list[str]]:
    found: dict[str, list[str]] = {}
    for name in categories:
        counts = words(table, name).value_counts()
        ranked = sorted(counts.items(), key=lambda pair: (-pair[1], str(pair[0])))
        kept = [str(level) for level, count in ranked if count >= encoding.rare]
        kept = sorted(kept[: encoding.levels])
        if len(counts) > 1 and kept:
            found[name] = kept
    return found


def _ones(values: pd.Series, levels: list[str]) -> Any:
    places = pd.Index(levels).get_indexer(pd.Index(values))
    return (places[:, None] == np.arange(len(levels))).astype(np.float32)
