from __future__ import annotations

from dataclasses import replace

import numpy as np
import pandas as pd

from mlkit.core.schema import Column, Schema
from mlkit.model.errors import Errors, errors
from mlkit.model.fitted import fit
from mlkit.model.problem import Problem
from tests.pictures import said


def halves(table):
    half = len(table) // 2
    problem = Problem.of(table)
    return fit("forest", {}, table.iloc[:half], problem), table.iloc[half:]


def test_mistakes_are_the_rows_whose_prediction_is_not_what_was_given(table):
    model, rest = halves(table)
    found = errors(model, rest, 0.5)
    assert found.rows == len(rest)
    assert (np.diff(found.table["surprise"]) <= 0).all()
    assert found.table.index.isin(rest.index).all()
    given = rest["answer"].loc[found.table.index]
    assert (found.table["given"] == given).all()
    said = pd.Series(model.predict(rest), rest.index).loc[found.table.index]
    assert (found.table["predicted"] == said).all()
    if model.classes:
        assert found.wrong == (model.predict(rest) != rest["answer"]).sum()
        assert len(found.table) == found.wrong == sum(found.pairs().values())
        assert all(given != said for given, said in found.pairs())
    else:
        assert 0 < found.wrong < len(rest) / 2
    assert repr(found.plot()).startswith("<Picture")


def test_the_threshold_counts(make):
    model, rest = halves(make("two_classes", 600))
    low, high = (errors(model, rest, at) for at in (0.01, 0.99))
    assert set(low.table["predicted"]) == {"yes"}
    assert set(high.table["predicted"]) == {"no"}


def test_labels_turned_around_are_the_first_that_are_listed(make):
    table = make("two_classes", 1000)
    half = len(table) // 2
    model = fit("forest", {}, table.iloc[:half], Problem.of(table))
    rest = table.iloc[half:].copy()
    chances = model.predict_proba(rest)[:, 1]
    clear = rest.index[(chances > 0.9) & (rest["answer"] == "yes")][:5]
    assert len(clear) == 5
    rest.loc[clear, "answer"] = "no"
    found = errors(model, Schema.of(table).attach(rest))
    assert set(clear) <= set(found.table.index[:15])
    assert found.sure >= 5


def test_mistakes_with_confidence_are_counted_before_the_list_is_cut(make):
    model, rest = halves(make("two_classes", 1200))
    rest = rest.copy()
    rest["answer"] = np.where(rest["answer"] == "yes", "no", "yes").astype(str)
    every, few = (errors(model, rest, most=most) for most in (1000, 5))
    assert len(few.table) == 5 < every.sure == few.sure
    assert few.statement == every.statement
    assert "drawn: the 5 most surprising" in said(few.plot())
    assert "drawn" not in said(every.plot())
    assert f"and {few.wrong - 5:,} rows more" in few._repr_html_()
    older = Errors(every.table, every.problem, every.rows, every.wrong)
    assert older.sure == every.sure


def test_mistakes_against_the_likelier_class_are_drawn_below_zero(make):
    model, rest = halves(make("two_classes", 1200))
    found = errors(model, rest, 0.05)
    below = found.table["surprise"] < 0
    assert below.any()
    axes = found.plot().axes[1]
    bars = [(bar.get_x(), bar.get_height()) for bar in axes.patches]
    assert sum(height for x, height in bars if x < 0) == below.sum()
    assert sum(height for _, height in bars) == found.wrong
    assert axes.get_xlim()[0] <= found.table["surprise"].min()


def test_an_amount_with_a_slipped_point_comes_first(make):
    table = make("number", 600)
    model, rest = halves(table)
    rest = rest.copy()
    rest.loc[rest.index[3], "answer"] *= 10
    found = errors(model, Schema.of(table).attach(rest))
    assert found.table.index[0] == rest.index[3]
    assert found.table["surprise"].iloc[0] > 10


