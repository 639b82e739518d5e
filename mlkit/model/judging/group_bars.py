"""The bars on groups of rows: sensitive columns, gaps between groups, weak parts."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping, Sequence

from mlkit.core.verdict import Finding
from mlkit.model.groups.fair_words import TITLES, counted, role, words
from mlkit.model.groups.fairness import CROSS, Fairness, Gap, Group
from mlkit.model.groups.groupwise import GAPS, LEAST, compared
from mlkit.model.groups.price import Price
from mlkit.model.judging import advice
from mlkit.model.measures.metrics import METRICS
from mlkit.model.problem import Problem
from mlkit.model.slicing.slices import FEWEST, Slice
from mlkit.model.words import listed, say

__all__ = ["of_fairness", "of_groups", "of_parts"]

RARE = 0.01
NEAR = "; it is so near the bar that a better model helps more than rows"
ROLE = "give a column that tells of groups the role sensitive in `collect`"
JOIN = "collect more, or join groups"
COUNTED = {
    "true_positive": "of {yes}",
    "false_positive": "of {no}",
    "precision": "said to be {yes}",
}
OF_SLICES = ("group_gap", "worst_group")


def of_groups(
    problem: Problem,
    slices: tuple[Slice, ...],
    bars: Mapping[str, float],
    rows: int,
    hints: Sequence[str] = (),
) -> list[Finding]:
    """Judge the metric of groups of sensitive columns, or say what was not assessed.

    Each group must meet ``worst_group`` by its own limit; ``group_gap`` is met by the
    limits of the two groups furthest apart.

    Parameters
    ----------
    problem
        What is predicted.
    slices
        The groups.
    bars
        As `mlkit.model.judging.bars.read` gives them.
    rows
        How many rows there are.
    hints
        Where no column has the role sensitive, those that look it by their names.
    """
    asked = [name for name in OF_SLICES if name in bars]
    told = [s for s in slices if problem.metric in s.measured.metrics]
    if not told:
        why, help_ = "no column has the role sensitive", role(hints)
        if slices:
            why = f"no group has {FEWEST} rows in which the metric is defined"
            help_ = JOIN
        elif asked:  # it blocks, so that something must be done
            help_ = help_ or ROLE
        bar = "equally good for all groups"
        return [
            Finding(bar, "not_assessed", got=why, help=help_, required=bool(asked)),
        ]
    title = f"{METRICS[problem.metric].title} in the worst group"
    found = [_worst(problem, told, title, "worst_group", bars)]
    if "group_gap" in bars:
        found.append(_apart(problem, told, bars["group_gap"]))
    return [*found, *_small(problem, slices, bool(asked), rows)]


def of_fairness(
    found: Fairness, bars: Mapping[str, float], price: Price | None = None
) -> Iterator[Finding]:
    """Judge the gaps between groups of sensitive columns, and say whom they leave out.

    Parameters
    ----------
    found
        How groups are treated.
    bars
        As `mlkit.model.judging.bars.read` gives them.
    price
        What a mitigation changes, before and after; None where none is switched on.
    """
    for name in GAPS:
        if name in bars:
            yield _gap(found, name, bars[name], price)
            yield from _left_out(found, name)
    one = found.widest("parity_gap")
    if one and not bars.keys() & GAPS.keys():
        yield Finding(
            TITLES["parity_gap"],
            "not_assessed",
            got=_told(found, one),
            help="set [goal.bars] parity_gap, such as 0.1, or odds_gap",
        )


def of_parts(
    problem: Problem,
    parts: tuple[Slice, ...],
    bars: Mapping[str, float],
    named: Collection[str] = (),
) -> list[Finding]:
    """Judge the metric of named and found parts, and say which were not assessed.

    Parameters
    ----------
    problem
        What is predicted.
    parts
        The parts.
    bars
        As `mlkit.model.judging.bars.read` gives them.
    named
        Which of the parts a person named: what is not assessed of them blocks where a
        bar is set.
    """
    asked = "worst_slice" in bars
    told = [s for s in parts if problem.metric in s.measured.metrics]
    title = f"{METRICS[problem.metric].title} in the worst part of the rows"
    if told:
        worst = _worst(problem, told, title, "worst_slice", bars)
        return [worst, *_small_parts(problem, parts, named)] if asked else [worst]
    if not asked and not parts:
        return []
    why = "no part is named, and evaluate found none that is worse"
    if parts:
        why = f"no part has {FEWEST} hold-out rows in which the metric is defined"
    help_ = "name parts: [goal.slices] with a line such as seniors = 'age >= 60'"
    return [Finding(title, "not_assessed", got=why, help=help_, required=asked)]


def _small_parts(
    problem: Problem, parts: tuple[Slice, ...], named: Collection[str]
) -> Iterator[Finding]:
    """Say which parts were not assessed; it blocks where a person named one."""
    small = [s for s in parts if problem.metric not in s.measured.metrics]
    if small:
        metric = METRICS[problem.metric].title
        yield Finding(
            "every part of the rows can be judged",
            "not_assessed",
            got=f"too few rows: {_told_rows([(s.group, s.rows) for s in small])}",
            help=f"{FEWEST} hold-out rows of each are needed, in which {metric} is "
            "defined: collect more, or draw the part wider in [goal.slices]",
            required=any(s.group in named for s in small),
        )


def _worst(
    problem: Problem,
    told: list[Slice],
    title: str,
    name: str,
    bars: Mapping[str, float],
) -> Finding:
    """Judge the group whose limit is worst."""
    metric, key = METRICS[problem.metric], problem.metric
    side = 0 if metric.greater else 1
    one = (min if metric.greater else max)(
        told, key=lambda s: s.measured.intervals[key][side]
    )
    got = f"{one.measured.words(key)} for {_name(one)} ({one.rows:,} rows)"
    if name not in bars:
        return Finding(
            title, "not_assessed", got=got, help=f"set [goal.bars] {name}, or accept it"
        )
    bar, limit = bars[name], one.measured.intervals[key][side]
    near, side_, words_ = (
        (one.measured.metrics[key] >= bar, "lower", "at least")
        if metric.greater
        else (one.measured.metrics[key] <= bar, "upper", "at most")
    )
    met = limit >= bar if metric.greater else limit <= bar
    help_ = f"collect more rows of {_name(one)} to learn from, or columns that tell"
    if near:
        need = advice.rows_needed(one.rows, one.measured.metrics[key], limit, bar)
        help_ = (
            f"the value is good enough, but {one.rows:,} rows are too few to show it"
        )
        help_ += f": about {need:,} of {_name(one)} would" if need else NEAR
    missed = "" if met else f", missed {advice.short(limit, bar)}"
    return Finding(
        f"{title} {words_} {say(bar)}",
        "passed" if met else "missed",
        got=got,
        need=f"the {side_} limit of each {words_} {say(bar)}{missed}",
        help=help_,
        required=True,
    )


def _apart(problem: Problem, told: list[Slice], bar: float) -> Finding:
    """Judge how far two groups of one column lie apart, by their limits."""
    key, title = problem.metric, f"{METRICS[problem.metric].title} of groups within"
    pairs = [
        (_between(low, high, key), _error(low, high, key), low, high)
        for low in told
        for high in told
        if low.column == high.column
        and low.group != high.group
        and _between(low, high, key) >= 0
    ]
    if not pairs:
        why = "no column has two groups with rows enough"
        bar_ = f"{title} {say(bar)}"
        return Finding(bar_, "not_assessed", got=why, help=JOIN, required=True)
    gap, error, low, high = max(pairs, key=lambda pair: pair[0] + pair[1])
    limit = gap + error
    met = limit <= bar
    rows = min(low.rows, high.rows)
    need = advice.rows_needed(rows, gap, limit, bar)
    help_ = "collect more rows of the weaker group, or columns that tell it apart"
    if need:
        help_ = f"the gap itself is small enough: {need:,} rows of each would show it"
    missed = "" if met else f", missed {advice.short(limit, bar)}"
    return Finding(
        f"{title} {say(bar)}",
        "passed" if met else "missed",
        got=f"{say(gap)} (up to {say(limit)}) between {_name(low)} and {_name(high)}",
        need=f"its upper limit at most {say(bar)}{missed}",
        help=help_,
        required=True,
    )


def _between(low: Slice, high: Slice, key: str) -> float:
    return float(high.measured.metrics[key] - low.measured.metrics[key])


def _error(low: Slice, high: Slice, key: str) -> float:
    """Return the half of the interval of a difference of two groups' metrics."""
    below = high.measured.metrics[key] - high.measured.intervals[key][0]
    above = low.measured.intervals[key][1] - low.measured.metrics[key]
    return float((below**2 + above**2) ** 0.5)


