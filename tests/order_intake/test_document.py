"""What is taken as an order, and what is wrong with what is not."""

import json
from typing import Any
from uuid import uuid4

import pytest
from hypothesis import given
from hypothesis import strategies as st

from order_intake.document import V2, OrderDocument, order_placed, read_order
from order_intake.settings import Settings
from shared import problems
from tests.order_intake.orders import HOME, NOON, SHOP, document, new_order


def wrong(order: Any, max_rows: int = 1_000) -> list[str]:
    """The fields that are wrong with an order."""
    try:
        read_order(json.dumps(order).encode(), max_rows, V2)
    except problems.Refused as refusal:
        return [error.field for error in refusal.errors] if refusal.status == 400 else []
    return []


def row(number: str = "1", **fields: Any) -> dict[str, Any]:
    """A row of an order, with further or other fields."""
    return {"externalId": number, "externalProductId": "P", "quantity": 1} | fields


@pytest.mark.parametrize(
    ("fields", "named"),
    [
        ({"externalId": "x" * 101}, "externalId"),
        ({"externalId": " A-1"}, "externalId"),
        ({"externalId": 7}, "externalId"),
        ({"externalId": "A/1/"}, "externalId"),
        ({"orderDate": "0001-01-01T00:00:00+14:00"}, "orderDate"),
        ({"requestedDeliveryDate": "9999-12-31T23:59:59Z"}, "requestedDeliveryDate"),
        ({"paymentTerm": "x" * 301}, "paymentTerm"),
        ({"client": {**HOME, "streetAddress": "x" * 301}}, "client.streetAddress"),
        ({"comments": [{"type": "reference", "value": "x" * 2_001}]}, "comments[0].value"),
        ({"print": [{"freeText": [{"value": "x" * 2_001}]}]}, "print[0].freeText[0].value"),
        ({"comments": [{"type": "reference", "value": "x"}] * 51}, "comments"),
        ({"print": [{"freeText": [{"value": "x" * 2_000}] * 5}, {"freeText": [{"value": "x" * 2_000}] * 6}]}, "print"),
        ({"rows": [row("1" * 101)]}, "rows[0].externalId"),
        ({"rows": [row(productDescription="x" * 2_001)]}, "rows[0].productDescription"),
        ({"rows": [row(externalWarehouseId="x" * 101)]}, "rows[0].externalWarehouseId"),
        ({"orderDate": "yesterday"}, "orderDate"),
        ({"orderDate": 1767340800}, "orderDate"),
        ({"requestedShipDate": "2026-13-01T00:00:00Z"}, "requestedShipDate"),
        ({"references": [{"name": "XX", "value": "1"}]}, "references[0].name"),
        ({"references": [{"name": "PO", "value": "1" * 101}]}, "references[0].value"),
        ({"comments": [{"type": "note", "value": "ring"}]}, "comments[0].type"),
        ({"currency": "EU"}, "currency"),
        ({"sender": {**HOME, "name": ""}}, "sender.name"),
        ({"client": {**HOME, "country": "FIN"}}, "client.country"),
        ({"client": {**HOME, "name": "a\nb\nc"}}, "client.name"),
        ({"client": {**HOME, "email": "a@example.com\nBcc: b@example.com"}}, "client.email"),
        ({"recipient": {"name": "X"}}, "recipient.country"),
        ({"deliveryAddress": {**HOME, "streetAddress": "\x00"}}, "deliveryAddress.streetAddress"),
        ({"metadata": {"sourceOrganization": "Shop"}}, "metadata.receiverOrganization"),
        ({"invoice": {"invoiceNumber": "1", "invoiceDate": "1.1.2026", "totalValue": 2}}, "invoice.invoiceDate"),
        ({"additionalServices": [{"telephone": "1"}]}, "additionalServices[0].serviceCode"),
        ({"rows": [row(quantity=-1)]}, "rows[0].quantity"),
        ({"rows": [row(quantity=0.0000001)]}, "rows[0].quantity"),
        ({"rows": [row(quantity=1e12)]}, "rows[0].quantity"),
        ({"rows": [row(quantity="many")]}, "rows[0].quantity"),
        ({"rows": [row(weight=-1)]}, "rows[0].weight"),
        ({"rows": [row(externalProductId="", productEANCode=None)]}, "rows[0].externalProductId"),
        ({"rows": [row("1"), row("1")]}, "rows[1].externalId"),
        ({"rows": [row(parentRowReference="2")]}, "rows[0].parentRowReference"),
        ({"rows": [row(parentRowReference="1")]}, "rows[0].parentRowReference"),
        ({"rows": [row(print={"taxValue": "1", "taxName": "ALV"})]}, "rows[0].print.vatPercentage"),
        ({"rows": [row(comments=[{"type": "reference"}])]}, "rows[0].comments[0].value"),
        ({"rows": ["row"]}, "rows[0]"),
        ({"rows": {}}, "rows"),
    ],
)
def test_a_wrong_field_is_named(fields: dict[str, Any], named: str) -> None:
    assert named in wrong(document(**fields))


