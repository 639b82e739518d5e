"""Settle what a profile found: a click adds the remedy to its decision."""

from __future__ import annotations

from html import escape
from typing import Any

import pandas as pd

from mlkit.core import decisions
from mlkit.core.files import canonical, read_state
from mlkit.core.merging import merged, without
from mlkit.core.project import Project
from mlkit.core.session import is_person, session, show
from mlkit.data.charts.cards import many
from mlkit.data.charts.readings import MARKS
from mlkit.data.contract import infer
from mlkit.data.measures.alert import Alert
from mlkit.data.profile import Profile
from mlkit.widgets.contract import ContractEditor
from mlkit.widgets.frame import beside, stack
from mlkit.widgets.panel import Note

__all__ = ["RemedyPanel"]

STEPS = {"cleaning": "clean", "columns": "collect", "contract": "validate"}
EFFECTS = {
    "accept": "clean: {}",
    "add": "clean: {}",
    "roles": "give it the role {}",
    "types": "read it as {}",
}


class RemedyPanel:
    """The alerts of a profile, each with a button that settles it.

    A click merges the remedy into the recorded decision, so that earlier clicks stay;
    a second click on the same button takes it out again. A rule is added to those that
    are proposed, which are written down with it. It decides nothing on its own, and a
    run shows a still note.

    Parameters
    ----------
    profile
        What was found.
    table
        The table it was found in, from which the contract's other rules are proposed.
    """

    def __init__(self, profile: Profile, table: pd.DataFrame) -> None:
        self.table = table
        self.alerts = [alert for alert in profile.alerts if alert.fix]
        self.others = len(profile.alerts) - len(self.alerts)

    def is_settled(self, alert: Alert) -> bool:
        """Tell whether the recorded decision says already what the remedy says."""
        made = decisions.read(self._project.decisions, alert.decision)
        if made is None:
            return False
        return canonical(merged(made.value, alert.change)) == canonical(made.value)

    def settle(self, alert: Alert, why: str = "") -> str:
        """Add a remedy to its decision, and say what will run again.

        Parameters
        ----------
        alert
            One of the panel's alerts.
        why
            The reason; by default the alert's evidence.
        """
        if self.is_settled(alert):
            return "it is settled already"
        made = decisions.read(self._project.decisions, alert.decision)
        proposed, seen = self._proposed(alert.decision)
        value = merged(made.value if made else proposed, alert.change)
        reason = why or f"{alert.kind}, {alert.column}: {alert.evidence}".replace(
            " ,", ""
        )
        self._record(alert.decision, value, reason, made.seen if made else seen)
        return f"kept: {self.next_steps(alert.decision)}"

    def undo(self, alert: Alert) -> str:
        """Take a remedy out of its decision, and say what will run again."""
        made = decisions.read(self._project.decisions, alert.decision)
        if made is None:
            return "nothing is decided"
        left = without(made.value, alert.change)
        proposed, _ = self._proposed(alert.decision)
        if left is None or (proposed and canonical(left) == canonical(proposed)):
            decisions.forget(self._project.decisions, alert.decision)
        else:
            self._record(alert.decision, left, made.why, made.seen)
        return f"taken back: {self.next_steps(alert.decision)}"

    def next_steps(self, decision: str) -> str:
        """Say which steps a changed decision makes run again."""
        store = self._project.state / "steps"
        using = [
            path.stem
            for path in sorted(store.glob("*.json"))
            for record in (read_state(path, list) or [])[:1]
            if decision in record.get("depfile", {}).get("decisions", {})
        ]
        steps = ", ".join(using) or STEPS.get(decision, "the step that asks for it")
        return f"{steps} and what follows will run again with `mlkit run`"

    def picture(self) -> object:
        """Return a still note, for a run."""
        if not self.alerts:
            return Note("there is nothing that a click could settle")
        told = f"{many(len(self.alerts), 'alert')} can be settled by a click"
        return Note(f"{told}: open this notebook, or use the commands above")

    def widget(self) -> object:
        """Return a line an alert, each with its button."""
        if not self.alerts:
            return self.picture()
        import ipywidgets as w

        why = w.Text(placeholder="why (the evidence, if left empty)")
        why.layout.width = "30em"
        lines = [_Line(self, alert, why).box for alert in self.alerts]
        height = "28em" if len(lines) > 10 else "auto"
        below = w.VBox(lines, layout=w.Layout(max_height=height))
        return stack("RemedyPanel", [why, below])

    def __repr__(self) -> str:
        return f"<RemedyPanel of {many(len(self.alerts), 'alert')}>"

    def _ipython_display_(self) -> None:
        live = is_person() and session().project is not None
        show(self.widget() if live else self.picture())

    @property
    def _project(self) -> Project:
        return session().here

    def _proposed(self, decision: str) -> tuple[Any, str]:
        """Return what holds where nothing is decided, and its fingerprint."""
        if decision != "contract":
            return None, ""
        editor = ContractEditor(infer(self.table))
        return editor.value, editor.seen

    def _record(self, name: str, value: Any, why: str, seen: str) -> None:
        decisions.record(self._project.decisions, name, value, why=why, seen=seen)


class _Line:
    """One alert on one line."""

    def __init__(self, panel: RemedyPanel, alert: Alert, why: Any) -> None:
        import ipywidgets as w

        self.panel, self.alert, self.why = panel, alert, why
        mark, tone = MARKS[alert.level]
        head = " · ".join(filter(None, (alert.kind, alert.column)))
        told = (
            f'<span style="color:{tone}">{mark}</span> <b>{escape(head)}</b><br>'
            f'<span style="line-height:1.3">{escape(alert.evidence)}</span>'
        )
        self.button = w.Button(layout=w.Layout(width="9em", min_width="9em"))
        self.said = w.HTML()
        self.button.on_click(self.press)
        self.effect = w.HTML(escape(_effect(alert)), layout=w.Layout(width="16em"))
        evidence = w.HTML(told, layout=w.Layout(width="30em"))
        self.box = beside([evidence, self.effect, self.button, self.said])
        self.show()

    def press(self, _: Any = None) -> None:
        """Settle the alert, or take that back."""
        settled = self.panel.is_settled(self.alert)
        done = (
            self.panel.undo(self.alert)
            if settled
            else self.panel.settle(self.alert, self.why.value)
        )
        self.said.value = escape(done)
        self.show()

    def show(self) -> None:
        """Name the button by what it would do now."""
        settled = self.panel.is_settled(self.alert)
        self.button.description = "undo" if settled else "do it"
        self.button.button_style = "" if settled else "primary"


def _effect(alert: Alert) -> str:
    """Say in a few words what a click does."""
    if alert.decision == "contract":
        return f"rule: {alert.fix['add']['rule']}"
    told = []
    for key, value in alert.change.items():
        words = list(value.values()) if isinstance(value, dict) else value
        for word in words:
            named = word[0] if isinstance(word, list) else word
            if isinstance(named, dict):
                named = f"{named['op']} {named['column']}"
            told.append(EFFECTS[key].format(named))
    return "; ".join(told)
