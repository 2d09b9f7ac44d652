"""The orders of the loads: 2.7 kB with three rows over two or three catalogues, made by filling in a template."""

import random
from collections.abc import Sequence

import orjson

from bench import market

NUMBER = b"NUMBER-000000000"
"""Stands in a template where the order's number goes, and is as long as one."""

_SHOP = {
    "externalId": "003712345678",
    "name": market.SHOP.name,
    "streetAddress": "Kauppakatu 1",
    "postalCode": "00100",
    "postOffice": "Helsinki",
    "country": "FI",
}
_CONSUMER = {
    "externalId": "123456",
    "name": "Maija Meikäläinen",
    "streetAddress": "Kotikatu 1 B 17",
    "postalCode": "90900",
    "postOffice": "Kiiminki",
    "country": "FI",
    "telephone": "04012345678",
    "email": "maija@customer.example",
}


def number(run: str, count: int) -> str:
    """The number of a run's order; `run` has six letters."""
    return f"{run}-{count:09d}"


def templates(count: int, seed: int = 1) -> list[bytes]:
    """Bodies of different orders of three rows, with NUMBER for their number: of three suppliers, of two, in turn."""
    chance = random.Random(seed)  # noqa: S311 - the same orders in every run
    found = []
    for at in range(count):
        suppliers = chance.sample(range(len(market.SUPPLIERS)), 3 if at % 2 else 2)
        wanted = [suppliers[position % len(suppliers)] for position in range(3)]
        found.append(_body([(supplier, chance.randrange(market.PRODUCTS_EACH)) for supplier in wanted]))
    return found


def wide_template() -> bytes:
    """The body of an order that wants something of every product of the second shop: 200 rows over 20 catalogues."""
    return _body(market.wide_products())


def small_templates(count: int, seed: int = 2) -> list[bytes]:
    """Bodies of orders of one row."""
    chance = random.Random(seed)  # noqa: S311
    suppliers, products = range(len(market.SUPPLIERS)), range(market.PRODUCTS_EACH)
    return [_body([(chance.choice(suppliers), chance.choice(products))]) for _ in range(count)]


def _body(products: Sequence[tuple[int, int]]) -> bytes:
    order = {
        "externalId": NUMBER.decode(),
        "orderDate": "2026-04-10T12:06:01.000+03:00",
        "references": [{"name": "SO", "value": NUMBER.decode()}],
        "metadata": {
            "sourceOrganization": market.SHOP.name,
            "receiverOrganization": "any",
            "language": "FI",
            "documentType": "SalesOrder",
        },
        "vendor": _SHOP,
        "sender": _SHOP,
        "client": _CONSUMER,
        "recipient": _CONSUMER,
        "deliveryAddress": _CONSUMER,
        "currency": "EUR",
        "deliveryOperator": "Posti",
        "serviceCode": "2103",
        "rows": [
            {
                "externalId": f"{position:03d}",
                "externalProductId": market.product(supplier, product),
                "productEANCode": market.ean(supplier, product),
                "productDescription": f"Thing {product} as the delivery note shows it",
                "quantity": 1 + position % 2,
                "volume": 0.04,
                "productUnitOfMeasure": "KPL",
                "print": {"customerProductId": f"shop-{supplier}-{product:03d}"},
                "deliveryOperator": "Posti",
                "serviceCode": "2103",
                "additionalServices": [
                    {"serviceCode": "3139", "attributes": [{"name": "telephone", "value": "04012345678"}]}
                ],
            }
            for position, (supplier, product) in enumerate(products, start=1)
        ],
    }
    return orjson.dumps(order)
