from __future__ import annotations

import json
import subprocess
import sys
from importlib.resources import files
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from sklearn.ensemble import RandomForestClassifier
from sklearn.metrics import accuracy_score
from sklearn.model_selection import StratifiedKFold

from mlkit.core.errors import InputError
from mlkit.core.identity import table_identity
from mlkit.core.schema import Column, Schema
from mlkit.core.store import Store
from mlkit.data.clean import clean
from mlkit.data.collect import collect
from mlkit.data.measures.quick import quick_features
from mlkit.data.reading.identify import row_keys
from mlkit.data.synthesis.fidelity import fidelity
from mlkit.data.synthesis.generate import generate
from mlkit.data.synthesize import synthesize

TEMPLATES = Path(__file__).resolve().parents[2] / "templates" / "data"


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


@pytest.mark.slow
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
    assert penguins["body_mass_g"].dropna().mod(25).eq(0).all()
    assert table["body_mass_g"].dropna().mod(25).eq(0).all()
    shares = [
        rows["species"].value_counts(normalize=True) for rows in (penguins, table)
    ]
    assert (shares[0] - shares[1]).abs().max() < 0.01


@pytest.mark.slow
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


@pytest.mark.slow
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


@pytest.mark.slow
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
        (pd.DataFrame({"x": [1.0, 2.0]}), {"rows": -1}, "1 to"),
        (pd.DataFrame({"x": [1.0, 2.0]}), {"text": "word"}, "did you mean 'words'"),
        (pd.DataFrame({"x": [[1], [2]]}), {}, "column 'x'"),
        (pd.DataFrame({"x": [1j, 2j]}), {}, "column 'x'"),
    ],
)
def test_what_cannot_be_learnt_from_is_one_clear_error(table, how, told):
    with pytest.raises(InputError) as caught:
        synthesize(table, **how)
    assert told in str(caught.value)


RUNNER = """
import sys
for step in sys.argv[1:]:
    exec(compile(open(step).read(), step, "exec"), {})
"""


@pytest.mark.slow
def test_the_template_saves_rows_and_what_was_found_of_them(tmp_path, penguins):
    (tmp_path / "mlkit.toml").write_text("format = 1\n")
    (tmp_path / "steps").mkdir()
    template = TEMPLATES / "synthesize.ipynb"
    cells = json.loads(template.read_text(encoding="utf-8"))["cells"]
    code = ["".join(c["source"]) for c in cells if c["cell_type"] == "code"]
    given = "import pandas as pd, mlkit as mk\nmk.save(train=pd.read_pickle('t.pkl'))"
    penguins.to_pickle(tmp_path / "steps" / "t.pkl")
    (tmp_path / "steps" / "split.py").write_text(given)
    (tmp_path / "steps" / "synthesize.py").write_text("\n".join(code))
    subprocess.run(
        [sys.executable, "-c", RUNNER, "split.py", "synthesize.py"],
        cwd=tmp_path / "steps",
        check=True,
        capture_output=True,
    )
    store = Store(tmp_path / ".mlkit")
    drafts = store.drafts()
    table, found = (store.get(drafts[name]) for name in ("synthetic", "fidelity"))
    assert len(table) == len(penguins)
    assert Schema.of(table) == Schema.of(penguins)
    assert (
        found.plot()._repr_png_()
        == found.from_dict(found.to_dict()).plot()._repr_png_()
    )
    assert found.real == found.made == len(penguins)


def test_pictures_of_little_or_nothing_are_still_pictures():
    small = pd.DataFrame({"x": [1.0, 2.0], "y": pd.array(["<b>", "$a$"], dtype="str")})
    for table in (small, small[["y"]], pd.DataFrame({"x": [np.nan, np.nan]})):
        found = synthesize(table, 3).fidelity
        for picture in (found.plot(), found.plot_ties(), found.plot_nearest()):
            assert picture._repr_png_()[0].startswith(b"\x89PNG")


def test_a_copy_is_told_from_new_rows(penguins):
    copy = penguins.sample(200, random_state=1)
    states = {f.bar: f.state for f in fidelity(penguins, copy).findings}
    assert states["new rows equal a real one no more than chance has it"] == "missed"
    bar = "new rows lie no nearer to real ones than real ones to each other"
    assert states[bar] == "missed"
    made = synthesize(penguins, seed=2).fidelity
    assert {f.bar: f.state for f in made.findings}[bar] == "passed"


def test_what_falls_otherwise_is_told(penguins):
    moved = penguins.copy()
    moved["bill_depth_mm"] += 3
    moved["sex"] = moved["sex"].sample(frac=1, random_state=0).to_numpy()
    found = fidelity(penguins, Schema.of(penguins).attach(moved))
    by_name = {column["name"]: column for column in found.columns}
    assert by_name["bill_depth_mm"]["far"] > 0.3
    assert by_name["bill_depth_mm"]["moved"] == pytest.approx(1.52, abs=0.05)
    assert by_name["sex"]["far"] == 0
    states = {f.bar: (f.state, f.got) for f in found.findings}
    assert states["each column falls as the real one does"][0] == "missed"
    assert "'sex'" in states["columns go together as the real ones do"][1]
    told = states["a model that tries to can hardly tell them apart"]
    assert told[0] == "missed"


def test_a_word_of_one_row_is_told():
    table = generate("people", 200)
    table.loc[table.index[3], "work"] = "astronaut"
    found = synthesize(table, 2000, seed=1)
    assert (found.table["work"] == "astronaut").any()
    bar = "no word comes through that a single real row has"
    assert {f.bar: f.state for f in found.fidelity.findings}[bar] == "missed"


@pytest.mark.slow
def test_many_columns_and_many_words():
    rng = np.random.default_rng(0)
    base = rng.normal(size=(80, 3))
    wide = pd.DataFrame(base @ rng.normal(size=(3, 400)) + rng.normal(size=(80, 400)))
    wide.columns = [f"c{place}" for place in range(400)]
    made = synthesize(wide, 500, seed=1).table
    real, new = (
        t.corr("spearman").to_numpy()[np.triu_indices(400, 1)] for t in (wide, made)
    )
    assert np.corrcoef(real, new)[0, 1] > 0.85
    words = pd.array([f"w{n}" for n in rng.integers(0, 300, 600)], dtype="str")
    many = pd.DataFrame({"word": words, "x": rng.normal(size=600)})
    assert set(synthesize(many, 900, seed=1).table["word"]) <= set(words)
