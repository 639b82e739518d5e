"""Live rows as a whole against the reference's, as it is read from its file."""

from __future__ import annotations

import json

import numpy as np
import pandas as pd

from mlkit.core.schema import Column, Schema
from mlkit.model.fitted import fit
from mlkit.model.packing.reference import reference
from mlkit.model.problem import Problem
from mlkit.product.watching.together import together


def remembered(table):
    """Return the reference of a model of a table, written and read."""
    model = fit("linear", {}, table, Problem.of(table))
    form = reference(model, table, 0.5)
    return json.loads(json.dumps(form, sort_keys=True))


def table(seed, rows=400):
    """Make rows whose words are not as common as they are early in the alphabet."""
    rng = np.random.default_rng(seed)
    word = rng.choice(list("gmb"), rows, p=[0.6, 0.3, 0.1]).astype(object)
    word[rng.random(rows) < 0.05] = None
    size = rng.normal(size=rows)
    told = np.where(size + (word == "g") + rng.normal(size=rows) > 0.5, "yes", "no")
    made = {"word": pd.array(word, "str"), "size": size, "told": pd.array(told, "str")}
    target = Column("told", "category", ("target",))
    schema = Schema((Column("word", "category"), Column("size"), target))
    return schema.attach(pd.DataFrame(made))


def cells(rows):
    word = rows["word"].astype(object).where(rows["word"].notna(), None)
    return {"word": word.to_numpy(object), "size": rows["size"].to_numpy()}


def test_a_model_does_not_tell_copies_of_the_reference_from_it():
    before = table(0)
    found = together(remembered(before), cells(before))
    assert found.auc < 0.55
    assert max(auc for _, auc in found.columns) < 0.52
    fresh = together(remembered(before), cells(table(1)))
    assert fresh.low <= 0.5
    assert max(auc for _, auc in fresh.columns) < 0.56


def test_a_model_tells_words_that_come_as_often_as_others_did():
    before, now = table(0), table(1)
    swapped = now["word"].map({"g": "b", "b": "g"}).fillna(now["word"])
    found = together(remembered(before), cells(now.assign(word=swapped)))
    assert found.low > 0.6
    assert found.columns[0][0] == "word"
