from __future__ import annotations

import json
from dataclasses import replace

import numpy as np
import onnx
import pytest

from mlkit.core.artifacts import KINDS
from mlkit.core.schema import Schema
from mlkit.data.contract import infer
from mlkit.model import package as module
from mlkit.model.accept import accept
from mlkit.model.audit.card import plain
from mlkit.model.evaluate import evaluate
from mlkit.model.families import family
from mlkit.model.fitted import fit
from mlkit.model.formats.onnx import convert
from mlkit.model.package import package
from mlkit.model.packing.contents import FILES
from mlkit.model.problem import Problem
from mlkit.model.review import Review
from mlkit.model.runtime import Predictor


def without_target(test):
    schema = Schema.of(test)
    return schema.without("answer").attach(test.drop(columns="answer"))


@pytest.fixture
def made(parts):
    def build(kind, name="boosting", **how):
        train, valid, test, cleaning = parts(kind)
        model = fit(name, {}, train, Problem.of(train))
        found = Review(model.problem, len(valid), 0.0, 0.0, ())
        accepted = accept(model, cleaning, evaluate(model, valid), found, test)
        contract = infer(test)
        raw = without_target(test)
        given = (model, accepted, cleaning, contract, valid, raw)
        return package(*given, **how), given

    return build


def test_it_passes_and_holds_what_it_promises(made, kind):
    parcel, (model, accepted, *_) = made(kind)
    assert parcel.verdict.state == "passed", str(parcel.verdict)
    assert {p.name for p in parcel.folder.iterdir()} == set(FILES)
    schema = json.loads((parcel.folder / "schema.json").read_text())
    assert schema["output"]["threshold"] == accepted.threshold
    assert schema["output"]["classes"] == list(model.classes)
    names = {c["name"]: c for c in schema["input"]}
    assert "answer" not in names
    assert names["age"] == {
        "name": "age",
        "type": "number",
        "used": True,
        "required": True,
    }
    assert not names["pay"]["required"]
    assert repr(parcel.plot()).startswith("<Picture")
    assert "model.onnx" in str(parcel.table())


def test_every_raw_row_gets_the_models_label(made, kind):
    parcel, (model, accepted, cleaning, _, _, test) = made(kind, "forest")
    said = Predictor(parcel.folder).predict({n: test[n].to_numpy(object) for n in test})
    cleaned = cleaning.apply(test)
    if model.classes:
        cut = 0.5 if accepted.threshold is None else accepted.threshold
        assert (said.prediction == model.predict(cleaned, cut)).all()
        assert np.abs(said.probabilities - model.predict_proba(cleaned)).max() <= 1e-5
    else:
        assert np.allclose(said.prediction, model.predict(cleaned), rtol=1e-6)


def test_its_identity_repeats_and_leaves_dates_out(made):
    parcel, given = made("two_classes")
    again = package(*given, days=10)
    assert parcel.folder != again.folder
    identify = KINDS["folder"].identify
    assert identify(parcel.folder) == identify(again.folder)
    about = json.loads((again.folder / "about.json").read_text())
    assert about["review_by"] > about["made"][:10]
    assert str(parcel.verdict) == str(again.verdict)


def test_another_threshold_is_another_package(made):
    parcel, (model, accepted, *rest) = made("two_classes")
    other = package(model, replace(accepted, threshold=0.9), *rest)
    assert other.verdict.state == "passed"
    identify = KINDS["folder"].identify
    assert identify(parcel.folder) != identify(other.folder)


def test_a_package_that_says_something_else_is_blocked(made, monkeypatch, kind):
    def wrong(model, threshold):
        return convert(fit("tree", {}, table, model.problem), threshold)

    _, given = made(kind)
    table = given[4]
    monkeypatch.setattr(module, "convert", wrong)
    parcel = package(*given)
    assert parcel.verdict.state == "blocked"
    bars = [finding.bar for finding in parcel.verdict.blocking]
    assert bars[0] == "agrees on every hold-out row, from raw values"
    assert "differ" in parcel.verdict.blocking[0].got
    parcel.plot()


