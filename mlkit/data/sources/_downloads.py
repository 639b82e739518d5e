"""What was fetched from elsewhere, kept beside the store until its source changes."""

from __future__ import annotations

import shutil
from collections.abc import Callable
from pathlib import Path

from mlkit.core.files import digest, publish, scratch
from mlkit.core.media import passing
from mlkit.core.session import session

__all__ = ["kept", "shelf"]


def shelf(uri: str) -> Path:
    """Return the folder that is kept for one address, outside of a project too.

    Parameters
    ----------
    uri
        The address, secrets as references, with whatever else tells what is fetched.
    """
    project = session().project
    return (project.state if project else passing()) / "downloads" / digest(uri)[:24]


def kept(uri: str, mark: str, fetch: Callable[[Path], None]) -> Path:
    """Return the folder of what was fetched, fetched now where its mark is new.

    Parameters
    ----------
    uri
        As for `shelf`.
    mark
        The source's fingerprint; what was fetched under another one goes.
    fetch
        Fetches into the folder it is given; nothing is kept of one that fails.
    """
    folder = shelf(uri)
    target = folder / digest(mark)[:24]
    if not target.is_dir():
        with scratch(target) as made:
            fetch(made)
            publish(made, target)
    for other in folder.iterdir():
        if other != target and other.is_dir() and not other.name.startswith("."):
            shutil.rmtree(other, ignore_errors=True)
    return target
