"""What the model's pictures say, and that words do not lie on words."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pandas as pd
import pytest
from matplotlib.figure import Figure

from mlkit.core.schema import Schema
from mlkit.data.charts import style as plots
from mlkit.data.parts.enough import Enough
from mlkit.model.audit.explain import Importance
from mlkit.model.audit.local import Local, Part, local
from mlkit.model.audit.remarks import Remark
from mlkit.model.charts import package as packaged
from mlkit.model.charts.words import vocabulary
from mlkit.model.choose import choose
from mlkit.model.conformal import Conformal
from mlkit.model.evaluate import evaluate
from mlkit.model.fitted import Member, fit
from mlkit.model.groups.fairness import fairness
from mlkit.model.problem import Problem
from mlkit.model.review import Review
from mlkit.model.slicing.search import Weakest
from mlkit.model.tune import Settings
from mlkit.model.tuning.race import Attempt
from mlkit.model.wording.vocabulary import Vocabulary, Word
from mlkit.widgets import ThresholdPicker
from tests.pictures import crossing, said

NAMES = ("Adelie", "Chinstrap", "Gentoo")


def empty(picture):
    """Tell whether a picture is one line of words, and no axis."""
    (axes,) = picture.axes
    lines = [*axes.get_xticklabels(), *axes.get_yticklabels(), *axes.spines.values()]
    return picture._repr_png_()[1].get("empty") and not any(
        one.get_visible() and (not hasattr(one, "get_text") or one.get_text())
        for one in lines
    )


def test_the_classes_of_a_review_are_named_beside_its_titles():
    names = ("bill_length_mm", "body_mass_in_grams")
    problem = Problem("many_classes", "species", "log_loss", NAMES, names)
    lines = {name: [0.1, 0.5, 0.9] for name in NAMES}
    curves = {name: {"x": [1.0, 2.0, 3.0], "y": lines} for name in names}
    looked = tuple(Importance(name, 0.1, 0.01, 0.08, 0.12) for name in names)
    picture = Review(problem, 9, 0.0, 0.0, looked, curves).plot()
    assert crossing(picture) == []
    (legend,) = picture.legends
    assert {text.get_text() for text in legend.get_texts()} == set(NAMES)


def heard(column):
    words = tuple(Word(w, "chance of 1", 0.1, 0.01, 0.2) for w in ("miss", "mr"))
    return Vocabulary(column, 100, words)


def test_what_words_do_is_told_below_each_of_two_texts():
    picture, axes = plots.figure(5.6, 4, columns=2)
    with plots.style():
        for one, column in zip(axes, ("Name", "Ticket"), strict=True):
            vocabulary(one, heard(column))
    assert crossing(picture) == []
    assert "in how many texts" in said(picture).replace("\n", " ")


@pytest.mark.parametrize(
    ("severities", "title"),
    [
        ((), "The review found nothing odd"),
        (("note",), "The review found nothing odd beyond 1 note"),
        (("note", "note"), "The review found nothing odd beyond 2 notes"),
        (("note", "serious"), "The review found one thing to look at"),
    ],
)
def test_a_review_does_not_pass_over_its_notes(severities, title):
    problem = Problem("number", "y", "rmse")
    remarks = tuple(Remark(one, "what", "todo") for one in severities)
    found = Review(problem, 9, 0.0, 0.0, (), remarks=remarks)
    assert f"{title}\n" in said(found.plot())


@pytest.mark.parametrize(
    ("base", "end", "effects"),
    [(0.3, 0.97, (0.5, 0.17)), (0.6, 0.02, (-0.5, -0.08)), (0.9, 1.0, (0.3, -0.2))],
)
def test_a_chance_is_drawn_from_0_to_1(base, end, effects):
    parts = tuple(Part(f"c{k}", "1", one, 0.06) for k, one in enumerate(effects))
    (axes,) = Local("r1", "chance of 1", end, base, parts).plot().axes
    axes.figure.draw_without_rendering()
    assert len(axes.get_xticks()) > 2
    assert all(0 <= tick <= 1 for tick in axes.get_xticks())
    if max(base + effects[0], end) <= 1:
        drawn = np.concatenate([line.get_xdata() for line in axes.lines])
        assert 0 <= drawn.min() < drawn.max() <= 1


def test_effects_of_large_numbers_are_told_without_powers():
    parts = (Part("c17", "70", -917.3, 9.0), Part("c16", "two", 592.0, 9.0))
    found = Local("r1", "price", 11029.0, 11354.3, parts)
    told = said(found.plot())
    assert "−920" in told
    assert "+590" in told
    assert "e+" not in told


def test_a_gap_of_a_text_is_named_as_all_gaps_are(make):
    table = make("two_classes")
    texts = table.assign(said=pd.array(["so it is", ""] * 200, "str"))
    problem = replace(Problem.of(table), texts=("said",))
    model = fit("linear", {}, texts, problem)
    told = {
        one.feature: one.value for one in local(model, texts.iloc[[1]], texts).parts
    }
    assert told["said"] == "(missing)"


def test_what_has_nothing_to_draw_is_one_line_of_words(make):
    table = make("number")
    problem = Problem.of(table)
    model = fit("linear", {}, table, problem)
    bare = Schema.of(table).change("sex", roles=()).attach(table)
    pictures = {
        "Nowhere certainly worse": Weakest(problem, 39, 8, ()).plot(),
        "No group can be assessed": fairness(model, bare).plot(),
        "too few rows to promise": Conformal("width", 0.9, None, 9).plot(),
        "No learning curve": Enough().plot(),
    }
    for words, picture in pictures.items():
        assert isinstance(picture, Figure)
        assert empty(picture)
        assert words in said(picture)


def test_what_a_threshold_does_is_drawn_once(make):
    table = make("two_classes")
    model = fit("linear", {}, table.iloc[:200], Problem.of(table))
    found = evaluate(model, table.iloc[200:])
    titles = [one.get_title(loc="left") for one in found.plot().axes]
    picker = ThresholdPicker(found).picture(found.threshold)
    picked = {
        one.get_title(loc="left")
        for part in (picker, *picker.subfigs)
        for one in part.axes
    }
    assert titles[:2] == ["ROC", "Precision and recall"]
    assert not picked.intersection(titles)


@pytest.mark.parametrize("target", ["no", "a name of a class that is far too long"])
def test_names_lie_neither_on_what_is_drawn_nor_on_a_title(make, target):
    table = make("two_classes")
    problem = Problem.of(table)
    table[problem.target] = table[problem.target].replace(problem.classes[0], target)
    model = fit("linear", {}, table.iloc[:200], Problem.of(table))
    found = evaluate(model, table.iloc[200:])
    pictures = [found.plot("details"), ThresholdPicker(found).picture(found.threshold)]
    named = 0
    for picture in pictures:
        assert crossing(picture) == []
        for axes in {axes for one in (picture, *picture.subfigs) for axes in one.axes}:
            if legend := axes.get_legend():
                place = legend.get_window_extent()
                assert not place.padded(-1).overlaps(axes.get_window_extent())
                named += 1
    assert named >= 3


def test_the_files_of_a_package_are_all_drawn_in_plain_numbers(tmp_path):
    for name, size in (("about.json", 70), ("card.md", 7000), ("model.onnx", 2**20)):
        (tmp_path / name).write_bytes(b"x" * size)

    class Made:
        model, packaged, folder, title = np.ones(1), np.ones(1), tmp_path, "y"
        verdict = type("Verdict", (), {"state": "passed"})

    picture = packaged.agreement(Made)
    picture.draw_without_rendering()
    axes = picture.axes[1]
    names = {tick.get_text() for tick in axes.get_yticklabels()}
    assert names == {"about.json", "card.md", "model.onnx"}
    told = {tick.get_text() for tick in axes.get_xticklabels()}
    assert {"0.1", "1", "10", "100", "1,000"} <= told


def tuned(scores, members=((0, 1.0),), unfinished=0, metric="rmse"):
    """Return a search of linear models, each with a strength and such a score."""
    problem = Problem("number", "y", metric, numbers=("x",))
    settings = [{"strength": float(at)} for at in range(len(scores))]
    ends = [2] * (len(scores) - unfinished) + [1] * unfinished
    tried = tuple(
        Attempt("linear", how, (score,) * end)
        for how, score, end in zip(settings, scores, ends, strict=True)
    )
    blend = tuple(Member("linear", settings[at], weight) for at, weight in members)
    best = scores[0]
    return Settings(problem, blend, best, best, best, tried, 2, 0)


def shown(axes, scores):
    """Return which scores are dots at their height, within the axes."""
    low, high = axes.get_ylim()
    dots = np.concatenate([one.get_offsets() for one in axes.collections])
    return [one for one in scores if low < one < high and one in dots[:, 1]]


def test_of_few_attempts_all_are_drawn():
    scores = [1.0, 1.1, 1.2, 1.3, 1.4, 9.0]
    figure = tuned(scores).plot()
    assert shown(figure.axes[0], scores) == scores
    assert "beyond" not in said(figure)


@pytest.mark.parametrize("metric", ["rmse", "r2"])
@pytest.mark.parametrize("blended", [True, False])
def test_attempts_beyond_the_axis_are_counted_but_no_part_of_a_blend_is(
    metric, blended
):
    scores = [*np.linspace(1, 1.5, 27), 7.0, 8.0, 9.0]
    if metric == "r2":
        scores = [-one for one in scores]
    members = ((0, 0.5), (27, 0.5)) if blended else ((0, 1.0),)
    figure = tuned(scores, members, metric=metric).plot()
    count = 2 if blended else 3
    assert shown(figure.axes[0], scores) == scores[: 30 - count]
    assert f"{count} beyond the axis" in said(figure)


def test_attempts_are_whole_numbers_and_the_hollow_ones_are_told_truly():
    figure = tuned([1.0, 1.1, 1.2], unfinished=2).plot()
    ticks = figure.axes[0].get_xticks()
    assert (ticks == np.round(ticks)).all()
    assert "hollow: 2 not tried on all folds" in said(figure)


def test_where_the_guess_is_chosen_its_dots_are_drawn(make):
    found = choose(make("number", 120), ["linear"], folds=3)
    other = replace(found, chosen="dummy")
    for one, all_ in ((found, False), (other, True)):
        axes = one.plot().axes[0]
        low, high = axes.get_xlim()
        assert all(low < s < high for s in one["dummy"].folds) == all_
