"""A model's health: the verdict, what it rests on, and how it went over time."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass, field, replace
from typing import TYPE_CHECKING, Any

from mlkit.data.parts.likeness import Likeness
from mlkit.model.grid import Grid
from mlkit.model.groups.fairness import Fairness
from mlkit.model.measures.metrics import METRICS
from mlkit.model.words import say
from mlkit.product.watching.drift import Change
from mlkit.product.watching.scores import Score
from mlkit.product.watching.signs import LEVELS, Limits, Sign, gravest
from mlkit.product.watching.traffic import Traffic

if TYPE_CHECKING:
    from mlkit.data.charts.style import Picture

__all__ = ["GRAVE", "Health", "Window"]

GRAVE = ("watch", "retrain")
"""The levels that ask for something."""

TONES = {"healthy": "good", "watch": "warn", "retrain": "bad"}

FAR = 1000
"""From so many standard deviations on their hundredths are not told."""


@dataclass(frozen=True)
class Window:
    """One stretch of live rows.

    Parameters
    ----------
    start, end
        The moments of its first and its last row, as ISO 8601 in UTC.
    level
        The gravest sign of columns, predictions, score and requests, or the verdict
        that it is part of, if graver; ``unknown`` where it has too few rows.
    effects
        By column the largest change; none where it has too few rows.
    certain
        The columns whose change is certain and not small.
    traffic
        Its load.
    score, estimate, hoped
        The metric measured where the truth is in; the one to be expected of all rows;
        and of those with a truth alone, which shows how far off estimates are.
    shares
        By group of sensitive columns, the share said positive, or a mean.
    slices
        By part of the rows, the metric measured where the truth is in.
    kept
        The share of truths that were in the interval or the set that was promised.
    """

    start: str
    end: str
    level: str
    traffic: Traffic
    effects: Mapping[str, float] = field(default_factory=dict)
    certain: tuple[str, ...] = ()
    score: Score | None = None
    estimate: Score | None = None
    hoped: Score | None = None
    shares: Mapping[str, float] = field(default_factory=dict)
    slices: Mapping[str, float] = field(default_factory=dict)
    kept: Score | None = None

    @classmethod
    def from_dict(cls, form: Mapping[str, Any]) -> Window:
        """Read the plain form."""
        load = Traffic.from_dict(form["traffic"])
        names = ("score", "estimate", "hoped", "kept")
        told = {n: form.get(n) and Score(**form[n]) for n in names}
        certain = tuple(form["certain"])
        return cls(**{**form, **told, "certain": certain, "traffic": load})


@dataclass(frozen=True, repr=False)
class Health:
    """How a model is.

    Parameters
    ----------
    model
        The identity of its package.
    title, target, metric
        What is predicted, and the metric that counts.
    signs
        What was looked at, and how grave it is.
    limits
        From when on something was a sign.
    windows
        Stretches of live rows, oldest first; the last thirty.
    judged
        The newest stretch with enough rows; None where there is none.
    proved
        The newest stretch with enough rows whose truth has come in.
    changes
        How its columns and predictions differ from the reference.
    together
        How well its rows as a whole can be told from the reference's.
    fairness
        How its groups are treated.
    accepted, guessed
        The metric at acceptance with its interval, and that of a guess.
    notes
        What a reader should know.
    """

    model: str
    title: str
    target: str
    metric: str
    signs: tuple[Sign, ...]
    limits: Limits = field(default_factory=Limits)
    windows: tuple[Window, ...] = ()
    judged: Window | None = None
    proved: Window | None = None
    changes: tuple[Change, ...] = ()
    together: Likeness | None = None
    fairness: Fairness | None = None
    accepted: tuple[float, float, float] | None = None
    guessed: float | None = None
    notes: tuple[str, ...] = ()

    @property
    def state(self) -> str:
        """``healthy``, ``watch`` or ``retrain``; what cannot be judged is watched."""
        level = gravest(self.signs)
        unsure = level == "unknown" or (level == "healthy" and self.judged is None)
        return "watch" if unsure else level

    @property
    def reasons(self) -> tuple[str, ...]:
        """What the verdict rests on, the gravest first."""
        return tuple(one.what for one in self.ranked if one.level in GRAVE)

    @property
    def headline(self) -> dict[str, str]:
        """What it comes to, and its first reason: the run's report begins with it."""
        why = list(self.reasons)
        if self.state == "watch":
            why += [one.what for one in self.signs if one.level == "unknown"]
        sentence = [*why, "nothing speaks against it"][0]
        return {"word": self.state, "sentence": sentence, "tone": TONES[self.state]}

    @property
    def metrics(self) -> dict[str, float]:
        """The score that came, the one to expect, and how many columns changed."""
        proved, judged = self.proved, self.judged
        told: dict[str, float] = {}
        if proved and proved.score:
            told[self.metric] = proved.score.value
        if judged and judged.estimate:
            told[f"{self.metric}_expected"] = judged.estimate.value
        return {**told, "drifted": float(len(self.drifted))}

    @property
    def ranked(self) -> tuple[Sign, ...]:
        """The signs, the gravest first, what is not assessed last."""
        order = {name: k for k, name in enumerate(LEVELS)}
        return tuple(sorted(self.signs, key=lambda one: -order[one.level]))

    @property
    def drifted(self) -> tuple[str, ...]:
        """The columns whose change is certain and not small."""
        return tuple(dict.fromkeys(self.judged.certain)) if self.judged else ()

    def table(self, most: int = 12) -> Grid:
        """Return the largest changes as a table."""
        heads = ("column", "what", "moved", "before", "now", "mean by", "certain")
        lines = [
            (
                one.column,
                one.what,
                f"{one.effect:.0%}",
                one.before,
                one.now,
                "–" if one.shift is None else f"{_moved(one.shift)} sd",
                _certain(one) if one.certain else "no",
            )
            for one in self.changes[:most]
        ]
        rest = len(self.changes) - len(lines)
        return Grid(heads, lines, [f"and {rest} more comparisons"] if rest else [])

    def groups(self) -> Fairness | Grid:
        """Return how groups are treated, or why that is not told."""
        why = "no group to compare: no sensitive column is in the log, or too few rows"
        return self.fairness or Grid((), [], [why])

    def hindsight(self) -> Grid:
        """Return what was expected of windows whose truth is in, and what came."""
        heads = (
            "from",
            "rows",
            f"{METRICS[self.metric].title} expected",
            "came",
            "off",
        )
        lines = [
            (
                one.start[:16].replace("T", " "),
                f"{one.score.rows:,}",
                say(one.hoped.value),
                say(one.score.value),
                f"{one.hoped.value - one.score.value:+.3g}",
            )
            for one in self.windows
            if one.score and one.hoped
        ]
        notes = [] if lines else ["no truth has come in yet"]
        return Grid(heads, lines, notes)

    def plot(self, what: str = "overview") -> Picture:
        """Draw the model's health over time.

        Parameters
        ----------
        what
            ``overview``, ``columns``, ``score``, ``slices``, ``groups`` or
            ``requests``.
        """
        from mlkit.product.charts.health import draw

        return draw(self, what)

    def __str__(self) -> str:
        return "\n".join([f"{self.state}: {self.title}", *map(_line, self.ranked)])

    __repr__ = __str__

    def _repr_html_(self) -> str:
        from mlkit.product.charts.card import card

        return card(self)

    def to_dict(self) -> dict[str, Any]:
        """Return a plain JSON form."""
        fair = self.fairness and self.fairness.to_dict()
        return {**asdict(replace(self, fairness=None)), "fairness": fair}

    @classmethod
    def from_dict(cls, form: Mapping[str, Any]) -> Health:
        """Read the form that `to_dict` gives."""
        told: dict[str, Any] = {
            "signs": tuple(Sign(**one) for one in form["signs"]),
            "limits": Limits(**form["limits"]),
            "windows": tuple(Window.from_dict(one) for one in form["windows"]),
            "judged": form["judged"] and Window.from_dict(form["judged"]),
            "proved": form["proved"] and Window.from_dict(form["proved"]),
            "changes": tuple(Change(**one) for one in form["changes"]),
            "together": form["together"] and Likeness.from_dict(form["together"]),
            "fairness": form["fairness"] and Fairness.from_dict(form["fairness"]),
            "accepted": form["accepted"] and tuple(form["accepted"]),
            "notes": tuple(form["notes"]),
        }
        return cls(**{**form, **told})


def _line(sign: Sign) -> str:
    todo = f"; {sign.todo}" if sign.todo and sign.level != "healthy" else ""
    return f"  {sign.level:<8} {sign.about}: {sign.what}{todo}"


def _moved(shift: float) -> str:
    return f"{shift:+.2f}" if abs(shift) < FAR else f"{'+' * (shift > 0)}{say(shift)}"


def _certain(change: Change) -> str:
    return f"yes (q {say(change.q, 1)})" if change.q >= 0.001 else "yes (q < 0.001)"
