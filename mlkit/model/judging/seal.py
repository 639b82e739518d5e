"""What the ledger says, as findings: bars that moved, looks before a model was made."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import datetime
from typing import Any

from mlkit.core.cells import config
from mlkit.core.past import Past
from mlkit.core.seals import Shared
from mlkit.core.verdict import Finding
from mlkit.model.words import say

__all__ = ["fresh", "nth", "of_bars", "of_looks", "told_changes", "told_looks"]

ENOUGH = 20
TOLD = 5


def nth(number: int) -> str:
    """Return a number as a place.

    Examples
    --------
    >>> [nth(number) for number in (1, 2, 3, 4, 11, 22)]
    ['1st', '2nd', '3rd', '4th', '11th', '22nd']
    """
    ending = {1: "st", 2: "nd", 3: "rd"}.get(number % 10, "th")
    return f"{number}{'th' if 10 < number % 100 < 14 else ending}"


def told_changes(past: Past) -> tuple[str, ...]:
    """Return in words how bars changed after results were seen, oldest first."""
    return tuple(_change(one) for one in past.changes)


def told_looks(past: Past) -> tuple[str, ...]:
    """Return in words the looks at the sealed target before this model was made."""
    return tuple(_look(one) for one in past.looks)


def fresh(past: Past) -> bool:
    """Tell whether most rows came in after the results that bars changed after."""
    return not any(one["seen"].most for one in past.changes)


def of_bars(
    changed: tuple[str, ...], *, entered: bool, stated: bool, fresh: bool = False
) -> Iterator[Finding]:
    """Judge whether the bars stood before results were seen.

    Parameters
    ----------
    changed
        How bars changed since.
    entered
        Whether the bars in use stand in the ledger.
    stated
        Whether there are any.
    fresh
        Whether most of the sealed rows came in after those results: then what changed
        is told, and does not block.
    """
    bar = "the bars stood before results were seen"
    blocks = config("policies.changed_bars", "tell") == "block"
    if changed:
        yield Finding(
            bar,
            "not_assessed",
            got="changed after results were seen: " + "; ".join(changed),
            help="what is asked after a look proves little: judge the next model by "
            "the bars as they stand, on fresh rows",
            required=blocks and not fresh,
        )
    elif not entered:
        yield Finding(
            bar,
            "not_assessed",
            got="they do not stand in the ledger",
            help="`mlkit run` enters them before the first step",
            required=blocks,
        )
    elif stated:
        yield Finding(bar, "passed", got="in the ledger since before the first look")


def of_looks(count: int, looked: tuple[str, ...]) -> Iterator[Finding]:
    """Judge how far the sealed rows are still unseen.

    Parameters
    ----------
    count
        How many models most of them have judged, this one included; 0 is unknown.
    looked
        The looks before this model was made.
    """
    set_to = config("policies.models_per_holdout")
    most = int(ENOUGH if set_to is None else set_to)
    bar = "sealed rows that nobody had looked at when the model was made"
    if not count:
        yield Finding(
            bar,
            "not_assessed",
            got="there is no ledger here that tells",
            help="work in a project, where each opening of sealed rows is entered",
            required=set_to is not None,
        )
        return
    if looked:
        yield Finding(
            bar,
            "not_assessed",
            got=f"the {nth(count)} model judged, made after {_times(looked)}",
            help="each look makes the next verdict a little kinder than it should be; "
            "fresh rows would settle it",
        )
    else:
        yield Finding(bar, "passed", got=f"the {nth(count)} model that they judge")
    bar = f"sealed rows that judged at most {most} models"
    if count <= most:
        yield Finding(bar, "passed", got=f"{count} so far, this one included")
        return
    yield Finding(
        bar,
        "not_assessed",
        got=f"{count} so far, this one included",
        help="they are no longer unseen: bring fresh rows and split again; once these "
        "are the most, the count begins anew",
        required=set_to is not None,
    )


def _times(looked: tuple[str, ...]) -> str:
    many, told = len(looked), "; ".join(looked[-TOLD:])
    if many == 1:
        return f"a look at them: {told}"
    return f"{many} looks at them{', the last' * (many > TOLD)}: {told}"


def _change(one: Mapping[str, Any]) -> str:
    was, now = (_value(one[end]) for end in ("was", "now"))
    if one["was"] is None:
        how = f"{one['bar']} was set to {now}"
    elif one["now"] is None:
        how = f"{one['bar']} {was} was dropped"
    else:
        how = f"{one['bar']} went from {was} to {now}"
    rows = _rows(one["seen"], "after results on")
    return f"{how} on {_day(one['at'])} by {one['by']}{rows}"


def _look(one: Mapping[str, Any]) -> str:
    gate, day = one["gate"], _day(one["at"])
    if not one["models"]:
        rows = _rows(one["seen"], "with")
        return f"opened by {one['by']} on {day} ({one.get('why', '')}){rows}"
    judged = f"judged on {day}{_rows(one['seen'], 'by')}"
    if gate:
        missed = ", ".join(gate.get("missed", ()))
        judged += f" and {gate['state']}" + (f", {missed}" if missed else "")
    if one["moved"]:
        was = " and ".join(map(say, one["thresholds"]))
        return f"its threshold was moved from {was} after it was {judged}"
    return f"one was {judged}"


def _rows(seen: Shared, how: str) -> str:
    """Tell how many of the rows were seen then, where these are not just all."""
    if seen.counted and seen.rows == seen.of:
        return ""
    told = f"{seen.rows:,} of these {seen.of:,} rows"
    if seen.counted:
        return f", {how} {told}"
    return f", {how} at most {told}, as nobody knows which they were"


def _value(value: Any) -> str:
    plain = isinstance(value, int | float) and not isinstance(value, bool)
    return say(value) if plain else str(value)


def _day(at: str) -> str:
    """Return a moment as a person writes it, to the minute.

    Examples
    --------
    >>> _day("2026-11-24T18:05:09+00:00")
    '24 November 2026, 18:05'
    """
    moment = datetime.fromisoformat(at)
    return f"{moment.day} {moment:%B %Y, %H:%M}"
