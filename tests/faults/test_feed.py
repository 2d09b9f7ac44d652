"""Who reads the feed, or has it sent, while services die ends with exactly what happened."""

import asyncio
import random
from typing import Any

import httpx

from deploy.local import databases, demo, demo_world
from tests import builders
from tests.faults import readers
from tests.faults.machine import Machine
from tests.faults.readers import Reader
from tests.faults.shop import Enter
from tests.faults.verdict import assert_nothing_is_lost_or_doubled
from tests.notifier import receivers

ORDERS = 150
KILLED = ("notifier", "router", "notifier", "order-intake", "notifier")
WEBHOOK = "/ecommerce/v3/webhooks/shop"


async def deliver_some(client: httpx.AsyncClient, headers: dict[str, str], ended: asyncio.Event) -> None:
    """A supplier that opens and confirms shipments, whatever it is answered."""
    chance = random.Random(7)
    while not ended.is_set():
        try:
            found = await client.get(
                "/ecommerce/v3/shipments", params={"status": "Created,Viewed", "size": "20"}, headers=headers
            )
            for shipment in found.json()["content"] if found.status_code == 200 else ():
                status = chance.choice(["Viewed", "Delivered", "Delivered"])
                await client.patch(
                    f"/ecommerce/v3/shipments/{shipment['shipmentId']}",
                    json={"status": {"value": status}},
                    headers=headers,
                )
        except (httpx.HTTPError, ValueError):
            pass
        await asyncio.sleep(0.2)


async def test_who_reads_while_services_are_killed_ends_with_exactly_what_happened(
    of_processes: Machine, enter: Enter
) -> None:
    machine, shop = of_processes, await enter(of_processes)
    parties = (demo_world.NORDIC, *demo_world.SUPPLIERS)
    async with receivers.running() as receiver:
        headers = {party: await demo.token(shop.client, party) for party in parties}
        created = await shop.client.put(
            WEBHOOK, headers=headers[demo_world.NORDIC], json={"url": receiver.address, "cursor": "0"}
        )
        assert created.status_code == 200, created.text
        reading = [Reader(shop.client, party, headers[party]) for party in parties]
        ended, delivered = asyncio.Event(), asyncio.Event()
        following = [asyncio.create_task(reader.follow(ended)) for reader in reading]
        delivering = asyncio.create_task(deliver_some(shop.client, headers[demo_world.BOOTS], delivered))
        posting = asyncio.create_task(shop.post(ORDERS))
        for place, service in enumerate(KILLED, start=1):
            await shop.answered(place * ORDERS // (len(KILLED) + 1))
            await machine.kill(service)
            await machine.run(service)
            await end_leases(machine)
        await posting
        await machine.until_ready()
        delivered.set()
        await delivering
        await assert_nothing_is_lost_or_doubled(machine, shop)
        async with databases.opened({"database": machine.database, "kafka": "-"}) as opened:
            assert await demo.settled(opened)
        ended.set()
        await asyncio.gather(*following)
        for reader in reading:
            told = await readers.told_of(machine, reader.party)
            assert len(reader.ids) == len(set(reader.ids))
            assert set(reader.ids) == told
        assert all(reader.ids for reader in reading)

        await end_leases(machine)
        wanted = reading[0].ids
        await builders.eventually(lambda: behind(shop.client, headers[demo_world.NORDIC]), lambda left: left == 0)
    assert list(dict.fromkeys(receiver.took)) == wanted
    for one in receiver.received:
        assert one.verified(created.json()["secret"])["id"] == one.id


async def behind(client: httpx.AsyncClient, headers: dict[str, str]) -> int:
    """How many events the webhook has still to get."""
    shown: dict[str, Any] = (await client.get(WEBHOOK, headers=headers)).json()
    return int(shown["behind"])


async def end_leases(machine: Machine) -> None:
    """Act as if the minute had passed for which a courier that died keeps its webhooks."""
    values = {"database": machine.database, "kafka": "-"}
    async with databases.opened(values) as opened, opened["notifier"].transaction() as tx:
        await tx.execute("UPDATE webhooks SET leased_until = now()")
