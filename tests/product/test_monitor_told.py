"""Who is told: the command, its exit codes, a webhook and an e-mail."""

from __future__ import annotations

import json
import shutil
import socket
import threading
from html import escape
from http.server import BaseHTTPRequestHandler, HTTPServer

import pytest

from mlkit.cli.group import command_line
from mlkit.core.errors import MlkitError, UsageError
from mlkit.engine.scaffold import add
from mlkit.product.monitor import Health
from mlkit.product.watching.notify import notify
from mlkit.product.watching.signs import Sign

SIGN = Sign("retrain", "columns", "all changed", "retrain on newer ones")
ILL = Health("f" * 64, "late: yes or no", "late", "roc_auc", (SIGN,))
MAIL = {"to": "a@x.org", "sender": "b@x.org", "server": "127.0.0.1:9"}
WELL = Health("f" * 64, "late: yes or no", "late", "roc_auc", ())


@pytest.fixture
def hook():
    """A web server that keeps what is posted to it."""
    got = []

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self):
            body = self.rfile.read(int(self.headers["Content-Length"]))
            got.append((self.path, json.loads(body)))
            self.send_response(500 if self.path == "/broken" else 204)
            self.end_headers()

        def log_message(self, *_):
            pass

    server = HTTPServer(("127.0.0.1", 0), Handler)
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    yield f"http://127.0.0.1:{server.server_port}", got
    server.shutdown()
    server.server_close()
    thread.join()


@pytest.fixture(params=["127.0.0.1", "::1"])
def mailbox(request):
    """A mail server that takes one letter in."""
    six = ":" in request.param
    if six and not socket.has_ipv6:
        pytest.skip("this machine has no IPv6")
    family = socket.AF_INET6 if six else socket.AF_INET
    try:
        listening = socket.create_server((request.param, 0), family=family)
    except OSError:
        pytest.skip("this machine has no IPv6")
    letters = []

    def take():
        one, _ = listening.accept()
        with one, one.makefile("rwb") as file:

            def say(line):
                file.write(line + b"\r\n")
                file.flush()

            say(b"220 here")
            lines = iter(file.readline, b"")
            for line in lines:
                word = line.split()[0].upper()
                if word == b"DATA":
                    say(b"354 go on")
                    letter = []
                    for part in lines:
                        if part == b".\r\n":
                            break
                        letter.append(part)
                    letters.append(b"".join(letter).decode())
                say(b"221 bye" if word == b"QUIT" else b"250 ok")
                if word == b"QUIT":
                    return

    thread = threading.Thread(target=take, daemon=True)
    thread.start()
    host = f"[{request.param}]" if six else request.param
    yield f"{host}:{listening.getsockname()[1]}", letters
    thread.join(5)
    listening.close()


def test_a_webhook_gets_the_verdict_and_its_address_may_be_a_secret(hook, monkeypatch):
    address, got = hook
    monkeypatch.setenv("HOOK", f"{address}/token-s3cret")
    assert notify(ILL, {"webhook": "env:HOOK"}, "loans") == ["webhook"]
    ((path, form),) = got
    assert path == "/token-s3cret"
    assert form["state"] == "retrain"
    assert form["reasons"] == ["all changed"]
    assert form["text"].startswith("loans: retrain")


def test_what_is_less_grave_than_asked_for_is_not_told(hook):
    settings = {"webhook": hook[0], "from": "retrain"}
    assert notify(WELL, settings, "loans") == []
    assert notify(ILL, {}, "loans") == []
    assert notify(WELL, {"webhook": hook[0], "from": "healthy"}, "loans")
    assert len(hook[1]) == 1


def test_an_email_is_sent(mailbox):
    server, letters = mailbox
    mail = {"to": "a@x.org", "sender": "b@x.org", "server": server, "security": "none"}
    assert notify(ILL, {"email": mail}, "loans") == ["e-mail"]
    assert "Subject: loans: retrain (late: yes or no)" in letters[0]
    assert "all changed" in letters[0]


