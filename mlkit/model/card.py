"""The model card: what a model is for, how good it is, for whom, and what it needs."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any

from mlkit.core.cells import config
from mlkit.model.accept import Accepted
from mlkit.model.families import family
from mlkit.model.fitted import Model
from mlkit.model.metrics import METRICS
from mlkit.model.words import say

__all__ = ["card"]

STATES = {"passed": "passed", "missed": "**missed**", "not_assessed": "not assessed"}


def card(model: Model, accepted: Accepted, schema: Mapping[str, Any]) -> str:
    """Return the card as Markdown (after Mitchell and others 2019).

    Parameters
    ----------
    model
        A fitted model.
    accepted
        What the sealed rows said of it.
    schema
        What goes in and what comes out, as ``schema.json`` has it.
    """
    parts = [
        _head(model),
        _goal(),
        _quality(accepted),
        _groups(accepted),
        _findings(accepted),
        _inputs(schema),
        _use(model, accepted),
    ]
    return "\n".join(line for part in parts for line in part).rstrip() + "\n"


def plain(text: object) -> str:
    r"""Return text that is safe in a Markdown table, on a page that shows HTML.

    Examples
    --------
    >>> plain("<b>|x")
    '&lt;b&gt;\\|x'
    """
    words = " ".join(str(text).split())
    words = words.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")
    return re.sub(r"([\\`*_\[\]|])", r"\\\1", words)


def _head(model: Model) -> Iterator[str]:
    problem = model.problem
    yield f"# {plain(problem.title)}"
    yield ""
    yield (
        f"A {model.title} model, fitted on {model.rows:,} rows to predict "
        f"{plain(problem.target)} from {len(problem.features)} columns:"
    )
    yield ""
    for part in model.parts:
        settings = ", ".join(f"{k} {v}" for k, v in part.settings.items())
        share = f", weight {say(part.weight)}" if len(model.parts) > 1 else ""
        told = plain(settings) or "default settings"
        yield f"- {family(part.family).title}: {told}{share}"
    yield ""
    if problem.left_out:
        names = ", ".join(map(plain, problem.left_out))
        yield f"It does not look at {names}: text and dates are not used yet."
    yield ""


def _goal() -> Iterator[str]:
    words = {"question": "Question", "use": "Use", "people": "People"}
    told = {title: config(f"goal.{key}", "") for key, title in words.items()}
    yield "## What it is for"
    yield ""
    for title, text in told.items():
        yield f"- {title}: {plain(text) or 'not stated ([goal] in mlkit.toml)'}"
    yield ""


def _quality(accepted: Accepted) -> Iterator[str]:
    yield "## How good it is"
    yield ""
    yield f"Judged on {accepted.rows:,} sealed rows; intervals hold 95 %."
    yield ""
    rows = [
        (
            METRICS[name].title,
            say(value, 4),
            " to ".join(say(limit) for limit in accepted.measured.intervals[name]),
            say(accepted.guessed[name]) if name in accepted.guessed else "–",
        )
        for name, value in accepted.metrics.items()
    ]
    yield from _grid(("metric", "value", "interval", "a guess"), rows)


def _groups(accepted: Accepted) -> Iterator[str]:
    yield "## For whom"
    yield ""
    if not accepted.slices:
        yield "Not assessed: no column has the role sensitive."
        yield ""
        return
    metric = accepted.problem.metric
    rows = [
        (
            f"{one.column} = {one.group}",
            f"{one.rows:,}",
            one.measured.words(metric)
            if metric in one.measured.metrics
            else "not assessed",
        )
        for one in accepted.slices
    ]
    yield from _grid(("group", "rows", METRICS[metric].title), rows)


def _findings(accepted: Accepted) -> Iterator[str]:
    yield "## What acceptance found"
    yield ""
    rows = [(f.bar, STATES[f.state], f.got) for f in accepted.findings]
    yield from _grid(("bar", "state", "got"), rows, keep=(1,))
    for note in accepted.notes:
        yield f"- {plain(note)}"
    if accepted.notes:
        yield ""


def _inputs(schema: Mapping[str, Any]) -> Iterator[str]:
    yield "## What goes in"
    yield ""
    rows = [
        (c["name"], c["type"], "needed" if c["required"] else "may be missing")
        for c in schema["input"]
        if c["used"]
    ]
    yield from _grid(("column", "type", ""), rows)


def _use(model: Model, accepted: Accepted) -> Iterator[str]:
    yield "## How to use it"
    yield ""
    yield "```"
    yield "mlkit predict --input rows.csv --output predictions.csv ."
    yield "```"
    yield ""
    if accepted.threshold is not None:
        no, yes = map(plain, model.classes)
        yield (
            f"It says {yes} where the probability is at least "
            f"{say(accepted.threshold)}, else {no}."
        )
    yield (
        "It knows only rows like those it learnt from: watch the data against "
        "`reference.json`, and review it by the date in `about.json`."
    )


def _grid(
    heads: Sequence[str], rows: Iterable[Sequence[str]], keep: Sequence[int] = ()
) -> Iterator[str]:
    yield f"| {' | '.join(heads)} |"
    yield f"|{' --- |' * len(heads)}"
    for row in rows:
        cells = [c if at in keep else plain(c) for at, c in enumerate(row)]
        yield f"| {' | '.join(cells)} |"
    yield ""
