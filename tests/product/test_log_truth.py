"""Truth that comes in later: kept, joined, corrected, refused where it cannot be."""

from __future__ import annotations

import json
import queue

import pandas as pd
import pytest

from mlkit.cli.group import command_line
from mlkit.core.errors import InputError
from mlkit.product.journal.filing import rotate
from mlkit.product.journal.forgetting import Wanted, forget
from mlkit.product.journal.given import give
from mlkit.product.journal.merging import merge
from mlkit.product.journal.tables import Model, Record, connect, make
from mlkit.product.journal.truths import LATER, Feedback, Truth
from mlkit.product.journal.writer import Writer
from mlkit.product.log import find, read

COLUMNS = [{"name": "age", "type": "number"}]
YESNO = {"target": "late", "classes": ["no", "yes"]}
OWED = {"target": "owed", "classes": []}


def model(letter, output):
    return Model(letter * 64, {"schema": {"input": COLUMNS, "output": output}})


LABELS, VALUES = model("a", YESNO), model("b", OWED)


def record(name, rows=1, of=LABELS):
    said = {"label": "yes", "probabilities": {"no": 0.25, "yes": 0.75}, "flags": []}
    said = said if of is LABELS else {"value": 2.5, "flags": []}
    cells = json.dumps({"age": [40] * rows})
    reply = json.dumps({"id": name, "model": "a", "predictions": [said] * rows})
    return Record(name, 1.0, of.identity, rows, 0.001, cells, reply)


def put(path, *entries):
    settled = queue.SimpleQueue()
    writer = Writer(path, settled.put)
    for entry in entries:
        writer.put(None, entry)
    writer.stop()
    kept = []
    while not settled.empty():
        kept += settled.get()
    return kept


@pytest.fixture(params=[LABELS, VALUES], ids=["labels", "values"])
def path(request, tmp_path):
    make(tmp_path / "log.sqlite", request.param, 0.0)
    return tmp_path / "log.sqlite"


@pytest.fixture
def labels(tmp_path):
    make(tmp_path / "log.sqlite", LABELS, 0.0)
    put(tmp_path / "log.sqlite", record("one"), record("many", 3))
    return tmp_path / "log.sqlite"


def given(place, **columns):
    pd.DataFrame(columns).to_csv(place / "truth.csv", index=False)
    return place / "truth.csv"


def truths(path):
    table = read(path)
    keys = zip(table["request.id"], table["request.row"], strict=True)
    return dict(zip(keys, table["truth"].astype(object), strict=True))


@pytest.mark.parametrize("form", ["csv", "parquet", "json"])
def test_a_file_is_joined_to_its_rows(labels, tmp_path, form):
    columns = {"request.id": ["one", "many"], "request.row": [0, 2]}
    table = pd.DataFrame({**columns, "late": ["no", "yes"]})
    file = tmp_path / f"truth.{form}"
    how = {"csv": {"index": False}, "json": {"orient": "records"}, "parquet": {}}[form]
    getattr(table, f"to_{form}")(file, **how)
    assert give(labels, file).written == 2
    joined = read(labels).set_index(["request.id", "request.row"])
    assert joined["truth"].dropna().to_dict() == {("one", 0): "no", ("many", 2): "yes"}
    assert joined["truth"].dtype == "str"
    assert str(joined["truth.at"].dtype).endswith("UTC]")
    assert joined["truth.at"].notna().tolist() == joined["truth"].notna().tolist()
    again = give(labels, file)
    assert (again.written, again.repeated) == (0, 2)


def test_a_number_is_a_number(tmp_path):
    path = tmp_path / "log.sqlite"
    make(path, VALUES, 0.0)
    put(path, record("one", of=VALUES), record("two", of=VALUES))
    give(path, given(tmp_path, **{"request.id": ["one"], "owed": ["7.5"]}))
    assert read(path)["truth"].fillna(-1).tolist() == [7.5, -1.0]
    bad = given(tmp_path, **{"request.id": ["one"], "owed": ["much"]})
    with pytest.raises(InputError, match="predicts a number, not 'much'"):
        give(path, bad)


def test_the_last_one_counts_and_the_history_is_kept(labels, tmp_path):
    ids = {"request.id": ["one", "one", "many"], "request.row": [0, 0, 1]}
    told = give(labels, given(tmp_path, **ids, late=["no", "yes", "no"]))
    assert (told.written, told.corrected) == (3, 1)
    assert truths(labels)["one", 0] == "yes"
    told = give(labels, given(tmp_path, **{"request.id": ["one"]}, late=["no"]))
    assert (told.written, told.corrected) == (1, 1)
    assert truths(labels)["one", 0] == "no"
    connection = connect(labels, read=True)
    kept = connection.execute("SELECT value FROM truths WHERE request = 'one'")
    assert [value for (value,) in kept] == ["no", "yes", "no"]
    connection.close()


