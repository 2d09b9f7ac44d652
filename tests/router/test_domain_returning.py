"""How much may come back, and what comes of a return: against counting every unit by itself."""

from collections import Counter
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from random import Random
from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st

from router.domain import Refusal, Row, Shipment, Wrong, returning, returns, way_back
from router.domain.delivery_service import DeliveryService
from router.domain.returning import Found, Wanted
from router.domain.returns import Return
from router.domain.shipment import Packed, Parcel
from router.domain.way_back import WayBack
from shared.contracts import Delivery, Party

AT = datetime(2026, 1, 12, 8, tzinfo=UTC)
LATER = AT + timedelta(days=1)
KEYS = (("1", "BOOTS"), ("1", "SHOES"), ("2", "SOCKS"), ("3", "FREIGHT"))


def shipment(delivered: dict[tuple[str, str], int], **fields: object) -> Shipment:
    """A shipment that has delivered so much of its rows; what is FREIGHT is a cost."""
    given_: dict[str, object] = {
        "shipment_id": UUID(int=1),
        "order_id": UUID(int=2),
        "order_external_id": "A-1",
        "retailer_id": "shop",
        "supplier_id": "supplier",
        "catalogue_id": "W1",
        "status": "Delivered",
        "status_at": AT,
        "version": 2,
        "created_at": AT,
        "updated_at": AT,
        "accept_by": AT,
        "delivery": Delivery(order_date=AT, delivery_address=Party(name="Maija")),
        "rows": tuple(
            Row(row_id, product, Decimal(9), Decimal(units), stocked=product != "FREIGHT")
            for (row_id, product), units in delivered.items()
        ),
    }
    return Shipment(**given_ | fields)  # type: ignore[arg-type]


def registered(of: Shipment, *wanted: Wanted) -> Return:
    """A return of these rows."""
    rows = returning.register(of, wanted, {})
    assert not isinstance(rows, Refusal)
    return Return(
        return_id=UUID(int=3),
        shipment_id=of.shipment_id,
        order_id=of.order_id,
        order_external_id=of.order_external_id,
        retailer_id=of.retailer_id,
        supplier_id=of.supplier_id,
        catalogue_id=of.catalogue_id,
        registered_by=of.retailer_id,
        status=returns.REGISTERED,
        status_at=AT,
        version=1,
        created_at=AT,
        updated_at=AT,
        rows=rows,
    )


units = st.integers(1, 4)
wishes = st.lists(st.tuples(st.sampled_from(KEYS[:3]), units), min_size=1, max_size=3, unique_by=lambda wish: wish[0])
steps = st.lists(st.tuples(wishes, st.sampled_from(("leave", "cancel", "receive")), st.randoms()), max_size=8)


@given(delivered=st.fixed_dictionaries({key: st.integers(0, 5) for key in KEYS}), steps=steps)
def test_no_unit_comes_back_twice_and_every_unit_that_was_delivered_may(
    delivered: dict[tuple[str, str], int], steps: list[tuple[list[tuple[tuple[str, str], int]], str, Random]]
) -> None:
    """Units are moved by hand from the customer's heap to that of what is on its way or back, and sometimes back."""
    of = shipment(delivered)
    with_customer = Counter(delivered)
    gone: Counter[tuple[str, str]] = Counter()
    for wanted, then, chance in steps:
        named = [Wanted("Damaged", row_id, product, Decimal(quantity)) for (row_id, product), quantity in wanted]
        taken = {key: Decimal(quantity) for key, quantity in gone.items()}
        rows = returning.register(of, named, taken)
        possible = all(quantity <= with_customer[key] for key, quantity in wanted)
        assert isinstance(rows, Refusal) is not possible
        if isinstance(rows, Refusal):
            assert rows.conflict is not None
            for key, quantity in wanted:
                assert (f"row {key[0]} ({key[1]})" in rows.conflict) is (quantity > with_customer[key])
            continue
        for key, quantity in wanted:
            with_customer[key] -= quantity
            gone[key] += quantity
        one = replace(registered(of, *named), rows=rows)
        if then == "cancel":
            ended = returning.cancel(one, None, LATER)
            came: dict[tuple[str, str], int] = {}
        elif then == "receive":
            came = {key: chance.randint(1, quantity) for key, quantity in wanted[: chance.randint(1, len(wanted))]}
            found = [Found(row_id, product, Decimal(quantity)) for (row_id, product), quantity in came.items()]
            ended = returning.receive(one, found, None, LATER)
        else:
            continue
        assert isinstance(ended, Return)
        assert {(row.row_id, row.product_id): int(row.received) for row in ended.rows if row.received} == came
        for key, quantity in wanted:
            with_customer[key] += quantity - came.get(key, 0)
            gone[key] -= quantity - came.get(key, 0)
        assert ended.complete is (came == dict(wanted))
    assert all(with_customer[key] >= 0 and with_customer[key] + gone[key] == delivered[key] for key in KEYS[:3])


