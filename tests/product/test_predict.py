from __future__ import annotations

import csv
import json
from importlib.resources import files
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from mlkit.core.errors import InputError, UsageError
from mlkit.core.schema import Schema
from mlkit.data.clean import clean
from mlkit.data.collect import collect
from mlkit.data.contract import infer
from mlkit.data.split import split
from mlkit.model.accept import accept
from mlkit.model.evaluate import evaluate
from mlkit.model.fitted import fit
from mlkit.model.package import package
from mlkit.model.problem import Problem
from mlkit.model.review import Review
from mlkit.model.runtime import cut
from mlkit.product.predict import predict_file

PENGUINS = str(files("palmerpenguins") / "data" / "penguins.csv")
HERE = Path(__file__).resolve().parents[2]
REAL = HERE.parent / "shared" / "data" / "tables"


def packed(source, target, name="boosting", **how):
    raw = collect(source, target=target, **how).table
    cleaned = clean(raw)
    parts = split(cleaned.table, raw)
    model = fit(name, {}, parts.train, Problem.of(parts.train))
    evaluation = evaluate(model, parts.valid)
    nothing = Review(model.problem, 1, 0.0, 0.0, ())
    accepted = accept(model, cleaned.cleaning, evaluation, nothing, parts.test)
    hidden = Schema.of(parts.test).without(target)
    blind = hidden.attach(parts.test.drop(columns=target))
    given = (model, accepted, cleaned.cleaning, infer(raw), parts.valid, blind)
    made = package(*given)
    assert made.verdict.state == "passed", str(made.verdict)
    said = model.predict(cleaned.cleaning.apply(raw), cut(accepted.threshold))
    return made.folder, raw, pd.Series(said, index=raw.index), model


@pytest.fixture(scope="module")
def penguins():
    return packed(PENGUINS, "species")


def read(path):
    return pd.read_csv(path, dtype={"id": str}).set_index("id")


def test_it_gives_the_models_labels_and_collects_ids(penguins, tmp_path):
    folder, raw, said, _ = penguins
    assert predict_file(folder, PENGUINS, tmp_path / "out.csv") == len(raw)
    found = read(tmp_path / "out.csv")
    classes = ["Adelie", "Chinstrap", "Gentoo"]
    assert found.columns.tolist() == [
        "prediction",
        *(f"probability_{c}" for c in classes),
        "set",
    ]
    assert set(found.index) == set(raw.index)
    assert (found.loc[said.index, "prediction"] == said).all()


def test_a_set_of_classes_holds_the_truth_as_often_as_promised(penguins, tmp_path):
    folder, raw, _, _ = penguins
    predict_file(folder, PENGUINS, tmp_path / "out.csv")
    found = read(tmp_path / "out.csv").loc[raw.index]
    sets = found["set"].map(json.loads)
    held = [truth in one for truth, one in zip(raw["species"], sets, strict=True)]
    assert np.mean(held) >= 0.9
    likeliest = (
        found.filter(like="probability_").idxmax(axis=1).str[len("probability_") :]
    )
    assert all(name in one for name, one in zip(likeliest, sets, strict=True))


def test_an_interval_lies_around_a_number(tmp_path):
    folder, raw, *_ = packed(PENGUINS, "body_mass_g", "linear")
    predict_file(folder, PENGUINS, tmp_path / "out.csv")
    found = read(tmp_path / "out.csv").loc[raw.index]
    assert found.columns.tolist() == ["prediction", "lower", "upper"]
    assert (found["lower"] <= found["prediction"]).all()
    assert (found["prediction"] <= found["upper"]).all()
    truth = pd.to_numeric(raw["body_mass_g"], errors="coerce")
    held = (found["lower"] <= truth) & (truth <= found["upper"])
    assert held[truth.notna()].mean() >= 0.85


@pytest.mark.parametrize(("repeats", "kept"), [(False, True), (True, False)])
def test_ids_that_the_file_brings_are_kept(penguins, tmp_path, repeats, kept):
    folder, raw, *_ = penguins
    rows = pd.read_csv(PENGUINS, dtype=str, keep_default_na=False)
    own = [f"p{k % (9 if repeats else len(rows))}" for k in range(len(rows))]
    rows.assign(id=own).to_csv(tmp_path / "in.csv", index=False)
    predict_file(folder, tmp_path / "in.csv", tmp_path / "out.csv")
    found = read(tmp_path / "out.csv").index.tolist()
    assert found == (own if kept else raw.index.tolist())


def test_rows_may_come_alone_shuffled_and_without_the_target(penguins, tmp_path):
    folder, _, said, _ = penguins
    rows = pd.read_csv(PENGUINS, dtype=str, keep_default_na=False)
    some = rows.drop(columns="species").iloc[[200, 3]][
        rows.columns[::-1].drop("species")
    ]
    some.to_csv(tmp_path / "in.csv", index=False)
    assert predict_file(folder, tmp_path / "in.csv", tmp_path / "out.csv") == 2
    found = read(tmp_path / "out.csv")
    assert found["prediction"].tolist() == [said.iloc[200], said.iloc[3]]
    assert found.index.tolist() == [said.index[200], said.index[3]]


