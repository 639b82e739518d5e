"""Pictures of whole tables."""

from __future__ import annotations

import numpy as np
import pandas as pd
from matplotlib.colors import to_rgb
from matplotlib.patches import Patch

from mlkit.core.schema import Schema
from mlkit.data.plots import PALETTE, Picture, bare, figure, headline, shorten, style

__all__ = ["strips"]

TONES = {
    "number": PALETTE[0],
    "category": PALETTE[1],
    "text": PALETTE[2],
    "date": PALETTE[4],
    "id": PALETTE[7],
}
HEIGHT = 240
WIDEST = 60


def strips(table: pd.DataFrame) -> Picture:
    """Draw a table as it lies there: a strip a column, white where cells are missing.

    A number's strip is darker where it is larger; the rows are thinned evenly.

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
    ranks = values.rank(method="dense", pct=True).to_numpy(dtype=float, na_value=np.nan)
    depth = 0.25 + 0.75 * ranks
    colour = np.array(to_rgb(tone))
    shades = 1 - depth[:, None] * (1 - colour)
    return np.where(np.isnan(ranks)[:, None], 1.0, shades)
