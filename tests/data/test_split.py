from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from mlkit.core.errors import InputError
from mlkit.core.schema import Column, Schema
from mlkit.data.clean import clean
from mlkit.data.collect import collect
from mlkit.data.label import label
from mlkit.data.parts import place
from mlkit.data.parts.assign import (
    PARTS,
    assign,
    assign_by_time,
    best_salt,
    unit_hashes,
)
from mlkit.data.parts.check import check_parts
from mlkit.data.reading.identify import unit_of
from mlkit.data.split import split


def rows_of(count=300, **more):
    rng = np.random.default_rng(3)
    frame = pd.DataFrame({"x": rng.normal(size=count), **more})
    if "t" not in frame:
        frame["t"] = rng.choice(["no", "no", "yes"], count)
    for name in frame:
        if frame[name].dtype == object:
            frame[name] = frame[name].astype("str")
    frame.index = pd.Index([f"r{i}" for i in range(count)], dtype="str", name="row")
    columns = [
        Column(c.name, c.type, ("target",) if c.name == "t" else ())
        for c in Schema.of(frame)
    ]
    return Schema(tuple(columns)).change("t", type="category").attach(frame)


def part_of(parts):
    return {row: name for name in PARTS for row in getattr(parts, name).index}


words = st.lists(st.text(alphabet="abc0", max_size=4), min_size=1, max_size=60)


@settings(max_examples=80, deadline=None)
@given(words, words, st.integers(0, 63))
def test_rows_that_are_added_move_none(old, new, salt):
    before = assign(unit_hashes(old), 0.2, 0.2, salt)
    after = assign(unit_hashes(old + new), 0.2, 0.2, salt)
    assert before.tolist() == after[: len(old)].tolist()


@settings(max_examples=80, deadline=None)
@given(words, st.integers(0, 63))
def test_equal_units_fall_together(units, salt):
    found = {}
    parts = assign(unit_hashes(units), 0.3, 0.3, salt)
    for unit, part in zip(units, parts, strict=True):
        assert found.setdefault(unit, part) == part


@settings(max_examples=40, deadline=None)
@given(
    st.integers(0, 63),
    st.floats(0.05, 0.45),
    st.floats(0.05, 0.45),
    st.integers(0, 10**6),
)
def test_shares_are_near_the_wish(salt, test_size, valid_size, start):
    hashes = unit_hashes([f"unit {start + i}" for i in range(2000)])
    shares = (
        np.bincount(assign(hashes, test_size, valid_size, salt), minlength=3) / 2000
    )
    wish = [1 - test_size - valid_size, valid_size, test_size]
    assert np.abs(shares - wish).max() < 0.06


@settings(max_examples=40, deadline=None)
@given(st.lists(st.integers(0, 30), min_size=5, max_size=80))
def test_time_never_runs_backwards(times):
    places = assign_by_time(pd.Series(times, dtype=float), 0.2, 0.2)
    moments = np.array(times)
    for earlier in range(3):
        for later in range(earlier + 1, 3):
            if (places == earlier).any() and (places == later).any():
                assert moments[places == earlier].max() < moments[places == later].min()


def test_hashes_stay_as_they_are_for_good():
    hashes = unit_hashes(["a", "b", "ü", ""])
    assert hashes.tolist() == unit_hashes(["a", "b", "ü", ""]).tolist()
    assert hashes[0] == EXPECTED


EXPECTED = 13950349948984681574


def test_a_good_salt_is_found():
    hashes = unit_hashes([f"r{i}" for i in range(120)])
    classes = np.array([2] * 3 + [1] * 37 + [0] * 80)
    places = assign(hashes, 0.2, 0.2, best_salt(hashes, classes, 0.2, 0.2))
    assert [len(set(places[classes == kind])) for kind in (0, 1, 2)] == [3, 3, 3]
    assert abs(np.bincount(places)[2] - 24) <= 4


