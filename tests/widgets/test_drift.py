from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime

import numpy as np
import pandas as pd
import pytest

from mlkit.core.errors import UsageError
from mlkit.model.packing.reference import levels
from mlkit.model.words import say
from mlkit.product.charts import column as drawn
from mlkit.product.monitor import follow, monitor
from mlkit.widgets import DriftExplorer
from tests.pictures import said
from tests.product import showing
from tests.product.conftest import Loans, loans, packed

NOW = datetime(2026, 6, 1, tzinfo=UTC)


@pytest.fixture(scope="module")
def watched():
    """Two days as ever, two on which pay and town moved."""
    made, tables = Loans(packed(), "two_classes"), []
    for day in range(4):
        shift = {"pay": 1.0, "town": 0.4} if day > 1 else {}
        rows, truth = loans(250, seed=1000 + day, **shift)
        tables.append(made.table(rows, truth, day))
    live = made.live(*tables)
    return monitor(live, window="day", now=NOW), live


@pytest.fixture
def explorer(watched):
    return DriftExplorer(*watched)


def shares(picture):
    (axes,) = picture.axes
    words = [label.get_text() for label in axes.get_yticklabels()]
    then, now = ([bar.get_width() for bar in bars] for bars in axes.containers)
    return dict(zip(words, zip(then, now, strict=True), strict=True))


def test_what_changed_most_comes_first_and_the_judged_rows_are_drawn(explorer):
    assert set(explorer.columns[:3]) == {"pay", "town", "late"}
    assert set(explorer.columns) == {"pay", "age", "town", "sex", "late"}
    assert explorer.chosen == ""
    judged = explorer.health.judged
    at = explorer.rows("").rows["request.at"]
    assert (at.min(), at.max()) == tuple(map(pd.Timestamp, (judged.start, judged.end)))
    assert len(explorer.rows("")) == judged.traffic.rows


def test_every_window_has_its_own_rows(explorer):
    starts = list(explorer.windows)[1:]
    sizes = [len(explorer.rows(start)) for start in starts]
    assert sizes == [one.traffic.rows for one in explorer.health.windows] == [250] * 4


def test_the_figures_are_those_of_the_verdict(explorer):
    for one in explorer.health.changes:
        told = {row[0]: row for row in explorer.table(one.column).rows}
        assert told[one.what][1:4] == [f"{one.effect:.1%}", one.before, one.now]
    assert explorer.table("pay").notes == [f"pay, {len(explorer.rows('')):,} live rows"]


def test_rows_asked_for_again_and_again_prove_no_more_here_than_in_the_verdict():
    made, tables = Loans(packed(), "two_classes"), []
    for day in range(2):
        rows, truth = loans(50, seed=day, **({"pay": 0.3} if day else {}))
        again = np.tile(np.arange(50), 20)
        tables.append(made.table(rows.iloc[again], truth[again], day))
    live = made.live(*tables)
    found = DriftExplorer(monitor(live, window="day", now=NOW), live)
    assert found.rows("").own < 0.1
    lucks = {row[0]: row[-1] for row in found.table("pay").rows}
    mine = [one for one in found.health.changes if one.column == "pay"]
    assert mine
    assert lucks == {one.what: say(one.p, 2) for one in mine}


def test_numbers_are_drawn_as_shares_below_a_value(explorer):
    first, last = list(explorer.windows)[1], list(explorer.windows)[-1]

    def gap(window):
        (axes,) = explorer.picture("pay", window).axes
        then, now = axes.lines
        x = then.get_xdata()
        told = np.searchsorted(now.get_xdata(), x, side="right") / len(now.get_xdata())
        return np.abs(then.get_ydata() - told)[1:-1].max()

    for window in (first, last):
        (effect,) = (
            row[1] for row in explorer.table("pay", window).rows if row[0] == "values"
        )
        assert gap(window) == pytest.approx(float(effect[:-1]) / 100, abs=2e-3)
    assert gap(first) < 0.15 < gap(last)
    below = explorer.picture("pay").texts[-1].get_text()
    assert "missing: " in below


def test_words_and_predictions_are_drawn_as_bars(explorer):
    told = shares(explorer.picture("town"))
    some = explorer.rows("").columns["town"]
    assert told["Lviv"][1] == pytest.approx(np.mean(some == "Lviv"))
    assert sum(then for then, _ in told.values()) == pytest.approx(1)
    assert sum(now for _, now in told.values()) == pytest.approx(1)
    said = shares(explorer.picture("late"))
    yes = explorer.rows("").predicted[:, 1] >= explorer.live.parcel.threshold
    assert said["yes"][1] == pytest.approx(yes.mean())
    assert set(said) == {"no", "yes"}
    assert {row[0] for row in explorer.table("late").rows} == {"labels", "chances"}


