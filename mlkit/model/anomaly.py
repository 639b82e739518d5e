"""Look for rows unlike the rest: detectors compared, with labels or without."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import asdict, dataclass, replace
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd
from joblib import Parallel, delayed
from numpy.typing import NDArray
from sklearn.metrics import average_precision_score

from mlkit.core.errors import InputError, did_you_mean
from mlkit.model.families import able, family
from mlkit.model.fitted import Model
from mlkit.model.grid import Grid
from mlkit.model.packing.parity import agree
from mlkit.model.patterns import planted
from mlkit.model.patterns.fitting import Rows, fit, picked
from mlkit.model.patterns.held import held, steady
from mlkit.model.patterns.truth import column_of, flags, untold, word_of
from mlkit.model.patterns.volume import volume
from mlkit.model.problem import Problem
from mlkit.model.threads import one_thread
from mlkit.model.words import say

if TYPE_CHECKING:
    from mlkit.data.charts.style import Picture

__all__ = ["Detection", "Detector", "anomaly"]

NEAR, FEWEST = 0.03, 5
Array = NDArray[Any]


@dataclass(frozen=True)
class Detector:
    """One family, and how it did.

    Parameters
    ----------
    family
        What was fitted.
    planted
        By kind, the share of planted rows that would raise an alarm; a kind that
        cannot be planted is not there.
    stability
        How far the oddest rows stay the same, whichever half is learnt from.
    volume
        How much room it leaves to what is usual, 0 to 1; less is better.
    precision
        Average precision, where rows are known; else None.
    problem
        Why it cannot be packaged; "" where it can.
    """

    family: str
    planted: Mapping[str, float]
    stability: float
    volume: float
    precision: float | None = None
    problem: str = ""

    @property
    def title(self) -> str:
        """Its name in words."""
        return family(self.family).title

    @property
    def merit(self) -> float:
        """What detectors are compared by: known rows, else planted ones."""
        if self.precision is not None:
            return self.precision
        return float(np.mean(list(self.planted.values())))


@dataclass(frozen=True, repr=False)
class Detection:
    """Detectors, and the one that is chosen.

    Parameters
    ----------
    problem
        From which columns.
    detectors
        The best first.
    chosen
        The best that can be packaged.
    share
        The share of rows that shall raise an alarm.
    rows
        How many rows were looked at.
    notes
        What a reader should know.
    truth, odd
        The column in which some rows are known, which is not learnt from, and the word
        in it that says odd; "" for none.
    """

    problem: Problem
    detectors: tuple[Detector, ...]
    chosen: str
    share: float
    rows: int
    notes: tuple[str, ...] = ()
    truth: str = ""
    odd: str = ""

    def __getitem__(self, name: str) -> Detector:
        return next(one for one in self.detectors if one.family == name)

    @property
    def metrics(self) -> dict[str, float]:
        """The chosen detector's numbers."""
        one = self[self.chosen]
        known = {} if one.precision is None else {"average_precision": one.precision}
        told = {f"planted_{kind}": value for kind, value in one.planted.items()}
        return {**known, **told, "stability": one.stability, "volume": one.volume}

    @property
    def menu(self) -> dict[str, str]:
        """The detectors by name, in a few words each."""
        return {
            one.family: f"{one.title}, finds {say(one.merit, 2)}"
            for one in self.detectors
        }

    def table(self) -> Grid:
        """Return the detectors, the best first."""
        rows = [
            (
                one.title + (" (chosen)" if one.family == self.chosen else ""),
                *(_found(one.planted.get(kind)) for kind in planted.KINDS),
                say(one.stability, 2),
                say(one.volume, 2),
                "–" if one.precision is None else say(one.precision, 2),
                one.problem or "agrees with ONNX",
            )
            for one in self.detectors
        ]
        found = [f"planted, {kind}" for kind in planted.KINDS]
        heads = ("detector", *found, "stability", "room", "known rows", "package")
        return Grid(heads, rows, self.notes)

    def decided(self, name: str) -> Detection:
        """Return what follows from a person's choice; "" leaves it as it is.

        Raises
        ------
        InputError
            Where there is no such detector.
        """
        known = [one.family for one in self.detectors]
        if name and name not in known:
            raise InputError(
                f"{name!r} was not compared",
                where="decision 'detector'",
                todo=did_you_mean(name, known) or f"take one of {', '.join(known)}",
            )
        return replace(self, chosen=name or self.chosen)

    def fit(self, train: pd.DataFrame, seed: int = 0) -> Model:
        """Fit the chosen detector to cleaned rows."""
        return fit(self.chosen, {}, train, self.problem, seed)

    def plot(self) -> Picture:
        """Draw what each detector finds."""
        from mlkit.model.charts.anomaly import compared

        return compared(self)

    def __repr__(self) -> str:
        one = self[self.chosen]
        return f"Detection({len(self.detectors)} detectors, {one.title} is chosen)"

    def to_dict(self) -> dict[str, Any]:
        """Return a plain JSON form."""
        return {**asdict(self), "problem": self.problem.to_dict()}

    @classmethod
    def from_dict(cls, form: Mapping[str, Any]) -> Detection:
        """Read the form that `to_dict` gives."""
        return cls(
            **{
                **form,
                "problem": Problem.from_dict(form["problem"]),
                "detectors": tuple(Detector(**one) for one in form["detectors"]),
                "notes": tuple(form["notes"]),
            }
        )


