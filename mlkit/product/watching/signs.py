"""Signs of how a model is: each says how grave it is, what was seen, what to do."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date, timedelta

import numpy as np

from mlkit.data.charts.cards import many
from mlkit.data.charts.style import shorten
from mlkit.data.measures.groups import wilson
from mlkit.data.parts.likeness import Likeness
from mlkit.model.groups.fair_words import TITLES
from mlkit.model.groups.fairness import Gap
from mlkit.model.measures.metrics import METRICS
from mlkit.model.words import listed, say
from mlkit.product.watching.drift import Change
from mlkit.product.watching.parcel import Parcel
from mlkit.product.watching.scores import Score, lost
from mlkit.product.watching.traffic import Traffic

__all__ = [
    "LEVELS",
    "Limits",
    "Sign",
    "gravest",
    "of_changes",
    "of_estimate",
    "of_groups",
    "of_promise",
    "of_refusals",
    "of_review",
    "of_score",
    "of_strange",
    "of_together",
    "of_traffic",
]

LEVELS = ("unknown", "healthy", "watch", "retrain")
"""From the least grave; what is not assessed is never healthy."""

FAR = timedelta(days=14)
TOLD = 3
WIDER = LOOSE = 0.05
SERVERS, CLIENTS = "5", "4"
"""By whose fault a status is: its first digit."""


@dataclass(frozen=True)
class Limits:
    """From when on something is a sign.

    Parameters
    ----------
    least
        Windows of fewer rows are not judged.
    small, large
        A change of a smaller share of rows is none; a larger one is grave.
    rate
        The share of false ones among changes that are called certain.
    spread
        So large a share of columns with large changes says retrain.
    loss
        The share of its skill that a model may lose; half of it is watched.
    broken
        The share of rows that may break the contract, or cannot be read; of requests
        that may be refused.
    failed
        The share of requests that the server may fail to answer.
    slow
        Milliseconds in which 95 % of the requests should be answered.
    """

    least: int = 100
    small: float = 0.1
    large: float = 0.25
    rate: float = 0.01
    spread: float = 0.3
    loss: float = 0.25
    broken: float = 0.05
    failed: float = 0.01
    slow: float = 1000.0


@dataclass(frozen=True)
class Sign:
    """One thing that was looked at.

    Parameters
    ----------
    level
        One of `LEVELS`.
    about
        ``rows``, ``columns``, ``predictions``, ``score``, ``estimate``, ``promise``,
        ``requests``, ``groups`` or ``review``.
    what
        What was seen, in a sentence.
    todo
        What to do about it.
    """

    level: str
    about: str
    what: str
    todo: str = ""


def gravest(signs: Sequence[Sign]) -> str:
    """Return the gravest level of some signs; without any, unknown.

    Examples
    --------
    >>> gravest([Sign("healthy", "rows", ""), Sign("watch", "score", "")])
    'watch'
    """
    return max((one.level for one in signs), key=LEVELS.index, default="unknown")


def of_changes(
    changes: Sequence[Change], target: str, columns: int, limits: Limits
) -> Iterator[Sign]:
    """Judge changes of columns and of predictions.

    Parameters
    ----------
    changes
        Of one window.
    target
        The target's name: changes of it are changes of predictions.
    columns
        How many columns the reference has.
    limits
        From when on a change counts.
    """
    seen = [one for one in changes if one.certain and one.effect >= limits.small]
    mine = [one for one in seen if one.column != target]
    told = [one for one in seen if one.column == target]
    grave = {one.column for one in mine if one.effect >= limits.large}
    level = "retrain" if len(grave) >= max(limits.spread * columns, 1) else "watch"
    if mine:
        names = dict.fromkeys(one.column for one in mine)
        first = [next(one for one in mine if one.column == name) for name in names]
        what = f"{len(names)} of {many(columns, 'column')} changed: {_listed(first)}"
        yield Sign(level, "columns", what, _todo(mine, level))
    else:
        what = (
            f"none of {many(columns, 'column')} changed by {limits.small:.0%} of rows"
        )
        yield Sign("healthy", "columns", what)
    if told:
        level = "retrain" if told[0].effect >= limits.large else "watch"
        todo = "see whether the world changed so, or only the rows that are asked"
        what = f"what it says changed: {_listed(told, named=False)}"
        yield Sign(level, "predictions", what, todo)
    else:
        yield Sign("healthy", "predictions", "it says what it said at acceptance")


def of_together(found: Likeness | None, limits: Limits) -> Sign:
    """Judge whether live rows can be told from those of the reference."""
    if found is None:
        what = "rows as a whole are not compared: the package keeps none, or too few"
        return Sign("unknown", "rows", what)
    half = limits.small / 2
    apart, much = 0.5 + half, 0.5 + limits.large
    seen = f"ROC AUC {say(found.auc)} ({say(found.low)} to {say(found.high)})"
    if found.low <= apart:
        return Sign("healthy", "rows", f"no model tells them from training's: {seen}")
    level = "retrain" if found.low >= much else "watch"
    names = listed([name for name, _ in found.columns[:TOLD]])
    what = f"a model tells them from training's: {seen}, by {names} above all"
    return Sign(level, "rows", what, "look at these columns together")


def of_score(
    parcel: Parcel, score: Score | None, limits: Limits, upto: str = ""
) -> Sign:
    """Judge a measured metric by the share of its skill that the model has lost.

    Parameters
    ----------
    parcel
        The package.
    score
        The metric of live rows; None where the truth has come in for too few.
    limits
        How much may be lost.
    upto
        The day of the newest of these rows, where later ones have no truth yet.
    """
    if score is None:
        what = "the truth has come in for too few rows"
        return Sign("unknown", "score", what, "bring it in: `mlkit feedback FILE`")
    late = f" up to {upto}" if upto else ""
    what = f"{METRICS[score.metric].title}{late} is {score.told()}"
    return _by_loss("score", what, parcel, score, limits)


def of_strange(
    strange: Sequence[str], given: int, limits: Limits, *, numbers: bool = False
) -> Iterator[Sign]:
    """Judge truths that the model cannot say; nothing where there are none.

    Parameters
    ----------
    strange
        The truths that are classes which the model does not know.
    given
        How many truths came in.
    limits
        The share that may be broken.
    numbers
        Whether `strange` are the requests of truths that are no numbers.
    """
    if not len(strange):
        return
    words = [repr(shorten(word, 40 if numbers else 20)) for word in strange]
    some = listed([*dict.fromkeys(words)][:TOLD])
    why = f"classes that the model does not know ({some})"
    todo = "correct them by `mlkit feedback`, or retrain on rows that hold them"
    if numbers:
        why = f"no numbers (of {some})"
        todo = "see them by `mlkit log --id`, and correct them by `mlkit feedback`"
    what = f"{len(strange):,} of {many(given, 'truth')} are {why}"
    what += ": no score and no promise counts them"
    (low,) = wilson(np.array([len(strange)]), np.array([given]))[1]
    level = "retrain" if low > limits.broken else "watch"
    yield Sign(level, "score", what, todo)


def of_estimate(parcel: Parcel, score: Score | None, limits: Limits) -> Sign:
    """Judge an expected metric by the share of its skill that would be lost.

    Parameters
    ----------
    parcel
        The package.
    score
        The metric to expect; None where the package does not allow it.
    limits
        How much may be lost.
    """
    if score is None and parcel.reference.get("truth"):
        title = METRICS[parcel.problem.metric].title
        what = f"{title} cannot be expected of these rows: too few, or too alike"
        return Sign("unknown", "estimate", what, "wait, or take longer windows")
    if score is None:
        what = "the package does not say how its predictions came true"
        return Sign("unknown", "estimate", what, "package the model anew")
    what = f"{METRICS[score.metric].title} is expected to be {score.told()}"
    made = _by_loss("estimate", what, parcel, score, limits)
    grave = made.level in ("watch", "retrain")
    todo = "bring the truth in to be sure: `mlkit feedback FILE`"
    return replace(made, todo=todo) if grave else made


def of_promise(parcel: Parcel, kept: Score | None) -> Iterator[Sign]:
    """Judge whether intervals or sets hold the truth as often as was promised.

    Parameters
    ----------
    parcel
        The package.
    kept
        How often they did; None where nothing was promised or too little is known.
    """
    promise = parcel.predictor.promise
    if promise is None or kept is None:
        return
    shares = (f"{share:.0%}" for share in (kept.value, kept.low, kept.high))
    what = "{} ({} to {}) of truths lay where ".format(*shares)
    what += f"{promise.coverage:.0%} were promised to, {many(kept.rows, 'row')}"
    if kept.high < promise.coverage - LOOSE:
        todo = "rely on no interval or set until it is packaged anew"
        yield Sign("watch", "promise", what, todo)
    else:
        yield Sign("healthy", "promise", what)


def of_traffic(seen: Traffic, limits: Limits) -> Iterator[Sign]:
    """Judge latency, and the cells that cannot be read or break the contract."""
    slow = seen.latency[1]
    what = f"95 % of {many(seen.requests, 'request')} within {say(slow)} ms"
    if slow > limits.slow:
        todo = "see what the server waits for, or serve on more machines"
        yield Sign(
            "watch", "requests", f"{what}, later than {say(limits.slow)} ms", todo
        )
    else:
        yield Sign("healthy", "requests", what)
    broken = max(seen.flags.get("contract", 0), seen.flags.get("unreadable", 0))
    if broken > limits.broken:
        worst = listed([f"{name} ({share:.0%})" for name, share in seen.worst[:TOLD]])
        what = f"{broken:.0%} of rows break the contract or cannot be read: {worst}"
        yield Sign("watch", "requests", what, "ask those who send them")
    else:
        what = f"{broken:.1%} of rows break the contract or cannot be read"
        yield Sign("healthy", "requests", what)
    yield from of_refusals(seen, limits)


def of_refusals(seen: Traffic, limits: Limits) -> Iterator[Sign]:
    """Judge how many requests failed, or were refused; nothing where none is told."""
    if seen.refused is None:
        return
    for how, limit, whose, todo in (
        ("failed", limits.failed, SERVERS, "see why the server does not manage"),
        ("refused", limits.broken, CLIENTS, "ask those who send them"),
    ):
        count, share = getattr(seen, how) or 0, seen.share(how)
        some = [f"{name} ({n:,})" for name, n in seen.turned if name[:1] in whose]
        what = f"{count:,} of {many(seen.asked, 'request')} {how}"
        what = f"{what}: {listed(some[:TOLD])}" if count else f"no request {how}"
        level = "watch" if share > limit else "healthy"
        yield Sign(level, "requests", what, todo if level == "watch" else "")


def of_groups(
    wider: Sequence[tuple[Gap, Gap]], assessed: bool, sensitive: bool
) -> Iterator[Sign]:
    """Judge the gaps between groups against those at acceptance.

    Parameters
    ----------
    wider
        Gaps that are certainly wider, before and now.
    assessed
        Whether groups could be compared.
    sensitive
        Whether there are sensitive columns at all.
    """
    found = [(was, now) for was, now in wider if now.value - was.value >= WIDER]
    for was, now in found[:TOLD]:
        what = f"{TITLES[now.name]} by {now.column}: {now.told()}, was {was.told()}"
        todo = f"look at {now.least} and {now.most}"
        yield Sign("watch", "groups", what, todo)
    if sensitive and not assessed:
        what = "not compared: too few rows, or too few whose truth is in"
        yield Sign("unknown", "groups", what)
    elif sensitive and not found:
        yield Sign(
            "healthy", "groups", "groups lie no further apart than at acceptance"
        )


def of_review(review_by: date | None, today: date) -> Iterator[Sign]:
    """Judge whether the package is to be reviewed."""
    if review_by is None:
        return
    what = f"to be reviewed by {review_by.isoformat()}"
    if today > review_by:
        late = (today - review_by).days
        todo = "review it, and package it anew"
        yield Sign("watch", "review", f"{what}: {many(late, 'day')} ago", todo)
    elif today + FAR > review_by:
        yield Sign("watch", "review", f"{what}: soon", "plan the review")
    else:
        yield Sign("healthy", "review", what)


def _by_loss(
    about: str, what: str, parcel: Parcel, score: Score, limits: Limits
) -> Sign:
    share = lost(parcel, score)
    if share is None:
        return Sign("unknown", about, f"{what}; acceptance does not tell it")
    gone, certain = share
    what += f", at acceptance {parcel.accepted.words(score.metric)}"
    if not certain or gone < limits.loss / 2:
        return Sign("healthy", about, what)
    level = "retrain" if gone >= limits.loss else "watch"
    whole = "all" if gone >= 1 else f"{gone:.0%}"
    return Sign(level, about, f"{what}: {whole} of what it had over a guess is lost")


def _listed(changes: Sequence[Change], *, named: bool = True) -> str:
    told = [_one(change, named) for change in changes[:TOLD]]
    rest = len(changes) - len(told)
    return "; ".join(told) + (f"; and {rest} more" if rest else "")


def _one(change: Change, named: bool) -> str:
    title = change.column if named else change.what
    if named and change.what != "values":
        title = f"{title}, {change.what}"
    return f"{title} {change.effect:.0%} ({change.before} → {change.now})"


def _todo(changes: Sequence[Change], level: str) -> str:
    kinds: Mapping[str, str] = {
        "missing": "see where cells get lost",
        "unseen": "see whether the new words are right",
    }
    if level == "retrain":
        return "the rows are no longer those it learned from: retrain on newer ones"
    return kinds.get(changes[0].what, "see whether the source or the world changed")
