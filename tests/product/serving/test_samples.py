"""What a form is filled in with."""

from __future__ import annotations

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from mlkit.model.packing.reference import numbers
from mlkit.product.serving.fields import fields_of
from mlkit.product.serving.samples import samples

COLUMN = {"name": "n", "type": "number", "required": True, "used": True}
FIELDS = fields_of({"input": [COLUMN]}, {"operations": []})


def typical(cells):
    seen = {"columns": {"n": numbers(np.array(cells, np.float64))}}
    (sample,) = samples(FIELDS, seen, {})
    return sample.typical


def test_the_typical_number_is_the_one_most_rows_have():
    assert typical([0] * 84 + [1] * 16) == 0
    assert typical([0] * 60 + [1] * 20 + [2] * 15 + [5] * 5) == 0
    assert typical([1, 2, 3]) == 2
    assert typical([np.nan]) is None


@given(st.lists(st.integers(-50, 50), min_size=1, max_size=60))
def test_half_of_the_rows_lie_on_either_side(cells):
    likely = typical(cells)
    assert sum(cell <= likely for cell in cells) * 2 >= len(cells)
    assert sum(cell >= likely for cell in cells) * 2 >= len(cells)
