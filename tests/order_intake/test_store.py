"""The order book in PostgreSQL: whole orders or none, and each retailer's own only."""

import asyncio
import json
from decimal import Decimal
from uuid import uuid4

import asyncpg
import pytest

from order_intake import changing, handlers, placing, store
from shared import problems
from shared.contracts import BalanceChanged, OrderPlaced
from shared.postgres import Database
from tests import builders
from tests.order_intake import orders
from tests.order_intake.orders import OTHER_SHOP, PUBLIC_EXAMPLE, SHOP, document, new_order

TABLES = ("orders", "order_rows", "row_parts")


def naming_twice(external_id: str, ean: str, product: str = "P-1") -> placing.NewOrder:
    """An order of a row that names its product by an id and by an EAN."""
    posted = document(external_id, 5)
    posted["rows"][0] |= {"externalProductId": product, "productEANCode": ean}
    return new_order(posted)


async def outcomes(book: Database, *asked: placing.NewOrder) -> list[str]:
    """What becomes of orders."""
    return [placement.outcome for placement in await placing.place_orders(book, asked)]


async def hear_of(book: Database, *products: BalanceChanged) -> None:
    """Inventory tells of products."""
    async with book.transaction() as tx:
        await handlers.keep_products(products, tx)


async def test_orders_rows_and_announcements_are_written_together(book: Database) -> None:
    asked = [new_order(document("A-1", 5, 2)), new_order(document("A-2", 1), OTHER_SHOP)]
    placements = await placing.place_orders(book, asked)
    assert [placement.outcome for placement in placements] == ["new", "new"]
    async with book.transaction() as tx:
        messages = [OrderPlaced.model_validate_json(row["value"]) for row in await tx.fetch("SELECT value FROM outbox")]
        kept = {row["external_id"]: row["posted"] for row in await tx.fetch("SELECT * FROM orders")}
        books = await store.books(tx)
    assert {message.order_id for message in messages} == {order.placed.order_id for order in asked}
    assert {message.placed_at for message in messages} == {placements[0].at}
    assert kept == {order.placed.external_id: order.posted for order in asked}
    assert [(row.order_id, row.external_id, row.quantity) for row in books] == [
        (order.placed.order_id, row.external_id, row.quantity)
        for order in sorted(asked, key=lambda order: order.placed.order_id)
        for row in order.placed.rows
    ]


async def test_of_several_orders_with_one_number_the_first_counts(book: Database) -> None:
    asked = [new_order(document("A-1", quantity)) for quantity in (5, 5.0, 6)]
    assert [placed.outcome for placed in await placing.place_orders(book, asked)] == ["new", "same", "other"]
    assert [placed.outcome for placed in await placing.place_orders(book, asked)] == ["same", "same", "other"]
    async with book.transaction() as tx:
        assert [row.quantity for row in await store.books(tx)] == [Decimal(5)]
        assert await tx.fetch_value("SELECT count(*) FROM outbox") == 1


async def test_a_batch_that_fails_leaves_nothing_behind(book: Database) -> None:
    good, bad = new_order(document("A-1")), new_order(document("A-2"))
    rows = tuple(row.model_copy(update={"quantity": Decimal(0)}) for row in bad.placed.rows)
    bad = placing.NewOrder(bad.placed.model_copy(update={"rows": rows}), bad.posted)
    with pytest.raises(asyncpg.CheckViolationError):
        await placing.place_orders(book, [good, bad])
    async with book.transaction() as tx:
        for table in (*TABLES, "outbox"):
            assert await tx.fetch_value(f"SELECT count(*) FROM {table}") == 0


async def test_a_retailer_sees_nothing_of_anothers_order_in_any_table(book: Database) -> None:
    order = new_order(document("A-1", 5))
    await placing.place_orders(book, [order])
    async with book.transaction() as tx:
        routing = orders.routed(order.placed.order_id, orders.row_routed("1", ("W1", uuid4(), 5)))
        await handlers.show_routes([routing], tx)
    for organisation, seen in ((SHOP, 1), (OTHER_SHOP, 0), ("", 0)):
        async with book.transaction_of(organisation) as tx:
            for table in TABLES:
                assert await tx.fetch_value(f"SELECT count(*) FROM {table}") == seen


@pytest.mark.parametrize("table", [*TABLES, "products"])
async def test_the_api_cannot_write_the_book(book: Database, table: str) -> None:
    with pytest.raises(asyncpg.InsufficientPrivilegeError):
        async with book.transaction_of(SHOP) as tx:
            await tx.execute(f"DELETE FROM {table}")


