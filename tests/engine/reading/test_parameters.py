"""Parameters: what a cell states is what is read, and what is written back."""

from __future__ import annotations

import ast
import math
import string
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from mlkit.core.errors import ParameterError
from mlkit.engine.reading.kinds import Misfit, fit, kind_of
from mlkit.engine.reading.literals import literal, scan
from mlkit.engine.reading.parameters import parameters, rewrite
from mlkit.engine.reading.reader import Cell, Parameter


def read(text: str) -> dict[str, Parameter]:
    found, problems = parameters(Cell(1, text))
    assert problems == ()
    return {parameter.name: parameter for parameter in found}


def one(text: str) -> Parameter:
    (found,) = read(text).values()
    return found


def what(text: str) -> list[str]:
    return [problem.what for problem in parameters(Cell(1, text))[1]]


class TestWhatPapermillGetsWrong:
    @pytest.mark.parametrize(
        ("text", "kind", "default"),
        [
            ("a: str | None = None", "str | None", None),
            ('a: "int | str" = 3', "int | str", 3),
            ("a: 'Literal[\"x\", \"y\"]' = 'x'", 'Literal["x", "y"]', "x"),
            ("from typing import Literal\na: Literal['x'] = 'x'", "Literal['x']", "x"),
            ("a: tuple[str, ...] = ('x', 'y')", "tuple[str, ...]", ("x", "y")),
            ("a: str = 'a # b'", "str", "a # b"),
            ("a = 'a # b'  # help", "", "a # b"),
            ("a = -1", "", -1),
            ("a = 1e-3", "", 0.001),
            (
                "a: list[int] = [\n    1,  # one\n    -2,\n]  # help",
                "list[int]",
                [1, -2],
            ),
            ("a: dict[str, list[float]] = {'x': [1.5]}", None, {"x": [1.5]}),
            ('a = """two\nlines # no comment"""', "", "two\nlines # no comment"),
            ("a: float = (\n    0.5\n)", "float", 0.5),
            ("a: set[int] = {1, 2}", "set[int]", {1, 2}),
            ("a: set[int] = set()", "set[int]", set()),
            ("a: tuple[()] = ()", "tuple[()]", ()),
            ("import typing as t\na: t.Optional[int] = None", "t.Optional[int]", None),
            ("from typing import Union\na: Union[int, None] = 1", None, 1),
            ("from __future__ import annotations\na: Literal[1] = 1", None, 1),
            ("a: bool = True", "bool", True),
            ("a: None = None", "None", None),
            ("ä: int = 1", "int", 1),
            ("a = 1;", "", 1),
            ("a: float = 1", "float", 1.0),
        ],
    )
    def test_types_and_defaults(self, text, kind, default):
        found = one(text)
        assert found.default == default
        assert type(found.default) is type(default)
        assert kind is None or found.type == kind

    @pytest.mark.parametrize(
        ("text", "wanted"),
        [
            ("a = 1  # plain", "plain"),
            ("# above\na = 1  # behind", "above behind"),
            ("a = 1  # behind,\n       # and below", "behind, and below"),
            ("# two\n# lines\na = 1", "two lines"),
            ("# a heading\n\n# above\na = 1", "above"),
            ("# a heading\n# ------\n# above\na = 1", "above"),
            ("a = 1\n# in the first column", ""),
            ("a = [  # first\n  1,  # inside\n]  # last", "first last"),
            ("a = 1  # noqa: E501", ""),
            ("a = '#'  # 'quoted' # twice", "'quoted' # twice"),
            ('a = """x\n# y"""  # behind', "behind"),
            ("a = 1  #: sphinx", ": sphinx"),
        ],
    )
    def test_help(self, text, wanted):
        assert one(text).help == wanted

    def test_help_goes_to_its_own_parameter(self):
        text = "a = 1  # one\n    # more\n# two\nb = 2\n\nc = 3; d = 4  # four"
        helps = {name: p.help for name, p in read(text).items()}
        assert helps == {"a": "one more", "b": "two", "c": "", "d": "four"}
        assert [p.line for p in read(text).values()] == [1, 4, 6, 6]


