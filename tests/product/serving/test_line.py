"""The line: what is quick is scored in its turn, what is not leaves the loop free."""

from __future__ import annotations

import asyncio
import sqlite3
import threading
import time
from types import MappingProxyType

import numpy as np
import pytest

from mlkit.model.runtime import Predictions
from mlkit.product.journal.tables import Model, make
from mlkit.product.log import last
from mlkit.product.serving.answers import Pattern
from mlkit.product.serving.forms import Asked
from mlkit.product.serving.line import Line
from mlkit.product.serving.metrics import Metrics


class Fake:
    """A package that says in which thread it answered, and takes its time."""

    version = identity = "v"
    hidden = files = frozenset()
    output = MappingProxyType({"kind": "number", "classes": ()})

    def __init__(self, seconds):
        self.seconds, self.threads = seconds, []

    def answers(self, cells, count):
        self.threads.append((threading.current_thread().name, count))
        end = time.thread_time() + self.seconds * count
        while time.thread_time() < end:
            pass
        said = Predictions(np.ones(count), None, ())
        return Pattern(self.version, self.output, None).write(said, [])


def asked(served, groups):
    """Ask groups of requests, each at once; return where they were answered."""

    async def together():
        line = Line(Metrics("v"), None, 10**6)
        for size in groups:
            some = [line.ask(served, Asked("", {}, 1)) for _ in range(size)]
            told = await asyncio.gather(*some)
            assert all('"value":1.0' in one for one in told)
        assert line.waiting == 0
        line.stop()

    asyncio.run(together())
    return served.threads


def test_what_comes_with_files_leaves_the_loop_free():
    served = Fake(0.0)
    served.files = frozenset({"photo"})
    assert asked(served, [1, 1, 1]) == [("model", 1)] * 3


def test_what_is_quick_is_scored_in_its_turn():
    (first, *rest) = asked(Fake(0.0), [1, 2, 4, 8, 8])
    assert first == ("model", 1)
    assert rest == [("MainThread", size) for size in (2, 4, 8, 8)]


@pytest.mark.parametrize("groups", [[1, 1, 1], [1, 2, 2], [5, 5]])
def test_what_is_slow_is_scored_in_a_thread(groups):
    threads = asked(Fake(0.005), groups)
    assert {name for name, _ in threads} == {"model"}
    assert sum(count for _, count in threads) == sum(groups)


def test_each_package_shows_anew_that_it_is_quick():
    async def together():
        line = Line(Metrics("v"), None, 100)
        for served in packages:
            for _ in range(2):
                await line.ask(served, Asked("", {}, 1))
        line.stop()

    packages = [Fake(0.0), Fake(0.0)]
    asyncio.run(together())
    for served in packages:
        assert served.threads == [("model", 1), ("MainThread", 1)]


def test_what_comes_turn_after_turn_is_scored_together():
    async def later(line, turns):
        for _ in range(turns):
            await asyncio.sleep(0)
        return await line.ask(served, Asked("", {}, 1))

    async def together():
        line = Line(Metrics("v"), None, 100)
        for size in (1, 2, 4, 8):
            await asyncio.gather(*(later(line, 0) for _ in range(size)))
        await asyncio.gather(*(later(line, turns) for turns in range(8)))
        await asyncio.gather(later(line, 0), later(line, 20))
        line.stop()

    served = Fake(0.0)
    asyncio.run(together())
    assert [count for _, count in served.threads] == [1, 2, 4, 8, 8, 1, 1]


def test_who_gave_up_is_neither_answered_nor_kept(tmp_path):
    async def together():
        line = Line(Metrics("v"), log, 100)
        first = asyncio.create_task(line.ask(served, Asked("first", {}, 1)))
        while not served.threads:
            await asyncio.sleep(0.001)
        late = asyncio.create_task(line.ask(served, Asked("late", {}, 2)))
        await asyncio.sleep(0.001)
        late.cancel()
        await first
        await line.ask(served, Asked("next", {}, 1))
        assert line.waiting == 0
        line.stop()

    served, log = Fake(0.1), tmp_path / "requests.sqlite"
    make(log, Model("v", {}), 0.0)
    asyncio.run(together())
    assert [count for _, count in served.threads] == [1, 1]
    assert [one.id for one in last(log, 9)] == ["next", "first"]


def counted(client):
    """Return the rows that /metrics has as answered, and its flags of unseen words."""
    wanted = ("mlkit_rows_total ", 'mlkit_flags_total{flag="unseen"} ')
    lines = client.get("/metrics").text.splitlines()
    found = {n: line.removeprefix(n) for n in wanted for line in lines if n in line}
    return tuple(int(found.get(name, 0)) for name in wanted)


def test_only_rows_that_got_an_answer_are_counted_and_so_are_their_flags(
    client_of, loans, good
):
    def ask(name, age):
        rows = [good, {**good, "age": age, "town": "Mars"}, good]
        body = {"id": name, "rows": rows}
        return client.post("/v1/predict", json=body).status_code

    with client_of(loans) as client:
        assert ask("twice", 40) == 200
        assert counted(client) == (3, 1)
        assert {ask("twice", 50 + n) for n in range(5)} == {409}
        assert counted(client) == (3, 1)
        other = sqlite3.connect(client.log, isolation_level=None)
        other.execute("BEGIN IMMEDIATE")
        assert ask("locked", 40) == 503
        other.close()
        assert counted(client) == (3, 1)
        assert ask("locked", 40) == 200
        assert counted(client) == (6, 2)


def test_flags_are_counted_with_the_request_that_they_were_set_on(
    client_of, loans, good
):
    async def together(served):
        line = Line(Metrics("v"), None, 100)
        some = [line.ask(served, asked) for asked in (plain, odd, plain, odd)]
        await asyncio.gather(*some)
        line.stop()
        return line.metrics

    with client_of(loans) as client:
        served = client.duty.desk.served
    names = [field.name for field in served.fields]
    plain = Asked("", {name: [good.get(name)] * 2 for name in names}, 2)
    odd = Asked("", {**plain.cells, "town": ["Ghent", "Mars"]}, 2)
    metrics = asyncio.run(together(served))
    assert (metrics.rows, metrics.batches.counts[3]) == (8, 1)
    assert metrics.flags["unseen"] == 2