def test_parquet_is_read_too(penguins, tmp_path):
    folder, raw, said, _ = penguins
    plain = raw.copy()
    plain.attrs = {}
    plain.to_parquet(tmp_path / "in.parquet", index=False)
    predict_file(folder, tmp_path / "in.parquet", tmp_path / "out.csv")
    assert (read(tmp_path / "out.csv")["prediction"].to_numpy() == said).all()


def test_ids_of_typed_cells_are_those_of_collect(tmp_path):
    rng = np.random.default_rng(0)
    frame = pd.DataFrame({"x": rng.normal(size=120), "old": rng.random(120) < 0.5})
    frame["day"] = pd.date_range("2020-01-01", periods=120, tz="Europe/Berlin")
    frame["kind"] = pd.Categorical(rng.choice(["a", "", "c"], 120))
    frame["t"] = frame["x"] > 0
    frame.to_parquet(tmp_path / "in.parquet")
    folder, raw, said, _ = packed(str(tmp_path / "in.parquet"), "t")
    predict_file(folder, tmp_path / "in.parquet", tmp_path / "out.csv")
    found = read(tmp_path / "out.csv")["prediction"].astype(str)
    assert found.index.tolist() == raw.index.tolist()
    assert (found == said).all()


def test_words_that_collect_took_as_missing_are_missing(tmp_path):
    rng = np.random.default_rng(0)
    x = rng.normal(size=300).round(3)
    kind = rng.choice(["up", "NA", "down"], 300)
    gone = rng.random(300) < 0.3
    t = np.where(x + (kind == "NA") + gone > 0.5, "yes", "no")
    frame = pd.DataFrame({"x": np.where(gone, "-999", x.astype(str)), "kind": kind})
    frame.assign(t=t).to_csv(tmp_path / "in.csv", index=False)
    told = {"missing": ["", "NA", "-999"]}
    folder, raw, said, _ = packed(str(tmp_path / "in.csv"), "t", **told)
    assert raw["x"].isna().sum() == gone.sum()
    assert raw["kind"].isna().sum() == (kind == "NA").sum()
    predict_file(folder, tmp_path / "in.csv", tmp_path / "out.csv")
    found = read(tmp_path / "out.csv")
    assert found.index.tolist() == raw.index.tolist()
    assert (found["prediction"] == said).all()


@pytest.mark.parametrize(("mark", "decimal"), [(",", "."), (";", ",")])
@pytest.mark.parametrize("word", ["n/a", "abc", "€ 4000"])
def test_a_word_among_numbers_is_told_and_changes_no_other_row(
    penguins, tmp_path, mark, decimal, word
):
    folder, *_ = penguins
    cells = pd.read_csv(PENGUINS, dtype=str).dropna()
    heavy = "body_mass_g"
    odd = cells.assign(**{heavy: [word, *cells[heavy].iloc[1:]]})
    for name in ("bill_length_mm", "bill_depth_mm"):
        odd[name] = odd[name].str.replace(".", decimal)
    cells.to_csv(tmp_path / "plain.csv", index=False)
    odd.to_csv(tmp_path / "odd.csv", index=False, sep=mark)
    told = []
    predict_file(folder, tmp_path / "plain.csv", tmp_path / "a.csv", told.append)
    assert not told
    predict_file(folder, tmp_path / "odd.csv", tmp_path / "b.csv", told.append)
    why = f"1 cell cannot be read as a number, such as {word!r}: taken as missing"
    assert told == [f"{heavy}: {why}"]
    plain, found = (
        pd.read_csv(tmp_path / name).iloc[:, 1:] for name in ("a.csv", "b.csv")
    )
    pd.testing.assert_frame_equal(found.iloc[1:], plain.iloc[1:])


def test_what_is_read_is_never_written_over(penguins, tmp_path):
    folder, *_ = penguins
    rows = tmp_path / "rows.csv"
    rows.write_bytes(Path(PENGUINS).read_bytes())
    (tmp_path / "other").symlink_to(rows)
    for source, out in ((rows, rows), (rows, tmp_path / "other"), (tmp_path, rows)):
        with pytest.raises(UsageError, match="written over"):
            predict_file(folder, source, out)
    assert rows.read_bytes() == Path(PENGUINS).read_bytes()


