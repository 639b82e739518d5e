"""A package on duty: what answers, with the forms it takes and what is told of it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict
from typing import Any

import msgspec

from mlkit.product.serving.forms import Form
from mlkit.product.serving.openapi import openapi
from mlkit.product.serving.served import Served
from mlkit.product.serving.settings import Settings

__all__ = ["Desk"]


class Desk:
    """A package on duty; a server that changes packages changes its desk.

    Parameters
    ----------
    served
        The package.
    settings
        The limits, and whether a token is asked for.
    """

    def __init__(self, served: Served, settings: Settings) -> None:
        self.served = served
        self.form = Form(served.fields, served.target, settings.rows)
        output = served.output
        about = openapi(served.fields, output, served.version, settings)
        self.openapi = msgspec.json.encode(about)
        self.schema = msgspec.json.encode(_schema(served, settings.body))


def _schema(served: Served, body: int) -> Mapping[str, Any]:
    """Return what a person who fills in a form has to know."""
    output = served.output
    fields = [
        {
            "name": field.name,
            "kind": field.kind,
            "required": field.required,
            **{k: v for k, v in asdict(sample).items() if k != "name"},
        }
        for field, sample in zip(served.fields, served.samples, strict=True)
        if field.used
    ]
    return {
        "model": served.version,
        "review_by": served.review_by,
        "target": served.target,
        "kind": output["kind"],
        "classes": output["classes"],
        "coverage": output.get("coverage"),
        "ends": served.ends,
        "body": body,
        "fields": fields,
    }
