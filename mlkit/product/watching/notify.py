"""Tell somebody of a model's health: a webhook, an e-mail, or both.

Set up in ``mlkit.toml``; secrets are references, ``env:NAME``::

    [policies.notify]
    from = "watch"                    # or "retrain", or "healthy": always
    webhook = "env:HOOK"              # gets JSON; its "text" is what chats show

    [policies.notify.email]
    to = "team@example.org"
    sender = "mlkit@example.org"
    server = "smtp.example.org:587"   # or "[::1]:25"
    security = "starttls"             # or "tls", or "none"
    user = "env:SMTP_USER"
    password = "env:SMTP_PASSWORD"
"""

from __future__ import annotations

import re
import smtplib
import ssl
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from email.message import EmailMessage
from typing import Any

from mlkit.core.errors import MlkitError, UsageError, did_you_mean
from mlkit.data.reading import secrets
from mlkit.product.watching.health import Health
from mlkit.product.watching.signs import LEVELS

__all__ = ["notify"]

WAIT = 20.0
WHERE = "mlkit.toml [policies.notify]"
KEYS = ("from", "webhook", "email")
MAIL_KEYS = ("to", "sender", "server", "security", "user", "password")
NEEDED = ("to", "sender", "server")
SECURITY = ("starttls", "tls", "none")
SERVER = re.compile(r"(?:\[([0-9A-Fa-f:.]+)\]|([^\[\]:\s]+))(?::(\d{0,5}))?")


def notify(health: Health, settings: Mapping[str, Any], project: str) -> list[str]:
    """Send a model's health to where the settings say, and return where that was.

    Where one way fails, the other is still tried.

    Parameters
    ----------
    health
        A model's health.
    settings
        ``[policies.notify]`` of ``mlkit.toml``; an empty one tells nobody.
    project
        The project's name.

    Raises
    ------
    UsageError
        Where the settings make no sense.
    MlkitError
        Where it could not be sent; no secret is in the message.
    """
    _check(settings, KEYS)
    if "email" in settings:
        _check_mail(settings["email"])
    least = settings.get("from", "watch")
    if least not in LEVELS[1:]:
        raise UsageError(f"notify from {least!r} cannot be", where=WHERE)
    if LEVELS.index(health.state) < LEVELS.index(least):
        return []
    done, failed = list[str](), list[MlkitError]()
    with secrets.hidden(settings):
        for name in (name for name in WAYS if name in settings):
            how, send = WAYS[name]
            try:
                send(health, settings[name], project)
                done.append(how)
            except MlkitError as error:
                failed.append(error)
    if failed:
        raise failed[0]
    return done


def _post(health: Health, given: str, project: str) -> None:
    import httpx

    url = secrets.filled(given).strip()
    if not url.startswith(("http://", "https://")):
        raise UsageError("a webhook is an http or https address", where=WHERE)
    form = {
        "text": f"{_subject(health, project)}\n{health}",
        "project": project,
        "state": health.state,
        "reasons": list(health.reasons),
        "model": health.model,
        "drifted": list(health.drifted),
    }
    try:
        httpx.post(url, json=form, timeout=WAIT).raise_for_status()
    except httpx.HTTPStatusError as error:
        raise _unsent("webhook", f"status {error.response.status_code}") from None
    except (httpx.HTTPError, httpx.InvalidURL, ValueError, OverflowError) as error:
        raise _unsent("webhook", type(error).__name__) from None


def _mail(health: Health, given: Mapping[str, str], project: str) -> None:
    """Send an e-mail; `given` are the settings with their references."""
    settings = {n: secrets.filled(text).strip("\r\n") for n, text in given.items()}
    host, port = _address(settings["server"], given["server"])
    try:
        message = EmailMessage()
        message["Subject"] = _subject(health, project)
        message["From"], message["To"] = settings["sender"], settings["to"]
        message.set_content(f"{health}\n")
        with _server(host, port, settings.get("security", SECURITY[0])) as server:
            if settings.get("user"):
                server.login(settings["user"], settings.get("password", ""))
            server.send_message(message)
    except (smtplib.SMTPException, OSError, ValueError) as error:
        referred = [text for n, text in settings.items() if secrets.names(given[n])]
        why = secrets.concealed(f"{type(error).__name__}: {error}", *referred)
        raise _unsent("e-mail", why) from None


def _address(server: str, given: str) -> tuple[str, int]:
    """Return the host and the port of a mail server; 0 where none is named."""
    found = SERVER.fullmatch(server)
    if not found or (found[3] and not 0 < int(found[3]) < 2**16):
        raise UsageError(
            "this is no mail server",
            where=WHERE,
            expected="a host, or a host and a port: smtp.example.org:587, [::1]:25",
            got=repr(given),
        )
    return found[1] or found[2], int(found[3] or 0)


@contextmanager
def _server(host: str, port: int, how: str) -> Iterator[smtplib.SMTP]:
    """Connect to the mail server, encrypted unless the settings say otherwise."""
    if how not in SECURITY:
        todo = did_you_mean(how, SECURITY)
        raise UsageError(f"no security {how!r}", where=WHERE, todo=todo)
    context = ssl.create_default_context()
    if how == "tls":
        with smtplib.SMTP_SSL(
            host, port or 465, timeout=WAIT, context=context
        ) as server:
            yield server
        return
    with smtplib.SMTP(host, port or 587, timeout=WAIT) as server:
        if how == "starttls":
            server.starttls(context=context)
        yield server


def _check_mail(settings: Any) -> None:
    _check(settings, MAIL_KEYS, ".email")
    lacking = [name for name in NEEDED if not settings.get(name)]
    if lacking:
        expected = ", ".join(lacking)
        raise UsageError("an e-mail lacks settings", where=WHERE, expected=expected)


def _check(settings: Any, known: tuple[str, ...], part: str = "") -> None:
    """Refuse settings that are not a table, are not known, or are no text."""
    if not isinstance(settings, Mapping):
        raise UsageError(
            f"[policies.notify{part}] is a table of settings",
            where=WHERE,
            expected=", ".join(known),
            got=type(settings).__name__,
        )
    for name, value in settings.items():
        if name not in known:
            todo = did_you_mean(name, known)
            raise UsageError(f"unknown setting {name!r}", where=WHERE, todo=todo)
        if name != "email" and not isinstance(value, str):
            got = type(value).__name__
            raise UsageError(f"the setting {name!r} is a text", where=WHERE, got=got)


def _subject(health: Health, project: str) -> str:
    return f"{project}: {health.state} ({health.title})"


def _unsent(what: str, why: str) -> MlkitError:
    return MlkitError(f"the {what} could not be sent", where=WHERE, got=why)


WAYS: Mapping[str, tuple[str, Callable[[Health, Any, str], None]]] = {
    "webhook": ("webhook", _post),
    "email": ("e-mail", _mail),
}
"""How to tell: by the name of its setting, in a word, and by what."""
