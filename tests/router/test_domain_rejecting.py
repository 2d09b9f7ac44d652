"""What a supplier may reject of a shipment, said by its owners."""

from dataclasses import replace
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from router import domain
from router.domain import Refusal, RejectedRow, Row, Shipment
from tests.router.test_domain_shipments import NOW, a_shipment


def rejected(shipment: Shipment, *rows: RejectedRow, reason: str | None = None) -> Shipment:
    """The shipment after a rejection that is allowed."""
    result = domain.reject(shipment, rows, reason, NOW)
    assert isinstance(result, Shipment), result
    return result


def quantities(shipment: Shipment) -> list[int]:
    """How much of each row is to be sent."""
    return [int(row.quantity) for row in shipment.rows]


@pytest.mark.parametrize(
    ("status", "after"),
    [("Created", "Viewed"), ("Submitted", "Viewed"), ("Viewed", "Viewed"), ("Picking", "Picking")],
)
def test_who_rejects_a_part_has_opened_the_rest(status: str, after: str) -> None:
    found = rejected(a_shipment(status=status), RejectedRow("1", Decimal(1)))
    assert (found.status, found.version, quantities(found)) == (after, 2, [4, 2])


def test_a_shipment_in_error_stays_in_error() -> None:
    stuck = replace(a_shipment(status="Error"), reached="Picking", status_reason="No such street")
    found = rejected(stuck, RejectedRow("1", Decimal(1)))
    assert (found.status, found.reached, found.status_reason) == ("Error", "Picking", "No such street")


@pytest.mark.parametrize("status", ["Shipping", "Delivered", "Cancelled"])
def test_what_is_on_its_way_or_final_is_not_rejected(status: str) -> None:
    result = domain.reject(a_shipment(status=status), [RejectedRow("1")], None, NOW)
    assert isinstance(result, Refusal)
    assert result.conflict is not None


def test_an_error_on_the_way_is_too_late_as_well() -> None:
    stuck = replace(a_shipment(status="Error"), reached="Shipping")
    assert isinstance(domain.reject(stuck, [RejectedRow("1")], None, NOW), Refusal)


def test_of_a_row_with_two_products_the_last_falls_first() -> None:
    shipment = a_shipment(Row("1", "BOOTS", Decimal(3)), Row("1", "BOOTS-OLD", Decimal(2)))
    assert quantities(rejected(shipment, RejectedRow("1", Decimal(3)))) == [2, 0]


def test_rejecting_all_of_it_cancels_it() -> None:
    found = rejected(a_shipment(), RejectedRow("1"), RejectedRow("2"), reason="Burnt down")
    assert (found.status, found.status_reason) == ("Cancelled", "rejected by the supplier: Burnt down")


@given(st.lists(st.integers(1, 6), min_size=1, max_size=4), st.lists(st.integers(1, 7), min_size=1, max_size=4))
def test_what_is_rejected_is_what_the_shipment_has_less(ordered: list[int], declined: list[int]) -> None:
    shipment = a_shipment(*(Row(str(place), f"P{place}", Decimal(much)) for place, much in enumerate(ordered)))
    rows = [RejectedRow(str(place), Decimal(much)) for place, much in enumerate(declined)]
    result = domain.reject(shipment, rows, None, NOW)
    if len(declined) > len(ordered) or any(less > much for less, much in zip(declined, ordered, strict=False)):
        assert isinstance(result, Refusal)
        assert result.wrong
    else:
        assert isinstance(result, Shipment)
        assert sum(quantities(shipment)) - sum(quantities(result)) == sum(declined)
        assert (result.status == "Cancelled") is (sum(quantities(result)) == 0)
