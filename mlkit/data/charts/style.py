"""The house style of every picture: one palette, quiet axes, sharp in a notebook.

Draw inside ``with style():``, on axes that `figure` gives; name them by `label` and
`headline`.
"""

from __future__ import annotations

import io
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from typing import Any

import matplotlib as mpl
from cycler import cycler
from matplotlib.axes import Axes
from matplotlib.backend_bases import RendererBase
from matplotlib.figure import Figure
from matplotlib.transforms import ScaledTranslation

from mlkit.data.charts.fonts import fonts, unwarned
from mlkit.data.charts.scales import whole
from mlkit.data.measures.classes import ordered, stated

__all__ = [
    "ACCENT",
    "BAD",
    "BROKEN",
    "GOOD",
    "GRID",
    "INK",
    "KEPT",
    "MUTED",
    "PALETTE",
    "QUIET",
    "SOFT",
    "WARN",
    "Picture",
    "bare",
    "colours",
    "figure",
    "headline",
    "label",
    "nothing",
    "of_classes",
    "shorten",
    "style",
]

ROOM = 700_000  # bytes: as text a third more, and a cell keeps a megabyte
INK = "#22303c"
MUTED = "#7b8794"
QUIET = f"var(--jp-ui-font-color2, {MUTED})"  # in HTML the theme's own
GRID = "#e4e9ee"
SOFT = "#c9d3dd"
ACCENT = "#2f6fb5"
GOOD = "#2e8b6a"
WARN = "#c98a1b"
BAD = "#c1453d"
KEPT = f"var(--jp-success-color1, {GOOD})"
BROKEN = f"var(--jp-error-color1, {BAD})"
PALETTE = (
    "#2f6fb5",
    "#e58139",
    "#3a9b7a",
    "#b5476b",
    "#8a6fc0",
    "#d0a62b",
    "#4fb0c6",
    "#7a7f87",
)

_RC: dict[str, Any] = {
    "axes.edgecolor": SOFT,
    "axes.facecolor": "white",
    "axes.grid": True,
    "axes.axisbelow": True,
    "axes.labelcolor": MUTED,
    "axes.labelsize": 9,
    "axes.linewidth": 0.8,
    "axes.prop_cycle": cycler(color=PALETTE),
    "axes.spines.right": False,
    "axes.spines.top": False,
    "axes.titlecolor": INK,
    "axes.titlelocation": "left",
    "axes.titlepad": 8,
    "axes.titlesize": 10,
    "axes.titleweight": "bold",
    "axes.unicode_minus": True,
    "figure.facecolor": "white",
    "font.size": 9,
    "grid.color": GRID,
    "grid.linewidth": 0.8,
    "legend.frameon": False,
    "legend.fontsize": 9,
    "lines.linewidth": 2,
    "patch.linewidth": 0,
    "text.color": INK,
    "text.parse_math": False,
    "xtick.color": MUTED,
    "xtick.labelsize": 8,
    "xtick.major.size": 0,
    "ytick.color": MUTED,
    "ytick.labelsize": 8,
    "ytick.major.size": 0,
}


