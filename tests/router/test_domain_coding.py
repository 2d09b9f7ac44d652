"""Which parcels get codes, whose codes they are, and when they may change."""

from dataclasses import replace
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any
from uuid import UUID

import pytest

from router import domain
from router.domain import Change, Packed, Parcel, ParcelChange, Refusal, Row, Shipment, coding
from router.domain.delivery_service import DeliveryService
from shared.contracts import Delivery, Party

NOW = datetime(2026, 1, 2, 9, tzinfo=UTC)
ID = UUID("019b7d62-e400-8f5c-93ad-27c2f1a5d3b0")


def parcel(parcel_id: str = "1", delivered: int | None = 5, **fields: Any) -> Parcel:
    """A parcel with boots, packed."""
    rows = (Packed(row_id="1", product_id="BOOTS", delivered=None if delivered is None else Decimal(delivered)),)
    return Parcel(parcel_id=parcel_id, rows=rows, **{"ready": True} | fields)


def shipment(*parcels: Parcel, status: str = "Delivered") -> Shipment:
    """A shipment of five boots."""
    return Shipment(
        shipment_id=ID,
        order_id=ID,
        order_external_id="A-1",
        retailer_id="1531864-4",
        supplier_id="0109357-9",
        catalogue_id="W1",
        status=status,
        status_at=NOW,
        version=4,
        created_at=NOW,
        updated_at=NOW,
        accept_by=NOW,
        delivery=Delivery(order_date=NOW, delivery_address=Party(name="Maija")),
        rows=(Row("1", "BOOTS", Decimal(5), Decimal(5) if status == "Delivered" else Decimal(0)),),
        parcels=parcels,
    )


def test_a_delivered_parcel_that_carries_something_and_has_no_code_needs_one() -> None:
    parcels = parcel("1"), parcel("2", 0), parcel("3", None), parcel("4", tracking_codes=("OWN",))
    assert [one.parcel_id for one in coding.uncoded(shipment(*parcels))] == ["1"]
    assert coding.uncoded(shipment(*parcels, status="Shipping")) == ()
    assert coding.uncoded(shipment(*parcels, status="Cancelled")) == ()


@pytest.mark.parametrize(
    ("fields", "own"),
    [
        ({}, False),
        ({"tracking_codes": ("X",)}, True),
        ({"tracking_codes": ("X",), "tracking_from": "posti"}, False),
    ],
)
def test_codes_are_the_suppliers_own_unless_it_is_noted_where_they_are_from(fields: dict[str, Any], own: bool) -> None:
    assert parcel(**fields).own_tracking_codes is own
    # As an earlier release wrote it, which knew of no other codes.
    assert Parcel.model_validate(parcel(**fields).model_dump(exclude={"tracking_from"})).own_tracking_codes is bool(
        fields.get("tracking_codes")
    )


SERVICES = {
    one.id: one
    for one in (
        DeliveryService(id="2103", provider="Posti", delivery_operator="Posti", description={"en": "Parcel"}),
        DeliveryService(id="P19", provider="Unifaun", delivery_operator="PostNord", description={"en": "MyPack"}),
    )
}


@pytest.mark.parametrize(
    ("operator", "service", "carrier"),
    [
        (" GLS ", "2103", "GLS"),
        ("unifaun", None, "nShift"),
        ("NSHIFT", "2103", "nShift"),
        (" ", "2103", "Posti"),
        (None, "P19", "nShift"),
        ("PostNord", "P19", "PostNord"),
        (None, "9999", None),
        (None, None, None),
    ],
)
def test_who_carries_a_parcel(operator: str | None, service: str | None, carrier: str | None) -> None:
    assert coding.carrier_of(parcel(delivery_operator=operator, service_code=service), SERVICES) == carrier


def test_own_codes_take_the_place_of_sluices_and_are_the_suppliers_then() -> None:
    packing = shipment(parcel(tracking_codes=("JJFI",), tracking_from="posti"), status="Packing")
    same = domain.move(packing, Change(parcels=(ParcelChange("1", tracking_codes=("JJFI",), package_type="PU"),)), NOW)
    other = domain.move(packing, Change(parcels=(ParcelChange("1", tracking_codes=("OWN",)),)), NOW)
    split = domain.move(packing, Change(parcels=(ParcelChange("2"),)), NOW)
    assert isinstance(same, Shipment)
    assert isinstance(other, Shipment)
    assert isinstance(split, Shipment)
    assert [one.own_tracking_codes for one in (*same.parcels, *other.parcels)] == [False, True]
    assert (split.parcels[1].tracking_codes, split.parcels[1].tracking_from) == ((), None)


def test_what_is_delivered_takes_late_codes_and_nothing_else() -> None:
    before = shipment(parcel("1"), parcel("2", 0))
    late = domain.move(before, Change(parcels=(ParcelChange("1", tracking_codes=("OWN",)),)), NOW)
    assert isinstance(late, Shipment)
    assert (late.version, late.status, late.parcels[0].tracking_codes) == (5, "Delivered", ("OWN",))
    assert late.rows == before.rows
    for change in (
        Change(parcels=(ParcelChange("1", tracking_codes=("OWN",), package_type="PU"),)),
        Change(parcels=(ParcelChange("3", tracking_codes=("OWN",)),)),
        Change(parcels=(ParcelChange("1", tracking_codes=("OWN",)),), external_reference="S-1"),
        Change(external_reference="S-1"),
    ):
        refused = domain.move(before, change, NOW)
        assert isinstance(refused, Refusal)
        assert refused.conflict == "The shipment is Delivered, which is final"
    labelled = shipment(parcel("1", tracking_codes=("JJFI",), tracking_from="posti"))
    assert isinstance(
        domain.move(labelled, Change(parcels=(ParcelChange("1", tracking_codes=("OWN",)),)), NOW), Refusal
    )


def test_a_file_says_why_a_parcel_takes_no_codes() -> None:
    labelled = shipment(parcel("1", tracking_codes=("JJFI",), tracking_from="posti"), parcel("2"))
    assert coding.why_no_codes(labelled, "2", ("OWN",)) is None
    assert coding.why_no_codes(labelled, "1", ("JJFI",)) is None
    assert coding.why_no_codes(labelled, "1", ("OWN",)) == "parcel 1 has JJFI of posti on its label"
    assert coding.why_no_codes(labelled, "3", ("OWN",)) == "there is no parcel 3 in the shipment"
    assert coding.why_no_codes(replace(labelled, status="Cancelled"), "2", ("OWN",)) == "the shipment is Cancelled"


def test_the_same_codes_again_are_no_change() -> None:
    before = shipment(parcel("1"), parcel("2"))
    after = coding.with_own_codes(before, {"2": ("OWN",)}, NOW)
    assert (after.version, [one.tracking_codes for one in after.parcels]) == (5, [(), ("OWN",)])
    assert coding.with_own_codes(after, {"2": ("OWN",)}, NOW) is after
