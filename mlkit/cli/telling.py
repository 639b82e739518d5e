"""What a run says in words: how a step ended, what went wrong, how all went."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from mlkit.core.decisions import overrule_of
from mlkit.engine.reporting.say import (
    SIGNS,
    cause,
    headlines,
    listing,
    number,
    plain,
    seconds,
    shorten,
)

__all__ = ["blocking", "explain", "summary", "told"]


def told(state: str, end: Mapping[str, Any]) -> str:
    """Return how a step ended, in a few words.

    Examples
    --------
    >>> told("passed", {"seconds": 1.23, "metrics": {"evaluation": {"roc_auc": 0.912}}})
    ' 1.2 s  roc_auc 0.912'
    """
    if state == "kept":
        return "  kept"
    if state == "skipped":
        return f"skipped: {shorten(end.get('why', ''), 90)}"
    past = f"{seconds(end.get('seconds', 0.0)):>6}"
    if state == "failed" and end.get("error"):
        what = cause(end["error"]).partition("\n")[0]  # all of it is told at the end
        return f"{past}  {shorten(what, 90)}"
    if state == "blocked":
        missed = [f["bar"] for f in blocking(end)]
        return f"{past}  blocked: {shorten('; '.join(missed), 90)}"
    if state == "interrupted":
        return f"{past}  interrupted"
    if end.get("overruled"):
        return f"{past}  overruled: the gate was shut"
    if said := end.get("headline"):
        return f"{past}  {shorten(said['word'], 20)}: {shorten(said['sentence'], 90)}"
    numbers = list(headlines(end.get("metrics", {})).items())[:2]
    return "  ".join([past, *(f"{shorten(n, 40)} {number(v)}" for n, v in numbers)])


def blocking(end: Mapping[str, Any]) -> list[Mapping[str, Any]]:
    """Return the findings that keep a step's gate shut."""
    findings = (end.get("verdict") or {}).get("findings", [])
    return [
        f
        for f in findings
        if f["state"] == "missed"
        or (f["state"] == "not_assessed" and f.get("required"))
    ]


def explain(
    step: str,
    state: str,
    end: Mapping[str, Any],
    source: str = "",
    cells: Mapping[int, str] | None = None,
) -> list[str]:
    """Return the lines that say what happened to a step, where, and what to do.

    Parameters
    ----------
    step, state, end
        The step, ``failed`` or ``blocked``, and its ``step_finished`` event.
    source
        Its notebook, from the project's root.
    cells
        Index of a cell → ``"cell 3 of 7"``.
    """
    if state == "blocked":
        return _shut(step, end)
    error = end.get("error") or {}
    what, *more = cause(error).splitlines() or [""]
    index = error.get("cell")
    cell = "" if index is None else (cells or {}).get(index, "")
    where = ", ".join(part for part in (source, cell) if part)
    lines = [f"{step} failed: {what}", *(f"  {line}" for line in more[:20])]
    lines += [f"  where:  {where}"] if where else []
    lines += [f"  to do:  {plain(error['todo'])}"] if error.get("todo") else []
    notebook = end.get("notebook", "")
    return lines + ([f"  look:   {notebook}"] if notebook else [])


def _shut(step: str, end: Mapping[str, Any]) -> list[str]:
    title = (end.get("verdict") or {}).get("title", "")
    lines = [f"{step} is blocked{': ' + plain(title) if title else ''}"]
    for finding in blocking(end):
        got = "not assessed" if finding["state"] == "not_assessed" else ""
        got = f"got {plain(finding['got'])}" if finding.get("got") else got
        need = f"need {plain(finding['need'])}" if finding.get("need") else ""
        detail = ", ".join(part for part in (got, need) if part)
        lines.append(
            f"  {SIGNS['failed']} {plain(finding['bar'])}: {detail}".rstrip(": ")
        )
        if finding.get("help"):
            lines.append(f"    {plain(finding['help'])}")
    overrule = f'mlkit decide {overrule_of(step)} true --why "..."'
    return [
        *lines,
        f"  to do:  mend what it names, or overrule it, in the project: {overrule}",
    ]


def summary(states: Mapping[str, str], event: Mapping[str, Any]) -> str:
    """Return a run's last line.

    Examples
    --------
    >>> summary({"a": "kept", "b": "kept"}, {"state": "passed", "executed": []})
    'Everything is up to date: 2 steps kept.'
    """
    counts = {s: list(states.values()).count(s) for s in SIGNS}
    executed, kept = len(event.get("executed", ())), counts["kept"]
    if not executed and set(states.values()) <= {"kept"}:
        return f"Everything is up to date: {_steps(kept)} kept."
    told = {"passed": "ran"} | {s: s for s in ("kept", "blocked", "failed", "skipped")}
    parts = [] if executed else ["nothing had to run"]
    parts += [f"{counts[s]} {word}" for s, word in told.items() if counts[s]]
    word = {"passed": "Done", "interrupted": "Interrupted"}.get(
        event["state"], str(event["state"]).capitalize()
    )
    past = f" in {seconds(event.get('seconds', 0.0))}" if executed else ""
    return f"{word}{past}: {listing(parts)}."


def _steps(count: int) -> str:
    return "1 step" if count == 1 else f"{count} steps"
