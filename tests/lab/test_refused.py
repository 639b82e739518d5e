"""What the routes refuse: every route and verb, from whom it should not come."""

import http.client
import itertools
import json
import re
import socket
from urllib.parse import quote, urlsplit

import pytest

SECRET = "the-secret-nobody-may-read"
VERBS = ("GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS", "TRACE")
GOOD = {"artifacts/NAME": "artifacts/raw", "decisions/NAME": "decisions/x"}
RUN = "20260101-000000-abcd"


def ask(server, verb, path, body=b"", **headers):
    """Send a request as it is written, which no library would."""
    place = urlsplit(server.origin)
    link = http.client.HTTPConnection(place.hostname, place.port, timeout=30)
    host = headers.pop("host", f"{place.hostname}:{place.port}")
    link.putrequest(verb, path, skip_host=True, skip_accept_encoding=True)
    named = {"Host": host, "Content-Length": str(len(body)), **headers}
    for name, value in named.items():
        link.putheader(name.replace("_", "-"), value)
    link.endheaders(body)
    reply = link.getresponse()
    text = reply.read()
    link.close()
    return reply.status, text, reply.headers


def paths(server):
    """Return one address for each route that the running server has."""
    for pattern in server.told["routes"]:
        plain = pattern.rstrip("$").replace(r"(\d{8}-\d{6}-[0-9a-f]{4})", RUN)
        plain = re.sub(r"\(\[A-Za-z_\]\[[^)]*\)", "raw", plain)
        yield plain.replace("(.*)", f"work/p/runs/{RUN}/report.html")


def test_there_are_routes_and_each_has_an_address(server):
    found = list(paths(server))
    assert len(found) == 22
    assert not [path for path in found if "(" in path or "[" in path]


@pytest.mark.parametrize(
    "who", ["nobody", "wrong", "wrong in the address", "origin", "host"]
)
def test_every_route_and_verb_is_shut_to_strangers(server, who):
    token = f"token {server.told['token']}"
    sent = {
        "nobody": {},
        "wrong": {"Authorization": "token a-token-for-test"},
        "wrong in the address": {},
        "origin": {"Authorization": token, "Origin": "http://evil.com"},
        "host": {"Authorization": token, "host": "evil.com"},
    }[who]
    more = "&token=x" if who == "wrong in the address" else ""
    for path, verb in itertools.product(paths(server), VERBS):
        place = f"{path}?project=work/p&path=work/p&step=clean{more}"
        status, text, headers = ask(server, verb, place, b"{}", **sent)
        assert status in (403, 405), (status, verb, place, text)
        assert "Access-Control-Allow-Origin" not in headers
        assert b"work/p" not in text


@pytest.mark.parametrize(
    "origin",
    [
        "null",
        "https://127.0.0.1",
        "http://127.0.0.1.evil.com",
        "http://evil.com/127.0.0.1",
        "http://localhost@evil.com",
        "file://",
    ],
)
def test_an_origin_that_is_only_like_ours_is_foreign(server, origin):
    token = f"token {server.told['token']}"
    path = f"{server.told['base']}mlkit/pulse?project=work/p"
    assert ask(server, "GET", path, Authorization=token, Origin=origin)[0] == 403
    ours = ask(server, "GET", path, Authorization=token, Origin=server.origin)
    assert ours[0] == 200


def test_a_cookie_alone_changes_nothing_without_its_second_half(server):
    login = f"{server.told['base']}lab?token={server.told['token']}"
    given = ask(server, "GET", login)[2].get_all("Set-Cookie")
    cookies = "; ".join(one.partition(";")[0] for one in given)
    assert "username-" in cookies
    path = f"{server.told['base']}mlkit/runs?project=work/p"
    assert ask(server, "GET", path, Cookie=cookies)[0] == 200
    for verb in ("POST", "DELETE"):
        assert ask(server, verb, path, b"{}", Cookie=cookies)[0] == 403


def test_no_route_takes_a_websocket(server):
    for path in paths(server):
        status, _, _ = ask(
            server,
            "GET",
            path,
            Connection="Upgrade",
            Upgrade="websocket",
            Sec_WebSocket_Key="dGhlIHNhbXBsZSBub25jZQ==",
            Sec_WebSocket_Version="13",
        )
        assert status == 403


TARGETS = ("ws-secret/p", "outside/p", "ws-secret/secret.csv", "etc/passwd")
UP = (
    "..",
    "%2e%2e",
    "..%2f..",
    ".%2e",
    "..;",
    "..\\",
    "...",
    "....//",
    "%252e%252e",
    "．．",
    "‥",
    ".. ",
    "..\0",
    "~",
    "~root",
    "%c0%ae%c0%ae",
)


def tricks(room):
    """Return about two hundred ways to name what lies outside of the root."""
    inside = ("", "work/", "work/p/", "./", "work/p/steps/../../../")
    found = [f"{a}{up}/{t}" for a in inside for up in UP for t in TARGETS[:2]]
    found += [f"{up}/{up}/{t}" for up in UP[:4] for t in TARGETS]
    found += [f"{room}/{t}" for t in TARGETS[:3]]
    found += [f"/{room}/ws/../{t}" for t in TARGETS[:3]]
    found += [f"{room}/ws-secret", f"{room}/ws/", f"file://{room}/ws-secret/p"]
    found += ["link/p", "link/secret.csv", "link", "file.csv", "round", "round/p"]
    found += [".hidden/p", ".hidden/secret.csv", "work/bent", "work/p/.mlkit"]
    found += ["C:\\windows", "\\\\host\\share", "work\\..\\..\\ws-secret\\p"]
    found += ["//etc/passwd", "/etc/passwd", "/", "//", "///", ".", "./", "../ws"]
    found += ["../ws-secret/p\0", "work/p\0", "\0", "work/\np", "work/p#/../..", "a?b"]
    found += ["work//p", "work/./p", "work/p/.", "work/p/", "x" * 5000, "\ud800"]
    return found


