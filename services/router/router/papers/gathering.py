"""The facts of a parcel's papers, from what is stored of its shipment."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from decimal import Decimal

from router import domain
from router.domain import Parcel, Row, Shipment
from router.domain.delivery_service import PICKUP_POINT, STORE_PICKUP, DeliveryService
from router.domain.papers import OrderedRow
from router.domain.pickup_point import PickupPoint
from router.papers import addresses, words
from router.papers.facts import LabelFacts, Lines, NoteFacts, NoteRow, Text
from router.papers.letterhead import Printed
from router.papers.words import Language

RowKey = tuple[str, str]

NOTED = "deliveryNote"
"""The type of a comment that is meant for whoever reads the delivery note."""


@dataclass(frozen=True)
class Surroundings:
    """What is known around a shipment: the carriers' services, its parcel's pickup point, the retailer's letterhead.

    `ordered` are the rows of the whole order, by id, for a delivery note.
    """

    services: Sequence[DeliveryService]
    point: PickupPoint | None
    printed: Printed
    ordered: Mapping[str, OrderedRow] = field(default_factory=dict)


def label(shipment: Shipment, parcel: Parcel, around: Surroundings) -> LabelFacts:
    """The facts of an address label. The parcel has a tracking code."""
    delivery = shipment.delivery
    language = language_of(shipment)
    sender = delivery.sender or around.printed.letterhead.sender or delivery.vendor
    waits_at = parcel.pickup_point_id if _waits(parcel, around.services) else None
    number, of = _place(shipment, parcel)
    return LabelFacts(
        language=language,
        code=parcel.tracking_codes[0],
        sender=addresses.block(sender),
        receiver=addresses.addressee(
            delivery.delivery_address, delivery.client, waits_at, around.point if waits_at else None, language
        ),
        carrier=parcel.delivery_operator or "",
        service_code=parcel.service_code or "",
        service=service_name(parcel, around.services, language),
        extras=_extras(parcel, around.services, language),
        weight=_weight(parcel, language),
        number=number,
        of=of,
        order=shipment.order_external_id,
        ordered_on=words.day(delivery.order_date, language),
        contract=shipment.contract_number or "",
        routing=parcel.routing_service_code or "",
    )


def note(shipment: Shipment, parcel: Parcel, around: Surroundings) -> NoteFacts:
    """The facts of a delivery note: what is in the parcel, and what is still to come of it."""
    delivery, head = shipment.delivery, around.printed.letterhead
    language = language_of(shipment)
    waits_at = parcel.pickup_point_id if _waits(parcel, around.services) else None
    number, of = _place(shipment, parcel)
    receiver = addresses.addressee(
        delivery.delivery_address, delivery.client, waits_at, around.point if waits_at else None, language
    )
    sent_by = (parcel.delivery_operator or "", service_name(parcel, around.services, language))
    closing = words.chosen(head.closing_text, language)
    return NoteFacts(
        language=language,
        letterhead=addresses.block(delivery.vendor or head.sender or delivery.sender, telephone=True),
        logo=around.printed.logo,
        order=shipment.order_external_id,
        ordered_on=words.day(delivery.order_date, language),
        references=tuple(
            Text(_reference(reference.name, language), reference.value) for reference in delivery.references
        ),
        deliver_to=addresses.as_lines(receiver),
        buyer=addresses.block(delivery.client),
        sent_by=", ".join(part for part in sent_by if part),
        codes=parcel.tracking_codes,
        weight=_weight(parcel, language),
        number=number,
        of=of,
        rows=tuple(_rows(shipment, parcel, around.ordered, language)),
        texts=(
            *(
                Text(" ".join((comment.name or "").split()), comment.value)
                for comment in delivery.comments
                if comment.type == NOTED
            ),
            *(Text(" ".join((text.name or "").split()), text.value) for text in delivery.free_texts),
            *((Text("", closing),) if closing else ()),
        ),
        returns=words.chosen(head.return_instructions, language) or "",
    )


def language_of(shipment: Shipment) -> Language:
    """The language of a shipment's papers."""
    return words.language_of(shipment.delivery.language, shipment.delivery.delivery_address.country)


def point_meant(
    parcel: Parcel, services: Sequence[DeliveryService], found: Sequence[PickupPoint]
) -> PickupPoint | None:
    """Of pickup points with one id, which carriers give away each for itself, that of the parcel's carrier.

    A parcel that names no carrier means the only one there is.
    """
    operator = parcel.delivery_operator or next(
        (service.delivery_operator for service in services if service.id == parcel.service_code), None
    )
    if operator is None:
        return found[0] if len(found) == 1 else None
    own = [point for point in found if point.service_provider.casefold() == operator.strip().casefold()]
    return own[0] if own else None