@given(
    quantity=st.integers(1, 6),
    entries=st.lists(st.tuples(st.none() | units, st.booleans()), min_size=1, max_size=4),
)
def test_what_was_found_of_a_row_adds_up_and_never_to_more_than_was_registered(
    quantity: int, entries: list[tuple[int | None, bool]]
) -> None:
    one = registered(shipment({KEYS[2]: quantity}), Wanted("TooLate", "2"))
    left, shelved, possible = quantity, 0, True
    for units_, restock in entries:
        named = left if units_ is None else units_
        possible = possible and 0 < named <= left
        left -= named
        shelved += named if restock else 0
    found = [
        Found("2", quantity=None if units_ is None else Decimal(units_), restock=restock) for units_, restock in entries
    ]
    ended = returning.receive(one, found, None, LATER)
    assert isinstance(ended, Return) is possible
    if isinstance(ended, Return):
        [row] = ended.rows
        assert (int(row.received), int(row.restocked)) == (quantity - left, shelved)
        assert (ended.status, ended.version, ended.updated_at) == ("Received", 2, LATER)
        assert returning.receive(ended, found, None, LATER + timedelta(days=1)) is ended
    else:
        assert ended.conflict is not None
        assert "row 2 (SOCKS)" in ended.conflict


@pytest.mark.parametrize("status", ["Created", "Viewed", "Shipping", "Error", "Cancelled"])
def test_nothing_comes_back_of_what_was_not_delivered(status: str) -> None:
    refused = returning.register(shipment({KEYS[0]: 5}, status=status), [Wanted("Other", "1")], {})
    assert isinstance(refused, Refusal)
    assert refused.conflict == f"The shipment is {status}; only what was delivered can come back"


def test_every_row_that_cannot_come_back_is_named() -> None:
    of = shipment(dict.fromkeys(KEYS, 5))
    wanted = [
        Wanted("Other", "1"),
        Wanted("Other", "1", "BOOTS"),
        Wanted("Other", item_id="BOOTS"),
        Wanted("Other", "3"),
        Wanted("Other", "9"),
        Wanted("Other", item_id="HATS"),
        Wanted("Other"),
    ]
    refused = returning.register(of, wanted, {})
    assert isinstance(refused, Refusal)
    assert [(wrong.field, wrong.code) for wrong in refused.wrong] == [
        ("rows[0].externalId", "ambiguous"),
        ("rows[2].externalId", "duplicate"),
        ("rows[3].externalId", "no_goods"),
        ("rows[4].externalId", "unknown_row"),
        ("rows[5].itemId", "unknown_row"),
        ("rows[6].externalId", "missing"),
    ]


def test_received_and_cancelled_are_final_and_said_again_they_are_the_same() -> None:
    one = registered(shipment({KEYS[2]: 3}), Wanted("ChangedMind", "2"))
    received = returning.receive(one, [Found("2")], "All is well", LATER)
    cancelled = returning.cancel(one, "The customer keeps it", LATER)
    assert isinstance(received, Return)
    assert isinstance(cancelled, Return)
    assert (cancelled.status, cancelled.status_reason, cancelled.version) == ("Cancelled", "The customer keeps it", 2)
    assert returning.cancel(cancelled, None, LATER) is cancelled
    for refused in (
        returning.cancel(received, None, LATER),
        returning.receive(received, [Found("2")], "otherwise", LATER),
        returning.receive(received, [Found("2", restock=True)], "All is well", LATER),
        returning.receive(cancelled, [Found("2")], None, LATER),
    ):
        assert isinstance(refused, Refusal)
        assert refused.conflict is not None


