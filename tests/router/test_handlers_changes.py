"""What the router does when retailers change their minds: in time, late, twice, or before the order is heard of."""

import asyncio
from datetime import timedelta
from decimal import Decimal

import httpx
import pytest

from router import domain, handlers, patience, store
from router.domain import Change
from shared.contracts import (
    AllocateOrder,
    DeliveredPart,
    OrderAllocated,
    OrderPlaced,
    OrderRouted,
    Party,
    ReleaseOrder,
    ShipmentChanged,
    ShipmentCreated,
)
from tests.router.conftest import Router
from tests.router.examples import SETTINGS, allocate, amended, balance, catalogue, order, row
from tests.router.parcels import SHIPMENTS, confirmation, parcel

STOCK = {("W1", "BOOTS"): 100, ("W2", "BOOTS"): 3}
PATIENT = SETTINGS.model_copy(update={"grace_seconds": 30.0})


@pytest.fixture(autouse=True)
async def two_warehouses(router: Router) -> None:
    """W2 is asked first and has little, W1 has plenty."""
    await router.knows(
        [catalogue("W1", priority=2), catalogue("W2", priority=1)], [balance("W1"), balance("W2"), balance("W1", "HAT")]
    )


async def answer_to(router: Router, placed: OrderPlaced) -> OrderAllocated:
    """What inventory answers to what it was asked of an order."""
    asked = [request for request in await router.said(AllocateOrder) if request.order_id == placed.order_id]
    return allocate(asked[-1], dict(STOCK))


async def history_of(router: Router, placed: OrderPlaced) -> list[str]:
    """What the record says has happened to an order."""
    record = (await router.route(placed)).record
    assert record is not None
    return [happening.cause for happening in record.history]


async def statuses(router: Router, placed: OrderPlaced) -> dict[str, str]:
    """How far the shipments of an order are, by catalogue."""
    found = [one for one in await router.shipments() if one.order_id == placed.order_id]
    return {shipment.catalogue_id: shipment.status for shipment in found}


async def delivers(router: Router, placed: OrderPlaced, catalogue_id: str) -> None:
    """Let the supplier deliver an order's shipment as a whole."""
    (found,) = [
        one for one in await router.shipments() if (one.order_id, one.catalogue_id) == (placed.order_id, catalogue_id)
    ]
    async with router.database.transaction() as tx:
        moved = domain.move(found, Change(status="Delivered"), await tx.now())
        assert isinstance(moved, domain.Shipment)
        await store.save_moved(tx, moved)
        await store.save_rows(tx, moved)


async def test_the_open_shipments_of_a_cancelled_order_are_cancelled_and_said_to_be_closed(router: Router) -> None:
    placed = order(row())
    before = await router.ships(placed, STOCK)
    for _ in range(2):
        await router.hears_a_change(amended(placed, cancelled=True))
    assert await statuses(router, placed) == {"W1": "Cancelled", "W2": "Cancelled"}
    changed = await router.said(ShipmentChanged)
    assert {one.shipment_id for one in changed} == {one.shipment_id for one in before}
    assert [(one.status, one.closed, one.version, [int(r.delivered) for r in one.rows]) for one in changed] == [
        ("Cancelled", True, 2, [0])
    ] * 2
    assert await router.said(ReleaseOrder) == []
    assert await history_of(router, placed) == ["cancelled by the retailer"]


async def test_what_a_supplier_has_delivered_stays_delivered_when_the_order_is_cancelled(router: Router) -> None:
    placed = order(row())
    await router.ships(placed, STOCK)
    await delivers(router, placed, "W2")
    await router.hears_a_change(amended(placed, cancelled=True))
    assert await statuses(router, placed) == {"W1": "Cancelled", "W2": "Delivered"}
    assert {one.catalogue_id for one in await router.said(ShipmentChanged)} == {"W1"}


