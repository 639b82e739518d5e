"""Refuse proposed cleaning operations by name."""

from __future__ import annotations

from collections.abc import Callable

from mlkit.core.files import digest
from mlkit.data.charts.cards import grid, many
from mlkit.data.clean import Cleaned
from mlkit.widgets.panel import Note, panel

__all__ = ["CleaningEditor"]

LISTED = 100

Record = Callable[[list[str], str], None]


class CleaningEditor:
    """An editor of which cleaning operations are not wanted.

    Parameters
    ----------
    proposed
        The table with every proposed operation done.

    Attributes
    ----------
    value
        The default: nothing is refused.
    seen
        A fingerprint of what is proposed.
    """

    def __init__(self, proposed: Cleaned) -> None:
        cleaning = proposed.cleaning
        self.offers = {
            op["name"]: f"{many(cleaning.touched[op['name']], 'cell')}: {op['why']}"
            for op in cleaning.told
        }
        twice = proposed.dropped.get("duplicate", 0)
        if twice:
            self.offers["duplicates"] = f"{twice:,} rows equal an earlier one: flagged"
        self.value: list[str] = []
        self.settled = not self.offers
        self.seen = digest(sorted(self.offers))

    def picture(self, value: list[str]) -> object:
        """Return the operations as a page to read, the refused ones marked."""
        if not self.offers:
            return Note("there is nothing to clean")
        return _Offers({n: (n not in value, why) for n, why in self.offers.items()})

    def widget(self, value: list[str], record: Record) -> object:
        """Return a box for each operation, and a button that keeps the choice."""
        if not self.offers:
            return self.picture(value)
        import ipywidgets as w

        wide = w.Layout(width="20em")
        boxes = {
            name: w.Checkbox(
                value=name not in value, description=name, indent=False, layout=wide
            )
            for name in self.offers
        }
        lines = [w.HBox([box, w.Label(self.offers[n])]) for n, box in boxes.items()]
        gone = [name for name in value if name not in self.offers]
        return panel(
            "CleaningEditor",
            [w.VBox(lines)],
            lambda why: record(
                gone + [n for n, b in boxes.items() if not b.value], why
            ),
        )


class _Offers:
    """Operations and whether they are done, as a page to read."""

    def __init__(self, offers: dict[str, tuple[bool, str]]) -> None:
        self.offers = offers

    def __repr__(self) -> str:
        refused = [name for name, (done, _) in self.offers.items() if not done]
        told = f", refused: {', '.join(refused)}" if refused else ""
        return f"<{len(self.offers)} operations proposed{told}>"

    def _repr_html_(self) -> str:
        lines = [
            ("✓" if done else "refused", name, why)
            for name, (done, why) in list(self.offers.items())[:LISTED]
        ]
        rest = len(self.offers) - len(lines)
        more = f"and {many(rest, 'operation')} more" if rest else ""
        return grid(("", "operation", "what it does"), lines, more)
