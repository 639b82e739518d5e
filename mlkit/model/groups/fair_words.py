"""What fairness found, in words: tables of groups and gaps, and remarks."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from mlkit.model.audit.remarks import Remark
from mlkit.model.grid import Grid
from mlkit.model.groups.fairness import CROSS, FEWEST, Fairness, Gap, Group
from mlkit.model.groups.groupwise import RATES
from mlkit.model.groups.price import beyond
from mlkit.model.problem import Problem
from mlkit.model.words import listed, say

__all__ = [
    "TITLES",
    "between",
    "by_group",
    "counted",
    "remarks",
    "role",
    "unit",
    "words",
]

FIFTHS = 0.8
CERTAIN = 0.1
NAMED = 4
BRIEF = ("parity_gap", "odds_gap", "error_gap")
DEVIATIONS = "standard deviations"
PLAIN = "else switch on a mitigation in `train`"
WORSE = "the worse group"
MORE = f"collect more rows of {WORSE}, or mitigate"
TITLES = {
    "parity_gap": "demographic parity gap",
    "opportunity_gap": "equal opportunity gap",
    "odds_gap": "equalised odds gap",
    "precision_gap": "precision gap",
    "calibration_gap": "calibration gap",
    "accuracy_gap": "accuracy gap",
    "error_gap": "error gap",
    "parity_ratio": "demographic parity ratio",
    "odds_ratio": "equalised odds ratio",
}
"""The gaps by the names that the field gives them."""


def role(hints: Sequence[str]) -> str:
    """Return what to do where no column is sensitive; "" where none looks it.

    Parameters
    ----------
    hints
        The columns that look it by their names.

    Examples
    --------
    >>> role(["sex", "age"]), role([])
    ('give sex and age the role sensitive in `collect`', '')
    """
    if not hints:
        return ""
    return f"give {listed(hints, NAMED)} the role sensitive in `collect`"


def by_group(found: Fairness) -> Grid:
    """Return the rates of each group as a table."""
    names = _names(found)
    heads = ("", "group", "rows", *(words(found.problem, name) for name in names))
    lines, before = [], ""
    for one in found.groups:
        cells = [_cell(one, name) for name in names] if one.rates else _few(names)
        column = one.column if one.column != before else ""
        lines.append((column, one.name, f"{one.rows:,}", *cells))
        before = one.column
    return Grid(heads, lines, [*found.notes, *_unit(found)])


def between(found: Fairness) -> Grid:
    """Return the gaps between groups as a table; of crossed columns the chief ones."""
    lines, before = [], ""
    for one in found.gaps:
        if CROSS in one.column and one.name not in BRIEF:
            continue
        lines.append(
            (
                one.column if one.column != before else "",
                TITLES[one.name],
                one.told(),
                words(found.problem, one.rate),
                "all equal" if _even(one) else f"{one.least}  <  {one.most}",
            )
        )
        before = one.column
    heads = "", "gap", "with its 95 % interval", "in", "between"
    return Grid(heads, lines, _unit(found))


def _even(gap: Gap) -> bool:
    """Tell whether two groups do not lie apart, as far as it is told."""
    return round(gap.value, 4) == (1 if gap.name.endswith("_ratio") else 0)


def words(problem: Problem, rate: str) -> str:
    """Return a rate in words.

    Examples
    --------
    >>> words(Problem("two_classes", "y", "roc_auc", ("no", "yes")), "said")
    'share said yes'
    """
    name, _, k = rate.partition(":")
    yes = problem.classes[int(k) if k else -1] if problem.classes else ""
    return RATES[name].format(yes=yes)


def unit(problem: Problem) -> str:
    """Return what rates and gaps are counted in; "" where they are shares.

    Examples
    --------
    >>> unit(Problem("number", "pay", "rmse"))
    'standard deviations of pay'
    """
    return "" if problem.classes else f"{DEVIATIONS} of {problem.target}"


def counted(problem: Problem, one: Gap) -> str:
    """Return a gap with its interval, and what it is counted in, in words."""
    return one.told() if problem.classes else f"{one.told()} {DEVIATIONS}"


def _unit(found: Fairness) -> list[str]:
    name = unit(found.problem)
    return [f"in {name}"] if name and found.gaps else []


def _names(found: Fairness) -> list[str]:
    """Return the rates that a table has room for."""
    names = dict.fromkeys(name for one in found.groups for name in one.rates)
    plain = [name for name in names if ":" not in name]
    return plain if len(plain) > 2 else [*list(names)[:4], *plain]


def _cell(one: Group, name: str) -> str:
    if name not in one.rates:
        return "–"
    ends = (one.rates[name], *one.limits[name])
    value, low, high = (say(round(v, 4), 2) for v in ends)
    return f"{value} ({low} to {high})"


def _few(names: list[str]) -> list[str]:
    return ["not assessed", *[""] * (len(names) - 1)] if names else []


def _todo(found: Fairness, worse: str, plain: str) -> str:
    """Return what can be done: as it is told, or beyond the mitigation that is on."""
    if not found.mitigated:
        return plain
    return beyond(found.mitigated, found.problem.kind, worse)


def remarks(found: Fairness) -> Iterator[Remark]:
    """Yield what a person should read."""
    if not found.groups:
        yield Remark(
            "note",
            "fairness was not assessed: no column has the role sensitive",
            role(found.hints),
        )
    for one in found.gaps:
        worse = f"{one.column} = {one.least}"
        if one.name == "parity_ratio" and one.high < FIFTHS:
            yield Remark(
                "serious",
                f"{words(found.problem, one.rate)}: {one.least} gets less than four "
                f"fifths of {one.most} ({one.column}; ratio {one.told()})",
                f"ask whether that is right; {_todo(found, worse, PLAIN)}",
            )
        elif one.name in ("odds_gap", "calibration_gap") and one.low > CERTAIN:
            yield Remark(
                "warning",
                f"{words(found.problem, one.rate)}: {one.least} and {one.most} are "
                f"{counted(found.problem, one)} apart ({one.column})",
                f"ask who bears it; {_todo(found, WORSE, MORE)}",
            )
    for small in found.small:
        if CROSS not in small.column:
            yield Remark(
                "note",
                f"{small.column} = {small.name} was not assessed: {small.rows} rows",
                f"at least {FEWEST} rows of it are needed",
            )
