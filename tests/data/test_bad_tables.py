"""Sixty bad tables and more: the right result with a notice, or one clear error.

No traceback, no row lost without a word, no value changed without one: the cells that
come out are held against the truth of the corpus, one by one.
"""

from __future__ import annotations

import importlib.util
import sys
from collections.abc import Sequence
from datetime import UTC, datetime
from html.parser import HTMLParser
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest

from mlkit.core.errors import InputError
from mlkit.core.rows import MISSING
from mlkit.core.schema import Schema
from mlkit.data.clean import clean
from mlkit.data.collect import collect
from mlkit.data.profile import profile
from mlkit.data.split import split
from mlkit.data.validate import validate

HERE = Path(__file__).parent / "bad" / "__init__.py"
SPEC = importlib.util.spec_from_file_location(
    "bad_tables", HERE, submodule_search_locations=[str(HERE.parent)]
)
assert SPEC and SPEC.loader
bad_tables = importlib.util.module_from_spec(SPEC)
sys.modules["bad_tables"] = bad_tables
SPEC.loader.exec_module(bad_tables)
CASES = bad_tables.CASES
NAMED = [case.name for case in CASES]


def is_gap(value: Any) -> bool:
    return value is None or value is pd.NaT or value is pd.NA or value != value


def same(found: Any, true: Any, comma: bool = False, utc: bool = False) -> bool:
    """Whether a cell that was found says what it truly is.

    A decimal comma is read as such where it was found out; a cleaned moment is in UTC
    without saying so.
    """
    if is_gap(found) or is_gap(true):
        return is_gap(found) and is_gap(true)
    if isinstance(found, str):
        return found == str(true)
    if isinstance(found, (pd.Timestamp, datetime)):
        return same_moment(found, true, utc)
    text = str(true)
    if comma and isinstance(true, str):
        text = text.replace(".", "").replace(",", ".")
    try:
        exact = isinstance(found, (int, np.integer)) and "." not in text
        return found == (int(text) if exact and "e" not in text else float(text))
    except ValueError:
        return False


def same_moment(found: Any, true: Any, utc: bool) -> bool:
    try:
        told = true if isinstance(true, datetime) else datetime.fromisoformat(true)
    except ValueError:
        return False
    if utc and told.tzinfo:
        told = told.astimezone(UTC).replace(tzinfo=None)
    if (found.tzinfo is None) != (told.tzinfo is None):
        return False
    return bool(found == told)


def differing(
    values: Sequence[Any], truth: Sequence[Any], comma: bool, utc: bool = False
) -> list[int]:
    pairs = enumerate(zip(values, truth, strict=True))
    return [
        place for place, (found, true) in pairs if not same(found, true, comma, utc)
    ]


class Pages(HTMLParser):
    """The tags of all pages that were shown."""

    def __init__(self) -> None:
        super().__init__()
        self.tags: set[str] = set()

    def handle_starttag(self, tag: str, attrs: Any) -> None:
        self.tags.add(tag)


class Walk:
    """One bad table on its way from collect to split."""

    def __init__(self, case: Any, folder: Path) -> None:
        self.case = case
        self.collected = collect(
            str(case.write(folder)), target=case.target, **case.how
        )
        self.raw = self.collected.table
        self.profile = profile(self.raw)
        self.checked = validate(self.raw, min_rows=20)
        self.cleaned = clean(self.checked.table)

    def notices(self) -> str:
        receipt, cleaning = self.collected.receipt, self.cleaned.cleaning
        return "\n".join(
            [
                *receipt.notes,
                *(f"{name} {told}" for name, told in receipt.facts.items()),
                *(str(alert.to_dict()) for alert in self.profile.alerts),
                *(f"{op['name']}: {op['why']} {op}" for op in cleaning.told),
                *self.cleaned.notes,
                *self.cleaned.dropped,
                *(finding.bar for finding in self.checked.verdict.blocking),
            ]
        )

    def look(self) -> set[str]:
        """Show every page, and return the tags that were on them."""
        shown = Pages()
        for page in (
            self.collected,
            self.profile,
            self.profile.table,
            self.checked,
            self.checked.contract,
            self.cleaned,
            self.cleaned.cleaning,
        ):
            shown.feed(page._repr_html_())
            repr(page)
        return shown.tags


