"""What is asked to try a line of the table of who may do what.

An operation is asked with the things of the market that its path names, and with nothing else; what it needs beyond
that stands in `BODIES`, `QUERIES` and `INSTEAD`.
"""

import base64
from collections.abc import Callable, Mapping
from typing import Any

from deploy.local.services import SERVICES
from tests.journeys.world import row
from tests.public_api.market import NOBODY, Market

LOGO = base64.b64decode("iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAAAAAA6fptVAAAACklEQVR4nGNgAAAAAgABSK+kcQAAAABJRU5ErkJggg==")
"""A picture of one dot."""


def _product(market: Market, product: str) -> dict[str, Any]:
    balance = {"retailerId": market.retailer.id, "catalogExternalId": market.catalogue, "quantity": 5}
    return {"product": {"externalId": product}, "balances": [balance]}


def _warehouse(market: Market) -> dict[str, Any]:
    return {
        "externalId": "warehouse",
        "warehouseType": "Catalog",
        "supplierId": market.supplier.id,
        "backOrderAllowed": False,
        "priority": 9,
    }


def _parked(market: Market, verb: str) -> dict[str, Any]:
    return {"ids": [market.parked[verb]]}


BODIES: Mapping[str, Callable[[Market], Any]] = {
    "PUT /ecommerce/v3/catalogs/{catalogue_id}": lambda market: {"supplierId": market.supplier.id, "priority": 1},
    "PUT /v2/warehouses": _warehouse,
    "PUT /ecommerce/v3/inventory": lambda market: [_product(market, market.product)],
    "DELETE /ecommerce/v3/inventory": lambda _: [{"product": {"externalId": "ending", "status": "EOS"}}],
    "PUT /ecommerce/v3/inventory/balances": lambda market: [
        {"productExternalId": market.product, "retailerId": market.retailer.id, "quantity": 7}
    ],
    "DELETE /ecommerce/v3/inventory/balances": lambda market: [
        {"productExternalId": "withdrawn", "retailerId": market.retailer.id, "catalogExternalId": market.catalogue}
    ],
    "PUT /ecommerce/v3/catalogs/{catalogue_id}/activation": lambda market: {
        "state": "active",
        "retailerId": market.retailer.id,
    },
    "PATCH /ecommerce/v3/catalogs/{catalogue_id}/balances": lambda market: [
        {"productExternalId": market.product, "safetyStock": 0}
    ],
    "POST /ecommerce/v3/inventory/migrate": lambda _: "",
    "POST /ecommerce/v3/reservations": lambda market: market.cart(),
    "POST /ecommerce/v3/orders": lambda market: market.order(externalId="ORDER-BY-ANYBODY"),
    "PUT /ecommerce/v3/orders/{external_id}": lambda _: {"comments": [{"type": "deliveryNote", "value": "Thank you"}]},
    "POST /ecommerce/v3/orders/{external_id}": lambda _: "",
    "DELETE /ecommerce/v3/orders/{external_id}": lambda _: "",
    "PATCH /ecommerce/v3/orders/{external_id}/preferences": lambda _: {"autoSubmit": True},
    "POST /ecommerce/v3/orders/{external_id}/comments": lambda _: {"type": "pickingNote", "value": "ring the bell"},
    "POST /ecommerce/v3/orders/{external_id}/rows/{row_external_id}/cancellations": lambda _: {"quantity": 0.25},
    "POST /ecommerce/v3/shipments/{shipment_id}/events": lambda _: {"type": "InTransit"},
    "POST /ecommerce/v3/shipments/{shipment_id}/rejections": lambda _: {
        "rows": [{"externalId": "1", "quantity": 0.25}]
    },
    "POST /ecommerce/v3/returns": lambda market: market.coming_back(),
    "POST /ecommerce/v3/returns/{return_id}/receipt": lambda _: {"rows": [{"externalId": "1", "restock": True}]},
    "PUT /v2/orders": lambda market: market.world.document(row(market.product, 1), externalId="ORDER-BY-ANYONE"),
    "PUT /ecommerce/v3/shipments/{shipment_id}": lambda _: {"status": {"value": "Viewed"}},
    "PATCH /ecommerce/v3/shipments/{shipment_id}": lambda _: {"status": {"value": "Viewed"}},
    "PUT /ecommerce/v3/tracking/series/{name}": lambda _: {
        "carrier": "Nobody",
        "form": "JJFI",
        "prefix": "000000",
        "first": 0,
        "last": 0,
    },
    "PUT /ecommerce/v3/tracking/carriers/{carrier}": lambda _: {"trackingUrl": "https://example.com/{code}"},
    "PUT /ecommerce/v3/tracking/accounts/{catalogue_id}": lambda _: {"user": "user", "secret": "secret"},
    "POST /ecommerce/v3/tracking/codes": lambda market: (
        f"shipmentId,trackingCode\n{market.things['shipment_id']},CODE-1\n".encode()
    ),
    "PUT /ecommerce/v3/papers/letterhead": lambda _: {"closingText": {"en": "Thank you"}},
    "PUT /ecommerce/v3/papers/letterhead/logo": lambda _: LOGO,
    "PUT /ecommerce/v3/routing/settings": lambda _: {"strategy": "priority"},
    "POST /ecommerce/v3/routing/simulations": lambda _: {"rules": {"strategy": "fewest-shipments"}},
    "PUT /ecommerce/v3/webhooks/{webhook_id}": lambda _: {"url": NOBODY},
    "POST /ecommerce/v3/webhooks/{webhook_id}/rotate": lambda _: {"hours": 1},
    "POST /ecommerce/v3/webhooks/{webhook_id}/resume": lambda _: {"cursor": "end"},
    "PUT /ecommerce/v3/notifications/settings": lambda _: {"emails": ["orders@supplier.example"]},
    "PUT /ecommerce/v3/organisations/{business_id}": lambda _: {"name": "Shop", "roles": ["retailer"]},
    "POST /ecommerce/v3/organisations/{business_id}/keys": lambda _: {"account": "a-new-key"},
    **{f"POST /operations/{service.name}/parked/send": lambda market: _parked(market, "send") for service in SERVICES},
    **{
        f"POST /operations/{service.name}/parked/discard": lambda market: _parked(market, "discard")
        for service in SERVICES
    },
}
"""What is sent, of the things in the market."""