def test_a_file_that_cannot_be_scored_is_told_and_leaves_the_old_one(
    penguins, tmp_path
):
    folder, *_ = penguins
    out = tmp_path / "out.csv"
    out.write_text("kept")
    with pytest.raises(InputError, match="no such file"):
        predict_file(folder, tmp_path / "none.csv", out)
    (tmp_path / "in.csv").write_text("a,b\n1,2\n3,4\n")
    with pytest.raises(InputError, match="lacks columns") as failed:
        predict_file(folder, tmp_path / "in.csv", out)
    assert f"{tmp_path / 'in.csv'}" in str(failed.value)
    assert out.read_text() == "kept"


@pytest.mark.parametrize(
    ("name", "told"),
    [("iland", "did you mean 'iland'?"), ("x", "add what is absent")],
)
def test_a_column_that_is_there_already_is_not_taken_for_an_absent_one(
    penguins, tmp_path, name, told
):
    folder, *_ = penguins
    cells = pd.read_csv(PENGUINS)
    cells.rename(columns={"island": name}).to_csv(tmp_path / "in.csv", index=False)
    with pytest.raises(InputError) as failed:
        predict_file(folder, tmp_path / "in.csv", tmp_path / "out.csv")
    assert told in str(failed.value)


def bare(tmp_path, name="in.csv", count=120, cells=None):
    """Write a file without a header; its middle column is the target."""
    rng = np.random.default_rng(0)
    x, z = rng.normal(size=count).round(3), rng.integers(0, 5, count)
    y = (x * 2 + z + rng.normal(0, 0.2, count)).round(2)
    lines = [[a, b, c] for a, b, c in zip(x, y, z, strict=True)]
    path = tmp_path / name
    with path.open("w", newline="") as file:
        csv.writer(file).writerows(
            [[row[k] for k in cells or (0, 1, 2)] for row in lines]
        )
    return str(path)


def test_a_file_without_a_header_is_named_by_position(tmp_path):
    folder, raw, said, model = packed(bare(tmp_path), "c2", "linear")
    out = tmp_path / "out.csv"
    predict_file(folder, bare(tmp_path), out)
    whole = read(out)
    assert whole.index.tolist() == raw.index.tolist()
    assert np.allclose(whole["prediction"], said, atol=1e-5 * model.spread)
    predict_file(folder, bare(tmp_path, "blind.csv", cells=(0, 2)), out)
    assert read(out).equals(whole)
    named = tmp_path / "named.csv"
    pd.read_csv(bare(tmp_path), header=None, names=["c1", "c2", "c3"]).to_csv(
        named, index=False
    )
    predict_file(folder, named, out)
    assert read(out).equals(whole)
    with pytest.raises(InputError, match="another number of columns"):
        predict_file(folder, bare(tmp_path, "one.csv", cells=(0,)), out)


@pytest.mark.slow
@pytest.mark.parametrize(
    ("name", "target"),
    [
        ("telco_churn", "Churn"),
        ("titanic", "Survived"),
        ("winequality-white", "c12"),
        ("auto_imports", "c26"),
        ("ionosphere", "c35"),
        ("horse-colic", "c23"),
        ("daily-min-temperatures", "Temp"),
    ],
)
@pytest.mark.parametrize("family", ["forest", "boosting", "linear"])
def test_real_tables_get_the_models_labels(name, target, family, tmp_path):
    source = REAL / f"{name}.csv"
    if not source.exists():
        pytest.skip(f"{source.name} does not lie beside the project")
    folder, raw, said, model = packed(str(source), target, family)
    predict_file(folder, source, tmp_path / "out.csv")
    found = pd.read_csv(tmp_path / "out.csv", dtype={"id": str, "prediction": str})
    found = found.set_index("id").loc[raw.index]
    if model.classes:
        assert (found["prediction"].to_numpy() == said.to_numpy()).all()
    else:
        apart = found["prediction"].astype(float) - said
        assert apart.abs().max() <= 1e-5 * model.spread


def test_only_what_the_model_looks_at_is_asked_for(tmp_path):
    rng = np.random.default_rng(0)
    frame = pd.DataFrame({"sex": ["f"] * 150, "sex_code": rng.normal(size=150)})
    days = pd.date_range("2020-01-01", periods=150)
    frame["born"] = days.strftime("%d/%m/%Y")
    frame["big"] = rng.choice([1e300, -1e300, 1.0], 150)
    frame["t"] = np.where(frame["sex_code"] > 0, "yes", "no")
    frame.to_csv(tmp_path / "in.csv", index=False)
    folder, _, said, _ = packed(str(tmp_path / "in.csv"), "t")
    schema = json.loads((folder / "schema.json").read_text())
    used = {column["name"]: column["used"] for column in schema["input"]}
    assert used == {"sex": False, "sex_code": True, "born": True, "big": True}
    frame.drop(columns="sex").to_csv(tmp_path / "less.csv", index=False)
    predict_file(folder, tmp_path / "less.csv", tmp_path / "out.csv")
    found = read(tmp_path / "out.csv")
    assert (found["prediction"].to_numpy() == said.to_numpy()).all()
