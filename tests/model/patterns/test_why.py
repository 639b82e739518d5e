"""A cell is called usual where rows like it are, not where it is merely between."""

import numpy as np
import pandas as pd
import pytest

from mlkit.model.patterns.fitting import fit
from mlkit.model.patterns.why import reasons, told
from mlkit.model.problem import Problem


def why(cells, value, shares=(0.6, 0.4)):
    """Return what is said of a row whose one cell is moved to a value."""
    rng = np.random.default_rng(0)
    rows = pd.DataFrame({"x": cells, "y": rng.normal(size=len(cells))})
    model = fit("nearest", {}, rows, Problem.untold(rows, "anomaly"))
    row = rows.head(1).assign(x=value, y=0.0)
    return told(model, row.iloc[0], np.array(shares), rows)


LUMPS = np.random.default_rng(1).normal(size=300) + np.repeat([0.0, 20.0], 150)


@pytest.mark.parametrize(
    ("cells", "value"),
    [
        (LUMPS, 10.0),
        (np.r_[LUMPS, 10.0, 10.1], 10.0),
        (np.arange(300) % 5 * 1.0, 2.5),
        (np.r_[np.zeros(90), np.ones(90)], 0.5),
        (np.arange(300.0), 400.0),
    ],
)
def test_a_value_that_no_other_is_near_to_is_not_called_usual(cells, value):
    assert why(cells, value).startswith(f"x = {value:g} (mostly ")


@pytest.mark.parametrize(
    ("cells", "value"),
    [
        (LUMPS, 0.5),
        (LUMPS, 20.0),
        (np.arange(300) % 5 * 1.0, 3.0),
        (np.arange(60.0), 30.5),
        (np.ones(60), 1.0),
        (np.exp(LUMPS[:150]), 2.0),
    ],
)
def test_a_value_among_many_is_usual_by_itself(cells, value):
    assert why(cells, value).startswith(f"x = {value:g} (usual by itself, ")


def test_a_cell_that_alone_makes_a_row_odd_is_not_called_usual():
    assert why(LUMPS, 0.5, (0.95, 0.05)).startswith("x = 0.5 (mostly ")


def test_cells_that_do_not_go_together_are_each_usual_by_themselves(spotted):
    rows = spotted(told_rows=False)
    model = fit("ellipse", {}, rows, Problem.untold(rows, "anomaly"))
    row = rows.head(1).assign(a=1.0, b=-1.0, c=50.0)
    said = told(model, row.iloc[0], reasons(model, row, rows)[0], rows)
    assert said.count("usual by itself") == 2
