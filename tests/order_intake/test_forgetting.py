"""Orders that ended long ago are forgotten, and others are told; every other order is kept."""

import itertools
import json
from collections.abc import Awaitable, Callable
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID, uuid4

import pytest
from pydantic import ValidationError

from order_intake import domain, forgetting, handlers, placing, standing, store
from order_intake.document import OrderOfAny, order_placed
from order_intake.placing import NewOrder
from order_intake.settings import Settings
from shared import ids
from shared.contracts import OrderForgotten
from shared.postgres import Database
from tests.order_intake import orders
from tests.order_intake.orders import SHOP, document

DAYS = 400
_PLACES = itertools.count(1)

State = Callable[[Database, UUID], Awaitable[None]]


async def place(book: Database, external_id: str, *, days_ago: float = 500) -> UUID:
    """An order of five, placed so many days ago."""
    moment = datetime.now(UTC) - timedelta(days=days_ago)
    order_id = UUID(int=ids.first_id(moment).int + next(_PLACES))
    posted = document(external_id)
    placed = order_placed(order_id, SHOP, OrderOfAny.model_validate_json(json.dumps(posted)), moment)
    (placement,) = await placing.place_orders(book, [NewOrder(placed, json.dumps(posted).encode())])
    assert placement.outcome == "new"
    return order_id


async def route(book: Database, order_id: UUID, shipment: UUID | None, **rest: Any) -> None:
    """The order's routing is heard."""
    served = [] if shipment is None else [("W1", shipment, 5 - sum(rest.values()))]
    async with book.transaction() as tx:
        await handlers.show_routes([orders.routed(order_id, orders.row_routed("1", *served, **rest))], tx)


async def deliver(book: Database, order_id: UUID, quantity: int = 5, **rest: Any) -> None:
    """The order is routed and delivered."""
    shipment = uuid4()
    await route(book, order_id, shipment, **rest)
    async with book.transaction() as tx:
        news = orders.shipment(order_id, shipment, "Delivered", ("1", quantity, quantity))
        await handlers.follow_shipments([news], tx)


async def cancel(book: Database, order_id: UUID) -> None:
    """The retailer cancels the order."""
    async with book.transaction() as tx:
        before = await standing.with_rows(tx, await store.orders_for_update(tx, [order_id]))
        after = {order_id: domain.with_cancellation(before[order_id], datetime.now(UTC))}
        await standing.save(tx, before.values(), after)


async def untouched(book: Database, days: float = 450) -> None:
    """Nothing has happened to any order for so many days."""
    async with book.transaction() as tx:
        await tx.execute("UPDATE orders SET updated_at = now() - make_interval(secs => $1)", days * 86_400)


async def kept(book: Database) -> dict[str, set[UUID]]:
    """The orders that are left in each table."""
    async with book.transaction() as tx:
        return {
            table: {row["id"] for row in await tx.fetch(f"SELECT {column} AS id FROM {table}")}
            for table, column in (("orders", "id"), ("order_rows", "order_id"), ("row_parts", "order_id"))
        }


async def told(book: Database) -> list[UUID]:
    """The orders that others were told to forget."""
    async with book.transaction() as tx:
        rows = await tx.fetch("SELECT value FROM outbox WHERE topic = $1 ORDER BY id", OrderForgotten.topic)
    return [OrderForgotten.model_validate_json(row["value"]).order_id for row in rows]


async def cancelled_before_it_was_routed(book: Database, order_id: UUID) -> None:
    await cancel(book, order_id)


async def delivered_as_far_as_anybody_had_it(book: Database, order_id: UUID) -> None:
    await deliver(book, order_id, 3, unserved=2)


@pytest.mark.parametrize("end", [deliver, cancelled_before_it_was_routed, delivered_as_far_as_anybody_had_it])
async def test_an_order_that_ended_long_ago_is_forgotten_with_its_rows_and_parts_and_others_are_told(
    book: Database, end: State
) -> None:
    order = await place(book, "A-1")
    await end(book, order)
    await untouched(book)
    assert await forgetting.forget(book, DAYS) == 1
    assert await kept(book) == {"orders": set(), "order_rows": set(), "row_parts": set()}
    assert await told(book) == [order]


