"""The page at ``/``: a form, made in the browser from the schema it asks for."""

from __future__ import annotations

import base64
import hashlib
import re
from functools import cache
from pathlib import Path

__all__ = ["page"]

PLACE = Path(__file__).with_name("page.html")


@cache
def page() -> tuple[str, str]:
    """Return the page, and the policy by which nothing but its own script may run.

    Nothing of a package is written into it, so that it is the same for everybody.

    Examples
    --------
    >>> text, policy = page()
    >>> "default-src 'none'" in policy and "unsafe" not in policy
    True
    """
    text = PLACE.read_text(encoding="utf-8")
    rules = {
        "default-src": "'none'",
        "script-src": _hashed(text, "script"),
        "style-src": _hashed(text, "style"),
        "img-src": "data: blob:",
        "media-src": "blob:",
        "connect-src": "'self'",
        "base-uri": "'none'",
        "form-action": "'none'",
        "frame-ancestors": "'none'",
    }
    return text, "; ".join(f"{name} {value}" for name, value in rules.items())


def _hashed(text: str, tag: str) -> str:
    """Return the hashes of a page's inline scripts or styles, as a policy has them."""
    parts = re.findall(rf"<{tag}>(.*?)</{tag}>", text, re.DOTALL)
    sums = (hashlib.sha256(part.encode()).digest() for part in parts)
    return " ".join(f"'sha256-{base64.b64encode(one).decode()}'" for one in sums)