@pytest.mark.parametrize(
    "fields",
    [
        {"client": {**HOME, "country": "FI:18"}},
        {"client": {**HOME, "externalId": "", "telephone": None}},
        {"client": {**HOME, "name": "Matti\nc/o Maija", "streetAddress": "A\nB\nC"}},
        {"deliveryAddress": {**HOME, "name": "Matti\nMeikäläinen\nc/o Kiosk"}},
        {"sender": None, "vendor": None, "comments": None, "currency": ""},
        {"orderDate": "2026-01-02T08:00:00+02:00"},
        {"orderDate": "2026-01-02T08:00:00.000Z"},
        {"invoice": {"invoiceNumber": "1", "invoiceDate": "2026-01-01", "totalValue": 20.1}},
        {"rows": [row(externalProductId="", productEANCode="6419835068484")]},
        {"rows": [row("child", parentRowReference="parent"), row("parent")]},
        {"rows": [row(quantity=0.000001)]},
        {"rows": [row(externalWarehouseId="", mandatory=None, weight="")]},
        {"statuses": "whatever", "unknown": {"a": [1]}},
    ],
)
def test_what_real_shops_send_is_taken(fields: dict[str, Any]) -> None:
    assert wrong(document(**fields)) == []


def test_rows_that_are_parts_of_each_other_are_refused() -> None:
    rows = [
        row("1", parentRowReference="2"),
        row("2", parentRowReference="3"),
        row("3", parentRowReference="2"),
        row("4"),
    ]
    assert wrong(document(rows=rows)) == ["rows[1].parentRowReference", "rows[2].parentRowReference"]


def goods(number: str, parent: str | None = None, warehouse: str | None = None) -> dict[str, Any]:
    """A row of a bundle, perhaps pinned to a warehouse."""
    return row(number, parentRowReference=parent, externalWarehouseId=warehouse)


@pytest.mark.parametrize(
    ("rows", "named"),
    [
        ([goods("1", None, "W1"), goods("2", "1", "W2")], ["rows[1].externalWarehouseId"]),
        ([goods("1"), goods("2", "1", "W1"), goods("3", "1", "W2")], ["rows[2].externalWarehouseId"]),
        ([goods("3", "2", "W2"), goods("2", "1"), goods("1", "", "W1")], ["rows[2].externalWarehouseId"]),
        ([goods("1", None, "W1"), goods("2", "1", "W1"), goods("3", "2"), goods("9", None, "W9")], []),
        ([goods("1"), goods("2", "1", "W1"), goods("3", "2", "W1")], []),
        ([goods("1", None, "W1"), goods("2", None, "W2")], []),
    ],
)
def test_a_bundle_goes_to_one_warehouse_however_far_its_rows_are_related(
    rows: list[dict[str, Any]], named: list[str]
) -> None:
    assert wrong(document(rows=rows)) == named


def test_goods_are_no_part_of_what_ships_from_nowhere() -> None:
    for kind, named in (
        ("serviceProduct", ["rows[1].parentRowReference"]),
        (" costproduct", ["rows[1].parentRowReference"]),
        ("", []),
    ):
        assert wrong(document(rows=[row("1", productType=kind), goods("2", "1")])) == named
    gift_wrapped = [row("1"), row("2", parentRowReference="1", productType="serviceProduct")]
    assert wrong(document(rows=gift_wrapped)) == []


def test_of_many_errors_a_hundred_are_told_and_the_others_counted() -> None:
    with pytest.raises(problems.Refused) as raised:
        read_order(json.dumps(document(rows=[{}] * 1_000)).encode(), 1_000, V2)
    *told, beyond = raised.value.errors
    assert len(told) == 100
    assert told[:2] == [
        problems.FieldError("rows[0].externalId", "missing", "is required"),
        problems.FieldError("rows[0].quantity", "missing", "is required"),
    ]
    # Every row lacks its number, its quantity and its product.
    assert beyond == problems.FieldError("body", "more_errors", "has 2900 more errors")


def test_every_wrong_row_is_named_though_reading_stops_at_the_first() -> None:
    assert wrong(document(rows=[row("1", quantity=0), row("2"), row("3", weight=-1)])) == [
        "rows[0].quantity",
        "rows[2].weight",
    ]