def test_a_moment_says_which_is_the_later_one(labels, tmp_path):
    at = {"truth.at": ["2026-01-02T00:00Z", "2026-01-01T00:00Z"]}
    ids = {"request.id": ["one", "one"]}
    give(labels, given(tmp_path, **ids, late=["yes", "no"], **at))
    assert truths(labels)["one", 0] == "yes"
    assert read(labels)["truth.at"][0] == pd.Timestamp("2026-01-02", tz="UTC")
    late = give(labels, given(tmp_path, **ids, late=["yes", "no"], **at))
    assert (late.written, late.repeated) == (0, 2)


def test_the_moment_of_a_truth_is_told_as_that_of_its_request(labels, tmp_path):
    kinds = [read(labels).dtypes]
    put(labels, Feedback([Truth("one", 0, "yes", 1_700_000_000.0220423)], 5.0))
    kinds.append(read(labels).dtypes)
    empty = tmp_path / "empty.sqlite"
    make(empty, LABELS, 0.0)
    kinds.append(read(empty).dtypes)
    assert {str(kind["truth.at"]) for kind in kinds} == {"datetime64[us, UTC]"}
    assert {str(kind["request.at"]) for kind in kinds} == {"datetime64[us, UTC]"}
    at = read(labels).set_index("request.id")["truth.at"]["one"]
    assert at == pd.Timestamp("2023-11-14T22:13:20.022042Z")


def test_a_new_class_is_taken_and_told(labels, tmp_path, capsys):
    file = given(tmp_path, **{"request.id": ["one"], "late": ["maybe"]})
    assert command_line(["feedback", "--log", str(labels), str(file)]) == 0
    assert "new to the model that answered: maybe" in capsys.readouterr().out
    assert truths(labels)["one", 0] == "maybe"


def test_truth_may_come_before_its_request(path, tmp_path):
    of = LABELS if "a" * 64 in str(read_models(path)) else VALUES
    name = of.about["schema"]["output"]["target"]
    word = "yes" if of is LABELS else "7.5"
    file = given(tmp_path, **{"request.id": ["late"], name: [word]})
    with pytest.raises(InputError, match="none of these requests"):
        give(path, file)
    told = give(path, file, early=True)
    assert (told.written, told.early, told.unknown) == (1, 1, ["late"])
    put(path, record("late", of=of))
    assert truths(path)["late", 0] == (word if of is LABELS else 7.5)


def read_models(path):
    connection = connect(path, read=True)
    try:
        return connection.execute("SELECT identity FROM models").fetchall()
    finally:
        connection.close()


@pytest.mark.parametrize(
    ("columns", "what"),
    [
        ({"request.id": ["one", "many"], "request.row": [0, 3]}, "has 3 rows"),
        ({"request.id": ["one", "many"]}, "has 3 rows"),
        ({"request.id": ["one", "o n"], "request.row": [0, 0]}, "no request's id"),
        ({"request.id": ["one", "many"], "request.row": [0, -1]}, "counts from 0"),
        ({"request.id": ["one", "many"], "request.row": [0, 0.5]}, "counts from 0"),
        ({"request.id": ["one", "one"], "truth.at": ["", "2999-01-01"]}, "the future"),
        ({"request.id": ["one", "one"], "truth.at": ["", "soon"]}, "a moment"),
        ({"request": ["one", "many"]}, "no column 'request.id'"),
    ],
)
def test_a_wrong_file_enters_nothing(labels, tmp_path, columns, what):
    with pytest.raises(InputError, match=what):
        give(labels, given(tmp_path, **columns, late=["no", "yes"]))
    assert read(labels)["truth"].isna().all()


def test_a_file_without_the_target_is_told_so(labels, tmp_path):
    with pytest.raises(InputError, match="no column 'late'"):
        give(labels, given(tmp_path, **{"request.id": ["one"], "lat": ["no"]}))


def test_open_rows_are_passed_over(labels, tmp_path, capsys):
    rows = {"request.id": ["one", "many"], "request.row": [0, 1], "late": ["no", ""]}
    file = given(tmp_path, **rows)
    assert command_line(["feedback", "--log", str(labels), str(file), "--json"]) == 0
    told = json.loads(capsys.readouterr().out)
    assert (told["written"], told["open"]) == (1, 1)
    assert command_line(["feedback", "--log", str(labels), str(file)]) == 0
    assert "without a truth yet: 1 row\n" in capsys.readouterr().out


def test_the_writer_takes_a_feedback_whole_or_not_at_all(labels):
    good = Truth("one", None, "yes")
    kept = put(
        labels,
        Feedback([good, Truth("many", 9, "no")], 5.0),
        Feedback([good], 6.0),
        record("more"),
    )
    assert [one.state for one in kept] == ["unfit", "written", "written"]
    assert kept[0].where == "$.truths[1].row"
    assert json.loads(kept[1].reply)["written"] == 1
    known = {key: v for key, v in truths(labels).items() if not pd.isna(v)}
    assert known == {("one", 0): "yes"}