def test_what_led_there_is_told():
    rng = np.random.default_rng(0)
    table = pd.DataFrame(
        {
            "works": rng.normal(size=800),
            "idle": rng.normal(size=800),
            "y": "no",
        }
    )
    table["y"] = np.where(table["works"] > 0, "yes", "no").astype(str)
    schema = Schema(
        (Column("works"), Column("idle"), Column("y", "category", ("target",)))
    )
    model, rest = halves(schema.attach(table))
    rest = rest.copy()
    odd = rest.index[rest["works"] > 1.5][:4]
    rest.loc[odd, "y"] = "no"
    found = errors(model, schema.attach(rest))
    why = found.table["why"].loc[[str(row) for row in odd]]
    assert why.str.startswith("works = ").all()


def test_what_led_there_is_written_without_a_comma():
    rng = np.random.default_rng(0)
    table = pd.DataFrame({"year": rng.integers(1900, 2000, 400) * 1.0})
    table["id"] = 5_000_000.0 + np.where(rng.random(400) < 0.5, 1, 400_000)
    both = (table["year"] > 1950) & (table["id"] > 5_200_000)
    table["y"] = np.where(both, "yes", "no").astype(str)
    columns = Column("year"), Column("id"), Column("y", "category", ("target",))
    schema = Schema(columns)
    model, rest = halves(schema.attach(table))
    wrong = rest.assign(y=np.where(rest["y"] == "yes", "no", "yes"))
    why = " ".join(errors(model, schema.attach(wrong)).table["why"])
    assert "year = 19" in why
    assert "id = 5000001" in why


def test_private_columns_and_the_target_are_not_shown(make):
    table = make("two_classes", 400)
    schema = Schema.of(table).put(Column("town", "category", ("private",)))
    model, rest = halves(schema.attach(table))
    found = errors(model, rest)
    assert "answer" not in found.cells
    assert "town" not in found.cells
    assert not found.table["why"].str.contains("town").any()


def test_hostile_cells_are_escaped(make):
    table = make("two_classes", 400)
    table["town"] = table["town"].replace("Ghent", "<script>x</script>").astype("str")
    model, rest = halves(table)
    page = errors(model, rest)._repr_html_()
    assert "<script>" not in page


def test_there_may_be_no_mistake(make):
    table = make("two_classes", 400)
    model = fit("forest", {}, table, Problem.of(table))
    right = model.predict(table) == table["answer"]
    found = errors(model, table[right].head(40))
    assert len(found.table) == found.wrong == 0
    assert "0 of 40 rows are wrong" in found.statement
    assert "1 of 40 rows is wrong" in replace(found, wrong=1).statement
    found.plot()
    assert "Mistakes" in found._repr_html_()


def test_a_constant_model_of_a_number_is_listed(make):
    model = fit("dummy", {}, make("number"), Problem.of(make("number")))
    found = errors(model, make("number"), most=3)
    assert len(found.table) == 3
    assert found.wrong >= 3
    assert (found.table["why"] == "").all()


def test_of_a_text_the_words_that_led_to_a_mistake_are_named():
    rng = np.random.default_rng(0)
    good = rng.random(300) < 0.5
    said = [
        " ".join([*rng.choice(["plot", "cast", "end", "long"], 12), w])
        for w in np.where(good, "great", "awful")
    ]
    table = pd.DataFrame({"said": pd.array(said, "str")})
    table["y"] = np.where(good, "yes", "no")
    task = Problem("two_classes", "y", "roc_auc", ("no", "yes"), texts=("said",))
    model = fit("linear", {}, table, task)
    wrong = table.head(40).assign(y=np.where(good[:40], "no", "yes"))
    found = errors(model, wrong)
    assert found.wrong == 40
    first = found.table.head(5)
    for row, why in zip(first.index, first["why"], strict=True):
        led = "great" if good[int(row)] else "awful"
        assert why.startswith(f"said with “{led}”")
    assert "said with “" in found._repr_html_()
