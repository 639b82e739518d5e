"""Pictures of whole tables."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.colors import to_rgb
from matplotlib.patches import Patch

from mlkit.core.schema import Schema
from mlkit.core.values import numbers
from mlkit.data.charts.style import (
    ACCENT,
    BAD,
    GRID,
    MUTED,
    PALETTE,
    WARN,
    Picture,
    bare,
    figure,
    headline,
    shorten,
    style,
)

__all__ = ["fates", "said", "strips"]

TONES = {
    "number": PALETTE[0],
    "category": PALETTE[1],
    "text": PALETTE[2],
    "date": PALETTE[4],
    "id": PALETTE[7],
}
HEIGHT = 240
WIDEST = 60
MOST = 24
SAID = {
    "tidy": "made plain",
    "trim": "trimmed",
    "lower": "in lower case",
    "missing": "made missing",
    "truth": "read as true or false",
    "number": "read as numbers",
    "unit": "read with a unit",
    "date": "read as dates",
    "recode": "spelt alike",
    "split": "taken apart",
    "clip": "clipped",
    "fill": "filled",
    "drop": "left out",
    "mode": "turned grey or coloured",
    "mono": "made one channel",
    "normalise": "made as loud",
    "resample": "resampled",
    "resize": "resized",
    "smooth": "smoothed",
    "trim_silence": "cut at both ends",
}
TONE_OF = {
    "kept": ACCENT,
    "duplicate": PALETTE[5],
    "near duplicate": PALETTE[6],
    "missing target": BAD,
    "number": PALETTE[2],
    "unit": PALETTE[2],
    "date": PALETTE[4],
    "split": PALETTE[4],
    "recode": PALETTE[3],
    "truth": PALETTE[3],
    "clip": PALETTE[5],
    "tidy": PALETTE[6],
    "trim": PALETTE[6],
    "drop": PALETTE[7],
    "missing": PALETTE[1],
}
READ = {"number", "unit", "date", "split", "drop"}
FIRST = {"tidy", "trim", "lower"}


def strips(table: pd.DataFrame) -> Picture:
    """Draw a table as it lies there: a strip a column, white where cells are missing.

    A strip is darker where its number, date or word is larger; the rows are thinned
    evenly.

    Parameters
    ----------
    table
        Rows × columns with a schema.
    """
    schema = Schema.of(table)
    columns = list(schema)[:WIDEST]
    places = np.unique(np.linspace(0, len(table) - 1, HEIGHT).astype(int))
    thinned = table.iloc[places]
    image = np.stack(
        [_strip(thinned[c.name], TONES.get(c.type, PALETTE[7])) for c in columns],
        axis=1,
    )
    picture, (axes, *_) = figure(max(5.0, min(11.0, 0.42 * len(columns) + 2)), 4.6)
    with style():
        axes.imshow(image, aspect="auto", interpolation="nearest")
        bare(axes)
        for edge in np.arange(len(columns) - 1) + 0.5:
            axes.axvline(edge, color="white", linewidth=3)
        names = [shorten(c.name, 16) + " ●" * ("target" in c.roles) for c in columns]
        axes.set_xticks(
            range(len(columns)), names, rotation=60, ha="right", rotation_mode="anchor"
        )
        used = [kind for kind in TONES if kind in {c.type for c in columns}]
        keys = [Patch(color=TONES[kind], label=kind) for kind in used]
        keys.append(
            Patch(facecolor="white", edgecolor="#c9d3dd", lw=1, label="missing")
        )
        axes.legend(handles=keys, loc="upper left", bbox_to_anchor=(1.01, 1))
    more = "" if len(columns) == len(schema) else f", the first {WIDEST} shown"
    size = f"{len(table):,} rows × {len(schema):,} columns{more}"
    headline(picture, "The table as it lies there", f"{size}; ● marks the target")
    return picture


def _strip(values: pd.Series, tone: str) -> np.ndarray:
    """Colour one column's cells from pale to full by their rank."""
    ranked = _comparable(values).rank(method="dense", pct=True)
    ranks = ranked.to_numpy(dtype=float, na_value=np.nan)
    depth = 0.25 + 0.75 * ranks
    colour = np.array(to_rgb(tone))
    shades = 1 - depth[:, None] * (1 - colour)
    return np.where(np.isnan(ranks)[:, None], 1.0, shades)


