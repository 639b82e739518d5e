"""What a review remarks on each thing it measured."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import TYPE_CHECKING, Any

from mlkit.data.charts.cards import many
from mlkit.model.audit.remarks import Remark
from mlkit.model.audit.robustness import Robustness
from mlkit.model.audit.rules import Rules
from mlkit.model.fitted import Model
from mlkit.model.measures.measure import Measured
from mlkit.model.measures.metrics import METRICS
from mlkit.model.slicing.slices import Slice
from mlkit.model.words import listed, say

if TYPE_CHECKING:
    from mlkit.model.review import Review

__all__ = [
    "of_data",
    "of_features",
    "of_fit",
    "of_groups",
    "of_leaks",
    "of_robustness",
    "of_rows",
    "of_rules",
]

NAMED, HARDLY = 6, 20
FRAGILE, HALF = 0.25, 0.5
WOBBLY = {"classes": 0.1, "number": 0.25}
STRONG, APART, CALIBRATED = 0.3, 0.65, 0.05


def of_leaks(found: Review) -> Iterator[Remark]:
    """Remark on features and words that give the target away."""
    target = found.problem.target
    if found.unassessed:
        todo = "ask of each whether it is known before the target is; collect more rows"
        yield Remark("warning", f"not assessed: {found.unassessed}", todo)
    alone = {n: got for n, got in found.leaks.items() if n not in found.telling}
    for name, got in alone.items():
        yield Remark(
            "serious",
            f"{name} alone predicts {target} nearly perfectly ({say(got)})",
            "make sure it is known before the target is; otherwise give it the role "
            "ignored in `collect`",
        )
    for name, told in found.telling.items():
        words = listed([f"“{word}”" for word in told["words"]])
        used = name in found.leaks
        yield Remark(
            "serious" if used else "warning",
            f"a few words of {name} give {target} away ({say(told['score'])}): {words}"
            + ("" if used else "; this model does not look at it"),
            "read some of these texts: is the answer written into them afterwards?",
        )


def of_features(found: Review) -> Iterator[Remark]:
    """Remark on what the model rests on, and what it can do without."""
    useful = [one for one in found.importance if one.certain]
    total = sum(max(one.loss, 0.0) for one in found.importance)
    if len(found.importance) > 2 and useful and useful[0].loss > 0.8 * total:
        yield Remark(
            "warning",
            f"the model rests almost wholly on {useful[0].feature}",
            "ask whether it will be there, and right, when the model is used",
        )
    alone = {one.feature: one for one in found.importance}
    for one in found.together:
        hidden = [name for name in one.members if not alone[name].certain]
        if (
            one.certain
            and hidden
            and one.loss > 2 * max(alone[name].loss for name in one.members)
        ):
            yield Remark(
                "note",
                f"{listed(one.members)} say much the same: each looks idle alone, "
                f"together they are worth {say(one.loss)}",
                "judge them together; one of them may do",
            )
    yield from _of_idle(found)
    if found.pair and found.pair["strength"] >= STRONG:
        one, other = found.pair["features"]
        yield Remark(
            "note",
            f"{one} and {other} work together: {found.pair['strength']:.0%} of what "
            "they do is no sum of what each does",
            "read the map of the two, not the curve of one",
        )


def _of_idle(found: Review) -> Iterator[Remark]:
    """Remark on features of which nothing shows that the model is better for them."""
    gone = found.robustness.of("gone") if found.robustness else ()
    needed = {name for shock in gone if shock.low > 0 for name in shock.features}
    needed.update(name for one in found.together if one.certain for name in one.members)
    idle = [
        one.feature
        for one in found.importance
        if not one.certain and one.feature not in needed
    ]
    if not idle:
        return
    alone = len(idle) == 1
    told = "does not show that it adds" if alone else "do not show that they add"
    yield Remark(
        "note",
        f"{len(idle)} of {many(len(found.importance), 'feature')} {told} anything, "
        f"{'by' if alone else 'each by'} itself: {', '.join(idle[:NAMED])}"
        + (" and others" if len(idle) > NAMED else ""),
        f"leave {'it out' if alone else 'them out one at a time'} and look",
    )


def of_groups(found: Review) -> Iterator[Remark]:
    """Remark on groups that are treated otherwise, or for which the model is worse."""
    if found.fairness is not None:
        yield from found.fairness.remarks
    for column in dict.fromkeys(s.column for s in found.slices):
        told = [s for s in found.slices if s.column == column]
        if _uneven(told, found.problem.metric):
            yield Remark(
                "warning",
                f"the model is not equally good for all groups of {column}",
                "look at the groups below before the model decides about people",
            )


def _uneven(told: Sequence[Slice], name: str) -> bool:
    limits = [s.measured.intervals[name] for s in told if name in s.measured.metrics]
    return bool(limits) and max(low for low, _ in limits) > min(up for _, up in limits)


def of_rows(rows: int, model: Model) -> Iterator[Remark]:
    """Remark on too few rows, to judge by or of a class."""
    if rows < 100:
        yield Remark(
            "warning",
            f"only {rows} validation rows: every number here is uncertain",
            "read the intervals, and collect more rows",
        )
    shares = zip(model.classes, model.shares, strict=False)
    few = {n: round(s * model.rows) for n, s in shares if s * model.rows < HARDLY}
    if len(few) > 2:
        told = [f"{name} ({rows})" for name, rows in few.items()]
        more = f" and {len(told) - NAMED} others" if len(told) > NAMED else ""
        yield Remark(
            "warning",
            f"{len(few)} classes had fewer than {HARDLY} training rows: "
            f"{', '.join(told[:NAMED])}{more}",
            "collect more of them, or join them with others",
        )
        return
    for name, learnt in few.items():
        yield Remark(
            "warning",
            f"class {name} had only {learnt} training rows",
            "collect more of it, or join it with another class",
        )


def of_fit(found: Review, measured: Measured, chance: float) -> Iterator[Remark]:
    """Remark on over- and underfit, and on chances that do not come true.

    Parameters
    ----------
    found
        The review.
    measured
        The metrics on validation rows.
    chance
        The metric of a guess without features there.
    """
    name = found.problem.metric
    metric = METRICS[name]
    limits = measured.intervals.get(name, (found.unseen, found.unseen))
    worse = limits[1] if metric.greater else limits[0]
    sign = 1 if metric.greater else -1
    room = sign * (found.seen - chance)
    lost = sign * (found.seen - worse)
    said = (
        f"{metric.title} is {say(found.seen)} on the rows it learnt from, and "
        f"{say(found.unseen)} ({' to '.join(map(say, limits))}) on rows it has not seen"
    )
    if room > 0 and lost > FRAGILE * room:
        share = min(sign * (found.seen - found.unseen) / room, 1.0)
        yield Remark(
            "warning",
            f"it has learnt by heart: {said}, {share:.0%} of what it seemed to know",
            "a plainer model, fewer features or more rows may do as well on new rows",
        )
    else:
        yield Remark("note", said, "only the second number counts")
    ahead = limits[0] - chance if metric.greater else chance - limits[1]
    if ahead <= 0:
        yield Remark(
            "serious",
            f"it is not surely better than a guess ({say(chance)}) on new rows",
            "the features may not tell: bring other columns before another model",
        )
    elif sign * (found.seen - chance) < 0.05 * abs(chance):
        yield Remark(
            "note",
            "even on the rows it learnt from it is hardly better than a guess",
            "a less plain model, or other columns, may find more",
        )
    yield from _of_chances(measured)


def _of_chances(measured: Measured) -> Iterator[Remark]:
    if "calibration" not in measured.metrics:
        return
    if measured.intervals["calibration"][0] > CALIBRATED:
        yield Remark(
            "warning",
            "chances do not come true as told: they are off by "
            f"{measured.words('calibration')} on the mean",
            "calibrate them before they are read as chances, or a threshold is set by "
            "costs",
        )


def of_rules(rules: Rules | None) -> Iterator[Remark]:
    """Remark on how far the rules may be read as the model."""
    if rules is None or rules.kind == "none":
        return
    if rules.exact and rules.lacks:
        yield Remark("note", f"a person can read a part of this model: {rules.lacks}")
    elif rules.exact:
        yield Remark("note", "a person can read this model: look at its rules")
    elif not rules.faithful:
        yield Remark("note", rules.statement, "read the curves of `review` instead")


def of_robustness(found: Robustness | None) -> Iterator[Remark]:
    """Remark on what breaks the model, and on controls that are not at chance."""
    if found is None:
        return
    metric = METRICS[found.problem.metric].title
    for control in found.controls:
        if control.suspicious:
            yield Remark(
                "serious",
                f"on {control.what} it still scores {say(control.score)} in {metric}, "
                f"where a guess has {say(control.chance)}",
                "it knows the answer from somewhere else than its features: find out "
                "from where before you trust any number here",
            )
    if found.room:
        yield from _of_shocks(found)
    unit = "classes" if found.problem.classes else "number"
    if found.wobble is not None and found.wobble > WOBBLY[unit]:
        told = (
            f"{found.wobble:.0%} of the rows change their label"
            if found.problem.classes
            else f"predictions move by {found.wobble:.2g} standard deviations"
        )
        yield Remark(
            "warning",
            f"fitted to other rows of the same training rows, {told}",
            "more rows, or a plainer model, would steady it",
        )
    if found.likeness and found.likeness.low > APART:
        yield Remark(
            "warning",
            "validation rows are not of the same world as training rows: a model tells "
            f"them apart with AUC {say(found.likeness.auc)}"
            + _by(found.likeness.columns),
            "trust the score less, and ask what has changed",
        )


def _by(columns: Sequence[tuple[str, float]]) -> str:
    told = [f"{name} ({auc:.2f})" for name, auc in columns[:3] if auc > 0.55]
    return f", by {listed(told)}" if told else ""


def _of_shocks(found: Robustness) -> Iterator[Remark]:
    fragile = [s for s in found.of("gone") if s.low > FRAGILE * found.room]
    fragile.sort(key=lambda shock: -shock.loss)
    if fragile:
        told = [f"{s.what} ({_lost(s.loss / found.room)})" for s in fragile[:3]]
        alone = len(found.of("gone")) == 1  # there is nothing else to go by
        yield Remark(
            "note" if alone else "warning",
            "where it is missing, much of what the model is worth goes with it: "
            f"{listed(told)}",
            "make it required in the contract, or train with gaps in it"
            if len(told) == 1
            else "make these columns required in the contract, or train with gaps in "
            "them",
        )
    for kind, what, bar in (
        ("noise", "noise of a tenth of a standard deviation", "0.1"),
        ("cells", "a tenth of the cells missing", "10%"),
        ("swapped", "a tenth of the levels swapped", ""),
        ("unseen", "levels that were never seen", ""),
        ("typos", "letters that slipped in a tenth of the words", "10%"),
        ("lost", "a quarter of the words lost", "25%"),
        ("grain", "noise of a tenth of the full range on every pixel", "10%"),
        ("blur", "a blur of a twentieth of the side", "5%"),
        ("dark", "half of the light gone", "50%"),
        ("hiss", "noise a tenth as loud as the sound", "10%"),
        ("cut", "a quarter of each sound cut off", "25%"),
    ):
        for shock in found.of(kind):
            if bar in ("", shock.what) and shock.low > FRAGILE * found.room:
                yield Remark(
                    "warning",
                    f"{_part(shock.loss / found.room)} is lost to {what}",
                    "watch for it when the model is used, and stop where it grows",
                )


def _lost(share: float) -> str:
    return f"{share:.0%}" if share <= 1 else "all of it, and more"


def _part(share: float) -> str:
    worth = "of what the model is worth over a guess"
    return f"{share:.0%} {worth}" if share <= 1 else f"all {worth}, and more,"


def of_data(enough: Any = None, bias: Any = None) -> Iterator[Remark]:
    """Remark on what earlier steps found: is there enough data, and is it even-handed.

    Parameters
    ----------
    enough
        What `split` saved under that name, or None.
    bias
        What `profile` found of sensitive columns, or None.
    """
    if enough is not None and enough.ahead_scores:
        start = enough.statement.partition(":")[0]
        todo = {
            "more rows would help": "collecting more is likely to pay",
            "more rows may help": "collect more if that is cheap, and look for better "
            "columns",
        }.get(start, "look for better columns")
        yield Remark("note", enough.statement, todo)
    for rule in () if enough is None else enough.rules:
        if rule.state == "missed":
            yield Remark("note", f"{rule.got} (rule of thumb: {rule.bar})", rule.help)
    levels: Mapping[str, str] = {"serious": "warning", "look": "note"}
    for one in () if bias is None else bias.findings:
        if one.level in levels:
            at = f" in {one.column}" if one.column else ""
            what = f"{one.kind}{at}: {one.evidence}"
            yield Remark(levels[one.level], what, one.remedy)
