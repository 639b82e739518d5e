"""What widgets share: a note, and a panel with a button."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from html import escape
from typing import Any

from mlkit.widgets.frame import beside, stack

__all__ = ["Note", "panel"]


class Note:
    """A few lines of text, shown the same way everywhere.

    Examples
    --------
    >>> Note("nothing to set")
    nothing to set
    """

    def __init__(self, *lines: str) -> None:
        self.lines = lines

    def __repr__(self) -> str:
        return "\n".join(self.lines)

    def _repr_html_(self) -> str:
        return "".join(f"<div>{escape(line)}</div>" for line in self.lines)


def panel(name: str, parts: Sequence[Any], keep: Callable[[str], None]) -> object:
    """Return widgets in a column, below them a reason and a button that keeps.

    Parameters
    ----------
    name
        What its text form says, so that notebooks compare.
    parts
        The widgets.
    keep
        Called with the reason when a person presses the button, or Enter.
    """
    import ipywidgets as w

    why = w.Text(placeholder="why", layout=w.Layout(width="30em"))
    button = w.Button(description="Keep this", button_style="primary")
    said = w.HTML()

    def done(_: Any = None) -> None:
        keep(why.value)
        said.value = "kept: run the cells below, this one first"

    button.on_click(done)
    return stack(name, [*parts, beside([why, button, said])])
