"""The world of the demo: two retailers, four suppliers, ten catalogues, a thousand products with stock.

Made from nothing but itself, so that it is the same everywhere. The companies are invented. One product, one
catalogue and one warehouse name are those of the order in the public description of the orders interface, so that
it can be placed as is.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

SECRET = "demo-secret-for-this-machine"  # noqa: S105 - public on purpose; the demo listens to this machine only
PUBLIC_CATALOGUE = "003723456789"
PUBLIC_PRODUCT, PUBLIC_EAN = "unique-id-1", "6419835068484"
PRODUCTS_OF_A_SUPPLIER = 250


@dataclass(frozen=True)
class Party:
    """An organisation of the demo and its key."""

    business_id: str
    name: str
    account: str
    roles: tuple[str, ...]
    email: str | None = None
    language: str = "en"


@dataclass(frozen=True)
class Catalogue:
    """A retailer's catalogue, kept by a supplier."""

    external_id: str
    name: str
    retailer: Party
    supplier: Party
    priority: int


def business_id(number: int) -> str:
    """A business id with its check digit; `number` has seven digits.

    Raises ValueError for the numbers that have none: those whose weighted sum leaves 1 over 11.
    """
    digits = f"{number:07d}"
    rest = sum(int(digit) * weight for digit, weight in zip(digits, (7, 9, 10, 5, 8, 4, 2), strict=True)) % 11
    if rest == 1:
        raise ValueError(f"{digits} has no check digit")
    return f"{digits}-{0 if rest == 0 else 11 - rest}"


NORDIC = Party(business_id(9000011), "Nordic Outdoor Shop", "demo-retailer", ("retailer",))
KOTI = Party(business_id(9000020), "Koti & Piha", "demo-retailer-2", ("retailer",), language="fi")
BOOTS = Party(business_id(9000032), "Lakeland Boots", "demo-supplier", ("supplier",), "orders@lakeland.example")
TENTS = Party(business_id(9000040), "Teltta Oy", "demo-supplier-2", ("supplier",), "tilaukset@teltta.example", "fi")
TOOLS = Party(business_id(9000050), "Verktyg Ab", "demo-supplier-3", ("supplier",), "order@verktyg.example", "sv")
LAMPS = Party(business_id(9000060), "Lamp & Light", "demo-supplier-4", ("supplier",), "orders@lamps.example")
OPERATOR = Party(business_id(9000071), "Sluice operations", "demo-operator", ("operator",))

RETAILERS, SUPPLIERS = (NORDIC, KOTI), (BOOTS, TENTS, TOOLS, LAMPS)
PARTIES = (*RETAILERS, *SUPPLIERS, OPERATOR)
PREFIXES = {BOOTS: "BOOT", TENTS: "TENT", TOOLS: "TOOL", LAMPS: "LAMP"}
KINDS = {
    BOOTS: ("Fishing boots", "Saappaat", "Stövlar"),
    TENTS: ("Tent", "Teltta", "Tält"),
    TOOLS: ("Axe", "Kirves", "Yxa"),
    LAMPS: ("Headlamp", "Otsalamppu", "Pannlampa"),
}

CATALOGUES = (
    Catalogue(PUBLIC_CATALOGUE, "Sending warehouse name eg. vendor", NORDIC, BOOTS, 1),
    Catalogue("lakeland-tampere", "Lakeland Boots, Tampere", NORDIC, BOOTS, 2),
    Catalogue("teltta-helsinki", "Teltta, Helsinki", NORDIC, TENTS, 1),
    Catalogue("teltta-oulu", "Teltta, Oulu", NORDIC, TENTS, 2),
    Catalogue("verktyg-vasa", "Verktyg, Vasa", NORDIC, TOOLS, 1),
    Catalogue("lamps-turku", "Lamp & Light, Turku", NORDIC, LAMPS, 1),
    Catalogue("piha-boots", "Lakeland Boots for Koti & Piha", KOTI, BOOTS, 1),
    Catalogue("piha-tents", "Teltta for Koti & Piha", KOTI, TENTS, 1),
    Catalogue("piha-tools", "Verktyg for Koti & Piha", KOTI, TOOLS, 1),
    Catalogue("piha-lamps", "Lamp & Light for Koti & Piha", KOTI, LAMPS, 1),
)


def ean(number: int) -> str:
    """An EAN-13 with its check digit, in the range 640 (Finland)."""
    digits = f"640{number:09d}"
    odd, even = sum(map(int, digits[::2])), sum(map(int, digits[1::2]))
    return f"{digits}{-(odd + 3 * even) % 10}"


def products(supplier: Party) -> list[dict[str, Any]]:
    """A supplier's products, as the body of `PUT /inventory`."""
    first = SUPPLIERS.index(supplier) * PRODUCTS_OF_A_SUPPLIER
    return [
        {"product": _product(supplier, product_id, number, first + number)}
        for number, product_id in enumerate(product_ids(supplier))
    ]


def product_ids(supplier: Party) -> list[str]:
    """The ids of a supplier's products; the first supplier has the one of the public example."""
    ids = [f"{PREFIXES[supplier]}-{number:03d}" for number in range(PRODUCTS_OF_A_SUPPLIER)]
    return [PUBLIC_PRODUCT, *ids[1:]] if supplier is BOOTS else ids


def _product(supplier: Party, product_id: str, number: int, code: int) -> dict[str, Any]:
    english, finnish, swedish = KINDS[supplier]
    return {
        "externalId": product_id,
        "eanCode": PUBLIC_EAN if product_id == PUBLIC_PRODUCT else ean(code),
        "recommendedRetailPrice": 20 + number % 80,
        "currency": "EUR",
        "vatPercentage": 25.5,
        "unitOfMeasure": "KPL",
        "measurements": {"weight": round(0.3 + number % 30 / 10, 2), "length": 0.4, "width": 0.2, "height": 0.15},
        "descriptions": {
            "en": {"name": f"{english} no. {number}"},
            "fi": {"name": f"{finnish} nro {number}"},
            "sv": {"name": f"{swedish} nr {number}"},
        },
    }


def balances(supplier: Party) -> Iterator[dict[str, Any]]:
    """A supplier's stock in every catalogue it keeps, as items of `PUT /inventory/balances`."""
    for catalogue in CATALOGUES:
        if catalogue.supplier is supplier:
            for number, product_id in enumerate(product_ids(supplier)):
                yield {
                    "productExternalId": product_id,
                    "retailerId": catalogue.retailer.business_id,
                    "catalogExternalId": catalogue.external_id,
                    "quantity": 500 if product_id == PUBLIC_PRODUCT else 3 + number * 7 % 40,
                    "wholesalePrice": round(8 + number % 40 * 1.25, 2),
                    "currency": "EUR",
                }