def test_no_path_leads_outside_of_the_root(server, room):
    told = tricks(str(room))
    assert len(told) > 200
    names = {"project": "graph", "path": "data"}
    for trick in told:
        text = quote(trick.encode(errors="surrogatepass"), safe="")
        for name, route in names.items():
            reply = server.client.get(f"{route}?{name}={text}")
            assert 400 <= reply.status_code < 500, (trick, reply.status_code)
            assert SECRET not in reply.text
            assert str(room) not in reply.text.replace(trick[:80], "")
            assert reply.json()["message"]


@pytest.mark.slow
def test_nothing_is_made_or_changed_outside_of_the_root(server, room):
    before = sorted(room.rglob("*"))
    for trick in tricks(str(room)):
        form = {"folder": trick, "data": "plain/secret.csv", "target": "a"}
        bodies = [("POST", form), ("PUT", {"folder": trick})]
        bodies += [("POST", {**form, "folder": "plain/new", "data": trick})]
        for verb, body in bodies:
            content = json.dumps(body).encode()
            reply = server.client.request(verb, "projects", content=content)
            assert 400 <= reply.status_code < 500, (trick, body, reply.status_code)
            assert SECRET not in reply.text
    assert sorted(room.rglob("*")) == before


def test_pages_are_reports_and_notebooks_of_runs_and_nothing_else(server, room):
    base = urlsplit(server.base).path
    tried = [*tricks(str(room)), "work/p/mlkit.toml", "work/p/data/x.csv"]
    tried += ["work/p/steps/01_collect.ipynb", "work/p/.mlkit/lock", "plain/secret.csv"]
    tried += [f"work/p/runs/{RUN}/../../mlkit.toml", "work/p/runs/latest/report.html"]
    tried += [f"{trick}/runs/{RUN}/report.html" for trick in tricks(str(room))]
    for path in tried:
        text = path.encode(errors="surrogatepass")
        for safe in ("/", ""):
            place = f"{base}pages/{quote(text, safe=safe)}"
            status, body, _ = ask(
                server, "GET", place, Authorization=f"token {server.told['token']}"
            )
            assert 400 <= status < 500, (place, status)
            assert SECRET.encode() not in body


def test_a_link_inside_a_project_does_not_lead_out(server, room, make):
    root = make("linked")
    run = root / "runs" / RUN
    run.mkdir(parents=True)
    (run / "manifest.json").write_text("{}")
    for name in ("report.html", "a.ipynb", "events.jsonl"):
        (run / name).symlink_to(room / "ws-secret" / "secret.csv")
    (root / "steps" / "04_x.ipynb").symlink_to(
        room / "outside" / "p" / "steps" / "02_clean.ipynb"
    )
    (root / "steps" / "02_clean.ipynb").unlink()
    asked = [
        ("GET", f"pages/linked/runs/{RUN}/report.html", None),
        ("GET", f"pages/linked/runs/{RUN}/a.ipynb", None),
        ("GET", f"runs/{RUN}/events?project=linked", None),
        ("PUT", "parameters?project=linked&step=x", {"values": {"factor": "9"}}),
    ]
    for verb, path, form in asked:
        reply = server.client.request(verb, path, json=form)
        assert reply.status_code == 403, (path, reply.text)
        assert SECRET not in reply.text


@pytest.mark.parametrize(
    "query",
    ["", "project=", "project=work/p&project=work/p", "project=plain", "project=none"],
)
def test_a_request_without_one_good_project_says_so(server, query):
    reply = server.client.get(f"graph?{query}")
    assert 400 <= reply.status_code < 500
    assert set(reply.json()) <= {"message", "got", "expected", "where", "todo"}


@pytest.mark.parametrize(
    "body", [b"{", b"\xff", b"[" * 100_000, b"[]", b"1", b'{"given":{"a=b":"1"}}']
)
def test_a_body_that_is_no_request_is_told(server, body):
    reply = server.client.post("runs?project=work/p", content=body)
    assert reply.status_code == 400
    assert reply.json()["message"]


@pytest.mark.slow
def test_a_word_with_a_shell_in_it_is_a_word(server, room):
    mark = room / "ws" / "work" / "p" / "pwned"
    for word in (f"$(touch {mark})", f"`touch {mark}`", f"; touch {mark}", "| id"):
        for form in ({"only": word}, {"given": {word: "1"}}, {"profile": word}):
            reply = server.client.post("runs?project=work/p", json=form)
            assert reply.status_code == 400
        form = {"value": word, "why": word}
        server.client.put("decisions/overrule_total?project=work/p", json=form)
        form = {"folder": f"plain/{word}", "data": "plain/secret.csv", "target": word}
        assert server.client.post("projects", json=form).status_code in (400, 404)
    assert not mark.exists()


def test_half_a_request_holds_nobody_up(server):
    place = urlsplit(server.origin)
    with socket.create_connection((place.hostname, place.port)) as one:
        one.sendall(b"POST /user/x/mlkit/runs?project=work/p HTTP/1.1\r\nHost: a\r\n")
        assert server.get("pulse", project="work/p")["run"] == ""


def test_a_reply_is_json_that_is_never_taken_for_a_page(server):
    reply = server.client.get("projects", params={"path": "<script>alert(1)</script>"})
    assert reply.headers["content-type"] == "application/json"
    assert reply.headers["x-content-type-options"] == "nosniff"
    assert json.loads(reply.text)["got"] == "<script>alert(1)</script>"
