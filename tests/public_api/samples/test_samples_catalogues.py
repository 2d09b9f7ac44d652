"""Catalogues as shops and suppliers see them (glue-api.md A.5, A.13)."""

import json

from tests.journeys.world import World
from tests.public_api.samples import wire

WAREHOUSE = (
    '{"externalId":"003712345678","warehouseType":"Posti","warehouseName":"Tampere","contractNumber":"612345",'
    '"supplierId":"%s","backOrderAllowed":true,"priority":1,"routeWeight":30,"printingService":{"infoCode":"A1"}}'
)


async def test_a5_a_catalogue_is_listed_with_every_field_there_is(world: World) -> None:
    terms = {
        "catalogType": "Catalog",
        "catalogName": "Boots of the lake",
        "supplierId": world.supplier.id,
        "backOrderAllowed": True,
        "priority": 2,
        "routeWeight": 70,
        "contractNumber": "612345",
        "invoicingReference": "10234",
    }
    await wire.told(world.retailer, "PUT", "/ecommerce/v3/catalogs/01093579", json.dumps(terms))
    agreed = f'{{"state":"active","retailerId":"{world.retailer.id}"}}'
    await wire.told(world.supplier, "PUT", "/ecommerce/v3/catalogs/01093579/activation", agreed)
    shown = terms | {"externalId": "01093579", "retailerId": world.retailer.id, "public": False}
    for caller, role in ((world.retailer, "RETAILER"), (world.supplier, "SUPPLIER")):
        listed = await wire.told(caller, "GET", f"/ecommerce/v3/catalogs?role={role}")
        assert listed["page"] == {"size": 2000, "totalElements": 1, "totalPages": 1, "number": 0}
        assert wire.lacking(listed["content"], [shown]) == []


async def test_a13_a_warehouse_of_version_2_is_a_catalogue(world: World) -> None:
    body = WAREHOUSE % world.supplier.id
    await wire.told(world.retailer, "PUT", "/v2/warehouses", body)
    [shown] = (await wire.told(world.retailer, "GET", "/ecommerce/v3/catalogs?role=RETAILER"))["content"]
    sent = json.loads(body)
    names = {"warehouseType": "catalogType", "warehouseName": "catalogName"}
    assert wire.lacking(shown, {names.get(name, name): value for name, value in sent.items()}) == []


async def test_a5_a_retailer_asks_for_a_public_catalogue_and_its_supplier_approves(world: World) -> None:
    address = "/ecommerce/v3/catalogs/offer"
    await wire.told(world.supplier, "PUT", address, '{"public":true,"catalogName":"For everybody"}')
    item = (
        '[{"product":{"externalId":"OPEN","descriptions":{"en":{"name":"Boots"}}},'
        f'"balances":[{{"retailerId":"{world.supplier.id}","catalogExternalId":"offer","quantity":5}}]}}]'
    )
    assert await wire.told(world.supplier, "PUT", "/ecommerce/v3/inventory", item) == []
    offered = await wire.told(world.retailer, "GET", "/ecommerce/v3/catalogs?role=RETAILER&public=true")
    mine = [one for one in offered["content"] if one["supplierId"] == world.supplier.id]
    assert [(one["externalId"], one["public"]) for one in mine] == [("offer", True)]
    asked = f'{{"supplierId":"{world.supplier.id}"}}'
    await wire.told(world.retailer, "PUT", f"{address}/activation", asked)
    answered = f'{{"state":"active","retailerId":"{world.retailer.id}"}}'
    await wire.told(world.supplier, "PUT", f"{address}/activation", answered)
    listed = await wire.told(world.retailer, "GET", "/ecommerce/v3/catalogs?role=RETAILER")
    assert [(one["externalId"], one["catalogType"], one["public"]) for one in listed["content"]] == [
        ("offer", "Catalog", True)
    ]