def _small(
    problem: Problem, slices: tuple[Slice, ...], asked: bool, rows: int
) -> Iterator[Finding]:
    """Say which groups were not assessed; it blocks where a bar is set on all."""
    small = [s for s in slices if problem.metric not in s.measured.metrics]
    for column in dict.fromkeys(s.column for s in small):
        mine = [s for s in small if s.column == column]
        share = max(s.rows for s in mine) / max(rows, 1)
        yield Finding(
            f"every group of {column} can be judged",
            "not_assessed",
            got=f"too few rows: {_told_rows([(s.group, s.rows) for s in mine])}",
            help=f"{FEWEST} rows of each are needed: {JOIN}",
            required=asked and share >= RARE,
        )


def _gap(found: Fairness, name: str, bar: float, price: Price | None) -> Finding:
    ratio = name.endswith("_ratio")
    side, many = ("lower", "at least") if ratio else ("upper", "at most")
    title = f"{TITLES[name]} {many} {say(bar)}"
    one = found.widest(name)
    if one is None:
        why, help_ = "no two groups of a sensitive column have rows enough", JOIN
        if not found.groups:
            why, help_ = "no column has the role sensitive", role(found.hints) or ROLE
        return Finding(title, "not_assessed", got=why, help=help_, required=True)
    limit = one.low if ratio else one.high
    met = limit >= bar if ratio else limit <= bar
    worse = f"{one.column} = {one.least}"
    signed = -1.0 if ratio else 1.0
    value, end, goal = (signed * v for v in (one.value, limit, bar))
    missed = "" if met else f", missed {advice.short(limit, bar)}"
    mitigated = price.asked.method if price else ""
    return Finding(
        title,
        "passed" if met else "missed",
        got=_told(found, one) + _before(price, name),
        need=f"its {side} limit {many} {say(bar)}{missed}",
        help=advice.of_gap(
            found.rows, value, end, goal, mitigated, worse, found.problem.kind
        ),
        required=True,
    )


