"""What the router does when messages come: in time, late, twice, or in another order."""

import asyncio
from collections.abc import Sequence
from datetime import timedelta
from decimal import Decimal
from typing import Any

import pytest

from router import domain, handlers, store
from shared.contracts import (
    AllocateOrder,
    OrderAllocated,
    OrderPlaced,
    OrderRouted,
    OrganisationChanged,
    RowAllocated,
    ShipmentCreated,
)
from shared.inbox import Inbox, Unprocessable
from shared.postgres import Transaction
from tests import builders
from tests.router.conftest import Router
from tests.router.examples import (
    OTHER_SUPPLIER,
    RETAILER,
    SETTINGS,
    STRANGER,
    SUPPLIER,
    allocate,
    balance,
    catalogue,
    order,
    row,
)

STOCK = {("W1", "BOOTS"): 100, ("W2", "BOOTS"): 3}


@pytest.fixture(autouse=True)
async def two_warehouses(router: Router) -> None:
    """W2 is asked first and has little, W1 has plenty."""
    await router.knows(
        [catalogue("W1", priority=2), catalogue("W2", priority=1, supplier_id=OTHER_SUPPLIER, name="Turku")],
        [balance("W1", ean="111"), balance("W2", description="Fishing boots"), balance("W1", "SOCKS", ean="222")],
    )


async def test_an_order_asks_inventory_for_its_candidates_in_rank_order(router: Router) -> None:
    placed = order(row(), row("2", None, ean="222"), row("3", "HAT"))
    await router.hears(placed)
    (asked,) = await router.said(AllocateOrder)
    assert (asked.order_id, asked.round, asked.retailer_id, asked.placed_at) == (
        placed.order_id,
        1,
        RETAILER,
        placed.placed_at,
    )
    candidates = [[(c.catalogue_id, c.product_id) for c in demand.candidates] for demand in asked.rows]
    assert candidates == [[("W2", "BOOTS"), ("W1", "BOOTS")], [("W1", "SOCKS")], []]


async def test_a_retailer_is_served_from_its_own_catalogues_only(router: Router) -> None:
    await router.hears(order(row(), retailer_id=STRANGER))
    assert (await router.said(AllocateOrder))[0].rows[0].candidates == ()


async def test_a_supplier_may_be_named_as_the_organisation_is_called(router: Router) -> None:
    async with router.database.transaction() as tx:
        named = OrganisationChanged(business_id=SUPPLIER, name="Oulun Saapas", roles=("supplier",), version=1)
        await handlers.keep_organisations([named], tx)
    await router.hears(order(row(), po="PO-1", receiver="oulun saapas"))
    assert [c.catalogue_id for c in (await router.said(AllocateOrder))[0].rows[0].candidates] == ["W1"]


async def test_an_answer_makes_a_shipment_for_each_catalogue_and_tells_the_order_book(router: Router) -> None:
    placed = order(row(quantity=5))
    shipments = await router.ships(placed, STOCK)
    created = await router.said(ShipmentCreated)
    assert {(c.catalogue_id, c.supplier_id, int(c.rows[0].quantity)) for c in created} == {
        ("W2", OTHER_SUPPLIER, 3),
        ("W1", SUPPLIER, 2),
    }
    assert {c.shipment_id for c in created} == {shipment.shipment_id for shipment in shipments}
    assert all(c.accept_by - c.created_at == timedelta(hours=24) and c.delivery == placed.delivery for c in created)
    assert next(c for c in created if c.catalogue_id == "W2").catalogue_name == "Turku"
    (routed,) = await router.said(OrderRouted)
    assert (routed.outcome, routed.round, routed.routed_at) == ("full", 1, created[0].created_at)
    assert [(p.catalogue_id, int(p.quantity)) for p in routed.rows[0].routed] == [("W2", 3), ("W1", 2)]
    record = (await router.route(placed)).record
    assert record is not None
    assert [row.taken for row in domain.recompute(record).rows] == [record.rows[0].taken]


