"""What there is to read at the one address: the OpenAPI of all services at `/docs`, the AsyncAPI at `/asyncapi`."""

from collections.abc import Sequence
from functools import cache
from typing import Any

import jinja2
import orjson
from fastapi.openapi.docs import get_swagger_ui_html
from prometheus_client import generate_latest
from starlette.requests import Request
from starlette.responses import HTMLResponse, RedirectResponse, Response
from starlette.routing import Mount, Route
from starlette.staticfiles import StaticFiles

from shared.contracts import MESSAGES, Command
from shared.service import Service

VERSION = "0.1.0"


def openapi(services: Sequence[Service]) -> dict[str, Any]:
    """One OpenAPI document of all services. Models of one name in two services are told apart by the service."""
    merged: dict[str, Any] = {
        "openapi": "3.1.0",
        "info": {"title": "Sluice", "version": VERSION, "description": "An open-source drop-shipping hub."},
        "paths": {},
        "components": {"schemas": {}, "securitySchemes": {}},
    }
    schemas: dict[str, Any] = merged["components"]["schemas"]
    for service in services:
        found = service.app.openapi()
        for name, model in found.get("components", {}).get("schemas", {}).items():
            if schemas.get(name, model) != model:
                renamed = f"{service.schema}_{name}"
                found = _with_reference(found, name, renamed)
                schemas[renamed] = found["components"]["schemas"][name]
            else:
                schemas[name] = model
        merged["components"]["securitySchemes"] |= found.get("components", {}).get("securitySchemes", {})
        for path, operations in found["paths"].items():
            for operation in operations.values():
                # FastAPI's word for invalid input, which we answer with 400 (trust.md).
                operation["responses"].pop("422", None)
            merged["paths"].setdefault(path, {}).update(operations)
    for unused in ("HTTPValidationError", "ValidationError"):
        schemas.pop(unused, None)
    return merged


def _with_reference(document: dict[str, Any], name: str, renamed: str) -> dict[str, Any]:
    text = orjson.dumps(document).decode()
    again: dict[str, Any] = orjson.loads(
        text.replace(f'"#/components/schemas/{name}"', f'"#/components/schemas/{renamed}"')
    )
    return again


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
