"""Lists of balances: whose they are, what narrows them, and what has changed since the last look."""

from decimal import Decimal
from typing import Any

import pytest

from inventory import handlers, store
from shared import problems
from tests.inventory import orders
from tests.inventory.examples import FIRST, SECOND, STRANGER, at, numbers
from tests.inventory.orders import OTHER_SHOP, SHOP, SUPPLIER
from tests.inventory.parties import BALANCES, CATALOGUES, Parties


async def test_only_what_changed_since_is_listed_whether_by_supplier_or_by_order(published: Parties) -> None:
    async with published.stock.transaction() as tx:
        await tx.execute("UPDATE balances SET updated_at = '2026-01-01T00:00:00Z'")
    path = f"{CATALOGUES}/balances?modifiedFromDate=2026-01-01T00:00:03.000+00:00"
    assert (await published.get(SHOP, path))["content"] == []
    await published.allocate(orders.order(orders.row("1", 1, f"Catalog1/{FIRST}")))
    await published.put(SUPPLIER, BALANCES, [{**at(SECOND, SHOP, "Catalog1"), "quantity": 9}])
    changed = await published.get(SHOP, path)
    assert numbers(changed["content"], "productExternalId", "quantity", "allocated") == [
        (FIRST, 9, 1),
        (SECOND, 9, None),
    ]
    assert (
        len((await published.get(SHOP, f"{CATALOGUES}/Catalog1/balances?modifiedFromDate=2026-01-01"))["content"]) == 2
    )


async def test_every_change_that_orders_make_is_a_change_since(published: Parties) -> None:
    async def changed() -> bool:
        page = await published.get(SHOP, f"{CATALOGUES}/balances?modifiedFromDate=2026-01-01T00:00:03Z")
        async with published.stock.transaction() as tx:
            await tx.execute("UPDATE balances SET updated_at = '2026-01-01T00:00:00Z'")
        return numbers(page["content"], "productExternalId") == [(FIRST,)]

    await changed()
    (answer,) = await published.allocate(orders.order(orders.row("1", 4, f"Catalog1/{FIRST}")))
    assert await changed()
    for delivered, closed in ((1, False), (3, False), (3, True)):
        news = orders.shipment(
            answer.order_id, "Catalog1", ("1", FIRST, 4, delivered), version=2 + delivered + closed, closed=closed
        )
        await published.take(handlers.settle_shipments, news)
        assert await changed()
    assert await published.balance(f"Catalog1/{FIRST}") == (7, 0)


async def test_a_change_that_becomes_visible_after_a_poll_is_seen_by_the_next_one(published: Parties) -> None:
    path = f"{CATALOGUES}/balances?productExternalId={FIRST}&modifiedFromDate="
    async with published.stock.transaction() as tx:
        await tx.execute("UPDATE balances SET updated_at = '2026-01-01T00:00:00Z'")
    async with published.stock.transaction() as slow:
        balance = await slow.fetch_value("SELECT id FROM balances WHERE product_id = $1", FIRST)
        await store.take_stock(slow, {balance: Decimal(4)})
        polled_at = problems.timestamp(
            await slow.fetch_value("SELECT updated_at + interval '1 second' FROM balances WHERE id = $1", balance)
        )
        assert (await published.get(SHOP, f"{path}{polled_at}"))["content"] == []
    assert numbers((await published.get(SHOP, f"{path}{polled_at}"))["content"], "quantity") == [(6,)]


async def test_the_time_of_a_change_is_when_it_was_made_and_not_when_its_transaction_began(published: Parties) -> None:
    async with published.stock.transaction() as tx:
        balance, began = await tx.fetch_value("SELECT id FROM balances WHERE product_id = $1", FIRST), await tx.now()
        for change in (
            store.take_stock(tx, {balance: Decimal(2)}),
            store.return_stock(tx, {balance: store.Move(Decimal(1), Decimal(1))}),
        ):
            await change
            assert await tx.fetch_value("SELECT updated_at FROM balances WHERE id = $1", balance) > began


async def test_balances_are_narrowed_by_shop_catalogue_product_and_barcode(published: Parties) -> None:
    async def listed(query: str, organisation: str = SUPPLIER) -> list[tuple[Any, ...]]:
        page = await published.get(organisation, f"{BALANCES}{query}")
        assert page["page"]["totalElements"] == len(page["content"])
        return numbers(page["content"], "productExternalId", "retailerId")

    everything = [(FIRST, SHOP), (SECOND, SHOP), (SECOND, OTHER_SHOP)]
    assert await listed("") == everything
    assert await listed(f"?retailerId={OTHER_SHOP}") == everything[2:]
    assert await listed("?catalogExternalId=Catalog1") == everything[:2]
    assert await listed(f"?retailerId={OTHER_SHOP}&catalogExternalId=Catalog1") == []
    assert await listed(f"?productExternalId=Nothing,{FIRST}") == everything[:1]
    assert await listed("?eanCode=1234567891005,7") == everything[1:]
    assert await listed("?modifiedFromDate=2200-01-01T00:00:00Z") == []
    # A shop is answered for its own catalogues, whatever it asks for.
    assert await listed("", SHOP) == everything[:2]
    assert await listed(f"?retailerId={SHOP}", SHOP) == everything[:2]
    assert await listed(f"?retailerId={OTHER_SHOP}", SHOP) == []
    assert await listed("", STRANGER) == []


@pytest.mark.parametrize(
    "path",
    [
        f"{BALANCES}?eanCode=%00",
        f"{BALANCES}?modifiedFromDate=yesterday",
        f"{BALANCES}?modifiedFromDate=0001-01-01T00:00:00%2B14:00",
        f"{BALANCES}?modifiedFromDate=9999-12-31T23:59:59-14:00",
        f"{BALANCES}?page=-1",
    ],
)
async def test_a_filter_that_cannot_be_read_is_refused(parties: Parties, path: str) -> None:
    answer = await parties.call(STRANGER, "GET", path)
    assert answer.status_code == 400, answer.text
