"""Review a model before it acts: what it looks at, for whom it works, what is odd."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import asdict, dataclass, field, replace
from typing import TYPE_CHECKING, Any

import pandas as pd

from mlkit.core.errors import InputError
from mlkit.core.schema import Schema
from mlkit.model.audit import remarking
from mlkit.model.audit.dependence import dependence, pairs
from mlkit.model.audit.explain import Importance, clusters, importance, pace
from mlkit.model.audit.giveaway import leaks, telling
from mlkit.model.audit.limits import limits
from mlkit.model.audit.remarks import Remark, ranked
from mlkit.model.audit.robustness import Robustness, robustness
from mlkit.model.audit.rules import Rules
from mlkit.model.audit.surrogate import rules
from mlkit.model.choose import sample
from mlkit.model.fitted import Model
from mlkit.model.grid import Grid
from mlkit.model.groups.fairness import Fairness, fairness
from mlkit.model.measures.measure import guess, guessed, judged, measure_rows, units
from mlkit.model.measures.metrics import score
from mlkit.model.problem import Problem, known
from mlkit.model.slicing.slices import Slice, slices
from mlkit.model.wording.vocabulary import Vocabulary, vocabulary

if TYPE_CHECKING:
    from mlkit.data.charts.style import Picture
    from mlkit.model.audit.cards import Card

__all__ = ["Remark", "Review", "review"]

ASKED, FEWEST, SHOWN = 300_000, 200, 600


@dataclass(frozen=True)
class Review:
    """What a review found.

    Parameters
    ----------
    problem
        What is predicted.
    rows
        How many validation rows it rests on.
    seen, unseen
        The metric on training rows, and on validation rows.
    importance
        Permutation importance, the most important feature first.
    dependence
        How predictions move along the most important features.
    slices
        Metrics by group of the sensitive columns.
    leaks
        Features that alone predict the target nearly perfectly, and how well.
    remarks
        What a person should read, the most severe first.
    together
        Permutation importance of sets of features that say much the same.
    pair
        The two features that work together most; see
        `mlkit.model.audit.dependence.pairs`.
    telling
        Texts of which a few words give the target away: their ``score`` and ``words``.
    vocabulary
        Of each text the words that move predictions.
    rules
        The model's own rules, or those of a tree that stands in for it.
    robustness
        What worse input does.
    fairness
        How the groups of sensitive columns are treated.
    limits
        What the model must not be used for, as the rows it saw tell.
    words
        The same in a person's own words.
    unassessed
        Why it is not known whether a feature gives the target away; "" where it is.
    """

    problem: Problem
    rows: int
    seen: float
    unseen: float
    importance: tuple[Importance, ...]
    dependence: Mapping[str, Any] = field(default_factory=dict)
    slices: tuple[Slice, ...] = ()
    leaks: Mapping[str, float] = field(default_factory=dict)
    remarks: tuple[Remark, ...] = ()
    together: tuple[Importance, ...] = ()
    pair: Mapping[str, Any] = field(default_factory=dict)
    telling: Mapping[str, Any] = field(default_factory=dict)
    vocabulary: tuple[Vocabulary, ...] = ()
    rules: Rules | None = None
    robustness: Robustness | None = None
    fairness: Fairness | None = None
    limits: tuple[str, ...] = ()
    words: str = ""
    unassessed: str = ""

    @property
    def metrics(self) -> dict[str, float]:
        """The metric on training and on validation rows."""
        name = self.problem.metric
        return {f"{name}_train": self.seen, f"{name}_valid": self.unseen}

    def table(self) -> Grid:
        """Return the remarks as a table, the most severe first."""
        rows = [(one.severity, one.what, one.todo) for one in self.remarks]
        return Grid(("", "what was found", "what to do"), rows)

    def plot(self, what: str = "overview") -> Picture:
        """Draw what was found.

        Parameters
        ----------
        what
            ``overview``: importance, dependence and groups; ``together``: what features
            do together.
        """
        from mlkit.model.charts.review import overview, together

        return together(self) if what == "together" else overview(self)

    def within(self, words: str) -> Review:
        """Return the review with a person's words on what the model is not for."""
        return replace(self, words=" ".join(words.split()))

    def card(self, model: Model) -> Card:
        """Return the model card as far as it can be told before acceptance."""
        from mlkit.model.audit.card import draft

        return draft(model, self)

    def to_dict(self) -> dict[str, Any]:
        """Return a plain JSON form."""
        stress, fair = self.robustness, self.fairness
        return {
            **asdict(self),
            "problem": self.problem.to_dict(),
            "robustness": stress and stress.to_dict(),
            "fairness": fair and fair.to_dict(),
        }

    @classmethod
    def from_dict(cls, form: Mapping[str, Any]) -> Review:
        """Read the form that `to_dict` gives."""
        told, stress = form.get("rules"), form.get("robustness")
        fair = form.get("fairness")
        return cls(
            **{
                **form,
                "problem": Problem.from_dict(form["problem"]),
                "importance": tuple(map(Importance.from_dict, form["importance"])),
                "together": tuple(map(Importance.from_dict, form.get("together", ()))),
                "slices": tuple(Slice.from_dict(one) for one in form["slices"]),
                "remarks": tuple(Remark(**one) for one in form["remarks"]),
                "limits": tuple(form.get("limits", ())),
                "vocabulary": tuple(
                    map(Vocabulary.from_dict, form.get("vocabulary", ()))
                ),
                "rules": told and Rules.from_dict(told),
                "robustness": stress and Robustness.from_dict(stress),
                "fairness": fair and Fairness.from_dict(fair),
            }
        )


