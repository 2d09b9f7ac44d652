"""How a supplier moves a shipment on: forward only, never more than ordered, and final is final (glue-api.md A.9)."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from decimal import Decimal

from router.domain import coding
from router.domain.shipment import (
    CANCELLED,
    DELIVERED,
    ERROR,
    PROGRESS,
    STATUSES,
    ZERO,
    Packed,
    Parcel,
    Row,
    Shipment,
    emptied,
    packing,
)
from shared.contracts import AdditionalService

RowKey = tuple[str, str]

MOST_PARCELS = 200
MOST_PACKED = 5_000
"""Parcels of a shipment, and rows in all of them together. Each change reads and tells all of it."""

SAYABLE = (
    "package_type",
    "service_code",
    "delivery_operator",
    "additional_services",
    "pickup_point_id",
    "routing_service_code",
    "ready",
    "weight",
    "tracking_codes",
)
"""The fields of a parcel that a change may name, its rows aside."""


@dataclass(frozen=True)
class PackedChange:
    """What is said of a row in a parcel. It is found by the order's row id, else by the supplier's product id."""

    row_id: str | None = None
    item_id: str | None = None
    catalogue_id: str | None = None
    delivered: Decimal | None = None


@dataclass(frozen=True)
class ParcelChange:
    """What is said of a parcel; None is not said. Its rows, if any are given, replace those it had."""

    parcel_id: str
    package_type: str | None = None
    service_code: str | None = None
    delivery_operator: str | None = None
    additional_services: tuple[AdditionalService, ...] | None = None
    pickup_point_id: str | None = None
    routing_service_code: str | None = None
    ready: bool | None = None
    weight: Decimal | None = None
    tracking_codes: tuple[str, ...] | None = None
    rows: tuple[PackedChange, ...] | None = None


@dataclass(frozen=True)
class Change:
    """What a supplier wants of a shipment; None is not said. `whole`: deliver all of it, whatever the parcels say.

    `reason` says why it has its status, above all why it is in Error.
    """

    status: str | None = None
    external_reference: str | None = None
    parcels: tuple[ParcelChange, ...] = ()
    whole: bool = False
    reason: str | None = None


@dataclass(frozen=True)
class Wrong:
    """A field of a change that cannot be, by its path in the request."""

    field: str
    code: str
    message: str


@dataclass(frozen=True)
class Refusal:
    """Why a shipment does not move: fields that cannot be, or else a conflict with what it is."""

    conflict: str | None = None
    wrong: tuple[Wrong, ...] = ()


def move(shipment: Shipment, change: Change, at: datetime) -> Shipment | Refusal:
    """The shipment after a change at a moment; the very same one when nothing changes, or why it may not.

    Delivered without any quantity delivers all; with quantities it delivers these, added up over the parcels, and what
    is not mentioned is not coming. Cancelled delivers nothing. Error may come at any time before, and from there the
    shipment goes on where it was, or further. What is Delivered may still be given the supplier's own tracking codes.
    """
    status = change.status or shipment.status
    if status not in STATUSES:
        allowed = ", ".join(STATUSES[1:])
        return Refusal(wrong=(Wrong("status.value", "unknown_status", f"is none of {allowed}"),))
    parcels, wrong = _repacked(shipment, change.parcels)
    if wrong:
        return Refusal(wrong=tuple(wrong))
    if status == DELIVERED:
        parcels = _handed_over(parcels, shipment.rows, whole=change.whole)
    elif status == CANCELLED:
        parcels = emptied(parcels)
    reference = change.external_reference or shipment.external_reference
    stays = parcels == packing(shipment)
    reason = change.reason or (shipment.status_reason if status == shipment.status else None)
    only_parcels = (status, reference, reason) == (
        shipment.status,
        shipment.external_reference,
        shipment.status_reason,
    )
    if only_parcels and stays:
        return shipment
    late = only_parcels and status == DELIVERED and coding.are_late_codes(packing(shipment), parcels)
    conflict = (None if late else conflict_of(shipment, status)) or (_nshift(parcels) if change.whole else None)
    if conflict is not None:
        return Refusal(conflict=conflict)
    delivered = _delivered(parcels) if status == DELIVERED else {}
    return replace(
        shipment,
        status=status,
        status_at=shipment.status_at if status == shipment.status else at,
        status_reason=reason,
        reached=(shipment.reached or shipment.status) if status == ERROR else None,
        updated_at=at,
        version=shipment.version + 1,
        external_reference=reference,
        parcels=shipment.parcels if stays else parcels,
        rows=tuple(row._replace(delivered=delivered.get(_key(row), ZERO)) for row in shipment.rows),
    )


def conflict_of(shipment: Shipment, wanted: str) -> str | None:
    """Why a shipment cannot have a status, as a sentence; None when it can."""
    if shipment.closed:
        because = f" ({shipment.status_reason})" if shipment.status_reason else ""
        return f"The shipment is {shipment.status}{because}, which is final"
    reached = shipment.reached or shipment.status
    if wanted in PROGRESS and PROGRESS.index(wanted) < PROGRESS.index(reached):
        return f"The shipment is already {reached} and does not go back to {wanted}"
    return None


def _nshift(parcels: Iterable[Parcel]) -> str | None:
    """Why a shipment cannot be confirmed as a whole: nShift makes its papers parcel by parcel (glue-api.md A.9, 7)."""
    for parcel in parcels:
        if coding.is_nshift(parcel.delivery_operator):
            return (
                f"Parcel {parcel.parcel_id} goes through {parcel.delivery_operator}, so the shipment is not confirmed"
                " in one step: PATCH it to Delivered with its parcels"
            )
    return None


def _repacked(shipment: Shipment, changes: Sequence[ParcelChange]) -> tuple[tuple[Parcel, ...], list[Wrong]]:
    """The parcels with the changes merged in by parcel id; a new one goes the way of the first in what is not said."""
    parcels = {parcel.parcel_id: parcel for parcel in packing(shipment)}
    first = next(iter(parcels.values()))
    repacked = {change.parcel_id for change in changes if change.rows is not None}
    kept = _delivered(parcel for parcel in parcels.values() if parcel.parcel_id not in repacked)
    room = {_key(row): row.quantity - kept.get(_key(row), ZERO) for row in shipment.rows}
    wanted = _RowsOf(shipment.rows)
    wrong: list[Wrong] = []
    seen: set[str] = set()
    for index, change in enumerate(changes):
        at = f"consignment.parcels[{index}]"
        if change.parcel_id in seen:
            wrong.append(Wrong(f"{at}.parcelId", "duplicate", f"parcel {change.parcel_id} is given twice"))
        seen.add(change.parcel_id)
        parcel = parcels.get(change.parcel_id) or _with(
            first,
            parcel_id=change.parcel_id,
            ready=False,
            weight=None,
            tracking_codes=(),
            tracking_from=None,
            rows=(),
        )
        said: dict[str, object] = {name: value for name in SAYABLE if (value := getattr(change, name)) is not None}
        if change.tracking_codes not in (None, parcel.tracking_codes):
            said["tracking_from"] = None
        if change.rows is not None:
            said["rows"] = tuple(_packed(shipment.catalogue_id, wanted, change.rows, room, f"{at}.rows", wrong))
        parcels[change.parcel_id] = _with(parcel, **said)
        if sum(len(one.rows) for one in parcels.values()) > MOST_PACKED:
            message = f"would be more than {MOST_PACKED} rows in all parcels of the shipment together"
            return (), [*wrong, Wrong(f"{at}.rows", "too_many", message)]
    if len(parcels) > MOST_PARCELS:
        message = f"would be {len(parcels)} parcels of the shipment, and at most {MOST_PARCELS} are possible"
        wrong.append(Wrong("consignment.parcels", "too_many", message))
    return tuple(parcels.values()), wrong


def _with(parcel: Parcel, **changes: object) -> Parcel:
    return parcel.model_copy(update=changes)


class _RowsOf:
    """The rows of a shipment by either id, so that a long change does not look through all of them each time."""

    def __init__(self, rows: Sequence[Row]) -> None:
        self._by_row: dict[str, list[Row]] = {}
        self._by_product: dict[str | None, list[Row]] = {}
        for row in rows:
            self._by_row.setdefault(row.row_id, []).append(row)
            self._by_product.setdefault(row.product_id, []).append(row)

    def meant(self, change: PackedChange) -> Sequence[Row]:
        """The rows a change is about."""
        if change.row_id is None:
            return self._by_product.get(change.item_id, ())
        return [row for row in self._by_row.get(change.row_id, ()) if change.item_id in (None, row.product_id)]


def _packed(
    catalogue_id: str,
    wanted: _RowsOf,
    changes: Sequence[PackedChange],
    room: dict[RowKey, Decimal],
    at: str,
    wrong: list[Wrong],
) -> list[Packed]:
    """The rows of a parcel. A product on several rows of the order fills them in their order."""
    packed: dict[RowKey, Decimal | None] = {}
    for index, change in enumerate(changes):
        rows = wanted.meant(change)
        if change.catalogue_id is not None and change.catalogue_id != catalogue_id:
            message = f"this shipment is from {catalogue_id}"
            wrong.append(Wrong(f"{at}[{index}].externalWarehouseId", "unknown_warehouse", message))
            continue
        if not rows:
            field = "itemId" if change.row_id is None else "externalId"
            named = change.item_id or change.row_id
            message = "is required" if named is None else f"{named} is not in this shipment"
            wrong.append(Wrong(f"{at}[{index}].{field}", "unknown_row", message))
            continue
        left = change.delivered
        for row in rows:
            key = _key(row)
            packed.setdefault(key, None)
            if left is not None:
                part = min(left, room[key])
                packed[key] = (packed[key] or ZERO) + part
                room[key] -= part
                left -= part
        if left:
            ordered = sum((row.quantity for row in rows), ZERO)
            message = (
                f"adds up to more than the {ordered.normalize():f} of {change.item_id or change.row_id} to deliver"
            )
            wrong.append(Wrong(f"{at}[{index}].deliveredQuantity", "too_much", message))
    return [
        Packed(row_id=row_id, product_id=product_id, delivered=delivered)
        for (row_id, product_id), delivered in packed.items()
    ]


def _handed_over(parcels: Sequence[Parcel], rows: Sequence[Row], *, whole: bool) -> tuple[Parcel, ...]:
    """The parcels as they leave: what was said, or all of it in the first parcel when nothing was."""
    said = any(packed.delivered is not None for parcel in parcels for packed in parcel.rows)
    delivered = _delivered(parcels)
    missing = {_key(row): row.quantity - delivered.get(_key(row), ZERO) for row in rows} if whole or not said else {}
    leaving: list[Parcel] = []
    for parcel in parcels:
        contents = {(packed.row_id, packed.product_id): packed.delivered for packed in parcel.rows}
        for key, quantity in missing.items():
            if quantity:
                contents[key] = (contents.get(key) or ZERO) + quantity
        missing = {}
        leaving.append(_with(parcel, ready=True, rows=_contents(contents)))
    return tuple(leaving)


def _contents(quantities: Mapping[RowKey, Decimal | None]) -> tuple[Packed, ...]:
    return tuple(
        Packed(row_id=row_id, product_id=product_id, delivered=quantity)
        for (row_id, product_id), quantity in quantities.items()
    )


def _delivered(parcels: Iterable[Parcel]) -> dict[RowKey, Decimal]:
    quantities: dict[RowKey, Decimal] = {}
    for parcel in parcels:
        for packed in parcel.rows:
            key = (packed.row_id, packed.product_id)
            quantities[key] = quantities.get(key, ZERO) + (packed.delivered or ZERO)
    return quantities


def _key(row: Row) -> RowKey:
    return row.row_id, row.product_id
