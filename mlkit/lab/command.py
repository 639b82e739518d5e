"""mlkit's commands, started as processes of their own and never through a shell."""

from __future__ import annotations

import asyncio
import os
import secrets
import sys
import time
from collections.abc import Iterator, Mapping
from contextlib import suppress
from pathlib import Path
from typing import Any

from mlkit.core.errors import did_you_mean
from mlkit.core.project import Project
from mlkit.engine.running.events import read
from mlkit.lab.refusal import Refusal

__all__ = ["ask", "bound", "said", "start", "words"]

PYTHON = (sys.executable, "-P", "-m")
KEPT = 10
OPTIONS = {
    "only": "--only",
    "from": "--from",
    "until": "--until",
    "profile": "--profile",
}
QUIET = asyncio.subprocess.DEVNULL


async def ask(
    *arguments: str, cwd: Path, limit: float = 120.0, module: str = "mlkit"
) -> str:
    """Run a command to its end and return what it printed.

    Parameters
    ----------
    arguments
        Of the command.
    cwd
        Where it runs.
    limit
        Seconds that it may take.
    module
        Whose command it is.

    Raises
    ------
    Refusal
        Where it refuses, with its words, or takes longer than `limit` seconds.
    """
    pipe = asyncio.subprocess.PIPE
    process = await asyncio.create_subprocess_exec(
        *PYTHON, module, *arguments, stdin=QUIET, stdout=pipe, stderr=pipe, cwd=cwd
    )
    try:
        out, err = await asyncio.wait_for(process.communicate(), limit)
    except TimeoutError:
        with suppress(ProcessLookupError):
            process.kill()
        await process.wait()
        took = f"it took longer than {limit:g} seconds"
        raise Refusal(504, took, got=f"{module} {arguments[0]}") from None
    if process.returncode:
        raise Refusal.said(process.returncode, err.decode(errors="replace"))
    return out.decode(errors="replace")


async def start(project: Project, asked: Mapping[str, Any]) -> dict[str, Any]:
    """Start a run that outlives the server; return its id.

    Returns
    -------
    dict
        ``run``; of a run with nothing to do also ``state`` and ``kept``.

    Raises
    ------
    Refusal
        Where the run is refused, as while another one goes on.
    """
    told, wrong = said(project)
    with told.open("wb") as out, wrong.open("wb") as err:
        process = await asyncio.create_subprocess_exec(
            *PYTHON,
            "mlkit",
            *words(asked),
            "--",
            str(project.root),
            stdin=QUIET,
            stdout=out,
            stderr=err,
            cwd=project.root,
            start_new_session=True,
        )
    while process.returncode is None:
        run = next((str(event["run"]) for event in read(told)), "")
        if run and (project.runs / run / "events.jsonl").exists():
            return {"run": run}
        await asyncio.sleep(0.05)
    events = list(read(told))
    if not events or events[-1]["event"] != "run_finished":
        raise Refusal.said(process.returncode, wrong.read_text(errors="replace"))
    last = events[-1]
    there = (project.runs / last["run"]).is_dir() if last["run"] else False
    facts = {"state": last["state"], "kept": last["kept"], "blocked": last["blocked"]}
    return {"run": last["run"] if there else "", **facts}


def words(asked: Mapping[str, Any]) -> list[str]:
    """Return the arguments of a run that is asked for in JSON.

    Raises
    ------
    Refusal
        For an option that there is not, or a value that is none.

    Examples
    --------
    >>> words({"from": "clean", "given": {"split.seed": "3"}, "refresh": True})
    ['run', '--json', '--from=clean', '-psplit.seed=3', '--refresh']
    """
    return ["run", "--json", *(word for k, v in asked.items() for word in _word(k, v))]


def _word(key: str, value: Any) -> Iterator[str]:
    if key in OPTIONS and isinstance(value, str) and "\0" not in value:
        if value:
            yield f"{OPTIONS[key]}={value}"
    elif key == "refresh" and isinstance(value, bool):
        yield from ("--refresh",) * value
    elif key == "given" and isinstance(value, dict):
        for name, text in value.items():
            if not isinstance(text, str) or "\0" in name + text or "=" in name:
                raise Refusal(400, "a parameter is given as text", got=name[:80])
            yield f"-p{name}={text}"
    elif key in (*OPTIONS, "refresh", "given"):
        raise Refusal(400, f"{key} cannot be this", got=repr(value)[:80])
    else:
        known = (*OPTIONS, "refresh", "given")
        raise Refusal(
            400, f"a run has no option {key[:40]!r}", todo=did_you_mean(key, known)
        )


def bound(*words: str) -> list[str]:
    """Return the arguments of a command that is to end when this process does.

    Where the system has no such tie, whoever starts it ends it.
    """
    if sys.platform != "linux":
        return [*PYTHON, "mlkit", *words]
    return [*PYTHON, "mlkit.lab.bound", str(os.getpid()), *words]


def said(project: Project, apart: str = "") -> tuple[Path, Path]:
    """Return where a command's words go; those of old ones are dropped.

    Parameters
    ----------
    project
        In which it works.
    apart
        A folder for those that no run may drop.
    """
    folder = project.state / "lab" / apart
    folder.mkdir(parents=True, exist_ok=True)
    for old in sorted(folder.glob("*.*"))[: -2 * KEPT]:
        old.unlink(missing_ok=True)
    name = f"{time.strftime('%Y%m%d-%H%M%S')}-{secrets.token_hex(2)}"
    return folder / f"{name}.jsonl", folder / f"{name}.txt"