def test_a_clock_that_steps_back_does_not_undo_a_correction(labels):
    put(labels, Feedback([Truth("one", 0, "yes")], 50.0))
    put(labels, Feedback([Truth("one", 0, "no")], 40.0))
    assert truths(labels)["one", 0] == "no"


def entered(path, *entries):
    """Enter truths one by one; return of each whether it is new, and corrects."""
    kept = put(path, *(Feedback([truth], 90.0) for truth in entries))
    counts = [json.loads(one.reply) for one in kept]
    return [(count["written"], count["corrected"]) for count in counts]


def test_of_two_truths_of_one_moment_the_one_that_came_last_counts(labels):
    yes, no, other = (Truth("one", 0, word, 50.0) for word in ("yes", "no", "maybe"))
    assert entered(labels, yes, no) == [(1, 0), (1, 1)]
    assert truths(labels)["one", 0] == "no"
    assert entered(labels, yes, no) == [(0, 0), (0, 0)]
    assert entered(labels, other, no, other) == [(1, 1), (0, 0), (0, 0)]
    assert truths(labels)["one", 0] == "maybe"
    kept = [truth.value for truth in find(labels, "one").truths]
    assert kept == ["yes", "no", "maybe"]


def test_a_truth_that_is_not_the_latest_corrects_nothing(labels):
    late, early = Truth("one", 0, "yes", 50.0), Truth("one", 0, "no", 40.0)
    assert entered(labels, late, early) == [(1, 0), (1, 0)]
    again = Truth("one", 0, "yes", 40.0)
    assert entered(labels, again, early, again) == [(1, 0), (0, 0), (0, 0)]
    assert truths(labels)["one", 0] == "yes"
    assert find(labels, "one").truths[1].at == 40.0 + LATER


def test_a_moment_far_off_has_one_after_it(labels):
    far = [Truth("one", 0, word, 2e11) for word in ("yes", "no")]
    assert entered(labels, *far, *far) == [(1, 0), (1, 1), (0, 0), (0, 0)]


def test_ties_are_merged_to_the_same_in_any_order(tmp_path):
    words = {"a": ("yes", "no"), "b": ("no", "yes"), "c": ("no", "no")}
    said = []
    for n, order in enumerate(["abc", "bca", "cab"]):
        logs = {name: tmp_path / f"{n}-{name}" for name in order}
        for name, place in logs.items():
            make(place, LABELS, 0.0)
            put(place, record("one"))
            entered(place, *(Truth("one", 0, word, 50.0) for word in words[name]))
        first, *others = logs.values()
        merge(first, others)
        assert merge(first, others).truths == 0
        said.append(find(first, "one").truths)
    assert said[0] == said[1] == said[2]
    assert said[0][-1].value == truths(first)["one", 0]


@pytest.mark.parametrize("filed", [False, True])
@pytest.mark.parametrize(
    ("rows", "counts"), [(1, {("late", 0): "yes"}), (3, {("late", 2): "no"})]
)
def test_an_early_truth_counts_where_its_row_is_known(labels, rows, counts, filed):
    put(
        labels,
        Feedback([Truth("late", None, "yes"), Truth("late", 9, "no")], 6.0),
        Feedback([Truth("late", 2, "no")], 5.0),
        record("late", rows),
    )
    if filed:
        rotate(labels, now=9 * 86_400.0)
    known = {key: v for key, v in truths(labels).items() if not pd.isna(v)}
    assert known == counts
    of = {("late", truth.row): truth.value for truth in find(labels, "late").truths}
    assert of == counts


def test_an_early_truth_without_a_row_is_known_and_corrected(labels):
    early = Truth("late", None, "yes", 50.0)
    assert entered(labels, early, early) == [(1, 0), (0, 0)]
    put(labels, record("late"))
    same = Truth("late", None, "yes")
    assert entered(labels, early, same) == [(0, 0), (0, 0)]
    assert entered(labels, Truth("late", 0, "no", 50.0), early) == [(1, 1), (0, 0)]
    assert truths(labels)["late", 0] == "no"


def test_an_early_truth_is_forgotten_with_its_request(labels):
    early = [Truth("late", None, "yes"), Truth("late", 9, "yes")]
    put(labels, Feedback(early, 5.0), record("late"))
    forget(labels, Wanted(("late",)))
    connection = connect(labels, read=True)
    assert connection.execute("SELECT count(*) FROM truths").fetchone() == (0,)
    connection.close()
    put(labels, Feedback(early[:1], 6.0))
    assert "late" not in {key[0] for key in truths(labels)}