def test_a_list_of_nothing_but_errors_is_told_by_its_first() -> None:
    assert wrong(document(comments=[{}] * 50)) == ["comments[0].type", "comments[0].value"]
    assert wrong(document(comments=[{}] * 40_000)) == ["comments[0].type", "comments[0].value"]


@pytest.mark.parametrize("nothing", ["{}", "[]"])
def test_a_body_of_nothing_but_brackets_is_not_read(nothing: str) -> None:
    order = json.dumps(document()).replace('"metadata"', f'"padding": [{",".join([nothing] * 50_000)}], "metadata"')
    with pytest.raises(problems.Refused, match="body: has more than 50000 objects and lists"):
        read_order(order.encode(), 1_000, V2)


def test_an_order_that_is_nested_too_deep_is_refused() -> None:
    assert wrong(json.loads('{"a": ' + "[" * 900 + '"\\u0001"' + "]" * 900 + "}")) == ["body"]


def test_the_largest_order_fits_into_one_message() -> None:
    most = Settings(database="none", kafka="none").max_body_bytes
    rows = [row(str(number), productDescription="\N{PACKAGE}" * 2_000) for number in range(1_000)]
    while len(body := json.dumps(document(rows=rows), ensure_ascii=False).encode()) > most:
        rows = rows[: len(rows) * most // len(body)]
    assert len(body) > most - 20_000
    placed = order_placed(uuid4(), SHOP, read_order(body, 1_000, V2).document, NOON)
    assert len(placed.model_dump_json().encode()) < 8_000_000
    fifty_rows = read_order(json.dumps(document("A-1", *[1] * 50)).encode(), 1_000, V2).document
    ordinary = order_placed(uuid4(), SHOP, fifty_rows, NOON)
    assert len(ordinary.model_dump_json().encode()) < 20_000


def test_an_order_with_too_many_rows_says_so_and_does_not_list_their_errors() -> None:
    assert wrong(document(rows=[{}] * 50, currency="?"), max_rows=10) == ["rows"]


def test_the_parcel_goes_to_the_delivery_address_else_to_the_recipient_else_to_the_client() -> None:
    def address(city: str) -> dict[str, Any]:
        return {**HOME, "postOffice": city, "country": "fi:xx"}

    order = document(client=address("Oulu"))
    for field, city in (("client", "Oulu"), ("recipient", "Turku"), ("deliveryAddress", "Vaasa")):
        order[field] = address(city)
        to = new_order(order).placed.delivery.delivery_address
        assert (to.post_office, to.country) == (city, "FI")


def test_what_every_row_asks_of_the_carrier_alike_holds_for_the_order() -> None:
    alike, unlike = (
        [row("1", serviceCode="2103"), row("2", serviceCode="2103")],
        [row("1", serviceCode="2103"), row("2")],
    )
    assert new_order(document(rows=alike)).placed.delivery.service_code == "2103"
    assert new_order(document(rows=unlike)).placed.delivery.service_code is None
    assert new_order(document(rows=alike, serviceCode="2104")).placed.delivery.service_code == "2104"


def test_the_wishes_for_a_row_are_announced() -> None:
    told = new_order(
        document(
            rows=[
                row("1", backOrder=True, mandatory=True, partialDeliveryAllowed=False, productEANCode=""),
                row("2", parentRowReference="1", productType="serviceProduct", externalWarehouseId="W1"),
            ]
        )
    ).placed.rows
    assert (told[0].back_order, told[0].mandatory, told[0].partial_delivery_allowed, told[0].ean) == (
        True,
        True,
        False,
        None,
    )
    assert (told[1].back_order, told[1].mandatory, told[1].partial_delivery_allowed) == (False, False, True)
    assert (told[1].parent, told[1].product_type, told[1].catalogue_id) == ("1", "serviceProduct", "W1")


@given(st.data())
def test_any_order_is_taken_or_refused_with_named_fields(data: st.DataObject) -> None:
    rubbish = st.recursive(
        st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | st.text(),
        lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=8), inner, max_size=3),
        max_leaves=8,
    )
    order = document("A-1", 5, 2)
    places = [order, order["metadata"], order["client"], *order["rows"]]
    names = [field.alias or name for name, field in OrderDocument.model_fields.items()]
    for _ in range(data.draw(st.integers(1, 3))):
        place = data.draw(st.sampled_from(places))
        name = data.draw(st.sampled_from(sorted({*names, *place, "parentRowReference", "productEANCode", "country"})))
        place[name] = data.draw(rubbish)
    wrong(order)
