"""Choose a family of models: baselines first, then the others, on equal folds."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import asdict, dataclass, field, replace
from typing import TYPE_CHECKING, Any, ClassVar

import numpy as np
import pandas as pd
from joblib import Parallel, delayed
from numpy.typing import NDArray

from mlkit.core.cells import config
from mlkit.core.errors import InputError
from mlkit.model.encoding import texts
from mlkit.model.families import family, first, names, ready
from mlkit.model.fitted import Model
from mlkit.model.grid import Grid
from mlkit.model.measures.metrics import METRICS, better
from mlkit.model.packing.parity import agree
from mlkit.model.problem import KINDS, Problem, known
from mlkit.model.tuning import cross
from mlkit.model.tuning.budget import Budget, Forecast
from mlkit.model.tuning.cross import Trial, trial
from mlkit.model.tuning.kept import Kept, Outcome
from mlkit.model.tuning.prepared import Prepared
from mlkit.model.tuning.race import finite
from mlkit.model.words import listed, say

if TYPE_CHECKING:
    from mlkit.data.charts.style import Picture

__all__ = ["Candidate", "Shortlist", "choose"]


@dataclass(frozen=True)
class Candidate:
    """One family and how it did.

    Parameters
    ----------
    family, title
        Its name in code and in words.
    score, error
        The mean of the metric over the folds, and the standard error of that mean.
    folds
        The metric on each fold.
    baseline, plain
        Whether it is there to compare with; whether a person can read it.
    formats
        The package formats it can take.
    size
        Bytes of the packaged model; 0 where it cannot be packaged.
    problem
        Why it cannot be packaged; "" where it can.
    cost
        What a fit takes by the family's own law, in seconds on one core, about.
    """

    family: str
    title: str
    score: float
    error: float
    folds: tuple[float, ...]
    baseline: bool
    plain: bool
    formats: tuple[str, ...]
    size: int
    problem: str
    cost: float = 0.0


@dataclass(frozen=True, repr=False)
class Shortlist:
    """The families compared, and the one that is chosen.

    Parameters
    ----------
    problem
        What is to be predicted.
    candidates
        The best first.
    chosen
        The best family that can be packaged.
    best, gap
        The best family of all, and by how much it beats the chosen one.
    rows, folds
        How many rows were compared on, in how many folds.
    notes
        What a reader should know.
    crossed_out, insisted
        What a person decided: families not to be trained, and the one to be, or "".
    seconds
        Processor time of each family's fits; not part of the identity.
    """

    volatile: ClassVar[tuple[str, ...]] = ("seconds",)

    problem: Problem
    candidates: tuple[Candidate, ...]
    chosen: str
    best: str
    gap: float
    rows: int
    folds: int
    notes: tuple[str, ...] = ()
    crossed_out: tuple[str, ...] = ()
    insisted: str = ""
    seconds: Mapping[str, float] = field(default_factory=dict)

    @property
    def metrics(self) -> dict[str, float]:
        """The chosen family's score, by the metric's name."""
        return {self.problem.metric: self[self.chosen].score}

    def __getitem__(self, name: str) -> Candidate:
        return next(c for c in self.candidates if c.family == name)

    def table(self) -> Grid:
        """Return the comparison as a table, the best first."""
        metric = METRICS[self.problem.metric].title
        rows = [
            (
                c.title + (" (chosen)" if c.family == self.chosen else ""),
                f"{say(c.score, 4)} ± {say(c.error, 2)}",
                f"{say(c.cost, 1)} s",
                f"{c.size / 1000:,.0f} kB" if c.size else "–",
                "yes" if c.plain else "no",
                ", ".join(c.formats) or "none",
                c.problem or "agrees with ONNX",
            )
            for c in self.candidates
        ]
        heads = ("family", metric, "a fit", "size", "readable", "formats", "package")
        return Grid(heads, rows, self.notes)

    def decided(self, choice: Mapping[str, Any]) -> Shortlist:
        """Return the shortlist after a person's choice.

        Parameters
        ----------
        choice
            ``out``: families that were crossed out; ``insist``: the one to train
            whatever it scored, or "".

        Raises
        ------
        InputError
            Where the one insisted on was not compared, or all were crossed out.
        """
        insisted = str(choice.get("insist") or "")
        met = [c.family for c in self.candidates]
        out = tuple(n for n in met if n in choice.get("out", ()) and n != insisted)
        if insisted and insisted not in met:
            raise InputError(
                f"{family(insisted).title} was insisted on, but not compared",
                where="decision 'families'",
                todo=f'add "{insisted}" to the families in the parameters of `choose`',
            )
        left = [c for c in self.candidates if c.family not in out]
        if not left:
            raise InputError(
                "all families are crossed out", where="decision 'families'"
            )
        chosen = next((c for c in left if not c.problem), left[0])
        chosen = self[insisted] if insisted else chosen
        return replace(
            self,
            chosen=chosen.family,
            gap=abs(self.candidates[0].score - chosen.score),
            notes=(*self.notes, *_choice(self, out, insisted)),
            crossed_out=out,
            insisted=insisted,
        )

    def __repr__(self) -> str:
        chosen = self[self.chosen]
        return f"Shortlist({len(self.candidates)} families, {chosen.title} is chosen)"

    def plot(self) -> Picture:
        """Draw each family's score on each fold."""
        from mlkit.model.charts.choose import compare

        return compare(self)

    def to_dict(self) -> dict[str, Any]:
        """Return a plain JSON form."""
        return {
            **asdict(self),
            "problem": self.problem.to_dict(),
            "seconds": dict(self.seconds),
        }

    @classmethod
    def from_dict(cls, form: Mapping[str, Any]) -> Shortlist:
        """Read the form that `to_dict` gives."""
        candidates = [
            Candidate(
                **{**c, "folds": tuple(c["folds"]), "formats": tuple(c["formats"])}
            )
            for c in form["candidates"]
        ]
        return cls(
            **{
                **form,
                "problem": Problem.from_dict(form["problem"]),
                "candidates": tuple(candidates),
                "notes": tuple(form["notes"]),
                "crossed_out": tuple(form.get("crossed_out", ())),
            }
        )


