"""The ledger: bars, seals, gates, overrules, promotions, each line chained to the last.

Every line holds the hash of the line before it, so that a line changed, dropped or
put in between shows in `verify`. It holds hashes and never rows. It is evidence
against mistakes, not against malice: who can rewrite the whole file can rewrite
history.
"""

from __future__ import annotations

import json
import os
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

from mlkit.core.decisions import person
from mlkit.core.errors import StoreError
from mlkit.core.files import append_line, digest

if TYPE_CHECKING:
    from mlkit.core.seals import Shared

__all__ = [
    "append",
    "changes",
    "enter_bars",
    "enter_results",
    "judged",
    "lines",
    "looks",
    "shown",
    "verify",
]

FIRST = "0" * 64
WHOLE = {
    "bars": {"hash", "bars", "at", "by"},
    "results": {"hash", "models", "sealed"},
    "unseal": {"hash", "identity", "target", "models"},
    "promote": {"hash", "package"},
    "rollback": {"hash", "package"},
}
"""What mlkit itself reads of a line, by its event."""


def append(path: Path, event: str, **facts: Any) -> dict[str, Any]:
    """Add one line and return it.

    Parameters
    ----------
    path
        The project's ``ledger.jsonl``.
    event
        ``bars``, ``results``, ``unseal``, ``gate``, ``overrule``, ``promote`` ...
    facts
        Plain JSON data: names and hashes.
    """
    with _locked(path):
        before = lines(path)
        line = {
            "event": event,
            "at": datetime.now(UTC).isoformat(timespec="seconds"),
            "by": person(),
            **facts,
            "previous": before[-1]["hash"] if before else FIRST,
        }
        line["hash"] = digest(line)
        append_line(path, line)
        return line


def lines(path: Path) -> list[dict[str, Any]]:
    """Return all lines of a ledger; a last line torn by a crash is left out."""
    try:
        texts = path.read_bytes().split(b"\n")
    except FileNotFoundError:
        return []
    return [_parse(text, n, path) for n, text in enumerate(texts[:-1], 1) if text]


def verify(path: Path) -> int:
    """Check the chain and return its length.

    Raises
    ------
    StoreError
        At the first line that does not follow from the one before.
    """
    previous, found = FIRST, lines(path)
    for number, line in enumerate(found, 1):
        body = {key: value for key, value in line.items() if key != "hash"}
        if line.get("previous") != previous or digest(body) != line.get("hash"):
            raise StoreError(
                "the ledger's chain is broken",
                where=f"{path.name}, line {number}",
                expected=f"a line that follows {previous[:12]}…, as it was written",
                todo="restore the ledger from version control",
            )
        previous = line["hash"]
    return len(found)


def judged(
    path: Path,
    kin: Mapping[str, Shared],
    models: Sequence[str] = (),
    thresholds: Sequence[float] = (),
    *,
    then: bool = False,
) -> int:
    """Return how many models have judged most of the rows of a sealed artifact.

    A model with another threshold counts as another.

    Parameters
    ----------
    path
        The project's ``ledger.jsonl``.
    kin
        What it shares with which seals, as `mlkit.core.seals.kin` tells.
    models, thresholds
        Those that are judged now; they count, too.
    then
        Whether to count as it was when these were judged first.
    """
    found = dict[str, set[tuple[float, ...]]]()
    opened = [(line, _opened(line, kin)) for line in lines(path)]
    before = [line for line, seen in opened if seen and seen.most]
    for line in [*before, {"models": models, "thresholds": thresholds}]:
        if then and models and set(models) <= set(found):
            break
        for model in line["models"]:
            at = tuple(line.get("thresholds", ()))
            found.setdefault(model, set()).update([at] if at else [])
    return sum(max(len(ats), 1) for ats in found.values())


def enter_bars(path: Path, bars: Mapping[str, Any]) -> None:
    """Enter the bars that a model will be judged by, where they are not as entered.

    Parameters
    ----------
    path
        The project's ``ledger.jsonl``.
    bars
        What ``[goal.bars]`` says.
    """
    plain = {
        str(name): value if isinstance(value, int | float | str) else str(value)
        for name, value in bars.items()
    }
    entered = [line["bars"] for line in lines(path) if line["event"] == "bars"]
    if plain != (entered[-1] if entered else {}):
        append(path, "bars", bars=plain)


def enter_results(
    path: Path, models: Sequence[str], sealed: Sequence[str], **facts: Any
) -> None:
    """Enter that results of models can be seen from now on, once a model.

    Parameters
    ----------
    path
        The project's ``ledger.jsonl``.
    models
        The identities of the models that a step looked at.
    sealed
        The identities of what lies under seal meanwhile.
    facts
        The step and the run.
    """
    known = [
        (model, place)
        for line in lines(path)
        if line["event"] == "results"
        for model in line["models"]
        for place in line["sealed"]
    ]
    if any((model, place) not in known for model in models for place in sealed):
        append(path, "results", models=list(models), sealed=list(sealed), **facts)


