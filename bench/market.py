"""The market that the loads are run on: a shop, four suppliers, ten catalogues, a thousand products, plenty of stock.

A product is in two of its supplier's catalogues, or in three. The first two of a supplier's share the load, so that an
order with rows of three suppliers goes to three catalogues, whichever they are. A second shop has twenty catalogues of
ten products each, for the order that goes everywhere at once.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import httpx

from deploy.local import demo, demo_world
from deploy.local.demo_world import Party
from portal import organisations
from shared.postgres import Database

Json = dict[str, Any]

SHOP = Party(demo_world.business_id(9100010), "Bench shop", "bench-shop", ("retailer",))
WIDE_SHOP = Party(demo_world.business_id(9100060), "Bench shop with many catalogues", "bench-wide", ("retailer",))
SUPPLIERS = tuple(
    Party(demo_world.business_id(number), f"Bench supplier {place}", f"bench-supplier-{place}", ("supplier",))
    for place, number in enumerate((9100020, 9100030, 9100040, 9100050))
)
CATALOGUES = {party: [f"{party.account}-{n}" for n in range(3 if at < 2 else 2)] for at, party in enumerate(SUPPLIERS)}
WIDE_CATALOGUES, WIDE_PRODUCTS = 20, 10
PRODUCTS_EACH = 250
PLENTY = 1_000_000
KNOWN_WITHIN_S = 180.0


@dataclass(frozen=True)
class Tokens:
    """What the two shops show at the door: the values of their Authorization headers."""

    shop: str
    wide_shop: str


async def make(databases: Mapping[str, Database], address: str, *, mail: bool = False) -> Tokens:
    """Make the market. Done when every service knows all of it.

    Only the organisations are registered by the function behind `sluice organisation add`; the rest goes over HTTP.
    With `mail` the suppliers are written to about every shipment. Raises RuntimeError when something is refused.
    """
    portal = databases["portal"]
    for party in (SHOP, WIDE_SHOP, *SUPPLIERS):
        key = await organisations.new_key(party.account, demo_world.SECRET)
        email = f"orders@{party.account}.example" if mail and party in SUPPLIERS else None
        async with portal.transaction() as tx:
            await organisations.add_organisation(tx, party.business_id, party.name, party.roles, email=email)
            await organisations.add_key(tx, party.business_id, key)
    async with httpx.AsyncClient(base_url=address, timeout=60, trust_env=False) as client:
        shop, wide = await demo.token(client, SHOP), await demo.token(client, WIDE_SHOP)
        for supplier, names in CATALOGUES.items():
            for place, name in enumerate(names):
                # The first two have equal priority, and share the load by weight.
                terms = _terms(supplier, 1 if place < 2 else 2) | {"routeWeight": 50}
                await _put(client, f"/ecommerce/v3/catalogs/{name}", terms, shop)
        for number in range(WIDE_CATALOGUES):
            await _put(client, f"/ecommerce/v3/catalogs/{_wide(number)}", _terms(_keeper(number), number + 1), wide)
        for supplier in SUPPLIERS:
            theirs = await demo.token(client, supplier)
            await _put(client, "/ecommerce/v3/inventory", [*_products(supplier)], theirs)
            await _put(client, "/ecommerce/v3/inventory/balances", [*_balances(supplier)], theirs)
    if not await demo.settled(databases, KNOWN_WITHIN_S):
        raise RuntimeError(f"not every service knew the market after {KNOWN_WITHIN_S:.0f} s")
    return Tokens(shop["Authorization"], wide["Authorization"])


def product(supplier: int, number: int) -> str:
    """The id of a supplier's product."""
    return f"{SUPPLIERS[supplier].account}-{number:03d}"


def ean(supplier: int, number: int) -> str:
    """The EAN of a supplier's product."""
    return demo_world.ean(500_000 + supplier * PRODUCTS_EACH + number)


def places(catalogues: Sequence[str], number: int) -> list[str]:
    """The catalogues of a supplier that a product is in: two, or all three for every other product of those who have
    three. The first two take turns, as routing by weight has it.
    """
    first, second, *more = catalogues
    return [*((first, second) if number // 2 % 2 else (second, first)), *more[: number % 2]]


def wide_products() -> list[tuple[int, int]]:
    """The products of the second shop, catalogue after catalogue: the supplier's place, and the product's number."""
    return [
        (number % len(SUPPLIERS), number // len(SUPPLIERS) * WIDE_PRODUCTS + product)
        for number in range(WIDE_CATALOGUES)
        for product in range(WIDE_PRODUCTS)
    ]


def _wide(number: int) -> str:
    return f"wide-{number:02d}"


def _keeper(number: int) -> Party:
    return SUPPLIERS[number % len(SUPPLIERS)]


async def _put(client: httpx.AsyncClient, path: str, body: Any, headers: Mapping[str, str]) -> None:
    answer = await client.put(path, json=body, headers=headers)
    if answer.is_error or (path.startswith("/ecommerce/v3/inventory") and answer.json()):
        raise RuntimeError(f"the market was refused: {path} answered {answer.status_code} {answer.text[:500]}")


def _terms(supplier: Party, priority: int) -> Json:
    return {
        "catalogName": f"{supplier.name}, {priority}",
        "catalogType": "Catalog",
        "supplierId": supplier.business_id,
        "priority": priority,
        "backOrderAllowed": False,
    }


def _products(supplier: Party) -> Iterator[Json]:
    place = SUPPLIERS.index(supplier)
    for number in range(PRODUCTS_EACH):
        yield {
            "product": {
                "externalId": product(place, number),
                "eanCode": ean(place, number),
                "unitOfMeasure": "KPL",
                "descriptions": {"en": {"name": f"Thing {number} of {supplier.name}"}},
            }
        }


def _balances(supplier: Party) -> Iterator[Json]:
    place = SUPPLIERS.index(supplier)
    for number in range(PRODUCTS_EACH):
        for name in places(CATALOGUES[supplier], number):
            yield _balance(SHOP, name, product(place, number))
    for at, (keeper, number) in enumerate(wide_products()):
        if keeper == place:
            yield _balance(WIDE_SHOP, _wide(at // WIDE_PRODUCTS), product(place, number))


def _balance(shop: Party, catalogue: str, product_id: str) -> Json:
    return {
        "productExternalId": product_id,
        "retailerId": shop.business_id,
        "catalogExternalId": catalogue,
        "quantity": PLENTY,
        "wholesalePrice": 8.5,
        "currency": "EUR",
    }
