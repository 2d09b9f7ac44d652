"""A market: an operator, a retailer and a supplier with things of their own, and two others who know of none."""

import base64
from collections.abc import Mapping, Sequence
from dataclasses import asdict
from typing import Any

import httpx

from deploy.local import demo_world
from portal import organisations
from shared.contracts import OrganisationChanged
from tests import builders
from tests.journeys.running import Running
from tests.journeys.world import CONSUMER, Caller, World
from tests.public_api import table
from tests.public_api.fuzzing import Effort, Job

NOBODY = "https://127.0.0.1:8443/"
"""Where nobody takes events."""
ENVIRONMENT = {"NOTIFIER_WEBHOOK_NETWORKS": "127.0.0.0/8", "NOTIFIER_STREAM_SECONDS": "1"}
"""What a system with a market in it is told: events stay on this machine, and streams of them are short."""

PARKED = (
    "INSERT INTO parked (message_id, topic, partition, record_offset, key, value, headers, error, attempts)"
    " SELECT gen_random_uuid(), $1, 0, o, $2, $3, '[]', 'given up for the test', 1"
    " FROM unnest($4::bigint[]) AS o RETURNING id"
)


class Market:
    """Who is in the market, and what there is of the first retailer and the first supplier.

    `things` are the values that a path's parameters have, by their names; `spare` are more of the same, for who uses
    them up; `delivered` is a shipment of which something may come back; `marks` are what only the first two may ever
    be told.
    """

    def __init__(self, running: Running, client: httpx.AsyncClient) -> None:
        self.world = World(running, client)
        self.catalogue, self.product = "tampere", "boots"
        self.callers: dict[str, Caller] = {}
        self.things: dict[str, str] = {}
        self.spare: dict[str, str] = {}
        self.parked: dict[str, int] = {}
        self.delivered = ""
        self.marks: tuple[str, ...] = ()

    @property
    def retailer(self) -> Caller:
        """The first retailer."""
        return self.callers["retailer"]

    @property
    def supplier(self) -> Caller:
        """The first supplier."""
        return self.callers["supplier"]

    async def made(self) -> "Market":
        """The market with everything in it, all of it known to all services."""
        world = await self.world.made()
        self.callers = {
            "retailer": world.retailer,
            "other retailer": await world.party("retailer", "Another shop"),
            "supplier": world.supplier,
            "other supplier": await world.party("supplier", "Another supplier"),
            "operator": await world.party("operator", "Operator"),
        }
        self.callers["nobody"] = Caller(world.retailer.party, world.client, {})
        await world.warehouse(self.catalogue, {self.product: 1_000, "ending": 1, "withdrawn": 1})
        await world.warehouse("own", {"shelf": 3}, supplier=world.retailer)
        for catalogue in ("closing", "withdrawing"):
            await world.warehouse(catalogue, {})
        orders = [await self._placed() for _ in range(3)]
        self.spare["deleting"], self.spare["reopening"] = await self._placed(), await self._placed()
        self.spare["releasing"] = await self._placed(preferences={"autoSubmit": False})
        address = "/ecommerce/v3/orders"
        await self.retailer.put(f"{address}/{self.spare['reopening']}", {"status": {"value": "Cancelled"}})
        comment = {"externalId": "91", "type": "passThrough", "value": "a note"}
        assert (await self.retailer.ask("POST", f"{address}/{orders[0]}/comments", comment)).is_success
        await world.running.settled()
        shipped = await builders.eventually(self._shipped, lambda found: found.keys() >= set(orders))
        shipment, self.spare["delivering"], self.delivered = (shipped[order] for order in orders)
        delivered = await self.supplier.ask("POST", f"/ecommerce/v3/shipments/{self.delivered}/delivered")
        assert delivered.status_code == 200, delivered.text
        returned, self.spare["receiving"], self.spare["cancelling"] = [await self._returned() for _ in range(3)]
        reserved, self.spare["freeing"] = [await self._reserved() for _ in range(2)]
        series = {"carrier": "Nobody", "form": "JJFI", "prefix": "000000"}
        for first, name in enumerate(("posti", "ending")):
            await self.callers["operator"].put(
                f"/ecommerce/v3/tracking/series/{name}", series | {"first": first, "last": first}
            )
        for carrier in ("Nobody", "forgetting"):
            await self.callers["operator"].put(f"/ecommerce/v3/tracking/carriers/{carrier}", {"trackingUrl": None})
        for catalogue in (self.catalogue, "closing"):
            await self.retailer.put(f"/ecommerce/v3/tracking/accounts/{catalogue}", {"user": "U", "secret": "S"})
        delivery = await self._sent_to_webhook()
        self.spare["revoking"] = f"spare-key-of-{world.retailer.id}"
        await self._park(await organisations.new_key(self.spare["revoking"], demo_world.SECRET))
        self.things = {
            "catalogue_id": self.catalogue,
            "product_id": self.product,
            "external_id": orders[0],
            "row_external_id": "1",
            "order_number": orders[0],
            "comment_id": "91",
            "reservation_id": reserved,
            "shipment_id": shipment,
            "return_id": returned,
            "parcel_id": "1",
            "webhook_id": "shop",
            "delivery_id": delivery,
            "name": "posti",
            "carrier": "Nobody",
            "business_id": world.retailer.id,
            "account": world.retailer.party.account,
            "parked_id": str(self.parked["show"]),
        }
        shipments = (shipment, self.spare["delivering"], self.delivered)
        self.marks = (world.retailer.id, world.supplier.id, *orders, *shipments, returned)
        await world.running.settled()
        return self

    def order(self, **fields: Any) -> dict[str, Any]:
        """An order of version 3 for two of the product; with a number of its own, unless it is given one."""
        number = self.world.document()["externalId"]
        wanted = {"externalId": "1", "quantity": 2, "externalProductId": self.product}
        return {
            "externalId": number,
            "orderDate": "2026-01-02T08:00:00.000+00:00",
            "metadata": {"documentType": "SalesOrder"},
            "client": CONSUMER,
            "deliveryAddress": CONSUMER,
            "serviceCode": "2103",
            "rows": [wanted | {"externalWarehouseId": self.catalogue}],
            **fields,
        }

    def cart(self) -> dict[str, Any]:
        """What is kept for a while: one of the product."""
        return {"minutes": 1_440, "rows": [{"externalProductId": self.product, "quantity": 1}]}

    def coming_back(self) -> dict[str, Any]:
        """A little of what was delivered comes back."""
        row = {"externalId": "1", "quantity": 0.125, "reason": "Damaged"}
        return {"shipmentId": self.delivered, "rows": [row]}

    async def _returned(self) -> str:
        answer = await self.retailer.ask("POST", "/ecommerce/v3/returns", self.coming_back())
        assert answer.status_code == 200, answer.text
        return str(answer.json()["returnId"])

    async def _reserved(self) -> str:
        answer = await self.retailer.ask("POST", "/ecommerce/v3/reservations", self.cart())
        assert answer.status_code == 200, answer.text
        return str(answer.json()["reservationId"])

    async def _shipped(self) -> dict[str, str]:
        """The shipments there are, by the number of their order."""
        return {found["consignment"]["reference"]: found["shipmentId"] for found in await self.supplier.shipments()}

    async def _sent_to_webhook(self) -> str:
        """Where the retailer wants its events, and once more; the number of an event that was sent to the first."""
        address = "/ecommerce/v3/webhooks"
        self.spare["silencing"] = "silenced"
        for name in ("shop", self.spare["silencing"]):
            await self.retailer.put(f"{address}/{name}", {"url": NOBODY, "cursor": "0"})
        log = await builders.eventually(
            lambda: self.retailer.get(f"{address}/shop/deliveries"), lambda found: found["content"]
        )
        return str(log["content"][0]["deliveryId"])

    async def _placed(self, **fields: Any) -> str:
        order = self.order(**fields)
        answer = await self.retailer.ask("POST", "/ecommerce/v3/orders", order)
        assert answer.status_code == 200, answer.text
        return str(order["externalId"])

    async def _park(self, key: organisations.NewKey) -> None:
        """Give the retailer one more key, and every service three parked messages with the same numbers."""
        databases = self.world.running.databases
        # News that changes nothing wherever it is sent: nobody in the market has this number.
        news = OrganisationChanged(business_id="9999999-9", version=1, name="Nobody", roles=("supplier",))
        async with databases["portal"].transaction() as tx:
            await organisations.add_key(tx, self.retailer.id, key)
        for database in databases.values():
            async with database.transaction() as tx:
                await tx.execute("ALTER TABLE parked ALTER COLUMN id RESTART WITH 1001")
                value = news.model_dump_json().encode()
                rows = await tx.fetch(PARKED, news.topic, news.key.encode(), value, [1, 2, 3])
                ids = [found["id"] for found in rows]
            self.parked = dict(zip(("show", "send", "discard"), ids, strict=True))

    def headers(self, caller: str, *, basic: bool = False) -> dict[str, str]:
        """What a caller shows: its token, or with `basic` its account and secret. Nobody shows nothing."""
        found = self.callers[caller]
        if not found.headers or not basic:
            return dict(found.headers)
        shown = base64.b64encode(f"{found.party.account}:{demo_world.SECRET}".encode()).decode()
        return {"Authorization": f"Basic {shown}"}

    async def ask(
        self, method: str, path: str, headers: Mapping[str, str], query: Mapping[str, str], body: Any
    ) -> httpx.Response:
        """Whatever is answered."""
        content = {} if body is None else {"content": body} if isinstance(body, bytes) else {"json": body}
        return await self.world.client.request(method, path, headers=headers, params=query, **content)

    def job(self, caller: str, effort: Effort, operations: Sequence[str] = ()) -> Job:
        """The job of asking, as a caller, these operations, or else every one that it may use."""
        things = {name: [thing] for name, thing in self.things.items()}
        things["shipment_id"].append(self.spare["delivering"])
        things["If-Match"] = ["*", '"1"', '"2"']
        things["external_id"] += [self.spare[order] for order in ("deleting", "reopening", "releasing")]
        return Job(
            address=self.world.running.system.address,
            token=self.headers(caller)["Authorization"].removeprefix("Bearer "),
            account=self.callers[caller].party.account,
            secret=demo_world.SECRET,
            operations=operations or table.allowed(caller),
            things=things,
            effort=asdict(effort),
        )
