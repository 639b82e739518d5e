"""``mlkit retrain``: a challenger from all truth that came in, against the champion."""

from __future__ import annotations

import json
import sys
from collections.abc import Mapping
from dataclasses import asdict, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

if TYPE_CHECKING:
    from mlkit.core.project import Project
    from mlkit.engine.running.options import Options
    from mlkit.product.retrain import Promotion

__all__ = ["command"]

POLICIES = ("auto", "ask", "never")
KEPT = 3
STATES = {3: "blocked", 130: "interrupted"}
LOCK = "retrain.lock"


@click.command("retrain")
@click.option("--if-needed", is_flag=True, help="Only where the monitor says retrain.")
@click.option("--data", default="", metavar="URI", help="A newer version of the data.")
@click.option("--promote", default="", metavar="|".join(POLICIES), help="Who decides.")
@click.option("--json", "as_json", is_flag=True, help="One JSON object a line.")
@click.option("--log", default=None, type=click.Path(path_type=Path))
@click.argument("folder", metavar="[DIR]", default=".", type=click.Path(path_type=Path))
def command(
    if_needed: bool,
    data: str,
    promote: str,
    as_json: bool,
    log: Path | None,
    folder: Path,
) -> int:
    """Hold a challenger, made with all truth that came in, against the champion.

    Exit 0 where all is well or the challenger was promoted, 3 where the champion was
    kept or a gate is shut. With --json the last line says which it was, and why.
    """
    from mlkit.core.project import Project
    from mlkit.engine.running.champion import in_use
    from mlkit.engine.running.lock import lock

    project = Project.open(folder)
    policy = _policy(project, promote)
    teller = _Teller(as_json)
    with lock(project, "retrain", LOCK):
        in_use(project)
        code = _look(project, if_needed, teller)
        if code is None:
            options = _options(project, data, log, teller)
            code = _challenge(project, options, policy, teller) if options else KEPT
    return teller.end(code)


class _Teller:
    """What is said on the way: in words, or at the end as one line of JSON."""

    def __init__(self, as_json: bool) -> None:
        self.as_json, self.why = as_json, ""
        self.facts: dict[str, Any] = {}

    def say(self, text: str, **facts: Any) -> None:
        """Say something; the last that is said is why it ended so."""
        self.why = text
        self.facts |= facts
        if not self.as_json:
            click.echo(text)

    def run(self, project: Project, options: Options) -> int:
        """Run the project; return the exit code."""
        from mlkit.cli.run_ import run_project

        code = run_project(project.root, options, self.as_json)
        if code:
            self.say_end(STATES.get(code, "failed"))
        return code

    def say_end(self, state: str) -> None:
        """Note that a run itself did not end well; it said why."""
        self.facts["state"], self.why = state, f"a run {state}"

    def end(self, code: int) -> int:
        """Print the last line; return the exit code."""
        told = {"event": "retrain_finished", "state": "kept", "why": self.why}
        if self.as_json:
            click.echo(json.dumps({**told, **self.facts}, ensure_ascii=False))
        return code


def _policy(project: Project, asked: str) -> str:
    """Return who decides: the flag, else ``[policies] promote``, else a person."""
    from mlkit.core.errors import UsageError, did_you_mean

    policy = asked or project.config("policies.promote", "ask")
    if policy not in POLICIES:
        raise UsageError(
            f"nobody decides by {policy!r}",
            where="--promote" if asked else "mlkit.toml [policies] promote",
            expected=", ".join(POLICIES),
            todo=did_you_mean(str(policy), POLICIES),
        )
    return str(policy)


def _look(project: Project, if_needed: bool, teller: _Teller) -> int | None:
    """Run the monitor on the champion; return a code where there is no more to do."""
    from mlkit.cli.monitor import asked
    from mlkit.core.store import Store

    code = teller.run(project, asked(project))
    if code:
        return code
    store = Store(project.state)
    health = store.get(store.refs()["health"])
    teller.facts["health"] = health.state
    if not if_needed:
        return None
    if health.model != _champion(project).partition("-")[2]:
        teller.say("the champion stays: it has not answered a request yet")
        return 0
    if health.state != "retrain":
        said = "to be watched" if health.state == "watch" else health.state
        teller.say(f"the champion stays: it is {said}")
        return 0
    return None