def choose(
    train: pd.DataFrame,
    families: Iterable[str] | None = None,
    *,
    folds: int = 5,
    metric: str | None = None,
    most_rows: int = 20_000,
    seconds: float = 0.0,
    seed: int = 0,
) -> Shortlist:
    """Compare families by cross-validation on the problem's metric, baselines first.

    The chosen family is the best that survives a parity pre-check: one model of each
    is converted to ONNX and held against the original on rows left out and on ties,
    missing values, huge numbers and unseen categories.

    Parameters
    ----------
    train
        Cleaned rows with their target.
    families
        Which to compare; None or none takes those that are `first` in their file.
        The guess is always there.
    folds
        How many folds.
    metric
        The metric to compare by; None takes ``[goal] metric``, else the problem's.
    most_rows
        Compare on so many rows at most, drawn at random.
    seconds
        Pass over families that would take longer; 0 passes over none. The guess is
        always there.
    seed
        Of everything drawn at random.
    """
    problem = Problem.of(
        train,
        metric or config("goal.metric"),
        config("goal.positive"),
        config("goal.kind"),
        config("goal.order"),
    )
    rows = sample(known(train, problem), most_rows, seed)
    fold = cross.folds(rows, problem, folds, seed)
    wanted = _wanted(families, problem.kind)
    trials, passed_over = _trials(wanted, rows, problem, fold, seed, seconds)
    found = [_candidate(name, t, rows[fold == 0]) for name, t in trials.items()]
    found.sort(key=lambda c: -c.score if METRICS[problem.metric].greater else c.score)
    chosen = next((c for c in found if not c.problem), found[0])
    return Shortlist(
        problem=problem,
        candidates=tuple(found),
        chosen=chosen.family,
        best=found[0].family,
        gap=abs(found[0].score - chosen.score),
        rows=len(rows),
        folds=int(fold.max()) + 1,
        notes=(
            *_notes(problem, found[0], chosen, len(train), len(rows)),
            *(["folds follow one another in time"] if fold.min() < 0 else []),
            *passed_over,
        ),
        seconds={n: round(sum(t.seconds for t in ts), 3) for n, ts in trials.items()},
    )


def sample(table: pd.DataFrame, most: int, seed: int) -> pd.DataFrame:
    """Return at most `most` rows, in their order."""
    if len(table) <= most:
        return table
    picked = np.random.default_rng(seed).permutation(len(table))[:most]
    return table.iloc[np.sort(picked)]


def _wanted(families: Iterable[str] | None, kind: str) -> list[str]:
    asked = set(families or first(kind))
    for name in asked:
        ready(name, kind)
    return [name for name in names() if name in asked or name == "dummy"]


