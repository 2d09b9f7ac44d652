"""What of a message is told to whom, in the shape that docs/events.md promises."""

import json
import re
from datetime import UTC, datetime
from decimal import Decimal
from pathlib import Path
from typing import Any, get_args
from uuid import UUID

import pytest

from notifier import notice_words
from notifier.domain import Language
from notifier.feed import heard, telling
from notifier.feed.telling import Entry
from router.domain.returns import Reason
from shared.contracts import (
    OrderAmended,
    OrderPlaced,
    OrderRouted,
    PromiseWithdrawn,
    ReturnChanged,
    ReturnRow,
    ReturnStatus,
    RoutedPart,
    RowProgress,
    RowRouted,
    RowWithdrawn,
    ShipmentChanged,
)
from tests.notifier import messages

AT = datetime(2026, 7, 1, 6, 0, tzinfo=UTC)
ORDER, SHIPMENT = UUID(int=1), UUID(int=2)
SHOP, SUPPLIER = messages.RETAILER, messages.SUPPLIER
DOCUMENT = Path(__file__).parents[2] / "docs" / "events.md"


def routed(*rows: RowRouted, round_: int = 1) -> OrderRouted:
    return OrderRouted(
        order_id=ORDER,
        order_external_id="A-1",
        retailer_id=SHOP,
        round=round_,
        outcome="full",
        routed_at=AT,
        rows=rows,
    )


def changed(*rows: tuple[int, int], status: str = "Viewed", closed: bool = False, supplier: str = SUPPLIER) -> Any:
    return ShipmentChanged(
        shipment_id=SHIPMENT,
        order_id=ORDER,
        order_external_id="A-1",
        retailer_id=SHOP,
        supplier_id=supplier,
        catalogue_id="CUPS",
        status=status,
        closed=closed,
        changed_at=AT,
        version=3,
        rows=tuple(
            RowProgress(
                external_id=str(number),
                product_id="SKU",
                quantity=Decimal(of),
                delivered=Decimal(delivered),
                tracking_codes=("JJFI1",),
            )
            for number, (delivered, of) in enumerate(rows, 1)
        ),
    )


def event_of(entries: Any, *whom: str) -> Any:
    """The event that is told to these, and to nobody else."""
    found: list[Entry] = list(entries)
    assert [entry.organisation for entry in found] == list(whom)
    assert len({(entry.id, entry.type, entry.content) for entry in found}) == 1
    event = json.loads(found[0].content)
    assert (event["id"], event["type"], event["at"]) == (found[0].id, found[0].type, "2026-07-01T06:00:00.000Z")
    assert re.fullmatch(r"[A-Za-z0-9_-]{1,200}", event["id"])
    return event


def test_a_retailer_is_told_that_its_order_is_in_the_book() -> None:
    told = heard.OrderTaken(order_id=ORDER, retailer_id=SHOP, external_id="A-1", placed_at=AT, held=True)
    event = event_of(telling.order_taken(told), SHOP)
    assert (event["type"], event["data"]) == (
        "order.accepted",
        {"orderId": str(ORDER), "orderExternalId": "A-1", "held": True},
    )


@pytest.mark.parametrize(("cancelled", "type_"), [(True, "order.cancelled"), (False, "order.changed")])
def test_a_retailer_is_told_of_each_change_of_mind_once(cancelled: bool, type_: str) -> None:
    first, second = (
        heard.OrderAltered(
            order_id=ORDER, retailer_id=SHOP, external_id="A-1", amended_at=AT, version=version, cancelled=cancelled
        )
        for version in (2, 3)
    )
    event = event_of(telling.order_altered(first), SHOP)
    assert event["type"] == type_
    assert event == event_of(telling.order_altered(first), SHOP)
    assert event["id"] != event_of(telling.order_altered(second), SHOP)["id"]


def test_a_retailer_is_told_where_its_order_went() -> None:
    part = RoutedPart(catalogue_id="CUPS", shipment_id=SHIPMENT, quantity=Decimal("2.50"))
    row = RowRouted(external_id="1", routed=(part,), waiting=Decimal(0), unserved=Decimal(3), reason="no stock")
    event = event_of(telling.order_routed(routed(row)), SHOP)
    assert event["type"] == "order.routed"
    assert event["data"] == {
        "orderId": str(ORDER),
        "orderExternalId": "A-1",
        "round": 1,
        "rowCount": 1,
        "rows": [
            {
                "externalId": "1",
                "routed": [{"catalogExternalId": "CUPS", "shipmentId": str(SHIPMENT), "quantity": 2.5}],
                "unserved": 3,
                "reason": "no stock",
            }
        ],
    }


def test_an_order_is_unroutable_when_nothing_of_it_is_coming() -> None:
    lost = RowRouted(external_id="1", waiting=Decimal(0), unserved=Decimal(1))
    unwanted = RowRouted(external_id="2", waiting=Decimal(0), unserved=Decimal(0), cancelled=Decimal(1))
    waiting = RowRouted(external_id="3", waiting=Decimal(1), unserved=Decimal(0))
    types = [
        event_of(telling.order_routed(routed(*rows)), SHOP)["type"]
        for rows in ((lost,), (lost, unwanted), (lost, waiting), (unwanted,))
    ]
    assert types == ["order.unroutable", "order.unroutable", "order.routed", "order.routed"]


def test_a_routing_of_an_older_release_names_nobody_who_could_be_told() -> None:
    assert list(telling.order_routed(routed().model_copy(update={"retailer_id": None}))) == []


