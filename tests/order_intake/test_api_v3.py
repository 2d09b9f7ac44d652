"""Orders of version 3 as they are placed over HTTP, by whom, and as they come back."""

import asyncio
import json
import re
from typing import Any

import httpx
import pytest

from order_intake.api import examples
from order_intake.api.shown_v3 import OrderShown
from shared.postgres import Database
from tests.builders import Signer
from tests.order_intake import orders
from tests.order_intake.orders import OTHER_SHOP, SHOP, SUPPLIER, document, library_order, plugin_order, v3
from tests.order_intake.shopping import ORDERS, change, get, placed, post, wrong_fields


@pytest.mark.parametrize("order", [library_order(), plugin_order()], ids=["library", "plugin"])
async def test_what_the_known_clients_send_is_taken_and_given_back(
    shop: httpx.AsyncClient, order: dict[str, Any]
) -> None:
    answer = await post(shop, order)
    assert answer.status_code == 200, answer.text
    read = answer.json()
    assert read == await get(shop, order["externalId"])
    OrderShown.model_validate(read)
    assert {name: read[name] for name in order if name not in ("metadata", "rows")} == {
        name: value for name, value in order.items() if name not in ("metadata", "rows")
    }
    assert read["metadata"].items() >= order["metadata"].items()
    assert read["rows"][0].items() >= order["rows"][0].items()
    inserted = read["metadata"]["insertDate"]
    assert (read["clientId"], read["metadata"]["sourceOrganization"]) == (SHOP, SHOP)
    assert (read["status"], read["trackingCodes"]) == ({"value": "Accepted", "timestamp": inserted}, [])
    assert read["rows"][0]["status"] == {"value": "Accepted", "timestamp": inserted}
    assert (read["rows"][0]["deliveredQuantity"], read["rows"][0]["toBeRoutedQuantity"]) == (0, 3)


async def test_the_same_order_again_is_answered_and_another_with_its_number_is_a_conflict(
    shop: httpx.AsyncClient,
) -> None:
    first = await placed(shop, v3("A-1", 5))
    assert await placed(shop, dict(reversed(v3("A-1", 5.0).items()))) == first
    assert (await post(shop, v3("A-1", 6))).status_code == 409
    assert await get(shop, "A-1") == first


@pytest.mark.parametrize("number", ["", "  ", None, "absent"])
async def test_an_order_without_a_number_gets_one(shop: httpx.AsyncClient, number: str | None) -> None:
    order = v3() | {"externalId": number}
    if number == "absent":
        del order["externalId"]
    read = await placed(shop, order)
    assert re.fullmatch(r"([A-HJ-NP-Z2-9]{3}-){2}[A-HJ-NP-Z2-9]{3}", read["externalId"])
    assert await get(shop, read["externalId"]) == read
    assert (await placed(shop, order))["externalId"] != read["externalId"]