async def test_what_is_promised_to_an_order_that_was_cancelled_meanwhile_is_let_go(router: Router) -> None:
    placed = order(row())
    await router.hears(placed)
    await router.hears_a_change(amended(placed, cancelled=True))
    answer = await answer_to(router, placed)
    await router.is_answered(answer, answer)
    await router.is_answered(answer)
    assert await router.shipments() == []
    assert await router.said(ShipmentCreated) == []
    assert await router.said(ReleaseOrder) == [ReleaseOrder(order_id=placed.order_id, retailer_id=placed.retailer_id)]
    (routed,) = await router.said(OrderRouted)
    assert [(r.routed, int(r.reserved), int(r.unserved), int(r.cancelled), r.reason) for r in routed.rows] == [
        ((), 0, 0, 5, "cancelled by the retailer")
    ]
    assert await history_of(router, placed) == ["cancelled by the retailer"]


async def test_a_cancelled_order_that_nothing_was_promised_to_lets_nothing_go(router: Router) -> None:
    placed = order(row("1", "SOCKS"))
    await router.hears(placed)
    await router.hears_a_change(amended(placed, cancelled=True))
    await router.is_answered(await answer_to(router, placed))
    assert await router.said(ReleaseOrder) == []


async def test_a_cancelled_order_that_waits_for_news_is_not_asked_for_any_more(router: Router) -> None:
    placed = order(row("1", "SOCKS"))
    async with router.database.transaction() as tx:
        await handlers.route_orders([placed], tx, PATIENT)
    await router.hears_a_change(amended(placed, cancelled=True))
    await router.knows([], [balance("W1", "SOCKS")])
    assert await patience.ask_overdue(router.database) == 0
    await router.hears(placed)
    assert await router.said(AllocateOrder) == []
    assert [routed.outcome for routed in await router.said(OrderRouted)] == ["none", "none"]


async def test_a_cancellation_that_overtakes_its_order_counts_when_the_order_comes(router: Router) -> None:
    placed = order(row())
    await router.hears_a_change(amended(placed, cancelled=True))
    await router.hears_a_change(amended(placed, version=2, cancelled=True))
    await router.hears(placed, placed)
    await router.hears(placed)
    assert await router.said(AllocateOrder) == []
    routed = await router.said(OrderRouted)
    assert [(int(r.cancelled), r.reason) for r in routed[0].rows] == [(5, "cancelled by the retailer")]
    assert len({one.model_dump_json() for one in routed}) == 1
    async with router.database.transaction() as tx:
        assert await tx.fetch_value("SELECT count(*) FROM amendments") == 0


async def test_a_cancellation_waits_for_an_order_that_is_just_being_noted(router: Router) -> None:
    placed = order(row())
    async with router.database.transaction() as tx:
        await handlers.route_orders([placed], tx, SETTINGS)
        cancelling = asyncio.create_task(router.hears_a_change(amended(placed, cancelled=True)))
        waiting = "SELECT count(*) FROM pg_locks WHERE NOT granted AND locktype = 'advisory'"
        while not await tx.fetch_value(waiting):
            await asyncio.sleep(0)
            assert not cancelling.done()
    await cancelling
    assert (await router.route(placed)).cancelled is not None


async def test_orders_and_their_cancellations_may_come_at_the_same_time(router: Router) -> None:
    placed = [order(row(), external_id=f"A-{number}") for number in range(20)]
    await asyncio.gather(
        *(router.hears(*placed[n::4]) for n in range(4)),
        *(router.hears_a_change(*(amended(one, cancelled=True) for one in placed[n::5])) for n in range(5)),
    )
    for one in placed:
        assert (await router.route(one)).cancelled is not None


async def test_a_held_order_keeps_its_stock_and_has_no_shipments(router: Router) -> None:
    placed = order(row(), row("2", "WRAP", quantity=1, product_type="serviceProduct"), held=True)
    assert await router.ships(placed, STOCK) == []
    (routed,) = await router.said(OrderRouted)
    assert [(r.routed, int(r.reserved), int(r.unserved)) for r in routed.rows] == [((), 5, 0), ((), 1, 0)]
    await router.hears(placed)
    assert (await router.said(OrderRouted))[1] == routed


