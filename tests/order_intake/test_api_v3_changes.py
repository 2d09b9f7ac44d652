"""What a retailer may change of an order of version 3 over HTTP, and what it may not."""

import json
from typing import Any

import httpx
import pytest

from order_intake.api.shown_v3 import OrderShown
from shared.postgres import Database
from tests.order_intake.orders import HOME, document, library_order, plugin_order, v3
from tests.order_intake.shopping import ORDERS, change, deliver, get, placed, wrong_fields


async def changed(client: httpx.AsyncClient, order: str, given: Any) -> dict[str, Any]:
    """Change an order in a way that must be taken."""
    answer = await change(client, order, given)
    assert answer.status_code == 200, answer.text
    read: dict[str, Any] = answer.json()
    assert read == await get(client, order)
    return read


async def said(book: Database) -> list[str]:
    """The topics of all messages that were said, in their order."""
    async with book.transaction() as tx:
        return [row["topic"] for row in await tx.fetch("SELECT topic FROM outbox ORDER BY id")]


PLACED, AMENDED = "order-intake.order-placed.v1", "order-intake.order-amended.v1"


async def test_the_plugins_status_alone_cancels_an_order_and_may_be_said_again(
    shop: httpx.AsyncClient, book: Database
) -> None:
    await placed(shop, plugin_order())
    for _ in range(2):
        read = await changed(shop, "WOO-1", {"status": {"value": "Cancelled"}})
        OrderShown.model_validate(read)
        assert read["status"]["value"] == read["rows"][0]["status"]["value"] == "Cancelled"
        assert (read["rows"][0]["deliveredQuantity"], read["rows"][0]["toBeRoutedQuantity"]) == (0, 0)
    assert await said(book) == [PLACED, AMENDED]


async def test_an_answer_that_is_sent_back_changes_nothing(shop: httpx.AsyncClient, book: Database) -> None:
    for order in (library_order(), plugin_order()):
        first = await placed(shop, order)
        assert await changed(shop, order["externalId"], first) == first
        assert await changed(shop, order["externalId"], {}) == first
    assert await said(book) == [PLACED, PLACED]


async def test_the_status_an_order_had_before_may_be_said_again_and_only_that(
    shop: httpx.AsyncClient, book: Database
) -> None:
    first = await placed(shop, v3("A-1", 5, 2))
    await deliver(book, first_row_only=True)
    read = await changed(shop, "A-1", first | {"totalPrice": 12.5})
    assert (read["status"]["value"], read["totalPrice"]) == ("Partially delivered", 12.5)
    assert (await changed(shop, "A-1", {"status": {"value": "Created"}}))["status"] == read["status"]
    assert wrong_fields(await change(shop, "A-1", {"status": {"value": "Packing"}})) == {"status.value"}


async def test_a_fragment_changes_what_it_names(shop: httpx.AsyncClient, book: Database) -> None:
    before = await placed(shop, v3("A-1", 5, 2, pickupPointId="001"))
    fragment = {"client": {"telephone": "+358500000000"}, "pickupPointId": None, "serviceCode": 2104}
    after = await changed(shop, "A-1", fragment)
    assert after["client"] == before["client"] | {"telephone": "+358500000000"}
    assert after["serviceCode"] == "2104"
    assert "pickupPointId" not in after
    changes = {"client", "pickupPointId", "serviceCode", "metadata"}
    assert {name: after[name] for name in after.keys() - changes} == {
        name: before[name] for name in before.keys() - changes
    }
    assert await said(book) == [PLACED, AMENDED]


async def test_a_fragment_changes_the_rows_it_names_and_a_whole_order_all(
    shop: httpx.AsyncClient, book: Database
) -> None:
    await placed(shop, v3("A-1", 5, 2))
    rows = (await changed(shop, "A-1", {"rows": [{"externalId": "2", "quantity": 3}]}))["rows"]
    assert [(row["externalId"], row["quantity"]) for row in rows] == [("1", 5), ("2", 3)]
    added = {"externalId": "3", "externalProductId": "P-3", "quantity": 1}
    rows = (await changed(shop, "A-1", {"rows": [added]}))["rows"]
    assert [row["externalId"] for row in rows] == ["1", "2", "3"]
    rows = (await changed(shop, "A-1", v3("A-1", 7)))["rows"]
    assert [(row["externalId"], row["quantity"], row["toBeRoutedQuantity"]) for row in rows] == [("1", 7, 7)]
    assert await said(book) == [PLACED] * 4


async def test_another_address_is_told_and_another_description_is_not(shop: httpx.AsyncClient, book: Database) -> None:
    await placed(shop, v3("A-1", 5))
    assert (await changed(shop, "A-1", {"deliveryAddress": dict(HOME)}))["deliveryAddress"] == HOME
    rows = [{"externalId": "1", "productDescription": "Boots"}]
    assert (await changed(shop, "A-1", {"rows": rows}))["rows"][0]["productDescription"] == "Boots"
    assert await said(book) == [PLACED, AMENDED]


async def test_an_order_that_has_ended_goes_nowhere_else(shop: httpx.AsyncClient, book: Database) -> None:
    await placed(shop, v3("A-1", 5))
    await deliver(book)
    before = await get(shop, "A-1")
    for given in ({"deliveryAddress": HOME}, {"rows": [{"externalId": "1", "quantity": 6}]}):
        assert (await change(shop, "A-1", given)).status_code == 409
    assert await get(shop, "A-1") == before
    assert (await changed(shop, "A-1", {"totalPrice": 12.5}))["totalPrice"] == 12.5
    assert (await changed(shop, "A-1", {"status": {"value": "Delivered"}}))["status"]["value"] == "Delivered"