def _options(
    project: Project, data: str, log: Path | None, teller: _Teller
) -> Options | None:
    """Return the run to be made; None where there is nothing new to learn from."""
    from mlkit.core.champion import package_of
    from mlkit.engine.running.options import Options
    from mlkit.product.retraining.judged import enter_judged
    from mlkit.product.retraining.returned import RETURNED, gather

    place = log or project.state / "requests.sqlite"
    if place.is_file():
        enter_judged(project, place)
    package, parameters = package_of(project), _parameters(project)
    back = gather(place, package, project.root / RETURNED)
    teller.say(str(back), returned=asdict(back))
    if not back.rows and not data:
        teller.say("the champion stays: there is nothing new to learn from")
        return None
    further = [uri for uri in parameters["more"] if uri != RETURNED]
    given = {"collect.more": repr([*further, RETURNED])}
    if data:
        given |= {"collect.data": data, **_types(package, parameters)}
        if "types" in parameters:
            told = "the newer data are read with the types of the champion's columns"
        else:
            told = "collect has no parameter `types`: the newer data tell theirs"
        teller.say(told)
    return Options(until="retrain", given=given, challenger=True)


def _types(package: Path, parameters: Mapping[str, Any]) -> dict[str, str]:
    """Return what collect is told of the columns, so that they are the champion's.

    What the notebook itself says of a column goes before that.
    """
    schema = json.loads((package / "schema.json").read_bytes())
    given = {}
    if "types" in parameters:
        types = {column["name"]: column["type"] for column in schema["input"]}
        given["collect.types"] = repr({**types, **parameters["types"]})
    if "target_type" in parameters and not parameters["target_type"]:
        kind = "category" if schema["output"]["classes"] else "number"
        given["collect.target_type"] = kind
    return given


def _parameters(project: Project) -> dict[str, Any]:
    """Return collect's parameters by name, as its notebook has them."""
    from mlkit.core.errors import UsageError
    from mlkit.engine.planning.graph import build

    steps = build(project).steps
    for name in ("collect", "retrain"):
        if name not in steps:
            todo = f"mlkit add {name}"
            raise UsageError(f"the project has no step {name}", todo=todo)
    found = {one.name: one.default for one in steps["collect"].parameters}
    if "more" in found:
        return found
    raise UsageError(
        "collect cannot take the truth that came in",
        where=project.relative(steps["collect"].path),
        expected="a parameter `more: list[str] = []`, handed to `collect(more=more)`",
        todo="add it to the notebook",
    )


def _challenge(project: Project, options: Options, policy: str, teller: _Teller) -> int:
    """Make the challenger, hold it against the champion, and do as the policy says."""
    code = teller.run(project, options)
    if code:
        return code
    found = _promotion(project)
    if found.champion != _champion(project) != found.challenger:
        again = replace(options, start="accept", refresh=True)
        code = teller.run(project, again)  # the champion it met is none any more
        if code:
            return code
        found = _promotion(project)
    teller.say(repr(found), promotion=found.to_dict())
    return _decide(project, found, policy, teller)


def _decide(project: Project, found: Promotion, policy: str, teller: _Teller) -> int:
    from mlkit.core.champion import move
    from mlkit.engine.running.champion import challenger

    entry, rows = challenger(project)
    teller.facts["run"] = entry.run
    if entry.identity == _champion(project):
        teller.say(f"the package of run {entry.run} is the champion already")
        return 0
    by_hand = f'mlkit promote {entry.run} --why "..."'
    by_hand += " --anyway" if found.turned_away else ""
    if not found.better or policy == "never":
        teller.say(f"the champion stays; to overrule that: {by_hand}")
        return KEPT
    if policy == "ask" and (teller.as_json or not _agreed()):
        teller.say(f"the champion stays until somebody agrees: {by_hand}")
        return KEPT
    why = f"retrained: {found.why}"
    move(project.ledger, "promote", entry, why, policy=policy, **rows)
    said = f"the package of run {entry.run} is the champion now"
    teller.say(said, state="promoted")
    return 0


def _agreed() -> bool:
    """Ask whoever sits there."""
    return sys.stdin.isatty() and click.confirm("Promote the challenger?")


def _promotion(project: Project) -> Promotion:
    from mlkit.core.store import Store
    from mlkit.engine.running.champion import CHALLENGER
    from mlkit.product.retrain import Promotion

    store = Store(project.state)
    found = store.get(store.refs(CHALLENGER)["promotion"])
    assert isinstance(found, Promotion)
    return found


def _champion(project: Project) -> str:
    from mlkit.core.champion import champion

    return str((champion(project.ledger) or {}).get("package", ""))
