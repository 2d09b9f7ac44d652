"""What the descriptions of all operations share: their names, who may call them, and every answer that is an error.

The routes say what is their own: a summary, parameters, bodies, the answer of success, and a conflict where there can
be one. What the edge and the check of tokens do for all of them is described here, once.
"""

from collections.abc import Iterator
from http import HTTPStatus
from typing import Any

from fastapi import FastAPI
from fastapi.dependencies.models import Dependant
from fastapi.openapi.utils import get_openapi
from fastapi.routing import APIRoute, iter_route_contexts
from pydantic import Field
from pydantic.alias_generators import to_camel

from shared import auth, wire

Json = dict[str, Any]
Roles = dict[tuple[str, str], tuple[str, ...]]
"""By path and method."""

SCHEMAS, ANSWERS = "#/components/schemas/", "#/components/responses/"
METHODS = ("get", "put", "post", "delete", "patch")
WITH_BODY = frozenset({"put", "post", "delete", "patch"})
BOUNDS = {"ge": "minimum", "le": "maximum", "gt": "exclusiveMinimum", "lt": "exclusiveMaximum"}
FROM_FASTAPI = ("HTTPValidationError", "ValidationError")


class FieldProblem(wire.WireModel):
    """One thing that is wrong with a request."""

    field: str = Field(description="The field as the request wrote it", examples=["rows[0].quantity"])
    code: str = Field(description="What kind of mistake it is, for programs", examples=["greater_than"])
    message: str = Field(description="What is wrong, for people", examples=["Input should be greater than 0"])


class Problem(wire.WireModel):
    """The body of every error."""

    timestamp: wire.Moment = Field(description="When it was answered", examples=["2026-01-02T08:00:00.000Z"])
    status: int = Field(description="The HTTP status, once more", examples=[400])
    error: str = Field(description="The name of the status", examples=["Bad Request"])
    message: str = Field(description="What is wrong, in a sentence", examples=["rows[0].quantity: is required"])
    path: str = Field(description="The address that was asked", examples=["/ecommerce/v3/orders"])
    errors: tuple[FieldProblem, ...] = Field(description="Every field that is wrong, when fields are wrong; else empty")


RETRY_AFTER: Json = {
    "Retry-After": {
        "description": "Seconds to wait before the next try",
        "required": True,
        "schema": {"type": "string", "pattern": "^[0-9]+$"},
        "example": "1",
    }
}
CHALLENGE: Json = {
    "WWW-Authenticate": {
        "description": "How to say who is asking",
        "required": True,
        "schema": {"type": "string"},
        "example": 'Bearer realm="sluice"',
    }
}
PROBLEM: Json = {"application/json": {"schema": {"$ref": f"{SCHEMAS}Problem"}}}
MEANINGS: dict[str, str] = {
    "400": "The request cannot be read or is not valid; every failing field is named, and nothing was changed",
    "401": "It is not known who is asking: the credentials are missing, wrong or no longer valid",
    "404": "There is no such thing, or it belongs to somebody else",
    "412": "It has changed since the version that `If-Match` names",
    "413": "The body is larger than this server takes",
    "429": "Too many requests: come back later",
    "503": "The database, or the service, cannot answer at this moment; the same request can be sent again",
}
HEADERS: dict[str, Json] = {"401": CHALLENGE, "429": RETRY_AFTER, "503": RETRY_AFTER}


def operation_id(route: APIRoute) -> str:
    """The name of an operation for programs that are made from the description: `listShipments`."""
    return to_camel(route.name)


def describe(app: FastAPI) -> None:
    """Let an application describe itself with all that is the same for every operation."""

    def described() -> Json:
        if app.openapi_schema is None:
            document = get_openapi(title=app.title, version=app.version, routes=app.routes)
            app.openapi_schema = completed(document, roles_of(app))
        return app.openapi_schema

    app.openapi = described  # type: ignore[method-assign]


def roles_of(app: FastAPI) -> Roles:
    """The roles with which each operation may be called."""
    found: Roles = {}
    for route in iter_route_contexts(app.routes):
        for part in _parts(getattr(route, "dependant", None)):
            if isinstance(part.call, auth.CallerWith):
                found |= {(str(route.path_format), method.lower()): part.call.roles for method in route.methods or ()}
    return found


