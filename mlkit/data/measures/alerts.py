"""What a person should know of a table before she learns from it."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import asdict, dataclass
from typing import Any

import pandas as pd

from mlkit.core.schema import Column, Schema
from mlkit.core.values import numbers
from mlkit.data.charts.cards import many
from mlkit.data.charts.style import shorten
from mlkit.data.clean import Cleaned
from mlkit.data.measures.leaks import AWAY
from mlkit.data.reading import hints
from mlkit.data.reading.identify import row_keys

__all__ = ["Alert", "alerts"]

LEVELS = ("serious", "look", "note")
STRONG = 0.95
SKEWED = 3.0
GAPS = 0.3
MANY = 50
FEW_ROWS = 20
RARE = 0.05
BY_OPERATION = {
    "missing": ("hidden missing", "look"),
    "number": ("numbers as text", "look"),
    "date": ("dates as text", "look"),
    "recode": ("spellings", "look"),
    "trim": ("blanks", "note"),
    "drop": ("says nothing", "look"),
}


@dataclass(frozen=True)
class Alert:
    """One thing to know.

    Parameters
    ----------
    kind
        A few words, such as ``hidden missing``.
    column
        The column, or "" where it is the table.
    level
        ``serious``, ``look`` or ``note``.
    evidence
        What was seen.
    remedy
        What is done about it, or can be.
    """

    kind: str
    column: str
    level: str
    evidence: str
    remedy: str = ""

    def to_dict(self) -> dict[str, str]:
        """Return a plain JSON form."""
        return asdict(self)


def alerts(
    raw: pd.DataFrame,
    cleaned: Cleaned,
    columns: list[dict[str, Any]],
    ties: Mapping[str, float],
) -> list[Alert]:
    """Return all alerts, the serious ones first.

    Parameters
    ----------
    raw
        The table as it was collected.
    cleaned
        What cleaning would make of it.
    columns
        The measures of each column.
    ties
        How well each feature alone tells the target.
    """
    schema = Schema.of(raw)
    found = [
        *_of_leaks(ties),
        *_of_target(raw, cleaned),
        *_of_operations(cleaned),
        *_of_rows(raw, cleaned, schema),
    ]
    measured = {column["name"]: column for column in columns}
    for column in schema:
        if column.name in measured and "target" not in column.roles:
            found += _of_column(raw[column.name], column, measured[column.name])
    order = {level: place for place, level in enumerate(LEVELS)}
    return sorted(found, key=lambda alert: order[alert.level])


def _of_leaks(ties: Mapping[str, float]) -> Iterator[Alert]:
    for name, tie in sorted(ties.items(), key=lambda item: -item[1]):
        if tie >= AWAY:
            yield Alert(
                *("gives the target away", name, "serious"),
                f"alone it tells the target with a score of {tie:.3f} of 1",
                'is it known when you ask? else give it the role "ignored" in collect',
            )
        elif tie >= STRONG:
            yield Alert(
                *("very strong", name, "look"),
                f"alone it tells the target with a score of {tie:.3f} of 1",
                "make sure that it is known before the target is",
            )


def _of_target(raw: pd.DataFrame, cleaned: Cleaned) -> Iterator[Alert]:
    schema = Schema.of(cleaned.table)
    target = schema.target
    if target is None:
        yield Alert("no target", "", "note", "no column has the role target")
        return
    known = cleaned.table[target].dropna()
    gone = len(raw) - len(known)
    if gone:
        yield Alert(
            *("missing target", target, "look"),
            f"{_share(gone, len(raw))} of the rows have no target",
            "clean flags them: they are neither learnt from nor judged by",
        )
    if schema[target].type == "category":
        yield from _of_classes(known.value_counts(), target, len(known))


def _of_classes(counts: pd.Series, target: str, rows: int) -> Iterator[Alert]:
    if len(counts) < 2:
        yield Alert(
            *("one class", target, "serious"),
            f"every row is {str(counts.index[0])!r}"
            if len(counts)
            else "no row is known",
            "there is nothing to learn: collect rows of another class",
        )
        return
    few = {str(word): int(count) for word, count in counts.items() if count < FEW_ROWS}
    if few:
        told = ", ".join(f"{shorten(w)!r} has {n}" for w, n in sorted(few.items())[:4])
        more = f" and {len(few) - 4} more" * (len(few) > 4)
        yield Alert(
            *(
                "too few of a class",
                target,
                "serious" if min(few.values()) < 5 else "look",
            ),
            f"{told}{more}",
            f"below {FEW_ROWS} rows a class is hardly learnt: collect more, or merge",
        )
    least = counts.min() / rows
    if least < RARE or least < 0.5 / len(counts):
        yield Alert(
            *("imbalance", target, "look"),
            f"the rarest class, {shorten(counts.idxmin())!r}, has {least:.1%} of rows",
            "accuracy misleads here: judge by balanced measures or costs",
        )


def _of_operations(cleaned: Cleaned) -> Iterator[Alert]:
    for operation in cleaned.cleaning.told:
        kind, level = BY_OPERATION[operation["op"]]
        cells = cleaned.cleaning.touched[operation["name"]]
        yield Alert(
            *(kind, operation["column"], level),
            f"{many(cells, 'cell')}: {operation['why']}",
            f"clean does it: {operation['name']}",
        )


def _of_rows(raw: pd.DataFrame, cleaned: Cleaned, schema: Schema) -> Iterator[Alert]:
    twice = cleaned.dropped.get("duplicate", 0)
    if twice:
        yield Alert(
            *("duplicates", "", "look"),
            f"{_share(twice, len(raw))} of the rows equal an earlier one",
            "clean flags them: each is learnt from once",
        )
    elif cleaned.notes:
        yield Alert("duplicates", "", "note", cleaned.notes[0])
    clashing = _clashing(raw, schema)
    if clashing:
        yield Alert(
            *("contradictions", "", "look"),
            f"{many(clashing, 'row')} equal others in every feature, not the target",
            "no model can tell them apart: more columns may",
        )
    if len(raw) < 10 * len(schema.features):
        yield Alert(
            *("few rows", "", "look"),
            f"{len(raw):,} rows for {len(schema.features):,} features",
            "below ten rows a feature, simple models are the safer choice",
        )


def _clashing(raw: pd.DataFrame, schema: Schema) -> int:
    if schema.target is None or not schema.features:
        return 0
    keys = row_keys({n: raw[n] for n in schema.features if n in raw}, len(raw))
    frame = pd.DataFrame({"key": keys, "target": raw[schema.target].to_numpy()})
    frame = frame[frame["key"].duplicated(keep=False)]
    return int((frame.groupby("key")["target"].transform("nunique") > 1).sum())


def _of_column(
    values: pd.Series, column: Column, measured: dict[str, Any]
) -> Iterator[Alert]:
    name, rows, known = column.name, len(values), int(values.notna().sum())
    if column.type == "id":
        yield Alert(
            *("id", name, "note"),
            f"{measured['distinct']:,} different values",
            "it names rows, and is no feature",
        )
        return
    gone = measured["missing"] + measured["hidden"]
    if gone >= GAPS * rows and known:
        evidence = f"{_share(gone, rows)} of its cells are missing"
        remedy = "missing is a value of its own to the models; does it mean something?"
        yield Alert("many gaps", name, "look", evidence, remedy)
    if column.type == "date" and "time" not in column.roles:
        yield Alert(
            *("dated", name, "look"),
            f"rows from {measured.get('first', '?')} to {measured.get('last', '?')}",
            'to be judged on the future, give it the role "time" in collect',
        )
    if column.type == "number":
        yield from _of_number(values, column, measured)
    elif column.type in ("category", "text") and measured["type"] != "number":
        yield from _of_words(values, column, measured)


def _of_number(
    values: pd.Series, column: Column, measured: dict[str, Any]
) -> Iterator[Alert]:
    skew = measured.get("skew", 0.0)
    if abs(skew) >= SKEWED:
        yield Alert(
            *("skewed", column.name, "note"),
            f"a skewness of {skew:.1f}: most values lie at one end",
            "trees do not mind; linear models are given ranks",
        )
    whole = values.dtype.kind == "i" or (values.dropna() % 1 == 0).all()
    if whole and len(values) >= 100 and measured["distinct"] > 0.9 * len(values):
        yield Alert(
            *("id-like", column.name, "look"),
            f"whole numbers, {measured['distinct']:,} of {len(values):,} differ",
            'if it only names rows, give it the type "id" in collect',
        )


def _of_words(
    values: pd.Series, column: Column, measured: dict[str, Any]
) -> Iterator[Alert]:
    name, counts = column.name, values.dropna().str.strip().value_counts()
    words = counts.index.tolist()
    forms = hints.date_formats(words[:1000])
    if len(forms) > 1:
        shown = " or ".join(forms[:2])
        yield Alert(
            *("ambiguous dates", name, "look"),
            f"{words[0]!r} may be {shown}",
            "it stays text: write dates as 2026-01-31 in the source",
        )
        return
    amounts = pd.Series(numbers(counts.index.to_numpy(dtype=object))).notna()
    share = counts[amounts.to_numpy()].sum() / max(counts.sum(), 1)
    if 0.5 < share < 1:
        odd = ", ".join(repr(shorten(w)) for w in counts.index[~amounts.to_numpy()][:3])
        yield Alert(
            *("mixed types", name, "look"),
            f"{share:.0%} of its cells are numbers, others such as {odd}",
            "name the odd words in collect's missing, if they mean that",
        )
    if column.type == "category" and measured["distinct"] > MANY:
        yield Alert(
            *("many categories", name, "note"),
            f"{measured['distinct']:,} different words",
            "rare ones are taken together by the models",
        )
    coded = [word for word in words[:1000] if hints.CODE.match(word)]
    if coded and share == 1:
        yield Alert(
            *("codes", name, "note"),
            f"numbers with leading zeros, such as {coded[0]!r}",
            "they are kept as words, zeros and all",
        )
    if "NA" in words and "NA" not in hints.hidden(words):
        yield Alert(
            *("NA", name, "note"),
            "NA stands among codes of two capitals, and is left as it is",
            'if it means missing, name it in collect: missing = ["", "NA"]',
        )


def _share(part: int, whole: int) -> str:
    return f"{part:,} ({part / whole:.1%})" if whole else f"{part:,}"