def test_an_email_is_sent_though_the_webhook_is_broken(hook, mailbox):
    server, letters = mailbox
    mail = {"to": "a@x.org", "sender": "b@x.org", "server": server, "security": "none"}
    with pytest.raises(MlkitError, match="webhook could not be sent"):
        notify(ILL, {"webhook": f"{hook[0]}/broken", "email": mail}, "loans")
    assert len(letters) == 1


def test_what_cannot_be_sent_is_said_without_the_secret(hook, monkeypatch):
    monkeypatch.setenv("HOOK", f"{hook[0]}/broken")
    with pytest.raises(MlkitError, match="could not be sent") as told:
        notify(ILL, {"webhook": "env:HOOK"}, "loans")
    assert "500" in str(told.value)
    assert hook[0] not in str(told.value)
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    mail = {"to": "a@x.org", "sender": "b@x.org", "server": f"127.0.0.1:{port}"}
    with pytest.raises(MlkitError, match="e-mail could not be sent"):
        notify(ILL, {"email": mail}, "loans")


@pytest.mark.parametrize(
    "settings",
    [
        {"webhok": "http://x"},
        {"from": "ill"},
        {"webhook": "file:///etc/passwd"},
        {"email": {"to": "a@x.org"}},
        {"email": {"to": "a", "sender": "b", "server": "c", "security": "some"}},
        {"webhook": 7},
        {"webhook": ""},
        {"email": {**MAIL, "server": 25}},
        {"email": {**MAIL, "to": ["a@x.org"]}},
        {"from": ["watch"]},
        "http://127.0.0.1:9",
    ],
)
def test_settings_that_make_no_sense_are_refused(settings):
    with pytest.raises(UsageError):
        notify(ILL, settings, "loans")


@pytest.mark.parametrize("email", ["team@example.org", ["team@example.org"], True])
def test_an_email_is_a_table_of_settings(email, hook):
    with pytest.raises(UsageError, match="is a table of settings") as told:
        notify(ILL, {"webhook": hook[0], "email": email}, "loans")
    assert "to, sender, server" in str(told.value)
    assert not hook[1]


def test_a_secret_may_end_in_a_new_line(hook, mailbox, monkeypatch):
    monkeypatch.setenv("HOOK", f"{hook[0]}/loans\n")
    monkeypatch.setenv("SERVER", f"{mailbox[0]}\r\n")
    monkeypatch.setenv("TO", "a@x.org\n")
    mail = {**MAIL, "to": "env:TO", "server": "env:SERVER", "security": "none"}
    notify(ILL, {"webhook": "env:HOOK", "email": mail}, "loans")
    assert hook[1][0][0] == "/loans"
    assert "To: a@x.org" in mailbox[1][0]


@pytest.mark.parametrize("url", ["http://[", "http://x:port/", "http://x:99999/s"])
def test_an_address_that_is_none_is_said_without_it(url, monkeypatch):
    monkeypatch.setenv("HOOK", f"{url}\n")
    with pytest.raises(MlkitError) as told:
        notify(ILL, {"webhook": "env:HOOK"}, "loans")
    assert url not in str(told.value)


@pytest.mark.parametrize(
    "server",
    ["127.0.0.1:smtp", "[::1", "[::1]9", "::1", "h:0", "h:65536", ":25", "[]:25"],
)
def test_a_mail_server_that_is_none_is_refused(server):
    with pytest.raises(UsageError, match="mail server") as told:
        notify(ILL, {"email": {**MAIL, "server": server}}, "loans")
    assert server in str(told.value)


@pytest.mark.parametrize(
    "changed", [{"to": "a@x.org\nb@x.org"}, {"server": f"{'x' * 70}.org"}]
)
def test_a_letter_that_cannot_be_written_or_sent_is_said(changed):
    with pytest.raises(MlkitError, match="e-mail could not be sent"):
        notify(ILL, {"email": {**MAIL, **changed}}, "loans")


def test_no_stripped_secret_is_told(monkeypatch):
    monkeypatch.setenv("SERVER", f"{'s3cret' * 20}.invalid\n")
    with pytest.raises(MlkitError) as told:
        notify(ILL, {"email": {**MAIL, "server": "env:SERVER"}}, "loans")
    assert "s3cret" not in str(told.value)


