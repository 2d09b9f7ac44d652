"""A supplier that does not open a shipment: it is reminded once, and then its time is over, whatever it says later."""

import asyncio
from datetime import timedelta

import httpx
import pytest

from router import acceptance, domain, store
from router.domain import Shipment
from shared.contracts import AllocateOrder, ShipmentChanged, ShipmentReminded
from shared.postgres import Database
from tests.router.conftest import Router
from tests.router.examples import allocate, balance, catalogue, order, row
from tests.router.parcels import SHIPMENTS

HALF, WHOLE = timedelta(hours=12, minutes=1), timedelta(hours=24, minutes=1)


async def let_time_pass(router: Router, by: timedelta) -> None:
    """Make all shipments older."""
    async with router.database.transaction() as tx:
        await tx.execute(
            "UPDATE shipments SET created_at = created_at - $1::interval, accept_by = accept_by - $1::interval", by
        )


async def let_time_run_out(router: Router) -> None:
    """Make all shipments so old that their time is over, and that after a reminder."""
    for _ in range(2):
        await let_time_pass(router, WHOLE)
        await acceptance.hurry(router.database)


async def open_shipment(client: httpx.AsyncClient, supplier: dict[str, str], shipment: Shipment) -> httpx.Response:
    """Let the supplier open a shipment."""
    return await client.patch(
        f"{SHIPMENTS}/{shipment.shipment_id}", json={"status": {"value": "Viewed"}}, headers=supplier
    )


async def test_before_half_of_its_time_nobody_is_reminded(router: Router, shipment: Shipment) -> None:
    await let_time_pass(router, timedelta(hours=11))
    assert await acceptance.hurry(router.database) == 0
    assert await router.said(ShipmentReminded) == []


async def test_at_half_of_its_time_a_supplier_is_reminded_once(router: Router, shipments: list[Shipment]) -> None:
    await let_time_pass(router, HALF)
    assert await acceptance.hurry(router.database) == len(shipments)
    assert await acceptance.hurry(router.database) == 0
    said = await router.said(ShipmentReminded)
    assert {reminded.shipment_id for reminded in said} == {shipment.shipment_id for shipment in shipments}
    assert len(said) == len(shipments)
    assert {reminded.accept_by - reminded.reminded_at for reminded in said} == {timedelta(hours=12)}
    assert await router.said(ShipmentChanged) == []


async def test_who_has_opened_it_is_left_in_peace(
    client: httpx.AsyncClient, router: Router, supplier: dict[str, str], shipments: list[Shipment]
) -> None:
    await open_shipment(client, supplier, shipments[0])
    await let_time_run_out(router)
    opened, *others = await router.shipments()
    assert opened.status == "Viewed"
    assert {shipment.status for shipment in others} == {"Cancelled"}


@pytest.mark.parametrize("in_time", [True, False])
async def test_silence_to_the_end_declines_the_shipment_but_never_without_a_reminder_and_time_after_it(
    router: Router, shipment: Shipment, in_time: bool
) -> None:
    if in_time:
        await let_time_pass(router, HALF)
        await acceptance.hurry(router.database)
    await let_time_pass(router, WHOLE)
    await acceptance.hurry(router.database)
    assert bool(await router.said(ShipmentChanged)) is in_time
    await acceptance.hurry(router.database)
    assert bool(await router.said(ShipmentChanged)) is in_time
    await let_time_pass(router, HALF)
    for _ in range(2):
        await acceptance.hurry(router.database)
    (changed,) = [said for said in await router.said(ShipmentChanged) if said.shipment_id == shipment.shipment_id]
    assert (changed.status, changed.closed, changed.version) == ("Cancelled", True, 2)
    assert [said.shipment_id for said in await router.said(ShipmentReminded)].count(shipment.shipment_id) == 1


@pytest.mark.parametrize("late", ["Viewed", "Delivered"])
async def test_who_answers_too_late_is_told_so(
    client: httpx.AsyncClient, router: Router, supplier: dict[str, str], shipment: Shipment, late: str
) -> None:
    await let_time_run_out(router)
    answer = await client.patch(
        f"{SHIPMENTS}/{shipment.shipment_id}", json={"status": {"value": late}}, headers=supplier
    )
    assert answer.status_code == 409
    assert answer.json()["message"] == "The shipment is Cancelled (not accepted in time), which is final"
    shown = (await client.get(f"{SHIPMENTS}/{shipment.shipment_id}", headers=supplier)).json()
    assert shown["status"]["reason"] == "not accepted in time"


