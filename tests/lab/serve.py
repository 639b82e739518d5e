"""A real Jupyter server with mlkit's routes, for tests: tells where it is, and serves.

``python serve.py ROOT BASE_URL [lab | notebook]``
"""

import json
import os
import socket
import sys
import tempfile
import warnings
from pathlib import Path

from jupyter_server.serverapp import ServerApp
from jupyter_server.utils import JupyterServerAuthWarning
from traitlets.config import Config

VERBS = ("get", "head", "post", "put", "patch", "delete", "options")
APPS = {"lab": "jupyterlab", "notebook": "notebook"}
TOKEN = "a-token-for-tests"
QUIET = {"@jupyterlab/apputils-extension:notification": {"fetchNews": "false"}}


def routes(application):
    """Return the patterns of mlkit's routes, with the verbs that each answers."""
    found = {}
    for rule in application.wildcard_router.rules + application.default_router.rules:
        for inner in getattr(rule.target, "rules", [rule]):
            pattern = getattr(inner.matcher, "regex", None)
            if pattern is not None and "/mlkit/" in pattern.pattern:
                found[pattern.pattern] = [
                    v for v in VERBS if v.upper() in inner.target.SUPPORTED_METHODS
                ]
    return found


def free():
    """Return a port that nobody uses now."""
    with socket.socket() as one:
        one.bind(("127.0.0.1", 0))
        return one.getsockname()[1]


def settings():
    """Return options that keep Lab's settings in folders of their own, news off."""
    folder = Path(tempfile.mkdtemp())
    (folder / "overrides.json").write_text(json.dumps(QUIET))
    return [
        option
        for app in ("LabApp", "JupyterNotebookApp")
        for option in (
            f"--{app}.app_settings_dir={folder}",
            f"--{app}.user_settings_dir={folder / 'user'}",
            f"--{app}.workspaces_dir={folder / 'workspaces'}",
            f"--{app}.expose_app_in_browser=True",
        )
    ]


def main(root, base_url, *more):
    warnings.filterwarnings(
        "error", message="(?s).*/mlkit/", category=JupyterServerAuthWarning
    )
    extensions = {"mlkit.lab": True, **{APPS[name]: True for name in more}}
    arguments = [
        f"--ServerApp.root_dir={root}",
        f"--ServerApp.base_url={base_url}",
        f"--IdentityProvider.token={TOKEN}",
        f"--ServerApp.port={free()}",
        "--ServerApp.ip=127.0.0.1",
        "--ServerApp.open_browser=False",
        "--ServerApp.allow_unauthenticated_access=False",
        "--ServerApp.log_level=WARN",
        "--ServerApp.allow_root=True",
        "--LabApp.check_for_updates_class=jupyterlab.NeverCheckForUpdate",
        *settings(),
    ]
    app = ServerApp(config=Config({"LabApp": {"news_url": None}}))
    app.jpserver_extensions = extensions
    app.initialize(arguments)
    told = {
        "port": app.port,
        "base": app.base_url,
        "token": TOKEN,
        "pid": os.getpid(),
        "routes": routes(app.web_app),
    }
    print(json.dumps(told), flush=True)  # noqa: T201
    app.start()


if __name__ == "__main__":
    main(str(Path(sys.argv[1]).resolve()), *sys.argv[2:])
