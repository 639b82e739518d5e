"""The log of a server at work: truth by HTTP, nights, private cells, closed days."""

from __future__ import annotations

import json
import stat
import time
import warnings

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from mlkit.core.errors import InputError, UsageError
from mlkit.core.project import Project
from mlkit.product.journal.filing import rotate
from mlkit.product.journal.parts import folder_of
from mlkit.product.journal.policy import Policy
from mlkit.product.journal.private import hashed, key_of
from mlkit.product.log import find, read
from mlkit.product.serving.app import application
from mlkit.product.serving.served import Served
from mlkit.product.serving.settings import Settings

with warnings.catch_warnings():
    warnings.simplefilter("ignore")
    from starlette.testclient import TestClient

GOOD = {"pay": 1800.5, "age": 40, "town": "Ghent", "sex": "f"}


@pytest.fixture(scope="module")
def served(package_of):
    return Served(package_of().folder)


@pytest.fixture
def log(tmp_path):
    return tmp_path / "log.sqlite"


@pytest.fixture
def client(served, log):
    app = application(served, Settings(log=log, rows=50))
    with TestClient(app, "http://localhost") as client:
        yield client


def ask(client, name="", rows=1):
    body = {"rows": [GOOD] * rows, **({"id": name} if name else {})}
    return client.post("/v1/predict", json=body)


def tell(client, *truths):
    return client.post("/v1/feedback", json={"truths": list(truths)})


def test_truth_is_on_the_disk_before_it_is_replied_to(client, log):
    ask(client, "a", 2)
    told = tell(
        client, {"id": "a", "row": 1, "truth": "no"}, {"id": "z", "truth": "no"}
    )
    assert told.status_code == 200
    assert told.json() == {
        "written": 2,
        "repeated": 0,
        "corrected": 0,
        "early": 1,
        "forgotten": 0,
        "unseen": [],
    }
    assert read(log)["truth"].tolist()[1] == "no"
    again = tell(client, {"id": "a", "row": 1, "truth": "no"})
    assert (again.json()["written"], again.json()["repeated"]) == (0, 1)
    later = tell(client, {"id": "a", "row": 1, "truth": "maybe"})
    assert later.json()["unseen"] == ["maybe"]
    assert read(log)["truth"].tolist()[1] == "maybe"


def test_a_wrong_key_is_told_with_those_that_there_are(client):
    for body, hint in (
        ({"truths": [{"id": "a", "label": "no"}]}, "known: at, id, row, truth"),
        ({"truth": []}, "did you mean 'truths'?"),
    ):
        told = client.post("/v1/feedback", json=body).json()["error"]
        assert hint in told["what"]


@pytest.mark.parametrize(
    ("truths", "status", "where"),
    [
        ([{"id": "a", "row": 2, "truth": "no"}], 422, "$.truths[0].row"),
        ([{"id": "a", "truth": "no"}], 422, "$.truths[0].row"),
        ([{"id": "a", "row": -1, "truth": "no"}], 422, "$.truths[0].row"),
        ([{"id": "a b", "truth": "no"}], 422, "$.truths[0].id"),
        ([{"id": "a", "row": 0, "truth": None}], 422, "$.truths[0].truth"),
        ([{"id": "a", "row": 0, "truth": {}}], 422, "$.truths[0].truth"),
        ([{"id": "a", "row": 0, "truth": ""}], 422, "$.truths[0].truth"),
        ([{"id": "a", "row": 0, "truth": " \t"}], 422, "$.truths[0].truth"),
        ([{"id": "a", "row": 0}], 422, "$.truths[0]"),
        ([{"id": "a", "row": 0, "truth": "no", "x": 1}], 422, "$.truths[0]"),
        *(
            ([{"id": "a", "row": 0, "truth": "no", "at": at}], 422, "$.truths[0].at")
            for at in ("2999-01-01T00:00Z", "1969-12-31T23:59:59Z", "0001-01-01T00:00")
        ),
        ([{"id": "z", "truth": "no"}] * 51, 413, "$.truths"),
        ([], 422, "$.truths"),
    ],
)
def test_a_truth_that_cannot_be_is_refused_whole(client, log, truths, status, where):
    ask(client, "a", 2)
    good = {"id": "a", "row": 1, "truth": "yes"}
    told = tell(client, *truths, *([good] if truths else ()))
    assert told.status_code == status
    if where:
        assert told.json()["error"].get("where", "") == where
    assert read(log)["truth"].isna().all()


def test_a_truth_may_have_been_known_ever_since_1970(client, log):
    ask(client, "a")
    told = tell(client, {"id": "a", "truth": "no", "at": "1970-01-01T00:00:00Z"})
    assert told.status_code == 200
    assert read(log)["truth.at"][0].timestamp() == 0


def test_an_id_is_asked_again_with_the_same_numbers_however_they_are_written(client):
    def again(**changes):
        body = {"id": "same", "rows": [{**GOOD, **changes}]}
        return client.post("/v1/predict", json=body)

    first = again(age=50)
    assert first.status_code == 200
    for same in (50, 50.0, "50"):
        assert again(age=same).text == first.text
    for other in (50.5, "50.5", None, 5):
        assert again(age=other).status_code == 409