@pytest.mark.parametrize("kinds", [64, 127, 300])
def test_a_salt_is_found_for_many_classes(kinds):
    hashes = unit_hashes([f"r{i}" for i in range(4 * kinds)])
    classes = np.arange(4 * kinds) % kinds
    assert 0 <= best_salt(hashes, classes, 0.2, 0.2) < 64


def test_the_parts():
    raw = rows_of()
    parts = split(clean(raw).table, raw)
    whole = part_of(parts)
    assert sorted(whole) == sorted(raw.index)
    assert "dropped" not in parts.train
    assert Schema.of(parts.train).target == "t"
    assert Schema.of(parts.test).target == "t"
    shares = {name: (getattr(parts, name)["t"] == "yes").mean() for name in PARTS}
    assert max(shares.values()) - min(shares.values()) < 0.1


def test_the_test_part_is_raw_and_train_is_clean():
    raw = rows_of(200, c=["?", " b", "a", "a"] * 50)
    raw = Schema.of(raw).change("c", type="category").attach(raw)
    cleaned = clean(raw)
    parts = split(cleaned.table, raw)
    assert set(parts.test["c"]) == {"?", " b", "a"}
    assert set(parts.train["c"]) == {"(missing)", "b", "a"}
    pd.testing.assert_frame_equal(
        cleaned.cleaning.apply(parts.test),
        cleaned.cleaning.apply(raw.loc[parts.test.index]),
    )


def test_flags_are_applied_to_train_alone():
    raw = rows_of()
    raw.loc[raw.index[:40], "t"] = np.nan
    cleaned = clean(raw).table
    cleaned.loc[raw.index[40:140], "dropped"] = "duplicate of row r1"
    parts = split(cleaned, raw)
    kept = part_of(parts)
    assert not set(raw.index[:40]) & set(kept)
    assert not set(raw.index[40:140]) & set(parts.train.index)
    assert set(raw.index[40:140]) & set(parts.valid.index)
    assert set(raw.index[40:140]) & set(parts.test.index)


def test_labels_given_later_reach_the_test_part():
    raw = rows_of()
    table = clean(raw).table
    table["t"] = "maybe"
    table.loc[table.index[::2], "t"] = "never"
    parts = split(table, raw)
    assert set(parts.test["t"]) == {"maybe", "never"}


def test_groups_are_never_split():
    rng = np.random.default_rng(0)
    raw = rows_of(600, clinic=[f"clinic {i}" for i in rng.integers(0, 60, 600)])
    raw = Schema.of(raw).change("clinic", roles=("group",)).attach(raw)
    cleaned = clean(raw).table
    for parts in (split(cleaned, raw), split(cleaned, raw, by_group="clinic")):
        places = pd.Series(part_of(parts))
        by_clinic = places.groupby(raw["clinic"].loc[places.index]).nunique()
        assert by_clinic.max() == 1
        assert "one group" in parts.how


def test_a_group_that_is_missing_is_its_own():
    raw = rows_of(60, g=["a", None, "b"] * 20)
    parts = split(clean(raw).table, raw, by_group="g")
    lone = raw.index[raw["g"].isna()]
    assert len({part_of(parts)[row] for row in lone}) > 1


def test_growth_moves_no_row_when_the_salt_is_kept(monkeypatch):
    kept = {}
    monkeypatch.setattr(
        place, "keep", lambda name, choose: kept.setdefault(name, choose())
    )
    raw = rows_of(330)
    old = raw.iloc[:300].copy()
    old.attrs = dict(raw.attrs)
    before = part_of(split(clean(old).table, old))
    after = part_of(split(clean(raw).table, raw))
    assert kept
    assert all(after[row] == part for row, part in before.items())


def test_equal_rows_fall_together(tmp_path):
    path = tmp_path / "x.csv"
    lines = [f"{i % 40},{'uv'[i % 2]},{'yn'[i % 3 == 0]}" for i in range(200)]
    path.write_text("a,b,t\n" + "\n".join(lines) + "\n")
    raw = collect(str(path), target="t").table
    parts = part_of(split(clean(raw).table, raw))
    found = pd.Series(parts).groupby(lambda row: row[:16]).nunique()
    assert found.max() == 1
    assert unit_of(raw.index)[0] == raw.index[0]


