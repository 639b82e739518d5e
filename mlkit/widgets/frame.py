"""What lies around the widgets of a panel: keys, presses, looks in both themes."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

__all__ = ["beside", "middle", "named", "stack"]

HERE = Path(__file__).parent


def stack(name: str, parts: Sequence[Any]) -> Any:
    """Return widgets one below the other, which can be used by the keyboard alone.

    In JupyterLab letters and arrows are commands of the notebook wherever the focus
    is in a menu, a slider, a box or a button; here they are the widget's. A button is
    pressed with what the screen shows, however busy the kernel is.

    Parameters
    ----------
    name
        What its text form says, so that notebooks compare.
    parts
        The widgets.
    """
    import anywidget
    import ipywidgets as w
    import traitlets

    class Frame(anywidget.AnyWidget):  # type: ignore[misc]
        """The page beside this module; it is not seen."""

        _esm = (HERE / "frame.js").read_text(encoding="utf-8")
        _css = (HERE / "frame.css").read_text(encoding="utf-8")
        around = traitlets.Unicode().tag(sync=True)

    class Stack(w.VBox):  # type: ignore[misc]
        """Widgets one below the other, with a fixed text form."""

        def __repr__(self) -> str:
            return f"<{name}>"

    frame = Frame(layout={"display": "none"})
    made = Stack([*parts, frame])
    made.add_class("mlkit-frame")
    frame.around = made.model_id
    return made


def beside(parts: Sequence[Any]) -> Any:
    """Return widgets side by side, which wrap where the page is narrow."""
    import ipywidgets as w

    made = w.HBox(list(parts))
    made.add_class("mlkit-beside")
    return made


def middle(name: str, length: int = 90) -> str:
    """Cut a name that is too long for a line in its middle: the ends tell it apart.

    Examples
    --------
    >>> middle("a name that goes on and on until summer", 21)
    'a name tha…til summer'
    """
    plain, half = " ".join(name.split()), length // 2
    return plain if len(plain) <= length else f"{plain[:half]}…{plain[-half:]}"


def named(part: Any) -> Any:
    """Return a label or a box whose words wrap: long names can be told apart."""
    part.add_class("mlkit-name")
    return part
