"""Refuse or accept cleaning operations by name, looking at what each changes."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from html import escape
from typing import Any

from mlkit.core.files import digest
from mlkit.core.rows import place_of
from mlkit.data.charts.style import QUIET
from mlkit.data.clean import Cleaned
from mlkit.data.cleaning.offer import Offer
from mlkit.data.cleaning.pages import UNSEEN, Changes, counted_in, shown
from mlkit.data.cleaning.telling import wish
from mlkit.widgets.frame import beside
from mlkit.widgets.panel import Note, panel

__all__ = ["CleaningEditor"]

LISTED = 100

Choice = dict[str, list[Any]]
Record = Callable[[Any, str], None]


class CleaningEditor:
    """An editor of which cleaning operations are done.

    What is proposed is done unless a person refuses it; what is offered beyond that is
    done only if she accepts it.

    Parameters
    ----------
    proposed
        The table with every proposed operation done.

    Attributes
    ----------
    value
        The default: nothing is refused, accepted or added.
    seen
        A fingerprint of what is proposed and offered.
    """

    def __init__(self, proposed: Cleaned) -> None:
        self.offers = {offer.name: offer for offer in proposed.offers}
        self.value: Choice = _choice({})
        self.settled = not self.offers
        self.seen = digest(sorted(self.offers))

    def picture(self, value: Any) -> object:
        """Return the operations as a page to read, with what is decided of each."""
        choice = _choice(value)
        asked = {offer.name: offer for offer in map(_as_offer, choice["add"])}
        found = {**self.offers, **asked}
        if not found:
            return Note("there is nothing to clean")
        states = {n: self._state(n, choice) for n in self.offers if n not in asked}
        return Changes([*found.values()], states)

    def widget(self, value: Any, record: Record) -> object:
        """Return a box for each operation, and a button that keeps the choice."""
        choice = _choice(value)
        if not self.offers and not choice["add"]:
            return self.picture(value)
        asked = [_Line(_as_offer(operation), True) for operation in choice["add"]]
        names = {line.tick.description for line in asked}
        others = [name for name in self.offers if name not in names]
        lines = {name: self._line(name, choice) for name in others[:LISTED]}
        rest = len(others) - len(lines)
        return panel(
            "CleaningEditor",
            self._parts(lines, asked, rest),
            lambda why: record(self._kept(choice, lines, asked), why),
        )

    def _line(self, name: str, choice: Choice) -> _Line:
        return _Line(self.offers[name], self._state(name, choice) == "done")

    def _state(self, name: str, choice: Choice) -> str:
        if name in choice["refuse"]:
            return "refused"
        by_default = self.offers[name].state == "done"
        return "done" if by_default or name in choice["accept"] else "offered"

    def _parts(
        self, lines: Mapping[str, _Line], asked: Sequence[_Line], rest: int
    ) -> list[Any]:
        import ipywidgets as w

        done = [n for n in lines if self.offers[n].state == "done"]
        groups = {
            "Proposed: done unless you refuse": [lines[n] for n in done],
            "Offered: done only if you accept": [
                line for n, line in lines.items() if n not in done
            ],
            "Asked for": list(asked),
        }
        parts: list[Any] = []
        for title, group in groups.items():
            if group:
                parts.append(w.HTML(f"<b>{title}</b>"))
                parts.append(w.VBox([line.box for line in group]))
        if rest:
            parts.append(w.HTML(f"and {rest:,} more, decided by name"))
        return parts

    def _kept(
        self, choice: Choice, lines: Mapping[str, _Line], asked: Sequence[_Line]
    ) -> Choice:
        """Return the choice that the boxes make; names not shown stay decided."""
        refuse = [name for name in choice["refuse"] if name not in lines]
        accept = [name for name in choice["accept"] if name not in lines]
        for name, line in lines.items():
            by_default = self.offers[name].state == "done"
            if by_default and not line.wanted:
                refuse.append(name)
            if not by_default and line.wanted:
                accept.append(name)
        both = zip(choice["add"], asked, strict=True)
        add = [operation for operation, line in both if line.wanted]
        return {"refuse": refuse, "accept": accept, "add": add}


class _Line:
    """One operation on one line: a box, and what it changes."""

    def __init__(self, offer: Offer, wanted: bool) -> None:
        import ipywidgets as w

        self.tick = w.Checkbox(
            value=wanted,
            description=offer.name,
            indent=False,
            layout=w.Layout(width="18em", flex="0 0 auto"),
        )
        told = w.HTML(_told(offer), layout=w.Layout(flex="1 1 16em"))
        self.box = beside([self.tick, told])

    @property
    def wanted(self) -> bool:
        return bool(self.tick.value)


def _told(offer: Offer) -> str:
    """Say what an operation touches and why, examples below; as safe HTML."""
    why = offer.why if offer.state == "asked" else f"{counted_in(offer)}: {offer.why}"
    examples = f"{shown(offer)}" if offer.examples else ""
    quiet = f'<div style="color:{QUIET}">{escape(examples)}</div>' if examples else ""
    return f'<div style="line-height:1.5">{escape(why)}{quiet}</div>'


def _choice(value: Any) -> Choice:
    """Return a decision in its full form; a list of names refuses them."""
    if isinstance(value, Mapping):
        return {k: list(value.get(k, ())) for k in ("refuse", "accept", "add")}
    return {"refuse": list(value or ()), "accept": [], "add": []}


def _as_offer(operation: Any) -> Offer:
    """Show an operation that was asked for as it was written."""
    told = operation if isinstance(operation, Mapping) else {"op": str(operation)}
    place = place_of(told) if "column" in told else ""
    name = f"{told.get('op')} {place}".strip()
    form = {"op": "trim", **told, "name": str(told.get("name", name))}
    return Offer({**form, "why": wish(told)}, "asked", UNSEEN)