QUERIES: Mapping[str, Callable[[Market], Mapping[str, str]]] = {
    "GET /ecommerce/v3/catalogs/{catalogue_id}": lambda market: {"retailerId": market.retailer.id},
}
"""What is asked in the query."""

INSTEAD: Mapping[str, Mapping[str, str]] = {
    "DELETE /ecommerce/v3/catalogs/{catalogue_id}": {"catalogue_id": "closing"},
    "PATCH /ecommerce/v3/catalogs/{catalogue_id}/balances": {"catalogue_id": "own"},
    "DELETE /ecommerce/v3/catalogs/{catalogue_id}/activation": {"catalogue_id": "withdrawing"},
    "POST /ecommerce/v3/orders/{external_id}": {"external_id": "reopening"},
    "DELETE /ecommerce/v3/orders/{external_id}": {"external_id": "deleting"},
    "PATCH /ecommerce/v3/orders/{external_id}/preferences": {"external_id": "releasing"},
    "DELETE /ecommerce/v3/reservations/{reservation_id}": {"reservation_id": "freeing"},
    "DELETE /ecommerce/v3/webhooks/{webhook_id}": {"webhook_id": "silencing"},
    "POST /ecommerce/v3/shipments/{shipment_id}/delivered": {"shipment_id": "delivering"},
    "POST /ecommerce/v3/returns/{return_id}/receipt": {"return_id": "receiving"},
    "POST /ecommerce/v3/returns/{return_id}/cancellation": {"return_id": "cancelling"},
    "DELETE /ecommerce/v3/organisations/{business_id}/keys/{account}": {"account": "revoking"},
    "DELETE /ecommerce/v3/tracking/series/{name}": {"name": "ending"},
    "DELETE /ecommerce/v3/tracking/carriers/{carrier}": {"carrier": "forgetting"},
    "DELETE /ecommerce/v3/tracking/accounts/{catalogue_id}": {"catalogue_id": "closing"},
    "PUT /ecommerce/v3/tracking/accounts/{catalogue_id}": {"catalogue_id": "closing"},
}
"""Which other thing is asked for, because afterwards it is no longer what it was, or because others have one of the
same name by then; its name in the market."""


def things_for(operation: str, market: Market) -> dict[str, str]:
    """The values of the path's parameters."""
    return market.things | {name: market.spare.get(thing, thing) for name, thing in INSTEAD.get(operation, {}).items()}
