"""Ensembles kept in arrays say what scikit-learn's own say, to the last bit."""

import pickle

import numpy as np
import pytest
from sklearn import ensemble

from mlkit.model.packed import PackedBooster, PackedForest

RNG = np.random.default_rng(3)
CELLS = RNG.normal(size=(300, 5)).astype(np.float32)
VALUES = CELLS[:, 0] * CELLS[:, 1] + RNG.normal(size=300)
CLASSES = np.digitize(VALUES, [-1.0, 0.2])
ASKED = RNG.normal(size=(70, 5)).astype(np.float32)


@pytest.mark.parametrize(
    ("pack", "name"),
    [
        (PackedForest, "RandomForest"),
        (PackedForest, "ExtraTrees"),
        (PackedBooster, "HistGradientBoosting"),
    ],
)
def test_what_is_packed_says_the_same(pack, name):
    number = getattr(ensemble, f"{name}Regressor")(random_state=0).fit(CELLS, VALUES)
    chances = getattr(ensemble, f"{name}Classifier")(random_state=0).fit(CELLS, CLASSES)
    kept = pickle.loads(pickle.dumps((pack(number), pack(chances))))
    np.testing.assert_array_equal(kept[0].predict(ASKED), number.predict(ASKED))
    said = kept[1].predict_proba(ASKED)
    np.testing.assert_array_equal(said, chances.predict_proba(ASKED))


def test_a_forest_needs_few_files_and_no_order_of_cells():
    made = ensemble.RandomForestClassifier(20, random_state=0).fit(CELLS, CLASSES)
    kept = PackedForest(made)
    assert len(vars(kept)) < 10
    said = kept.predict_proba(np.asfortranarray(ASKED, np.float64))
    np.testing.assert_array_equal(said, made.predict_proba(ASKED))
    assert kept.predict_proba(ASKED[:0]).shape == (0, 3)