@pytest.mark.parametrize(
    ("given", "field"),
    [
        ({"externalId": "A-2"}, "externalId"),
        ({"externalId": 1}, "externalId"),
        ({"status": "Cancelled"}, "status"),
        ({"status": {"value": "Delivered"}}, "status.value"),
        ({"status": {"value": ["Cancelled"]}}, "status.value"),
        ({"orderDate": None}, "orderDate"),
        ({"client": None}, "client"),
        ({"client": {"country": ""}}, "client.country"),
        ({"client": []}, "client"),
        ({"deliveryAddress": {"name": "Maija"}}, "deliveryAddress.country"),
        ({"metadata": {"documentType": None}}, "metadata.documentType"),
        ({"metadata": None}, "metadata"),
        ({"rows": None}, "rows"),
        ({"rows": {}}, "rows"),
        ({"rows": ["1"]}, "rows[0]"),
        ({"rows": [{"externalId": "2", "quantity": -1}]}, "rows[0].quantity"),
        ({"rows": [{"externalId": "9", "quantity": 1}]}, "rows[0].externalProductId"),
        ({"rows": [{"externalId": "2", "quantity": 1}] * 2}, "rows[1].externalId"),
        ({"orderDate": "2026-01-02T08:00:00Z", "rows": []}, "rows"),
        ({"comments": [{"type": "note", "value": "x"}]}, "comments[0].type"),
        ({"comments": [{"type": "reference", "value": "x", "externalId": "1"}] * 2}, "comments[1].externalId"),
        ({"preferences": {"autoSubmit": "perhaps"}}, "preferences.autoSubmit"),
        ({"deliveryOperator": "Unifaun", "client": {"telephone": ""}}, "client.telephone"),
        ({"note": "\x01"}, "note"),
        ([], "body"),
        ("", "body"),
        (None, "body"),
    ],
    ids=str,
)
async def test_a_change_to_what_is_no_order_is_refused_with_its_field(
    shop: httpx.AsyncClient, given: Any, field: str
) -> None:
    before = await placed(shop, v3("A-1", 5, 2))
    assert field in wrong_fields(await change(shop, "A-1", given))
    assert await get(shop, "A-1") == before


@pytest.mark.parametrize("body", [b"", b"{", b'{"a": NaN}', b'{"a": ' + b"[" * 5_000 + b"]" * 5_000 + b"}"])
async def test_a_change_that_is_no_json_is_refused(shop: httpx.AsyncClient, body: bytes) -> None:
    await placed(shop, v3("A-1"))
    assert wrong_fields(await shop.put(f"{ORDERS}/A-1", content=body)) == {"body"}


async def test_an_order_does_not_outgrow_its_bounds_by_changes(shop: httpx.AsyncClient) -> None:
    before = await placed(shop, v3("A-1", 1, 1, 1))
    fourth = {"externalId": "4", "externalProductId": "P", "quantity": 1}
    assert wrong_fields(await change(shop, "A-1", {"rows": [fourth]})) == {"rows"}
    assert (await change(shop, "A-1", {"a": "x" * 1_200_000})).status_code == 200
    assert (await change(shop, "A-1", {"b": "x" * 1_200_000})).status_code == 413
    assert (await get(shop, "A-1")).keys() == before.keys() | {"a"}


async def test_a_change_of_an_older_version_of_the_order_is_refused(shop: httpx.AsyncClient) -> None:
    await placed(shop, v3("A-1", 5))
    tag = (await shop.get(f"{ORDERS}/A-1")).headers["etag"]
    first = await change(shop, "A-1", {"totalPrice": 1}, {"If-Match": tag})
    assert first.status_code == 200
    assert first.headers["etag"] == (await shop.get(f"{ORDERS}/A-1")).headers["etag"] != tag
    for stale in (tag, '"x"', f'{tag}, "y"'):
        assert (await change(shop, "A-1", {"totalPrice": 2}, {"If-Match": stale})).status_code == 412
    assert (await get(shop, "A-1"))["totalPrice"] == 1
    for fresh in ("*", f'"x", {first.headers["etag"]}'):
        assert (await change(shop, "A-1", {}, {"If-Match": fresh})).status_code == 200


async def test_an_order_of_version_2_is_changed_like_any_other(shop: httpx.AsyncClient, book: Database) -> None:
    order = document("A-1", 5, deliveryOperator="Posti")
    assert (await shop.put("/v2/orders", content=json.dumps(order).encode())).status_code == 200
    read = await changed(shop, "A-1", {"rows": [{"externalId": "1", "quantity": 6}]})
    assert (read["rows"][0]["quantity"], read["metadata"].get("documentType")) == (6, None)
    of_v2 = (await shop.get("/v2/orders/order/A-1")).json()
    assert of_v2["rows"][0]["quantity"] == 6
    assert (await changed(shop, "A-1", {"status": {"value": "Cancelled"}}))["status"]["value"] == "Cancelled"


async def test_what_is_changed_of_an_order_that_does_not_exist(shop: httpx.AsyncClient) -> None:
    assert (await change(shop, "A-1", {})).status_code == 404
