"""The rules of moving a shipment on, said by their owners."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from router import domain
from router.domain import Change, PackedChange, ParcelChange, Refusal, Row, Shipment
from tests.router.examples import RETAILER, SUPPLIER, order

MADE_AT = datetime(2026, 1, 2, 9, tzinfo=UTC)
NOW = MADE_AT + timedelta(hours=1)
OPEN = ("Created", "Submitted", "Viewed", "Picking", "Packing", "Shipping")


def a_shipment(*rows: Row, status: str = "Created") -> Shipment:
    """A shipment of five boots and two socks, or of the given rows."""
    placed = order()
    return Shipment(
        shipment_id=domain.shipment_id(placed.order_id, "W1"),
        order_id=placed.order_id,
        order_external_id=placed.external_id,
        retailer_id=RETAILER,
        supplier_id=SUPPLIER,
        catalogue_id="W1",
        status=status,
        status_at=MADE_AT,
        version=1,
        created_at=MADE_AT,
        updated_at=MADE_AT,
        accept_by=MADE_AT + timedelta(hours=24),
        delivery=placed.delivery,
        rows=rows or (Row("1", "BOOTS", Decimal(5)), Row("2", "SOCKS", Decimal(2))),
    )


def packed(item_id: str, delivered: int | str | None, **fields: Any) -> PackedChange:
    """So many of a product in a parcel."""
    return PackedChange(item_id=item_id, delivered=None if delivered is None else Decimal(delivered), **fields)


def parcel(*rows: PackedChange, parcel_id: str = "1", **fields: Any) -> ParcelChange:
    """A parcel with these rows."""
    return ParcelChange(parcel_id, rows=rows, **fields)


def moved(shipment: Shipment, change: Change) -> Shipment:
    """The shipment after a change that is allowed."""
    result = domain.move(shipment, change, NOW)
    assert isinstance(result, Shipment), result
    return result


def conflict(shipment: Shipment, change: Change) -> str | None:
    """Why a change is in conflict with what the shipment is."""
    result = domain.move(shipment, change, NOW)
    assert isinstance(result, Refusal)
    assert result.wrong == ()
    return result.conflict


def wrong_fields(shipment: Shipment, change: Change) -> list[str]:
    """The fields of a change that cannot be."""
    result = domain.move(shipment, change, NOW)
    assert isinstance(result, Refusal)
    assert result.conflict is None
    return [wrong.field for wrong in result.wrong]


def delivered(shipment: Shipment) -> list[int]:
    """How much of each row was delivered."""
    return [int(row.delivered) for row in shipment.rows]


@pytest.mark.parametrize("start", OPEN)
@pytest.mark.parametrize("wanted", [*OPEN, "Delivered", "Cancelled"])
def test_a_shipment_moves_forward_only(start: str, wanted: str) -> None:
    shipment = a_shipment(status=start)
    if wanted in OPEN and OPEN.index(wanted) < OPEN.index(start):
        assert (
            conflict(shipment, Change(status=wanted))
            == f"The shipment is already {start} and does not go back to {wanted}"
        )
    else:
        after = moved(shipment, Change(status=wanted))
        assert after.status == wanted
        assert after.version == (1 if wanted == start else 2)
        assert after.closed == (wanted in ("Delivered", "Cancelled"))


@pytest.mark.parametrize("end", ["Delivered", "Cancelled"])
@pytest.mark.parametrize("wanted", [*OPEN, "Delivered", "Cancelled"])
def test_what_is_final_stays_and_the_same_again_is_harmless(end: str, wanted: str) -> None:
    shipment = moved(a_shipment(), Change(status=end))
    if wanted == end:
        assert domain.move(shipment, Change(status=wanted), NOW) is shipment
    else:
        assert conflict(shipment, Change(status=wanted)) == f"The shipment is {end}, which is final"


def test_a_final_shipment_takes_no_new_reference() -> None:
    assert conflict(moved(a_shipment(), Change(status="Delivered")), Change(external_reference="X")) is not None


def test_an_unknown_status_is_named() -> None:
    assert wrong_fields(a_shipment(), Change(status="delivered")) == ["status.value"]


def test_delivered_without_quantities_delivers_all() -> None:
    after = moved(a_shipment(), Change(status="Delivered"))
    assert delivered(after) == [5, 2]
    assert [row.delivered for row in after.parcels[0].rows] == [5, 2]
    assert after.parcels[0].ready


def test_a_tracking_code_alone_delivers_all_under_that_code() -> None:
    after = moved(a_shipment(), Change(status="Delivered", parcels=(ParcelChange("1", tracking_codes=("JJFI1",)),)))
    assert delivered(after) == [5, 2]
    assert [row.tracking_codes for row in domain.shipment_changed(after).rows] == [("JJFI1",), ("JJFI1",)]


def test_what_is_not_mentioned_beside_quantities_is_not_coming() -> None:
    after = moved(a_shipment(), Change(status="Delivered", parcels=(parcel(packed("BOOTS", 3)),)))
    assert delivered(after) == [3, 0]


def test_a_split_adds_up_over_its_parcels() -> None:
    split = Change(
        status="Delivered",
        parcels=(
            parcel(packed("BOOTS", 2), packed("SOCKS", 0), tracking_codes=("A",)),
            parcel(packed("BOOTS", 3), parcel_id="2", tracking_codes=("B",)),
        ),
    )
    after = moved(a_shipment(), split)
    assert delivered(after) == [5, 0]
    assert [row.tracking_codes for row in domain.shipment_changed(after).rows] == [("A", "B"), ()]
    assert after.parcels[1].service_code == "2103"
    assert domain.move(after, split, NOW) is after


def test_a_parcel_that_carries_nothing_of_a_row_when_all_is_delivered_lends_it_no_code() -> None:
    split = Change(
        parcels=(
            ParcelChange("1", tracking_codes=("A",)),
            parcel(packed("BOOTS", None), parcel_id="2", tracking_codes=("B",)),
        )
    )
    confirm = Change(status="Delivered", parcels=(parcel(packed("BOOTS", None)),))
    shipment = moved(a_shipment(), split)
    assert next(iter(domain.tracking_codes(shipment).values())) == ("A", "B")
    after = moved(shipment, confirm)
    assert delivered(after) == [5, 2]
    assert next(iter(domain.tracking_codes(after).values())) == ("A",)
    assert domain.move(after, confirm, NOW) is after


def test_more_than_was_ordered_names_the_row_that_goes_over() -> None:
    change = Change(
        status="Delivered",
        parcels=(
            parcel(packed("BOOTS", 4), packed("SOCKS", 2)),
            parcel(packed("SOCKS", 0), packed("BOOTS", 2), parcel_id="2"),
        ),
    )
    assert wrong_fields(a_shipment(), change) == ["consignment.parcels[1].rows[1].deliveredQuantity"]


def test_parcels_packed_earlier_count_towards_what_was_ordered() -> None:
    shipment = moved(a_shipment(), Change(status="Packing", parcels=(parcel(packed("BOOTS", 4)),)))
    assert delivered(shipment) == [0, 0]
    assert wrong_fields(shipment, Change(parcels=(parcel(packed("BOOTS", 2), parcel_id="2"),))) == [
        "consignment.parcels[0].rows[0].deliveredQuantity"
    ]
    after = moved(shipment, Change(status="Delivered", parcels=(parcel(packed("BOOTS", 1), parcel_id="2"),)))
    assert delivered(after) == [5, 0]


def test_every_field_that_cannot_be_is_named_at_once() -> None:
    change = Change(
        parcels=(
            parcel(packed("HAT", 1), packed("BOOTS", 1, catalogue_id="W2"), packed("BOOTS", 1, row_id="2")),
            parcel(packed("BOOTS", 9), PackedChange(delivered=Decimal(1))),
        )
    )
    assert wrong_fields(a_shipment(), change) == [
        "consignment.parcels[0].rows[0].itemId",
        "consignment.parcels[0].rows[1].externalWarehouseId",
        "consignment.parcels[0].rows[2].externalId",
        "consignment.parcels[1].parcelId",
        "consignment.parcels[1].rows[0].deliveredQuantity",
        "consignment.parcels[1].rows[1].itemId",
    ]


def test_a_product_on_two_rows_fills_them_in_order_or_each_by_its_row() -> None:
    twice = a_shipment(Row("1", "BOOTS", Decimal(3)), Row("2", "BOOTS", Decimal(4)))
    in_order = Change(status="Delivered", parcels=(parcel(packed("BOOTS", 5)),))
    by_row = Change(
        status="Delivered", parcels=(parcel(packed("BOOTS", 1, row_id="1"), packed("BOOTS", 4, row_id="2")),)
    )
    assert delivered(moved(twice, in_order)) == [3, 2]
    assert delivered(moved(twice, by_row)) == [1, 4]


def test_a_cancelled_shipment_delivers_nothing_even_when_it_was_packed() -> None:
    shipment = moved(a_shipment(), Change(parcels=(parcel(packed("BOOTS", 4), tracking_codes=("A",)),)))
    after = moved(shipment, Change(status="Cancelled"))
    assert delivered(after) == [0, 0]
    assert domain.shipment_changed(after).closed
    assert [row.tracking_codes for row in domain.shipment_changed(after).rows] == [(), ()]


def test_confirming_the_whole_fills_up_what_was_packed() -> None:
    shipment = moved(a_shipment(), Change(parcels=(parcel(packed("BOOTS", 4)),)))
    assert delivered(moved(shipment, Change(status="Delivered", whole=True))) == [5, 2]


def test_confirming_the_whole_of_what_was_delivered_in_part_is_a_conflict() -> None:
    shipment = moved(a_shipment(), Change(status="Delivered", parcels=(parcel(packed("BOOTS", 4)),)))
    assert conflict(shipment, Change(status="Delivered", whole=True)) == "The shipment is Delivered, which is final"


def test_what_is_not_said_of_a_parcel_stays() -> None:
    shipment = moved(
        a_shipment(), Change(parcels=(ParcelChange("1", service_code="2104", tracking_codes=("A",), ready=True),))
    )
    after = moved(shipment, Change(external_reference="S-7", parcels=(ParcelChange("1", package_type="PL"),)))
    only = after.parcels[0]
    assert (only.service_code, only.tracking_codes, only.ready, only.package_type) == ("2104", ("A",), True, "PL")
    assert (after.external_reference, after.version, after.status_at) == ("S-7", 3, MADE_AT)


changes = st.builds(
    Change,
    status=st.sampled_from([None, *OPEN, "Delivered", "Cancelled", "Error"]),
    parcels=st.lists(
        st.builds(
            ParcelChange,
            parcel_id=st.sampled_from("12"),
            tracking_codes=st.sampled_from([None, (), ("A",)]),
            rows=st.one_of(
                st.none(),
                st.lists(
                    st.builds(
                        PackedChange,
                        item_id=st.sampled_from(["BOOTS", "SOCKS"]),
                        delivered=st.one_of(st.none(), st.decimals(0, 4, places=1)),
                    ),
                    max_size=3,
                ).map(tuple),
            ),
        ),
        max_size=2,
    ).map(tuple),
    whole=st.booleans(),
)


def uncoded(shipment: Shipment) -> Shipment:
    """A shipment without what may still be said of it when it is delivered: the supplier's own tracking codes."""
    parcels = tuple(
        parcel.model_copy(update={"tracking_codes": (), "tracking_from": None}) for parcel in domain.packing(shipment)
    )
    return replace(shipment, parcels=parcels, version=0, updated_at=NOW)


