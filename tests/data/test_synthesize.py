from __future__ import annotations

import sys
from importlib.resources import files

import numpy as np
import pandas as pd
import pytest
from sklearn.ensemble import RandomForestClassifier
from sklearn.metrics import accuracy_score
from sklearn.model_selection import StratifiedKFold

from mlkit.core.errors import InputError
from mlkit.core.identity import table_identity
from mlkit.core.schema import Column, Schema
from mlkit.data.clean import clean
from mlkit.data.collect import collect
from mlkit.data.measures.quick import quick_features
from mlkit.data.reading.identify import row_keys
from mlkit.data.synthesis.generate import generate
from mlkit.data.synthesize import synthesize


@pytest.fixture(scope="module")
def penguins():
    source = files("palmerpenguins") / "data" / "penguins.csv"
    raw = collect(str(source), target="species", missing=["", "NA"]).table
    cleaned = clean(raw).table
    schema = Schema.of(cleaned)
    flag = schema.with_role("flag")
    return schema.without(*flag).attach(cleaned.drop(columns=flag))


def learnt(rows, judged, seed):
    schema = Schema.of(rows)
    both = schema.attach(pd.concat([rows, judged]))
    matrix = np.nan_to_num(quick_features(both).astype(float), nan=-1)
    model = RandomForestClassifier(200, min_samples_leaf=2, random_state=seed)
    model.fit(matrix[: len(rows)], rows["species"])
    return accuracy_score(judged["species"], model.predict(matrix[len(rows) :]))


def test_a_model_learns_as_well_from_synthetic_rows(penguins, record_property):
    schema = Schema.of(penguins)
    scores = []
    folds = StratifiedKFold(5, shuffle=True, random_state=0)
    for seed, (known, unseen) in enumerate(folds.split(penguins, penguins["species"])):
        real = schema.attach(penguins.iloc[known].copy())
        made = synthesize(real, seed=seed).table
        pair = [learnt(rows, penguins.iloc[unseen], seed) for rows in (real, made)]
        scores.append(pair)
    real, made = np.mean(scores, axis=0)
    told = " ".join(f"{one:.3f}/{other:.3f}" for one, other in scores)
    record_property("real/synthetic by split", told)
    sys.stdout.write(f"real/synthetic by split: {told}; mean {real:.3f}/{made:.3f}")
    assert made >= real - 0.03, told
    assert real > 0.95


def test_one_model_for_all_classes_loses_what_tells_them_apart():
    rng = np.random.default_rng(0)
    kind = np.repeat(["up", "down"], 300)
    x = rng.normal(size=600)
    y = np.where(kind == "up", x, -x) + 0.3 * rng.normal(size=600)
    cells = {"x": x, "y": y, "kind": pd.array(kind, dtype="str")}
    columns = (Column("x"), Column("y"), Column("kind", "category", ("target",)))
    real = Schema(columns).attach(pd.DataFrame(cells))
    slopes = [
        made.table.groupby("kind")[["x", "y"]].corr().loc[("up", "x"), "y"]
        for made in (synthesize(real, per_class=each) for each in (True, False))
    ]
    assert slopes[0] > 0.9
    assert abs(slopes[1]) < 0.4


def test_rows_are_new_and_like_the_real_ones(penguins):
    made = synthesize(penguins, 600, seed=3)
    table, schema = made.table, Schema.of(penguins)
    assert Schema.of(table) == schema
    assert table.dtypes.equals(penguins.dtypes)
    assert len(table) == 600
    assert table.index.is_unique
    assert not set(table.index) & set(penguins.index)
    whole = penguins.dropna()
    keys = [
        set(row_keys({n: rows[n] for n in schema.features}, len(rows)))
        for rows in (whole, table.dropna())
    ]
    assert not keys[0] & keys[1]
    for name in schema.with_type("number"):
        assert table[name].min() >= penguins[name].min()
        assert table[name].max() <= penguins[name].max()
    assert table["flipper_length_mm"].dropna().mod(1).eq(0).all()
    shares = [
        rows["species"].value_counts(normalize=True) for rows in (penguins, table)
    ]
    assert (shares[0] - shares[1]).abs().max() < 0.01


def test_gaps_fall_in_the_rows_where_they_would(penguins):
    sizes = ["bill_length_mm", "bill_depth_mm", "flipper_length_mm", "body_mass_g"]
    spoiled = penguins.copy()
    rng = np.random.default_rng(0)
    heavy = spoiled["body_mass_g"] > 4500
    gone = (heavy & (rng.random(len(spoiled)) < 0.6)).to_numpy()
    spoiled.loc[gone, "bill_length_mm"] = np.nan
    made = synthesize(Schema.of(penguins).attach(spoiled), 4000, seed=1).table
    rates = [
        rows["bill_length_mm"].isna().groupby(rows["body_mass_g"] > 4500).mean()
        for rows in (spoiled, made)
    ]
    assert (rates[0] - rates[1]).abs().max() < 0.08
    together = made[sizes[1:]].isna()
    assert together.all(axis=1).equals(together.any(axis=1))


