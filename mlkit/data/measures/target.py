"""Alerts of the target: absent, missing, of one class, out of balance."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

import pandas as pd

from mlkit.core.schema import Schema
from mlkit.data.charts.style import shorten
from mlkit.data.measures.alert import Alert, origin, roles, rule, share
from mlkit.data.measures.categories import counted
from mlkit.data.measures.look import Look

__all__ = ["alerts", "of_ties", "unlearnt"]

FEW_ROWS = 20
RARE = 0.05
STRONG = 0.95


def alerts(look: Look | None) -> Iterator[Alert]:
    """Yield what is odd about the target.

    Parameters
    ----------
    look
        The target before and after cleaning; None where there is none.
    """
    if look is None:
        yield Alert("no target", "", "note", "no column has the role target")
        return
    rows, known = len(look.values), int(look.values.notna().sum())
    if known < rows:
        yield Alert(
            *("missing target", look.name, "look"),
            f"{share(rows - known, rows)} of the rows have no target",
            "clean flags them: they are neither learnt from nor judged by",
            rule(look.name, "is known", "required"),
        )
    if look.left.type == "category":
        yield from _of_classes(counted(look.values), look.name, known)


def unlearnt(look: Look | None) -> Iterator[Alert]:
    """Yield what there is to know of a target that nothing learns.

    Parameters
    ----------
    look
        The target before and after cleaning; None where there is none.
    """
    gone = 0 if look is None else int(look.values.isna().sum())
    if look is not None and gone:
        yield Alert(
            *("missing target", look.name, "note"),
            f"{share(gone, len(look.values))} of the rows have no target",
            "nothing is to be done: no target is learnt here, and they are learnt from "
            "like all others",
        )


def of_ties(ties: Mapping[str, float], away: float, schema: Schema) -> Iterator[Alert]:
    """Yield the features that tell the target too well.

    Parameters
    ----------
    ties
        How well each feature alone tells the target.
    away
        From where on it gives the target away.
    schema
        The columns as they were collected.
    """
    for name, tie in sorted(ties.items(), key=lambda item: -item[1]):
        evidence = f"alone it tells the target with a score of {tie:.3f} of 1"
        if tie >= away:
            yield Alert(
                *("gives the target away", name, "serious"),
                evidence,
                'is it known when you ask? else it needs the role "ignored"',
                roles(origin(name, schema), "ignored"),
            )
        elif tie >= STRONG:
            yield Alert(
                *("very strong", name, "look"),
                evidence,
                "make sure that it is known before the target is; else ignore it",
                roles(origin(name, schema), "ignored"),
            )


def _of_classes(counts: pd.Series, target: str, rows: int) -> Iterator[Alert]:
    if len(counts) < 2:
        only = f"every row is {str(counts.index[0])!r}" if len(counts) else ""
        yield Alert(
            *("one class", target, "serious"),
            only or "no row is known",
            "there is nothing to learn: collect rows of another class",
        )
        return
    few = {str(word): int(count) for word, count in counts.items() if count < FEW_ROWS}
    if few:
        told = ", ".join(f"{shorten(w)!r} has {n}" for w, n in sorted(few.items())[:4])
        more = f" and {len(few) - 4} more" * (len(few) > 4)
        level = "serious" if min(few.values()) < 5 else "look"
        yield Alert(
            *("too few of a class", target, level),
            f"{told}{more}",
            f"below {FEW_ROWS} rows a class is hardly learnt: collect more, or merge "
            "classes in the step label",
        )
    least = counts.min() / rows
    if least < RARE or least < 0.5 / len(counts):
        yield Alert(
            *("imbalance", target, "look"),
            f"the rarest class, {shorten(counts.idxmin())!r}, has {least:.1%} of rows",
            "accuracy misleads here: judge by balanced measures or costs",
        )
