"""Cells that are not what they seem."""

from __future__ import annotations

from bad_tables.case import Case, column, plain, repeated, text_of, with_columns

LONG = "word " * 40_000
AMOUNTS = ["1,000", "12", "3,250,000", "999"]
DAYS = [f"2026-{i % 12 + 1:02d}-{i % 28 + 1:02d}" for i in range(60)]


def styled(name: str, form, *told: str, **more) -> Case:
    """The same days in another style of writing."""
    written = [form(*map(int, day.split("-"))) for day in DAYS]
    truth = with_columns(x=written)
    return Case(name, text_of(truth).encode(), truth, told, **more)


READ = {"x": DAYS}
MONTHS = ["Jan", "Feb", "Mar", "Apr", "May", "Jun"]
MONTHS += ["Jul", "Aug", "Sep", "Oct", "Nov", "Dec"]


def target(name: str, words, *told: str, **more) -> Case:
    truth = with_columns(x=repeated(["red", "blue", "green"]))
    truth["t"] = repeated(words)
    return Case(name, text_of(truth).encode(), truth, told, **more)


def categories() -> Case:
    rows = 100_000
    truth = with_columns(rows, x=[f"word{i}" for i in range(rows)])
    return Case("100,000 categories", text_of(truth).encode(), truth)


def ids() -> Case:
    truth = with_columns(customer_id=[f"C{i % 50}" for i in range(60)])
    told = ("customer_id", "repeat")
    how = {"id_column": "customer_id"}
    return Case("ids that repeat", text_of(truth).encode(), truth, told, how=how)


def equal_rows() -> Case:
    truth = with_columns(x=[f"{i}.25" for i in range(60)])
    truth = {name: [*cells, *cells[:9]] for name, cells in truth.items()}
    return Case("rows entered twice", text_of(truth).encode(), truth, ("duplicate",))


def constant() -> Case:
    truth = with_columns(x=repeated(["3.5"]))
    told = ("every row has the same value",)
    return Case("a column that never varies", text_of(truth).encode(), truth, told)


def unsorted() -> Case:
    stamps = [
        f"2026-01-{(i * 17) % 28 + 1:02d}T{(i * 5) % 24:02d}:30:00" for i in range(60)
    ]
    truth = with_columns(x=stamps)
    return Case(
        "stamps out of order",
        text_of(truth).encode(),
        truth,
        how={"roles": {"x": "time"}},
    )


