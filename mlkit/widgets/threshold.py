"""Set the threshold of two classes by looking at what it does."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from mlkit.core.files import digest
from mlkit.model.charts.evaluate import threshold as drawn
from mlkit.model.evaluate import Evaluation
from mlkit.model.words import say
from mlkit.widgets.panel import Note, panel

__all__ = ["ThresholdPicker"]

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
            [evaluation.curves.get("thresholds"), dict(evaluation.costs)]
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
        names = {"precision": "precision", "recall": "recall", "accuracy": "accuracy"}
        told = [
            f"{title} {say(at[name])}" for name, title in names.items() if name in at
        ]
        cost = say(self.evaluation.cost(value))
        return f"cost a row {cost} · " + " · ".join(told)

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
        line, image = w.HTML(), w.Image(format="png", layout=w.Layout(width="720px"))

        def show(_: Any = None) -> None:
            line.value = self.words(slider.value)
            image.value = drawn(self.evaluation, slider.value)._repr_png_()[0]

        slider.observe(show, names="value")
        show()
        return panel(
            "ThresholdPicker",
            [slider, line, image],
            lambda why: record(round(slider.value, 3), why),
        )
