"""Many consumers at the same moment, each with its own connection. A deadlock fails the test: nobody tries again."""

import asyncio
from collections import Counter
from collections.abc import AsyncIterator, Callable, Sequence
from decimal import Decimal
from uuid import UUID

import pytest

from inventory import filling, handlers, store
from shared.contracts import Message, OrderAllocated, OrderFilled, PartRelease, ReleaseOrder, ReleaseParts, RowDemand
from shared.inbox import Handler
from shared.postgres import Database
from tests.inventory.orders import SHOP, SUPPLIER, order, row, shipment
from tests.inventory.parties import Parties

MOST = 32


@pytest.fixture
async def many(parties: Parties, database: str) -> AsyncIterator[Parties]:
    """Callers of an inventory with a connection for each of the consumers."""
    opened = await Database.connect(database, "inventory", size=MOST)
    yield Parties(parties.client, parties.signer, opened)
    await opened.close()


async def at_once(parties: Parties, consumers: int, handler: Handler, messages: Sequence[Message]) -> None:
    """Deal messages out to consumers that take them at the same time, each in batches of four."""

    async def consume(mine: Sequence[Message]) -> None:
        for n in range(0, len(mine), 4):
            await parties.take_once(handler, *mine[n : n + 4])

    await asyncio.gather(*(consume(messages[n::consumers]) for n in range(consumers)))


async def deadlocks(parties: Parties) -> int:
    """How many PostgreSQL has had to break in this database."""
    async with parties.stock.transaction() as tx:
        await tx.execute("SELECT pg_stat_force_next_flush()")
    async with parties.stock.transaction() as tx:
        count: int = await tx.fetch_value("SELECT deadlocks FROM pg_stat_database WHERE datname = current_database()")
    return count


@pytest.mark.parametrize("consumers", [2, 8, 32])
async def test_consumers_of_one_scarce_product_promise_exactly_what_there_was(many: Parties, consumers: int) -> None:
    await many.publish({"W1": {"A": 70, "B": 1_000}, "W2": {"A": 50, "B": 1_000}})
    places = ("W1/A", "W2/A"), ("W2/A", "W1/A")
    wanted = [
        order(row("1", 1, *places[n % 2]), row("2", 1, *(("W2/B", "W1/B") if n % 3 else ("W1/B", "W2/B"))))
        for n in range(256)
    ]
    await at_once(many, consumers, handlers.allocate_orders, wanted)
    answers = await many.said(OrderAllocated)
    assert Counter(answer.outcome for answer in answers) == {"full": 120, "partial": 136}
    assert sum(taking.quantity for answer in answers for taking in answer.rows[0].taken) == 120
    assert [await many.balance(place) for place in ("W1/A", "W2/A")] == [(0, 70), (0, 50)]
    assert await many.the_books_add_up()
    assert await deadlocks(many) == 0


async def test_one_unit_wanted_by_twelve_orders_at_once_is_got_by_one_and_eleven_are_told_so(many: Parties) -> None:
    await many.publish({"W": {"A": 1}})
    await asyncio.gather(*(many.take_once(handlers.allocate_orders, order(row("1", 1, "W/A"))) for _ in range(12)))
    answers = await many.said(OrderAllocated)
    assert Counter((answer.outcome, float(answer.rows[0].short)) for answer in answers) == {
        ("full", 0): 1,
        ("none", 1): 11,
    }
    assert await many.balance("W/A") == (0, 1)


async def test_the_same_requests_taken_by_several_consumers_at_once_are_settled_once(many: Parties) -> None:
    """Only one of them may write the answer; the others are taken again after a pause, and find it."""
    await many.publish({"W": {"A": 100}})
    wanted = [order(row("1", 2, "W/A")) for _ in range(8)]
    await asyncio.gather(*(many.take(handlers.allocate_orders, *wanted) for _ in range(4)))
    answers = await many.said(OrderAllocated)
    assert len(answers) == 32
    assert len({answer.model_dump_json() for answer in answers}) == 8
    assert await many.balance("W/A") == (84, 16)
    assert await many.the_books_add_up()


