"""The whole wing on columns whose names were chosen to break it."""

from __future__ import annotations

from dataclasses import replace
from io import BytesIO

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from mlkit.core.schema import Schema
from mlkit.data.clean import clean
from mlkit.data.split import split
from mlkit.model.accept import accept
from mlkit.model.audit.local import local
from mlkit.model.choose import choose
from mlkit.model.errors import errors
from mlkit.model.evaluate import evaluate
from mlkit.model.groups.mitigation import outlook
from mlkit.model.package import package
from mlkit.model.review import review
from mlkit.model.slicing.search import weakest
from mlkit.model.tune import tune

NAMES = [
    *("self", "{x}", "new\nline", "$\\frac$", "a = 1", "cls"),
    *("a'b\"c", " and ", "<b>", "cost $", "_no", "args"),
    *("kwargs", "columns", "index", "label", "row", "name", "{", "%s %d", "tab\there"),
    *("$x$", "x: y", "a + b", "(fair weight)", "☃", " ", "probabilities", "\\"),
    *("`a`", "a.b[0]", "None", "lambda", "prediction", "nan", "0"),
]


def renamed(table, names):
    """Return a table under other names, in its own order."""
    other = dict(zip(table.columns, names, strict=True))
    columns = [replace(c, name=other[c.name]) for c in Schema.of(table)]
    return Schema(tuple(columns)).attach(table.rename(columns=other))


def walk(raw, folder):
    """Go through the wing as its notebooks do, and look at all there is."""
    cleaned = clean(raw)
    parts = split(cleaned.table, raw)
    train, valid, test = parts.train, parts.valid, parts.test
    shortlist = choose(train, ["linear", "tree"], folds=2)
    found = tune(train, shortlist, 0, contenders=1, folds=2, keep=folder)
    model = outlook(train, found, keep=folder).train("reweighing")
    evaluation = evaluate(model, valid)
    weak = weakest(model, valid, evaluation.threshold, named={})
    mistakes = errors(model, valid, evaluation.threshold)
    review_ = review(model, train, valid, repeats=2, most_rows=60, refits=0)
    accepted = accept(
        model, cleaned.cleaning, evaluation, review_, test, slices=weak, bars={}
    )
    target = Schema.of(test).target
    blind = Schema.of(test).without(target).attach(test.drop(columns=target))
    parcel = package(
        *(model, accepted, cleaned.cleaning, {}, valid, blind), review=review_
    )
    assert parcel.verdict.state == "passed", str(parcel.verdict)
    why = local(model, valid.head(1), train)
    drawn = [shortlist, found, model, evaluation, weak, mistakes, review_, parcel, why]
    drawn += [accepted, review_.fairness, review_.rules, review_.robustness]
    for one in drawn:
        one.plot().savefig(BytesIO(), dpi=20)
    for one in (shortlist, found, evaluation, review_, review_.rules):
        one.table()._repr_html_()
    review_.card(model)._repr_html_()
    return model


@pytest.mark.slow
def test_columns_of_any_name_go_through_the_wing(make, tmp_path):
    table = make("two_classes", 300)
    names = NAMES[: len(table.columns)]
    assert walk(renamed(table, names), tmp_path).problem.target == names[-1]


@pytest.mark.slow
@settings(
    max_examples=8,
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture],
)
@given(names=st.permutations(NAMES), kind=st.sampled_from(["many_classes", "number"]))
def test_columns_of_any_names_go_through_the_wing(make, tmp_path, names, kind):
    table = make(kind, 300)
    walk(renamed(table, names[: len(table.columns)]), tmp_path)
