"""Examples of what shops send, for the interface's description; each is valid as it stands."""

from typing import Any

_HOME: dict[str, Any] = {
    "externalId": "100060",
    "name": "Maija Meikäläinen",
    "streetAddress": "Kotikatu 1",
    "postalCode": "90900",
    "postOffice": "Kiiminki",
    "country": "FI",
    "telephone": "+358501234567",
    "email": "maija@example.com",
}
_SHOP: dict[str, Any] = {
    "name": "Webshop Oy",
    "streetAddress": "Kauppakatu 7",
    "postalCode": "00100",
    "postOffice": "Helsinki",
    "country": "FI",
    "email": "shop@example.com",
}

ORDER: dict[str, Any] = {
    "to a pick-up point": {
        "externalId": "BAR1",
        "orderDate": "2026-01-02T08:00:00.000+00:00",
        "metadata": {"documentType": "SalesOrder"},
        "references": [{"name": "SO", "value": "SO-1"}],
        "vendor": _SHOP,
        "sender": _SHOP,
        "client": _HOME,
        "deliveryAddress": _HOME,
        "currency": "EUR",
        "serviceCode": "2103",
        "routingServiceCode": "3200",
        "pickupPointId": "001003200",
        "totalPrice": 20.1,
        "totalTax": 5.3,
        "totalWholeSalePrice": 25.4,
        "rows": [
            {
                "externalId": "1",
                "externalProductId": "BAR-1",
                "productEANCode": None,
                "productUnitOfMeasure": "KPL",
                "productDescription": "Fishing boots",
                "externalWarehouseId": "01093579",
                "quantity": 3,
            }
        ],
        "deliveryOperator": "Posti",
        "additionalServices": [{"serviceCode": "3104"}],
    },
    "held until it is paid": {
        "orderDate": "2026-01-02T08:00:00.000Z",
        "metadata": {"documentType": "SalesOrder", "client": "shop/1.0"},
        "client": _HOME,
        "serviceCode": "2103",
        "pickupPointId": "",
        "comments": [{"type": "pickingNote", "value": "Ring the bell"}],
        "preferences": {"autoSubmit": False},
        "rows": [{"externalId": "1", "productEANCode": "6419835068484", "quantity": 1}],
    },
}

CHANGES: dict[str, Any] = {
    "cancel": {"status": {"value": "Cancelled"}},
    "another address": {"deliveryAddress": _HOME | {"streetAddress": "Kotikatu 2"}},
    "more of a row": {"rows": [{"externalId": "1", "quantity": 4}]},
    "release": {"preferences": {"autoSubmit": True}},
}

REOPENING: dict[str, Any] = {"as it was": "", "with another quantity": {"rows": [{"externalId": "1", "quantity": 1}]}}

COMMENT: dict[str, Any] = {
    "from a shop": {
        "externalId": "91",
        "author": "shop@example.com",
        "value": "Leave it with the neighbour",
        "type": "passThrough",
        "createdDate": "2026-11-21T16:14:50+00:00",
        "origin": "WOOCOMMERCE",
    }
}
