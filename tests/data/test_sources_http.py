"""A real server on this machine: files, sheets and pages, some of which fail."""

from __future__ import annotations

import gzip
import io
import json
import threading
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from urllib.parse import parse_qs, urlsplit

import pandas as pd
import pytest

from mlkit.core.errors import InputError
from mlkit.data.collect import collect
from mlkit.data.sources import Place, _client, fingerprint, read

CSV = "code,x\n007,1\n008,2\n009,3\n"


class Server:
    """Answers by path; counts what was asked."""

    def __init__(self, port=0):
        self.asked = []
        self.files = {}
        self.failing = []
        self.rows = [{"id": f"r{n:02}", "n": n} for n in range(23)]
        self.token = ""
        outer = self

        class Handler(BaseHTTPRequestHandler):
            def log_message(self, *_):
                pass

            def do_HEAD(self):
                self.answer(head=True)

            def do_GET(self):
                self.answer()

            def answer(self, head=False):
                outer.asked.append((self.command, self.path, dict(self.headers)))
                if outer.failing:
                    status, extra = outer.failing.pop(0)
                    if status is None:
                        self.wfile.close()
                        return
                    self.give(status, b"no", {"Retry-After": "0", **extra})
                    return
                self.give(*outer.answer(self.path, self.headers), head=head)

            def give(self, status, body, headers, head=False):
                self.send_response(status)
                for name, value in headers.items():
                    self.send_header(name, value)
                self.send_header("Content-Length", str(len(body)))
                self.end_headers()
                if not head and status != 304:
                    self.wfile.write(body)

        self.http = ThreadingHTTPServer(("127.0.0.1", port), Handler)
        self.http.daemon_threads = True
        self.at = f"http://127.0.0.1:{self.http.server_port}"
        self.thread = threading.Thread(
            target=self.http.serve_forever, args=(0.01,), daemon=True
        )
        self.thread.start()

    def close(self):
        self.http.shutdown()
        self.http.server_close()
        self.thread.join()

    def answer(self, path, headers):
        parts = urlsplit(path)
        asked = {name: values[0] for name, values in parse_qs(parts.query).items()}
        if self.token and headers.get("Authorization") != f"Bearer {self.token}":
            return 401, b"who?", {}
        if parts.path in self.files:
            status, body, more = self.files[parts.path]
            etag = more.get("ETag")
            if etag and headers.get("If-None-Match") == etag:
                return 304, b"", more
            return status, body, more
        page = getattr(self, f"page_{parts.path.strip('/')}", None)
        return page(asked) if page else (404, b"nothing", {})

    def file(self, path, body, status=200, **headers):
        body = body if isinstance(body, bytes) else body.encode()
        named = {name.replace("_", "-"): value for name, value in headers.items()}
        self.files[path] = (status, body, named)

    def json(self, form, **headers):
        kind = {"Content-Type": "application/json"}
        return 200, json.dumps(form).encode(), kind | headers

    def part(self, start, size=5):
        return self.rows[start : start + size]

    def page_linked(self, asked):
        start = int(asked.get("start", 0))
        more = start + 5 < len(self.rows)
        link = f'</linked?start={start + 5}>; rel="next", </linked>; rel="first"'
        return self.json(self.part(start), **({"Link": link} if more else {}))

    def page_named(self, asked):
        start = int(asked.get("start", 0))
        more = start + 5 < len(self.rows)
        onward = f"{self.at}/named?start={start + 5}" if more else None
        return self.json({"items": self.part(start), "paging": {"after": onward}})

    def page_known(self, asked):
        start = int(asked.get("start", 0))
        onward = f"/known?start={start + 5}" if start + 5 < len(self.rows) else None
        return self.json({"count": 23, "next": onward, "results": self.part(start)})

    def page_cursor(self, asked):
        start = int(asked.get("after", "c0")[1:])
        more = start + 5 < len(self.rows)
        cursor = f"c{start + 5}" if more else ""
        return self.json({"data": self.part(start), "meta": {"cursor": cursor}})

    def page_numbered(self, asked):
        size = min(int(asked.get("per_page", 5)), 10)
        start = (int(asked.get("page", 1)) - 1) * size
        return self.json({"data": self.part(start, size)})

    def page_strict(self, asked):
        start = (int(asked.get("page", 1)) - 1) * 5
        if start >= len(self.rows):
            return 404, b"no such page", {}
        return self.json(self.part(start))

    def page_offset(self, asked):
        start, size = int(asked.get("offset", 0)), int(asked.get("limit", 5))
        return self.json(self.part(start, size))

    def page_deaf(self, asked):
        return self.json(self.part(0))

    def page_circle(self, asked):
        return self.json({"next": "/circle?again=1", "data": self.part(0)})

    def page_round(self, asked):
        far = int(asked.get("far", 0))
        return self.json({"next": f"/round?far={1 - far}", "data": self.part(far * 5)})

    def paths(self, verb="GET"):
        return [path for method, path, _ in self.asked if method == verb]


