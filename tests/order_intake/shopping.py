"""What a shop asks about its orders of version 3 over HTTP, and a supplier that delivers them."""

import json
from typing import Any
from uuid import UUID

import httpx
import uuid_utils.compat as uuid_utils

from order_intake import handlers
from shared.postgres import Database
from tests.order_intake import orders

ORDERS = "/ecommerce/v3/orders"


async def post(client: httpx.AsyncClient, order: Any) -> httpx.Response:
    """Place an order."""
    return await client.post(ORDERS, content=json.dumps(order).encode())


async def placed(client: httpx.AsyncClient, order: Any) -> dict[str, Any]:
    """Place an order that must be taken."""
    answer = await post(client, order)
    assert answer.status_code == 200, answer.text
    read: dict[str, Any] = answer.json()
    return read


async def get(client: httpx.AsyncClient, order: str) -> dict[str, Any]:
    """Read an order."""
    answer = await client.get(f"{ORDERS}/{order}")
    assert answer.status_code == 200, answer.text
    read: dict[str, Any] = answer.json()
    return read


async def change(
    client: httpx.AsyncClient, order: str, given: Any, headers: dict[str, str] | None = None
) -> httpx.Response:
    """Change an order."""
    return await client.put(f"{ORDERS}/{order}", content=json.dumps(given).encode(), headers=headers)


def wrong_fields(answer: httpx.Response) -> set[str]:
    """The fields an answer of 400 names."""
    assert answer.status_code == 400, answer.text
    return {error["field"] for error in answer.json()["errors"]}


async def deliver(book: Database, *, first_row_only: bool = False) -> None:
    """Let the newest order be routed and its rows be delivered."""
    async with book.transaction() as tx:
        order_id: UUID = await tx.fetch_value("SELECT id FROM orders WHERE current ORDER BY placed_at DESC LIMIT 1")
        rows = await tx.fetch("SELECT external_id, quantity FROM order_rows WHERE order_id = $1", order_id)
        shipments = {row["external_id"]: uuid_utils.uuid7() for row in rows}
        told = [
            orders.row_routed(row["external_id"], ("W1", shipments[row["external_id"]], int(row["quantity"])))
            for row in rows
        ]
        await handlers.show_routes([orders.routed(order_id, *told)], tx)
        sent = [
            orders.shipment(
                *(order_id, shipments[row["external_id"]], "Delivered"),
                (row["external_id"], int(row["quantity"]), int(row["quantity"])),
                codes=("JJFI1",),
            )
            for row in rows
            if row["external_id"] == "1" or not first_row_only
        ]
        await handlers.follow_shipments(sent, tx)
