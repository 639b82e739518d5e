"""Say which features that predict nearly perfectly are nonetheless known in time."""

from __future__ import annotations

from collections.abc import Callable
from html import escape

from mlkit.core.files import digest
from mlkit.model.review import Review
from mlkit.model.words import say
from mlkit.widgets.panel import Note, panel

__all__ = ["LeakPicker"]

Record = Callable[[list[str], str], None]


class LeakPicker:
    """An editor of the features that are known before the target is.

    Parameters
    ----------
    review
        Where features were found that alone predict the target nearly perfectly.

    Attributes
    ----------
    value
        The default: none of them.
    seen
        A fingerprint of the features found.
    """

    def __init__(self, review: Review) -> None:
        self.review = review
        self.value: list[str] = []
        self.settled = not review.leaks
        self.seen = digest(sorted(review.leaks))

    def picture(self, value: list[str]) -> object:
        """Return a line a feature."""
        target = self.review.problem.target
        if not self.review.leaks:
            none = f"no feature alone gives {target} away"
            return Note(self.review.unassessed or none)
        lines = [
            f"{name} alone scores {say(got)}: "
            + ("known in time" if name in value else "not known to be known in time")
            for name, got in self.review.leaks.items()
        ]
        return Note(*lines)

    def widget(self, value: list[str], record: Record) -> object:
        """Return a box to tick for each feature, and a button that keeps the choice."""
        if not self.review.leaks:
            return self.picture(value)
        import ipywidgets as w

        boxes = {
            name: w.Checkbox(value=name in value, description=name, indent=False)
            for name in self.review.leaks
        }
        target = escape(self.review.problem.target)
        asked = w.HTML(f"Tick what is known before {target} is:")
        return panel(
            "LeakPicker",
            [asked, *boxes.values()],
            lambda why: record([n for n, box in boxes.items() if box.value], why),
        )
