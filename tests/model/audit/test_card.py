from __future__ import annotations

import json
import re
import shutil
from dataclasses import replace

import numpy as np
import pandas as pd
import pytest

from mlkit.core import decisions
from mlkit.core.schema import Column, Schema
from mlkit.core.verdict import Finding
from mlkit.data.clean import clean
from mlkit.data.contract import infer
from mlkit.model.accept import accept
from mlkit.model.audit.card import card, draft
from mlkit.model.audit.cards import Card, Section, Table
from mlkit.model.evaluate import evaluate
from mlkit.model.fitted import fit
from mlkit.model.package import package
from mlkit.model.problem import Problem
from mlkit.model.review import review

SCHEMA = {"input": [{"name": "age", "type": "number", "used": True, "required": True}]}


@pytest.fixture
def judged(parts):
    def build(kind="two_classes"):
        train, valid, test, cleaning = parts(kind)
        model = fit("linear", {}, train, Problem.of(train))
        found = review(model, train, valid, repeats=2, refits=0)
        found = found.within("to deny\nanybody a <loan>")
        accepted = accept(model, cleaning, evaluate(model, valid), found, test)
        return model, accepted, found, (cleaning, infer(test), valid, test)

    return build


def test_it_says_what_a_stranger_should_know(judged, kind):
    model, accepted, found, _ = judged(kind)
    told = card(model, accepted, SCHEMA, found)
    for title in (
        *("What it is for", "What it must not be used for", "The data"),
        *("How good it is", "For whom", "What it looks at", "What worse input costs"),
        *("What acceptance found", "What the review found", "What goes in"),
    ):
        assert f"\n## {title}\n" in told, title
    assert "to deny anybody a &lt;loan&gt;" in told
    assert "age lies outside" in told
    assert "████" in told
    assert "| sex = f |" in told


@pytest.mark.parametrize("family", ["linear", "tree", "forest"])
def test_it_holds_the_rules_of_a_model_that_a_person_can_read(parts, family):
    train, valid, *_ = parts("two_classes")
    model = fit(family, {}, train, Problem.of(train))
    found = review(model, train, valid, repeats=2, refits=0)
    told = draft(model, found).markdown.replace("\u2003", "")
    grid = found.rules.table()
    lines = [row[0] for row in grid.rows]
    if family == "tree":
        assert all(line.strip() in told for line in lines)
    elif family == "linear":
        assert f"| {' | '.join(grid.heads)} |" in told
        assert all(f"| {line} |" in told for line in lines)
    else:
        assert found.rules.faithful == (lines[0] in told)


def test_it_counts_the_parts_of_a_date_as_features_and_not_as_columns():
    rng = np.random.default_rng(0)
    table = pd.DataFrame({"size": rng.normal(size=90), "word": ["a", "b", "c"] * 30})
    table["day"] = pd.date_range("2022-01-03", periods=90).astype("str")
    table["rent"] = table["size"] + rng.normal(size=90)
    columns = (Column("size"), Column("word", "category"), Column("day", "date"))
    schema = Schema((*columns, Column("rent", "number", ("target",))))
    cleaned = clean(schema.attach(table)).table
    model = fit("linear", {}, cleaned, Problem.of(cleaned))
    found = review(model, cleaned, cleaned, repeats=2, refits=0)
    features = len(found.importance)
    assert features > len(columns)
    told = draft(model, found).markdown
    assert f"to predict rent from {features} features" in told
    assert "columns" not in told.partition("\n## ")[0]


def test_what_cannot_be_measured_is_told_as_undefined():
    rng = np.random.default_rng(0)
    x = rng.normal(size=200)
    table = pd.DataFrame({"x": x, "z": -x, "y": np.where(x < -1, 0.0, 3 + x)})
    schema = Schema((Column("x"), Column("z"), Column("y", "number", ("target",))))
    table = schema.attach(table)
    model = fit("linear", {}, table, Problem.of(table, metric="mape"))
    told = review(model, table, table, repeats=2, refits=0).card(model).markdown
    assert "| x | undefined" in told


def test_a_detectors_card_claims_no_classification(detected):
    model, accepted, _, _, _, _, found = detected
    told = card(model, accepted, SCHEMA, found)
    assert "classification" not in told
    assert "classes" not in told
    assert "- anomaly-detection\n" in told.partition("# ")[0]
    assert "pipeline_tag" not in told
    assert "to find rows unlike the rest, from 4 features" in told


def test_it_tells_which_guess_stands_beside_f1(judged):
    model, accepted, *_ = judged()
    accepted = replace(accepted, guessed={**accepted.guessed, "recall": 0.0})
    text = card(model, accepted, SCHEMA)
    assert "A guess says no of every row; for F1 it says yes of every row" in text


