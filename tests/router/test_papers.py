"""What is on papers: the facts of labels and delivery notes, from shipments as they are stored."""

from dataclasses import replace
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any
from uuid import UUID

import pytest

from router import domain
from router.delivery import services
from router.domain import Packed, Parcel, Row, Shipment
from router.domain.papers import OrderedRow
from router.domain.pickup_point import PickupPoint
from router.papers import addresses, facts, gathering, words
from router.papers.facts import Addressee, NoteFacts, Text
from router.papers.gathering import Surroundings
from router.papers.letterhead import Letterhead, Printed
from shared.contracts import AdditionalService, Comment, Delivery, FreeText, Party, Reference
from tests.router.papers import CODE

AT = datetime(2026, 1, 2, 8, tzinfo=UTC)
MAIJA = Party(
    name="Maija Meikäläinen",
    street_address="Kotikatu 1",
    postal_code="00100",
    post_office="Helsinki",
    country="FI",
    telephone="+358501234567",
)
SHOP = Party(name="Webshop Oy", street_address="Postintaival 7", postal_code="00230", post_office="Helsinki")
POINT = PickupPoint(
    "Posti", "001003200", "POSTOFFICE", "Posti, Keskusta", "Tullikatu 6", "33100", "Tampere", "FI", 61.0, 23.0
)


def shipment(*parcels: Parcel, status: str = "Viewed", rows: tuple[Row, ...] = (), **delivery: Any) -> Shipment:
    """A shipment of five boots and two socks, with these parcels, or the one it has by itself."""
    given: dict[str, Any] = {
        "order_date": AT,
        "delivery_address": MAIJA,
        "client": MAIJA,
        "service_code": "2103",
        "delivery_operator": "Posti",
        "pickup_point_id": "001003200",
    }
    return Shipment(
        shipment_id=UUID(int=1),
        order_id=UUID(int=2),
        order_external_id="BAR1",
        retailer_id="1531864-4",
        supplier_id="0109357-9",
        catalogue_id="W1",
        status=status,
        status_at=AT,
        version=1,
        created_at=AT,
        updated_at=AT,
        accept_by=AT,
        delivery=Delivery(**given | delivery),
        rows=rows
        or (
            Row("1", "BOOTS", Decimal(5), ean="111", description="Saappaat", unit="KPL"),
            Row("2", "SOCKS", Decimal("2.50"), unit="PARI"),
        ),
        contract_number="612345",
        parcels=parcels,
    )


def around(point: PickupPoint | None = POINT, letterhead: Letterhead | None = None, logo: bytes = b"") -> Surroundings:
    """The services that come with the router, and what else is known."""
    return Surroundings(services.built_in(), point, Printed(letterhead or Letterhead(), logo))


def parcel(parcel_id: str = "1", *codes: str, **fields: Any) -> Parcel:
    """A parcel of the shipment's service."""
    usual: dict[str, Any] = {"service_code": "2103", "delivery_operator": "Posti", "pickup_point_id": "001003200"}
    return Parcel(parcel_id=parcel_id, tracking_codes=codes, tracking_from="posti", **usual | fields)


def packed(boots: str | None = None, socks: str | None = None, *, both: bool = True) -> tuple[Packed, ...]:
    """How much of the two rows is in a parcel."""
    rows = [("1", "BOOTS", boots), ("2", "SOCKS", socks)][: 2 if both else 1]
    return tuple(
        Packed(row_id=row_id, product_id=product_id, delivered=None if said is None else Decimal(said))
        for row_id, product_id, said in rows
    )


def test_a_parcel_for_a_pickup_point_goes_there_care_of_it() -> None:
    label = gathering.label(shipment(), parcel("1", CODE), around())
    assert label.receiver == Addressee(
        ("Maija Meikäläinen", "c/o Posti, Keskusta"), ("Tullikatu 6",), "33100 Tampere", "", "+358501234567"
    )