def anomaly(
    train: pd.DataFrame,
    families: Iterable[str] | None = None,
    *,
    share: float = 0.02,
    truth: str = "",
    odd: str = "",
    repeats: int = 4,
    most_rows: int = 5000,
    seed: int = 0,
) -> Detection:
    """Compare detectors: by what they find of known rows, or of planted ones.

    Parameters
    ----------
    train
        Cleaned rows.
    families
        Which to compare; None or none takes all.
    share
        The share of rows that shall raise an alarm, above 0 and below a half.
    truth, odd
        A column in which some rows are known, and the word that says odd; "" takes the
        target, if there is one, and its rarest word. It is never learnt from.
    repeats
        How often rows are halved, so that detectors are asked of rows they never met.
    most_rows
        Look at so many rows at most, drawn at random.
    seed
        Of everything drawn at random.

    Raises
    ------
    InputError
        Where the share is none, or there is no such column or word.

    Examples
    --------
    >>> rng = np.random.default_rng(0)
    >>> table = pd.DataFrame(rng.normal(size=(200, 3)), columns=["x", "y", "z"])
    >>> anomaly(table, ["ellipse"], repeats=2)
    Detection(1 detectors, one robust bell is chosen)
    """
    if not 0 < share < 0.5:
        raise InputError(
            "this share of rows cannot be odd",
            expected="above 0 and below a half",
            got=str(share),
        )
    column = column_of(train, truth)
    word = word_of(train, column, odd)
    problem = untold(train, "anomaly", column)
    used = picked(len(train), most_rows, seed)
    table = train if used is None else train.iloc[used]
    known = flags(table, column, word)
    names = list(families or able("anomaly"))
    tried = [
        delayed(_tried)(n, table, problem, share, known, repeats, seed) for n in names
    ]
    with one_thread():
        found = sorted(Parallel()(tried), key=lambda one: -one.merit)
    chosen = _best(found)
    told = f"{column} = {word}"
    return Detection(
        *(problem, tuple(found), chosen.family, share, len(table)),
        tuple(_notes(problem, found, chosen, known, told, len(train), len(table))),
        truth=column,
        odd=word,
    )


def _tried(
    name: str,
    table: pd.DataFrame,
    problem: Problem,
    share: float,
    known: Array | None,
    repeats: int,
    seed: int,
) -> Detector:
    model = fit(name, {}, table, problem, seed)
    count = max(round(share * len(table)), 50)
    found = {}
    for how in planted.KINDS:
        odd = planted.plant(table, problem, how, count, seed)
        if not len(odd):
            continue
        alarm = model.predict(odd, 1 - share) == model.classes[1]
        found[how] = round(float(alarm.mean()), 6)
    rows = Rows(model.encoders[0].transform(table), model.encoders[0].sources)
    ranks = held(name, {}, rows, repeats=repeats, seed=seed)
    return Detector(
        family=name,
        planted=found,
        stability=round(float(steady(ranks, share).mean()), 6),
        volume=round(volume(name, {}, rows, seed=seed), 6),
        precision=_precision(ranks.mean(axis=0), known),
        problem=agree(model, table.head(500), 1 - share).reason,
    )


def _found(share: float | None) -> str:
    return "–" if share is None else f"{share:.0%}"


def _precision(ranks: Array, known: Array | None) -> float | None:
    """Return average precision on known rows; None where too few are odd."""
    if known is None:
        return None
    there = np.isfinite(known)
    odd = known[there] == 1
    if odd.sum() < FEWEST or odd.all():
        return None
    return round(float(average_precision_score(odd, ranks[there])), 6)


def _best(found: list[Detector]) -> Detector:
    """Return the best that can be packaged; of equals, what leaves least room."""
    able_ = [one for one in found if not one.problem] or found
    near = [one for one in able_ if one.merit >= able_[0].merit - NEAR]
    return min(near, key=lambda one: one.volume)


def _notes(
    problem: Problem,
    found: list[Detector],
    chosen: Detector,
    known: Array | None,
    told: str,
    given: int,
    rows: int,
) -> Iterator[str]:
    by = "planted rows found"
    if chosen.precision is not None and known is not None:
        odd = int(np.nansum(known))
        by = f"average precision on known rows, of which {odd:,} are odd ({told})"
    yield f"compared by {by}"
    if rows < given:
        yield f"compared on {rows:,} of {given:,} rows"
    if "far" not in chosen.planted:
        yield f"no row was planted far out: {planted.NONE_FAR}"
    if problem.left_out:
        yield f"not looked at (text and dates): {', '.join(problem.left_out)}"
    if found[0].merit > chosen.merit + NEAR:
        yield (
            f"{found[0].title} is better by {say(found[0].merit - chosen.merit, 2)}, "
            f"but cannot be packaged: {found[0].problem}"
        )
