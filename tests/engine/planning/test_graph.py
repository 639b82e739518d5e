import pytest

from mlkit.core.errors import UsageError, WiringError
from mlkit.engine.planning.graph import build


def build_of(maker, **steps):
    for name, code in steps.items():
        maker.step(name, "", "import mlkit as mk\n" + code)
    return build(maker.project)


def test_whoever_saves_a_name_comes_before_whoever_loads_it(maker):
    graph = build_of(
        maker,
        a_last='mk.save(z=mk.load("y"))',
        b_first="mk.save(x=1)",
        c_middle='mk.save(y=mk.load("x"))',
    )
    assert list(graph.steps) == ["b_first", "c_middle", "a_last"]
    assert graph.parents("a_last") == ["c_middle"]
    assert graph.upstream("a_last") == {"b_first", "c_middle"}
    assert graph.downstream("b_first") == {"c_middle", "a_last"}


def test_a_number_before_the_name_is_not_part_of_it(maker):
    graph = build_of(maker, **{"04_clean": "mk.save(x=1)", "05b_fit": "mk.save(y=1)"})
    assert list(graph.steps) == ["clean", "fit"]


def test_a_reader_is_drawn_and_not_run(maker):
    graph = build_of(maker, a="mk.save(x=1)", look='mk.load("x")')
    assert list(graph.steps) == ["a"]
    assert [nb.name for nb in graph.readers] == ["look"]


def test_a_notebook_that_saves_without_a_parameters_cell_is_noticed(maker):
    maker.step("a", None, "import mlkit as mk\nmk.save(x=1)")
    graph = build(maker.project)
    assert not graph.steps
    assert "parameters" in graph.notices[0]


def test_a_step_whose_import_was_spoilt_is_what_is_wrong(maker):
    maker.step("a", "", "import mlk it as mk", "mk.save(x=1)")
    maker.step("b", "", 'import mlkit as mk\nmk.save(y=mk.load("x"))')
    with pytest.raises(WiringError, match=r"cannot be parsed") as raised:
        build(maker.project)
    assert "a.ipynb, code cell 2" in str(raised.value)


@pytest.mark.parametrize(
    ("steps", "says"),
    [
        ({"a": "mk.save(clean=1)", "b": 'mk.save(y=mk.load("claen"))'}, "did you mean"),
        ({"a": 'mk.save(x=mk.load("y"))', "b": 'mk.save(y=mk.load("x"))'}, "circle"),
        ({"a": "mk.save(x=1)", "b": "mk.save(x=2)"}, r'x = "a" or x = "b"'),
        (
            {"a": "mk.save(x=mk.sealed(1))", "b": 'mk.save(y=mk.load("x"))'},
            "is sealed",
        ),
        (
            {"a": "mk.save(x=1)", "b": 'mk.save(y=mk.unseal("x", why="w"))'},
            "is not sealed",
        ),
        (
            {
                "a": 'mk.decide("t", 1)\nmk.save(x=1)',
                "b": 'mk.decide("t", 1)\nmk.save(y=1)',
            },
            "two steps decide",
        ),
        ({"01_a": "mk.save(x=1)", "02_a": "mk.save(y=1)"}, "two notebooks are"),
        ({"a": "name = 'x'\nmk.save(y=mk.load(name))"}, "cell 2"),
        ({"a": "if True:\n    mk.save(y=1)"}, "cell 2"),
    ],
    ids=["nobody", "circle", "two", "sealed", "plain", "deciders", "name", "dyn", "if"],
)
def test_wrong_wiring_is_an_error_that_says_what_to_do(maker, steps, says):
    with pytest.raises(WiringError, match=says):
        build_of(maker, **steps)


def test_use_chooses_between_two_savers(maker):
    maker.settings('[use]\nmodel = "boosted"\n')
    graph = build_of(
        maker,
        linear="mk.save(model=1)",
        boosted="mk.save(model=2)",
        last='mk.save(y=mk.load("model"))',
    )
    assert graph.parents("last") == ["boosted"]
    assert [nb.name for nb in graph.spares] == ["linear"]


def test_use_of_an_unknown_step_or_name_is_an_error(maker):
    maker.settings('[use]\nmodel = "boosed"\n')
    with pytest.raises(WiringError, match="did you mean 'boosted'"):
        build_of(maker, a="mk.save(model=1)", boosted="mk.save(model=2)")


def test_nobody_after_the_seal_loads_what_the_seal_was_made_of(maker):
    steps = {
        "collect": "mk.save(raw=1)",
        "clean": 'mk.save(clean=mk.load("raw"), cleaning=1)',
        "split": 'mk.load("raw")\nmk.load("clean")\n'
        "mk.save(train=1, test=mk.sealed(1))",
        "train": 'mk.load("train")\nmk.load("cleaning")\nmk.save(model=1)',
        "profile": 'mk.save(profile=mk.load("raw"))',
    }
    build_of(maker, **steps)
    cheat = 'mk.load("train")\nmk.load("clean")\nmk.save(model=1)'
    with pytest.raises(WiringError, match="'clean' holds the rows"):
        build_of(maker, **{**steps, "train": cheat})


def test_a_broken_notebook_stops_all_only_where_it_speaks_of_mlkit(maker):
    maker.step("01_a", "", "import mlkit as mk", "mk.save(a=1)")
    broken = maker.root / "steps" / "02_b.ipynb"
    for text in ("", "{", '{"nbformat": 3}', "\xff"):
        broken.write_text(text, encoding="latin-1")
        graph = build(maker.project)
        assert list(graph.steps) == ["a"]
        assert "steps/02_b.ipynb is passed over" in graph.notices[0]
    broken.write_text('{"cells": [{"source": "import mlkit')
    with pytest.raises(UsageError, match="not a notebook"):
        build(maker.project)
    broken.unlink()
    broken.symlink_to("nowhere")
    assert list(build(maker.project).steps) == ["a"]
