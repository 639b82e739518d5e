from __future__ import annotations

import json

import numpy as np
import pandas as pd
import pytest

from mlkit.core.schema import Column, Schema
from mlkit.data.collect import collect
from mlkit.data.contract import infer
from mlkit.data.measures.leaks import leaks, ties
from mlkit.data.measures.shapes import bars
from mlkit.data.profile import Profile, profile


def table_of(types=None, target="t", **columns):
    frame = pd.DataFrame(columns)
    for name in frame:
        if frame[name].dtype == object:
            frame[name] = frame[name].astype("str")
    given = types or {}
    schema = Schema.of(frame)
    named = [
        Column(
            c.name,
            given.get(c.name, "category" if c.type == "text" else c.type),
            ("target",) if c.name == target else (),
        )
        for c in schema
    ]
    return Schema(tuple(named)).attach(frame)


RNG = np.random.default_rng(0)
N = 200
LABELS = np.where(RNG.random(N) < 0.4, "yes", "no").tolist()


def kinds(**columns):
    types = columns.pop("types", None)
    columns.setdefault("t", LABELS)
    found = profile(
        table_of(types, x=RNG.normal(size=N), y=RNG.normal(size=N), **columns)
    )
    return {(alert.kind, alert.column): alert for alert in found.alerts}


def some(*words):
    return [words[i % len(words)] for i in range(N)]


@pytest.mark.parametrize(
    ("values", "kind"),
    [
        (["same"] * N, "says nothing"),
        ([None] * N, "says nothing"),
        (some("?", "red", "blue"), "hidden missing"),
        (some("N/A", "red", "blue"), "hidden missing"),
        (some(" ", "red", "blue"), "hidden missing"),
        (some("1,000", "2,500", "7"), "numbers as text"),
        (some("31/01/2026", "02/03/2025"), "dates as text"),
        (some("01/02/2026", "02/03/2025"), "ambiguous dates"),
        (some("Yes", "yes", "no"), "spellings"),
        (some("red ", "blue"), "blanks"),
        (some("12", "13", "14", "odd"), "mixed types"),
        (some("007", "120"), "codes"),
        (pd.date_range("2026-01-01", periods=N), "dated"),
        (some("NA", "ZA", "US"), "NA"),
        (some(None, None, "u", "v"), "many gaps"),
        ([f"w{i // 2}" for i in range(N)], "many categories"),
        (np.exp(3 * RNG.normal(size=N)), "skewed"),
        (np.where(np.arange(N) % 9 == 0, -999.0, RNG.random(N)), "hidden missing"),
        (np.where(np.arange(N) == 9, np.inf, RNG.random(N)), "numbers as text"),
        (RNG.permutation(N * 7)[:N] + 10**6, "id-like"),
        ([f"{word}!" for word in LABELS], "gives the target away"),
        ([0.5 if word == "yes" else 0.25 for word in LABELS], "gives the target away"),
    ],
)
def test_alerts_of_a_column(values, kind):
    found = kinds(c=values)
    assert (kind, "c") in found
    alert = found[kind, "c"]
    assert alert.evidence
    assert alert.remedy


def test_alerts_of_the_target_and_the_table():
    assert ("imbalance", "t") in kinds(t=["a"] * 195 + ["b"] * 5)
    assert ("too few of a class", "t") in kinds(t=["a"] * 195 + ["b"] * 5)
    assert ("one class", "t") in kinds(t=["a"] * N)
    assert ("missing target", "t") in kinds(t=[None, *LABELS[1:]])
    assert ("few rows", "") in kinds(**{f"v{i}": RNG.normal(size=N) for i in range(30)})
    assert ("id", "k") in kinds(k=[f"K{i}" for i in range(N)], types={"k": "id"})
    twice = table_of(x=[1.5, 1.5, *RNG.normal(size=98)], t=["a", "a", *LABELS[:98]])
    assert "duplicates" in [alert.kind for alert in profile(twice).alerts]
    clash = table_of(x=[1.5, 1.5, *RNG.normal(size=98)], t=["a", "b", *LABELS[:98]])
    assert "contradictions" in [alert.kind for alert in profile(clash).alerts]


