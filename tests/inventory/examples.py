"""The public documents' two products and their balances, and short ways to write and read them."""

import json
from pathlib import Path
from typing import Any

from tests.inventory.orders import OTHER_SHOP, SHOP, SUPPLIER
from tests.inventory.parties import BALANCES, INVENTORY, Parties

BOOTS = json.loads((Path(__file__).parent / "public_products.json").read_text())
FIRST, SECOND = "Example-product-01", "Example-product-02"
STRANGER = "2222222-2"


async def publish_boots(parties: Parties) -> None:
    """Publish the documents' two products to two shops."""
    await parties.open_catalogue("Catalog1")
    await parties.open_catalogue("Catalog999", retailer=OTHER_SHOP)
    assert await parties.put(SUPPLIER, INVENTORY, BOOTS) == []
    assert (
        await parties.put(
            SUPPLIER,
            BALANCES,
            [
                {**place, "quantity": quantity, "wholesalePrice": price, "currency": "EUR"}
                for place, quantity, price in (
                    (at(FIRST, SHOP, "Catalog1"), 10, 23.4),
                    (at(SECOND, SHOP, "Catalog1"), 10, 23.4),
                    (at(SECOND, OTHER_SHOP, "Catalog999"), 24, 25.6),
                )
            ],
        )
        == []
    )


def at(product: str, retailer: str, catalogue: str) -> dict[str, Any]:
    """Names of a balance, as a body writes them."""
    return {"productExternalId": product, "retailerId": retailer, "catalogExternalId": catalogue}


def numbers(content: list[dict[str, Any]], *names: str) -> list[tuple[Any, ...]]:
    """Some fields of what a list holds, one tuple for each."""
    return [tuple(one.get(name) for name in names) for one in content]
