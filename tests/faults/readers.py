"""Who reads feeds while things die: a retailer and its suppliers, each with a cursor of its own."""

import asyncio
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import httpx
import orjson

from deploy.local import databases
from deploy.local.demo_world import Party
from shared.contracts import OrderRouted, ShipmentChanged
from tests.faults.machine import Machine

EVENTS = "/ecommerce/v3/events"


@dataclass
class Reader:
    """Reads an organisation's feed from its beginning. Its cursor moves only with what it has noted."""

    client: httpx.AsyncClient
    party: Party
    headers: Mapping[str, str]
    cursor: str | None = None
    ids: list[str] = field(default_factory=list)
    failures: int = 0

    async def follow(self, ended: asyncio.Event) -> None:
        """Read on until told that nothing more comes, and nothing has."""
        while True:
            last = ended.is_set()
            events = await self._read(wait=0 if last else 1)
            if events is None:
                await asyncio.sleep(0.1)
            elif last and not events:
                return

    async def _read(self, wait: int) -> list[Any] | None:
        """The events of the next page; None when there was no answer."""
        query = {"limit": "50", "wait": str(wait)} | ({} if self.cursor is None else {"cursor": self.cursor})
        try:
            answer = await self.client.get(EVENTS, params=query, headers=dict(self.headers))
            page = answer.json() if answer.status_code == 200 else None
        except (httpx.HTTPError, ValueError):
            page = None
        if page is None:
            self.failures += 1
            return None
        self.ids += [event["id"] for event in page["events"]]
        self.cursor = page["cursor"]
        return [*page["events"]]


async def told_of(machine: Machine, party: Party) -> set[str]:
    """The ids of all events that an organisation is to be told: what the books of order-intake and router hold of its
    orders and shipments, and what they have said of those."""
    async with databases.opened({"database": machine.database, "kafka": "-"}) as opened:
        async with opened["order-intake"].transaction() as tx:
            orders = await tx.fetch("SELECT id FROM orders WHERE retailer_id = $1", party.business_id)
        async with opened["router"].transaction() as tx:
            shipments = await tx.fetch(
                "SELECT id FROM shipments WHERE $1 IN (retailer_id, supplier_id)", party.business_id
            )
            said = [
                (row["topic"], orjson.loads(row["value"]))
                for row in await tx.fetch(
                    "SELECT topic, value FROM sent WHERE topic = ANY($1::text[])",
                    [OrderRouted.topic, ShipmentChanged.topic],
                )
            ]
    known = {str(row["id"]) for row in (*orders, *shipments)}
    return {
        *(f"{row['id']}_accepted" for row in orders),
        *(f"{row['id']}_created" for row in shipments),
        *(
            f"{one['order_id']}_round_{one['round']}"
            for topic, one in said
            if topic == OrderRouted.topic and one["order_id"] in known
        ),
        *(
            f"{one['shipment_id']}_version_{one['version']}"
            for topic, one in said
            if topic == ShipmentChanged.topic and one["shipment_id"] in known
        ),
    }
