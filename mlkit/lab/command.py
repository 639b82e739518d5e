"""mlkit's commands, started as processes of their own and never through a shell."""

from __future__ import annotations

import asyncio
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

__all__ = ["ask", "start", "words"]

MLKIT = (sys.executable, "-P", "-m", "mlkit")
STATUS = {2: 400, 3: 409, 4: 409}
KEPT = 10
OPTIONS = {
    "only": "--only",
    "from": "--from",
    "until": "--until",
    "profile": "--profile",
}
QUIET = asyncio.subprocess.DEVNULL


async def ask(*arguments: str, cwd: Path, limit: float = 120.0) -> str:
    """Run a command to its end and return what it printed.

    Raises
    ------
    Refusal
        Where it refuses, with its words, or takes longer than `limit` seconds.
    """
    pipe = asyncio.subprocess.PIPE
    process = await asyncio.create_subprocess_exec(
        *MLKIT, *arguments, stdin=QUIET, stdout=pipe, stderr=pipe, cwd=cwd
    )
    try:
        out, err = await asyncio.wait_for(process.communicate(), limit)
    except TimeoutError:
        with suppress(ProcessLookupError):
            process.kill()
        await process.wait()
        took = f"it took longer than {limit:g} seconds"
        raise Refusal(504, took, got=f"mlkit {arguments[0]}") from None
    if process.returncode:
        raise _refused(process.returncode, err.decode(errors="replace"))
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
    told, wrong = _files(project)
    with told.open("wb") as out, wrong.open("wb") as err:
        process = await asyncio.create_subprocess_exec(
            *MLKIT,
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
        raise _refused(process.returncode, wrong.read_text(errors="replace"))
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


def _files(project: Project) -> tuple[Path, Path]:
    """Return where a run's words go; those of old runs are dropped."""
    folder = project.state / "lab"
    folder.mkdir(parents=True, exist_ok=True)
    for old in sorted(folder.glob("*.*"))[: -2 * KEPT]:
        old.unlink(missing_ok=True)
    name = f"{time.strftime('%Y%m%d-%H%M%S')}-{secrets.token_hex(2)}"
    return folder / f"{name}.jsonl", folder / f"{name}.txt"


def _refused(code: int, text: str) -> Refusal:
    """Turn what a command said on stderr into a refusal."""
    lines = [line for line in text.splitlines() if line.strip()]
    lines = [line for line in lines if not line.startswith("note: ")]
    what, *rest = lines or ["mlkit ended without a word"]
    parts = {}
    for line in rest:
        label, _, said = line.strip().partition(": ")
        if label in ("where", "expected", "got", "to do"):
            parts["todo" if label == "to do" else label] = said.strip()
    return Refusal(STATUS.get(code, 422), what.removeprefix("error: "), **parts)
