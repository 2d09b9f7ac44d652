"""The organisations that the samples name by their business ids, with the catalogues that they name."""

import httpx

from deploy.local import demo, demo_world
from deploy.local.demo_world import Party
from portal import organisations
from tests.journeys.running import Running
from tests.journeys.world import Caller
from tests.public_api.samples import wire

CATALOGUES = {
    "1531864-4": ("Catalog1", "Retailer-1531864-4-catalog-to-Supplier-C"),
    "9999999-2": ("Catalog999", "Retailer-9999999-2-catalog-to-Supplier-C"),
    "0109357-9": ("01093579",),
}
"""Whose catalogues there are; the supplier keeps them all."""


class Parties:
    """A supplier that is a retailer with a warehouse of its own, too, and the two retailers it publishes to."""

    def __init__(self, running: Running, client: httpx.AsyncClient) -> None:
        self.running = running
        self.client = client
        self.supplier: Caller
        self.shop: Caller
        self.other_shop: Caller

    async def made(self) -> "Parties":
        """The three with their catalogues, known to all services."""
        self.supplier = await self._registered("0109357-9", "retailer", "supplier")
        self.shop = await self._registered("1531864-4", "retailer")
        self.other_shop = await self._registered("9999999-2", "retailer")
        for retailer in (self.supplier, self.shop, self.other_shop):
            for catalogue in CATALOGUES[retailer.id]:
                address = f"/ecommerce/v3/catalogs/{catalogue}"
                await wire.told(retailer, "PUT", address, f'{{"supplierId": "{self.supplier.id}", "priority": 1}}')
                agreed = f'{{"state": "active", "retailerId": "{retailer.id}"}}'
                await wire.told(self.supplier, "PUT", f"{address}/activation", agreed)
        await self.running.settled()
        return self

    async def _registered(self, business_id: str, *roles: str) -> Caller:
        party = Party(business_id, f"Party {business_id}", f"key-of-{business_id}", roles)
        key = await organisations.new_key(party.account, demo_world.SECRET)
        async with self.running.databases["portal"].transaction() as tx:
            await organisations.add_organisation(tx, business_id, party.name, roles)
            await organisations.add_key(tx, business_id, key)
        return Caller(party, self.client, await demo.token(self.client, party))
