"""What all routes share: who may ask, what is asked of, how a no is told."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Awaitable, Callable
from functools import cached_property, wraps
from pathlib import Path
from typing import Any, TypeVar

from jupyter_server.auth.decorator import authorized
from jupyter_server.base.handlers import APIHandler
from tornado import web

from mlkit.core.errors import MlkitError
from mlkit.core.project import Project
from mlkit.lab.places import Places
from mlkit.lab.refusal import Refusal

__all__ = ["Route", "aside", "guarded"]

LONGEST = 2**20  # bytes of a request
R = TypeVar("R", bound="Route")


class Route(APIHandler):
    """A route: for known people, from this server's own pages, in JSON."""

    SUPPORTED_METHODS = ("GET", "POST", "PUT", "DELETE")
    auth_resource = "mlkit"

    def skip_check_origin(self) -> bool:
        """Hold every request's origin against ours, one with a token too."""
        return False

    async def prepare(self) -> None:  # type: ignore[override]
        """Refuse what comes from a foreign page before all else."""
        if not self.check_origin():
            raise Refusal(403, "this request comes from a foreign page")
        await super().prepare()

    @cached_property
    def places(self) -> Places:
        """The files that a request may name."""
        manager = self.contents_manager
        root = getattr(manager, "root_dir", "") or self.settings["server_root_dir"]
        hidden = bool(getattr(manager, "allow_hidden", False))
        return Places(Path(root).expanduser().resolve(), hidden)

    @property
    def project(self) -> Project:
        """The project that the request names."""
        return self.places.project(self.word("project"))

    def word(self, name: str, default: str | None = None) -> str:
        """Return a word of the query.

        Raises
        ------
        Refusal
            Where it is missing or given twice.
        """
        found = self.get_query_arguments(name, strip=False)
        if not found and default is not None:
            return default
        if len(found) != 1:
            what = f"the request needs {name} once in its query"
            raise Refusal(400, what, got=f"{len(found)} times")
        return found[0]

    def count(self, name: str, default: int, most: int) -> int:
        """Return a whole number of the query, from 0 to `most`."""
        text = self.word(name, str(default))
        if not (text.isascii() and text.isdigit() and int(text[:9]) <= most):
            raise Refusal(400, f"{name} is a number from 0 to {most}", got=text[:40])
        return int(text)

    def form(self, **wanted: type) -> dict[str, Any]:
        """Return the request's JSON object.

        Parameters
        ----------
        wanted
            The keys there may be, with the types of their values.

        Raises
        ------
        Refusal
            Where it is none, or holds other things.
        """
        if len(self.request.body) > LONGEST:
            raise Refusal(413, "the request is too long")
        try:
            found = json.loads(self.request.body or b"{}")
        except (ValueError, RecursionError):
            raise Refusal(400, "the request is not JSON") from None
        if not isinstance(found, dict):
            raise Refusal(400, "the request is not a JSON object")
        for key, value in found.items():
            if key not in wanted:
                keys = ", ".join(wanted)
                raise Refusal(400, f"unknown: {key[:40]}", expected=keys)
            if not isinstance(value, wanted[key]):
                kind = wanted[key].__name__
                raise Refusal(400, f"{key} cannot be this", expected=kind)
        return found

    def reply(self, value: Any, status: int = 200) -> None:
        """Answer with JSON."""
        self.set_status(status)
        self.set_header("Cache-Control", "no-store")
        self.finish(json.dumps(value, ensure_ascii=False, default=str))

    def write_error(self, status_code: int, **kwargs: Any) -> None:  # noqa: ARG002
        """Tell in JSON what is wrong."""
        error = kwargs.get("exc_info", (None, None, None))[1]
        plain = {"message": self._reason}
        form = error.form if isinstance(error, Refusal) else plain
        self.finish(json.dumps(form))


def guarded(
    method: Callable[..., Awaitable[None]],
) -> Callable[..., Awaitable[None] | None]:
    """Let known people in only, and turn mlkit's errors into refusals."""

    @web.authenticated
    @authorized
    @wraps(method)
    async def answer(self: Route, *args: str) -> None:
        try:
            await method(self, *args)
        except MlkitError as error:
            raise Refusal.of(error) from error

    return answer


async def aside(function: Callable[..., Any], *args: Any) -> Any:
    """Run slow, blocking work in a thread, so that the server goes on."""
    return await asyncio.to_thread(function, *args)
