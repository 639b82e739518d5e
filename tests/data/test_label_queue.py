from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, rule

from mlkit.core import annotations
from mlkit.core.errors import InputError
from mlkit.core.schema import Column, Schema
from mlkit.data.label import label
from mlkit.data.labels.finding import find
from mlkit.data.labels.items import cells_of, media_of, written
from mlkit.data.labels.queue import Queue
from mlkit.data.labels.ranking import Ranker

ROWS = [f"r{i}" for i in range(8)]


def table_of(
    target=("cat", "dog", None, None, None, None, None, None), kind="category"
):
    frame = pd.DataFrame({"x": np.arange(float(len(target)))})
    frame["t"] = pd.Series(list(target), dtype="float64" if kind == "number" else "str")
    frame.index = pd.Index(ROWS[: len(target)], dtype="str", name="row")
    return Schema((Column("x"), Column("t", kind, ("target",)))).attach(frame)


class Labelling(RuleBasedStateMachine):
    """Whatever a person does, what is saved and what is in mind are the same."""

    def __init__(self):
        super().__init__()
        self.labels = {"r1": {"bob": "owl"}}
        self.queue = Queue(table_of(), self.labels, "ann")
        self.lines = [annotations.Annotation("r1", "owl", "bob")]

    @rule(row=st.sampled_from(ROWS), word=st.sampled_from(["cat", "dog", "owl", None]))
    def give(self, row, word):
        self.lines.append(self.queue.give(row, word))

    @rule(row=st.sampled_from(ROWS))
    def skip(self, row):
        self.queue.skip(row)

    @rule()
    def undo(self):
        line = self.queue.undo()
        if line is not None:
            self.lines.append(line)

    @rule(order=st.permutations(range(2, 8)))
    def rank(self, order):
        self.queue.rank(order)

    @invariant()
    def the_lines_say_the_same(self):
        assert annotations.current(self.lines) == self.labels

    @invariant()
    def the_counts_are_those_of_the_table(self):
        made = label(table_of(), self.labels).table["t"].value_counts().to_dict()
        counts = {name: n for name, n in self.queue.counts().items() if n}
        assert counts == made

    @invariant()
    def what_is_dealt_has_no_label_of_hers(self):
        dealt = [ROWS[place] for place in self.queue.deal(99)]
        assert len(dealt) == len(set(dealt))
        assert not any("ann" in self.labels.get(row, {}) for row in dealt)
        bare = {row for row in ROWS[2:] if "ann" not in self.labels.get(row, {})}
        assert bare <= set(dealt)


TestLabelling = Labelling.TestCase
TestLabelling.settings = settings(max_examples=10, deadline=None)


def test_unlabelled_rows_come_first_then_second_opinions_then_the_skipped():
    queue = Queue(table_of(), {"r3": {"bob": "cat"}, "r0": {"bob": "dog"}}, "ann")
    queue.rank([7, 6, 5, 4, 2])
    queue.skip("r6")
    assert queue.deal(9) == [7, 5, 4, 2, 3, 0, 6]
    assert queue.deal(2, holding=["r7"]) == [5, 4]
    assert queue.progress() == (1, 6)


def test_the_first_order_is_shuffled_and_fixed():
    orders = [Queue(table_of(), {}, "ann").deal(9) for _ in range(2)]
    assert orders[0] == orders[1] != sorted(orders[0])


def test_what_is_no_label_is_refused():
    queue = Queue(table_of(), {}, "ann")
    for row, word in (("nobody", "cat"), ("r2", " ")):
        with pytest.raises(InputError):
            queue.give(row, word)
    with pytest.raises(InputError):
        queue.add(" ")
    assert queue.labels == {}
    numbers = Queue(table_of((1.0, None, 2.5), "number"), {}, "ann")
    with pytest.raises(InputError, match="is a number"):
        numbers.give("r1", "many")
    assert numbers.give("r1", "3.5").label == 3.5
    assert numbers.classes == []


def test_no_target_no_queue():
    with pytest.raises(InputError, match="no target"):
        Queue(Schema((Column("x"),)).attach(table_of()[["x"]]), {}, "ann")


def test_the_most_uncertain_come_first():
    words = ["low"] * 4 + [None] * 12 + ["high"] * 4
    frame = pd.DataFrame({"x": np.arange(20.0), "t": pd.array(words, "str")})
    frame.index = pd.Index([f"r{i}" for i in range(20)], dtype="str")
    schema = Schema((Column("x"), Column("t", "category", ("target",))))
    ranker = Ranker(schema.attach(frame))
    assert set(ranker.rank({}).tolist()[:4]) == {8, 9, 10, 11}
    moved = ranker.rank({"r5": "low", "r6": "high", "r7": None})
    assert not set(moved.tolist()) & {5, 6, 7}
    assert len(Ranker(table_of()).rank({"r0": None})) == 0


