"""Set the threshold of two classes by looking at what it does."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from mlkit.core.files import digest
from mlkit.model.charts.evaluate import threshold as drawn
from mlkit.model.evaluate import Evaluation
from mlkit.model.measures import curves
from mlkit.model.words import say
from mlkit.widgets.frame import beside
from mlkit.widgets.panel import Note, panel

__all__ = ["ThresholdPicker"]

SHOWN = ("precision", "recall", "accuracy")
Record = Callable[[float | None, str], None]


class ThresholdPicker:
    """An editor of the least probability that says the second of two classes.

    Parameters
    ----------
    evaluation
        What the choice is made on; its own threshold, set by costs, is the default.

    Attributes
    ----------
    value
        The default; None where there is nothing to set.
    seen
        A fingerprint of the evaluation's counts.
    """

    def __init__(self, evaluation: Evaluation) -> None:
        self.evaluation = evaluation
        self.value = evaluation.threshold
        self.settled = evaluation.threshold is None
        self.seen = digest(
            [
                evaluation.curves.get("thresholds"),
                dict(evaluation.costs),
                *([evaluation.capacity] if evaluation.capacity < 1 else []),
            ]
        )

    def picture(self, value: float | None) -> object:
        """Return chances, costs and the table of right and wrong at a threshold."""
        if self.value is None or value is None:
            target = self.evaluation.problem.target
            return Note(
                f"{target} has no threshold to set: it is not one of two classes"
            )
        return drawn(self.evaluation, value)

    def words(self, value: float) -> str:
        """Say what a threshold does, in one line."""
        at = self.evaluation.at(value).metrics
        told = [f"{name} {say(at[name])}" for name in SHOWN if name in at]
        thresholds = self.evaluation.curves["thresholds"]
        (_, alarms), (missed, hits) = curves.counts(thresholds, value)
        flagged = (
            f"{hits + alarms:,} flagged, {alarms:,} for nothing, {missed:,} missed"
        )
        cost = say(self.evaluation.cost(value))
        return " · ".join([f"cost a row {cost}", flagged, *told])

    def within(self, share: float) -> float:
        """Return the threshold that costs least with at most a share of rows flagged.

        Parameters
        ----------
        share
            Above 0, at most 1.
        """
        drawn, costs = self.evaluation.curves, self.evaluation.costs
        most = min(max(share, 1e-9), 1.0)
        return curves.cheapest(drawn["thresholds"], costs, most, drawn.get("rows"))

    def widget(self, value: float | None, record: Record) -> object:
        """Return a slider, the picture, and a button that keeps the choice."""
        if self.value is None or value is None:
            return self.picture(value)
        import ipywidgets as w

        slider = w.FloatSlider(
            value=value,
            min=0.001,
            max=0.999,
            step=0.001,
            readout_format=".3f",
            description="threshold",
            continuous_update=False,
            layout=w.Layout(width="40em"),
        )
        most = w.BoundedFloatText(
            value=round(100 * self.evaluation.capacity, 1),
            min=0.1,
            max=100,
            step=0.5,
            description="flag at most %",
            style={"description_width": "initial"},
            layout=w.Layout(width="13em"),
        )
        fit = w.Button(description="cheapest such", layout=w.Layout(width="auto"))
        line, image = w.HTML(), w.Image(format="png", layout=w.Layout(width="720px"))

        def show(_: Any = None) -> None:
            line.value = self.words(slider.value)
            image.value = drawn(self.evaluation, slider.value)._repr_png_()[0]

        def bound(_: Any = None) -> None:
            share = most.value / 100
            slider.value = self.within(share)
            over = curves.surplus(self.evaluation.curves["thresholds"], share)
            line.value = "<br>".join([self.words(slider.value), *[over] * bool(over)])

        fit.on_click(bound)
        slider.observe(show, names="value")
        show()
        return panel(
            "ThresholdPicker",
            [beside([slider, most, fit]), line, image],
            lambda why: record(round(slider.value, 3), why),
        )
