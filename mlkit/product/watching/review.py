"""Live decisions set aside for a person to look at, each with what led to it."""

from __future__ import annotations

import json
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from mlkit.core.media import KINDS as MEDIA
from mlkit.core.schema import Column, Schema
from mlkit.data.charts.cards import card, grid, many
from mlkit.data.charts.style import shorten
from mlkit.model.packing.parity import TOLERANCE
from mlkit.model.packing.reference import codes, tallied
from mlkit.model.packing.sights import unfolded
from mlkit.model.runtime import choice
from mlkit.product.watching.live import Live
from mlkit.product.watching.reasons import because, told

__all__ = ["Aside", "moved", "set_aside"]

LISTED = 10
KINDS = ("wrong", "doubtful", "odd", "drifted", "at random")
Array = NDArray[Any]


@dataclass(frozen=True)
class Aside:
    """Decisions that a person should look at.

    Parameters
    ----------
    table
        By request and row: why it was set aside, when it was made, what was said and
        how surely, because of what, what came true, and the raw cells.
    rows
        How many decisions they were taken from.
    classes
        What could have been said; none of numbers.
    """

    table: pd.DataFrame
    rows: int
    classes: tuple[str, ...] = ()

    def __repr__(self) -> str:
        return f"<Aside {len(self.table)} of {many(self.rows, 'decision')}>"

    def _repr_html_(self) -> str:
        each = LISTED // max(self.table["set_aside"].nunique(), 1)
        first = self.table.groupby("set_aside", sort=False).head(each)
        seen = {c.name: c.type for c in Schema.of(first) if c.type in MEDIA}
        heads = ("request", "why", *(name[len("input.") :] for name in seen))
        names = ("said", "because", "truth")
        lines = [
            (shorten(row, 16), why, *shown, *(told(cell) for cell in cells))
            for row, why, shown, *cells in zip(
                first.index,
                first["set_aside"],
                _pictures(first, seen),
                *(first[name] for name in names),
                strict=True,
            )
        ]
        heads = (*heads, "said", "because of", "truth")
        title = f"{many(len(self.table), 'decision')} set aside for a person"
        top = card(title, f"from the newest {many(self.rows, 'row')}")
        rest = len(self.table) - len(lines)
        return top + (grid(heads, lines, f"and {rest} more" if rest else ""))


def set_aside(
    live: Live,
    *,
    newest: int = 1000,
    most: int = 30,
    drifted: Collection[str] = (),
    seed: int = 0,
) -> Aside:
    """Pick live decisions for a person: wrong, doubtful, odd ones, and some at random.

    Where columns changed, also rows as there are many now, and were few before.

    A fair picture of the whole needs the random ones; the others find trouble sooner.

    Parameters
    ----------
    live
        Live rows.
    newest
        So many of the newest rows are picked from.
    most
        How many to pick.
    drifted
        The columns that changed; `Health.drifted` tells them.
    seed
        Of the draws.
    """
    some = live.take(np.arange(max(len(live) - newest, 0), len(live)))
    picked = _picked(some, most, drifted, np.random.default_rng(seed))
    places = np.array(list(picked), np.intp)
    mine = some.take(places)
    table = _frame(mine, list(picked.values()), because(some, places, seed=seed))
    return Aside(table, len(some), live.parcel.problem.classes)