@pytest.mark.parametrize(
    ("text", "word"),
    [
        ("a = 1 + 2", "not a literal"),
        ("a = b", "not a literal"),
        ("a = f'x'", "not a literal"),
        ("a = dict(x=1)", "not a literal"),
        ("a = b'x'", "no type"),
        ("a = 1j", "no type"),
        ("a = ...", "no type"),
        ("a = 1e999", "finite"),
        ("a = [1e999]", "finite"),
        ("a = {'x': float('nan')}", "not a literal"),
        ("a = '\\ud800'", "half a character"),
        ("a: int = 0.5", "not an int"),
        ("a: int = True", "not an int"),
        ("a: float = True", "not a float"),
        ("a: int = None", "not an int"),
        ("a: tuple = [1]", "not a tuple"),
        ("a: list[int] = ['x']", "item 1"),
        ("a: dict[str, int] = {1: 1}", "key 1"),
        ("a: Path = 'x'", "'Path' is no type"),
        ("a: np.float64 = 1.0", "'np.float64' is no type"),
        ("a: Literal['x'] = 'x'", "Literal is not imported"),
        ("a: 'Literal[\"x\"]' = 'y'", "none of 'x'"),
        ("a: int", "no value"),
        ("a = b = 1", "one plain name"),
        ("a, b = 1, 2", "one plain name"),
        ("a += 1", "one plain name"),
        ("x.a = 1", "one plain name"),
        ("print(1)", "no assignment"),
        ("if x:\n    a = 1", "no assignment"),
        ('"""A docstring."""', "no assignment"),
        ("import os", "imports something"),
        ("a = 1\na = 2", "set twice"),
        ("%time\na = 1", "magic"),
        ("a = (", "cannot be read"),
        ("a = 1\0", "cannot be read"),
    ],
)
def test_what_is_no_parameter(text, word):
    (problem,) = parameters(Cell(4, text))[1]
    assert word in problem.what
    assert problem.cell == 4 and problem.todo


def test_the_good_ones_are_still_read():
    found, problems = parameters(Cell(1, "a = 1\nb = f()\nc = 3"))
    assert [p.name for p in found] == ["a", "c"]
    assert (problems[0].line, problems[0].source) == (2, "b = f()")


class TestAccept:
    @pytest.mark.parametrize(
        ("kind", "value", "taken"),
        [
            ("float", 1, 1.0),
            ("float", 0.5, 0.5),
            ("int | float", 1, 1),
            ("float | int", 1, 1),
            ("float | None", 1, 1.0),
            ("tuple[int, ...]", [1, 2], (1, 2)),
            ("tuple[int, str]", [1, "a"], (1, "a")),
            ("list[tuple[int, ...]]", [[1]], [(1,)]),
            ("list | tuple", (1,), (1,)),
            ("set[str]", ["a"], {"a"}),
            ("dict[str, float]", {"a": 1}, {"a": 1.0}),
            ("Literal[1, 'a', None]", None, None),
            ("Any", {"a": [None]}, {"a": [None]}),
            ("Annotated[int, 'x']", 3, 3),
            ("Optional[Literal['a', Literal['b']]]", "b", "b"),
        ],
    )
    def test_what_fits(self, kind, value, taken):
        found = Parameter("a", kind, None).accept(value)
        assert found == taken and repr(found) == repr(taken)

    @pytest.mark.parametrize(
        ("kind", "value"),
        [
            ("int", True),
            ("int", 1.0),
            ("int", "1"),
            ("float", True),
            ("float", "0.1"),
            ("float", 2**53 + 1),
            ("float", 10**400),
            ("float", math.nan),
            ("float | None", math.inf),
            ("list[float]", [-math.inf]),
            ("str", "\udc00"),
            ("dict[str, str]", {"\udc00": ""}),
            ("str", None),
            ("str", Path("x")),
            ("Any", Path("x")),
            ("Any", [object()]),
            ("Literal[1]", True),
            ("Literal['a']", "b"),
            ("list[int]", (1,)),
            ("tuple[int, str]", [1]),
            ("tuple[int, ...]", "ab"),
            ("set[Any]", [[1]]),
            ("bytes", b"x"),
        ],
    )
    def test_what_does_not(self, kind, value):
        if kind == "bytes":
            with pytest.raises(Misfit):
                kind_of(kind)
            return
        with pytest.raises(ParameterError) as error:
            Parameter("a", kind, None).accept(value)
        assert error.value.expected == kind and "'a'" in error.value.what

    def test_without_annotation_the_default_decides(self):
        assert Parameter("a", "", 0.5).accept(1) == 1.0
        assert Parameter("a", "", None).accept("x") == "x"
        with pytest.raises(ParameterError, match="as its default 3"):
            Parameter("a", "", 3).accept(0.5)


