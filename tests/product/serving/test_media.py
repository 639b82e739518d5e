"""Images and sounds in requests: by every door, with every kind of harm."""

from __future__ import annotations

import base64
import io
import json
import struct
import threading
import time
import zlib

import numpy as np
import pyarrow as pa
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from PIL import Image

from mlkit.core.errors import InputError
from mlkit.core.pictures import FORMATS
from mlkit.core.sounds import written
from mlkit.data.collect import collect
from mlkit.product import rehearse as rehearsing
from mlkit.product.client import Client
from mlkit.product.log import find, last
from mlkit.product.serving import media
from mlkit.product.serving.doors import ARROW, BINARY
from mlkit.product.serving.media import example, weigh
from mlkit.product.serving.reader import Reader
from mlkit.product.serving.served import Served
from mlkit.product.serving.trial import fault

PREDICT, INFER = "/v1/predict", "/v2/models/model/infer"


def text(data):
    return base64.b64encode(data).decode()


@pytest.fixture
def red(drawn):
    return (drawn / "0.png").read_bytes()


@pytest.fixture
def low(drawn):
    return (drawn / "0.wav").read_bytes()


@pytest.fixture
def client(client_of, pictures):
    with client_of(pictures) as client:
        yield client


def row(photo, **more):
    return {"photo": photo, "size": 10, "town": "Ghent", **more}


def labels(reply):
    assert reply.status_code == 200, reply.text
    return [one["label"] for one in reply.json()["predictions"]]


# one picture by every door


def test_a_picture_is_base64_and_kept_so(client, red, drawn):
    blue = (drawn / "1.png").read_bytes()
    wrapped = base64.encodebytes(blue).decode()
    url = f"data:image/png;base64,{text(red)}"
    rows = [row(text(red)), row(wrapped), row(url), row(None), row("")]
    reply = client.post(PREDICT, json={"id": "some", "rows": rows})
    assert labels(reply)[:3] == ["red", "blue", "red"]
    flags = [one["flags"] for one in reply.json()["predictions"]]
    gone = [{"field": "photo", "flag": "missing"}]
    assert flags == [[], [], [], gone, gone]
    kept = find(client.log, "some")
    plain = [text(red), text(blue), text(red), None, None]
    assert kept.cells["photo"] == plain
    again = client.post(PREDICT, json={"id": "some", "rows": rows})
    assert again.content == reply.content
    other = client.post(PREDICT, json={"id": "some", "rows": [row(text(blue))] * 5})
    assert other.status_code == 409
    assert 'mlkit_flags_total{flag="missing"} 4' in client.get("/metrics").text


def test_a_sound_is_heard(client_of, sounds, drawn, low):
    high = (drawn / "1.wav").read_bytes()
    with client_of(sounds) as client:
        columns = {"clip": [text(low), text(high), None], "size": [9, 9, 9]}
        reply = client.post(PREDICT, json={"columns": columns})
    assert labels(reply)[:2] == ["low", "high"]


def test_every_door_gives_the_same_answer(client, red):
    told = [client.post(PREDICT, json={"rows": [row(text(red))]}).json()]
    parts = {"size": "10", "town": "Ghent"}
    files = {"photo": ("a.png", red, "image/png")}
    told.append(client.post(PREDICT, data=parts, files=files).json())
    for column in (
        pa.array([red]),
        pa.array([red], pa.large_binary()),
        pa.array([text(red)]),
        pa.array([red]).dictionary_encode(),
    ):
        table = pa.table({"photo": column, "size": [10.0], "town": ["Ghent"]})
        sink = pa.BufferOutputStream()
        with pa.ipc.new_stream(sink, table.schema) as stream:
            stream.write_table(table)
        body = sink.getvalue().to_pybytes()
        headers = {"content-type": ARROW, "accept": "application/json"}
        reply = client.post(PREDICT, content=body, headers=headers)
        assert reply.status_code == 200, reply.text
        told.append(reply.json())
    said = [one["predictions"] for one in told]
    assert said == [said[0]] * len(said)
    kept = [request.cells["photo"] for request in last(client.log)]
    assert kept == [[text(red)]] * len(said)


