"""The order of the public interface description, from the shop to the supplier's mail and back."""

import json
import re

from deploy.local.demo_world import PUBLIC_CATALOGUE, PUBLIC_EAN, PUBLIC_PRODUCT
from shared import links
from tests.journeys.world import World, routed, status_of
from tests.order_intake.orders import PUBLIC_EXAMPLE


async def test_the_public_example_reaches_its_supplier_by_list_and_mail_and_is_delivered(world: World) -> None:
    named_by_the_order = "Sending warehouse name eg. vendor"
    eans = {PUBLIC_PRODUCT: PUBLIC_EAN}
    await world.warehouse(PUBLIC_CATALOGUE, {PUBLIC_PRODUCT: 10}, eans=eans, catalogName=named_by_the_order)

    posted = json.loads(PUBLIC_EXAMPLE)
    accepted = await world.retailer.put("/v2/orders", PUBLIC_EXAMPLE)
    assert status_of(accepted) == "Accepted"
    assert accepted["deliveryAddress"] == posted["deliveryAddress"]
    order = await world.order("123456789", "orderRouted")
    assert routed(order) == [{PUBLIC_CATALOGUE: 3}]

    [shipment] = await world.supplier.shipments()
    assert shipment["status"]["value"] == "Created"
    assert shipment["references"] == [{"name": "PO", "value": "111222333"}]
    assert shipment["consignment"]["deliveryAddress"]["streetAddress"] == "Pickup point address 1"
    assert order["rows"][0]["shipmentIds"] == [shipment["shipmentId"]]

    [mail] = await world.mails_to(world.supplier, 1)
    for told in (
        "123456789",
        "PO: 111222333",
        "Product name shown in delivery note",
        f"Product number: {PUBLIC_PRODUCT}",
        "Quantity: 3 KPL",
        "Pickup point address 1",
        "00234 Helsinki",
    ):
        assert told in mail
    [answer] = re.findall(rf"https?://\S+{links.ANSWER_PATH}\?\S+", mail)
    assert "123456789" in (await world.client.get(answer)).text

    await world.supplier.move(shipment, "Viewed")
    await world.supplier.move(shipment, "Delivered")
    delivered = await world.order("123456789", "Delivered")
    assert delivered["rows"][0]["deliveredQuantity"] == 3
    await world.running.settled()
    assert await world.stock_at(PUBLIC_CATALOGUE) == {PUBLIC_PRODUCT: (7, 0)}
    assert await world.mails_to(world.supplier) == [mail]
