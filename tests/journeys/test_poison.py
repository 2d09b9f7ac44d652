"""Messages nobody can take: they are parked for a person, and hold up no other."""

import asyncio
from uuid import uuid4

from shared import parked
from shared.contracts import OrderPlaced, OrganisationChanged
from shared.parked import ParkedMessage
from tests import builders
from tests.builders import Record
from tests.journeys import records
from tests.journeys.records import Said
from tests.journeys.world import Caller, World, routed, row, status_of


async def parked_at(world: World, service: str) -> list[ParkedMessage]:
    """What a service has given up."""
    async with world.running.databases[service].transaction() as tx:
        return await parked.parked(tx)


async def until_parked(world: World, service: str, count: int) -> list[ParkedMessage]:
    """What a service has given up, once there is so much of it."""
    return await builders.eventually(lambda: parked_at(world, service), lambda found: len(found) == count)


async def discard(world: World, service: str, messages: list[ParkedMessage]) -> None:
    """Forget parked messages."""
    ids = [message.id for message in messages]
    async with world.running.databases[service].transaction() as tx:
        assert await parked.discard(tx, ids) == ids
    assert await parked_at(world, service) == []


def renamed(supplier: Caller, name: str) -> bytes:
    """What the portal would say of a supplier with a new name."""
    news = OrganisationChanged(
        business_id=supplier.id, name=name, roles=("supplier",), email=supplier.party.email, version=2
    )
    return news.model_dump_json(exclude_defaults=True).encode()


async def test_poison_is_parked_and_the_orders_around_it_go_on(world: World) -> None:
    await world.warehouse("tampere", {"boots": 20})
    topic, alien = OrderPlaced.topic, renamed(world.supplier, "Not an order")
    truncated = Said(topic, "truncated", b'{"order_id": "0197', uuid4())
    poison = [truncated.record, Record(topic, 0, b"no header", b"{}", []), Said(topic, "alien", alien, uuid4()).record]

    before = [await world.place(row("boots", 1)) for _ in range(4)]
    await records.publish(world.running, poison)
    after = await asyncio.gather(*(world.place(row("boots", 1)) for _ in range(8)))
    for number in (*before, *after):
        assert routed(await world.order(number)) == [{"tampere": 1}]

    given_up = await until_parked(world, "router", 3)
    why = {message.key: message.error for message in given_up}
    assert why["no header"] == "no readable 'message-id' header"
    assert why["truncated"].startswith("not a OrderPlaced: ")
    assert why["alien"].startswith("not a OrderPlaced: order_id: ")
    async with world.running.databases["router"].transaction() as tx:
        shown = {message.key: await parked.parked_message(tx, message.id) for message in given_up}
    assert (whole := shown["truncated"]) is not None
    assert (whole.topic, whole.value) == (topic, truncated.value.decode())
    assert whole.message_id == str(truncated.message_id)

    await discard(world, "router", given_up)
    await discard(world, "notifier", await until_parked(world, "notifier", 3))


async def test_a_message_that_a_person_has_mended_does_its_work(world: World) -> None:
    await world.warehouse("tampere", {"boots": 5})
    news = renamed(world.supplier, "Lakeland Boots & Sons")
    broken = Said(OrganisationChanged.topic, world.supplier.id, news[:-20], uuid4())
    await records.publish(world.running, [broken.record])
    [at_router] = await until_parked(world, "router", 1)
    at_notifier = await until_parked(world, "notifier", 1)

    purchase = {
        "references": [{"name": "PO", "value": "111"}],
        "metadata": {"sourceOrganization": "Shop", "receiverOrganization": "Lakeland Boots & Sons"},
    }
    early = await world.order(await world.place(row("boots", 1), **purchase))
    assert status_of(early) == "Unroutable"

    async with world.running.databases["router"].transaction() as tx:
        assert await parked.send_again(tx, [at_router.id], value=news) == [at_router.id]
    await discard(world, "notifier", at_notifier)
    await world.running.settled()
    assert await parked_at(world, "router") == []
    order = await world.order(await world.place(row("boots", 1), **purchase))
    assert routed(order) == [{"tampere": 1}]
