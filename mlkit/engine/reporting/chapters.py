"""What a report says of one step, made of the manifest and the executed notebook."""

from __future__ import annotations

import json
import os
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import quote

from mlkit.core import decisions
from mlkit.core.decisions import Decision
from mlkit.core.errors import UsageError
from mlkit.core.project import Project
from mlkit.engine.reporting.look import Look, Picture, look, opening
from mlkit.engine.reporting.say import (
    cause,
    headlines,
    is_secret,
    number,
    seconds,
    shorten,
    words,
)

__all__ = ["Chapter", "Headline", "Run", "because", "chapter", "link", "value_of"]

ABSENT = object()
TONES = ("good", "warn", "bad")


@dataclass(frozen=True)
class Run:
    """What the chapters of a report draw from.

    Parameters
    ----------
    project, folder
        The project, and the run's folder.
    manifest
        What the run left.
    before
        What the run before it left, if there was one.
    """

    project: Project
    folder: Path
    manifest: Mapping[str, Any]
    before: Mapping[str, Any] | None = None

    def decision(self, name: str) -> Decision | None:
        """Return a decision as the run replayed it."""
        try:
            return decisions.read(self.folder / "snapshot" / "decisions", name)
        except UsageError:
            return None


@dataclass(frozen=True)
class Parameter:
    """A parameter's value, and how it differs; "" where it does not."""

    name: str
    value: str
    changed: str = ""


@dataclass(frozen=True)
class Choice:
    """A decision that a step used, and who made it."""

    name: str
    value: str
    by: str
    why: str = ""


@dataclass(frozen=True)
class Trouble:
    """What broke, where, and what to do."""

    what: str
    where: str
    todo: str


@dataclass(frozen=True)
class Headline:
    """What a step comes to, where it says so, such as a monitor's verdict.

    Parameters
    ----------
    word, sentence
        What is said, and why.
    tone
        ``good``, ``warn``, ``bad``, or "" where it is none of them.
    """

    word: str
    sentence: str
    tone: str


@dataclass(frozen=True)
class Chapter:
    """One step, as the report shows it."""

    anchor: str
    name: str
    title: str
    lead: str
    state: str
    why: str
    time: str
    notebook: str
    headline: Headline | None
    picture: Picture | None
    words: str
    metrics: tuple[tuple[str, str], ...]
    findings: tuple[Mapping[str, Any], ...]
    verdict: str
    overruled: str
    trouble: Trouble | None
    parameters: tuple[Parameter, ...]
    choices: tuple[Choice, ...]
    saves: tuple[tuple[str, str, bool], ...]


def chapter(run: Run, step: str, anchor: str) -> Chapter:
    """Tell of one step of a run.

    Parameters
    ----------
    run
        The run.
    step
        The step's name.
    anchor
        The id its heading gets in the page.
    """
    facts = run.manifest["steps"][step]
    state = facts["state"]
    shown = state not in ("skipped", "interrupted")
    path = _inside(run.project, facts.get("notebook", "")) if shown else None
    seen = look(path) if path else Look()
    title, lead = _opening(run, step, path)
    verdict = facts.get("verdict") or {}
    return Chapter(
        anchor=anchor,
        name=step,
        title=title,
        lead=lead,
        state=state,
        why=because(step, state, facts.get("why", "")),
        time=_time(facts),
        notebook=link(run.folder, path) if path else "",
        headline=_headline(facts),
        picture=seen.picture,
        words="" if verdict or facts.get("error") else seen.words,
        metrics=_metrics(run, facts),
        findings=tuple(_finding(f) for f in verdict.get("findings", ())),
        verdict=verdict.get("title", ""),
        overruled=_overruled(run, step) if facts.get("overruled") else "",
        trouble=_trouble(facts, seen, run.manifest["graph"].get(step, {})),
        parameters=_parameters(run, step, facts),
        choices=_choices(run, facts),
        saves=tuple(
            (name, entry.get("summary", ""), bool(entry.get("sealed")))
            for name, entry in facts.get("saves", {}).items()
        ),
    )


def link(folder: Path, path: Path) -> str:
    """Return how a page in `folder` links to `path`."""
    return quote(Path(os.path.relpath(path, folder)).as_posix())


def value_of(name: str, value: Any) -> str:
    """Return a value as the report writes it; a secret's is not written.

    Examples
    --------
    >>> value_of("trials", 24), value_of("api_key", "x")
    ('24', '••••')
    """
    if is_secret(name):
        return "••••"
    text = value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)
    return shorten(text, 200)