def changes(path: Path, kin: Mapping[str, Shared]) -> list[dict[str, Any]]:
    """Return how bars changed after results were seen, in order.

    Results were seen once a model was looked at while rows of the sealed artifact lay
    under seal, or once their target was.

    Parameters
    ----------
    path
        The project's ``ledger.jsonl``.
    kin
        What the sealed artifact that now judges shares with which seals, as
        `mlkit.core.seals.kin` tells.

    Returns
    -------
    list of dict
        ``bar``, ``was`` and ``now`` (None where there is none), ``at``, ``by``, and
        ``seen``, what it shares with the seal of the results.
    """
    found, held = list[dict[str, Any]](), dict[str, Any]()
    seen: Shared | None = None
    for line in lines(path):
        if line["event"] == "bars":
            for name in sorted({*held, *line["bars"]} if seen else ()):
                ends = {"was": held.get(name), "now": line["bars"].get(name)}
                if ends["was"] != ends["now"]:
                    who = {"at": line["at"], "by": line["by"], "seen": seen}
                    found.append({"bar": name, **ends, **who})
            held = line["bars"]
        laid = [kin.get(identity) for identity in shown(line)]
        both = [one for one in [seen, *laid] if one]
        seen = max(both, key=lambda one: one.rows, default=None)
    return found


def looks(
    path: Path,
    kin: Mapping[str, Shared],
    models: Sequence[str],
    thresholds: Sequence[float],
    made: float,
) -> list[dict[str, Any]]:
    """Return the looks at sealed rows that came before some models were made.

    A model is made anew where its threshold is moved. What was judged alike already
    was made before that.

    Parameters
    ----------
    path
        The project's ``ledger.jsonl``.
    kin
        What the sealed artifact shares with which seals, as `mlkit.core.seals.kin`
        tells.
    models, thresholds
        That are judged now.
    made
        When they were made, in seconds since 1970.

    Returns
    -------
    list of dict
        The lines, one for what was judged then; ``gate`` is how that ended, ``seen``
        what the rows share with those of then, ``moved`` whether only the threshold
        differs.
    """
    found: dict[str, dict[str, Any]] = {}
    whole, judged_before = lines(path), False
    for place, line in enumerate(whole):
        seen = _opened(line, kin)
        if seen is None:
            continue
        same, ats = bool(set(models) & set(line["models"])), line.get("thresholds")
        if same and ats is None:  # of an earlier mlkit, which noted none
            judged_before = True
        elif same and ats == list(thresholds):
            break
        elif judged_before and not same:
            continue
        elif datetime.fromisoformat(line["at"]).timestamp() < made:
            more = {"gate": _gate_after(whole[place:], line), "seen": seen}
            key = digest([line["models"], ats])
            found[key] = {**line, **more, "moved": same and bool(ats)}
    return list(found.values())


def _opened(line: Mapping[str, Any], kin: Mapping[str, Shared]) -> Shared | None:
    """Return which rows a line says were opened with their target; None for none."""
    return kin.get(line["identity"]) if _opens(line) else None


def shown(line: Mapping[str, Any]) -> list[str]:
    """Return the seals that lay there when results were seen, as a line says.

    Examples
    --------
    >>> shown({"event": "unseal", "target": True, "identity": "table-1"})
    ['table-1']
    """
    if line["event"] == "results":
        return list(line["sealed"])
    return [line["identity"]] if _opens(line) else []


def _opens(line: Mapping[str, Any]) -> bool:
    """Tell whether a target was opened."""
    return bool(line["event"] == "unseal" and line["target"])


def _gate_after(rest: Sequence[dict[str, Any]], line: Mapping[str, Any]) -> Any:
    """Return the gate at the end of the step that a line is of; None where none is."""
    same = (line.get("run"), line.get("step"))
    for other in rest:
        if other["event"] == "gate" and same == (other.get("run"), other.get("step")):
            return other
    return None


def _parse(text: bytes, number: int, path: Path) -> dict[str, Any]:
    try:
        line = dict(json.loads(text))
        if not line.keys() >= WHOLE.get(line["event"], {"hash"}):
            raise KeyError(line["event"])
        return line
    except (ValueError, TypeError, KeyError):
        raise StoreError(
            "a line of the ledger cannot be read",
            where=f"{path.name}, line {number}",
            todo="restore the ledger from version control",
        ) from None


@contextmanager
def _locked(path: Path) -> Iterator[None]:
    """Let one process at a time append; mend a last line torn by a crash."""
    path.parent.mkdir(parents=True, exist_ok=True)
    with path.open("ab") as file:
        if os.name == "posix":
            import fcntl

            fcntl.flock(file, fcntl.LOCK_EX)
        if path.stat().st_size and not path.read_bytes().endswith(b"\n"):
            whole = path.read_bytes().rfind(b"\n") + 1
            file.truncate(whole)
        yield
