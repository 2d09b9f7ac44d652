"""Which shipments and parcels the lines of a file of tracking codes are about, and what becomes of them."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from router.domain import coding
from router.domain.shipment import CANCELLED, Shipment, packing
from router.tracking.code_file import CodeLine, LineFault

MOST_CODES = 100
"""The most codes of one parcel, as where they are sent with the shipment."""

Named = Mapping[tuple[str, str], Sequence[Shipment]]
"""Shipments by what may name them: the kind of name, and the name."""


@dataclass(frozen=True)
class Loading:
    """What becomes of a file: the shipments that change, and what is wrong with lines.

    `held_back` are lines with nothing wrong themselves; the lines in neither count.
    """

    changed: tuple[Shipment, ...]
    wrong: tuple[LineFault, ...]
    held_back: tuple[LineFault, ...]


def load(lines: Sequence[CodeLine], shipments: Iterable[Shipment], at: datetime) -> Loading:
    """Put the codes of a file onto shipments. A parcel's codes are those of all its lines, in place of what it had.

    So a parcel with a line that is wrong gets none of them: it would lose the code that could not be read. A wrong
    line that does not say which of several parcels it is about may be about each.
    """
    named = by_name(shipments)
    wrong: list[LineFault] = []
    meant: dict[UUID, Shipment] = {}
    lines_of: dict[tuple[UUID, str], list[CodeLine]] = {}
    spoilt: dict[tuple[UUID, str | None], int] = {}
    for line in lines:
        shipment = _shipment_of(line, named)
        parcel_id = shipment if isinstance(shipment, LineFault) else _parcel_of(line, shipment)
        if line.code is not None and isinstance(parcel_id, LineFault):
            wrong.append(parcel_id)
        if isinstance(shipment, LineFault):
            continue
        meant[shipment.shipment_id] = shipment
        other = _contradiction(line, shipment)
        if line.code is not None and other is not None:
            wrong.append(other)
        if isinstance(parcel_id, LineFault) or line.code is None or other is not None:
            of = None if isinstance(parcel_id, LineFault) else parcel_id
            spoilt.setdefault((shipment.shipment_id, of), line.line)
        else:
            lines_of.setdefault((shipment.shipment_id, parcel_id), []).append(line)
    codes: dict[UUID, dict[str, tuple[str, ...]]] = {}
    held_back: list[LineFault] = []
    for (shipment_id, parcel_id), of_parcel in lines_of.items():
        given = tuple(dict.fromkeys(line.code for line in of_parcel if line.code is not None))
        why_not = coding.why_no_codes(meant[shipment_id], parcel_id, given)
        if why_not is None and len(given) > MOST_CODES:
            why_not = f"parcel {parcel_id} would have {len(given)} codes, and at most {MOST_CODES} are possible"
        spoilt_by = spoilt.get((shipment_id, parcel_id)) or spoilt.get((shipment_id, None))
        if why_not is not None:
            wrong += (LineFault(line.line, "trackingCode", "conflict", why_not) for line in of_parcel)
        elif spoilt_by is not None:
            message = f"is not loaded, because line {spoilt_by}, which may be about the same parcel, is wrong"
            held_back += (LineFault(line.line, "trackingCode", "held_back", message) for line in of_parcel)
        else:
            codes.setdefault(shipment_id, {})[parcel_id] = given
    moved = (
        (meant[shipment_id], coding.with_own_codes(meant[shipment_id], of, at)) for shipment_id, of in codes.items()
    )
    changed = tuple(after for before, after in moved if after is not before)
    return Loading(changed, tuple(wrong), tuple(held_back))


def by_name(shipments: Iterable[Shipment]) -> Named:
    """Shipments by their ids, their suppliers' own references and their orders' numbers."""
    named: dict[tuple[str, str], list[Shipment]] = {}
    for shipment in shipments:
        named[("shipmentId", str(shipment.shipment_id))] = [shipment]
        named.setdefault(("reference", shipment.order_external_id), []).append(shipment)
        if shipment.external_reference is not None:
            named.setdefault(("externalId", shipment.external_reference), []).append(shipment)
    return named


def _shipment_of(line: CodeLine, named: Named) -> Shipment | LineFault:
    name = line.name if line.shipment_id is None else str(line.shipment_id)
    found = named.get((line.named_by, name), ())
    # A cancelled one is meant only if there is no other.
    found = [shipment for shipment in found if shipment.status != CANCELLED] or found
    if not found:
        return LineFault(line.line, line.named_by, "unknown_shipment", f"{line.name} is no shipment of yours")
    if len(found) > 1:
        ids = ", ".join(str(shipment.shipment_id) for shipment in found[:5])
        message = f"{line.name} names {len(found)} shipments; name one by its shipmentId: {ids}"
        return LineFault(line.line, line.named_by, "several_shipments", message)
    return found[0]


def _contradiction(line: CodeLine, shipment: Shipment) -> LineFault | None:
    """Why a line is about two shipments: its columns were sorted apart, say, and whose code it has nobody knows."""
    has = {"reference": shipment.order_external_id, "externalId": shipment.external_reference}
    for field, name in line.beside:
        if has[field] not in (None, name):
            message = f"{name} is not the shipment that {line.name} names, which has {has[field]}"
            return LineFault(line.line, field, "contradiction", message)
    return None


def _parcel_of(line: CodeLine, shipment: Shipment) -> str | LineFault:
    if line.parcel_id is not None:
        return line.parcel_id
    parcels = packing(shipment)
    if len(parcels) > 1:
        ids = ", ".join(parcel.parcel_id for parcel in parcels[:20])
        return LineFault(line.line, "parcelId", "not_given", f"is required, because the shipment has the parcels {ids}")
    return parcels[0].parcel_id
