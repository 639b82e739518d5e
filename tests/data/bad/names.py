"""Columns that are badly named, and too many of them."""

from __future__ import annotations

from bad_tables.case import Case, plain, repeated, text_of, with_columns

GOOD = repeated(["red", "blue", "green"])


def named(
    name: str, names: list[str], *told: str, kept: list[str] | None = None, **more
):
    """A plain table with columns of these names; `kept` is what they become."""
    numbers = [[str((i * (7 + k)) % 11) for i in range(60)] for k in range(len(names))]
    written = {**dict(zip(names, numbers, strict=True)), **plain()}
    truth = {**dict(zip(kept or names, numbers, strict=True)), **plain()}
    return Case(name, text_of(written).encode(), truth, told, **more)


def twice() -> Case:
    truth = with_columns(x=GOOD)
    text = text_of(truth).replace("x,n,t", "n,n,t", 1)
    told = ("used twice: n", "line 1")
    return Case("a name used twice", text.encode(), ends="error", told=told)


def nearly_twice() -> Case:
    text = text_of(with_columns(x=GOOD)).replace("x,n,t", "n , n,t", 1)
    told = ("used twice: n",)
    return Case("names alike but for blanks", text.encode(), ends="error", told=told)


def many_columns() -> Case:
    rows, wide = 24, 10_000
    truth = {f"v{k}": [str((i * k) % 7) for i in range(rows)] for k in range(wide)}
    truth |= plain(rows)
    return Case("10,000 columns", text_of(truth).encode(), truth, slow=True)


NAMES = [
    twice(),
    nearly_twice(),
    named("names without a word", ["", " "], "without a name", kept=["c1", "c2"]),
    named("blanks around names", [" a ", "b  c"], "blanks", kept=["a", "b c"]),
    named("names that differ in capitals", ["Age", "age"], "capitals"),
    named("emoji for names", ["🙂", "année", "数"]),
    named("quotes in names", ['say "hi"', "it's", "a`b"]),
    named("markup in names", ["<script>alert(1)</script>", "<b>bold", "&amp;"]),
    named("names of pandas' own", ["index", "level_0", "Unnamed: 0", "name"]),
    named("names of mlkit's own", ["row", "dropped", "schema", "weight"]),
    named("names of Python's own", ["class", "None", "__init__", "self"]),
    named(
        "names with a line break",
        ["two\nlines", "tab\tbed"],
        kept=["two lines", "tab bed"],
    ),
    named("names that are numbers", ["2019", "2020", "2021"]),
    named("names that look like paths", ["../etc/passwd", "C:\\x", "a/b"]),
    named("names with maths and percent", ["$x^2$", "100%", "{0}", "%s"]),
    named("a very long name", ["long " * 400 + "end"], kept=["long " * 400 + "end"]),
    named("formulas for names", ["=1+1", "@x", "+y"]),
    many_columns(),
]