def test_the_same_seed_gives_the_same_rows(penguins):
    one, again, other = (synthesize(penguins, 50, seed=s).table for s in (1, 1, 2))
    assert table_identity(one) == table_identity(again) != table_identity(other)


def test_nothing_private_comes_through():
    real = generate("people", 400, seed=5)
    real["account"] = np.random.default_rng(1).integers(10**9, 10**10, 400)
    real["born"] = real["joined"] - pd.to_timedelta(real["age"] * 365 + 7, unit="D")
    real["branch"] = real["region"] + " branch"
    private = [
        Column(n, t, ("private",))
        for n, t in (("account", "number"), ("born", "date"), ("branch", "category"))
    ]
    Schema.of(real).put(*private).attach(real)
    made = synthesize(real, 400, seed=2).table
    for name in ("loan", "name", "account", "branch"):
        assert not set(made[name].astype(str)) & set(real[name].astype(str)), name
    assert made["loan"].is_unique
    assert (made["born"] == real["born"].to_numpy()).mean() < 0.05
    assert made["branch"].nunique() == 4
    assert set(made["sex"]) == {"female", "male"}


def test_zeros_whole_numbers_and_relations_stay():
    real = generate("people", 3000, seed=5)
    made = synthesize(real, 3000, seed=2).table
    zero = [float((rows["income"] == 0).mean()) for rows in (real, made)]
    assert zero[0] == pytest.approx(zero[1], abs=0.015)
    lowest = real["income"][real["income"] > 0].min()
    assert not made["income"].between(0, lowest, inclusive="neither").any()
    gone = [r["income"].isna().groupby(r["work"]).mean() for r in (real, made)]
    assert gone[1]["self-employed"] > 1.6 * gone[1]["employed"]
    assert made["age"].dtype == np.int64
    ages = [r["age"].groupby(r["work"]).mean() for r in (real, made)]
    assert (ages[0] - ages[1]).abs().max() < 6


def test_a_number_to_predict():
    real, unseen = generate("regression", 1500), generate("regression", 500, seed=9)
    made = synthesize(real, seed=4).table
    points = np.column_stack([np.ones(len(made)), made.drop(columns="y")])
    found, *_ = np.linalg.lstsq(points, made["y"], rcond=None)
    assert np.abs(found - [10, 3, -2, 0.5, 0]).max() < 0.35
    said = np.column_stack([np.ones(500), unseen.drop(columns="y")]) @ found
    assert np.corrcoef(said, unseen["y"])[0, 1] > 0.95


def test_parts_of_a_date_go_with_the_new_date():
    real = clean(generate("timed", 300)).table
    schema = Schema.of(real)
    made = synthesize(schema.without("dropped").attach(real.drop(columns="dropped")))
    table = made.table
    assert (table["day_month"] == table["day"].dt.month).all()
    assert dict(made.made)["day_month"] == "the month of 'day'"
    assert (table["day"] == table["day"].dt.normalize()).all()


@pytest.mark.parametrize(
    ("text", "copied"), [("words", 0), ("resample", 60), ("empty", 0)]
)
def test_texts_are_written_shared_out_or_left_out(text, copied):
    notes = [f"patient {i} has a mild cough and a sore throat today" for i in range(60)]
    table = pd.DataFrame({"note": pd.array(notes, dtype="str"), "x": range(60)})
    made = synthesize(table, 60, seed=1, text=text)
    cells = set(made.table["note"])
    assert made.table["note"].isin(notes).sum() == copied
    if text == "words":
        words = set(" ".join(cells).split())
        assert words <= set(notes[0].split()) - {"0"}
    if text == "empty":
        assert cells == {""}
    said = {f.bar: f.state for f in made.fidelity.findings}
    assert said["no text is a real one, word for word"] == (
        "missed" if copied else "passed"
    )


@pytest.mark.parametrize(
    ("table", "how", "told"),
    [
        (pd.DataFrame({"x": [1.0]}), {}, "two rows"),
        (pd.DataFrame(index=range(5)), {}, "one column"),
        (pd.DataFrame({"x": [1.0, 2.0]}), {"rows": 0}, "1 to"),
        (pd.DataFrame({"x": [1.0, 2.0]}), {"text": "word"}, "did you mean 'words'"),
        (pd.DataFrame({"x": [[1], [2]]}), {}, "column 'x'"),
        (pd.DataFrame({"x": [1j, 2j]}), {}, "column 'x'"),
    ],
)
def test_what_cannot_be_learnt_from_is_one_clear_error(table, how, told):
    with pytest.raises(InputError) as caught:
        synthesize(table, **how)
    assert told in str(caught.value)
