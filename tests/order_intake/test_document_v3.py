"""What is taken as an order of version 3, and what is wrong with what is not."""

import json
from decimal import Decimal
from typing import Any
from uuid import uuid4

import jsonschema
import pytest
from hypothesis import given
from hypothesis import strategies as st

from order_intake.api import changes, shown_v3, taking
from order_intake.document import V3, OrderV3, read_order, reading
from order_intake.placing import NewOrder
from shared import problems
from shared.contracts import OrderPlaced
from shared.rules import strategies
from tests.order_intake.orders import HOME, NOON, SHOP, library_order, plugin_order, v3

SHAPE = shown_v3.OrderShown.model_json_schema(mode="serialization")
ADDRESS = dict(HOME)


def wrong(order: Any) -> list[str]:
    """The fields that are wrong with an order."""
    try:
        read_order(json.dumps(order).encode(), 1_000, V3)
    except problems.Refused as refusal:
        return [error.field for error in refusal.errors] if refusal.status == 400 else []
    return []


def announced(order: Any) -> OrderPlaced:
    """What the other services hear of an order."""
    read = read_order(json.dumps(order).encode(), 1_000, V3).document
    return changes.announced(uuid4(), SHOP, read, read.external_id)


@pytest.mark.parametrize("order", [library_order(), plugin_order(), v3()], ids=["library", "plugin", "ours"])
def test_what_the_known_clients_send_is_an_order(order: dict[str, Any]) -> None:
    assert wrong(order) == []


@pytest.mark.parametrize("name", ["orderDate", "metadata", "client", "rows"])
def test_without_these_it_is_no_order(name: str) -> None:
    for nothing in ({}, {name: None}):
        order = v3()
        del order[name]
        assert wrong(order | nothing) == [name]


@pytest.mark.parametrize(
    ("fields", "named"),
    [
        ({"externalId": "x" * 101}, "externalId"),
        ({"externalId": "Ä-1"}, "externalId"),
        ({"externalId": "A\t1"}, "externalId"),
        ({"externalId": 7}, "externalId"),
        ({"externalId": "A-1/comments"}, "externalId"),
        ({"externalId": "A-1/comments/1"}, "externalId"),
        ({"orderDate": ""}, "orderDate"),
        ({"orderDate": "2.1.2026"}, "orderDate"),
        ({"metadata": {}}, "metadata.documentType"),
        ({"metadata": {"documentType": "salesorder"}}, "metadata.documentType"),
        ({"references": [{"name": "SO", "value": "1" * 101}]}, "references[0].value"),
        ({"references": [{"name": "XO", "value": "1"}]}, "references[0].name"),
        ({"vendor": {**HOME, "name": " "}}, "vendor.name"),
        ({"vendor": {"name": "Shop", "country": "Suomi"}}, "vendor.country"),
        ({"client": {**HOME, "streetAddress": ""}}, "client.streetAddress"),
        ({"recipient": {"name": "Maija"}}, "recipient.postalCode"),
        ({"deliveryAddress": {**HOME, "postOffice": None}}, "deliveryAddress.postOffice"),
        ({"currency": "e"}, "currency"),
        ({"serviceCode": ["2103"]}, "serviceCode"),
        ({"serviceCode": True}, "serviceCode"),
        ({"additionalServices": [{}]}, "additionalServices[0].serviceCode"),
        ({"totalPrice": "cheap"}, "totalPrice"),
        ({"totalWeight": "1e999999"}, "totalWeight"),
        ({"comments": [{"type": "loud", "value": "x"}]}, "comments[0].type"),
        ({"comments": [{"type": "reference", "value": " "}]}, "comments[0].value"),
        ({"comments": [{"type": "reference", "value": "x", "createdDate": "now"}]}, "comments[0].createdDate"),
        ({"preferences": {"autoSubmit": "later"}}, "preferences.autoSubmit"),
        ({"preferences": []}, "preferences"),
        ({"preferences": {"allOrNothing": "sometimes"}}, "preferences.allOrNothing"),
        ({"preferences": {"strategy": "Priority"}}, "preferences.strategy"),
        ({"preferences": {"strategy": ["priority"]}}, "preferences.strategy"),
        ({"preferences": {"reservationId": "7"}}, "preferences.reservationId"),
        ({"rows": [{"externalId": "1", "quantity": 1, "backOrderCancelled": "x"}]}, "rows[0].backOrderCancelled"),
        ({"rows": []}, "rows"),
        ({"rows": [{"externalId": "", "externalProductId": "P", "quantity": 1}]}, "rows[0].externalId"),
        ({"rows": [{"externalId": "1", "quantity": 1}]}, "rows[0].externalProductId"),
        ({"rows": [{"externalId": "1", "externalProductId": "P", "quantity": 0}]}, "rows[0].quantity"),
        ({"rows": [{"externalId": "1", "externalProductId": "P"}]}, "rows[0].quantity"),
    ],
)
def test_a_wrong_field_is_named(fields: dict[str, Any], named: str) -> None:
    assert wrong(v3(**fields)) == [named] or named in wrong(v3(**fields))


