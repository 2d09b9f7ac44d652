"""What becomes of an order of version 3 over HTTP: routed, opened again, deleted, released, commented."""

import json

import httpx
import pytest

from order_intake import handlers
from order_intake.api.shown_v3 import OrderShown
from shared.postgres import Database
from tests.order_intake import orders
from tests.order_intake.orders import plugin_order, v3
from tests.order_intake.shopping import ORDERS, change, deliver, get, placed, post, wrong_fields


async def test_a_routed_order_is_created_and_a_part_of_it_partially_delivered(
    shop: httpx.AsyncClient, book: Database
) -> None:
    await placed(shop, v3("A-1", 5, 2))
    await deliver(book, first_row_only=True)
    read = await get(shop, "A-1")
    OrderShown.model_validate(read)
    sent, coming = read["rows"]
    assert read["status"] == {"value": "Partially delivered", "timestamp": sent["status"]["timestamp"]}
    assert (sent["status"]["value"], coming["status"]["value"]) == ("Delivered", "Created")
    assert (sent["deliveredQuantity"], sent["trackingCodes"], read["trackingCodes"]) == (5, ["JJFI1"], ["JJFI1"])
    assert (coming["deliveredQuantity"], coming["trackingCodes"], coming["toBeRoutedQuantity"]) == (0, [], 0)
    assert coming["routedWarehouses"] == [
        {"externalWarehouseId": "W1", "timestamp": "2026-01-02T12:01:00.000Z", "requestedQuantity": 2}
    ]
    assert len(coming["shipmentIds"]) == 1
    assert read["metadata"]["updateDate"] >= read["metadata"]["insertDate"]


async def test_an_unroutable_row_says_why(shop: httpx.AsyncClient, book: Database) -> None:
    await placed(shop, v3("A-1", 5))
    async with book.transaction() as tx:
        order_id = await tx.fetch_value("SELECT id FROM orders")
        row = orders.row_routed("1", unserved=5, reason="no stock")
        await handlers.show_routes([orders.routed(order_id, row)], tx)
    read = await get(shop, "A-1")
    assert (read["status"]["value"], read["rows"][0]["status"]["value"]) == ("Unroutable", "Unroutable")
    assert read["rows"][0]["reason"] == "no stock"


@pytest.mark.parametrize("body", [b"", b'""', b"null", b"{}"])
async def test_a_cancelled_order_is_opened_again_by_saying_nothing(shop: httpx.AsyncClient, body: bytes) -> None:
    await placed(shop, v3("A-1", 5))
    cancelled = await change(shop, "A-1", {"status": {"value": "Cancelled"}})
    assert (cancelled.status_code, cancelled.json()["status"]["value"]) == (200, "Cancelled")
    again = await shop.post(f"{ORDERS}/A-1", content=body)
    assert again.status_code == 200, again.text
    assert (again.json()["status"]["value"], again.json()["rows"][0]["quantity"]) == ("Accepted", 5)
    assert again.json() == await get(shop, "A-1")


async def test_a_delivered_order_is_opened_again_by_the_whole_order(shop: httpx.AsyncClient, book: Database) -> None:
    await placed(shop, plugin_order())
    await deliver(book)
    assert (await get(shop, "WOO-1"))["status"]["value"] == "Delivered"
    more = plugin_order()
    more["rows"][0]["quantity"] = 4
    answer = await shop.post(f"{ORDERS}/WOO-1", content=json.dumps(more).encode())
    assert answer.status_code == 200, answer.text
    row = answer.json()["rows"][0]
    assert (row["quantity"], row["deliveredQuantity"], row["toBeRoutedQuantity"]) == (4, 3, 1)
    # Whoever got no answer sends it again, one way or the other.
    assert (await shop.post(f"{ORDERS}/WOO-1", content=json.dumps(more).encode())).status_code == 200
    assert (await post(shop, more)).json() == await get(shop, "WOO-1")


async def test_an_open_order_is_not_opened_again(shop: httpx.AsyncClient) -> None:
    await placed(shop, v3("A-1"))
    assert (await shop.post(f"{ORDERS}/A-1", content=b'""')).status_code == 409
    assert (await shop.post(f"{ORDERS}/none", content=b'""')).status_code == 404


async def test_what_reopens_an_order_is_checked(shop: httpx.AsyncClient) -> None:
    await placed(shop, v3("A-1"))
    await change(shop, "A-1", {"status": {"value": "Cancelled"}})
    for body, field in (([], "body"), ({"externalId": "A-2"}, "externalId"), ({"rows": [{}]}, "rows[0].quantity")):
        assert field in wrong_fields(await shop.post(f"{ORDERS}/A-1", content=json.dumps(body).encode()))
    assert (await get(shop, "A-1"))["status"]["value"] == "Cancelled"