class TestParse:
    @pytest.mark.parametrize(
        ("kind", "text", "value"),
        [
            ("str", "3", "3"),
            ("str", " a ", " a "),
            ("str", "", ""),
            ("int", "-3", -3),
            ("float", "3", 3.0),
            ("float", "1e-3", 0.001),
            ("float", "-.5", -0.5),
            ("bool", "true", True),
            ("bool", "False", False),
            ("bool | int", "1", 1),
            ("str | None", "none", None),
            ("str | None", "x", "x"),
            ("int | str", "3", 3),
            ("int | str", "3x", "3x"),
            ("int | float", "3", 3),
            ("list[str]", '["a", "b"]', ["a", "b"]),
            ("list[bool]", "[true]", [True]),
            ("list[int] | None", "[1]", [1]),
            ("tuple[int, ...]", "(1, 2)", (1, 2)),
            ("tuple[int, ...]", "[1, 2]", (1, 2)),
            ("dict[str, float]", '{"a": 1}', {"a": 1.0}),
            ("Literal['a', 1, None]", "1", 1),
            ("Literal['a', 1, None]", "none", None),
            ("Literal['1', 1]", "1", "1"),
            ("Literal[True]", "true", True),
            ("Any", "[1]", [1]),
            ("Any", "word", "word"),
        ],
    )
    def test_what_is_read(self, kind, text, value):
        found = Parameter("a", kind, None).parse(text)
        assert found == value and type(found) is type(value)

    @pytest.mark.parametrize(
        ("kind", "text"),
        [
            ("int", "1.5"),
            ("int", "1e3"),
            ("int", ""),
            ("int", "true"),
            ("int", "9" * 5000),
            ("float", "nan"),
            ("float", "inf"),
            ("float", "1e999"),
            ("float", "1.2.3"),
            ("bool", "1"),
            ("bool", "yes"),
            ("list[int]", "1,2"),
            ("list[int]", "a"),
            ("list[int]", "[" * 10_000),
            ("int | None", "x"),
            ("tuple[int, int]", "[1]"),
        ],
    )
    def test_what_is_refused(self, kind, text):
        with pytest.raises(ParameterError):
            Parameter("a", kind, None).parse(text)

    @pytest.mark.parametrize(
        "kind", ["Literal['simple', 'best']", "Literal['best'] | None"]
    )
    def test_choices_are_suggested(self, kind):
        with pytest.raises(ParameterError, match="did you mean 'best'"):
            Parameter("a", kind, None).parse("bst")


# Properties: any literal of any type survives the round trips.

TEXT = st.text(st.characters(exclude_categories=["Cs"]), max_size=20)
NUMBER = st.floats(allow_nan=False, allow_infinity=False)
LEAVES: dict[str, st.SearchStrategy[Any]] = {
    "int": st.integers(-(2**70), 2**70),
    "float": NUMBER,
    "str": TEXT | st.sampled_from(["# no", "a # b", "it's", '"', "\\", "\r\n", "'\"#"]),
    "bool": st.booleans(),
    "None": st.none(),
}


def typed(depth: int = 2) -> st.SearchStrategy[tuple[str, st.SearchStrategy[Any]]]:
    leaf = st.sampled_from(sorted(LEAVES)).map(lambda name: (name, LEAVES[name]))
    if not depth:
        return leaf
    inner = typed(depth - 1)
    return st.one_of(
        leaf,
        inner.map(lambda t: (f"list[{t[0]}]", st.lists(t[1], max_size=3))),
        inner.map(
            lambda t: (f"tuple[{t[0]}, ...]", st.lists(t[1], max_size=3).map(tuple))
        ),
        st.tuples(inner, inner).map(
            lambda p: (f"tuple[{p[0][0]}, {p[1][0]}]", st.tuples(p[0][1], p[1][1]))
        ),
        st.tuples(leaf, inner).map(
            lambda p: (
                f"dict[{p[0][0]}, {p[1][0]}]",
                st.dictionaries(p[0][1], p[1][1], max_size=3),
            )
        ),
        leaf.map(lambda t: (f"set[{t[0]}]", st.sets(t[1], max_size=3))),
        st.tuples(inner, leaf).map(
            lambda p: (f"{p[0][0]} | {p[1][0]}", st.one_of(p[0][1], p[1][1]))
        ),
    )