def test_it_can_be_told_without_a_review(judged):
    model, accepted, *_ = judged()
    told = card(model, accepted, SCHEMA)
    assert "What it looks at" not in told
    assert "## How good it is" in told


def test_its_head_is_the_one_that_model_hubs_read(judged, kind):
    yaml = pytest.importorskip("yaml")
    model, accepted, found, _ = judged(kind)
    _, head, body = card(model, accepted, SCHEMA, found).split("---\n", 2)
    told = yaml.safe_load(head)
    task = "tabular-regression" if kind == "number" else "tabular-classification"
    assert told == {
        "library_name": "mlkit",
        "pipeline_tag": task,
        "tags": ["mlkit", task],
    }
    assert body.lstrip().startswith("# answer")


def test_skops_reads_it(judged, tmp_path):
    if shutil.which("pandoc") is None:
        pytest.skip("skops reads cards by pandoc, which is not installed")
    skops = pytest.importorskip("skops.card")
    model, accepted, found, _ = judged()
    path = tmp_path / "card.md"
    path.write_text(card(model, accepted, SCHEMA, found), encoding="utf-8")
    read = skops.parse_modelcard(path)
    assert "ROC AUC" in read.select("answer: yes or no/How good it is").content


def test_the_draft_says_that_nothing_sealed_has_judged_it(judged):
    model, _, found, _ = judged()
    told = draft(model, found)
    assert "have not judged it yet" in told.markdown
    html = told._repr_html_()
    assert "&lt;loan&gt;" in html
    assert "<loan>" not in html
    assert repr(told).startswith("<Card answer: yes or no (draft)")


def test_an_overruled_gate_is_printed_with_who_and_why(judged, make_session):
    model, accepted, found, _ = judged()
    shut = Finding("ROC AUC at least 0.999", "missed", "0.9", "0.999")
    blocked = replace(accepted, findings=(*accepted.findings, shut))
    now = make_session()
    place = now.decisions
    seen = blocked.verdict.fingerprint
    decisions.record(place, "overrule_accept", True, why="it is <urgent>", seen=seen)
    told = card(model, blocked, SCHEMA, found)
    assert "OVERRULED: the gate of accept was shut (ROC AUC at least 0.999)" in told
    assert "it is &lt;urgent&gt;" in told
    assert decisions.person() in told
    assert "overrule\\_accept" not in told
    assert "overrule_accept" in now.used_decisions
    assert "OVERRULED" not in card(model, accepted, SCHEMA, found), "the gate is open"
    decisions.record(place, "overrule_accept", True, why="other", seen="another")
    assert "OVERRULED" not in card(model, blocked, SCHEMA, found), "other bars"
    decisions.record(place, "overrule_validate", True, why="known", seen="x")
    assert "the gate of validate was shut" in card(model, accepted, SCHEMA, found)


@pytest.fixture
def make_session(tmp_path, monkeypatch):
    def build():
        from mlkit.core import session as module

        (tmp_path / "mlkit.toml").write_text("format = 1\n", encoding="utf-8")
        (tmp_path / "decisions").mkdir()
        monkeypatch.chdir(tmp_path)
        monkeypatch.delenv("MLKIT_JOB", raising=False)
        monkeypatch.setattr(module, "_SESSION", None)
        return module.session()

    return build


def test_the_package_carries_it(judged):
    model, accepted, found, (cleaning, contract, valid, test) = judged()
    schema = Schema.of(test)
    raw = schema.without("answer").attach(test.drop(columns="answer"))
    parcel = package(model, accepted, cleaning, contract, valid, raw, review=found)
    told = (parcel.folder / "card.md").read_text(encoding="utf-8")
    assert "What it must not be used for" in told
    assert json.loads((parcel.folder / "schema.json").read_text())["format"] == 1


@pytest.mark.parametrize(
    "bad", ["<script>", "a|b", "# x", "- x", "1. x", "[l](http://x)", "`c`"]
)
def test_words_of_others_cannot_break_out(bad):
    section = Section(bad, [bad, [bad], Table((bad,), [(bad,)])])
    made = Card(bad, (section,))
    assert "<script>" not in made.markdown
    assert "<script>" not in made._repr_html_()
    lines = made.markdown.splitlines()
    assert sum(line.startswith("# ") for line in lines) == 1
    assert not any(re.search(r"(?<!\\)\](?!\\)\(", line) for line in lines)
    assert [len(line.replace("\\|", "").split("|")) for line in lines[-3:]] == [3, 3, 3]