def hold_raw(walk: Walk) -> None:
    """The collected table is the truth, cell by cell."""
    truth, comma = walk.case.truth, walk.collected.receipt.facts.get("decimal")
    found = list(walk.raw.columns)
    assert found == list(truth) or ".json" in walk.case.file, found
    assert sorted(found) == sorted(truth)
    for name, cells in truth.items():
        values = walk.raw[name].tolist()
        assert len(values) == len(cells), name
        wrong = differing(values, cells, comma == "comma")
        assert not wrong, [(name, i, cells[i], values[i]) for i in wrong[:3]]


def hold_cleaned(walk: Walk) -> None:
    """A cleaned cell is as it was, or a named operation says what became of it."""
    case, table, cleaning = walk.case, walk.cleaned.table, walk.cleaned.cleaning
    comma = walk.collected.receipt.facts.get("decimal") == "comma"
    assert table.index.equals(walk.raw.index)
    touched: dict[str, int] = {}
    for op in cleaning.told:
        count = cleaning.touched[op["name"]]
        touched[op["column"]] = touched.get(op["column"], 0) + count
    for name, cells in {**case.truth, **case.cleaned}.items():
        if name not in table:
            assert touched.get(name) or Schema.of(table)[name], name
            continue
        values = [
            None if value == MISSING or (value == "" and cells[i] is None) else value
            for i, value in enumerate(table[name].tolist())
        ]
        wrong = differing(values, cells, comma and name not in case.cleaned, True)
        if name in case.cleaned:
            assert not wrong, [(name, i, cells[i], values[i]) for i in wrong[:3]]
        assert len(wrong) <= touched.get(name, 0), [
            (name, i, cells[i], values[i]) for i in wrong[:3]
        ]


def hold_split(walk: Walk) -> None:
    """Every row is in one part, or was flagged with a reason."""
    parts = split(walk.cleaned.table, walk.raw)
    ids = [
        name for part in (parts.train, parts.valid, parts.test) for name in part.index
    ]
    flagged = walk.cleaned.table.index[walk.cleaned.table["dropped"] != ""]
    if walk.raw.index.is_unique:
        assert len(ids) == len(set(ids))
        assert set(ids) | set(flagged) == set(walk.raw.index)
    assert len(ids) + len(flagged) >= len(walk.raw)
    parts._repr_html_()


def marked(cases):
    """Cases as parameters; what takes half a minute is marked as slow."""
    return [
        pytest.param(case, id=case.name, marks=[pytest.mark.slow] * case.slow)
        for case in cases
    ]


@pytest.mark.parametrize("case", marked(CASES))
def test_a_bad_table(case, in_folder):
    tmp_path = in_folder
    if case.ends == "error":
        with pytest.raises(InputError) as told:
            Walk(case, tmp_path)
        error = told.value
        assert error.where
        assert error.todo or error.expected
        missing = [word for word in case.told if word not in str(error)]
        assert not missing, str(error)
        return
    walk = Walk(case, tmp_path)
    hold_raw(walk)
    hold_cleaned(walk)
    said = walk.notices()
    assert not [word for word in case.told if word not in said], said
    assert walk.look().isdisjoint({"script", "img", "bold"})
    if case.ends == "blocked":
        assert walk.checked.verdict.state == "blocked"
        return
    assert walk.checked.verdict.state == "passed", walk.checked.verdict
    hold_split(walk)


def test_there_are_sixty_and_more_of_every_kind():
    assert len(CASES) >= 60
    assert len(set(NAMED)) == len(CASES)
    ends = [case.ends for case in CASES]
    assert {"right", "blocked", "error"} == set(ends)


def test_a_wide_table_of_words_takes_a_flag_in_silence():
    wide = {f"v{i}": pd.array(["a", "b"] * 30, dtype="str") for i in range(150)}
    table = pd.DataFrame({**wide, "t": pd.array(["yes", "no"] * 30, dtype="str")})
    schema = Schema.of(table).change("t", type="category", roles=("target",))
    checked = validate(schema.attach(table), [], expect=["flag: v0 == 'a'"])
    cleaned = clean(checked.table)
    assert (cleaned.table["dropped"] != "").sum() >= 30


def test_the_judge_of_cells_is_no_fool():
    assert same(1, "1")
    assert same(1.5, "1.5")
    assert same("007", "007")
    assert same(None, float("nan"))
    assert not same(7, "007x")
    assert not same("7", "007")
    assert not same(9007199254740992, "9007199254740993")
    assert not same(None, "")
    assert not same(pd.Timestamp("2026-01-31"), "2026-01-31T00:00:00+01:00")
    assert same(pd.Timestamp("2026-01-30T23:00Z"), "2026-01-31T00:00:00+01:00")
