"""Parts that are given, and parts by time and group at once."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from mlkit.core.errors import InputError
from mlkit.core.schema import Column, Schema
from mlkit.data.clean import clean
from mlkit.data.parts import place
from mlkit.data.parts.assign import PARTS, assign_by_first, unit_hashes
from mlkit.data.parts.given import given_places
from mlkit.data.reading.identify import hashed
from mlkit.data.split import split


def rows_of(count=300, roles=None, **more):
    rng = np.random.default_rng(3)
    frame = pd.DataFrame({"x": rng.normal(size=count), **more})
    frame["t"] = rng.choice(["no", "yes"], count)
    for name in frame:
        if frame[name].dtype == object:
            frame[name] = pd.array(frame[name], dtype="str")
    frame.index = pd.Index([f"r{i}" for i in range(count)], dtype="str", name="row")
    schema = Schema.of(frame).change("t", type="category", roles=("target",))
    for name, role in (roles or {}).items():
        kind = "category" if role == "group" else schema[name].type
        schema = schema.change(name, type=kind, roles=(role,))
    return schema.attach(frame)


def part_of(parts):
    return {row: name for name in PARTS for row in getattr(parts, name).index}


def words(count, *kinds):
    return np.array([kinds[i % len(kinds)] for i in range(count)], dtype=object)


def test_a_column_says_the_parts():
    raw = rows_of(fold=words(300, "train", "Training", "valid", "dev", " TEST "))
    table = clean(raw).table
    parts = split(table, raw, by_given="fold")
    meant = {"train": "train", "training": "train", "valid": "valid", "dev": "valid"}
    for row, part in part_of(parts).items():
        word = raw.loc[row, "fold"].strip().casefold()
        assert meant.get(word, "test") == part
    assert [len(getattr(parts, name)) for name in PARTS] == [120, 120, 60]
    assert parts.how == "as 'fold' says"
    assert "no feature from here on" in parts.notes[-1]
    for name in PARTS:
        schema = Schema.of(getattr(parts, name))
        assert "fold" not in schema.features
        assert "x" in schema.features


def test_words_and_numbers_may_mean_parts():
    raw = rows_of(fold=np.arange(300) % 5 + 0.0)
    meaning = {"0": "test", "1": "valid", "2": "train", "3": "train", "4": "train"}
    parts = split(clean(raw).table, raw, by_given="fold", given=meaning)
    assert set(parts.test["fold"]) == {0.0}
    assert set(parts.valid["fold"]) == {1.0}
    assert len(parts.train) == 180


def test_row_ids_may_be_given():
    raw = rows_of()
    meaning = {f"r{i}": "test" for i in range(50)}
    meaning |= {f"r{i}": "valid" for i in range(50, 90)}
    parts = split(clean(raw).table, raw, given=meaning)
    assert set(parts.test.index) == {f"r{i}" for i in range(50)}
    assert set(parts.valid.index) == {f"r{i}" for i in range(50, 90)}
    assert len(parts.train) == 210
    assert any("210 rows of no given part" in note for note in parts.notes)


def test_a_part_that_nobody_is_given_to_comes_of_train_and_growth_moves_none(
    monkeypatch,
):
    kept = {}
    monkeypatch.setattr(
        place, "keep", lambda name, choose: kept.setdefault(name, choose())
    )
    raw = rows_of(400, fold=words(400, "train", "train", "train", "test"))
    old = raw.iloc[:300].copy()
    old.attrs = dict(raw.attrs)
    before = split(clean(old).table, old, by_given="fold")
    after = split(clean(raw).table, raw, by_given="fold")
    assert set(after.test.index) == set(raw.index[raw["fold"] == "test"])
    assert 0.15 < len(after.valid) / 300 < 0.35
    assert any("no row is given to valid" in note for note in after.notes)
    now = part_of(after)
    assert all(now[row] == part for row, part in part_of(before).items())


@pytest.mark.parametrize(
    ("options", "told"),
    [
        ({"by_given": "fold"}, "names no part: 'tset'"),
        ({"by_given": "flod"}, "did you mean 'fold'"),
        ({"given": {"nobody": "test"}}, "a row that is not there"),
        ({"given": {"r1": "exam"}}, "names no part: 'exam'"),
        ({"by_given": "x"}, "names no part"),
    ],
)
def test_unknown_words_are_errors(options, told):
    raw = rows_of(100, fold=words(100, "train", "valid", "tset"))
    with pytest.raises(InputError, match=told):
        split(clean(raw).table, raw, **options)


def test_a_word_that_is_nearly_a_part_is_asked_about():
    with pytest.raises(InputError, match="did you mean 'test'"):
        given_places(pd.Index(["a"]), pd.Series(["tset"]), {})


@settings(max_examples=60, deadline=None)
@given(st.lists(st.sampled_from(["train", "valid", "test", None]), min_size=1))
def test_every_row_has_the_part_that_it_was_given(said):
    ids = pd.Index([f"r{i}" for i in range(len(said))])
    places = given_places(ids, pd.Series(said, ids, dtype="object"), {})
    assert [PARTS[p] if p >= 0 else None for p in places] == said


def test_groups_and_time_together():
    rng = np.random.default_rng(0)
    start = np.sort(rng.integers(0, 1000, 120))
    person = np.repeat(np.arange(120), 5)
    day = np.repeat(start, 5) + np.tile(np.arange(5), 120) * 4.0
    raw = rows_of(
        600,
        {"person": "group", "day": "time"},
        person=np.array([f"p{i}" for i in person], dtype=object),
        day=day,
    )
    parts = split(clean(raw).table, raw)
    held = [set(getattr(parts, name)["person"]) for name in PARTS]
    assert not held[0] & held[1] | held[0] & held[2] | held[1] & held[2]
    assert parts.train["day"].max() < parts.valid["day"].min()
    assert parts.valid["day"].max() < parts.test["day"].min()
    left = 600 - len(part_of(parts))
    assert f"{left:,} rows are in no part" in parts.notes[0]
    assert 0 < left < 30


def test_groups_that_are_met_all_the_time_cannot_be_parted_by_it():
    raw = rows_of(
        300,
        {"shop": "group", "day": "time"},
        shop=words(300, "a", "b", "c"),
        day=np.arange(300.0),
    )
    parts = split(clean(raw).table, raw)
    assert len(part_of(parts)) == 300
    assert "met all the time" in parts.notes[0]
    assert parts.train["day"].max() < parts.test["day"].min()


@settings(max_examples=80, deadline=None)
@given(
    st.lists(
        st.tuples(
            st.integers(0, 40), st.one_of(st.none(), st.sampled_from("abcdefgh"))
        ),
        min_size=5,
        max_size=80,
    )
)
def test_by_first_neither_straddles_nor_looks_ahead(pairs):
    times = pd.Series([float(time) for time, _ in pairs])
    groups = pd.Series([group for _, group in pairs], dtype="object")
    places = assign_by_first(times, groups, 0.25, 0.25)
    if places is None:
        return
    pairs_seen = {(g, p) for g, p in zip(groups, places, strict=True) if g and p >= 0}
    assert len({group for group, _ in pairs_seen}) == len(pairs_seen)
    for earlier, later in ((0, 1), (0, 2), (1, 2)):
        assert times[places == earlier].max() < times[places == later].min()


def test_groups_stratify_as_well_as_they_can():
    rng = np.random.default_rng(5)
    clinic = np.sort(rng.integers(0, 40, 1200))
    rare = rng.choice(40, 6, replace=False)
    raw = rows_of(
        1200,
        {"clinic": "group"},
        clinic=np.array([f"clinic {i}" for i in clinic], dtype=object),
    )
    raw["t"] = pd.array(np.where(np.isin(clinic, rare), "yes", "no"), dtype="str")
    parts = split(clean(raw).table, raw)
    shares = [(getattr(parts, name)["t"] == "yes").mean() for name in PARTS]
    assert max(shares) - min(shares) < 0.06
    assert abs(len(parts.test) / 1200 - 0.2) < 0.06


@settings(max_examples=30, deadline=None)
@given(st.permutations(range(40)))
def test_the_order_of_rows_moves_none(order):
    raw = rows_of(40)
    mixed = raw.iloc[list(order)].copy()
    mixed.attrs = dict(raw.attrs)
    hashes = unit_hashes(raw.index.to_numpy(object))
    again = unit_hashes(mixed.index.to_numpy(object))
    assert hashes[list(order)].tolist() == again.tolist()
    assert part_of(split(raw, raw)) == part_of(split(mixed, mixed))


def test_the_target_has_no_part_in_where_a_row_falls():
    raw = rows_of(200)
    flipped = raw.copy()
    flipped["t"] = raw["t"].map({"no": "yes", "yes": "no"}).astype("str")
    assert part_of(split(raw, raw)) == part_of(split(flipped, flipped))


def test_a_given_column_of_another_role_stays_as_it_is():
    raw = rows_of(200, {"fold": "ignored"}, fold=words(200, "train", "valid", "test"))
    parts = split(clean(raw).table, raw, by_given="fold")
    assert Schema.of(parts.train)["fold"] == Column("fold", "text", ("ignored",))


@settings(max_examples=40, deadline=None)
@given(
    st.lists(st.sampled_from("abcdefghijklmnop"), min_size=60, max_size=120),
    st.lists(st.sampled_from("abcdefghijklmnopqrst"), max_size=30),
)
def test_groups_neither_straddle_nor_move_as_they_grow(old, new):
    raw = rows_of(len(old + new), {"g": "group"}, g=np.array(old + new, dtype=object))
    first = raw.iloc[: len(old)].copy()
    first.attrs = dict(raw.attrs)
    kept = {}

    def keep(name, choose):
        return kept.setdefault(name, choose())

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(place, "keep", keep)
        try:
            before, after = part_of(split(first, first)), part_of(split(raw, raw))
        except InputError as error:
            assert "too few rows" in str(error) or "single value" in str(error)
            return
    assert all(after[row] == part for row, part in before.items())
    of_group = pd.Series(after).groupby(raw["g"].loc[list(after)].to_numpy()).nunique()
    assert of_group.max() == 1


@settings(max_examples=20, deadline=None)
@given(st.integers(0, 10**6), st.integers(4, 12))
def test_rows_of_equal_cells_fall_together(seed, values):
    cells = np.random.default_rng(seed).integers(0, values, (150, 2)).astype(float)
    frame = pd.DataFrame(cells, columns=["a", "b"])
    frame["t"] = pd.array(
        [("no", "yes")[i % 2] for i in range(len(frame))], dtype="str"
    )
    frame.index = pd.Index(
        hashed({"a": frame["a"], "b": frame["b"]}, len(frame)), dtype="str", name="row"
    )
    target = Column("t", "category", ("target",))
    table = Schema.of(frame).put(target).attach(frame)
    places = pd.Series(part_of(split(table, table)))
    pairs = [f"{a} {b}" for a, b in zip(frame["a"], frame["b"], strict=True)]
    by_cells = places.groupby(pd.Series(pairs, frame.index)[places.index]).nunique()
    assert by_cells.max() == 1