def review(
    model: Model,
    train: pd.DataFrame,
    valid: pd.DataFrame,
    *,
    threshold: float | None = None,
    enough: Any = None,
    bias: Any = None,
    repeats: int = 5,
    most_rows: int = 2000,
    refits: int = 2,
    seed: int = 0,
) -> Review:
    """Look into a model with the rows it learnt from and rows it has not seen.

    Parameters
    ----------
    model
        A fitted model.
    train, valid
        Cleaned rows with their target.
    threshold
        Of two classes, the least probability that says the second; None is a half.
    enough
        What `split` found of whether there is enough data, or None.
    bias
        What `profile` found of the sensitive columns, or None.
    repeats
        Shuffles of each feature; fewer where the model has many parts, or there are
        many features.
    most_rows
        Ask about so many validation rows at most; fewer where one shuffle of them
        would still take long, and of images or sounds.
    refits
        How often a part of the model is fitted again to tell how steady it is; 0 leaves
        that out.
    seed
        Of everything drawn at random.

    Raises
    ------
    InputError
        Where no validation row has a target that the model knows.
    """
    problem, at = model.problem, 0.5 if threshold is None else threshold
    rows, truth, predicted, _ = judged(model, valid)
    weights = units(problem, rows)[1]
    learnt = known(train, problem)
    most, repeats = _asked(model, min(most_rows, len(rows)), repeats)
    some = Schema.of(valid).attach(sample(rows, most, seed))
    told = importance(model, some, repeats, seed, threshold=at)
    plain = set(problem.numbers + problem.categories)
    top = [one.feature for one in told if one.loss > 0 and one.feature in plain][:4]
    stress = robustness(model, learnt, some, threshold=at, refits=refits, seed=seed)
    words = telling(learnt, problem)
    alike = clusters(learnt, problem.features)
    away, unassessed = _given_away(sample(learnt, 4000, seed), problem, seed)
    away |= {n: got for n, (got, _) in words.items() if n in problem.features}
    found = Review(
        problem=problem,
        rows=len(rows),
        seen=_score(model, learnt, at),
        unseen=_round(score(problem, truth, predicted, weights, threshold=at)),
        importance=told,
        dependence=dependence(model, some, top, max(int(300 / pace(model)), 60)),
        slices=slices(problem, Schema.of(valid).attach(rows), truth, predicted, at),
        leaks=away,
        together=importance(model, some, repeats, seed, alike, threshold=at),
        pair=pairs(model, some, top, max(int(60 / pace(model)), 20)),
        telling={
            name: {"score": got, "words": list(named)}
            for name, (got, named) in words.items()
        },
        vocabulary=tuple(vocabulary(model, some, n, seed) for n in problem.texts[:2]),
        rules=rules(model, sample(learnt, 4 * most, seed), rows, at),
        robustness=stress,
        fairness=fairness(model, valid, threshold, seed=seed),
        limits=limits(model, learnt, told, stress.gone),
        unassessed=unassessed,
    )
    measured = measure_rows(problem, rows, truth, predicted, at, seed=seed)
    base = guessed(problem, guess(model, len(truth)))
    chance = score(problem, truth, base, weights)
    remarks = (
        *_remarks(found, model),
        *remarking.of_fit(found, measured, chance),
        *remarking.of_data(enough, bias),
    )
    return replace(found, remarks=ranked(remarks))


def _remarks(found: Review, model: Model) -> Iterator[Remark]:
    yield from remarking.of_leaks(found)
    yield from remarking.of_features(found)
    yield from remarking.of_groups(found)
    yield from remarking.of_rows(found.rows, model)
    yield from remarking.of_robustness(found.robustness)
    yield from remarking.of_rules(found.rules)


def _given_away(
    table: pd.DataFrame, problem: Problem, seed: int
) -> tuple[dict[str, float], str]:
    """Return the features that give the target away, and why that is not known."""
    try:
        return leaks(table, problem, seed=seed), ""
    except InputError as error:
        return {}, error.what


def _asked(model: Model, rows: int, repeats: int) -> tuple[int, int]:
    """Return how many rows to ask about, and how often, so that it takes some seconds.

    Shuffles are saved before rows: a row more tells more than a shuffle more.
    """
    rows = min(rows, SHOWN) if model.problem.media else rows
    able = int(ASKED / pace(model) / max(len(model.problem.features), 1))
    often = max(min(able // max(rows, 1), repeats), 1)
    return max(min(rows, able // often), min(FEWEST, rows)), often


def _score(model: Model, table: pd.DataFrame, threshold: float) -> float:
    some = sample(table, int(20_000 / pace(model)), 0)
    problem, said = model.problem, model.predicted(some)
    weights, truth = units(problem, some)[1], problem.truth(some)
    return _round(score(problem, truth, said, weights, threshold=threshold))


def _round(value: float) -> float:
    return float(f"{value:.7g}")
