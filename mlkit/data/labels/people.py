"""What several people said of the same rows, as one label each."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

__all__ = ["Settled", "by_person", "settle"]

ALONE = "by hand"


@dataclass(frozen=True)
class Settled:
    """One label a row.

    Parameters
    ----------
    labels
        By row id: what most people said; None: the row has no label.
    people
        By row id: how many said something.
    ties
        Rows on which as many people said one thing as another, with what they said:
        they are not in `labels`.
    """

    labels: dict[str, Any] = field(default_factory=dict)
    people: dict[str, int] = field(default_factory=dict)
    ties: dict[str, tuple[Any, ...]] = field(default_factory=dict)


def by_person(labels: Mapping[str, Any]) -> dict[str, dict[str, Any]]:
    """Return labels by row id and person; a bare label is of one person.

    Examples
    --------
    >>> by_person({"a": "cat", "b": {"ann": "dog"}})
    {'a': {'by hand': 'cat'}, 'b': {'ann': 'dog'}}
    """
    return {
        str(row): dict(said) if isinstance(said, Mapping) else {ALONE: said}
        for row, said in labels.items()
        if not (isinstance(said, Mapping) and not said)
    }


def settle(labels: Mapping[str, Any]) -> Settled:
    """Return what most people said of each row.

    Parameters
    ----------
    labels
        By row id: a label, or labels by person.

    Examples
    --------
    >>> said = {"a": {"ann": "cat", "bob": "cat", "eve": "dog"},
    ...         "b": {"ann": "cat", "bob": "dog"}, "c": "owl"}
    >>> settled = settle(said)
    >>> settled.labels, settled.ties
    ({'a': 'cat', 'c': 'owl'}, {'b': ('cat', 'dog')})
    """
    found = Settled()
    for row, said in by_person(labels).items():
        ranked = Counter(said.values()).most_common()
        most = [label for label, count in ranked if count == ranked[0][1]]
        found.people[row] = len(said)
        if len(most) == 1:
            found.labels[row] = most[0]
        else:
            found.ties[row] = tuple(sorted(most, key=str))
    return found
