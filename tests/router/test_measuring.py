"""What an operator sees of the orders that need attention."""

from datetime import timedelta

import httpx

from router import measuring
from shared.contracts import AllocateOrder
from tests.router.conftest import Router
from tests.router.examples import allocate, balance, catalogue, order, row
from tests.router.parcels import SHIPMENTS
from tests.router.test_acceptance import let_time_pass


async def measured(router: Router) -> list[float]:
    """The gauges: rows unroutable, rows rerouting, asks pending, shipments overdue."""
    await measuring.look(router.database)
    gauges = (measuring.UNSERVED, measuring.REROUTING, measuring.ASKS, measuring.OVERDUE)
    return [sample.value for gauge in gauges for metric in gauge.collect() for sample in metric.samples]


async def test_what_nobody_serves_and_nobody_opens_is_counted(router: Router) -> None:
    await router.knows([catalogue("W1")], [balance("W1")])
    assert await measured(router) == [0, 0, 0, 0]
    await router.ships(order(row("1", quantity=7), row("2", "HAT", 1)), {("W1", "BOOTS"): 5})
    assert await measured(router) == [2, 0, 0, 0]
    await let_time_pass(router, timedelta(hours=25))
    assert await measured(router) == [2, 0, 0, 1]


async def test_what_is_asked_for_again_is_counted_until_it_is_answered(
    client: httpx.AsyncClient, router: Router, supplier: dict[str, str]
) -> None:
    await router.knows([catalogue("W1", priority=1), catalogue("W2")], [balance("W1"), balance("W2")])
    (shipment,) = await router.ships(order(row()), {("W1", "BOOTS"): 5})
    cancelled = {"status": {"value": "Cancelled"}}
    await client.patch(f"{SHIPMENTS}/{shipment.shipment_id}", json=cancelled, headers=supplier)
    await router.hears_of_shipments()
    assert await measured(router) == [0, 1, 1, 0]
    *_, again = await router.said(AllocateOrder)
    await router.is_answered(allocate(again, {("W2", "BOOTS"): 9}))
    assert await measured(router) == [0, 0, 0, 0]
