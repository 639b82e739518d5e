"""``mlkit serve``: answer requests by the champion, or by a package alone."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

if TYPE_CHECKING:
    from mlkit.product.serving.pointer import Pointer
    from mlkit.product.serving.served import Served

__all__ = ["command"]


@click.command("serve")
@click.option("--host", default="127.0.0.1", help="Where to listen; 127.0.0.1.")
@click.option("--port", default=8000, help="0 takes a free one; 8000.")
@click.option("--token-env", default="", metavar="VAR", help="Where the token is.")
@click.option("--allow-host", multiple=True, metavar="NAME", help="A further own name.")
@click.option("--name", default="", help="Of the model at /v2; the project's.")
@click.option(
    *("--shadow", "shadow"),
    type=click.Path(path_type=Path),
    metavar="PACKAGE",
    help="Answers in silence beside the champion, into the log.",
)
@click.option("--log", default="", metavar="PATH", help="The request log; `off`: none.")
@click.argument(
    "folder", metavar="[DIR_OR_PACKAGE]", default=".", type=click.Path(path_type=Path)
)
def command(
    host: str,
    port: int,
    token_env: str,
    allow_host: tuple[str, ...],
    name: str,
    shadow: Path | None,
    log: str,
    folder: Path,
) -> None:
    """Answer requests at /v1/predict, with a page at / to try it by hand.

    Each is in the log before it is answered. Of a project, a new champion is served as
    soon as it is promoted and has passed a trial.
    """
    from mlkit.product.serve import Settings, serve

    pointer, package, place, facts = _package(folder)
    kept = None if log == "off" else Path(log) if log else place
    settings = Settings(
        *(host, port, _token(token_env), allow_host, kept),
        name=name or _slug(facts.get("project", "")),
        shadow=shadow,
        **(_kept(folder) if pointer else {}),
    )

    def told(address: str, served: Served) -> None:
        kept = settings.log or "no log"
        version = f"model {served.version} answers at {address}/v1/predict"
        click.echo(f"{version}, log: {kept}")
        if served.overdue:
            late = f"this package was to be reviewed by {served.review_by}"
            click.echo(f"{late}: retrain it, or package it again", err=True)

    serve(package, settings, facts, told, pointer)


def _package(
    folder: Path,
) -> tuple[Pointer | None, Path, Path, Mapping[str, str]]:
    """Return the pointer to a package, it, its log, and what is known of it."""
    if (folder / "model.onnx").is_file():
        return None, folder, Path("requests.sqlite"), {}
    from mlkit.core.champion import champion
    from mlkit.core.project import Project
    from mlkit.product.serving.pointer import Pointer

    project = Project.open(folder)
    if champion(project.ledger) is None:
        from mlkit.engine.running.champion import absent

        raise absent(project, "there is no champion yet")
    pointer = Pointer(project)
    found = pointer.read()
    return pointer, found.folder, project.state / "requests.sqlite", found.facts


def _kept(folder: Path) -> Mapping[str, Any]:
    """Return for how long a project's log is kept, and how private cells are."""
    from mlkit.core.project import Project
    from mlkit.product.journal.policy import Policy
    from mlkit.product.journal.private import key_of

    project = Project.open(folder)
    policy = Policy.of(project)
    key = key_of(project.state) if policy.private == "hash" else b""
    return {"days": policy.days, "key": key}


def _slug(name: str) -> str:
    """Return a name that goes into a path."""
    import re

    return re.sub(r"[^A-Za-z0-9._-]+", "-", name).strip("-._")[:100] or "model"


def _token(name: str) -> str:
    import os

    from mlkit.core.errors import UsageError

    if not name:
        return ""
    token = os.environ.get(name, "")
    if not token:
        todo = f"export {name}=..., then start again"
        raise UsageError(f"the environment variable {name} holds no token", todo=todo)
    return token
