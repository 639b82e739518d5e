"""Rows that are asked again and again prove no more than one does."""

from __future__ import annotations

from datetime import UTC, datetime

import numpy as np
import pandas as pd
import pytest

from mlkit.model.packing.reference import LETTERS, codes, levels, numbers
from mlkit.product.monitor import monitor
from mlkit.product.watching.copies import natural, own
from mlkit.product.watching.scores import estimated, kept, measured

NOW = datetime(2026, 6, 1, tzinfo=UTC)


def remember(cells):
    """Return the reference of a table's cells, with its rows."""
    forms = {
        name: levels(pd.Series(one)) if one.dtype == object else numbers(one)
        for name, one in cells.items()
    }
    sample = {
        name: "".join(LETTERS[k] for k in codes(form, cells[name]))
        for name, form in forms.items()
    }
    return {"columns": forms, "sample": sample}


def some(seed, rows=800):
    rng = np.random.default_rng(seed)
    word = rng.choice(list("abc"), rows).astype(object)
    return {"x": rng.normal(size=rows), "y": rng.normal(size=rows), "w": word}


def again(cells, at, times):
    """Return cells with one row that is asked again and again behind them."""
    return {name: np.append(one, one[[at] * times]) for name, one in cells.items()}


def test_of_copies_the_newest_counts_and_every_other_row_too():
    reference, live = remember(some(0)), some(1, 300)
    assert natural(reference, live).all()
    counted = natural(reference, again(live, 7, 1500))
    assert counted[:300].sum() == 299
    assert not counted[7]
    assert 1 <= counted[300:].sum() <= 4
    assert counted[-1]
    assert own(reference, again(live, 7, 1500)) < 0.01


def test_rows_that_are_common_by_nature_keep_their_say():
    before, live = some(0), some(1, 2000)
    for cells, rows in ((before, 30), (live, 76)):
        for one in cells.values():
            one[:rows] = "a" if one.dtype == object else 0.0
    counted = natural(remember(before), again(live, 100, 400))
    assert counted[:76].sum() >= 60
    assert counted[76:2000].sum() >= 1922
    assert counted[2000:].sum() <= 5


def test_without_kept_rows_or_where_rows_are_few_all_count():
    live = again(some(1, 50), 0, 50)
    assert natural({"columns": {}}, live).all()
    assert natural(remember(some(0)), {n: one[:1] for n, one in live.items()}).all()
    assert own({}, live) == 1


@pytest.mark.parametrize("rows", [400, 4000])
def test_rows_are_alike_by_the_columns_that_both_sides_have(rows):
    """Of the days that the reference keeps, live rows have none."""
    rng = np.random.default_rng(2)
    word = rng.choice(list("abcd"), rows).astype(object)
    reference = remember({"w": word, "day": rng.uniform(size=rows)})
    live = {"w": rng.choice(list("abcd"), 500).astype(object)}
    assert own(reference, live) == 1
    assert natural(reference, live).all()


def test_one_row_asked_again_and_again_moves_no_score(package_of, make_loans):
    made, (rows, truth) = package_of(), make_loans(300, seed=9)
    at = [7] * 1500
    table = made.table(
        pd.concat([rows, rows.iloc[at]]), np.append(truth, truth[at].astype(str))
    )
    plain = made.live(made.table(rows, truth))
    health = monitor(made.live(table), window="9999", now=NOW)
    assert health.judged.traffic.rows == 1800
    assert health.state == "healthy", str(health)
    for now, then in (
        (health.judged.estimate, estimated(plain)),
        (health.judged.score, measured(plain)),
        (health.judged.kept, kept(plain)),
    ):
        assert now.value == pytest.approx(then.value, abs=0.01)
        assert now.high - now.low == pytest.approx(then.high - then.low, rel=0.4)
        assert 299 <= now.rows <= 303


def test_of_one_row_alone_nothing_is_expected(package_of, make_loans):
    made, (rows, _) = package_of(), make_loans(1, seed=3)
    health = monitor(made.live(made.table(rows.iloc[[0] * 200])), now=NOW)
    (told,) = [one for one in health.signs if one.about == "estimate"]
    assert told.level == "unknown"
    assert "ROC AUC cannot be expected of these rows" in told.what
