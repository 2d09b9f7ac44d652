"""What the order book makes of what it hears, late, twice and in any order."""

import itertools
from collections.abc import Sequence
from datetime import datetime
from uuid import UUID, uuid4

from order_intake import domain, handlers, placing, standing, store
from shared.contracts import BalanceChanged, Message, OrderRouted, ShipmentChanged
from shared.inbox import Inbox
from shared.postgres import Database
from tests import builders
from tests.order_intake import orders
from tests.order_intake.orders import document, new_order


async def place(book: Database, *quantities: float) -> UUID:
    """An order in the book."""
    order = new_order(document(str(uuid4()), *quantities))
    await placing.place_orders(book, [order])
    return order.placed.order_id


async def take(book: Database, messages: Sequence[Message]) -> None:
    """Let the service take messages of one type, as a batch from Kafka."""
    kind = type(messages[0])
    inbox = Inbox("order-intake", book, kind, handlers.subscriptions.handlers[kind])
    await inbox.take([builders.record(message, offset=offset) for offset, message in enumerate(messages)])


async def cancel(book: Database, order_id: UUID) -> None:
    """The retailer cancels an order, however far it has come."""
    async with book.transaction() as tx:
        before = await standing.with_rows(tx, await store.orders_for_update(tx, [order_id]))
        after = {order_id: domain.with_cancellation(before[order_id], orders.at(1))}
        await standing.save(tx, before.values(), after)


async def states(book: Database) -> dict[UUID, tuple[str, bool, tuple[store.RowBook, ...]]]:
    """Where all orders stand, by their ids."""
    async with book.transaction() as tx:
        rows = await store.books(tx)
        orders_ = await tx.fetch("SELECT id, status FROM orders")
    return {
        order["id"]: (
            order["status"],
            any(row.routed for row in rows if row.order_id == order["id"]),
            tuple(row for row in rows if row.order_id == order["id"]),
        )
        for order in orders_
    }


async def test_messages_in_every_order_leave_the_same_order(book: Database) -> None:
    def story(order: UUID) -> list[Message]:
        west, east = uuid4(), uuid4()
        return [
            orders.routed(
                order,
                orders.row_routed("1", ("W1", west, 3), ("W2", east, 2)),
                orders.row_routed("2", ("W1", west, 1), unserved=1, reason="no stock"),
            ),
            orders.shipment(order, west, "Delivered", ("1", 3, 2), ("2", 1, 1), version=3, codes=("JJFI1",)),
            orders.shipment(order, east, "Cancelled", ("1", 2, 0), catalogue="W2"),
            orders.routed(
                order,
                orders.row_routed("1", ("W1", west, 2), cancelled=3),
                orders.row_routed("2", ("W1", west, 1), unserved=1, reason="no stock"),
                round_=2,
            ),
        ]

    # The rounds of an order come in their order.
    possible = [way for way in itertools.permutations(range(4)) if way.index(0) < way.index(3)]
    ways = [await place(book, 5, 2) for _ in possible]
    for order, way in zip(ways, possible, strict=True):
        messages = story(order)
        for step in way:
            await take(book, [messages[step]])
    ended = set()
    for status, routed, rows in (await states(book)).values():
        assert routed
        assert [len(row.parts) for row in rows] == [2, 1]
        ended.add((status, *((row.status, row.delivered, row.cancelled, row.unserved) for row in rows)))
    assert ended == {("Delivered", ("Delivered", 2, 3, 0), ("Delivered", 1, 0, 1))}


async def test_a_batch_of_many_orders_is_shown(book: Database) -> None:
    ids = [await place(book, 5) for _ in range(10)]
    await take(book, [orders.routed(order, orders.row_routed("1", ("W1", uuid4(), 5))) for order in ids])
    assert {status for status, _, _ in (await states(book)).values()} == {"orderRouted"}


async def test_several_changes_of_one_order_in_a_batch_all_count(book: Database) -> None:
    order, west = await place(book, 5), uuid4()
    await take(
        book,
        [
            orders.shipment(order, west, "Viewed", ("1", 5, 0), version=2),
            orders.shipment(order, west, "Delivered", ("1", 5, 5), version=4),
            orders.shipment(order, west, "Packing", ("1", 5, 0), version=3),
        ],
    )
    await take(book, [orders.routed(order, orders.row_routed("1", ("W1", west, 5)))])
    status, _, rows = (await states(book))[order]
    assert [status, rows[0].delivered] == ["Delivered", 5]


async def test_the_same_routing_again_changes_nothing(book: Database) -> None:
    order = await place(book, 5)
    routing = orders.routed(order, orders.row_routed("1", ("W1", uuid4(), 5)))
    await take(book, [routing])
    async with book.transaction() as tx:
        before = await tx.fetch("SELECT * FROM orders")
    await take(book, [routing, routing])
    async with book.transaction() as tx:
        assert await tx.fetch("SELECT * FROM orders") == before


async def test_a_cancellation_anywhere_between_the_messages_leaves_the_same_order(book: Database) -> None:
    def story(order: UUID) -> list[Message]:
        west = uuid4()
        return [
            orders.routed(order, orders.row_routed("1", reserved=4, waiting=1)),
            orders.routed(order, orders.row_routed("1", ("W1", west, 4), waiting=1), round_=2),
            orders.shipment(order, west, "Delivered", ("1", 4, 3), version=3),
        ]

    ways = list(itertools.permutations(range(4)))
    numbers = [str(uuid4()) for _ in ways]
    for number, way in zip(numbers, ways, strict=True):
        order = new_order(document(number, 5))
        await placing.place_orders(book, [order])
        messages = story(order.placed.order_id)
        for step in way:
            if step < len(messages):
                await take(book, [messages[step]])
            else:
                await cancel(book, order.placed.order_id)
    ended = {
        (status, *((row.status, row.delivered, row.cancelled, row.reserved, row.waiting) for row in rows))
        for status, _, rows in (await states(book)).values()
    }
    assert ended == {("Delivered", ("Delivered", 3, 2, 0, 0))}


async def test_what_is_heard_twice_does_not_count_as_a_change(book: Database) -> None:
    order, west = await place(book, 5), uuid4()
    shipment = orders.shipment(order, west, "Viewed", ("1", 5, 0))

    async def changed_at() -> list[datetime]:
        async with book.transaction() as tx:
            return [row["updated_at"] for row in await tx.fetch("SELECT updated_at FROM orders")]

    before = await changed_at()
    await take(book, [shipment])
    after = await changed_at()
    assert after > before
    await take(book, [shipment])
    assert await changed_at() == after


async def test_an_order_the_book_lacks_is_parked_and_its_neighbours_go_on(book: Database) -> None:
    order, west = await place(book, 5), uuid4()
    await take(book, [orders.routed(each, orders.row_routed("1", ("W1", west, 5))) for each in (uuid4(), order)])
    assert (await states(book))[order][0] == "orderRouted"
    async with book.transaction() as tx:
        parked = await tx.fetch("SELECT topic, error FROM parked")
    assert [row["topic"] for row in parked] == [OrderRouted.topic]
    assert "order book has no order" in parked[0]["error"]


async def test_the_service_hears_of_routes_shipments_products_and_keys() -> None:
    assert handlers.subscriptions.handlers.keys() >= {OrderRouted, ShipmentChanged, BalanceChanged}