def because(step: str, state: str, why: str) -> str:
    """Turn a plan's reason into what a reader of the report asks: why it ran or not.

    Examples
    --------
    >>> because("tune", "passed", "tune is stale: parameter trials is 24, was 12")
    'Ran because parameter trials is 24, was 12.'
    >>> because("tune", "kept", "tune is fresh: nothing it depends on changed")
    'Kept: nothing it depends on changed.'
    """
    reason = why.removeprefix(f"{step} ").removeprefix("is ").rstrip(".")
    told = reason.removeprefix("stale: ").removeprefix("fresh: ")
    if state in ("kept", "skipped"):
        return f"{state.capitalize()}: {told}."
    if reason == "has never run":
        return "Ran for the first time."
    if reason.startswith("stale: "):
        return f"Ran because {told}."
    if "nothing it depends on changed" in reason:
        return "Judged before, and nothing it depends on changed since."
    return f"Ran because it {reason}." if reason else ""


def _inside(project: Project, relative: str) -> Path | None:
    """Return a path of the project that is there; None for any other."""
    path = project.root / relative
    there = bool(relative) and path.is_file()
    return path if there and path.resolve().is_relative_to(project.root) else None


def _opening(run: Run, step: str, executed: Path | None) -> tuple[str, str]:
    """Read title and lead from the notebook as it is now, else as it ran."""
    own = run.manifest["graph"].get(step, {}).get("notebook", "")
    path = _inside(run.project, own) or executed
    title, lead = opening(path) if path else ("", "")
    return "" if title.lower() == step.lower() else title, lead


def _time(facts: Mapping[str, Any]) -> str:
    if facts["state"] == "skipped" or not facts.get("seconds"):
        return ""
    return seconds(facts["seconds"])


def _metrics(run: Run, facts: Mapping[str, Any]) -> tuple[tuple[str, str], ...]:
    numbers = {name: s.get("metrics", {}) for name, s in facts.get("saves", {}).items()}
    first = str(run.project.config("goal.metric", ""))
    found = headlines(numbers, first)
    return tuple((words(name), number(value)) for name, value in found.items())


def _headline(facts: Mapping[str, Any]) -> Headline | None:
    """Return what one of the artifacts that a step saved comes to."""
    told = (entry.get("headline") for entry in facts.get("saves", {}).values())
    found = next((one for one in told if one), None)
    if found is None:
        return None
    word, tone = found["word"], found["tone"]
    word = word[:1].upper() + word[1:]
    return Headline(word, found["sentence"], tone if tone in TONES else "")


def _finding(finding: Mapping[str, Any]) -> dict[str, Any]:
    state = finding["state"]
    return {
        "bar": finding["bar"],
        "state": state,
        "word": "not assessed" if state == "not_assessed" else state,
        "got": finding.get("got", ""),
        "need": finding.get("need", ""),
        "help": finding.get("help", "") if state != "passed" else "",
    }


def _overruled(run: Run, step: str) -> str:
    made = run.decision(decisions.overrule_of(step))
    if made is None:
        return "a person overruled this gate"
    return f"overruled by {made.by or 'a person'}, {made.at[:10]}: {made.why}"


def _trouble(
    facts: Mapping[str, Any], seen: Look, drawn: Mapping[str, Any]
) -> Trouble | None:
    error = facts.get("error")
    if not error or facts["state"] == "blocked":
        return None
    at = error.get("cell")
    cell = (seen.place or {}).get(at, "") if at is not None else ""
    where = ", ".join(part for part in (drawn.get("notebook", ""), cell) if part)
    what = cause(error)
    what = what if len(what) <= 2000 else what[:1999] + "…"
    return Trouble(what, where, error.get("todo", ""))


def _parameters(run: Run, step: str, facts: Mapping[str, Any]) -> tuple[Parameter, ...]:
    given = run.manifest.get("given", {}).get(step, {})
    old: Mapping[str, Any] = {}
    if run.before:
        old = run.before["steps"].get(step, {}).get("parameters", {})
    return tuple(
        Parameter(name, value_of(name, value), _changed(name, value, given, old))
        for name, value in facts.get("parameters", {}).items()
    )


def _changed(
    name: str, value: Any, given: Mapping[str, Any], old: Mapping[str, Any]
) -> str:
    parts = ["set for this run"] if name in given else []
    earlier = old.get(name, ABSENT)
    if earlier is not ABSENT and earlier != value:
        parts.append(f"was {value_of(name, earlier)}")
    return ", ".join(parts)


def _choices(run: Run, facts: Mapping[str, Any]) -> tuple[Choice, ...]:
    return tuple(
        _choice(name, used, run.decision(name))
        for name, used in facts.get("decided", {}).items()
    )


def _choice(name: str, used: Mapping[str, Any], made: Decision | None) -> Choice:
    value = (made and made.told) or value_of(name, used.get("value"))
    if used.get("default") or made is None:
        by = "default" if used.get("default") else "recorded"
        return Choice(name, value, by)
    other = made.seen and used.get("seen") and made.seen != used["seen"]
    why = f"{made.why}{' (made on something else)' if other else ''}".strip()
    by = f"{made.by or 'a person'}, {made.at[:10]}".rstrip(", ")
    return Choice(name, value, by, why)
