"""The model card: what a model is for, how good it is, for whom, and what it needs."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any, Protocol, runtime_checkable

import numpy as np

from mlkit.core import decisions
from mlkit.core.cells import config
from mlkit.core.session import session
from mlkit.data.charts.cards import many
from mlkit.model.accept import Accepted
from mlkit.model.audit.cards import Card, Section, Table, plain, sentence
from mlkit.model.audit.rules import Rules
from mlkit.model.families import family
from mlkit.model.fitted import Model
from mlkit.model.measures.measure import guess_told
from mlkit.model.measures.metrics import METRICS, of_problem
from mlkit.model.problem import Problem
from mlkit.model.review import Review
from mlkit.model.slicing.slices import Slice
from mlkit.model.telling import UNLABELLED
from mlkit.model.words import listed, say

__all__ = ["Told", "card", "draft", "plain"]

STATES = {"passed": "passed", "missed": "missed", "not_assessed": "not assessed"}
GOAL = {"question": "Question", "use": "Use", "people": "People"}
TASKS = {"anomaly": "anomaly-detection", "cluster": "clustering"}
"""Tasks of which model hubs have no pipeline."""
TOP, BAR, TERMS = 12, 16, 40


@runtime_checkable
class Told(Protocol):
    """What was found of a model without a target, which tells itself."""

    def sections(self) -> Sequence[Section]:
        """Return what a card says of it."""


def card(
    model: Model,
    accepted: Accepted,
    schema: Mapping[str, Any],
    review: Review | Told | None = None,
) -> str:
    """Return the card as Markdown (after Mitchell and others 2019).

    Parameters
    ----------
    model
        A fitted model.
    accepted
        What the sealed rows said of it.
    schema
        What goes in and what comes out, as ``schema.json`` has it.
    review
        What was found of it before, or None.

    Notes
    -----
    The head is the one that model hubs and ``skops.card`` read.
    """
    middle = (
        [*_data(model, None), *review.sections(), _quality(accepted)]
        if isinstance(review, Told)
        else _reviewed(model, accepted, review)
    )
    rest = [_findings(accepted), *_found(review), _inputs(schema)]
    sections = [_head(model), _goal(), *middle, *rest, _use(model, accepted)]
    title = model.problem.title
    return Card(title, sections, _about(model)).markdown + "\n"


def _reviewed(model: Model, accepted: Accepted, review: Review | None) -> list[Section]:
    return [
        *_limits(review),
        *_data(model, review),
        _quality(accepted),
        _groups(accepted.problem.metric, accepted.slices),
        *_looks(review),
        *_worse(review),
    ]


def draft(model: Model, review: Review) -> Card:
    """Return the card as far as it can be told before acceptance.

    Parameters
    ----------
    model
        A fitted model.
    review
        What was found of it.
    """
    metric = METRICS[review.problem.metric].title
    told = (
        f"{metric} is {say(review.unseen, 4)} on {review.rows:,} validation rows, and "
        f"{say(review.seen, 4)} on the rows it learnt from. The sealed rows have not "
        "judged it yet."
    )
    sections = [
        _head(model),
        _goal(),
        *_limits(review),
        *_data(model, review),
        Section("How good it is", [told]),
        _groups(review.problem.metric, review.slices),
        *_looks(review),
        *_worse(review),
        *_found(review),
    ]
    return Card(f"{model.problem.title} (draft)", sections, _about(model))


def _about(model: Model) -> dict[str, str | list[str]]:
    problem = model.problem
    if problem.kind in UNLABELLED:
        return {"library_name": "mlkit", "tags": ["mlkit", TASKS[problem.kind]]}
    kind = "classification" if problem.classes else "regression"
    lists = {"text": problem.texts, "image": problem.images, "audio": problem.sounds}
    only = [n for n, names in lists.items() if set(names) == set(problem.features)]
    what = only[0] if only and problem.classes else "tabular"
    task = f"{what}-{kind}"
    return {"library_name": "mlkit", "pipeline_tag": task, "tags": ["mlkit", task]}


def _head(model: Model) -> Section:
    problem = model.problem
    told = UNLABELLED.get(problem.kind, "")
    aim = f"find {told}," if told else f"predict {problem.target}"
    first = (
        f"{model.title[:1].upper()}{model.title[1:]}, "
        f"fitted on {many(model.rows, 'row')} to {aim} from "
        f"{many(len(problem.features), 'feature')}:"
    )
    lines = []
    for part in model.members:
        settings = ", ".join(f"{k} {v}" for k, v in part.settings.items())
        share = f", weight {say(part.weight)}" if len(model.parts) > 1 else ""
        share += f", the mean of {part.folds} models" if part.folds else ""
        told = settings or "default settings"
        lines.append(f"{family(part.family).title}: {told}{share}")
    return Section("", [first, lines, *_senses(problem)])


def _senses(problem: Problem) -> Iterator[str]:
    """Yield what the model is told of images and sounds."""
    for names, one, told in (
        (problem.images, "image", "small grey pixels, colours and edges"),
        (problem.sounds, "sound", "how the spectrum goes over time"),
    ):
        if names:
            yield f"Of each {one} ({listed(names)}) it is told {told}."


def _goal() -> Section:
    told = {title: config(f"goal.{key}", "") for key, title in GOAL.items()}
    lines = [
        f"{title}: {text or 'not stated ([goal] in mlkit.toml)'}"
        for title, text in told.items()
    ]
    return Section("What it is for", [lines])


def _limits(review: Review | None) -> Iterator[Section]:
    if review is None:
        return
    title = "What it must not be used for"
    own = [f"In the words of who reviewed it: {review.words}"] if review.words else []
    yield Section(title, [*own, list(review.limits)] if review.limits else own)


def _data(model: Model, review: Review | None) -> Iterator[Section]:
    problem = model.problem
    lines = [f"{model.rows:,} rows were learnt from"]
    if review is not None:
        lines.append(f"{review.rows:,} others were used to set and to review it")
    if problem.classes and problem.kind != "anomaly":
        shares = zip(problem.classes, model.shares, strict=True)
        told = [f"{name} {share:.1%}" for name, share in shares]
        word = "clusters" if problem.kind == "cluster" else "classes"
        lines.append(f"{word}: {listed(told[:12])}" + " and more" * (len(told) > 12))
    if problem.left_out:
        names = listed(problem.left_out)
        lines.append(f"it does not look at {names}: no family takes such columns yet")
    if review is not None and not review.slices:
        lines.append("no column has the role sensitive")
    yield Section("The data", [lines])


def _quality(accepted: Accepted) -> Section:
    rows = [
        (
            METRICS[name].title,
            say(value, 4),
            " to ".join(say(limit) for limit in accepted.measured.intervals[name]),
            say(accepted.guessed[name]) if name in accepted.guessed else "–",
        )
        for name in of_problem(accepted.problem)
        if (value := accepted.metrics.get(name)) is not None
    ]
    which = "validation" if accepted.problem.kind in UNLABELLED else "sealed"
    first = f"Judged on {accepted.rows:,} {which} rows; intervals hold 95 %."
    heads = ("metric", "value", "interval", "a guess")
    told = guess_told(accepted.problem, accepted.guessed)
    notes = [sentence(one) for one in told]
    return Section("How good it is", [first, Table(heads, rows), *notes])


def _groups(metric: str, slices: tuple[Slice, ...]) -> Section:
    if not slices:
        told = "Not assessed: no column has the role sensitive."
        return Section("For whom", [told])
    rows = [
        (
            f"{one.column} = {one.group}",
            f"{one.rows:,}",
            one.measured.words(metric)
            if metric in one.measured.metrics
            else "not assessed",
        )
        for one in slices
    ]
    return Section("For whom", [Table(("group", "rows", METRICS[metric].title), rows)])


def _looks(review: Review | None) -> Iterator[Section]:
    """Yield what the model looks at, drawn in blocks that show in any viewer."""
    if review is None or not review.importance:
        return
    top = review.importance[:TOP]
    most = max((one.loss for one in top if np.isfinite(one.loss)), default=0) or 1.0
    rows = [
        (
            one.feature,
            f"{say(one.loss)} ({say(one.low)} to {say(one.high)})",
            "█" * round(BAR * one.loss / most) if one.loss > 0 else "",
        )
        for one in top
    ]
    heads = ("feature", f"loss in {METRICS[review.problem.metric].title}", "")
    blocks: list[Any] = ["What is lost where one feature is shuffled."]
    blocks.append(Table(heads, rows))
    blocks += [one.statement for one in review.vocabulary if one.words]
    if review.rules is not None and review.rules.kind != "none":
        blocks.append(sentence(review.rules.statement))
        blocks += _read(review.rules)
    yield Section("What it looks at", blocks)


def _read(rules: Rules) -> Iterator[Any]:
    """Yield rules that may be read as the model: a tree line by line, or the terms."""
    if rules.faithful and rules.kind == "tree":
        yield rules.lines
    elif rules.faithful:
        grid = rules.table()
        yield Table(grid.heads, grid.rows[:TERMS])
        if len(grid.rows) > TERMS:
            yield f"And {len(grid.rows) - TERMS} weaker terms."


def _worse(review: Review | None) -> Iterator[Section]:
    if review is None or review.robustness is None:
        return
    found = review.robustness
    table = found.table()
    yield Section("What worse input costs", [Table(table.heads, table.rows)])


def _findings(accepted: Accepted) -> Section:
    rows = [(f.bar, STATES[f.state], f.got) for f in accepted.findings]
    blocks: list[Any] = [Table(("bar", "state", "got"), rows)]
    if accepted.notes:
        blocks.append(list(accepted.notes))
    blocks += _overruled(accepted)
    return Section("What acceptance found", blocks)


def _overruled(accepted: Accepted) -> Iterator[str]:
    """Yield who opened a gate that was shut, and why."""
    now = session()
    if now.project is None:
        return
    for path in sorted(now.decisions.glob("overrule_*.json")):
        made = now.replay(path.stem)
        if made is None:
            continue
        step = path.stem.removeprefix("overrule_")
        verdict = accepted.verdict
        mine = path.stem == decisions.overrule_of("accept")
        if mine and (verdict.state != "blocked" or not _fits(made.seen, accepted)):
            continue
        missed = "; ".join(finding.bar for finding in verdict.blocking) if mine else ""
        yield (
            f"OVERRULED: the gate of {step} was shut"
            + (f" ({missed})" if missed else "")
            + f", and opened by {made.by or 'a person'} on {made.at[:10]}: {made.why}"
        )


def _fits(seen: str, accepted: Accepted) -> bool:
    return seen in ("", accepted.verdict.fingerprint)


def _found(review: Review | Told | None) -> Iterator[Section]:
    if not isinstance(review, Review):
        return
    rows = [(r.severity, r.what, r.todo) for r in review.remarks]
    if rows:
        heads = ("", "what was found", "what to do")
        yield Section("What the review found", [Table(heads, rows)])


def _inputs(schema: Mapping[str, Any]) -> Section:
    rows = [
        (c["name"], c["type"], "needed" if c["required"] else "may be missing")
        for c in schema["input"]
        if c["used"]
    ]
    return Section("What goes in", [Table(("column", "type", ""), rows)])


def _use(model: Model, accepted: Accepted) -> Section:
    blocks: list[Any] = [("mlkit predict --input rows.csv --output predictions.csv .",)]
    if accepted.threshold is not None:
        no, yes = model.classes
        what = "rank" if model.problem.kind == "anomaly" else "probability"
        blocks.append(
            f"It says {yes} where the {what} is at least "
            f"{say(accepted.threshold)}, else {no}."
        )
    blocks.append(
        "It knows only rows like those it learnt from: watch the data against "
        "reference.json, and review it by the date in about.json."
    )
    return Section("How to use it", blocks)
