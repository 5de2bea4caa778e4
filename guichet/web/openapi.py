"""The description of the API, so that anyone can build on it (OpenAPI 3.1).

Bodies are decoded by hand, strictly and in the order of checks; their schemas come from the very
types that decode them.
"""

from typing import Any

import msgspec
from litestar import Litestar, get

from domain.intake import OpenDossier
from guichet.web.handling import COMMANDS
from guichet.web.problems import AnyRequest

PREFIX = "/api/v1"


@get("/openapi.json", include_in_schema=False)
async def describe(request: AnyRequest) -> dict[str, Any]:
    """The whole description."""
    return description(request.app)


def description(app: Litestar) -> dict[str, Any]:
    """What the framework knows of the routes, with the bodies of the commands."""
    document: dict[str, Any] = app.openapi_schema.to_schema()
    bodies: dict[str, type[Any]] = {f"{PREFIX}/dossiers": OpenDossier}
    bodies |= {f"{PREFIX}/dossiers/{{id}}/{name}": body for name, (body, _, _) in COMMANDS.items()}
    template = "#/components/schemas/{name}"
    schemas, components = msgspec.json.schema_components(bodies.values(), ref_template=template)
    document.setdefault("components", {}).setdefault("schemas", {}).update(components)
    document["components"]["securitySchemes"] = {"token": {"type": "http", "scheme": "bearer"}}
    document["security"] = [{"token": []}]
    for path, schema in zip(bodies, schemas, strict=True):
        operation = document["paths"][path]["post"]
        operation["requestBody"] = {
            "required": True,
            "content": {"application/json": {"schema": schema}},
        }
        operation.setdefault("parameters", []).append(header("Idempotency-Key"))
        if path != f"{PREFIX}/dossiers":
            operation["parameters"].append(header("If-Match"))
    return document


def header(name: str) -> dict[str, Any]:
    """A header that is asked for."""
    return {"name": name, "in": "header", "required": True, "schema": {"type": "string"}}
