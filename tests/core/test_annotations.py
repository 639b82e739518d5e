from __future__ import annotations

import json
import subprocess
import sys

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from mlkit.core import annotations
from mlkit.core.annotations import Annotation
from mlkit.core.errors import UsageError

words = st.text(max_size=12)
made = st.lists(
    st.builds(
        Annotation,
        row=st.text(min_size=1, max_size=8),
        label=st.none() | words | st.floats(allow_nan=False, allow_infinity=False),
        by=st.sampled_from(["ann", "bob", "Zoë 🦉"]),
        at=st.just("2026-01-31T12:00:00+00:00"),
        seconds=st.none() | st.floats(0, 1e6),
        note=words,
    ),
    max_size=6,
)


@settings(deadline=None)
@given(made, made)
def test_what_is_appended_is_read_back_in_order(tmp_path_factory, first, then):
    path = tmp_path_factory.mktemp("lines") / "labels.jsonl"
    annotations.append(path, first)
    annotations.append(path, then)
    assert annotations.read(path) == ([*first, *then], False)
    assert path.read_bytes().count(b"\n") == len(first) + len(then)


@settings(deadline=None)
@given(made.filter(bool), st.data())
def test_a_torn_last_line_is_left_out_and_mended(tmp_path_factory, lines, data):
    path = tmp_path_factory.mktemp("lines") / "labels.jsonl"
    annotations.append(path, lines)
    content = path.read_bytes()
    last = content.rfind(b"\n", 0, len(content) - 1) + 1
    path.write_bytes(content[: data.draw(st.integers(last + 1, len(content) - 2))])
    assert annotations.read(path) == (lines[:-1], True)
    annotations.append(path, lines[:1])
    assert annotations.read(path) == ([*lines[:-1], lines[0]], False)


def test_a_last_line_without_its_end_counts_where_it_is_whole(tmp_path):
    path = tmp_path / "labels.jsonl"
    path.write_text('{"row": "a", "label": "cat", "by": "ann"}')
    assert annotations.read(path) == ([Annotation("a", "cat", "ann")], False)
    annotations.append(path, [Annotation("b", "dog", "ann")])
    assert [one.row for one in annotations.read(path)[0]] == ["a", "b"]


def test_a_line_says_no_more_than_it_must():
    assert Annotation("a", "cat", "ann", "now").line == {
        "row": "a",
        "label": "cat",
        "by": "ann",
        "at": "now",
    }
    assert "label" not in Annotation("a", by="ann", undone=True).line


@pytest.mark.parametrize(
    "line",
    [
        "<<<<<<< HEAD",
        '{"row": "a", "label": ["cat"], "by": "ann"}',
        '{"row": "a", "label": NaN}',
        '{"label": "cat", "by": "ann"}',
        '{"row": "", "label": "cat", "by": "ann"}',
        '{"row": 3, "label": "cat", "by": "ann"}',
        '{"row": "a", "label": "cat", "who": "ann"}',
        "[1, 2]",
        "null",
    ],
)
def test_a_line_that_is_no_label_is_named(tmp_path, line):
    path = tmp_path / "labels.jsonl"
    path.write_text(f'{{"row": "z", "label": "cat"}}\n{line}\n')
    with pytest.raises(UsageError, match="cannot be read") as error:
        annotations.read(path)
    assert error.value.where.endswith("labels.jsonl, line 2")


MANY = """
import sys
from pathlib import Path
from mlkit.core import annotations
for n in range(40):
    given = annotations.Annotation(f"r{n}", "cat", sys.argv[2])
    annotations.append(Path(sys.argv[1]), [given])
"""


def test_two_people_append_at_once(tmp_path):
    path = tmp_path / "labels.jsonl"
    asked = [[sys.executable, "-c", MANY, str(path), by] for by in ("ann", "bob")]
    workers = [subprocess.Popen(one) for one in asked]
    assert [worker.wait() for worker in workers] == [0, 0]
    lines = [json.loads(line) for line in path.read_text().splitlines()]
    assert len(lines) == 80
    assert len(annotations.current(annotations.read(path)[0])) == 40


def test_an_undone_line_without_a_row_takes_everything_back():
    given = [Annotation("a", "cat", "ann"), Annotation("", undone=True)]
    assert annotations.current(given) == {}
    assert annotations.current([], {"a": {"ann": "cat"}}) == {"a": {"ann": "cat"}}