class Picture(Figure):
    """A figure that shows itself once and sharply, with or without pyplot."""

    def draw(self, renderer: RendererBase) -> None:
        """Draw the picture; a letter that no font has is a box, and no warning."""
        with unwarned():
            super().draw(renderer)

    def savefig(self, fname: Any, **options: Any) -> None:
        """Save the picture; a letter that no font has is a box, and no warning."""
        with unwarned():
            super().savefig(fname, **options)

    def __repr__(self) -> str:
        """Return the same words every time, so that notebooks compare."""
        width, height = self.get_size_inches()
        return f"<Picture {width:g} × {height:g} in>"

    def _repr_png_(self) -> tuple[bytes, dict[str, int]]:
        buffer = io.BytesIO()
        scale = 2
        self.savefig(
            buffer,
            format="png",
            dpi=96 * scale,
            bbox_inches="tight",
            metadata={"Software": None},
        )
        content = buffer.getvalue()
        wide, high = (int.from_bytes(content[i : i + 4], "big") for i in (16, 20))
        size = {"width": wide // scale, "height": high // scale}
        if self._is_empty():
            size["empty"] = True  # for who picks the picture that tells most
        return content if len(content) <= ROOM else _lighter(content), size

    def _is_empty(self) -> bool:
        """Tell whether nothing is drawn but a line that says why."""
        axes = self.get_axes()
        texts = sum(len(one.texts) for one in axes)
        return texts <= 1 and not any(one.has_data() for one in axes)


def _lighter(content: bytes) -> bytes:
    """Draw photographs in fewer colours, then fewer pixels, until there is room."""
    from PIL import Image

    whole = Image.open(io.BytesIO(content)).convert("RGB")
    for scale, tones in ((1.0, 128), (0.75, 128), (0.5, 128), (0.5, 32)):
        size = (round(whole.width * scale), round(whole.height * scale))
        small = whole if scale == 1 else whole.resize(size, Image.Resampling.LANCZOS)
        buffer = io.BytesIO()
        small.quantize(tones, Image.Quantize.MEDIANCUT).save(buffer, "PNG")
        if buffer.tell() <= ROOM:
            break
    return buffer.getvalue()


@contextmanager
def style() -> Iterator[None]:
    """Draw in the house style inside a ``with`` block.

    Examples
    --------
    >>> with style():
    ...     mpl.rcParams["axes.spines.top"]
    False
    """
    with mpl.rc_context({**_RC, "font.family": fonts()}):
        yield


def figure(
    width: float = 9.0,
    height: float = 4.0,
    rows: int = 1,
    columns: int = 1,
    **options: Any,
) -> tuple[Picture, list[Axes]]:
    """Return an empty picture in the house style, and its axes row by row.

    Parameters
    ----------
    width, height
        Inches.
    rows, columns
        How many axes.
    options
        Passed to ``Figure.subplots``: ``sharex``, ``gridspec_kw`` and the like.

    Examples
    --------
    >>> picture, axes = figure(6, 3, columns=2)
    >>> picture, len(axes)
    (<Picture 6 × 3 in>, 2)
    """
    with style():
        picture = Picture(figsize=(width, height), layout="constrained")
        found = picture.subplots(rows, columns, squeeze=False, **options)
    return picture, list(found.ravel())


def colours(names: list[str]) -> dict[str, str]:
    """Give each of `names` its colour, the same at every call.

    Examples
    --------
    >>> colours(["no", "yes"])
    {'no': '#2f6fb5', 'yes': '#e58139'}
    """
    return {name: PALETTE[i % len(PALETTE)] for i, name in enumerate(names)}


def of_classes(classes: Iterable[object]) -> dict[str, str]:
    """Give each class of a target its colour, the same in every picture.

    The order is that of `mlkit.data.measures.classes.ordered`, as in a model. Where
    the goal states the order, a class has its colour though another is not there.

    Parameters
    ----------
    classes
        All classes, in any order.

    Examples
    --------
    >>> list(of_classes(["10", "9"])), list(of_classes(["yes", "zero"]))
    (['9', '10'], ['zero', 'yes'])
    """
    names = set(map(str, classes))
    whole = stated() if names <= set(stated()) else names
    tones = colours(list(ordered(whole)))
    return {name: tone for name, tone in tones.items() if name in names}


def headline(picture: Figure, title: str, below: str = "") -> None:
    """Put a headline over a picture, left aligned, with a quieter line below it."""
    with style():
        room = "\n " if below else ""
        picture.suptitle(
            title + room,
            x=0.01,
            ha="left",
            fontsize=12,
            fontweight="bold",
            linespacing=1.6,
        )
        lower = ScaledTranslation(0, -19 / 72, picture.dpi_scale_trans)
        place = picture.transFigure + lower
        quiet: dict[str, Any] = {
            "ha": "left",
            "va": "top",
            "fontsize": 9,
            "color": MUTED,
        }
        top = 1 - 0.05 / picture.get_figheight()
        second = picture.text(0.01, top, below, transform=place, **quiet)
        second.set_in_layout(False)


def label(axes: Axes, title: str = "", x: str = "", y: str = "") -> None:
    """Name a plot and its axes; column names are shown as they are, never as maths.

    An axis of rows is told in whole ones.
    """
    with style():
        axes.set_title(title)
        axes.set_xlabel(x)
        axes.set_ylabel(y)
    for axis, words in ((axes.xaxis, x), (axes.yaxis, y)):
        if words == "rows" and axis.get_scale() == "linear":
            whole(axis)


def bare(axes: Axes, *, x: bool = True, y: bool = True) -> None:
    """Take the grid, ticks and lines off one or both directions of a plot."""
    axes.grid(visible=False)
    for side in ("left",) * y + ("bottom",) * x:
        axes.spines[side].set_visible(False)
    if x:
        axes.set_xticks([])
    if y:
        axes.set_yticks([])


def nothing(told: str) -> Picture:
    """Return a picture that is one line of words, where there is nothing to draw.

    Parameters
    ----------
    told
        What is not there, and why.

    Examples
    --------
    >>> nothing("No cell is missing")
    <Picture 9 × 0.5 in>
    """
    picture, (axes,) = figure(9, 0.5)
    with style():
        bare(axes)
        axes.text(0, 0.5, told, color=MUTED, va="center", fontsize=11)
    return picture


def shorten(text: object, length: int = 18) -> str:
    """Cut a label that is too long for a plot.

    Examples
    --------
    >>> shorten("a very long label indeed")
    'a very long label…'
    """
    plain = " ".join(str(text).split())
    return plain if len(plain) <= length else plain[: length - 1].rstrip() + "…"