async def test_what_its_goods_need_is_decided_when_an_order_is_ranked_and_is_not_said_of_its_delivery(
    router: Router,
) -> None:
    await router.knows([], [balance("W1", fragile=True, version=2), balance("W2", oversized=True, version=2)])
    placed = order(row(quantity=5))
    await router.hears(placed)
    await router.knows([], [balance("W1", oversized=True, version=3), balance("W2", version=3)])
    (asked,) = await router.said(AllocateOrder)
    await router.is_answered(allocate(asked, dict(STOCK)))
    found = {shipment.catalogue_id: shipment for shipment in await router.shipments()}
    services = {
        catalogue_id: [service.service_code for service in domain.packing(shipment)[0].additional_services]
        for catalogue_id, shipment in found.items()
    }
    assert services == {"W1": ["3104"], "W2": ["3174"]}
    assert [created.delivery for created in await router.said(ShipmentCreated)] == [placed.delivery, placed.delivery]


async def test_an_order_nobody_can_serve_is_told_with_the_reason_and_makes_no_shipment(router: Router) -> None:
    assert await router.ships(order(row("1", "HAT"), row("2", "SOCKS")), {}) == []
    (routed,) = await router.said(OrderRouted)
    assert [(int(r.unserved), r.reason) for r in routed.rows] == [(5, "unknown product"), (5, "no stock")]
    assert routed.outcome == "none"


async def test_an_order_of_services_alone_is_decided_at_once(router: Router) -> None:
    placed = order(row("1", "WRAP", product_type="serviceProduct"))
    await router.hears(placed, placed)
    await router.hears(placed)
    assert await router.said(AllocateOrder) == []
    first, again = await router.said(OrderRouted)
    assert first == again
    assert first.rows[0].reason == "no goods to follow"


async def test_an_order_that_comes_again_before_the_answer_asks_the_very_same_again(router: Router) -> None:
    placed = order(row())
    await router.hears(placed, placed)
    await router.knows([catalogue("W2", active=False, version=2)], [balance("W1", published=False, version=2)])
    await router.hears(placed)
    first, again = await router.said(AllocateOrder)
    assert first == again


async def test_an_order_that_comes_again_after_the_answer_tells_the_very_same_again(router: Router) -> None:
    placed = order(row())
    await router.ships(placed, STOCK)
    await router.hears(placed)
    first, again = await router.said(OrderRouted)
    assert first == again
    assert len(await router.said(AllocateOrder)) == 1
    assert len(await router.said(ShipmentCreated)) == 2


async def test_an_answer_that_comes_twice_makes_its_shipments_once(router: Router) -> None:
    placed = order(row())
    await router.hears(placed)
    answer = allocate((await router.said(AllocateOrder))[0], dict(STOCK))
    await router.is_answered(answer, answer)
    await router.is_answered(answer)
    assert len(await router.shipments()) == 2
    assert len(await router.said(ShipmentCreated)) == 2
    assert len(await router.said(OrderRouted)) == 1


async def test_an_answer_to_another_round_or_to_an_unknown_order_is_dropped(router: Router) -> None:
    placed = order(row())
    await router.hears(placed)
    answer = allocate((await router.said(AllocateOrder))[0], dict(STOCK))
    await router.is_answered(
        answer.model_copy(update={"round": 2}), answer.model_copy(update={"order_id": order(row()).order_id})
    )
    assert await router.said(OrderRouted) == []
    await router.is_answered(answer)
    assert len(await router.said(OrderRouted)) == 1


async def test_two_replicas_that_hear_the_same_answer_ship_once(router: Router) -> None:
    placed = [order(row(), external_id=f"A-{number}") for number in range(20)]
    await router.hears(*placed)
    answers = [allocate(asked, dict(STOCK)) for asked in await router.said(AllocateOrder)]
    await asyncio.gather(router.is_answered(*answers), router.is_answered(*reversed(answers)))
    assert len(await router.said(ShipmentCreated)) == 40
    assert len(await router.said(OrderRouted)) == 20


async def test_two_replicas_that_hear_the_same_orders_ask_the_same(router: Router) -> None:
    placed = [order(row(), external_id=f"A-{number}") for number in range(20)]
    await asyncio.gather(router.hears(*placed), router.hears(*reversed(placed)))
    asked = await router.said(AllocateOrder)
    assert {request.order_id for request in asked} == {one.order_id for one in placed}
    assert len({request.model_dump_json() for request in asked}) == 20
    async with router.database.transaction() as tx:
        assert await tx.fetch_value("SELECT count(*) FROM routes") == 20


