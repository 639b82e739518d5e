"""``report.html``: one run as one page, for a person who was not there.

One file: no network, no script. All that comes from notebooks, data and people is
escaped; the page's policy forbids whatever else might slip through.
"""

from __future__ import annotations

import base64
import hashlib
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from functools import cache
from importlib.resources import files
from pathlib import Path
from typing import TYPE_CHECKING, Any

from mlkit.core.errors import StoreError, UsageError
from mlkit.core.files import write_bytes
from mlkit.core.project import Project
from mlkit.core.store import MAIN, Store
from mlkit.core.tram import draw
from mlkit.engine.reporting import past
from mlkit.engine.reporting.chapters import Chapter, Run, chapter, link, value_of
from mlkit.engine.reporting.say import listing, number, plain, seconds, words
from mlkit.engine.running.champion import is_trial

if TYPE_CHECKING:
    from jinja2 import Template

__all__ = ["NAME", "write"]

NAME = "report.html"
TILES = 4
PACKED = "A model is packaged and ready to use."
TRIED = (
    "A model is packaged, but a trial’s cannot be champion: to use it, write the "
    "trial’s parameters into the notebooks and run again."
)


@dataclass(frozen=True)
class Verdict:
    """How the run ended: its state, a word, a sentence, and what more to know.

    Where a step of a run that passed comes to something by itself, such as a monitor's
    verdict, that is what it says, and its state is the tone.
    """

    state: str
    word: str
    sentence: str
    more: tuple[str, ...] = ()


@dataclass(frozen=True)
class Tile:
    """A number that heads the page: where it is from, and the bar it is held to."""

    name: str
    value: str
    step: str
    bar: str


def write(project: Project, run_folder: Path) -> Path:
    """Write the report of a run, and return where it lies.

    Parameters
    ----------
    project
        The project.
    run_folder
        The run's folder, with its ``manifest.json``.

    Raises
    ------
    UsageError
        Where the run left no manifest.
    """
    manifest = past.manifest(run_folder)
    if manifest is None:
        raise UsageError(
            "this run left no manifest, so there is nothing to report",
            where=str(run_folder),
            todo="run again: `mlkit run`",
        )
    run = Run(project, run_folder, manifest, past.before(project, run_folder))
    page = _template().render(_page(run), style=_style(), policy=_policy())
    path = run_folder / NAME
    write_bytes(path, page.encode("utf-8", "replace"))
    return path