def test_an_address_that_is_care_of_the_point_already_stays_as_it_is() -> None:
    told = MAIJA.model_copy(update={"name": "Maija\nC/O  POSTI, Keskusta"})
    label = gathering.label(shipment(delivery_address=told), parcel("1", CODE), around())
    assert (label.receiver.name, label.receiver.street) == (("Maija", "C/O POSTI, Keskusta"), ("Kotikatu 1",))


def test_a_parcel_for_a_pickup_point_goes_there_also_when_its_receiver_lives_care_of_somebody() -> None:
    told = MAIJA.model_copy(update={"name": "Maija\nC/O Virtanen"})
    receiver = gathering.label(shipment(delivery_address=told), parcel("1", CODE), around()).receiver
    assert receiver.name == ("Maija", "C/O Virtanen", "c/o Posti, Keskusta")
    assert (receiver.street, receiver.town) == (("Tullikatu 6",), "33100 Tampere")
    receiver = gathering.label(shipment(delivery_address=told), parcel("1", CODE), around(point=None)).receiver
    assert (receiver.name, receiver.street) == (("Maija", "C/O Virtanen"), ("Kotikatu 1", "Noutopiste 001003200"))


def test_care_of_somebody_whose_name_begins_like_the_points_is_not_care_of_the_point() -> None:
    told = MAIJA.model_copy(update={"name": "Maija\nc/o Posti, Keskustatalo"})
    receiver = gathering.label(shipment(delivery_address=told), parcel("1", CODE), around()).receiver
    assert receiver.street == ("Tullikatu 6",)


def test_a_pickup_point_nobody_knows_is_named_by_its_id() -> None:
    label = gathering.label(shipment(), parcel("1", CODE), around(point=None))
    assert label.receiver.street == ("Kotikatu 1", "Noutopiste 001003200")
    assert label.receiver.town == "00100 Helsinki"


def test_a_parcel_that_is_carried_home_does_not_go_to_the_pickup_point_it_names() -> None:
    label = gathering.label(shipment(), parcel("1", CODE, service_code="2104"), around())
    assert label.receiver.name == ("Maija Meikäläinen",)
    assert label.receiver.street == ("Kotikatu 1",)


def test_of_points_with_one_id_the_carriers_own_is_meant() -> None:
    other = replace(POINT, service_provider="Matkahuolto")
    offered = services.built_in()
    meant = gathering.point_meant
    assert meant(parcel(delivery_operator="matkahuolto"), offered, [other, POINT]) is other
    assert meant(parcel(delivery_operator=None), offered, [other, POINT]) is POINT
    assert meant(parcel(delivery_operator=None, service_code="X"), offered, [other, POINT]) is None
    assert meant(parcel(delivery_operator=None, service_code="X"), offered, [other]) is other
    assert meant(parcel(delivery_operator="GLS"), offered, [other, POINT]) is None


def test_the_sender_is_the_orders_else_the_letterheads_else_the_shop() -> None:
    of_order, of_head = Party(name="Of the order"), Letterhead(sender=Party(name="Of the letterhead"))
    assert gathering.label(
        shipment(sender=of_order, vendor=SHOP), parcel("1", CODE), around(letterhead=of_head)
    ).sender == ("Of the order",)
    assert gathering.label(shipment(vendor=SHOP), parcel("1", CODE), around(letterhead=of_head)).sender == (
        "Of the letterhead",
    )
    assert gathering.label(shipment(vendor=SHOP), parcel("1", CODE), around()).sender == (
        "Webshop Oy",
        "Postintaival 7",
        "00230 Helsinki",
    )


def test_additional_services_stand_in_words_and_an_unknown_one_as_its_code() -> None:
    extras = tuple(AdditionalService(service_code=code) for code in ("3104", "9999", "3104"))
    label = gathering.label(shipment(), parcel("1", CODE, additional_services=extras), around())
    assert label.extras == ("3104: Särkyvää, käsiteltävä varoen", "9999")