@pytest.fixture
def server(in_folder, monkeypatch):
    monkeypatch.setattr(_client, "PAUSE", 0.001)
    running = Server()
    yield running
    running.close()


@contextmanager
def another():
    running = Server()
    try:
        yield running
    finally:
        running.close()


def got(server, path, sample=None, **options):
    place = Place(server.at + path, options=options, sample=sample)
    return read(place)


def mark(server, path, **options):
    return fingerprint(Place(server.at + path, options=options))


# files


def parquet():
    buffer = io.BytesIO()
    pd.DataFrame({"code": ["007", "008"], "x": [1, 2]}).to_parquet(buffer)
    return buffer.getvalue()


@pytest.mark.parametrize(
    ("path", "body", "headers"),
    [
        ("/data.csv", CSV, {}),
        ("/export", CSV, {"Content_Type": "text/csv; charset=utf-8"}),
        ("/export", CSV, {"Content_Disposition": 'attachment; filename="a b.csv"'}),
        ("/data.tsv", CSV.replace(",", "\t"), {}),
        ("/data.csv.gz", gzip.compress(CSV.encode(), mtime=0), {}),
        (
            "/data.csv",
            gzip.compress(CSV.encode(), mtime=0),
            {"Content_Encoding": "gzip"},
        ),
        ("/x.php", '[{"code": "007"}, {"code": "008"}]', {}),
        ("/data.jsonl", '{"code": "007"}\n{"code": "008"}', {}),
        ("/wrapped", '{"all": [{"code": "007"}, {"code": "8"}]}', {}),
        ("/table", parquet(), {"Content_Type": "application/octet-stream"}),
    ],
)
def test_a_file_is_read_by_the_source_of_such_files(server, path, body, headers):
    server.file(path, body, **headers)
    found = collect(server.at + path)
    assert found.table["code"].iloc[0] == "007"
    assert found.receipt.bytes > 10
    assert len(found.receipt.sha256) == 64
    assert found.receipt.facts["fetched from"] == "127.0.0.1"


def test_a_file_is_fetched_again_only_when_it_changed(server):
    server.file("/a.csv", CSV, ETag='"1"')
    first = collect(f"{server.at}/a.csv").table
    assert server.asked[-1][2].get("If-None-Match") is None
    again = collect(f"{server.at}/a.csv").table
    assert server.asked[-1][2]["If-None-Match"] == '"1"'
    pd.testing.assert_frame_equal(first, again)
    server.file("/a.csv", CSV + "010,4\n", ETag='"2"')
    assert len(collect(f"{server.at}/a.csv").table) == 4


def test_what_tells_a_change(server):
    server.file("/a.csv", CSV, ETag='"1"')
    server.file("/b.csv", CSV, Last_Modified="Mon, 23 Nov 2026 10:00:00 GMT")
    server.file("/c.csv", CSV)
    assert mark(server, "/a.csv") == 'etag "1"'
    assert mark(server, "/b.csv").startswith("modified Mon, 23 Nov 2026")
    first = mark(server, "/c.csv")
    assert first.startswith("sha256 ")
    assert mark(server, "/c.csv") == first
    assert "all of it is hashed" in " ".join(got(server, "/c.csv").notes)
    server.file("/a.csv", CSV, ETag='"2"')
    server.file("/c.csv", CSV + "010,4\n")
    assert mark(server, "/a.csv") == 'etag "2"'
    assert mark(server, "/c.csv") != first
    assert got(server, "/c.csv").columns.num_rows == 4


def test_options_of_the_file_go_on_to_its_source(server):
    server.file("/a.csv", CSV.replace(",", ";"))
    server.file("/two.json", '{"a": [{"x": 1}], "b": [{"y": 2}]}')
    assert got(server, "/a.csv", delimiter=";").columns.num_columns == 2
    assert got(server, "/two.json", records="b").columns.to_pylist() == [{"y": 2}]
    with pytest.raises(InputError, match="no option 'delimter'"):
        got(server, "/a.csv", delimter=";")


