"""How decided orders stand, what is told of it, and what ends them."""

from pathlib import Path

import pytest

from router import handlers, store
from router.domain import Change
from shared.contracts import (
    AllocateOrder,
    OrderAllocated,
    OrderRouted,
    ReleaseOrder,
    ReleaseParts,
    ShipmentChanged,
    ShipmentCreated,
)
from tests.router.conftest import Router
from tests.router.examples import OTHER_SUPPLIER, SETTINGS, allocate, amended, catalogue, order, row
from tests.router.happenings import (
    LOT,
    REJECTED,
    answer,
    asked,
    filled,
    fills,
    from_catalogue,
    hears_of,
    moves,
    row_of,
    standing_of,
    withdrawn,
    withdraws,
)
from tests.router.warehouses import BOOTS, OTHER_BOOTS, STOCK, places

pytestmark = pytest.mark.usefixtures("three_warehouses")
MIGRATIONS = Path(store.__file__).parents[1] / "migrations"


def statement(migration: str, beginning: str) -> str:
    """A statement of a migration, to be run over what there is."""
    return beginning + (MIGRATIONS / migration).read_text().partition(beginning)[2].partition(";")[0]


DERIVED = statement("1040_keep_standings.sql", "UPDATE routes AS o")
UNSERVED = statement("1041_ask_again.sql", "INSERT INTO unserved_rows")


async def test_of_a_cancelled_order_nothing_is_routed_again_and_late_answers_go_back(router: Router) -> None:
    placed = order(row(back_order=True))
    await router.hears(placed)
    await router.is_answered(answer(placed, 1, {"1": ({BOOTS: 3}, {BOOTS: 2}, 0)}))
    await moves(router, await from_catalogue(router, placed, "W1"), REJECTED)
    request = await asked(router, placed)
    await router.hears_a_change(amended(placed, cancelled=True))
    assert await row_of(router, placed) == {"cancelled": 5}
    late = answer(placed, request.round, {"1": ({OTHER_BOOTS: 2}, {OTHER_BOOTS: 1}, 0)})
    await router.is_answered(late, late)
    await router.is_answered(late)
    await fills(router, filled(placed, LOT, {"1": {BOOTS: 1}}))
    assert await row_of(router, placed) == {"cancelled": 5}
    assert [[(p.lot, int(p.quantity)) for p in r.parts] for r in await router.said(ReleaseParts)] == [
        [(1, 2)],
        [(2, 2), (2, 1)],
        [(LOT, 1)],
    ]
    assert await router.said(ReleaseOrder) == []
    for changed in await router.said(ShipmentChanged):
        await hears_of(router, changed)
    assert len(await router.said(AllocateOrder)) == 2


async def test_the_order_book_is_told_what_is_left_of_a_cancelled_order(router: Router) -> None:
    placed = order(row())
    await places(router, placed, STOCK)
    await moves(router, await from_catalogue(router, placed, "W1"), Change(status="Delivered"))
    await router.hears_a_change(amended(placed, cancelled=True))
    told = (await router.said(OrderRouted))[-1]
    assert (told.round, int(told.rows[0].cancelled), told.rows[0].reason) == (2, 2, "cancelled by the retailer")
    assert [(p.catalogue_id, int(p.quantity)) for p in told.rows[0].routed] == [("W1", 3)]


async def test_news_of_an_unknown_order_is_dropped(router: Router) -> None:
    stranger = order(row())
    await fills(router, filled(stranger, LOT, {"1": {BOOTS: 1}}))
    await withdraws(router, withdrawn(stranger, "W1", ("1", "BOOTS", 1, 1)))
    await router.is_answered(OrderAllocated(order_id=stranger.order_id, round=2, outcome="none", rows=()))
    async with router.database.transaction() as tx:
        assert await tx.fetch_value("SELECT count(*) FROM early_news") == 0
    assert await router.said(OrderRouted) == []


