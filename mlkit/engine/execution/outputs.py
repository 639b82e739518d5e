"""What a cell may print: output is kept up to a limit, and counted past it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from nbclient import NotebookClient

__all__ = ["CappedClient", "TooMuchOutput"]


class TooMuchOutput(Exception):
    """A step has written more than it may."""


class CappedClient(NotebookClient):
    """A notebook client that keeps `output_limit` bytes of a cell's output.

    Consecutive pieces of one stream become one output, and a line that was redrawn
    with carriage returns is kept as last drawn.
    """

    output_limit: int
    fail_limit: int
    _seen = 0  # bytes of the step
    _kept = 0  # bytes of the cell
    _cut = False

    def begin_cell(self) -> None:
        """Begin a cell's account."""
        self.clear_before_next_output = False
        self._kept = 0
        self._cut = False

    def account(self, size: int) -> None:
        """Count one message of `size` bytes, before it is decoded."""
        self._seen += size
        if self._seen > self.fail_limit:
            raise TooMuchOutput

    def output(
        self,
        outs: list[Any],
        msg: dict[str, Any],
        display_id: str | None,
        cell_index: int,
    ) -> Any:
        """Add one output to a cell's, as far as there is room."""
        if self.clear_before_next_output:
            outs.clear()
            self.clear_display_id_mapping(cell_index)
            self.begin_cell()
        size = msg.get("size", 0)
        if self.output_hook_stack[msg["parent_header"].get("msg_id")]:
            return super().output(outs, msg, display_id, cell_index)
        if msg["msg_type"] == "stream":
            return self._stream(outs, msg["content"])
        if msg["msg_type"] != "error" and size > self.output_limit - self._kept:
            return self._note(outs)
        self._kept += size
        return super().output(outs, msg, display_id, cell_index)

    def clear_output(
        self, outs: list[Any], msg: dict[str, Any], cell_index: int
    ) -> None:
        """Clear a cell's outputs, and its account with them."""
        super().clear_output(outs, msg, cell_index)
        if not outs:
            self.begin_cell()

    def _update_display_id(self, display_id: str, msg: dict[str, Any]) -> None:
        if msg.get("size", 0) <= self.output_limit:
            super()._update_display_id(display_id, msg)

    def _stream(self, outs: list[Any], content: Mapping[str, Any]) -> Any:
        name, text = content["name"], content["text"]
        last = outs[-1] if outs else None
        if last is None or last["output_type"] != "stream" or last["name"] != name:
            last = new_stream(name)
            outs.append(last)
        old = last["text"]
        start = old.rfind("\n") + 1
        new = old[:start] + redrawn(old[start:] + text)
        room = self.output_limit - self._kept + len(old)
        last["text"] = new[: max(0, room)]
        self._kept += len(last["text"]) - len(old)
        if len(new) > room:
            self._note(outs)
        return None

    def _note(self, outs: list[Any]) -> None:
        """Say once that the rest of this cell's output was cut."""
        self._kept = self.output_limit
        if not self._cut:
            self._cut = True
            limit = f"{self.output_limit / 2**20:.3g} MiB"
            outs.append(new_stream("stderr", f"… output cut: a cell keeps {limit}\n"))


def redrawn(text: str) -> str:
    r"""Leave out what carriage returns drew over.

    Examples
    --------
    >>> redrawn("1 of 9\r2 of 9\nnext\r\n")
    '2 of 9\nnext\r\n'
    """
    if "\r" not in text:
        return text
    lines = []
    for line in text.split("\n"):
        body = line.rstrip("\r")
        lines.append(line[body.rfind("\r") + 1 :])
    return "\n".join(lines)


def new_stream(name: str, text: str = "") -> Any:
    """Make a stream output."""
    from nbformat.v4 import new_output

    return new_output("stream", name=name, text=text)
