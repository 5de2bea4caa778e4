"""The description of the API, so that anyone can build on it (OpenAPI 3.1).

Bodies are decoded by hand, strictly and in the order of checks; here their schemas, and those of
the answers, come from the very types that are decoded and encoded.
"""

from typing import Any

import msgspec
from litestar import Litestar, get

from domain.organisation import PoleDefined, ServiceDefined, SiteDefined
from domain.procedures import ProcedurePublished
from domain.texts import TextPublished
from guichet.desk import Outcome
from guichet.web.described import (
    BODIES,
    ELSEWHERE,
    EXAMPLES,
    LISTS,
    OF_THE_LOG,
    PAPERS,
    PREFIX,
    ROWS,
    TYPES,
    Problem,
)
from guichet.web.problems import JSON, AnyRequest

HEADERS = {
    "Idempotency-Key": "Chosen by the client, 255 characters at most; the same key and body have "
    "one effect and one answer for ever.",
    "If-Match": "The ETag of the dossier as its author has seen it, or * when he does not care.",
}
READING = (400, 401, 403, 404, 503)
PRINTING = (400, 401, 403, 404, 409, 503)
TRYING = (400, 401, 403, 413, 503)
OPENING = (400, 401, 403, 409, 413, 422, 503)
DECIDING = (400, 401, 403, 404, 409, 413, 422, 503)
HANDLING = (400, 401, 403, 404, 409, 412, 413, 422, 428, 503)


@get("/openapi.json", include_in_schema=False)
async def describe(request: AnyRequest) -> dict[str, Any]:
    """The whole description."""
    return description(request.app)


def description(app: Litestar) -> dict[str, Any]:
    """What the framework knows of the routes, with what is sent and answered."""
    document: dict[str, Any] = app.openapi_schema.to_schema()
    found, components = msgspec.json.schema_components(
        TYPES, ref_template="#/components/schemas/{name}"
    )
    schemas = dict(zip(TYPES, found, strict=True))
    components["DossierRow"] = as_shown(components["DossierRow"], "keys", "clocks")
    components["QueueRow"] = as_shown(components["QueueRow"], "clock")
    due = components["QueueRow"]["properties"]["due"]
    components["QueueRow"]["properties"]["due"] = {"anyOf": [due, {"type": "null"}]}
    for definition in (ProcedurePublished, ServiceDefined, PoleDefined, SiteDefined, TextPublished):
        name = definition.__name__
        components[name] = as_shown(components[name], "type")  # it is no fact here
    document.setdefault("components", {}).setdefault("schemas", {}).update(components)
    document["components"]["securitySchemes"] = {"token": {"type": "http", "scheme": "bearer"}}
    document["security"] = [{"token": []}]
    for path, operations in document["paths"].items():
        for method, operation in operations.items():
            if method == "post":
                describe_command(path, operation, schemas)
            else:
                describe_reading(path, operation, schemas)
    return document


def describe_command(path: str, operation: dict[str, Any], schemas: dict[Any, Any]) -> None:
    """What a POST takes and answers."""
    opens = path == f"{PREFIX}/dossiers"
    body = content(schemas[BODIES[path]])
    if (name := path.rpartition("/")[2]) in EXAMPLES:
        body["application/json"]["example"] = EXAMPLES[name]
    operation["requestBody"] = {"required": True, "content": body}
    code, answer = ELSEWHERE.get(path, ("201", Outcome))
    answers = {code: {"description": "Done", "content": content(schemas[answer])}}
    if path == f"{PREFIX}/simulations":
        operation["responses"] = answers | problems(TRYING, schemas)
        return
    alone = opens or path in ELSEWHERE
    headers = ("Idempotency-Key",) if alone else ("Idempotency-Key", "If-Match")
    operation.setdefault("parameters", []).extend(header(name) for name in headers)
    refusals = OPENING if opens else DECIDING if alone else HANDLING
    operation["responses"] = answers | problems(refusals, schemas)


def describe_reading(path: str, operation: dict[str, Any], schemas: dict[Any, Any]) -> None:
    """What a GET answers; how far it waits is a parameter of all that read what was projected."""
    waits = path in LISTS or path in ROWS
    if path in LISTS:
        schema = listed(items=schemas[LISTS[path]])
    elif path == f"{PREFIX}/catalogue":
        schema = listed(
            procedures=schemas[ProcedurePublished],
            services=schemas[ServiceDefined],
            poles=schemas[PoleDefined],
            sites=schemas[SiteDefined],
        )
    elif path == f"{PREFIX}/texts":
        schema = listed(items=schemas[TextPublished])
    else:
        kind = ROWS.get(path) or OF_THE_LOG.get(path)
        schema = schemas[kind] if kind else None
    if waits:
        operation.setdefault("parameters", []).append(
            {
                "name": "min_position",
                "in": "query",
                "schema": {"type": "integer", "minimum": 0},
                "description": "Wait for this position, two seconds at most.",
            }
        )
    kind = "application/pdf" if path in PAPERS else "text/event-stream"
    body = content(schema) if schema else {kind: {"schema": {"type": "string"}}}
    answers = {"200": {"description": "Read", "content": body}}
    refusals = PRINTING if path in PAPERS else READING
    operation["responses"] = answers | problems(refusals, schemas)


def problems(codes: tuple[int, ...], schemas: dict[Any, Any]) -> dict[str, Any]:
    """The answers that are no."""
    body = {JSON: {"schema": schemas[Problem]}}
    return {str(code): {"description": "No", "content": body} for code in codes}


def listed(**kinds: Any) -> dict[str, Any]:
    """A list, or several, with the position they were read at."""
    properties = {name: {"type": "array", "items": schema} for name, schema in kinds.items()}
    properties["position"] = {"type": "integer"}
    return {"type": "object", "properties": properties, "required": list(properties)}


def as_shown(row: dict[str, Any], *hidden: str) -> dict[str, Any]:
    """The schema of a row as it is answered: `dossier_id` is its `id`, and what is `hidden` is not
    there."""
    names = {name: "id" if name == "dossier_id" else name for name in row["properties"]}
    properties = {names[n]: of for n, of in row["properties"].items() if n not in hidden}
    required = [names[name] for name in row["required"] if name not in hidden]
    return {**row, "properties": properties, "required": required}


def content(schema: Any) -> dict[str, Any]:
    """JSON of that schema."""
    return {"application/json": {"schema": schema}}


def header(name: str) -> dict[str, Any]:
    """A header that is asked for."""
    return {
        "name": name,
        "in": "header",
        "required": True,
        "schema": {"type": "string"},
        "description": HEADERS[name],
    }
