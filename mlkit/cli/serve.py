"""``mlkit serve``: answer requests by the champion, or by a package alone."""

from __future__ import annotations

from pathlib import Path

import click

__all__ = ["command"]


@click.command("serve")
@click.option("--host", default="127.0.0.1", help="Where to listen; 127.0.0.1.")
@click.option("--port", default=8000, help="0 takes a free one; 8000.")
@click.option("--token-env", default="", metavar="VAR", help="Where the token is.")
@click.option("--allow-host", multiple=True, metavar="NAME", help="A further own name.")
@click.option("--log", default="", metavar="PATH", help="The request log; `off`: none.")
@click.argument(
    "folder", metavar="[DIR_OR_PACKAGE]", default=".", type=click.Path(path_type=Path)
)
def command(
    host: str,
    port: int,
    token_env: str,
    allow_host: tuple[str, ...],
    log: str,
    folder: Path,
) -> None:
    """Answer requests at /v1/predict; each is in the log before it is answered."""
    from mlkit.product.serve import Settings, serve

    package, place, facts = _package(folder)
    kept = None if log == "off" else Path(log) if log else place
    settings = Settings(host, port, _token(token_env), allow_host, kept)

    def told(address: str, version: str) -> None:
        kept = settings.log or "no log"
        click.echo(f"model {version} answers at {address}/v1/predict, log: {kept}")

    serve(package, settings, facts, told)


def _package(folder: Path) -> tuple[Path, Path, dict[str, str]]:
    """Return a package, where its log is kept, and what is known of it."""
    if (folder / "model.onnx").is_file():
        return folder, Path("requests.sqlite"), {}
    from mlkit.cli.export import champion_package
    from mlkit.core import ledger
    from mlkit.core.project import Project

    project = Project.open(folder)
    package = champion_package(project)
    moves = ("promote", "rollback")
    line = [x for x in ledger.lines(project.ledger) if x["event"] in moves][-1]
    facts = {"project": project.root.name, "artifact": line["package"]}
    facts |= {name: str(line[name]) for name in ("run", "by") if name in line}
    return package, project.state / "requests.sqlite", facts


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
