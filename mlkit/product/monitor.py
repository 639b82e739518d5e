"""Watch a model at work, and say whether it is healthy, or is to be retrained.

`follow` reads the live rows of a package from the request log, `monitor` judges them,
and `set_aside` picks decisions that a person should look at.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace
from datetime import UTC, datetime

from mlkit.data.charts.cards import many
from mlkit.data.parts.likeness import Likeness
from mlkit.model.groups.fairness import Fairness
from mlkit.product.watching import drift as drifting
from mlkit.product.watching import scores, signs
from mlkit.product.watching.drift import Change
from mlkit.product.watching.groups import shares, treated, widened
from mlkit.product.watching.health import GRAVE, Health, Window
from mlkit.product.watching.live import Live, follow
from mlkit.product.watching.parcel import Parcel
from mlkit.product.watching.parts import scored
from mlkit.product.watching.review import Aside, set_aside
from mlkit.product.watching.signs import Limits, Sign
from mlkit.product.watching.together import together
from mlkit.product.watching.traffic import traffic
from mlkit.product.watching.windows import Span, cut, newest

__all__ = [
    "Aside",
    "Health",
    "Limits",
    "Live",
    "Window",
    "follow",
    "monitor",
    "set_aside",
]

SHOWN = 30


def monitor(
    live: Live,
    *,
    window: str = "day",
    limits: Limits | None = None,
    now: datetime | None = None,
    seed: int = 0,
) -> Health:
    """Judge live rows: their columns, predictions, score, groups and requests.

    The newest windows that together have enough rows are judged, the score by the
    newest with enough rows whose truth has come in; earlier ones are drawn beside
    them. Too few rows are never healthy: they are watched.

    Parameters
    ----------
    live
        What `follow` returned.
    window
        ``hour``, ``day``, ``week``, ``month`` in UTC, or a number of rows.
    limits
        From when on something is a sign.
    now
        The moment that the review-by date is held against; None takes the clock's.
    seed
        Of resamples and draws.

    Raises
    ------
    UsageError
        Where `window` is nothing of this.
    """
    bounds = limits or Limits()
    today = (now or datetime.now(UTC)).date()
    review = list(signs.of_review(live.parcel.review_by, today))
    spans = cut(live.rows["request.at"], window)
    found = _blank(live, bounds, spans, seed)
    span = newest(live.rows["request.at"], spans, bounds.least)
    if span is None:
        away = signs.of_refusals(traffic(live.rows, live.refused), bounds)
        return replace(found, signs=(_few(live, bounds), *away, *review))
    proved = _proved(live, window, bounds.least)
    some = live.during(span.rows)
    more = [*_strange(live, some, proved, bounds), *review]
    return _judged(found, some, proved, more, seed)


def _strange(
    live: Live, judged: Live, proved: Live | None, limits: Limits
) -> Iterator[Sign]:
    """Judge the truths that cannot be among the rows that a verdict is about."""
    starts = [some.rows["request.at"].iloc[0] for some in (judged, proved) if some]
    some = live.take((live.rows["request.at"] >= min(starts)).to_numpy(bool))
    strange = some.strange.tolist()
    given = int(some.known.sum()) + len(strange)
    numbers = not some.parcel.problem.classes
    yield from signs.of_strange(strange, given, limits, numbers=numbers)


def _judged(
    found: Health, some: Live, told: Live | None, more: Sequence[Sign], seed: int
) -> Health:
    """Judge the newest rows, and the newest whose truth has come in."""
    parcel, limits = some.parcel, found.limits
    judged = _window(some, limits, seed)
    proved = _window(told, limits, seed) if told else None
    changes = _changes(some, limits)
    whole = together(parcel.reference, some.watched, seed=seed)
    fair = treated(told or some, seed=seed)
    alone = _signs(parcel, judged, proved, changes, limits)
    every = (*alone, *_rest(parcel, whole, fair, limits), *more)
    return replace(
        found,
        signs=every,
        windows=_coloured(found.windows, judged, signs.gravest(every)),
        judged=judged,
        proved=proved,
        changes=changes,
        together=whole,
        fairness=fair,
    )


def _coloured(
    windows: Sequence[Window], judged: Window, level: str
) -> tuple[Window, ...]:
    """Give the windows that were judged together the level of a grave verdict."""
    if level not in GRAVE:
        return tuple(windows)
    return tuple(
        replace(one, level=max(one.level, level, key=signs.LEVELS.index))
        if one.start >= judged.start
        else one
        for one in windows
    )


def _proved(live: Live, window: str, least: int) -> Live | None:
    """Return the newest rows whose truth has come in, where they are enough."""
    known = live.take(live.known.nonzero()[0])
    at = known.rows["request.at"]
    span = newest(at, cut(at, window), least)
    return None if span is None else known.take(span.rows)


def _blank(live: Live, limits: Limits, spans: Sequence[Span], seed: int) -> Health:
    """Return what is known before anything is judged."""
    parcel = live.parcel
    problem, name = parcel.problem, parcel.problem.metric
    told = parcel.accepted.metrics.get(name)
    ends = parcel.accepted.intervals.get(name)
    return Health(
        parcel.identity,
        problem.title,
        problem.target,
        name,
        (),
        limits,
        tuple(_window(live.during(s.rows), limits, seed) for s in spans[-SHOWN:]),
        accepted=None if told is None or ends is None else (told, *ends),
        guessed=parcel.guessed.get(name),
        notes=live.notes,
    )


def _window(some: Live, limits: Limits, seed: int) -> Window:
    """Sum up the rows of one window, and judge what can be judged of it alone."""
    at, known = some.rows["request.at"], some.take(some.known.nonzero()[0])
    score = scores.measured(known, seed=seed)
    made = Window(
        at.iloc[0].isoformat(),
        at.iloc[-1].isoformat(),
        "unknown",
        traffic(some.rows, some.refused),
        score=score,
        hoped=scores.estimated(known, seed=seed) if score else None,
        shares=shares(some),
        slices=scored(known) if score else {},
        kept=scores.kept(known),
    )
    if len(some) < limits.least:
        return made
    changes = _changes(some, limits)
    seen = [one for one in changes if one.certain and one.effect >= limits.small]
    effects: dict[str, float] = {}
    for one in changes:
        effects[one.column] = max(effects.get(one.column, 0.0), one.effect)
    full = replace(
        made,
        effects=effects,
        certain=tuple(dict.fromkeys(one.column for one in seen)),
        estimate=scores.estimated(some, seed=seed),
    )
    told = _signs(some.parcel, full, full, changes, limits)
    return replace(full, level=signs.gravest(told))


def _changes(live: Live, limits: Limits) -> tuple[Change, ...]:
    parcel = live.parcel
    found = [
        change
        for name, cells in live.watched.items()
        for change in drifting.compare(name, parcel.watched[name], cells, live.own)
    ]
    args = (parcel.reference, parcel.problem, live.predicted, parcel.threshold)
    said = drifting.of_predictions(*args, live.own)
    return drifting.ranked([*found, *said], limits.rate)


def _signs(
    parcel: Parcel,
    window: Window,
    proved: Window | None,
    changes: Sequence[Change],
    limits: Limits,
) -> list[Sign]:
    """Judge what can be judged of a window by itself."""
    columns = len(parcel.watched)
    score, upto = (proved.score, proved.end) if proved else (None, "")
    late = upto[:10] if upto < window.start else ""
    return [
        signs.of_score(parcel, score, limits, upto=late),
        signs.of_estimate(parcel, window.estimate, limits),
        *signs.of_promise(parcel, proved.kept if proved else None),
        *signs.of_changes(changes, parcel.problem.target, columns, limits),
        *signs.of_traffic(window.traffic, limits),
    ]


def _rest(
    parcel: Parcel, whole: Likeness | None, fair: Fairness | None, limits: Limits
) -> list[Sign]:
    """Judge what takes too long, or too many rows, for every window."""
    wider = list(widened(parcel.fairness, fair))
    assessed, sensitive = fair is not None, bool(parcel.sensitive)
    return [
        signs.of_together(whole, limits),
        *signs.of_groups(wider, assessed, sensitive),
    ]


def _few(live: Live, limits: Limits) -> Sign:
    what = (
        f"{many(len(live), 'live row')}: too few to judge, {limits.least:,} are needed"
    )
    return Sign("unknown", "rows", what, "wait, or take longer windows")
