"""What the panel shows of an artifact, read without building it."""

import pandas as pd
import pytest

from mlkit.core.store import Store
from mlkit.lab.preview import preview


@pytest.fixture
def shown(tmp_path):
    """Keep a value and return what is shown of it."""
    store = Store(tmp_path)
    return lambda value: preview(store, store.put(value, "x"), 50)


@pytest.mark.parametrize(
    ("cell", "told"),
    [
        (1234567890.0, "1234567890"),
        (1234567891.0, "1234567891"),
        (12345.678, "12345.678"),
        (0.1234567890123, "0.123456789"),
        (-0.0, "0"),
        (-3.0, "-3"),
        (1e300, "1e+300"),
        (float("inf"), "inf"),
        (float("nan"), None),
    ],
)
def test_numbers_are_told_apart_and_whole_ones_are_whole(shown, cell, told):
    assert shown(pd.DataFrame({"id": [cell, 0.5]}))["body"][0] == [told]


def test_of_rows_without_columns_there_is_nothing_to_show(shown):
    assert shown(pd.DataFrame(index=range(3))) == {}
