"""Serve a package over HTTP; every request is in the log before it is answered.

What this imports is the core, numpy, onnxruntime, uvicorn and msgspec, so that a
production host needs nothing else.
"""

from __future__ import annotations

import gc
import os
import signal
import socket
import sys
import threading
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import TYPE_CHECKING

from mlkit.core.errors import UsageError
from mlkit.product.serving.pointer import Pointer
from mlkit.product.serving.served import Served
from mlkit.product.serving.settings import Settings

if TYPE_CHECKING:
    import uvicorn

__all__ = ["Settings", "serve"]

BACKLOG, DRAIN = 2048, 30


def serve(
    package: Path | str,
    settings: Settings | None = None,
    facts: Mapping[str, str] | None = None,
    told: Callable[[str, Served], None] | None = None,
    pointer: Pointer | None = None,
) -> None:
    """Serve a package until the process is asked to end.

    Parameters
    ----------
    package
        What the step `package` wrote.
    settings
        Address, token, log and limits; None listens on this machine alone, and
        keeps no log.
    facts
        What else the log should know of the package: project, run.
    told
        Told the address and what is served, once requests can come.
    pointer
        To a project's champion, where the package is to change with it.

    Raises
    ------
    InputError
        Where the folder is no package, or the log cannot be used.
    UsageError
        Where the address cannot be used.
    """
    import uvicorn

    from mlkit.product.serving.app import application
    from mlkit.product.serving.wire import Wire

    settings = settings or Settings()
    served = Served(Path(package), facts)
    app = application(served, settings, pointer)
    config = uvicorn.Config(
        *(app,),
        access_log=False,
        backlog=BACKLOG,
        date_header=False,
        http=Wire,
        lifespan="on",
        log_level="warning",
        proxy_headers=False,
        server_header=False,
        timeout_graceful_shutdown=DRAIN,
        ws="none",
    )
    listening = _listen(settings.host, settings.port)
    host, port = listening.getsockname()[:2]
    if told:
        told(f"http://{f'[{host}]' if ':' in host else host}:{port}", served)
    sys.stdout.flush()
    server = uvicorn.Server(config)
    _settle(server)
    server.run(sockets=[listening])


def _settle(server: uvicorn.Server) -> None:
    """Make ready for the long run: end in good order when asked to, sweep rarely.

    Cells are many small objects that refer to nothing; to walk them, and all that was
    loaded, again and again took a third of a large request.
    """
    if threading.current_thread() is threading.main_thread():
        signal.signal(signal.SIGTERM, lambda *_: _end(server))
    gc.collect()
    gc.freeze()
    gc.set_threshold(50_000, 20, 20)


def _end(server: uvicorn.Server) -> None:
    """End: in good order where it has served, when uvicorn asks here again.

    Before, nothing is to be finished, and an exception could get lost in a finalizer.
    """
    if server.started:
        sys.exit(0)
    os._exit(0)


def _listen(host: str, port: int) -> socket.socket:
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    name = "127.0.0.1" if host == "localhost" else host
    try:
        made = socket.create_server((name, port), family=family, backlog=BACKLOG)
    except (OSError, OverflowError) as error:
        raise UsageError(
            "the server cannot listen there",
            where=f"{host}, port {port}",
            got=str(error),
            todo="choose another --port; 0 takes a free one",
        ) from None
    # connections inherit it; without it a reply waits 40 ms for the client's ACK
    made.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    return made
