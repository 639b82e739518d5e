"""Which pickles may be read: those that this user wrote on this machine.

A joblib file runs code when it is read. Its hash is therefore signed with a secret of
the user's, kept outside every project, so that a project that came by mail or git
cannot bring a pickle along.
"""

from __future__ import annotations

import hashlib
import hmac
import os
import secrets
from pathlib import Path

__all__ = ["sign", "signed"]


def sign(text: str) -> str:
    """Return the signature of `text` by this user's secret."""
    return hmac.new(_secret(), text.encode(), hashlib.sha256).hexdigest()


def signed(text: str, signature: str) -> bool:
    """Tell whether `signature` was made of `text` by this user."""
    return hmac.compare_digest(sign(text), signature)


def _secret() -> bytes:
    state = os.environ.get("XDG_STATE_HOME") or Path.home() / ".local" / "state"
    path = Path(state) / "mlkit" / "secret"
    path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
    try:
        handle = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    except FileExistsError:
        return path.read_bytes()
    with os.fdopen(handle, "wb") as file:
        file.write(secrets.token_bytes(32))
    return path.read_bytes()
