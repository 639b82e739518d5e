"""What widgets share: a note, and a panel with a button."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from html import escape
from typing import Any

from mlkit.widgets.frame import beside, stack

__all__ = ["Note", "panel", "watch"]


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

    def other(_: Any = None) -> None:
        said.value = ""

    for part in (why, *parts):
        watch(part, other)
    button.on_click(done)
    return stack(name, [*parts, beside([why, button, said])])


def watch(part: Any, act: Callable[[Any], None]) -> None:
    """Call `act` when a widget's value changes, or that of one that lies in it.

    Parameters
    ----------
    part
        A widget; those that are put into it later are watched, too.
    act
        Called with the change.

    Examples
    --------
    >>> import ipywidgets as w
    >>> said, box = [], w.VBox([w.Text()])
    >>> watch(box, lambda change: said.append(change["new"]))
    >>> box.children[0].value = "a"
    >>> box.children = [w.Text()]
    >>> box.children[0].value = "b"
    >>> said[0], said[-1]
    ('a', 'b')
    """
    if part.has_trait("value"):
        part.observe(act, names="value")
    if not part.has_trait("children"):
        return
    for child in part.children:
        watch(child, act)

    def more(change: Any) -> None:
        for child in change["new"]:
            if child not in change["old"]:
                watch(child, act)
        act(change)

    part.observe(more, names="children")