def _parts(dependant: Dependant | None) -> Iterator[Dependant]:
    for part in dependant.dependencies if dependant is not None else ():
        yield part
        yield from _parts(part)


def completed(document: Json, roles: Roles) -> Json:
    """The description with every error that an operation can answer, and with all models where references find them."""
    components: Json = document.setdefault("components", {})
    schemas: Json = components.setdefault("schemas", {})
    answers: Json = components.setdefault("responses", {})
    for name in FROM_FASTAPI:
        schemas.pop(name, None)
    problem = Problem.model_json_schema(mode="serialization", ref_template=f"{SCHEMAS}{{model}}")
    schemas |= problem.pop("$defs") | {"Problem": problem}
    for path, operations in document["paths"].items():
        for method in METHODS:
            if (operation := operations.get(method)) is not None:
                _complete(operation, method, roles.get((path, method), ()), answers)
                _hoist(operation, schemas)
                for parameter in operation.get("parameters", ()):
                    parameter["schema"] = _without_null(parameter["schema"])
    _say_bounds(document)
    return document


def _without_null(schema: Json) -> Json:
    """A parameter may be left out, but no address can say null."""
    choices = [choice for choice in schema.get("anyOf", ()) if choice != {"type": "null"}]
    if len(choices) == 1:
        rest = {name: value for name, value in schema.items() if name != "anyOf"}
        return {**rest, **choices[0]}
    return schema


def _say_bounds(part: Any) -> None:
    """Say bounds as JSON Schema does: behind a step of our own, pydantic says them in words of its own."""
    if isinstance(part, dict):
        for own, meant in BOUNDS.items():
            if isinstance(part.get(own), int | float):
                part[meant] = part.pop(own)
    for inner in part.values() if isinstance(part, dict) else part if isinstance(part, list) else ():
        _say_bounds(inner)


def _complete(operation: Json, method: str, roles: tuple[str, ...], shared: Json) -> None:
    own: Json = operation["responses"]
    # FastAPI's word for invalid input, which we answer with 400 (trust.md).
    own.pop("422", None)
    for status, answer in own.items():
        if status >= "400":
            answer.setdefault("content", PROBLEM)
    for status, meaning in MEANINGS.items():
        if status not in own and _can_answer(status, operation, method):
            name = HTTPStatus(int(status)).phrase.title().replace(" ", "")
            shared[name] = {"description": meaning, "content": PROBLEM, "headers": HEADERS.get(status, {})}
            own[status] = {"$ref": ANSWERS + name}
    if roles and "403" not in own:
        name = f"For{'Or'.join(role.title() for role in roles)}"
        meaning = f"The organisation whose token it is has not the role {' or '.join(roles)}"
        shared[name] = {"description": meaning, "content": PROBLEM}
        own["403"] = {"$ref": ANSWERS + name}
    operation["responses"] = dict(sorted(own.items()))


def _can_answer(status: str, operation: Json, method: str) -> bool:
    places = {(parameter["in"], parameter["name"].lower()) for parameter in operation.get("parameters", ())}
    match status:
        case "401" | "429":
            return "security" in operation
        case "404":
            return any(place == "path" for place, _ in places)
        case "412":
            return ("header", "if-match") in places
        case "413":
            return method in WITH_BODY
        case _:
            return True


def _hoist(operation: Json, schemas: Json) -> None:
    """Put the parts of a body that is read by hand beside all other models: a reference is looked up in the whole."""
    for media in operation.get("requestBody", {}).get("content", {}).values():
        parts = media.get("schema", {}).pop("$defs", {})
        as_known = {name: name for name in parts}
        names = {
            name: name if schemas.get(name, known) == known else f"{name}InBody"
            for name, known in ((name, _renamed(part, as_known)) for name, part in parts.items())
        }
        for name, part in parts.items():
            schemas[names[name]] = _renamed(part, names)
        media["schema"] = _renamed(media["schema"], names)


def _renamed(part: Any, names: dict[str, str]) -> Any:
    if isinstance(part, list):
        return [_renamed(item, names) for item in part]
    if not isinstance(part, dict):
        return part
    reference = part.get("$ref", "")
    if isinstance(reference, str) and reference.startswith("#/$defs/"):
        return {**part, "$ref": SCHEMAS + names[reference.removeprefix("#/$defs/")]}
    return {name: _renamed(value, names) for name, value in part.items()}