def test_weight_and_place_among_the_parcels_are_said() -> None:
    first, second = parcel("1", CODE, weight=Decimal("2.50")), parcel("b", "X")
    label = gathering.label(shipment(first, second), first, around())
    assert (label.weight, label.number, label.of) == ("2,5 kg", 1, 2)
    assert gathering.label(shipment(first, second), second, around()).weight == ""


def test_parcels_that_were_sent_with_nothing_in_them_do_not_count() -> None:
    empty, full = parcel("1", CODE, rows=packed("0", "0")), parcel("2", CODE, rows=packed("5", "2.5"))
    label = gathering.label(shipment(empty, full, status="Delivered"), full, around())
    assert (label.number, label.of) == (1, 1)


@pytest.mark.parametrize(
    ("asked", "country", "language"),
    [
        ("sv", "FI", "sv"),
        ("de", "SE", "sv"),
        (None, "FI", "fi"),
        (None, "AX", "sv"),
        (None, "DE", "en"),
        ("et", None, "en"),
    ],
)
def test_papers_speak_the_orders_language_else_its_countrys(
    asked: str | None, country: str | None, language: str
) -> None:
    address = MAIJA.model_copy(update={"country": country})
    assert gathering.language_of(shipment(language=asked, delivery_address=address)) == language


def test_days_and_numbers_are_written_as_the_language_writes_them() -> None:
    assert [words.day(AT, language) for language in ("fi", "sv", "en")] == ["2.1.2026", "2026-01-02", "2 January 2026"]
    assert [words.number(Decimal("1234.50"), language) for language in ("fi", "sv", "en")] == [
        "1234,5",
        "1234,5",
        "1234.5",
    ]
    assert words.number(Decimal(100), "fi") == "100"


def test_an_order_of_the_small_hours_was_ordered_on_the_day_its_buyer_saw() -> None:
    at_half_past_one = datetime(2026, 6, 30, 22, 30, tzinfo=UTC)
    assert [words.day(at_half_past_one, language) for language in ("fi", "sv", "en")] == [
        "1.7.2026",
        "2026-07-01",
        "1 July 2026",
    ]


def test_every_word_is_there_in_every_language() -> None:
    assert {name for name, texts in words.WORDS.items() if set(texts) != {"fi", "sv", "en"}} == set()


def test_a_country_is_named_to_those_who_live_in_another() -> None:
    abroad = MAIJA.model_copy(update={"country": "SE"})
    assert addresses.block(abroad)[-1] == "SWEDEN"
    assert addresses.block(MAIJA)[-1] == "00100 Helsinki"
    assert addresses.country("XY") == "XY"


def quantities(note: NoteFacts) -> list[tuple[str, str, str]]:
    """Of each row what was ordered, is here, and is to follow."""
    return [(row.ordered, row.delivered, row.to_follow) for row in note.rows]


def test_before_anybody_said_it_the_only_parcel_holds_all() -> None:
    sent = shipment()
    assert quantities(gathering.note(sent, domain.packing(sent)[0], around())) == [("5", "5", "0"), ("2,5", "2,5", "0")]


def test_a_split_row_is_here_in_part_and_the_rest_to_follow() -> None:
    first, second = parcel("1", rows=packed("2", "2.5")), parcel("2", rows=packed("3", both=False))
    sent = shipment(first, second)
    assert quantities(gathering.note(sent, first, around())) == [("5", "2", "3"), ("2,5", "2,5", "0")]
    assert quantities(gathering.note(sent, second, around())) == [("5", "3", "2")]


def test_what_nobody_said_is_in_the_first_parcel_that_has_the_row() -> None:
    said, first, second = (
        parcel("1", rows=packed("2", both=False)),
        parcel("2", rows=packed(both=False)),
        parcel("3", rows=packed(both=False)),
    )
    sent = shipment(said, first, second)
    assert [quantities(gathering.note(sent, one, around())) for one in (said, first, second)] == [
        [("5", "2", "3")],
        [("5", "3", "2")],
        [("5", "0", "5")],
    ]


