"""Each planted fault is found, with its evidence and what would settle it."""

from __future__ import annotations

import json
import shlex

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from mlkit.core.merging import merged
from mlkit.core.schema import Column, Schema
from mlkit.data.clean import clean
from mlkit.data.collect import collect
from mlkit.data.contract import infer
from mlkit.data.measures.alert import Alert
from mlkit.data.measures.private import alerts as private_alerts
from mlkit.data.measures.private import is_card
from mlkit.data.profile import profile
from mlkit.data.validate import validate

N = 240
RNG = np.random.default_rng(7)
WORDS = ["red", "green", "blue", "gold", "grey", "pink"]
CYRILLIC = ["".join(chr(1072 + (i * j) % 32) for j in range(1, 9)) for i in range(120)]


def table_of(types=None, roles=None, **columns):
    frame = pd.DataFrame(columns)
    for name in frame:
        if frame[name].dtype == object:
            frame[name] = frame[name].astype("str")
    found = []
    for column in Schema.of(frame):
        kind = "category" if column.type == "text" else column.type
        own = (roles or {}).get(column.name, ())
        kind = (types or {}).get(column.name, kind)
        found.append(
            Column(column.name, kind, ("target",) if column.name == "t" else own)
        )
    return Schema(tuple(found)).attach(frame)


def plain(**more):
    rng = np.random.default_rng(3)
    columns = {
        "x": rng.normal(size=N),
        "y": rng.normal(size=N),
        "c": [WORDS[i] for i in rng.integers(0, 6, N)],
        "t": [("no", "yes")[i] for i in rng.integers(0, 2, N)],
    }
    return {**columns, **more}


def found_in(types=None, roles=None, **more):
    found = profile(table_of(types, roles, **plain(**more)))
    return {(alert.kind, alert.column): alert for alert in found.alerts}


def sentences(seed=0, rows=N):
    rng = np.random.default_rng(seed)
    words = [f"{a}{b}" for a in "bcdfghlmnprst" for b in ("a", "ore", "ilt", "une")]
    return [" ".join(words[i] for i in rng.integers(0, 52, 9)) for _ in range(rows)]


def cards(rows=N):
    numbers = range(4_000_000_000_000_000, 4_000_000_000_000_000 + 40 * rows)
    made = [str(number) for number in numbers if is_card(str(number))]
    return made[:rows]


