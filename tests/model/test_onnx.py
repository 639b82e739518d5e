"""The packaged model says what the fitted model says, on rows made to catch it out."""

from __future__ import annotations

import subprocess
import sys

import numpy as np
import onnx
import pandas as pd
import pytest

from mlkit.core.schema import Column, Schema
from mlkit.model.encoding.tokens import plain
from mlkit.model.families import family, names
from mlkit.model.fitted import Member, blend, fit
from mlkit.model.formats.forms import floor32
from mlkit.model.formats.onnx import convert
from mlkit.model.packing.parity import agree, compare, probes
from mlkit.model.problem import KINDS, VALUES, Problem
from mlkit.model.problem import METRICS as METRIC_OF
from mlkit.model.runtime import Graph, choice
from mlkit.model.telling import LARGEST, SMALLEST

PACKED = [name for name in names() if "onnx" in family(name).formats]
MADE = ("two_classes", "many_classes", "number")


def taken(*kinds):
    """Return the families that can be packaged, with those of the kinds they take."""
    both = [(name, k) for name in PACKED for k in kinds if k in family(name).takes]
    large = [("large_boosting", k) for k in ("many_classes", "ordered")]
    slow = pytest.mark.slow
    return [pytest.param(*x, marks=slow) if x in large else x for x in both]


TWO = [name for name, _ in taken("two_classes")]


def needs(name):
    """Skip where a family's library is absent."""
    if not family(name).installed():
        pytest.skip(f"{name} is not installed: {family(name).install}")


def said_of(model, table, threshold=0.5):
    graph = Graph(convert(model, threshold), model.classes)
    return graph.predict({n: table[n].to_numpy() for n in model.schema.names})


@pytest.mark.parametrize(("name", "kind"), taken(*MADE))
def test_every_family_agrees_on_hard_rows(name, table, problem):
    needs(name)
    model = fit(name, {}, table, problem)
    hard = probes(table, model)
    found = compare(model, hard, said_of(model, hard))
    assert found.rows == 6 * len(table)
    assert found.holds, found


@pytest.mark.parametrize("unit", [SMALLEST, LARGEST / 10])
def test_the_smallest_and_the_largest_numbers_agree(unit):
    x = np.random.default_rng(0).normal(size=100)
    table = pd.DataFrame({"x": x, "y": unit * x})
    schema = Schema((Column("x"), Column("y", "number", ("target",))))
    model = fit("linear", {}, table, Problem.of(schema.attach(table)))
    found = compare(model, table, said_of(model, table))
    assert found.holds, found


@pytest.mark.slow
@pytest.mark.parametrize(("name", "kind"), taken(*MADE))
@pytest.mark.parametrize("seed", range(2))
def test_drawn_settings_agree_too(name, seed, table, problem):
    needs(name)
    settings = family(name).draw(problem.kind, np.random.default_rng(seed))
    model = fit(name, settings, table, problem, seed)
    assert agree(model, table).reason == ""


@pytest.mark.parametrize("name", TWO)
def test_integer_ties_go_the_same_way(name):
    """Trees split between integers; a column of neighbours in float32 is the worst."""
    needs(name)
    rng = np.random.default_rng(0)
    base = np.float32(2**24)
    steps = rng.integers(0, 6, 400)
    near = (base + 2 * steps).astype(np.float64)
    half = rng.integers(0, 9, 400) / 2
    y = np.where(near + half > near.mean() + 2, "b", "a")
    table = pd.DataFrame({"near": near, "half": half, "y": y.astype(str)})
    problem = Problem("two_classes", "y", "roc_auc", ("a", "b"), ("near", "half"))
    model = fit(name, {}, table, problem)
    shifted = pd.concat(
        [table.assign(near=table["near"] + d) for d in (-1.0, 0, 0.5, 1)]
    )
    assert compare(model, shifted, said_of(model, shifted)).holds


def test_rounding_down_keeps_every_question():
    rng = np.random.default_rng(0)
    cells = rng.normal(size=4000).astype(np.float32)
    middles = (cells[:-1].astype(np.float64) + np.nextafter(cells[1:], 0)) / 2
    for low in (
        middles,
        cells.astype(np.float64),
        np.nextafter(cells, 9).astype(float),
    ):
        exact = cells[: len(low), None] <= low[None, :50]
        assert (exact == (cells[: len(low), None] <= floor32(low)[None, :50])).all()
    assert floor32(np.array([np.inf]))[0] == np.inf


def test_a_tie_between_classes_is_the_same_tie_everywhere():
    chances = np.array([[0.4, 0.4, 0.2], [0.2, 0.4, 0.4]])
    wobble = chances + np.array([1e-9, -1e-9, 1e-8])
    assert choice(chances).tolist() == choice(wobble).tolist() == [0, 1]
    half = np.array([[0.5, 0.5]])
    assert (
        choice(half).tolist() == choice(half.astype(np.float32) - 1e-9).tolist() == [1]
    )


