"""The commands together: their groups, their help, and how errors are told."""

from __future__ import annotations

import importlib
import os
import sys
from collections.abc import Mapping
from pathlib import Path

import click

from mlkit.core.errors import MlkitError

__all__ = ["cli", "command_line"]

GROUPS: Mapping[str, tuple[str, ...]] = {
    "Start": ("demo", "new", "add"),
    "Run": ("run", "stop", "test"),
    "Look": ("status", "why", "graph", "show", "runs", "diff", "open"),
    "Decide": ("decide", "freeze"),
    "Use": ("export", "predict", "serve", "retrain", "promote", "rollback"),
    "Watch": ("log", "feedback", "forget", "monitor"),
    "Care": ("verify", "gc", "doctor"),
}
MODULES = {"open": "open_", "test": "test_", "run": "run_"}


class Commands(click.Group):
    """The commands, each imported when it is named."""

    def list_commands(self, ctx: click.Context) -> list[str]:  # noqa: ARG002
        """Return the names of all commands."""
        return [name for names in GROUPS.values() for name in names]

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        """Import the command's file."""
        if cmd_name not in self.list_commands(ctx):
            return None
        module = importlib.import_module(f"mlkit.cli.{MODULES.get(cmd_name, cmd_name)}")
        found = module.command
        assert isinstance(found, click.Command)
        return found

    def resolve_command(
        self, ctx: click.Context, args: list[str]
    ) -> tuple[str | None, click.Command | None, list[str]]:
        """Say which command was probably meant."""
        from mlkit.core.errors import UsageError, did_you_mean

        if args and not args[0].startswith("-") and not self.get_command(ctx, args[0]):
            todo = did_you_mean(args[0], self.list_commands(ctx))
            raise UsageError(f"there is no command {args[0]!r}", todo=todo)
        return super().resolve_command(ctx, args)

    def format_commands(
        self,
        ctx: click.Context,  # noqa: ARG002
        formatter: click.HelpFormatter,
    ) -> None:
        """Write the commands in their groups."""
        for title, names in GROUPS.items():
            with formatter.section(title):
                formatter.write_dl([(name, _about(name)) for name in names])


def _about(name: str) -> str:
    """Read what a command is for from the first line of its file, unimported."""
    path = Path(__file__).with_name(f"{MODULES.get(name, name)}.py")
    with path.open(encoding="utf-8") as file:
        about = file.readline().partition("``: ")[2].strip().strip('".')
    return about[:1].upper() + about[1:]


@click.group(cls=Commands, context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(package_name="mlkit-notebooks", message="mlkit %(version)s")
@click.option("--debug", is_flag=True, help="Show tracebacks.")
def cli(debug: bool) -> None:
    """Notebooks are the pipeline: from a table to an accepted, packaged model."""
    if debug:
        os.environ["MLKIT_DEBUG"] = "1"


@cli.result_callback()
@click.pass_context
def _end(context: click.Context, /, code: object, **_: object) -> None:
    """Exit by what a command returns, whoever called it."""
    if isinstance(code, int):
        context.exit(code)


def command_line(arguments: list[str]) -> int:
    """Run a command; return 0 done, 1 failed, 2 usage, 3 blocked, 4 busy, 130 ^C."""
    try:
        code = cli.main(arguments, prog_name="mlkit", standalone_mode=False)
        return code if isinstance(code, int) else 0
    except click.exceptions.Exit as end:
        return end.exit_code
    except click.exceptions.Abort:
        return 130
    except click.ClickException as error:
        error.show()
        return 2
    except BrokenPipeError:
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return 1
    except KeyboardInterrupt:
        return 130
    except Exception as error:
        if "MLKIT_DEBUG" in os.environ:
            raise
        told = _told(error)
        click.echo(f"{click.style('error:', fg='red', bold=True)} {told}", err=True)
        return told.exit_code


def _told(error: Exception) -> MlkitError:
    """Make one of our errors of any other, so that nobody meets a traceback."""
    if isinstance(error, MlkitError):
        return error
    if isinstance(error, OSError) and error.strerror:
        place = str(error.filename or "")
        todo = "see that there is room, and that you may write there"
        return MlkitError(error.strerror, where=place, todo=todo)
    return MlkitError(
        "mlkit itself went wrong",
        got=f"{type(error).__name__}: {error}",
        todo="`mlkit --debug ...` shows where; please report it",
    )
