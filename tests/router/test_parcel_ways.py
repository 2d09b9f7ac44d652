"""How parcels are sent: by which services, and where to, as the order, the goods and the supplier say."""

from dataclasses import replace
from decimal import Decimal

import pytest

from router import domain
from router.domain import Change, ParcelChange
from shared.contracts import AdditionalService
from tests.router.test_domain_shipments import NOW, a_shipment, moved


def test_unless_the_supplier_packs_otherwise_one_parcel_holds_all_rows() -> None:
    (only,) = domain.packing(a_shipment())
    assert (only.parcel_id, only.service_code, only.pickup_point_id, only.ready) == ("1", "2103", "001003200", False)
    assert [row.product_id for row in only.rows] == ["BOOTS", "SOCKS"]


@pytest.mark.parametrize(
    ("ordered", "expected"),
    [((), ["3104", "3174"]), (("3376",), ["3376", "3104", "3174"]), (("3174", "3376"), ["3174", "3376", "3104"])],
)
def test_the_first_parcel_has_the_services_that_its_goods_need_each_once(
    ordered: tuple[str, ...], expected: list[str]
) -> None:
    wanted = tuple(AdditionalService(service_code=code, telephone="+358501234567") for code in ordered)
    delivery = a_shipment().delivery.model_copy(update={"additional_services": wanted})
    shipment = replace(a_shipment(), delivery=delivery, handling=("3104", "3174"))
    (only,) = domain.packing(shipment)
    assert [service.service_code for service in only.additional_services] == expected
    assert only.additional_services[: len(wanted)] == wanted
    elsewhere = domain.redirected(shipment, a_shipment().delivery, NOW)
    (only,) = domain.packing(elsewhere)
    assert [service.service_code for service in only.additional_services] == ["3104", "3174"]


def test_what_a_supplier_says_of_additional_services_counts_whatever_the_goods_need() -> None:
    plain = ParcelChange("1", additional_services=())
    shipment = moved(replace(a_shipment(), handling=("3104",)), Change(parcels=(plain,)))
    assert [parcel.additional_services for parcel in domain.packing(shipment)] == [()]


def test_a_packed_parcel_goes_where_its_order_goes_now_unless_its_supplier_chose_its_way() -> None:
    given = a_shipment().delivery.model_copy(update={"delivery_operator": "Posti", "routing_service_code": "3200"})
    shipment = replace(a_shipment(), delivery=given, handling=("3104",))
    packed_ones = Change(
        status="Packing",
        parcels=(
            ParcelChange("1", weight=Decimal("2.5")),
            ParcelChange("2", routing_service_code="3201", additional_services=()),
            ParcelChange("3", service_code="8001", delivery_operator="Matkahuolto", pickup_point_id="5410"),
            ParcelChange("4", service_code="2104"),
            ParcelChange("5", tracking_codes=("JJFI1",)),
        ),
    )
    elsewhere = {"pickup_point_id": "002303200", "routing_service_code": "3300"}
    with_more = {"additional_services": (AdditionalService(service_code="3376"),)}
    sent = domain.redirected(moved(shipment, packed_ones), given.model_copy(update=elsewhere | with_more), NOW)
    assert [(one.service_code, one.pickup_point_id, one.routing_service_code) for one in sent.parcels] == [
        ("2103", "002303200", "3300"),
        ("2103", "002303200", "3300"),
        ("8001", "5410", "3200"),
        ("2104", "001003200", "3200"),
        ("2103", "001003200", "3200"),
    ]
    extras = [[service.service_code for service in one.additional_services] for one in sent.parcels]
    assert extras == [["3376", "3104"], [], ["3376", "3104"], ["3376", "3104"], ["3104"]]
    assert sent.parcels[0].weight == Decimal("2.5")
    named = given.model_copy(update={"language": "sv", "routing_service_code": "3300"})
    by_code = domain.redirected(moved(shipment, packed_ones), named, NOW)
    assert [one.routing_service_code for one in by_code.parcels[:2]] == ["3300", "3201"]