def test_the_newest_rows_are_the_test():
    when = pd.date_range("2020-01-01", periods=300, freq="D")
    raw = rows_of(300, when=np.random.default_rng(0).permutation(when))
    raw = Schema.of(raw).change("when", roles=("time",)).attach(raw)
    cleaned = clean(raw).table
    for parts in (split(cleaned, raw), split(cleaned, raw, by_time="when")):
        assert parts.train["when"].max() < parts.valid["when"].min()
        assert parts.valid["when"].max() < parts.test["when"].min()
        assert [len(parts.train), len(parts.valid), len(parts.test)] == [180, 60, 60]
        assert "newest" in parts.how


@pytest.mark.parametrize(
    ("options", "words"),
    [
        ({"test_size": 0.0}, "leave a part empty"),
        ({"test_size": 0.7, "valid_size": 0.4}, "leave a part empty"),
        ({"by_group": "clinc"}, "did you mean 'clinic'"),
        ({"by_time": "nope"}, "no column 'nope'"),
        ({"by_time": "clinic"}, "holds no times"),
        ({"by_group": "same"}, "would be empty"),
    ],
)
def test_what_cannot_be_split_is_told(options, words):
    raw = rows_of(30, clinic=["a", "b", "c"] * 10, same=["s", "s"] * 15)
    cleaned = clean(raw, refuse=["drop same"]).table
    with pytest.raises(InputError, match=words):
        split(cleaned, raw, **options)


def test_too_few_rows_and_single_classes():
    raw = rows_of(3)
    with pytest.raises(InputError, match=r"too few rows|single value"):
        split(clean(raw).table, raw)
    raw = rows_of(60, t=["a"] * 60)
    with pytest.raises(InputError, match="single value of the target"):
        split(clean(raw).table, raw)


def test_a_class_that_is_too_rare_is_told():
    raw = rows_of(200, t=["a", "b"] * 99 + ["a", "rare"])
    parts = split(clean(raw).table, raw)
    assert sum("'rare'" in note for note in parts.notes) == 2


def test_equal_features_under_other_ids_are_counted():
    raw = rows_of(300)
    raw["x"] = np.arange(300.0) % 20
    parts = split(clean(raw, refuse=["duplicates"]).table, raw)
    assert "equal a training row" in " ".join(parts.notes)


@pytest.mark.parametrize(
    "target", [["a", "b"] * 50, [f"class {i % 20}" for i in range(100)], None, "number"]
)
def test_the_pictures(target):
    raw = rows_of(100, **({"t": target} if isinstance(target, list) else {}))
    if target is None:
        raw = Schema.of(raw).without("t").attach(raw.drop(columns="t"))
    if target == "number":
        raw["t"] = np.arange(100) * 1.5
        raw = Schema.of(raw).put(Column("t", "number", ("target",))).attach(raw)
    parts = split(clean(raw).table, raw)
    assert parts.plot()._repr_png_()[0].startswith(b"\x89PNG")
    assert "rows" in parts._repr_html_()


@pytest.mark.parametrize(
    ("name", "target"),
    [
        ("auto_imports", "c26"),
        ("horse-colic", "c23"),
        ("ionosphere", "c35"),
        ("telco_churn", "Churn"),
        ("titanic", "Survived"),
        ("winequality-white", "c12"),
    ],
)
def test_real_tables(real, name, target):
    raw = collect(real(name), target=target).table
    parts = split(clean(raw).table, raw)
    total = sum(len(getattr(parts, part)) for part in PARTS)
    assert abs(len(parts.test) / total - 0.2) < 0.06