async def nothing_heard(book: Database, order_id: UUID) -> None:
    """Placed, and never routed."""


async def on_its_way(book: Database, order_id: UUID) -> None:
    await route(book, order_id, uuid4())


async def waiting(book: Database, order_id: UUID) -> None:
    await deliver(book, order_id, 3, waiting=2)


async def delivered_while_more_is_coming(book: Database, order_id: UUID) -> None:
    await deliver(book, order_id)
    async with book.transaction() as tx:
        await tx.execute("UPDATE order_rows SET rerouting = 1 WHERE order_id = $1", order_id)


async def unserved(book: Database, order_id: UUID) -> None:
    await route(book, order_id, None, unserved=5)


async def cancelled_with_a_shipment_that_is_open(book: Database, order_id: UUID) -> None:
    await on_its_way(book, order_id)
    await cancel(book, order_id)


@pytest.mark.parametrize(
    "state", [nothing_heard, on_its_way, waiting, unserved, cancelled_with_a_shipment_that_is_open]
)
async def test_an_order_of_which_something_may_still_come_is_never_forgotten(book: Database, state: State) -> None:
    order = await place(book, "A-1")
    await state(book, order)
    await untouched(book)
    assert await forgetting.forget(book, DAYS) == 0
    assert (await kept(book))["orders"] == {order}
    assert await told(book) == []


async def test_an_order_is_kept_for_as_many_days_as_it_was_not_touched(book: Database) -> None:
    order = await place(book, "A-1")
    await deliver(book, order)
    await untouched(book, DAYS - 0.01)
    assert await forgetting.forget(book, DAYS) == 0
    await untouched(book, DAYS + 0.01)
    assert await forgetting.forget(book, DAYS) == 1


async def test_every_old_order_is_forgotten_a_bite_at_a_time_past_those_that_stay(book: Database) -> None:
    ended, stay = set(), set()
    for number in range(9):
        order = await place(book, f"A-{number}")
        if number % 3:
            await deliver(book, order)
            ended.add(order)
        else:
            stay.add(order)
    await untouched(book)
    assert await forgetting.forget(book, DAYS, bite=2) == len(ended)
    assert (await kept(book))["orders"] == stay
    assert await told(book) == sorted(ended)


async def test_an_order_in_somebodys_hand_is_left_for_another_time(book: Database) -> None:
    order = await place(book, "A-1")
    await deliver(book, order)
    await untouched(book)
    async with book.transaction() as busy:
        await store.order_for_update(busy, SHOP, "A-1")
        assert await forgetting.forget(book, DAYS) == 0
    assert await forgetting.forget(book, DAYS) == 1


async def test_the_number_of_a_forgotten_order_is_free_for_a_new_one(book: Database) -> None:
    old = await place(book, "A-1")
    await deliver(book, old)
    await untouched(book)
    await forgetting.forget(book, DAYS)
    new = await place(book, "A-1", days_ago=0)
    assert (await kept(book))["orders"] == {new}


async def test_what_was_placed_anew_was_touched_when_it_gave_its_number_away(book: Database) -> None:
    order = await place(book, "A-1")
    await deliver(book, order)
    await untouched(book)
    async with book.transaction() as tx:
        await store.retire_order(tx, order)
    assert await forgetting.forget(book, DAYS) == 0


def test_orders_are_kept_longer_than_message_ids_or_for_ever() -> None:
    assert Settings(database="-", kafka="-", order_days=0).order_days == 0
    assert Settings(database="-", kafka="-", order_days=15, inbox_days=14).order_days == 15
    with pytest.raises(ValidationError, match=r"order_days \(14\) must be 0 or greater than inbox_days \(14\)"):
        Settings(database="-", kafka="-", order_days=14, inbox_days=14)