def _comparable(values: pd.Series) -> pd.Series:
    """Return words as numbers where all of them are numbers."""
    if values.dtype.kind in "biufM":
        return values
    found = numbers(values.to_numpy(dtype=object))
    same = np.isnan(found) == values.isna().to_numpy()
    return pd.Series(found, index=values.index) if same.all() else values


def said(op: str, cells: int) -> str:
    """Say how many cells an operation changed, and how.

    Examples
    --------
    >>> said("trim", 1200)
    '1,200 trimmed'
    """
    return f"{cells:,} {SAID.get(op, op)}"


def fates(
    operations: Sequence[Mapping[str, Any]],
    touched: Mapping[str, int],
    rows: int,
    dropped: Mapping[str, int] | None = None,
) -> Picture:
    """Draw what became of the rows, and of the cells of every column touched.

    Parameters
    ----------
    operations
        Named cell operations.
    touched
        Cells by operation name.
    rows
        How many rows came in.
    dropped
        How many rows each reason flags; None leaves the rows out of the picture.
    """
    bars = {} if dropped is None else {"rows": _row_parts(rows, dropped)}
    columns = list(dict.fromkeys(operation["column"] for operation in operations))
    for name in columns[:MOST]:
        bars[name] = {}
        for op in (op for op in operations if op["column"] == name):
            bars[name][op["op"]] = bars[name].get(op["op"], 0) + touched[op["name"]]
    picture, (axes,) = figure(9, 1.1 + 0.32 * max(len(bars), 1))
    _fate_bars(axes, bars, max(rows, 1), dropped is not None)
    more = f", {MOST} of {len(columns)} columns shown" if len(columns) > MOST else ""
    changes = f"{len(operations)} cell operations{more}"
    kept = "" if dropped is None else f"; {rows - sum(dropped.values()):,} rows kept"
    headline(picture, "What cleaning changed", changes + kept)
    return picture


def _row_parts(rows: int, dropped: Mapping[str, int]) -> dict[str, int]:
    return {"kept": rows - sum(dropped.values()), **dropped}


def _fate_bars(
    axes: Axes, bars: Mapping[str, Mapping[str, int]], rows: int, split: bool
) -> None:
    with style():
        for place, (name, parts) in enumerate(bars.items()):
            lower = place + 0.5 * (split and place > 0)
            _fate_bar(axes, lower, parts, rows)
            told = " · ".join(said(part, n) for part, n in parts.items())
            axes.text(rows * 1.015, lower, told, va="center", fontsize=8, color=MUTED)
            axes.text(
                *(-rows * 0.015, lower, shorten(name, 26)),
                va="center",
                ha="right",
                fontweight="bold" if split and not place else "normal",
            )
        axes.set_ylim(len(bars) + 0.1, -0.6)
        axes.set_xlim(0, rows)
        bare(axes)


def _fate_bar(axes: Axes, lower: float, parts: Mapping[str, int], rows: int) -> None:
    axes.barh(lower, rows, 0.62, color=GRID)
    read = READ.intersection(parts)
    start = 0
    for part, count in _in_order(parts):
        if read and part in FIRST:
            continue
        # a cell that two operations changed is drawn once
        wide = min(count, rows - start)
        axes.barh(lower, wide, 0.62, left=start, color=TONE_OF.get(part, WARN))
        start += wide


def _in_order(parts: Mapping[str, int]) -> list[tuple[str, int]]:
    known = [(part, parts[part]) for part in TONE_OF if part in parts]
    return known + [(part, parts[part]) for part in parts if part not in TONE_OF]