PLANTED = {
    "nearly constant": (["same"] * (N - 1) + ["other"], None, "columns"),
    "nearly constant ": ([1.0] * (N - 2) + [2.0, 3.0], None, "columns"),
    "id-like": ([f"K-{i * 7}" for i in range(N)], "category", "columns"),
    "outliers": ([1e6, *RNG.normal(size=N - 1)], None, "cleaning"),
    "ambiguous dates": (
        [f"0{1 + i % 9}/0{1 + i % 7}/2026" for i in range(N)],
        None,
        "cleaning",
    ),
    "codes": ([f"{i % 9:03}" for i in range(N)], None, "columns"),
    "near spellings": (
        ["Germany"] * 100 + ["Germny"] + ["France"] * (N - 101),
        None,
        "cleaning",
    ),
    "yes and no": ([("yes", "no", "y")[i % 3] for i in range(N)], None, "cleaning"),
    "private": ([f"p{i}@example.org" for i in range(N)], "text", "columns"),
    "private  ": (
        [f"+49 {i % 90 + 30} {i:04} 55{i:04}" for i in range(N)],
        "text",
        "columns",
    ),
    "private   ": (cards(), "text", "columns"),
    "texts twice": (sentences(1, N - 20) + sentences(1, 20), "text", "contract"),
    "near duplicates": (
        [*sentences(2, N - 9), *(s.upper() + "!" for s in sentences(2, 9))],
        "text",
        "cleaning",
    ),
    "broken letters": ([s + " cafÃ©" for s in sentences(4)], "text", ""),
    "several scripts": (
        [*sentences(5, N // 2), *(f"кто там {w}" for w in CYRILLIC)],
        "text",
        "",
    ),
    "very long texts": ([*sentences(6, N - 1), "wa ore " * 900], "text", "contract"),
    "mixed types": ([("12", "13", "odd")[i % 3] for i in range(N)], None, "cleaning"),
    "mixed types ": (
        [str(i) if i % 4 else f"A {i}" for i in range(N)],
        None,
        "columns",
    ),
}


@pytest.mark.parametrize("kind", PLANTED)
def test_a_planted_fault_is_found(kind):
    values, as_type, decision = PLANTED[kind]
    found = found_in({"odd": as_type} if as_type else None, odd=values)
    alert = found[kind.strip(), "odd"]
    assert alert.evidence
    assert alert.decision == decision
    if decision:
        assert json.loads(shlex.split(alert.command)[3]) == alert.change


def test_time_gaps_are_found_and_random_times_are_not():
    days = pd.date_range("2020-01-01", periods=N).to_series().reset_index(drop=True)
    holed = days.where(days.index < 100, days + pd.Timedelta(days=90))
    assert ("time gap", "d") in found_in(roles={"d": ("time",)}, d=holed)
    assert ("time gap", "d") not in found_in(roles={"d": ("time",)}, d=days)
    often = pd.Timestamp("2020-01-01") + pd.to_timedelta(
        RNG.exponential(9, N).cumsum(), "h"
    )
    assert ("time gap", "d") not in found_in(roles={"d": ("time",)}, d=often)


def test_one_column_at_most_is_advised_to_be_the_time():
    days = pd.date_range("2020-01-01", periods=N)
    alone = found_in(day=days)["dated", "day"]
    assert alone.change == {"roles": {"day": ["time"]}}
    beside = found_in(roles={"when": ("time",)}, day=days, when=days)
    assert ("dated", "when") not in beside
    assert beside["dated", "day"].evidence == alone.evidence
    assert (beside["dated", "day"].remedy, beside["dated", "day"].command) == ("", "")


def test_twins_are_found_whatever_their_type():
    columns = plain()
    found = found_in(
        again=np.exp(columns["x"]),
        same=[word.upper() for word in columns["c"]],
        coarse=[word[0] for word in columns["c"]],
        fine=[f"{word}{i % 2}" for i, word in enumerate(columns["c"])],
    )
    assert ("twins", "again") in found
    assert {name for kind, name in found if kind == "twins"} >= {"again", "c", "coarse"}
    # of two words for one thing the coarser one goes
    assert ("twins", "fine") not in found
    assert found["twins", "coarse"].fix["roles"] == {"coarse": ["ignored"]}


def test_a_leak_is_ignored_by_a_click_and_roles_that_it_has_stay():
    target = plain()["t"]
    found = found_in(roles={"leak": ("sensitive",)}, leak=[f"{w}!" for w in target])
    alert = found["gives the target away", "leak"]
    assert alert.level == "serious"
    assert alert.fix["roles"] == {"leak": ["sensitive", "ignored"]}


def test_a_leak_in_a_part_of_a_date_is_of_the_date():
    target = plain()["t"]
    days = pd.to_datetime(
        [f"2026-0{1 + (w == 'yes')}-0{1 + i % 9}" for i, w in enumerate(target)]
    )
    found = found_in(when=days)
    alert = found["gives the target away", "when_month"]
    assert alert.fix["roles"] == {"when": ["ignored"]}


QUIET = {
    "counts": RNG.poisson(4, N),
    "heavy": RNG.standard_t(8, N),
    "days": pd.date_range("2026-01-01", periods=N),
    "prose": sentences(8),
    "prices": np.round(RNG.gamma(6, 9, N), 2),
    "months": [("jan", "feb", "mar")[i % 3] for i in range(N)],
}


@pytest.mark.parametrize("name", QUIET)
def test_a_clean_column_is_passed_over_in_silence(name):
    kinds, roles = {"prose": "text"}, {"days": ("time",)}
    found = found_in(kinds, roles, **{name: QUIET[name]})
    assert [kind for kind, column in found if column == name] == []


@pytest.mark.parametrize(
    "words",
    [
        ["2026-01-31", "2025-12-01", "2024-11-30"],
        ["1,234,567", "2,345,678", "9,999,999"],
        ["7590-VHVEG", "5575-GNVDE", "3668-QPYBK"],
        ["A/5 21171", "PC 17599", "STON/O2. 3101282"],
        ["113803", "373450", "330877"],
        ["10:30 12/02", "11:20 13/02", "09:10 14/02"],
        ["12.5-13.5", "14.5-15.5", "16.5-17.5"],
        [str(4_000_000_000_000_001 + 10 * i) for i in range(50)],
    ],
)
def test_what_is_no_private_thing_is_left_alone(words):
    assert list(private_alerts(Column("code", "text"), words)) == []


@pytest.mark.parametrize(
    ("words", "told"),
    [
        (["a@b.org", "x", "y"] * 9, "e-mail"),
        (["DE89 3704 0044 0532 0130 00", "GB82WEST12345698765432"], "bank accounts"),
        (["192.168.2.1", "10.0.0.77"], "addresses of computers"),
        (["(030) 901820-11", "(0221) 555 0199", "+1 202-555-0175"], "phone"),
        (["4111 1111 1111 1111", "5500-0000-0000-0004"], "card"),
    ],
)
def test_private_things_are_known_by_their_form(words, told):
    (alert,) = private_alerts(Column("contact", "text"), words)
    assert (alert.kind, told in alert.evidence) == ("private", True)
    assert list(private_alerts(Column("contact", "text", ("private",)), words)) == []


@given(st.text(st.characters(codec="utf-8"), max_size=40), st.sampled_from(WORDS))
def test_any_name_gives_a_command_that_reads_back(name, kind):
    alert = Alert(
        kind, name, "look", "", fix={"decision": "columns", "types": {name: "id"}}
    )
    assert json.loads(shlex.split(alert.command)[3]) == {"types": {name: "id"}}


@pytest.mark.parametrize(
    ("name", "target", "expected"),
    [
        (
            "telco_churn",
            "Churn",
            {
                ("hidden missing", "TotalCharges"): {
                    "accept": ["missing TotalCharges"]
                },
                ("numbers as text", "TotalCharges"): {
                    "accept": ["number TotalCharges"]
                },
                ("twins", "PhoneService"): {"roles": {"PhoneService": ["ignored"]}},
                ("sensitive", "gender"): {"roles": {"gender": ["sensitive"]}},
            },
        ),
        (
            "horse-colic",
            "c23",
            {
                ("hidden missing", "c4"): {"accept": ["missing c4"]},
                ("codes", "c25"): {"types": {"c25": "category"}},
                ("id-like", "c3"): {"types": {"c3": "id"}},
            },
        ),
        (
            "titanic",
            "Survived",
            {
                ("private", "Name"): {"roles": {"Name": ["private"]}},
                ("sensitive", "Sex"): {"roles": {"Sex": ["sensitive"]}},
                ("many gaps", "Cabin"): {"roles": {"Cabin": ["ignored"]}},
            },
        ),
    ],
)
def test_traps_of_real_tables_have_a_remedy(real, name, target, expected):
    found = profile(collect(real(name), target=target).table)
    by_kind = {(alert.kind, alert.column): alert for alert in found.alerts}
    for key, change in expected.items():
        assert by_kind[key].change == change


@pytest.mark.parametrize("name", ["telco_churn", "horse-colic", "titanic"])
def test_every_remedy_of_a_real_table_is_taken(real, name):
    targets = {"telco_churn": "Churn", "horse-colic": "c23", "titanic": "Survived"}
    raw = collect(real(name), target=targets[name]).table
    cleaning, rules = None, [dict(rule) for rule in infer(raw).rules]
    for alert in profile(raw).alerts:
        if alert.decision == "cleaning":
            cleaning = merged(cleaning, alert.change)
        if alert.decision == "contract":
            rules = merged(rules, alert.change)
    assert len(clean(raw, decided=cleaning).table) == len(raw)
    assert len(validate(raw, rules).contract.rules) == len(rules)
