"""Bias in the data: who is in it, how the target falls, what is missing of whom."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass, field, replace
from itertools import combinations
from typing import Any

import pandas as pd

from mlkit.core.rows import MISSING
from mlkit.core.schema import Schema
from mlkit.data.charts.bias import plot_bias
from mlkit.data.charts.cards import card, grid, many, significant
from mlkit.data.charts.style import Picture
from mlkit.data.measures.groups import FEWEST, Gap, Groups, cross, cut
from mlkit.data.measures.moments import finite, scaled
from mlkit.data.measures.proxies import proxies, together
from mlkit.data.measures.uneven import Group, gone, rates, uneven, whole

__all__ = ["Bias", "Group", "Remark", "Sensitive", "bias", "looks_sensitive"]

PAIRS = 6
SMALL = 0.05
WIDE = 0.1
WIDE_OF_SPREAD = 0.3
STRONG = 0.5
NAMED = 4
CUT = ("number", "category", "date")
LEVELS = ("serious", "look", "note")
MARKS = {"serious": "!", "look": "!", "note": "·"}
HINTS = re.compile(
    r"\b(sex|gender|age|race|racial|ethnic|ethnicity|nationality|citizenship|religion"
    r"|religious|disability|disabled|pregnan(t|cy)|marital|orientation|birth|birthday"
    r"|birthdate|dob|senior|skin|caste|tribe|veteran|immigrant|origin)\b"
)


@dataclass(frozen=True)
class Remark:
    """One thing that was found.

    Parameters
    ----------
    kind
        A few words, such as ``uneven target``.
    column
        The sensitive column, or "".
    level
        ``serious``, ``look`` or ``note``.
    evidence, remedy
        What was seen, and what can be done.
    """

    kind: str
    column: str
    level: str
    evidence: str
    remedy: str = ""


@dataclass(frozen=True)
class Sensitive:
    """What was found of one sensitive column, or of two that cross.

    Parameters
    ----------
    column
        Its name; of two, both: ``sex × age``.
    how
        How it was cut into groups, or "" where they are its own values.
    groups
        Its groups.
    gaps
        By class of the target, the surest gap between two groups.
    missing
        By other column, the group with the largest share missing, that share, the
        group with the smallest, that share, and the adjusted p of the difference.
    proxies
        By feature, how well it alone tells the group, 0 to 1.
    together
        How well all features together tell it.
    """

    column: str
    how: str = ""
    groups: tuple[Group, ...] = ()
    gaps: tuple[Gap, ...] = ()
    missing: Mapping[str, tuple[str, float, str, float, float]] = field(
        default_factory=dict
    )
    proxies: Mapping[str, float] = field(default_factory=dict)
    together: float = 0.0

    @classmethod
    def from_dict(cls, form: Mapping[str, Any]) -> Sensitive:
        """Read the plain form."""
        groups = tuple(
            Group(**{**g, "rates": {k: tuple(v) for k, v in g["rates"].items()}})
            for g in form["groups"]
        )
        gaps = tuple(Gap(**one) for one in form["gaps"])
        missing = {name: tuple(told) for name, told in form["missing"].items()}
        return cls(**{**form, "groups": groups, "gaps": gaps, "missing": missing})


@dataclass(frozen=True)
class Bias:
    """What was found of all sensitive columns.

    Parameters
    ----------
    rows
        How many rows were looked at.
    target
        The target's name, or "".
    numeric
        Whether the target is a number.
    whole
        By class the share of all rows; for a number the mean, by the target's name.
    columns
        One a sensitive column.
    crossed
        Intersections of two sensitive columns.
    findings
        What a person should know, the serious first.
    """

    rows: int
    target: str = ""
    numeric: bool = False
    whole: Mapping[str, float] = field(default_factory=dict)
    columns: tuple[Sensitive, ...] = ()
    crossed: tuple[Sensitive, ...] = ()
    findings: tuple[Remark, ...] = ()

    def plot(self) -> Picture:
        """Draw how many rows each group has, and how the target falls in it."""
        return plot_bias(asdict(self))

    def to_dict(self) -> dict[str, Any]:
        """Return a plain JSON form."""
        return asdict(self)

    @classmethod
    def from_dict(cls, form: Mapping[str, Any]) -> Bias:
        """Read the form that `to_dict` gives."""
        parts = {
            "columns": tuple(map(Sensitive.from_dict, form["columns"])),
            "crossed": tuple(map(Sensitive.from_dict, form["crossed"])),
            "findings": tuple(Remark(**one) for one in form["findings"]),
        }
        return cls(**{**form, **parts})

    def __repr__(self) -> str:
        names = ", ".join(c.column for c in self.columns) or "no sensitive column"
        return f"<Bias of {names}: {many(len(self.findings), 'finding')}>"

    def _repr_html_(self) -> str:
        names = ", ".join(c.column for c in self.columns)
        serious = sum(one.level == "serious" for one in self.findings)
        told = f"of {names}: {many(serious, 'serious finding')}" if names else ""
        lines = [
            (MARKS[f.level], f.kind, f.column, f.evidence, f.remedy)
            for f in self.findings
        ]
        heads = ("", "what", "column", "seen", "what to do")
        return card("Bias in the data", told) + grid(heads, lines)


def bias(table: pd.DataFrame, target: str | None = None) -> Bias:
    """Tell who is in a table, and whether the target and the gaps treat groups alike.

    For each column with the role sensitive: how many rows each group has, the target's
    rates by group with intervals and the surest gap, other columns that are missing
    more often in one group, and features that tell the group.

    Parameters
    ----------
    table
        Cleaned rows with their schema; numbers and dates are cut at their quartiles.
        Each row counts once, whatever its weight.
    target
        The column to be predicted; None takes the one with the role target.

    Notes
    -----
    Rates have Wilson's intervals (1927), means Student's; gaps Newcombe's (1998) at a
    level that allows for every pair and class. Gaps in cells are tested by chi-square,
    with the false discovery rate held at 5 % (Benjamini and Hochberg 1995).

    Examples
    --------
    >>> from mlkit.core.schema import Column
    >>> sex = Column("sex", "category", ("sensitive",))
    >>> hired = Column("hired", "category", ("target",))
    >>> rows = pd.DataFrame({"sex": ["f", "m"] * 100, "hired": ["no", "yes"] * 100})
    >>> found = bias(Schema((sex, hired)).attach(rows))
    >>> found
    <Bias of sex: 1 finding>
    >>> found.findings[0].kind, found.columns[0].gaps[0].more
    ('uneven target', 'm')
    """
    schema = Schema.of(table)
    target = schema.target if target is None else target
    numeric = target is not None and schema[target].type == "number"
    truth = None if target is None else table[target]
    cuts = {
        name: cut(table[name])
        for name in schema.with_role("sensitive")
        if name in table and schema[name].type in CUT and name != target
    }
    flags = schema.with_role("flag")
    holes = {n: gone(table[n]) for n in schema.names if n not in flags} if cuts else {}
    lost = uneven({name: each for name, each in holes.items() if each.any()}, cuts)
    columns = [
        Sensitive(
            *(name, groups.how, *rates(truth, groups, numeric=numeric), lost[name]),
            *_told_by(table, schema, groups, name),
        )
        for name, groups in cuts.items()
    ]
    pairs = [(f"{a} × {b}", cross(cuts[a], cuts[b])) for a, b in combinations(cuts, 2)]
    crossed = [
        Sensitive(name, "", *rates(truth, groups, numeric=numeric))
        for name, groups in pairs[:PAIRS]
    ]
    spread = _spread(table[target]) if target and numeric else 1.0
    parts = (whole(truth, numeric=numeric), tuple(columns), tuple(crossed))
    found = Bias(len(table), target or "", numeric, *parts)
    findings = [*_unmarked(schema, cuts), *_findings(found, spread)]
    findings.sort(key=lambda one: LEVELS.index(one.level))
    return replace(found, findings=tuple(findings))


def looks_sensitive(names: Sequence[str]) -> list[str]:
    """Return the names that sound as if they told of a person's group.

    Examples
    --------
    >>> looks_sensitive(["Sex", "mileage", "customerAge", "date_of_birth", "page"])
    ['Sex', 'customerAge', 'date_of_birth']
    """
    return [name for name in names if HINTS.search(_spaced(name))]


def _spread(values: pd.Series) -> float:
    """Return the standard deviation; of huge numbers too."""
    plain, power = scaled(values.dropna().to_numpy(float))
    return finite(float(pd.Series(plain).std()) * power)


def _spaced(name: str) -> str:
    apart = re.sub(r"(?<=[a-z])(?=[A-Z])", " ", name)
    return re.sub(r"[\W_]+", " ", apart).casefold()


def _told_by(
    table: pd.DataFrame, schema: Schema, groups: Groups, name: str
) -> tuple[dict[str, float], float]:
    others = [n for n in schema.features if n in table and n != name]
    return proxies(table, groups, others), together(table, groups, others)


def _unmarked(schema: Schema, cuts: Mapping[str, Groups]) -> Iterator[Remark]:
    marked = schema.with_role("sensitive")
    for name in marked:
        if name not in cuts:
            told = f"it holds {schema[name].type}, which is not cut into groups"
            yield Remark("not assessed", name, "note", told)
    if marked:
        return
    hints = looks_sensitive([n for n in schema.names if n != schema.target])
    told = ", ".join(map(repr, hints[:8]))
    yield Remark(
        *("no column is marked sensitive", "", "look" if hints else "note"),
        f"by their names these may be: {told}" if hints else "none looks it by name",
        'give them the role "sensitive" in collect'
        if hints
        else "if the rows are about people, collect what groups they are of",
    )


def _findings(found: Bias, spread: float) -> Iterator[Remark]:
    for one in found.columns:
        yield from _of_sizes(one)
        yield from _of_gaps(one, found, spread)
        yield from _of_missing(one)
        yield from _of_proxies(one)
    for pair, parts in zip(found.crossed, combinations(found.columns, 2), strict=False):
        yield from _of_crossing(pair, parts)


def _of_sizes(one: Sensitive) -> Iterator[Remark]:
    known = [group for group in one.groups if group.name != MISSING]
    few = [g for g in known if g.rows < FEWEST]
    small = [g for g in known if g.rows >= FEWEST and g.share < SMALL]
    if few:
        yield Remark(
            *("too few to judge", one.column, "look"),
            f"{_named(few)}: below {FEWEST} rows no rate is judged",
            "collect more rows of them, or join groups that belong together",
        )
    if small:
        yield Remark(
            *("small group", one.column, "note"),
            f"{_named(small)}: below {SMALL:.0%} of the rows",
            "is that their share among those the model will meet?",
        )
    blank = next((g for g in one.groups if g.name == MISSING), None)
    if blank and blank.share >= SMALL:
        yield Remark(
            *("group not known", one.column, "note"),
            f"{blank.rows:,} rows ({blank.share:.1%}) do not say",
            "what is told of groups is told without them",
        )


def _named(groups: Sequence[Group]) -> str:
    more = f" and {len(groups) - NAMED} more" * (len(groups) > NAMED)
    return ", ".join(f"{g.name!r} has {g.rows:,}" for g in groups[:NAMED]) + more


def _of_gaps(one: Sensitive, found: Bias, spread: float) -> Iterator[Remark]:
    wide = WIDE_OF_SPREAD * spread if found.numeric else WIDE
    for each in one.gaps:
        if each.low <= 0:
            continue
        yield Remark(
            *("uneven target", one.column, "serious" if each.low >= wide else "look"),
            _gap_in_words(each, one, found),
            "is the world so, or how it was recorded? a model will repeat it",
        )


def _gap_in_words(each: Gap, one: Sensitive, found: Bias) -> str:
    rate = {group.name: group.rates.get(each.of, (0.0,))[0] for group in one.groups}
    high, low = rate[each.more], rate[each.less]
    if found.numeric:
        told = [high, low, each.size, each.low, each.high]
        more, less, size, least, most = (f"{significant(v):,g}" for v in told)
        shown = f"the mean is {more} for {each.more!r}, {less} for {each.less!r}"
        return f"{shown}: {size} apart ({least} to {most})"
    ends = f"{100 * each.low:.0f} to {100 * each.high:.0f}"
    shown = (
        f"it is {each.of!r} in {high:.1%} of {each.more!r}, {low:.1%} of {each.less!r}"
    )
    return f"{shown}: {100 * each.size:.0f} points apart ({ends})"


def _of_missing(one: Sensitive) -> Iterator[Remark]:
    if not one.missing:
        return
    order = sorted(one.missing, key=lambda n: one.missing[n][3] - one.missing[n][1])
    told = [
        f"{name} is missing in {most:.0%} of {high!r}, {least:.0%} of {low!r}"
        for name in order[:NAMED]
        for high, most, low, least, _ in [one.missing[name]]
    ]
    more = f"; and {many(len(order) - NAMED, 'column')} more" * (len(order) > NAMED)
    yield Remark(
        *("uneven gaps", one.column, "look"),
        "; ".join(told) + more,
        "who was not asked, or not measured? filling the gaps hides it",
    )


def _of_proxies(one: Sensitive) -> Iterator[Remark]:
    strong = max([*one.proxies.values(), one.together], default=0.0) >= STRONG
    told = [f"{name} ({score:.2f})" for name, score in one.proxies.items()]
    more = f" and {len(told) - NAMED} more" * (len(told) > NAMED)
    all_told = f"all features together {one.together:.2f} of 1"
    parts = [", ".join(told[:NAMED]) + more] if told else []
    parts += [all_told] if one.together else []
    if parts:
        yield Remark(
            *("proxies", one.column, "look" if strong else "note"),
            "told by " + "; ".join(parts),
            "leaving the column out will not make a model blind to it",
        )


def _of_crossing(pair: Sensitive, parts: Sequence[Sensitive]) -> Iterator[Remark]:
    """Tell of a gap between intersections that neither column shows alone."""
    for each in pair.gaps:
        alone = [g.size for part in parts for g in part.gaps if g.of == each.of]
        if each.low <= max([*alone, 0.0]):
            continue
        yield Remark(
            *("uneven where groups cross", pair.column, "look"),
            f"{each.of!r} differs by {each.size:.3g} ({each.low:.3g} to "
            f"{each.high:.3g}) between {each.more!r} and {each.less!r}, "
            f"by at most {max(alone, default=0.0):.3g} in one column alone",
            "look at the groups together, not only one by one",
        )