@pytest.mark.parametrize("body", [None, b'""', b"null"])
async def test_a_deleted_order_is_answered_once_more_and_its_number_is_free(
    shop: httpx.AsyncClient, body: bytes | None
) -> None:
    first = await placed(shop, v3("A-1", 5))
    answer = await shop.request("DELETE", f"{ORDERS}/A-1", content=body)
    assert (answer.status_code, answer.json()) == (200, first)
    assert (await shop.get(f"{ORDERS}/A-1")).status_code == 404
    assert (await shop.delete(f"{ORDERS}/A-1")).status_code == 404
    assert (await placed(shop, v3("A-1", 6)))["rows"][0]["quantity"] == 6


async def test_what_was_delivered_cannot_be_deleted_or_cancelled(shop: httpx.AsyncClient, book: Database) -> None:
    await placed(shop, v3("A-1", 5))
    await deliver(book)
    assert (await shop.delete(f"{ORDERS}/A-1")).status_code == 409
    assert (await change(shop, "A-1", {"status": {"value": "Cancelled"}})).status_code == 409
    assert (await get(shop, "A-1"))["status"]["value"] == "Delivered"


async def test_a_held_order_is_released(shop: httpx.AsyncClient, book: Database) -> None:
    async def held() -> bool:
        async with book.transaction() as tx:
            still: bool = await tx.fetch_value("SELECT held FROM orders WHERE external_id = 'A-1'")
        return still

    await placed(shop, v3("A-1", preferences={"autoSubmit": False}))
    address = f"{ORDERS}/A-1/preferences"
    assert wrong_fields(await shop.patch(address, content=b'{"autoSubmit": null}')) == {"autoSubmit"}
    assert wrong_fields(await shop.patch(address, content=b"{}")) == {"autoSubmit"}
    assert (await shop.patch(address, content=b'{"autoSubmit": false}')).status_code == 200
    assert await held()
    for _ in range(2):
        answer = await shop.patch(address, content=b'{"autoSubmit": true}')
        assert (answer.status_code, answer.json()["preferences"]) == (200, {"autoSubmit": True})
        assert answer.json() == await get(shop, "A-1")
    assert not await held()
    assert (await shop.patch(address, content=b'{"autoSubmit": false}')).status_code == 409
    assert (await shop.patch(f"{ORDERS}/none/preferences", content=b'{"autoSubmit": true}')).status_code == 404


async def test_a_change_of_the_order_can_release_it_too(shop: httpx.AsyncClient, book: Database) -> None:
    await placed(shop, v3("A-1", preferences={"autoSubmit": False}))
    assert (await change(shop, "A-1", {"comments": [{"type": "reference", "value": "x"}]})).status_code == 200
    async with book.transaction() as tx:
        assert await tx.fetch_value("SELECT held FROM orders")
    assert (await change(shop, "A-1", {"preferences": {"autoSubmit": True}})).status_code == 200
    async with book.transaction() as tx:
        assert not await tx.fetch_value("SELECT held FROM orders")


async def test_a_comment_is_added_changed_and_removed(shop: httpx.AsyncClient) -> None:
    await placed(shop, v3("A-1", comments=[{"type": "pickingNote", "value": "Ring the bell"}]))
    comment = json.loads(orders.COMMENT)
    for _ in range(2):
        answer = await shop.post(f"{ORDERS}/A-1/comments", content=orders.COMMENT)
        assert answer.status_code == 200, answer.text
        assert answer.json()["comments"] == [{"type": "pickingNote", "value": "Ring the bell"}, comment]
    changed = await shop.post(f"{ORDERS}/A-1/comments", content=json.dumps(comment | {"value": "other"}).encode())
    assert changed.json()["comments"][1:] == [comment | {"value": "other"}]
    removed = await shop.request("DELETE", f"{ORDERS}/A-1/comments/91", content=b"null")
    assert removed.status_code == 200, removed.text
    assert removed.json()["comments"] == [{"type": "pickingNote", "value": "Ring the bell"}]
    assert removed.json() == await get(shop, "A-1")
    assert (await shop.delete(f"{ORDERS}/A-1/comments/91")).status_code == 404


async def test_comments_have_a_kind_a_text_and_a_number(shop: httpx.AsyncClient) -> None:
    await placed(shop, v3("A/1"))
    address = f"{ORDERS}/A%2F1/comments"
    for kind in ("pickingNote", "packingNote", "deliveryNote", "reference", "passThrough"):
        answer = await shop.post(address, content=json.dumps({"type": kind, "value": "x", "externalId": None}).encode())
        assert answer.status_code == 200, answer.text
    comments = (await get(shop, "A%2F1"))["comments"]
    assert len({comment["externalId"] for comment in comments}) == 5
    assert (await shop.delete(f"{address}/{comments[0]['externalId']}")).json()["comments"] == comments[1:]
    assert wrong_fields(await shop.post(address, content=b'{"type": "note", "createdDate": "x"}')) == {
        *("type", "value", "createdDate")
    }
    numbered = await shop.post(address, content=b'{"type": "reference", "value": "x", "externalId": 91}')
    assert numbered.json()["comments"][-1]["externalId"] == "91"
    assert (await shop.post(f"{ORDERS}/none/comments", content=b'{"type":"reference","value":"x"}')).status_code == 404