async def test_a_released_order_is_shipped_in_a_new_round(router: Router) -> None:
    placed = order(row(), held=True)
    await router.ships(placed, STOCK)
    async with router.database.transaction() as tx:
        await tx.execute("UPDATE routes SET record = jsonb_set(record, '{decided_at}', '\"2026-01-02T08:00:00Z\"')")
    for _ in range(2):
        await router.hears_a_change(amended(placed, held=False))
    created = await router.said(ShipmentCreated)
    assert {(one.catalogue_id, int(one.rows[0].quantity)) for one in created} == {("W2", 3), ("W1", 2)}
    assert all(one.accept_by - one.created_at == timedelta(hours=24) for one in created)
    assert all(one.created_at.year > 2025 and one.created_at.month != 1 for one in created)
    held, released = await router.said(OrderRouted)
    assert (held.round, released.round) == (1, 2)
    assert [(int(r.reserved), len(r.routed)) for r in released.rows] == [(0, 2)]
    assert await history_of(router, placed) == ["released"]
    await router.hears(placed)
    assert (await router.said(OrderRouted))[2] == released


async def test_an_order_released_before_its_answer_is_shipped_with_it(router: Router) -> None:
    early, late = order(row(), held=True), order(row(), held=True, external_id="A-2")
    await router.hears_a_change(amended(early, held=False))
    await router.hears(early, late)
    await router.hears_a_change(amended(late, held=False))
    await router.is_answered(await answer_to(router, early), await answer_to(router, late))
    assert [routed.round for routed in await router.said(OrderRouted)] == [1, 1]
    assert len(await router.said(ShipmentCreated)) == 4


async def test_a_held_order_that_is_cancelled_lets_its_stock_go(router: Router) -> None:
    placed = order(row(), held=True)
    await router.ships(placed, STOCK)
    for _ in range(2):
        await router.hears_a_change(amended(placed, cancelled=True, held=True))
    assert await router.said(ReleaseOrder) == [ReleaseOrder(order_id=placed.order_id, retailer_id=placed.retailer_id)]
    await router.hears_a_change(amended(placed, version=2, held=False))
    assert await router.shipments() == []


async def test_open_shipments_go_where_the_order_is_to_go_now(router: Router) -> None:
    placed = order(row())
    await router.ships(placed, STOCK)
    await delivers(router, placed, "W2")
    elsewhere = placed.delivery.model_copy(update={"delivery_address": Party(name="Matti"), "service_code": "2104"})
    for _ in range(2):
        await router.hears_a_change(amended(placed, delivery=elsewhere))
    await router.hears_a_change(amended(placed, version=2, delivery=elsewhere))
    to = {one.catalogue_id: (one.delivery.delivery_address.name, one.version) for one in await router.shipments()}
    assert to == {"W1": ("Matti", 2), "W2": ("Maija", 2)}
    assert [(one.catalogue_id, one.version) for one in await router.said(ShipmentChanged)] == [("W1", 2)]
    (packed,) = [domain.packing(one)[0] for one in await router.shipments() if one.catalogue_id == "W1"]
    assert packed.service_code == "2104"


async def test_of_deliveries_the_highest_version_wins_whenever_it_comes(router: Router) -> None:
    placed = order(row())
    newest = placed.delivery.model_copy(update={"service_code": "2104"})
    older = placed.delivery.model_copy(update={"service_code": "2102"})
    await router.hears_a_change(amended(placed, version=3, delivery=newest))
    await router.hears_a_change(amended(placed, version=2, delivery=older))
    await router.ships(placed, STOCK)
    await router.hears_a_change(amended(placed, version=1, delivery=older))
    assert {one.delivery.service_code for one in await router.said(ShipmentCreated)} == {"2104"}
    assert {one.delivery.service_code for one in await router.shipments()} == {"2104"}


