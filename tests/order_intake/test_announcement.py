"""What the other services hear of an order's papers."""

import json
from typing import Any
from uuid import UUID

from order_intake.document.announcement import order_placed
from order_intake.document.order_v3 import OrderOfAny
from shared.contracts import FreeText
from tests.order_intake.orders import NOON


def test_the_texts_that_an_order_wants_printed_are_told_and_empty_ones_are_not() -> None:
    address = {"name": "Maija", "streetAddress": "Kotikatu 1", "postalCode": "00100", "postOffice": "Helsinki"}
    document: dict[str, Any] = {
        "externalId": "A-1",
        "orderDate": "2026-01-02T08:00:00Z",
        "metadata": {"documentType": "SalesOrder", "language": "sv"},
        "client": {**address, "country": "FI", "email": "maija@example.com"},
        "serviceCode": "2103",
        "rows": [{"externalId": "1", "externalProductId": "BOOTS", "quantity": 1}],
        "print": [
            {"freeText": [{"name": "greeting", "value": "Tack!"}, {"name": "empty", "value": ""}]},
            {"templateId": "2", "freeText": [{"value": "Välkommen åter"}]},
        ],
    }
    placed = order_placed(UUID(int=1), "1531864-4", OrderOfAny.model_validate_json(json.dumps(document)), NOON)
    assert placed.delivery.free_texts == (
        FreeText(name="greeting", value="Tack!"),
        FreeText(value="Välkommen åter"),
    )
    assert placed.delivery.language == "sv"