VALUES = typed().flatmap(lambda t: st.tuples(st.just(t[0]), t[1], t[1]))
HELP = st.text(string.ascii_letters + " ,", max_size=10).map(lambda t: t.strip(" ,"))


@given(VALUES)
@settings(max_examples=300, deadline=None)
def test_literals_round_trip(case):
    kind, value, _ = case
    assert same(ast.literal_eval(literal(value)), value)
    assert same(fit(kind_of(kind), value), value)


@given(VALUES)
@settings(max_examples=200, deadline=None)
def test_what_is_typed_round_trips(case):
    kind, value, _ = case
    if "str" not in kind and "|" not in kind:
        assert same(scan(kind_of(kind), literal(value)), value)


@given(st.lists(st.tuples(VALUES, HELP, st.booleans()), min_size=1, max_size=4))
@settings(max_examples=150, deadline=None)
def test_a_cell_round_trips(cases):
    lines, values = [], {}
    for number, ((kind, value, _), text, spread) in enumerate(cases):
        source = f"(\n    {literal(value)}\n)" if spread else repr_or(value)
        lines.append(f"p{number}: {kind} = {source}" + (f"  # {text}" if text else ""))
        values[f"p{number}"] = (kind, value, text)
    found = read("\n".join(lines))
    assert list(found) == list(values)
    for name, (kind, value, text) in values.items():
        assert same(found[name].default, value)
        assert (found[name].type, found[name].help) == (kind, text)


@given(st.lists(st.tuples(VALUES, HELP), min_size=1, max_size=4), st.data())
@settings(max_examples=150, deadline=None)
def test_rewriting_changes_values_only(cases, data):
    heads = [f"p{i}: {kind} = " for i, ((kind, _, _), _) in enumerate(cases)]
    tails = [f"  # {text}" for _, text in cases]
    old = [literal(case[1]) for case, _ in cases]
    chosen = data.draw(st.sets(st.integers(0, len(cases) - 1)))
    source = "\n".join(map("".join, zip(heads, old, tails, strict=True)))
    after = rewrite(source, {f"p{i}": cases[i][0][2] for i in chosen})
    found = read(after)
    for i, ((_, before, new), text) in enumerate(cases):
        assert same(found[f"p{i}"].default, new if i in chosen else before)
        assert found[f"p{i}"].help == text
    lines = after.split("\n")
    for i, line in enumerate(lines):
        assert line.startswith(heads[i]) and line.endswith(tails[i])
        assert i in chosen or line == source.split("\n")[i]


def repr_or(value: Any) -> str:
    return repr(value)


def same(one: Any, other: Any) -> bool:
    """Equal in type throughout; 0.0 and -0.0 are not the same, sets have no order."""
    return type(one) is type(other) and literal(one) == literal(other)


def test_rewriting_keeps_what_is_equal():
    assert rewrite("a: float = 1e-3", {"a": 0.001}) == "a: float = 1e-3"
    assert rewrite("a: float = 1", {"a": 1.0}) == "a: float = 1"
    assert rewrite("a = 'x'", {"a": "x"}) == "a = 'x'"


def test_rewriting_needs_no_import_to_be_seen():
    assert rewrite("a: Literal['x', 'y'] = 'x'", {"a": "y"}).endswith('= "y"')


def test_names_are_identifiers_only():
    with pytest.raises(ParameterError, match="there is no parameter"):
        rewrite("a = 1", {"a=1\nimport os; os": 2})


@pytest.mark.parametrize("end", ["\n", "\r\n", "\r"])
def test_line_ends(end):
    text = f"a: int = 1  # one{end}b: int | None = 2{end}"
    assert [p.type for p in read(text).values()] == ["int", "int | None"]
    assert rewrite(text, {"b": 5}) == text.replace("2", "5")