def test_words_never_seen_and_gaps_are_put_apart():
    from mlkit.widgets.drift import _shares

    form = levels(pd.Series(["a", "a", "<b>", "<b>"]))
    cells = np.array(["a", None, "new", "<i>"], object)
    then, now = _shares(form, cells)
    assert then == {"<b>": 0.5, "a": 0.5}
    assert now == {"a": 0.25, "(missing)": 0.25, "(other)": 0.5}
    assert "<b>" in shares(drawn.shares(then, now, "<u>x</u>"))


def test_nothing_live_is_said_so(watched):
    health, live = watched
    none = live.take(np.zeros(0, int))
    explorer = DriftExplorer(replace(health, windows=(), judged=None), none)
    assert explorer.table("pay").rows == []
    assert "pay: no live row" in said(explorer.picture("pay"))
    assert repr(explorer.widget()) == "<DriftExplorer>"
    form = {"counts": [1], "edges": [], "min": 1.0, "max": 1.0, "missing": 0.0}
    gone = np.array([np.nan])
    assert "x: there is no number" in said(drawn.numbers(form, gone, "x"))
    assert "x: there is no row" in said(drawn.shares({}, {}, "x"))


def test_what_is_not_there_is_said_so(explorer):
    with pytest.raises(UsageError, match="not watched"):
        explorer.picture("pey")
    with pytest.raises(UsageError, match="no window"):
        explorer.table("pay", "yesterday")


def test_a_person_picks_a_column_and_a_window(explorer):
    panel = explorer.widget()
    assert repr(panel) == "<DriftExplorer>"
    menus, image, sheet, line, _ = panel.children
    assert sheet.layout.display == "none"
    column, window = menus.children
    assert [value for _, value in column.options] == list(explorer.columns)
    assert ("pay · changed", "pay") in column.options
    assert [value for _, value in window.options] == list(explorer.windows)
    first = bytes(image.value)
    assert first[:4] == b"\x89PNG"
    column.value = "sex"
    second = bytes(image.value)
    window.value = list(explorer.windows)[1]
    assert len({first, second, bytes(image.value)}) == 3
    assert "sex, 250 live rows" in line.value


def test_a_run_shows_the_column_that_changed_most(explorer, monkeypatch):
    shown = []
    monkeypatch.setattr("mlkit.widgets.drift.show", shown.append)
    explorer._ipython_display_()
    assert [type(part).__name__ for part in shown] == ["Picture", "Grid"]
    assert repr(explorer) == repr(shown[1])
    monkeypatch.setattr("mlkit.widgets.drift.is_person", lambda: True)
    explorer._ipython_display_()
    assert repr(shown[-1]) == "<DriftExplorer>"


@pytest.mark.slow
def test_a_predicted_number_is_drawn_too():
    made = Loans(packed("number"), "number")
    rows, truth = loans(300, seed=7, kind="number", pay=1.0)
    live = made.live(made.table(rows, truth))
    explorer = DriftExplorer(monitor(live, now=NOW), live)
    assert repr(explorer.picture("due")) == "<Picture 8 × 3.4 in>"


def test_images_are_drawn_by_what_moved_most_and_shown(tmp_path, monkeypatch):
    folder = showing.packed("image", tmp_path)
    batches = [(110, 1, 0), (110, 2, 60)]
    live = follow(folder, showing.log(folder, tmp_path / "log", batches, "image"))
    explorer = DriftExplorer(monitor(live, now=NOW), live)
    assert explorer.columns[0] == "seen"
    assert "brightness of seen" in explorer.picture().texts[0].get_text()
    assert "seen" in explorer.unlike().texts[0].get_text()
    assert explorer.unlike("size") is None
    shown = []
    monkeypatch.setattr("mlkit.widgets.drift.show", shown.append)
    explorer._ipython_display_()
    assert [type(part).__name__ for part in shown] == ["Picture", "Picture", "Grid"]
    pages = [p for p in explorer.widget().children if hasattr(p, "format")]
    assert [bytes(page.value)[:4] for page in pages] == [b"\x89PNG"] * 2
