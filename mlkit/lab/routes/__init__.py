"""The server's routes, all below ``/mlkit/``; each module holds a few that belong."""

from __future__ import annotations

from typing import TYPE_CHECKING

from jupyter_server.utils import url_path_join

from mlkit.lab.routes import (
    artifacts,
    decisions,
    events,
    goal,
    graph,
    model,
    pages,
    parameters,
    projects,
    runs,
    served,
)

if TYPE_CHECKING:
    from mlkit.lab.routes.route import Route

__all__ = ["routes"]

MODULES = (
    artifacts,
    decisions,
    events,
    goal,
    graph,
    model,
    pages,
    parameters,
    projects,
    runs,
    served,
)


def routes(base_url: str) -> list[tuple[str, type[Route]]]:
    """Return the patterns and handlers below a server's base URL."""
    return [
        (url_path_join(base_url, "mlkit", pattern) + "$", handler)
        for module in MODULES
        for pattern, handler in module.ROUTES
    ]