def workbook():
    import openpyxl

    made, buffer = openpyxl.Workbook(), io.BytesIO()
    for row in (["code", "x"], ["007", 1], ["008", 2]):
        made.active.append(row)
    made.save(buffer)
    return buffer.getvalue()


def archive():
    import zipfile

    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as packed:
        packed.writestr("a.csv", CSV)
    return buffer.getvalue()


def test_workbooks_are_told_from_other_archives(server):
    server.file("/export", workbook())
    assert got(server, "/export").columns["code"].to_pylist() == ["007", "008"]
    server.file("/download", archive())
    with pytest.raises(InputError, match="does not read this kind of file"):
        got(server, "/download")


def test_a_web_page_behind_the_name_of_a_table(server):
    server.file("/a.csv", "\n<!DOCTYPE HTML><html><body>sign in, please")
    with pytest.raises(InputError, match="web page"):
        got(server, "/a.csv")


@pytest.mark.parametrize(
    ("body", "status", "words"),
    [
        ("<!DOCTYPE html><p>log in", 200, "web page"),
        ("no", 404, "says 404"),
        ("no", 401, "header.Authorization"),
        ("no", 403, "says 403"),
        ("", 200, "empty"),
    ],
)
def test_bad_answers_are_one_clear_error(server, body, status, words):
    server.file("/a", body, status, Content_Type="text/html" if "<" in body else "")
    with pytest.raises(InputError, match=words) as caught:
        collect(f"{server.at}/a")
    assert caught.value.where == f"{server.at}/a"
    assert caught.value.exit_code == 2


def test_too_much_is_refused(server):
    server.file("/a.csv", CSV * 100)
    with pytest.raises(InputError, match="more than 100 bytes"):
        got(server, "/a.csv", most_bytes="100")
    with pytest.raises(InputError, match="most_bytes is a whole number"):
        got(server, "/a.csv", most_bytes="many")


def test_nobody_there_is_one_clear_error(in_folder, monkeypatch):
    monkeypatch.setattr(_client, "PAUSE", 0.001)
    with pytest.raises(InputError, match="cannot be reached"):
        read(Place("http://127.0.0.1:9/x.csv"))
    with pytest.raises(InputError, match="is no address"):
        read(Place("http:///y.csv"))


# what fails is tried again


def test_a_server_that_fails_twice_is_asked_again(server):
    server.failing = [(503, {}), (429, {})]
    server.file("/a.csv", CSV)
    assert got(server, "/a.csv").columns.num_rows == 3
    assert len(server.asked) == 3
    server.failing = [(None, {}), (500, {"Retry-After": "junk"})]
    assert got(server, "/a.csv").columns.num_rows == 3


def test_it_is_not_asked_for_ever(server):
    server.failing = [(503, {})] * 9
    with pytest.raises(InputError, match="503, 3 times"):
        got(server, "/a.csv", tries="3")
    assert len(server.asked) == 3
    server.failing = [(429, {"Retry-After": "86400"})]
    with pytest.raises(InputError, match="come back in 86400 s"):
        got(server, "/a.csv")


def test_who_waits_for_a_look_waits_not_long(server):
    server.failing = [(503, {})] * 20
    with pytest.raises(InputError, match="503, 2 times"):
        fingerprint(Place(f"{server.at}/a.csv", quick=True))
    with pytest.raises(InputError, match="503, 5 times"):
        fingerprint(Place(f"{server.at}/a.csv"))


def test_an_answer_cut_short_is_fetched_anew(server, monkeypatch):
    server.file("/a.csv", CSV)
    whole = Server.answer
    cut = [True]

    def answer(self, path, headers):
        status, body, more = whole(self, path, headers)
        return status, body, more | ({"Content-Length": "999"} if cut else {})

    monkeypatch.setattr(Server, "answer", answer)
    original = server.http.RequestHandlerClass.give

    def give(handler, status, body, headers, head=False):
        if cut and not head:
            cut.pop()
            handler.send_response(status)
            handler.send_header("Content-Length", "999")
            handler.end_headers()
            handler.wfile.write(body[:5])
            handler.close_connection = True
            return
        headers.pop("Content-Length", None)
        original(handler, status, body, headers, head)

    monkeypatch.setattr(server.http.RequestHandlerClass, "give", give)
    assert got(server, "/a.csv").columns.num_rows == 3
    assert len(server.paths()) == 2


# pages