@pytest.mark.parametrize("kind", ["anomaly", "cluster"])
def test_a_target_that_nothing_learns_is_no_ground_for_alarm(kind, in_folder):
    settings = f'format = 1\n[goal]\nkind = "{kind}"\n'
    (in_folder / "mlkit.toml").write_text(settings)
    labels = [None, *["a"] * 195, *["b"] * 4]
    found = kinds(t=labels, like=["red", *["blue"] * 195, *["green"] * 4])
    assert {alert for alert, _ in found} == {"missing target"}
    clash = table_of(x=[1.5, 1.5, *RNG.normal(size=98)], t=["a", "b", *LABELS[:98]])
    assert not profile(clash).alerts
    alert = found["missing target", "t"]
    assert (alert.level, alert.command) == ("note", "")
    assert alert.evidence == "1 (0.5%) of the rows have no target"
    assert "learnt from like all others" in alert.remedy
    bare = table_of(target="", x=RNG.normal(size=N), y=RNG.normal(size=N))
    assert not profile(bare).alerts


def test_a_good_table_has_no_alerts():
    assert kinds() == {}


def test_serious_alerts_come_first():
    found = profile(table_of(x=some("?", "u", "v"), leak=LABELS, t=LABELS))
    assert found.alerts[0].kind == "gives the target away"


def test_the_record():
    frame = table_of(
        {"d": "date", "s": "text"},
        x=[1.0, None, 3.0] * 30,
        c=["a", "b", None] * 30,
        d=pd.to_datetime(["2026-01-01", "2026-05-01", None] * 30),
        s=["one two", "three", ""] * 30,
        t=["u", "v"] * 45,
    )
    found = profile(frame)
    form = json.loads(json.dumps(found.to_dict(), allow_nan=False))
    assert Profile.from_dict(form) == found
    by_name = {column["name"]: column for column in found.columns}
    assert by_name["x"]["missing"] == 30
    assert by_name["x"]["median"] == 2.0
    assert by_name["d"]["first"] == "2026-01-01"
    assert by_name["c"]["distinct"] == 2
    rows = np.array(found.shapes["x"]["rows"])
    assert rows.shape[0] == 2
    assert rows.sum() == 60


def test_the_views():
    found = profile(table_of(**{"<x>": some("?", "u", "v"), "t": LABELS}))
    for html in (found._repr_html_(), found.table._repr_html_()):
        assert "&lt;x&gt;" in html
        assert "<x>" not in html
    for picture in (found.plot(), found.plot_missing(), found.plot_ties()):
        assert picture._repr_png_()[0].startswith(b"\x89PNG")


@pytest.mark.parametrize(
    "table",
    [
        pd.DataFrame({"x": [1.0, 2.0]}),
        pd.DataFrame({"x": pd.Series([None, None], dtype="str")}),
        pd.DataFrame({"$x_1$": [1.0, 1.0], "b": [np.inf, 2.0]}),
        table_of(target="x", x=RNG.normal(size=60), y=RNG.normal(size=60)),
        table_of(t=[f"c{i % 30}" for i in range(90)], x=RNG.normal(size=90)),
    ],
)
def test_odd_tables_are_profiled_and_drawn(table):
    found = profile(table)
    for picture in (found.plot(), found.plot_missing(), found.plot_ties()):
        assert picture._repr_png_()[0].startswith(b"\x89PNG")


def test_ties_tell_signal_from_noise():
    number = RNG.normal(size=2000)
    frame = table_of(
        target="t",
        same=number * 2 + 1,
        near=number + RNG.normal(size=2000) * 0.3,
        noise=RNG.normal(size=2000),
        t=number,
    )
    found = ties(frame)
    assert found["same"] > 0.97
    assert 0.8 < found["near"] < 0.97
    assert found["noise"] < 0.05
    frame = table_of(noise=RNG.normal(size=N), word=LABELS, t=LABELS)
    assert list(leaks(frame)) == ["word"]


@pytest.mark.parametrize(
    ("name", "target", "expected"),
    [
        ("auto_imports", "c26", {("hidden missing", "c2"), ("numbers as text", "c2")}),
        ("horse-colic", "c23", {("id-like", "c3"), ("codes", "c25")}),
        ("telco_churn", "Churn", {("numbers as text", "TotalCharges")}),
        ("titanic", "Survived", {("many gaps", "Cabin"), ("id", "PassengerId")}),
        ("winequality-white", "c12", {("duplicates", "")}),
        ("ionosphere", "c35", {("says nothing", "c2")}),
    ],
)
def test_real_tables(real, name, target, expected):
    found = profile(collect(real(name), target=target).table)
    assert expected <= {(alert.kind, alert.column) for alert in found.alerts}
    assert not [alert for alert in found.alerts if alert.level == "serious"]


