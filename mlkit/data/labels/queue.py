"""Rows to be labelled by one person: what is next, what was said, how far she is."""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Iterable, Mapping
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from mlkit.core.annotations import Annotation, Labels
from mlkit.core.errors import InputError
from mlkit.core.schema import Schema
from mlkit.data.labels.people import settle
from mlkit.data.measures.classes import ordered

__all__ = ["Queue"]

SEED = 0
Places = NDArray[np.intp]
_NEVER = object()


class Queue:
    """The rows of a table as one person labels them.

    Rows without a label are dealt in a fixed shuffled order until `rank` gives a
    better one; then those that only others labelled, so that agreement can be told.

    Parameters
    ----------
    table
        Cleaned rows with a target in their schema.
    labels
        By row id and person; it is changed in place.
    by
        Who labels.
    sent
        Rows that a model is surprised by, and what it says of them: they are dealt
        first, labelled or not, until this person has spoken of them.
    classes
        That can be chosen though no row of the table has them.

    Examples
    --------
    >>> from mlkit.core.schema import Column
    >>> table = pd.DataFrame({"t": ["cat", None]}, index=["a", "b"], dtype="str")
    >>> table = Schema((Column("t", "category", ("target",)),)).attach(table)
    >>> queue = Queue(table, {}, "ann")
    >>> queue.deal(5), queue.progress()
    ([1], (0, 1))
    >>> queue.give("b", "dog").line["label"], queue.progress(), queue.counts()
    ('dog', (1, 1), {'cat': 1, 'dog': 1})
    """

    def __init__(
        self,
        table: pd.DataFrame,
        labels: Labels,
        by: str,
        sent: Mapping[str, Any] | None = None,
        classes: Iterable[str] = (),
    ) -> None:
        schema = Schema.of(table)
        if schema.target is None:
            raise InputError("there is no target to label", todo="name it in collect")
        self.table, self.labels, self.by = table, labels, by
        here = set(table.index) if sent else set()
        self.sent = {row: said for row, said in (sent or {}).items() if row in here}
        self.target = schema.target
        self.numeric = schema[schema.target].type == "number"
        self.source = table[schema.target]
        self._bare = np.flatnonzero(self.source.isna())
        self._order: Places = np.random.default_rng(SEED).permutation(self._bare)
        self._skipped: dict[str, None] = {}
        self._done: list[tuple[str, Any]] = []
        self._counts = Counter() if self.numeric else self._counted()
        self._names = dict.fromkeys(ordered({*self._counts, *classes}))

    @property
    def classes(self) -> list[str]:
        """The classes that can be chosen: the known ones in order, then new ones."""
        return list(self._names)

    def counts(self) -> dict[str, int]:
        """Return how many rows have which class now."""
        return {name: self._counts[name] for name in self._names}

    def progress(self) -> tuple[int, int]:
        """Return how many rows that came without a label have one, of how many."""
        bare = self.source.isna()
        places = self.places(self.labels)
        return int(bare.iloc[places[places >= 0]].sum()), len(self._bare)

    def add(self, name: str) -> None:
        """Add a class.

        Raises
        ------
        InputError
            Where the target is a number, or the name is empty.
        """
        if self.numeric or not name.strip():
            raise InputError("a class needs a name, and a number has no classes")
        self._names.setdefault(name.strip())

    def give(self, row: str, label: Any, seconds: float | None = None) -> Annotation:
        """Note a label and return the line that is to be saved; None says "none".

        Raises
        ------
        InputError
            Where there is no such row, or a label of a number is none.
        """
        self._mind(row)
        label = self._read(label)
        self._done.append((row, self.labels.get(row, {}).get(self.by, _NEVER)))
        self._put(row, label)
        told = None if seconds is None else round(max(float(seconds), 0.0), 1)
        return Annotation(row, label, self.by, seconds=told)

    def skip(self, row: str) -> None:
        """Deal a row only when all others were dealt."""
        self._mind(row)
        self._skipped.pop(row, None)
        self._skipped[row] = None

    def undo(self) -> Annotation | None:
        """Take this person's last label back; return the line that is to be saved."""
        if not self._done:
            return None
        row, before = self._done.pop()
        self._put(row, before)
        if before is _NEVER:
            return Annotation(row, by=self.by, undone=True)
        return Annotation(row, before, self.by)

    def deal(self, count: int, holding: Collection[str] = ()) -> list[int]:
        """Return the places of the next rows.

        Parameters
        ----------
        count
            How many.
        holding
            Rows that the person has before her already.
        """
        held, dealt = set(holding), []
        for place in self._candidates():
            row = str(self.table.index[place])
            if row not in held:
                held.add(row)
                dealt.append(int(place))
            if len(dealt) == count:
                break
        return dealt

    def rank(self, places: Iterable[int]) -> None:
        """Deal rows in this order from now on; those it leaves out come last."""
        first = np.fromiter(places, np.intp)
        rest = self._order[~np.isin(self._order, first)]
        self._order = np.concatenate([first, rest])

    def mine(self, row: str) -> tuple[bool, Any]:
        """Return whether this person labelled a row, and what she said."""
        said = self.labels.get(row, {})
        return self.by in said, said.get(self.by)

    def now(self, row: str) -> Any:
        """Return a row's label as it stands: people's where settled, else its own."""
        settled = settle({row: self.labels.get(row, {})})
        if row in settled.labels:
            return settled.labels[row]
        own = self.source.loc[row]
        return None if pd.isna(own) else own

    def places(self, rows: Iterable[str]) -> Places:
        """Return the places of rows, −1 where there is none."""
        asked = pd.Index(list(rows), dtype="str")
        return np.asarray(self.table.index.get_indexer(asked), np.intp)

    def _candidates(self) -> Iterable[int]:
        """Yield places: sent back, unlabelled, labelled by others only, skipped."""
        index = self.table.index
        for row in self.sent:
            if self.by not in self.labels.get(row, {}) and row not in self._skipped:
                yield int(self.places([row])[0])
        for place in self._order:
            row = index[place]
            if row not in self.labels and row not in self._skipped:
                yield place
        for row in (*self.labels, *self._skipped):
            mine = self.by in self.labels.get(row, {})
            place = int(self.places([row])[0])
            if place >= 0 and not mine:
                yield place

    def _counted(self) -> Counter[Any]:
        counts = Counter(self.source.dropna().astype("str").value_counts().to_dict())
        here = self.table.index[self.table.index.isin(list(self.labels))]
        for row in here:
            own, now = self.source.loc[row], self.now(row)
            if not pd.isna(own):
                counts[str(own)] -= 1
            if now is not None:
                counts[str(now)] += 1
            for said in self.labels[row].values():
                if said is not None:
                    counts[str(said)] += 0
        return counts

    def _put(self, row: str, label: Any) -> None:
        before = self.now(row)
        if label is _NEVER:
            self.labels.get(row, {}).pop(self.by, None)
            if not self.labels.get(row):
                self.labels.pop(row, None)
        else:
            self.labels.setdefault(row, {})[self.by] = label
            self._skipped.pop(row, None)
        if self.numeric:
            return
        after = self.now(row)
        for word, step in ((before, -1), (after, 1)):
            if word is not None:
                self._counts[str(word)] += step
        if isinstance(label, str):
            self._names.setdefault(label)

    def _read(self, label: Any) -> Any:
        if label is None:
            return None
        if not self.numeric:
            word = str(label).strip()
            if not word:
                raise InputError("a label is a word", got="nothing")
            return word
        try:
            number = float(label)
        except (TypeError, ValueError):
            number = np.nan
        if not np.isfinite(number):
            raise InputError("a label of this target is a number", got=repr(label)[:80])
        return number

    def _mind(self, row: str) -> None:
        if row not in self.table.index:
            raise InputError("there is no such row", got=repr(row)[:80])