CELLS = [
    column("codes with leading zeros", ["007", "012", "110"], "leading zeros"),
    column(
        "NA is a country",
        ["NA", "ZA", "US"],
        "NA stands among codes",
        cleaned={"x": repeated(["NA", "ZA", "US"])},
    ),
    column(
        "NA is a gap",
        ["NA", "1.5", "2.5"],
        "NA",
        cleaned={"x": repeated([None, "1.5", "2.5"])},
    ),
    column("NA is told to be a gap", [None, "1.5", "2.5"]),
    column(
        "whole numbers beyond 2**53 beside a gap",
        ["9007199254740993", None, "1"],
        "2**53",
    ),
    column(
        "numbers of twenty digits",
        ["12345678901234567890", "12345678901234567891"],
        "2**53",
    ),
    column(
        "numbers beyond 2**64",
        ["18446744073709551617", "18446744073709551618"],
        "2**53",
    ),
    column(
        "thousands marks",
        AMOUNTS,
        "number x",
        cleaned={"x": repeated(["1000", "12", "3250000", "999"])},
    ),
    column(
        "thousands marks with blanks",
        ["1 000", "12", "3 250 000"],
        "number x",
        cleaned={"x": repeated(["1000", "12", "3250000"])},
    ),
    column(
        "thousands marks of a narrow blank",
        ["1\u202f000", "12", "3\u00a0250\u00a0000"],
        "number x",
    ),
    column(
        "currency",
        ["$5", "$7.50", "$1,200"],
        "number x",
        cleaned={"x": repeated(["5", "7.50", "1200"])},
    ),
    column(
        "euros",
        ["5 €", "7,50 €", "1.200,00 €"],
        "number x",
        cleaned={"x": repeated(["5", "7.50", "1200"])},
    ),
    column(
        "percent",
        ["5%", "7.5%", "12%"],
        "number x",
        cleaned={"x": repeated(["5", "7.5", "12"])},
    ),
    column("scientific notation", ["1e-5", "2.5E3", "1e10"]),
    column("the largest numbers", ["1e308", "-1e308", "1e-308"]),
    column("numbers beyond the largest", ["1e309", "2.5", "3.5"], "'1e309'"),
    column("negative zero", ["-0.0", "0.0", "1.5"]),
    column(
        "infinities",
        ["inf", "-inf", "1.5", "2.5"],
        "'-inf', 'inf' hide a missing value",
    ),
    column("a plus before numbers", ["+5", "-3", "7"]),
    column("a true minus", ["−5", "3", "7"], "others such as '−5'"),
    column("numbers in full width", ["１２", "３４", "5"], "full width"),
    column("digits with underscores", ["1_000", "2_000", "3"]),
    column("hexadecimal", ["0x1F", "0x2A", "10"]),
    column("numbers and words", ["1.5", "many", "3"], "others such as 'many'"),
    column(
        "a rare word among numbers",
        [*[f"{i}.5" for i in range(29)], "unknown"],
        "unknown",
    ),
    column("hidden gaps", ["?", "1.5", " ", "-"], "'?'"),
    column("minus 999 for a gap", ["-999", "1.5", "2.5", "3.5", "4.5"], "-999"),
    column("Excel's error words", ["#N/A", "1.5", "#DIV/0!", "2.5"], "#DIV/0!"),
    column("formulas", ["=1+1", "=SUM(A1:A9)", "@cmd", "+49 30 1234"]),
    column("markup", ["<script>alert(1)</script>", "<img src=x onerror=y>", "a & b"]),
    column("very long cells", [LONG + "a", LONG + "b", "short"]),
    column(
        "blanks around words",
        [" red", "red ", "blue"],
        "trim x",
        cleaned={"x": repeated(["red", "red", "blue"])},
    ),
    column("spellings", ["Yes", "yes", "YES", "No"], "recode x"),
    column("yes and no", ["yes", "no", "no"]),
    column("0 and 1", ["0", "1", "1"]),
    column("true and FALSE", ["true", "FALSE", "True"], "words for true and false"),
    column("0, 1 and yes", ["0", "1", "yes"], "others such as 'yes'"),
    column(
        "words with invisible marks",
        ["red\u200b", "red", "\ufeffblue"],
        "marks without width",
    ),
    column("every cell is missing", [None], "every cell is missing"),
    column("letters composed twice", ["e\u0301", "é", "e"], "Unicode NFC"),
    styled("ISO days", lambda y, m, d: f"{y}-{m:02d}-{d:02d}"),
    styled(
        "days first", lambda y, m, d: f"{d:02d}/{m:02d}/{y}", "%d/%m/%Y", cleaned=READ
    ),
    styled(
        "months first", lambda y, m, d: f"{m:02d}/{d:02d}/{y}", "%m/%d/%Y", cleaned=READ
    ),
    styled(
        "days with points",
        lambda y, m, d: f"{d:02d}.{m:02d}.{y}",
        "%d.%m.%Y",
        cleaned=READ,
    ),
    styled(
        "months in letters",
        lambda y, m, d: f"{d} {MONTHS[m - 1]} {y}",
        "%d %b %Y",
        cleaned=READ,
    ),
    styled(
        "days that nobody can tell",
        lambda y, m, d: f"0{d % 9 + 1}/0{m % 9 + 1}/{y}",
        "ambiguous dates",
    ),
    styled(
        "a 30th of February",
        lambda y, m, d: "2026-02-30" if (m, d) == (1, 1) else f"{y}-{m:02d}-{d:02d}",
        "'2026-02-30' is no day that there is",
    ),
    styled(
        "years before 1677 and after 2262",
        lambda y, m, d: f"{(1492, 2026, 2500)[d % 3]}-{m:02d}-{d:02d}",
    ),
    styled(
        "years of two digits", lambda y, m, d: f"{d:02d}/{m:02d}/{y % 100}", "%d/%m/%y"
    ),
    styled(
        "seconds since 1970", lambda y, m, d: str(1_767_225_600 + 86_400 * (m * 31 + d))
    ),
    column(
        "time zones",
        [
            "2026-01-31T23:30:00+05:00",
            "2026-01-31T23:30:00-08:00",
            "2026-02-01T00:30:00Z",
        ],
        "zone",
    ),
    column(
        "stamps with and without a zone",
        ["2026-01-31T23:30:00+05:00", "2026-01-31T23:30:00"],
        "some of its times carry a zone and some do not",
    ),
    column(
        "an hour that the clocks skip", ["2026-03-29T02:30:00", "2026-03-29T03:30:00"]
    ),
    unsorted(),
    categories(),
    ids(),
    equal_rows(),
    constant(),
    target("one class", ["yes"], "two classes", ends="blocked"),
    target(
        "a class of two rows",
        [*["yes"] * 58, "no", "no"],
        "two classes",
        ends="blocked",
    ),
    target(
        "a target that never varies",
        ["3.25"],
        "varies",
        ends="blocked",
        how={"target_type": "number"},
    ),
    target("a target with gaps", ["yes", "no", None], "missing target"),
    target("a target that says nan", ["1.5", "nan", "2.5", "7.25"], "missing target"),
    target(
        "a target without a cell",
        [None],
        "every cell of the target",
        "'t'",
        ends="error",
    ),
    target("a target of infinities", ["1.5", "inf", "2.5", "3.25"], "missing target"),
    target(
        "a target with dates",
        ["2026-01-01", "2026-01-02"],
        "date cannot be predicted",
        ends="error",
    ),
    target(
        "a target that is to be a number and is not",
        ["1", "two"],
        "other words",
        "'two'",
        ends="error",
        how={"target_type": "number"},
    ),
    Case(
        "no such target",
        text_of(plain()).encode(),
        ends="error",
        told=("no column 'T'", "did you mean 't'"),
        target="T",
    ),
]