@given(st.lists(changes, max_size=6))
def test_whatever_a_supplier_sends_rows_stay_in_bounds_and_the_same_again_changes_nothing(sent: list[Change]) -> None:
    shipment = a_shipment()
    for change in sent:
        after = domain.move(shipment, change, NOW)
        if isinstance(after, Refusal):
            continue
        assert not shipment.closed or after is shipment or uncoded(after) == uncoded(shipment)
        assert after.version == shipment.version + (after is not shipment)
        assert all(0 <= row.delivered <= row.quantity for row in after.rows)
        assert after.status == "Delivered" or all(row.delivered == 0 for row in after.rows)
        for row in after.rows:
            in_parcels = [
                p.delivered or Decimal(0)
                for made in domain.packing(after)
                for p in made.rows
                if (p.row_id, p.product_id) == (row.row_id, row.product_id)
            ]
            assert sum(in_parcels, Decimal(0)) <= row.quantity
            assert after.status != "Delivered" or sum(in_parcels, Decimal(0)) == row.delivered
        assert domain.move(after, change, NOW) is after
        shipment = after


def test_a_shipment_has_at_most_200_parcels_however_many_changes_make_them() -> None:
    half = Change(parcels=tuple(ParcelChange(f"A-{number}") for number in range(150)))
    more = Change(parcels=tuple(ParcelChange(f"B-{number}") for number in range(50)))
    assert wrong_fields(moved(a_shipment(), half), more) == ["consignment.parcels"]