def test_tensors_hold_base64_in_json_and_bytes_behind_it(client, red):
    rest = [
        {"name": "size", "shape": [1], "datatype": "FP64", "data": [10]},
        {"name": "town", "shape": [1], "datatype": "BYTES", "data": ["Ghent"]},
    ]
    photo = {"name": "photo", "shape": [1], "datatype": "BYTES"}
    told = client.get("/v2/models/model").json()["inputs"]
    assert {"name": "photo", "datatype": "BYTES", "shape": [-1]} in told
    plain = {"inputs": [{**photo, "data": [text(red)]}, *rest]}
    packed = struct.pack("<I", len(red)) + red
    size = {"parameters": {"binary_data_size": len(packed)}}
    head = json.dumps({"inputs": [{**photo, **size}, *rest]}).encode()
    headers = {
        "content-type": BINARY,
        "inference-header-content-length": str(len(head)),
    }
    said = [
        client.post(INFER, json=plain).json(),
        client.post(INFER, content=head + packed, headers=headers).json(),
    ]
    found = [
        {one["name"]: one["data"] for one in told["outputs"]}["label"] for told in said
    ]
    assert found == [["red"], ["red"]]


def test_a_form_names_its_request_and_needs_no_files(client_of, loans, good, client):
    with client_of(loans) as plain:
        cells = {**good, "request.id": "mine"}
        first = plain.post(PREDICT, files={k: (None, str(v)) for k, v in cells.items()})
        assert first.json()["id"] == "mine"
        rows = {"id": "mine", "rows": [{**good, "age": "40"}]}
        assert plain.post(PREDICT, json=rows).content == first.content
        twice = [("request.id", (None, "a")), ("request.id", (None, "b"))]
        assert plain.post(PREDICT, files=twice).status_code == 422
        wrong = plain.post(PREDICT, files={**cells_of(good), "age": (None, "old")})
        assert wrong.status_code == 422
        assert wrong.json()["error"]["field"] == "age"
        stranger = plain.post(PREDICT, files={**cells_of(good), "agee": (None, "1")})
        assert "did you mean" in stranger.json()["error"]["what"]
        evil = {"origin": "http://evil.example"}
        cross = plain.post(PREDICT, files=cells_of(good), headers=evil)
        assert cross.status_code == 403


def cells_of(good):
    return {name: (None, str(cell)) for name, cell in good.items()}


@pytest.mark.parametrize(
    ("kind", "body"),
    [
        ("multipart/form-data", b""),
        ("multipart/form-data; boundary=x", b""),
        ("multipart/form-data; boundary=x", b"nothing"),
        ("multipart/form-data; boundary=x", b"--x--\r\n"),
        ("multipart/form-data; boundary=x", b"--x\r\n\r\nno name\r\n--x--\r\n"),
        (
            "multipart/form-data; boundary=x",
            b'--x\r\nContent-Disposition: form-data; name="size"\r\n\r\n1',
        ),
        (
            "multipart/form-data; boundary=x",
            b'--x\r\nContent-Disposition: form-data; name="town"\r\n\r\n\xff\r\n--x--',
        ),
    ],
)
def test_what_is_no_form_is_refused(client, kind, body):
    reply = client.post(PREDICT, content=body, headers={"content-type": kind})
    assert reply.status_code == 422
    assert reply.json()["error"]["what"]


def test_a_form_has_not_too_many_parts(client, monkeypatch):
    from mlkit.product.serving.tongues import parts

    monkeypatch.setattr(parts, "MANY", 3)
    files = [("size", (None, "1"))] * 4
    assert client.post(PREDICT, files=files).status_code == 413


# what cannot be read


@pytest.mark.parametrize(
    ("cell", "what"),
    [
        (5, "Expected `str | null`"),
        (True, "Expected `str | null`"),
        ([1], "Expected `str | null`"),
        ({}, "Expected `str | null`"),
        ("$$$", "no base64"),
        ("é", "no base64"),
        ("aGk", "no base64"),
        ("data:text/plain,hi", "no base64"),
        (text(b"hi there"), "cannot be read: no image"),
        (text(example("audio")), "cannot be read: no image"),
        (text(example("image")[:-30]), "cannot be read"),
    ],
)
@pytest.mark.parametrize("by_row", [True, False])
def test_a_wrong_cell_is_told_with_its_place(client, red, cell, what, by_row):
    rows = [row(text(red)), row(cell)]
    columns = {name: [one[name] for one in rows] for name in rows[0]}
    body = {"rows": rows} if by_row else {"columns": columns}
    reply = client.post(PREDICT, json=body)
    assert reply.status_code == 422
    error = reply.json()["error"]
    assert what in error["what"]
    assert error["field"] == "photo"
    assert error["where"] == ("$.rows[1].photo" if by_row else "$.columns.photo[1]")


