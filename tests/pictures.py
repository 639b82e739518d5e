"""What a picture says, and where words lie on words."""

from itertools import combinations

from matplotlib.text import Text


def said(picture):
    """Return all words that are drawn."""
    return " ".join(text.get_text() for text in picture.findobj(Text))


def crossing(picture):
    """Return the pairs of titles, labels, remarks and keys that lie on one another."""
    picture.draw_without_rendering()
    texts = [text for legend in picture.legends for text in legend.get_texts()]
    for axes in picture.axes:
        if not axes.get_visible():
            continue
        legend = axes.get_legend()
        names = (axes.title, axes._left_title, axes.xaxis.label, axes.yaxis.label)
        texts += [*names, *axes.texts, *(legend.get_texts() if legend else ())]
    shown = [text for text in texts if text.get_text().strip()]
    boxes = [text.get_window_extent().padded(-1) for text in shown]
    return [
        (one.get_text(), other.get_text())
        for (one, box), (other, near) in combinations(zip(shown, boxes, strict=True), 2)
        if box.overlaps(near)
    ]
