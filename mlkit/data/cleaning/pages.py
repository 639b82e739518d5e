"""What cleaning did and offers, as pages to read."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from mlkit.data.charts.cards import grid, many
from mlkit.data.cleaning.offer import Offer

__all__ = ["UNSEEN", "Changes", "counted_in", "shown"]

UNSEEN = -1
"""How many cells an operation touches that was not played yet."""

LISTED = 100
EXAMPLES = 3
STATES = {"done": "✓", "asked": "✓ asked", "refused": "refused", "offered": "offered"}
HEADS = ("", "operation", "touches", "before → after", "why")


class Changes:
    """Operations with examples of what each changes, as a page to read.

    Parameters
    ----------
    offers
        What is done, refused or offered.
    states
        The state of each by name, where it differs from its own.

    Examples
    --------
    >>> Changes([])
    <0 operations>
    """

    def __init__(
        self, offers: Sequence[Offer], states: Mapping[str, str] | None = None
    ) -> None:
        self.offers = tuple(offers)
        self.states = {offer.name: offer.state for offer in offers} | dict(states or {})

    def __repr__(self) -> str:
        by_state = {
            state: [name for name, told in self.states.items() if told == state]
            for state in STATES
        }
        said = [
            f"{state}: {', '.join(names)}"
            for state, names in by_state.items()
            if names and state != "done"
        ]
        return f"<{'; '.join([many(len(self.states), 'operation'), *said])}>"

    def _repr_html_(self) -> str:
        order = {state: place for place, state in enumerate(STATES)}
        found = sorted(self.offers, key=lambda o: order[self.states[o.name]] > 2)
        lines = [
            (
                *(STATES[self.states[offer.name]], offer.name, counted_in(offer)),
                *(shown(offer), offer.why),
            )
            for offer in found[:LISTED]
        ]
        rest = len(found) - len(lines)
        return grid(HEADS, lines, f"and {many(rest, 'operation')} more" * (rest > 0))


def counted_in(offer: Offer) -> str:
    """Say how many cells or rows an operation touches.

    Examples
    --------
    >>> counted_in(Offer({"op": "trim", "name": "trim a", "why": ""}, "done", 1))
    '1 cell'
    """
    if offer.cells == UNSEEN:
        return ""
    return many(offer.cells, "row" if offer.flags else "cell")


def shown(offer: Offer) -> str:
    """Show a few cells before and after, with how many there are of each.

    Examples
    --------
    >>> trim = {"op": "trim", "name": "trim a", "why": ""}
    >>> shown(Offer(trim, "done", 9, 0, (("' x'", "'x'", 2), ("'y '", "'y'", 1))))
    "' x' → 'x' (2), 'y ' → 'y' (1), 6 more"
    """
    told = [
        f"{before} → {after} ({count:,})"
        for before, after, count in offer.examples[:EXAMPLES]
    ]
    rest = offer.cells - sum(count for *_, count in offer.examples[:EXAMPLES])
    more = [f"{rest:,} more"] if told and rest > 0 else []
    return ", ".join([*told, *more])
