"""Take one of what was tried, whatever is chosen by itself."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from mlkit.core.files import digest
from mlkit.widgets.panel import Note, panel

__all__ = ["OptionPicker"]

Record = Callable[[str, str], None]
FREE = "what is chosen by itself"


class OptionPicker:
    """An editor of which of several options is to be taken.

    Parameters
    ----------
    options
        By the name that a decision has: what a menu says of it.
    chosen
        The name of the one that is taken where nobody decides.

    Attributes
    ----------
    value
        The default: "", which leaves it at that.
    seen
        A fingerprint of the options.

    Examples
    --------
    >>> OptionPicker({"kmeans 2": "k-means, 2 clusters"}, "kmeans 2").picture("")
    nobody decided: kmeans 2 is taken
    """

    def __init__(self, options: Mapping[str, str], chosen: str) -> None:
        self.options = dict(options)
        self.chosen = chosen
        self.value = ""
        self.settled = True
        self.seen = digest(self.options)

    def picture(self, value: str) -> object:
        """Return in a line what was decided."""
        if value:
            return Note(f"{value} is insisted on")
        return Note(f"nobody decided: {self.chosen} is taken")

    def widget(self, value: str, record: Record) -> object:
        """Return a menu, and a button that keeps."""
        import ipywidgets as w

        told: list[tuple[str, Any]] = [(FREE, "")]
        told += [(f"{name}: {words}", name) for name, words in self.options.items()]
        menu = w.Dropdown(
            options=told,
            value=value if value in self.options else "",
            description="take",
            layout=w.Layout(width="42em"),
        )
        return panel("OptionPicker", [menu], lambda why: record(str(menu.value), why))