def _trials(
    wanted: list[str],
    rows: pd.DataFrame,
    problem: Problem,
    fold: NDArray[np.int64],
    seed: int,
    seconds: float,
) -> tuple[dict[str, list[Trial]], list[str]]:
    """Return each family's trials, and what is to be said of those passed over."""
    kept = Kept.of(None, rows, problem, fold, seed, "apart")
    budget, every = Budget(seconds), range(int(fold.max()) + 1)
    forecast = _forecast(rows, problem) if seconds else None
    found: dict[str, list[Trial]] = {}
    notes = []
    for name in wanted:
        takes = len(every) * forecast.seconds(name, {}, len(rows)) if forecast else 0.0
        if len(found) < 2:  # the first one reads the texts, for all
            takes += len(every) * texts.takes(rows, problem.texts, len(rows))
        if forecast and name != "dummy" and not budget.fits(takes):
            told = (
                f"{family(name).title} is passed over: it would take {say(takes, 2)} s"
            )
            notes.append(told)
            continue
        jobs = (delayed(trial)(name, {}, rows, problem, fold, k, seed) for k in every)
        found[name] = list(Parallel()(jobs))
        for k, one in enumerate(found[name]):
            if kept is None:
                break
            outcome = Outcome(finite(problem, one.score), one.said, one.seconds)
            kept.put(name, {}, k, outcome)
        if forecast:
            spent = float(np.mean([one.seconds for one in found[name]]))
            forecast.learn(name, {}, len(rows), spent)
    return found, notes


def _forecast(rows: pd.DataFrame, problem: Problem) -> Forecast:
    made, every = Prepared(rows, problem), np.ones(len(rows), bool)
    classes = max(len(problem.classes), 1)
    return Forecast(lambda encoding: made.width(encoding, every), classes)


def _candidate(name: str, trials: list[Trial], left_out: pd.DataFrame) -> Candidate:
    scores = np.array([t.score for t in trials])
    scores = scores[np.isfinite(scores)]
    kind = ready(name, trials[0].model.problem.kind)
    check = agree(trials[0].model, left_out)
    error = scores.std(ddof=1) / np.sqrt(len(scores)) if len(scores) > 1 else 0.0
    return Candidate(
        family=name,
        title=kind.title,
        score=round(float(scores.mean()), 6) if len(scores) else 0.0,
        error=round(float(error), 6),
        folds=tuple(round(float(s), 6) for s in scores),
        baseline=kind.baseline,
        plain=kind.plain,
        formats=kind.formats,
        size=check.size,
        problem=check.reason,
        cost=_cost(name, trials[0].model, left_out),
    )


def _cost(name: str, model: Model, some: pd.DataFrame) -> float:
    """Return the seconds of a fit by the family's own law, to one digit."""
    encoder = model.encoders[model.parts[0].encoder]
    width = len(encoder.columns)
    takes = family(name).cost(model.rows, width, max(len(model.classes), 1))
    takes += texts.takes(some, list(encoder.texts), model.rows)
    return float(f"{takes:.0e}")


def _notes(
    problem: Problem, best: Candidate, chosen: Candidate, given: int, rows: int
) -> Iterable[str]:
    metric = METRICS[problem.metric]
    way = "greater" if metric.greater else "smaller"
    yield (
        f"{problem.target} is {KINDS[problem.kind]}: compared by {metric.title}, "
        f"{way} is better"
    )
    yield f"told so because {problem.told}"
    if problem.left_out:
        yield f"not used (no number, category or text): {', '.join(problem.left_out)}"
    if rows < given:
        yield f"compared on {rows:,} of {given:,} rows"
    if better(problem.metric, best.score, chosen.score):
        yield (
            f"{best.title} is better by {say(abs(best.score - chosen.score))}, "
            f"but cannot be packaged: {best.problem}"
        )


def _choice(shortlist: Shortlist, out: tuple[str, ...], insisted: str) -> Iterable[str]:
    """Say what a person decided, and what it costs."""
    if out:
        yield f"crossed out by hand: {listed(family(name).title for name in out)}"
    best = shortlist.candidates[0]
    if insisted:
        behind = abs(best.score - shortlist[insisted].score)
        cost = f"; {best.title} scored better by {say(behind)}" if behind else ""
        yield f"{shortlist[insisted].title} is insisted on{cost}"
