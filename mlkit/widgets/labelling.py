"""What the labeller's page asks for, and what it is told: the Python side of it.

A page asks with ``{"ask": ...}`` and is told with ``{"tell": ...}``; the bytes of
images and sounds travel beside the message. Every label is saved before it is
confirmed. What takes time is thought over in the background and never blocks a key.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterable, Mapping
from typing import Any

from mlkit.core.annotations import Annotation
from mlkit.core.errors import InputError, MlkitError
from mlkit.data.charts.style import shorten
from mlkit.data.labels.finding import find
from mlkit.data.labels.items import cells_of, media_of, written
from mlkit.data.labels.people import settle
from mlkit.data.labels.queue import Queue
from mlkit.widgets.second_thoughts import Thoughts

__all__ = ["Desk"]

MOST = 60
GLIMPSE = 220
EVERY = 3

Buffers = list[bytes]
Tell = Callable[[dict[str, Any], Buffers], None]


class Desk:
    """Answers one page.

    Parameters
    ----------
    queue
        The rows, as one person labels them.
    save
        Writes one line down, durably.
    tell
        Sends a message and its bytes to the page.
    think
        Whether to rank and doubt in the background.
    """

    def __init__(
        self,
        queue: Queue,
        save: Callable[[Annotation], None],
        tell: Tell,
        *,
        think: bool = True,
    ) -> None:
        self.queue, self._save, self._tell = queue, save, tell
        self.thoughts = Thoughts(queue, self._thought) if think else None
        self._sent = {row: self._sent_of(row, s) for row, s in queue.sent.items()}
        self._since = 0
        self._lock = threading.Lock()

    @property
    def doubts(self) -> Mapping[str, Mapping[str, Any]]:
        """What speaks against which labels, the most doubtful first."""
        thought = self.thoughts.doubts if self.thoughts else {}
        return {**self._sent, **thought} if self._sent else thought

    def take(self, message: Mapping[str, Any]) -> None:
        """Do what a page asks for; what cannot be done is told, never raised."""
        act = getattr(self, f"_{message.get('ask')}", None)
        if act is None or message.get("ask") not in ASKED:
            return
        facts = {key: value for key, value in message.items() if key != "ask"}
        try:
            act(**facts)
        except (MlkitError, OSError, TypeError, ValueError) as error:
            why = error.what if isinstance(error, MlkitError) else str(error)
            self.tell("failed", why=why, row=facts.get("row", ""))

    def tell(self, what: str, buffers: Buffers | None = None, **facts: Any) -> None:
        """Tell the page something; one message at a time."""
        with self._lock:
            self._tell({"tell": what, **facts}, buffers or [])

    def _sent_of(self, row: str, said: Any) -> dict[str, Any]:
        given = written(self.queue.source.loc[row]) or "none"
        why = "sent back from evaluate, where the model said so"
        return {"given": given, "suggested": said, "why": why}

    # what a page may ask

    def _start(self) -> None:
        self._state()
        self._next(count=6, holding=[])
        if self.thoughts:
            self.thoughts.think(settle(self.queue.labels).labels)

    def _next(self, count: int, holding: Iterable[str], fresh: bool = False) -> None:
        places = self.queue.deal(min(int(count), MOST), set(map(str, holding)))
        items, buffers = self._items(places)
        self.tell("next", buffers, items=items, fresh=bool(fresh))

    def _label(self, row: str, label: Any, seconds: float | None = None) -> None:
        line = self.queue.give(row, label, seconds)
        try:
            self._save(line)
        except BaseException:
            self.queue.undo()
            raise
        self.tell("saved", row=row, label=line.label)
        self._state()
        self._since += 1
        if self.thoughts and self._since >= EVERY:
            self._since = 0
            self.thoughts.think(settle(self.queue.labels).labels)

    def _skip(self, row: str) -> None:
        self.queue.skip(row)

    def _undo(self) -> None:
        line = self.queue.undo()
        if line is None:
            self.tell("notice", text="there is nothing to undo")
            return
        self._save(line)
        self._state()
        self._open(line.row, undone=True)

    def _class(self, name: str) -> None:
        self.queue.add(str(name))
        self._state()

    def _open(self, row: str, undone: bool = False) -> None:
        places = self.queue.places([row])
        if places[0] < 0:
            raise InputError("there is no such row", got=repr(row)[:80])
        items, buffers = self._items(places.tolist())
        self.tell("item", buffers, item=items[0], undone=undone)

    def _list(
        self, token: int, start: int = 0, count: int = MOST, **filters: str
    ) -> None:
        found = find(self.queue, self.doubts, **filters)
        shown = found[max(int(start), 0) :][: min(int(count), MOST)]
        items, buffers = self._items(shown.tolist(), small=True)
        total, start = len(found), max(int(start), 0)
        self.tell("list", buffers, token=token, start=start, total=total, items=items)

    # what it is told

    def _state(self) -> None:
        queue = self.queue
        done, total = queue.progress()
        self.tell(
            "state",
            target=queue.target,
            numeric=queue.numeric,
            classes=[{"name": n, "count": c} for n, c in queue.counts().items()],
            done=done,
            total=total,
            rows=len(queue.table),
            doubts=len(self.doubts),
        )

    def _items(
        self, places: Iterable[int], *, small: bool = False
    ) -> tuple[list[dict[str, Any]], Buffers]:
        buffers: Buffers = []
        return [self._item(place, buffers, small) for place in places], buffers

    def _item(self, place: int, buffers: Buffers, small: bool) -> dict[str, Any]:
        table, row = self.queue.table, str(self.queue.table.index[place])
        media = []
        for told, data in media_of(table, place, small=small):
            facts: dict[str, Any] = dict(told)
            if data:
                facts["buffer"] = len(buffers)
                buffers.append(data)
            media.append(facts)
        said, label = self.queue.mine(row)
        cells = cells_of(table, place)
        return {
            "row": row,
            "cells": [] if small else cells,
            "glimpse": shorten(_glimpse(cells), GLIMPSE) if small else "",
            "media": media,
            "source": written(self.queue.source.iloc[place]) or None,
            "mine": {"said": said, "label": label},
            "label": self.queue.now(row) if small else None,
            "doubt": self.doubts.get(row),
        }

    def _thought(self, what: str) -> None:
        """Tell the page that the order, or what is doubtful, has changed."""
        if what == "order":
            self.tell("ranked")
        elif what == "doubts":
            self._state()
        else:
            self.tell("notice", text=what[:200])


ASKED = frozenset({"class", "label", "list", "next", "open", "skip", "start", "undo"})


def _glimpse(cells: list[dict[str, str]]) -> str:
    """Return a few words of a row: its longest text, else its first cells."""
    texts = [cell["text"] for cell in cells if cell["type"] == "text"]
    longest = max(texts, key=len, default="")
    if len(longest) > 30:
        return longest
    return " · ".join(f"{c['name']} {c['text']}" for c in cells if c["text"])
