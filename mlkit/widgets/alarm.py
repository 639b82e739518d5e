"""Set how many alarms there shall be by looking at what they catch."""

from __future__ import annotations

from collections.abc import Callable

from mlkit.core.files import digest
from mlkit.model.alarms import Alarms
from mlkit.model.words import say
from mlkit.widgets.panel import Note, panel

__all__ = ["AlarmPicker"]

Record = Callable[[float, str], None]


class AlarmPicker:
    """An editor of the least rank that raises an alarm.

    Parameters
    ----------
    found
        What the choice is made on; the share that was asked for is the default.
    a_day
        Rows that come in a day, so that alarms are counted; 0 where nobody said.

    Attributes
    ----------
    value
        The default.
    seen
        A fingerprint of the ranks.
    """

    def __init__(self, found: Alarms, a_day: float = 0.0) -> None:
        self.found = found
        self.a_day = a_day
        self.value = found.threshold
        self.settled = False
        self.seen = digest([found.ranks, found.share])

    def words(self, value: float) -> str:
        """Say what a threshold does, in one line."""
        at = self.found.at(value).metrics
        told = [
            f"rank {say(value, 4)}: {say(100 * (1 - value), 3)} alarms in 100 rows",
            f"{say(100 * at['alarms'], 3)} among new rows",
        ]
        if "planted" in at:
            told.append(f"{at['planted']:.0%} of rows planted far out are found")
        if self.a_day:
            told.append(f"about {say((1 - value) * self.a_day, 3)} alarms a day")
        if "precision" in at:
            told.append(f"precision {say(at['precision'])}, recall {say(at['recall'])}")
        return " · ".join(told)

    def picture(self, value: float) -> object:
        """Return what a threshold does, in a line."""
        return Note(self.words(value))

    def widget(self, value: float, record: Record) -> object:
        """Return a slider of alarms in 100 rows, and a button that keeps."""
        import ipywidgets as w

        slider = w.FloatSlider(
            value=100 * (1 - value),
            min=0.1,
            max=20.0,
            step=0.1,
            description="in 100",
            continuous_update=False,
            layout=w.Layout(width="40em"),
        )
        line = w.HTML(self.words(value))

        def moved(_: object) -> None:
            line.value = self.words(round(1 - slider.value / 100, 6))

        slider.observe(moved, "value")
        return panel(
            "AlarmPicker",
            [slider, line],
            lambda why: record(round(1 - slider.value / 100, 6), why),
        )
