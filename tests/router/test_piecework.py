"""One order or shipment that cannot be dealt with does not stop the others, and is tried again ever more rarely."""

from collections.abc import Awaitable, Callable, Collection, Sequence
from datetime import timedelta
from uuid import UUID

import pytest

from router import acceptance, measuring, patience, piecework, retrying
from router.piecework import Piecework
from shared.contracts import AllocateOrder, OrderPlaced, ShipmentReminded
from shared.postgres import Database, Transaction
from tests.router import test_acceptance, test_postponed
from tests.router.conftest import Router
from tests.router.examples import allocate, balance, catalogue, order, row

Look = Callable[[Database], Awaitable[bool]]


@pytest.fixture(autouse=True)
async def one_warehouse(router: Router) -> None:
    """W1 has boots."""
    await router.knows([catalogue("W1")], [balance("W1")])


def orders(count: int, product: str = "BOOTS") -> list[OrderPlaced]:
    """So many orders of one row."""
    return [order(row("1", product), external_id=f"A-{number}") for number in range(count)]


async def spoils(router: Router, placed: OrderPlaced) -> bytes:
    """Make what is kept of an order unreadable; what it was."""
    async with router.database.transaction() as tx:
        before: bytes = await tx.fetch_value("SELECT plan FROM routes WHERE order_id = $1", placed.order_id)
        await tx.execute("UPDATE routes SET plan = 'spoilt' WHERE order_id = $1", placed.order_id)
    return before


async def put_off(router: Router) -> list[tuple[str, UUID, int, int]]:
    """What is put off: by which watch, how often, and for how many seconds from now on, rounded to tens."""
    async with router.database.transaction() as tx:
        rows = await tx.fetch(
            "SELECT work, id, times, round(extract(epoch FROM until - now()), -1)::int AS pause FROM put_off"
        )
    return [(found["work"], found["id"], found["times"], found["pause"]) for found in rows]


async def lets_pauses_end(router: Router) -> None:
    """Make everything due again that is put off."""
    async with router.database.transaction() as tx:
        await tx.execute("UPDATE put_off SET until = now()")


def counted(work: str) -> float:
    """How often something was put off by a watch."""
    return float(piecework.PUT_OFF.labels(work)._value.get())


async def test_an_order_that_raises_is_put_off_ever_longer_and_its_neighbours_are_asked_for(router: Router) -> None:
    placed = orders(5)
    await router.hears(*placed)
    await router.is_answered(*(allocate(request, {}) for request in await router.said(AllocateOrder)))
    before = await spoils(router, placed[0])
    counts = counted("retrying")
    await router.knows([], [balance("W1", version=2)])
    assert await retrying.ask_due(router.database) == 5
    asked = {request.order_id for request in await router.said(AllocateOrder) if request.round == 2}
    assert asked == {one.order_id for one in placed[1:]}
    assert await put_off(router) == [("retrying", placed[0].order_id, 1, 10)]
    assert await retrying.ask_due(router.database) == 0
    for times, pause in ((2, 20), (3, 40)):
        await lets_pauses_end(router)
        assert await retrying.ask_due(router.database) == 1
        assert await put_off(router) == [("retrying", placed[0].order_id, times, pause)]
    assert counted("retrying") == counts + 3
    await measuring.measure(router.database)
    assert measuring.PUT_OFF._value.get() == 1
    async with router.database.transaction() as tx:
        await tx.execute("UPDATE put_off SET times = 40, until = now()")
    await retrying.ask_due(router.database)
    assert await put_off(router) == [("retrying", placed[0].order_id, 41, 3_600)]
    async with router.database.transaction() as tx:
        await tx.execute("UPDATE routes SET plan = $1 WHERE order_id = $2", before, placed[0].order_id)
    await lets_pauses_end(router)
    assert await retrying.ask_due(router.database) == 1
    assert await put_off(router) == []
    assert len([request for request in await router.said(AllocateOrder) if request.round == 2]) == 5


async def test_an_order_that_cannot_be_read_holds_up_neither_those_that_wait_nor_the_news(router: Router) -> None:
    placed = orders(4, "HAT")
    await test_postponed.hears_patiently(router, *placed)
    await spoils(router, placed[1])
    await test_postponed.let_time_pass(router, timedelta(seconds=31))
    assert await patience.look(router.database) is False
    assert {request.order_id for request in await router.said(AllocateOrder)} == {
        one.order_id for one in placed if one is not placed[1]
    }
    assert await put_off(router) == [("patience", placed[1].order_id, 1, 10)]
    await router.knows([], [balance("W1", "HAT")])
    assert len(await router.said(AllocateOrder)) == 3


async def test_a_shipment_that_raises_does_not_save_the_others_from_their_end(router: Router) -> None:
    shipments = []
    for placed in orders(3):
        shipments = await router.ships(placed, {("W1", "BOOTS"): 9})
    bad = shipments[1]
    async with router.database.transaction() as tx:
        await tx.execute("UPDATE shipments SET document = '[]' WHERE id = $1", bad.shipment_id)
    await test_acceptance.let_time_pass(router, test_acceptance.HALF)
    assert await acceptance.look(router.database) is False
    reminded = {said.shipment_id for said in await router.said(ShipmentReminded)}
    assert reminded == {one.shipment_id for one in shipments} - {bad.shipment_id}
    assert await put_off(router) == [("acceptance", bad.shipment_id, 1, 10)]


async def test_what_has_not_come_up_for_a_week_is_forgotten(router: Router) -> None:
    placed = orders(2, "HAT")
    await test_postponed.hears_patiently(router, *placed)
    await test_postponed.let_time_pass(router, timedelta(seconds=31))
    await spoils(router, placed[0])
    await patience.look(router.database)
    async with router.database.transaction() as tx:
        await tx.execute("UPDATE put_off SET work = 'acceptance', until = now() - interval '8 days'")
        await tx.execute("UPDATE put_off SET id = gen_random_uuid()")
    await patience.look(router.database)
    assert [found[:3] for found in await put_off(router)] == [("patience", placed[0].order_id, 1)]


async def test_when_the_database_is_away_nothing_is_taken_apart(router: Router) -> None:
    looked = 0

    async def due(tx: Transaction, limit: int) -> Sequence[UUID]:
        raise AssertionError("nobody asks for single pieces")

    async def do(tx: Transaction, limit: int, only: Sequence[UUID] | None) -> Collection[UUID]:
        nonlocal looked
        looked += 1
        raise ConnectionResetError

    with pytest.raises(ConnectionResetError):
        await Piecework("patience", due, do, 5).run(router.database)
    assert looked == 1


async def test_what_is_wrong_with_nothing_in_particular_is_told_as_it_is(router: Router) -> None:
    async def due(tx: Transaction, limit: int) -> Sequence[UUID]:
        return []

    async def do(tx: Transaction, limit: int, only: Sequence[UUID] | None) -> Collection[UUID]:
        raise ValueError("a fault of ours")

    with pytest.raises(ValueError, match="a fault of ours"):
        await Piecework("patience", due, do, 5).run(router.database)
    assert await put_off(router) == []
