"""The demo: a world to look at, and orders to follow through it."""

import asyncio
import random
import time
from collections import Counter
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any

import httpx

from deploy.local import audit, demo_points, demo_series, demo_world
from deploy.local.demo_world import Party
from deploy.local.trouble import CannotStart
from portal import organisations
from shared.postgres import Database

SETTLE_S = 60.0
RECENT = timedelta(minutes=10)
AT_A_TIME = 16
FIRST_NAMES = ("Aino", "Elias", "Helmi", "Onni", "Saga", "Väinö")
TOWNS = (("00100", "Helsinki"), ("33100", "Tampere"), ("20100", "Turku"), ("90100", "Oulu"), ("65100", "Vaasa"))


async def load(databases: Mapping[str, Database], address: str) -> bool:
    """Load the demo's world through the API, unless it is there already. Returns whether it was loaded.

    Done when every service knows all of it. Raises CannotStart when something refuses it.
    """
    await demo_points.load(databases["router"])
    portal = databases["portal"]
    async with portal.transaction() as tx:
        there = {row["business_id"] for row in await tx.fetch("SELECT business_id FROM organisations")}
        if demo_world.OPERATOR.business_id in there:
            return False
    await demo_series.load(databases["router"])
    async with portal.transaction() as tx:
        for party in (p for p in demo_world.PARTIES if p is not demo_world.OPERATOR):
            await _register(portal, party)
    async with httpx.AsyncClient(base_url=address, timeout=60, trust_env=False) as client:
        for retailer in demo_world.RETAILERS:
            headers = await token(client, retailer)
            for catalogue in demo_world.CATALOGUES:
                if catalogue.retailer is retailer:
                    body = {
                        "catalogName": catalogue.name,
                        "catalogType": "Catalog",
                        "supplierId": catalogue.supplier.business_id,
                        "priority": catalogue.priority,
                        "backOrderAllowed": False,
                    }
                    _check(
                        await client.put(f"/ecommerce/v3/catalogs/{catalogue.external_id}", json=body, headers=headers)
                    )
        for supplier in demo_world.SUPPLIERS:
            headers = await token(client, supplier)
            for path, items in (
                ("", demo_world.products(supplier)),
                ("/balances", list(demo_world.balances(supplier))),
            ):
                wrong = _check(await client.put(f"/ecommerce/v3/inventory{path}", json=items, headers=headers)).json()
                if wrong:
                    raise CannotStart(
                        "The demo", f"{supplier.name}'s products were refused: {wrong[:3]}", "Report this"
                    )
    # The operator comes last: where it is, the demo is whole.
    await _register(portal, demo_world.OPERATOR)
    await settled(databases)
    return True


async def _register(portal: Database, party: Party) -> None:
    key = await organisations.new_key(party.account, demo_world.SECRET)
    async with portal.transaction() as tx:
        await organisations.add_organisation(
            tx, party.business_id, party.name, party.roles, email=party.email, language=party.language
        )
        await organisations.add_key(tx, party.business_id, key)


async def settled(databases: Mapping[str, Database], seconds: float = SETTLE_S) -> bool:
    """Wait until every message has been taken by all who take it. Returns whether that was so in time."""
    deadline = time.monotonic() + seconds
    while await audit.in_flight(databases, since=RECENT):
        if time.monotonic() > deadline:
            return False
        await asyncio.sleep(0.05)
    return True


async def token(client: httpx.AsyncClient, party: Party) -> dict[str, str]:
    """The header that says who is asking, good for an hour. The key may still be on its way to the services."""
    answer = _check(await client.get("/auth/token", auth=(party.account, demo_world.SECRET)))
    headers = {"Authorization": f"Bearer {answer.json()['access_token']}"}
    path = "/ecommerce/v3/catalogs"
    for _ in range(100):
        if (await client.get(path, params={"size": 1}, headers=headers)).status_code != 401:
            break
        await asyncio.sleep(0.1)
    return headers


def _check(answer: httpx.Response) -> httpx.Response:
    if answer.is_error:
        why = f"{answer.request.method} {answer.request.url.path} answered {answer.status_code}: {answer.text[:300]}"
        raise CannotStart("The demo", why, "Start with --no-demo, or see the log")
    return answer


