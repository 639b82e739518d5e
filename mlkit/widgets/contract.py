"""Accept, edit or drop the proposed rules of a table."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import Any

from mlkit.core.files import digest
from mlkit.data.contract import SEVERITIES, Contract, wording
from mlkit.widgets.panel import panel

__all__ = ["ContractEditor"]

Rules = list[dict[str, Any]]
Record = Callable[[Rules, str], None]


class ContractEditor:
    """An editor of the rules that rows must keep.

    Parameters
    ----------
    contract
        The proposed rules, as `mlkit.data.contract.infer` gives them.

    Attributes
    ----------
    value
        The default: all proposed rules; they warn and never block.
    seen
        A fingerprint of the proposed rules.
    """

    def __init__(self, contract: Contract) -> None:
        self.contract = contract
        self.value: Rules = [dict(rule) for rule in contract.rules]
        self.seen = digest(self.value)

    def picture(self, value: Rules) -> object:
        """Return the rules as a page to read."""
        return replace(self.contract, rules=tuple(value))

    def widget(self, value: Rules, record: Record) -> object:
        """Return a line a rule: its bounds, its severity, and whether it stays."""
        import ipywidgets as w

        lines = [_Line(rule) for rule in value]
        height = "24em" if len(lines) > 12 else "auto"
        box = w.VBox([line.box for line in lines], layout=w.Layout(max_height=height))
        return panel(
            "ContractEditor",
            [box],
            lambda why: record([line.rule() for line in lines if line.kept], why),
        )


class _Line:
    """One rule on one line."""

    def __init__(self, rule: Mapping[str, Any]) -> None:
        import ipywidgets as w

        self.given = dict(rule)
        narrow = w.Layout(width="9em")
        self.keep = w.Checkbox(value=True, description=rule["rule"], indent=False)
        self.severity = w.Dropdown(
            options=SEVERITIES, value=rule.get("severity", "warn"), layout=narrow
        )
        bounds = ("min", "max") if rule["check"] == "range" else ()
        self.ends = {
            name: w.FloatText(
                value=rule[name],
                description=name,
                layout=w.Layout(width="13em"),
                style={"description_width": "2.5em"},
            )
            for name in bounds
            if rule.get(name) is not None
        }
        says = [] if self.ends else [w.Label(wording(rule))]
        self.box = w.HBox([self.keep, self.severity, *self.ends.values(), *says])

    @property
    def kept(self) -> bool:
        return bool(self.keep.value)

    def rule(self) -> dict[str, Any]:
        ends = {name: end.value for name, end in self.ends.items()}
        changed = {**self.given, **ends, "severity": self.severity.value}
        return changed if changed == self.given else {**changed, "why": "accepted"}