@pytest.mark.filterwarnings("error::RuntimeWarning")
def test_huge_and_tiny_numbers_keep_a_record_finite():
    rng = np.random.default_rng(0)
    table = pd.DataFrame(
        {
            "far": rng.choice([1e300, -1e300], 60),
            "wide": rng.choice([1.7e308, -1.7e308, 0.0], 60),
            "tiny": rng.choice([5e-324, 1e-310], 60),
        }
    )
    found = profile(table)
    json.dumps(found.to_dict(), allow_nan=False)
    json.dumps(infer(table).to_dict(), allow_nan=False)
    far = {column["name"]: column for column in found.columns}["far"]
    assert (far["min"], far["max"]) == (-1e300, 1e300)
    assert 9e299 < far["spread"] <= 1e300


def huge(top, how, rows=200):
    """Numbers that reach as far as a float goes: evenly, or over all sizes."""
    rng = np.random.default_rng(0)
    if how == "even":
        return rng.uniform(-top, top / 2, rows) * 1.0
    sizes = 10.0 ** rng.uniform(100, np.log10(top), rows)
    return rng.choice([-1, 1], rows) * sizes


@pytest.mark.filterwarnings("error::RuntimeWarning")
@pytest.mark.parametrize("how", ["even", "sizes"])
@pytest.mark.parametrize("top", [1e300, 1e308])
def test_a_huge_target_is_profiled_drawn_and_saved(top, how):
    truth = huge(top, how)
    columns = {"same": truth / 2, "sex": ["f", "m"] * 100, "t": truth}
    table = table_of(**columns, other=huge(top, "even")[::-1])
    schema = Schema.of(table).change("sex", roles=("sensitive",))
    found = profile(schema.attach(table))
    made = Profile.from_dict(json.loads(json.dumps(found.to_dict(), allow_nan=False)))
    assert set(found.ties) == {"same", "sex", "other"}
    assert how != "even" or found.ties["same"] > 0.99
    for picture in (made.plot(), made.plot_ties(), made.bias.plot()):
        assert picture._repr_png_()[0].startswith(b"\x89PNG")


@pytest.mark.parametrize("top", [1e300, 1e308])
def test_ties_do_not_depend_on_the_size_of_numbers(top):
    x = RNG.uniform(-1, 1, N)
    plain = ties(table_of(x=x, t=x + RNG.normal(size=N) / 4))
    far = table_of(x=x * top, t=(x + RNG.normal(size=N) / 4).clip(-1, 1) * top)
    assert ties(far)["x"] == pytest.approx(plain["x"], abs=0.1)
    assert ties(far)["x"] == ties(far.assign(x=x, t=far["t"] / top))["x"]


@pytest.mark.parametrize(("unit", "offset"), [(1e-9, 0), (1e-60, 0), (1e-3, 1e6)])
def test_ties_do_not_depend_on_the_unit_of_a_feature(unit, offset):
    x = np.random.default_rng(0).uniform(-1, 1, N)
    told = table_of(x=x, t=np.cos(4 * x))
    plain = ties(told)["x"]
    assert plain > 0.9
    found = ties(told.assign(x=offset + unit * x))["x"]
    assert found == pytest.approx(plain, abs=0.01)


def test_rows_with_an_infinite_target_tie_nothing():
    x = np.arange(N, dtype=float)
    ended = np.where(np.arange(N) % 7 == 0, np.inf, x)
    assert ties(table_of(x=x, t=ended))["x"] > 0.9
    assert ties(table_of(x=x, t=ended)) == ties(
        table_of(x=x[ended < np.inf], t=x[ended < np.inf])
    )
    assert ties(table_of(x=x, t=np.where(x > 30, np.inf, x))) == {}


def test_the_ticks_of_huge_numbers_tell_them_whole():
    found = profile(pd.DataFrame({"x": [1e308, -1e308, 0.0] * 20}))
    picture = found.plot()
    picture._repr_png_()
    ticks = [tick.get_text() for tick in picture.axes[0].get_xticklabels()]
    assert {"−6e+307", "0", "6e+307"} <= set(ticks)


@pytest.mark.parametrize("value", [4.5036e15, 1.80144e16, 1.7e308, 5e-324, -1e300])
@pytest.mark.parametrize("step", [0.0, 1.0, 2.0])
def test_bars_of_numbers_as_large_as_floats_go(value, step):
    cells = pd.Series([value, value + step, np.nan])
    shape = bars(cells, "number", np.zeros(3, np.intp), 1)
    assert sum(shape["rows"][0]) in (1, 2)