def new_order(chance: random.Random, retailer: Party, number: str) -> dict[str, Any]:
    """A realistic order of one to four rows over the retailer's catalogues, mostly of one or two units."""
    rows = []
    suppliers = chance.sample(demo_world.SUPPLIERS, k=chance.choice((1, 1, 2, 2, 3)))
    for position in range(1, chance.choice((1, 2, 2, 3, 4)) + 1):
        supplier = suppliers[position % len(suppliers)]
        rows.append(
            {
                "externalId": str(position),
                "externalProductId": chance.choice(demo_world.product_ids(supplier)),
                "quantity": chance.choice((1, 1, 1, 2, 2, 3, 6)),
                "productUnitOfMeasure": "KPL",
            }
        )
    code, town = chance.choice(TOWNS)
    consumer = {
        "name": f"{chance.choice(FIRST_NAMES)} Esimerkki",
        "streetAddress": f"Esimerkkikatu {chance.randint(1, 99)}",
        "postalCode": code,
        "postOffice": town,
        "country": "FI",
        "telephone": "+358401234567",
        "email": "customer@example.com",
    }
    shop = {
        "name": retailer.name,
        "streetAddress": "Kauppakatu 1",
        "postalCode": "00100",
        "postOffice": "Helsinki",
        "country": "FI",
    }
    return {
        "externalId": number,
        "orderDate": datetime.now(UTC).isoformat(timespec="milliseconds"),
        "references": [{"name": "SO", "value": number}],
        "metadata": {
            "sourceOrganization": retailer.name,
            "receiverOrganization": "any",
            "documentType": "SalesOrder",
        },
        "vendor": shop,
        "sender": shop,
        "client": consumer,
        "deliveryAddress": consumer,
        "currency": "EUR",
        "serviceCode": "2103",
        "rows": rows,
    }


@dataclass
class Followed:
    """What became of the demo's orders: posted, accepted, and the statuses they ended in."""

    posted: int = 0
    accepted: list[tuple[Party, str]] = field(default_factory=list)
    refused: Counter[str] = field(default_factory=Counter)
    statuses: Counter[str] = field(default_factory=Counter)
    rows: Counter[str] = field(default_factory=Counter)
    shipments: set[str] = field(default_factory=set)
    seconds_to_answer: list[float] = field(default_factory=list)
    seconds_in_all: float = 0.0
    unsettled: list[str] = field(default_factory=list)


async def post_orders(
    address: str, orders: int, progress: Callable[[str, int], None], seed: int | None = None
) -> Followed:
    """Post orders of both retailers, then follow each until it is routed; `progress(step, how many more)` is told.

    Orders that could not be posted are counted with the reason; those not routed after a minute are `unsettled`.
    """
    chance = random.Random(seed)
    followed = Followed()
    began = time.monotonic()
    run = f"{datetime.now(UTC):%m%d%H%M%S}"
    limits = httpx.Limits(max_connections=AT_A_TIME)
    async with httpx.AsyncClient(base_url=address, timeout=30, limits=limits, trust_env=False) as client:
        headers = {retailer: await token(client, retailer) for retailer in demo_world.RETAILERS}
        turns = asyncio.Semaphore(AT_A_TIME)

        async def post(number: int) -> None:
            retailer = chance.choice(demo_world.RETAILERS)
            order = new_order(chance, retailer, f"DEMO-{run}-{number:05d}")
            async with turns:
                asked = time.monotonic()
                try:
                    answer = await client.put("/v2/orders", json=order, headers=headers[retailer])
                except httpx.HTTPError as error:
                    followed.refused[type(error).__name__] += 1
                else:
                    if answer.is_success:
                        followed.accepted.append((retailer, order["externalId"]))
                        followed.seconds_to_answer.append(time.monotonic() - asked)
                    else:
                        followed.refused[f"{answer.status_code} {answer.json().get('message', '')}"] += 1
            followed.posted += 1
            progress("posted", 1)

        waiting = asyncio.Queue[tuple[Party, str]]()

        async def follow() -> None:
            while not waiting.empty():
                retailer, number = waiting.get_nowait()
                deadline, pause = time.monotonic() + SETTLE_S, 0.1
                while True:
                    order = await _order(client, number, headers[retailer])
                    if order is not None and order["statuses"][-1]["value"] != "Accepted":
                        _count(followed, order)
                        break
                    if time.monotonic() > deadline:
                        followed.unsettled.append(number)
                        break
                    await asyncio.sleep(pause)
                    pause = min(pause * 1.5, 1.0)
                progress("routed", 1)

        await asyncio.gather(*(post(number) for number in range(1, orders + 1)))
        for accepted in followed.accepted:
            waiting.put_nowait(accepted)
        await asyncio.gather(*(follow() for _ in range(AT_A_TIME)))
    followed.seconds_in_all = time.monotonic() - began
    return followed


async def _order(client: httpx.AsyncClient, number: str, headers: dict[str, str]) -> dict[str, Any] | None:
    try:
        answer = await client.get(f"/v2/orders/order/{number}", headers=headers)
    except httpx.HTTPError:
        return None
    return answer.json() if answer.is_success else None


def _count(followed: Followed, order: dict[str, Any]) -> None:
    followed.statuses[order["statuses"][-1]["value"]] += 1
    for row in order["rows"]:
        asked, missing = row["quantity"], row.get("toBeRoutedQuantity", 0)
        followed.rows["routed" if not missing else "partly routed" if missing < asked else "not routed"] += 1
        followed.shipments.update(row.get("shipmentIds", ()))