def test_one_tie_that_goes_the_other_way_is_enough(made, monkeypatch):
    """Rounding thresholds to the nearest float32 is the mistake of others."""
    _, given = made("two_classes", "tree")

    def shifted(model, threshold):
        proto = onnx.load_from_string(convert(model, threshold))
        for node in proto.graph.node:
            for attribute in node.attribute:
                if attribute.name == "nodes_values":
                    moved = np.nextafter(np.float32(attribute.floats), np.float32(-9e9))
                    attribute.floats[:] = (moved - np.float32(0.5)).tolist()
        return proto.SerializeToString()

    monkeypatch.setattr(module, "convert", shifted)
    assert package(*given).verdict.state == "blocked"


def test_a_model_that_cannot_be_converted_is_blocked_with_help(made, monkeypatch):
    _, given = made("two_classes")

    def broken(estimator, kind):
        raise ValueError("no form")

    monkeypatch.setattr(family("boosting"), "form", broken)
    parcel = package(*given)
    (finding,) = parcel.verdict.blocking
    assert (finding.bar, finding.got) == (
        "can be converted to ONNX",
        "ValueError: no form",
    )
    assert "in the step choose" in finding.help
    assert not (parcel.folder / "model.onnx").exists()
    parcel.plot()
    parcel.table()


def test_help_names_the_step_that_compared_detectors(detected, monkeypatch):
    def broken(estimator, kind):
        raise ValueError("no form")

    monkeypatch.setattr(family("ellipse"), "form", broken)
    (finding,) = package(*detected[:-1], review=detected[-1]).verdict.blocking
    assert "in the step anomaly" in finding.help


@pytest.mark.parametrize(
    ("bars", "words"), [({"size_mb": 0.001}, "MB"), ({"latency_ms": 0.0001}, "ms")]
)
def test_size_and_time_have_bars(made, bars, words):
    parcel, _ = made("two_classes", bars=bars)
    (finding,) = parcel.verdict.blocking
    assert words in finding.bar


def test_the_reference_counts_every_row(made):
    parcel, given = made("two_classes")
    reference = json.loads((parcel.folder / "reference.json").read_text())
    valid = given[4]
    assert reference["rows"] == len(valid)
    age = reference["columns"]["age"]
    assert sum(age["counts"]) == len(valid)
    assert len(age["counts"]) == len(age["edges"]) + 1
    pay = reference["columns"]["pay"]
    assert pay["missing"] == pytest.approx(valid["pay"].isna().mean())
    assert sum(reference["columns"]["town"]["levels"].values()) == len(valid)
    assert sum(reference["prediction"]["labels"].values()) == pytest.approx(1)


def test_the_card_is_safe_to_show():
    assert plain("<script>|`x`") == "&lt;script&gt;\\|\\`x\\`"
    assert "\n" not in plain("a\n\n# b")


def test_no_hold_out_rows_block(made):
    _, (*given, test) = made("number")
    parcel = package(*given, test.head(0))
    assert parcel.verdict.state == "blocked"
    assert parcel.verdict.blocking[0].state == "not_assessed"


def test_the_promise_of_evaluate_travels(made, kind):
    parcel, (model, accepted, *_, valid, _) = made(kind)
    held, promise = accepted.conformal, Predictor(parcel.folder).promise
    said = model.predicted(valid)
    assert any("promise to hold 90%" in note for note in accepted.notes)
    if kind == "number":
        ends = zip(promise.interval(said), held.interval(said), strict=True)
        assert all((one == other).all() for one, other in ends)
    else:
        assert (promise.sets(said) == held.sets(said)).all()
    assert held.holds(model.problem.truth(valid), said).mean() >= 0.9


def test_nothing_is_promised_where_nothing_can_be(made):
    _, (model, accepted, *rest) = made("number")
    nothing = replace(accepted, conformal=replace(accepted.conformal, radius=None))
    for one in (nothing, replace(accepted, conformal=None)):
        folder = package(model, one, *rest).folder
        assert Predictor(folder).promise is None
        assert not (folder / "promise.json").exists()
