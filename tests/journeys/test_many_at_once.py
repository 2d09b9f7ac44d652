"""Many orders at the same moment: nothing is promised twice, and what comes together is done together."""

import asyncio
from typing import Any

from tests.journeys import metrics
from tests.journeys.world import World, routed, row, status_of

ORDERS = 500
AT_A_TIME = 32


async def test_of_twelve_orders_for_the_last_unit_one_is_routed_and_eleven_are_told(world: World) -> None:
    await world.warehouse("tampere", {"boots": 1})
    numbers = await asyncio.gather(*(world.place(row("boots", 1)) for _ in range(12)))
    orders = [await world.order(number) for number in numbers]
    assert sorted(map(status_of, orders)) == ["Unroutable"] * 11 + ["orderRouted"]
    assert [o["rows"][0]["reason"] for o in orders if status_of(o) == "Unroutable"] == ["no stock"] * 11
    assert await world.stock_at("tampere") == {"boots": (0, 1)}
    assert len(await world.supplier.shipments()) == 1


async def test_500_orders_posted_together_are_all_routed_with_one_transaction_for_each_batch(world: World) -> None:
    # Hundreds of mails would only keep the journeys after this one waiting for theirs.
    first = await world.party("supplier", "First", mail=False)
    second = await world.party("supplier", "Second", mail=False)
    await world.warehouse("tampere", {"boots": 300, "socks": 1000}, supplier=first)
    await world.warehouse("oulu", {"boots": 300}, supplier=second)
    names = ("sluice_batch_transactions", "sluice_batches", "sluice_messages_taken")
    outcomes = (None, "committed", "handled")
    before = [await metrics.counted(world, *of) for of in zip(names, outcomes, strict=True)]

    turns = asyncio.Semaphore(AT_A_TIME)

    async def placed() -> str:
        async with turns:
            return await world.place(row("boots", 1), row("socks", 2))

    async def followed(number: str) -> dict[str, Any]:
        async with turns:
            return await world.order(number)

    numbers = await asyncio.gather(*(placed() for _ in range(ORDERS)))
    orders = await asyncio.gather(*map(followed, numbers))
    assert {status_of(order) for order in orders} == {"orderRouted"}
    assert [sum(parts.values()) for order in orders for parts in routed(order)] == [1, 2] * ORDERS
    assert await world.stock_at("tampere") == {"boots": (0, 300), "socks": (0, 1000)}
    assert await world.stock_at("oulu") == {"boots": (100, 200)}

    await world.running.settled()
    after = [await metrics.counted(world, *of) for of in zip(names, outcomes, strict=True)]
    transactions, batches, messages = (now - then for now, then in zip(after, before, strict=True))
    assert transactions == batches
    assert messages["router", "order-intake.order-placed.v1"] == ORDERS
    assert all(batches[taken] < messages[taken] for taken in messages if messages[taken] >= ORDERS)
