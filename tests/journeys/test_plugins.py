"""A shop and a supplier that know the public interface alone do all their business with each other over Sluice."""

from datetime import UTC, datetime, timedelta
from typing import Any

from deploy.local import demo_world
from tests.journeys.world import World
from tests.plugins.shop import Shop, new_order
from tests.plugins.supplier import Supplier

PRODUCTS, ORDERS, IN_STOCK = 2_500, 250, 10


async def parties(world: World) -> tuple[Shop, Supplier]:
    """The retailer's shop and the supplier's back office, logged in."""
    shop = Shop(world.client, world.retailer.party.account, demo_world.SECRET)
    supplier = Supplier(world.client, world.supplier.party.account, demo_world.SECRET)
    token = await shop.log_in()
    assert (token["token_type"].lower(), token["expires_in"]) == ("bearer", 3600)
    await supplier.log_in()
    return shop, supplier


def published(world: World, catalogue: str, products: int) -> list[dict[str, Any]]:
    """Products as a supplier's program sends them: with their balances inside."""
    balance = {"retailerId": world.retailer.id, "catalogExternalId": catalogue, "wholesalePrice": 7.5}
    return [
        {
            "product": {
                "externalId": f"P-{number:04d}",
                "descriptions": {"fi": {"name": f"Tuote {number}"}},
                "eanCode": "",
                "measurements": None,
                "status": "ACTIVE",
            },
            "balances": [{**balance, "quantity": IN_STOCK, "currency": "EUR"}],
        }
        for number in range(products)
    ]


async def test_a_shop_mirrors_more_products_and_follows_more_orders_than_a_page_holds(world: World) -> None:
    await world.warehouse("01093579", {})
    shop, supplier = await parties(world)
    assert await supplier.publish(published(world, "01093579", PRODUCTS)) == []
    await world.running.settled()

    [catalogue] = await shop.catalogues()
    assert {
        **catalogue,
        "externalId": "01093579",
        "catalogType": "Catalog",
        "retailerId": world.retailer.id,
    } == catalogue
    products = await shop.products(catalogue, 1_000)
    assert len({item["product"]["externalId"] for item in products}) == len(products) == PRODUCTS
    assert products[0]["product"]["descriptions"]["fi"]["name"].startswith("Tuote")

    began = datetime.now(UTC)
    for number in range(ORDERS):
        row = {"product": f"P-{number:04d}", "catalogue": "01093579", "quantity": 2}
        await shop.place(new_order(f"MANY-{number}", [row]))
    await world.running.settled()

    changed = await shop.changed_orders(began - timedelta(minutes=1))
    assert len({order["externalId"] for order in changed}) == len(changed) == ORDERS
    assert {order["status"]["value"] for order in changed} == {"Created"}
    stock = await shop.stock_changes(began)
    ordered = {balance["productExternalId"]: balance for balance in stock}
    assert {ordered[f"P-{number:04d}"]["quantity"] for number in range(ORDERS)} == {IN_STOCK - 2}
    shipments = await supplier.poll(began - timedelta(minutes=1))
    assert len({shipment["shipmentId"] for shipment in shipments}) == len(shipments) == ORDERS


async def test_a_shop_follows_an_order_until_its_supplier_has_delivered_it_in_two_parcels(world: World) -> None:
    await world.warehouse("01093579", {"BOOTS": 10})
    shop, supplier = await parties(world)
    began = datetime.now(UTC) - timedelta(minutes=1)
    await shop.place(new_order("SPLIT-1", [{"product": "BOOTS", "catalogue": "01093579", "quantity": 5}]))
    assert (await shop.follow("SPLIT-1", "Created"))["rows"][0]["deliveredQuantity"] == 0

    [shipment] = await supplier.poll(began)
    assert shipment["consignment"]["reference"] == "SPLIT-1"
    await supplier.view(shipment["shipmentId"])
    await shop.follow("SPLIT-1", "Viewed")
    sent = await supplier.split(shipment["shipmentId"], {"BOOTS": 2})
    parcels = {parcel["parcelId"]: parcel for parcel in sent["consignment"]["parcels"]}
    assert [parcels[number]["rows"][0]["deliveredQuantity"] for number in ("1", "2")] == [2, 3]
    assert parcels["2"]["pickupPointId"] == "002303200"

    delivered = await shop.follow("SPLIT-1", "Delivered")
    assert delivered["rows"][0]["deliveredQuantity"] == 5
    await world.running.settled()
    assert await world.stock_at("01093579") == {"BOOTS": (5, 0)}


async def test_what_a_supplier_cannot_send_is_told_to_the_shop_and_returned_to_stock(world: World) -> None:
    await world.warehouse("01093579", {"BOOTS": 10, "LACES": 10})
    shop, supplier = await parties(world)
    began = datetime.now(UTC) - timedelta(minutes=1)
    rows = [{"product": product, "catalogue": "01093579", "quantity": 4} for product in ("BOOTS", "LACES")]
    await shop.place(new_order("PARTIAL-1", rows))
    await shop.follow("PARTIAL-1", "Created")
    [shipment] = await supplier.poll(began)
    await supplier.deliver(shipment["shipmentId"], {"BOOTS": 3}, "00364300000000000012")

    delivered = await shop.follow("PARTIAL-1", "Delivered")
    assert [row["deliveredQuantity"] for row in delivered["rows"]] == [3, 0]
    assert delivered["trackingCodes"] == ["00364300000000000012"]
    assert delivered["rows"][0]["trackingCodes"] == ["00364300000000000012"]
    await world.running.settled()
    assert await world.stock_at("01093579") == {"BOOTS": (7, 0), "LACES": (10, 0)}


async def test_a_shop_cancels_an_order_opens_it_again_and_gets_it_delivered(world: World) -> None:
    await world.warehouse("01093579", {"BOOTS": 5})
    shop, supplier = await parties(world)
    began = datetime.now(UTC) - timedelta(minutes=1)
    await shop.place(new_order("AGAIN-1", [{"product": "BOOTS", "catalogue": "01093579", "quantity": 5}]))
    await shop.follow("AGAIN-1", "Created")
    assert (await shop.cancel("AGAIN-1"))["status"]["value"] == "Cancelled"
    assert (await shop.order("AGAIN-1"))["status"]["value"] == "Cancelled"
    # At once, while the stock is perhaps not back yet: nobody else can take it meanwhile.
    assert (await shop.reopen("AGAIN-1"))["status"]["value"] == "Accepted"
    await shop.follow("AGAIN-1", "Created")
    await world.running.settled()

    [shipment] = await supplier.poll(began)
    assert await world.stock_at("01093579") == {"BOOTS": (0, 5)}
    await supplier.deliver_all(shipment["shipmentId"])
    assert (await shop.follow("AGAIN-1", "Delivered"))["rows"][0]["deliveredQuantity"] == 5
    await world.running.settled()
    assert await world.stock_at("01093579") == {"BOOTS": (0, 0)}