PAGED = [
    ("/linked", {}),
    ("/named", {"next": "paging.after"}),
    ("/known", {}),
    ("/cursor", {"cursor": "meta.cursor", "cursor_param": "after"}),
    ("/numbered", {"page_param": "page"}),
    ("/numbered", {"page_param": "page", "per_page": "50"}),
    ("/strict", {"page_param": "page"}),
    ("/offset", {"offset_param": "offset", "per_page": "7"}),
]


@pytest.mark.parametrize(("path", "options"), PAGED)
def test_all_pages_are_read_once(server, path, options):
    server.failing = [(500, {}), (429, {})]
    found = got(server, path, **options)
    assert found.columns.to_pylist() == server.rows
    assert found.facts["pages"] in (3, 4, 5)
    assert "the first page and the last two" in " ".join(found.notes)


@pytest.mark.parametrize(("path", "options"), PAGED)
def test_pages_tell_a_change_by_few_requests(server, path, options):
    first = mark(server, path, **options)
    assert got(server, path, **options).columns.num_rows == 23
    server.asked.clear()
    assert mark(server, path, **options) == first
    assert len(server.asked) <= 4
    for grown in (1, 1, 10):  # within the last page, until it is full, beyond it
        start = len(server.rows)
        server.rows += [{"id": f"n{n}", "n": n} for n in range(start, start + grown)]
        second = mark(server, path, **options)
        assert second != first
        found = got(server, path, **options)
        assert found.columns.num_rows == len(server.rows)
        assert mark(server, path, **options) == second
        first = second


def test_a_read_that_broke_off_goes_on_where_it_was(server):
    server.rows = [{"n": n} for n in range(200)]
    asked, failed = [], []
    whole = Server.page_linked

    def broken(asked_for):
        asked.append(int(asked_for.get("start", 0)))
        if asked[-1] == 100 and len(failed) < 2:
            failed.append(1)
            return 500, b"", {"Retry-After": "0"}
        return whole(server, asked_for)

    server.page_linked = broken
    with pytest.raises(InputError, match="what was fetched so far is kept"):
        got(server, "/linked", tries="2")
    assert asked[-3:] == [95, 100, 100]
    asked.clear()
    found = got(server, "/linked", tries="2")
    assert found.columns["n"].to_pylist() == list(range(200))
    assert asked[:2] == [0, 100]


def test_a_cursor_that_is_forgotten_begins_anew(server):
    options = {"cursor": "meta.cursor", "cursor_param": "after", "tries": "1"}
    whole, gone = Server.page_cursor, []

    def broken(asked):
        if asked.get("after") == "c10" and not gone:
            gone.append(1)
            return 500, b"", {}
        if asked.get("after") == "c10" and len(gone) == 1:
            gone.append(2)
            return 410, b"", {}
        return whole(server, asked)

    server.page_cursor = broken
    with pytest.raises(InputError):
        got(server, "/cursor", **options)
    assert got(server, "/cursor", **options).columns.to_pylist() == server.rows


def test_a_server_that_repeats_itself_is_left(server):
    found = got(server, "/deaf", page_param="page")
    assert found.columns.num_rows == 5
    assert "page 2 repeats" in " ".join(found.notes)
    found = got(server, "/circle")
    assert found.columns.num_rows == 5
    assert "repeats" in " ".join(found.notes)
    found = got(server, "/round")
    assert found.columns.num_rows == 10
    assert "page 3 repeats" in " ".join(found.notes)
    with pytest.raises(InputError, match="more than 2 pages"):
        got(server, "/numbered", page_param="page", most_pages="2")


def test_a_first_look_reads_few_pages(server):
    found = got(server, "/linked", sample=8)
    assert found.columns.num_rows == 10
    assert "a first look" in " ".join(found.notes)
    assert got(server, "/linked").columns.num_rows == 23


def test_pages_that_cannot_be_told_are_an_error_or_a_note(server):
    server.page_two = lambda asked: server.json(
        {"a": server.part(0), "b": server.part(5), "next": None}
    )
    with pytest.raises(InputError, match="a, b"):
        got(server, "/two", next="next")
    found = got(server, "/two", next="next", records="b")
    assert found.columns.num_rows == 5
    server.page_one = lambda asked: server.json({"data": server.part(0)})
    assert "taken for the only one" in " ".join(got(server, "/one", next="nxt").notes)
    with pytest.raises(InputError, match="not two"):
        got(server, "/one", next="n", page_param="p")


def test_digits_survive_the_pages(server):
    server.rows = [{"n": 12345678901234567890}, {"n": 1}] * 4
    assert got(server, "/linked").columns["n"].to_pylist()[0] == "12345678901234567890"


# secrets