@cache
def _template() -> Template:
    from jinja2 import Environment, StrictUndefined

    environment = Environment(
        autoescape=True,
        undefined=StrictUndefined,
        finalize=lambda value: plain(value) if type(value) is str else value,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    return environment.from_string(_text("report.html"))


def _text(name: str) -> str:
    return files("mlkit.engine.reporting").joinpath(name).read_text(encoding="utf-8")


@cache
def _style() -> Any:
    """Return the page's style sheet; it is ours, so it needs no escape."""
    from markupsafe import Markup

    return Markup(_text("report.css").strip())  # noqa: S704


def _policy() -> str:
    """Return the page's policy: pictures in it, its one style sheet, nothing else."""
    digest = base64.b64encode(hashlib.sha256(_style().encode()).digest()).decode()
    return (
        f"default-src 'none'; img-src data:; style-src 'sha256-{digest}'; "
        "base-uri 'none'; form-action 'none'"
    )


def _page(run: Run) -> dict[str, Any]:
    manifest, goal = run.manifest, _goal(run)
    steps = {s: n for n, s in enumerate(manifest["graph"], start=1)}
    chapters = [
        chapter(run, step, f"step-{steps.get(step, 0)}") for step in manifest["steps"]
    ]
    began = datetime.fromtimestamp(manifest["began"]).astimezone()
    return {
        "project": run.project.root.name,
        "run": manifest["run"],
        "variant": manifest.get("variant", "main"),
        "question": goal.get("question", ""),
        "goal": _aims(goal),
        "when": f"{began.day} {began:%B %Y, %H:%M}",
        "iso": began.isoformat(timespec="seconds"),
        "took": seconds(manifest["seconds"]),
        "verdict": _verdict(run, chapters),
        "tiles": _tiles(run, goal),
        "map": draw({s: f["parents"] for s, f in manifest["graph"].items()}),
        "chapters": chapters,
        "by_name": dict(zip(manifest["steps"], chapters, strict=True)),
        "versions": _versions(manifest),
        "card": _card(run),
    }


def _goal(run: Run) -> Mapping[str, Any]:
    """Return ``[goal]`` as it was when the run began."""
    path = run.folder / "snapshot" / "mlkit.toml"
    try:
        found = tomllib.loads(path.read_text(encoding="utf-8")).get("goal", {})
    except (OSError, ValueError):
        found = run.project.config("goal", {})
    return found if isinstance(found, Mapping) else {}


def _aims(goal: Mapping[str, Any]) -> list[tuple[str, str]]:
    """Return what the goal says besides its question and its bars."""
    titles = {"use": "Use", "people": "People", "metric": "Measured by"}
    aims = [(t, value_of(key, goal[key])) for key, t in titles.items() if goal.get(key)]
    aims = [(t, words(text) if t == "Measured by" else text) for t, text in aims]
    bars = goal.get("bars", {})
    if isinstance(bars, Mapping) and bars:
        told = [f"{words(name)} {value_of(name, bar)}" for name, bar in bars.items()]
        aims.append(("Bars", "; ".join(told)))
    return aims


def _verdict(run: Run, chapters: list[Chapter]) -> Verdict:
    state = run.manifest["state"]
    named = {s: [c for c in chapters if c.state == s] for s in ("failed", "blocked")}
    ran = sum(c.state in ("passed", "blocked", "failed") for c in chapters)
    counts = [f"{ran} of {len(chapters)} step{'s' * (len(chapters) > 1)} ran"]
    counts += _count(chapters, "kept", "kept, since nothing they rest on changed")
    counts += _count(chapters, "skipped", "skipped")
    left_out = len(run.manifest["graph"]) - len(chapters)
    counts += [f"{left_out} not asked for"] if left_out else []
    more = (f"{'; '.join(counts)}.", *_overruled(chapters))
    if state == "failed":
        broken = named["failed"][0]
        what = broken.trouble.what.splitlines()[0] if broken.trouble else ""
        return Verdict(state, f"Failed at {broken.name}", what, more)
    if state == "blocked":
        shut = named["blocked"]
        bars = [f["bar"] for c in shut for f in c.findings if f["state"] == "missed"]
        names = listing(c.name for c in shut)
        return Verdict(state, f"Blocked at {names}", _missed(bars), more)
    if state == "interrupted":
        sentence = "It was stopped before its end. Run again to go on from here."
        return Verdict(state, "Interrupted", sentence, more)
    done = _passed(run, chapters)
    for told in reversed(chapters):
        if told.headline and told.state in ("passed", "kept"):
            said = told.headline
            who = f"So says {told.name}. {done}"
            return Verdict(said.tone, said.word, said.sentence, (who, *more))
    return Verdict("passed", "Passed", done, more)


def _count(chapters: list[Chapter], state: str, words: str) -> list[str]:
    count = sum(c.state == state for c in chapters)
    return [f"{count} {words}"] if count else []


def _missed(bars: list[str]) -> str:
    if not bars:
        return "A bar that the goal sets could not be assessed."
    return f"Not reached: {'; '.join(bars)}."


def _passed(run: Run, chapters: list[Chapter]) -> str:
    gates = [c.name for c in chapters if c.findings]
    packed = any(name == "package" for c in chapters for name, _, _ in c.saves)
    sentence = "Every step is done."
    if gates:
        sentence = f"Every step is done, and the gates of {listing(gates)} are open."
        if len(gates) == 1:
            sentence = f"Every step is done, and the gate of {gates[0]} is open."
    if not packed:
        return sentence
    trial = is_trial(str(run.manifest.get("variant", MAIN)))
    return f"{sentence} {TRIED if trial else PACKED}"


def _overruled(chapters: list[Chapter]) -> tuple[str, ...]:
    return tuple(f"{c.name}: {c.overruled}" for c in chapters if c.overruled)


def _tiles(run: Run, goal: Mapping[str, Any]) -> list[Tile]:
    """Return the numbers that matter most: the goal's metric, what has a bar, the rest.

    Of a number that several steps save, the last one counts. It stands beside its
    bar only where its step ends in a gate: others are not judged.
    """
    found: dict[str, tuple[float, str]] = {}
    for step, facts in run.manifest["steps"].items():
        for entry in facts.get("saves", {}).values():
            for name, value in entry.get("metrics", {}).items():
                found.pop(name, None)
                found[name] = (value, step)
    bars = goal.get("bars", {})
    bars = bars if isinstance(bars, Mapping) else {}

    def judged(name: str) -> bool:
        return bool(run.manifest["steps"][found[name][1]].get("verdict"))

    wanted = [str(goal.get("metric", "")), *bars]
    steps = list(run.manifest["steps"])
    latest = sorted(found, key=lambda name: -steps.index(found[name][1]))
    order = [*(name for name in wanted if name in found), *latest]
    return [
        Tile(
            words(name),
            number(found[name][0]),
            found[name][1],
            value_of(name, bars[name]) if name in bars and judged(name) else "",
        )
        for name in list(dict.fromkeys(order))[:TILES]
    ]


def _versions(manifest: Mapping[str, Any]) -> list[tuple[str, str]]:
    """Return what the steps rested on; several versions where steps differ."""
    found: dict[str, set[str]] = {}
    for facts in manifest["steps"].values():
        if facts.get("python"):
            found.setdefault("Python", set()).add(facts["python"])
        for name, version in facts.get("distributions", {}).items():
            found.setdefault(name, set()).add(version or "absent")
    order = sorted(found, key=lambda name: (name != "Python", name.lower()))
    return [(n, ", ".join(sorted(found[n]))) for n in order]


def _card(run: Run) -> str:
    """Return the link to the model card in the package; "" where there is none."""
    for facts in run.manifest["steps"].values():
        entry = facts.get("saves", {}).get("package")
        if entry and entry["identity"].startswith("folder-"):
            try:
                folder = Store(run.project.state).path(entry["identity"])
            except StoreError:
                return ""
            cards = sorted(
                p
                for p in folder.glob("folder/*")
                if "card" in p.name.lower() and p.suffix in (".html", ".md")
            )
            return link(run.folder, cards[0]) if cards else ""
    return ""