def test_learning_in_this_order_is_faster_than_by_chance():
    from sklearn.linear_model import LogisticRegression

    rng = np.random.default_rng(0)
    x = rng.normal(size=(600, 2))
    truth = np.where(x[:, 0] + x[:, 1] > 1.6, "rare", "usual")
    frame = pd.DataFrame(x, columns=["a", "b"])
    start = list(range(10)) + np.flatnonzero(truth == "rare")[:2].tolist()
    frame["t"] = pd.array([None] * 600, "str")
    frame.iloc[start, 2] = truth[start]
    frame.index = pd.Index([f"r{i}" for i in range(600)], dtype="str")
    columns = (Column("a"), Column("b"), Column("t", "category", ("target",)))
    ranker, given = Ranker(Schema(columns).attach(frame)), {}
    for _ in range(10):
        for place in ranker.rank(given)[:3]:
            given[f"r{place}"] = truth[place]
    mine = [*start, *(int(row[1:]) for row in given)]
    by_chance = [*start, *rng.choice(600, 30, replace=False)]
    scores = [
        LogisticRegression().fit(x[rows], truth[rows]).score(x, truth)
        for rows in (mine, by_chance)
    ]
    assert scores[0] > scores[1]


def test_rows_are_found_by_what_they_hold():
    table = table_of().assign(note=pd.array(["A Fine day", *["b"] * 6, None], "str"))
    schema = Schema.of(table).put(Column("note", "text"))
    labels = {"r4": {"ann": "owl"}, "r5": {"ann": "cat", "bob": "dog"}}
    queue = Queue(schema.attach(table), labels, "ann")
    doubts = {"r1": {"why": ""}, "r0": {"why": ""}}

    def rows(**asked):
        return [ROWS[place] for place in find(queue, doubts, **asked)]

    assert rows() == ROWS
    assert rows(text="fine") == ["r0"]
    assert rows(text="R7") == ["r7"]
    assert rows(label="owl") == ["r4"]
    assert rows(state="without") == ["r2", "r3", "r5", "r6", "r7"]
    assert rows(state="labelled") == ["r0", "r1", "r4"]
    assert rows(state="by hand") == ["r4", "r5"]
    assert rows(state="disputed") == ["r5"]
    assert rows(state="suspicious", order="suspicious") == ["r1", "r0"]
    assert rows(order="suspicious")[:3] == ["r1", "r0", "r2"]
    assert rows(order="label", state="labelled") == ["r0", "r1", "r4"]
    with pytest.raises(InputError, match="did you mean 'disputed'"):
        rows(state="dispute")


def test_a_row_is_shown_without_what_is_not_to_be_seen():
    table = table_of().assign(name="Eve", long="x" * 30_000, gone=np.nan)
    schema = Schema.of(table).put(
        Column("name", "text", ("private",)), Column("long", "text")
    )
    cells = cells_of(schema.attach(table), 2)
    assert [cell["name"] for cell in cells] == ["x", "long", "gone"]
    assert [cell["text"] for cell in cells][::2] == ["2", ""]
    assert len(cells[1]["text"]) == 20_000


@pytest.mark.parametrize(
    ("cell", "text"),
    [(1.25, "1.25"), (7, "7"), (True, "True"), (pd.NaT, ""), (pd.NA, ""), (None, "")],
)
def test_cells_are_written_plainly(cell, text):
    assert written(cell) == text


def test_media_come_as_bytes_no_larger_than_shown(in_folder):
    import io

    from PIL import Image

    from mlkit.core.media import media

    buffer = io.BytesIO()
    Image.new("RGB", (3000, 1500), (9, 90, 200)).save(buffer, "JPEG")
    digests = [media().put(buffer.getvalue()), media().put(b"none"), None]
    frame = pd.DataFrame({"photo": pd.array(digests, "str"), "t": ["a", "b", "a"]})
    columns = (Column("photo", "image"), Column("t", "category", ("target",)))
    table = Schema(columns).attach(frame)
    for small, side in ((False, 1200), (True, 160)):
        ((told, data),) = media_of(table, 0, small=small)
        assert told["mime"] == "image/png"
        assert max(Image.open(io.BytesIO(data)).size) == side
    ((told, data),) = media_of(table, 1)
    assert not data
    assert "cannot be read" in told["text"]
    assert media_of(table, 2) == []
