"""Say in one's own words what a model must not be used for."""

from __future__ import annotations

from collections.abc import Callable

from mlkit.core.files import digest
from mlkit.model.review import Review
from mlkit.widgets.panel import Note, panel

__all__ = ["LimitsEditor"]

Record = Callable[[str, str], None]


class LimitsEditor:
    """An editor of what a model must not be used for, beside what its rows tell.

    Parameters
    ----------
    review
        What was found of the model; its limits are shown.

    Attributes
    ----------
    value
        The default: no words.
    seen
        A fingerprint of the limits that were shown.
    """

    def __init__(self, review: Review) -> None:
        self.review = review
        self.value = ""
        self.seen = digest(list(review.limits))

    def picture(self, value: str) -> object:
        """Return what the rows tell, a line each, and a person's words."""
        own = value.strip()
        told = [*self._lines(), *([f"· {own}"] if own else [])]
        head = ["It must not be used for:"] if told else []
        nobody = [] if own else ["nobody has added anything in their own words"]
        return Note(*head, *told, *nobody)

    def widget(self, value: str, record: Record) -> object:
        """Return a box to write in, and a button that keeps the words."""
        import ipywidgets as w

        seen = w.HTML(
            Note("From the rows it learnt from:", *self._lines())._repr_html_()
        )
        box = w.Textarea(
            value=value,
            placeholder="such as: to deny anybody a loan without a person's look",
            rows=4,
            layout=w.Layout(width="44em"),
        )
        return panel(
            "LimitsEditor", [seen, box], lambda why: record(box.value.strip(), why)
        )

    def _lines(self) -> list[str]:
        return [f"· {line}" for line in self.review.limits]