async def test_an_order_that_takes_anothers_place_closes_it_and_releases_what_was_not_delivered(router: Router) -> None:
    old = order(row())
    await router.ships(old, STOCK)
    await delivers(router, old, "W2")
    new = order(row(quantity=2), replaces=old.order_id)
    await router.hears(new)
    await router.hears(new)
    first, again = [asked for asked in await router.said(AllocateOrder) if asked.order_id == new.order_id]
    assert first == again
    assert first.release == ReleaseOrder(
        order_id=old.order_id,
        retailer_id=old.retailer_id,
        delivered=(DeliveredPart(row_id="1", catalogue_id="W2", product_id="BOOTS", quantity=Decimal(3)),),
    )
    assert await statuses(router, old) == {"W1": "Cancelled", "W2": "Delivered"}
    assert await history_of(router, old) == [f"replaced by {new.order_id}"]
    await router.is_answered(await answer_to(router, new))
    assert await statuses(router, new) == {"W2": "Created"}
    assert await router.said(ReleaseOrder) == []


async def test_an_order_may_take_the_place_of_one_that_is_not_heard_of_yet(router: Router) -> None:
    old = order(row())
    new = order(row(), replaces=old.order_id)
    await router.hears(new)
    await router.hears(new)
    await router.hears(old)
    assert {asked.order_id for asked in await router.said(AllocateOrder)} == {new.order_id}
    assert (await router.said(AllocateOrder))[0].release == ReleaseOrder(
        order_id=old.order_id, retailer_id=old.retailer_id
    )
    assert await history_of(router, old) == [f"replaced by {new.order_id}"]


async def test_of_an_order_and_its_replacement_in_one_batch_the_replacement_is_asked_for(router: Router) -> None:
    oldest = order(row())
    await router.ships(oldest, STOCK)
    old = order(row(), replaces=oldest.order_id)
    new = order(row(), replaces=old.order_id)
    await router.hears(new, old)
    asked = [(request.order_id, request.release) for request in await router.said(AllocateOrder)][1:]
    assert asked == [(new.order_id, ReleaseOrder(order_id=old.order_id, retailer_id=old.retailer_id))]
    # What the one in between would have let go of is let go of all the same.
    assert await router.said(ReleaseOrder) == [ReleaseOrder(order_id=oldest.order_id, retailer_id=oldest.retailer_id)]
    assert set((await statuses(router, oldest)).values()) == {"Cancelled"}


async def test_a_replacement_of_services_alone_lets_the_goods_go(router: Router) -> None:
    old = order(row(), held=True)
    await router.ships(old, STOCK)
    await router.hears(order(row("1", "WRAP", product_type="serviceProduct"), replaces=old.order_id))
    assert {release.order_id for release in await router.said(ReleaseOrder)} == {old.order_id}


async def test_a_replacement_that_waits_for_news_releases_when_it_is_asked_for(router: Router) -> None:
    old = order(row())
    await router.ships(old, STOCK)
    await delivers(router, old, "W2")
    new = order(row("1", "SOCKS"), replaces=old.order_id)
    async with router.database.transaction() as tx:
        await handlers.route_orders([new], tx, PATIENT)
    assert set((await statuses(router, old)).values()) == {"Cancelled", "Delivered"}
    await router.knows([], [balance("W1", "SOCKS")])
    release = (await router.said(AllocateOrder))[-1].release
    assert release is not None
    assert (release.order_id, [int(part.quantity) for part in release.delivered]) == (old.order_id, [3])


async def test_a_supplier_that_is_faster_than_a_cancellation_has_delivered(
    client: httpx.AsyncClient, router: Router, supplier: dict[str, str]
) -> None:
    placed = order(row(quantity=3))
    (shipment,) = await router.ships(placed, STOCK)
    async with router.database.transaction() as tx:
        await tx.execute("SELECT FROM shipments FOR UPDATE")
        cancel = asyncio.create_task(router.hears_a_change(amended(placed, cancelled=True)))
        waiting = "SELECT count(*) FROM pg_locks WHERE NOT granted"
        while not await tx.fetch_value(waiting):
            await asyncio.sleep(0)
            assert not cancel.done()
        moved = domain.move(shipment, Change(status="Delivered"), await tx.now())
        assert isinstance(moved, domain.Shipment)
        await store.save_moved(tx, moved)
        await store.save_rows(tx, moved)
    await cancel
    shown = (await client.get(f"{SHIPMENTS}/{shipment.shipment_id}", headers=supplier)).json()
    assert shown["status"]["value"] == "Delivered"
    assert shown["consignment"]["rows"][0]["deliveredQuantity"] == 3
    assert await router.said(ShipmentChanged) == []


