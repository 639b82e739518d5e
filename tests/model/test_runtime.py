"""A package works alone: numpy, onnxruntime and cell operations, nothing else."""

from __future__ import annotations

import json
import subprocess
import sys

import numpy as np
import pytest

from mlkit.core.errors import InputError
from mlkit.model.accept import accept
from mlkit.model.evaluate import evaluate
from mlkit.model.fitted import fit
from mlkit.model.package import package
from mlkit.model.problem import Problem
from mlkit.model.review import Review
from mlkit.model.runtime import Predictor

ALONE = """
import json, sys
class Block:
    def find_spec(self, name, path=None, target=None):
        allowed = {"mlkit", "numpy", "onnxruntime", "flatbuffers", "google", "sympy",
                   "coloredlogs", "humanfriendly", "packaging", "mpmath", "ml_dtypes"}
        top = name.partition(".")[0]
        if top not in allowed and top not in sys.stdlib_module_names:
            raise ModuleNotFoundError(f"{name} is blocked")
sys.meta_path.insert(0, Block())
from mlkit.model.runtime import Predictor
folder, cells = sys.argv[1], json.loads(sys.argv[2])
said = Predictor(folder).predict(cells)
loaded = sorted({"pandas", "sklearn", "scipy", "matplotlib", "onnx"} & set(sys.modules))
print(json.dumps([said.prediction.tolist(), loaded]))
"""


def listed(table):
    plain = table.astype(object).where(table.notna(), None)
    return json.loads(json.dumps({name: plain[name].tolist() for name in plain}))


@pytest.fixture
def packed(parts):
    def build(kind):
        train, valid, test, cleaning = parts(kind)
        model = fit("boosting", {}, train, Problem.of(train))
        found = Review(model.problem, len(valid), 0.0, 0.0, ())
        accepted = accept(model, cleaning, evaluate(model, valid), found, test)
        rules = {"rules": [{"rule": "age", "column": "age", "check": "required"}]}
        return package(model, accepted, cleaning, rules, valid, test).folder, test

    return build


def test_it_runs_with_all_else_blocked(packed, kind):
    folder, test = packed(kind)
    cells = listed(test.drop(columns="answer").head(20))
    done = subprocess.run(
        [sys.executable, "-c", ALONE, str(folder), json.dumps(cells)],
        capture_output=True,
        text=True,
        check=True,
    )
    said, loaded = json.loads(done.stdout)
    assert loaded == []
    here = Predictor(folder).predict(cells).prediction.tolist()
    assert said == here


def test_cells_of_any_origin_give_the_same_bits(packed):
    folder, test = packed("two_classes")
    predictor = Predictor(folder)
    some = test.head(50).drop(columns="answer")
    as_arrays = predictor.predict({n: some[n].to_numpy() for n in some})
    form = listed(some)
    as_json = predictor.predict(form)
    words = {
        n: [None if v is None else str(v) for v in cells] for n, cells in form.items()
    }
    as_words = predictor.predict(words)
    for other in (as_json, as_words):
        assert (other.probabilities == as_arrays.probabilities).all()
        assert (other.prediction == as_arrays.prediction).all()


def test_what_may_be_missing_may_be_left_out(packed):
    folder, _ = packed("two_classes")
    predictor = Predictor(folder)
    whole = predictor.predict(
        {"age": [40], "pay": [None], "town": [None], "sex": [None]}
    )
    assert predictor.predict({"age": [40]}).prediction == whole.prediction
    with pytest.raises(InputError, match="lack columns") as error:
        predictor.predict({"pay": [1.0]})
    assert error.value.expected == "age"


def test_odd_cells_never_break_it(packed):
    folder, _ = packed("many_classes")
    odd = ["", "?", None, "nine", float("nan"), 1e300, -1e300, True, "  7 ", 10**30]
    said = Predictor(folder).predict({"age": odd, "town": odd, "pay": odd, "sex": odd})
    assert np.isfinite(said.probabilities).all()
    assert np.allclose(said.probabilities.sum(axis=1), 1, atol=1e-5)


def test_a_folder_that_is_no_package_is_told(tmp_path):
    with pytest.raises(InputError, match="no package"):
        Predictor(tmp_path)
    (tmp_path / "schema.json").write_text("{")
    with pytest.raises(InputError, match="no package"):
        Predictor(tmp_path)