@pytest.mark.parametrize(
    "fields",
    [
        {"serviceCode": 2103, "routingServiceCode": 3200},
        {"vendor": {"name": "Shop"}, "sender": {"name": "Shop", "country": ""}},
        {"client": {**HOME, "country": "FI:18"}},
        {"orderDate": "2026-01-02T08:00:00+02:00"},
        {"orderDate": "2026-01-02T08:00:00.000 02:00"},
        {"pickupPointId": "", "routingServiceCode": None, "currency": "", "totalPrice": "", "comments": None},
        {"preferences": {"autoSubmit": None, "later": 1}},
        {"preferences": {"autoSubmit": ""}},
        {"preferences": {"allOrNothing": "true", "strategy": " ", "reservationId": ""}},
        *({"preferences": {"strategy": name}} for name in strategies.STRATEGIES),
        {"rows": [{"externalId": n, "externalProductId": "P", "quantity": 1} for n in "12"]},
        {"metadata": {"documentType": "PurchaseOrder", "sourceOrganization": "", "client": "shop/1.0"}},
        {"references": [{"name": "PO", "value": "1" * 100}]},
        {"externalId": "!\"#$%&'()*+,-./:;<=>?@[\\]^_`{|}~"},
    ],
)
def test_what_real_shops_send_is_taken(fields: dict[str, Any]) -> None:
    assert wrong(v3(**fields)) == []


def test_posti_must_be_able_to_reach_the_customer_and_unifaun_by_telephone() -> None:
    reachable: list[tuple[dict[str, Any], set[str]]] = [
        ({"telephone": "1", "email": "a@b"}, set()),
        ({"telephone": "1"}, set()),
        ({"email": "a@b"}, {"Unifaun"}),
        ({"telephone": " ", "email": None}, {"Unifaun", "Posti"}),
    ]
    for contact, refused_by in reachable:
        for operator in ("Posti", "Unifaun", "Matkahuolto", "", None):
            found = wrong(v3(client=ADDRESS | contact, deliveryOperator=operator))
            assert bool(found) == (operator in refused_by), (contact, operator)
            named = {"client.telephone", "client.email"} if operator == "Posti" else {"client.telephone"}
            assert not found or set(found) == named


def test_the_parcel_goes_to_the_delivery_address_else_to_the_recipient_else_to_the_client() -> None:
    order = v3(client=ADDRESS | {"postOffice": "Oulu", "country": "fi:18"})
    for field, city in (("client", "Oulu"), ("recipient", "Turku"), ("deliveryAddress", "Vaasa")):
        order[field] = ADDRESS | {"postOffice": city, "country": "FI:xx"}
        to = announced(order).delivery.delivery_address
        assert (to.post_office, to.country) == (city, "FI")


def test_what_an_order_asks_for_is_announced() -> None:
    order = library_order()
    order["rows"][0] |= {"backOrder": True, "mandatory": True, "partialDeliveryAllowed": False}
    told = announced(order)
    assert (told.external_id, told.held, told.delivery.document_type) == ("BAR1", False, "SalesOrder")
    assert (told.delivery.service_code, told.delivery.pickup_point_id) == ("2103", "001003200")
    assert [service.service_code for service in told.delivery.additional_services] == ["3104"]
    (row,) = told.rows
    assert (row.product_id, row.ean, row.catalogue_id, row.quantity) == ("BAR-1", None, "01093579", Decimal(3))
    assert (row.back_order, row.mandatory, row.partial_delivery_allowed) == (True, True, False)
    assert announced(v3(serviceCode=2103)).delivery.service_code == "2103"


@pytest.mark.parametrize(
    ("preferences", "held"),
    [
        (None, False),
        ({}, False),
        ({"autoSubmit": True}, False),
        ({"autoSubmit": None}, False),
        ({"autoSubmit": False}, True),
    ],
)
def test_only_who_says_so_has_the_order_held(preferences: Any, held: bool) -> None:
    assert announced(v3(preferences=preferences)).held is held


def test_a_document_that_is_right_is_not_touched() -> None:
    for order in (library_order(), plugin_order(), v3()):
        read = read_order(json.dumps(order).encode(), 1_000, V3)
        assert (read.values, read.mended) == (order, None)


def test_what_is_mended_is_what_was_read() -> None:
    order = v3(currecy="SEK", serviceCode=2103, totalPrice="20.5", totalTax=" ", totalWeight="1e999")
    order["rows"][0] |= {"quantity": "5.0", "backOrder": "no", "weight": ""}
    order["comments"] = [{"type": "reference", "value": "x", "externalId": 7}]
    read = reading.as_posted(json.dumps(order).encode())
    assert (read["currency"], read["serviceCode"], read["totalPrice"]) == ("SEK", "2103", 20.5)
    assert (read["totalTax"], read["totalWeight"]) == (None, "1e999")
    assert {name: read["rows"][0][name] for name in ("quantity", "backOrder", "weight")} == {
        "quantity": 5,
        "backOrder": False,
        "weight": None,
    }
    assert read["comments"] == [{"type": "reference", "value": "x", "externalId": "7"}]


@given(st.data())
def test_any_order_is_taken_and_shown_in_its_shape_or_refused_with_named_fields(data: st.DataObject) -> None:
    rubbish = st.recursive(
        st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | st.text(),
        lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=8), inner, max_size=3),
        max_leaves=8,
    )
    order = library_order()
    places = [order, order["metadata"], order["client"], order["deliveryAddress"], *order["rows"]]
    names = [field.alias or name for name, field in OrderV3.model_fields.items()]
    for _ in range(data.draw(st.integers(1, 3))):
        place = data.draw(st.sampled_from(places))
        name = data.draw(st.sampled_from(sorted({*names, *place, "parentRowReference", "documentTyepe", "weight"})))
        place[name] = data.draw(rubbish | st.sampled_from([1, 2.5, "3", "true", "", " ", 0]))
    if wrong(order):
        return
    body = json.dumps(order).encode()
    read = read_order(body, 1_000, V3)
    placed = changes.announced(uuid4(), SHOP, read.document, read.document.external_id or "A-1")
    values = read.values | {"externalId": placed.external_id}
    stored = taking.just_placed(NewOrder(placed, body), NOON)
    answered = shown_v3.shown(values, stored, stored.order.rows)
    jsonschema.validate(json.loads(json.dumps(answered)), SHAPE)
