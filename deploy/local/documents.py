"""What there is to read at the one address: the OpenAPI of all services at `/docs`, the AsyncAPI at `/asyncapi`."""

from collections.abc import Sequence
from functools import cache
from pathlib import Path
from typing import Any

import jinja2
import orjson
from fastapi.openapi.docs import get_swagger_ui_html
from prometheus_client import generate_latest
from starlette.requests import Request
from starlette.responses import HTMLResponse, RedirectResponse, Response
from starlette.routing import Mount, Route
from starlette.staticfiles import StaticFiles

from deploy.local.services import SERVICES
from shared.contracts import MESSAGES, Command
from shared.service import Service

VERSION = "0.1.0"

SNAPSHOT = Path(__file__).parents[2] / "docs" / "api" / "openapi.json"
"""The OpenAPI as it is kept beside the code, so that a change of the interface is seen by who reads the change."""


def openapi(services: Sequence[Service]) -> dict[str, Any]:
    """One OpenAPI document of all services. Models of one name in two services are told apart by the service."""
    merged: dict[str, Any] = {
        "openapi": "3.1.0",
        "info": {"title": "Sluice", "version": VERSION, "description": "An open-source drop-shipping hub."},
        "paths": {},
        "components": {"schemas": {}, "responses": {}, "securitySchemes": {}},
    }
    schemas: dict[str, Any] = merged["components"]["schemas"]
    for service in services:
        found = _told_apart(service.app.openapi(), schemas, service.schema)
        schemas |= found["components"]["schemas"]
        for shared in ("responses", "securitySchemes"):
            merged["components"][shared] |= found.get("components", {}).get(shared, {})
        for path, operations in found["paths"].items():
            merged["paths"].setdefault(path, {}).update(operations)
    return merged


def _told_apart(document: dict[str, Any], taken: dict[str, Any], service: str) -> dict[str, Any]:
    """A service's document, with other names for models whose names have been taken by others that are not the same.

    A model that refers to one of those is not the same as its namesake either, even if it reads the same.
    """
    own: dict[str, Any] = document["components"]["schemas"]
    clashing = {name for name, model in own.items() if taken.get(name, model) != model}
    while True:
        marks = [_reference(name) for name in clashing]
        others = own.keys() & taken.keys() - clashing
        more = {name for name in others if any(mark in orjson.dumps(own[name]).decode() for mark in marks)}
        if not more:
            break
        clashing |= more
    text = orjson.dumps(document).decode()
    for name in clashing:
        text = text.replace(_reference(name), _reference(f"{service}_{name}"))
    renamed: dict[str, Any] = orjson.loads(text)
    models = renamed["components"]["schemas"]
    renamed["components"]["schemas"] = {
        f"{service}_{name}" if name in clashing else name: model for name, model in models.items()
    }
    return renamed


def _reference(name: str) -> str:
    return f'"#/components/schemas/{name}"'


def snapshot(document: dict[str, Any]) -> bytes:
    """A document as it is kept: the same for the same content, and readable line by line."""
    return orjson.dumps(document, option=orjson.OPT_INDENT_2 | orjson.OPT_SORT_KEYS | orjson.OPT_APPEND_NEWLINE)


def asyncapi(services: Sequence[Service]) -> dict[str, Any]:
    """The messages as AsyncAPI 3.0: who owns each topic, who takes it, and its shape."""
    taken: dict[str, list[str]] = {}
    for service in services:
        for type_of_message in service.taken.handlers:
            taken.setdefault(type_of_message.topic, []).append(service.name)
    channels: dict[str, Any] = {}
    operations: dict[str, Any] = {}
    messages: dict[str, Any] = {}
    for message in MESSAGES:
        name, topic = message.__name__, message.topic
        messages[name] = {
            "name": name,
            "title": name,
            "summary": (message.__doc__ or "").strip(),
            "contentType": "application/json",
            "headers": {
                "type": "object",
                "required": ["message-id"],
                "properties": {"message-id": {"type": "string", "format": "uuid"}, "traceparent": {"type": "string"}},
            },
            "payload": message.model_json_schema(),
        }
        channels[topic] = {
            "address": topic,
            "messages": {name: {"$ref": f"#/components/messages/{name}"}},
            "x-owner": topic.partition(".")[0],
            "x-kind": "command" if issubclass(message, Command) else "event",
            "x-taken-by": taken.get(topic, []),
        }
        for receiver in taken.get(topic, []):
            operations[f"{receiver}.take.{name}"] = {
                "action": "receive",
                "channel": {"$ref": f"#/channels/{topic}"},
                "summary": f"{receiver} takes {name}",
            }
    return {
        "asyncapi": "3.0.0",
        "info": {"title": "Sluice", "version": VERSION, "description": "The messages between Sluice's services."},
        "channels": channels,
        "operations": operations,
        "components": {"messages": messages},
    }


def metrics() -> bytes:
    """The metrics of this process, as Prometheus reads them."""
    return generate_latest()


def routes(services: Sequence[Service]) -> list[Route | Mount]:
    """The pages. Nothing is fetched from elsewhere: the machine may be cut off."""

    @cache
    def openapi_json() -> bytes:
        return orjson.dumps(openapi(services))

    @cache
    def asyncapi_json() -> bytes:
        return orjson.dumps(asyncapi(services), option=orjson.OPT_INDENT_2)

    async def home(_: Request) -> Response:
        return RedirectResponse("/docs")

    async def show_openapi(_: Request) -> Response:
        return Response(openapi_json(), media_type="application/json")

    async def show_docs(_: Request) -> Response:
        return get_swagger_ui_html(
            openapi_url="/openapi.json",
            title="Sluice API",
            swagger_js_url="/docs-files/swagger-ui-bundle.js",
            swagger_css_url="/docs-files/swagger-ui.css",
            swagger_favicon_url="/docs-files/favicon.png",
        )

    async def show_asyncapi_json(_: Request) -> Response:
        return Response(asyncapi_json(), media_type="application/json")

    async def show_asyncapi(_: Request) -> Response:
        return HTMLResponse(_page(asyncapi(services)))

    return [
        Route("/", home),
        Route("/openapi.json", show_openapi),
        Route("/docs", show_docs),
        Route("/asyncapi.json", show_asyncapi_json),
        Route("/asyncapi", show_asyncapi),
        Mount("/docs-files", StaticFiles(packages=[("fastapi_offline", "static")])),
    ]


def _page(document: dict[str, Any]) -> str:
    environment = jinja2.Environment(loader=jinja2.PackageLoader("deploy.local", "pages"), autoescape=True)
    return environment.get_template("asyncapi.html").render(document=document, dumps=_indented)


def _indented(value: Any) -> str:
    return orjson.dumps(value, option=orjson.OPT_INDENT_2).decode()


if __name__ == "__main__":
    SNAPSHOT.write_bytes(snapshot(openapi([service.described() for service in SERVICES])))