def test_a_picture_in_another_format_is_told_which_are_read(client):
    heic = b"\0\0\0\x18ftypheic\0\0\0\0mif1heic" + bytes(200)
    reply = client.post(PREDICT, json={"rows": [row(text(heic))]})
    assert reply.status_code == 422
    what = reply.json()["error"]["what"]
    assert "ftypheic" in what
    assert all(form in what for form in FORMATS)
    assert "convert it to PNG or JPEG" in what


def test_what_is_refused_is_counted_by_its_field(client):
    client.post(PREDICT, json={"rows": [row("$")]})
    counts = client.duty.metrics.tally.taken().counts
    assert [key[-1] for key in counts] == ["field photo"]


@pytest.mark.parametrize(
    ("package", "name", "more"),
    [
        ("pictures", "photo", {"size": 1, "town": None}),
        ("sounds", "clip", {"size": 1}),
    ],
)
def test_no_bytes_and_no_text_break_the_server(request, client_of, package, name, more):
    seed = example("image" if name == "photo" else "audio")

    @st.composite
    def spoilt(draw):
        data = bytearray(seed)
        for _ in range(draw(st.integers(1, 4))):
            place = draw(st.integers(0, len(data) - 1))
            data[place] = draw(st.sampled_from([0, 1, 127, 128, 255]))
        return bytes(data[: draw(st.integers(0, len(data)))])

    files = st.one_of(st.binary(max_size=64), spoilt(), st.just(seed))
    texts = st.one_of(st.text(max_size=40), files.map(text))

    @settings(
        max_examples=25,
        deadline=None,
        suppress_health_check=[HealthCheck.function_scoped_fixture],
    )
    @given(texts, files)
    def holds(cell, data):
        told = client.post(PREDICT, json={"rows": [{name: cell, **more}]})
        assert told.status_code in (200, 422)
        parts = {k: "" if v is None else str(v) for k, v in more.items()}
        sent = client.post(PREDICT, data=parts, files={name: ("a", data)})
        assert sent.status_code in (200, 422)

    with client_of(request.getfixturevalue(package), log=None) as client:
        holds()
        assert labels(client.post(PREDICT, json={"rows": [{name: text(seed), **more}]}))


# what is too large


