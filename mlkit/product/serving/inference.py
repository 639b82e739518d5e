"""The Open Inference Protocol as OpenAPI has it: its paths and its forms."""

from __future__ import annotations

from typing import Any

from mlkit.product.serving.doors import JSON
from mlkit.product.serving.tongues.tensors import KINDS

__all__ = ["described", "forms"]

Form = dict[str, Any]
TEXT: Form = {"type": "string"}
REFUSALS = ("401", "403", "404", "408", "409", "413", "415", "422", "503")


def described(name: str) -> Form:
    """Return the paths.

    Parameters
    ----------
    name
        By which the model goes.
    """
    model = f"/v2/models/{name}"
    paths: Form = {
        path: {
            "get": {"responses": _responses({"type": "object"}, "401", "403", "503")}
        }
        for path in ("/v2", model, f"{model}/ready")
    }
    for health in ("live", "ready"):
        replies = _responses({"type": "object"}, "403", "503")
        told = {"get": {"security": [], "responses": replies}}
        paths[f"/v2/health/{health}"] = told
    infer = {
        "operationId": "infer",
        "requestBody": {"required": True, "content": _json("Inference")},
        "responses": _responses(_named("Inferred"), *REFUSALS),
    }
    return {**paths, f"{model}/infer": {"post": infer}}


def forms() -> Form:
    """Return the schemas that the paths name."""
    more = {"parameters": {"type": "object"}}
    size = {"type": "integer", "minimum": 0}
    tensor: Form = {
        "type": "object",
        "properties": {
            "name": TEXT,
            "shape": {"type": "array", "items": size, "minItems": 1, "maxItems": 2},
            "datatype": {"type": "string", "enum": list(KINDS)},
            "data": {"type": "array"},
            **more,
        },
        "required": ["name", "shape", "datatype", "data"],
    }
    wanted: Form = {"type": "object", "properties": {"name": TEXT, **more}}
    whole = {"id": TEXT, **more, "inputs": _list(tensor), "outputs": _list(wanted)}
    said = {"id": TEXT, "model_name": TEXT, "model_version": TEXT}
    return {
        "Inference": _object(whole, "inputs"),
        "Inferred": _object({**said, "outputs": _list(tensor)}, *said, "outputs"),
        "Sentence": _object({"error": TEXT}, "error"),
    }


def _responses(schema: Form, *refusals: str) -> Form:
    done: Form = {"description": "As the protocol says.", "content": _plain(schema)}
    refused = {"description": "Why not.", "content": _json("Sentence")}
    return {"200": done, **dict.fromkeys(refusals, refused)}


def _json(name: str) -> Form:
    return _plain(_named(name))


def _plain(schema: Form) -> Form:
    return {JSON: {"schema": schema}}


def _named(name: str) -> Form:
    return {"$ref": f"#/components/schemas/{name}"}


def _list(items: Form) -> Form:
    return {"type": "array", "items": items}


def _object(properties: Form, *required: str) -> Form:
    return {"type": "object", "properties": properties, "required": list(required)}
