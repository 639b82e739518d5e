"""Switch a mitigation on by looking at who is treated how, and at its price."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from mlkit.core.files import digest
from mlkit.model.groups.mitigation import Outlook
from mlkit.model.groups.price import METHODS, asked
from mlkit.widgets.frame import beside
from mlkit.widgets.panel import Note, panel

__all__ = ["MitigationPicker"]

Record = Callable[[Any, str], None]


class MitigationPicker:
    """An editor of what is done so that groups are treated more alike.

    Parameters
    ----------
    outlook
        How the model would treat the groups, on rows that each fold left out.

    Attributes
    ----------
    value
        The default: ``none``.
    seen
        A fingerprint of the gaps between groups.
    """

    def __init__(self, outlook: Outlook) -> None:
        self.outlook = outlook
        self.value: Any = "none"
        self.settled = not outlook.methods
        self.seen = digest([one.__dict__ for one in outlook.before.gaps])

    def picture(self, value: Any) -> object:
        """Return the gaps and what could be done; with a choice, its price."""
        if not self.outlook.methods:
            return Note("no mitigation to switch on", *self.outlook.notes)
        if value == "none":
            return self.outlook
        return self.outlook.price(value)

    def widget(self, value: Any, record: Record) -> object:
        """Return the choice, a button that tries it, and a button that keeps it."""
        if not self.outlook.methods:
            return self.picture(value)
        import ipywidgets as w

        now = asked(value).method
        choice = w.RadioButtons(
            options=[(METHODS[name], name) for name in ("none", *self.outlook.methods)],
            value=now if now in self.outlook.methods else "none",
            layout=w.Layout(width="auto"),
        )
        shown = w.HTML(self.outlook._repr_html_())
        image = w.Image(format="png", layout=w.Layout(width="720px", display="none"))
        attempt = w.Button(description="Show its price")
        said = w.HTML()

        def show(_: Any = None) -> None:
            if choice.value == "none":
                shown.value, image.layout.display = self.outlook._repr_html_(), "none"
                return
            said.value = "fitting ..."
            price = self.outlook.price(choice.value)
            shown.value = price._repr_html_()
            image.value = price.plot()._repr_png_()[0]
            image.layout.display, said.value = "", ""

        attempt.on_click(show)
        return panel(
            "MitigationPicker",
            [choice, beside([attempt, said]), shown, image],
            lambda why: record(choice.value, why),
        )
