"""Choose a family of models: baselines first, then the others, on equal folds."""

from __future__ import annotations

from collections.abc import Iterable

import numpy as np
import pandas as pd
from joblib import Parallel, delayed
from numpy.typing import NDArray

from mlkit.core.cells import config
from mlkit.model.encoding import descriptors, embeddings, texts
from mlkit.model.families import family, first, names, ready
from mlkit.model.fitted import Model
from mlkit.model.measures.metrics import METRICS, better
from mlkit.model.packing.parity import agree
from mlkit.model.problem import KINDS, Problem, known
from mlkit.model.shortlist import Candidate, Shortlist
from mlkit.model.tuning import cross
from mlkit.model.tuning.budget import Budget, Forecast
from mlkit.model.tuning.cross import Trial, trial
from mlkit.model.tuning.kept import Kept, Outcome
from mlkit.model.tuning.prepared import Prepared
from mlkit.model.words import say

__all__ = ["Shortlist", "choose", "sample"]


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
    judged = _judged(rows, problem, fold)
    wanted = _wanted(families, problem.kind)
    trials, passed_over = _trials(wanted, rows, problem, fold, seed, seconds)
    found = [_candidate(n, t, judged, rows[fold == 0]) for n, t in trials.items()]
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
            *_folded(fold, folds),
            *cross.passed_over(problem, int(fold.max()) + 1 - len(judged)),
            *passed_over,
        ),
        seconds={n: round(sum(t.seconds for t in ts), 3) for n, ts in trials.items()},
    )


def _folded(fold: NDArray[np.int64], asked: int) -> Iterable[str]:
    """Say how the folds are cut, where it is otherwise than asked."""
    if fold.min() < 0:
        yield "folds follow one another in time"
    elif fold.max() + 1 < asked:
        yield f"{fold.max() + 1} folds, for there are no more groups to leave out"


def _judged(rows: pd.DataFrame, problem: Problem, fold: NDArray[np.int64]) -> list[int]:
    """Return the folds on which the metric is defined."""
    inside = [fold == k for k in range(int(fold.max()) + 1)]
    truth = [problem.truth(rows[mask]) for mask in inside]
    return cross.defined(problem, truth, cross.counted(problem, rows, inside))


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
            takes += descriptors.takes(rows, problem, len(rows))
        if forecast and family(name).encoding.embeddings:
            takes += embeddings.takes(rows, problem.texts, len(rows))
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
            kept.put(name, {}, k, Outcome(one.score, one.said, one.seconds))
        if forecast:
            spent = float(np.mean([one.seconds for one in found[name]]))
            forecast.learn(name, {}, len(rows), spent)
    return found, notes


def _forecast(rows: pd.DataFrame, problem: Problem) -> Forecast:
    made, every = Prepared(rows, problem), np.ones(len(rows), bool)
    classes = max(len(problem.classes), 1)
    return Forecast(lambda encoding: made.width(encoding, every), classes)


def _candidate(
    name: str, trials: list[Trial], judged: list[int], left_out: pd.DataFrame
) -> Candidate:
    problem = trials[0].model.problem
    scores = np.array([cross.finite(problem, trials[k].score) for k in judged])
    kind = ready(name, problem.kind)
    check = agree(trials[0].model, left_out)
    error = scores.std(ddof=1) / np.sqrt(len(scores)) if len(scores) > 1 else 0.0
    score, error, *each = cross.rounded([scores.mean(), error, *scores])
    return Candidate(
        family=name,
        title=kind.title,
        score=score,
        error=error,
        folds=tuple(each),
        baseline=kind.baseline,
        plain=kind.plain and (name == "dummy" or not problem.media),
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
    takes += embeddings.takes(some, list(encoder.embeddings), model.rows)
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
        yield f"not used (of no type that models take): {', '.join(problem.left_out)}"
    if rows < given:
        yield f"compared on {rows:,} of {given:,} rows"
    if better(problem.metric, best.score, chosen.score):
        yield (
            f"{best.title} is better by {say(abs(best.score - chosen.score))}, "
            f"but cannot be packaged: {best.problem}"
        )
