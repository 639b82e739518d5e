from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from matplotlib.colors import to_rgba

from mlkit.core.errors import UsageError
from mlkit.core.schema import Column, Schema
from mlkit.data.charts.style import PALETTE
from mlkit.data.clean import clean
from mlkit.data.split import split
from mlkit.widgets import SplitExplorer

COLUMNS = (
    Column("x"),
    Column("<b>town</b>", "category"),
    Column("when", "date"),
    Column("said", "text"),
    Column("card", "text", ("private",)),
    Column("who", "category"),
    Column("y", "category", ("target",)),
)


def table(count=200, target="y"):
    rng = np.random.default_rng(0)
    words = pd.array(rng.choice(["<i>no</i>", "yes"], count, p=[0.7, 0.3]), "str")
    frame = pd.DataFrame(
        {
            "x": np.where(rng.random(count) < 0.2, np.nan, rng.normal(0, 1, count)),
            "<b>town</b>": pd.array(rng.choice(["Ghent", "<s>", None], count), "str"),
            "when": pd.date_range("2026-01-01", periods=count, freq="D"),
            "said": pd.array(
                ["word " * int(k) for k in rng.integers(1, 9, count)], "str"
            ),
            "card": pd.array([f"{k:016}" for k in range(count)], "str"),
            "who": pd.array([f"p{k // 2}" for k in range(count)], "str"),
            "y": words,
        },
        index=pd.Index([f"r{k}" for k in range(count)], dtype="str", name="row"),
    )
    return Schema(COLUMNS).attach(frame)


def explorer(**how):
    whole = table()
    return SplitExplorer(split(whole, whole, **how), whole)


def test_sizes_classes_times_and_groups_stand_side_by_side():
    one = explorer(by_time="when").table()
    assert one.heads == ["part", "rows", "share", "balance of y", "from", "to"]
    assert [row[0] for row in one.rows] == ["train", "valid", "test"]
    assert sum(int(row[1]) for row in one.rows) == 200
    ends = [row[4:] for row in one.rows]
    assert ends[0][0] == "2026-01-01"
    assert ends[0][1] < ends[1][0] < ends[1][1] < ends[2][0]
    grouped = explorer(by_group="who").table()
    assert grouped.heads[-1] == "groups"
    assert grouped.notes == ["0 groups of who in more than one part"]
    assert sum(int(row[-1]) for row in grouped.rows) == 100


def test_a_group_in_two_parts_is_told():
    whole = table()
    parts = split(whole, whole)
    object.__setattr__(parts, "group", "who")
    (note,) = SplitExplorer(parts).table().notes
    assert int(note.split()[0]) > 0


def test_the_balance_of_classes_is_told_by_part_and_what_is_missing():
    one = explorer()
    train = one.parts.train
    share = (train["y"] == "yes").mean()
    assert one.table().rows[0][3] == f"<i>no</i> {1 - share:.1%}, yes {share:.1%}"
    told = one.table("x")
    assert told.heads[-1] == "missing in x"
    assert told.rows[0][-1] == f"{train['x'].isna().mean():.1%}"
    page = one.table("<b>town</b>")._repr_html_()
    assert "&lt;b&gt;town" in page
    assert "<b>" not in page
    assert "<i>" not in page


def test_every_column_but_private_ones_has_a_picture():
    one = explorer()
    assert one.columns == ("y", "x", "<b>town</b>", "when", "said", "who")
    sizes = {name: repr(one.picture(name)) for name in one.columns}
    assert sizes["x"] == sizes["said"] == "<Picture 9 × 4 in>"
    assert sizes["y"] == sizes["<b>town</b>"] == "<Picture 9 × 2.7 in>"
    assert sizes["when"] == "<Picture 9 × 2.6 in>"
    assert one.picture("x")._suptitle.get_text().startswith("How x falls")
    for name in one.columns:
        one.picture(name)._repr_png_()
    with pytest.raises(UsageError, match="no column 'card' to show"):
        one.picture("card")


def test_the_test_part_is_drawn_cleaned_where_the_cleaned_rows_are_given():
    raw = table()
    said = raw["x"].map(lambda x: None if np.isnan(x) else f"{x:.2f} kg")
    raw["x"] = pd.array(said, "str")
    raw = Schema.of(table()).attach(raw)
    cleaned = table()
    parts = split(cleaned, raw)
    assert parts.test["x"].dtype == "str"
    assert repr(SplitExplorer(parts, cleaned).picture("x")) == "<Picture 9 × 4 in>"
    assert repr(SplitExplorer(parts).picture("x")) == "<Picture 9 × 2.7 in>"


def test_what_is_not_known_takes_the_colour_of_no_class():
    raw = table()
    cleaned = clean(raw).table
    rough, tidy = (SplitExplorer(split(one, raw), one) for one in (raw, cleaned))
    for one in (rough, tidy):
        key = one.picture("<b>town</b>").axes[0].get_legend()
        words = [text.get_text() for text in key.texts]
        assert words == ["<s>", "Ghent", "not known"]
        assert key.legend_handles[2].get_facecolor() not in {*map(to_rgba, PALETTE)}
    gone = [one.table("<b>town</b>").rows[0][-1] for one in (rough, tidy)]
    assert gone[0] == gone[1] != "0.0%"


def test_a_part_without_a_number_takes_the_colour_of_no_class():
    whole = table()
    parts = split(whole, whole)
    parts.valid["x"] = np.nan
    key = SplitExplorer(parts).picture("x").axes[0].get_legend()
    assert [text.get_text() for text in key.texts] == ["a number", "not known"]


def test_a_part_without_a_number_is_told_in_words():
    whole = table()
    parts = split(whole, whole)
    parts.valid["x"] = np.nan
    SplitExplorer(parts).picture("x")._repr_png_()


def test_a_numeric_target_is_told_by_its_middle():
    whole = table()
    schema = Schema((Column("x", "number", ("target",)), *COLUMNS[1:6]))
    whole = schema.attach(whole.drop(columns="y").assign(x=np.arange(200) * 1e4))
    one = SplitExplorer(split(whole, whole))
    low, middle, high = np.quantile(one.parts.train["x"], [0.25, 0.5, 0.75])
    told = f"median {middle:,.0f}, half from {low:,.0f} to {high:,.0f}"
    assert one.table().rows[0][3] == told
    assert one.columns[0] == "x"


def test_a_person_chooses_a_column_by_the_menu():
    one = explorer(by_time="when")
    panel = one.widget()
    assert repr(panel) == "<SplitExplorer>"
    menu, line, image, _ = panel.children
    assert [value for _, value in menu.options] == ["", *one.columns]
    assert ("y (target)", "y") in menu.options
    first = image.value
    assert bytes(first[:4]) == b"\x89PNG"
    menu.value = "<b>town</b>"
    assert image.value != first
    assert "missing in &lt;b&gt;town" in line.value
    assert "<b>" not in line.value


def test_a_run_shows_the_same_whatever_was_clicked(monkeypatch):
    shown = []
    monkeypatch.setattr("mlkit.widgets.split.show", shown.append)
    one = explorer()
    one._ipython_display_()
    assert [type(part).__name__ for part in shown] == ["Grid", "Picture"]
    assert repr(one) == repr(shown[0])
    assert " 0x" not in repr(shown)
    monkeypatch.setattr("mlkit.widgets.split.is_person", lambda: True)
    one._ipython_display_()
    assert repr(shown[-1]) == "<SplitExplorer>"
