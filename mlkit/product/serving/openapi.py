"""The description of a server for other programs, made from the package's schema."""

from __future__ import annotations

import base64
import re
from collections.abc import Mapping, Sequence
from typing import Any

from mlkit.core.media import KINDS
from mlkit.core.values import number_words
from mlkit.product.serving import inference
from mlkit.product.serving.doors import ARROW, FORM, JSON
from mlkit.product.serving.feedback import described
from mlkit.product.serving.fields import Field
from mlkit.product.serving.media import example
from mlkit.product.serving.settings import Settings
from mlkit.product.serving.tongues.parts import ID

__all__ = ["openapi"]

Form = dict[str, Any]
NUMBER, TEXT, TRUTH, NULL = "number", "string", "boolean", "null"
TYPES = {
    "number": [NUMBER, TEXT],
    "spoken": [NUMBER, TEXT],
    "category": [TEXT, NUMBER, TRUTH],
    "text": [TEXT],
    "date": [TEXT],
    "id": [TEXT, "integer"],
    **{kind: [TEXT] for kind in KINDS},
}
NAMED = {"type": TEXT, "pattern": "^[A-Za-z0-9._:-]{1,128}$"}
TOLD = {
    "/": "text/html",
    "/metrics": "text/plain",
    "/openapi.json": JSON,
    "/v1/schema": JSON,
}
REFUSALS = {
    "401": "The token is not there, or is another.",
    "403": "The host or the origin is not known.",
    "408": "The request came too slowly.",
    "409": "The id was used for other rows.",
    "413": "Too many bytes or rows.",
    "415": "Neither plain JSON nor an Arrow stream nor a form.",
    "422": "A cell has a wrong type, or a field is missing or unknown.",
    "503": "Too many requests wait, or the log cannot be written: try again.",
}


def openapi(
    fields: Sequence[Field],
    output: Mapping[str, Any],
    version: str,
    settings: Settings,
) -> Form:
    """Return an OpenAPI 3.1 document.

    Parameters
    ----------
    fields
        The columns that a request takes.
    output
        ``output`` of the package's schema.
    version
        Of the model.
    settings
        How many rows a request may have, the model's name, and whether a token is
        asked for.
    """
    target = str(output["target"])
    document: Form = {
        "openapi": "3.1.0",
        "info": {"title": f"Prediction of {target}", "version": version},
        "paths": {**_paths(fields), **inference.described(settings.name)},
        "components": {"schemas": _schemas(fields, output, settings.rows)},
    }
    if settings.token:
        bearer = {"type": "http", "scheme": "bearer"}
        document["components"]["securitySchemes"] = {"token": bearer}
        document["security"] = [{"token": []}]
    return document


def _paths(fields: Sequence[Field]) -> Form:
    refused = {status: _refused(REFUSALS[status]) for status in ("401", "403")}
    paths: Form = {
        path: {
            "get": {"responses": {"200": _reply("As it says.", kind, {}), **refused}}
        }
        for path, kind in TOLD.items()
    }
    paths["/"]["get"]["security"] = []
    for path, about in (("live", "It runs."), ("ready", "It answers.")):
        replies = {"200": _reply(about, JSON, {"type": "object"})}
        if path == "ready":
            replies["503"] = _refused("The log cannot be written.")
        paths[f"/health/{path}"] = {"get": {"security": [], "responses": replies}}
    paths["/v1/predict"] = {"post": _predict(fields)}
    paths["/v1/feedback"] = {"post": described(_refused)}
    return paths


def _predict(fields: Sequence[Field]) -> Form:
    files = {f.name: {"contentType": f"{f.kind}/*"} for f in fields if f.kind in KINDS}
    parts = {"schema": _named("Parts"), **({"encoding": files} if files else {})}
    body: Form = {JSON: {"schema": _named("Request")}, FORM: parts, ARROW: {}}
    done = _reply("An answer to each row.", JSON, _named("Reply"))
    done["content"][ARROW] = {}
    return {
        "operationId": "predict",
        "requestBody": {"required": True, "content": body},
        "responses": {"200": done, **{k: _refused(v) for k, v in REFUSALS.items()}},
    }