def service(id_: str, operator: str, *tags: str, provider: str | None = None) -> DeliveryService:
    """A service of a carrier's."""
    return DeliveryService(
        id=id_, provider=provider or operator, delivery_operator=operator, description={"en": id_}, tags=tags
    )


SERVICES = {
    one.id: one
    for one in (
        service("2103", "Posti"),
        service("2108", "Posti", "RETURN"),
        service("2109", "Posti", "RETURN"),
        service("PO2108", "Posti", "RETURN", provider="nShift"),
        service("80", "Matkahuolto"),
    )
}
PARCELS = (
    Parcel(
        parcel_id="1",
        delivery_operator="Matkahuolto",
        rows=(Packed(row_id="1", product_id="BOOTS", delivered=Decimal(1)),),
    ),
    Parcel(parcel_id="2", service_code="2103", rows=(Packed(row_id="2", product_id="SOCKS", delivered=Decimal(1)),)),
)


@pytest.mark.parametrize(
    ("row", "operator", "code", "way"),
    [
        (KEYS[2], None, None, WayBack("Posti", "2108")),
        (KEYS[0], None, None, WayBack("Matkahuolto", None)),
        (KEYS[0], "posti", None, WayBack("posti", "2108")),
        (KEYS[0], None, "2109", WayBack("Posti", "2109")),
        (KEYS[0], None, "PO2108", WayBack("nShift", "PO2108")),
        (KEYS[0], "posti", "2109", WayBack("posti", "2109")),
        (KEYS[0], "Posti", "PO2108", WayBack("nShift", "PO2108")),
        (KEYS[0], "Unifaun", "PO2108", WayBack("nShift", "PO2108")),
        (KEYS[1], None, None, WayBack(None, None)),
    ],
)
def test_a_return_goes_back_by_the_carrier_that_brought_it_unless_told_otherwise(
    row: tuple[str, str], operator: str | None, code: str | None, way: WayBack
) -> None:
    of = shipment(dict.fromkeys(KEYS, 1), parcels=PARCELS)
    assert way_back.way_back(of, {row}, SERVICES, operator, code) == way
    assert way.labelled is (way.service_code in ("2108", "2109"))


@pytest.mark.parametrize(("operator", "code"), [("Posti", "80"), ("Matkahuolto", "2108"), ("nShift", "2108")])
def test_a_service_and_another_carrier_than_its_own_contradict_each_other(operator: str, code: str) -> None:
    of = shipment(dict.fromkeys(KEYS, 1), parcels=PARCELS)
    wrong = way_back.way_back(of, {KEYS[0]}, SERVICES, operator, code)
    assert isinstance(wrong, Wrong)
    assert (wrong.field, wrong.code) == ("serviceCode", "other_carrier")


def test_what_was_not_sent_and_what_the_shop_has_is_not_put_on_the_suppliers_shelf() -> None:
    one = registered(shipment({KEYS[0]: 3}), Wanted("WrongProduct", "1"))
    found = [
        Found("1", quantity=Decimal(1), restock=True, condition="Unopened"),
        Found("1", quantity=Decimal(1), restock=True, condition="Wrong"),
        Found("1", quantity=Decimal(1), condition="Wrong"),
    ]
    refused = returning.receive(one, found, None, LATER)
    assert isinstance(refused, Refusal)
    assert [(wrong.field, wrong.code) for wrong in refused.wrong] == [("rows[1].restock", "wrong_product")]
    refused = returning.receive(replace(one, goes_to="RETAILER"), found[:1], None, LATER)
    assert isinstance(refused, Refusal)
    assert [(wrong.field, wrong.code) for wrong in refused.wrong] == [("rows[0].restock", "not_the_suppliers")]