async def test_orders_that_wait_and_stock_that_comes_at_the_same_time_meet_exactly(many: Parties) -> None:
    await many.publish({"W1": {"A": 5}, "W2": {"A": 0}})
    for name in ("W1", "W2"):
        await many.open_catalogue(name, backOrderAllowed=True)
    places = ("W1/A", "W2/A"), ("W2/A", "W1/A")
    wanted = [order(row("1", 2, *places[n % 2], back_order=True), minute=n % 7) for n in range(48)]

    async def stock_comes(catalogue: str) -> None:
        for _ in range(10):
            async with many.stock.transaction_of(SUPPLIER) as tx:
                ids = (await store.balance_ids_for_update(tx, [(SHOP, catalogue, "A")])).values()
                await tx.execute(
                    "UPDATE balances SET quantity = quantity + 3, supplied = supplied + 3 WHERE id = ANY($1)", list(ids)
                )
                await filling.fill(tx, ids)

    await asyncio.gather(
        at_once(many, 8, handlers.allocate_orders, wanted), *(stock_comes(name) for name in ("W1", "W2") * 2)
    )
    # 125 units for 96: whoever waited has got it, and what is left is on the shelves.
    async with many.stock.transaction() as tx:
        assert await store.waiting_rows(tx) == []
        promised = Counter[UUID]()
        for one in await store.promised(tx):
            promised[one.order_id] += int(one.quantity)
    assert promised == dict.fromkeys((one.order_id for one in wanted), 2)
    assert sum([(await many.balance(place))[0] for place in places[0]]) == 125 - 96
    assert len(await many.said(OrderFilled)) > 0
    assert await many.the_books_add_up()
    assert await deadlocks(many) == 0


async def test_everything_at_the_same_time_neither_locks_up_nor_loses_a_unit(many: Parties) -> None:
    products = [f"P{n}" for n in range(6)]
    await many.publish({"W1": dict.fromkeys(products, 6), "W2": dict.fromkeys(reversed(products), 6)})
    for name in ("W1", "W2"):
        await many.open_catalogue(name, backOrderAllowed=True)

    def rows_of(n: int) -> list[RowDemand]:
        chosen = (products, products[::-1])[n % 2][n % 3 : n % 3 + 3]
        places: Callable[[str], list[str]] = lambda p: [f"W1/{p}", f"W2/{p}"][:: (1, -1)[n % 4 // 2]]  # noqa: E731
        return [row(p, 2, *places(p), back_order=True) for p in chosen]

    first = [order(*rows_of(n), minute=n % 5) for n in range(24)]
    await many.take_once(handlers.allocate_orders, *first)
    later = [order(*rows_of(n), minute=n % 9) for n in range(24)]
    replacing = [
        order(*rows_of(n), minute=9, release=ReleaseOrder(order_id=one.order_id, retailer_id=SHOP))
        for n, one in enumerate(first[:6])
    ]
    closed = [
        shipment(
            one.order_id,
            name,
            *((d.external_id, d.external_id, 2.0, 1.0) for d in one.rows),
            version=2,
            closed=True,
        )
        for one in first[4:14]
        for name in ("W1", "W2")
    ]
    released = [ReleaseOrder(order_id=one.order_id, retailer_id=SHOP) for one in first[12:20]]
    less = [
        ReleaseParts(
            order_id=one.order_id,
            retailer_id=SHOP,
            parts=tuple(
                part
                for d in one.rows
                for part in (
                    PartRelease(row_id=d.external_id, quantity=Decimal(1)),
                    PartRelease(
                        row_id=d.external_id,
                        quantity=Decimal(1),
                        lot=1,
                        catalogue_id="W1",
                        product_id=d.external_id,
                    ),
                )
            ),
        )
        for one in first[16:]
    ]

    async def stock_comes(how: dict[str, float]) -> None:
        for n in range(6):
            listed = [{"productExternalId": p, **how} for p in (products, products[::-1])[n % 2]]
            assert await many.put(SUPPLIER, "/ecommerce/v3/inventory/balances", listed) == []

    await asyncio.gather(
        at_once(many, 4, handlers.allocate_orders, later),
        at_once(many, 2, handlers.allocate_orders, replacing),
        at_once(many, 3, handlers.settle_shipments, closed),
        at_once(many, 2, handlers.release_orders, released),
        at_once(many, 2, handlers.release_parts, less),
        stock_comes({"adjust": 1}),
        stock_comes({"quantity": 3}),
    )
    assert await many.the_books_add_up()
    assert await deadlocks(many) == 0
    gone = {one.order_id for one in first[:6] + first[12:20]}
    async with many.stock.transaction() as tx:
        assert all(p.delivered + p.returned == p.quantity for p in await store.promised(tx) if p.order_id in gone)
        assert not gone & {one.order_id for one in await store.waiting_rows(tx)}
        # Whoever still waits has nothing to wait for on any shelf.
        idle = "SELECT count(*) FROM waiting_places p JOIN balances b ON b.id = p.balance_id WHERE b.quantity > 0"
        assert await tx.fetch_value(idle) == 0
