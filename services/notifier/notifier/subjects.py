"""What of a message is worth a mail of its own, and whose: told only to those who asked for it."""

from collections.abc import Iterable, Iterator
from datetime import datetime
from uuid import UUID, uuid5

from pydantic import BaseModel

from notifier import domain
from notifier.feed import telling
from notifier.planning import News
from shared.contracts import OrderRouted, PromiseWithdrawn, ShipmentChanged


class Week(BaseModel):
    """What a weekly summary tells: how often each type of event was told to an organisation since the last one."""

    until: datetime
    counts: dict[str, int]


def cancelled(changes: Iterable[ShipmentChanged]) -> Iterator[News]:
    """A shipment is cancelled, by whomever: its supplier need not send it."""
    for change in changes:
        if change.closed and not any(row.delivered for row in change.rows):
            yield News(
                kind=domain.CANCELLED,
                about=change.shipment_id,
                recipient_id=change.supplier_id,
                content=change.model_dump_json(exclude_defaults=True).encode(),
                order_id=change.order_id,
                retailer_id=change.retailer_id,
                order_external_id=change.order_external_id or "",
            )


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


def week(organisation: str, about: UUID, told: Week) -> News:
    """An organisation's last week."""
    return News(domain.WEEKLY_SUMMARY, about, organisation, told.model_dump_json().encode())
