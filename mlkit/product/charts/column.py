"""Pictures of one column: the reference that a package remembers against live rows."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from mlkit.data.charts import style as plots
from mlkit.data.charts.media import sheet, waves
from mlkit.model.packing.sights import thinned
from mlkit.product.watching.live import Live
from mlkit.product.watching.review import moved

__all__ = ["nothing", "numbers", "shares", "unlike"]

MOST = 14
SHOWN = {"image": 30, "audio": 8}
TAIL = 0.005
THEN, NOW = "reference", "live"
Array = NDArray[Any]


def numbers(form: Mapping[str, Any], cells: Array, x: str) -> plots.Picture:
    """Draw which share of rows lies below a value, then and now.

    Parameters
    ----------
    form
        Quantiles of the reference; see `mlkit.model.packing.reference.numbers`.
    cells
        Live numbers, shape (rows,).
    x
        What they are.
    """
    given = np.sort(cells[np.isfinite(cells)])
    before = np.array(form["counts"], np.float64)
    if not len(given) or not before.sum():
        return nothing(x, "there is no number to compare")
    edges = np.array([form["min"], *form["edges"], form["max"]], np.float64)
    below = np.concatenate([[0.0], before.cumsum() / before.sum()])
    picture, (axes,) = plots.figure(8, 3.4)
    with plots.style():
        axes.plot(edges, below, color=plots.MUTED, label=THEN)
        told = np.arange(1, len(given) + 1) / len(given)
        axes.step(given, told, where="post", color=plots.ACCENT, label=NOW)
        low, high = np.quantile(given, [TAIL, 1 - TAIL])
        ends = min(form["min"], low), max(form["max"], high)
        room = 0.02 * (ends[1] - ends[0]) or 1.0
        axes.set_xlim(ends[0] - room, ends[1] + room)
        axes.set_ylim(0, 1.02)
        axes.yaxis.set_major_formatter(lambda value, _: f"{value:.0%}")
        axes.legend(loc="center left", bbox_to_anchor=(1.0, 0.5))
    plots.label(axes, "Share of rows at or below", x=x)
    lost = 1 - len(given) / len(cells)
    gaps = f"missing: {form['missing']:.1%} then, {lost:.1%} now"
    below_ = f"where the lines part, rows moved; {gaps}"
    plots.headline(picture, f"{plots.shorten(x, 40)}, then and now", below_)
    return picture


def shares(
    then: Mapping[str, float], now: Mapping[str, float], name: str
) -> plots.Picture:
    """Draw the share of each word, then and now.

    Parameters
    ----------
    then, now
        Shares of rows by word.
    name
        The column.
    """
    words = dict.fromkeys([*then, *now])
    most = {w: max(then.get(w, 0.0), now.get(w, 0.0)) for w in words}
    shown = sorted(words, key=lambda word: -most[word])[:MOST]
    if not shown:
        return nothing(name, "there is no row to compare")
    picture, (axes,) = plots.figure(8, 1.4 + 0.38 * len(shown))
    places = np.arange(len(shown))
    with plots.style():
        for told, by, tone, key in (
            (then, -0.2, plots.SOFT, THEN),
            (now, 0.2, plots.ACCENT, NOW),
        ):
            wide = [told.get(word, 0.0) for word in shown]
            axes.barh(places + by, wide, 0.38, color=tone, label=key)
        axes.set_yticks(places, [plots.shorten(word, 26) for word in shown])
        axes.tick_params(axis="y", labelcolor=plots.INK)
        axes.set_ylim(len(shown) - 0.4, -0.6)
        axes.grid(visible=False, axis="y")
        axes.xaxis.set_major_formatter(lambda value, _: f"{value:.0%}")
        axes.legend(loc="center left", bbox_to_anchor=(1.0, 0.5))
    plots.label(axes, "Share of rows")
    rest = len(words) - len(shown)
    below = f"{rest} rarer words are not drawn" if rest else ""
    plots.headline(picture, f"{plots.shorten(name, 40)}, then and now", below)
    return picture


def unlike(live: Live, name: str) -> plots.Picture:
    """Draw the live images or sounds that are common now and were rare.

    Parameters
    ----------
    live
        Live rows.
    name
        A column of images or sounds.
    """
    kind = live.parcel.media[name]
    live = live.take(thinned(np.arange(len(live))))
    values = pd.Series(live.columns[name], dtype=object)
    order = np.argsort(-moved(live, [name]), kind="stable")
    known = values.iloc[order].dropna().drop_duplicates().head(SHOWN[kind])
    noun = "images" if kind == "image" else "sounds"
    title = f"{plots.shorten(name, 40)}: the live {noun} least like those of before"
    below = f"{len(known)} of {values.notna().sum():,}, the least alike first"
    return (sheet if kind == "image" else waves)(known, told=(title, below))


def nothing(name: str, why: str) -> plots.Picture:
    """Return a picture that says in one line why it is empty."""
    return plots.nothing(f"{plots.shorten(name, 40)}: {why}")