@pytest.mark.parametrize("threshold", [0.001, 0.2, 0.37, 0.5, 0.999])
def test_the_threshold_is_in_the_graph(threshold, make):
    table = make("two_classes")
    model = fit("forest", {"leaf": 1, "trees": 10}, table, Problem.of(table))
    said = said_of(model, table, threshold)
    assert (said.prediction == model.predict(table, threshold)).all()
    assert compare(model, table, said, threshold).holds


@pytest.mark.parametrize("name", TWO)
def test_hostile_column_names_and_words_are_taken(name):
    needs(name)
    rng = np.random.default_rng(1)
    words = ["<b>", "", "naïve ☃", "a\nb", "null", "(missing)"]
    table = pd.DataFrame(
        {
            "label": rng.normal(size=200),
            "probabilities": rng.choice(words, 200),
            "mlkit/Concat_0": rng.normal(size=200),
            "a b.c/ß": rng.choice(words, 200),
            "value": rng.normal(size=200),
        }
    )
    table["target"] = np.where(table["label"] > 0, "ja 🙂", "nein")
    columns = [Column(n, Schema.of(table)[n].type) for n in table if n != "target"]
    columns = [
        Column(c.name, "category" if c.type == "text" else c.type) for c in columns
    ]
    schema = Schema((*columns, Column("target", "category", ("target",))))
    model = fit(name, {}, table, Problem.of(schema.attach(table)))
    assert agree(model, table).reason == ""


@pytest.mark.parametrize("name", TWO)
def test_columns_that_say_nothing_are_taken(name):
    needs(name)
    table = pd.DataFrame({"a": [np.nan] * 40, "b": [1.0] * 40, "y": ["n", "y"] * 20})
    problem = Problem("two_classes", "y", "roc_auc", ("n", "y"), ("a", "b"))
    model = fit(name, {}, table, problem)
    assert agree(model, table).reason == ""
    words = Problem("two_classes", "y", "roc_auc", ("n", "y"), (), ("w",))
    alone = fit(name, {}, table.assign(w="same"), words)
    assert agree(alone, table.assign(w="same")).reason == ""


@pytest.mark.parametrize(("name", "_"), taken("many_classes"))
def test_a_class_that_training_lacks_has_no_chance(name, _, make):
    needs(name)
    table = make("many_classes")
    problem = Problem.of(table)
    model = fit(name, {}, table[table["answer"] != "middle"], problem)
    chances = said_of(model, table).probabilities
    assert not chances[:, problem.classes.index("middle")].any()
    assert agree(model, table).reason == ""


def test_no_rows_give_no_predictions(table, problem):
    model = fit("forest", {"trees": 5}, table, problem)
    said = said_of(model, table.head(0))
    assert len(said.prediction) == 0
    assert len(model.predict(table.head(0))) == 0


def test_the_graph_is_valid_and_named_by_its_columns(table, problem):
    made = onnx.load_from_string(convert(fit("boosting", {}, table, problem)))
    onnx.checker.check_model(made, full_check=True)
    assert [i.name for i in made.graph.input] == list(problem.features)
    outs = [o.name for o in made.graph.output]
    assert outs == (["label", "probabilities"] if problem.classes else ["value"])


SCRIPT = """
import sys, hashlib, joblib
sys.path.insert(0, sys.argv[1])
from conftest import rows
from mlkit.model.fitted import Member, blend, fit
from mlkit.model.formats.onnx import convert
from mlkit.model.problem import METRICS as METRIC_OF
from mlkit.model.problem import KINDS, VALUES, Problem
for kind in ("two_classes", "number"):
    table = rows(kind)
    for name in ("linear", "forest", "boosting"):
        model = fit(name, {}, table, Problem.of(table))
        print(joblib.hash(model), hashlib.sha256(convert(model)).hexdigest())
"""


def test_models_and_bytes_are_equal_in_every_process(request):
    here = str(request.path.parent)
    found = [
        subprocess.run(
            [sys.executable, "-c", SCRIPT, here],
            env={"PATH": "", "PYTHONHASHSEED": seed, "OMP_NUM_THREADS": threads},
            capture_output=True,
            text=True,
            check=True,
        ).stdout
        for seed, threads in (("1", "1"), ("2", "4"))
    ]
    assert found[0] == found[1]
    assert len(found[0].splitlines()) == 6


def test_what_cannot_be_converted_is_told(monkeypatch, make):
    table = make("two_classes")
    model = fit("boosting", {}, table, Problem.of(table))

    def broken(estimator, kind):
        raise ValueError("no such form")

    monkeypatch.setattr(family("boosting"), "form", broken)
    check = agree(model, table)
    assert check.size == 0
    assert check.reason == "cannot be converted: ValueError: no such form"


