"""Is there enough data? A learning curve with its extrapolation, and rules of thumb."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import asdict, dataclass
from typing import Any

import numpy as np
import pandas as pd

from mlkit.core.schema import Schema
from mlkit.core.verdict import Finding
from mlkit.data.charts.cards import card, grid, many
from mlkit.data.charts.curve import plot_curve
from mlkit.data.charts.style import Picture
from mlkit.data.parts.copies import contents
from mlkit.data.parts.curve import FOLDS, extrapolate, learning_curve

__all__ = ["Enough", "enough"]

FEWEST = 60
LITTLE = 0.005
A_FEATURE = 10
TO_JUDGE = 100
A_CLASS = {"image": 1000, "audio": 300, "text": 200}
MARKS = {"passed": "✓", "missed": "✗", "not_assessed": "–"}


@dataclass(frozen=True)
class Enough:
    """Whether there is enough data, as far as that can be told.

    Parameters
    ----------
    metric
        What the scores are, or "" where there is no curve.
    sizes, scores, spreads
        Rows learnt from, the quick model's mean score, and the standard deviation of
        its scores over the folds.
    ahead_sizes, ahead_scores, ahead_low, ahead_high
        More rows, the score to be expected of them, and its 80 % range.
    rows, drawn
        How many training rows there are, and how many of them the curve rests on.
    rules
        The field's rules of thumb, each passed, missed or not assessed.
    """

    metric: str = ""
    sizes: tuple[int, ...] = ()
    scores: tuple[float, ...] = ()
    spreads: tuple[float, ...] = ()
    ahead_sizes: tuple[int, ...] = ()
    ahead_scores: tuple[float, ...] = ()
    ahead_low: tuple[float, ...] = ()
    ahead_high: tuple[float, ...] = ()
    rows: int = 0
    drawn: int = 0
    rules: tuple[Finding, ...] = ()

    @property
    def statement(self) -> str:
        """What more rows would bring, in one sentence."""
        if not self.ahead_scores:
            return "no learning curve: it needs a target, features, and rows enough"
        now, then = self.scores[-1], self.ahead_scores[0]
        luck, gain = self.spreads[-1] / FOLDS**0.5, then - now
        start = "would bring little"
        if gain > LITTLE:
            start = "would help" if gain > luck else "may help"
        return (
            f"more rows {start}: with twice as many, the {self.metric} of a quick "
            f"model would go from {now:.3f} to about {then:.3f} "
            f"({self.ahead_low[0]:.3f} to {self.ahead_high[0]:.3f})"
        )

    def plot(self) -> Picture:
        """Draw the curve, and where it seems to go."""
        return plot_curve(
            (self.sizes, self.scores, self.spreads),
            (self.ahead_sizes, self.ahead_scores, self.ahead_low, self.ahead_high),
            self.metric,
        )

    def to_dict(self) -> dict[str, Any]:
        """Return a plain JSON form."""
        return asdict(self)

    @classmethod
    def from_dict(cls, form: Mapping[str, Any]) -> Enough:
        """Read the form that `to_dict` gives."""
        lists = {k: tuple(v) for k, v in form.items() if isinstance(v, (list, tuple))}
        rules = tuple(Finding(**rule) for rule in form["rules"])
        return cls(**{**form, **lists, "rules": rules})

    def __repr__(self) -> str:
        return f"<Enough: {self.statement}>"

    def _repr_html_(self) -> str:
        lines = [
            (MARKS[r.state], r.bar, r.got, r.help if r.state != "passed" else "")
            for r in self.rules
        ]
        heads = ("", "rule of thumb", "here", "what to do")
        told = f"the curve rests on {self.drawn:,} of the {self.rows:,} training rows"
        notes = [told] if 0 < self.drawn < self.rows else []
        return card("Is there enough?", self.statement, notes) + grid(heads, lines)


def enough(
    train: pd.DataFrame, test_rows: int = 0, *, group: str = "", seed: int = 0
) -> Enough:
    """Tell whether there is enough data to learn from and to judge by.

    Parameters
    ----------
    train
        Cleaned rows with a target in their schema.
    test_rows
        How many rows are sealed.
    group
        A column whose equal values stay in one fold; "" takes the one with that role.
    seed
        Of the learning curve's draw, folds and model.

    Notes
    -----
    The rules of thumb: ten rows a feature, of the rarest class where there are classes
    (Peduzzi et al. 1996); a hundred rows of the rarest class to judge by (Vergouwe et
    al. 2005); a thousand images a class (as ImageNet has), fewer recordings and texts.

    Examples
    --------
    >>> from mlkit.core.schema import Column
    >>> rng = np.random.default_rng(0)
    >>> rows = pd.DataFrame({"x": rng.normal(size=400)})
    >>> rows["y"] = np.where(rows["x"] + rng.normal(size=400) > 0, "up", "down")
    >>> schema = Schema((Column("x"), Column("y", "category", ("target",))))
    >>> found = enough(schema.attach(rows))
    >>> found.metric, found.sizes
    ('ROC AUC', (33, 66, 133, 266))
    """
    schema = Schema.of(train)
    if schema.target is None:
        return Enough()
    known = train[train[schema.target].notna()]
    rules = tuple(_rules(known, schema, test_rows))
    curve = learning_curve(known, group, seed) if len(known) >= FEWEST else None
    if curve is None:
        return Enough(rows=len(train), rules=rules)
    sizes, scores = np.array(curve.sizes, float), curve.scores.mean(axis=0)
    spreads = curve.scores.std(axis=0)
    ahead = np.array([2 * curve.sizes[-1], 4 * curve.sizes[-1]], float)
    told = extrapolate(sizes, scores, spreads / FOLDS**0.5, ahead)
    expected, low, high = (tuple(np.round(ends, 4).tolist()) for ends in told)
    return Enough(
        metric=curve.metric,
        sizes=curve.sizes,
        scores=tuple(np.round(scores, 4).tolist()),
        spreads=tuple(np.round(spreads, 4).tolist()),
        ahead_sizes=tuple(int(size) for size in ahead),
        ahead_scores=expected,
        ahead_low=low,
        ahead_high=high,
        rows=len(train),
        drawn=curve.rows,
        rules=rules,
    )


def _rules(train: pd.DataFrame, schema: Schema, test_rows: int) -> Iterator[Finding]:
    numeric = schema[str(schema.target)].type == "number"
    counts = train[str(schema.target)].value_counts()
    least = len(train) if numeric or counts.empty else int(counts.min())
    rarest = "" if numeric or counts.empty else f" of {str(counts.idxmin())!r}"
    media = contents(train)
    plain = len(schema.features) - len(media)
    if plain:
        yield _rule(
            f"{A_FEATURE} training rows{rarest} a feature",
            (least, ""),
            (A_FEATURE * plain, f" for {many(plain, 'feature')}"),
            "prefer simple models, leave columns out, or collect more",
        )
    for kind in dict.fromkeys(schema[name].type for name in media):
        yield _rule(
            f"{A_CLASS[kind]:,} training rows a class, to learn {kind} from nothing",
            (least, rarest),
            (A_CLASS[kind], ""),
            "start from a model that was trained on much more",
        )
    if test_rows:
        share = least / max(len(train), 1)
        yield _rule(
            f"{TO_JUDGE} sealed rows{rarest} to judge by",
            (round(test_rows * share), " expected"),
            (TO_JUDGE, ""),
            "read the scores with their intervals: they will be wide",
        )


def _rule(bar: str, got: tuple[int, str], need: tuple[int, str], help_: str) -> Finding:
    """Return a rule of thumb: how many rows there are, and how many would do."""
    state = "passed" if got[0] >= need[0] else "missed"
    told = f"{many(got[0], 'row')}{got[1]}; {need[0]:,} would do{need[1]}"
    return Finding(bar, state, told, f"{need[0]:,}", help_)
