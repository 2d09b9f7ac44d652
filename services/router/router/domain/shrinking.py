"""A shipment of which less is to be sent: some of it is not there, not wanted any more, or declined."""

from collections.abc import Iterable, Mapping
from dataclasses import replace
from datetime import datetime
from decimal import Decimal

from router.domain import shipment as shipments
from router.domain.shipment import SHRUNK, ZERO, Noted, Packed, Parcel, Shipment


def shrunk(shipment: Shipment, falls: Mapping[tuple[str, str], Decimal], because: str, at: datetime) -> Shipment:
    """The shipment with less to deliver of its rows, by (row id, product id); the very same when it is closed.

    A row is never less than nothing, and what its parcels were said to carry falls with it. A shipment with nothing
    left is cancelled.
    """
    if shipment.closed or not any(falls.values()):
        return shipment
    rows = tuple(
        row._replace(quantity=max(ZERO, row.quantity - falls.get((row.row_id, row.product_id), ZERO)))
        for row in shipment.rows
    )
    smaller = replace(
        shipment,
        rows=rows,
        events=(*shipment.events, Noted(type=SHRUNK, at=at, comment=because)),
        parcels=_repacked(shipment.parcels, {(row.row_id, row.product_id): row.quantity for row in rows}),
    )
    if not any(row.quantity for row in rows):
        return shipments.called_off(smaller, because, at)
    return replace(smaller, updated_at=at, version=shipment.version + 1)


def _repacked(parcels: Iterable[Parcel], most: dict[tuple[str, str], Decimal]) -> tuple[Parcel, ...]:
    """The parcels with no more in them than is to be delivered: the last ones carry less."""
    repacked: list[Parcel] = []
    for parcel in parcels:
        rows: list[Packed] = []
        for packed in parcel.rows:
            key = (packed.row_id, packed.product_id)
            if packed.delivered is not None:
                part = min(packed.delivered, most[key])
                most[key] -= part
                packed = packed.model_copy(update={"delivered": part})
            rows.append(packed)
        repacked.append(parcel.model_copy(update={"rows": tuple(rows)}))
    return tuple(repacked)
