"""mlkit in JupyterLab: the server's routes, and the extension in the browser."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from jupyter_server.serverapp import ServerApp

__all__: list[str] = []


def _jupyter_labextension_paths() -> list[dict[str, str]]:
    return [{"src": "labextension", "dest": "mlkit-lab"}]


def _jupyter_server_extension_points() -> list[dict[str, str]]:
    return [{"module": "mlkit.lab"}]


def _load_jupyter_server_extension(server: ServerApp) -> None:
    """Add the routes to a server that starts."""
    from mlkit.lab.routes import routes

    application: Any = server.web_app
    application.add_handlers(".*$", routes(server.base_url))
