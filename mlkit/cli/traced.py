"""A reply traced back: its request, model, run, data, approver, and its truth."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from mlkit.core.project import Project
    from mlkit.product.journal.truths import Truth
    from mlkit.product.log import Request

__all__ = ["Traced"]

SHORT = 12


@dataclass(frozen=True)
class Traced:
    """One request, with what a project knows of the model that answered it.

    Parameters
    ----------
    request
        From the log.
    data
        The tables that the package was made from, name → identity.
    approved
        The line of the ledger that made the model champion; None where there is none.
    """

    request: Request
    data: Mapping[str, str] = field(default_factory=dict)
    approved: Mapping[str, Any] | None = None

    @classmethod
    def of(cls, request: Request, project: Project | None) -> Traced:
        """Trace a request; a project that does not know its model adds nothing."""
        from mlkit.core.champion import moves

        about = request.about
        if project is None or "artifact" not in about:
            return cls(request)
        made = [
            move
            for move in moves(project.ledger)
            if move["package"] == about["artifact"] and _before(move, request)
        ]
        data = _data(project, about.get("run", ""))
        return cls(request, data, made[-1] if made else None)

    def form(self) -> dict[str, Any]:
        """Return it as plain JSON data."""
        request = self.request
        about = {k: v for k, v in request.about.items() if k != "schema"}
        return {
            "id": request.id,
            "at": request.at.isoformat(),
            "model": request.model,
            "rows": request.rows,
            "seconds": request.seconds,
            "cells": request.cells,
            "reply": request.reply,
            "about": about,
            "data": dict(self.data),
            "approved": self.approved and dict(self.approved),
            "truths": [_truth(truth) for truth in request.truths],
            "shadows": list(request.shadows),
        }

    def told(self) -> Iterator[str]:
        """Yield it for a person, line by line."""
        request, about = self.request, self.request.about
        yield f"request  {request.id}"
        yield f"at       {request.at.isoformat(timespec='milliseconds')}"
        yield f"took     {1000 * request.seconds:.1f} ms"
        yield f"model    {request.model[:SHORT]}"
        yield f"package  {request.model}"
        for name in ("project", "artifact", "run", "by", "made", "review_by"):
            if about.get(name):
                yield f"{name.removesuffix('_by'):<9}{about[name]}"
        if self.approved:
            line = self.approved
            yield f"approved {line['by']}, {line['at']}: {line.get('why', '')}"
        for name, identity in self.data.items():
            yield f"data     {name} {identity}"
        for row in range(request.rows):
            yield from self._row(row)
        for shadow in request.shadows:
            said = json.dumps(shadow["reply"], ensure_ascii=False)
            yield f"shadow   {shadow['model'][:SHORT]} would have said {said}"

    def _row(self, row: int) -> Iterator[str]:
        from mlkit.product.journal.packed import media_of, plainly

        request = self.request
        said = request.reply.get("predictions")
        yield f"row {row}"
        if said is None or said[row] is None:
            yield "  forgotten, or older than the log is kept"
            return
        kinds = media_of(request.about)
        cells = {
            name: plainly(column[row], kinds[name]) if name in kinds else column[row]
            for name, column in request.cells.items()
        }
        yield f"  asked  {json.dumps(cells, ensure_ascii=False)}"
        yield f"  said   {json.dumps(said[row], ensure_ascii=False)}"
        for truth in request.truths:
            if truth.row == row:
                yield f"  truth  {truth.value}, known at {_truth(truth)['at']}"


def _before(move: Mapping[str, Any], request: Request) -> bool:
    """Tell whether a move of the champion came before a request."""
    return datetime.fromisoformat(move["at"]) <= request.at


def _data(project: Project, run: str) -> dict[str, str]:
    """Return the tables that a run's package was made from, in the order of steps."""
    from mlkit.engine.reporting.past import manifest

    left = (manifest(project.runs / run) if run else None) or {}
    used = _used(left.get("graph", {}))
    return {
        name: str(entry["identity"])
        for step in left.get("steps", {}).values()
        for name, entry in step.get("saves", {}).items()
        if name in used and str(entry["identity"]).startswith("table-")
    }


def _used(graph: Mapping[str, Mapping[str, Any]]) -> set[str]:
    """Return the names that the steps up to the package load."""
    steps = [name for name, step in graph.items() if "package" in step["saves"]]
    for name in steps:
        steps += [parent for parent in graph[name]["parents"] if parent not in steps]
    return {loaded for name in steps for loaded in graph[name]["loads"]}


def _truth(truth: Truth) -> dict[str, Any]:
    at = datetime.fromtimestamp(truth.at or 0.0, UTC)
    told = at.isoformat(timespec="milliseconds")
    return {"row": truth.row, "truth": truth.value, "at": told}