def test_the_parcels_of_a_shipment_have_at_most_5000_rows_together() -> None:
    shipment = a_shipment(*(Row(str(number), "BOOTS", Decimal(1)) for number in range(1_000)))
    boots = Change(parcels=tuple(parcel(packed("BOOTS", None), parcel_id=str(number)) for number in range(1, 7)))
    assert wrong_fields(shipment, boots) == ["consignment.parcels[5].rows"]
    assert len(moved(shipment, replace(boots, parcels=boots.parcels[:5])).parcels) == 5


@pytest.mark.parametrize("start", OPEN)
def test_an_error_may_come_at_any_time_and_the_shipment_goes_on_from_where_it_was(start: str) -> None:
    stuck = moved(a_shipment(status=start), Change(status="Error", reason="No such street"))
    assert (stuck.status, stuck.status_reason, stuck.closed) == ("Error", "No such street", False)
    assert domain.move(stuck, Change(status="Error"), NOW) is stuck
    assert moved(stuck, Change(status="Error", reason="No such house")).status_reason == "No such house"
    for wanted in OPEN:
        if OPEN.index(wanted) < OPEN.index(start):
            assert conflict(stuck, Change(status=wanted)) == (
                f"The shipment is already {start} and does not go back to {wanted}"
            )
        else:
            after = moved(stuck, Change(status=wanted))
            assert (after.status, after.status_reason, after.reached) == (wanted, None, None)
    assert moved(stuck, Change(status="Cancelled")).closed
    assert delivered(moved(stuck, Change(status="Delivered"))) == [5, 2]


