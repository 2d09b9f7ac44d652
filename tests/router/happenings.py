"""What happens to orders once they are decided, in one line each."""

from collections.abc import Mapping
from datetime import UTC, datetime
from decimal import Decimal

from router import domain, handlers, store
from router.domain import Change, Shipment, Standing
from shared.contracts import (
    AllocateOrder,
    OrderAllocated,
    OrderFilled,
    OrderPlaced,
    PromiseWithdrawn,
    RowAllocated,
    RowFilled,
    RowWithdrawn,
    ShipmentChanged,
    Taking,
)
from tests.router.conftest import Router
from tests.router.examples import SETTINGS

NOW = datetime(2026, 1, 3, 9, tzinfo=UTC)

LOT = 1_000_000
"""The lot of what comes first for what waits."""

REJECTED = Change(status="Cancelled")
"""What a supplier says that rejects a shipment."""

Places = Mapping[tuple[str, str], int | str]
"""Quantities by catalogue and product."""

Shown = dict[tuple[str, int] | str, int]
"""How a row stands: its pieces by catalogue and lot, and what else is not nothing by name."""


def takings(places: Places) -> tuple[Taking, ...]:
    """So much of a product from a catalogue."""
    return tuple(
        Taking(catalogue_id=catalogue_id, product_id=product_id, quantity=Decimal(quantity))
        for (catalogue_id, product_id), quantity in places.items()
    )


def answer(placed: OrderPlaced, number: int, rows: Mapping[str, tuple[Places, Places, int]]) -> OrderAllocated:
    """An answer to a round: what each row takes, what waits, and how much is short."""
    return OrderAllocated(
        order_id=placed.order_id,
        round=number,
        outcome="partial",
        rows=tuple(
            RowAllocated(external_id=row, taken=takings(taken), waiting=takings(waiting), short=Decimal(short))
            for row, (taken, waiting, short) in rows.items()
        ),
    )


def filled(placed: OrderPlaced, lot: int, rows: Mapping[str, Places], waited: int = 1) -> OrderFilled:
    """Stock that came for rows that wait since a round."""
    return OrderFilled(
        order_id=placed.order_id,
        retailer_id=placed.retailer_id,
        lot=lot,
        filled_at=NOW,
        rows=tuple(RowFilled(external_id=row, waited=waited, taken=takings(taken)) for row, taken in rows.items()),
    )


def withdrawn(placed: OrderPlaced, catalogue_id: str, *rows: tuple[str, str, int, int]) -> PromiseWithdrawn:
    """A catalogue that has less: row, product, lot and quantity of each loss."""
    return PromiseWithdrawn(
        order_id=placed.order_id,
        retailer_id=placed.retailer_id,
        catalogue_id=catalogue_id,
        withdrawn_at=NOW,
        cause=f"{catalogue_id} counted less",
        rows=tuple(
            RowWithdrawn(external_id=row, product_id=product, lot=lot, quantity=Decimal(quantity))
            for row, product, lot, quantity in rows
        ),
    )


async def fills(router: Router, *news: OrderFilled) -> None:
    """Let it hear of stock that came."""
    async with router.database.transaction() as tx:
        await handlers.ship_filled(news, tx, SETTINGS)


async def withdraws(router: Router, *news: PromiseWithdrawn) -> None:
    """Let it hear of promises that do not hold."""
    async with router.database.transaction() as tx:
        await handlers.move_promises(news, tx, SETTINGS)


async def moves(router: Router, shipment: Shipment, change: Change) -> ShipmentChanged:
    """Let a supplier move a shipment on, and the router hear of that; what was said."""
    async with router.database.transaction() as tx:
        moved = domain.move(shipment, change, await tx.now())
        assert isinstance(moved, Shipment)
        assert await store.save_moved(tx, moved)
        await store.save_rows(tx, moved)
    said = domain.shipment_changed(moved)
    await hears_of(router, said)
    return said


async def hears_of(router: Router, *changed: ShipmentChanged) -> None:
    """Let it hear of its own shipments."""
    async with router.database.transaction() as tx:
        await handlers.reroute_shipments(changed, tx, SETTINGS)


async def from_catalogue(router: Router, placed: OrderPlaced, catalogue_id: str, lot: int = 1) -> Shipment:
    """An order's shipment of a lot."""
    (found,) = [
        shipment
        for shipment in await router.shipments()
        if (shipment.order_id, shipment.catalogue_id, shipment.lot) == (placed.order_id, catalogue_id, lot)
    ]
    return found


async def asked(router: Router, placed: OrderPlaced) -> AllocateOrder:
    """What inventory was asked for last of an order."""
    return [request for request in await router.said(AllocateOrder) if request.order_id == placed.order_id][-1]


async def standing_of(router: Router, placed: OrderPlaced) -> Standing:
    """How an order stands; every row adds up."""
    standing = (await router.route(placed)).standing
    assert standing is not None
    assert all(row.balanced for row in standing.rows)
    return standing


async def row_of(router: Router, placed: OrderPlaced, row: str = "1") -> Shown:
    """How a row stands, with what is not nothing, its pieces by catalogue and lot."""
    found = (await standing_of(router, placed)).row(row)
    assert found is not None
    return shown(found)


def shown(row: domain.RowStanding) -> Shown:
    """A row with what is not nothing, its pieces by catalogue and lot."""
    found: Shown = {(piece.catalogue_id, piece.lot): int(piece.quantity) for piece in row.pieces}
    sums = {name: int(getattr(row, name)) for name in ("waiting", "rerouting", "unserved", "cancelled")}
    found.update({name: quantity for name, quantity in sums.items() if quantity})
    return found


async def history_of(router: Router, placed: OrderPlaced) -> list[str]:
    """What has happened to an order, in words."""
    record = (await router.route(placed)).record
    assert record is not None
    return [happening.cause for happening in record.history]
