"""Orders of version 2 (glue-api.md A.13, D.10), on the same book as those of version 3."""

import json
from pathlib import Path

from tests.journeys.world import World, status_of
from tests.public_api.samples import shopping, wire

VALID = (Path(__file__).parents[3] / "docs" / "examples" / "order-v2.json").read_text()


async def test_d10_the_order_as_it_is_printed_has_a_stray_comma_and_the_answer_says_so(world: World) -> None:
    refused = await wire.answer(world.retailer, "PUT", "/v2/orders", wire.printed("order-v2-as-printed.txt"))
    assert refused.status_code == 400
    assert "is not valid JSON" in refused.json()["message"]
    assert (await wire.answer(world.retailer, "GET", "/v2/orders/order/123456789")).status_code == 404


async def test_d10_without_the_comma_it_is_taken_shown_delivered_and_visible_in_version_3(world: World) -> None:
    sent = json.loads(VALID)
    assert json.loads(wire.printed("order-v2-as-printed.txt").replace('"3200",\n        }', '"3200"}')) == sent
    # The order names its supplier (a PO reference), and that name is the catalogue's.
    name = sent["metadata"]["receiverOrganization"]
    await world.warehouse("003723456789", {"unique-id-1": 10}, eans={"unique-id-1": "6419835068484"}, catalogName=name)
    await wire.told(world.retailer, "PUT", "/v2/orders", VALID)
    shown = await world.order("123456789", "orderRouted")
    given = shopping.without(sent, "metadata")
    assert wire.lacking(shown, given) == []
    theirs = shopping.without(sent["metadata"], "insertDate", "updateDate")
    assert wire.lacking(shown["metadata"], theirs) == []
    assert {"insertDate", "updateDate", "creationDateTime"} <= shown["metadata"].keys()
    [row] = shown["rows"]
    assert (row["deliveredQuantity"], row["toBeRoutedQuantity"], status_of(row)) == (0, 0, "Routed")
    assert [(one["externalWarehouseId"], one["requestedQuantity"]) for one in row["routedWarehouses"]] == [
        ("003723456789", 3)
    ]
    assert row["lastRoutedDateTime"] == row["routedWarehouses"][0]["timestamp"]

    [shipment] = await world.supplier.shipments()
    assert row["shipmentIds"] == [shipment["shipmentId"]]
    await world.supplier.move(shipment, "Delivered")
    delivered = await world.order("123456789", "Delivered")
    assert delivered["rows"][0]["deliveredQuantity"] == 3
    newer = await wire.told(world.retailer, "GET", f"{shopping.ORDERS}/123456789")
    assert (newer["status"]["value"], newer["rows"][0]["deliveredQuantity"]) == ("Delivered", 3)
    assert "statuses" not in newer


async def test_a13_another_order_with_the_same_number_is_a_conflict(world: World) -> None:
    await world.warehouse("003723456789", {"unique-id-1": 10}, eans={"unique-id-1": "6419835068484"})
    await wire.told(world.retailer, "PUT", "/v2/orders", VALID)
    await wire.told(world.retailer, "PUT", "/v2/orders", VALID)
    other = VALID.replace('"quantity": 3.0', '"quantity": 4.0')
    assert (await wire.answer(world.retailer, "PUT", "/v2/orders", other)).status_code == 409
    assert (await wire.answer(world.retailer, "GET", "/v2/orders/order/987654321")).status_code == 404
