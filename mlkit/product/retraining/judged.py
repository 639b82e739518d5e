"""What people said of decisions that the monitor set aside, entered as truth.

They say it in the labeller of the notebook `monitor`; each label is a line in
``decisions/judged.jsonl``, by the row's id there: the request's, a colon, and the row.
"""

from __future__ import annotations

import time
from datetime import datetime
from pathlib import Path

from mlkit.core import decisions
from mlkit.core.annotations import read as read_lines
from mlkit.core.project import Project
from mlkit.data.labels.people import settle
from mlkit.product.journal.tables import opened
from mlkit.product.journal.truths import Feedback, Taken, Truth, enter_truths

__all__ = ["JUDGED", "enter_judged", "judged"]

JUDGED = "judged"
"""The decision's name."""


def judged(project: Project) -> list[Truth]:
    """Return what most people said of each decision that was judged.

    Parameters
    ----------
    project
        Whose decisions.
    """
    made = decisions.read(project.decisions, JUDGED)
    if made is None:
        return []
    lines, _ = read_lines(project.decisions / f"{JUDGED}.jsonl")
    when = {line.row: datetime.fromisoformat(line.at).timestamp() for line in lines}
    found = []
    for row, said in settle(made.value).labels.items():
        name, _, place = row.rpartition(":")
        if said is not None and name and place.isdigit():
            found.append(Truth(name, int(place), said, when.get(row)))
    return found


def enter_judged(project: Project, log: Path) -> Taken:
    """Enter in a log what people judged; what is known is not entered twice.

    Parameters
    ----------
    project
        Whose decisions.
    log
        The request log.

    Raises
    ------
    InputError
        Where there is no log.
    Unfit
        Where a request has no such row, or a truth cannot be what was predicted.
    """
    truths = judged(project)
    if not truths:
        return Taken()
    with opened(log) as connection:
        connection.execute("BEGIN IMMEDIATE")
        taken = enter_truths(connection, Feedback(truths, time.time()))
        connection.execute("COMMIT")
    return taken
