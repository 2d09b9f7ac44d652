"""Orders show what comes back of them, late, twice and in any order, and that something about them has changed."""

import itertools
from decimal import Decimal
from typing import Any
from uuid import UUID, uuid4

import httpx
import pytest

from order_intake import changing, forgetting, handlers, store
from shared.contracts import ReturnChanged, ReturnRow
from shared.inbox import Unprocessable
from shared.postgres import Database
from tests.order_intake import orders
from tests.order_intake.edits import edited
from tests.order_intake.orders import OTHER_SHOP, SHOP, SUPPLIER, v3
from tests.order_intake.shopping import ORDERS, change, deliver, get, placed
from tests.order_intake.test_handlers import take

RETURN, SHIPMENT = UUID(int=7), UUID(int=8)


@pytest.fixture
async def order(shop: httpx.AsyncClient, book: Database) -> UUID:
    """An order of five and two, all of it delivered."""
    await placed(shop, v3("A-1", 5, 2))
    await deliver(book)
    async with book.transaction() as tx:
        found: UUID = await tx.fetch_value("SELECT id FROM orders")
    return found


def returned(
    order_id: UUID, *rows: tuple[str, int, int], version: int = 1, return_id: UUID = RETURN, status: str | None = None
) -> ReturnChanged:
    """A return as it is now: rows are (row, quantity, received)."""
    return ReturnChanged(
        return_id=return_id,
        shipment_id=SHIPMENT,
        order_id=order_id,
        order_external_id="A-1",
        retailer_id=SHOP,
        supplier_id=SUPPLIER,
        catalogue_id="W1",
        status=status or ("Registered" if version == 1 else "Received"),  # type: ignore[arg-type]
        changed_at=orders.at(version),
        version=version,
        rows=tuple(
            ReturnRow(
                external_id=row,
                product_id=f"P-{place}",
                quantity=Decimal(quantity),
                reason="Damaged",
                received=Decimal(received),
            )
            for place, (row, quantity, received) in enumerate(rows)
        ),
    )


async def shown(shop: httpx.AsyncClient, row: int = 0) -> tuple[Any, ...]:
    """What the order says of a row: what came back, what is on its way, with how many returns."""
    found = (await get(shop, "A-1"))["rows"][row]
    return tuple(found.get(name) for name in ("returnedQuantity", "returningQuantity", "returnIds"))


async def test_a_row_shows_what_is_on_its_way_back_and_what_came(
    shop: httpx.AsyncClient, book: Database, order: UUID
) -> None:
    assert await shown(shop) == (None, None, None)
    before = await shop.get(f"{ORDERS}/A-1")
    # A row that two products serve is one row of the order.
    await take(book, [returned(order, ("1", 2, 0), ("1", 1, 0))])
    assert await shown(shop) == (0, 3, [str(RETURN)])
    assert await shown(shop, 1) == (None, None, None)
    after = await shop.get(f"{ORDERS}/A-1")
    assert before.headers["etag"] != after.headers["etag"]
    assert before.json()["metadata"]["updateDate"] <= after.json()["metadata"]["updateDate"]
    assert after.json()["status"] == before.json()["status"]
    other = UUID(int=9)
    await take(
        book, [returned(order, ("1", 2, 2), ("1", 1, 0), version=2), returned(order, ("1", 1, 0), return_id=other)]
    )
    assert await shown(shop) == (2, 1, [str(RETURN), str(other)])
    await take(book, [returned(order, ("1", 1, 0), version=2, return_id=other, status="Cancelled")])
    assert await shown(shop) == (2, 0, [str(RETURN), str(other)])
    [listed] = (await shop.get(f"{ORDERS}?externalId=A-1")).json()["content"]
    assert listed["rows"] == (await get(shop, "A-1"))["rows"]
    old = await shop.get("/v2/orders/order/A-1")
    assert old.json()["rows"][0]["returnedQuantity"] == 2


async def test_news_of_a_return_in_any_order_and_twice_leave_the_same(
    shop: httpx.AsyncClient, book: Database, order: UUID
) -> None:
    for place, news in enumerate(itertools.permutations((1, 2, 2))):
        id_ = UUID(int=100 + place)
        for version in news:
            await take(book, [returned(order, ("2", 1, version - 1), version=version, return_id=id_)])
    assert (await shown(shop, 1))[:2] == (6, 0)
    tag = (await shop.get(f"{ORDERS}/A-1")).headers["etag"]
    await take(book, [returned(order, ("2", 1, 0), return_id=UUID(int=100))])
    assert (await shop.get(f"{ORDERS}/A-1")).headers["etag"] == tag


async def test_an_answer_with_returns_in_it_that_is_sent_back_changes_nothing(
    shop: httpx.AsyncClient, book: Database, order: UUID
) -> None:
    await take(book, [returned(order, ("1", 2, 0))])
    answer = await get(shop, "A-1")
    assert (await change(shop, "A-1", answer)).json() == answer


async def test_an_order_that_was_placed_anew_shows_what_comes_back_of_the_first(
    shop: httpx.AsyncClient, book: Database, order: UUID
) -> None:
    await changing.reopen_order(book, SHOP, "A-1", edited(), None)
    tag = (await shop.get(f"{ORDERS}/A-1")).headers["etag"]
    await take(book, [returned(order, ("1", 2, 0))])
    assert await shown(shop) == (0, 2, [str(RETURN)])
    assert (await shop.get(f"{ORDERS}/A-1")).headers["etag"] != tag


async def test_a_row_names_the_shipments_that_delivered_it_also_when_the_order_is_opened_again(
    shop: httpx.AsyncClient, book: Database, order: UUID
) -> None:
    first = (await get(shop, "A-1"))["rows"][0]["shipmentIds"]
    await changing.reopen_order(book, SHOP, "A-1", edited(), None)
    assert (await get(shop, "A-1"))["rows"][0]["shipmentIds"] == first
    await deliver(book)
    await changing.reopen_order(book, SHOP, "A-1", edited(), None)
    opened = await get(shop, "A-1")
    assert (len(first), len(opened["rows"][0]["shipmentIds"])) == (1, 2)
    assert opened["rows"][0]["shipmentIds"][0] == first[0]
    assert (await change(shop, "A-1", opened)).json() == opened


async def test_a_return_of_an_order_that_is_not_in_the_book_is_for_a_person(book: Database, order: UUID) -> None:
    async with book.transaction() as tx:
        with pytest.raises(Unprocessable):
            await handlers.show_returns([returned(uuid4(), ("1", 1, 0))], tx)


async def test_nobody_else_sees_what_comes_back_and_it_is_forgotten_with_its_order(book: Database, order: UUID) -> None:
    await take(book, [returned(order, ("1", 2, 0))])
    async with book.transaction_of(OTHER_SHOP) as tx:
        assert await store.return_books(tx) == []
    async with book.transaction() as tx:
        assert [(one.status, one.quantity) for one in await store.return_books(tx)] == [("Registered", Decimal(2))]
        # Its id is of today, and only what began long ago is looked at.
        await tx.execute("UPDATE orders SET id = $1, updated_at = now() - interval '500 days'", UUID(int=1))
        for table in ("order_rows", "row_parts", "row_returns"):
            await tx.execute(f"UPDATE {table} SET order_id = $1", UUID(int=1))
    assert await forgetting.forget(book, 400) == 1
    async with book.transaction() as tx:
        assert await store.return_books(tx) == []