async def waits_for_a_lock(database: Database) -> bool:
    """Whether anybody in the database does."""
    async with database.transaction() as tx:
        waiting: bool = await tx.fetch_value(
            "SELECT EXISTS (SELECT FROM pg_locks JOIN pg_stat_activity USING (pid)"
            " WHERE NOT granted AND datname = current_database())"
        )
    return waiting


async def test_an_acceptance_at_the_last_moment_wins_or_is_told_that_it_came_too_late(
    client: httpx.AsyncClient, router: Router, supplier: dict[str, str], shipment: Shipment
) -> None:
    await let_time_pass(router, WHOLE)
    await acceptance.hurry(router.database)
    await let_time_pass(router, WHOLE)
    async with router.database.transaction() as tx:
        (mine,) = await store.overdue_shipments(tx, 1)
        accepting = asyncio.create_task(open_shipment(client, supplier, mine))
        while not await waits_for_a_lock(router.database):
            assert not accepting.done()
        await store.save_amended_shipments(tx, [domain.called_off(mine, domain.NOT_ACCEPTED, await tx.now())])
    answer = await accepting
    assert (answer.status_code, "not accepted in time" in answer.json()["message"]) == (409, True)


async def test_a_shipment_that_is_just_being_opened_is_left_to_its_supplier(
    client: httpx.AsyncClient, router: Router, supplier: dict[str, str], shipment: Shipment
) -> None:
    await let_time_pass(router, WHOLE)
    await acceptance.hurry(router.database)
    await let_time_pass(router, WHOLE)
    async with router.database.transaction() as tx:
        await tx.execute("UPDATE shipments SET status = 'Viewed', version = 2 WHERE id = $1", shipment.shipment_id)
        assert await acceptance.hurry(router.database) == 3
    assert await acceptance.hurry(router.database) == 0
    assert [found.status for found in await router.shipments()].count("Viewed") == 1


async def test_many_replicas_remind_and_decline_each_shipment_once(router: Router, shipments: list[Shipment]) -> None:
    for time in (HALF, WHOLE):
        await let_time_pass(router, time)
        await asyncio.gather(*(acceptance.hurry(router.database) for _ in range(4)))
    assert len(await router.said(ShipmentReminded)) == len(shipments)
    assert len(await router.said(ShipmentChanged)) == len(shipments)


async def test_the_search_for_unopened_shipments_uses_their_index(router: Router) -> None:
    async with router.database.transaction() as tx:
        await tx.execute("SET LOCAL enable_seqscan = off")
        plan = await tx.connection.fetch(
            "EXPLAIN SELECT id FROM shipments WHERE status IN ('Created', 'Submitted')"
            f" AND {store.acceptance.DUE} <= now() AT TIME ZONE 'UTC' ORDER BY {store.acceptance.DUE} LIMIT 1"
        )
    assert any("Index Scan using shipments_unopened" in row[0] for row in plan)


async def test_what_nobody_accepted_is_asked_of_somebody_else(
    client: httpx.AsyncClient, router: Router, retailer: dict[str, str]
) -> None:
    await router.knows([catalogue("W1", priority=1), catalogue("W2")], [balance("W1"), balance("W2")])
    await router.ships(order(row()), {("W1", "BOOTS"): 9})
    await let_time_run_out(router)
    for _ in range(2):
        await router.hears_of_shipments()
    first, again = await router.said(AllocateOrder)
    assert (first.round, [c.catalogue_id for c in first.rows[0].candidates]) == (1, ["W1", "W2"])
    assert (again.round, [c.catalogue_id for c in again.rows[0].candidates]) == (2, ["W2"])
    await router.is_answered(allocate(again, {("W2", "BOOTS"): 9}))
    old, new = sorted(await router.shipments(), key=lambda shipment: shipment.lot)
    assert [(one.catalogue_id, one.status, one.lot) for one in (old, new)] == [
        ("W1", "Cancelled", 1),
        ("W2", "Created", 2),
    ]
    record = (await client.get("/ecommerce/v3/orders/A-1/routing", headers=retailer)).json()
    assert [entry["cause"] for entry in record["history"]] == [
        "no answer from W1 in time",
        "routed again: 5 from W2",
    ]
