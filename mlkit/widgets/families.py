"""Cross out families of models, or insist on one."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from html import escape
from typing import Any

from mlkit.core.files import digest
from mlkit.model.measures.metrics import METRICS
from mlkit.model.shortlist import Shortlist
from mlkit.model.words import listed, say
from mlkit.widgets.panel import Note, panel

__all__ = ["FamilyPicker"]

Choice = Mapping[str, Any]
Record = Callable[[dict[str, Any], str], None]
FREE = "whichever is best"


class FamilyPicker:
    """An editor of which families may be trained.

    Parameters
    ----------
    shortlist
        How the families did.

    Attributes
    ----------
    value
        The default: none is crossed out, none insisted on. ``out`` names families,
        ``insist`` one or "".
    seen
        A fingerprint of the comparison.
    """

    def __init__(self, shortlist: Shortlist) -> None:
        self.shortlist = shortlist
        self.value: dict[str, Any] = {"out": [], "insist": ""}
        self.settled = True
        scores = {c.family: c.score for c in shortlist.candidates}
        self.seen = digest([shortlist.problem.metric, scores])

    def picture(self, value: Choice) -> object:
        """Return in a line or two what was decided."""
        titles = {c.family: c.title for c in self.shortlist.candidates}
        insisted, out = str(value.get("insist") or ""), value.get("out") or ()
        lines = [f"{titles.get(insisted, insisted)} is insisted on"] if insisted else []
        if out:
            told = listed(titles.get(name, name) for name in out)
            lines.append(f"crossed out: {told}")
        return Note(*lines or ["no family is crossed out or insisted on"])

    def widget(self, value: Choice, record: Record) -> object:
        """Return a box to untick for each family, a menu, and a button that keeps."""
        import ipywidgets as w

        metric = METRICS[self.shortlist.problem.metric].title
        boxes = {
            c.family: w.Checkbox(
                value=c.family not in (value.get("out") or ()),
                description=f"{c.title}: {metric} {say(c.score, 4)}",
                indent=False,
                layout=w.Layout(width="30em"),
            )
            for c in self.shortlist.candidates
            if c.family != "dummy"
        }
        titles = [(self.shortlist[name].title, name) for name in boxes]
        insist = w.Dropdown(
            options=[(FREE, ""), *titles],
            value=value.get("insist") if value.get("insist") in boxes else "",
            description="train",
        )
        target = escape(self.shortlist.problem.target)
        asked = w.HTML(f"Untick what is not to predict {target}:")

        def keep(why: str) -> None:
            out = [name for name, box in boxes.items() if not box.value]
            record({"out": out, "insist": insist.value}, why)

        return panel("FamilyPicker", [asked, *boxes.values(), insist], keep)
