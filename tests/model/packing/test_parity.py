from __future__ import annotations

import subprocess
import sys

import pytest

from mlkit.model.families import family
from mlkit.model.fitted import fit
from mlkit.model.packing.parity import agree
from mlkit.model.problem import Problem
from mlkit.model.tuning.budget import OutOfTime

FIRST = """
import sys

import numpy as np
import pandas as pd

from mlkit.core.schema import Column, Schema
from mlkit.model.problem import Problem
from mlkit.model.tuning.folded import Folded
from mlkit.model.tuning.timed import Timed, search

def pilot(self, name):
    print(name, {"onnx", "onnxruntime"} <= set(sys.modules))
    return plain(self, name)

plain, Folded.pilot = Folded.pilot, pilot
x = np.arange(60.0)
table = pd.DataFrame({"x": x, "y": x % 7})
table = Schema((Column("x"), Column("y", "number", ("target",)))).attach(table)
search(table, Problem.of(table), Timed(20.0, names=["tree", "linear"], draws=False))
"""


@pytest.mark.parametrize("cause", [None, OutOfTime()])
def test_what_the_alarm_caused_is_no_fault_of_a_model(make, monkeypatch, cause):
    def broken(estimator, kind):
        raise ImportError("initialization failed") from cause

    table = make("two_classes", 60)
    model = fit("linear", {}, table, Problem.of(table))
    monkeypatch.setattr(family("linear"), "form", broken)
    if cause is None:
        assert "initialization failed" in agree(model, table).reason
    else:
        with pytest.raises(OutOfTime):
            agree(model, table)


@pytest.mark.slow
def test_the_first_family_is_not_timed_with_what_packaging_imports():
    asked = [sys.executable, "-c", FIRST]
    told = subprocess.run(asked, capture_output=True, text=True, check=True)
    assert told.stdout.splitlines()[0] in ("linear True", "tree True")