def test_a_blend_agrees_on_hard_rows(table, problem):
    members = [
        Member("linear", {}, 0.25),
        Member("forest", {"trees": 10}, 0.35),
        Member("boosting", {"trees": 20}, 0.3),
        Member("extra_trees", {"trees": 10}, 0.1),
    ]
    model = blend(members, table, problem)
    assert len(model.encoders) == 3
    assert agree(model, table).reason == ""
    parts = [
        fit(m.family, m.settings, table, problem).predicted(table) for m in members
    ]
    mean = sum(m.weight * p for m, p in zip(members, parts, strict=True))
    assert np.allclose(model.predicted(table), mean)


def wide(kind="two_classes", rows=600):
    """Make rows with a category of many levels, and numbers of odd shapes."""
    rng = np.random.default_rng(3)
    code = rng.integers(0, 120, rows)
    table = pd.DataFrame(
        {
            "town": [f"t{k}" for k in code],
            "money": rng.lognormal(3, 2, rows),
            "count": rng.poisson(0.3, rows).astype(float),
            "gaps": np.where(rng.random(rows) < 0.4, np.nan, rng.normal(size=rows)),
        }
    )
    signal = (code % 7) + np.log(table["money"]) + table["count"]
    if kind == "count":
        return table.assign(y=rng.poisson(np.exp(signal / 10)).astype(float))
    if kind == "number":
        return table.assign(y=signal)
    cuts = [signal.median()] if kind == "two_classes" else [4.0, 7.0, 9.0]
    return table.assign(y=[f"c{k}" for k in np.searchsorted(cuts, signal)])


@pytest.mark.slow
@pytest.mark.parametrize(("name", "kind"), taken(*KINDS))
def test_many_levels_odd_numbers_and_counts_agree(name, kind):
    needs(name)
    table = wide(kind)
    classes = () if kind in VALUES else tuple(sorted(table["y"].unique()))
    columns = ("money", "count", "gaps"), ("town",)
    problem = Problem(kind, "y", METRIC_OF[kind], classes, *columns)
    model = fit(name, {}, table, problem)
    assert any("rate" in c for c in model.encoders[0].columns) == (name != "dummy")
    assert agree(model, table).reason == ""


def wordy(rows=300, kind="two_classes", seed=0):
    """Make rows whose answer is in the words, long ones and short ones."""
    rng = np.random.default_rng(seed)
    stock = np.array(
        [
            "the",
            "a",
            "film",
            "was",
            "dull",
            "it's",
            "naïve",
            "☃",
            "plot",
            "acting",
            "Émile",
            "12",
            "x",
        ]
    )
    good = rng.random(rows) < 0.5
    said = []
    for yes in good:
        words = list(rng.choice(stock, rng.integers(5, 40)))
        words.insert(int(rng.integers(len(words))), "very good" if yes else "so bad")
        said.append("  ".join(words).replace("film", "FILM,"))
    said[0], said[1], said[2] = None, "", "?!\n\t"
    code = [f"{'KX' if yes else 'QZ'}{rng.integers(100, 999)}" for yes in good]
    table = pd.DataFrame({"review": said, "code": code, "pay": rng.normal(size=rows)})
    table = table.astype({"review": "str", "code": "str"})
    if kind in VALUES:
        return table.assign(y=np.where(good, 9.0, 2.0) + rng.integers(0, 3, rows))
    if kind == "two_classes":
        return table.assign(y=np.where(good, "yes", "no"))
    return table.assign(y=[f"c{2 * g + rng.integers(0, 2)}" for g in good])


@pytest.mark.slow
@pytest.mark.parametrize(("name", "kind"), taken(*MADE, "ordered"))
def test_texts_agree(name, kind):
    needs(name)
    table = wordy(kind=kind)
    classes = () if kind in VALUES else tuple(sorted(table["y"].unique()))
    texts = ("review", "code")
    problem = Problem(kind, "y", METRIC_OF[kind], classes, ("pay",), texts=texts)
    model = fit(name, {}, table, problem)
    assert agree(model, table).reason == ""
    assert len(said_of(model, table.head(0)).prediction) == 0


def test_a_texts_numbers_are_the_same_bits_in_onnx():
    table = wordy(700)
    problem = Problem("two_classes", "y", "roc_auc", ("no", "yes"), texts=("review",))
    model = fit("linear", {}, table, problem)
    made = onnx.load_from_string(convert(model))
    products = [n for n in made.graph.node if n.op_type == "MatMul"]
    cells = products[-1].input[0]
    made.graph.output.append(onnx.helper.make_empty_tensor_value_info(cells))
    graph = Graph(made.SerializeToString(), model.classes)
    told = [[plain(v, graph.texts["review"])] for v in table["review"]]
    *_, found = graph.session.run(None, {"review": np.array(told, object)})
    np.testing.assert_array_equal(found, model.encoders[0].transform(table))