async def test_what_is_delivered_while_an_order_is_being_replaced_is_not_released(router: Router) -> None:
    old = order(row(quantity=3))
    (shipment,) = await router.ships(old, STOCK)
    async with router.database.transaction() as tx:
        await tx.execute("SELECT FROM shipments FOR UPDATE")
        replacing = asyncio.create_task(router.hears(order(row(), replaces=old.order_id)))
        while not await tx.fetch_value("SELECT count(*) FROM pg_locks WHERE NOT granted"):
            await asyncio.sleep(0)
            assert not replacing.done()
        moved = domain.move(shipment, Change(status="Delivered"), await tx.now())
        assert isinstance(moved, domain.Shipment)
        await store.save_moved(tx, moved)
        await store.save_rows(tx, moved)
    await replacing
    release = (await router.said(AllocateOrder))[-1].release
    assert release is not None
    assert [int(part.quantity) for part in release.delivered] == [3]


async def test_a_supplier_that_is_slower_than_a_cancellation_is_told_who_cancelled(
    client: httpx.AsyncClient, router: Router, supplier: dict[str, str]
) -> None:
    placed = order(row(quantity=3, catalogue_id="W1"))
    (shipment,) = await router.ships(placed, STOCK)
    address = f"{SHIPMENTS}/{shipment.shipment_id}"
    await client.patch(
        address, json={"consignment": {"parcels": [parcel("1", BOOTS=3) | {"trackingCodes": ["A"]}]}}, headers=supplier
    )
    await router.hears_a_change(amended(placed, cancelled=True))
    late = await client.patch(address, json=confirmation(parcel("1", BOOTS=3)), headers=supplier)
    assert late.status_code == 409
    assert late.json()["message"] == "The shipment is Cancelled (cancelled by the retailer), which is final"
    shown = (await client.get(address, headers=supplier)).json()
    assert shown["status"]["reason"] == "cancelled by the retailer"
    assert shown["consignment"]["parcels"][0]["rows"][0]["deliveredQuantity"] == 0
    assert (await client.patch(address, json={"status": {"value": "Cancelled"}}, headers=supplier)).status_code == 200


async def test_the_routing_of_a_number_is_that_of_the_newest_order_with_it(
    client: httpx.AsyncClient, router: Router, retailer: dict[str, str]
) -> None:
    old = order(row(quantity=5), held=True)
    await router.ships(old, STOCK)
    new = order(row(quantity=2), replaces=old.order_id)
    address = "/ecommerce/v3/orders/A-1/routing"
    assert (await client.get(address, headers=retailer)).json()["rows"][0]["quantity"] == 5
    await router.hears(new)
    assert (await client.get(address, headers=retailer)).status_code == 404
    await router.is_answered(await answer_to(router, new))
    body = (await client.get(address, headers=retailer)).json()
    assert (body["rows"][0]["quantity"], body["history"]) == (2, [])


async def test_the_routing_tells_what_has_happened_since(
    client: httpx.AsyncClient, router: Router, retailer: dict[str, str]
) -> None:
    placed = order(row(), held=True)
    await router.ships(placed, STOCK)
    await router.hears_a_change(amended(placed, held=False))
    await router.hears_a_change(amended(placed, version=2, cancelled=True))
    history = (await client.get("/ecommerce/v3/orders/A-1/routing", headers=retailer)).json()["history"]
    assert [entry["cause"] for entry in history] == ["released", "cancelled by the retailer"]
    assert history[1]["timestamp"] == "2026-01-02T09:00:00.000Z"