async def test_the_books_tell_what_is_in_which_shipment(book: Database) -> None:
    order, west = new_order(document("A-1", 5)), uuid4()
    await placing.place_orders(book, [order])
    order_id = order.placed.order_id
    async with book.transaction() as tx:
        assert [row.routed for row in await store.books(tx)] == [False]
        routing = orders.routed(order_id, orders.row_routed("1", ("W1", west, 3), waiting=1, unserved=1))
        await handlers.show_routes([routing], tx)
        await handlers.follow_shipments([orders.shipment(order_id, west, "Delivered", ("1", 3, 2))], tx)
        (row,) = await store.books(tx)
    (part,) = row.parts
    assert [row.routed, row.waiting, row.unserved, row.delivered, row.status] == [True, 1, 1, 2, "Routed"]
    assert [part.shipment_id, part.catalogue_id, part.quantity, part.delivered, part.closed] == [west, "W1", 3, 2, True]


async def test_an_order_that_names_two_products_in_a_row_is_refused_and_its_neighbours_go_on(book: Database) -> None:
    await hear_of(book, orders.product("P-1", "111"))
    refused, *others = await placing.place_orders(
        book, [naming_twice("A-1", "222"), naming_twice("A-2", "111"), naming_twice("A-3", "222", "P-9")]
    )
    assert [(error.field, error.code) for error in refused.errors] == [("rows[0].productEANCode", "mismatch")]
    assert [placement.outcome for placement in others] == ["new", "new"]
    async with book.transaction() as tx:
        assert await tx.fetch_value("SELECT count(*) FROM orders") == 2
        assert await tx.fetch_value("SELECT count(*) FROM outbox") == 2


async def test_a_refused_order_may_be_put_right_in_the_same_batch(book: Database) -> None:
    await hear_of(book, orders.product("P-1", "111"))
    assert await outcomes(book, naming_twice("A-1", "222"), naming_twice("A-1", "111")) == ["other", "new"]


async def test_an_order_that_is_stored_is_not_refused_when_it_comes_again(book: Database) -> None:
    assert await outcomes(book, naming_twice("A-1", "222")) == ["new"]
    await hear_of(book, orders.product("P-1", "111"))
    assert await outcomes(book, naming_twice("A-1", "222"), naming_twice("A-1", "333")) == ["same", "other"]


async def test_another_retailers_or_a_withdrawn_product_contradicts_nobody(book: Database) -> None:
    await hear_of(
        book, orders.product("P-1", "111", retailer=OTHER_SHOP), orders.product("P-2", "111", published=False)
    )
    assert await outcomes(book, naming_twice("A-1", "222"), naming_twice("A-2", "222", "P-2")) == ["new", "new"]


async def test_a_changed_order_is_refused_like_a_new_one(book: Database) -> None:
    assert await outcomes(book, naming_twice("A-1", "222")) == ["new"]
    await hear_of(book, orders.product("P-1", "111"))
    more = naming_twice("A-1", "222")
    more = placing.NewOrder(
        more.placed.model_copy(
            update={"rows": tuple(row.model_copy(update={"quantity": Decimal(9)}) for row in more.placed.rows)}
        ),
        more.posted,
    )
    with pytest.raises(problems.Refused) as refused:
        await changing.change_order(book, SHOP, "A-1", lambda stored: (dict(stored) | {"a": 1}, more.placed))
    assert [error.field for error in refused.value.errors] == ["rows[0].productEANCode"]


async def test_of_a_product_the_newest_news_counts(book: Database) -> None:
    await hear_of(book, orders.product("P-1", "111", version=2), orders.product("P-1", "222", version=3))
    await hear_of(book, orders.product("P-1", "333", version=1))
    assert await outcomes(book, naming_twice("A-1", "222"), naming_twice("A-2", "333")) == ["new", "refused"]


async def test_a_number_that_is_being_freed_is_waited_for(book: Database) -> None:
    order = new_order(document("A-1", 5))
    await placing.place_orders(book, [order])
    async with book.transaction() as tx:
        await store.retire_order(tx, order.placed.order_id)
        placing_again = asyncio.create_task(outcomes(book, new_order(document("A-1", 6))))

        async def waiting() -> int:
            count: int = await tx.fetch_value(
                "SELECT count(*) FROM pg_locks WHERE NOT granted AND locktype = 'transactionid'"
            )
            return count

        await builders.eventually(waiting, bool)
    assert await placing_again == ["new"]


async def test_the_announcement_of_the_public_example_carries_what_a_shipment_needs() -> None:
    order = new_order(json.loads(PUBLIC_EXAMPLE)).placed
    assert order.receiver == "Sending warehouse name eg. vendor"
    assert order.delivery.delivery_address.name == "Recipient firstname\nRecipient lastname\nc/o Pickup point name"
    assert [(reference.name, reference.value) for reference in order.delivery.references] == [("PO", "111222333")]
    assert order.delivery.service_code == "2W2103"
    assert order.delivery.routing_service_code == "3200"
    assert [service.service_code for service in order.delivery.additional_services] == ["3139"]
    assert [attribute.name for attribute in order.delivery.additional_services[0].attributes] == ["telephone", "email"]
    (row,) = order.rows
    assert [row.external_id, row.product_id, row.ean] == ["100", "unique-id-1", "6419835068484"]
    assert [row.quantity, row.catalogue_id, row.unit] == [3, "003723456789", "KPL"]