def _left_out(found: Fairness, name: str) -> Iterator[Finding]:
    """Say which groups a gap does not compare; it blocks unless they are rare."""
    rates = compared(found.problem, name)
    single = [g for g in found.groups if CROSS not in g.column]
    small = [g for g in single if _lacks(g, rates)]
    for column in dict.fromkeys(g.column for g in small if found.widest(name)):
        mine = [g for g in small if g.column == column]
        share = max(g.rows for g in mine) / max(found.rows, 1)
        yield Finding(
            f"{TITLES[name]}: every group of {column} can be judged",
            "not_assessed",
            got=f"too few rows: {_told_rows([(g.name, g.rows) for g in mine])}",
            help=f"{_needed(found.problem, rates)}: {JOIN}",
            required=share >= RARE,
        )
    yield from _left_out_of_classes(found, name, single, rates)


def _left_out_of_classes(
    found: Fairness, name: str, groups: Sequence[Group], rates: Collection[str]
) -> Iterator[Finding]:
    """Say in which of many classes a gap does not compare a group, though in others."""
    asked = dict.fromkeys(
        rate for g in groups for rate in g.rates if rate.partition(":")[0] in rates
    )
    for column in dict.fromkeys(g.column for g in groups):
        mine = [g for g in groups if g.column == column and not _lacks(g, rates)]
        lost = [
            f"{words(found.problem, rate)} of {g.name}"
            for g in mine
            for rate in asked
            if rate not in g.rates
        ]
        if lost and found.widest(name):
            more = f" and {len(lost) - 5:,} others" if len(lost) > 5 else ""
            yield Finding(
                f"{TITLES[name]}: every class can be judged in every group of {column}",
                "not_assessed",
                got=f"too few rows: {', '.join(lost[:5])}{more}",
                help=f"{LEAST} rows of a class in each group are needed: {JOIN}, "
                "or classes",
            )


def _lacks(group: Group, rates: Collection[str]) -> bool:
    """Tell whether a group has too few rows for one of the rates."""
    return not {name.partition(":")[0] for name in group.rates}.issuperset(rates)


def _needed(problem: Problem, rates: Collection[str]) -> str:
    """Return how many rows a group needs, and of which kind, for all of the rates."""
    no, yes = problem.classes if len(problem.classes) == 2 else ("", "a class")
    kinds = [COUNTED[name].format(no=no, yes=yes) for name in rates if name in COUNTED]
    if not kinds:
        return f"each needs {FEWEST} rows"
    among = listed([f"{LEAST} {kind}" for kind in kinds])
    return f"each needs {FEWEST} rows, {among} among them"


def _told_rows(some: Sequence[tuple[str, int]]) -> str:
    """Name groups with their rows, five at most."""
    names = ", ".join(f"{name} ({rows:,} rows)" for name, rows in some[:5])
    return names + (f" and {len(some) - 5:,} others" if len(some) > 5 else "")


def _before(price: Price | None, name: str) -> str:
    """Tell what a mitigation did to a gap, on rows that folds left out."""
    if price is None:
        return ""
    was, now = price.before.widest(name), price.after.widest(name)
    if was is None or now is None:
        return ""
    method = price.asked.method.replace("_", " ")
    ends = f"{say(was.value)} before {method}, {say(now.value)} after"
    return f"; {ends}, on training rows that folds left out"


def _told(found: Fairness, one: Gap) -> str:
    which = words(found.problem, one.rate)
    much = counted(found.problem, one)
    return f"{much} in {which}: {one.column} = {one.least} < {one.most}"


def _name(one: Slice) -> str:
    return f"{one.column} = {one.group}" if one.column else one.group