async def test_an_impossible_answer_is_unprocessable_and_changes_nothing(router: Router) -> None:
    placed = order(row())
    await router.hears(placed)
    answer = OrderAllocated(
        order_id=placed.order_id,
        round=1,
        outcome="full",
        rows=(RowAllocated(external_id="no such row", short=Decimal(0)),),
    )
    with pytest.raises(Unprocessable, match="no such row"):
        await router.is_answered(answer)
    assert (await router.route(placed)).record is None


async def test_an_impossible_answer_is_parked_and_its_neighbours_ship(router: Router) -> None:
    placed = [order(row(), external_id=f"A-{number}") for number in range(3)]
    await router.hears(*placed)
    good, bad, fine = [allocate(asked, dict(STOCK)) for asked in await router.said(AllocateOrder)]
    bad = bad.model_copy(update={"rows": (bad.rows[0].model_copy(update={"external_id": "no such row"}),)})

    async def ship(messages: Sequence[Any], tx: Transaction) -> None:
        await handlers.ship_orders(messages, tx, SETTINGS)

    inbox = Inbox("router", router.database, OrderAllocated, ship)
    await inbox.take([builders.record(answer, offset=offset) for offset, answer in enumerate((good, bad, fine))])
    assert {routed.order_id for routed in await router.said(OrderRouted)} == {good.order_id, fine.order_id}
    async with router.database.transaction() as tx:
        assert "no such row" in await tx.fetch_value("SELECT error FROM parked")


@pytest.mark.parametrize("newest_first", [True, False])
async def test_of_snapshots_the_highest_version_wins_whenever_it_comes(router: Router, newest_first: bool) -> None:
    old, new = [catalogue("W1", active=True, version=2)], [catalogue("W1", active=False, version=3)]
    for heard in (new, old) if newest_first else (old, new):
        await router.knows(heard, [])
    await router.knows([], [balance("W2", published=False, version=3), balance("W2", version=2)])
    await router.hears(order(row()))
    route = (await router.said(AllocateOrder))[0].rows[0]
    assert route.candidates == ()


async def test_a_batch_of_many_orders_is_routed_in_few_statements(router: Router) -> None:
    placed = [order(row("1"), row("2", "SOCKS"), external_id=f"A-{number}") for number in range(200)]
    seen: list[str] = []
    async with router.database.transaction() as tx:
        # The first statements of a connection ask for the types of columns.
        await handlers.route_orders([order(row(), external_id="first")], tx, SETTINGS)
        with tx.connection.query_logger(lambda query: seen.append(query.query)):
            await handlers.route_orders(placed, tx, SETTINGS)
    assert len(seen) == 7
    assert len(await router.said(AllocateOrder)) == 201


async def test_the_books_tell_every_row_of_every_shipment_and_order(router: Router) -> None:
    placed = order(row(quantity=5), row("2", "WRAP", quantity=1, product_type="serviceProduct"), row("3", "HAT"))
    await router.ships(placed, STOCK)
    waiting = order(row(), external_id="A-2")
    await router.hears(waiting)
    async with router.database.transaction() as tx:
        books = [
            (r["order_id"], r["row_id"], r["catalogue_id"], int(r["quantity"]), int(r["delivered"]), r["stocked"])
            for r in await store.books(tx)
        ]
        routed = [
            (r["order_id"], r["state"], r["row_id"], r["quantity"], r["taken"], r["waiting"], r["unserved"])
            for r in await store.routed_orders(tx)
        ]
    assert books == [
        (placed.order_id, "1", "W1", 2, 0, True),
        (placed.order_id, "1", "W2", 3, 0, True),
        (placed.order_id, "2", "W2", 1, 0, False),
    ]
    assert routed == [
        (placed.order_id, "routed", "1", 5, 5, 0, 0),
        (placed.order_id, "routed", "2", 1, 1, 0, 0),
        (placed.order_id, "routed", "3", 5, 0, 0, 5),
        (waiting.order_id, "asked", None, None, 0, 0, None),
    ]


async def test_what_is_kept_of_an_order_is_the_order(router: Router) -> None:
    placed: OrderPlaced = order(
        row(quantity="0.000001", unit="KPL", description="Kengät ☃"), po="PO-1", receiver=SUPPLIER
    )
    await router.hears(placed)
    assert (await router.route(placed)).order == placed