@pytest.fixture
def shop(maker, package_of):
    """A project that packages loans and watches them, and no more."""
    loans = package_of("two_classes")
    maker.step(
        "13_package",
        f'place: str = "{loans.folder}"',
        "import mlkit as mk\nfrom pathlib import Path",
        "mk.save(package=Path(place))",
    )
    add(maker.project, "monitor")
    return maker, loans


def test_a_step_that_is_added_is_left_out_of_plain_runs(shop):
    maker, _ = shop
    assert maker.project.config("steps.monitor.manual") is True
    assert maker.executed() == ["package"]
    read = (maker.root / "mlkit.toml").read_text()
    assert read.count("[steps.monitor]") == 1


@pytest.mark.slow
def test_the_command_says_retrain_exits_with_3_and_tells(
    shop, make_loans, hook, capfd, monkeypatch
):
    maker, loans = shop
    notes = f'[policies.notify]\nwebhook = "{hook[0]}/loans"\n'
    maker.settings(f"[steps.monitor]\nmanual = true\n{notes}")
    assert maker.executed() == ["package"]
    drifted = make_loans(200, seed=7, pay=1.5)[0]
    log = maker.root / ".mlkit" / "requests.sqlite"
    loans.log(log, (make_loans(200, seed=6)[0], 0), (drifted, 1))
    monkeypatch.setenv("MPLBACKEND", "agg")
    assert command_line(["monitor", str(maker.root), "--json"]) == 3
    told = [json.loads(line) for line in capfd.readouterr().out.splitlines()]
    assert told[-1]["event"] == "health"
    assert told[-1]["state"] == "retrain"
    assert told[-2]["event"] == "run_finished"
    assert hook[1][0][1]["state"] == "retrain"
    finished = next(line for line in told if line["event"] == "step_finished")
    assert finished["headline"]["word"] == "retrain"
    page = (maker.root / "runs" / finished["run"] / "report.html").read_text()
    top, _, step = page.partition('id="steps"')
    for part in (top, step):
        assert "Retrain" in part
        assert escape(finished["headline"]["sentence"]) in part
    assert "Passed" not in top
    assert "  retrain  predictions: " in step
    assert command_line(["open", str(maker.root)]) == 0
    assert finished["run"] not in capfd.readouterr().out
    assert command_line(["show", "aside", str(maker.root)]) == 0
    assert "30 rows" in capfd.readouterr().out


@pytest.mark.parametrize("words", [["monitor"], ["retrain", "--if-needed"]])
def test_before_the_first_request_nothing_is_run(shop, words, capfd):
    maker, _ = shop
    assert maker.executed() == ["package"]
    runs = sorted((maker.root / "runs").iterdir())
    assert command_line([*words, str(maker.root)]) == 2
    told = capfd.readouterr()
    assert told.out == ""
    assert "there is no request log" in told.err
    assert str(maker.root / ".mlkit/requests.sqlite") in told.err
    assert "`mlkit serve`" in told.err
    assert "`log` in steps/" in told.err
    assert sorted((maker.root / "runs").iterdir()) == runs


def test_a_package_by_itself_is_watched_too(package_of, make_loans, tmp_path, capfd):
    loans = package_of("two_classes")
    log = loans.log(tmp_path / "requests.sqlite", (make_loans(200, seed=6)[0], 0))
    package = shutil.copytree(loans.folder, tmp_path / "package")
    assert command_line(["monitor", str(package), "--log", str(log)]) == 0
    assert capfd.readouterr().out.startswith("healthy: late: yes or no")
    assert command_line(["monitor", str(package), "--log", str(tmp_path / "no")]) == 2
    assert "there is no request log" in capfd.readouterr().err


def test_a_project_without_the_step_says_how_to_bring_it_in(maker, capfd):
    maker.step("01_a", "x: int = 1", "import mlkit as mk", "mk.save(a=x)")
    assert command_line(["monitor", str(maker.root)]) == 2
    assert "mlkit add monitor" in capfd.readouterr().err
    assert command_line(["monitor", str(maker.root), "--window", "day"]) == 2