def test_a_server_without_a_log_takes_no_truth(served):
    with TestClient(application(served, Settings()), "http://localhost") as client:
        assert tell(client, {"id": "a", "truth": "no"}).status_code == 404


def test_truths_wait_as_rows_do(served, log):
    app = application(served, Settings(log=log, waiting=3))
    with TestClient(app, "http://localhost") as client:
        full = tell(client, *({"id": f"a{i}", "truth": "no"} for i in range(4)))
        assert full.status_code == 503
        assert full.headers["retry-after"]
        assert tell(client, {"id": "a", "truth": "no"}).status_code == 200


def test_a_server_files_closed_days_when_it_starts(served, log):
    with TestClient(application(served, Settings(log=log)), "http://x") as client:
        client.headers["host"] = "localhost"
        reply = ask(client, "a").json()
    with _connected(log) as connection:
        connection.execute("UPDATE requests SET at = at - 2 * 86400")
    before = read(log)
    with TestClient(application(served, Settings(log=log)), "http://x") as client:
        client.headers["host"] = "localhost"
        give_up = time.monotonic() + 60
        while not list(folder_of(log).glob("*.parquet")):
            assert time.monotonic() < give_up
            assert ask(client).status_code == 200
            time.sleep(0.1)
        again = ask(client, "a")
        assert again.status_code == 409 or again.json() == reply
    rotate(log)
    with TestClient(application(served, Settings(log=log)), "http://x") as client:
        client.headers["host"] = "localhost"
        assert ask(client, "a").json()["error"]["what"].endswith("on a closed day")
    assert read(log)[:1].equals(before)
    assert find(log, "a").reply == reply


def _connected(log):
    from contextlib import closing

    from mlkit.product.journal.tables import connect

    return closing(connect(log))


def test_private_cells_are_hashed_where_the_project_says_so(served, log, tmp_path):
    key = key_of(tmp_path / ".mlkit")
    assert key_of(tmp_path / ".mlkit") == key
    assert stat.S_IMODE((tmp_path / ".mlkit" / "log.key").stat().st_mode) == 0o600
    hidden, served.hidden = served.hidden, frozenset({"town", "age"})
    try:
        for kept in (b"", key):
            app = application(served, Settings(log=log, key=kept))
            with TestClient(app, "http://localhost") as client:
                ask(client, f"a{len(kept)}", 2)
    finally:
        served.hidden = hidden
    assert set(find(log, "a0").cells) == {"pay", "sex"}
    assert find(log, "a32").cells["town"] == [hashed("town", "Ghent", key)] * 2
    assert find(log, "a32").cells["age"] == [hashed("age", 40, key)] * 2
    assert b"Ghent" not in log.read_bytes()
    assert "Settings(" in repr(Settings(key=key))
    assert key.hex() not in repr(Settings(key=key))
    assert repr(key) not in repr(Settings(key=key))


def test_a_damaged_key_is_told(tmp_path):
    (tmp_path / "log.key").write_text("short")
    with pytest.raises(InputError, match="no key"):
        key_of(tmp_path)


@pytest.mark.parametrize(
    ("line", "wanted"),
    [
        ("", Policy()),
        ("log_days = 90", Policy(90)),
        ('log_private = "hash"', Policy(None, "hash")),
        ("log_days = 0", None),
        ("log_days = true", None),
        ('log_private = "keep"', None),
    ],
)
def test_a_project_says_how_its_log_is_kept(tmp_path, line, wanted):
    (tmp_path / "mlkit.toml").write_text(f"format = 1\n[policies]\n{line}\n")
    project = Project.open(tmp_path)
    if wanted is None:
        with pytest.raises(UsageError, match="log_"):
            Policy.of(project)
    else:
        assert Policy.of(project) == wanted


def test_openapi_tells_of_it(client):
    path = client.get("/openapi.json").json()["paths"]["/v1/feedback"]["post"]
    assert set(path["responses"]) >= {"200", "422", "503"}
    json.dumps(path)


JSON = st.recursive(
    st.none() | st.booleans() | st.floats() | st.integers() | st.text(),
    lambda some: st.lists(some) | st.dictionaries(st.text(), some),
    max_leaves=10,
)
TRUTH = st.fixed_dictionaries(
    {"id": st.sampled_from(["a", "z", "", "\0"]) | st.text(), "truth": JSON},
    optional={
        "row": st.integers(-2, 2**70) | JSON,
        "at": JSON | st.datetimes().map(str),
    },
)


@settings(max_examples=60, deadline=None, suppress_health_check=list(HealthCheck))
@given(body=JSON | st.fixed_dictionaries({"truths": st.lists(TRUTH)}))
def test_no_feedback_breaks_it(client, body):
    ask(client, "a", 2)
    content = json.dumps(body)
    kind = {"content-type": "application/json"}
    reply = client.post("/v1/feedback", content=content, headers=kind)
    assert reply.status_code in (200, 413, 422)
    assert ask(client, "a", 2).status_code == 200