def test_a_token_goes_to_its_host_alone(server, monkeypatch, in_folder):
    monkeypatch.setenv("SHOP_TOKEN", "t0p-s3cret")
    server.token = "t0p-s3cret"
    options = {"header.Authorization": "Bearer env:SHOP_TOKEN"}
    with another() as other:
        other.file("/far.csv", CSV)
        server.file("/near.csv", "", 302, Location=f"{other.at}/far.csv")
        found = got(server, "/near.csv", **options)
        assert found.columns.num_rows == 3
        assert all("Authorization" not in headers for *_, headers in other.asked)
        assert other.asked
    server.file("/loop", "", 302, Location="/loop")
    with pytest.raises(InputError, match="in a circle"):
        got(server, "/loop", **options)
    assert got(server, "/linked", **options).columns.num_rows == 23


def test_no_secret_lies_on_the_disk_or_in_a_message(server, monkeypatch, in_folder):
    monkeypatch.setenv("SHOP_KEY", "k/e+y s3cret")
    seen = []

    def page(asked):
        seen.append(asked["key"])
        start = int(asked.get("start", 0))
        onward = f"?key=k%2Fe%2By%20s3cret&start={start + 5}" if start < 15 else None
        return server.json({"next": onward, "rows": server.part(start)})

    server.page_keyed = page
    found = got(server, "/keyed?key=env:SHOP_KEY")
    assert found.columns.num_rows == 20
    assert set(seen) == {"k/e+y s3cret"}
    kept = [p for p in in_folder.rglob("*") if p.is_file()]
    assert len(kept) > 4
    for path in kept:
        assert b"s3cret" not in path.read_bytes(), path
    server.failing = [(403, {})]
    with pytest.raises(InputError) as caught:
        got(server, "/keyed?key=env:SHOP_KEY", tries="1")
    assert "s3cret" not in str(caught.value)


# shared sheets


def test_the_link_of_a_sheet_is_its_csv(server):
    server.file("/spreadsheets/d/1aB_c/export", CSV, Content_Type="text/csv")
    for end in ("/edit#gid=0", "/edit?usp=sharing", "/view?gid=3#gid=3", ""):
        found = got(server, f"/spreadsheets/d/1aB_c{end}")
        assert found.columns["code"].to_pylist() == ["007", "008", "009"]
        assert "the sheet's CSV export is read" in found.notes
    assert "/spreadsheets/d/1aB_c/export?format=csv&gid=3" in server.paths()
    server.file("/s/AbCd1234EfGh/download", CSV, Content_Type="text/csv")
    assert got(server, "/s/AbCd1234EfGh").columns.num_rows == 3
    with pytest.raises(InputError, match="link of a form"):
        read(Place("https://docs.google.com/forms/d/e/1FA/viewform"))


def test_a_sheet_that_is_not_shared_is_said_to_be_so(server):
    server.file(
        "/spreadsheets/d/x/export", "<html><body>sign in", Content_Type="text/html"
    )
    with pytest.raises(InputError, match="whoever has it must see the data"):
        got(server, "/spreadsheets/d/x/edit")


def test_what_was_added_to_a_sheet_is_said(server, in_folder):
    def collected(rows):
        text = "name_id,answer\n" + "".join(f"{n},{a}\n" for n, a in rows)
        server.file("/spreadsheets/d/x/export", text, Content_Type="text/csv")
        found = collect(f"{server.at}/spreadsheets/d/x/edit", id_column="name_id")
        return [note for note in found.receipt.notes if "since the last read" in note]

    first = [(f"p{n}", n % 3) for n in range(9)]
    assert collected(first) == []
    assert "no row changed since the last read" in collected(first)[0]
    grown = [*first[1:], ("p9", 1), ("p10", 2)]
    grown[0] = ("p1", 7)
    assert collected(grown)[0].endswith("UTC): 2 new, 1 changed, 1 gone")
    assert collected([*grown, ("p11", "maybe")])[0].startswith("its columns changed")
    kept = [p for p in (in_folder / ".mlkit" / "sources").rglob("*") if p.is_file()]
    assert kept
    assert not any(b"p10" in path.read_bytes() for path in kept)


def test_nothing_is_said_of_files_and_first_looks(server, in_folder):
    server.file("/a.csv", CSV)
    (in_folder / "a.csv").write_text(CSV)
    for _ in range(2):
        assert "last read" not in " ".join(collect("a.csv").receipt.notes)
        first = collect(f"{server.at}/a.csv", sample=2)
        assert "last read" not in " ".join(first.receipt.notes)
