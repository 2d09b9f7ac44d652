"""How a supplier and a retailer come to agree on a catalogue, and what each finds in it."""

from typing import Any

from tests.inventory.orders import OTHER_SHOP, SHOP, SUPPLIER
from tests.inventory.parties import CATALOGUES, INVENTORY, Parties

W, P = f"{CATALOGUES}/W", f"{CATALOGUES}/P"
OF_SHOP, OF_OTHER = {"retailerId": SHOP}, {"retailerId": OTHER_SHOP}


async def answer(parties: Parties, path: str, state: str, **more: str) -> None:
    """Let the supplier answer a retailer."""
    assert (await parties.put(SUPPLIER, f"{path}/activation", {"state": state, **more}))["state"] == state


async def ask(parties: Parties, retailer: str = SHOP, **terms: Any) -> Any:
    """Let a retailer ask for the supplier's public catalogue."""
    return await parties.put(retailer, f"{P}/activation", {"supplierId": SUPPLIER, **terms})


async def status(parties: Parties, organisation: str, method: str, path: str, body: Any = None) -> int:
    """How a request of an organisation is answered."""
    return (await parties.call(organisation, method, path, body)).status_code


async def show(parties: Parties, *, quantity: float = 10) -> None:
    """Let the supplier make a public catalogue with two products."""
    await parties.put(
        SUPPLIER, P, {"public": True, "catalogName": "All of it", "backOrderAllowed": True, "priority": 7}
    )
    items = [
        {
            "product": {"externalId": product, "eanCode": ean, "recommendedRetailPrice": 30, "descriptions": {}},
            "balances": [{"catalogExternalId": "P", "quantity": quantity, "wholesalePrice": 12.5, "currency": "EUR"}],
        }
        for product, ean in (("A", "6419835068484"), ("B", "1234567891005"))
    ]
    assert await parties.put(SUPPLIER, INVENTORY, items) == []


async def ids(parties: Parties, organisation: str, path: str, name: str = "externalId") -> list[str]:
    """The ids of what a list shows."""
    return [one[name] for one in (await parties.get(organisation, path))["content"]]


async def stock(parties: Parties, organisation: str, path: str) -> dict[str, float]:
    """The quantities of balances that a list shows, by retailer and product."""
    content = (await parties.get(organisation, path))["content"]
    balances = [balance for one in content for balance in one.get("balances", [one])]
    return {f"{one['retailerId']}/{one['productExternalId']}": one["quantity"] for one in balances}


async def reach(parties: Parties, path: str, state: str) -> None:
    """Bring the shop's catalogue, which is active, into a state."""
    if state == "closed":
        assert await status(parties, SHOP, "DELETE", path) == 200
    if state in ("withdrawn", "requested", "declined"):
        assert await status(parties, SHOP, "DELETE", f"{path}/activation") == 200
    if state in ("requested", "declined"):
        await parties.put(SHOP, f"{path}/activation", {})
    if state == "declined":
        await answer(parties, path, "declined", **OF_SHOP)