def test_once_it_is_sent_what_nobody_said_is_not_here() -> None:
    sent = shipment(parcel("1", rows=packed("2", None)), status="Delivered")
    assert quantities(gathering.note(sent, sent.parcels[0], around())) == [("5", "2", "3"), ("2,5", "0", "2,5")]


def test_what_was_ordered_is_the_orders_and_what_is_elsewhere_is_to_follow() -> None:
    two_products = (Row("1", "BOOTS", Decimal(2)), Row("1", "SHOES", Decimal(1)), Row("2", "SOCKS", Decimal(2)))
    sent = shipment(rows=two_products)
    known = replace(around(), ordered={"1": OrderedRow(Decimal(9), Decimal(5))})
    assert quantities(gathering.note(sent, domain.packing(sent)[0], known)) == [
        ("9", "2", "2"),
        ("9", "1", "2"),
        ("2", "2", "0"),
    ]


def test_the_note_has_the_retailers_words_and_those_of_the_order_for_its_reader() -> None:
    head = Letterhead(
        return_instructions={"en": "Send it back.", "fi": "Palauta."}, closing_text={"sv": "Tack!", "en": "Thanks!"}
    )
    comments = (
        Comment(type="deliveryNote", value="Hyvää\nsyntymäpäivää", name="Terveisin"),
        Comment(type="pickingNote", value="Ring the bell"),
    )
    sent = shipment(
        vendor=SHOP,
        comments=comments,
        free_texts=(FreeText(value="Alennuskoodi: KIITOS"),),
        references=(Reference(name="PO", value="77"),),
    )
    note = gathering.note(sent, domain.packing(sent)[0], around(letterhead=head, logo=b"png"))
    assert note.texts == (
        Text("Terveisin", "Hyvää\nsyntymäpäivää"),
        Text("", "Alennuskoodi: KIITOS"),
        Text("", "Thanks!"),
    )
    assert (note.returns, note.logo, note.references) == ("Palauta.", b"png", (Text("Ostotilaus", "77"),))
    assert note.letterhead[0] == "Webshop Oy"
    assert note.sent_by == "Posti, Paketti noutopisteeseen"


def test_other_facts_have_another_fingerprint_and_the_same_the_same() -> None:
    sent = shipment()
    only = domain.packing(sent)[0]
    note, other = (gathering.note(sent, only, around(logo=logo)) for logo in (b"", b"png"))
    label = gathering.label(sent, parcel("1", CODE), around())
    names = {
        facts.fingerprint(note),
        facts.fingerprint(other),
        facts.fingerprint(label, "pdf", "A5"),
        facts.fingerprint(label, "zpl", "A5"),
        facts.fingerprint(replace(label, weight="1 kg"), "pdf", "A5"),
    }
    assert len(names) == 5
    assert facts.fingerprint(note) == facts.fingerprint(gathering.note(sent, only, around()))


@pytest.mark.parametrize(
    ("status", "given", "why"),
    [
        ("Viewed", parcel(), "it gets one when it is confirmed"),
        ("Delivered", parcel(), "it has no tracking code"),
        ("Delivered", parcel("1", CODE).model_copy(update={"tracking_from": None}), "the supplier's own"),
        ("Cancelled", parcel("1", CODE), "Cancelled"),
    ],
    ids=["not confirmed", "no series", "own code", "cancelled"],
)
def test_a_parcel_has_a_label_only_with_a_code_of_ours(status: str, given: Parcel, why: str) -> None:
    assert why in (domain.why_no_label(shipment(given, status=status), given) or "")
    assert (domain.why_no_note(shipment(given, status=status)) is None) == (status != "Cancelled")
    assert domain.why_no_label(shipment(status="Delivered"), parcel("1", CODE)) is None