def _schemas(fields: Sequence[Field], output: Mapping[str, Any], most: int) -> Form:
    cells = {field.name: _cell(field) for field in fields}
    needed = [field.name for field in fields if field.required]
    target = {str(output["target"]): {"description": "Not looked at."}}
    columns = {
        name: {"type": "array", "items": cell, "maxItems": most}
        for name, cell in cells.items()
    }
    rows = {"type": "array", "items": _named("Row"), "minItems": 1, "maxItems": most}
    given = {"id": NAMED}
    parts = {f.name: {**columns[f.name], "items": _part(f)} for f in fields}
    return {
        "Row": _object({**target, **cells}, needed),
        "Columns": _object({**target, **columns}, needed),
        "Parts": _object({ID: NAMED, **target, **parts}, needed),
        "Request": {
            "oneOf": [
                _object({**given, "rows": rows}, ["rows"]),
                _object({**given, "columns": _named("Columns")}, ["columns"]),
            ]
        },
        "Prediction": _prediction(output),
        "Reply": _reply_form(output),
        "Error": _error(),
        **inference.forms(),
    }


def _cell(field: Field) -> Form:
    form: Form = {"type": [*TYPES[field.kind], NULL]}
    if field.kind == "number":
        words = "".join(f"|{re.escape(word)}" for word in sorted(field.gaps - {""}))
        form["pattern"] = rf"^(?:\s*(?:{number_words().pattern})?\s*{words})$"
    if field.kind in KINDS:
        form |= {"contentEncoding": "base64", "contentMediaType": f"{field.kind}/*"}
        form["examples"] = [base64.b64encode(example(field.kind)).decode()]
    if field.known and field.kind == "category":
        form["examples"] = sorted(field.known)[:50]
    return form


def _part(field: Field) -> Form:
    """Return what a part of a form holds: a file as it is, or text."""
    if field.kind in KINDS:
        return {"type": TEXT, "contentMediaType": f"{field.kind}/*"}
    form = _cell(field)
    return {**form, "type": [kind for kind in form["type"] if kind != NULL]}


def _prediction(output: Mapping[str, Any]) -> Form:
    flag = {name: {"type": TEXT} for name in ("field", "flag", "rule")}
    flags = {"type": "array", "items": _object(flag, ["field", "flag"])}
    classes = [str(name) for name in output["classes"]]
    held = "coverage" in output
    if not classes:
        value = {"type": [NUMBER, NULL]}
        ends = {"lower": value, "upper": value} if held else {}
        return _object({"value": value, **ends, "flags": flags}, ["value", "flags"])
    told = {"label": {"type": TEXT, "enum": classes}, "flags": flags}
    if output["kind"] == "anomaly":
        told["rank"] = {"type": NUMBER, "minimum": 0, "maximum": 1}
    else:
        chances = {name: {"type": NUMBER} for name in classes}
        told["probabilities"] = _object(chances, classes)
    some = {"type": "array", "items": {"type": TEXT, "enum": classes}, "minItems": 1}
    return _object({**told, **({"set": some} if held else {})}, list(told))


def _reply_form(output: Mapping[str, Any]) -> Form:
    answers = {"type": "array", "items": _named("Prediction")}
    told: Form = {"id": {"type": TEXT}, "model": {"type": TEXT}}
    told["predictions"] = answers
    about = "How often the truth is in an answer's set, or between lower and upper."
    held = {"type": NUMBER, "description": about}
    more = {"coverage": held} if "coverage" in output else {}
    return _object({**told, **more}, list(told))


def _error() -> Form:
    told = {name: {"type": TEXT} for name in ("what", "where", "field")}
    return _object({"error": _object(told, ["what"])}, ["error"])


def _object(properties: Form, required: Sequence[str]) -> Form:
    return {
        "type": "object",
        "properties": properties,
        "required": list(required),
        "additionalProperties": False,
    }


def _named(name: str) -> Form:
    return {"$ref": f"#/components/schemas/{name}"}


def _reply(about: str, kind: str, schema: Form) -> Form:
    return {"description": about, "content": {kind: {"schema": schema}}}


def _refused(about: str) -> Form:
    return _reply(about, JSON, _named("Error"))
