"""Whoever changes balances locks them in one order, also where a catalogue that has some already is opened again."""

import asyncio
from collections.abc import Awaitable
from typing import Any

from inventory import handlers, store
from shared.contracts import OrderFilled, ReleaseOrder
from tests.inventory import orders
from tests.inventory.orders import SHOP, SUPPLIER
from tests.inventory.parties import BALANCES, CATALOGUES, INVENTORY, Parties

P, W = f"{CATALOGUES}/P/activation", f"{CATALOGUES}/W/activation"


async def asked_again(parties: Parties, activation: str) -> None:
    """Let the shop leave a catalogue and ask for it anew: the balances there stay."""
    assert (await parties.call(SHOP, "DELETE", activation)).status_code == 200
    assert (await parties.put(SHOP, activation, {}))["state"] == "requested"


async def while_another_has(parties: Parties, first: str, then: str, change: Awaitable[Any]) -> Any:
    """What is answered to a change that begins while somebody has locked one of the shop's products and, as orders do,
    locks another after it. A deadlock fails the test.
    """
    lock = "SELECT FROM balances WHERE retailer_id = $1 AND product_id = $2 FOR UPDATE"
    async with parties.stock.transaction() as tx:
        await tx.execute(lock, SHOP, first)
        changing = asyncio.ensure_future(change)
        await parties.somebody_waits()
        await tx.execute(lock, SHOP, then)
    return await changing


async def test_a_private_catalogue_that_is_activated_by_publishing_is_locked_in_the_order_of_orders(
    parties: Parties,
) -> None:
    await parties.publish({"W": {"A": 5, "B": 5}})
    await asked_again(parties, W)
    item = {"productExternalId": "B", "retailerId": SHOP, "catalogExternalId": "W", "quantity": 7}
    assert await while_another_has(parties, "A", "B", parties.put(SUPPLIER, BALANCES, [item])) == []
    assert (await parties.get(SHOP, W))["state"] == "active"
    await parties.take_once(handlers.allocate_orders, orders.order(orders.row("1", 2, "W/B")))
    assert await parties.balance("W/B") == (5, 2)


async def test_a_public_catalogue_that_is_approved_again_is_locked_in_the_order_of_orders(parties: Parties) -> None:
    await parties.put(SUPPLIER, f"{CATALOGUES}/P", {"public": True})
    await parties.put(SHOP, P, {"supplierId": SUPPLIER})
    await parties.put(SUPPLIER, P, {"state": "active", "retailerId": SHOP})
    # First one that the shop alone has, then one that everybody has.
    for product, whose in (("A", SHOP), ("B", SUPPLIER)):
        balance = {"retailerId": whose, "catalogExternalId": "P", "quantity": 5}
        item = {"product": {"externalId": product}, "balances": [balance]}
        assert await parties.put(SUPPLIER, INVENTORY, [item]) == []
    await asked_again(parties, P)
    yes = parties.put(SUPPLIER, P, {"state": "active", "retailerId": SHOP})
    assert (await while_another_has(parties, "A", "B", yes))["state"] == "active"
    assert [await parties.balance(f"P/{product}") for product in "AB"] == [(5, None), (5, None)]


async def test_an_order_that_waits_is_let_go_of_after_the_balances_it_waits_for_are_locked(parties: Parties) -> None:
    await parties.publish({"V": {"A": 0}, "W": {"B": 0}})
    for name in ("W", "V"):
        await parties.open_catalogue(name, backOrderAllowed=True)
    wanted = orders.order(orders.row("1", 2, "V/A", back_order=True), orders.row("2", 2, "W/B", back_order=True))
    await parties.take_once(handlers.allocate_orders, wanted)
    gone = parties.take_once(handlers.release_orders, ReleaseOrder(order_id=wanted.order_id, retailer_id=SHOP))
    await while_another_has(parties, "A", "B", gone)
    async with parties.stock.transaction() as tx:
        assert await store.waiting_rows(tx) == []


async def test_who_waits_at_two_balances_is_served_by_both_without_one_of_them_waiting_for_the_other(
    parties: Parties,
) -> None:
    await parties.publish({"W": {"A": 0}, "V": {"A": 0}})
    for name in ("W", "V"):
        await parties.open_catalogue(name, backOrderAllowed=True)
    wanted = [
        orders.order(orders.row("1", 2, *("W/A", "V/A")[:: (1, -1)[n % 2]], back_order=True), minute=n)
        for n in range(10)
    ]
    await parties.take_once(handlers.allocate_orders, *wanted)
    item = {"productExternalId": "A", "retailerId": SHOP, "adjust": 8}
    answers = await asyncio.gather(
        *(parties.put(SUPPLIER, BALANCES, [{**item, "catalogExternalId": name}]) for name in ("W", "V"))
    )
    assert answers == [[], []]
    filled = await parties.said(OrderFilled)
    assert sum(taking.quantity for event in filled for row in event.rows for taking in row.taken) == 16
    async with parties.stock.transaction() as tx:
        assert [one.order_id for one in await store.waiting_rows(tx)] == [one.order_id for one in wanted[8:]]
