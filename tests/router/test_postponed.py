"""An order may overtake the news of its products: it is postponed a little rather than turned away."""

from datetime import timedelta

import pytest

from router import handlers, patience, store
from shared.contracts import AllocateOrder, OrderPlaced
from tests.router import examples
from tests.router.conftest import Router
from tests.router.examples import balance, catalogue, order, row

PATIENT = examples.SETTINGS.model_copy(update={"grace_seconds": 30.0})


async def hears_patiently(router: Router, *orders: OrderPlaced) -> None:
    """Let it hear of orders, with half a minute of grace."""
    async with router.database.transaction() as tx:
        await handlers.route_orders(orders, tx, PATIENT)


async def let_time_pass(router: Router, by: timedelta) -> None:
    """Move the moments until which orders are postponed into the past."""
    async with router.database.transaction() as tx:
        await tx.execute("UPDATE routes SET postponed_until = postponed_until - $1::interval", by)


@pytest.fixture(autouse=True)
async def one_warehouse(router: Router) -> None:
    """W1 has boots."""
    await router.knows([catalogue("W1")], [balance("W1")])


async def test_an_order_for_a_product_nobody_has_yet_is_asked_for_when_its_news_comes(router: Router) -> None:
    await hears_patiently(router, order(row("1"), row("2", "HAT")))
    assert await router.said(AllocateOrder) == []
    await router.knows([], [balance("W1", "HAT")])
    (asked,) = await router.said(AllocateOrder)
    assert [[c.product_id for c in demand.candidates] for demand in asked.rows] == [["BOOTS"], ["HAT"]]


async def test_news_of_something_else_does_not_end_the_wait(router: Router) -> None:
    await hears_patiently(router, order(row("1", "HAT")))
    await router.knows([], [balance("W1", "SOCKS")])
    assert await router.said(AllocateOrder) == []


async def test_an_order_whose_catalogue_was_not_known_yet_is_asked_for_when_it_is(router: Router) -> None:
    await router.knows([], [balance("W9", "HAT")])
    await hears_patiently(router, order(row("1", "HAT")))
    await router.knows([catalogue("W9")], [])
    (asked,) = await router.said(AllocateOrder)
    assert [c.catalogue_id for c in asked.rows[0].candidates] == ["W9"]


async def test_an_order_that_has_waited_long_enough_is_decided_with_what_is_known(router: Router) -> None:
    await hears_patiently(router, order(row("1"), row("2", "HAT")))
    assert await patience.ask_overdue(router.database) == 0
    await let_time_pass(router, timedelta(seconds=31))
    assert await patience.ask_overdue(router.database) == 1
    assert await patience.ask_overdue(router.database) == 0
    (asked,) = await router.said(AllocateOrder)
    assert [len(demand.candidates) for demand in asked.rows] == [1, 0]


async def test_an_order_said_again_while_it_is_postponed_stays_postponed(router: Router) -> None:
    placed = order(row("1", "HAT"))
    await hears_patiently(router, placed)
    await hears_patiently(router, placed)
    assert await router.said(AllocateOrder) == []
    async with router.database.transaction() as tx:
        assert await store.count_postponed(tx) == 1


async def test_an_order_for_known_products_does_not_wait(router: Router) -> None:
    await hears_patiently(router, order(row("1")))
    assert len(await router.said(AllocateOrder)) == 1