def test_rows_that_a_rule_alone_labelled_judge_nothing():
    ids = pd.Index([f"row {i}" for i in range(200)], dtype="str", name="row")
    table = pd.DataFrame({"x": range(200), "y": ["a", "b"] * 100}, index=ids)
    schema = Schema((Column("x"), Column("y", "category", ("target",))))
    table = schema.attach(table.astype({"x": "float64", "y": "str"}))
    receipt = pd.DataFrame({"how": ["rule"] * 80 + ["hand"] * 20}, index=ids[:100])
    plain = split(table, table)
    parts = split(table, table, labelling=receipt)
    weak = set(ids[:80])
    assert weak & set(plain.valid.index)
    assert weak & set(plain.test.index)
    assert not weak & {*parts.valid.index, *parts.test.index}
    assert list(parts.train.index) == list(plain.train.index)
    apart = len(plain.valid) + len(plain.test) - len(parts.valid) - len(parts.test)
    assert any(f"{apart} rows that a rule alone" in note for note in parts.notes)


def test_the_time_of_a_timed_split_is_known_to_the_steps_to_come():
    table = pd.DataFrame({"x": np.arange(100.0), "y": ["a", "b"] * 50})
    table.index = pd.Index([f"row {i}" for i in range(100)], dtype="str", name="row")
    schema = Schema((Column("x"), Column("y", "category", ("target",))))
    parts = split(*[schema.attach(table.astype({"y": "str"}))] * 2, by_time="x")
    assert Schema.of(parts.train).with_role("time") == ["x"]
    assert "x" in Schema.of(parts.train).features


def half_told(count=300):
    """Rows of which every other one has no target, cleaned; and as they came."""
    raw = rows_of(count)
    raw.loc[raw.index[::2], "t"] = None
    return clean(raw).table, raw


def test_rows_without_a_target_are_left_out_and_it_is_said():
    parts = split(*half_told())
    assert sum(len(getattr(parts, name)) for name in PARTS) == 150
    assert "150 rows without 't' are in no part" in parts.notes
    raw = rows_of(300)
    raw.loc[raw.index[7], "t"] = None
    assert "1 row without 't' is in no part" in split(clean(raw).table, raw).notes
    assert not any("without" in note for note in split(rows_of(), rows_of()).notes)


@pytest.mark.parametrize("kind", ["anomaly", "cluster"])
def test_where_no_target_is_needed_rows_without_one_are_kept(kind, in_folder):
    (in_folder / "mlkit.toml").write_text(f'format = 1\n[goal]\nkind = "{kind}"\n')
    labelled, raw = half_told()
    parts = split(labelled, raw)
    found = {name: getattr(parts, name) for name in PARTS}
    assert sum(map(len, found.values())) == 300
    assert not any("without" in note for note in parts.notes)
    for part in found.values():
        assert part["t"].isna().mean() == pytest.approx(0.5, abs=0.12)
    assert not check_parts(parts, labelled, raw).leaks
    words = [text.get_text() for text in parts.plot().axes[0].get_legend().texts]
    assert words == ["no", "yes", "not known"]
    alike = labelled.assign(t=labelled["t"].where(labelled["t"] != "yes"))
    kept = split(Schema.of(labelled).attach(alike), raw)
    assert sum(len(getattr(kept, name)) for name in PARTS) == 300


def test_a_row_without_a_label_that_was_entered_twice_is_learnt_from_once(in_folder):
    raw = rows_of()
    raw.loc[["r0", "r7"], "t"] = None
    again = raw.loc[["r0", "r1"]].set_axis(["r0 again", "r1 again"])
    raw = Schema.of(raw).attach(pd.concat([raw, again.rename_axis("row")]))
    cleaned = clean(raw)
    assert cleaned.dropped == {"duplicate": 2, "missing target": 2}
    told = label(cleaned.table, dict.fromkeys(["r0", "r0 again"], "yes"))
    flags = told.table.loc[["r0", "r0 again", "r7"], "dropped"].tolist()
    assert flags == ["", "duplicate of row r0", "missing target"]
    (in_folder / "mlkit.toml").write_text('format = 1\n[goal]\nkind = "cluster"\n')
    apart = {"valid": raw.index[10:70], "test": raw.index[70:130]}
    given = {row: part for part, rows in apart.items() for row in rows}
    learnt = split(cleaned.table, raw, given=given).train.index
    assert {"r0", "r7"} <= {*learnt}
    assert not learnt.str.endswith("again").any()
