"""Set off alarms: how many, for which rows, why, and whether odd rows are found."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass, field, replace
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from mlkit.core.verdict import Finding, Verdict
from mlkit.data.measures.groups import wilson
from mlkit.model.accept import Accepted
from mlkit.model.anomaly import Detection
from mlkit.model.audit.cards import Section, Table
from mlkit.model.fitted import Model
from mlkit.model.grid import Grid
from mlkit.model.judging import bars as bars_of
from mlkit.model.measures.measure import Measured, measure
from mlkit.model.measures.metrics import METRICS
from mlkit.model.patterns import planted
from mlkit.model.patterns.fitting import Rows, picked
from mlkit.model.patterns.held import held, steady
from mlkit.model.patterns.truth import column_of, flags, unlearnt, word_of
from mlkit.model.patterns.why import reasons, score, told
from mlkit.model.problem import Problem
from mlkit.model.words import say

if TYPE_CHECKING:
    from mlkit.data.charts.style import Picture

__all__ = ["Alarms", "alarms"]

MOST, PLANTED, MANY = 5000, 200, 3.0
DEFAULTS = {"planted": 0.5}
KNOWN = ("average_precision", "roc_auc", "precision", "recall")
Array = NDArray[Any]


@dataclass(frozen=True, repr=False)
class Alarms:
    """What a detector would do.

    Parameters
    ----------
    problem, family, rows
        What it looks at, what it is, and how many validation rows were asked.
    share, threshold
        The share of rows that shall raise an alarm; the least rank that does.
    ranks
        Of validation rows, in their order.
    planted
        By kind, the ranks of rows that were planted among them; none where no cell
        could be moved far out.
    known
        Of validation rows, 1 where one is known to be odd, 0 usual, −1 not known.
    steady
        How far the oddest rows stay the same, repeat by repeat.
    oddest
        The oddest rows: ``row``, ``rank`` and ``why``.
    bars
        What ``[goal.bars]`` asks for.
    truth, word
        The column that tells what is known, and the word in it that says odd.
    """

    problem: Problem
    family: str
    rows: int
    share: float
    threshold: float
    ranks: tuple[float, ...]
    planted: Mapping[str, tuple[float, ...]]
    known: tuple[float, ...] = ()
    steady: tuple[float, ...] = ()
    oddest: Mapping[str, list[Any]] = field(default_factory=dict)
    bars: Mapping[str, float] = field(default_factory=dict)
    truth: str = ""
    word: str = ""

    def at(self, threshold: float) -> Alarms:
        """Return the same at another threshold."""
        return replace(self, threshold=float(threshold))

    @property
    def measured(self) -> Measured:
        """The numbers at the threshold, with their 95 % intervals."""
        flags = np.array(self.ranks) >= self.threshold
        far = np.array(self.planted["far"]) >= self.threshold
        parts = {"alarms": _share(flags)}
        if len(far):
            parts["planted"] = _share(far)
        if len(self.steady) > 1:
            each = np.array(self.steady)
            error = 1.96 * each.std(ddof=1) / np.sqrt(len(each))
            parts["stability"] = (each.mean(), each.mean() - error, each.mean() + error)
        metrics = {name: round(float(v[0]), 6) for name, v in parts.items()}
        limits = {
            name: (round(float(v[1]), 6), round(float(min(v[2], 1.0)), 6))
            for name, v in parts.items()
        }
        by_truth = self._by_truth()
        return Measured(
            {**metrics, **by_truth.metrics}, {**limits, **by_truth.intervals}
        )

    @property
    def metrics(self) -> Mapping[str, float]:
        """The numbers at the threshold, by name."""
        return self.measured.metrics

    @property
    def accepted(self) -> Accepted:
        """The numbers, and how each bar went."""
        measured = self.measured
        asked = {**DEFAULTS, **self.bars}
        if "planted" not in measured.metrics:
            asked.pop("planted")
        judged = bars_of.of_metrics(self.problem, measured, asked, self.rows)
        chance = {"planted": 1 - self.threshold, "alarms": 1 - self.threshold}
        return Accepted(
            problem=self.problem,
            family=self.family,
            rows=self.rows,
            measured=measured,
            guessed=chance,
            threshold=self.threshold,
            slices=(),
            bars=self.bars,
            findings=(
                *judged,
                *_of_planted(measured, self.bars),
                _of_promise(measured, self.threshold),
                *_of_known(self.known, self.truth, self.word),
            ),
        )

    @property
    def verdict(self) -> Verdict:
        """What the gate judges by."""
        return Verdict(self.accepted.findings, "Alarms")

    def table(self) -> Grid:
        """Return the numbers at the threshold, beside what chance would give."""
        measured, chance = self.measured, 1 - self.threshold
        rows = [
            (METRICS[name].title, _words(measured, name), beside)
            for name, beside in (
                ("alarms", f"asked for: {chance:.1%}"),
                ("planted", f"by chance: {chance:.1%}"),
                ("stability", ""),
                *((name, "") for name in KNOWN),
            )
            if name in measured.metrics
        ]
        mixed = np.array(self.planted["mixed"]) >= self.threshold
        far = "planted" in measured.metrics
        found = "the same" if far else METRICS["planted"].title
        told = f"{found}, usual cells oddly mixed"
        rows.insert(1 + far, (told, f"{mixed.mean():.1%}", ""))
        return Grid(("", "value (95 % interval)", ""), rows)

    def odd(self, most: int = 10) -> Grid:
        """Return the oddest rows, and why they are."""
        cells = [self.oddest[name][:most] for name in ("row", "rank", "why")]
        rows = [
            (row, f"{rank:.3f}", "yes" if rank >= self.threshold else "no", why)
            for row, rank, why in zip(*cells, strict=True)
        ]
        return Grid(("row", "rank", "alarm", "odd because"), rows)

    def sections(self) -> list[Section]:
        """Return what a card says of it."""
        note = (
            "A rank of 0.99 means: odder than 99 of 100 rows that it learnt from. That "
            "is no probability that anything is wrong."
        )
        grid = self.odd(5)
        rows = Table(grid.heads, grid.rows)
        return [Section("What it calls odd", [note, rows])]

    def plot(self) -> Picture:
        """Draw the ranks of new and of planted rows, and what thresholds do."""
        from mlkit.model.charts.alarms import ranks

        return ranks(self)

    def __repr__(self) -> str:
        count = self.metrics["alarms"]
        return f"Alarms(for {count:.1%} of {self.rows:,} rows, {self.verdict.state})"

    def to_dict(self) -> dict[str, Any]:
        """Return a plain JSON form."""
        return {**asdict(self), "problem": self.problem.to_dict()}

    @classmethod
    def from_dict(cls, form: Mapping[str, Any]) -> Alarms:
        """Read the form that `to_dict` gives."""
        lists = {name: tuple(form[name]) for name in ("ranks", "known", "steady")}
        kinds = {kind: tuple(ranks) for kind, ranks in form["planted"].items()}
        problem = Problem.from_dict(form["problem"])
        return cls(**{**form, **lists, "planted": kinds, "problem": problem})

    def _by_truth(self) -> Measured:
        """Return what known rows tell; nothing where too few are known."""
        known = np.array(self.known)
        there = known >= 0
        if not there.any() or len(np.unique(known[there])) < 2:
            return Measured({}, {})
        rank = np.array(self.ranks)[there]
        chances = np.stack([1 - rank, rank], axis=1)
        truth = known[there].astype(int)
        two = replace(self.problem, kind="two_classes", metric="average_precision")
        found = measure(two, truth, chances, self.threshold)
        kept = [name for name in KNOWN if name in found.metrics]
        return Measured(
            {name: found.metrics[name] for name in kept},
            {name: found.intervals[name] for name in kept},
        )


def alarms(
    model: Model,
    detection: Detection,
    train: pd.DataFrame,
    valid: pd.DataFrame,
    *,
    truth: str = "",
    odd: str = "",
    repeats: int = 6,
    bars: Mapping[str, float] | None = None,
    seed: int = 0,
) -> Alarms:
    """Ask a detector about rows that it has not met, and about planted ones.

    Parameters
    ----------
    model, detection
        A fitted detector, and how it was chosen; its share sets the threshold.
    train, valid
        Cleaned rows that it learnt from, and rows that it has not met.
    truth, odd
        As `mlkit.model.anomaly.anomaly` takes them; "" takes what that was told. The
        column must not be one that the detector learnt from.
    repeats
        How often rows are halved to see whether the oddest stay so.
    bars
        ``planted`` (0.5 where it is not set), ``alarms``, ``stability``, and those of
        known rows; None takes ``[goal.bars]``.
    seed
        Of everything drawn at random.

    Raises
    ------
    InputError
        Where there is no such column or word, or the detector learnt from the column.
    """
    column = column_of(valid, truth or detection.truth)
    unlearnt(model.problem, column, "anomaly")
    told_ = odd or (detection.odd if column == detection.truth else "")
    word = word_of(pd.concat([train, valid]), column, told_)
    used = picked(len(valid), MOST, seed)
    asked = valid if used is None else valid.iloc[used]
    known = flags(asked, column, word)
    made = {
        how: planted.plant(valid, model.problem, how, PLANTED, seed)
        for how in planted.KINDS
    }
    return Alarms(
        problem=model.problem,
        family=model.title,
        rows=len(asked),
        share=detection.share,
        threshold=round(1 - detection.share, 6),
        ranks=_ranks(model, asked),
        planted={how: _ranks(model, rows) for how, rows in made.items()},
        known=() if known is None else tuple(np.nan_to_num(known, nan=-1.0).tolist()),
        steady=_steady(model, train, detection.share, repeats, seed),
        oddest=_oddest(model, train, asked, seed),
        bars=bars_of.read(model.problem, bars),
        truth=column,
        word=word,
    )


def _ranks(model: Model, table: pd.DataFrame) -> tuple[float, ...]:
    return tuple(np.round(model.predict_proba(table)[:, 1], 6).tolist())


def _steady(
    model: Model, train: pd.DataFrame, share: float, repeats: int, seed: int
) -> tuple[float, ...]:
    part, encoder = model.parts[0], model.encoders[0]
    used = picked(len(train), MOST, seed)
    some = train if used is None else train.iloc[used]
    rows = Rows(encoder.transform(some), encoder.sources)
    ranks = held(part.family, part.settings, rows, repeats=repeats, seed=seed)
    return tuple(np.round(steady(ranks, share), 6).tolist())


def _oddest(
    model: Model, train: pd.DataFrame, table: pd.DataFrame, seed: int, most: int = 20
) -> dict[str, list[Any]]:
    """Return the oddest rows: told by the detector's score, for many rank alike.

    Of rows that are the same in all that is looked at, the first is returned.
    """
    order = np.argsort(-score(model, table), kind="stable")
    rows = table.iloc[order].drop_duplicates(list(model.problem.features)).head(most)
    shares = reasons(model, rows, train, seed)
    places = range(len(rows))
    return {
        "row": [str(name) for name in rows.index],
        "rank": list(_ranks(model, rows)),
        "why": [told(model, rows.iloc[k], shares[k], train) for k in places],
    }


def _words(measured: Measured, name: str) -> str:
    """Return a number with its interval; shares of rows in per cent."""
    if name not in ("alarms", "planted"):
        return measured.words(name)
    low, high = measured.intervals[name]
    return f"{measured.metrics[name]:.1%} ({low:.1%} to {high:.1%})"


def _share(flags: Array) -> tuple[float, float, float]:
    hits, rows = np.array([flags.sum()]), np.array([len(flags)])
    found = wilson(hits, rows)
    return float(flags.mean()), float(found[1][0]), float(found[2][0])


def _of_planted(measured: Measured, bars: Mapping[str, float]) -> Iterator[Finding]:
    """Say that planted rows do not judge, where none could be planted."""
    if "planted" not in measured.metrics:
        yield Finding(
            "rows planted far out are found",
            "not_assessed",
            got=planted.NONE_FAR,
            help="look at the oddest rows yourself: nothing else tells whether what is "
            "odd is found",
            required="planted" in bars,
        )


def _of_promise(measured: Measured, threshold: float) -> Finding:
    """Judge whether new rows raise about as many alarms as were asked for."""
    low, _ = measured.intervals["alarms"]
    promised = 1 - threshold
    return Finding(
        f"new rows raise at most {MANY:g} times as many alarms as asked for",
        "passed" if low <= MANY * promised else "missed",
        got=measured.words("alarms"),
        need=f"its lower limit at most {say(MANY * promised)}",
        help="new rows are unlike those that were learnt from: see the step split",
        required=True,
    )


def _of_known(known: Sequence[float], column: str, word: str) -> Iterator[Finding]:
    """Say that known rows do not judge, where all that are known are alike."""
    said = {one for one in known if one >= 0}
    if not column or len(said) > 1:
        return
    alike = f"every known row has {column} = {word}"
    none = f"no validation row has {column} = {word}"
    if not word:
        none = f"{column} says one thing of all rows"
    yield Finding(
        "rows known to be odd are found",
        "not_assessed",
        got=alike if 1 in said else none,
        help="know of more rows what they are, or make the validation part larger in "
        "split",
    )