def bomb(side):
    """Return a picture that is a thousand times larger than its file."""

    def chunk(name, data):
        whole = name + data
        return (
            struct.pack(">I", len(data)) + whole + struct.pack(">I", zlib.crc32(whole))
        )

    head = chunk(b"IHDR", struct.pack(">IIBBBBB", side, side, 1, 0, 0, 0, 0))
    line = b"\0" * (1 + side // 8)
    packer = zlib.compressobj(9)
    lines = [packer.compress(line) for _ in range(side)]
    pixels = chunk(b"IDAT", b"".join([*lines, packer.flush()]))
    return b"\x89PNG\r\n\x1a\n" + head + pixels + chunk(b"IEND", b"")


def test_a_bomb_is_never_unpacked(client):
    data = bomb(20_000)
    assert len(data) < 100_000
    begun = time.thread_time()
    reply = client.post(PREDICT, json={"rows": [row(text(data))]})
    assert time.thread_time() - begun < 0.5
    assert reply.status_code == 422
    assert "cannot be read" in reply.json()["error"]["what"]


def test_large_ones_are_told_their_limits(client, red, monkeypatch):
    monkeypatch.setattr(media, "PIXELS", 24 * 32 - 1)
    reply = client.post(PREDICT, json={"rows": [row(text(red))]})
    assert reply.status_code == 422
    assert "32 × 24 pixels, at most 767 pixels" in reply.json()["error"]["what"]
    monkeypatch.setattr(media, "PIXELS", 24 * 32)
    for count, status in ((4, 200), (5, 413)):
        reply = client.post(PREDICT, json={"rows": [row(text(red))] * count})
        assert reply.status_code == status


def test_a_jpeg_may_be_larger_than_others():
    image, sizes = Image.new("L", (640, 480)), {}
    for kind in ("PNG", "JPEG"):
        buffer = io.BytesIO()
        image.save(buffer, kind)
        sizes[kind] = weigh("image", buffer.getvalue())
    assert sizes["PNG"] == 2 * sizes["JPEG"]


@pytest.mark.parametrize(
    ("seconds", "channels", "rate", "fits"),
    [(1, 1, 8000, True), (299, 1, 8000, True), (301, 1, 8000, False)],
)
def test_a_sound_is_not_too_long(seconds, channels, rate, fits):
    data = written(np.zeros((seconds * rate, channels), np.float32), rate)
    if fits:
        assert weigh("audio", data) == pytest.approx(seconds / 300)
    else:
        with pytest.raises(InputError, match="too large"):
            weigh("audio", data)


def test_a_sound_has_no_absurd_rate():
    data = bytearray(written(np.zeros((10, 1), np.float32), 8000))
    data[24:28] = struct.pack("<I", 2**31 - 1)
    with pytest.raises(InputError, match="too large"):
        weigh("audio", bytes(data))


# beside the event loop


def test_others_are_answered_while_a_picture_is_read(client, red, monkeypatch):
    begun, over = threading.Event(), threading.Event()
    read = Reader.read

    def slow(self, asked):
        begun.set()
        assert over.wait(10)
        return read(self, asked)

    monkeypatch.setattr(Reader, "read", slow)
    told = []
    body = {"rows": [row(text(red))]}
    asking = threading.Thread(
        target=lambda: told.append(client.post(PREDICT, json=body))
    )
    asking.start()
    assert begun.wait(10)
    assert client.get("/health/ready").status_code == 200
    over.set()
    asking.join(10)
    assert labels(told[0]) == ["red"]


def test_too_many_that_wait_to_be_read_are_told_to_come_again(client, red):
    client.duty.bench.most = 0
    reply = client.post(PREDICT, json={"rows": [row(text(red))]})
    assert (reply.status_code, reply.headers["retry-after"]) == (503, "1")


def test_a_picture_is_read_once(client, red, monkeypatch):
    seen = []
    described = Reader._described

    def counted(self, name, kind, data):
        seen.append(len(data))
        return described(self, name, kind, data)

    monkeypatch.setattr(Reader, "_described", counted)
    client.post(PREDICT, json={"rows": [row(text(red))] * 3})
    assert seen == [3]


# what else knows of them


def test_the_contract_of_programs_has_a_true_example(client):
    document = client.get("/openapi.json").json()
    schemas = document["components"]["schemas"]
    photo = schemas["Row"]["properties"]["photo"]
    assert photo["type"] == ["string", "null"]
    assert photo["contentEncoding"] == "base64"
    assert photo["contentMediaType"] == "image/*"
    content = document["paths"][PREDICT]["post"]["requestBody"]["content"]
    form = content["multipart/form-data"]
    assert form["encoding"] == {"photo": {"contentType": "image/*"}}
    assert "request.id" in schemas["Parts"]["properties"]
    (cell,) = photo["examples"]
    assert labels(client.post(PREDICT, json={"rows": [row(cell)]}))


def test_the_page_is_told_what_to_ask_for(client, sounds):
    told = client.get("/v1/schema").json()
    kinds = {field["name"]: field["kind"] for field in told["fields"]}
    assert kinds["photo"] == "image"
    assert told["body"] == client.duty.settings.body
    assert {f.name: f.kind for f in Served(sounds).fields}["clip"] == "audio"


@pytest.mark.parametrize(("key", "kept"), [(b"k" * 32, True), (b"", False)])
def test_a_private_picture_is_hashed_or_left_out(
    client_of, changed, pictures, red, key, kept
):
    def hide(form):
        form["input"][0]["roles"] = ["private"]

    with client_of(changed(pictures, "schema", hide), key=key) as client:
        body = {"id": "one", "rows": [row(text(red))]}
        assert labels(client.post(PREDICT, json=body)) == ["red"]
        cells = find(client.log, "one").cells
    assert text(red) not in json.dumps(cells)
    assert ("photo" in cells) is kept
    assert not kept or len(cells["photo"][0]) == 32


def test_a_package_is_tried_with_a_picture_and_answers_in_silence(
    client_of, changed, pictures, red
):
    def anew(form):
        form["made"] = "later"

    other = changed(pictures, "reference", anew)
    assert fault(Served(other), Served(pictures)) == ""
    with client_of(pictures, shadow=other) as client:
        body = {"id": "one", "rows": [row(text(red)), row(None)]}
        said = client.post(PREDICT, json=body).json()["predictions"]
        end = time.monotonic() + 10
        while not find(client.log, "one").shadows:
            assert time.monotonic() < end
            time.sleep(0.02)
        (shadow,) = find(client.log, "one").shadows
        assert shadow["reply"]["predictions"] == said


def test_what_reads_them_has_to_be_installed(pictures, monkeypatch):
    import sys

    monkeypatch.setitem(sys.modules, "PIL", None)
    with pytest.raises(InputError, match="not installed"):
        Served(pictures)


def test_the_cleaning_of_pictures_is_replayed(client_of, changed, pictures, red):
    def grey(form):
        form["operations"].append({"op": "mode", "column": "photo", "mode": "L"})

    small = io.BytesIO()
    Image.open(io.BytesIO(red)).convert("L").save(small, "PNG")
    with client_of(pictures) as client:
        body = {"rows": [row(text(small.getvalue()))]}
        plain = client.post(PREDICT, json=body).json()["predictions"]
    with client_of(changed(pictures, "cleaning", grey)) as client:
        body = {"rows": [row(text(red))]}
        assert client.post(PREDICT, json=body).json()["predictions"] == plain


@pytest.mark.slow
def test_pictures_are_replayed_and_compared(pictures, drawn, monkeypatch):
    monkeypatch.setattr(rehearsing, "SECONDS", 0.05)
    monkeypatch.setattr(rehearsing, "WARM", 1)
    how = {"target": "colour", "types": {"photo": "image"}}
    table = collect(str(drawn / "pictures.csv"), **how).table
    server = rehearsing.start(pictures)
    try:
        found = rehearsing.rehearse(server, table, rows=40)
        size = len(text((drawn / "0.png").read_bytes()))
        monkeypatch.setattr(rehearsing, "LETTERS", 30 * size)
        monkeypatch.setattr(rehearsing, "MOST", 20 * size)
        fewer = rehearsing.rehearse(server, table, rows=120)
    finally:
        server.end()
    assert (found.rows, found.different, found.verdict.state) == (40, 0, "passed")
    assert [*found.milliseconds] == ["1", "10", "100", "1000"]
    assert 16 <= fewer.rows < 40
    assert [*fewer.milliseconds] == ["1", "10"]


# the client


@pytest.fixture
def through(client, monkeypatch):
    """Return a client that asks the server in process."""
    made = Client("http://localhost")
    monkeypatch.setattr(made, "_http", client)
    return made


def test_the_client_sends_bytes_paths_and_digests(through, drawn, red):
    rows = [row(drawn / "0.png"), row(red), row(None)]
    said = through.ask(rows)["predictions"]
    assert [one["label"] for one in said][:2] == ["red", "red"]
    how = {"target": "colour", "types": {"photo": "image"}}
    table = collect(str(drawn / "pictures.csv"), **how).table
    assert len(table["photo"].iloc[0]) == 64
    answers = through.predict(table.iloc[:6])
    assert answers["prediction"].tolist() == ["red", "blue"] * 3
    with pytest.raises(InputError, match="no such file"):
        through.ask([row(drawn / "gone.png")])


def test_the_client_asks_for_few_large_rows_at_a_time(
    through, client, drawn, monkeypatch
):
    how = {"target": "colour", "types": {"photo": "image"}}
    table = collect(str(drawn / "pictures.csv"), **how).table.iloc[:10]
    size = len(text((drawn / "0.png").read_bytes()))
    monkeypatch.setattr("mlkit.product.client.LETTERS", 4 * size)
    answers = through.predict(table, id="many")
    assert answers["prediction"].tolist() == ["red", "blue"] * 5
    asked = [request.rows for request in last(client.log)]
    assert sum(asked) == 10
    assert max(asked) <= 4
    monkeypatch.undo()
    monkeypatch.setattr(through, "_http", client)
    monkeypatch.setattr(media, "PIXELS", 24 * 32)
    answers = through.predict(table, id="halves")
    assert answers["prediction"].tolist() == ["red", "blue"] * 5
    assert "halves.1" in {name.rpartition(".")[0] for name in answers["request.id"]}
