"""What of a message is worth a mail of its own, and whose: told only to those who asked for it."""

from collections.abc import Iterable, Iterator
from datetime import datetime
from uuid import UUID, uuid5

import orjson
from pydantic import BaseModel

from notifier import domain
from notifier.domain import Kind
from notifier.feed import telling
from notifier.planning import News
from shared.contracts import CodedParcel, OrderRouted, PromiseWithdrawn, ReturnChanged, ShipmentChanged

UNOPENED = frozenset({"Created", "Submitted"})
"""The statuses of a shipment that its supplier has not opened yet."""


class Week(BaseModel):
    """What a weekly summary tells: how often each type of event was told to an organisation since the last one."""

    until: datetime
    counts: dict[str, int]


class ParcelCoded(BaseModel):
    """A parcel of a shipment has its tracking codes, so that its papers can be printed.

    `own`: they are the supplier's own, and so is its label. A router that told of codes and not of parcels left its id
    unsaid.
    """

    order_id: UUID
    shipment_id: UUID
    supplier_id: str
    catalogue_id: str
    parcel_id: str | None = None
    tracking_code: str
    further_codes: tuple[str, ...] = ()
    own: bool = False


def coded(changes: Iterable[ShipmentChanged]) -> Iterator[News]:
    """Each parcel that has its tracking codes, once, of a shipment that is sent: its supplier may print its papers.

    With other codes it has other papers, which is told anew.
    """
    for change in changes:
        if _is_cancelled(change):
            continue
        for parcel in change.parcels or _untold(change):
            code, *further = parcel.tracking_codes
            told = ParcelCoded(
                order_id=change.order_id,
                shipment_id=change.shipment_id,
                supplier_id=change.supplier_id,
                catalogue_id=change.catalogue_id,
                parcel_id=parcel.parcel_id or None,
                tracking_code=code,
                further_codes=tuple(further),
                own=parcel.own,
            )
            yield News(
                kind=domain.PAPERS,
                about=uuid5(change.shipment_id, f"parcel {orjson.dumps([parcel.parcel_id, code, *further]).decode()}"),
                recipient_id=change.supplier_id,
                content=told.model_dump_json(exclude_defaults=True).encode(),
                order_id=change.order_id,
                retailer_id=change.retailer_id,
                order_external_id=change.order_external_id or "",
            )


def _untold(change: ShipmentChanged) -> Iterator[CodedParcel]:
    """A parcel for each code in the news of a router that tells of no parcels."""
    for code in dict.fromkeys(code for row in change.rows for code in row.tracking_codes):
        yield CodedParcel(parcel_id="", tracking_codes=(code,))


def cancelled(changes: Iterable[ShipmentChanged]) -> Iterator[News]:
    """A shipment is cancelled, by whomever: its supplier need not send it."""
    for change in changes:
        if _is_cancelled(change):
            yield News(
                kind=domain.CANCELLED,
                about=change.shipment_id,
                recipient_id=change.supplier_id,
                content=change.model_dump_json(exclude_defaults=True).encode(),
                order_id=change.order_id,
                retailer_id=change.retailer_id,
                order_external_id=change.order_external_id or "",
            )


def overtaken(changes: Iterable[ShipmentChanged]) -> Iterator[tuple[UUID, Kind]]:
    """Shipments with the kinds of mails about them that would tell what is so no more: who has opened one need not be
    reminded of it, and who need not send it not told to.
    """
    for change in changes:
        if _is_cancelled(change):
            yield change.shipment_id, domain.NEW_SHIPMENT
        if change.closed or change.status not in UNOPENED:
            yield change.shipment_id, domain.REMINDER


def _is_cancelled(change: ShipmentChanged) -> bool:
    return change.closed and not any(row.delivered for row in change.rows)


def stock_corrected(withdrawn: Iterable[PromiseWithdrawn]) -> Iterator[News]:
    """A catalogue has less than it had promised to an order: its supplier may find out why, the retailer may wait."""
    for told in withdrawn:
        for party in dict.fromkeys([told.retailer_id, told.supplier_id]):
            if party is not None:
                said = f"{told.catalogue_id} {told.withdrawn_at.isoformat()} {party}"
                yield News(
                    kind=domain.STOCK_CORRECTED,
                    about=uuid5(told.order_id, said),
                    recipient_id=party,
                    content=told.model_dump_json(exclude_defaults=True).encode(),
                    order_id=told.order_id,
                    retailer_id=told.retailer_id,
                )


def unroutable(routed: Iterable[OrderRouted]) -> Iterator[News]:
    """Nothing of a retailer's order is promised, waits or is asked for."""
    for told in routed:
        if told.retailer_id is not None and telling.is_lost(told.rows):
            yield News(
                kind=domain.UNROUTABLE,
                about=uuid5(told.order_id, f"round {told.round}"),
                recipient_id=told.retailer_id,
                content=told.model_dump_json(exclude_defaults=True).encode(),
                order_id=told.order_id,
                retailer_id=told.retailer_id,
                order_external_id=told.order_external_id or "",
            )


def returned(changes: Iterable[ReturnChanged]) -> Iterator[News]:
    """Something of a shipment comes back, came, or is not coming: told to the side that did not say so itself."""
    for told in changes:
        for party in dict.fromkeys([told.supplier_id, told.retailer_id]):
            if party != told.changed_by:
                yield News(
                    kind=domain.RETURN,
                    about=uuid5(told.return_id, f"version {told.version} {party}"),
                    recipient_id=party,
                    content=told.model_dump_json(exclude_defaults=True).encode(),
                    order_id=told.order_id,
                    retailer_id=told.retailer_id,
                    order_external_id=told.order_external_id,
                )


def week(organisation: str, about: UUID, told: Week) -> News:
    """An organisation's last week."""
    return News(domain.WEEKLY_SUMMARY, about, organisation, told.model_dump_json().encode())
