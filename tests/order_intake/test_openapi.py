"""The description of the interface tells everything that can be said, and its examples are true."""

from collections.abc import Iterator
from typing import Any

import httpx
import jsonschema
import pytest

from order_intake.app import build
from order_intake.settings import Settings

ORDERS = "/ecommerce/v3/orders"
ORDER = ORDERS + "/{external_id}"


@pytest.fixture(scope="module")
def described() -> dict[str, Any]:
    """The description of the service."""
    found: dict[str, Any] = build(Settings(database="postgresql:///", kafka="none")).app.openapi()
    return found


def operations(described: dict[str, Any]) -> Iterator[tuple[str, dict[str, Any]]]:
    """Each operation on orders, with its name for messages."""
    for path, methods in described["paths"].items():
        if "/orders" in path:
            for method, operation in methods.items():
                yield f"{method.upper()} {path}", operation


def fields(name: str, part: Any) -> Iterator[tuple[str, dict[str, Any]]]:
    """Each field of a schema and of its parts, with its path."""
    if isinstance(part, dict):
        for field, schema in part.get("properties", {}).items():
            yield f"{name}.{field}", schema
        for inner, value in part.items():
            yield from fields(f"{name}/{inner}", value)
    elif isinstance(part, list):
        for item in part:
            yield from fields(name, item)


def test_every_operation_on_orders_is_there(described: dict[str, Any]) -> None:
    assert {name for name, _ in operations(described)} == {
        *(f"{method} {ORDER}" for method in ("GET", "PUT", "POST", "DELETE")),
        *(f"{method} {ORDERS}" for method in ("GET", "POST")),
        f"PATCH {ORDER}/preferences",
        f"POST {ORDER}/comments",
        f"DELETE {ORDER}/comments/{{comment_id}}",
        "PUT /v2/orders",
        "GET /v2/orders/order/{order_number}",
    }


def test_every_operation_parameter_and_field_is_described(described: dict[str, Any]) -> None:
    bare = []
    for name, operation in operations(described):
        for part, parameters in ((name, [operation]), (f"{name}?", operation.get("parameters", ()))):
            bare += [part + parameter.get("name", "") for parameter in parameters if not parameter.get("description")]
        bodies = operation.get("requestBody", {}).get("content", {}).values()
        for field, schema in fields(name, [body["schema"] for body in bodies]):
            bare += [field] if not schema.get("description") else []
    for model in ("OrderShown", "OrderShownV2", "RowShown", "StatusShown", "RoutedWarehouse"):
        for field, schema in fields(model, described["components"]["schemas"][model]):
            bare += [field] if not schema.get("description") else []
    assert bare == []


def test_every_single_value_has_an_example(described: dict[str, Any]) -> None:
    body = described["paths"][ORDERS]["post"]["requestBody"]["content"]["application/json"]["schema"]
    bare = [
        name
        for name, schema in fields("order", body)
        if "examples" not in schema
        and not any(kind.get("type") in ("array", "object") for kind in [schema, *schema.get("anyOf", ())])
    ]
    assert bare == []


def test_the_examples_of_bodies_have_the_shape_of_bodies(described: dict[str, Any]) -> None:
    checked = 0
    for _, operation in operations(described):
        for body in operation.get("requestBody", {}).get("content", {}).values():
            for example in body.get("examples", {}).values():
                jsonschema.validate(example["value"], body["schema"])
                checked += 1
    assert checked >= 9


async def test_the_routing_of_an_order_and_the_cancelling_of_its_rows_is_another_services(
    client: httpx.AsyncClient,
) -> None:
    for number in ("A-1", "A/1", "A%2F1"):
        answer = await client.get(f"{ORDERS}/{number}/routing")
        assert (answer.status_code, answer.json()["message"]) == (404, "Not Found")
        cancelled = await client.post(f"{ORDERS}/{number}/rows/1/cancellations")
        assert (cancelled.status_code, cancelled.json()["message"]) == (404, "Not Found")
        assert (await client.get(f"{ORDERS}/{number}")).status_code == 401
