"""The picture of rules: a linear model's terms, or a tree."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING, Any

from matplotlib.axes import Axes
from matplotlib.colors import LinearSegmentedColormap

from mlkit.data.charts import style as plots
from mlkit.model.words import say

if TYPE_CHECKING:
    from mlkit.model.audit.rules import Rules

__all__ = ["drawn"]

MOST = 20
TONES = LinearSegmentedColormap.from_list("said", ["#eaf1f8", "#f6d9bd"])


def drawn(rules: Rules) -> plots.Picture:
    """Draw terms as bars, questions as a tree from left to right."""
    if rules.kind == "terms":
        return _terms(rules)
    if rules.kind == "tree":
        return _tree(rules)
    return plots.nothing(f"No rules to read: {rules.statement}")


def _terms(rules: Rules) -> plots.Picture:
    ranked = sorted(rules.terms, key=lambda t: -abs(t.effect))
    shown = ranked[:MOST][::-1]
    picture, (axes,) = plots.figure(8.6, 1.4 + 0.26 * max(len(shown), 1))
    with plots.style():
        colours = [plots.PALETTE[1] if t.effect > 0 else plots.ACCENT for t in shown]
        axes.barh(
            range(len(shown)), [t.effect for t in shown], color=colours, height=0.62
        )
        axes.axvline(0, color=plots.MUTED, lw=1)
        axes.set_yticks(range(len(shown)), [plots.shorten(t.name, 34) for t in shown])
        axes.grid(visible=False, axis="y")
        told = f"adds to {plots.shorten(rules.output, 50)}"
        if len(rules.start) == 1:
            told += f", which starts at {say(rules.start[0])}"
        plots.label(axes, "", f"{told}; of numbers, for each standard deviation")
    more = len(rules.terms) - len(shown)
    below = rules.statement
    if any(term.effects for term in shown):
        below = "one class of several is drawn; the table tells them all"
    below += f"; {more} weaker terms are not drawn" if more else ""
    plots.headline(picture, "The model in terms", below)
    return picture


def _tree(rules: Rules) -> plots.Picture:
    nodes = list(_placed(rules.tree))
    leaves = sum("ask" not in node for node, *_ in nodes)
    depth = max(x for _, x, *_ in nodes)
    high = 1.2 + 0.36 * max(leaves, 2)
    picture, (axes,) = plots.figure(min(3.4 + 2.3 * depth, 13.0), high)
    values = [node["value"] for node, *_ in nodes if "ask" not in node]
    low, span = min(values), (max(values) - min(values)) or 1.0
    with plots.style():
        plots.bare(axes)
        for node, x, y, parent, word in nodes:
            if parent is not None:
                _line(axes, parent, (x, y), word, node["rows"])
            _box(axes, node, x, y, low, span)
        axes.set_xlim(-0.45, depth + 0.55)
        axes.set_ylim(leaves - 0.4, -0.8)
    title = "The model's questions" if rules.exact else "A tree that stands in for it"
    plots.headline(
        picture,
        title,
        f"{plots.shorten(rules.output, 40)} · {_short(rules)} · a line is as wide as "
        "the share of rows that take it",
    )
    return picture


def _short(rules: Rules) -> str:
    if rules.exact or rules.fidelity is None:
        return rules.statement
    name = {"r2": "R²", "accuracy": "agreement"}[rules.bar]
    told = "" if rules.faithful else ", too low to read it as the model"
    return f"fidelity: {name} {rules.fidelity.words(rules.bar)}{told}"


def _placed(
    root: Mapping[str, Any],
) -> Iterator[tuple[Mapping[str, Any], float, float, Any, str]]:
    """Yield each node, its place, its parent's place, and the answer leading to it."""
    places: dict[int, float] = {}
    count = 0

    def place(node: Mapping[str, Any]) -> float:
        nonlocal count
        if "ask" not in node:
            places[id(node)] = float(count)
            count += 1
        else:
            ends = [place(node["yes"]), place(node["no"])]
            places[id(node)] = sum(ends) / 2
        return places[id(node)]

    place(root)
    stack: list[tuple[Mapping[str, Any], int, Any, str]] = [(root, 0, None, "")]
    while stack:
        node, depth, parent, word = stack.pop()
        here = (float(depth), places[id(node)])
        yield node, *here, parent, word
        if "ask" in node:
            stack += [
                (node[side], depth + 1, here, word)
                for side, word in (("yes", "yes"), ("no", "no"))
            ]


def _line(
    axes: Axes,
    parent: tuple[float, float],
    here: tuple[float, float],
    word: str,
    rows: float,
) -> None:
    middle = (parent[0] + here[0]) / 2
    axes.plot(
        [parent[0], middle, middle, here[0]],
        [parent[1], parent[1], here[1], here[1]],
        color=plots.SOFT,
        lw=1 + 6 * rows,
        solid_joinstyle="round",
        zorder=1,
    )
    axes.text(
        middle,
        (parent[1] + 2 * here[1]) / 3,
        word,
        fontsize=7,
        color=plots.MUTED,
        ha="center",
        va="center",
        bbox={"facecolor": "white", "edgecolor": "none", "pad": 1},
        zorder=2,
    )


def _asked(ask: str) -> str:
    """Shorten the name in a question, never the number it is held against."""
    name, _, bound = ask.rpartition(" ≤ ")
    return f"{plots.shorten(name, 20)} ≤ {bound}" if name else ask


def _box(
    axes: Axes, node: Mapping[str, Any], x: float, y: float, low: float, span: float
) -> None:
    leaf = "ask" not in node
    words = f"{node['said']}  ·  {node['rows']:.0%}" if leaf else _asked(node["ask"])
    tone = TONES((node["value"] - low) / span) if leaf else "white"
    axes.text(
        x,
        y,
        words if leaf else plots.shorten(words, 34),
        ha="center",
        va="center",
        fontsize=8,
        fontweight="bold" if leaf else "normal",
        color=plots.INK,
        bbox={
            "boxstyle": "round,pad=0.35",
            "facecolor": tone,
            "edgecolor": plots.SOFT,
            "linewidth": 1,
        },
        zorder=3,
    )
