"""Bars are known by name and are finite numbers, whatever is predicted."""

import pytest

from mlkit.core.bars import KNOWN, checked
from mlkit.core.errors import UsageError


@pytest.mark.parametrize(
    ("given", "words"),
    [
        ({"roc_acu": 0.8}, "unknown bar 'roc_acu'"),
        ({"roc_auc": 0.8, "ROC_AUC": 0.8}, "unknown bar 'ROC_AUC'"),
        ({"roc_auc": "0.8"}, "no number"),
        ({"roc_auc": True}, "no number"),
        ({"roc_auc": float("nan")}, "no finite number"),
        ({"rmse": float("-inf")}, "no finite number"),
        ({"rmse": 10**400}, "no finite number"),
        (0.8, "no table"),
    ],
)
def test_a_bar_that_makes_no_sense_is_refused(given, words):
    with pytest.raises(UsageError, match=words):
        checked(given)


def test_a_near_name_is_offered():
    with pytest.raises(UsageError) as caught:
        checked({"roc_acu": 0.8})
    assert "roc_auc" in caught.value.todo


def test_every_bar_there_is_is_taken():
    assert checked(dict.fromkeys(KNOWN, 1)) == dict.fromkeys(KNOWN, 1.0)