def test_what_goes_through_nshift_is_not_confirmed_in_one_step() -> None:
    whole = Change(status="Delivered", whole=True)
    through = moved(a_shipment(), Change(parcels=(ParcelChange("1", delivery_operator="Unifaun"),)))
    told = conflict(through, whole)
    assert told is not None
    assert "goes through Unifaun" in told
    after = moved(through, Change(status="Delivered", parcels=(parcel(packed("BOOTS", 5), packed("SOCKS", 2)),)))
    assert domain.move(after, whole, NOW) is after
    with_posti = moved(through, Change(parcels=(ParcelChange("1", delivery_operator="Posti"),)))
    assert delivered(moved(with_posti, whole)) == [5, 2]


def test_an_undelivered_row_is_listed_with_nothing() -> None:
    after = moved(a_shipment(), Change(status="Delivered", parcels=(parcel(packed("BOOTS", 4), packed("SOCKS", 0)),)))
    assert delivered(after) == [4, 0]
    assert [row.delivered for row in after.parcels[0].rows] == [4, 0]


def test_a_shipment_that_is_called_off_delivers_nothing_of_what_was_packed() -> None:
    shipment = moved(a_shipment(), Change(status="Error", parcels=(parcel(packed("BOOTS", 4), tracking_codes=("A",)),)))
    after = domain.called_off(shipment, "cancelled by the retailer", NOW)
    assert (after.status, after.status_reason, after.reached, after.version) == (
        "Cancelled",
        "cancelled by the retailer",
        None,
        3,
    )
    assert [row.tracking_codes for row in domain.shipment_changed(after).rows] == [(), ()]
    assert domain.called_off(after, "replaced", NOW) is after
    assert domain.redirected(after, order().delivery.model_copy(update={"language": "fi"}), NOW) is after
