"""A champion served for people in Lab: start, stop, and what its page asks for."""

from __future__ import annotations

from typing import Any

from tornado.httpclient import HTTPResponse

from mlkit.core.project import Project
from mlkit.lab.places import Places
from mlkit.lab.refusal import Refusal
from mlkit.lab.routes.route import LONGEST, Route, guarded
from mlkit.lab.served import Served, Server, not_served
from mlkit.product.serving.page import page

__all__ = ["ROUTES", "served", "told"]

KEY = "mlkit_served"
PLAIN = "text/plain; charset=utf-8"


class ServedRoute(Route):
    """``served``: which models are, one more, one less."""

    @guarded
    async def get(self) -> None:
        """List them."""
        self.reply([told(self.places, one) for one in served(self)])

    @guarded
    async def post(self) -> None:
        """Serve the champion of a project, on this machine alone."""
        self.form()
        one = await served(self).start(self.project)
        self.reply(told(self.places, one), 201)

    @guarded
    async def delete(self) -> None:
        """Serve it no longer."""
        self.form()
        await served(self).stop(self.project)
        self.reply({})


class Page(Route):
    """``served/page``: the page by which people ask, as text.

    It is put into a frame of no origin, which asks for all else through Lab: so it
    runs nowhere as a page of this server's own.
    """

    @guarded
    async def get(self) -> None:
        """Send it."""
        asked(self, self.project)
        self.finish(page()[0], set_content_type=PLAIN)

    @property
    def content_security_policy(self) -> str:
        """Forbid everything, should a browser ever take it for a page."""
        return "sandbox; default-src 'none'"


class Schema(Route):
    """``served/schema``: what the model takes and gives."""

    @guarded
    async def get(self) -> None:
        """Ask the project's server, and hand on what it says."""
        passed_on(self, await asked(self, self.project).ask("schema", None))


class Predict(Route):
    """``served/predict``: what the model says to some rows."""

    @guarded
    async def post(self) -> None:
        """Ask the project's server, and hand on what it says."""
        if len(self.request.body) > LONGEST:
            raise Refusal(413, "the request is too long")
        one = asked(self, self.project)
        passed_on(self, await one.ask("predict", self.request.body))


def passed_on(route: Route, reply: HTTPResponse) -> None:
    """Answer with a server's status and words, and with none of its headers."""
    route.set_status(reply.code)
    route.set_header("Cache-Control", "no-store")
    route.finish(reply.body)


def served(route: Route) -> Served:
    """Return the servers that this Jupyter server has started."""
    found: Served = route.settings.setdefault(KEY, None) or Served()
    route.settings[KEY] = found
    return found


def asked(route: Route, project: Project) -> Server:
    """Return the server of a project's champion.

    Raises
    ------
    Refusal
        Where there is none.
    """
    found = served(route).of(project)
    if found is None:
        raise not_served(project)
    return found


def told(places: Places, one: Server) -> dict[str, Any]:
    """Return what a browser is told of a server."""
    facts = {"version": one.version, "since": one.since}
    return {"project": places.name(one.root), "name": one.root.name, **facts}


ROUTES: list[tuple[str, type[Route]]] = [
    ("served", ServedRoute),
    ("served/page", Page),
    ("served/schema", Schema),
    ("served/predict", Predict),
]