def _picked(
    live: Live, most: int, drifted: Collection[str], rng: np.random.Generator
) -> dict[int, str]:
    """Return the places of the picked rows, and why each was picked."""
    order = rng.permutation(len(live))
    ranks = {
        "wrong": (_off(live)[order], 0.0),
        "doubtful": (_doubt(live)[order], -np.inf),
        "odd": (_odd(live)[order], 0.0),
        "drifted": (moved(live, drifted)[order], 0.0),
    }
    found: dict[int, str] = {}
    for kind, (score, above) in ranks.items():
        ranked = order[np.argsort(-score, kind="stable")]
        worth = [int(k) for k in ranked[: int((score > above).sum())]]
        fresh = [k for k in worth if k not in found]
        found |= dict.fromkeys(fresh[: most // len(KINDS)], kind)
    rest = [int(k) for k in order if int(k) not in found]
    return found | dict.fromkeys(rest[: max(most - len(found), 0)], KINDS[-1])


def _off(live: Live) -> Array:
    """Return how far predictions are from what came true; 0 where right or unknown."""
    known, truth = live.known, live.truth
    if not live.parcel.problem.classes:
        return np.where(known, np.abs(np.nan_to_num(truth) - live.predicted), 0.0)
    said = choice(live.predicted, live.parcel.threshold)
    rows = np.arange(len(live))
    sure = live.predicted[rows, said] + TOLERANCE
    return np.where(known & (said != truth), sure, 0.0)


def _doubt(live: Live) -> Array:
    """Return how near each decision was to another; of numbers how extreme it is."""
    said = live.predicted
    if said.ndim == 1:
        return np.abs(said - np.median(said)) if len(said) else said
    if said.shape[1] == 2:
        return -np.abs(said[:, 1] - live.parcel.threshold)
    top = np.sort(said, axis=1)[:, -2:]
    return np.asarray(top[:, 0] - top[:, 1])


def _odd(live: Live) -> Array:
    """Return how many flags each row has."""
    flags = live.rows["output.flags"]
    counts = {text: len(json.loads(text)) for text in flags.unique()}
    return flags.map(counts).to_numpy(np.float64)


def moved(live: Live, drifted: Collection[str]) -> Array:
    """Return how much commoner rows like each are now than they were, as log odds.

    Parameters
    ----------
    live
        Live rows.
    drifted
        The columns to go by.
    """
    score = np.zeros(len(live))
    forms = {n: form for n, form in live.parcel.watched.items() if n in drifted}
    for _, form, cells in unfolded(forms, live.columns):
        before = np.array(tallied(form), np.float64) + 0.5
        places = codes(form, cells)
        there = places >= 0
        now = np.bincount(places[there], minlength=len(before)) + 0.5
        odds = np.log(now / now.sum()) - np.log(before / before.sum())
        score[there] += odds[places[there]]
    return score


def _frame(live: Live, kinds: Sequence[str], reasons: Sequence[str]) -> pd.DataFrame:
    rows, problem = live.rows, live.parcel.problem
    raw = [str(name) for name in rows.columns if str(name).startswith("input.")]
    said = live.predicted
    chance, kind = np.full(len(said), np.nan), "number"
    words: tuple[Any, Any] = said, live.truth
    if problem.classes:
        codes, kind = choice(said, live.parcel.threshold), "category"
        chance = said[np.arange(len(said)), codes].round(6)
        classes = np.array([*problem.classes, None], object)
        words = _labels(classes[codes]), _labels(classes[live.truth])
    made = {
        "set_aside": pd.array(list(kinds), "str"),
        "at": rows["request.at"].to_numpy(),
        "said": words[0],
        "chance": chance,
        "because": pd.array(list(reasons), "str"),
        "truth": words[1],
        **{name: rows[name].array for name in raw},
    }
    ids = [
        f"{a}:{b}" for a, b in zip(rows["request.id"], rows["request.row"], strict=True)
    ]
    table = pd.DataFrame(made, index=pd.Index(ids, dtype="str", name="row"))
    seen = live.parcel.media.items()
    shown = [Column(f"input.{n}", k) for n, k in seen if f"input.{n}" in made]
    schema = Schema.of(table).put(Column("truth", kind, ("target",)), *shown)
    return schema.attach(table)


def _pictures(rows: pd.DataFrame, seen: Mapping[str, str]) -> list[list[Any]]:
    """Return small pictures of the images and sounds of each row."""
    if not seen:
        return [[] for _ in range(len(rows))]
    from mlkit.data.charts.thumbs import tag

    columns = [[tag(cell, kind) for cell in rows[n]] for n, kind in seen.items()]
    return [list(line) for line in zip(*columns, strict=True)]


def _labels(words: Array) -> Any:
    return pd.array(words, "str")
