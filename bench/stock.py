"""A supplier's assortment as suppliers have it: twenty thousand products, each in two of a shop's ten catalogues."""

from collections.abc import Iterator, Sequence
from typing import Any

SUPPLIER, SHOP = "0109357-9", "1531864-4"
CATALOGUES = [f"Catalog{number}" for number in range(10)]
PRODUCTS = 20_000

Json = dict[str, Any]

TEXT = (
    "Waterproof to the knee, lined with felt, and with a sole that holds on wet stones as well as on ice. "
    "Wash with fresh water after use and let them dry away from the stove. "
)


def products(revision: int = 0) -> Iterator[Json]:
    """Items of `PUT /inventory`: texts in two languages, measures, a picture, specifications and two balances."""
    for number in range(PRODUCTS):
        yield {"product": _product(number, revision), "balances": [_balance(number, place) for place in (0, 1)]}


def lines(count: int) -> Iterator[Json]:
    """Items of `PUT /inventory` with what a line of a supplier's product file has, and one balance."""
    for number in range(PRODUCTS, PRODUCTS + count):
        product = {
            "externalId": f"P-{number:06}",
            "eanCode": f"6419{number:09}",
            "recommendedRetailPrice": 39.9,
            "vatPercentage": 25.5,
            "unitOfMeasure": "KPL",
            "measurements": {"weight": 1.43},
            "descriptions": {"fi": {"name": f"Kalasaappaat {number}", "description": TEXT}},
        }
        yield {"product": product, "balances": [_balance(number, 0)]}


def quantities(count: int, revision: int) -> list[Json]:
    """Items of `PUT /inventory/balances` that change so many balances."""
    return [
        {**_place(number % PRODUCTS, number // PRODUCTS), "quantity": (number + revision) % 90 + 1}
        for number in range(count)
    ]


def cut(items: Sequence[Json], size: int) -> Iterator[Sequence[Json]]:
    """A list in parts of so many items."""
    return (items[start : start + size] for start in range(0, len(items), size))


def _place(number: int, place: int) -> Json:
    catalogue = CATALOGUES[(number + place) % len(CATALOGUES)]
    return {"productExternalId": f"P-{number:06}", "retailerId": SHOP, "catalogExternalId": catalogue}


def _balance(number: int, place: int) -> Json:
    return {**_place(number, place), "quantity": number % 100, "wholesalePrice": 23.4, "currency": "EUR"}


def _product(number: int, revision: int) -> Json:
    return {
        "externalId": f"P-{number:06}",
        "eanCode": f"6419{number:09}",
        "recommendedRetailPrice": 39.9,
        "vatPercentage": 25.5,
        "unitOfMeasure": "KPL",
        "measurements": {"weight": 1.43, "length": 0.2, "width": 0.065, "height": 0.45, "volume": 0.515},
        "isFragile": number % 7 == 0,
        "isDangerousGoods": False,
        "categories": {"en": ["Shoes", "Fishing"], "fi": ["Kengät", "Kalastus"]},
        "images": [{"url": f"https://shop.example/pictures/{number}.jpg"}],
        "descriptions": {
            language: {
                "name": f"{name} {number}",
                "shortDescription": f"Green, revision {revision}",
                "description": TEXT * 2,
                "specifications": [
                    {"type": "Options", "properties": [{"name": "Size", "value": str(36 + number % 12)}]}
                ],
            }
            for language, name in (("en", "Fishing boots"), ("fi", "Kalasaappaat"))
        },
    }