async def test_the_books_tell_how_every_row_stands_and_every_piece_of_it(router: Router) -> None:
    placed = order(row(back_order=True), row("2", "WRAP", quantity=1, product_type="serviceProduct"))
    await router.hears(placed)
    await router.is_answered(answer(placed, 1, {"1": ({BOOTS: 3}, {BOOTS: 2}, 0)}))
    await withdraws(router, withdrawn(placed, "W1", ("1", "BOOTS", 1, 1)))
    await fills(router, filled(placed, LOT, {"1": {BOOTS: 1}}))
    async with router.database.transaction() as tx:
        standings = [
            (r["row_id"], *(int(r[name]) for name in ("quantity", "promised", "waiting", "rerouting", "unserved")))
            for r in await store.standings(tx)
        ]
        pieces = {(r["row_id"], r["catalogue_id"], r["lot"], int(r["quantity"])) for r in await store.pieces(tx)}
        shipped = {(r["row_id"], r["catalogue_id"], r["lot"], int(r["quantity"])) for r in await store.books(tx)}
    assert standings == [("1", 5, 3, 1, 1, 0), ("2", 1, 1, 0, 0, 0)]
    assert pieces == shipped == {("1", "W1", 1, 2), ("1", "W1", LOT, 1), ("2", "W1", 1, 1)}


async def test_orders_that_are_fully_served_are_decided_in_few_statements(router: Router) -> None:
    placed = [order(row(), external_id=f"A-{number}") for number in range(50)]
    await router.hears(*placed)
    first, *answers = [allocate(request, {BOOTS: 3, OTHER_BOOTS: 9}) for request in await router.said(AllocateOrder)]
    seen: list[str] = []
    async with router.database.transaction() as tx:
        # The first statements of a connection ask for the types of columns.
        await handlers.ship_orders([first], tx, SETTINGS)
        with tx.connection.query_logger(lambda query: seen.append(query.query)):
            await handlers.ship_orders(answers, tx, SETTINGS)
    # Routes locked and written, shipments, their rows, messages.
    assert len(seen) == 5


async def test_what_was_decided_before_there_were_standings_stands_as_it_was_shipped(router: Router) -> None:
    wrap = row("2", "WRAP", quantity=1, product_type="serviceProduct")
    shipped, held, ended, early = (
        order(row(back_order=True), wrap, external_id=f"A-{number}", held=number == 1) for number in range(4)
    )
    await router.hears(shipped, held, ended, early)
    await router.hears_a_change(amended(early, cancelled=True))
    for placed in (shipped, held, ended, early):
        await router.is_answered(answer(placed, 1, {"1": ({BOOTS: 2, OTHER_BOOTS: 1}, {BOOTS: 1}, 1)}))
    await moves(router, await from_catalogue(router, shipped, "W2"), Change(status="Delivered"))
    await moves(router, await from_catalogue(router, ended, "W1"), Change(status="Delivered"))
    await router.hears_a_change(amended(ended, cancelled=True))
    before = {placed.external_id: await standing_of(router, placed) for placed in (shipped, held, ended, early)}
    async with router.database.transaction() as tx:
        await tx.execute("UPDATE routes SET standing = NULL")
        await tx.execute("SET LOCAL search_path = router")
        await tx.execute(DERIVED)
        await tx.execute("DELETE FROM unserved_rows")
        await tx.execute(UNSERVED)
        found = await tx.fetch(
            "SELECT order_id, row_id, product_id, ean, quantity FROM unserved_rows ORDER BY order_id"
        )
    assert [(str(r["order_id"]), r["row_id"], r["product_id"], r["ean"], int(r["quantity"])) for r in found] == [
        (str(placed.order_id), "1", "BOOTS", None, 1) for placed in (shipped, held)
    ]
    for placed in (shipped, held, ended, early):
        now = await standing_of(router, placed)
        assert [(r.pieces, r.waiting, r.unserved, r.cancelled, r.stocked) for r in now.rows] == [
            (r.pieces, r.waiting, r.unserved, r.cancelled, r.stocked) for r in before[placed.external_id].rows
        ]


async def test_a_catalogue_says_how_long_its_shipments_may_stay_unopened(router: Router) -> None:
    await router.knows([catalogue("W2", supplier_id=OTHER_SUPPLIER, acceptance_hours=2.0, version=2)], [])
    placed = order(row())
    await places(router, placed, STOCK)
    hours = {
        c.catalogue_id: (c.accept_by - c.created_at).total_seconds() / 3600 for c in await router.said(ShipmentCreated)
    }
    assert hours == {"W1": 24, "W2": 2}