def _waits(parcel: Parcel, services: Iterable[DeliveryService]) -> bool:
    """Whether its service takes the parcel to its pickup point; of a service nobody knows, the parcel's word counts."""
    known = next((service for service in services if service.id == parcel.service_code), None)
    return known is None or PICKUP_POINT in known.tags or STORE_PICKUP in known.tags


def _place(shipment: Shipment, parcel: Parcel) -> tuple[int, int]:
    """Which of how many parcels it is; once the shipment is closed, those that carry nothing do not count."""
    sent = [
        one.parcel_id
        for one in domain.packing(shipment)
        if not shipment.closed or one.parcel_id == parcel.parcel_id or any(packed.delivered for packed in one.rows)
    ]
    return sent.index(parcel.parcel_id) + 1, len(sent)


def service_name(parcel: Parcel, services: Iterable[DeliveryService], language: Language) -> str:
    """What a parcel's service is called; a code nobody knows stays a code."""
    found = next((service for service in services if service.id == parcel.service_code), None)
    return (words.chosen(found.description, language) if found else parcel.service_code) or ""


def _extras(parcel: Parcel, services: Sequence[DeliveryService], language: Language) -> Lines:
    """Additional services in words: those of the parcel's service, else of any; a code nobody knows stays a code."""
    named: dict[str, Mapping[str, str]] = {}
    for service in sorted(services, key=lambda one: one.id == parcel.service_code):
        named.update((offer.code, offer.description) for offer in service.additional_services)
    return tuple(
        f"{code}: {words.chosen(named[code], language)}" if code in named else code
        for code in dict.fromkeys(extra.service_code for extra in parcel.additional_services)
    )


def _weight(parcel: Parcel, language: Language) -> str:
    return "" if parcel.weight is None else f"{words.number(parcel.weight, language)} kg"


def _reference(name: str, language: Language) -> str:
    known = {"PO": "reference_po", "SO": "reference_so"}.get(name.strip().upper())
    return name if known is None else words.word(known, language)


def _rows(
    shipment: Shipment, parcel: Parcel, ordered: Mapping[str, OrderedRow], language: Language
) -> Iterable[NoteRow]:
    """The rows in a parcel, each with how much of it the order has and what is still to come of that."""
    rows = {(row.row_id, row.product_id): row for row in shipment.rows}
    carried = _carried(shipment, parcel, rows)
    here: dict[str, Decimal] = {}
    for (row_id, _), quantity in carried.items():
        here[row_id] = here.get(row_id, domain.ZERO) + quantity
    for packed in parcel.rows:
        row = rows[packed.row_id, packed.product_id]
        in_order = ordered.get(row.row_id) or _in_shipment(shipment, row.row_id)
        yield NoteRow(
            product=row.product_id,
            description=row.description or "",
            ean=row.ean or "",
            unit=row.unit or "",
            ordered=words.number(in_order.ordered, language),
            delivered=words.number(carried[packed.row_id, packed.product_id], language),
            to_follow=words.number(max(in_order.coming - here[row.row_id], domain.ZERO), language),
        )


def _in_shipment(shipment: Shipment, row_id: str) -> OrderedRow:
    """A row of an order that is not known any more: the shipment's part of it is all there is."""
    quantity = sum((row.quantity for row in shipment.rows if row.row_id == row_id), domain.ZERO)
    return OrderedRow(quantity, quantity)


def _carried(shipment: Shipment, parcel: Parcel, rows: Mapping[RowKey, Row]) -> Mapping[RowKey, Decimal]:
    """How much of each row the parcel carries.

    As long as nobody has said it, all that is in no other parcel is taken to be in the first that has the row.
    """
    elsewhere: dict[RowKey, Decimal] = {}
    first_unsaid: dict[RowKey, str] = {}
    for one in domain.packing(shipment):
        for packed in one.rows:
            key = (packed.row_id, packed.product_id)
            if packed.delivered is None:
                first_unsaid.setdefault(key, one.parcel_id)
            elif one.parcel_id != parcel.parcel_id:
                elsewhere[key] = elsewhere.get(key, domain.ZERO) + packed.delivered
    carried: dict[RowKey, Decimal] = {}
    for packed in parcel.rows:
        key = (packed.row_id, packed.product_id)
        if packed.delivered is not None:
            carried[key] = packed.delivered
        elif shipment.closed or first_unsaid[key] != parcel.parcel_id:
            carried[key] = domain.ZERO
        else:
            carried[key] = max(rows[key].quantity - elsewhere.get(key, domain.ZERO), domain.ZERO)
    return carried
