"""The doors of a server: every path that it knows, with what may come in by it.

What is not in this list is not there: the routes are made from it, and the guard reads
nothing else.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass

__all__ = ["ARROW", "BINARY", "DOORS", "FORM", "JSON", "Door", "door_of"]

JSON = "application/json"
ARROW = "application/vnd.apache.arrow.stream"
BINARY = "application/octet-stream"
FORM = "multipart/form-data"
READ = ("GET", "HEAD")


@dataclass(frozen=True)
class Door:
    """What may come in by a path.

    Parameters
    ----------
    name
        Of the method that answers.
    verbs
        Which are answered.
    public
        Whether it is answered without the token.
    kinds
        The media types that a body may have; "" where it may go without.
    """

    name: str
    verbs: tuple[str, ...] = READ
    public: bool = False
    kinds: tuple[str, ...] = ()


ASK = Door("infer", ("POST",), kinds=(JSON, BINARY, ""))
DOORS: Mapping[str, Door] = {
    "/v1/predict": Door("predict", ("POST",), kinds=(JSON, ARROW, FORM)),
    "/": Door("page", public=True),
    "/health/live": Door("live", public=True),
    "/health/ready": Door("ready", public=True),
    "/metrics": Door("metrics"),
    "/openapi.json": Door("openapi"),
    "/v1/schema": Door("schema"),
    "/v1/feedback": Door("feedback", ("POST",), kinds=(JSON,)),
    "/v2": Door("server"),
    "/v2/health/live": Door("live", public=True),
    "/v2/health/ready": Door("ready", public=True),
    "/v2/models/{model}": Door("model"),
    "/v2/models/{model}/ready": Door("model_ready"),
    "/v2/models/{model}/infer": ASK,
    "/v2/models/{model}/versions/{version}": Door("model"),
    "/v2/models/{model}/versions/{version}/ready": Door("model_ready"),
    "/v2/models/{model}/versions/{version}/infer": ASK,
}
PATTERNS = {
    path: re.compile(re.sub(r"\{(\w+)\}", r"(?P<\1>[^/]+)", path))
    for path in DOORS
    if "{" in path
}
NOTHING: Mapping[str, str] = {}


def door_of(path: str) -> tuple[str, Mapping[str, str]]:
    """Return the path in `DOORS` that a request's path goes by, and its named parts.

    The path is "" where there is none.

    Examples
    --------
    >>> door_of("/v2/models/loans/infer")
    ('/v2/models/{model}/infer', {'model': 'loans'})
    >>> door_of("/v2/models/a/b/c/infer")
    ('', {})
    """
    if path in DOORS:
        return (path if "{" not in path else ""), NOTHING
    for name, pattern in PATTERNS.items():
        found = pattern.fullmatch(path)
        if found:
            return name, found.groupdict()
    return "", NOTHING
