"""Suppliers that do not open their shipments: they are reminded once, and then somebody else is asked."""

from collections.abc import Collection, Sequence
from uuid import UUID

from router import domain, store
from router.piecework import Piecework
from shared import outbox
from shared.postgres import Database, Transaction

AT_ONCE = 500


async def hurry(database: Database) -> int:
    """Call off unopened shipments whose time is over, remind of those whose time is half over; how many there were.

    Nobody loses a shipment without a reminder and half of the time after it, also if it came late. Each shipment is
    locked and looked at as it is then. Whatever a supplier has committed before counts, and what it says later finds
    the shipment called off. Its goods are routed again by whoever takes the word of that.
    """
    return await _WORK.run(database)


async def look(database: Database) -> bool:
    """Hurry those who are due; whether there may be more."""
    return await hurry(database) >= AT_ONCE


async def _hurry(tx: Transaction, limit: int, only: Sequence[UUID] | None) -> Collection[UUID]:
    overdue = await store.overdue_shipments(tx, limit, only)
    forgotten = await store.unreminded_shipments(tx, limit, only)
    now = await tx.now()
    if overdue:
        called_off = [domain.called_off(shipment, domain.NOT_ACCEPTED, now) for shipment in overdue]
        await store.save_amended_shipments(tx, called_off)
        await outbox.put(tx, *(domain.shipment_changed(shipment) for shipment in called_off))
    if forgotten:
        accept_by = await store.save_reminded(tx, [shipment.shipment_id for shipment in forgotten])
        await outbox.put(
            tx,
            *(domain.shipment_reminded(shipment, accept_by[shipment.shipment_id], now) for shipment in forgotten),
        )
    return [shipment.shipment_id for shipment in (*overdue, *forgotten)]


_WORK = Piecework("acceptance", store.hurried_ids, _hurry, AT_ONCE)