async def test_a_made_number_that_is_taken_is_made_again(
    shop: httpx.AsyncClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    await placed(shop, v3("AAA-AAA-AAA"))
    letters = iter("A" * 9 + "B" * 9)
    monkeypatch.setattr("secrets.choice", lambda _: next(letters))
    assert (await placed(shop, v3() | {"externalId": None}))["externalId"] == "BBB-BBB-BBB"


@pytest.mark.parametrize("body", [b"", b"[]", b"[{}]", b'""', b"null", b"{", b'{"externalId": "\xff"}', b"[" * 5_000])
async def test_a_body_that_is_no_order_is_refused(shop: httpx.AsyncClient, body: bytes) -> None:
    assert wrong_fields(await shop.post(ORDERS, content=body)) == {"body"}


async def test_every_wrong_field_is_named_at_once_and_nothing_is_kept(shop: httpx.AsyncClient) -> None:
    order = v3("A-1", 0, 1, deliveryOperator="Posti", currency="EURO", metadata={"documentType": "Invoice"})
    order["comments"] = [{"type": "shout", "value": "x"}]
    del order["client"]["email"], order["client"]["telephone"]
    order["rows"][1]["externalProductId"] = ""
    assert wrong_fields(await post(shop, order)) == {
        *("currency", "metadata.documentType", "comments[0].type", "client.email", "client.telephone"),
        *("rows[0].quantity", "rows[1].externalProductId"),
    }
    assert (await shop.get(f"{ORDERS}/A-1")).status_code == 404


@pytest.mark.parametrize("number", ["A/1 #?&%_é"[:-1], "A/B/C", "routing", "comments/1", "A routing"])
async def test_an_order_number_may_have_anything_that_a_barcode_can(shop: httpx.AsyncClient, number: str) -> None:
    await placed(shop, v3(number))
    address = f"{ORDERS}/{httpx.QueryParams(n=number)!s}".replace("n=", "").replace("+", "%20")
    assert (await shop.get(address)).json()["externalId"] == number
    assert (await shop.get(address.replace("/ecommerce", ""))).json()["externalId"] == number


@pytest.mark.parametrize(
    "number", ["A/routing", "A/comments", "A/comments/1", "A/preferences", "A/rows/1/cancellations", "A/"]
)
async def test_a_number_that_would_be_another_address_is_refused(shop: httpx.AsyncClient, number: str) -> None:
    assert wrong_fields(await post(shop, v3(number))) == {"externalId"}
    assert (await shop.get(f"{ORDERS}/A/routing")).status_code == 404


async def test_what_is_misspelt_or_mistyped_comes_back_right(shop: httpx.AsyncClient) -> None:
    order = v3(currecy="SEK", addtionalServices=[{"serviceCode": 3104}], serviceCode=2103, totalPrice="20.10")
    order["metadata"] = {"documentTyepe": "SalesOrder"}
    order |= {"totalTax": "", "preferences": {"autoSubmit": "true"}}
    order["rows"][0] |= {"quantity": "3", "mandatory": "false"}
    read = await placed(shop, order)
    assert read == await get(shop, "A-1")
    assert read["metadata"]["documentType"] == "SalesOrder"
    assert (read["currency"], read["serviceCode"], read["additionalServices"]) == (
        *("SEK", "2103"),
        [{"serviceCode": "3104"}],
    )
    assert (read["totalPrice"], read["totalTax"], read["preferences"]) == (20.1, None, {"autoSubmit": True})
    assert (read["rows"][0]["quantity"], read["rows"][0]["mandatory"]) == (3, False)
    assert "currecy" not in read


async def test_fields_that_nobody_knows_come_back(shop: httpx.AsyncClient) -> None:
    order = v3(giftCard={"text": ["Hi"]})
    order["rows"][0]["colour"] = "red"
    order["client"]["nickname"] = "Mai"
    read = await placed(shop, order)
    assert (read["giftCard"], read["rows"][0]["colour"]) == ({"text": ["Hi"]}, "red")
    assert read["client"]["nickname"] == "Mai"


async def test_a_shop_does_not_say_how_far_its_order_is(shop: httpx.AsyncClient) -> None:
    order = v3(status={"value": "Delivered"}, trackingCodes=["X"], statuses=[])
    order["rows"][0] |= {"status": {"value": "Delivered"}, "deliveredQuantity": 5, "reason": "none"}
    read = await placed(shop, order)
    assert (read["status"]["value"], read["trackingCodes"]) == ("Accepted", [])
    assert (read["rows"][0]["status"]["value"], read["rows"][0]["deliveredQuantity"]) == ("Accepted", 0)
    assert "reason" not in read["rows"][0]
    assert "statuses" not in read


async def test_an_order_that_is_not_to_be_submitted_is_held(shop: httpx.AsyncClient, book: Database) -> None:
    await placed(shop, v3("A-1", preferences={"autoSubmit": False}))
    await placed(shop, v3("A-2", preferences={"autoSubmit": True}))
    await placed(shop, v3("A-3", preferences={}))
    async with book.transaction() as tx:
        held = await tx.fetch("SELECT external_id FROM orders WHERE held")
    assert [row["external_id"] for row in held] == ["A-1"]


async def test_both_versions_write_one_book(shop: httpx.AsyncClient) -> None:
    await placed(shop, v3("A-1", 5))
    of_v2 = (await shop.get("/v2/orders/order/A-1")).json()
    assert of_v2["statuses"] == [{"value": "Accepted", "timestamp": of_v2["metadata"]["insertDate"]}]
    assert of_v2["metadata"]["sourceOrganization"] == SHOP
    assert of_v2["metadata"]["creationDateTime"] == of_v2["metadata"]["insertDate"]
    assert of_v2["rows"][0]["toBeRoutedQuantity"] == 5
    conflict = await shop.put("/v2/orders", content=json.dumps(document("A-1", 6)).encode())
    assert conflict.status_code == 409

    assert (await shop.put("/v2/orders", content=json.dumps(document("A-2", 5)).encode())).status_code == 200
    of_v3 = await get(shop, "A-2")
    OrderShown.model_validate(of_v3)
    assert (of_v3["status"]["value"], of_v3["metadata"]["receiverOrganization"]) == ("Accepted", "Supplier")

    both = document("A-3", 5, metadata=document()["metadata"] | {"documentType": "SalesOrder"})
    assert (await shop.put("/v2/orders", content=json.dumps(both).encode())).status_code == 200
    assert (await placed(shop, both))["externalId"] == "A-3"
    both["rows"][0]["quantity"] = 6
    assert (await post(shop, both)).status_code == 409


async def test_another_retailers_order_does_not_exist(shop: httpx.AsyncClient, signer: Signer) -> None:
    first = await placed(shop, v3("A-1", 5, comments=[json.loads(orders.COMMENT)]))
    shop.headers.update(signer.headers(OTHER_SHOP, "retailer"))
    for method, path, body in EVERY_CALL:
        answer = await shop.request(method, f"{ORDERS}/A-1{path}", content=body)
        assert answer.status_code == 404, (method, path, answer.text)
    assert (await shop.get(ORDERS)).json()["content"] == []
    shop.headers.update(signer.headers(SHOP, "retailer"))
    assert await get(shop, "A-1") == first


EVERY_CALL = (
    ("GET", "", None),
    ("PUT", "", b'{"status": {"value": "Cancelled"}}'),
    ("POST", "", b'""'),
    ("DELETE", "", None),
    ("PATCH", "/preferences", b'{"autoSubmit": true}'),
    ("POST", "/comments", b'{"type": "reference", "value": "x"}'),
    ("DELETE", "/comments/91", b"null"),
)


async def test_only_retailers_have_orders(client: httpx.AsyncClient, signer: Signer) -> None:
    calls = [(method, f"{ORDERS}/A-1{path}", body) for method, path, body in EVERY_CALL]
    calls += [("GET", ORDERS, None), ("POST", ORDERS, json.dumps(v3()).encode())]
    for headers, status in (({}, 401), (signer.headers(SUPPLIER, "supplier", "operator"), 403)):
        for method, path, body in calls:
            answer = await client.request(method, path, content=body, headers=headers)
            assert answer.status_code == status, (method, path, answer.text)


async def test_the_examples_of_the_description_are_taken(shop: httpx.AsyncClient) -> None:
    for order in examples.ORDER.values():
        assert (await post(shop, order)).status_code == 200
    for given in reversed(examples.CHANGES.values()):
        assert (answer := await change(shop, "BAR1", given)).status_code == 200, answer.text
    for given in examples.REOPENING.values():
        answer = await shop.post(f"{ORDERS}/BAR1", content=json.dumps(given).encode())
        assert answer.status_code == 200, answer.text
        await change(shop, "BAR1", {"status": {"value": "Cancelled"}})
    for comment in examples.COMMENT.values():
        answer = await shop.post(f"{ORDERS}/BAR1/comments", content=json.dumps(comment).encode())
        assert answer.status_code == 200, answer.text


async def test_many_orders_at_once_are_all_taken(shop: httpx.AsyncClient, book: Database) -> None:
    answers = await asyncio.gather(*(post(shop, v3(f"A-{number % 10}", 5)) for number in range(30)))
    assert {answer.status_code for answer in answers} == {200}
    async with book.transaction() as tx:
        assert await tx.fetch_value("SELECT count(*) FROM outbox") == 10