def test_both_sides_are_told_of_a_shipment_without_names_addresses_and_prices() -> None:
    event = event_of(telling.shipment_created(messages.shipment()), SHOP, SUPPLIER)
    assert event["data"]["orderExternalId"] == "WEB-1"
    assert event["data"]["rows"][0] == {"externalId": "1", "productExternalId": "SKU-1", "quantity": 3}
    text = json.dumps(event, ensure_ascii=False)
    for hidden in ("Maija", "Katu", "HELSINKI", "Ring"):
        assert hidden not in text


@pytest.mark.parametrize(
    ("rows", "closed", "type_"),
    [
        ([(0, 2)], False, "shipment.changed"),
        ([(1, 2)], False, "shipment.changed"),
        ([(2, 2), (0, 1)], True, "shipment.delivered"),
        ([(0, 2), (0, 1)], True, "shipment.cancelled"),
    ],
)
def test_both_sides_are_told_how_a_shipment_went_on(rows: list[tuple[int, int]], closed: bool, type_: str) -> None:
    told = changed(*rows, closed=closed)
    event = event_of(telling.shipment_changed(told), SHOP, SUPPLIER)
    assert (event["type"], event["id"]) == (type_, f"{told.shipment_id}_version_3")
    assert event["data"]["version"] == 3
    assert event["data"]["rows"][0]["trackingCodes"] == ["JJFI1"]


def test_who_is_both_sides_is_told_once() -> None:
    event_of(telling.shipment_changed(changed((0, 1), supplier=SHOP)), SHOP)


def test_only_the_supplier_is_told_that_it_was_reminded() -> None:
    shipment = messages.shipment()
    entries = list(telling.shipment_reminded(messages.reminder(shipment)))
    assert [entry.organisation for entry in entries] == [SUPPLIER]


def test_both_sides_are_told_that_there_is_less_than_was_promised() -> None:
    row = RowWithdrawn(external_id="1", product_id="SKU", lot=1, quantity=Decimal(2))
    told = PromiseWithdrawn(
        order_id=ORDER,
        retailer_id=SHOP,
        catalogue_id="Kupit & mukit ☕",
        supplier_id=SUPPLIER,
        withdrawn_at=AT,
        cause="counted",
        rows=(row,),
    )
    event = event_of(telling.stock_corrected(told), SHOP, SUPPLIER)
    assert event["data"]["catalogExternalId"] == "Kupit & mukit ☕"
    older = told.model_copy(update={"supplier_id": None})
    assert [entry.organisation for entry in telling.stock_corrected(older)] == [SHOP]


@pytest.mark.parametrize(
    ("status", "received", "type_"),
    [("Registered", 0, "return.registered"), ("Received", 2, "return.received"), ("Cancelled", 0, "return.cancelled")],
)
def test_both_sides_are_told_what_comes_back_and_nobody_what_is_said_of_it(
    status: Any, received: int, type_: str
) -> None:
    row = ReturnRow(
        external_id="1",
        product_id="SKU",
        quantity=Decimal(3),
        reason="Damaged",
        received=Decimal(received),
        restocked=Decimal(received) / 2,
    )
    told = ReturnChanged(
        return_id=UUID(int=3),
        shipment_id=SHIPMENT,
        order_id=ORDER,
        order_external_id="A-1",
        retailer_id=SHOP,
        supplier_id=SUPPLIER,
        catalogue_id="CUPS",
        status=status,
        changed_at=AT,
        version=2,
        rows=(row,),
    )
    event = event_of(telling.return_changed(told), SHOP, SUPPLIER)
    assert (event["type"], event["id"]) == (type_, f"{UUID(int=3)}_version_2")
    assert event["data"] == {
        "returnId": str(UUID(int=3)),
        "shipmentId": str(SHIPMENT),
        "retailerId": SHOP,
        "supplierId": SUPPLIER,
        "catalogExternalId": "CUPS",
        "orderId": str(ORDER),
        "orderExternalId": "A-1",
        "status": status,
        "version": 2,
        "rowCount": 1,
        "rows": [
            {
                "externalId": "1",
                "productExternalId": "SKU",
                "quantity": 3,
                "reason": "Damaged",
                "receivedQuantity": received,
                "restockedQuantity": received / 2,
            }
        ],
    }


def test_of_a_long_list_an_event_names_the_first_rows_and_how_many_there_are() -> None:
    event = event_of(telling.shipment_changed(changed(*[(0, 1)] * 201)), SHOP, SUPPLIER)
    assert (event["data"]["rowCount"], len(event["data"]["rows"])) == (201, 200)


@pytest.mark.parametrize(("little", "whole"), [(heard.OrderTaken, OrderPlaced), (heard.OrderAltered, OrderAmended)])
def test_what_is_heard_of_a_message_is_what_its_contract_says(little: Any, whole: Any) -> None:
    assert little.topic == whole.topic
    for name, field in little.model_fields.items():
        meant = whole.model_fields[name]
        assert (field.annotation, field.default) == (meant.annotation, meant.default)


def test_every_type_of_event_is_described() -> None:
    described = re.findall(r"^### `([a-z.]+)`", DOCUMENT.read_text(), re.MULTILINE)
    assert sorted(described) == sorted(telling.TYPES)


@pytest.mark.parametrize("language", ["fi", "sv", "en"])
def test_every_reason_and_every_state_of_a_return_has_its_words_in_mails(language: Language) -> None:
    words = notice_words.WORDS[language]

    assert set(words.reasons) == set(get_args(Reason))
    assert set(words.returns) == set(get_args(ReturnStatus))
